//! The intake: what became of each unit of the input, counted where it happens.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::places::Places;
use super::selection::Selection;
use super::{Failure, output};
use crate::ingest::{Meter, Unit};
use crate::ledger::{Ledger, Memory, Noted, RejectedRecord, SpillError, Taken};
use crate::model::document::diagnose;
use crate::model::observation::{Observation, Source};
use crate::model::reason::{DiagnosticKind, RejectReason, SkipReason};
use crate::model::stats::Count;
use crate::provider::{Decoded, Provider, ScanCounts, Scanner};
use crate::report::safe;

/// What the tests drop on purpose, to see that the tally notices. Nothing else makes one that drops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// A record between reader and decoder.
    pub record: bool,
    /// An entry between decoder and ledger.
    pub entry: bool,
    /// A call between ledger and attribution.
    pub call: bool,
}

/// What became of one unit of the input.
pub(super) enum Fate {
    Rejected {
        source: Source,
        reason: RejectReason,
        detail: String,
        bytes: Vec<u8>,
    },
    Skipped(Source, SkipReason),
    /// An entry that --where leaves out; what it states about project numbers is learnt all the same.
    LeftOut(Source, Option<(u64, String)>),
    Entry(Box<Observation>, Vec<(DiagnosticKind, String)>),
}

/// How units are decoded.
pub(super) struct Decoding<'s> {
    pub provider: &'s Provider,
    pub scanner: Scanner,
    /// Entries that it does not select are left out.
    pub filter: Option<&'s Selection>,
    /// The bytes of rejected records are needed.
    pub keep: bool,
}

/// What the fold counts, each where it happens.
pub(super) struct Intake {
    pub ledger: Ledger,
    /// What was counted: of each input when a ledger is made, else of all together.
    taken: Vec<Taken>,
    by_input: bool,
    /// Still to be dropped.
    fault: Fault,
    /// The first rejected records with what is wrong, by place.
    bad: BTreeMap<Source, (RejectReason, String)>,
    /// What is said of single entries, if that is kept apart from the diagnostics.
    notes: Option<BTreeMap<DiagnosticKind, Noting>>,
    /// Where rejected records are kept whole, if they are.
    kept: Option<Kept>,
    /// Why the ledger takes in no more.
    full: Option<SpillError>,
}

/// How many rejected records are named on standard error.
const NAMED: usize = 10;

/// How many rejected records are kept of a piece.
const KEPT: usize = 1_000;

/// How many notes of a kind are kept of a piece. A place in a diagnostic is text and sorted as text: which are the first is known
/// when it is known how many lines come before the piece.
const NOTED: usize = 20_000;

/// How often something was noted, and where and what: the first by line.
#[derive(Default)]
struct Noting {
    count: u64,
    first: BTreeSet<(u64, String)>,
}

/// What is said of single records of a piece, with lines from its beginning.
pub(super) struct Notes {
    pub diagnostics: BTreeMap<DiagnosticKind, Noted>,
    pub rejected: Vec<RejectedRecord>,
}

/// What became of one unit, and who read it, if it was a record.
pub(super) type Met = (Fate, Option<Scanner>);

impl Decoding<'_> {
    /// Decodes one unit.
    pub fn unit(&self, unit: Unit<'_>) -> Met {
        match unit {
            Unit::Text { source } => (Fate::Skipped(source, SkipReason::Text), None),
            Unit::Rejected { bytes, source, reason, detail } => {
                (Fate::Rejected { source, reason, detail, bytes: self.kept(bytes) }, None)
            }
            Unit::Record { bytes, source } => {
                let (decoded, entry, by) = self.provider.decode_with_entry(bytes, source, self.scanner);
                (self.fate(decoded, &entry, bytes, source), Some(by))
            }
        }
    }

    /// Decodes a line that is one record and nothing else, if the fast scanner vouches for it.
    pub fn line(&self, line: &[u8], source: Source) -> Option<Met> {
        match self.scanner {
            Scanner::Strict => None,
            Scanner::Fast => {
                let (decoded, entry) = self.provider.decode_line(line, source)?;
                Some((self.fate(decoded, &entry, line, source), Some(Scanner::Fast)))
            }
        }
    }

    fn fate(&self, decoded: Decoded, entry: &[u8], bytes: &[u8], source: Source) -> Fate {
        match decoded {
            Decoded::Rejected(unreadable) => {
                Fate::Rejected { source, reason: unreadable.reason, detail: unreadable.detail, bytes: self.kept(bytes) }
            }
            Decoded::Skipped(reason) => Fate::Skipped(source, reason),
            Decoded::Entry(observation, notes) => match self.filter {
                Some(filter) if !filter.selects_entry(entry) => Fate::LeftOut(source, observation.learnt),
                _ => Fate::Entry(observation, notes),
            },
        }
    }

    fn kept(&self, bytes: &[u8]) -> Vec<u8> {
        if self.keep { bytes.to_vec() } else { Vec::new() }
    }
}

impl Intake {
    /// An empty intake. `keep`: the file that rejected records will go to; `by_input`: each input is counted apart.
    pub fn new(fault: Fault, keep: Option<&Path>, memory: &Memory, by_input: bool) -> Result<Self, Failure> {
        Ok(Self {
            ledger: Ledger::new(memory),
            taken: Vec::new(),
            by_input,
            fault,
            bad: BTreeMap::new(),
            notes: None,
            kept: keep.map(Kept::beside).transpose()?,
            full: None,
        })
    }

    /// Keeps what is said of single entries as notes, before anything is taken in.
    pub fn keep_notes(&mut self) {
        self.notes = Some(BTreeMap::new());
    }

    /// The notes that were kept.
    pub fn take_notes(&mut self) -> Notes {
        let notes = self.notes.take().unwrap_or_default().into_iter();
        let rejected = std::mem::take(&mut self.bad).into_iter();
        Notes {
            diagnostics: notes
                .map(|(kind, noting)| {
                    (kind, Noted { count: noting.count, examples: noting.first.into_iter().collect() })
                })
                .collect(),
            rejected: rejected
                .map(|(Source { offset, line, .. }, (reason, detail))| RejectedRecord { offset, line, reason, detail })
                .collect(),
        }
    }

    /// Takes in what became of a batch.
    pub fn take(&mut self, met: Vec<Met>, places: &Places, meter: &Meter) {
        let (mut batch, mut scans) = (Vec::new(), ScanCounts::default());
        for (fate, by) in met {
            if std::mem::take(&mut self.fault.record) {
                continue;
            }
            by.into_iter().for_each(|by| scans.count(by));
            match fate {
                Fate::Skipped(source, reason) => {
                    *self.of(places.of_log(source)).skipped.entry(reason).or_default() += 1;
                }
                Fate::LeftOut(source, pair) => {
                    let taken = self.of(places.of_log(source));
                    *taken.skipped.entry(SkipReason::Where).or_default() += 1;
                    taken.learnt.extend(pair);
                }
                Fate::Rejected { source, reason, detail, bytes } => {
                    let source = places.of_log(source);
                    *self.of(source).rejected.entry(reason).or_default() += 1;
                    meter.add(Count::Rejected, 1);
                    self.bad.insert(source, (reason, detail));
                    if self.bad.len() > if self.notes.is_some() { KEPT } else { NAMED } {
                        self.bad.pop_last();
                    }
                    if let Some(kept) = &mut self.kept {
                        kept.add(source, &bytes);
                    }
                }
                Fate::Entry(mut observation, notes) => {
                    observation.source = places.of_log(observation.source);
                    let taken = self.of(observation.source);
                    taken.entries += 1;
                    taken.learnt.extend(observation.learnt.take());
                    for (kind, text) in notes {
                        self.note(observation.source, kind, text, places);
                    }
                    if !std::mem::take(&mut self.fault.entry) {
                        batch.push(*observation);
                    }
                }
            }
        }
        meter.add(Count::ScannedFast, scans.fast);
        meter.add(Count::ScannedStrict, scans.strict);
        if self.full.is_none() {
            // The intake cannot stop here; that something is missing is said at the end.
            self.full = self.ledger.absorb(batch).err();
        }
    }

    /// Notes something about an entry.
    fn note(&mut self, source: Source, kind: DiagnosticKind, text: String, places: &Places) {
        let Some(notes) = &mut self.notes else {
            let at = places.show(source);
            diagnose(&mut self.place(source.input).diagnostics, kind, || format!("{at}: {text}"));
            return;
        };
        let noting = notes.entry(kind).or_default();
        noting.count += 1;
        noting.first.insert((source.line, text));
        if noting.first.len() > NOTED {
            noting.first.pop_last();
        }
    }

    /// Counts one more record where it belongs.
    fn of(&mut self, source: Source) -> &mut Taken {
        let taken = self.place(source.input);
        taken.records += 1;
        taken
    }

    fn place(&mut self, input: u32) -> &mut Taken {
        let at = if self.by_input { input as usize } else { 0 };
        if self.taken.len() <= at {
            self.taken.resize_with(at + 1, Taken::default);
        }
        &mut self.taken[at]
    }

    /// Adds what a ledger counted of an input.
    pub fn add_taken(&mut self, input: u32, taken: Taken) {
        self.place(input).merge(taken);
    }

    /// What was counted of all inputs.
    pub fn whole(&self) -> Taken {
        let mut whole = Taken::default();
        self.taken.iter().for_each(|taken| whole.merge(taken.clone()));
        whole
    }

    /// What was counted of each of so many inputs, and the ledger.
    pub fn into_parts(mut self, inputs: usize) -> (Vec<Taken>, Ledger) {
        self.taken.resize_with(inputs, Taken::default);
        (self.taken, self.ledger)
    }

    /// Fails when the ledger could not take in everything.
    pub fn is_whole(&mut self) -> Result<(), Failure> {
        self.full.take().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Writes the raw bytes of the rejected records to their file, one a line, in the order of the input.
    pub fn write_rejected(&mut self) -> Result<(), Failure> {
        self.kept.take().map_or(Ok(()), Kept::finish)
    }

    /// Names the first rejected records on standard error.
    pub fn say_rejected(&self, places: &Places) {
        let shown = self.bad.iter().map(|(source, (_, detail))| (places.show(*source), source.offset, detail.as_str()));
        say_rejected(shown, self.taken.iter().flat_map(|taken| taken.rejected.values()).sum());
    }
}

/// Names the first rejected records on standard error, by place, offset and what is wrong; there are so many.
pub(super) fn say_rejected<'r>(rejected: impl Iterator<Item = (String, u64, &'r str)>, total: u64) {
    for (at, offset, detail) in rejected.take(NAMED) {
        anstream::eprintln!("{}: byte {offset}: rejected: {}", safe(&at), safe(detail));
    }
    if let Some(more) = total.checked_sub(NAMED as u64).filter(|more| *more > 0) {
        anstream::eprintln!("and {more} more records that cannot be read (--rejected FILE keeps them all)");
    }
}

/// Rejected records on their way to a file: their bytes wait on disk, because there may be more than fit in memory.
struct Kept {
    path: PathBuf,
    waiting: BufWriter<File>,
    length: u64,
    places: Vec<(Source, u64, usize)>,
    error: Option<io::Error>,
}

impl Kept {
    fn beside(path: &Path) -> Result<Self, Failure> {
        let named = |error| Failure::File { path: path.display().to_string(), error };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let waiting = BufWriter::new(tempfile::tempfile_in(directory).map_err(named)?);
        Ok(Self { path: path.to_owned(), waiting, length: 0, places: Vec::new(), error: None })
    }

    fn add(&mut self, source: Source, bytes: &[u8]) {
        if let Err(error) = self.waiting.write_all(bytes) {
            // The intake cannot stop here; what is missing is said at the end.
            self.error.get_or_insert(error);
        }
        self.places.push((source, self.length, bytes.len()));
        self.length += bytes.len() as u64;
    }

    fn finish(mut self) -> Result<(), Failure> {
        let named = |error| Failure::File { path: self.path.display().to_string(), error };
        if let Some(error) = self.error {
            return Err(named(error));
        }
        let mut waiting = self.waiting.into_inner().map_err(|error| named(error.into_error()))?;
        self.places.sort_unstable_by_key(|(source, ..)| *source);
        output::write_to(Some(&self.path), &mut |out| {
            let mut record = Vec::new();
            for (_, offset, length) in &self.places {
                record.resize(*length, 0);
                waiting.seek(io::SeekFrom::Start(*offset))?;
                waiting.read_exact(&mut record)?;
                out.write_all(&record)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })
    }
}
