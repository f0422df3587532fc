//! How an entry waits for its call to be complete: as bytes, a tenth of what the facts take as values.
//!
//! The bytes are for this run only. Texts that many entries share are [`Words`], and so is all that entries of one form say alike; a
//! text of evidence that repeats the resource is a mark. A field that is added to the facts does not compile until it is added here.

mod forms;
#[cfg(test)]
mod laws;
mod put;
mod take;

pub(super) use forms::{Forms, References};
pub(super) use take::WholeBrief;

use super::bytes::Bytes;
use super::spill::SpillError;
use super::words::Words;
use crate::model::brief::{Brief, Caller};
use crate::model::call::Told;
use crate::model::observation::{CallKey, Phase};

/// What a record begins with: by what records are put together, and the key of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Records with one group may be of one call: the key of the job family, or the call's own key.
    pub group: u128,
    /// The call's key.
    pub key: CallKey,
}

/// The mark of an entry with copies in more than one input.
const ACROSS: u8 = 1;
/// The mark of a part of a divided entry.
const SPLIT: u8 = 2;
/// The mark of an entry with copies.
const COPIES: u8 = 4;
/// Of what kind a record is, as bits of its first byte. One of a job family, whose group stands after its key.
const FAMILY: u8 = 1;
/// A brief. The other bits are about briefs.
const BRIEF: u8 = 2;
/// Its entry has an identity other than its call's.
const OWN_ENTRY: u8 = 4;
/// It has a time.
const TIME: u8 = 8;
/// It has a delay.
const LATENESS: u8 = 16;
/// It has a resource.
const RESOURCE: u8 = 32;
/// It has an `insertId`.
const INSERT_ID: u8 = 64;
/// It is not the first of its envelope.
const ITEM: u8 = 128;

/// The digits of a hash that stands for a name, which is longer.
const STAND_IN: usize = 16;

/// How long a record can be whose length takes two bytes; with the highest bit it takes four.
const SHORT: usize = 0x7fff;
/// The mark of a length that takes four bytes.
const LONG: u32 = 1 << 31;

/// The phases in the order of their numbers.
const PHASES: [Phase; 4] = [Phase::First, Phase::Middle, Phase::Last, Phase::Whole];

/// Appends a record: its length, its head and the rest.
pub(super) fn put_told(out: &mut Vec<u8>, told: &Told, words: &mut Words) -> Head {
    let observation = &told.first;
    let family = observation.family.as_ref();
    let head = Head { group: family.map_or(observation.key.0, |family| family.base.0), key: observation.key };
    put_record(out, if family.is_some() { FAMILY } else { 0 }, head, |out| put::told(out, told, words));
    head
}

/// Appends the record of a brief.
pub(super) fn put_brief(out: &mut Vec<u8>, brief: &Brief<'_>, words: &mut Words) -> Head {
    let head = Head { group: brief.key.0, key: brief.key };
    put_record(out, put::kind(brief), head, |out| put::brief(out, brief, words));
    head
}

fn put_record(out: &mut Vec<u8>, kind: u8, head: Head, rest: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0, 0, kind]);
    out.extend_from_slice(&head.key.0.to_be_bytes());
    if kind == FAMILY {
        out.extend_from_slice(&head.group.to_be_bytes());
    }
    rest(out);
    let length = out.len() - start - 2;
    match u16::try_from(length) {
        Ok(short) if length <= SHORT => out[start..start + 2].copy_from_slice(&short.to_be_bytes()),
        Ok(_) | Err(_) => {
            let long = u32::try_from(length).unwrap_or(u32::MAX) | LONG;
            out.splice(start..start + 2, long.to_be_bytes());
        }
    }
}

/// A record among others.
pub(super) struct Record<'r> {
    /// What it begins with.
    pub head: Head,
    /// Where it begins.
    pub start: usize,
    /// All its bytes.
    pub bytes: &'r [u8],
}

/// The records one after another, from the bytes that [`put_told`] appended.
pub(super) struct Records<'r> {
    bytes: &'r [u8],
    at: usize,
}

impl<'r> Records<'r> {
    /// The records of these bytes.
    pub fn new(bytes: &'r [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next record.
    pub fn next(&mut self) -> Result<Option<Record<'r>>, SpillError> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let start = self.at;
        let content = record_at(self.bytes, start)?;
        self.at = start + if content.len() <= SHORT { 2 } else { 4 } + content.len();
        let (_, head) = head(&mut Bytes::new(content))?;
        Ok(Some(Record { head, start, bytes: &self.bytes[start..self.at] }))
    }
}

/// What follows the length of the record at a place.
fn record_at(bytes: &[u8], start: usize) -> Result<&[u8], SpillError> {
    let rest = bytes.get(start..).ok_or(SpillError::Damaged)?;
    let (short, after) = rest.split_first_chunk().ok_or(SpillError::Damaged)?;
    let short = usize::from(u16::from_be_bytes(*short));
    if short <= SHORT {
        return after.get(..short).ok_or(SpillError::Damaged);
    }
    let (long, after) = rest.split_first_chunk().ok_or(SpillError::Damaged)?;
    let long = (u32::from_be_bytes(*long) & !LONG) as usize;
    // A length has one way to be written, so that the place of the next record is known from it.
    after.get(..long).filter(|_| long > SHORT).ok_or(SpillError::Damaged)
}

/// The kind of a record and its head.
fn head(bytes: &mut Bytes<'_>) -> Result<(u8, Head), SpillError> {
    let kind = bytes.byte()?;
    let key = CallKey(bytes.hash()?);
    Ok((kind, Head { group: if kind == FAMILY { bytes.hash()? } else { key.0 }, key }))
}

/// Reads the beginning of the record at a place, if it is a brief of a whole call.
pub(super) fn whole_brief_at(bytes: &[u8], start: usize, of: References<'_>) -> Result<Option<WholeBrief>, SpillError> {
    let mut rest = Bytes::new(record_at(bytes, start)?);
    let (kind, _) = head(&mut rest)?;
    take::whole_brief(rest, of, kind)
}

/// Reads a caller that is kept.
pub(super) fn caller_of(number: u32, forms: &Forms) -> Result<Caller, SpillError> {
    take::kept_caller(number, forms)
}

/// Reads the record that begins at a place.
pub(super) fn told_at(bytes: &[u8], start: usize, of: References<'_>) -> Result<Told, SpillError> {
    let mut rest = Bytes::new(record_at(bytes, start)?);
    let (kind, head) = head(&mut rest)?;
    take::told(rest, of, kind, head)
}
