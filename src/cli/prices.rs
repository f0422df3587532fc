//! The argument about prices. The comments here are the help texts.

use std::path::PathBuf;

use clap::Args;

/// A price book.
#[derive(Debug, Clone, Default, Args)]
pub struct PriceArgs {
    /// A price book of your own (TOML): adds estimated costs, which are no bill, and counts billable calls that have no price
    /// (not with --bill)
    #[arg(long, value_name = "FILE", help_heading = "Money")]
    pub prices: Option<PathBuf>,
}
