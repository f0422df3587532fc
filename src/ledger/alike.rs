//! Calls that are told by one entry each, which is like others in all but what it alone says.

use super::code::{References, WholeBrief, caller_of, told_at, whole_brief_at};
use super::spill::SpillError;
use crate::model::brief::{Caller, Numbers};
use crate::model::call::{Call, CallState};

/// A call as it comes out of the ledger.
pub enum Closed<'l> {
    /// All but a little of it was said by other entries too.
    Alike(Alike<'l>),
    /// Any other call.
    Call(Box<Call>),
}

/// A call that one entry tells, of which only the beginning was read.
pub struct Alike<'l> {
    bytes: &'l [u8],
    start: usize,
    of: References<'l>,
    brief: WholeBrief,
}

impl<'l> Alike<'l> {
    /// The call of the record that begins at a place, if it is such a call.
    pub(super) fn at(bytes: &'l [u8], start: usize, of: References<'l>) -> Result<Option<Self>, SpillError> {
        let brief = whole_brief_at(bytes, start, of)?;
        Ok(brief.map(|brief| Self { bytes, start, of, brief }))
    }

    /// What all calls with equal numbers have in common: everything but identity, place, times and the text of the resource.
    pub fn numbers(&self) -> Numbers {
        self.brief.numbers
    }

    /// Who called: the caller of the number.
    ///
    /// # Errors
    /// When what was kept is damaged.
    pub fn caller(&self) -> Result<Caller, SpillError> {
        caller_of(self.brief.numbers.caller, self.of.forms)
    }

    /// Its time.
    pub fn time(&self) -> i64 {
        self.brief.time
    }

    /// The delay between event and ingestion in nanoseconds, if both are known.
    pub fn lateness(&self) -> Option<i64> {
        self.brief.lateness
    }

    /// The whole call.
    ///
    /// # Errors
    /// When what waited on disk is damaged.
    pub fn call(&self) -> Result<Call, SpillError> {
        let told = told_at(self.bytes, self.start, self.of)?;
        let key = told.first.key;
        Ok(CallState::new(told).finish(key))
    }
}
