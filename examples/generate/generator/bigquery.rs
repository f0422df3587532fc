//! BigQuery jobs: each writes a family of entries, of which the one at the end speaks for the job.
//!
//! Source: <https://cloud.google.com/bigquery/docs/reference/auditlogs>.

use std::io;

use super::entry::Entry;
use super::json::{self, Object};
use super::pending::Pending;
use super::truth::{Call, Ending};
use super::world::Principal;
use super::{Generator, Role};

const SERVICE: &str = "bigquery.googleapis.com";
const INSERT: &str = "google.cloud.bigquery.v2.JobService.InsertJob";
const QUERY: &str = "google.cloud.bigquery.v2.JobService.Query";
const COMPLETED: &str = "jobservice.jobcompleted";
const MEBIBYTE: u64 = 1 << 20;

/// How a job goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    OnDemand,
    Cached,
    Failed,
    Cancelled,
    Reserved,
    Script,
    Load,
}

const COURSES: [(u64, Course); 7] = [
    (62, Course::OnDemand),
    (8, Course::Cached),
    (5, Course::Failed),
    (1, Course::Cancelled),
    (14, Course::Reserved),
    (2, Course::Script),
    (8, Course::Load),
];

/// Which of the two forms of entries tell of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    V1,
    V2,
    Both,
}

/// A job that runs.
pub struct Job<'g> {
    project: u64,
    principal: &'g Principal,
    id: String,
    /// `projects/P/jobs/ID`
    name: String,
    method: &'static str,
    location: &'static str,
    course: Course,
    form: Form,
    query: &'g [u8],
    begun: u64,
    billed_bytes: u64,
    slot_ms: u64,
    /// The project whose reservation it runs in.
    admin: u64,
}

impl<'g> Job<'g> {
    /// What is true of the job once it ended.
    fn call(&self) -> Call {
        let ending = match self.course {
            Course::OnDemand | Course::Cancelled | Course::Reserved => Ending::Billable,
            Course::Cached => Ending::NotBillable("cache_hit"),
            Course::Failed => Ending::NotBillable("job_error"),
            Course::Script => Ending::NotBillable("script_parent"),
            Course::Load => Ending::NotBillable("load_copy_extract"),
        };
        let on_demand = matches!(self.course, Course::OnDemand | Course::Cancelled);
        Call {
            service: SERVICE,
            method: if self.form == Form::V1 { COMPLETED } else { self.method },
            payer: Some(if self.course == Course::Reserved { self.admin } else { self.project }),
            ending,
            failed: matches!(self.course, Course::Failed | Course::Cancelled),
            billed_bytes: if on_demand { self.billed_bytes } else { 0 },
            slot_ms: if self.course == Course::Reserved { self.slot_ms } else { 0 },
        }
    }

    fn code(&self) -> u64 {
        match self.course {
            Course::Failed => 3,
            Course::Cancelled => 1,
            Course::OnDemand | Course::Cached | Course::Reserved | Course::Script | Course::Load => 0,
        }
    }
}

impl<'g> Generator<'g> {
    /// Begins a job; with --single, tells only of its end.
    pub(super) fn write_job(&mut self) -> io::Result<()> {
        let world = self.world;
        let begun = self.now();
        let project = world.any_project(&mut self.random);
        let random = &mut self.random;
        let course = random.weighted(&COURSES);
        let method = random.one_of(&[INSERT, INSERT, QUERY]);
        let form = match course {
            Course::OnDemand => random.weighted(&[(75, Form::V2), (18, Form::Both), (7, Form::V1)]),
            Course::Cached | Course::Failed | Course::Cancelled | Course::Reserved | Course::Script | Course::Load => {
                Form::V2
            }
        };
        let form = if self.options.families() || form != Form::Both { form } else { Form::V2 };
        let id = format!("bqjob_r{:012x}_{:012x}_1", random.below(1 << 48), self.serial);
        let job = Job {
            project,
            principal: world.caller(project, method, random),
            name: format!("{}/jobs/{id}", world.project(project).path),
            id,
            method,
            location: random.weighted(&[(60, "EU"), (30, "US"), (10, "us-central1")]),
            course,
            form,
            query: world.query(random),
            begun,
            billed_bytes: if course == Course::Load { 0 } else { (10 + random.skewed(200_000)) * MEBIBYTE },
            slot_ms: random.skewed(4_000_000),
            admin: project % 5,
        };
        if !self.options.families() {
            return self.end_job(&job);
        }
        if form != Form::V1 {
            self.begin_job(&job)?;
        }
        if matches!(course, Course::OnDemand | Course::Reserved) {
            for _ in 0..self.random.weighted(&[(40, 0), (45, 1), (15, 2)]) {
                self.write_table_read(&job)?;
            }
        }
        let due = self.serial + 5 + self.random.skewed(800);
        self.waiting.add(due, Pending::Job(Box::new(job)));
        Ok(())
    }

    fn begin_job(&mut self, job: &Job<'g>) -> io::Result<()> {
        let mut entry = self.job_entry(job, job.method);
        let begun = self.clock.text(job.begun, 6);
        let mut body = Vec::with_capacity(1024);
        metadata(&mut body, |object| {
            object.object("jobInsertion", |event| {
                event.object("job", |held| {
                    job_fields(job, held);
                    held.object("jobStatus", |status| {
                        status.text("jobState", "PENDING");
                    });
                    held.object("jobStats", |stats| {
                        stats.text("createTime", &begun).text("startTime", &begun).object("queryStats", |_| {});
                    });
                });
                event.text("reason", "JOB_INSERT_REQUEST");
            });
        });
        entry.bodies.push(("metadata", body));
        entry.operation = Some((SERVICE, operation_id(job), true, false));
        // Insertions do not always tell the location.
        if self.random.percent(10) {
            entry.labels.retain(|(key, _)| *key != "location");
        }
        self.write(entry, &job.call(), Role::Joins("bigquery_job"))
    }

    /// Tells of a table that the job reads, in the log of the table's project: a call of its own, which is not billable.
    fn write_table_read(&mut self, job: &Job<'g>) -> io::Result<()> {
        let holder = self.world.any_project(&mut self.random);
        let data = self.world.project(holder);
        let mut entry = Entry::new(data, job.principal, SERVICE, job.method);
        let table = format!("{}/datasets/sales/tables/orders_{}", data.path, self.random.below(40));
        entry.resource_type = "bigquery_dataset";
        entry.labels.push(("dataset_id", "sales"));
        entry.checks = vec![("bigquery.tables.getData", table.clone())];
        entry.resource_name = Some(table);
        entry.insert_id = self.insert_id("-");
        let columns = self.random.weighted(&[(40, 2), (30, 4), (20, 7), (10, 16)]);
        let mut body = Vec::new();
        metadata(&mut body, |object| {
            object.object("tableDataRead", |event| {
                event.array("fields", columns, |at, out| json::text(out, &format!("column_{at}")));
                event.text("jobName", &job.name).text("reason", "JOB");
            });
        });
        entry.bodies.push(("metadata", body));
        let call = Call {
            service: SERVICE,
            method: job.method,
            payer: Some(job.project),
            ending: Ending::NotBillable("job_side_entry"),
            failed: false,
            billed_bytes: 0,
            slot_ms: 0,
        };
        self.write(entry, &call, Role::Speaks)
    }

    /// Ends a job.
    pub(super) fn end_job(&mut self, job: &Job<'g>) -> io::Result<()> {
        let call = job.call();
        if job.form != Form::V1 {
            let entry = self.ended_v2(job);
            self.write(entry, &call, Role::Speaks)?;
        }
        if job.form != Form::V2 {
            let entry = self.ended_v1(job);
            let role = if job.form == Form::V1 { Role::Speaks } else { Role::Joins("bigquery_job") };
            self.write(entry, &call, role)?;
        }
        Ok(())
    }

    fn ended_v2(&mut self, job: &Job<'g>) -> Entry<'g> {
        let mut entry = self.job_entry(job, job.method);
        entry.time = self.now();
        entry.code = job.code();
        let (begun, ended) = (self.clock.text(job.begun, 6), self.clock.text(entry.time, 6));
        let tables = self.random.weighted(&[(60, 1), (25, 2), (10, 4), (5, 9)]);
        let usage = self.random.percent(30);
        let admin = self.world.project(job.admin);
        let mut body = Vec::with_capacity(1536);
        metadata(&mut body, |object| {
            object.object("jobChange", |event| {
                event.text("before", "RUNNING").text("after", "DONE");
                event.object("job", |held| {
                    job_fields(job, held);
                    held.object("jobStatus", |status| {
                        status.text("jobState", "DONE");
                        if entry.code > 0 {
                            status.object("errorResult", |error| {
                                error
                                    .number("code", entry.code)
                                    .text("message", "Syntax error: Unexpected \"<\" at [3:17]");
                            });
                        }
                    });
                    held.object("jobStats", |stats| {
                        stats.text("createTime", &begun).text("startTime", &begun).text("endTime", &ended);
                        if job.course != Course::Load {
                            stats.object("queryStats", |query| query_stats(job, tables, &admin.path, query));
                        }
                        stats.long("totalSlotMs", job.slot_ms);
                        if job.course == Course::Reserved {
                            reservation(job, &admin.id, usage, stats);
                        }
                    });
                });
            });
        });
        entry.bodies.push(("metadata", body));
        entry.operation = Some((SERVICE, operation_id(job), false, true));
        entry
    }

    fn ended_v1(&mut self, job: &Job<'g>) -> Entry<'g> {
        let mut entry = self.job_entry(job, COMPLETED);
        entry.time = self.now();
        entry.resource_type = "bigquery_resource";
        entry.labels.retain(|(key, _)| *key != "location");
        entry.checks.clear();
        let (begun, ended) = (self.clock.text(job.begun, 3), self.clock.text(entry.time, 3));
        let project = self.world.project(job.project);
        let mut body = Vec::with_capacity(1536);
        json::object(&mut body, |object| {
            object.text("@type", "type.googleapis.com/google.cloud.bigquery.logging.v1.AuditData");
            object.object("jobCompletedEvent", |event| {
                event.text("eventName", "query_job_completed").object("job", |held| {
                    held.object("jobName", |name| {
                        name.text("projectId", &project.id).text("jobId", &job.id).text("location", job.location);
                    });
                    held.object("jobConfiguration", |config| {
                        config.object("query", |query| {
                            query.raw("query", job.query).text("createDisposition", "CREATE_IF_NEEDED");
                            query.text("statementType", "SELECT").text("queryPriority", "QUERY_INTERACTIVE");
                        });
                    });
                    held.object("jobStatus", |status| {
                        status.text("state", "DONE").object("error", |_| {});
                    });
                    held.object("jobStatistics", |stats| {
                        stats.text("createTime", &begun).text("startTime", &begun).text("endTime", &ended);
                        stats.long("totalProcessedBytes", job.billed_bytes.saturating_sub(77));
                        stats.long("totalBilledBytes", job.billed_bytes).number("billingTier", 1);
                        stats.long("totalSlotMs", job.slot_ms);
                    });
                });
            });
        });
        entry.bodies.push(("serviceData", body));
        entry
    }

    /// What all entries of a job have.
    fn job_entry(&mut self, job: &Job<'g>, method: &'static str) -> Entry<'g> {
        let project = self.world.project(job.project);
        let mut entry = Entry::new(project, job.principal, SERVICE, method);
        entry.resource_type = "bigquery_project";
        entry.labels.insert(0, ("location", job.location));
        entry.checks = vec![("bigquery.jobs.create", project.path.clone())];
        entry.resource_name = Some(job.name.clone());
        entry.insert_id = self.insert_id("-");
        entry
    }
}

fn metadata(out: &mut Vec<u8>, fields: impl FnOnce(&mut Object<'_>)) {
    json::object(out, |object| {
        object.text("@type", "type.googleapis.com/google.cloud.audit.BigQueryAuditMetadata");
        fields(object);
    });
}

fn operation_id(job: &Job<'_>) -> String {
    format!("{}-{}", job.begun / 1_000_000, job.id)
}

fn job_fields(job: &Job<'_>, held: &mut Object<'_>) {
    held.text("jobName", &job.name);
    held.object("jobConfig", |config| {
        if job.course == Course::Load {
            config.text("type", "IMPORT").object("loadConfig", |load| {
                load.array("sourceUris", 1, |_, out| json::text(out, "gs://exports/daily/*.avro"));
                load.text("destinationTable", "projects/data-prod/datasets/sales/tables/staged");
            });
        } else {
            config.text("type", "QUERY").object("queryConfig", |query| {
                query.raw("query", job.query).text("createDisposition", "CREATE_IF_NEEDED");
                query.text("priority", "QUERY_INTERACTIVE");
                query.text("statementType", if job.course == Course::Script { "SCRIPT" } else { "SELECT" });
                query.text("writeDisposition", "WRITE_TRUNCATE");
            });
        }
        if job.begun.is_multiple_of(3) {
            config.object("labels", |labels| {
                labels.text("team", "growth").text("dag_id", "täglich-06h");
            });
        }
    });
}

fn query_stats(job: &Job<'_>, tables: usize, project: &str, query: &mut Object<'_>) {
    match job.course {
        Course::Cached => {
            query.long("totalProcessedBytes", 0).long("totalBilledBytes", 0).flag("cacheHit", true);
        }
        Course::OnDemand | Course::Failed | Course::Cancelled | Course::Reserved | Course::Script | Course::Load => {
            query.long("totalProcessedBytes", job.billed_bytes.saturating_sub(77));
            query.long("totalBilledBytes", job.billed_bytes).number("billingTier", 1);
        }
    }
    query.array("referencedTables", tables, |at, out| {
        json::text(out, &format!("{project}/datasets/sales/tables/t{at}"))
    });
    query.long("outputRowCount", job.slot_ms / 7);
}

/// The reservation, in one of the two forms.
fn reservation(job: &Job<'_>, admin: &str, usage: bool, stats: &mut Object<'_>) {
    if usage {
        stats.array("reservationUsage", 1, |_, out| {
            json::object(out, |used| {
                used.text("name", &format!("{admin}:{}.main", job.location)).long("slotMs", job.slot_ms);
            });
        });
    } else {
        stats.text("reservation", &format!("projects/{admin}/locations/{}/reservations/main", job.location));
    }
}
