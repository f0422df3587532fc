//! The arguments of `billtrail sql`. The comments here are the help texts.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::gcp::sql::{Absent, Layout, View};

/// Arguments of `sql`.
#[derive(Debug, Args)]
pub struct SqlArgs {
    /// The table that holds the log entries: DATASET.TABLE or PROJECT.DATASET.TABLE; of a sink with a table a day the part before
    /// the date. May be given more than once, one for each log
    #[arg(long, value_name = "TABLE", required = true, help_heading = "Where the logs are")]
    pub table: Vec<String>,
    /// How it holds them
    #[arg(long, value_name = "LAYOUT", value_parser = layouts(), default_value = "sink", help_heading = "Where the logs are")]
    pub layout: Layout,
    /// A column that the table lacks, because no entry ever had it (`Field name … does not exist`). May be given more than once
    #[arg(long, value_name = "COLUMN", value_parser = absents(), help_heading = "Where the logs are")]
    pub absent: Vec<Absent>,
    /// The column by which a table of JSON is partitioned, such as _PARTITIONTIME: of type TIMESTAMP
    #[arg(long, value_name = "COLUMN", help_heading = "Where the logs are")]
    pub partition: Option<String>,
    /// What to ask for
    #[arg(long, value_name = "VIEW", value_parser = views(), default_value = "calls", help_heading = "What to ask")]
    pub view: View,
    /// Calls from this moment on: `2026-10`, `2026-10-01` or RFC 3339
    #[arg(long, value_name = "TIME", help_heading = "What to ask")]
    pub from: Option<String>,
    /// Calls before this moment
    #[arg(long, value_name = "TIME", help_heading = "What to ask")]
    pub to: Option<String>,
    /// Days before --from and after --to that are read too, for entries that arrive late and for the other end of long operations
    #[arg(long, value_name = "DAYS", default_value_t = 1, help_heading = "What to ask")]
    pub margin: u16,
    /// The time zone of days, of --from and --to and of the mapping's dates [default: UTC]
    #[arg(long, value_name = "ZONE", help_heading = "What to ask")]
    pub timezone: Option<String>,
    /// Rows that replace or add to the built-in catalogue of services (CSV, see `billtrail services`)
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub services: Option<PathBuf>,
    /// A table with the columns of services.csv, all of type STRING, in place of the catalogue in the statement
    #[arg(long, value_name = "TABLE", conflicts_with = "services", help_heading = "Attribution")]
    pub services_table: Option<String>,
    /// A table that turns project numbers into ids: the columns project_id and project_number
    #[arg(long, value_name = "TABLE", help_heading = "Attribution")]
    pub projects_table: Option<String>,
    /// A table that maps projects to business units: the columns project, business_unit, cost_center, valid_from and valid_to, as
    /// in the mapping's CSV. `--view chargeback` needs it
    #[arg(long, value_name = "TABLE", help_heading = "Attribution")]
    pub mapping_table: Option<String>,
    /// Print a statement that creates this view, instead of the query alone
    #[arg(long, value_name = "VIEW", help_heading = "Output")]
    pub create: Option<String>,
    /// Say what a scan would read, column by column, and how to bound it, instead of the statement
    #[arg(long, help_heading = "Output")]
    pub dry_run_cost: bool,
}

fn layouts() -> impl TypedValueParser<Value = Layout> {
    let known = Layout::ALL.iter().map(|layout| PossibleValue::new(layout.name()).help(layout.meaning()));
    PossibleValuesParser::new(known).map(|name| known_layout(&name))
}

fn known_layout(name: &str) -> Layout {
    Layout::ALL.iter().copied().find(|layout| layout.name() == name).unwrap_or(Layout::Sink)
}

fn views() -> impl TypedValueParser<Value = View> {
    let known = View::ALL.iter().map(|view| PossibleValue::new(view.name()).help(view.meaning()));
    PossibleValuesParser::new(known).map(|name| known_view(&name))
}

fn absents() -> impl TypedValueParser<Value = Absent> {
    let known = Absent::ALL.iter().map(|absent| PossibleValue::new(absent.name()).help(absent.meaning()));
    PossibleValuesParser::new(known).map(|name| known_absent(&name))
}

fn known_view(name: &str) -> View {
    View::ALL.iter().copied().find(|view| view.name() == name).unwrap_or(View::Calls)
}

fn known_absent(name: &str) -> Absent {
    Absent::ALL.iter().copied().find(|absent| absent.name() == name).unwrap_or(Absent::Operation)
}
