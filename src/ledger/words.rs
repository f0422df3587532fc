//! Words: texts that many entries share, kept once and stood for by a number while entries wait as bytes.
//!
//! There are two kinds: texts of the program, which live for ever, and texts of logs, of which only so many are kept that they
//! stay within a limit. Whoever finds the limit reached writes a text out.

use std::collections::HashMap;

use crate::model::observation::Phase;
use crate::model::quick_hash::QuickHash;
use crate::model::reason::MergeCause;
use crate::model::text::SharedText;

/// What a text costs besides its bytes: two pointers to it, their lengths, its number and its count of users.
const OVERHEAD: usize = 80;

/// Longer texts are rarely shared.
const LONGEST: usize = 256;

/// Texts by number and numbers by text.
#[derive(Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<SharedText, u64, QuickHash>,
    texts: Vec<SharedText>,
    fixed_numbers: HashMap<(usize, usize), u64, QuickHash>,
    fixed: Vec<&'static str>,
    manners: Vec<Manner>,
    resources: ResourceNames,
    held: usize,
    limit: usize,
}

/// What is kept of the names of resources, which are long and mostly one of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ResourceNames {
    /// All of them as they are.
    #[default]
    Whole,
    /// A hash of long ones, for those who ask no more than whether two are equal. Jobs keep theirs. It does not go with entries
    /// from ledger files, which remember copies by all that these said.
    Hashed,
}

/// How entries tell of their calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// What a second entry of the call is called.
    pub cause: MergeCause,
    /// Which part of the call an entry tells of.
    pub phase: Phase,
    /// Who speaks for the call.
    pub rank: u8,
    /// Whose charge holds for the call.
    pub charge_rank: u8,
}

impl Words {
    /// No words yet, and at most `limit` bytes of them.
    pub fn new(limit: usize, resources: ResourceNames) -> Self {
        Self { limit, resources, ..Self::default() }
    }

    /// What is kept of the names of resources.
    pub fn resources(&self) -> ResourceNames {
        self.resources
    }

    /// Bytes that the words take.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Whether so many bytes are left.
    pub fn has_left(&self, bytes: usize) -> bool {
        self.held + bytes <= self.limit
    }

    /// Takes so many bytes for something else, if they are left.
    pub fn take_room(&mut self, bytes: usize) -> bool {
        let fits = self.has_left(bytes);
        self.held += if fits { bytes } else { 0 };
        fits
    }

    /// The number of a text; `None` when it is too long or there is no room for one more.
    pub fn number(&mut self, text: &str) -> Option<u64> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let cost = text.len() + OVERHEAD;
        if text.len() > LONGEST || !self.take_room(cost) {
            return None;
        }
        let (number, kept) = (self.texts.len() as u64, SharedText::new(text));
        self.numbers.insert(kept.clone(), number);
        self.texts.push(kept);
        Some(number)
    }

    /// The number of a text of the program. One text may have several numbers: it is known by its place in memory.
    pub fn fixed_number(&mut self, text: &'static str) -> u64 {
        let place = (text.as_ptr() as usize, text.len());
        *self.fixed_numbers.entry(place).or_insert_with(|| {
            self.fixed.push(text);
            self.fixed.len() as u64 - 1
        })
    }

    /// The number of a manner. There are few: each rule gives the same ranks to all its entries.
    pub fn manner_number(&mut self, manner: Manner) -> u64 {
        let known = self.manners.iter().position(|known| *known == manner);
        let at = known.unwrap_or_else(|| {
            self.manners.push(manner);
            self.manners.len() - 1
        });
        at as u64
    }

    /// The manner of a number.
    pub fn manner(&self, number: u64) -> Option<Manner> {
        self.manners.get(usize::try_from(number).ok()?).copied()
    }

    /// The text of a number.
    pub fn text(&self, number: u64) -> Option<&SharedText> {
        self.texts.get(usize::try_from(number).ok()?)
    }

    /// The program's text of a number.
    pub fn fixed(&self, number: u64) -> Option<&'static str> {
        self.fixed.get(usize::try_from(number).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_and_comes_back() {
        let mut words = Words::new(1000, ResourceNames::Whole);
        assert_eq!((words.number("a"), words.number("b"), words.number("a")), (Some(0), Some(1), Some(0)));
        assert_eq!((words.text(1).map(SharedText::as_str), words.text(2)), (Some("b"), None));
        let fixed = words.fixed_number("a");
        assert_eq!((words.fixed(fixed), words.fixed_number("a")), (Some("a"), fixed));
    }

    #[test]
    fn words_stay_within_their_limit() {
        let mut words = Words::new(3 * (OVERHEAD + 1), ResourceNames::Whole);
        let kept = ('a'..='z').filter(|c| words.number(&c.to_string()).is_some()).count();
        assert_eq!((kept, words.held()), (3, 3 * (OVERHEAD + 1)));
        assert_eq!((words.number("a"), words.number("z")), (Some(0), None));
        assert_eq!(Words::new(1 << 20, ResourceNames::Whole).number(&"x".repeat(LONGEST + 1)), None);
    }
}
