//! A shelf: where one thread puts what it takes in, as bytes, until all is put together.

use std::sync::{Arc, PoisonError, RwLock};

use super::code::{Forms, Head, put_brief, put_told};
use super::parts::Parts;
use super::spill::{Scratch, SpillError};
use super::words::{ResourceNames, Words};
use crate::model::brief::{Brief, Numbers};
use crate::model::call::Told;
use crate::model::observation::{Facts, Observation};

/// Observations that one thread took in, in parts by hash, with the words that they share.
pub struct Shelf {
    pub(super) parts: Parts,
    pub(super) words: Words,
    forms: Arc<RwLock<Forms>>,
    scratch: Arc<Scratch>,
    limit: usize,
    observed: u64,
    record: Vec<u8>,
    /// What the scratch file's account knows to be held here.
    noted: usize,
}

impl Shelf {
    /// An empty shelf with its share of the run's memory.
    pub(super) fn new(
        scratch: &Arc<Scratch>,
        forms: &Arc<RwLock<Forms>>,
        limit: usize,
        resources: ResourceNames,
    ) -> Self {
        Self {
            parts: Parts::new(0),
            words: Words::new(limit / 32, resources),
            forms: Arc::clone(forms),
            scratch: Arc::clone(scratch),
            limit,
            observed: 0,
            record: Vec::new(),
            noted: 0,
        }
    }

    /// Takes in a batch of observations.
    ///
    /// # Errors
    /// When memory is full and the disk does not take what it holds.
    pub fn absorb(&mut self, batch: impl IntoIterator<Item = Observation>) -> Result<(), SpillError> {
        self.absorb_told(batch.into_iter().map(Told::new))
    }

    /// Takes in a brief that was made with numbers of this ledger.
    ///
    /// # Errors
    /// When memory is full and the disk does not take what it holds.
    pub fn absorb_brief(&mut self, brief: &Brief<'_>) -> Result<(), SpillError> {
        self.observed += 1;
        self.record.clear();
        let head = put_brief(&mut self.record, brief, &mut self.words);
        self.push(head)
    }

    /// Keeps what an entry says like others, for briefs on any shelf; `None` when there is no room. Form and caller may be kept
    /// already.
    pub fn keep_form(&mut self, facts: &Facts, kept: (Option<u32>, Option<u32>)) -> Option<Numbers> {
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        let before = forms.held();
        let numbers = forms.keep(facts, kept);
        self.scratch.note_held(before, forms.held());
        numbers
    }

    /// Takes in what a ledger file says of entries.
    pub(super) fn absorb_told(&mut self, batch: impl IntoIterator<Item = Told>) -> Result<(), SpillError> {
        for told in batch {
            self.observed += told.records();
            self.record.clear();
            let head = put_told(&mut self.record, &told, &mut self.words);
            self.push(head)?;
        }
        self.note_held();
        Ok(())
    }

    fn push(&mut self, head: Head) -> Result<(), SpillError> {
        self.parts.push(head, &self.record);
        // The rest is for the reader, for putting parts together and for the result.
        let most = self.limit / 16 * 7;
        if self.parts.held_bytes() > most {
            self.note_held();
            self.parts.spill(most / 4 * 3, &self.scratch)?;
        }
        Ok(())
    }

    /// Notes how much is held now.
    pub fn note_held(&mut self) {
        let held = self.held_bytes();
        self.scratch.note_held(std::mem::replace(&mut self.noted, held), held);
    }

    /// From now on the shelf takes so much of the run's memory.
    pub(super) fn limit_to(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Bytes of memory that the shelf takes.
    pub(super) fn held_bytes(&self) -> usize {
        self.parts.held_bytes() + self.words.held()
    }

    /// Observations taken in, counted as they came.
    pub(super) fn observed(&self) -> u64 {
        self.observed
    }
}
