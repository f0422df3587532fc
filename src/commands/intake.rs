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
use super::places::Places;
use super::rejects::Kept;
use crate::ledger::{Ledger, Memory, SpillError, Taken};
use crate::model::observation::Source;
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
    bad: BTreeMap<Source, String>,
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
    pub fn reject(&mut self, source: Source, detail: String) {
        self.bad.insert(source, detail);
        if self.bad.len() > NAMED {
            self.bad.pop_last();
        }
    }

    fn merge(&mut self, other: Self) {
        for (at, taken) in other.taken.into_iter().enumerate() {
            self.place(at).merge(taken);
        }
        for (source, detail) in other.bad {
            self.reject(source, detail);
        }
    }
}

impl Intake {
    /// An empty intake. `keep`: the file that rejected records will go to; `by_input`: each input is counted apart.
    pub fn new(fault: Fault, keep: Option<&Path>, memory: &Memory, by_input: bool) -> Result<Self, Failure> {
        Ok(Self {
            ledger: Ledger::new(memory),
            counted: Counted::default(),
            by_input,
            fault: [AtomicBool::new(fault.record), AtomicBool::new(fault.entry)],
            kept: keep.map(Kept::beside).transpose()?.map(Mutex::new),
            full: None,
        })
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
        for (source, detail) in self.counted.bad.iter().take(NAMED) {
            let at = places.show(*source);
            anstream::eprintln!("{}: byte {}: rejected: {}", safe(&at), source.offset, safe(detail));
        }
        let total: u64 = self.counted.taken.iter().flat_map(|taken| taken.rejected.values()).sum();
        if let Some(more) = total.checked_sub(NAMED as u64).filter(|more| *more > 0) {
            anstream::eprintln!("and {more} more records that cannot be read (--rejected FILE keeps them all)");
        }
    }
}
