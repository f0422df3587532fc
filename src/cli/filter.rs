//! The arguments of `billtrail filter`. The comments here are the help texts.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `filter`.
#[derive(Debug, Args)]
pub struct FilterArgs {
    /// Calls of this kind, as `billtrail contract` lists them
    #[arg(long, value_name = "KIND", help_heading = "What to find")]
    pub kind: Option<String>,
    /// Calls of this service, such as storage.googleapis.com or storage. May be given more than once
    #[arg(long, value_name = "SERVICE", help_heading = "What to find")]
    pub service: Vec<String>,
    /// Calls of this method, by its whole name. May be given more than once
    #[arg(long, value_name = "METHOD", help_heading = "What to find")]
    pub method: Vec<String>,
    /// Calls that this project may pay for: id, number, or number:N. May be given more than once
    #[arg(long, value_name = "PROJECT", help_heading = "What to find")]
    pub payer: Vec<String>,
    /// Calls that a project of this business unit may pay for, as the mapping has it at any moment of the period
    #[arg(long, value_name = "UNIT", conflicts_with = "payer", help_heading = "What to find")]
    pub unit: Option<String>,
    /// Calls of this person or account. May be given more than once
    #[arg(long, value_name = "PRINCIPAL", help_heading = "What to find")]
    pub principal: Vec<String>,
    /// Leave out what is never billable, as far as a filter can tell
    #[arg(long, conflicts_with_all = ["denied", "failed"], help_heading = "What to find")]
    pub billable: bool,
    /// Calls that were refused for want of a permission
    #[arg(long, conflicts_with = "failed", help_heading = "What to find")]
    pub denied: bool,
    /// Calls that did not succeed, refused ones included
    #[arg(long, help_heading = "What to find")]
    pub failed: bool,
    /// Calls to Cloud Storage that name a project to be billed
    #[arg(long, help_heading = "What to find")]
    pub requester_pays: bool,
    /// Entries that this filter selects too; `@FILE` reads it from a file
    #[arg(long = "where", value_name = "FILTER", allow_hyphen_values = true, help_heading = "What to find")]
    pub filter: Option<String>,
    /// Look in this log: activity, data_access, system_event, policy, or the id of another one. May be given more than once
    /// [default: the audit logs that can hold such entries]
    #[arg(long, value_name = "LOG", help_heading = "Where to look")]
    pub log: Vec<String>,
    /// Entries from this moment on: `2026-10`, `2026-10-01` or RFC 3339
    #[arg(long, value_name = "TIME", help_heading = "Where to look")]
    pub from: Option<String>,
    /// Entries before this moment
    #[arg(long, value_name = "TIME", help_heading = "Where to look")]
    pub to: Option<String>,
    /// The time zone of --from and --to and of the mapping's dates [default: UTC]
    #[arg(long, value_name = "ZONE", help_heading = "Where to look")]
    pub timezone: Option<String>,
    /// Whose logs are searched: projects/P, folders/F, organizations/O or billingAccounts/B
    #[arg(long, value_name = "SCOPE", help_heading = "Where to look")]
    pub scope: Option<String>,
    /// Business units: CSV with the columns project, business_unit and, if wanted, valid_from, valid_to
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub map: Option<PathBuf>,
    /// An inventory that knows ids and numbers of projects. May be given more than once
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub projects: Vec<PathBuf>,
    /// What to print
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Lql, help_heading = "Output")]
    pub emit: Form,
}

/// The forms of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// The filter with comments, to be pasted into the Logs Explorer
    Lql,
    /// A `gcloud logging read` command
    Gcloud,
    /// A link to the Logs Explorer
    Url,
    /// A Terraform block of a sink
    Terraform,
    /// The body of a call to entries.list
    Api,
}
