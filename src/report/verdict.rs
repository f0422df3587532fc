//! The sentence that leads the result of a check: whether all limits are kept.

use crate::model::document::{Cell, Document, Row};

/// Whether all limits are kept, and the sentence that says so; `None` for other documents and for a check of nothing.
pub(super) fn sentence(document: &Document, rows: &[Row]) -> Option<(bool, String)> {
    let passed = document.columns.iter().position(|column| column.name == "passed")?;
    if document.command != "check" || rows.is_empty() {
        return None;
    }
    let failed = rows.iter().filter(|row| row[passed] == Cell::Boolean(false)).count();
    let sentence = match (failed, rows.len()) {
        (0, 1) => "The limit is kept".to_owned(),
        (0, all) => format!("All {all} limits are kept"),
        (_, 1) => "The limit is not kept".to_owned(),
        (1, all) => format!("1 of {all} limits is not kept"),
        (failed, all) => format!("{failed} of {all} limits are not kept"),
    };
    Some((failed == 0, sentence))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{column, document, text};
    use super::*;
    use crate::model::document::ColumnType;

    #[test]
    fn the_sentence_counts_what_is_not_kept() {
        let columns = vec![column("gate", ColumnType::Text, None), column("passed", ColumnType::Boolean, None)];
        let check = Document { command: "check", columns, ..document() };
        let said = |passed: &[bool]| {
            let rows: Vec<Row> = passed.iter().map(|passed| vec![text("unit"), Cell::Boolean(*passed)]).collect();
            sentence(&check, &rows)
        };
        for (passed, kept, words) in [
            (&[true][..], true, "The limit is kept"),
            (&[true, true], true, "All 2 limits are kept"),
            (&[true, false, true], false, "1 of 3 limits is not kept"),
            (&[false, false], false, "2 of 2 limits are not kept"),
        ] {
            assert_eq!(said(passed), Some((kept, words.to_owned())));
        }
        assert_eq!(said(&[]), None);
        assert_eq!(sentence(&document(), &[]), None);
    }
}
