//! Briefs: entries that are like one before in all but what each says alone. The rest was found once, and is known by numbers.

use std::borrow::Cow;

use super::observation::{CallKey, EntryId, Phase, Source};
use super::payer::PayerRef;
use super::reason::{Flag, MergeCause};
use super::text::SharedText;

/// What makes entries alike: hashes of all that decides what they say, and of what their callers are known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likeness {
    /// Of the entry without its caller.
    pub entry: u128,
    /// Of the caller.
    pub caller: u128,
}

/// The flags of a call that come from its caller. Entries alike but for the caller have one form only if these are equal.
pub const OF_CALLERS: [Flag; 2] = [Flag::Impersonated, Flag::Redacted];

/// Where the things are kept that several entries say alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numbers {
    /// The form: all facts but the entry's own and its caller's.
    pub form: u32,
    /// The caller.
    pub caller: u32,
}

/// What is known of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller.
    pub principal: Option<SharedText>,
    /// The identity at the origin of a delegation chain.
    pub delegated_by: Option<SharedText>,
    /// The project that owns the caller's identity.
    pub project: Option<PayerRef>,
}

/// An entry of which a shelf knows all but this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief<'e> {
    /// The call it tells of.
    pub key: CallKey,
    /// The entry's own identity.
    pub entry: EntryId,
    /// What a second entry of this call is called.
    pub cause: MergeCause,
    /// Which part of the call it tells of.
    pub phase: Phase,
    /// Who speaks for the call: the highest rank does.
    pub rank: u8,
    /// Whose charge holds for the call: the highest rank's does.
    pub charge_rank: u8,
    /// Where the record stands.
    pub source: Source,
    /// Time in nanoseconds since 1970 UTC.
    pub time: Option<i64>,
    /// The delay between event and ingestion in nanoseconds, if both are known.
    pub lateness: Option<i64>,
    /// What the call was made on.
    pub resource: Option<Cow<'e, str>>,
    /// The entry's id.
    pub insert_id: Option<&'e str>,
    /// What it says like others.
    pub numbers: Numbers,
    /// A pair of number and id that the entry itself states.
    pub learnt: Option<(u64, String)>,
}
