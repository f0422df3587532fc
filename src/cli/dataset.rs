//! The arguments about datasets that a bill is made into. The comments here are the help texts.

use clap::Args;

/// How a dataset is made.
#[derive(Debug, Clone, Default, Args)]
pub struct DatasetArgs {
    /// With --format focus: the version of FOCUS, 1.0, 1.1 or 1.2 [default: 1.2]
    #[arg(long, value_name = "VERSION", help_heading = "Output")]
    pub focus_version: Option<String>,
}
