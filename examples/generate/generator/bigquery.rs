//! BigQuery jobs: each writes a family of entries, of which the one at the end speaks for the job. What stands in them is in
//! `bigquery_entry`.
//!
//! Source: <https://cloud.google.com/bigquery/docs/reference/auditlogs>.

use std::io;

use super::bigquery_entry::metadata;
use super::entry::Entry;
use super::json;
use super::pending::Pending;
use super::truth::{Call, Ending};
use super::world::Principal;
use super::{Generator, Role};

pub(super) const SERVICE: &str = "bigquery.googleapis.com";
const INSERT: &str = "google.cloud.bigquery.v2.JobService.InsertJob";
const QUERY: &str = "google.cloud.bigquery.v2.JobService.Query";
pub(super) const COMPLETED: &str = "jobservice.jobcompleted";
const MEBIBYTE: u64 = 1 << 20;

/// How a job goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
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
    pub(super) project: u64,
    pub(super) principal: &'g Principal,
    pub(super) id: String,
    /// `projects/P/jobs/ID`
    pub(super) name: String,
    pub(super) method: &'static str,
    pub(super) location: &'static str,
    pub(super) course: Course,
    form: Form,
    pub(super) query: &'g [u8],
    pub(super) begun: u64,
    pub(super) billed_bytes: u64,
    pub(super) slot_ms: u64,
    /// The project whose reservation it runs in.
    pub(super) admin: u64,
}

impl<'g> Job<'g> {
    /// What is true of the job once it ended.
    pub(super) fn call(&self) -> Call {
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

    /// The status code of its end.
    pub(super) fn code(&self) -> u64 {
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
}
