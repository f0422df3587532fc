//! The arguments of `statements` and `verify`. The comments here are the help texts.

use std::path::PathBuf;

use clap::Args;

use super::bill::BillArgs;
use super::privacy::{GroupArgs, NameArgs};
use super::{LogArgs, OutputArgs};

/// Arguments of `statements`.
#[derive(Debug, Args)]
pub struct StatementsArgs {
    /// Where to read from.
    #[command(flatten)]
    pub logs: LogArgs,
    /// The bill.
    #[command(flatten)]
    pub bill: BillArgs,
    /// Who is named.
    #[command(flatten)]
    pub names: NameArgs,
    /// How small a group may be.
    #[command(flatten)]
    pub groups: GroupArgs,
    /// The month that the statements are of, such as `2026-10`: sets --from and --to, and with --bill --invoice-month
    #[arg(long, value_name = "MONTH", conflicts_with_all = ["from", "to", "invoice_month"], help_heading = "Period")]
    pub month: Option<String>,
    /// The directory of the statements, which appears only when all of them are written
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: PathBuf,
    /// Columns of the statements, as those of `report`; `unit` is always one [default: unit,cost_center,payer,service]
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', help_heading = "Output")]
    pub by: Vec<String>,
    /// Put the statements in the place of those that are there; any other directory is left alone
    #[arg(long, help_heading = "Output")]
    pub replace: bool,
}

impl StatementsArgs {
    /// How settings are resolved: statements have formats of their own.
    pub fn output(&self) -> OutputArgs {
        OutputArgs { names: self.names.clone(), ..OutputArgs::default() }
    }
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The manifest of the statements, or their directory
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,
    /// The directory that relative paths of inputs are of [default: the one that the manifest tells, seen from itself]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The key with which the statements were made; without it statements with pseudonyms are compared by their sums
    #[command(flatten)]
    pub names: NameArgs,
    /// Threads; 0 takes as many as the machine has
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    /// Say nothing on standard error but errors, and show no progress
    #[arg(long, short)]
    pub quiet: bool,
}
