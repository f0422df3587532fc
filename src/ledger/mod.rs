//! The ledger: collapses observations into calls. What a call's references resolve to is left to later stages.
//!
//! Observations wait as bytes, in parts by hash: in memory up to a limit, on disk beyond. Nothing is looked up while they
//! arrive. At the end each part is put together alone, so that what is held does not grow with the input.

mod bytes;
mod close;
mod code;
mod file;
#[cfg(test)]
mod made_up;
mod parts;
mod rows;
mod sort;
mod spill;
mod taken;
mod words;
mod workers;

pub use file::{
    Assembled, Assembly, Change, FORMAT_VERSION, KeptInput, KeptProblem, LedgerError, LedgerFile, ListedInput,
    Manifest, Noted, Part, PieceReport, RejectedRecord, Sealed, Segment, State, Tool, seal, sha256,
};
pub use rows::{SortedRows, SortingRows};
pub use spill::{Memory, SpillCounts, SpillError};
pub use taken::Taken;

use code::put_told;
use parts::Parts;
use spill::Scratch;
use words::Words;

use crate::model::call::Told;
use crate::model::observation::Observation;

/// Observations while they arrive, in any order and from any number of batches.
pub struct Ledger {
    parts: Parts,
    words: Words,
    scratch: Scratch,
    limit: usize,
    observed: u64,
    record: Vec<u8>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(memory: &Memory) -> Self {
        Self {
            parts: Parts::new(0),
            words: Words::new(memory.limit / 16),
            scratch: Scratch::new(memory.directory.clone()),
            limit: memory.limit,
            observed: 0,
            record: Vec::new(),
        }
    }

    /// Takes in a batch of observations.
    ///
    /// # Errors
    /// When memory is full and the disk does not take what it holds.
    pub fn absorb(&mut self, batch: Vec<Observation>) -> Result<(), SpillError> {
        self.absorb_told(batch.into_iter().map(Told::new))
    }

    /// Takes in what a ledger file says of entries.
    ///
    /// # Errors
    /// When memory is full and the disk does not take what it holds.
    pub fn absorb_told(&mut self, batch: impl IntoIterator<Item = Told>) -> Result<(), SpillError> {
        for told in batch {
            self.observed += told.records();
            self.record.clear();
            let head = put_told(&mut self.record, &told, &mut self.words);
            self.parts.push(head, &self.record);
            // The rest is for the reader, for putting parts together and for the result.
            if self.parts.held_bytes() > self.limit / 8 * 3 {
                self.note_held();
                self.parts.spill(&self.scratch)?;
            }
        }
        self.note_held();
        Ok(())
    }

    fn note_held(&self) {
        self.scratch.note_held(self.parts.held_bytes() + self.words.held());
    }

    /// Observations taken in, counted as they came.
    pub fn observed(&self) -> u64 {
        self.observed
    }

    /// What was spilled so far.
    pub fn counts(&self) -> SpillCounts {
        self.scratch.counts()
    }

    /// Rows to be sorted, within the memory of this ledger, by one of so many threads.
    pub fn sorting_rows(&self, threads: usize) -> SortingRows<'_> {
        SortingRows::new(&self.scratch, self.limit / 8 / threads.max(1))
    }
}
