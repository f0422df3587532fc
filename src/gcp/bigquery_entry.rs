//! What BigQuery writes into an audit entry: the v2 metadata and the v1 service data, as far as rules use them.
//!
//! Source: <https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/BigQueryAuditMetadata>,
//! <https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/AuditData>.

use std::borrow::Cow;

use super::lenient::{Field, Present, TextMap, lenient_object};
use super::log_entry::Status;

lenient_object! {
    /// `BigQueryAuditMetadata`, and what Cloud Storage writes in the same place.
    pub struct ServiceMetadata<'a> {
        /// Where a Cloud Storage copy goes; stands in the entry of the source that is read.
        destination "destination": Present,
        /// A job changed its state; only this has final statistics.
        job_change "jobChange": Box<JobEvent<'a>>,
        /// A job began.
        job_insertion "jobInsertion": Box<JobEvent<'a>>,
        /// A table was read.
        table_data_read "tableDataRead": Box<TableEvent<'a>>,
        /// A table's data changed.
        table_data_change "tableDataChange": Box<TableEvent<'a>>,
        /// A table was made.
        table_creation "tableCreation": Box<TableEvent<'a>>,
        /// A table's description changed.
        table_change "tableChange": Box<TableEvent<'a>>,
        /// A table was deleted.
        table_deletion "tableDeletion": Box<TableEvent<'a>>,
        /// A routine was made.
        routine_creation "routineCreation": Box<TableEvent<'a>>,
        /// A model was made.
        model_creation "modelCreation": Box<TableEvent<'a>>,
        /// A dataset was made.
        dataset_creation "datasetCreation": Box<TableEvent<'a>>,
    }
}

lenient_object! {
    /// What happened to a job.
    pub struct JobEvent<'a> {
        /// The state after the change; `DONE` at the end.
        after "after": Cow<'a, str>,
        /// The job.
        job "job": Job<'a>,
    }
}

lenient_object! {
    /// What happened to a table, by which job or session.
    pub struct TableEvent<'a> {
        /// `projects/P/jobs/J`; withheld when the job is another organisation's.
        job_name "jobName": Cow<'a, str>,
        /// `JOB`, `QUERY`, `TABLEDATA_LIST_REQUEST`, `CREATE_READ_SESSION`, …
        reason "reason": Cow<'a, str>,
        /// `projects/P/locations/L/sessions/S` of the Storage Read API.
        session_name "sessionName": Cow<'a, str>,
    }
}

lenient_object! {
    /// A v2 job.
    pub struct Job<'a> {
        /// `projects/P/jobs/J`.
        job_name "jobName": Cow<'a, str>,
        /// What was asked.
        job_config "jobConfig": JobConfig<'a>,
        /// How it ended.
        job_status "jobStatus": JobStatus<'a>,
        /// What it took.
        job_stats "jobStats": JobStats<'a>,
    }
}

lenient_object! {
    /// What a v2 job was asked.
    pub struct JobConfig<'a> {
        /// `QUERY`, `COPY`, `EXPORT`, `IMPORT`.
        kind "type": Cow<'a, str>,
        /// For queries.
        query_config "queryConfig": QueryConfig<'a>,
        /// The job's labels.
        labels "labels": TextMap<'a>,
    }
}

lenient_object! {
    /// What a query job was asked.
    pub struct QueryConfig<'a> {
        /// `SELECT`, `SCRIPT`, `CREATE_MODEL`, …
        statement_type "statementType": Cow<'a, str>,
    }
}

lenient_object! {
    /// How a v2 job ended.
    pub struct JobStatus<'a> {
        /// `DONE`, `RUNNING`, …
        job_state "jobState": Cow<'a, str>,
        /// Set when the job failed or was cancelled.
        error_result "errorResult": Status<'a>,
    }
}

lenient_object! {
    /// What a v2 job took.
    pub struct JobStats<'a> {
        /// Slot time.
        total_slot_ms "totalSlotMs": u64,
        /// The reservation it ran in.
        reservation "reservation": Cow<'a, str>,
        /// The same, older form.
        reservation_usage "reservationUsage": Vec<Field<ReservationUsage<'a>>>,
        /// The script it belongs to.
        parent_job_name "parentJobName": Cow<'a, str>,
        /// For queries.
        query_stats "queryStats": QueryStats<'a>,
    }
}

lenient_object! {
    /// Slot time by reservation.
    pub struct ReservationUsage<'a> {
        /// The reservation.
        name "name": Cow<'a, str>,
        /// Slot time in it.
        slot_ms "slotMs": u64,
    }
}

lenient_object! {
    /// What a query took.
    pub struct QueryStats<'a> {
        /// Bytes read.
        total_processed_bytes "totalProcessedBytes": u64,
        /// Bytes that on-demand pricing charges.
        total_billed_bytes "totalBilledBytes": u64,
        /// The result came from the cache.
        cache_hit "cacheHit": bool,
    }
}

lenient_object! {
    /// The v1 service data (`AuditData`).
    pub struct BigQueryServiceData<'a> {
        /// A job ended.
        job_completed_event "jobCompletedEvent": Box<JobCompletedEvent<'a>>,
        /// A job was asked for.
        job_insert_request "jobInsertRequest": Box<JobResource<'a>>,
        /// A job began.
        job_insert_response "jobInsertResponse": Box<JobResource<'a>>,
        /// A query was asked for.
        job_query_request "jobQueryRequest": JobQueryRequest<'a>,
        /// A query began or ended.
        job_query_response "jobQueryResponse": Box<JobHolder<'a>>,
        /// Results were fetched.
        job_get_query_results_response "jobGetQueryResultsResponse": Box<JobHolder<'a>>,
    }
}

lenient_object! {
    /// The end of a v1 job.
    pub struct JobCompletedEvent<'a> {
        /// `query_job_completed`, `load_job_completed`, …
        event_name "eventName": Cow<'a, str>,
        /// The job.
        job "job": V1Job<'a>,
    }
}

lenient_object! {
    /// A v1 job under `resource`.
    pub struct JobResource<'a> {
        /// The job.
        job "resource": V1Job<'a>,
    }
}

lenient_object! {
    /// A v1 query request.
    pub struct JobQueryRequest<'a> {
        /// Estimate only.
        dry_run "dryRun": bool,
    }
}

lenient_object! {
    /// A v1 job under `job`.
    pub struct JobHolder<'a> {
        /// The job.
        job "job": V1Job<'a>,
    }
}

lenient_object! {
    /// A v1 job.
    pub struct V1Job<'a> {
        /// Its name in parts.
        job_name "jobName": V1JobName<'a>,
        /// What was asked.
        job_configuration "jobConfiguration": V1JobConfiguration<'a>,
        /// How it ended.
        job_status "jobStatus": V1JobStatus<'a>,
        /// What it took.
        job_statistics "jobStatistics": V1JobStatistics<'a>,
    }
}

lenient_object! {
    /// The name of a v1 job.
    pub struct V1JobName<'a> {
        /// The project it runs in.
        project_id "projectId": Cow<'a, str>,
        /// Its id.
        job_id "jobId": Cow<'a, str>,
        /// Its location.
        location "location": Cow<'a, str>,
    }
}

lenient_object! {
    /// What a v1 job was asked.
    pub struct V1JobConfiguration<'a> {
        /// Estimate only.
        dry_run "dryRun": bool,
        /// For queries.
        query "query": QueryConfig<'a>,
        /// For loads.
        load "load": Present,
        /// For extracts.
        extract "extract": Present,
        /// For copies.
        table_copy "tableCopy": Present,
        /// The job's labels.
        labels "labels": TextMap<'a>,
    }
}

lenient_object! {
    /// How a v1 job ended.
    pub struct V1JobStatus<'a> {
        /// `DONE`, …
        state "state": Cow<'a, str>,
        /// Set when it failed.
        error "error": Status<'a>,
    }
}

lenient_object! {
    /// What a v1 job took.
    pub struct V1JobStatistics<'a> {
        /// Slot time.
        total_slot_ms "totalSlotMs": u64,
        /// Bytes that on-demand pricing charges.
        total_billed_bytes "totalBilledBytes": u64,
        /// Bytes read.
        total_processed_bytes "totalProcessedBytes": u64,
        /// The reservation it ran in.
        reservation "reservation": Cow<'a, str>,
        /// The same, older form.
        reservation_usage "reservationUsage": Vec<Field<ReservationUsage<'a>>>,
        /// The script it belongs to.
        parent_job_name "parentJobName": V1JobName<'a>,
    }
}
