//! Attribution: puts each call of the period to a payer and a business unit, and counts where it ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::mapping::{Decision, Mapping};
use super::mapping_row::MappingRow;
use super::resolve::{Resolved, Special, resolve};
use crate::model::call::Call;
use crate::model::directory::Directory;
use crate::model::document::{Diagnostics, Gaps, Period, diagnose, merge_diagnostics};
use crate::model::payer::Payer;
use crate::model::reason::{DiagnosticKind, PayerReason, Reason, SkipReason};
use crate::model::tally::{Outcome, Tally};
use crate::model::time::rfc3339;

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3600 * SECOND;

/// The unit of a call that nobody can be charged for.
pub const UNATTRIBUTED: &str = "(unattributed)";
/// The unit of a payer without a row in the mapping.
pub const UNMAPPED: &str = "(unmapped)";

/// The unit of a call whose payer's cost is divided among units: a call is not.
pub const SHARED: &str = "(shared)";

/// The tables by which calls are attributed.
pub struct Attributor<'t> {
    /// Aliases of payers, with what the input taught.
    pub directory: &'t Directory,
    /// Business units, if the user gave a mapping.
    pub mapping: Option<&'t Mapping>,
    /// What the provider knows of payers.
    pub special: Special,
    /// Calls outside are not counted.
    pub period: &'t Period,
    /// Rows of the mapping that a bill needs, by index.
    pub billed_rows: &'t BTreeSet<usize>,
}

/// A call with its payer and unit.
pub struct Attributed<'c> {
    /// The call, as it is shown.
    pub call: &'c Call,
    /// The call as its entries state it, at which rules look.
    pub stated: &'c Call,
    /// Who pays.
    pub resolved: Resolved,
    /// The business unit, or what stands for its absence.
    pub unit: &'c str,
    /// The unit's cost centre.
    pub cost_center: Option<&'c str>,
    /// The row of the mapping that decided; of rows that share, the first.
    pub row: Option<&'c MappingRow>,
    /// A row that is as near as the one that decided and comes to something else.
    pub tied: Option<&'c MappingRow>,
    /// Where the call ended.
    pub outcome: Outcome,
}

/// What attribution adds to the tally and has to say.
#[derive(Default)]
pub struct Account {
    /// Counts of calls by their end, of merges, and of entries outside the period.
    pub tally: Tally,
    /// What could not be placed.
    pub gaps: Gaps,
    /// What is worth saying.
    pub diagnostics: Diagnostics,
    /// Rows of the mapping that decided, for a call or for a bill, by index.
    pub used_rows: BTreeSet<usize>,
    /// Rows of the mapping that were equally near to a call, by index: the one that decided, and the other.
    pub ties: BTreeSet<(usize, usize)>,
    /// The delay in whole seconds within which 99 of 100 calls' entries arrived.
    pub lateness: Option<i64>,
    /// First and last time of the calls outside the period.
    pub outside: Option<(i64, i64)>,
    /// Payers with calls and billable calls.
    pub payers: BTreeMap<Payer, (u64, u64)>,
}

/// An account that is growing: calls are added in any order, and accounts of several threads are put together.
pub struct Accounting<'t> {
    attributor: &'t Attributor<'t>,
    account: Account,
    unmapped: HashMap<String, (u64, u64)>,
    unattributed: BTreeMap<PayerReason, (u64, u64)>,
    /// Delays in whole seconds with the number of calls.
    lateness: BTreeMap<i64, u64>,
}

/// Where a call ended, as far as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    outcome: Outcome,
    billable: bool,
    payer: Option<Payer>,
    unit: NoUnit,
}

/// Why a call has no unit, if it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoUnit {
    Unmapped,
    Unattributed(PayerReason),
    /// It has one.
    HasOne,
}

impl End {
    /// The end of a call.
    pub fn of(attributed: &Attributed<'_>) -> Self {
        let resolved = &attributed.resolved;
        let unit = match attributed.unit {
            UNATTRIBUTED => NoUnit::Unattributed(resolved.payer_reason.unwrap_or(PayerReason::NoProject)),
            UNMAPPED => NoUnit::Unmapped,
            _ => NoUnit::HasOne,
        };
        let billable = attributed.call.reason.is_none();
        Self { outcome: attributed.outcome, billable, payer: resolved.payer.clone(), unit }
    }

    /// How many of so many calls with this end are billable.
    pub fn billable_of(&self, calls: u64) -> u64 {
        if self.billable { calls } else { 0 }
    }
}

impl<'t> Accounting<'t> {
    /// An account of no calls.
    pub fn new(attributor: &'t Attributor<'t>) -> Self {
        Self {
            attributor,
            account: Account { used_rows: attributor.billed_rows.clone(), ..Account::default() },
            unmapped: HashMap::new(),
            unattributed: BTreeMap::new(),
            lateness: BTreeMap::new(),
        }
    }

    /// Adds a call, and gives it with its payer and unit if it is of the period.
    pub fn add<'c>(&mut self, call: &'c Call) -> Option<Attributed<'c>>
    where
        't: 'c,
    {
        let Self { attributor, account, .. } = self;
        if !attributor.contains(call.facts.time) {
            *account.tally.skipped.entry(SkipReason::OutsidePeriod).or_default() += call.entries;
            account.outside = widest(account.outside, call.facts.time.map(|time| (time, time)));
            return None;
        }
        for (cause, count) in &call.merged {
            *account.tally.merged.entry(*cause).or_default() += count;
        }
        let attributed = attributor.attribute(call);
        account.used_rows.extend(attributed.row.map(|row| row.index));
        if let (Some(row), Some(tied)) = (attributed.row, attributed.tied) {
            account.ties.insert((row.index, tied.index));
            diagnose(&mut account.diagnostics, DiagnosticKind::MappingTie, || {
                format!("line {} ({}) decided, not line {} ({})", row.line, row.selector, tied.line, tied.selector)
            });
        }
        note(call, &attributed, &mut account.diagnostics);
        self.add_delay(call.facts.lateness);
        self.count(&End::of(&attributed), 1);
        Some(attributed)
    }

    /// Adds the delay of a call's entry.
    pub(super) fn add_delay(&mut self, lateness: Option<i64>) {
        if let Some(delay) = lateness {
            *self.lateness.entry(delay / SECOND).or_default() += 1;
        }
    }

    /// Counts so many calls that ended alike.
    pub(super) fn count(&mut self, end: &End, calls: u64) {
        let Self { account, unmapped, unattributed, .. } = self;
        account.tally.calls += calls;
        account.tally.count(end.outcome, calls);
        let counts = (calls, end.billable_of(calls));
        if let Some(payer) = &end.payer {
            count(account.payers.entry(payer.clone()).or_default(), counts);
            if end.unit == NoUnit::Unmapped {
                count(unmapped.entry(payer.to_string()).or_default(), counts);
            }
        }
        if let NoUnit::Unattributed(reason) = end.unit {
            count(unattributed.entry(reason).or_default(), counts);
        }
    }

    /// Adds what another account holds.
    pub fn merge(&mut self, other: Self) {
        let mine = &mut self.account;
        let Account { tally, gaps: _, diagnostics, used_rows, ties, lateness: _, outside, payers } = other.account;
        mine.tally += &tally;
        merge_diagnostics(&mut mine.diagnostics, diagnostics);
        mine.used_rows.extend(used_rows);
        mine.ties.extend(ties);
        mine.outside = widest(mine.outside, outside);
        for (payer, counts) in payers {
            count(mine.payers.entry(payer).or_default(), counts);
        }
        for (name, counts) in other.unmapped {
            count(self.unmapped.entry(name).or_default(), counts);
        }
        for (reason, counts) in other.unattributed {
            count(self.unattributed.entry(reason).or_default(), counts);
        }
        for (seconds, calls) in other.lateness {
            *self.lateness.entry(seconds).or_default() += calls;
        }
    }

    /// The whole account.
    pub fn finish(self) -> Account {
        let Self { attributor, mut account, unmapped, unattributed, lateness } = self;
        account.lateness = percentile_99(&lateness);
        attributor.note_payers(&mut account, &unmapped);
        account.gaps.unmapped = largest_first(unmapped.into_iter());
        account.gaps.unattributed = largest_first(unattributed.into_iter());
        account
    }
}

fn count(sum: &mut (u64, u64), more: (u64, u64)) {
    sum.0 += more.0;
    sum.1 += more.1;
}

fn widest(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

impl<'t> Attributor<'t> {
    /// Whether a call at that time is of the period.
    pub fn contains(&self, time: Option<i64>) -> bool {
        match time {
            Some(time) => self.period.from.is_none_or(|from| from <= time) && self.period.to.is_none_or(|to| time < to),
            // A call without a time is inside only when no period was asked for.
            None => self.period.from.is_none() && self.period.to.is_none(),
        }
    }

    /// Attributes a call, be it of the period or not.
    pub fn attribute<'c>(&self, call: &'c Call) -> Attributed<'c>
    where
        't: 'c,
    {
        let resolved = resolve(call, self.directory, self.special);
        let outcome = Outcome::of(call.reason, resolved.payer.as_ref(), resolved.payer_reason);
        let nobody = resolved.payer.is_none() || resolved.payer_reason == Some(PayerReason::GoogleSdkProject);
        let decision: Option<Decision<'_>> = match (&resolved.payer, self.mapping) {
            (Some(payer), Some(mapping)) if !nobody => mapping.decide(payer, (&*call.facts).into()),
            _ => None,
        };
        let (row, tied) = (decision.map(|decision| decision.row), decision.and_then(|decision| decision.tied));
        let (unit, cost_center) = match row {
            Some(row) if row.share.is_some() => (SHARED, None),
            Some(row) => (row.business_unit.as_str(), row.cost_center.as_deref()),
            None if nobody => (UNATTRIBUTED, None),
            None => (UNMAPPED, None),
        };
        Attributed { call, stated: call, resolved, unit, cost_center, row, tied, outcome }
    }

    /// The unit of a payer at a time and its cost centre.
    pub fn unit_of(&self, payer: &Payer, time: Option<i64>) -> (&str, Option<&str>) {
        if (self.special)(payer) == Some(PayerReason::GoogleSdkProject) {
            return (UNATTRIBUTED, None);
        }
        match self.mapping.and_then(|mapping| mapping.unit(payer, time)) {
            Some(row) => (&row.business_unit, row.cost_center.as_deref()),
            None => (UNMAPPED, None),
        }
    }

    fn note_payers(&self, account: &mut Account, unmapped: &HashMap<String, (u64, u64)>) {
        for payer in account.payers.keys() {
            let name = payer.to_string();
            let reason = (self.special)(payer);
            if payer.id.is_none() && reason.is_none() {
                diagnose(&mut account.diagnostics, DiagnosticKind::UnresolvedNumber, || name.clone());
            }
            if self.mapping.is_some() && unmapped.contains_key(&name) {
                diagnose(&mut account.diagnostics, DiagnosticKind::UnmappedPayer, || name.clone());
                if reason == Some(PayerReason::TenantProject) {
                    diagnose(&mut account.diagnostics, DiagnosticKind::TenantProject, || name.clone());
                }
            }
        }
        for row in self.mapping.into_iter().flat_map(|mapping| mapping.unused(&account.used_rows)) {
            diagnose(&mut account.diagnostics, DiagnosticKind::UnusedMapping, || {
                format!("line {}: {} matched no payer", row.line, row.selector)
            });
        }
    }
}

/// Whether there is anything to say about a call.
pub(super) fn is_odd(call: &Call, attributed: &Attributed<'_>) -> bool {
    let mut said = Diagnostics::new();
    note(call, attributed, &mut said);
    attributed.tied.is_some() || !said.is_empty()
}

/// Says what is odd about one call.
fn note(call: &Call, attributed: &Attributed<'_>, diagnostics: &mut Diagnostics) {
    let name = || call.facts.insert_id.clone().unwrap_or_else(|| format!("{:032x}", call.key.0).into());
    let resolved = &attributed.resolved;
    for (kind, text) in &resolved.notes {
        diagnose(diagnostics, *kind, || text.clone());
    }
    if !resolved.conflicts.is_empty() {
        diagnose(diagnostics, DiagnosticKind::ProjectConflict, || {
            let payer = resolved.payer.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
            let fields: Vec<&str> = resolved.conflicts.iter().filter_map(|field| field.split('=').next()).collect();
            format!("insertId {}: payer {payer}, but not by {}", name(), fields.join(", "))
        });
    }
    for _ in 0..call.conflicting_copies {
        diagnose(diagnostics, DiagnosticKind::DuplicateConflict, || format!("insertId {}", name()));
    }
    if call.across_inputs {
        diagnose(diagnostics, DiagnosticKind::OverlappingSinks, || {
            let hour = call.facts.time.map_or_else(String::new, |time| rfc3339(time - time.rem_euclid(HOUR)));
            format!("{} {hour}", call.facts.log_name.as_deref().unwrap_or("(no log)"))
        });
    }
    if call.missing_parts > 0 {
        diagnose(diagnostics, DiagnosticKind::SplitIncomplete, || {
            let parts = if call.missing_parts == 1 { "part is" } else { "parts are" };
            format!("insertId {}: {} {parts} missing", name(), call.missing_parts)
        });
    }
    if call.orphan_last {
        diagnose(diagnostics, DiagnosticKind::OrphanLast, || format!("insertId {}", name()));
    }
    if call.facts.method_reason == Some(Reason::UnknownService) {
        diagnose(diagnostics, DiagnosticKind::UnknownService, || {
            call.facts.service.as_deref().unwrap_or("(the entry names no service)").to_owned()
        });
    }
    if resolved.payer_reason == Some(PayerReason::GoogleSdkProject) {
        diagnose(diagnostics, DiagnosticKind::GoogleSdkProject, || format!("insertId {}", name()));
    }
}

/// The value that 99 of 100 do not exceed.
fn percentile_99(counts: &BTreeMap<i64, u64>) -> Option<i64> {
    let mut left = counts.values().sum::<u64>().checked_sub(1)? * 99 / 100;
    counts.iter().find_map(|(value, count)| {
        let found = left < *count;
        left = left.saturating_sub(*count);
        found.then_some(*value)
    })
}

/// Sorts by billable calls, then calls, both descending, then by name.
fn largest_first<K: Ord>(counts: impl Iterator<Item = (K, (u64, u64))>) -> Vec<(K, u64, u64)> {
    let mut sorted: Vec<(K, u64, u64)> = counts.map(|(key, (calls, billable))| (key, calls, billable)).collect();
    sorted.sort_by(|a, b| (b.2, b.1).cmp(&(a.2, a.1)).then_with(|| a.0.cmp(&b.0)));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_delays_the_ninety_ninth_counts() {
        let counts = |values: &[(i64, u64)]| percentile_99(&values.iter().copied().collect());
        assert_eq!(counts(&[]), None);
        assert_eq!(counts(&[(7, 1)]), Some(7));
        assert_eq!(counts(&[(1, 98), (2, 1), (3, 1)]), Some(2));
        assert_eq!(counts(&[(1, 99), (3, 1)]), Some(1));
        assert_eq!(counts(&[(1, 98), (3, 3)]), Some(3));
    }
}
