//! The output formats, one file each. They see a [`Document`] and its rows, and nothing else of billtrail.
//!
//! Only `table` holds its rows; `parquet` holds a group of them, the others write each row as it comes. Whether the output is a terminal, and how wide, is the caller's to find out.

use std::io::{self, Write};

use crate::model::closed_list::closed_list;
use crate::model::document::{Document, Row};

mod coverage;
mod csv;
mod dataset;
mod estimate;
mod figures;
pub mod focus;
mod groups;
mod html;
mod json;
mod layout;
mod markdown;
mod ndjson;
mod parquet;
mod row_filter;
mod safe_text;
#[cfg(test)]
mod sample;
mod stats;
mod summary;
mod table;
mod tie_out;
mod verdict;
mod xlsx;

pub use dataset::Dataset;
pub use safe_text::safe;
pub use stats::{stats_json, stats_table};
pub use summary::summary;

closed_list! {
    /// An output format.
    pub enum Format {
        Table = "table": "a table for a terminal, with the tally and the gaps below it",
        Csv = "csv": "rows with a header line; no totals",
        Json = "json": "one document with rows, totals, tally, provenance and diagnostics",
        Ndjson = "ndjson": "one JSON object a row; no totals",
        Markdown = "markdown": "a GitHub table, with the tally and the gaps below it",
        Html = "html": "one page for a browser: charts, a table to sort and filter, tally, gaps and provenance",
        Xlsx = "xlsx": "a workbook: summary, statement with totals as formulas, what is unallocated, tally and provenance",
        Parquet = "parquet": "rows in typed columns; the tally is in the file's metadata",
    }
}

impl Format {
    /// True if the output holds the tally and the gaps; for the others the caller prints [`summary`] elsewhere.
    pub const fn holds_summary(self) -> bool {
        match self {
            Self::Table | Self::Markdown | Self::Html | Self::Xlsx | Self::Json => true,
            Self::Csv | Self::Ndjson | Self::Parquet => false,
        }
    }

    /// True if the output is not text, which a terminal cannot show.
    pub const fn is_binary(self) -> bool {
        match self {
            Self::Xlsx | Self::Parquet => true,
            Self::Table | Self::Csv | Self::Json | Self::Ndjson | Self::Markdown | Self::Html => false,
        }
    }
}

/// How a document is printed; no choice here changes a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Terminal colours may be used (`table` and [`summary`]).
    pub colour: bool,
    /// How many columns of characters fit (`table` and [`summary`]); `None` does not limit.
    pub width: Option<usize>,
    /// Text cells that a spreadsheet would run as a formula get a leading apostrophe (`csv`).
    pub spreadsheet_safe: bool,
    /// The output is a terminal: control characters in `csv` are shown as escapes. The other text formats always do so.
    pub terminal: bool,
}

impl Style {
    /// The text in an effect or a colour, if colours may be used.
    fn paint(&self, how: anstyle::Style, text: &str) -> String {
        if self.colour { format!("{}{text}{}", how.render(), how.render_reset()) } else { text.to_owned() }
    }

    /// A sentence in lines that fit.
    fn wrapped(&self, text: &str) -> String {
        let Some(width) = self.width else { return text.to_owned() };
        let mut lines = String::with_capacity(text.len());
        let mut length = 0;
        for word in text.split(' ') {
            let more = word.chars().count();
            if length > 0 && length + 1 + more > width {
                lines.push('\n');
                length = 0;
            } else if length > 0 {
                lines.push(' ');
                length += 1;
            }
            lines.push_str(word);
            length += more;
        }
        lines
    }

    /// The text in bold.
    fn bold(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }
}

/// What every format for reading says when an input is missing from the result.
const INCOMPLETE: &str = "INCOMPLETE: an input was missing, unreadable, truncated or changed meanwhile. What it would have added is not counted.";

/// Writes a document with its rows, each with one cell for each column, and flushes.
///
/// Many small pieces are written: give a buffered writer.
///
/// # Errors
/// Fails when the output does, and for `parquet` also on a value that its columns cannot hold.
pub fn write(
    format: Format,
    document: &Document,
    rows: &mut dyn Iterator<Item = Row>,
    style: &Style,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let rows = &mut rows.inspect(|row| debug_assert_eq!(row.len(), document.columns.len()));
    match format {
        Format::Table => table::write(document, rows, style, out),
        Format::Csv => csv::write(document, rows, style, out),
        Format::Json => json::write(document, rows, out),
        Format::Ndjson => ndjson::write(document, rows, out),
        Format::Markdown => markdown::write(document, rows, out),
        Format::Html => html::write(document, rows, out),
        Format::Xlsx => xlsx::write(document, rows, out),
        Format::Parquet => parquet::write(document, rows, out),
    }?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::sample::{document, printed, printed_text, rows, text};
    use super::*;

    #[test]
    fn every_format_marks_an_incomplete_result() {
        let whole = document();
        let partial = Document { incomplete: true, ..document() };
        for format in Format::ALL {
            let marks = |document: &Document| {
                let out = printed(*format, document, &rows(), &Style::default());
                match format {
                    Format::Parquet => parquet::tests::metadata(&out, "incomplete") == "true",
                    Format::Xlsx => xlsx::tests::says_incomplete(&out),
                    Format::Json | Format::Ndjson => {
                        String::from_utf8_lossy(&out).replace(' ', "").contains("\"incomplete\":true")
                    }
                    Format::Table | Format::Csv | Format::Markdown | Format::Html => {
                        String::from_utf8_lossy(&out).contains("INCOMPLETE")
                    }
                }
            };
            assert!(marks(&partial), "{format}");
            assert!(!marks(&whole), "{format}");
        }
    }

    #[test]
    fn no_text_format_passes_a_terminal_escape_on() {
        let mut rows = rows();
        rows[0][0] = text("\u{1b}]0;title\u{7}\u{9b}31m\u{202e}evil\r\nline\u{7f}");
        let style = Style { terminal: true, ..Style::default() };
        for format in Format::ALL.iter().filter(|format| !format.is_binary()) {
            let printed = printed_text(*format, &document(), &rows, &style);
            assert!(printed.chars().all(|c| c == '\n' || !safe_text::is_unsafe(c)), "{format}: {printed:?}");
        }
    }

    #[test]
    fn every_row_is_in_every_text_format() {
        for format in Format::ALL.iter().filter(|format| !format.is_binary()) {
            let printed = printed_text(*format, &document(), &rows(), &Style::default());
            for payer in ["ads-prod-4711", "search-index", "sandbox-quokka", "storage.googleapis.com"] {
                assert!(printed.contains(payer), "{format}: {payer}");
            }
        }
    }
}
