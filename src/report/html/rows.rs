//! The rows as blocks of JSON within the page: one array a row, read by the page's script.

use std::io::{self, Write};

use super::super::row_filter::fared;
use super::super::safe;
use super::cells::{code, is_code};
use crate::model::document::{Cell, Document, Row};
use crate::model::time::rfc3339;

/// How many rows are shown before a script turns pages.
pub(super) const PAGE: usize = 50;
/// How many rows stand in one block.
const BLOCK: usize = 2_000;
/// The largest number that a script reads exactly; a larger one is written as text.
const EXACT: u128 = (1 << 53) - 1;

/// The first rows, and how many there are.
pub(super) struct First {
    /// At most a page of rows.
    pub rows: Vec<Row>,
    /// All rows.
    pub count: usize,
}

/// Writes the rows as they come, hands each to `each`, and returns the first page of them.
pub(super) fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Row>,
    out: &mut (dyn Write + Send),
    mut each: impl FnMut(&Row),
) -> io::Result<First> {
    let mut first = First { rows: Vec::new(), count: 0 };
    for row in rows {
        let begins = first.count.is_multiple_of(BLOCK);
        if begins && first.count > 0 {
            out.write_all(b"\n]</script>\n")?;
        }
        out.write_all(if begins { b"<script type=\"application/json\" class=\"rows\">[\n" } else { b",\n" })?;
        for ((at, cell), column) in row.iter().enumerate().zip(&document.columns) {
            out.write_all(if at == 0 { b"[" } else { b"," })?;
            let value = match cell {
                Cell::Text(text) if is_code(column) => quoted(&code(text))?,
                other => value(other)?,
            };
            out.write_all(value.as_bytes())?;
        }
        out.write_all(if document.columns.is_empty() { b"[]" } else { b"]" })?;
        each(&row);
        if first.rows.len() < PAGE {
            first.rows.push(row);
        }
        first.count += 1;
    }
    if first.count > 0 {
        out.write_all(b"\n]</script>\n")?;
    }
    Ok(first)
}

/// The cell as JSON: times as RFC 3339, shares in millionths, large numbers as text.
pub(super) fn value(cell: &Cell) -> io::Result<String> {
    Ok(match cell {
        Cell::Null => "null".to_owned(),
        Cell::Text(text) => quoted(&safe(text))?,
        Cell::Integer(number) if *number <= EXACT => number.to_string(),
        Cell::Integer(number) => format!("\"{number}\""),
        Cell::Signed(number) => number.to_string(),
        Cell::Boolean(truth) => truth.to_string(),
        Cell::Time(nanos) => format!("\"{}\"", rfc3339(*nanos)),
        Cell::Share(millionths) => millionths.to_string(),
        Cell::Money(money) => quoted(&money.shown())?,
        Cell::Proof(proof) => quoted(&fared(proof))?,
    })
}

/// Text as a JSON string in which no mark-up can begin or end.
pub(super) fn quoted(text: &str) -> io::Result<String> {
    Ok(serde_json::to_string(text)?.replace('<', "\\u003c"))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{document, rows as sample_rows, text};
    use super::*;

    fn written(rows: Vec<Row>) -> (String, First) {
        let mut out = Vec::new();
        let first = write(&document(), &mut rows.into_iter(), &mut out, |_| {}).expect("a vector takes all");
        (String::from_utf8(out).expect("text"), first)
    }

    fn blocks(written: &str) -> Vec<Vec<serde_json::Value>> {
        let blocks = written.split("class=\"rows\">").skip(1).map(|block| block.split("</script>").next());
        blocks.map(|block| serde_json::from_str(block.expect("a block")).expect("valid JSON")).collect()
    }

    #[test]
    fn rows_are_arrays_in_blocks() {
        let many: Vec<Row> = sample_rows().into_iter().cycle().take(BLOCK + 1).collect();
        let (text, first) = written(many);
        assert_eq!(blocks(&text).iter().map(Vec::len).collect::<Vec<_>>(), [BLOCK, 1]);
        assert_eq!((first.rows.len(), first.count), (PAGE, BLOCK + 1));
        assert_eq!(blocks(&text)[0][0][3], 1_234_567);
        assert_eq!(blocks(&text)[0][0][9], "2026-10-01T00:01:01Z");
        assert_eq!(blocks(&text)[0][4][1], serde_json::Value::Null);
        assert_eq!(written(vec![]).0, "");
    }

    #[test]
    fn text_cannot_leave_its_block() {
        let mut rows = sample_rows();
        rows[0][0] = text("</script><script>alert(1)</script><!--\u{2028}\u{202e}");
        let (written, _) = written(rows);
        assert_eq!(written.matches("</script>").count(), 1);
        assert!(!written.contains("<!--") && !written.contains(['\u{2028}', '\u{202e}']));
        assert_eq!(blocks(&written)[0][0][0], "</script><script>alert(1)</script><!--\\u{2028}\\u{202e}");
    }

    #[test]
    fn a_number_that_a_script_would_round_is_text() {
        assert_eq!(value(&Cell::Integer(EXACT)).expect("JSON"), "9007199254740991");
        assert_eq!(value(&Cell::Integer(EXACT + 1)).expect("JSON"), "\"9007199254740992\"");
    }
}
