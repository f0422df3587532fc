//! Why an inventory cannot be used, with the place to look at.

use super::Place;

/// Why inventories cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// A record cannot be used.
    #[error("{place}: {what}")]
    Record {
        /// Where.
        place: Place,
        /// What is wrong with it.
        what: String,
    },
    /// No record is in a known format.
    #[error(
        "{file}: no projects found; accepted are the output of `gcloud projects list --format=json`, answers of Resource Manager projects.search or projects.list, a Cloud Asset Inventory export (resource content), and rows of a billing export (JSON or CSV)"
    )]
    Unrecognised {
        /// The file's name.
        file: String,
    },
    /// The format is known, but no record names a project.
    #[error("{file}: {records} records, but none of them lists a project: {advice}")]
    NoProjects {
        /// The file's name.
        file: String,
        /// Records read.
        records: u64,
        /// What to do.
        advice: &'static str,
    },
    /// One id with two numbers.
    #[error("{second}: project `{id}` has number {second_number}, but {first} gives it number {first_number}")]
    TwoNumbers {
        /// The project's id.
        id: String,
        /// Where the first number stands.
        first: Box<Place>,
        /// The first number.
        first_number: u64,
        /// Where the second number stands.
        second: Place,
        /// The second number.
        second_number: u64,
    },
    /// One number with two ids.
    #[error("{second}: number {number} belongs to project `{second_id}`, but {first} gives it to project `{first_id}`")]
    TwoIds {
        /// The projects' number.
        number: u64,
        /// Where the first id stands.
        first: Box<Place>,
        /// The first id.
        first_id: String,
        /// Where the second id stands.
        second: Place,
        /// The second id.
        second_id: String,
    },
}
