//! The arguments of `close`. The comments here are the help texts.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The month, such as `2026-10`; months are closed one after the other
    #[arg(value_name = "MONTH")]
    pub month: String,
    /// The manifest of its statements, or their directory: they are verified first, and must be those of --month MONTH with --bill
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,
    /// The directory of closed months; it is made with the first one
    #[arg(long, value_name = "DIR")]
    pub closed: PathBuf,
    /// The directory that relative paths of inputs are of [default: the one that the manifest tells, seen from itself]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Threads; 0 takes as many as the machine has
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    /// Say nothing on standard error but errors, and show no progress
    #[arg(long, short)]
    pub quiet: bool,
}
