//! What an entry says of a BigQuery job, from the v2 metadata, the v1 service data, or its resource name alone.

use super::kind::Audited;
use crate::gcp::bigquery_entry::{BigQueryServiceData, Job, JobEvent, ReservationUsage, V1Job, V1JobName};
use crate::gcp::lenient::{Field, TextMap};
use crate::gcp::mention::Mention;
use crate::gcp::resource_name::job_of;
use crate::model::text::{SharedText, shared};

/// How far a job had come when the entry was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStage {
    /// It had ended: statistics are final.
    Ended,
    /// It had begun.
    Begun,
    /// The entry only names it.
    Mentioned,
}

/// What kind of work a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// A query; `EXPORT DATA` is one too.
    Query,
    /// Load (`IMPORT`), copy or extract (`EXPORT`).
    LoadCopyExtract,
    /// Not said.
    Unstated,
}

/// Which form of entry told of the job. The later ones know more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Only the resource name.
    Name,
    /// The v1 service data.
    V1,
    /// The v2 metadata.
    V2,
}

/// A reservation that a job ran in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Path and text of the field that names it; `None` when its usage has no name.
    pub named: Option<(String, String)>,
    /// Slot time in it, where the entry tells it apart from that of others.
    pub slot_ms: Option<u64>,
}

/// A job as one entry tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFacts {
    /// The project token and the job id: the job's identity.
    pub identity: (String, String),
    /// The field that names the project.
    pub project: Option<Mention>,
    /// The location, as written.
    pub location: Option<SharedText>,
    /// Which form told of it.
    pub form: Form,
    /// How far it had come.
    pub stage: JobStage,
    /// The kind of work.
    pub kind: JobKind,
    /// `SELECT`, `SCRIPT`, `CREATE_MODEL`, …
    pub statement_type: Option<String>,
    /// Estimate only.
    pub dry_run: bool,
    /// Answered from the cache.
    pub cache_hit: bool,
    /// Runs as part of a script.
    pub is_script_child: bool,
    /// Set when the job failed or was cancelled (1).
    pub error_code: Option<i64>,
    /// The reservations the job ran in.
    pub reservations: Vec<Reservation>,
    /// Bytes that on-demand pricing charges; informational for capacity jobs.
    pub billed_bytes: Option<u64>,
    /// Bytes read.
    pub processed_bytes: Option<u64>,
    /// Slot time.
    pub slot_ms: Option<u64>,
    /// The job's labels.
    pub labels: Vec<(String, String)>,
}

/// The job that an entry tells of, if it tells of one.
pub fn job_facts(call: &Audited<'_>) -> Option<JobFacts> {
    v2(call).or_else(|| v1(call)).or_else(|| by_name(call))
}

fn v2(call: &Audited<'_>) -> Option<JobFacts> {
    let metadata = call.audit.metadata.as_ref()?;
    let changed = metadata.job_change.as_ref().map(|event| ("jobChange", event));
    let (name, event) = changed.or_else(|| metadata.job_insertion.as_ref().map(|event| ("jobInsertion", event)))?;
    let job = event.job.as_ref()?;
    let job_name = job.job_name.text().or(call.audit.resource_name.text())?;
    let path = if job.job_name.text().is_some() {
        format!("protoPayload.metadata.{name}.job.jobName")
    } else {
        "protoPayload.resourceName".to_owned()
    };
    let (project, id) = job_of(job_name)?;
    let config = job.job_config.as_ref();
    let stats = job.job_stats.as_ref();
    let query = stats.and_then(|stats| stats.query_stats.as_ref());
    let location = call.entry.resource.as_ref().and_then(|resource| resource.labels.as_ref()?.location.text());
    let at = format!("protoPayload.metadata.{name}.job.jobStats");
    let named = stats.and_then(|stats| stats.reservation.text());
    let usage = stats.and_then(|stats| stats.reservation_usage.as_ref());
    Some(JobFacts {
        identity: (project.to_owned(), id.to_owned()),
        project: Mention::new(path, job_name, project),
        location: location.map(shared),
        form: Form::V2,
        stage: if name == "jobChange" && is_done(event, job) { JobStage::Ended } else { JobStage::Begun },
        kind: match config.and_then(|config| config.kind.text()) {
            Some("QUERY") => JobKind::Query,
            Some("IMPORT" | "COPY" | "EXPORT") => JobKind::LoadCopyExtract,
            _ => JobKind::Unstated,
        },
        statement_type: config
            .and_then(|config| config.query_config.as_ref()?.statement_type.text())
            .map(str::to_owned),
        dry_run: false,
        cache_hit: query.and_then(|query| query.cache_hit.as_ref().copied()).unwrap_or(false),
        is_script_child: stats.is_some_and(|stats| stats.parent_job_name.text().is_some()),
        error_code: job.job_status.as_ref().and_then(|status| error_code(&status.error_result)),
        reservations: reservations(&at, named, usage),
        billed_bytes: query.and_then(|query| query.total_billed_bytes.as_ref().copied()),
        processed_bytes: query.and_then(|query| query.total_processed_bytes.as_ref().copied()),
        slot_ms: stats.and_then(|stats| stats.total_slot_ms.as_ref().copied()),
        labels: config.and_then(|config| config.labels.as_ref()).map(TextMap::to_labels).unwrap_or_default(),
    })
}

fn is_done(event: &JobEvent<'_>, job: &Job<'_>) -> bool {
    let state = job.job_status.as_ref().and_then(|status| status.job_state.text());
    event.after.text().or(state).is_none_or(|state| state == "DONE")
}

fn v1(call: &Audited<'_>) -> Option<JobFacts> {
    let data = call.audit.service_data.as_ref()?;
    let completed = data.job_completed_event.as_ref();
    let request = data.job_insert_request.as_ref().and_then(|request| request.job.as_ref());
    let (at, job, stage) = if let Some(event) = completed {
        ("jobCompletedEvent.job", event.job.as_ref()?, JobStage::Ended)
    } else if let Some(job) = data.job_insert_response.as_ref().and_then(|response| response.job.as_ref()) {
        ("jobInsertResponse.resource", job, JobStage::Begun)
    } else if let Some(job) = data.job_query_response.as_ref().and_then(|response| response.job.as_ref()) {
        ("jobQueryResponse.job", job, JobStage::Begun)
    } else {
        ("jobInsertRequest.resource", request?, JobStage::Begun)
    };
    let path = format!("protoPayload.serviceData.{at}");
    let (identity, project) = match parts(job.job_name.as_ref()) {
        Some((project, id)) => {
            ((project.to_owned(), id.to_owned()), Mention::new(format!("{path}.jobName.projectId"), project, project))
        }
        None => named(call)?,
    };
    let event_name = completed.and_then(|event| event.event_name.text());
    let config = job.job_configuration.as_ref();
    let stats = job.job_statistics.as_ref();
    let usage = stats.and_then(|stats| stats.reservation_usage.as_ref());
    let named = stats.and_then(|stats| stats.reservation.text());
    Some(JobFacts {
        identity,
        project,
        location: job.job_name.as_ref().and_then(|name| name.location.text()).map(shared),
        form: Form::V1,
        stage,
        kind: v1_kind(job, event_name),
        statement_type: config.and_then(|config| config.query.as_ref()?.statement_type.text()).map(str::to_owned),
        dry_run: is_dry_run(data) || config.is_some_and(|config| config.dry_run == Field::Is(true)),
        cache_hit: false,
        is_script_child: stats.is_some_and(|stats| parts(stats.parent_job_name.as_ref()).is_some()),
        error_code: job.job_status.as_ref().and_then(|status| error_code(&status.error)),
        reservations: reservations(&format!("{path}.jobStatistics"), named, usage),
        billed_bytes: stats.and_then(|stats| stats.total_billed_bytes.as_ref().copied()),
        processed_bytes: stats.and_then(|stats| stats.total_processed_bytes.as_ref().copied()),
        slot_ms: stats.and_then(|stats| stats.total_slot_ms.as_ref().copied()),
        labels: config.and_then(|config| config.labels.as_ref()).map(TextMap::to_labels).unwrap_or_default(),
    })
}

/// Whether a v1 request asks for an estimate only.
pub fn is_dry_run(data: &BigQueryServiceData<'_>) -> bool {
    let inserted =
        data.job_insert_request.as_ref().and_then(|request| request.job.as_ref()?.job_configuration.as_ref());
    inserted.is_some_and(|config| config.dry_run == Field::Is(true))
        || data.job_query_request.as_ref().is_some_and(|request| request.dry_run == Field::Is(true))
}

fn v1_kind(job: &V1Job<'_>, event_name: Option<&str>) -> JobKind {
    let config = job.job_configuration.as_ref();
    let moves = config.is_some_and(|config| {
        config.load.as_ref().is_some() || config.extract.as_ref().is_some() || config.table_copy.as_ref().is_some()
    });
    match event_name {
        Some("load_job_completed" | "extract_job_completed" | "table_copy_job_completed") => JobKind::LoadCopyExtract,
        Some("query_job_completed") => JobKind::Query,
        _ if moves => JobKind::LoadCopyExtract,
        _ if config.is_some_and(|config| config.query.as_ref().is_some()) => JobKind::Query,
        _ => JobKind::Unstated,
    }
}

fn parts<'n>(name: Option<&'n V1JobName<'_>>) -> Option<(&'n str, &'n str)> {
    let name = name?;
    Some((name.project_id.text()?, name.job_id.text()?))
}

/// A job that only the resource name tells of.
fn by_name(call: &Audited<'_>) -> Option<JobFacts> {
    let last = call.method().rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(last.as_str(), "insertjob" | "query" | "insert" | "jobcompleted") {
        return None;
    }
    let (identity, project) = named(call)?;
    Some(JobFacts {
        identity,
        project,
        location: call
            .entry
            .resource
            .as_ref()
            .and_then(|resource| resource.labels.as_ref()?.location.text())
            .map(shared),
        form: Form::Name,
        stage: JobStage::Mentioned,
        kind: JobKind::Unstated,
        statement_type: None,
        dry_run: false,
        cache_hit: false,
        is_script_child: false,
        error_code: None,
        reservations: Vec::new(),
        billed_bytes: None,
        processed_bytes: None,
        slot_ms: None,
        labels: Vec::new(),
    })
}

fn named(call: &Audited<'_>) -> Option<((String, String), Option<Mention>)> {
    let text = call.audit.resource_name.text()?;
    let (project, id) = job_of(text)?;
    Some(((project.to_owned(), id.to_owned()), Mention::new("protoPayload.resourceName", text, project)))
}

/// The code of a status that tells of an error; `{}` and code 0 without a message do not.
fn error_code(status: &Field<super::log_entry::Status<'_>>) -> Option<i64> {
    let status = status.as_ref()?;
    match status.code.as_ref().copied() {
        Some(0) | None => status.message.text().map(|_| 2),
        Some(code) => Some(code),
    }
}

fn reservations(at: &str, named: Option<&str>, usage: Option<&Vec<Field<ReservationUsage<'_>>>>) -> Vec<Reservation> {
    if let Some(text) = named {
        return vec![Reservation { named: Some((format!("{at}.reservation"), text.to_owned())), slot_ms: None }];
    }
    let usages = usage.into_iter().flatten().enumerate();
    usages
        .filter_map(|(index, usage)| {
            let usage = usage.as_ref()?;
            let named = usage.name.text().map(|name| (format!("{at}.reservationUsage[{index}].name"), name.to_owned()));
            Some(Reservation { named, slot_ms: usage.slot_ms.as_ref().copied() })
        })
        .collect()
}
