//! From the bytes of a record to an observation: reads the entry in whatever shape, says whether it counts, and lets its
//! kind judge. What the judgement says of a call is put together in `observe`, which call it is in `call_identity`.

use super::job_facts;
use super::kind::{self, Audited, Stream};
use super::lenient::Field;
use super::log_entry::{self, AuditLog, LogEntry, Unreadable};
use super::observe;
use super::project_ref::ProjectRef;
use super::resource_name::{log_id, project_of};
use super::service::{Catalogue, ServiceKind};
use super::shape;
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
    let entry = match log_entry::read(record) {
        Ok(Some(entry)) => entry,
        Ok(None) => return Decoded::Skipped(SkipReason::NotAnEntry),
        Err(mut unreadable) => {
            if let Some((line, column)) = unreadable.at {
                unreadable.detail =
                    format!("{} at line {}, column {column}", unreadable.detail, source.line + line - 1);
            }
            return Decoded::Rejected(unreadable);
        }
    };
    if let Some(skip) = other_log(&entry) {
        return Decoded::Skipped(skip);
    }
    if is_plain(&entry) {
        return judged(&entry, record, source, catalogue);
    }
    let normalised = match shape::normalise(record) {
        Ok(normalised) => normalised,
        Err(error) => {
            return Decoded::Rejected(Unreadable {
                reason: RejectReason::Envelope,
                detail: error.to_string(),
                at: None,
            });
        }
    };
    match log_entry::read(&normalised.entry) {
        Ok(Some(entry)) => match other_log(&entry) {
            Some(skip) => Decoded::Skipped(skip),
            None => judged(&entry, &normalised.entry, source, catalogue),
        },
        Ok(None) => Decoded::Skipped(SkipReason::NotAnEntry),
        Err(unreadable) => Decoded::Rejected(unreadable),
    }
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
/// A field that strayed or has the wrong type is repaired there too, if it can be.
fn is_plain(entry: &LogEntry<'_>) -> bool {
    let Some(audit) = entry.proto_payload.as_ref() else { return false };
    let strayed = entry.strayed.as_ref().is_some()
        || audit.strayed.as_ref().is_some()
        || audit.authentication_info.as_ref().is_some_and(|info| info.strayed.as_ref().is_some());
    if strayed || entry.resource.as_ref().is_none() || audit.service_name.text().is_none() {
        return false;
    }
    audit.type_url.text().is_some()
        && decisive_wrong(entry, audit).is_none()
        && entry.log_name.text().is_some()
        && entry.timestamp.text().is_some()
        && entry.insert_id.text().is_some()
}

/// Entries that are plainly of another log.
fn other_log(entry: &LogEntry<'_>) -> Option<SkipReason> {
    let log_name = entry.log_name.text()?;
    let id = log_id(log_name);
    if id.starts_with("externalaudit.googleapis.com/") {
        return Some(SkipReason::ExternalAudit);
    }
    if id == "cloudaudit.googleapis.com/access_transparency" {
        return Some(SkipReason::AccessTransparency);
    }
    let other_payload = entry.json_payload.as_ref().is_some()
        || entry.text_payload.as_ref().is_some()
        || entry.http_request.as_ref().is_some();
    (matches!(entry.proto_payload, Field::Absent) && other_payload && !id.starts_with("cloudaudit."))
        .then_some(SkipReason::NotAudit)
}

fn stream(entry: &LogEntry<'_>) -> Stream {
    let id = entry.log_name.text().map(log_id).unwrap_or_default();
    match id.strip_prefix("cloudaudit.googleapis.com/") {
        Some("activity") => Stream::Activity,
        Some("data_access") => Stream::DataAccess,
        Some("system_event") => Stream::SystemEvent,
        Some("policy") => Stream::Policy,
        _ => Stream::Unstated,
    }
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
    if let Some(path) = decisive_wrong(entry, audit) {
        return wrong_type(path);
    }
    let service_name = audit.service_name.text();
    let method = audit.method_name.text().unwrap_or_default();
    let service = service_name.and_then(|name| catalogue.find(name, method));
    let call = Audited { entry, audit, service, stream: stream(entry) };
    if let Some(path) = kind_wrong(&call) {
        return wrong_type(path);
    }
    let verdict = kind::judge(&call);
    let mut notes = Vec::new();
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

/// The first field of the wrong type among those that decide the payer or the key.
fn decisive_wrong(entry: &LogEntry<'_>, audit: &AuditLog<'_>) -> Option<&'static str> {
    let labels = entry.resource.as_ref().map(|resource| &resource.labels);
    let project = labels.and_then(Field::as_ref).map(|labels| &labels.project_id);
    let operation = entry.operation.as_ref();
    let split = entry.split.as_ref();
    let checks = audit.authorization_info.as_ref();
    let wrong_check = checks
        .is_some_and(|checks| checks.iter().any(|check| check.as_ref().is_some_and(|check| check.resource.is_wrong())));
    let fields = [
        ("logName", entry.log_name.is_wrong()),
        ("timestamp", entry.timestamp.is_wrong()),
        ("insertId", entry.insert_id.is_wrong()),
        ("resource", entry.resource.is_wrong()),
        ("resource.labels", labels.is_some_and(Field::is_wrong)),
        ("resource.labels.project_id", project.is_some_and(Field::is_wrong)),
        ("operation", entry.operation.is_wrong()),
        ("operation.id", operation.is_some_and(|operation| operation.id.is_wrong())),
        ("operation.producer", operation.is_some_and(|operation| operation.producer.is_wrong())),
        ("split", entry.split.is_wrong()),
        ("split.uid", split.is_some_and(|split| split.uid.is_wrong())),
        ("protoPayload.serviceName", audit.service_name.is_wrong()),
        ("protoPayload.methodName", audit.method_name.is_wrong()),
        ("protoPayload.resourceName", audit.resource_name.is_wrong()),
        ("protoPayload.authorizationInfo", audit.authorization_info.is_wrong()),
        ("protoPayload.authorizationInfo[].resource", wrong_check),
    ];
    fields.into_iter().find_map(|(path, wrong)| wrong.then_some(path))
}

/// The first field of the wrong type among those by which this service's kind finds payer and call.
fn kind_wrong(call: &Audited<'_>) -> Option<&'static str> {
    let request = call.audit.request.as_ref();
    match call.service?.kind {
        ServiceKind::Parent if request.is_some_and(|request| request.parent.is_wrong()) => {
            Some("protoPayload.request.parent")
        }
        ServiceKind::BigqueryStorageApi => {
            let read = call.audit.metadata.as_ref().and_then(|metadata| metadata.table_data_read.as_ref());
            let fields = [
                ("protoPayload.request.parent", request.is_some_and(|request| request.parent.is_wrong())),
                ("protoPayload.request.readStream", request.is_some_and(|request| request.read_stream.is_wrong())),
                (
                    "protoPayload.metadata.tableDataRead.sessionName",
                    read.is_some_and(|read| read.session_name.is_wrong()),
                ),
            ];
            fields.into_iter().find_map(|(path, wrong)| wrong.then_some(path))
        }
        ServiceKind::BigqueryJob => job_facts::wrong_field(call),
        ServiceKind::Resource
        | ServiceKind::Parent
        | ServiceKind::Client
        | ServiceKind::CloudStorage
        | ServiceKind::Pubsub
        | ServiceKind::VertexAi
        | ServiceKind::ControlPlane
        | ServiceKind::Kubernetes => None,
    }
}

/// Notes what is odd and decides nothing.
fn note_oddities(call: &Audited<'_>, notes: &mut Vec<(DiagnosticKind, String)>) {
    let mut wrong = |path: &str| notes.push((DiagnosticKind::WrongType, format!("`{path}` has the wrong type")));
    if call.audit.status.is_wrong() || call.audit.status.as_ref().is_some_and(|status| status.code.is_wrong()) {
        wrong("protoPayload.status.code");
    }
    if call.audit.authentication_info.is_wrong() {
        wrong("protoPayload.authenticationInfo");
    }
    let checks = call.audit.authorization_info.as_ref().into_iter().flatten();
    let mut widths = Vec::new();
    for check in checks {
        match check {
            Field::Is(check) if check.granted.is_wrong() => wrong("protoPayload.authorizationInfo[].granted"),
            Field::Is(check) if check.permission.is_wrong() => wrong("protoPayload.authorizationInfo[].permission"),
            Field::Is(_) | Field::Absent => {}
            Field::Wrong => wrong("protoPayload.authorizationInfo[]"),
        }
        widths.extend(check.as_ref().and_then(|check| check.resource.text()));
    }
    widths.extend(call.audit.resource_name.text());
    for text in widths {
        if project_of(text).is_some_and(|token| ProjectRef::parse(token).has_unusual_width()) {
            notes.push((DiagnosticKind::HexWidth, format!("`{text}` is not 16 hexadecimal digits wide")));
        }
    }
}
