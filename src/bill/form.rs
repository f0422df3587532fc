//! Which export a record belongs to, which columns to look for, and how its records become cost rows.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use xxhash_rust::xxh3::{Xxh3, Xxh3DefaultBuilder};

use super::focus;
use super::focus_column::{self, FocusColumn};
use crate::model::bill_record::{BillRecord, RecordProblem, canonical};
use crate::model::closed_list::closed_list;
use crate::model::cost::CostRow;
use crate::provider::google_bill::{self, BillColumn};

closed_list! {
    /// Which export a file is.
    pub enum BillForm {
        Standard = "standard": "the standard usage cost export of Cloud Billing",
        Detailed = "detailed": "the detailed usage cost export of Cloud Billing, with resources",
        Focus = "focus": "a FOCUS dataset",
    }
}

/// Exports whose columns are named alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Family {
    Google,
    Focus,
}

/// A column that tells a family from the other.
const GOOGLE_MARKS: [&str; 2] = ["billing_account_id", "usage_start_time"];
const FOCUS_MARK: &str = "billedcost";

impl Family {
    /// The family of a table with these columns.
    pub fn of_columns<'a>(mut columns: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut google = false;
        let focus = columns.any(|column| {
            let column = canonical(column);
            google |= GOOGLE_MARKS.contains(&column.as_str());
            column == FOCUS_MARK
        });
        if focus { Some(Self::Focus) } else { google.then_some(Self::Google) }
    }

    /// The names of its columns, in the order of the slots of a record.
    pub fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Google => BillColumn::ALL.iter().map(|column| column.name()).collect(),
            Self::Focus => FocusColumn::ALL.iter().map(|column| column.name()).collect(),
        }
    }

    /// The slot of each column by its canonical name.
    pub fn slots(self) -> HashMap<String, usize> {
        self.columns().into_iter().enumerate().map(|(slot, name)| (canonical(name), slot)).collect()
    }

    /// Whether a slot holds an amount.
    pub fn is_amount(self, slot: usize) -> bool {
        match self {
            Self::Google => google_bill::AMOUNTS.iter().any(|column| *column as usize == slot),
            Self::Focus => focus_column::AMOUNTS.iter().any(|column| *column as usize == slot),
        }
    }

    /// The needed columns that a table lacks, for a message; `None` when it has them all.
    pub fn missing(self, present: &BillRecord) -> Option<String> {
        let lacks = |slots: &[usize]| !slots.iter().any(|slot| present.has(*slot));
        let columns = self.columns();
        let names =
            |slots: &[usize]| slots.iter().map(|slot| format!("`{}`", columns[*slot])).collect::<Vec<_>>().join(" or ");
        let needed: Vec<Vec<usize>> = match self {
            Self::Google => {
                google_bill::NEEDED.iter().map(|any| any.iter().map(|column| *column as usize).collect()).collect()
            }
            Self::Focus => focus_column::NEEDED.iter().map(|column| vec![*column as usize]).collect(),
        };
        let missing: Vec<String> = needed.iter().filter(|slots| lacks(slots)).map(|slots| names(slots)).collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    }

    /// What a table of this family is called in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Google => "this Cloud Billing export",
            Self::Focus => "this FOCUS dataset",
        }
    }

    /// Makes a cost row of a record.
    pub fn cost_row(self, record: BillRecord) -> Result<CostRow, RecordProblem> {
        match self {
            Self::Google => google_bill::cost_row(record),
            Self::Focus => focus::cost_row(record),
        }
    }
}

/// What the records of a file looked like so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    google: bool,
    focus: bool,
    resources: bool,
}

impl Seen {
    pub fn add(&mut self, family: Family, record: &BillRecord) {
        match family {
            Family::Google => {
                self.google = true;
                self.resources |= google_bill::DETAILED.iter().any(|column| record.has(*column as usize));
            }
            Family::Focus => self.focus = true,
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.google |= other.google;
        self.focus |= other.focus;
        self.resources |= other.resources;
    }

    /// The form of the file; `None` without a record.
    pub fn form(self) -> Option<BillForm> {
        match (self.focus, self.google, self.resources) {
            (true, _, _) => Some(BillForm::Focus),
            (false, true, true) => Some(BillForm::Detailed),
            (false, true, false) => Some(BillForm::Standard),
            (false, false, _) => None,
        }
    }
}

/// A number that records with the same texts share.
pub(super) fn fingerprint(record: &BillRecord) -> u128 {
    let mut low = Xxh3DefaultBuilder.build_hasher();
    let mut high = Xxh3::with_seed(1);
    for slot in &record.0 {
        slot.texts.hash(&mut low);
        slot.texts.hash(&mut high);
    }
    u128::from(high.finish()) << 64 | u128::from(low.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_tell_the_family() {
        let family = |names: &[&str]| Family::of_columns(names.iter().copied());
        assert_eq!(family(&["cost", "billing_account_id"]), Some(Family::Google));
        assert_eq!(family(&["usage_start_time", "BilledCost"]), Some(Family::Focus));
        assert_eq!(family(&["project", "business_unit"]), None);
    }

    #[test]
    fn missing_columns_are_named_with_their_alternatives() {
        let mut present = BillRecord::of_width(BillColumn::ALL.len());
        for column in [
            BillColumn::BillingAccount,
            BillColumn::InvoiceMonth,
            BillColumn::Service,
            BillColumn::UsageStart,
            BillColumn::ProjectId,
            BillColumn::Cost,
        ] {
            present.mark(column as usize);
        }
        assert_eq!(Family::Google.missing(&present).as_deref(), Some("`currency`, `credits.amount` or `credits`"));
    }
}
