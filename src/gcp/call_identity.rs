//! Which call an entry tells of: the canonical identity strings behind the keys, and the entry's place in the call.
//!
//! An identity is a text whose parts are joined by U+001F; its key is the XXH3-128 hash of the UTF-8 bytes. The order is BigQuery
//! job, operation, split, entry, identical bytes.

use super::job_facts::{Form, JobStage};
use super::kind::{self, Audited};
use super::lenient::Field;
use super::log_entry::LogEntry;
use super::project_ref::{GOOGLE_SDK_PROJECTS, ProjectRef};
use super::resource_name::{Container, container_of};
use crate::model::observation::{CallKey, EntryId, JobFamily, Phase, SplitPart};
use crate::model::payer::PayerName;
use crate::model::reason::MergeCause;
use crate::model::text::shared;

/// Which call an entry tells of, and how loudly.
pub struct Told {
    /// The key of the call's canonical identity.
    pub key: CallKey,
    /// What a second entry of the call is called.
    pub cause: MergeCause,
    /// Set for BigQuery jobs.
    pub family: Option<JobFamily>,
    /// Which part of the call it tells of.
    pub phase: Phase,
    /// How loudly it speaks for the call.
    pub rank: u8,
}

/// The identity of the call, in the order: BigQuery job, operation, split, the entry itself.
pub fn told(call: &Audited<'_>, own: EntryId) -> Told {
    job(call).unwrap_or_else(|| {
        let flag = |field: &Field<bool>| field.as_ref().copied().unwrap_or(false);
        let operation = call.entry.operation.as_ref().map(|operation| Operation {
            id: operation.id.text(),
            producer: operation.producer.text(),
            first: flag(&operation.first),
            last: flag(&operation.last),
        });
        let split = call.entry.split.as_ref().map(|split| {
            let is_first = split.index.as_ref().is_none_or(|index| *index == 0);
            (split.uid.text(), is_first)
        });
        told_of_entry(operation, split, own)
    })
}

/// What an entry says of the operation that it belongs to. No text is empty.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'e> {
    /// Unique together with the producer.
    pub id: Option<&'e str>,
    /// Who issued the id.
    pub producer: Option<&'e str>,
    /// The entry tells of the beginning.
    pub first: bool,
    /// The entry tells of the end.
    pub last: bool,
}

/// The same for an entry that tells of no job: by its operation, and by the uid of a divided entry with whether it is the first part.
pub fn told_of_entry(operation: Option<Operation<'_>>, split: Option<(Option<&str>, bool)>, own: EntryId) -> Told {
    let phase = operation.map_or(Phase::Whole, |operation| match (operation.first, operation.last) {
        (true, true) => Phase::Whole,
        (true, false) => Phase::First,
        (false, true) => Phase::Last,
        (false, false) => Phase::Middle,
    });
    let first_part = split.is_some_and(|(_, is_first)| is_first);
    let rank = u8::from(first_part)
        + match phase {
            Phase::Last | Phase::Whole => 40,
            Phase::First => 20,
            Phase::Middle => 10,
        };
    let plain = |key, cause| Told { key, cause, family: None, phase, rank };
    if let Some(Operation { id: Some(id), producer, .. }) = operation {
        let producer = producer.unwrap_or_default();
        return plain(key(&["operation", producer, id]), MergeCause::Operation);
    }
    if let Some((Some(uid), _)) = split {
        return plain(key(&["split", uid]), MergeCause::Split);
    }
    // The entry is the call: both have one identity.
    Told { phase: Phase::Whole, ..plain(CallKey(own.0), MergeCause::Duplicate) }
}

fn job(call: &Audited<'_>) -> Option<Told> {
    if !call.is_bigquery() || kind::bigquery_job::is_side_entry(call) {
        return None;
    }
    let job = call.job()?;
    let (project, id) = &job.identity;
    let location = job.location.as_deref().map(|location| shared(&location.to_lowercase()));
    let base = key(&["bigquery_job", project, id]);
    let full = key(&["bigquery_job", project, id, location.as_deref().unwrap_or_default()]);
    let (rank, phase) = match (job.form, job.stage) {
        (Form::V2, JobStage::Ended) => (60, Phase::Last),
        (Form::V1, JobStage::Ended) => (50, Phase::Last),
        (Form::V2, JobStage::Begun | JobStage::Mentioned) => (30, Phase::First),
        (Form::V1, JobStage::Begun | JobStage::Mentioned) => (20, Phase::First),
        (Form::Name, JobStage::Ended | JobStage::Begun | JobStage::Mentioned) => (10, Phase::First),
    };
    Some(Told { key: full, cause: MergeCause::BigqueryJob, family: Some(JobFamily { base, location }), phase, rank })
}

/// The part of a split entry.
pub fn split_part(entry: &LogEntry<'_>) -> Option<SplitPart> {
    let split = entry.split.as_ref()?;
    let number = |field: &Field<u64>| field.as_ref().and_then(|number| u32::try_from(*number).ok()).unwrap_or(0);
    let whole = xxhash_rust::xxh3::xxh3_64(split.uid.text().unwrap_or_default().as_bytes());
    Some(SplitPart { index: number(&split.index), total: number(&split.total_splits), whole })
}

/// The id of an entry's canonical identity: its log, time in microseconds and insertId; without a time or an insertId its
/// bytes.
pub fn entry_id(insert_id: Option<&str>, log_name: Option<&str>, time: Option<i64>, record: &[u8]) -> EntryId {
    let CallKey(id) = match (insert_id, time) {
        (Some(insert_id), Some(nanos)) => {
            let mut digits = [0; 20];
            let micros = decimal(nanos.div_euclid(1000), &mut digits);
            key(&["entry", log_name.unwrap_or_default(), micros, insert_id])
        }
        _ => key(&["bytes", &format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&minified(record)))]),
    };
    EntryId(id)
}

/// The record without white space between its tokens, so that a pretty copy is the same entry.
pub fn minified(record: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(record.len());
    let (mut in_string, mut escaped) = (false, false);
    for &byte in record {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_string = byte == b'"';
        }
        out.push(byte);
    }
    out
}

/// The key of a canonical identity: its parts joined with the unit separator U+001F, hashed.
fn key(parts: &[&str]) -> CallKey {
    /// Most identities are shorter, and need no room of their own.
    const SHORT: usize = 256;
    let mut short = [0; SHORT];
    let length = parts.iter().map(|part| part.len() + 1).sum::<usize>() - 1;
    let Some(identity) = short.get_mut(..length) else {
        return CallKey(xxhash_rust::xxh3::xxh3_128(parts.join("\u{1f}").as_bytes()));
    };
    let mut at = 0;
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            identity[at] = 0x1f;
            at += 1;
        }
        identity[at..at + part.len()].copy_from_slice(part.as_bytes());
        at += part.len();
    }
    CallKey(xxhash_rust::xxh3::xxh3_128(identity))
}

/// A number in decimal.
fn decimal(number: i64, digits: &mut [u8; 20]) -> &str {
    let (mut rest, mut at) = (number.unsigned_abs(), digits.len());
    while rest > 0 || at == digits.len() {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    if number < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    std::str::from_utf8(&digits[at..]).unwrap_or_default()
}

/// A pair of number and id that the entry itself states: one in the label, the other in the name of a project's log.
pub fn learnt_pair(label: Option<&str>, log_name: Option<&str>) -> Option<(u64, String)> {
    let label = label.filter(|label| !label.is_empty())?;
    let Container::Project(log) = container_of(log_name?) else { return None };
    let number_of = |project| match project {
        ProjectRef::Number { number, .. } => Some(number),
        ProjectRef::Id(_) | ProjectRef::Wildcard | ProjectRef::Invalid => None,
    };
    let (label, log) = (ProjectRef::parse(label), ProjectRef::parse(log));
    let (number, id) = match (number_of(label), number_of(log)) {
        (Some(number), None) => (number, log),
        (None, Some(number)) => (number, label),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    // Google's own projects are nobody's payer; an id beside their number is another project's.
    match id.to_payer_ref()?.name {
        PayerName::Id(id) => (!GOOGLE_SDK_PROJECTS.contains(&number)).then(|| (number, id.into())),
        PayerName::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_the_hash_of_the_joined_parts(parts in proptest::collection::vec(".{0,90}", 1..5)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let joined = parts.join("\u{1f}");
            prop_assert_eq!(key(&parts), CallKey(xxhash_rust::xxh3::xxh3_128(joined.as_bytes())));
        }

        #[test]
        fn decimals_are_as_anywhere(number in prop_oneof![any::<i64>(), Just(0), Just(i64::MIN), Just(i64::MAX)]) {
            let mut digits = [0; 20];
            prop_assert_eq!(decimal(number, &mut digits), number.to_string());
        }
    }
}
