//! What one log entry says about a call: the facts, with symbolic references and the evidence for each.
//!
//! A provider makes observations; the ledger merges them into calls. Nothing here needs a directory or a mapping.

use std::borrow::Cow;

use super::payer::PayerRef;
use super::reason::{Driver, Flag, MergeCause, PayerReason, QuantityUnit, Reason};
use super::text::SharedText;

/// The 128-bit hash of a call's canonical identity string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey(pub u128);

/// The 128-bit hash of an entry's own identity: copies of one entry share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u128);

/// Where a record stands: the input's place in the sorted list of inputs, its byte offset and its line (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Index into the sorted list of inputs.
    pub input: u32,
    /// Byte offset of the record in the (decompressed) input.
    pub offset: u64,
    /// Line on which the record starts, from 1.
    pub line: u64,
    /// Ordinal among the records that one envelope holds; 0 outside envelopes.
    pub item: u32,
}

/// The field that proves something: its canonical path in the entry and the text that stands there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// Canonical path, such as `protoPayload.authorizationInfo[1].resource`. Mostly one of a few fixed texts.
    pub path: Cow<'static, str>,
    /// The text at that path, unchanged.
    pub text: SharedText,
}

/// A claim that a payer carries a call: who, by which rule, proved by which field, how surely.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The payer as the entry names it.
    pub payer: PayerRef,
    /// The rule's id, such as `resource.resource_name`.
    pub rule: &'static str,
    /// The field that names the payer.
    pub evidence: Evidence,
    /// How sure the rule is, 0 to 100.
    pub confidence: u8,
    /// What is special about naming the payer by this field.
    pub remark: Option<PayerReason>,
}

/// Who carries a call, before the directory was asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Charge {
    /// Nobody can be named.
    Nobody {
        /// The rule that decided it.
        rule: &'static str,
        /// Why.
        reason: PayerReason,
        /// The field that was looked at, if there was one.
        evidence: Option<Evidence>,
    },
    /// One payer.
    One(Claim),
    /// The first requester that is not the owner pays; when every requester is the owner, the call is ordinary.
    ///
    /// Whether two references are one payer is known only once the directory is complete.
    Requester {
        /// Payers that asked to be billed, in the order of the entry.
        requesters: Vec<Claim>,
        /// The owner of the resource, who pays for storage.
        owner: Option<Claim>,
        /// The kind of the call when a requester pays.
        kind: &'static str,
    },
}

/// A field that also names a project, and why it did not decide.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// The project it names.
    pub payer: PayerRef,
    /// Where it stands and what it says.
    pub evidence: Evidence,
    /// True when the field is expected to name the payer too, so that another project there is a conflict.
    pub must_agree: bool,
    /// Why it did not decide.
    pub why: &'static str,
}

/// What a call consumed, as far as the entry tells. `None` is unknown, which is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    /// Bytes that the job's statistics call billed.
    pub total_billed_bytes: Option<u64>,
    /// Bytes processed.
    pub processed_bytes: Option<u64>,
    /// Slot time in milliseconds.
    pub total_slot_ms: Option<u64>,
    /// The part of the slot time that the payer's reservation gave, where it is told apart.
    pub metered_slot_ms: Option<u64>,
}

impl Usage {
    /// Slot time that the payer's reservation gave.
    pub fn slot_ms(&self) -> Option<u64> {
        self.metered_slot_ms.or(self.total_slot_ms)
    }
}

impl Facts {
    /// What a billable call consumed, in its unit; `None` when its entries do not tell.
    pub fn quantity(&self) -> Option<u64> {
        match self.quantity_unit {
            QuantityUnit::Call => Some(1),
            QuantityUnit::Byte => self.usage.total_billed_bytes,
            QuantityUnit::SlotMs => self.usage.slot_ms(),
        }
    }
}

/// Which part of a long-running call an entry tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The beginning; the end is told by another entry.
    First,
    /// Somewhere between.
    Middle,
    /// The end.
    Last,
    /// All of it.
    Whole,
}

/// The part of a split entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SplitPart {
    /// This part's place, from 0.
    pub index: u32,
    /// How many parts there are.
    pub total: u32,
    /// Hash of the id that the parts of one entry share.
    pub whole: u64,
}

/// A job id that several locations may share: its key without the location, and the location if the entry states it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobFamily {
    /// Key of (project, job id).
    pub base: CallKey,
    /// The location in lower case.
    pub location: Option<SharedText>,
}

/// The facts of one entry. Texts are as the entry has them; absent is `None`, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Time in nanoseconds since 1970 UTC.
    pub time: Option<i64>,
    /// `serviceName`.
    pub service: Option<SharedText>,
    /// `methodName`.
    pub method: Option<SharedText>,
    /// The kind that judged the entry (a file stem).
    pub kind: &'static str,
    /// Who carries the call.
    pub charge: Charge,
    /// Who carries the storage of the resource, if that is a question.
    pub storage: Option<Claim>,
    /// Other fields that name projects.
    pub candidates: Vec<Candidate>,
    /// The caller.
    pub principal: Option<SharedText>,
    /// The project that owns the caller's identity; a hint, never evidence.
    pub principal_project: Option<PayerRef>,
    /// The identity at the origin of a delegation chain.
    pub delegated_by: Option<SharedText>,
    /// `resourceName`.
    pub resource: Option<SharedText>,
    /// The project that holds the resource.
    pub resource_project: Option<PayerRef>,
    /// Region or zone.
    pub location: Option<SharedText>,
    /// Publisher and name of a model.
    pub model: Option<SharedText>,
    /// The model's version.
    pub model_version: Option<SharedText>,
    /// A reason that holds whatever the rest of the call says.
    pub reason: Option<Reason>,
    /// The reason that the method gives if nothing else does; `None` for a billable method.
    pub method_reason: Option<Reason>,
    /// How the method is billed.
    pub driver: Driver,
    /// The unit of the consumed quantity of a billable call.
    pub quantity_unit: QuantityUnit,
    /// What the call consumed.
    pub usage: Usage,
    /// The status code; absent in a log means 0.
    pub status_code: i64,
    /// The status code is not 0, or the job ended in an error.
    pub failed: bool,
    /// What is special.
    pub flags: Vec<Flag>,
    /// Labels of the job or request, sorted by key.
    pub labels: Vec<(String, String)>,
    /// The log's name with its id decoded.
    pub log_name: Option<SharedText>,
    /// `insertId`.
    pub insert_id: Option<SharedText>,
    /// The delay between event and ingestion in nanoseconds, if both are known.
    pub lateness: Option<i64>,
}

/// One entry's contribution to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The call it tells of.
    pub key: CallKey,
    /// The entry's own identity.
    pub entry: EntryId,
    /// Set for jobs whose location other entries may leave out.
    pub family: Option<JobFamily>,
    /// What a second entry of this call is called.
    pub cause: MergeCause,
    /// Which part of the call it tells of.
    pub phase: Phase,
    /// Who speaks for the call: the highest rank does.
    pub rank: u8,
    /// Whose charge holds for the call: the highest rank's does.
    pub charge_rank: u8,
    /// Set for a part of a split entry.
    pub split: Option<SplitPart>,
    /// Where the record stands.
    pub source: Source,
    /// What it says. Boxed, because observations move through several rooms.
    pub facts: Box<Facts>,
    /// A pair of project number and id that the entry itself states. It is about projects, not about the call: the ledger does
    /// not keep it.
    pub learnt: Option<(u64, String)>,
}
