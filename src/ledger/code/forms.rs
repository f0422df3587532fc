//! Forms and callers: what many entries say alike, kept once for all shelves, so that what one thread has kept serves the others.

use super::super::words::{ResourceNames, Words};
use super::put;
use crate::model::brief::Numbers;
use crate::model::observation::Facts;

/// What a piece costs besides its bytes: its end, and the room that lists keep free.
const OVERHEAD: usize = 32;

/// Room that must be left for one more form and its texts.
const LAST: usize = 1 << 10;

/// Forms and callers by number, with the texts that they share.
#[derive(Debug)]
pub(in crate::ledger) struct Forms {
    words: Words,
    forms: Pieces,
    callers: Pieces,
}

/// Pieces of bytes by number.
#[derive(Debug, Default)]
struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Pieces {
    fn push(&mut self, piece: &[u8]) -> Option<u32> {
        let number = u32::try_from(self.ends.len()).ok()?;
        self.bytes.extend_from_slice(piece);
        self.ends.push(self.bytes.len());
        Some(number)
    }

    fn get(&self, number: u32) -> Option<&[u8]> {
        let at = number as usize;
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start..*self.ends.get(at)?)
    }
}

impl Forms {
    /// Nothing yet, and at most `limit` bytes of it.
    pub fn new(limit: usize) -> Self {
        let words = Words::new(limit, ResourceNames::Whole);
        Self { words, forms: Pieces::default(), callers: Pieces::default() }
    }

    /// Keeps what an entry says like others; `None` when there is no room. Form and caller may be kept already.
    pub fn keep(&mut self, facts: &Facts, (form, caller): (Option<u32>, Option<u32>)) -> Option<Numbers> {
        let Self { words, forms, callers } = self;
        if !words.has_left(LAST) {
            return None;
        }
        let mut kept = |put: fn(&mut Vec<u8>, &Facts, &mut Words), pieces: &mut Pieces| {
            let mut bytes = Vec::new();
            put(&mut bytes, facts, words);
            words.take_room(bytes.len() + OVERHEAD).then(|| pieces.push(&bytes))?
        };
        let form = form.or_else(|| kept(put::form, forms))?;
        Some(Numbers { form, caller: caller.or_else(|| kept(put::caller, callers))? })
    }

    /// Bytes that all of it takes.
    pub fn held(&self) -> usize {
        self.words.held()
    }

    /// The texts that forms and callers share.
    pub(super) fn words(&self) -> &Words {
        &self.words
    }

    /// The bytes of a form.
    pub(super) fn form(&self, number: u32) -> Option<&[u8]> {
        self.forms.get(number)
    }

    /// The bytes of a caller.
    pub(super) fn caller(&self, number: u32) -> Option<&[u8]> {
        self.callers.get(number)
    }
}

/// What records refer to.
#[derive(Debug, Clone, Copy)]
pub(in crate::ledger) struct References<'r> {
    /// The words of their shelf.
    pub words: &'r Words,
    /// The forms and callers of all shelves.
    pub forms: &'r Forms,
}
