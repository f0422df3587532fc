//! The intake: what became of each unit of the input, counted where it happens.
//!
//! Each thread that reads has a [`super::hand::Hand`] with a share of the intake of its own; at the end the shares are put
//! together.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Failure;
use super::hand::Share;
use super::notes::{KEPT, Notes, Notings};
use super::places::Places;
use super::rejects::Kept;
use crate::ledger::{Ledger, SpillError, Taken};
use crate::model::document::diagnose;
use crate::model::observation::Source;
use crate::model::reason::{DiagnosticKind, RejectReason};
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

/// What a hand may drop on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    Record,
    Entry,
}

/// All that was taken in.
pub(super) struct Intake {
    pub ledger: Ledger,
    counted: Counted,
    by_input: bool,
    /// Whether a record and an entry are still to be dropped.
    fault: [AtomicBool; 2],
    /// Where rejected records are kept whole, if they are.
    kept: Option<Mutex<Kept>>,
    /// Why the ledger takes in no more.
    full: Option<SpillError>,
}

/// What is counted, each where it happens.
#[derive(Default)]
pub(super) struct Counted {
    /// Of each input when a ledger is made, else of all together.
    taken: Vec<Taken>,
    /// The first rejected records with what is wrong, by place.
    bad: BTreeMap<Source, (RejectReason, String)>,
    /// What is said of single entries, if that is kept apart from the diagnostics.
    notes: Option<Notings>,
}

/// How many rejected records are named on standard error.
const NAMED: usize = 10;

impl Counted {
    /// What is counted at a place.
    pub fn place(&mut self, at: usize) -> &mut Taken {
        if self.taken.len() <= at {
            self.taken.resize_with(at + 1, Taken::default);
        }
        &mut self.taken[at]
    }

    /// Remembers a rejected record, if it is one of the first.
    pub fn reject(&mut self, source: Source, reason: RejectReason, detail: String) {
        self.bad.insert(source, (reason, detail));
        if self.bad.len() > if self.notes.is_some() { KEPT } else { NAMED } {
            self.bad.pop_last();
        }
    }

    /// Notes something about an entry that is counted at a place.
    pub fn note(&mut self, at: usize, source: Source, places: &Places, kind: DiagnosticKind, text: String) {
        match &mut self.notes {
            Some(notes) => notes.note(source.line, kind, text),
            None => {
                let shown = || format!("{}: {text}", places.show(source));
                diagnose(&mut self.place(at).diagnostics, kind, shown);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (at, taken) in other.taken.into_iter().enumerate() {
            self.place(at).merge(taken);
        }
        for (source, (reason, detail)) in other.bad {
            self.reject(source, reason, detail);
        }
        if let (Some(notes), Some(more)) = (&mut self.notes, other.notes) {
            notes.merge(more);
        }
    }
}

impl Intake {
    /// An intake into an empty ledger. `keep`: the file that rejected records will go to; `by_input`: each input is counted apart.
    pub fn new(fault: Fault, keep: Option<&Path>, ledger: Ledger, by_input: bool) -> Result<Self, Failure> {
        Ok(Self {
            ledger,
            counted: Counted::default(),
            by_input,
            fault: [AtomicBool::new(fault.record), AtomicBool::new(fault.entry)],
            kept: keep.map(Kept::beside).transpose()?.map(Mutex::new),
            full: None,
        })
    }

    /// Keeps what is said of single entries as notes, before anything is taken in.
    pub fn keep_notes(&mut self) {
        self.counted.notes = Some(Notings::default());
    }

    /// The notes that were kept.
    pub fn take_notes(&mut self) -> Notes {
        let rejected = std::mem::take(&mut self.counted.bad);
        Notes::of(self.counted.notes.take().unwrap_or_default(), rejected)
    }

    /// What a thread counts, as long as it has counted nothing.
    pub fn nothing_counted(&self) -> Counted {
        Counted { notes: self.counted.notes.is_some().then(Notings::default), ..Counted::default() }
    }

    /// Adds what a thread took in.
    pub fn add(&mut self, share: Share) {
        let Share { shelf, counted, full } = share;
        self.ledger.add(shelf);
        self.counted.merge(counted);
        self.full = self.full.take().or(full);
    }

    /// Whether a test wants something dropped here that was not dropped yet.
    pub fn drops(&self, what: Dropped) -> bool {
        let wanted = &self.fault[what as usize];
        wanted.load(Ordering::Relaxed) && wanted.swap(false, Ordering::Relaxed)
    }

    /// Keeps the bytes of a rejected record, if they are wanted.
    pub fn keep_rejected(&self, source: Source, bytes: &[u8]) {
        if let Some(kept) = &self.kept {
            kept.lock().unwrap_or_else(PoisonError::into_inner).add(source, bytes);
        }
    }

    /// Where an input is counted.
    pub fn place(&self, input: u32) -> usize {
        if self.by_input { input as usize } else { 0 }
    }

    /// Adds what a ledger counted of an input.
    pub fn add_taken(&mut self, input: u32, taken: Taken) {
        let at = self.place(input);
        self.counted.place(at).merge(taken);
    }

    /// What was counted of all inputs.
    pub fn whole(&self) -> Taken {
        let mut whole = Taken::default();
        self.counted.taken.iter().for_each(|taken| whole.merge(taken.clone()));
        whole
    }

    /// What was counted of each of so many inputs, and the ledger.
    pub fn into_parts(mut self, inputs: usize) -> (Vec<Taken>, Ledger) {
        self.counted.taken.resize_with(inputs, Taken::default);
        (self.counted.taken, self.ledger)
    }

    /// Fails when the ledger could not take in everything.
    pub fn is_whole(&mut self) -> Result<(), Failure> {
        self.full.take().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Writes the raw bytes of the rejected records to their file, one a line, in the order of the input.
    pub fn write_rejected(&mut self) -> Result<(), Failure> {
        let kept = self.kept.take().map(|kept| kept.into_inner().unwrap_or_else(PoisonError::into_inner));
        kept.map_or(Ok(()), Kept::finish)
    }

    /// Names the first rejected records on standard error.
    pub fn say_rejected(&self, places: &Places) {
        let bad = self.counted.bad.iter();
        let shown = bad.map(|(source, (_, detail))| (places.show(*source), source.offset, detail.as_str()));
        say_rejected(shown, self.counted.taken.iter().flat_map(|taken| taken.rejected.values()).sum());
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
