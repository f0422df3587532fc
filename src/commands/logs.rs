//! Reads logs into calls: the wiring from inputs to a closed ledger, with every record accounted for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::copies::Copies;
use super::intake::Fault;
use super::places::Places;
use super::reading::{Manner, Reading, options};
use super::selection::Selection;
use super::{Failure, stats, tables};
use crate::chargeback::attribution::{Account, Accounting, Attributed, Attributor};
use crate::chargeback::bundles::Bundles;
use crate::chargeback::mapping::Mapping;
use crate::chargeback::statement::Accumulator;
use crate::cli::settings::Settings;
use crate::cli::{LogArgs, OutputArgs, StatsForm};
use crate::ingest::{self, Listing, Meter, Unit};
use crate::ledger::{Closed, Ledger, ResourceNames, SortingRows, SpillError};
use crate::model::call::Call;
use crate::model::directory::Directory;
use crate::model::document::{Diagnostics, Input, MAX_EXAMPLES, Period, Provenance, diagnose, merge_diagnostics};
use crate::model::observation::Source;
use crate::model::payer::Payer;
use crate::model::reason::{DiagnosticKind, Flag, PayerReason};
use crate::model::stats::{Count, Stage};
use crate::model::tally::{Imbalance, Tally};
use crate::model::time::rfc3339;
use crate::provider::{self, Provider};

/// Logs read into calls, with the tables to attribute them.
pub(super) struct Logs {
    pub settings: Settings,
    pub directory: Directory,
    pub mapping: Option<Mapping>,
    pub period: Period,
    pub provenance: Provenance,
    pub incomplete: bool,
    pub missing_hours: Vec<i64>,
    /// Rows of the mapping that a bill needs, by index.
    pub billed_rows: BTreeSet<usize>,
    /// What the run costs.
    pub meter: Arc<Meter>,
    threads: usize,
    stats: Option<StatsForm>,
    pub provider: Provider,
    /// What --where selects.
    pub filter: Option<Selection>,
    ledger: Ledger,
    listing: Listing,
    _copies: Copies,
    places: Places,
    tally: Tally,
    diagnostics: Diagnostics,
    fault: Fault,
}

impl Logs {
    /// Reads what the arguments name.
    pub fn read(args: &LogArgs, output: &OutputArgs) -> Result<Self, Failure> {
        Self::read_with(args, Self::settings(args, output)?, Manner::default())
    }

    /// The same, for commands that use the mapping and do not check it: it must agree with the inventory.
    pub fn read_agreed(args: &LogArgs, output: &OutputArgs) -> Result<Self, Failure> {
        Self::read_settled(args, Self::settings(args, output)?)
    }

    /// The same with settings that were resolved before.
    pub fn read_settled(args: &LogArgs, settings: Settings) -> Result<Self, Failure> {
        Self::read_with(args, settings, Manner { agreed: true, ..Manner::default() })
    }

    /// The same, for those that read the inputs a second time.
    pub fn read_first(args: &LogArgs, output: &OutputArgs) -> Result<Self, Failure> {
        Self::read_with(args, Self::settings(args, output)?, Manner { agreed: true, twice: true, ..Manner::default() })
    }

    /// The same, for those who never show a resource.
    pub fn read_without_resources(args: &LogArgs, output: &OutputArgs) -> Result<Self, Failure> {
        let manner = Manner { agreed: true, resources: ResourceNames::Hashed, ..Manner::default() };
        Self::read_with(args, Self::settings(args, output)?, manner)
    }

    /// The settings of a run.
    pub fn settings(args: &LogArgs, output: &OutputArgs) -> Result<Settings, Failure> {
        Ok(Settings::resolve(args, output, &|name| std::env::var(name).ok())?)
    }

    fn read_with(args: &LogArgs, settings: Settings, manner: Manner) -> Result<Self, Failure> {
        names_nobody(args, &settings)?;
        let provider = tables::provider(settings.services.value.as_deref())?;
        let mut directory = tables::directory(&provider, &settings.projects.value)?;
        let mapping = settings.map.value.as_deref().map(|path| tables::mapping(path, &settings, &directory));
        let mapping = mapping.transpose()?;
        let agree = |directory: &Directory| match &mapping {
            Some(mapping) if manner.agreed => mapping.agrees_with(directory),
            Some(_) | None => Ok(()),
        };
        agree(&directory)?;
        let period = tables::period(args, &settings)?;
        let Reading {
            intake,
            summary,
            inputs,
            places,
            ledgers: _,
            listing,
            copies,
            filter,
            mut diagnostics,
            meter,
            threads,
        } = Reading::of(args, &settings, &provider, manner, None)?;
        for (service, rate) in &settings.sampled.value {
            diagnose(&mut diagnostics, DiagnosticKind::SampledService, || format!("{service}: {rate}"));
        }
        let incomplete = inputs.iter().any(|input| !input.complete);
        let taken = intake.whole();
        merge_diagnostics(&mut diagnostics, taken.diagnostics);
        for (number, id) in directory.learn(&taken.learnt) {
            diagnose(&mut diagnostics, DiagnosticKind::ContradictedPair, || format!("{number} and {id}"));
        }
        agree(&directory)?;
        let tally =
            Tally { records: summary.records(), rejected: taken.rejected, skipped: taken.skipped, ..Tally::default() };
        let provenance = provenance(inputs, args, &settings);
        let missing_hours = missing_hours(&summary.survey.missing_hours, &period);
        for hour in &missing_hours {
            diagnose(&mut diagnostics, DiagnosticKind::MissingHours, || rfc3339(*hour));
        }
        Ok(Self {
            settings,
            directory,
            mapping,
            period,
            provenance,
            incomplete,
            missing_hours,
            billed_rows: BTreeSet::new(),
            meter,
            threads,
            stats: args.stats,
            provider,
            filter,
            ledger: intake.into_parts(0).1,
            listing,
            _copies: copies,
            places,
            tally,
            diagnostics,
            fault: manner.fault,
        })
    }

    /// Attributes the calls on several threads, in no meaningful order, and returns the account with the whole, balanced tally.
    /// Each thread begins with `new` and hands its calls to `each`; what all of them end with is returned.
    pub fn attribute<S: Send>(
        &self,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, &Attributed<'_>) -> Result<(), Failure> + Sync,
    ) -> Result<(Account, Vec<S>), Failure> {
        self.attribute_by(&self.attributor(), self.threads, new, each)
    }

    /// The same on one thread, in an order that depends on nothing but the calls.
    pub fn attribute_in_order<S: Send>(
        &self,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, &Attributed<'_>) -> Result<(), Failure> + Sync,
    ) -> Result<(Account, S), Failure> {
        let (account, states) = self.attribute_by(&self.attributor(), 1, &new, each)?;
        Ok((account, states.into_iter().next().unwrap_or_else(new)))
    }

    /// The same by other tables, on so many threads.
    pub fn attribute_by<S: Send>(
        &self,
        attributor: &Attributor<'_>,
        threads: usize,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, &Attributed<'_>) -> Result<(), Failure> + Sync,
    ) -> Result<(Account, Vec<S>), Failure> {
        let dropped = AtomicBool::new(self.fault.call);
        let begin = || Worker::new(Accounting::new(attributor), new());
        let begun = Instant::now();
        let (ended, notes) = self.ledger.calls(threads, begin, |worker, mut call| {
            worker.calls += 1;
            worker.entries += call.entries;
            if dropped.swap(false, Ordering::Relaxed) {
                return Ok(());
            }
            self.flag_estimate(&mut call);
            let begun = Instant::now();
            let (accounting, state) = (&mut worker.accounting, &mut worker.state);
            let added =
                accounting.add(&call).map_or(Ok(()), |attributed| self.shown(&attributed, |shown| each(state, shown)));
            worker.attributing += begun.elapsed();
            added
        })?;
        let closing = begun.elapsed() * u32::try_from(threads).unwrap_or(1);
        let (mut whole, mut states) = (Worker::new(Accounting::new(attributor), ()), Vec::new());
        for worker in ended {
            states.push(whole.merge(worker));
        }
        Ok((self.account(whole, closing, notes)?, states))
    }

    /// Attributes the calls and adds them up with `new`, which begins sums: those that are alike together, unless something is
    /// asked of each call or each is shown by other names.
    pub fn add_up<'s>(&self, new: impl Fn() -> Accumulator<'s> + Sync) -> Result<(Account, Accumulator<'s>), Failure> {
        let (account, parts) = if self.settings.pseudonyms.is_none() && new().takes_alike() {
            self.add_up_alike(&new)?
        } else {
            self.attribute(&new, |sums, attributed| {
                sums.add(attributed);
                Ok(())
            })?
        };
        Ok((account, new().merged(parts)))
    }

    /// The same, always with those that are alike together.
    fn add_up_alike<'s>(
        &self,
        new: impl Fn() -> Accumulator<'s> + Sync,
    ) -> Result<(Account, Vec<Accumulator<'s>>), Failure> {
        let attributor = self.attributor();
        let memory = self.settings.memory.value / 16 / self.threads.max(1);
        let begin = || Worker::new((), Bundles::new(&attributor, new(), memory));
        let begun = Instant::now();
        let (ended, notes) = self.ledger.closed(self.threads, begin, |worker, closed| {
            worker.calls += 1;
            match closed {
                Closed::Alike(alike) => {
                    worker.entries += 1;
                    worker.state.add_alike(&alike)
                }
                Closed::Call(call) => {
                    worker.entries += call.entries;
                    worker.state.add(&call);
                    Ok(())
                }
            }
        })?;
        let closing = begun.elapsed() * u32::try_from(self.threads).unwrap_or(1);
        let (mut whole, mut states) = (Worker::new(Accounting::new(&attributor), ()), Vec::new());
        for Worker { accounting: (), state, calls, entries, attributing: _ } in ended {
            let (accounting, sums, attributing) = state.finish();
            states.push(whole.merge(Worker { accounting, state: sums, calls, entries, attributing }));
        }
        Ok((self.account(whole, closing, notes)?, states))
    }

    /// The account of all calls, balanced.
    fn account(
        &self,
        whole: Worker<Accounting<'_>, ()>,
        closing: Duration,
        notes: Diagnostics,
    ) -> Result<Account, Failure> {
        self.meter.add(Count::Calls, whole.calls);
        self.meter.spend(Stage::Attribute, whole.attributing);
        self.meter.spend(Stage::Close, closing.saturating_sub(whole.attributing));
        Imbalance::check("entries of calls", self.ledger.observed(), whole.entries)?;
        let mut account = whole.accounting.finish();
        account.tally += &self.tally;
        account.tally.check()?;
        merge_diagnostics(&mut account.diagnostics, self.diagnostics.clone());
        merge_diagnostics(&mut account.diagnostics, notes);
        if let (Some(late), Some(delay)) = (account.diagnostics.get_mut(&DiagnosticKind::LateShards), account.lateness)
        {
            let seconds = delay + 1;
            late.examples.insert(0, format!("99 of 100 calls were logged within {seconds} s of their time"));
            late.examples.truncate(MAX_EXAMPLES);
        }
        account.gaps.missing_hours.clone_from(&self.missing_hours);
        if account.tally.calls == 0 && account.tally.records > 0 && !self.settings.quiet.value {
            say_nothing_found(&account);
        }
        Ok(account)
    }

    /// A call as it is shown.
    fn shown<R>(&self, attributed: &Attributed<'_>, take: impl FnOnce(&Attributed<'_>) -> R) -> R {
        attributed.hidden(self.settings.pseudonyms.as_ref(), take)
    }

    /// Rows of calls to be sorted, within the memory of the run.
    pub fn sorting_rows(&self) -> SortingRows<'_> {
        self.ledger.sorting_rows(self.threads)
    }

    fn flag_estimate(&self, call: &mut Call) {
        let sampled = &self.settings.sampled.value;
        if call.facts.service.as_ref().is_some_and(|service| sampled.contains_key(service.as_str())) {
            call.facts.add_flag(Flag::Estimate);
        }
    }

    /// Reads the inputs once more: `meet` turns each record into a value on any thread, `fold` takes the values on this one.
    pub fn read_again<T: Send>(
        &self,
        meet: &(dyn Fn(Unit<'_>) -> T + Sync),
        fold: &mut dyn FnMut(Vec<T>),
    ) -> Result<(), Failure> {
        ingest::read(&self.listing, &options(&self.settings), meet, fold)?;
        Ok(())
    }

    /// The tables by which calls are attributed.
    pub fn attributor(&self) -> Attributor<'_> {
        self.attributor_of(&self.period)
    }

    /// The same for another period.
    pub fn attributor_of<'l>(&'l self, period: &'l Period) -> Attributor<'l> {
        let (directory, mapping) = (&self.directory, self.mapping.as_ref());
        Attributor { directory, mapping, special: provider::special, period, billed_rows: &self.billed_rows }
    }

    /// Says what the run cost, if that was asked for. Comes after the result.
    pub fn say_stats(&self) {
        stats::count_spills(&self.meter, self.ledger.counts());
        stats::say(self.stats, &self.meter, self.threads);
    }

    /// Hands every call to `each`, those outside the period too, in an order that depends on nothing but the calls.
    pub fn each_call(&self, each: impl FnMut(&Call) + Send) -> Result<(), Failure> {
        let each = Mutex::new(each);
        self.ledger.calls(
            1,
            || (),
            |(), mut call| {
                self.flag_estimate(&mut call);
                each.lock().unwrap_or_else(PoisonError::into_inner)(&call);
                Ok::<(), SpillError>(())
            },
        )?;
        Ok(())
    }

    /// Hands every call to `each` as it is shown, attributed by some tables, in the same order.
    pub fn each_attributed(
        &self,
        attributor: &Attributor<'_>,
        mut each: impl FnMut(&Attributed<'_>) + Send,
    ) -> Result<(), Failure> {
        self.each_call(|call| self.shown(&attributor.attribute(call), &mut each))
    }

    /// The records that tell of calls outside the period.
    pub fn outside(&self) -> Result<Vec<Source>, Failure> {
        let attributor = self.attributor();
        let mut sources = Vec::new();
        self.each_call(|call| {
            if !attributor.contains(call.facts.time) {
                sources.push(call.source);
                sources.extend(call.others.iter().map(|other| other.source));
            }
        })?;
        Ok(sources)
    }

    /// The inputs, as they were found.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// `file:line` of a record.
    pub fn place(&self, source: Source) -> String {
        self.places.show(source)
    }

    /// Payers with calls and billable calls, largest first, without those that are the provider's own tools.
    pub fn payers(account: &Account) -> Vec<(Payer, u64, u64)> {
        let own = |payer: &Payer| provider::special(payer) == Some(PayerReason::GoogleSdkProject);
        let payers = account.payers.iter().filter(|(payer, _)| !own(payer));
        let mut payers: Vec<(Payer, u64, u64)> =
            payers.map(|(payer, (calls, billable))| (payer.clone(), *calls, *billable)).collect();
        payers.sort_by(|a, b| (b.2, b.1).cmp(&(a.2, a.1)).then_with(|| a.0.cmp(&b.0)));
        payers
    }
}

/// What a thread that attributes calls has done.
struct Worker<A, S> {
    accounting: A,
    state: S,
    calls: u64,
    entries: u64,
    attributing: Duration,
}

impl<A, S> Worker<A, S> {
    fn new(accounting: A, state: S) -> Self {
        Self { accounting, state, calls: 0, entries: 0, attributing: Duration::ZERO }
    }
}

impl<'t> Worker<Accounting<'t>, ()> {
    /// Adds what another thread has done, and gives what it ended with.
    fn merge<S>(&mut self, other: Worker<Accounting<'t>, S>) -> S {
        self.accounting.merge(other.accounting);
        self.calls += other.calls;
        self.entries += other.entries;
        self.attributing += other.attributing;
        other.state
    }
}

/// Pseudonyms are for results; records that cannot be read hold what they hold.
fn names_nobody(args: &LogArgs, settings: &Settings) -> Result<(), Failure> {
    if settings.pseudonyms.is_some() && args.rejected.is_some() {
        let why = "keeps records as they are, with whom they name";
        return Err(Failure::Usage(format!("--rejected {why}; it does not go with --pseudonymise")));
    }
    Ok(())
}

fn provenance(inputs: Vec<Input>, args: &LogArgs, settings: &Settings) -> Provenance {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Provenance {
        inputs,
        filter: args.filter.clone(),
        mapping: settings.map.value.as_deref().map(text),
        projects: settings.projects.value.iter().map(|path| text(path)).collect(),
        catalogue: tables::catalogue_name(settings.services.value.as_deref()),
    }
}

/// The hours without a file that lie in the period.
fn missing_hours(hours: &[i64], period: &Period) -> Vec<i64> {
    let inside = |hour: &&i64| {
        period.from.is_none_or(|from| from < **hour + 3_600_000_000_000) && period.to.is_none_or(|to| **hour < to)
    };
    hours.iter().filter(inside).copied().collect()
}

/// Says why a result without calls may be a mistake.
fn say_nothing_found(account: &Account) {
    match account.outside {
        Some((first, last)) => {
            let (first, last) = (rfc3339(first), rfc3339(last));
            anstream::eprintln!(
                "billtrail: warning: no calls in the period; those of the input are from {first} to {last}"
            );
        }
        None => anstream::eprintln!("billtrail: warning: the input holds records, but no audit entries"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(fault: Fault) -> Result<(), Failure> {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-logs/client.jsonl").to_owned();
        let args = LogArgs { inputs: vec![samples], quiet: true, ..LogArgs::default() };
        let settings = Logs::settings(&args, &OutputArgs::default())?;
        let logs = Logs::read_with(&args, settings, Manner { fault, ..Manner::default() })?;
        logs.attribute(|| (), |(), _| Ok(())).map(|_| ())
    }

    #[test]
    fn what_is_dropped_anywhere_fails_the_run() {
        assert!(outcome(Fault::default()).is_ok());
        let nothing = Fault::default();
        let faults =
            [Fault { record: true, ..nothing }, Fault { entry: true, ..nothing }, Fault { call: true, ..nothing }];
        for fault in faults {
            let failure = outcome(fault).expect_err("the tally must notice");
            assert!(matches!(failure, Failure::Imbalance(_)), "{fault:?}: {failure}");
        }
    }

    #[test]
    fn what_does_not_fit_in_memory_is_counted() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-logs").to_owned();
        let spilled = |memory: &str| {
            let inputs = vec![samples.clone()];
            let args = LogArgs { inputs, quiet: true, memory: Some(memory.to_owned()), ..LogArgs::default() };
            let logs = Logs::read(&args, &OutputArgs::default()).expect("read");
            logs.ledger.counts()
        };
        let (little, enough) = (spilled("4KiB"), spilled("1GiB"));
        assert!(little.spilled_bytes > 0 && little.spills > 1, "{little:?}");
        assert_eq!((enough.spilled_bytes, enough.spills), (0, 0));
        assert!(enough.peak_held_bytes > little.peak_held_bytes, "{little:?} {enough:?}");
    }
}
