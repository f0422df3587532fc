//! From the bytes of a record to an observation: reads the entry in whatever shape, says whether it counts, and lets its
//! kind judge. What the judgement says of a call is put together in `observe`, which call it is in `call_identity`.

use std::borrow::Cow;

use super::kind::{self, Audited};
use super::lenient::{Field, Wrongs};
use super::log_entry::{self, LogEntry, Unreadable};
use super::log_name::LogName;
use super::observe;
use super::plain;
use super::project_ref::ProjectRef;
use super::resource_name::project_of;
use super::scan::{Index, Scanner, scan};
use super::service::{Catalogue, ServiceKind};
use super::shape;
use super::verdicts::{Known, SharedVerdicts, Verdicts};
use crate::model::brief::{Brief, Likeness};
use crate::model::observation::{Observation, Source};
use crate::model::reason::{DiagnosticKind, RejectReason, SkipReason};

/// The type of the payload that makes a log entry an audit entry.
const AUDIT_LOG: &str = "type.googleapis.com/google.cloud.audit.AuditLog";

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// It cannot be read.
    Rejected(Unreadable),
    /// It can, and is not counted.
    Skipped(SkipReason),
    /// It tells of a call; what is odd about it stands beside.
    Entry(Box<Observation>, Vec<(DiagnosticKind, String)>),
}

/// Decodes one record.
pub fn decode(record: &[u8], source: Source, catalogue: &Catalogue) -> Decoded {
    decode_with_entry(record, source, catalogue, Scanner::Fast).0
}

/// Decodes one record, and gives the entry in canonical form that was judged: the record itself where it has that form.
///
/// With [`Scanner::Fast`] the strict path reads only what the scanner does not vouch for; the result is the same.
pub fn decode_with_entry<'r>(
    record: &'r [u8],
    source: Source,
    catalogue: &Catalogue,
    scanner: Scanner,
) -> (Decoded, Cow<'r, [u8]>, Scanner) {
    let scanned = match scanner {
        Scanner::Fast => {
            let mut index = Index::default();
            let scanned = index.of(record).and_then(scan);
            scanned.ok().map(|scanned| (Ok(scanned.entry), Scanner::Fast))
        }
        Scanner::Strict => None,
    };
    let (read, by) = scanned.unwrap_or_else(|| (log_entry::read(record), Scanner::Strict));
    let (decoded, entry) = match read {
        Ok(Some(entry)) => decode_entry(&entry, record, source, catalogue),
        Ok(None) => (Decoded::Skipped(SkipReason::NotAnEntry), Cow::Borrowed(record)),
        Err(mut unreadable) => {
            if let Some((line, column)) = unreadable.at {
                unreadable.detail =
                    format!("{} at line {}, column {column}", unreadable.detail, source.line + line - 1);
            }
            (Decoded::Rejected(unreadable), Cow::Borrowed(record))
        }
    };
    (decoded, entry, by)
}

/// What one thread needs to read lines.
#[derive(Debug, Default)]
pub struct LineReader {
    /// The tokens of the line that is read.
    index: Index,
    /// What is known of entries that are like others.
    pub verdicts: Verdicts,
}

impl LineReader {
    /// Begins with what other readers of this run have found.
    pub fn sharing(verdicts: &SharedVerdicts) -> Self {
        Self { index: Index::default(), verdicts: Verdicts::sharing(verdicts) }
    }
}

/// What was read of a line.
#[derive(Debug, PartialEq)]
pub enum LineRead<'r> {
    /// It is like one before in all but this.
    Known(Brief<'r>),
    /// It was judged. Where that can be remembered, what makes it alike to others is told, and what it says alone; under which
    /// numbers the rest is kept is for the keeper to say.
    Judged(Decoded, Cow<'r, [u8]>, Option<(Likeness, Brief<'r>)>),
}

/// Decodes a line that may be one record and nothing else. `None` when the scanner does not vouch for that.
///
/// A line that is like one whose verdict is remembered is not judged again.
pub fn decode_line<'r>(
    line: &'r [u8],
    source: Source,
    catalogue: &Catalogue,
    LineReader { index, verdicts }: &mut LineReader,
) -> Option<LineRead<'r>> {
    let indexed = index.of(line).ok()?;
    let plain = if verdicts.rests() { None } else { plain::read(indexed) };
    let alike = plain.as_ref().and_then(|plain| Some((plain, verdicts.likeness(plain, catalogue)?)));
    if let Some((plain, likeness)) = alike
        && let Some(known) = verdicts.known(likeness)
        && let Some(brief) = observe::brief(plain, known, source)
    {
        return Some(LineRead::Known(brief));
    }
    let scanned = scan(indexed).ok().filter(|scanned| !scanned.may_wrap)?;
    let (decoded, entry) = decode_entry(&scanned.entry?, line, source, catalogue);
    let first = match (alike, &decoded) {
        // Something odd is to be said of each entry that is.
        (Some((plain, likeness)), Decoded::Entry(observation, notes)) if notes.is_empty() => {
            observe::brief(plain, Known::of(observation), source).map(|brief| (likeness, brief))
        }
        _ => None,
    };
    Some(LineRead::Judged(decoded, entry, first))
}

/// Decodes what was read of a record.
fn decode_entry<'r>(
    entry: &LogEntry<'r>,
    record: &'r [u8],
    source: Source,
    catalogue: &Catalogue,
) -> (Decoded, Cow<'r, [u8]>) {
    if let Some(skip) = other_log(entry) {
        return (Decoded::Skipped(skip), Cow::Borrowed(record));
    }
    if is_plain(entry) {
        return (judged(entry, record, source, catalogue), Cow::Borrowed(record));
    }
    let normalised = match shape::normalise(record) {
        Ok(normalised) => normalised.entry,
        Err(error) => {
            let unreadable = Unreadable { reason: RejectReason::Envelope, detail: error.to_string(), at: None };
            return (Decoded::Rejected(unreadable), Cow::Borrowed(record));
        }
    };
    let decoded = match log_entry::read(&normalised) {
        Ok(Some(entry)) => match other_log(&entry) {
            Some(skip) => Decoded::Skipped(skip),
            None => judged(&entry, &normalised, source, catalogue),
        },
        Ok(None) => Decoded::Skipped(SkipReason::NotAnEntry),
        Err(unreadable) => Decoded::Rejected(unreadable),
    };
    (decoded, Cow::Owned(normalised))
}

/// The canonical entry of a record, for those who look again at what a path holds. `None` when there is no entry.
pub fn canonical(record: &[u8]) -> Option<Vec<u8>> {
    let entry = log_entry::read(record).ok()??;
    if is_plain(&entry) {
        return Some(record.to_vec());
    }
    shape::normalise(record).ok().map(|normalised| normalised.entry)
}

/// Whether the entry has all that the canonical shape always has, so that no other shape needs to be tried.
///
/// A field that strayed or has the wrong type is repaired there too, if it can be: inside of requests and metadata it cannot.
fn is_plain(entry: &LogEntry<'_>) -> bool {
    let Some(audit) = entry.proto_payload.as_ref() else { return false };
    let strayed = entry.strayed.as_ref().is_some()
        || audit.strayed.as_ref().is_some()
        || audit.authentication_info.as_ref().is_some_and(|info| info.strayed.as_ref().is_some());
    if strayed || entry.resource.as_ref().is_none() || audit.service_name.text().is_none() {
        return false;
    }
    audit.type_url.text().is_some()
        && !(entry.has_wrong() && may_be_repaired(entry))
        && entry.log_name.text().is_some()
        && entry.timestamp.text().is_some()
        && entry.insert_id.text().is_some()
}

/// Whether a field of the wrong type stands where another shape could have put it.
fn may_be_repaired(entry: &LogEntry<'_>) -> bool {
    const KEPT: [&str; 2] = ["protoPayload.request.", "protoPayload.metadata."];
    let mut wrong = Vec::new();
    entry.wrong_fields("", &mut wrong);
    !wrong.iter().all(|path| KEPT.iter().any(|kept| path.starts_with(kept)))
}

/// Entries that are plainly of another log.
fn other_log(entry: &LogEntry<'_>) -> Option<SkipReason> {
    let log = LogName::read(entry.log_name.text()?);
    let other_payload = entry.json_payload.as_ref().is_some()
        || entry.text_payload.as_ref().is_some()
        || entry.http_request.as_ref().is_some();
    let not_audit = matches!(entry.proto_payload, Field::Absent) && other_payload && !log.is_audit;
    log.other.or(not_audit.then_some(SkipReason::NotAudit))
}

fn judged(entry: &LogEntry<'_>, record: &[u8], source: Source, catalogue: &Catalogue) -> Decoded {
    if entry.proto_payload.is_wrong() {
        return wrong_type("protoPayload");
    }
    let Some(audit) = entry.proto_payload.as_ref() else {
        let is_entry = entry.log_name.text().is_some() || entry.resource.as_ref().is_some();
        return Decoded::Skipped(if is_entry { SkipReason::NotAudit } else { SkipReason::NotAnEntry });
    };
    let untyped =
        audit.type_url.text().is_none() && (audit.service_name.text().is_some() || audit.method_name.text().is_some());
    if audit.type_url.text() != Some(AUDIT_LOG) && !untyped {
        return Decoded::Skipped(SkipReason::NotAudit);
    }
    let service_name = audit.service_name.text();
    let method = audit.method_name.text().unwrap_or_default();
    let service = service_name.and_then(|name| catalogue.find(name, method));
    let log = entry.log_name.text().map(LogName::read);
    let call = Audited::new(entry, audit, service, log);
    let mut notes = Vec::new();
    if entry.has_wrong() {
        let mut wrong = Vec::new();
        entry.wrong_fields("", &mut wrong);
        let own = service.map_or(&[][..], |service| decisive_for(service.kind));
        let decides = |path: &&String| DECISIVE.iter().chain(own).any(|pattern| is_meant(pattern, path));
        if let Some(path) = wrong.iter().find(decides) {
            return wrong_type(path);
        }
        notes.extend(wrong.into_iter().map(|path| (DiagnosticKind::WrongType, format!("`{path}` has the wrong type"))));
    }
    let verdict = kind::judge(&call);
    note_oddities(&call, &mut notes);
    let observation = observe::observation(&call, verdict, record, source, &mut notes);
    Decoded::Entry(Box::new(observation), notes)
}

fn wrong_type(path: &str) -> Decoded {
    Decoded::Rejected(Unreadable {
        reason: RejectReason::WrongType,
        detail: format!("`{path}` has the wrong type, and it decides the payer or the call's identity"),
        at: None,
    })
}

/// Fields that decide the payer or the key whatever the service is; `*` stands for one name, `[]` for any element.
const DECISIVE: [&str; 16] = [
    "logName",
    "timestamp",
    "insertId",
    "resource",
    "resource.labels",
    "resource.labels.project_id",
    "operation",
    "operation.id",
    "operation.producer",
    "split",
    "split.uid",
    "protoPayload.serviceName",
    "protoPayload.methodName",
    "protoPayload.resourceName",
    "protoPayload.authorizationInfo",
    "protoPayload.authorizationInfo[].resource",
];

/// Fields that decide only for services whose kind reads them.
fn decisive_for(kind: ServiceKind) -> &'static [&'static str] {
    match kind {
        ServiceKind::Parent => &["protoPayload.request.parent"],
        ServiceKind::BigqueryStorageApi => &[
            "protoPayload.request.parent",
            "protoPayload.request.readStream",
            "protoPayload.metadata.tableDataRead.sessionName",
        ],
        ServiceKind::BigqueryJob => &[
            "resource.labels.location",
            "protoPayload.metadata.*.job.jobName",
            "protoPayload.metadata.*.job.jobStats.reservation",
            "protoPayload.metadata.*.job.jobStats.reservationUsage",
            "protoPayload.metadata.*.job.jobStats.reservationUsage[].name",
            "protoPayload.metadata.*.jobName",
            "protoPayload.serviceData.*.*.jobName",
            "protoPayload.serviceData.*.*.jobName.projectId",
            "protoPayload.serviceData.*.*.jobName.jobId",
            "protoPayload.serviceData.*.*.jobName.location",
            "protoPayload.serviceData.*.*.jobStatistics.reservation",
            "protoPayload.serviceData.*.*.jobStatistics.reservationUsage",
            "protoPayload.serviceData.*.*.jobStatistics.reservationUsage[].name",
        ],
        ServiceKind::Resource
        | ServiceKind::Client
        | ServiceKind::CloudStorage
        | ServiceKind::Pubsub
        | ServiceKind::VertexAi
        | ServiceKind::ControlPlane
        | ServiceKind::Kubernetes => &[],
    }
}

/// Whether a path such as `a.b[3].c` is one that the pattern means.
fn is_meant(pattern: &str, path: &str) -> bool {
    let mut names = path.split('.');
    let same = |pattern: &str, name: &str| match (pattern.strip_suffix("[]"), name.split_once('[')) {
        (Some(pattern), Some((name, _))) => pattern == name,
        (None, None) => pattern == "*" || pattern == name,
        (Some(_), None) | (None, Some(_)) => false,
    };
    pattern.split('.').all(|part| names.next().is_some_and(|name| same(part, name))) && names.next().is_none()
}

/// Notes what is odd and decides nothing.
fn note_oddities(call: &Audited<'_>, notes: &mut Vec<(DiagnosticKind, String)>) {
    let checks = call.audit.authorization_info.as_ref().into_iter().flatten().filter_map(Field::as_ref);
    let named = checks.filter_map(|check| check.resource.text()).chain(call.audit.resource_name.text());
    for text in named {
        if project_of(text).is_some_and(|token| ProjectRef::parse(token).has_unusual_width()) {
            notes.push((DiagnosticKind::HexWidth, format!("`{text}` is not 16 hexadecimal digits wide")));
        }
    }
}
