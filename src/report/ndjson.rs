//! NDJSON: one JSON object a row, which databases load as it is.
//!
//! Totals and tally are not rows and stay out; an incomplete result ends with the line `{"incomplete":true}`.

use std::io::{self, Write};

use super::json;
use crate::model::document::{Document, Row};

/// Writes the rows as they come.
pub fn write(document: &Document, rows: &mut dyn Iterator<Item = Row>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    for row in rows {
        json::row(&document.columns, &row, out)?;
        out.write_all(b"\n")?;
    }
    if document.incomplete {
        out.write_all(b"{\"incomplete\":true}\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::sample::{document, printed_text, rows};
    use super::super::{Format, Style};

    #[test]
    fn each_line_is_one_row() {
        let printed = printed_text(Format::Ndjson, &document(), &rows(), &Style::default());
        let lines: Vec<serde_json::Value> =
            printed.lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[2]["payer"], "search-index");
        assert_eq!(lines[4]["payer"], serde_json::Value::Null);
    }
}
