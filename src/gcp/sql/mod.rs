//! The rules in GoogleSQL: who pays for each call, asked of tables of audit logs in BigQuery.
//!
//! A statement is a list of steps, from entries as they are stored to calls, as `docs/bigquery.md` tells. The names of kinds, rules
//! and reasons come from the closed lists, the services from the catalogue. That both engines agree is held by `.ci/bigquery.py`.

mod catalogue;
mod collapse;
mod cost;
mod entries;
mod expr;
mod jobs;
mod judged;
mod layout;
mod payers;
mod rules;
mod select;
mod views;

use super::service::Catalogue;
use crate::model::closed_list::closed_list;
pub use cost::cost;
use select::{Select, Step, print};

closed_list! {
    /// How a table holds log entries.
    pub enum Layout {
        Sink = "sink": "tables of a BigQuery sink, one a day (DATASET.cloudaudit_googleapis_com_data_access_YYYYMMDD)",
        SinkPartitioned = "sink-partitioned": "a table of a BigQuery sink that is partitioned by time",
        LogAnalytics = "log-analytics": "a view of Log Analytics (_AllLogs, _Default)",
        RawJson = "raw-json": "a table with a column `entry` of type JSON, one log entry a row",
    }
}

closed_list! {
    /// What a statement gives.
    pub enum View {
        Calls = "calls": "one row a call, with its payer and the proof",
        Ledger = "ledger": "sums by day, payer, storage payer, service, method, kind and reason",
        Chargeback = "chargeback": "sums by business unit, cost centre and service, joined with a table that maps projects to units",
    }
}

closed_list! {
    /// A column that a sink's tables lack as long as no entry has had it.
    pub enum Absent {
        Operation = "operation": "long-running operations",
        Split = "split": "entries in several parts",
        Status = "status": "`protopayload_auditlog.status`",
        Request = "request": "`protopayload_auditlog.requestJson`",
        Metadata = "metadata": "`protopayload_auditlog.metadataJson`",
        ServiceData = "service-data": "`protopayload_auditlog.servicedata_v1_bigquery`",
        AuthorizationInfo = "authorization-info": "`protopayload_auditlog.authorizationInfo`",
    }
}

/// Where the catalogue comes from.
#[derive(Debug, Clone, Copy)]
pub enum CatalogueFrom<'q> {
    /// The rows stand in the statement.
    Rows(&'q Catalogue),
    /// A table that holds the columns of `services.csv`.
    Table(&'q str),
}

/// Two moments, the second excluded, as RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub from: String,
    /// The moment after the last.
    pub to: String,
}

/// The period to which calls belong, as RFC 3339 in UTC; either end may be open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The first moment.
    pub from: Option<String>,
    /// The moment after the last.
    pub to: Option<String>,
}

/// What a statement is asked for.
#[derive(Debug, Clone)]
pub struct Question<'q> {
    /// The tables, as `DATASET.TABLE` or `PROJECT.DATASET.TABLE`.
    pub tables: &'q [String],
    /// How they hold entries.
    pub layout: Layout,
    /// What is wanted.
    pub view: View,
    /// Columns that the tables lack.
    pub absent: &'q [Absent],
    /// The catalogue.
    pub catalogue: CatalogueFrom<'q>,
    /// A table of projects with ids and numbers.
    pub projects_table: Option<&'q str>,
    /// A table that maps projects to business units.
    pub mapping_table: Option<&'q str>,
    /// The time zone of days and of the mapping's dates.
    pub timezone: &'q str,
    /// The partitions to read.
    pub window: Option<Window>,
    /// The column that partitions a table of JSON.
    pub partition: Option<&'q str>,
    /// The calls to keep.
    pub period: Option<Bounds>,
    /// The view to create.
    pub create: Option<&'q str>,
}

/// The statement that answers a question.
pub fn statement(question: &Question<'_>) -> String {
    let mut steps: Vec<Step> = vec![
        layout::entries_as_stored(question),
        entries::entries(),
        entries::envelope(),
        catalogue::services(question),
        catalogue::classed(),
    ];
    steps.extend(jobs::steps());
    steps.extend(judged::steps());
    steps.extend(collapse::steps());
    steps.extend(payers::directory(question));
    steps.push(payers::resolved(question));
    let calls = Select { columns: payers::call_columns(), from: "resolved".to_owned(), ..Select::default() };
    let last = match (question.view, question.mapping_table) {
        (View::Calls, _) => calls,
        (View::Ledger, _) | (View::Chargeback, None) => {
            steps.push(Step::new("calls", "the view `calls`", calls));
            views::ledger(question)
        }
        (View::Chargeback, Some(table)) => {
            steps.push(Step::new("calls", "the view `calls`", calls));
            steps.extend(views::mapping(question, table));
            views::chargeback()
        }
    };
    let create = question.create.map(|view| format!("`{view}`"));
    print(&remarks(question), create.as_deref(), &steps, &last)
}

/// What stands above a statement.
fn remarks(question: &Question<'_>) -> Vec<String> {
    let reads = match (&question.window, question.layout, question.partition) {
        (None, _, _) => "It reads all partitions: give --from and --to to bound what it reads.".to_owned(),
        (Some(_), Layout::RawJson, None) => {
            "It reads the whole table: give --partition COLUMN if it has one.".to_owned()
        }
        (Some(Window { from, to }), _, _) => format!("It reads the partitions from {from} to {to}."),
    };
    let calls = match &question.period {
        None => "It gives calls of any time.".to_owned(),
        Some(Bounds { from, to }) => {
            let ends = [("from", from), ("to", to)];
            let ends = ends.iter().filter_map(|(word, end)| Some(format!("{word} {}", end.as_deref()?)));
            format!("It gives the calls {}.", ends.collect::<Vec<_>>().join(" "))
        }
    };
    vec![
        format!("{}: {}.", question.view.name(), question.view.meaning()),
        format!("Printed by `billtrail sql`, for {}.", question.layout.meaning()),
        format!("{reads} {calls}"),
        "Where SQL cannot follow a rule of billtrail to the last, sql_exact is false and sql_note says why: docs/bigquery.md.".to_owned(),
    ]
}
