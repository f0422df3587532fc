//! A document: columns, rows and totals with the tally, the provenance and the diagnostics; all that a format prints.

use std::collections::BTreeMap;

use super::closed_list::closed_list;
use super::coverage::CoverageSummary;
use super::estimate::Estimate;
use super::money::Money;
use super::reason::{DiagnosticKind, PayerReason};
use super::tally::Tally;
use super::tie_out::BillSummary;

/// The version of the columns, values and documents that machines rely on.
pub const SCHEMA_VERSION: u32 = 1;

closed_list! {
    /// What a column holds.
    pub enum ColumnType {
        Text = "text": "UTF-8 text",
        Integer = "integer": "a count or a quantity",
        Boolean = "boolean": "true or false",
        Time = "time": "an RFC 3339 time in UTC",
        Share = "share": "a fraction of the total, 0 to 1 with six digits",
        Money = "money": "a decimal text, exact; the unit is the currency, none where rows differ in it",
        Proof = "proof": "how the filter of a row fared over the input: an object of counts, in CSV and Parquet as JSON text",
    }
}

/// A column of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The name machines rely on.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
    /// The unit of its values (`byte`, `slot_ms`), if it has one.
    pub unit: Option<&'static str>,
}

/// One value. Unknown is `Null`, never an empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Unknown, or does not apply.
    Null,
    /// Text as the log or the mapping has it; may hold anything, so each format must make it safe.
    Text(String),
    /// A count or a quantity.
    Integer(u128),
    /// A signed number, such as a status code.
    Signed(i64),
    /// True or false.
    Boolean(bool),
    /// Nanoseconds since 1970 UTC.
    Time(i64),
    /// Millionths of the total, rounded half to even.
    Share(u32),
    /// An amount, exact for machines and rounded for people.
    Money(Money),
    /// How the filter of the row fared.
    Proof(Proof),
}

/// How the filter of a row fared over the input. What it selected is what was expected and not missing, what is extra, and
/// what is merged or outside the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof {
    /// Entries that speak for the row's calls.
    pub expected: u64,
    /// Entries that the filter selected.
    pub selected: u64,
    /// Entries that speak for the row's calls and were not selected.
    pub missing: u64,
    /// Selected entries that speak for calls of other rows.
    pub extra: u64,
    /// Selected entries that speak for no call: they were merged into one, or are not counted.
    pub merged: u64,
    /// Selected entries of calls outside the period.
    pub outside_period: u64,
}

/// A row: one cell for each column.
pub type Row = Vec<Cell>;

/// One input that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The path as given or found; `-` for standard input.
    pub path: String,
    /// Bytes read from it, as stored.
    pub bytes: u64,
    /// False when it could not be read to its end.
    pub complete: bool,
}

/// What the result was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The inputs, sorted by path.
    pub inputs: Vec<Input>,
    /// The mapping's path.
    pub mapping: Option<String>,
    /// The inventories' paths.
    pub projects: Vec<String>,
    /// The filter that chose the entries, as it was given.
    pub filter: Option<String>,
    /// The catalogue: `built-in DATE`, and the user's file if one was given.
    pub catalogue: String,
}

/// The period asked for, as RFC 3339 bounds; half-open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Period {
    /// First moment, if bounded.
    pub from: Option<i64>,
    /// First moment after, if bounded.
    pub to: Option<i64>,
    /// The time zone of days.
    pub timezone: String,
}

/// A kind of diagnostic with its exact count and some examples.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    /// How often.
    pub count: u64,
    /// At most 100 examples: where it was seen and what, one line each, sorted.
    pub examples: Vec<String>,
}

/// How many examples of a diagnostic are kept.
pub const MAX_EXAMPLES: usize = 100;

/// Diagnostics by kind.
pub type Diagnostics = BTreeMap<DiagnosticKind, Diagnostic>;

/// What the statement cannot place: payers without a unit, and calls without a payer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Payers without a row in the mapping: payer, calls, billable calls; largest first.
    pub unmapped: Vec<(String, u64, u64)>,
    /// Calls without a payer, or with one that is nobody's: reason, calls, billable calls; largest first.
    pub unattributed: Vec<(PayerReason, u64, u64)>,
    /// Hours of the period for which the sink wrote no file, as RFC 3339 times of their beginning.
    pub missing_hours: Vec<i64>,
}

/// A page among pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What stands over it.
    pub title: String,
    /// Other files: their names for readers, and where they are, seen from this one.
    pub links: Vec<(String, String)>,
    /// What its rows come to, one for each currency.
    pub net_costs: Vec<Money>,
}

/// All that a format prints.
#[derive(Debug, Clone)]
pub struct Document {
    /// The command that made it (`report`, `calls`, …).
    pub command: &'static str,
    /// The period.
    pub period: Period,
    /// What it was made from.
    pub provenance: Provenance,
    /// The balanced tally; `None` for documents that do not come from logs.
    pub tally: Option<Tally>,
    /// The columns; the first `keys` of them are the grouping.
    pub columns: Vec<Column>,
    /// How many of the columns are the grouping key; the others are measures.
    pub keys: usize,
    /// How many columns at the end tell of the row's filter; tables show them below.
    pub details: usize,
    /// The totals of the measures, one cell for each column after the keys; empty when there are none.
    pub totals: Row,
    /// What could not be placed.
    pub gaps: Gaps,
    /// What the money rests on; `None` without a bill.
    pub bill: Option<BillSummary>,
    /// What estimated costs rest on; `None` without a price book.
    pub estimate: Option<Estimate>,
    /// What a document that is a page among pages says of that; `None` for one that stands alone.
    pub page: Option<Page>,
    /// How much of a bill the logs tell of; `None` but for that question.
    pub coverage: Option<CoverageSummary>,
    /// What is worth saying.
    pub diagnostics: Diagnostics,
    /// An input was missing, unreadable, truncated or changed meanwhile: every format says `INCOMPLETE`.
    pub incomplete: bool,
}

impl Document {
    /// The columns that a table has.
    pub fn tabled(&self) -> &[Column] {
        &self.columns[..self.columns.len() - self.details]
    }
}

/// Adds one occurrence of a diagnostic, keeping the smallest examples so that order of arrival does not matter.
pub fn diagnose(diagnostics: &mut Diagnostics, kind: DiagnosticKind, example: impl FnOnce() -> String) {
    let diagnostic = diagnostics.entry(kind).or_default();
    diagnostic.count += 1;
    keep_example(&mut diagnostic.examples, example());
}

/// Adds what other diagnostics hold.
pub fn merge_diagnostics(mine: &mut Diagnostics, theirs: Diagnostics) {
    for (kind, diagnostic) in theirs {
        let known = mine.entry(kind).or_default();
        known.count += diagnostic.count;
        for example in diagnostic.examples {
            keep_example(&mut known.examples, example);
        }
    }
}

fn keep_example(examples: &mut Vec<String>, example: String) {
    if let Err(at) = examples.binary_search(&example)
        && at < MAX_EXAMPLES
    {
        examples.insert(at, example);
        examples.truncate(MAX_EXAMPLES);
    }
}
