//! The arguments about money. The comments here are the help texts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

/// The bill, and how to hold a report against it.
#[derive(Debug, Clone, Default, Args)]
pub struct BillArgs {
    /// A bill: the standard or the detailed usage cost export of Cloud Billing (JSON, CSV, Parquet) or a FOCUS dataset, plain or
    /// compressed; a file, or a glob in quotes. May be given more than once. Adds the columns cost, credits, net_cost, share
    /// and basis; days are then US/Pacific, as the bill counts them, unless --timezone says otherwise
    #[arg(long, value_name = "FILE", help_heading = "Money")]
    pub bill: Vec<String>,
    /// Count only what this month's invoice charges, such as `2026-10`; corrections belong to the month of their invoice
    #[arg(long, value_name = "MONTH", requires = "bill", help_heading = "Money")]
    pub invoice_month: Option<String>,
    /// What the invoice says, such as `1234.56`: compare it with the bill, and exit with 1 if they differ
    #[arg(long, value_name = "AMOUNT", requires = "bill", allow_hyphen_values = true, help_heading = "Money")]
    pub invoice: Option<String>,
    /// By how much the invoice may differ from the bill [default: 0]
    #[arg(long, value_name = "AMOUNT", requires = "invoice", allow_hyphen_values = true, help_heading = "Money")]
    pub tolerance: Option<String>,
    /// Who carries BigQuery slots that were paid for and not used: `shared` is those whose jobs ran, by the slots they used;
    /// `owner` is the unit of the reservation's project
    #[arg(long, value_name = "WHO", requires = "bill", default_value = "shared", value_parser = ["shared", "owner"], help_heading = "Money")]
    pub idle_slots: String,
    /// The directory of closed months (see `billtrail close`): each says what its statements said, and what arrived late for it is
    /// a correction in the first open month, told by the column `corrects`
    #[arg(long, value_name = "DIR", requires = "bill", help_heading = "Money")]
    pub closed: Option<PathBuf>,
    /// Only these of the closed months; for statements that are made again.
    #[arg(skip)]
    pub closed_months: Option<BTreeSet<String>>,
}
