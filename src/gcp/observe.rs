//! Puts together what an entry says of a call: the kind's verdict, the entry's own fields, and what the catalogue adds.

use super::call_identity::{self, told};
use super::identity::{self, IdentityKind, Link};
use super::kind::{Audited, Stream, Verdict};
use super::lenient::Field;
use super::log_entry::LogEntry;
use super::plain::Plain;
use super::resource_name::location_of;
use super::service::{MethodClass, Service};
use super::timestamp;
use super::verdicts::Known;
use crate::model::brief::Brief;
use crate::model::observation::{Candidate, Charge, Facts, Observation, Source};
use crate::model::reason::{DiagnosticKind, Driver, Flag, MergeCause, PayerReason, QuantityUnit, Reason};
use crate::model::text::{SharedText, shared};

/// The observation that an entry makes; what is odd about it is added to `notes`.
pub fn observation(
    call: &Audited<'_>,
    verdict: Verdict,
    record: &[u8],
    source: Source,
    notes: &mut Vec<(DiagnosticKind, String)>,
) -> Observation {
    let entry = call.entry;
    let time = entry.timestamp.text().and_then(timestamp::parse);
    let received = entry.receive_timestamp.text().and_then(timestamp::parse);
    if time.is_none() {
        notes.push((DiagnosticKind::MissingTime, entry.timestamp.text().unwrap_or("no timestamp").to_owned()));
    }
    if let Charge::Nobody { reason: PayerReason::InvalidProject, evidence: Some(evidence), .. } = &verdict.charge {
        notes.push((DiagnosticKind::InvalidProject, format!("{}: `{}`", evidence.path, evidence.text)));
    }
    let own = call_identity::entry_id(entry.insert_id.text(), call.log_name.as_deref(), time, record);
    let tells = told(call, own);
    let charge_rank = if tells.cause == MergeCause::BigqueryJob { tells.rank } else { charge_rank(&verdict.charge) };
    Observation {
        key: tells.key,
        entry: own,
        family: tells.family,
        cause: tells.cause,
        phase: tells.phase,
        rank: tells.rank,
        charge_rank,
        split: call_identity::split_part(entry),
        source,
        learnt: call_identity::learnt_pair(label(entry), entry.log_name.text()),
        facts: Box::new(facts(call, verdict, time, received)),
    }
}

/// What a plain entry says alone, when all else of it is known; `None` when its time cannot be read.
pub fn brief<'e>(entry: &Plain<'e>, known: Known<'_>, source: Source) -> Option<Brief<'e>> {
    let time = timestamp::parse(entry.timestamp)?;
    let stated = |text: Option<&'e str>| text.filter(|text| !text.is_empty());
    let received = stated(entry.receive_timestamp).and_then(timestamp::parse);
    // The bytes of the record are not asked for: time and insertId are there.
    let own = call_identity::entry_id(Some(entry.insert_id), known.log_name, Some(time), &[]);
    let operation = entry.operation.map(|operation| call_identity::Operation {
        id: stated(operation.id),
        producer: stated(operation.producer),
        first: operation.first.unwrap_or(false),
        last: operation.last.unwrap_or(false),
    });
    let tells = call_identity::told_of_entry(operation, None, own);
    let label = entry.resource.labels.and_then(|labels| labels.project_id);
    Some(Brief {
        key: tells.key,
        entry: own,
        cause: tells.cause,
        phase: tells.phase,
        rank: tells.rank,
        charge_rank: known.charge_rank,
        source,
        time: Some(time),
        lateness: received.map(|received| received.saturating_sub(time)),
        resource: entry.audit.resource_name.clone().filter(|name| !name.is_empty()),
        insert_id: Some(entry.insert_id),
        numbers: known.numbers,
        learnt: if known.teaches { call_identity::learnt_pair(label, Some(entry.log_name)) } else { None },
    })
}

/// The project that the entry's label names.
fn label<'e>(entry: &'e LogEntry<'_>) -> Option<&'e str> {
    entry.resource.as_ref()?.labels.as_ref()?.project_id.text()
}

fn facts(call: &Audited<'_>, verdict: Verdict, time: Option<i64>, received: Option<i64>) -> Facts {
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
    flag(delegated_by.is_some(), Flag::Impersonated);
    flag(caller.kind == IdentityKind::Redacted, Flag::Redacted);
    flag(call.entry.split.as_ref().is_some(), Flag::Split);
    flags.sort_unstable();
    flags.dedup();
    let (driver, quantity_unit) = driver(call.service, class, verdict.capacity);
    let (model, model_version) = verdict.model.map_or((None, None), |(model, version)| (Some(model), version));
    Facts {
        time,
        service: audit.service_name.text().map(shared),
        method: audit.method_name.text().map(shared),
        kind: verdict.kind.name(),
        candidates: differing(&verdict.charge, verdict.candidates),
        charge: verdict.charge,
        storage: verdict.storage,
        principal: caller.shown,
        principal_project: caller.project,
        delegated_by,
        resource: audit.resource_name.text().map(shared),
        resource_project: verdict.resource_project,
        location: verdict.location.or_else(|| location(call)),
        model,
        model_version,
        reason: hard_reason(call, verdict.reason, status_code),
        method_reason: verdict.method_reason.unwrap_or_else(|| method_reason(call.service, class)),
        driver,
        quantity_unit,
        usage: verdict.usage,
        status_code,
        failed: status_code != 0 || verdict.job_failed,
        flags,
        labels: verdict.labels,
        log_name: call.log_name.clone(),
        insert_id: call.entry.insert_id.text().map(SharedText::new),
        lateness: time.zip(received).map(|(time, received)| received.saturating_sub(time)),
    }
}

/// The candidates that do not name the payer as well: most fields of most entries agree, and need not be kept.
fn differing(charge: &Charge, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    if let Charge::One(claim) = charge {
        candidates.retain(|candidate| candidate.payer != claim.payer);
    }
    candidates.shrink_to_fit();
    candidates
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
        1 if call.is_bigquery() && call.job().is_some() => None,
        _ => Some(Reason::Failed),
    };
    by_stream.or(kinds).or(by_status)
}

fn method_reason(service: Option<&Service>, class: Option<MethodClass>) -> Option<Reason> {
    match (service, class) {
        (None, _) | (_, None) => Some(Reason::UnknownService),
        (Some(service), Some(class)) => service.reason(class),
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

fn location(call: &Audited<'_>) -> Option<SharedText> {
    let current = call.audit.resource_location.as_ref().and_then(|location| location.current_locations.as_ref());
    let current = current.and_then(|locations| locations.first()?.text());
    let labels = call.entry.resource.as_ref().and_then(|resource| resource.labels.as_ref());
    let label = labels.and_then(|labels| labels.location.text().or(labels.region.text()).or(labels.zone.text()));
    current.or(label).or_else(|| call.audit.resource_name.text().and_then(location_of)).map(shared)
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
