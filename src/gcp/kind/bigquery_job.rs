//! BigQuery jobs: on demand, the project the job runs in pays; in a reservation, the reservation's administration project.
//!
//! A job writes several entries (insertion, change, the v1 form, table events, result pages); only the end has statistics.
//! Source: <https://cloud.google.com/bigquery/docs/introduction-audit-workloads>,
//! <https://cloud.google.com/bigquery/pricing>, <https://cloud.google.com/bigquery/docs/information-schema-jobs>.

use super::resource::{self, first, resource_project};
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::bigquery_entry::{ServiceMetadata, TableEvent};
use crate::gcp::job_facts::{JobFacts, JobKind, JobStage, Reservation, is_dry_run};
use crate::gcp::lenient::Field;
use crate::gcp::mention::Mention;
use crate::gcp::resource_name::{ReservationOwner, job_of, project_of, reservation_project};
use crate::model::observation::{Charge, Evidence, Usage};
use crate::model::reason::{Flag, PayerReason, Reason};
use crate::model::text::shared;

/// Judges a call to BigQuery: a job, something that happened on the side of one, or administration.
pub fn judge(call: &Audited<'_>) -> Verdict {
    if let Some(event) = side_event(call) {
        return side_entry(call, event);
    }
    match call.job() {
        Some(job) => judge_job(call, job),
        None if asks_for_a_job(call) => judge_request(call),
        None => resource::judge(call),
    }
}

/// The methods that start a job; v1 spells them in small letters.
fn asks_for_a_job(call: &Audited<'_>) -> bool {
    let last = call.method().rsplit('.').next().unwrap_or_default();
    ["InsertJob", "Query", "Insert"].iter().any(|method| last.eq_ignore_ascii_case(method))
        && call.method().to_ascii_lowercase().contains("jobservice")
}

/// A job that was asked for and has no name in the entry: refused, or told of elsewhere.
fn judge_request(call: &Audited<'_>) -> Verdict {
    let named = [
        (Rule::BigqueryJobProject, 100, call.resource()),
        (Rule::BigqueryJobProject, 75, call.label()),
        (Rule::ResourceLogName, 50, call.log()),
    ];
    let (charge, candidates) = first(named, Rule::BigqueryJobProject);
    let mut verdict = Verdict::new(Kind::BigqueryJob, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project(call);
    verdict.method_reason = Some(Some(Reason::OpenOperation));
    if let Some(data) = call.audit.service_data.as_ref() {
        let asked = data.job_insert_request.as_ref().and_then(|request| request.job.as_ref());
        verdict.location = asked.and_then(|job| job.job_name.as_ref()?.location.text()).map(shared);
        if is_dry_run(data) && call.status_code() == 0 {
            verdict.reason = Some(Reason::DryRun);
        }
    }
    verdict
}

/// Whether an entry tells of something on the side of a job, which is a call of its own.
pub fn is_side_entry(call: &Audited<'_>) -> bool {
    side_event(call).is_some()
}

/// An event of a table, or a page of results, that names the job it happened in.
struct SideEvent {
    job: Option<Mention>,
}

/// Table events that a job caused, and result pages.
fn side_event(call: &Audited<'_>) -> Option<SideEvent> {
    let metadata = call.audit.metadata.as_ref();
    if let Some((name, event)) = metadata.and_then(|metadata| table_event(metadata)) {
        let reason = event.reason.text().unwrap_or_default();
        let of_job = event.job_name.text().is_some()
            || matches!(
                reason,
                "JOB" | "QUERY" | "QUERY_REQUEST" | "GET_QUERY_RESULTS_REQUEST" | "MATERIALIZED_VIEW_REFRESH"
            );
        if of_job || reason == "WRITE_API" {
            let path = format!("protoPayload.metadata.{name}.jobName");
            let job = event.job_name.text().and_then(|text| Mention::new(path, text, project_of(text)?));
            return Some(SideEvent { job });
        }
        return None;
    }
    let method = call.method();
    let last = method.rsplit('.').next().unwrap_or_default();
    if !last.eq_ignore_ascii_case("getqueryresults") {
        return None;
    }
    let v1 = call.audit.service_data.as_ref().and_then(|data| data.job_get_query_results_response.as_ref());
    let v1_project = v1.and_then(|held| held.job.as_ref()?.job_name.as_ref()?.project_id.text());
    let job = match v1_project {
        Some(project) => {
            Mention::new("protoPayload.serviceData.jobGetQueryResultsResponse.job.jobName.projectId", project, project)
        }
        None => call.resource().filter(|named| job_of(&named.evidence.text).is_some()),
    };
    Some(SideEvent { job })
}

fn table_event<'m>(metadata: &'m ServiceMetadata<'m>) -> Option<(&'static str, &'m TableEvent<'m>)> {
    let events: [(&'static str, &Field<Box<TableEvent<'m>>>); 8] = [
        ("tableDataRead", &metadata.table_data_read),
        ("tableDataChange", &metadata.table_data_change),
        ("tableCreation", &metadata.table_creation),
        ("tableChange", &metadata.table_change),
        ("tableDeletion", &metadata.table_deletion),
        ("routineCreation", &metadata.routine_creation),
        ("modelCreation", &metadata.model_creation),
        ("datasetCreation", &metadata.dataset_creation),
    ];
    events.into_iter().find_map(|(name, event)| Some((name, event.as_ref()?.as_ref())))
}

fn side_entry(call: &Audited<'_>, event: SideEvent) -> Verdict {
    let rule = Rule::BigqueryJobSideEntry;
    let redacted = Charge::Nobody { rule: rule.name(), reason: PayerReason::RedactedJob, evidence: None };
    let charge = event.job.and_then(|job| job.claim(rule, 100)).map_or(redacted, Charge::One);
    let mut verdict = Verdict::new(Kind::BigqueryJob, charge);
    verdict.resource_project = resource_project(call);
    let data = call.label();
    verdict.candidates.extend(data.and_then(|data| data.candidate(false, "holds the data; the job runs elsewhere")));
    verdict.reason = Some(Reason::JobSideEntry);
    verdict
}

fn judge_job(call: &Audited<'_>, job: &JobFacts) -> Verdict {
    let reason = job_reason(call, job);
    let capacity = capacity(job);
    let uses_reservation = capacity.is_some() && reason.is_none();
    let named = [
        (Rule::BigqueryJobProject, 100, job.project.clone()),
        (Rule::ResourceLabel, 75, call.label()),
        (Rule::ResourceLogName, 50, call.log()),
    ];
    let (by_project, mut candidates) = first(named, Rule::BigqueryJobProject);
    let mut metered_slot_ms = None;
    let charge = match capacity {
        Some((capacity, slot_ms)) if uses_reservation => {
            metered_slot_ms = slot_ms;
            let why = "the job runs here, but its reservation pays";
            candidates.clear();
            candidates.extend(job.project.clone().and_then(|project| project.candidate(false, why)));
            capacity
        }
        _ => by_project,
    };
    let mut verdict = Verdict::new(Kind::BigqueryJob, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project(call);
    verdict.capacity = uses_reservation;
    verdict.reason = reason;
    verdict.method_reason = Some(None);
    verdict.usage = Usage {
        total_billed_bytes: job.billed_bytes,
        processed_bytes: job.processed_bytes,
        total_slot_ms: job.slot_ms,
        metered_slot_ms,
    };
    verdict.job_failed = job.error_code.is_some();
    let flags = [
        (uses_reservation, Flag::Capacity),
        (cancelled(call, job), Flag::Cancelled),
        (job.statement_type.as_deref() == Some("CREATE_MODEL"), Flag::CreateModel),
        (job.is_script_child || job.statement_type.as_deref() == Some("SCRIPT"), Flag::Script),
    ];
    verdict.flags = flags.into_iter().filter_map(|(holds, flag)| holds.then_some(flag)).collect();
    verdict.labels.clone_from(&job.labels);
    verdict.location.clone_from(&job.location);
    verdict
}

/// Why the job itself is not charged; the first that holds.
fn job_reason(call: &Audited<'_>, job: &JobFacts) -> Option<Reason> {
    let cancelled = cancelled(call, job);
    let status = call.status_code();
    if job.error_code.is_some() && !cancelled {
        return Some(Reason::JobError);
    }
    if status != 0 && !cancelled {
        // Without an end there is no job that could be charged or not: the insertion itself was refused or failed.
        return match (job.stage, status) {
            (JobStage::Ended, _) => Some(Reason::JobError),
            (JobStage::Begun | JobStage::Mentioned, 7) => Some(Reason::Denied),
            (JobStage::Begun | JobStage::Mentioned, _) => Some(Reason::Failed),
        };
    }
    if job.cache_hit {
        return Some(Reason::CacheHit);
    }
    if job.dry_run {
        return Some(Reason::DryRun);
    }
    if job.statement_type.as_deref() == Some("SCRIPT") {
        return Some(Reason::ScriptParent);
    }
    match job.kind {
        // A load, copy or extract job that ran in a reservation of its own uses that capacity.
        JobKind::LoadCopyExtract if capacity(job).is_none() => Some(Reason::LoadCopyExtract),
        JobKind::LoadCopyExtract | JobKind::Query | JobKind::Unstated => None,
    }
}

fn cancelled(call: &Audited<'_>, job: &JobFacts) -> bool {
    job.error_code.map_or(call.status_code() == 1, |code| code == 1)
}

/// Who carries a job that ran in a reservation, and the slot time there if it is told apart; `None` for on-demand jobs and
/// the shared pool.
fn capacity(job: &JobFacts) -> Option<(Charge, Option<u64>)> {
    job.reservations.iter().find_map(|reservation| Some((reservation_charge(reservation)?, reservation.slot_ms)))
}

fn reservation_charge(reservation: &Reservation) -> Option<Charge> {
    let rule = Rule::BigqueryJobReservation;
    let evidence =
        reservation.named.as_ref().map(|(path, text)| Evidence { path: path.clone().into(), text: shared(text) });
    let unknown = Charge::Nobody { rule: rule.name(), reason: PayerReason::UnknownReservation, evidence };
    let Some((path, text)) = &reservation.named else { return Some(unknown) };
    match reservation_project(text) {
        ReservationOwner::Shared => None,
        ReservationOwner::Unnamed => Some(unknown),
        ReservationOwner::Project(token) => {
            Some(Mention::new(path.clone(), text, token).map_or(unknown, |mention| mention.charge(rule, 90)))
        }
    }
}
