//! Sums of the rows by the values of some columns, made while the rows pass by.

use std::collections::HashMap;

use crate::model::document::{Cell, ColumnType, Document, Row};
use crate::model::share::millionths;

/// The rows that cannot be placed: shown after the others.
const GAPS: [&str; 2] = ["(unmapped)", "(unattributed)"];
/// What stands for an empty grouping value.
const NONE: &str = "(none)";

/// Sums of a document's measures by the values of some of its columns.
pub(super) struct Groups {
    columns: Vec<usize>,
    measures: Vec<usize>,
    sums: HashMap<Vec<String>, Vec<u128>>,
}

/// One group: its values, and the sum of each measure.
pub(super) struct Group {
    /// A value for each grouping column.
    pub key: Vec<String>,
    /// A sum for each of [`measures`].
    pub sums: Vec<u128>,
}

/// The measures that can be added up, as indexes of columns.
pub(super) fn measures(document: &Document) -> Vec<usize> {
    let all = document.keys..document.columns.len();
    all.filter(|at| document.columns[*at].kind == ColumnType::Integer).collect()
}

/// The measure by which groups are ranked and shared, as an index into [`measures`]: billable calls, or calls when none
/// is billable.
pub(super) fn weight(document: &Document) -> Option<usize> {
    let named = |name| measures(document).iter().position(|at| document.columns[*at].name == name);
    let billable = total(document, "billable_calls").is_some_and(|calls| calls > 0);
    named("billable_calls").filter(|_| billable).or_else(|| named("calls"))
}

/// The total of a measure, by the name of its column.
pub(super) fn total(document: &Document, name: &str) -> Option<u128> {
    let at = document.columns.iter().position(|column| column.name == name)?;
    match document.totals.get(at.checked_sub(document.keys)?)? {
        Cell::Integer(number) => Some(*number),
        Cell::Null
        | Cell::Text(_)
        | Cell::Signed(_)
        | Cell::Boolean(_)
        | Cell::Time(_)
        | Cell::Share(_)
        | Cell::Money(_)
        | Cell::Proof(_) => None,
    }
}

/// True for the value of a row that nobody was found for.
pub(super) fn is_gap(value: &str) -> bool {
    GAPS.contains(&value)
}

/// True for the value of a row that has none.
pub(super) fn is_none(value: &str) -> bool {
    value == NONE
}

impl Groups {
    /// Sums by these columns; `None` unless the document has them all as keys.
    pub fn by(document: &Document, names: &[&str]) -> Option<Self> {
        let keys = &document.columns[..document.keys];
        let find = |name: &&str| keys.iter().position(|column| column.name == *name);
        let columns = names.iter().map(find).collect::<Option<Vec<usize>>>()?;
        Some(Self { columns, measures: measures(document), sums: HashMap::new() })
    }

    /// Adds one row.
    pub fn add(&mut self, row: &Row) {
        let key = self.columns.iter().map(|at| match &row[*at] {
            Cell::Text(text) => text.clone(),
            Cell::Null
            | Cell::Integer(_)
            | Cell::Signed(_)
            | Cell::Boolean(_)
            | Cell::Time(_)
            | Cell::Share(_)
            | Cell::Money(_)
            | Cell::Proof(_) => NONE.to_owned(),
        });
        let sums = self.sums.entry(key.collect()).or_insert_with(|| vec![0; self.measures.len()]);
        for (sum, at) in sums.iter_mut().zip(&self.measures) {
            if let Cell::Integer(number) = row[*at] {
                // The total over all rows fits, or there would be no document.
                *sum = sum.saturating_add(number);
            }
        }
    }

    /// The groups, the heaviest first and what could not be placed last.
    pub fn ranked(self, weight: usize) -> Vec<Group> {
        let mut groups: Vec<Group> = self.sums.into_iter().map(|(key, sums)| Group { key, sums }).collect();
        let gap = |group: &Group| group.key.iter().any(|value| is_gap(value));
        let heaviest = |a: &Group, b: &Group| b.sums.get(weight).cmp(&a.sums.get(weight)).then(b.sums.cmp(&a.sums));
        groups.sort_by(|a, b| gap(a).cmp(&gap(b)).then_with(|| heaviest(a, b)).then_with(|| a.key.cmp(&b.key)));
        groups
    }
}

impl Group {
    /// The part of a whole that the group's weight is, in millionths.
    pub fn share(&self, weight: usize, whole: u128) -> Option<u32> {
        millionths(self.sums.get(weight).copied().unwrap_or(0), whole)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{document, rows};
    use super::*;

    fn ranked(names: &[&str]) -> Vec<(Vec<String>, u128)> {
        let document = document();
        let mut groups = Groups::by(&document, names).expect("the columns");
        rows().iter().for_each(|row| groups.add(row));
        let weight = weight(&document).expect("billable calls");
        groups.ranked(weight).into_iter().map(|group| (group.key, group.sums[weight])).collect()
    }

    #[test]
    fn groups_are_ranked_and_gaps_come_last() {
        let units: Vec<(String, u128)> = ranked(&["unit"]).into_iter().map(|(key, sum)| (key.concat(), sum)).collect();
        let expected = [("Advertising", 1_545_001), ("Search", 98_765), ("(unmapped)", 11), ("(unattributed)", 7)];
        assert_eq!(units, expected.map(|(unit, sum)| (unit.to_owned(), sum)));
    }

    #[test]
    fn groups_of_any_columns_add_up_to_the_total() {
        for names in [&["unit"][..], &["payer"], &["service", "unit"], &[]] {
            let sum: u128 = ranked(names).iter().map(|(_, sum)| sum).sum();
            assert_eq!(Some(sum), total(&document(), "billable_calls"), "{names:?}");
        }
    }

    #[test]
    fn a_column_that_is_no_key_makes_no_groups() {
        assert!(Groups::by(&document(), &["day"]).is_none());
        assert!(Groups::by(&document(), &["calls"]).is_none());
    }
}
