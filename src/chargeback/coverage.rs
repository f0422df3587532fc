//! Coverage: the costs of a bill beside the calls of the logs, by project and service: which costs have calls that can stand
//! for them, and in which hours they have none.
//!
//! A row of a bill is evidenced when the logs have a metered call of its project and service within its stretch of usage.

use std::collections::btree_map::Entry as Entered;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::attribution::Attributed;
use super::costs::TooLarge;
use super::statement::Measures;
use crate::model::cost::{BillNames, CostRow, CostType, Weight};
use crate::model::coverage::{Coverage, Covered, Metering};
use crate::model::directory::{Directory, Entry};
use crate::model::money::{Amount, Currency};
use crate::model::payer::PayerRef;

/// Nanoseconds of an hour: the stretch of a row whose end the bill does not tell.
pub const HOUR: i64 = 3_600_000_000_000;

/// Nothing is charged for a longer stretch than a commitment of three years.
const LONGEST: i64 = 3 * 366 * 24 * HOUR;

/// What the rows of a bill have in common that are looked at together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Charged {
    currency: Currency,
    project: Option<PayerRef>,
    service: String,
    metering: Metering,
}

/// A stretch of usage, in whole hours: its beginning and its end.
type Stretch = (i64, i64);

/// The costs of a bill, by project, service and stretch of usage.
#[derive(Debug, Default)]
pub struct BilledUsage {
    costs: BTreeMap<Charged, BTreeMap<Stretch, Amount>>,
    too_large: bool,
}

impl BilledUsage {
    /// Adds a row; `metering` tells by what its service and SKU are metered.
    pub fn add(&mut self, row: &CostRow, metering: &dyn Fn(&str, &str) -> Metering) {
        let metering = match row.cost_type {
            CostType::Regular | CostType::Adjustment => metering(&row.service, &row.sku),
            CostType::Tax | CostType::RoundingError => Metering::NotByCall,
        };
        let Some(net) = row.cost.checked_add(row.credits) else {
            self.too_large = true;
            return;
        };
        if (row.cost, row.credits) == (Amount::ZERO, Amount::ZERO) {
            return;
        }
        let start = row.usage_start - row.usage_start.rem_euclid(HOUR);
        let end = row.usage_end.unwrap_or(start).saturating_add(HOUR - 1);
        let end = (end - end.rem_euclid(HOUR)).clamp(start.saturating_add(HOUR), start.saturating_add(LONGEST));
        let project = row.project.as_ref().map(Entry::reference);
        let charged = Charged { currency: row.currency, project, service: row.service.clone(), metering };
        let sum = self.costs.entry(charged).or_default().entry((start, end)).or_default();
        match sum.checked_add(net) {
            Some(net) => *sum = net,
            None => self.too_large = true,
        }
    }
}

/// What the logs have of a service in a project.
#[derive(Debug, Clone, Default)]
struct Seen {
    calls: u64,
    billable_calls: u64,
    data_access: bool,
    /// The hours with calls that weigh something, by weight.
    hours: BTreeMap<Weight, BTreeSet<i64>>,
}

/// The calls of logs, by payer and by the bill's name of the service.
#[derive(Debug, Default)]
pub struct SeenCalls {
    seen: HashMap<String, HashMap<String, Seen>>,
}

impl SeenCalls {
    /// Adds a call.
    pub fn add(&mut self, attributed: &Attributed<'_>, names: &BillNames) {
        let facts = &attributed.call.facts;
        let (Some(payer), Some(service)) = (&attributed.resolved.payer, &facts.service) else { return };
        let billed = names.billed.get(service.as_str()).map(Vec::as_slice).unwrap_or_default();
        let measures = Measures::of(attributed);
        let data_access = facts.log_name.as_deref().is_some_and(|log| log.ends_with("/data_access"));
        let services = self.seen.entry(payer.to_string()).or_default();
        for service in billed {
            let seen = services.entry(service.clone()).or_default();
            seen.calls += 1;
            seen.billable_calls += measures.billable_calls;
            seen.data_access |= data_access;
            let weighs = [
                (Weight::Calls, measures.billable_calls > 0),
                (Weight::BilledBytes, measures.billed_bytes > 0),
                (Weight::SlotMs, measures.slot_ms > 0),
            ];
            for (weight, _) in weighs.into_iter().filter(|(_, weighs)| *weighs) {
                let hours = seen.hours.entry(weight).or_default();
                hours.extend(facts.time.map(|time| time - time.rem_euclid(HOUR)));
            }
        }
    }

    /// Adds what others hold.
    pub fn merge(&mut self, other: Self) {
        for (payer, services) in other.seen {
            let mine = self.seen.entry(payer).or_default();
            for (service, more) in services {
                let seen = mine.entry(service).or_default();
                seen.calls += more.calls;
                seen.billable_calls += more.billable_calls;
                seen.data_access |= more.data_access;
                for (weight, hours) in more.hours {
                    seen.hours.entry(weight).or_default().extend(hours);
                }
            }
        }
    }
}

/// One row: what a project is charged for a service, and what the logs tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageRow {
    /// The currency.
    pub currency: Currency,
    /// The project, by id if it is known; `None` for what no project is charged for.
    pub project: Option<String>,
    /// The service, by the bill's name.
    pub service: String,
    /// What the logs tell.
    pub coverage: Coverage,
    /// Net cost.
    pub net_cost: Amount,
    /// The part of it for which there are calls.
    pub evidenced_cost: Amount,
    /// Calls of the service in the project, metered or not.
    pub calls: u64,
    /// Metered ones.
    pub billable_calls: u64,
    /// The hours that the bill charges.
    pub billed_hours: BTreeSet<i64>,
    /// Those of them in whose stretch of usage the logs have no metered call.
    pub missing_hours: BTreeSet<i64>,
}

impl CoverageRow {
    /// Adds another row with the same key.
    fn join(&mut self, other: Self) -> Result<(), TooLarge> {
        self.net_cost = add(self.net_cost, other.net_cost)?;
        self.evidenced_cost = add(self.evidenced_cost, other.evidenced_cost)?;
        self.billed_hours.extend(other.billed_hours);
        self.missing_hours.extend(other.missing_hours);
        Ok(())
    }

    /// The hours without a metered call as stretches: the beginning, and how many hours.
    pub fn missing(&self) -> Vec<(i64, u64)> {
        let mut stretches: Vec<(i64, u64)> = Vec::new();
        let mut next = None;
        for hour in &self.missing_hours {
            match stretches.last_mut() {
                Some((_, count)) if next == Some(*hour) => *count += 1,
                _ => stretches.push((*hour, 1)),
            }
            next = hour.checked_add(HOUR);
        }
        stretches
    }

    /// The cost that has no calls and could have some.
    pub fn blind_cost(&self) -> Option<Amount> {
        self.net_cost.checked_sub(self.evidenced_cost).filter(|_| self.coverage.can_be_opened())
    }
}

/// What is known of services beyond the logs, by the bill's name.
pub struct Knowledge<'k> {
    /// Aliases of projects.
    pub directory: &'k Directory,
    /// Whether the user declared that the service's entries are sampled.
    pub sampled: &'k dyn Fn(&str) -> bool,
    /// Whether the service writes no entry of what it meters.
    pub unlogged: &'k dyn Fn(&str) -> bool,
}

/// Puts the bill beside the logs: rows by currency, then the largest cost first; and what each currency comes to.
///
/// # Errors
/// When a sum does not fit.
pub fn coverage(
    billed: &BilledUsage,
    seen: &SeenCalls,
    known: &Knowledge<'_>,
) -> Result<(Vec<CoverageRow>, BTreeMap<Currency, Covered>), TooLarge> {
    if billed.too_large {
        return Err(TooLarge);
    }
    let mut rows: BTreeMap<Key, CoverageRow> = BTreeMap::new();
    let mut covered: BTreeMap<Currency, Covered> = BTreeMap::new();
    for ((currency, project, service, metering), stretches) in resolved(billed, known.directory)? {
        let row = judged((currency, project, service, metering), &stretches, seen, known)?;
        let sums = covered.entry(currency).or_default();
        sums.net_cost = add(sums.net_cost, row.net_cost)?;
        sums.evidenced_cost = add(sums.evidenced_cost, row.evidenced_cost)?;
        let by_coverage = sums.by_coverage.entry(row.coverage).or_default();
        *by_coverage = add(*by_coverage, row.net_cost)?;
        if matches!(metering, Metering::By(_)) && row.project.is_some() {
            sums.metered_cost = add(sums.metered_cost, row.net_cost)?;
        }
        match rows.entry((currency, row.project.clone(), row.service.clone(), row.coverage)) {
            Entered::Vacant(place) => {
                place.insert(row);
            }
            // One service can be metered in several ways of which the logs tell as much.
            Entered::Occupied(mut known) => known.get_mut().join(row)?,
        }
    }
    let mut rows: Vec<CoverageRow> = rows.into_values().collect();
    // Sorting keeps the order of equals, which is that of their names.
    rows.sort_by(|a, b| (a.currency, b.net_cost).cmp(&(b.currency, a.net_cost)));
    Ok((rows, covered))
}

/// Currency, project, service and what the logs tell: what rows have in common.
type Key = (Currency, Option<String>, String, Coverage);

/// The same before it is known what the logs tell.
type Unjudged = (Currency, Option<String>, String, Metering);

/// The costs by project as the directory knows it.
fn resolved(
    billed: &BilledUsage,
    directory: &Directory,
) -> Result<BTreeMap<Unjudged, BTreeMap<Stretch, Amount>>, TooLarge> {
    let mut resolved: BTreeMap<Unjudged, BTreeMap<Stretch, Amount>> = BTreeMap::new();
    for (charged, stretches) in &billed.costs {
        let project = charged.project.as_ref().map(|project| directory.resolve(project).to_string());
        let key = (charged.currency, project, charged.service.clone(), charged.metering);
        let sums = resolved.entry(key).or_default();
        for (stretch, net) in stretches {
            let sum = sums.entry(*stretch).or_default();
            *sum = add(*sum, *net)?;
        }
    }
    Ok(resolved)
}

/// What the logs tell of one kind of cost.
fn judged(
    (currency, project, service, metering): Unjudged,
    stretches: &BTreeMap<Stretch, Amount>,
    seen: &SeenCalls,
    known: &Knowledge<'_>,
) -> Result<CoverageRow, TooLarge> {
    let seen = project.as_ref().and_then(|project| seen.seen.get(project)).and_then(|of| of.get(&service));
    let hours = match metering {
        Metering::By(weight) => seen.and_then(|seen| seen.hours.get(&weight)),
        Metering::Unlogged | Metering::NotByCall => None,
    };
    let (mut net_cost, mut evidenced_cost, mut found) = (Amount::ZERO, Amount::ZERO, 0);
    let (mut billed_hours, mut told_hours) = (BTreeSet::new(), BTreeSet::new());
    for ((start, end), net) in stretches {
        let step = usize::try_from(HOUR).unwrap_or(usize::MAX);
        net_cost = add(net_cost, *net)?;
        billed_hours.extend((*start..*end).step_by(step));
        if hours.is_some_and(|hours| hours.range(*start..*end).next().is_some()) {
            evidenced_cost = add(evidenced_cost, *net)?;
            found += 1;
            told_hours.extend((*start..*end).step_by(step));
        }
    }
    let coverage = match (metering, &project) {
        (_, None) => Coverage::NoProject,
        (Metering::NotByCall, Some(_)) => Coverage::NotByCall,
        (Metering::Unlogged, Some(_)) => Coverage::Unlogged,
        (Metering::By(_), Some(_)) if found > 0 => match found == stretches.len() {
            _ if (known.sampled)(&service) => Coverage::Sampled,
            true => Coverage::Complete,
            false => Coverage::Partial,
        },
        (Metering::By(_), Some(_)) if (known.unlogged)(&service) => Coverage::Unlogged,
        (Metering::By(_), Some(_)) => match seen {
            Some(seen) if seen.data_access => Coverage::FreeOnly,
            Some(_) => Coverage::ActivityOnly,
            None => Coverage::None,
        },
    };
    let missing: BTreeSet<i64> = match coverage {
        Coverage::NoProject | Coverage::NotByCall => BTreeSet::new(),
        Coverage::Complete
        | Coverage::Sampled
        | Coverage::Partial
        | Coverage::FreeOnly
        | Coverage::ActivityOnly
        | Coverage::None
        | Coverage::Unlogged => billed_hours.difference(&told_hours).copied().collect(),
    };
    Ok(CoverageRow {
        currency,
        project,
        service,
        coverage,
        net_cost,
        evidenced_cost,
        calls: seen.map_or(0, |seen| seen.calls),
        billable_calls: seen.map_or(0, |seen| seen.billable_calls),
        billed_hours,
        missing_hours: missing,
    })
}

fn add(a: Amount, b: Amount) -> Result<Amount, TooLarge> {
    a.checked_add(b).ok_or(TooLarge)
}
