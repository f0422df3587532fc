//! Filters in the Logging query language, as trees: one for each kind, and one for each question that people often ask.
//!
//! A kind's filter follows the rules of `kind` and the rows of the built-in catalogue. Printing the trees belongs to the
//! caller. Sources: <https://cloud.google.com/logging/docs/view/logging-query-language>,
//! <https://cloud.google.com/logging/docs/audit>.

mod bigquery;
pub mod build;
pub mod kinds;
pub mod questions;
mod services;

pub use kinds::{of_kind, of_kind_in};
pub use questions::questions;

use crate::lql::ast::Expr;
use build::{all, any, field, log_id, not};

/// No line of a header is longer.
const WIDTH: usize = 110;

/// A filter, and what a reader should know of it before he runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The name of its file, without ending.
    pub stem: &'static str,
    /// Whether it selects only what it is asked for. A filter that is not exact selects all of that, and more.
    pub exact: bool,
    /// What it finds.
    pub finds: &'static str,
    /// What it costs to run.
    pub costs: &'static str,
    /// What it cannot find, and by what billtrail is finer if it is not exact.
    pub cannot: &'static str,
    /// The filter.
    pub filter: Expr,
}

impl Described {
    /// The comments above the filter, in lines that end in a line break.
    pub fn header(&self) -> String {
        let mut out = String::from(if self.exact { "-- exact\n" } else { "-- superset\n" });
        for (word, text) in [("Finds", self.finds), ("Costs", self.costs), ("Cannot", self.cannot)] {
            let mut line = format!("-- {word}:");
            for part in text.split_whitespace() {
                if line.chars().count() + 1 + part.chars().count() > WIDTH {
                    out.push_str(&line);
                    out.push('\n');
                    line = String::from("--  ");
                }
                line.push(' ');
                line.push_str(part);
            }
            out.push_str(&line);
            out.push('\n');
        }
        out
    }
}

/// Any of the audit logs with these names.
fn logs(names: &[&str]) -> Expr {
    any(names.iter().map(|name| log_id(&format!("cloudaudit.googleapis.com/{name}"))))
}

/// Any audit log.
fn audit_logs() -> Expr {
    logs(&["activity", "data_access", "system_event", "policy"])
}

/// Admin Activity and Data Access: what callers did.
fn calls_logs() -> Expr {
    logs(&["activity", "data_access"])
}

/// The log is an organisation's, a folder's or a billing account's.
pub fn of_container() -> Expr {
    field("logName").matches("^/?(organizations|folders|billingAccounts)/[^/]")
}

/// An entry of an audit log that is no organisation's, folder's or billing account's.
fn of_project() -> Expr {
    all([audit_logs(), not(of_container())])
}

/// Calls to one service.
fn service(name: &str) -> Expr {
    field("protoPayload.serviceName").eq(name)
}

/// Calls whose method matches a pattern.
fn method(pattern: &str) -> Expr {
    field("protoPayload.methodName").matches(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_wrapped_and_says_first_how_exact_the_filter_is() {
        let finds = "word ".repeat(60).leak();
        let filter = build::all([]);
        let described = Described { stem: "x", exact: false, finds, costs: "little", cannot: "all", filter };
        let header = described.header();
        assert!(header.starts_with("-- superset\n-- Finds: word word"));
        assert!(header.ends_with("\n-- Costs: little\n-- Cannot: all\n"));
        assert!(header.lines().all(|line| line.starts_with("-- ") && line.chars().count() <= WIDTH));
        assert_eq!(header.matches("word").count(), 60);
    }
}
