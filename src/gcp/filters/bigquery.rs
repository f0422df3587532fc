//! The filters of questions about BigQuery: jobs and how they are paid, the Storage API, reservations.
//!
//! Source: <https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/BigQueryAuditMetadata>.

use super::build::{FieldPath, all, any, field, not};
use super::questions::{ACTIVITY, UNLOGGED};
use super::{Described, logs, method, service};
use crate::lql::ast::Expr;

/// What it costs to look at the ends of jobs.
const JOBS: &str =
    "reads the Data Access entries of BigQuery's projects, whose resource type is indexed; add a project and a period";

/// What is not among the jobs in the v2 form.
const V1: &str = "find jobs whose entries have only the old (v1) form: see `question_bigquery_v1_completed_jobs`";

/// What stands in place of a reservation when the slots are Google's own.
const SHARED: [&str; 2] = ["unreserved", "default-pipeline"];

/// A field of the job that a v2 entry tells of.
fn job(name: &str) -> FieldPath {
    field(&format!("protoPayload.metadata.jobChange.job.{name}"))
}

/// Ends of jobs in the v2 form.
fn finished() -> Expr {
    all([
        logs(&["data_access"]),
        field("resource.type").eq("bigquery_project"),
        field("protoPayload.metadata.@type").eq("type.googleapis.com/google.cloud.audit.BigQueryAuditMetadata"),
        field("protoPayload.metadata.jobChange.after").eq("DONE"),
    ])
}

/// Of those, the ones with a condition of their own.
fn finished_and(conditions: impl IntoIterator<Item = Expr>) -> Expr {
    all([finished()].into_iter().chain(conditions))
}

/// The questions.
pub(super) fn questions() -> Vec<Described> {
    let statement = || job("jobConfig.queryConfig.statementType");
    vec![
        Described {
            stem: "question_bigquery_finished_jobs",
            exact: true,
            finds: "the ends of jobs, one entry for each, with their final statistics",
            costs: JOBS,
            cannot: V1,
            filter: finished(),
        },
        Described {
            stem: "question_bigquery_on_demand_charged",
            exact: true,
            finds: "finished queries that on-demand pricing charged, cancelled ones too",
            costs: JOBS,
            cannot: V1,
            filter: finished_and([
                job("jobConfig.type").eq("QUERY"),
                job("jobStats.queryStats.totalBilledBytes").ne("0"),
                used_something(),
                any([
                    job("jobStats.reservation").one_of(SHARED),
                    all([not(in_reservation()), not(used_reservation())]),
                ]),
            ]),
        },
        Described {
            stem: "question_bigquery_capacity_jobs",
            exact: false,
            finds: "finished jobs that ran in a reservation, whose administration project pays",
            costs: JOBS,
            cannot: "name the payer in a field of its own: it is a part of the reservation's name. billtrail is finer: it \
                     knows jobs that used several reservations, of which some are Google's own",
            filter: finished_and([
                used_something(),
                not(job("jobStats.reservation").one_of(SHARED)),
                any([in_reservation(), used_reservation()]),
            ]),
        },
        Described {
            stem: "question_bigquery_scripts",
            exact: true,
            finds: "finished scripts; their statistics repeat those of the statements in them",
            costs: JOBS,
            cannot: "tell what was charged: the statements' own entries do (`question_bigquery_script_statements`)",
            filter: finished_and([statement().eq("SCRIPT")]),
        },
        Described {
            stem: "question_bigquery_script_statements",
            exact: true,
            finds: "finished statements that ran as a part of a script",
            costs: JOBS,
            cannot: V1,
            filter: finished_and([job("jobStats.parentJobName").present()]),
        },
        Described {
            stem: "question_bigquery_labelled_jobs",
            exact: true,
            finds: "finished jobs that have labels, by which their cost can be shared out",
            costs: JOBS,
            cannot: "ask for a label that some jobs lack: add the label's key to the path and compare it with a value",
            filter: finished_and([job("jobConfig.labels").present()]),
        },
        Described {
            stem: "question_bigquery_create_model",
            exact: true,
            finds: "finished statements that trained a model, which have a price of their own",
            costs: JOBS,
            cannot: V1,
            filter: finished_and([statement().eq("CREATE_MODEL")]),
        },
        Described {
            stem: "question_bigquery_job_starts",
            exact: true,
            finds: "insertions of jobs",
            costs: JOBS,
            cannot: "tell what the job took: its end does (`question_bigquery_finished_jobs`)",
            filter: all([
                logs(&["data_access"]),
                field("resource.type").eq("bigquery_project"),
                field("protoPayload.metadata.jobInsertion.reason").present(),
            ]),
        },
        Described {
            stem: "question_bigquery_v1_completed_jobs",
            exact: true,
            finds: "the ends of jobs in the old (v1) form",
            costs: JOBS,
            cannot: "find jobs whose entries have only the new form: see `question_bigquery_finished_jobs`",
            filter: all([
                logs(&["data_access"]),
                field("resource.type").eq("bigquery_resource"),
                field("protoPayload.methodName").eq("jobservice.jobcompleted"),
                field("protoPayload.serviceData.jobCompletedEvent.eventName").one_of([
                    "query_job_completed",
                    "load_job_completed",
                    "extract_job_completed",
                    "table_copy_job_completed",
                ]),
            ]),
        },
        Described {
            stem: "question_bigquery_storage_api",
            exact: true,
            finds: "read sessions, reads of rows and writes of the Storage API",
            costs: "reads the Data Access entries of datasets and tables; add a project and a period",
            cannot: "count the reads: a session is the call (`CreateReadSession`), and the reads of its rows belong to it",
            filter: all([
                logs(&["data_access"]),
                field("resource.type").one_of(["bigquery_dataset", "bigquery_table"]),
                method("(BigQueryRead[.](CreateReadSession|ReadRows)|BigQueryWrite[.]AppendRows)$"),
            ]),
        },
        Described {
            stem: "question_bigquery_reservation_changes",
            exact: true,
            finds: "changes of reservations, commitments and assignments, which change who pays for jobs",
            costs: ACTIVITY,
            cannot: UNLOGGED,
            filter: all([logs(&["activity"]), service("bigqueryreservation.googleapis.com")]),
        },
    ]
}

/// The job names its reservation.
fn in_reservation() -> Expr {
    job("jobStats.reservation").matches(".")
}

/// The older form: what the job used by reservation, of which one is not the shared pool.
fn used_reservation() -> Expr {
    job("jobStats.reservationUsage.name").ne(SHARED[0])
}

/// The job ended well or was cancelled; it was not answered from the cache and is no script, whose statements are charged.
fn used_something() -> Expr {
    let code = || job("jobStatus.errorResult.code");
    all([
        any([not(code().above(0)), code().is("1")]),
        not(job("jobStats.queryStats.cacheHit").is("true")),
        not(job("jobConfig.queryConfig.statementType").eq("SCRIPT")),
    ])
}
