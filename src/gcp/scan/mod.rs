//! The fast path: reads a record without serde_json, into the same fields by the same rules.
//!
//! It works on an index of the record's tokens, which is made 64 bytes at a time. It vouches for what it accepts: all of the record's
//! grammar is checked. What is odd it leaves to the strict path, which
//! knows every rule and names every error: escapes in keys, control characters, floats and large integers in fields that are
//! read, deep nesting, and whatever is not valid.
//!
//! [`super::plain`] needs no whole entry, and walks over the same index.

mod blocks;
mod fields;
mod index;
mod token;
mod walk;

use serde::de::Error;

pub use self::index::{Index, Indexed};
pub use self::walk::{Quoted, Walk};

use self::fields::Reader;
use super::lenient::Field;
use super::log_entry::LogEntry;
use crate::model::closed_list::closed_list;

closed_list! {
    /// How records are read. Both give the same result.
    pub enum Scanner {
        Fast = "fast": "by billtrail's own scanner where it vouches for the record, else as strict does",
        Strict = "strict": "by a general JSON parser",
    }
}

/// How many records were read by which scanner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// The scanner vouched for these.
    pub fast: u64,
    /// The strict path read these.
    pub strict: u64,
}

impl ScanCounts {
    /// Counts one record.
    pub fn count(&mut self, by: Scanner) {
        match by {
            Scanner::Fast => self.fast += 1,
            Scanner::Strict => self.strict += 1,
        }
    }
}

/// What the scanner says of a record that it does not vouch for; the strict path says why, if there is a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsure;

impl std::fmt::Display for Unsure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("left to the strict path")
    }
}

impl std::error::Error for Unsure {}

impl Error for Unsure {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

/// What the scanner read.
#[derive(Debug, PartialEq, Eq)]
pub struct Scanned<'a> {
    /// The entry; `None` when the record is valid JSON but no object.
    pub entry: Option<LogEntry<'a>>,
    /// A member `entries` or `receivedMessages` may make the record a wrapper around others.
    pub may_wrap: bool,
}

/// Reads one record.
///
/// # Errors
/// When the scanner does not vouch for it, valid or not.
pub fn scan<'r>(record: Indexed<'r, '_>) -> Result<Scanned<'r>, Unsure> {
    let mut reader = Reader { walk: Walk::new(record), depth: 0, may_wrap: false };
    let entry = match serde::Deserialize::deserialize(&mut reader)? {
        Field::Is(entry) => Some(entry),
        Field::Absent | Field::Wrong => None,
    };
    let Reader { walk, may_wrap, .. } = reader;
    if walk.is_at_end() { Ok(Scanned { entry, may_wrap }) } else { Err(Unsure) }
}
