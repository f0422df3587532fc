//! The command line. The comments here are the help texts.

pub mod bill;
pub mod check;
pub mod close;
pub mod coverage;
pub mod dataset;
pub mod diff;
pub mod filter;
pub mod piece;
pub mod prices;
pub mod privacy;
pub mod settings;
pub mod sql;
pub mod statements;

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::provider::{CATALOGUE_DATE, Scanner};

static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (catalogue of {CATALOGUE_DATE})", env!("CARGO_PKG_VERSION")));

/// Who pays for this call? Turns exported Google Cloud Audit Logs into cost attribution that adds up.
///
/// billtrail reads exported Cloud Audit Logs, finds the project that is billed for each call, says which field proves it,
/// joins the payers to business units, and prints tables that balance.
#[derive(Debug, Parser)]
#[command(name = "billtrail", version = VERSION.as_str(), max_term_width = 110, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done; 1 a check you asked for failed (--strict, --prove, --invoice, check, map check); 2 wrong use: an option, mapping, \
inventory, catalogue or bill is invalid; 3 not done or not whole: an input is missing, unreadable, truncated or changed meanwhile; 130 interrupted."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the cost-attribution table: who pays for how many calls
    #[command(
        after_help = "Example:\n  billtrail report logs/ --map business-units.csv --by unit,service --from 2026-10 --to 2026-11"
    )]
    Report(Box<ReportArgs>),
    /// Print one row a call, with payer and evidence, for DuckDB, BigQuery or a spreadsheet
    #[command(
        after_help = "Example:\n  billtrail calls logs/ --map business-units.csv --format parquet -o calls.parquet"
    )]
    Calls(CallsArgs),
    /// Explain why a call is billed to whom it is
    #[command(after_help = "Example:\n  billtrail explain logs/ --map business-units.csv --insert-id 1x8k2fqe4m7zd")]
    Explain(ExplainArgs),
    /// Hold a result against limits, for a pipeline: exit code 1 if one is not kept
    #[command(after_help = check::EXAMPLES)]
    Check(Box<check::CheckArgs>),
    /// Show what moved between two results, in calls or in money: by more use, by other prices or by another mapping
    #[command(after_help = diff::EXAMPLES)]
    Diff(Box<diff::DiffArgs>),
    /// Write a statement for each business unit: pages, rows, an index, and a manifest that can be verified
    #[command(
        after_help = "Example:\n  billtrail statements logs/ --map business-units.csv --bill 'bill/*.json' --month 2026-10 --out statements/2026-10"
    )]
    Statements(Box<statements::StatementsArgs>),
    /// Verify statements: read what they were made from once more, make them again and compare; exit code 1 if they differ
    #[command(after_help = "Example:\n  billtrail verify statements/2026-10")]
    Verify(statements::VerifyArgs),
    /// Close a month: keep what its statements say; what arrives later for it is a correction in the next month
    #[command(
        after_help = "Example:\n  billtrail close 2026-10 statements/2026-10 --closed closed\n  billtrail statements logs/ --map business-units.csv \
--bill 'bill/*.json' --month 2026-11 --closed closed --out statements/2026-11"
    )]
    Close(close::CloseArgs),
    /// Show how much of a bill the logs can tell of, where they cannot, and which settings would change that
    #[command(
        after_help = "Example:\n  billtrail coverage logs/ --bill 'bill/*.json' --invoice-month 2026-10\n\nEach row is a project and a service, the \
largest cost first. evidenced_cost is the part of the cost for which the logs have metered calls in the hours that the bill charges. \
Here --from and --to choose hours of the bill and of the logs."
    )]
    Coverage(coverage::CoverageArgs),
    /// Keep what logs tell of calls in a ledger, which the other commands read in place of the logs
    #[command(
        after_help = "Example:\n  billtrail ledger logs/2026/10 -o october.ledger\n  billtrail report october.ledger logs/2026/11/01 --map business-units.csv"
    )]
    Ledger(Box<LedgerArgs>),
    /// List what is known about services, or all that is known about one
    #[command(after_help = "Example:\n  billtrail services vision.googleapis.com")]
    Services(ServicesArgs),
    /// Check a mapping of payers to business units, or begin one
    #[command(subcommand)]
    Map(MapCommand),
    /// Print the Logging filter for a question, to be pasted, run or deployed
    #[command(
        after_help = "Example:\n  billtrail filter --payer ads-prod --service storage --billable --from 2026-10 --to 2026-11"
    )]
    Filter(Box<filter::FilterArgs>),
    /// Print the GoogleSQL statement that answers in BigQuery, where the logs are
    #[command(
        after_help = "Example:\n  billtrail sql --table logs.cloudaudit_googleapis_com_data_access --table logs.cloudaudit_googleapis_com_activity \\\n    --from 2026-10 --to 2026-11 > calls.sql\n  bq query --dry_run --use_legacy_sql=false < calls.sql\n\n\
`filter` finds entries, to be looked at; `sql` judges them: payer, reason and quantity of each call, as `calls` does for files."
    )]
    Sql(Box<sql::SqlArgs>),
    /// Check, format, explain and run filters in the Logging query language
    #[command(subcommand)]
    Lql(LqlCommand),
    /// Print the closed lists that machines rely on: kinds, rules, reasons, columns and so on
    #[command(after_help = "Example:\n  billtrail contract --format json")]
    Contract(ContractArgs),
    /// Show each setting and where it comes from
    #[command(after_help = "Example:\n  BILLTRAIL_TIMEZONE=Europe/Berlin billtrail config")]
    Config(ConfigArgs),
    /// Print the completion script of a shell
    #[command(after_help = "Example:\n  billtrail completions bash > /etc/bash_completion.d/billtrail")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a directory
    #[command(after_help = "Example:\n  billtrail man /usr/local/share/man/man1")]
    Man {
        /// The directory; it is made if it does not exist
        directory: PathBuf,
    },
}

/// Where to read from and how to attribute: what every command that reads logs takes.
#[derive(Debug, Clone, Default, Args)]
pub struct LogArgs {
    /// Files, directories (searched for logs), globs in quotes, gs://, s3:// and az:// URLs (if built with them), or `-` for standard input
    #[arg(value_name = "INPUT", required_unless_present = "files_from")]
    pub inputs: Vec<String>,
    /// Read more inputs from a file, one a line; `-` for standard input
    #[arg(long, value_name = "LIST", help_heading = "Input")]
    pub files_from: Option<PathBuf>,
    /// The name to show for standard input
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub stdin_name: Option<String>,
    /// The largest record, such as `64MiB` or a number of bytes; larger ones are rejected
    #[arg(long, value_name = "SIZE", help_heading = "Input")]
    pub max_record: Option<String>,
    /// Business units: CSV with the columns project, business_unit and, if wanted, cost_center, valid_from, valid_to, within,
    /// share, method; or the same as rules in a file that ends in .toml
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub map: Option<PathBuf>,
    /// An inventory that turns project numbers into ids and shows labels, folders and organisations: `gcloud projects list --format=json`, a Resource Manager answer, a
    /// Cloud Asset Inventory export or rows of a billing export. May be given more than once
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub projects: Vec<PathBuf>,
    /// Rows that replace or add to the built-in catalogue of services (CSV, see `billtrail services`)
    #[arg(long, value_name = "FILE", help_heading = "Attribution")]
    pub services: Option<PathBuf>,
    /// Count calls from this moment on: `2026-10`, `2026-10-01` or RFC 3339
    #[arg(long, value_name = "TIME", help_heading = "Period")]
    pub from: Option<String>,
    /// Count calls before this moment
    #[arg(long, value_name = "TIME", help_heading = "Period")]
    pub to: Option<String>,
    /// Count only entries that this filter in the Logging query language selects, as Cloud Logging would; `@FILE` reads it
    /// from a file
    #[arg(long = "where", value_name = "FILTER", allow_hyphen_values = true, help_heading = "Period")]
    pub filter: Option<String>,
    /// The time zone of days, of --from and --to and of the mapping's dates [default: UTC]
    #[arg(long, value_name = "ZONE", help_heading = "Period")]
    pub timezone: Option<String>,
    /// Threads; 0 takes as many as the machine has [default: 0]
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub threads: Option<usize>,
    /// Read records `fast` or `strict`; the result is the same
    #[arg(long, value_name = "HOW", default_value = "fast", hide_possible_values = true, help_heading = "Run")]
    pub scanner: ScannerChoice,
    /// Memory to stay within, such as `64MiB` or `2GiB`; what does not fit waits on disk [default: 256MiB]
    #[arg(long, value_name = "SIZE", help_heading = "Run")]
    pub memory: Option<String>,
    /// The directory of data that wait on disk; nothing is left there [default: the system's]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub temp_dir: Option<PathBuf>,
    /// Keep the raw bytes of records that cannot be read, one a line
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    pub rejected: Option<PathBuf>,
    /// Exit with 1 if a record cannot be read
    #[arg(long, help_heading = "Run")]
    pub strict: bool,
    /// Say nothing on standard error but errors, and show no progress
    #[arg(long, short, help_heading = "Run")]
    pub quiet: bool,
    /// After the result, say on standard error what the run cost (time by stage, pace, memory), as `table` or `json` [default
    /// form: table]
    #[arg(long, value_name = "FORM", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "table",
        hide_possible_values = true, help_heading = "Run")]
    pub stats: Option<StatsForm>,
    /// The configuration file [default: ./billtrail.toml, else billtrail/config.toml in the user's configuration directory]
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    pub config: Option<PathBuf>,
}

/// The forms of `--stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StatsForm {
    /// A table
    Table,
    /// One line of JSON
    Json,
}

/// The values of `--scanner`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ScannerChoice {
    /// The fast path where it vouches for a record.
    #[default]
    Fast,
    /// The strict path for every record.
    Strict,
}

impl From<ScannerChoice> for Scanner {
    fn from(choice: ScannerChoice) -> Self {
        match choice {
            ScannerChoice::Fast => Self::Fast,
            ScannerChoice::Strict => Self::Strict,
        }
    }
}

/// How to print.
#[derive(Debug, Clone, Default, Args)]
pub struct OutputArgs {
    /// table, csv, json, ndjson, markdown, html, xlsx or parquet; `report --bill` also makes focus and journal [default: by the
    /// ending of the output file, else table]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,
    /// Write to a file, which appears only when it is complete
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Who is named.
    #[command(flatten)]
    pub names: privacy::NameArgs,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Where to read from.
    #[command(flatten)]
    pub logs: LogArgs,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
    /// The bill.
    #[command(flatten)]
    pub bill: bill::BillArgs,
    /// The dataset that the bill is made into.
    #[command(flatten)]
    pub dataset: dataset::DatasetArgs,
    /// The price book.
    #[command(flatten)]
    pub prices: prices::PriceArgs,
    /// Columns to group by: unit, cost_center, payer, storage_payer, service, kind, method, principal, principal_project,
    /// location, resource_project, resource, model, reason, day, hour, month, log; with --bill also sku, cost_type, basis,
    /// pool, currency, invoice_month, billing_account, and with --closed corrects; with --prices also sku [default:
    /// unit,payer,service]
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', help_heading = "Output")]
    pub by: Vec<String>,
    /// Print for each row the Logging filter that selects its entries, and a link to the Logs Explorer (not with --bill)
    #[arg(long, help_heading = "Output", conflicts_with = "bill")]
    pub filters: bool,
    /// Read the inputs once more and check that each row's filter, as it is printed, selects the row's entries; exit with 1
    /// if one does not (includes --filters)
    #[arg(long, help_heading = "Output", conflicts_with = "bill")]
    pub prove: bool,
    /// How small a group may be.
    #[command(flatten)]
    pub groups: privacy::GroupArgs,
    /// In CSV, leave text alone that a spreadsheet would run as a formula
    #[arg(long, overrides_with = "spreadsheet_safe", help_heading = "Output")]
    pub raw: bool,
    /// In CSV, make text harmless that a spreadsheet would run as a formula (the default)
    #[arg(long, help_heading = "Output")]
    pub spreadsheet_safe: bool,
}

/// Arguments of `calls`.
#[derive(Debug, Args)]
pub struct CallsArgs {
    /// Where to read from.
    #[command(flatten)]
    pub logs: LogArgs,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
    /// The price book.
    #[command(flatten)]
    pub prices: prices::PriceArgs,
    /// In CSV, leave text alone that a spreadsheet would run as a formula (the default: an insertId may begin with `-`)
    #[arg(long, overrides_with = "spreadsheet_safe", help_heading = "Output")]
    pub raw: bool,
    /// In CSV, make text harmless that a spreadsheet would run as a formula
    #[arg(long, help_heading = "Output")]
    pub spreadsheet_safe: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("call").required(true).args(["insert_id", "call_key"])))]
pub struct ExplainArgs {
    /// Where to read from.
    #[command(flatten)]
    pub logs: LogArgs,
    /// How to print: `table` explains in words, the others print the rows of `calls`.
    #[command(flatten)]
    pub output: OutputArgs,
    /// The insertId of an entry; every call that an entry with this id tells of is explained
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub insert_id: Option<String>,
    /// The call_key of a call, as `billtrail calls` prints it; for entries without an insertId
    #[arg(long, value_name = "KEY")]
    pub call_key: Option<String>,
}

/// Arguments of `ledger`.
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// Where to read from.
    #[command(flatten)]
    pub logs: LogArgs,
    /// The ledger: a directory, which appears or changes only when all of it is written
    #[arg(long, short, value_name = "DIR", required_unless_present_any = ["look", "keyed"], help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Add to the ledger: read only inputs that it does not hold, and those anew whose size or time of change differs
    #[arg(long, conflicts_with = "step", help_heading = "Output")]
    pub append: bool,
    /// With --append, compare the inputs by their content
    #[arg(long, requires = "append", help_heading = "Output")]
    pub verify: bool,
    /// What an engine asks for.
    #[command(flatten)]
    pub piece: piece::PieceArgs,
}

/// Arguments of `services`.
#[derive(Debug, Args)]
pub struct ServicesArgs {
    /// A service, such as vision.googleapis.com or vision
    pub name: Option<String>,
    /// Rows that replace or add to the built-in catalogue
    #[arg(long, value_name = "FILE")]
    pub services: Option<PathBuf>,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The commands about the mapping.
#[derive(Debug, Subcommand)]
pub enum MapCommand {
    /// Check a mapping: errors, rows that match nothing, payers without a row, spelling
    #[command(
        after_help = "Example:\n  billtrail map check business-units.csv --projects projects.json logs/\n\nExits with 1 if \
rows contradict each other, with 2 if the file is no valid mapping."
    )]
    Check(MapCheckArgs),
    /// Begin a mapping: a row for each payer found, largest first; with --map only for payers that it does not list
    #[command(after_help = "Example:\n  billtrail map init logs/ --projects projects.json > business-units.csv")]
    Init(Box<MapInitArgs>),
}

/// Arguments of `map check`.
#[derive(Debug, Args)]
pub struct MapCheckArgs {
    /// The mapping to check
    #[arg(value_name = "MAP")]
    pub mapping: PathBuf,
    /// Logs whose payers should have a row
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<String>,
    /// An inventory of projects. May be given more than once
    #[arg(long, value_name = "FILE")]
    pub projects: Vec<PathBuf>,
    /// The time zone of the mapping's dates [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Explain which row decides for this project, id or number. May be given more than once
    #[arg(long, value_name = "PROJECT")]
    pub explain: Vec<String>,
    /// The moment for --explain, such as 2026-10-01; without it only rows without dates decide
    #[arg(long, value_name = "TIME", requires = "explain")]
    pub on: Option<String>,
}

/// Arguments of `map init`.
#[derive(Debug, Args)]
pub struct MapInitArgs {
    /// Where to read from.
    #[command(flatten)]
    pub logs: LogArgs,
    /// Write to a file
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// The commands about filters.
#[derive(Debug, Subcommand)]
pub enum LqlCommand {
    /// Check filters: what is wrong, slow or misleading, with the reason
    #[command(
        after_help = "Example:\n  billtrail lql check sink.lql --sink --deny warnings\n\nExits with 1 if a filter has an \
error, or with --deny warnings a warning."
    )]
    Check(LqlCheckArgs),
    /// Rewrite filters in canonical form; comments stay
    #[command(after_help = "Example:\n  billtrail lql fmt --check queries/*.lql")]
    Fmt(LqlFmtArgs),
    /// Print the records of local exports that a filter selects, in the order of the input
    #[command(after_help = "Example:\n  billtrail lql match 'protoPayload.status.code=7' logs/ --count")]
    Match(Box<LqlMatchArgs>),
    /// Explain a filter in words, as Cloud Logging reads it
    #[command(
        after_help = "Example:\n  billtrail lql explain 'severity>=ERROR AND resource.type=\"gcs_bucket\" OR \"timeout\"'"
    )]
    Explain(LqlExplainArgs),
}

/// Arguments of `lql check`.
#[derive(Debug, Args)]
pub struct LqlCheckArgs {
    /// Files with one filter each; `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Fail on warnings too
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    pub deny: Option<String>,
    /// The filters are those of sinks, exclusions or metrics
    #[arg(long)]
    pub sink: bool,
    /// Repair what can be repaired without changing which entries are selected
    #[arg(long)]
    pub fix: bool,
}

/// Arguments of `lql fmt`.
#[derive(Debug, Args)]
pub struct LqlFmtArgs {
    /// Files with one filter each; `-` formats standard input to standard output
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing; exit with 1 if a file is not in canonical form
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `lql match`.
#[derive(Debug, Args)]
pub struct LqlMatchArgs {
    /// The filter, or `@FILE`; an empty one selects every record
    #[arg(value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: String,
    /// Files, directories, globs in quotes, or `-` for standard input
    #[arg(value_name = "INPUT", required_unless_present = "files_from")]
    pub inputs: Vec<String>,
    /// Read more inputs from a file, one a line
    #[arg(long, value_name = "LIST")]
    pub files_from: Option<PathBuf>,
    /// Print only how many records were selected
    #[arg(long)]
    pub count: bool,
    /// Draw `sample()` by a hash of billtrail's own: stable, but not the draw of Cloud Logging
    #[arg(long)]
    pub local_sample: bool,
    /// Threads; 0 takes as many as the machine has
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    /// Say nothing on standard error but errors, and show no progress
    #[arg(long, short)]
    pub quiet: bool,
    /// After the result, say on standard error what the run cost (time by stage, pace, memory), as `table` or `json` [default
    /// form: table]
    #[arg(long, value_name = "FORM", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "table",
        hide_possible_values = true)]
    pub stats: Option<StatsForm>,
}

/// Arguments of `lql explain`.
#[derive(Debug, Args)]
pub struct LqlExplainArgs {
    /// The filter, or `@FILE`
    #[arg(value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: String,
}

/// Arguments of `contract`.
#[derive(Debug, Args)]
pub struct ContractArgs {
    /// text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
