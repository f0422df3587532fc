//! Cells as a reader sees them, the names of columns as words, and bars.

use maud::{Markup, html};

use super::super::figures;
use super::super::row_filter::fared;
use super::super::safe;
use crate::model::document::{Cell, Column, ColumnType};

/// What stands for a value that is unknown.
pub(super) const UNKNOWN: &str = "–";

/// The cell as text. The page's script writes cells the same way.
pub(super) fn text(cell: &Cell, measure: bool) -> String {
    match cell {
        Cell::Null => UNKNOWN.to_owned(),
        Cell::Text(text) => safe(text).into_owned(),
        Cell::Integer(number) if measure => figures::thousands(*number),
        Cell::Integer(number) => number.to_string(),
        Cell::Signed(number) => number.to_string(),
        Cell::Boolean(truth) => if *truth { "yes" } else { "no" }.to_owned(),
        Cell::Time(nanos) => figures::seconds(*nanos),
        Cell::Share(millionths) => figures::percent(*millionths),
        Cell::Money(money) => money.shown(),
        Cell::Proof(proof) => fared(proof),
    }
}

/// Whether a column's cells stand to the right.
pub(super) fn is_figure(column: &Column) -> bool {
    match column.kind {
        ColumnType::Integer | ColumnType::Share | ColumnType::Money => true,
        ColumnType::Text | ColumnType::Boolean | ColumnType::Time | ColumnType::Proof => false,
    }
}

/// Where the links of a column may lead.
pub(super) const LINKED: &str = "https://console.cloud.google.com/";

/// Whether the cells of a column are links.
pub(super) fn is_link(column: &Column) -> bool {
    column.name == "filter_url"
}

/// Whether the cells of a column are code, which may be long.
pub(super) fn is_code(column: &Column) -> bool {
    column.name == "filter"
}

/// Code with its own line breaks, harmless to read.
pub(super) fn code(text: &str) -> String {
    text.lines().map(safe).collect::<Vec<_>>().join("\n")
}

/// The name of a column as words: `billable_calls` is `billable calls`.
pub(super) fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// What stands above a column: its name as words, with the currency of money.
pub(super) fn heading(column: &Column) -> String {
    match (column.kind, column.unit) {
        (ColumnType::Money, Some(currency)) => format!("{} ({currency})", words(column.name)),
        (_, _) => words(column.name),
    }
}

/// A share as a bar, for the eye alone; the figure stands beside it.
pub(super) fn bar(millionths: u32) -> Markup {
    html! {
        svg.bar width="100%" height="10" aria-hidden="true" focusable="false" {
            rect.track width="100%" height="10" rx="2" {}
            rect.part width={ (figures::fraction(millionths * 100)) "%" } height="10" rx="2" {}
        }
    }
}

/// A share as text.
pub(super) fn percent(millionths: Option<u32>) -> String {
    millionths.map_or_else(|| UNKNOWN.to_owned(), figures::percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_the_share() {
        assert!(bar(612_345).0.contains("width=\"61.234500%\""));
        assert!(bar(1_000_000).0.contains("class=\"part\" width=\"100.000000%\""));
    }

    #[test]
    fn only_measures_are_grouped_in_thousands() {
        assert_eq!(text(&Cell::Integer(4_711_000), true), "4,711,000");
        assert_eq!(text(&Cell::Integer(4_711_000), false), "4711000");
    }
}
