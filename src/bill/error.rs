//! What can be wrong with a bill: the file, the line and the remedy.

use thiserror::Error;

use crate::model::bill_record::RecordProblem;

/// Something wrong with a bill.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BillError {
    /// The file cannot be opened, or not be read to its end.
    #[error("{file}: {why}; a bill must be whole, export it again")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// The file holds no row.
    #[error("{file}: no rows: not a bill, or an export that is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// Columns are missing without which nothing can be added up.
    #[error(
        "{file}: {form} lacks {missing}; export the table with these columns (a nested field such as `project.id` may be named `project_id`)"
    )]
    Columns {
        /// The file.
        file: String,
        /// What the file seems to be.
        form: &'static str,
        /// The missing columns.
        missing: String,
    },
    /// The columns are those of no bill that is known.
    #[error(
        "{file}: no bill: its columns are neither those of a Cloud Billing export (`billing_account_id`, `cost`, …) nor those of FOCUS (`BilledCost`, …)"
    )]
    Unrecognised {
        /// The file.
        file: String,
    },
    /// One record is wrong.
    #[error("{file}:{line}: {fault}")]
    Record {
        /// The file.
        file: String,
        /// The line, or for Parquet the row, from 1.
        line: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// One file, or one content, was given twice.
    #[error("{second} holds the same rows as {first}: every charge would count twice; give it once")]
    Twice {
        /// The first file.
        first: String,
        /// The other one.
        second: String,
    },
    /// Exports of several forms tell of the same charges.
    #[error(
        "{first} is a {first_form} export and {second} a {second_form} one: each holds all charges, so that they would count twice; give one of them"
    )]
    Forms {
        /// A file.
        first: String,
        /// Its form.
        first_form: &'static str,
        /// A file of another form.
        second: String,
        /// Its form.
        second_form: &'static str,
    },
    /// The reader's threads cannot be started.
    #[error("{0}")]
    Threads(String),
}

/// What is wrong with one record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// A value is missing or cannot be read.
    #[error("{0}; a bill must be whole, correct the row or export it again")]
    Value(#[from] RecordProblem),
    /// The record is not written as its format demands.
    #[error("{0}")]
    Written(String),
}

impl BillError {
    /// Whether the file could not be read, rather than holding what is wrong.
    pub fn is_unreadable(&self) -> bool {
        match self {
            Self::Unreadable { .. } | Self::Threads(_) => true,
            Self::Empty { .. }
            | Self::Columns { .. }
            | Self::Unrecognised { .. }
            | Self::Record { .. }
            | Self::Twice { .. }
            | Self::Forms { .. } => false,
        }
    }
}
