//! Ledgers among the inputs: what they tell is taken in beside what is read from logs.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::Failure;
use super::intake::Intake;
use super::places::Places;
use super::reading::Known;
use crate::cli::LogArgs;
use crate::ingest::{self, InputSummary, Listing, Place, Problem, ProblemKind, ReadSummary};
use crate::ledger::{KeptInput, KeptProblem, LedgerError, LedgerFile};
use crate::model::reason::DiagnosticKind;
use crate::model::time::rfc3339;

/// Opens the ledgers of a listing. What an input of the listing or an earlier ledger says already is left out, with its name
/// in the list of what was given twice.
pub(super) fn open(
    listing: &mut Listing,
    args: &LogArgs,
    twice: bool,
    catalogue: &Catalogue,
    mut known: Known,
) -> Result<Vec<LedgerFile>, Failure> {
    let mut ledgers = Vec::new();
    for path in &listing.ledgers {
        let refused = [("--where", args.filter.is_some()), ("--rejected", args.rejected.is_some()), ("--prove", twice)];
        if let Some((option, _)) = refused.iter().find(|(_, given)| *given) {
            let path = path.display();
            return Err(Failure::Usage(format!(
                "{path}: a ledger does not hold the records that {option} needs; give the logs"
            )));
        }
        let ledger = LedgerFile::open(path)?;
        if ledger.manifest.catalogue_digest != catalogue.digest {
            let (made, wanted) = (ledger.manifest.catalogue, catalogue.name.clone());
            return Err(LedgerError::Catalogue { path: path.clone(), made, wanted }.into());
        }
        ledgers.push(ledger);
    }
    if ledgers.is_empty() {
        return Ok(ledgers);
    }
    let mut stamps: BTreeMap<PathBuf, Stamp> = BTreeMap::new();
    for input in &listing.inputs {
        let stamp = Stamp::of(&input.place);
        if let Place::File(path) = &input.place {
            stamps.extend(path.canonicalize().ok().map(|canonical| (canonical, stamp.clone())));
        }
        stamps.insert(PathBuf::from(&input.name), stamp);
    }
    for ledger in &mut ledgers {
        ledger.manifest.inputs.retain(|input| {
            let path = Path::new(&input.path);
            let stamp = stamps.get(path).or_else(|| stamps.get(&path.canonicalize().ok()?));
            let read = stamp.is_some_and(|stamp| stamp.is_of(input));
            let is_new = !read && known.insert((input.path.clone(), input.content()));
            if !is_new {
                listing.twice.push(input.path.clone());
            }
            is_new
        });
    }
    listing.twice.sort();
    Ok(ledgers)
}

/// The catalogue of a run: its name for readers and its hash.
pub(super) struct Catalogue {
    pub name: String,
    pub digest: String,
}

/// Size and time of a file or object, and the mark of an object's content, by which a change is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    pub bytes: u64,
    pub modified: Option<String>,
    pub etag: Option<String>,
}

impl Stamp {
    /// The stamp of an input; what cannot be looked at has no size, and standard input is never the same.
    pub fn of(place: &Place) -> Self {
        match place {
            Place::File(path) => {
                let metadata = path.metadata().ok();
                let bytes = metadata.as_ref().map_or(0, Metadata::len);
                Self { bytes, modified: metadata.and_then(|found| modified(&found)), etag: None }
            }
            Place::Object(object) => Self {
                bytes: object.bytes(),
                modified: object.modified().map(rfc3339),
                etag: object.etag().map(str::to_owned),
            },
            Place::Stdin | Place::Extent(_) => Self::default(),
        }
    }

    /// Whether a ledger's input is as this file or object is.
    pub fn is_of(&self, input: &KeptInput) -> bool {
        let same = self.modified == input.modified && self.bytes == input.bytes && self.etag == input.etag;
        self.modified.is_some() && same
    }
}

fn modified(metadata: &Metadata) -> Option<String> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok().map(rfc3339)
}

/// Takes in what the ledgers tell, and adds their inputs to the summary.
pub(super) fn take_in(
    ledgers: &[LedgerFile],
    places: &Places,
    intake: &mut Intake,
    summary: &mut ReadSummary,
) -> Result<(), Failure> {
    if ledgers.is_empty() {
        return Ok(());
    }
    let logs = std::mem::take(&mut summary.inputs).into_iter().enumerate();
    let mut inputs: BTreeMap<u32, InputSummary> = logs.map(|(at, input)| (places.number_of_log(at), input)).collect();
    for (at, ledger) in ledgers.iter().enumerate() {
        ledger.entries(&mut |mut batch| {
            for told in &mut batch {
                told.first.source = places.of_kept(at, told.first.source);
            }
            Ok::<(), Failure>(intake.ledger.absorb_told(batch)?)
        })?;
        for input in &ledger.manifest.inputs {
            let number = places.number(at, input.id);
            intake.add_taken(number, input.taken.clone());
            inputs.insert(number, summary_of(input));
        }
    }
    summary.inputs = inputs.into_values().collect();
    summary.survey = ingest::survey(places.names().iter().map(String::as_str));
    Ok(())
}

fn summary_of(input: &KeptInput) -> InputSummary {
    let problem = input.problem.as_ref().map(|KeptProblem { kind, why }| {
        let kinds = [ProblemKind::Unreadable, ProblemKind::Truncated, ProblemKind::Changed];
        let known = kinds.into_iter().find(|known| problem_word(*known) == *kind);
        Problem { kind: known.unwrap_or(ProblemKind::Unreadable), why: why.clone() }
    });
    InputSummary { name: input.path.clone(), bytes: input.bytes, records: input.records, line_breaks: None, problem }
}

/// The diagnostic that says a problem.
pub(super) fn problem_word(kind: ProblemKind) -> DiagnosticKind {
    match kind {
        ProblemKind::Unreadable => DiagnosticKind::InputUnreadable,
        ProblemKind::Truncated => DiagnosticKind::InputTruncated,
        ProblemKind::Changed => DiagnosticKind::InputChanged,
    }
}
