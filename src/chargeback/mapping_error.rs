//! What can be wrong with a mapping, with file and line.

use std::fmt;

/// What can be wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum MappingProblem {
    /// The bytes are no UTF-8.
    #[error("the text is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    /// There is no row.
    #[error("there are no rows; expected a header `project,business_unit` and at least one row")]
    NoRows,
    /// The header names a column that does not exist.
    #[error("unknown column `{0}`; known are project, business_unit, cost_center, valid_from, valid_to")]
    UnknownColumn(String),
    /// The header names a column twice.
    #[error("column `{0}` stands twice in the header")]
    DuplicateColumn(String),
    /// The header lacks a column.
    #[error("column `{0}` is missing in the header")]
    MissingColumn(&'static str),
    /// Quotes do not enclose a cell.
    #[error("broken quoting; a quote encloses a whole cell on one line, and a quote inside is doubled")]
    BrokenQuoting,
    /// More cells than the header has.
    #[error("{cells} cells under {columns} columns; a cell that holds the delimiter needs quotes")]
    TooManyCells {
        /// Cells up to the last that is not empty.
        cells: usize,
        /// Columns of the header.
        columns: usize,
    },
    /// No project can have this id or number.
    #[error(
        "no project can be called `{0}`; an id has 6 to 30 lower-case letters, digits and hyphens, begins with a letter \
         and does not end with a hyphen; a number is decimal without leading zeros"
    )]
    ImpossibleProject(String),
    /// The pattern cannot be read.
    #[error("glob `{glob}` cannot be read: {why}")]
    BadGlob {
        /// The pattern.
        glob: String,
        /// What is wrong with it.
        why: String,
    },
    /// A kind of row that is not supported.
    #[error("`{0}` is not supported; a row names a project by id, number or glob")]
    Unsupported(String),
    /// The unit is empty.
    #[error("the business unit is empty")]
    EmptyUnit,
    /// The unit or cost center has a name that reports use for something else.
    #[error("`{0}` is reserved and cannot be a business unit or cost center")]
    ReservedName(String),
    /// A date that is none.
    #[error("`{0}` is not a date; write 2026-10-01, 2026-10 or an RFC 3339 time (years 1678 to 2261), or nothing")]
    BadDate(String),
    /// A validity that ends before it begins.
    #[error("valid_to `{to}` is not after valid_from `{from}`; valid_to is the first moment that no longer counts")]
    EmptyValidity {
        /// The beginning as written.
        from: String,
        /// The end as written.
        to: String,
    },
    /// The same selector with the same validity.
    #[error("{selector} is listed twice (first on line {first})")]
    Duplicate {
        /// The selector with its noun.
        selector: String,
        /// The line of the other row.
        first: u64,
    },
    /// The same selector with validities that overlap.
    #[error("{selector} is listed with a validity that overlaps the one on line {first}")]
    Overlap {
        /// The selector with its noun.
        selector: String,
        /// The line of the other row.
        first: u64,
    },
    /// Two rows name one project, one by id and one by number.
    #[error("{selector} is the {other} of line {first}, and both rows hold at one time")]
    SameProject {
        /// The selector with its noun.
        selector: String,
        /// The other row's selector with its noun.
        other: String,
        /// The line of the other row.
        first: u64,
    },
}

/// Something wrong with a mapping, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct MappingError {
    /// The file's name, as given.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: MappingProblem,
}

/// Everything that is wrong with a mapping, by line; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingErrors(pub Vec<MappingError>);

impl fmt::Display for MappingErrors {
    /// One error a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for MappingErrors {}
