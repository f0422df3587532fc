//! The ledger: collapses observations into calls. What a call's references resolve to is left to later stages.
//!
//! Observations wait as bytes, in parts by hash: in memory up to a limit, on disk beyond. Nothing is looked up while they
//! arrive. At the end each part is put together alone, so that what is held does not grow with the input.

mod bytes;
mod close;
mod code;
mod parts;
mod rows;
mod sort;
mod spill;
mod words;

pub use rows::{SortedRows, SortingRows};
pub use spill::{Memory, SpillCounts, SpillError};

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
        self.observed += batch.len() as u64;
        for observation in batch {
            self.record.clear();
            let head = put_told(&mut self.record, &Told::new(observation), &mut self.words);
            self.parts.push(head, &self.record);
        }
        self.scratch.note_held(self.parts.held_bytes() + self.words.held());
        // The rest is for the reader, for putting parts together and for the result.
        if self.parts.held_bytes() > self.limit / 8 * 3 { self.parts.spill(&self.scratch) } else { Ok(()) }
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
