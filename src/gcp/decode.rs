//! From the bytes of a record to an observation: reads the entry in whatever shape, says whether it counts, and lets its
//! kind judge. Keys and ranks are made here; what they mean is in `model::call`.

use super::identity::{self, IdentityKind, Link};
use super::job_facts::{Form, JobStage, job_facts};
use super::kind::{self, Audited, Stream, Verdict};
use super::lenient::Field;
use super::log_entry::{self, AuditLog, LogEntry, Unreadable};
use super::project_ref::{GOOGLE_SDK_PROJECTS, ProjectRef};
use super::resource_name::{Container, container_of, decoded_log_name, location_of, log_id, project_of};
use super::service::{Catalogue, MethodClass, Service, ServiceKind};
use super::{shape, timestamp};
use crate::model::observation::{CallKey, Charge, EntryId, Facts, JobFamily, Observation, Phase, Source, SplitPart};
use crate::model::payer::{PayerName, PayerRef};
use crate::model::reason::{
    DiagnosticKind, Driver, Flag, MergeCause, PayerReason, QuantityUnit, Reason, RejectReason, SkipReason,
};

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
        return observe(&entry, record, source, catalogue);
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
            None => observe(&entry, &normalised.entry, source, catalogue),
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

fn observe(entry: &LogEntry<'_>, record: &[u8], source: Source, catalogue: &Catalogue) -> Decoded {
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
    let verdict = kind::judge(&call);
    let mut notes = Vec::new();
    note_oddities(&call, &mut notes);
    let observation = build(&call, verdict, record, source, &mut notes);
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

fn build(
    call: &Audited<'_>,
    verdict: Verdict,
    record: &[u8],
    source: Source,
    notes: &mut Vec<(DiagnosticKind, String)>,
) -> Observation {
    let entry = call.entry;
    let log_name = entry.log_name.text().map(|name| decoded_log_name(name).into_owned());
    let time = entry.timestamp.text().and_then(timestamp::parse);
    let received = entry.receive_timestamp.text().and_then(timestamp::parse);
    if time.is_none() {
        notes.push((DiagnosticKind::MissingTime, entry.timestamp.text().unwrap_or("no timestamp").to_owned()));
    }
    if let Charge::Nobody { reason: PayerReason::InvalidProject, evidence: Some(evidence), .. } = &verdict.charge {
        notes.push((DiagnosticKind::InvalidProject, format!("{}: `{}`", evidence.path, evidence.text)));
    }
    let identity = entry_identity(entry, log_name.as_deref(), time, record);
    let tells = told(call, &identity);
    let charge_rank = if tells.cause == MergeCause::BigqueryJob { tells.rank } else { charge_rank(&verdict.charge) };
    Observation {
        key: CallKey(hash(&tells.identity)),
        entry: EntryId(hash(&identity)),
        family: tells.family,
        cause: tells.cause,
        phase: tells.phase,
        rank: tells.rank,
        charge_rank,
        split: split_part(entry),
        source,
        learnt: learnt_pair(entry),
        facts: Box::new(facts(call, verdict, log_name, time, received)),
    }
}

fn facts(
    call: &Audited<'_>,
    verdict: Verdict,
    log_name: Option<String>,
    time: Option<i64>,
    received: Option<i64>,
) -> Facts {
    let audit = call.audit;
    let status_code = call.status_code();
    let class = call.service.map(|service| service.classify(call.method()));
    let authentication = audit.authentication_info.as_ref();
    let links: Vec<Link<'_>> = authentication
        .and_then(|info| info.delegation.as_ref())
        .into_iter()
        .flatten()
        .filter_map(Field::as_ref)
        .map(|link| Link {
            email: link.first_party.as_ref().and_then(|party| party.principal_email.text()),
            subject: link.principal_subject.text(),
        })
        .collect();
    let caller = identity::identify(
        authentication.and_then(|info| info.principal_email.text()),
        authentication.and_then(|info| info.principal_subject.text()),
        authentication.and_then(|info| info.service_account_key_name.text()),
    );
    let delegated_by = identity::origin(&links);
    let mut flags = verdict.flags;
    let mut flag = |holds: bool, flag: Flag| {
        if holds {
            flags.push(flag);
        }
    };
    flag(!links.is_empty(), Flag::Impersonated);
    flag(caller.kind == IdentityKind::Redacted, Flag::Redacted);
    flag(call.entry.split.as_ref().is_some(), Flag::Split);
    flags.sort_unstable();
    flags.dedup();
    let (driver, quantity_unit) = driver(call.service, class, verdict.capacity);
    let (model, model_version) = verdict.model.map_or((None, None), |(model, version)| (Some(model), version));
    Facts {
        time,
        service: audit.service_name.text().map(str::to_owned),
        method: audit.method_name.text().map(str::to_owned),
        kind: verdict.kind.name(),
        charge: verdict.charge,
        storage: verdict.storage,
        candidates: verdict.candidates,
        principal: caller.shown,
        principal_project: caller.project,
        delegated_by,
        resource: audit.resource_name.text().map(str::to_owned),
        resource_project: verdict.resource_project,
        location: verdict.location.or_else(|| location(call)),
        model,
        model_version,
        reason: hard_reason(call, verdict.reason, status_code),
        method_reason: verdict.method_reason.unwrap_or_else(|| method_reason(call)),
        driver,
        quantity_unit,
        usage: verdict.usage,
        status_code,
        failed: status_code != 0 || verdict.job_failed,
        flags,
        labels: verdict.labels,
        log_name,
        insert_id: call.entry.insert_id.text().map(str::to_owned),
        lateness: time.zip(received).map(|(time, received)| received.saturating_sub(time)),
    }
}

/// The reasons that hold whatever other entries of the call say, in their order of precedence.
fn hard_reason(call: &Audited<'_>, kinds: Option<Reason>, status_code: i64) -> Option<Reason> {
    let by_stream = match call.stream {
        Stream::Policy => Some(Reason::PolicyDenied),
        Stream::SystemEvent => Some(Reason::SystemEvent),
        Stream::Activity | Stream::DataAccess | Stream::Unstated => None,
    };
    let by_status = match status_code {
        0 => None,
        7 => Some(Reason::Denied),
        // A cancelled job has used what it used; its kind has decided.
        1 if call.service.is_some() && job_facts_decide(call) => None,
        _ => Some(Reason::Failed),
    };
    by_stream.or(kinds).or(by_status)
}

fn job_facts_decide(call: &Audited<'_>) -> bool {
    is_bigquery(call) && job_facts(call).is_some()
}

fn is_bigquery(call: &Audited<'_>) -> bool {
    call.service.is_some_and(|service| service.kind == ServiceKind::BigqueryJob)
}

fn method_reason(call: &Audited<'_>) -> Option<Reason> {
    match call.service {
        None => Some(Reason::UnknownService),
        Some(service) => service.reason(call.method()),
    }
}

fn driver(service: Option<&Service>, class: Option<MethodClass>, capacity: bool) -> (Driver, QuantityUnit) {
    if capacity {
        return (Driver::SlotMs, QuantityUnit::SlotMs);
    }
    let driver = match (service, class) {
        (None, _) | (_, None) => Driver::Free,
        (Some(service), Some(MethodClass::Billable)) => service.driver,
        (Some(_), Some(MethodClass::Runtime)) => Driver::Runtime,
        (Some(_), Some(MethodClass::Free)) => Driver::Free,
        (Some(service), Some(MethodClass::Other)) => match service.driver {
            Driver::Runtime | Driver::Storage | Driver::MeteredElsewhere | Driver::Fee => service.driver,
            Driver::Call | Driver::Bytes | Driver::SlotMs | Driver::Hybrid | Driver::Free => Driver::Free,
        },
    };
    let unit = match driver {
        Driver::Bytes => QuantityUnit::Byte,
        Driver::SlotMs => QuantityUnit::SlotMs,
        Driver::Call
        | Driver::Hybrid
        | Driver::Runtime
        | Driver::Storage
        | Driver::MeteredElsewhere
        | Driver::Free
        | Driver::Fee => QuantityUnit::Call,
    };
    (driver, unit)
}

fn location(call: &Audited<'_>) -> Option<String> {
    let current = call.audit.resource_location.as_ref().and_then(|location| location.current_locations.as_ref());
    let current = current.and_then(|locations| locations.first()?.text());
    let labels = call.entry.resource.as_ref().and_then(|resource| resource.labels.as_ref());
    let label = labels.and_then(|labels| labels.location.text().or(labels.region.text()).or(labels.zone.text()));
    current.or(label).or_else(|| call.audit.resource_name.text().and_then(location_of)).map(str::to_owned)
}

/// Which call an entry tells of, and how loudly.
struct Told {
    identity: String,
    cause: MergeCause,
    family: Option<JobFamily>,
    phase: Phase,
    rank: u8,
}

/// The identity of the call, in the order: BigQuery job, operation, split, the entry itself.
fn told(call: &Audited<'_>, own: &str) -> Told {
    let phase = phase(call.entry);
    let first_part =
        call.entry.split.as_ref().is_some_and(|split| split.index.as_ref().is_none_or(|index| *index == 0));
    let rank = u8::from(first_part)
        + match phase {
            Phase::Last | Phase::Whole => 40,
            Phase::First => 20,
            Phase::Middle => 10,
        };
    let plain = |identity: String, cause| Told { identity, cause, family: None, phase, rank };
    if let Some(told) = job(call) {
        return told;
    }
    if let Some(operation) = call.entry.operation.as_ref()
        && let Some(id) = operation.id.text()
    {
        let producer = operation.producer.text().unwrap_or_default();
        return plain(identity(&["operation", producer, id]), MergeCause::Operation);
    }
    if let Some(uid) = call.entry.split.as_ref().and_then(|split| split.uid.text()) {
        return plain(identity(&["split", uid]), MergeCause::Split);
    }
    Told { phase: Phase::Whole, ..plain(own.to_owned(), MergeCause::Duplicate) }
}

fn job(call: &Audited<'_>) -> Option<Told> {
    if !is_bigquery(call) || kind::bigquery_job::is_side_entry(call) {
        return None;
    }
    let job = job_facts(call)?;
    let (project, id) = &job.identity;
    let location = job.location.as_deref().map(str::to_lowercase);
    let base = identity(&["bigquery_job", project, id]);
    let full = identity(&["bigquery_job", project, id, location.as_deref().unwrap_or_default()]);
    let (rank, phase) = match (job.form, job.stage) {
        (Form::V2, JobStage::Ended) => (60, Phase::Last),
        (Form::V1, JobStage::Ended) => (50, Phase::Last),
        (Form::V2, JobStage::Begun | JobStage::Mentioned) => (30, Phase::First),
        (Form::V1, JobStage::Begun | JobStage::Mentioned) => (20, Phase::First),
        (Form::Name, JobStage::Ended | JobStage::Begun | JobStage::Mentioned) => (10, Phase::First),
    };
    Some(Told {
        identity: full,
        cause: MergeCause::BigqueryJob,
        family: Some(JobFamily { base: CallKey(hash(&base)), location }),
        phase,
        rank,
    })
}

fn phase(entry: &LogEntry<'_>) -> Phase {
    let Some(operation) = entry.operation.as_ref() else { return Phase::Whole };
    let flag = |field: &Field<bool>| field.as_ref().copied().unwrap_or(false);
    match (flag(&operation.first), flag(&operation.last)) {
        (true, true) => Phase::Whole,
        (true, false) => Phase::First,
        (false, true) => Phase::Last,
        (false, false) => Phase::Middle,
    }
}

fn split_part(entry: &LogEntry<'_>) -> Option<SplitPart> {
    let split = entry.split.as_ref()?;
    let number = |field: &Field<u64>| field.as_ref().and_then(|number| u32::try_from(*number).ok()).unwrap_or(0);
    Some(SplitPart { index: number(&split.index), total: number(&split.total_splits) })
}

/// The canonical identity string of an entry: its log, time in microseconds and insertId; without a time or an insertId its
/// bytes.
fn entry_identity(entry: &LogEntry<'_>, log_name: Option<&str>, time: Option<i64>, record: &[u8]) -> String {
    match (entry.insert_id.text(), time) {
        (Some(insert_id), Some(nanos)) => {
            let micros = nanos.div_euclid(1000).to_string();
            identity(&["entry", log_name.unwrap_or_default(), &micros, insert_id])
        }
        _ => identity(&["bytes", &format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&minified(record)))]),
    }
}

/// The record without white space between its tokens, so that a pretty copy is the same entry.
fn minified(record: &[u8]) -> Vec<u8> {
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

/// Joins the parts of a canonical identity with the unit separator U+001F.
fn identity(parts: &[&str]) -> String {
    parts.join("\u{1f}")
}

fn hash(identity: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(identity.as_bytes())
}

/// How much a charge says: the entries of an operation need not all name the payer.
fn charge_rank(charge: &Charge) -> u8 {
    match charge {
        Charge::Nobody { reason: PayerReason::NoProject, .. } => 0,
        Charge::Nobody { .. } => 101,
        Charge::One(claim) => claim.confidence,
        Charge::Requester { requesters, .. } => requesters.first().map_or(0, |claim| claim.confidence),
    }
}

/// A pair of number and id that the entry itself states: one in the label, the other in the name of a project's log.
fn learnt_pair(entry: &LogEntry<'_>) -> Option<(u64, String)> {
    let label = entry.resource.as_ref()?.labels.as_ref()?.project_id.text()?;
    let Container::Project(log) = container_of(entry.log_name.text()?) else { return None };
    let name = |token: &str| ProjectRef::parse(token).to_payer_ref().map(|PayerRef { name, .. }| name);
    match (name(label)?, name(log)?) {
        (PayerName::Number(number), PayerName::Id(id)) | (PayerName::Id(id), PayerName::Number(number)) => {
            // Google's own projects are nobody's payer; an id beside their number is another project's.
            (!GOOGLE_SDK_PROJECTS.contains(&number)).then_some((number, id))
        }
        (PayerName::Number(_), PayerName::Number(_)) | (PayerName::Id(_), PayerName::Id(_)) => None,
    }
}
