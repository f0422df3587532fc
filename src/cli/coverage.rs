//! The arguments of `coverage`. The comments here are the help texts.

use clap::Args;

use super::{LogArgs, OutputArgs};

/// Arguments of `coverage`.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// Where to read from.
    #[command(flatten)]
    pub logs: LogArgs,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
    /// The bill, as in `report`: a file, or a glob in quotes. May be given more than once
    #[arg(long, value_name = "FILE", required = true, help_heading = "Money")]
    pub bill: Vec<String>,
    /// Look only at what this month's invoice charges, such as `2026-10`
    #[arg(long, value_name = "MONTH", help_heading = "Money")]
    pub invoice_month: Option<String>,
}
