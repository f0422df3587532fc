//! The arguments of `check`. The comments here are the help texts.

use clap::Args;

use super::bill::BillArgs;
use super::{LogArgs, OutputArgs};

/// What stands below the help.
pub const EXAMPLES: &str = "Example:\n  billtrail check logs/ --map business-units.csv --max-unallocated 5% --max-unit 'Marketing=10000 calls'\n  \
billtrail check logs/ --map business-units.csv --bill bill.json --invoice-month 2026-10 --invoice 2229.20 --require-tie-out --max-unit 'Marketing=10000 EUR'\n\n\
Exits with 1 if a limit is not kept.";

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("gates").required(true).multiple(true)
    .args(["max_unallocated", "max_unit", "require_tie_out", "invoice"])))]
pub struct CheckArgs {
    /// Where to read from.
    #[command(flatten)]
    pub logs: LogArgs,
    /// How to print: markdown unless a format is chosen.
    #[command(flatten)]
    pub output: OutputArgs,
    /// The bill.
    #[command(flatten)]
    pub bill: BillArgs,
    /// The largest part that may have no unit, `(unmapped)` and `(unattributed)`: `5%`, `0.05`, `1/20`. With --bill of the net
    /// cost of each currency, else of the billable calls
    #[arg(long, value_name = "PART", allow_hyphen_values = true, help_heading = "Gates")]
    pub max_unallocated: Vec<String>,
    /// The most that a unit may have: `Marketing=10000 EUR` is a net cost and needs --bill, `Marketing=10000 calls` a measure:
    /// calls, billable_calls, failed_calls, billed_bytes, slot_ms, entries. May be given more than once
    #[arg(long, value_name = "UNIT=LIMIT", help_heading = "Gates")]
    pub max_unit: Vec<String>,
    /// The statement must add up to the bill, for each invoice month, currency and billing account. What the invoice says is
    /// held against the bill by --invoice and --tolerance
    #[arg(long, requires = "bill", help_heading = "Gates")]
    pub require_tie_out: bool,
}
