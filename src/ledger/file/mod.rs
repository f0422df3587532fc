//! Ledger files: what was told of calls, kept so that the logs need not be read again.
//!
//! A ledger is a directory of immutable segments (Parquet, see [`columns`]) and a manifest, which names the segments and the
//! inputs they were made from. Whoever changes a ledger writes new segments and then puts a new manifest in the place of the
//! old one: at any moment it is the old ledger or the new one.

mod assemble;
mod change;
mod claims;
mod columns;
mod keyed;
mod manifest;
mod piece;
mod read;
mod segment;
mod table;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod piece_laws;

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

pub use assemble::{Assembled, Assembly, ListedInput, Part, State};
pub use change::Change;
pub use keyed::{Sealed, seal};
pub use manifest::{FORMAT_VERSION, KeptInput, KeptProblem, Manifest, Segment, Tool};
pub use piece::{Noted, PieceReport, RejectedRecord};
pub use read::{LedgerFile, sha256};

use super::spill::SpillError;

/// Why a ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It is not what was written.
    #[error("{}: the ledger is damaged: {why}; make it anew from the logs", path.display())]
    Damaged {
        /// The ledger, or the file of it.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was written by a version that knows more.
    #[error("{}: a newer billtrail ({tool}) wrote this ledger in format {version}; this one reads formats up to {FORMAT_VERSION}", path.display())]
    Newer {
        /// The ledger.
        path: PathBuf,
        /// Its format.
        version: u64,
        /// Who wrote it.
        tool: String,
    },
    /// Its facts are those of another catalogue.
    #[error("{}: the ledger was made with the catalogue `{made}`, not with `{wanted}`; which calls are billable may differ. Give the same --services, or make the ledger anew from the logs", path.display())]
    Catalogue {
        /// The ledger.
        path: PathBuf,
        /// The catalogue it was made with.
        made: String,
        /// The catalogue of this run.
        wanted: String,
    },
    /// The place is taken by something else.
    #[error("{}: exists and is no ledger; choose another place, or delete it", path.display())]
    Taken {
        /// The place.
        path: PathBuf,
    },
    /// There is nothing to append to.
    #[error("{}: there is no ledger here to append to; leave --append out to make one", path.display())]
    Missing {
        /// The place.
        path: PathBuf,
    },
    /// Two runs would change it at once.
    #[error("{}: another billtrail is changing this ledger", path.display())]
    Busy {
        /// The ledger.
        path: PathBuf,
    },
    /// What was made of pieces of logs is not the whole.
    #[error("the pieces do not make a ledger: {0}")]
    Pieces(String),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What memory has no room for cannot be kept on disk.
    #[error(transparent)]
    Spill(#[from] SpillError),
}

/// What is wrong with a row.
#[derive(Debug)]
struct Damage(String);

impl From<ParquetError> for Damage {
    fn from(error: ParquetError) -> Self {
        Self(error.to_string())
    }
}

/// Names the file of an error of the operating system.
fn named(path: &Path) -> impl Fn(io::Error) -> LedgerError + '_ {
    move |error| LedgerError::File { path: path.to_owned(), error }
}
