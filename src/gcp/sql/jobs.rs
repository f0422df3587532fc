//! What an entry says of a BigQuery job, from the v2 metadata, the v1 service data, or its resource name alone. `job_facts` and
//! `kind/bigquery_job` have the same in Rust.

use super::expr::{JobPart, code, flag, is_object, is_one_of, is_present, job_of, json, project_of, quantity, text};
use super::select::{Select, Step, literal};
use crate::gcp::service::ServiceKind;
use crate::model::reason::Reason;

/// Events of tables, in the order in which they are looked for.
const SIDE_EVENTS: [&str; 8] = [
    "tableDataRead",
    "tableDataChange",
    "tableCreation",
    "tableChange",
    "tableDeletion",
    "routineCreation",
    "modelCreation",
    "datasetCreation",
];

/// Where v1 service data holds a job, in the order in which it is looked for.
const V1_JOBS: [(&str, &str); 4] = [
    ("jobCompletedEvent", "jobCompletedEvent.job"),
    ("jobInsertResponse.resource", "jobInsertResponse.resource"),
    ("jobQueryResponse.job", "jobQueryResponse.job"),
    ("jobInsertRequest.resource", "jobInsertRequest.resource"),
];

fn case(whens: impl IntoIterator<Item = (String, String)>) -> String {
    let whens: Vec<String> = whens.into_iter().map(|(when, then)| format!("\n  WHEN {when} THEN {then}")).collect();
    format!("CASE{}\nEND", whens.concat())
}

/// The steps, each of which reads the one before.
pub(super) fn steps() -> [Step; 3] {
    [events(), jobs(), facts()]
}

/// Which event of a job or a table an entry of BigQuery tells of.
fn events() -> Step {
    let bigquery = format!("service_kind = {}", literal(ServiceKind::BigqueryJob.name()));
    let own = |column: &str| format!("IF({bigquery}, {column}, NULL)");
    let (metadata, data) = ("metadata", "service_data");
    let both = |test: String| format!("{bigquery} AND {test}");
    let job_events = ["jobChange", "jobInsertion"];
    let columns = vec![
        ("*".to_owned(), ""),
        (case(job_events.map(|name| (both(is_object(metadata, name)), literal(name)))), "event_name"),
        (case(job_events.map(|name| (both(is_object(metadata, name)), json(metadata, name)))), "event"),
        (case(SIDE_EVENTS.map(|name| (both(is_object(metadata, name)), literal(name)))), "side_name"),
        (case(SIDE_EVENTS.map(|name| (both(is_object(metadata, name)), json(metadata, name)))), "side_event"),
        (own(data), "v1"),
        (case(V1_JOBS.map(|(test, path)| (both(is_object(data, test)), literal(path)))), "v1_path"),
        (case(V1_JOBS.map(|(test, path)| (both(is_object(data, test)), json(data, path)))), "v1_job"),
        (text(metadata, "tableDataRead.sessionName"), "session_name"),
        (project_of(&text(metadata, "tableDataRead.sessionName")), "session_token"),
    ];
    Step::new(
        "events",
        "BigQuery: which event of a job or of a table the entry tells of, in the old form (v1) or the new one",
        Select { columns, from: "known".to_owned(), ..Select::default() },
    )
}

/// The name of the job, and the form that tells it.
fn jobs() -> Step {
    let name = format!("COALESCE({}, resource)", text("event", "job.jobName"));
    let v2 = format!("{} AND {} IS NOT NULL", is_object("event", "job"), job_of(&name, JobPart::Id));
    let v1_named = format!(
        "{} IS NOT NULL AND {} IS NOT NULL",
        text("v1_job", "jobName.projectId"),
        text("v1_job", "jobName.jobId")
    );
    let by_resource = format!("{} IS NOT NULL", job_of("resource", JobPart::Id));
    let v1 = format!("IFNULL(JSON_TYPE(v1_job) = 'object', FALSE) AND (({v1_named}) OR {by_resource})");
    let asks = is_one_of("LOWER(method_last)", ["insertjob", "query", "insert", "jobcompleted"]);
    let bigquery = format!("service_kind = {}", literal(ServiceKind::BigqueryJob.name()));
    let form = case([
        (v2, "'v2'".to_owned()),
        (v1, "'v1'".to_owned()),
        (format!("{bigquery} AND {asks} AND {by_resource}"), "'name'".to_owned()),
    ]);
    let reason = format!("IFNULL({}, '')", text("side_event", "reason"));
    let side_job = text("side_event", "jobName");
    let by_job =
        ["JOB", "QUERY", "QUERY_REQUEST", "GET_QUERY_RESULTS_REQUEST", "MATERIALIZED_VIEW_REFRESH", "WRITE_API"];
    let of_job = format!("({side_job} IS NOT NULL OR {})", is_one_of(&reason, by_job));
    // A table event without a job says so; only without any event does a page of results name its job.
    let side = format!("{bigquery} AND IF(side_name IS NOT NULL, {of_job}, LOWER(method_last) = 'getqueryresults')");
    let columns = vec![
        ("*".to_owned(), ""),
        (form, "job_form"),
        (v1_named, "v1_named"),
        (format!("IFNULL({side}, FALSE)"), "is_side"),
    ];
    Step::new(
        "jobs",
        "BigQuery: whether the entry names its job, or only something that happened beside one",
        Select { columns, from: "events".to_owned(), ..Select::default() },
    )
}

fn facts() -> Step {
    let by_form = |v2: &str, v1: &str, name: &str| {
        format!("CASE job_form WHEN 'v2' THEN {v2} WHEN 'v1' THEN {v1} WHEN 'name' THEN {name} END")
    };
    let v2_text = text("event", "job.jobName");
    let job_text = by_form(
        &format!("COALESCE({v2_text}, resource)"),
        &format!("IF(v1_named, {}, resource)", text("v1_job", "jobName.projectId")),
        "resource",
    );
    let resource_path = "'protoPayload.resourceName'";
    let job_path = by_form(
        &format!(
            "IF({v2_text} IS NOT NULL, CONCAT('protoPayload.metadata.', event_name, '.job.jobName'), {resource_path})"
        ),
        &format!("IF(v1_named, CONCAT('protoPayload.serviceData.', v1_path, '.jobName.projectId'), {resource_path})"),
        resource_path,
    );
    let part = |part: JobPart, v1: &str| {
        by_form(
            &job_of(&format!("COALESCE({v2_text}, resource)"), part),
            &format!("IF(v1_named, {}, {})", text("v1_job", v1), job_of("resource", part)),
            &job_of("resource", part),
        )
    };
    let location = text("labels", "location");
    let ended = by_form(
        &format!(
            "event_name = 'jobChange' AND COALESCE({}, {}, 'DONE') = 'DONE'",
            text("event", "after"),
            text("event", "job.jobStatus.jobState")
        ),
        "v1_path = 'jobCompletedEvent.job'",
        "FALSE",
    );
    let statement = by_form(
        &text("event", "job.jobConfig.queryConfig.statementType"),
        &text("v1_job", "jobConfiguration.query.statementType"),
        "NULL",
    );
    let v1_event = text("v1", "jobCompletedEvent.eventName");
    let moves = ["load", "extract", "tableCopy"]
        .map(|member| is_present("v1_job", &format!("jobConfiguration.{member}")))
        .join(" OR ");
    let v1_loads = format!(
        "CASE WHEN {} THEN TRUE WHEN {v1_event} = 'query_job_completed' THEN FALSE ELSE {moves} END",
        is_one_of(&v1_event, ["load_job_completed", "extract_job_completed", "table_copy_job_completed"])
    );
    let loads =
        by_form(&is_one_of(&text("event", "job.jobConfig.type"), ["IMPORT", "COPY", "EXPORT"]), &v1_loads, "FALSE");
    let error = |path: &str, of: &str| {
        let (code, message) = (code(of, &format!("{path}.code")), text(of, &format!("{path}.message")));
        format!("CASE WHEN IFNULL({code}, 0) != 0 THEN {code} WHEN {message} IS NOT NULL THEN 2 END")
    };
    let statistics = |v2: &str, v1: &str| {
        by_form(
            &quantity("event", &format!("job.jobStats.{v2}")),
            &quantity("v1_job", &format!("jobStatistics.{v1}")),
            "NULL",
        )
    };
    let side_v1 = text("v1", "jobGetQueryResultsResponse.job.jobName.projectId");
    let side_job = text("side_event", "jobName");
    let is_job_page = format!("{} IS NOT NULL", job_of("resource", JobPart::Id));
    let page = |event: &str, v1: &str, resource: &str| {
        format!(
            "CASE WHEN side_name IS NOT NULL THEN {event} WHEN {side_v1} IS NOT NULL THEN {v1} WHEN {is_job_page} THEN {resource} END"
        )
    };
    let reservations = format!(
        "CASE\n  WHEN {v2_named} IS NOT NULL THEN [STRUCT(-1 AS place, {v2_named} AS name, CAST(NULL AS INT64) AS slot_ms)]\n  WHEN {v1_named} IS NOT NULL THEN [STRUCT(-1 AS place, {v1_named} AS name, CAST(NULL AS INT64) AS slot_ms)]\n  ELSE ARRAY(\n    SELECT STRUCT(position AS place, {name} AS name, {slots} AS slot_ms)\n    FROM UNNEST({usage}) AS item WITH OFFSET AS position\n    WHERE JSON_TYPE(item) = 'object'\n  )\nEND",
        v2_named = format!("IF(job_form = 'v2', {}, NULL)", text("event", "job.jobStats.reservation")),
        v1_named = format!("IF(job_form = 'v1', {}, NULL)", text("v1_job", "jobStatistics.reservation")),
        name = text("item", "name"),
        slots = quantity("item", "slotMs"),
        usage = by_form(
            "JSON_QUERY_ARRAY(event, '$.job.jobStats.reservationUsage')",
            "JSON_QUERY_ARRAY(v1_job, '$.jobStatistics.reservationUsage')",
            "NULL"
        ),
    );
    let dry = [flag("v1", "jobInsertRequest.resource.jobConfiguration.dryRun"), flag("v1", "jobQueryRequest.dryRun")]
        .join(" OR ");
    let columns = vec![
        ("*".to_owned(), ""),
        (job_path, "job_path"),
        (job_text, "job_text"),
        (part(JobPart::Project, "jobName.projectId"), "job_token"),
        (part(JobPart::Id, "jobName.jobId"), "job_id"),
        (format!("LOWER({})", by_form(&location, &text("v1_job", "jobName.location"), &location)), "job_location"),
        (format!("IFNULL({ended}, FALSE)"), "job_ended"),
        (statement, "statement_type"),
        (format!("IFNULL({loads}, FALSE)"), "job_loads"),
        (format!("({dry})"), "asks_dry_run"),
        (
            format!(
                "IFNULL({}, FALSE)",
                by_form("FALSE", &format!("({dry} OR {})", flag("v1_job", "jobConfiguration.dryRun")), "FALSE")
            ),
            "job_dry_run",
        ),
        (
            format!("IFNULL({}, FALSE)", by_form(&flag("event", "job.jobStats.queryStats.cacheHit"), "FALSE", "FALSE")),
            "cache_hit",
        ),
        (
            by_form(&error("job.jobStatus.errorResult", "event"), &error("jobStatus.error", "v1_job"), "NULL"),
            "job_error",
        ),
        (statistics("queryStats.totalBilledBytes", "totalBilledBytes"), "total_billed_bytes"),
        (statistics("queryStats.totalProcessedBytes", "totalProcessedBytes"), "processed_bytes"),
        (statistics("totalSlotMs", "totalSlotMs"), "total_slot_ms"),
        (
            by_form(
                "CONCAT('protoPayload.metadata.', event_name, '.job.jobStats')",
                "CONCAT('protoPayload.serviceData.', v1_path, '.jobStatistics')",
                "NULL",
            ),
            "statistics_path",
        ),
        (reservations, "reservations"),
        (
            page(
                "CONCAT('protoPayload.metadata.', side_name, '.jobName')",
                "'protoPayload.serviceData.jobGetQueryResultsResponse.job.jobName.projectId'",
                resource_path,
            ),
            "side_path",
        ),
        (page(&side_job, &side_v1, "resource"), "side_text"),
        (page(&project_of(&side_job), &side_v1, "resource_token"), "side_token"),
    ];
    Step::new(
        "facts",
        "BigQuery: what the entry says of the job",
        Select { columns, from: "jobs".to_owned(), ..Select::default() },
    )
}

/// Whether the job was cancelled: by its error, or without one by the entry's status.
const CANCELLED: &str = "IF(job_error IS NOT NULL, job_error = 1, status_code = 1)";

/// Why the job itself is not charged; NULL when it is.
pub(super) fn job_reason() -> String {
    let reason = |reason: Reason| literal(reason.name());
    case([
        (format!("job_error IS NOT NULL AND NOT {CANCELLED}"), reason(Reason::JobError)),
        (
            format!("status_code != 0 AND NOT {CANCELLED}"),
            format!(
                "IF(job_ended, {}, IF(status_code = 7, {}, {}))",
                reason(Reason::JobError),
                reason(Reason::Denied),
                reason(Reason::Failed)
            ),
        ),
        ("cache_hit".to_owned(), reason(Reason::CacheHit)),
        ("job_dry_run".to_owned(), reason(Reason::DryRun)),
        ("statement_type = 'SCRIPT'".to_owned(), reason(Reason::ScriptParent)),
        ("job_loads AND NOT in_reservation".to_owned(), reason(Reason::LoadCopyExtract)),
    ])
}
