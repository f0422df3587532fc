//! The arguments of `diff`. The comments here are the help texts.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;

/// What stands below the help.
pub const EXAMPLES: &str = "Example:\n  billtrail diff september.json october.json\n  \
billtrail diff september/ october/ --old-map old.csv --map new.csv\n  \
billtrail diff september/ october/ --map units.csv --bill bill.json --old-invoice-month 2026-09 --invoice-month 2026-10\n\n\
Each unit's change in calls is volume (its new calls under the old mapping, less the old ones) and mapping (what the new \
mapping makes of the new calls). In money it is volume (more or less use, at the old rates), rate (what the same use costs \
more or less), mapping, and other (taxes, corrections, and what has no quantity). Two reports tell the old mapping by their \
rows; --by unit,payer,service or finer.";

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// What was: a report in JSON (`billtrail report --format json`), or logs
    #[arg(value_name = "OLD")]
    pub old: String,
    /// What is: a report in JSON, or logs
    #[arg(value_name = "NEW")]
    pub new: String,
    /// What is compared: net_cost, calls, billable_calls, failed_calls, billed_bytes, slot_ms, entries [default: net_cost where
    /// both have money, else billable_calls]
    #[arg(long, value_name = "MEASURE")]
    pub measure: Option<String>,
    /// Of logs: the bill, and of NEW alone if --old-bill is given. May be given more than once
    #[arg(long, value_name = "FILE", help_heading = "Money")]
    pub bill: Vec<String>,
    /// Of logs: the bill of OLD. May be given more than once
    #[arg(long, value_name = "FILE", requires = "bill", help_heading = "Money")]
    pub old_bill: Vec<String>,
    /// Count only what this month's invoice charges, such as `2026-10`; with --old-invoice-month of NEW alone
    #[arg(long, value_name = "MONTH", requires = "bill", help_heading = "Money")]
    pub invoice_month: Option<String>,
    /// Of OLD, count only what this month's invoice charges
    #[arg(long, value_name = "MONTH", requires = "bill", help_heading = "Money")]
    pub old_invoice_month: Option<String>,
    /// Who carries BigQuery slots that were paid for and not used: `shared` is those whose jobs ran, by the slots they used;
    /// `owner` is the unit of the reservation's project
    #[arg(long, value_name = "WHO", requires = "bill", default_value = "shared", value_parser = ["shared", "owner"], help_heading = "Money")]
    pub idle_slots: String,
    /// Of logs: the mapping, and of NEW alone if --old-map is given
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub map: Option<PathBuf>,
    /// Of logs: the mapping of OLD
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub old_map: Option<PathBuf>,
    /// Of logs: an inventory of projects. May be given more than once
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub projects: Vec<PathBuf>,
    /// Of logs: rows that replace or add to the built-in catalogue
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub services: Option<PathBuf>,
    /// Of logs: count only entries that this filter selects
    #[arg(long = "where", value_name = "FILTER", allow_hyphen_values = true, help_heading = "Attribution")]
    pub filter: Option<String>,
    /// Of logs: the time zone of the mapping's dates [default: UTC, with --bill America/Los_Angeles]
    #[arg(long, value_name = "ZONE", help_heading = "Attribution")]
    pub timezone: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Say nothing on standard error but errors
    #[arg(long, short)]
    pub quiet: bool,
}
