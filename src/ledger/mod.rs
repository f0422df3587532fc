//! The ledger: collapses observations into calls. What a call's references resolve to is left to later stages.
//!
//! Observations wait as bytes, in parts by hash: in memory up to a limit, on disk beyond. Nothing is looked up while they
//! arrive. Each thread that takes in observations has a shelf of its own, and shelves need not know of each other: at the end
//! each part is put together alone from all shelves, so that what is held does not grow with the input.

mod alike;
mod bytes;
mod close;
mod code;
mod file;
#[cfg(test)]
mod made_up;
mod parts;
mod rows;
mod shelf;
mod sort;
mod spill;
mod taken;
mod words;
mod workers;

pub use alike::{Alike, Closed};
pub use file::{
    Assembled, Assembly, Change, FORMAT_VERSION, KeptInput, KeptProblem, LedgerError, LedgerFile, ListedInput,
    Manifest, Noted, Part, PieceReport, RejectedRecord, Sealed, Segment, State, Tool, seal, sha256,
};
pub use rows::{SortedRows, SortingRows};
pub use shelf::Shelf;
pub use spill::{Memory, SpillCounts, SpillError};
pub use taken::Taken;
pub use words::ResourceNames;

use std::sync::{Arc, RwLock};

use code::Forms;
use spill::Scratch;

use crate::model::call::Told;
use crate::model::observation::Observation;

/// Observations while they arrive, in any order and from any number of batches.
pub struct Ledger {
    shelves: Vec<Shelf>,
    forms: Arc<RwLock<Forms>>,
    scratch: Arc<Scratch>,
    limit: usize,
    resources: ResourceNames,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(memory: &Memory) -> Self {
        let scratch = Arc::new(Scratch::new(memory.directory.clone()));
        let forms = Arc::new(RwLock::new(Forms::new(memory.limit / 16)));
        Self { shelves: Vec::new(), forms, scratch, limit: memory.limit, resources: ResourceNames::Whole }
    }

    /// The same that keeps so much of the names of resources.
    pub fn with_resources(self, resources: ResourceNames) -> Self {
        Self { resources, ..self }
    }

    /// An empty shelf, one of so many at most that are filled at the same time and share the memory.
    pub fn shelf(&self, of: usize) -> Shelf {
        Shelf::new(&self.scratch, &self.forms, self.limit / of.max(1), self.resources)
    }

    /// Takes in all that stands on a shelf.
    pub fn add(&mut self, shelf: Shelf) {
        self.shelves.push(shelf);
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
        if self.shelves.is_empty() {
            self.shelves.push(Shelf::new(&self.scratch, &self.forms, self.limit, self.resources));
        }
        // The first shelf is filled on; what waits on the others leaves less room to it.
        if let Some((first, others)) = self.shelves.split_first_mut() {
            let elsewhere: usize = others.iter().map(Shelf::held_bytes).sum();
            first.limit_to(self.limit.saturating_sub(elsewhere));
            first.absorb_told(batch)?;
        }
        Ok(())
    }

    /// Observations taken in, counted as they came.
    pub fn observed(&self) -> u64 {
        self.shelves.iter().map(Shelf::observed).sum()
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
