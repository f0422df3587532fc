//! Payers: whose bill carries a call. A reference is what a log says; a payer is what a directory makes of it.

use std::fmt;

use super::closed_list::closed_list;
use super::text::SharedText;

closed_list! {
    /// The kind of account that is billed.
    pub enum Namespace {
        GcpProject = "gcp_project": "a Google Cloud project",
    }
}

/// How a log names a payer, before any directory was asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayerName {
    /// The payer's id.
    Id(SharedText),
    /// The payer's number.
    Number(u64),
}

/// A symbolic reference to a payer: the namespace and the name as the log gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayerRef {
    /// The kind of account.
    pub namespace: Namespace,
    /// Id or number, as written.
    pub name: PayerName,
}

impl PayerRef {
    /// A reference to a Google Cloud project by id.
    pub fn project_id(id: impl Into<SharedText>) -> Self {
        Self { namespace: Namespace::GcpProject, name: PayerName::Id(id.into()) }
    }

    /// A reference to a Google Cloud project by number.
    pub fn project_number(number: u64) -> Self {
        Self { namespace: Namespace::GcpProject, name: PayerName::Number(number) }
    }
}

/// A payer after the directory was asked: the id if it is known, the number if it is known.
///
/// At least one of the two is set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Payer {
    /// The kind of account.
    pub namespace: Namespace,
    /// The id, unless only the number is known.
    pub id: Option<SharedText>,
    /// The number, if it is known.
    pub number: Option<u64>,
}

impl Payer {
    /// What [`fmt::Display`] writes, without writing it where the id is known.
    pub fn to_shared(&self) -> SharedText {
        self.id.clone().unwrap_or_else(|| self.to_string().into())
    }
}

impl fmt::Display for Payer {
    /// The id; `number:N` when only the number is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.id, self.number) {
            (Some(id), _) => f.write_str(id),
            (None, Some(number)) => write!(f, "number:{number}"),
            (None, None) => f.write_str("(none)"),
        }
    }
}

impl fmt::Display for PayerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            PayerName::Id(id) => f.write_str(id),
            PayerName::Number(number) => write!(f, "number:{number}"),
        }
    }
}
