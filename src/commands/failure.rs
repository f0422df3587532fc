//! Why a command could not be done, and the exit code that says so.

use std::io;

use crate::bill::BillError;
use crate::chargeback::cost_statement::CostError;
use crate::chargeback::mapping_error::MappingErrors;
use crate::chargeback::mapping_pools::Overflow;
use crate::chargeback::statement::StatementError;
use crate::cli::settings::SettingsError;
use crate::gcp::inventory::InventoryError;
use crate::ingest::IngestError;
use crate::ledger::{LedgerError, SpillError};
use crate::model::tally::Imbalance;
use crate::provider::CatalogueError;
use crate::report::safe;

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An option is wrong.
    #[error("{0}")]
    Usage(String),
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The mapping is wrong.
    #[error("{0}")]
    Mapping(#[from] MappingErrors),
    /// The bill cannot be read or used.
    #[error(transparent)]
    Bill(#[from] BillError),
    /// The costs cannot be added up, or do not add up.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// An inventory is wrong.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The catalogue's rows are wrong.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A filter cannot be read or used; the text shows the place.
    #[error("{0}")]
    Filter(String),
    /// The inputs cannot be listed or read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// A file that is needed cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The result cannot be written.
    #[error("the result cannot be written: {0}")]
    Output(#[from] io::Error),
    /// A ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What memory has no room for cannot be kept on disk.
    #[error(transparent)]
    Spill(#[from] SpillError),
    /// The sums cannot be made.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A sum does not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The tally does not balance.
    #[error(transparent)]
    Imbalance(#[from] Imbalance),
}

impl Failure {
    /// 2 for wrong use, 3 for what could not be done.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Filter(_)
            | Self::Settings(_)
            | Self::Mapping(_)
            | Self::Inventory(_)
            | Self::Catalogue(_) => 2,
            Self::Ingest(IngestError::Glob { .. } | IngestError::Url { .. } | IngestError::NoCloud { .. }) => 2,
            Self::Bill(error) => 2 + u8::from(error.is_unreadable()),
            Self::Ledger(LedgerError::Catalogue { .. } | LedgerError::Taken { .. } | LedgerError::Missing { .. }) => 2,
            Self::Cost(_)
            | Self::Ingest(_)
            | Self::File { .. }
            | Self::Output(_)
            | Self::Ledger(_)
            | Self::Spill(_)
            | Self::Statement(_)
            | Self::Overflow(_)
            | Self::Imbalance(_) => 3,
        }
    }

    /// Says on standard error why, safely: file names and cells may hold anything.
    pub fn print(&self) {
        let text = self.to_string();
        for (at, line) in text.lines().enumerate() {
            // The lines under a filter's error show the place and are aligned.
            let title = if at > 0 && matches!(self, Self::Filter(_)) { "" } else { "billtrail: " };
            eprintln!("{title}{}", safe(line));
        }
    }

    /// Whether the reader of the output went away, which is no failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
