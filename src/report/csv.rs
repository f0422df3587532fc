//! CSV: a header line and the rows, nothing else, so that every tool reads it. Unknown is empty.
//!
//! There is no total row: whoever sums a column would count it twice. The totals are in `json` and under the table.

use std::borrow::Cow;
use std::io::{self, Write};

use super::figures::{fraction, proof};
use super::{Style, safe};
use crate::model::document::{Cell, ColumnType, Document, Row};
use crate::model::time::rfc3339;

/// Writes the header and the rows as they come; an incomplete result ends with a row that says `INCOMPLETE`.
pub fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Row>,
    style: &Style,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    write_csv(document, rows, style, out).map_err(|error| match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    })
}

fn write_csv(
    document: &Document,
    rows: &mut dyn Iterator<Item = Row>,
    style: &Style,
    out: &mut (dyn Write + Send),
) -> Result<(), ::csv::Error> {
    let mut csv = ::csv::Writer::from_writer(out);
    csv.write_record(document.columns.iter().map(|column| column.name))?;
    for row in rows {
        for cell in &row {
            csv.write_field(value(cell, style).as_bytes())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    if document.incomplete {
        let marked = document.columns.iter().position(|column| column.kind == ColumnType::Text).unwrap_or(0);
        csv.write_record((0..document.columns.len()).map(|at| if at == marked { "INCOMPLETE" } else { "" }))?;
    }
    csv.flush()?;
    Ok(())
}

fn value<'a>(cell: &'a Cell, style: &Style) -> Cow<'a, str> {
    match cell {
        Cell::Null => Cow::Borrowed(""),
        Cell::Text(text) => {
            let text = if style.spreadsheet_safe { harmless(text) } else { Cow::Borrowed(text.as_str()) };
            if style.terminal { Cow::Owned(safe(&text).into_owned()) } else { text }
        }
        Cell::Integer(number) => Cow::Owned(number.to_string()),
        Cell::Signed(number) => Cow::Owned(number.to_string()),
        Cell::Boolean(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        Cell::Time(nanos) => Cow::Owned(rfc3339(*nanos)),
        Cell::Share(millionths) => Cow::Owned(fraction(*millionths)),
        Cell::Money(money) => Cow::Owned(money.exact.to_string()),
        Cell::Proof(found) => Cow::Owned(proof(found)),
    }
}

/// The text with a leading apostrophe if a spreadsheet would take it for a formula.
///
/// Source: <https://owasp.org/www-community/attacks/CSV_Injection>, with the full-width forms it names.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{OCTOBER, column, document, printed_text, rows, text};
    use super::super::{Format, Style};
    use super::*;

    fn csv(document: &Document, rows: &[Row], spreadsheet_safe: bool) -> Vec<Vec<String>> {
        let style = Style { spreadsheet_safe, ..Style::default() };
        let printed = printed_text(Format::Csv, document, rows, &style);
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(printed.as_bytes());
        reader.records().map(|record| record.expect("valid CSV").iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn a_row_is_exact_and_unknown_is_empty() {
        let table = csv(&document(), &rows(), true);
        assert_eq!(table.len(), 6);
        assert_eq!(table[0][3..5], ["calls", "billable_calls"]);
        assert_eq!(
            table[1][6..],
            ["1330000000000", "987654321", "2469134", "2026-10-01T00:01:01Z", "2026-10-31T23:01:01Z", "0.612345"]
        );
        assert_eq!(table[5][..2], ["(unattributed)", ""]);
    }

    #[test]
    fn formulas_are_harmless_only_when_asked() {
        let document = Document { columns: vec![column("insert_id", ColumnType::Text, None)], keys: 1, ..document() };
        for formula in ["=1+1", "+1", "-x", "@SUM(A1)", "\tx", "\rx", "＝1"] {
            let rows = [vec![text(formula)]];
            assert_eq!(csv(&document, &rows, true)[1], [format!("'{formula}")]);
            assert_eq!(csv(&document, &rows, false)[1], [formula]);
        }
        assert_eq!(csv(&document, &[vec![text("a=1")]], true)[1], ["a=1"]);
    }

    #[test]
    fn negative_numbers_are_no_formulas() {
        let document =
            Document { columns: vec![column("status_code", ColumnType::Integer, None)], keys: 0, ..document() };
        assert_eq!(csv(&document, &[vec![Cell::Signed(-7)]], true)[1], ["-7"]);
    }

    #[test]
    fn quotes_commas_and_line_breaks_survive() {
        let hostile = "a,\"b\"\r\nc\0";
        let document = Document { columns: vec![column("text", ColumnType::Text, None)], keys: 1, ..document() };
        assert_eq!(csv(&document, &[vec![text(hostile)]], true)[1], [hostile]);
    }

    #[test]
    fn the_incomplete_mark_stands_in_the_first_text_cell() {
        let columns = vec![column("timestamp", ColumnType::Time, None), column("service", ColumnType::Text, None)];
        let document = Document { columns, keys: 0, incomplete: true, ..document() };
        let table = csv(&document, &[vec![Cell::Time(OCTOBER), text("a")]], true);
        assert_eq!(table[2], ["", "INCOMPLETE"]);
    }
}
