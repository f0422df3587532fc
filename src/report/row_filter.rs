//! The filters of the rows as tables show them: below the table, each with the row it is of and how it fared.

use super::figures::thousands;
use crate::model::document::{Cell, Document, Proof};

/// What stands above the filters.
pub(super) const TITLE: &str = "Filters that select the entries of a row";

/// Stands for the filter without a condition; as a comment of the language it can be pasted too.
const EVERY_ENTRY: &str = "-- no condition: selects every entry";

/// The filter of a row.
pub(super) struct RowFilter {
    /// The values of the grouping columns.
    pub row: String,
    /// Whether it is exact, and how it fared if it was proved.
    pub how: String,
    /// The filter, in as many lines as it has parts.
    pub text: String,
}

impl RowFilter {
    /// The filter of a row of cells; `None` if the document has none.
    pub fn of(document: &Document, row: &[Cell]) -> Option<Self> {
        let (mut text, mut exact, mut proof) = (None, false, None);
        for (column, cell) in document.columns.iter().zip(row).skip(document.tabled().len()) {
            match (column.name, cell) {
                ("filter", Cell::Text(filter)) if filter.is_empty() => text = Some(EVERY_ENTRY.to_owned()),
                ("filter", Cell::Text(filter)) => text = Some(filter.clone()),
                (_, Cell::Boolean(is)) => exact = *is,
                (_, Cell::Proof(found)) => proof = Some(*found),
                _ => {}
            }
        }
        let keys = row.iter().take(document.keys);
        let values = keys.map(|cell| if let Cell::Text(value) = cell { value.as_str() } else { "" });
        Some(Self { row: values.collect::<Vec<_>>().join(", "), how: how(exact, proof), text: text? })
    }
}

/// What can be relied on: `exact; proved: selects all 12 entries`.
fn how(exact: bool, proof: Option<Proof>) -> String {
    let width = if exact { "exact" } else { "superset" };
    let Some(proof) = proof else { return width.to_owned() };
    let sound = proof.missing == 0 && (proof.extra == 0 || !exact);
    format!("{width}; {}: {}", if sound { "proved" } else { "NOT PROVED" }, fared(&proof))
}

/// How a filter fared, in words: `selects all 12 entries, and 2 merged into calls`.
pub(super) fn fared(proof: &Proof) -> String {
    let Proof { expected, missing, extra, merged, outside_period, selected: _ } = *proof;
    let count = |number: u64| thousands(u128::from(number));
    let mut said = match missing {
        0 if expected == 1 => "selects its entry".to_owned(),
        0 => format!("selects all {} entries", count(expected)),
        _ => format!("misses {} of {} entries", count(missing), count(expected)),
    };
    for (number, whose) in
        [(extra, "of other rows"), (merged, "merged into calls"), (outside_period, "outside the period")]
    {
        if number > 0 {
            said.push_str(&format!(", and {} {whose}", count(number)));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_says_how_it_fared() {
        assert_eq!(how(true, None), "exact");
        let proof = Proof { expected: 1_200, selected: 1_205, extra: 3, merged: 2, ..Proof::default() };
        let said = "superset; proved: selects all 1,200 entries, and 3 of other rows, and 2 merged into calls";
        assert_eq!(how(false, Some(proof)), said);
        assert!(how(true, Some(proof)).starts_with("exact; NOT PROVED: selects all"));
        let missing = how(false, Some(Proof { missing: 1, ..proof }));
        assert!(missing.starts_with("superset; NOT PROVED: misses 1 of 1,200 entries, and 3"), "{missing}");
    }
}
