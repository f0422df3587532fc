//! Reading: from the arguments to an intake that holds all that logs and ledgers tell, with every record accounted for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::copies::Copies;
use super::hand::{Decoding, Hand};
use super::intake::{Fault, Intake};
use super::kept::{self, Catalogue, problem_word};
use super::places::Places;
use super::selection::Selection;
use super::{Failure, interrupt, tables};
use crate::cli::LogArgs;
use crate::cli::settings::Settings;
use crate::ingest::{self, Hours, Listing, Meter, Progress, ReadOptions, ReadSummary};
use crate::ledger::{Ledger, LedgerFile, Memory, ResourceNames};
use crate::model::document::{Diagnostics, Input, diagnose};
use crate::model::reason::DiagnosticKind;
use crate::model::stats::Stage;
use crate::model::tally::Imbalance;
use crate::provider::{Provider, SharedVerdicts};
use crate::report::safe;

/// All that was read.
pub(super) struct Reading {
    pub intake: Intake,
    /// The inputs in the order of the places.
    pub summary: ReadSummary,
    /// The inputs for the provenance, those too that could not be found.
    pub inputs: Vec<Input>,
    pub places: Places,
    /// The ledgers among the inputs, without what was read from a log or another ledger.
    pub ledgers: Vec<LedgerFile>,
    /// What was read as logs, to be read again.
    pub listing: Listing,
    pub copies: Copies,
    /// What --where selects.
    pub filter: Option<Selection>,
    /// What is worth saying about the inputs as such.
    pub diagnostics: Diagnostics,
    pub meter: Arc<Meter>,
    pub threads: usize,
}

/// How the inputs are read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// The mapping must agree with the inventory.
    pub agreed: bool,
    /// The inputs will be read a second time.
    pub twice: bool,
    /// The input is a piece of a longer one: lines in notes are not yet places.
    pub piece: bool,
    /// What is kept of the names of resources.
    pub resources: ResourceNames,
    pub fault: Fault,
}

/// Path and content of inputs that are known already.
pub(super) type Known = BTreeSet<(String, String)>;

/// What the maker of a ledger does to the listing before it is read; the answer is what it has already. Each input is then
/// counted apart.
pub(super) type Choose<'c> = &'c mut dyn FnMut(&mut Listing) -> Result<Known, Failure>;

impl Reading {
    /// Reads what the arguments name.
    pub fn of(
        args: &LogArgs,
        settings: &Settings,
        provider: &Provider,
        manner: Manner,
        choose: Option<Choose<'_>>,
    ) -> Result<Self, Failure> {
        let meter = Arc::new(Meter::default());
        interrupt::reads(&meter);
        // A mapping, inventory or catalogue that lies among the logs is not read as a log.
        let named = settings.projects.value.iter().chain(&settings.map.value).chain(&settings.services.value);
        let tables: Vec<&Path> = named.map(|path| path.as_path()).collect();
        let period = tables::period(args, settings)?;
        let hours = Hours::around(period.from, period.to);
        let mut listing = meter.time(Stage::List, || {
            ingest::list_without(&tables, &hours, &args.inputs, args.files_from.as_deref(), args.stdin_name.as_deref())
        })?;
        if !settings.quiet.value {
            listing.narrowed.iter().for_each(|text| anstream::eprintln!("billtrail: {}", safe(text)));
        }
        let by_input = choose.is_some();
        let known = choose.map_or_else(|| Ok(Known::new()), |choose| choose(&mut listing))?;
        let ledgers = kept::open(&mut listing, args, manner.twice, &catalogue(settings)?, known)?;
        let copies = if manner.twice { Copies::of(&mut listing)? } else { Copies::default() };
        let places = Places::of(&listing, &ledgers);
        let options = options(settings);
        let memory = memory(settings, places.names().len());
        // A ledger remembers copies by a hash of all that they say.
        let resources = if ledgers.is_empty() { manner.resources } else { ResourceNames::Whole };
        let ledger = Ledger::new(&memory).with_resources(resources);
        let mut intake = Intake::new(manner.fault, args.rejected.as_deref(), ledger, by_input)?;
        if manner.piece {
            intake.keep_notes();
        }
        let filter = args.filter.as_deref().map(|text| Selection::read("--where", text, false)).transpose()?;
        let (scanner, threads) = (args.scanner.into(), options.decoders());
        let (filter_used, verdicts) = (filter.as_ref(), SharedVerdicts::default());
        let decoding = Decoding { provider, scanner, filter: filter_used, places: &places, meter: &meter, verdicts };
        let progress = if settings.quiet.value { None } else { Progress::show(&listing, &meter) };
        let hand = || Hand::new(&intake, &decoding, threads);
        let (mut summary, hands) = ingest::read_with(&listing, &options, &hand, &meter)?;
        let shares: Vec<_> = hands.into_iter().map(Hand::into_share).collect();
        shares.into_iter().for_each(|share| intake.add(share));
        drop(progress);
        kept::take_in(&ledgers, &places, &mut intake, &mut summary)?;
        intake.is_whole()?;

        let mut diagnostics = Diagnostics::new();
        note_listing(&listing, &summary, &mut diagnostics);
        let inputs = inputs(&listing, &summary);
        // That a ledger needs nothing new is no mistake.
        if summary.records() == 0 && !by_input {
            diagnose(&mut diagnostics, DiagnosticKind::NoRecords, || "nothing was read".to_owned());
        }
        intake.write_rejected()?;
        say_problems(&diagnostics, settings.quiet.value);
        if !settings.quiet.value {
            intake.say_rejected(&places);
        }
        let taken = intake.whole();
        Imbalance::check("decoded records", summary.records(), taken.records)?;
        Imbalance::check("entries", taken.entries, intake.ledger.observed())?;
        Ok(Self { intake, summary, inputs, places, ledgers, listing, copies, filter, diagnostics, meter, threads })
    }
}

/// The catalogue in words, and its hash.
pub(super) fn catalogue(settings: &Settings) -> Result<Catalogue, Failure> {
    let own = settings.services.value.as_deref();
    Ok(Catalogue { name: tables::catalogue_name(own), digest: tables::catalogue_digest(own)? })
}

fn note_listing(listing: &Listing, summary: &ReadSummary, diagnostics: &mut Diagnostics) {
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
            diagnose(diagnostics, problem_word(problem.kind), || format!("{}: {}", input.name, problem.why));
        }
    }
    for name in &summary.survey.late {
        diagnose(diagnostics, DiagnosticKind::LateShards, || name.clone());
    }
}

/// Says on standard error which inputs are not whole, and that there was nothing to read.
fn say_problems(diagnostics: &Diagnostics, quiet: bool) {
    let kinds = [
        (DiagnosticKind::InputUnreadable, "error", true),
        (DiagnosticKind::InputTruncated, "error", true),
        (DiagnosticKind::InputChanged, "error", true),
        (DiagnosticKind::InputTwice, "warning: given more than once, read once", !quiet),
        (DiagnosticKind::NoRecords, "warning", !quiet),
    ];
    for (kind, title, said) in kinds {
        for example in diagnostics.get(&kind).into_iter().flat_map(|diagnostic| &diagnostic.examples) {
            if said {
                anstream::eprintln!("billtrail: {title}: {}", safe(example));
            }
        }
    }
}

fn inputs(listing: &Listing, summary: &ReadSummary) -> Vec<Input> {
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

/// How the reader reads.
pub(super) fn options(settings: &Settings) -> ReadOptions {
    ReadOptions { threads: settings.threads.value, max_record: settings.max_record.value, ..ReadOptions::default() }
}

/// What an input takes by being known: in the listing, among the places, in the summary and in the result.
const INPUT_BYTES: usize = 1 << 10;

/// What memory to use besides that of so many inputs, and where to go beyond.
fn memory(settings: &Settings, inputs: usize) -> Memory {
    let directory = settings.temp_dir.value.clone().unwrap_or_else(std::env::temp_dir);
    Memory { limit: left(settings.memory.value, inputs), directory }
}

/// What so many inputs leave of the memory: half of it at least.
fn left(whole: usize, inputs: usize) -> usize {
    whole - (whole / 2).min(inputs.saturating_mul(INPUT_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_take_their_share_of_the_memory_but_no_more_than_half() {
        let lefts = [0, 1, 1000, usize::MAX].map(|inputs| left(256 << 20, inputs));
        assert_eq!(lefts, [256 << 20, (256 << 20) - 1024, (256 << 20) - 1_024_000, 128 << 20]);
    }
}
