//! FOCUS, the FinOps Open Cost and Usage Specification: allocated charges as the rows of its Cost and Usage dataset, with
//! columns of billtrail's own that say who carries them. CSV and Parquet are written as for any other document.
//!
//! Source: <https://focus.finops.org/focus-specification/>

mod cell;
mod column;

use crate::model::charge::AllocatedCharge;
use crate::model::closed_list::closed_list;
use crate::model::document::{Cell, Column, ColumnType, Row};

pub use column::FocusDatasetColumn;

closed_list! {
    /// A version of the specification.
    pub enum FocusVersion {
        V1_0 = "1.0": "June 2024",
        V1_1 = "1.1": "December 2024",
        V1_2 = "1.2": "May 2025",
    }
}

/// The column of the caller, which every dataset has.
pub const PRINCIPAL: &str = "x_Principal";

/// The layout of a dataset: a version, and the columns whose values calls tell.
#[derive(Debug, Clone)]
pub struct FocusLayout {
    version: FocusVersion,
    /// The names of the columns that calls tell, in the order of [`AllocatedCharge::told_by_calls`].
    told_by_calls: Vec<&'static str>,
}

impl FocusLayout {
    /// A layout. The names begin with `x_`, as FOCUS wants those of columns that it does not define.
    pub const fn new(version: FocusVersion, told_by_calls: Vec<&'static str>) -> Self {
        Self { version, told_by_calls }
    }

    /// All columns, in their order.
    pub fn columns(&self) -> Vec<Column> {
        let own = self.own().map(|column| Column { name: column.name(), kind: column.kind(), unit: None });
        let told = self.told().map(|name| Column { name, kind: ColumnType::Text, unit: None });
        own.chain(told).collect()
    }

    /// The row of a charge; `None` when an amount does not fit.
    pub fn row(&self, charge: &AllocatedCharge) -> Option<Row> {
        let mut row: Row = self.own().map(|column| cell::cell(column, charge)).collect::<Option<Row>>()?;
        row.extend(self.told().map(|name| {
            let at = self.told_by_calls.iter().position(|told| *told == name);
            let value = at.and_then(|at| charge.told_by_calls.get(at)).and_then(Option::as_ref);
            value.map_or(Cell::Null, |value| Cell::Text(value.clone()))
        }));
        Some(row)
    }

    /// The columns of the version, and billtrail's own.
    fn own(&self) -> impl Iterator<Item = FocusDatasetColumn> {
        FocusDatasetColumn::ALL.iter().copied().filter(|column| column.since() <= self.version)
    }

    /// The columns that calls tell.
    fn told(&self) -> impl Iterator<Item = &'static str> {
        let others = self.told_by_calls.iter().copied().filter(|name| *name != PRINCIPAL);
        std::iter::once(PRINCIPAL).chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(version: FocusVersion, told: &[&'static str]) -> Vec<&'static str> {
        FocusLayout::new(version, told.to_vec()).columns().iter().map(|column| column.name).collect()
    }

    #[test]
    fn a_version_has_its_columns_and_those_before() {
        let standard = |version| names(version, &[]).iter().filter(|name| !name.starts_with("x_")).count();
        assert_eq!(FocusVersion::ALL.iter().map(|version| standard(*version)).collect::<Vec<_>>(), [43, 50, 53]);
        assert!(!names(FocusVersion::V1_0, &[]).contains(&"ServiceSubcategory"));
    }

    #[test]
    fn the_caller_has_a_column_whether_calls_tell_it_or_not() {
        assert_eq!(names(FocusVersion::V1_2, &[]).last(), Some(&PRINCIPAL));
        assert_eq!(names(FocusVersion::V1_2, &["x_Method", PRINCIPAL])[53..].last(), Some(&"x_Method"));
    }
}
