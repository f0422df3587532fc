//! The entries of a BigQuery job: insertion, and end in the v2 and the v1 form.

use std::io;

use super::bigquery::{COMPLETED, Course, Job, SERVICE};
use super::entry::Entry;
use super::json::{self, Object};
use super::{Generator, Role};

impl<'g> Generator<'g> {
    /// Writes the insertion of a job.
    pub(super) fn begin_job(&mut self, job: &Job<'g>) -> io::Result<()> {
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

    /// The end of a job in the v2 form.
    pub(super) fn ended_v2(&mut self, job: &Job<'g>) -> Entry<'g> {
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

    /// The end of a job in the v1 form.
    pub(super) fn ended_v1(&mut self, job: &Job<'g>) -> Entry<'g> {
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

/// Writes `BigQueryAuditMetadata`.
pub(super) fn metadata(out: &mut Vec<u8>, fields: impl FnOnce(&mut Object<'_>)) {
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
