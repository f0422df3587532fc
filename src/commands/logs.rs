//! Reads logs into calls: the wiring from inputs to a closed ledger, with every record accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::Failure;
use rayon::prelude::*;

use crate::chargeback::attribution::{Account, Attributed, Attributor};
use crate::chargeback::mapping::Mapping;
use crate::chargeback::mapping_csv::moment;
use crate::cli::settings::Settings;
use crate::cli::{LogArgs, OutputArgs};
use crate::ingest::{self, ProblemKind, ReadOptions, Unit};
use crate::ledger::{Closed, Ledger};
use crate::model::call::Call;
use crate::model::directory::Directory;
use crate::model::document::{Diagnostics, Input, Period, Provenance, diagnose, merge_diagnostics};
use crate::model::observation::{Observation, Source};
use crate::model::payer::Payer;
use crate::model::reason::{DiagnosticKind, Flag, RejectReason, SkipReason};
use crate::model::tally::{Imbalance, Tally};
use crate::provider::{self, CATALOGUE_DATE, Decoded, Provider};
use crate::report::safe;

/// What the tests drop on purpose, to see that the tally notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// A record between reader and decoder.
    #[cfg(test)]
    Record,
    /// An entry between decoder and ledger.
    #[cfg(test)]
    Entry,
    /// A call between ledger and attribution.
    #[cfg(test)]
    Call,
}

/// Logs read into calls, with the tables to attribute them.
pub(super) struct Logs {
    pub settings: Settings,
    pub directory: Directory,
    pub mapping: Option<Mapping>,
    pub period: Period,
    pub provenance: Provenance,
    pub incomplete: bool,
    /// The calls, sorted by time, log, insertId and key.
    pub calls: Vec<Call>,
    pub missing_hours: Vec<i64>,
    names: Vec<String>,
    tally: Tally,
    diagnostics: Diagnostics,
    fault: Fault,
}

/// What became of one unit of the input.
enum Fate {
    Rejected { source: Source, reason: RejectReason, detail: String, bytes: Vec<u8> },
    Skipped(SkipReason),
    Entry(Box<Observation>, Vec<(DiagnosticKind, String)>),
}

/// What the fold counts, each where it happens.
#[derive(Default)]
struct Intake {
    ledger: Ledger,
    decoded: u64,
    entries: u64,
    rejected: BTreeMap<RejectReason, u64>,
    skipped: BTreeMap<SkipReason, u64>,
    diagnostics: Diagnostics,
    /// Rejected records with what is wrong, by place.
    bad: BTreeMap<Source, (String, Vec<u8>)>,
}

/// How many rejected records are named on standard error.
const NAMED: usize = 10;

impl Logs {
    /// Reads what the arguments name.
    pub fn read(args: &LogArgs, output: &OutputArgs) -> Result<Self, Failure> {
        Self::read_with(args, output, Fault::None)
    }

    fn read_with(args: &LogArgs, output: &OutputArgs, fault: Fault) -> Result<Self, Failure> {
        let settings = Settings::resolve(args, output, &|name| std::env::var(name).ok())?;
        let provider = provider(settings.services.value.as_deref())?;
        let mut directory = directory(&provider, &settings.projects.value)?;
        let mapping = settings.map.value.as_deref().map(|path| mapping(path, &settings)).transpose()?;
        let period = period(args, &settings)?;
        let listing = ingest::list(&args.inputs, args.files_from.as_deref(), args.stdin_name.as_deref())?;
        let options = ReadOptions {
            threads: settings.threads.value,
            max_record: settings.max_record.value,
            ..ReadOptions::default()
        };
        let mut intake = Intake::default();
        let keep = args.rejected.is_some();
        let decode = |unit: Unit<'_>| fate(&provider, unit, keep);
        let mut drop_record = drops_record(fault);
        let mut drop_entry = drops_entry(fault);
        let mut fold = |fates: Vec<Fate>| intake.take(fates, keep, &listing, &mut drop_record, &mut drop_entry);
        let summary = ingest::read(&listing, &options, &decode, &mut fold)?;
        let names: Vec<String> = listing.inputs.iter().map(|input| input.name.clone()).collect();

        let mut diagnostics = std::mem::take(&mut intake.diagnostics);
        note_listing(&listing, &summary, &mut diagnostics);
        let inputs = inputs(&listing, &summary);
        let incomplete = inputs.iter().any(|input| !input.complete);
        if summary.records() == 0 {
            diagnose(&mut diagnostics, DiagnosticKind::NoRecords, || "nothing was read".to_owned());
        }
        for (service, rate) in &settings.sampled.value {
            diagnose(&mut diagnostics, DiagnosticKind::SampledService, || format!("{service}: {rate}"));
        }
        if let Some(path) = &args.rejected {
            write_rejected(path, &intake.bad)?;
        }
        if !settings.quiet.value {
            say_rejected(&intake, &names);
        }
        let Closed { mut calls, observed, diagnostics: ledger_notes } = std::mem::take(&mut intake.ledger).close();
        merge_diagnostics(&mut diagnostics, ledger_notes);
        balance("decoded records", summary.records(), intake.decoded)?;
        balance("entries", intake.entries, observed)?;
        balance("entries of calls", observed, calls.iter().map(|call| call.entries).sum())?;
        learn(&mut directory, &calls, &mut diagnostics);
        flag_estimates(&mut calls, &settings);
        calls.par_sort_unstable_by(|a, b| a.place().cmp(&b.place()));
        let tally = Tally {
            records: summary.records(),
            rejected: intake.rejected,
            skipped: intake.skipped,
            ..Tally::default()
        };
        let provenance = provenance(inputs, &settings);
        let missing_hours = missing_hours(&summary.survey.missing_hours, &period);
        for hour in &missing_hours {
            diagnose(&mut diagnostics, DiagnosticKind::MissingHours, || crate::model::time::rfc3339(*hour));
        }
        Ok(Self {
            settings,
            directory,
            mapping,
            period,
            provenance,
            incomplete,
            calls,
            missing_hours,
            names,
            tally,
            diagnostics,
            fault,
        })
    }

    /// Attributes the calls, hands each to `each`, and returns the account with the whole, balanced tally.
    pub fn attribute(&self, mut each: impl FnMut(Attributed<'_>)) -> Result<Account, Failure> {
        let attributor = self.attributor();
        let mut account = attributor.run(&self.calls[dropped_calls(self.fault)..], &mut each);
        account.tally += &self.tally;
        account.tally.check()?;
        merge_diagnostics(&mut account.diagnostics, self.diagnostics.clone());
        if let (Some(late), Some(delay)) = (account.diagnostics.get_mut(&DiagnosticKind::LateShards), account.lateness)
        {
            late.examples
                .insert(0, format!("99 of 100 calls were logged within {} s of their time", delay / 1_000_000_000 + 1));
        }
        account.gaps.missing_hours.clone_from(&self.missing_hours);
        Ok(account)
    }

    /// The same, for commands that use the mapping and do not check it.
    pub fn read_agreed(args: &LogArgs, output: &OutputArgs) -> Result<Self, Failure> {
        let logs = Self::read(args, output)?;
        if let Some(mapping) = &logs.mapping {
            mapping.agrees_with(&logs.directory)?;
        }
        Ok(logs)
    }

    /// The tables by which calls are attributed.
    pub fn attributor(&self) -> Attributor<'_> {
        Attributor {
            directory: &self.directory,
            mapping: self.mapping.as_ref(),
            special: provider::special,
            period: &self.period,
        }
    }

    /// `file:line` of a record.
    pub fn place(&self, source: Source) -> String {
        place(&self.names, source)
    }

    /// Payers with calls and billable calls, largest first, without those that are the provider's own tools.
    pub fn payers(account: &Account) -> Vec<(Payer, u64, u64)> {
        let own = |payer: &Payer| provider::special(payer) == Some(crate::model::reason::PayerReason::GoogleSdkProject);
        let payers = account.payers.iter().filter(|(payer, _)| !own(payer));
        let mut payers: Vec<(Payer, u64, u64)> =
            payers.map(|(payer, (calls, billable))| (payer.clone(), *calls, *billable)).collect();
        payers.sort_by(|a, b| (b.2, b.1).cmp(&(a.2, a.1)).then_with(|| a.0.cmp(&b.0)));
        payers
    }
}

fn fate(provider: &Provider, unit: Unit<'_>, keep: bool) -> Fate {
    let kept = |bytes: &[u8]| if keep { bytes.to_vec() } else { Vec::new() };
    match unit {
        Unit::Text { source: _ } => Fate::Skipped(SkipReason::Text),
        Unit::Rejected { bytes, source, reason, detail } => {
            Fate::Rejected { source, reason, detail, bytes: kept(bytes) }
        }
        Unit::Record { bytes, source } => match provider.decode(bytes, source) {
            Decoded::Rejected(unreadable) => {
                Fate::Rejected { source, reason: unreadable.reason, detail: unreadable.detail, bytes: kept(bytes) }
            }
            Decoded::Skipped(reason) => Fate::Skipped(reason),
            Decoded::Entry(observation, notes) => Fate::Entry(observation, notes),
        },
    }
}

impl Intake {
    fn take(
        &mut self,
        fates: Vec<Fate>,
        keep: bool,
        listing: &ingest::Listing,
        drop_record: &mut bool,
        drop_entry: &mut bool,
    ) {
        let mut batch = Vec::new();
        for fate in fates {
            if std::mem::take(drop_record) {
                continue;
            }
            self.decoded += 1;
            match fate {
                Fate::Skipped(reason) => *self.skipped.entry(reason).or_default() += 1,
                Fate::Rejected { source, reason, detail, bytes } => {
                    *self.rejected.entry(reason).or_default() += 1;
                    self.bad.insert(source, (detail, bytes));
                    if !keep && self.bad.len() > NAMED {
                        self.bad.pop_last();
                    }
                }
                Fate::Entry(observation, notes) => {
                    self.entries += 1;
                    for (kind, text) in notes {
                        let name = &listing.inputs[observation.source.input as usize].name;
                        diagnose(&mut self.diagnostics, kind, || format!("{name}:{}: {text}", observation.source.line));
                    }
                    if !std::mem::take(drop_entry) {
                        batch.push(*observation);
                    }
                }
            }
        }
        self.ledger.absorb(batch);
    }
}

fn balance(what: &'static str, left: u64, right: u64) -> Result<(), Imbalance> {
    Imbalance::check(what, left, right)
}

#[cfg(not(test))]
fn drops_record(_: Fault) -> bool {
    false
}
#[cfg(not(test))]
fn drops_entry(_: Fault) -> bool {
    false
}
#[cfg(not(test))]
fn dropped_calls(_: Fault) -> usize {
    0
}
#[cfg(test)]
fn drops_record(fault: Fault) -> bool {
    fault == Fault::Record
}
#[cfg(test)]
fn drops_entry(fault: Fault) -> bool {
    fault == Fault::Entry
}
#[cfg(test)]
fn dropped_calls(fault: Fault) -> usize {
    usize::from(fault == Fault::Call)
}

fn place(names: &[String], source: Source) -> String {
    format!("{}:{}", names.get(source.input as usize).map_or("?", String::as_str), source.line)
}

/// The provider with the user's rows, if there are any.
pub(super) fn provider(services: Option<&Path>) -> Result<Provider, Failure> {
    match services {
        None => Ok(Provider::google_cloud(None)?),
        Some(path) => {
            let text = read_text(path)?;
            Ok(Provider::google_cloud(Some((&path.to_string_lossy(), &text)))?)
        }
    }
}

/// The directory of the user's inventories, which may be compressed.
pub(super) fn directory(provider: &Provider, paths: &[std::path::PathBuf]) -> Result<Directory, Failure> {
    let mut files = Vec::new();
    for path in paths {
        files.push((path.to_string_lossy().into_owned(), read_bytes(path)?));
    }
    Ok(provider.directory(&files)?)
}

fn mapping(path: &Path, settings: &Settings) -> Result<Mapping, Failure> {
    Ok(Mapping::parse(&path.to_string_lossy(), &read_bytes(path)?, settings.timezone.value)?)
}

/// A file that the user named; that it is missing is wrong use.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let named = |error: std::io::Error| Failure::Usage(format!("{}: {}", path.display(), plain(&error)));
    ingest::read_whole(path).map_err(named)
}

/// The same as text.
fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read_bytes(path)?).map_err(|_| Failure::Usage(format!("{}: not UTF-8", path.display())))
}

/// An error of the operating system without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

fn period(args: &LogArgs, settings: &Settings) -> Result<Period, Failure> {
    let timezone = settings.timezone.value;
    let bound = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => moment(text, timezone).map(Some).ok_or_else(|| {
            Failure::Usage(format!(
                "--{name} `{text}` is not a time such as 2026-10, 2026-10-01 or 2026-10-01T08:00:00Z"
            ))
        }),
    };
    let period =
        Period { from: bound("from", &args.from)?, to: bound("to", &args.to)?, timezone: timezone.to_string() };
    match (period.from, period.to) {
        (Some(from), Some(to)) if from >= to => Err(Failure::Usage(
            "--from must be before --to (--to is the first moment that no longer counts)".to_owned(),
        )),
        _ => Ok(period),
    }
}

fn note_listing(listing: &ingest::Listing, summary: &ingest::ReadSummary, diagnostics: &mut Diagnostics) {
    for name in &listing.twice {
        diagnose(diagnostics, DiagnosticKind::InputTwice, || name.clone());
    }
    for failed in &listing.failed {
        diagnose(diagnostics, DiagnosticKind::InputUnreadable, || format!("{}: {}", failed.name, failed.why));
    }
    for name in &listing.empty {
        diagnose(diagnostics, DiagnosticKind::NoRecords, || format!("{name}: no logs in this directory"));
    }
    for input in &summary.inputs {
        if let Some(problem) = &input.problem {
            let kind = match problem.kind {
                ProblemKind::Unreadable => DiagnosticKind::InputUnreadable,
                ProblemKind::Truncated => DiagnosticKind::InputTruncated,
            };
            diagnose(diagnostics, kind, || format!("{}: {}", input.name, problem.why));
        }
    }
    for name in &summary.survey.late {
        diagnose(diagnostics, DiagnosticKind::LateShards, || name.clone());
    }
}

fn inputs(listing: &ingest::Listing, summary: &ingest::ReadSummary) -> Vec<Input> {
    let read = summary.inputs.iter().map(|input| Input {
        path: input.name.clone(),
        bytes: input.bytes,
        complete: input.problem.is_none(),
    });
    let failed = listing.failed.iter().map(|failed| Input { path: failed.name.clone(), bytes: 0, complete: false });
    let mut inputs: Vec<Input> = read.chain(failed).collect();
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    inputs
}

fn provenance(inputs: Vec<Input>, settings: &Settings) -> Provenance {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let catalogue = match &settings.services.value {
        None => format!("built-in {CATALOGUE_DATE}"),
        Some(path) => format!("built-in {CATALOGUE_DATE}, {}", path.display()),
    };
    Provenance {
        inputs,
        mapping: settings.map.value.as_deref().map(text),
        projects: settings.projects.value.iter().map(|path| text(path)).collect(),
        catalogue,
    }
}

/// The hours without a file that lie in the period.
fn missing_hours(hours: &[i64], period: &Period) -> Vec<i64> {
    let inside = |hour: &&i64| {
        period.from.is_none_or(|from| from < **hour + 3_600_000_000_000) && period.to.is_none_or(|to| **hour < to)
    };
    hours.iter().filter(inside).copied().collect()
}

/// Learns the pairs of project number and id that the entries state.
fn learn(directory: &mut Directory, calls: &[Call], diagnostics: &mut Diagnostics) {
    let pairs: BTreeSet<(u64, String)> = calls.iter().flat_map(|call| call.learnt.iter().cloned()).collect();
    for (number, id) in directory.learn(&pairs) {
        diagnose(diagnostics, DiagnosticKind::ContradictedPair, || format!("{number} and {id}"));
    }
}

fn flag_estimates(calls: &mut [Call], settings: &Settings) {
    if settings.sampled.value.is_empty() {
        return;
    }
    for call in calls {
        if call.facts.service.as_ref().is_some_and(|service| settings.sampled.value.contains_key(service)) {
            call.facts.add_flag(Flag::Estimate);
        }
    }
}

fn write_rejected(path: &Path, bad: &BTreeMap<Source, (String, Vec<u8>)>) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for (_, bytes) in bad.values() {
        lines.extend_from_slice(bytes);
        lines.push(b'\n');
    }
    fs::write(path, lines).map_err(|error| Failure::File { path: path.display().to_string(), error })
}

fn say_rejected(intake: &Intake, names: &[String]) {
    for (source, (detail, _)) in intake.bad.iter().take(NAMED) {
        anstream::eprintln!("{}: byte {}: rejected: {}", safe(&place(names, *source)), source.offset, safe(detail));
    }
    let total: u64 = intake.rejected.values().sum();
    if let Some(more) = total.checked_sub(NAMED as u64).filter(|more| *more > 0) {
        anstream::eprintln!("and {more} more records that cannot be read (--rejected FILE keeps them all)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(fault: Fault) -> Result<(), Failure> {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-logs/client.jsonl").to_owned();
        let args = LogArgs { inputs: vec![samples], quiet: true, ..LogArgs::default() };
        Logs::read_with(&args, &OutputArgs::default(), fault)?.attribute(|_| {}).map(|_| ())
    }

    #[test]
    fn what_is_dropped_anywhere_fails_the_run() {
        assert!(outcome(Fault::None).is_ok());
        for fault in [Fault::Record, Fault::Entry, Fault::Call] {
            let failure = outcome(fault).expect_err("the tally must notice");
            assert!(matches!(failure, Failure::Imbalance(_)), "{fault:?}: {failure}");
        }
    }
}
