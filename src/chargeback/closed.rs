//! Closed months: what their statements said, kept so that whatever arrives later changes nothing of it.
//!
//! A month is kept by itself: the parts of its costs, by all that a part is known by, and its calls, by the columns that both
//! calls and costs have.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::costs::TooLarge;
use super::dimension::Dimension;
use super::statement::{Measures, Statement, StatementRow};
use crate::model::cost::{Basis, CostType};
use crate::model::money::{Amount, Currency};
use crate::model::tie_out::TieOut;

/// The word by which a closed month is known.
const FORMAT: &str = "billtrail-closed-month";
/// The version of what is kept.
const FORMAT_VERSION: u64 = 1;

/// The columns by which calls are kept.
pub const CALL_COLUMNS: [Dimension; 8] = [
    Dimension::Unit,
    Dimension::CostCenter,
    Dimension::Payer,
    Dimension::Service,
    Dimension::Day,
    Dimension::Currency,
    Dimension::InvoiceMonth,
    Dimension::BillingAccount,
];

/// What the statement of a month said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedMonth {
    format: String,
    format_version: u64,
    /// The month.
    pub month: String,
    /// The time zone of its days.
    pub timezone: String,
    /// The hash of the manifest of its statements.
    pub statements: String,
    /// Its bills.
    pub bills: Vec<ClosedBill>,
    /// Its costs.
    pub costs: Vec<ClosedCost>,
    /// Its calls.
    pub calls: Vec<ClosedCalls>,
    /// SHA-256 of all this with this member empty and without white space.
    sha256: String,
}

/// What a bill came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedBill {
    /// The currency.
    pub currency: String,
    /// The billing account.
    pub billing_account: String,
    /// The sum.
    pub bill: String,
    /// The sum by what was charged for.
    pub by_type: BTreeMap<CostType, String>,
    /// The part on no project.
    pub without_project: String,
}

/// By what a part of a cost is known, whatever was charged and whenever it was booked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PartId {
    /// The invoice month of its rows in the bill: the month it belongs to.
    pub belongs_to: String,
    /// The currency.
    pub currency: String,
    /// The billing account.
    pub billing_account: String,
    /// Whose bill carries it, as reports name it.
    pub payer: Option<String>,
    /// The unit.
    pub unit: String,
    /// Its cost centre.
    pub cost_center: Option<String>,
    /// The service, by the bill's name.
    pub service: String,
    /// The SKU's id.
    pub sku_id: String,
    /// The SKU in words.
    pub sku: String,
    /// What was charged for.
    pub cost_type: CostType,
    /// The day.
    pub day: String,
    /// By what it came to the unit.
    pub basis: Basis,
    /// The pool that handed it on last.
    pub pool: Option<String>,
}

/// A part of a cost, as a statement said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedCost {
    /// By what it is known.
    #[serde(flatten)]
    pub part: PartId,
    /// Cost before credits.
    pub cost: String,
    /// Credits.
    pub credits: String,
}

/// Calls of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedCalls {
    /// A value for each of [`CALL_COLUMNS`].
    pub key: Vec<String>,
    /// Calls.
    pub calls: u64,
    /// Calls that the bill meters.
    pub billable_calls: u64,
    /// Calls that failed.
    pub failed_calls: u64,
    /// Bytes that on-demand pricing bills, as text.
    pub billed_bytes: String,
    /// Slot milliseconds, as text.
    pub slot_ms: String,
    /// Records that told of them.
    pub entries: u64,
    /// The first one's time, in nanoseconds since 1970 UTC.
    pub first_seen: Option<i64>,
    /// The last one's.
    pub last_seen: Option<i64>,
}

/// Why closed months cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClosedError {
    /// It is something else.
    #[error("no closed month: {0}")]
    Other(String),
    /// It is of another version.
    #[error("a closed month of version {0}, and this program reads {FORMAT_VERSION}")]
    Version(u64),
    /// Somebody changed it.
    #[error("the closed month was changed after it was written: its own hash is another")]
    Changed,
    /// Months are missing between others.
    #[error("{after} is closed and {missing} before it is not: months are closed one after the other")]
    Gap {
        /// The month that is closed.
        after: String,
        /// The month that is missing.
        missing: String,
    },
}

/// Months that are closed, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    months: BTreeMap<String, ClosedMonth>,
}

/// Cost and credits.
pub type Amounts = (Amount, Amount);

#[derive(Deserialize)]
struct Head {
    format: String,
    format_version: u64,
}

impl ClosedMonth {
    /// A month with what its statement says.
    pub fn new(month: String, timezone: String, statements: String) -> Self {
        let (bills, costs, calls) = (Vec::new(), Vec::new(), Vec::new());
        let format = FORMAT.to_owned();
        let sha256 = String::new();
        Self { format, format_version: FORMAT_VERSION, month, timezone, statements, bills, costs, calls, sha256 }
    }

    /// Reads a closed month.
    ///
    /// # Errors
    /// When it is none, is of another version, or was changed after it was written.
    pub fn read(bytes: &[u8]) -> Result<Self, ClosedError> {
        let other = |error: serde_json::Error| ClosedError::Other(error.to_string());
        let head: Head = serde_json::from_slice(bytes).map_err(other)?;
        if head.format != FORMAT {
            return Err(ClosedError::Other(format!("its format is `{}`", head.format)));
        }
        if head.format_version != FORMAT_VERSION {
            return Err(ClosedError::Version(head.format_version));
        }
        let month: Self = serde_json::from_slice(bytes).map_err(other)?;
        if month.sha256 != month.hash() { Err(ClosedError::Changed) } else { Ok(month) }
    }

    /// The month as text, with its hash.
    pub fn text(&self) -> String {
        let whole = Self { sha256: self.hash(), ..self.clone() };
        // A structure of texts and numbers always has a text.
        serde_json::to_string_pretty(&whole).map(|text| text + "\n").unwrap_or_default()
    }

    fn hash(&self) -> String {
        let open = Self { sha256: String::new(), ..self.clone() };
        hex::encode(Sha256::digest(serde_json::to_vec(&open).unwrap_or_default()))
    }

    /// Puts in what the statement says.
    pub fn fill(&mut self, tie_outs: &[TieOut], parts: BTreeMap<PartId, Amounts>, calls: Statement) {
        let of_month = tie_outs.iter().filter(|tie_out| tie_out.invoice_month == self.month);
        self.bills = of_month
            .map(|tie_out| ClosedBill {
                currency: tie_out.currency.code().to_owned(),
                billing_account: tie_out.billing_account.clone(),
                bill: tie_out.bill.to_string(),
                by_type: tie_out.by_type.iter().map(|(kind, amount)| (*kind, amount.to_string())).collect(),
                without_project: tie_out.without_project.to_string(),
            })
            .collect();
        let cost = |(part, (cost, credits)): (PartId, Amounts)| ClosedCost {
            part,
            cost: cost.to_string(),
            credits: credits.to_string(),
        };
        self.costs = parts.into_iter().map(cost).collect();
        let mut calls: Vec<StatementRow> = calls.rows;
        calls.sort_by(|a, b| a.key.cmp(&b.key));
        self.calls = calls.into_iter().map(ClosedCalls::of).collect();
    }

    /// The calls by some columns; those that calls are not kept by have no value.
    ///
    /// # Errors
    /// When a number is none, or a sum does not fit.
    pub fn calls_by(&self, by: &[Dimension], none: &str) -> Result<Statement, TooLarge> {
        let place = |column: &Dimension| CALL_COLUMNS.iter().position(|kept| kept == column);
        let mut rows: BTreeMap<Vec<String>, Measures> = BTreeMap::new();
        let mut total = Measures::default();
        for calls in &self.calls {
            let value = |column: &Dimension| match (place(column), column) {
                (Some(at), _) => calls.key.get(at).cloned(),
                // A call of a month has a day in it.
                (None, Dimension::Month) => {
                    let day = place(&Dimension::Day).and_then(|at| calls.key.get(at));
                    day.and_then(|day| day.get(..7)).map(str::to_owned)
                }
                (None, _) => None,
            };
            let key = by.iter().map(|column| value(column).unwrap_or_else(|| none.to_owned())).collect();
            let measures = calls.measures().ok_or(TooLarge)?;
            let sum = rows.entry(key).or_default();
            *sum = sum.checked_add(&measures).ok_or(TooLarge)?;
            total = total.checked_add(&measures).ok_or(TooLarge)?;
        }
        let rows = rows.into_iter().map(|(key, measures)| StatementRow { key, measures, share: None }).collect();
        Ok(Statement { rows, total })
    }
}

impl ClosedCalls {
    fn of(row: StatementRow) -> Self {
        let measures = row.measures;
        Self {
            key: row.key,
            calls: measures.calls,
            billable_calls: measures.billable_calls,
            failed_calls: measures.failed_calls,
            billed_bytes: measures.billed_bytes.to_string(),
            slot_ms: measures.slot_ms.to_string(),
            entries: measures.entries,
            first_seen: measures.first_seen,
            last_seen: measures.last_seen,
        }
    }

    fn measures(&self) -> Option<Measures> {
        Some(Measures {
            calls: self.calls,
            billable_calls: self.billable_calls,
            failed_calls: self.failed_calls,
            billed_bytes: self.billed_bytes.parse().ok()?,
            slot_ms: self.slot_ms.parse().ok()?,
            entries: self.entries,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        })
    }
}

impl ClosedCost {
    /// What it came to; `None` for a number that is none.
    pub fn amounts(&self) -> Option<Amounts> {
        Some((Amount::parse(&self.cost)?, Amount::parse(&self.credits)?))
    }
}

impl ClosedBill {
    /// The bill as a tie-out has it, before any statement.
    pub fn tie_out(&self, month: &str) -> Option<TieOut> {
        let by_type = self.by_type.iter().map(|(kind, amount)| Some((*kind, Amount::parse(amount)?)));
        Some(TieOut {
            invoice_month: month.to_owned(),
            currency: Currency::parse(&self.currency)?,
            billing_account: self.billing_account.clone(),
            bill: Amount::parse(&self.bill)?,
            statement: Amount::ZERO,
            by_type: by_type.collect::<Option<_>>()?,
            without_project: Amount::parse(&self.without_project)?,
            unallocated: Amount::ZERO,
        })
    }
}

/// The month after a month such as `2026-12`.
pub fn next_month(month: &str) -> Option<String> {
    let (_, end) = Dimension::Month.span(month, chrono_tz::Tz::UTC)?;
    crate::model::time::rfc3339(end).get(..7).map(str::to_owned)
}

impl Closed {
    /// Months that are closed.
    ///
    /// # Errors
    /// When one is missing between others.
    pub fn new(months: Vec<ClosedMonth>) -> Result<Self, ClosedError> {
        let months: BTreeMap<String, ClosedMonth> =
            months.into_iter().map(|month| (month.month.clone(), month)).collect();
        let names: Vec<&String> = months.keys().collect();
        for pair in names.windows(2) {
            match next_month(pair[0]) {
                Some(next) if next == *pair[1] => {}
                next => {
                    let missing = next.unwrap_or_else(|| pair[0].clone());
                    return Err(ClosedError::Gap { after: pair[1].clone(), missing });
                }
            }
        }
        Ok(Self { months })
    }

    /// The months, the first one first.
    pub fn months(&self) -> impl Iterator<Item = &ClosedMonth> {
        self.months.values()
    }

    /// A month, if it is closed.
    pub fn month(&self, month: &str) -> Option<&ClosedMonth> {
        self.months.get(month)
    }

    /// The first month that is open: that after the last one closed.
    pub fn open(&self) -> Option<String> {
        self.months.last_key_value().and_then(|(month, _)| next_month(month))
    }

    /// The invoice months of a bill that a statement of a month needs: itself, and in the first open month those that are closed,
    /// because what arrived late for them belongs there.
    pub fn needed(&self, month: &str) -> BTreeSet<String> {
        let mut needed = BTreeSet::from([month.to_owned()]);
        if self.open().as_deref() == Some(month) {
            needed.extend(self.months.keys().cloned());
        }
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(name: &str) -> ClosedMonth {
        ClosedMonth::new(name.to_owned(), "UTC".to_owned(), "0".to_owned())
    }

    #[test]
    fn months_close_one_after_the_other() {
        let closed = Closed::new(vec![month("2027-01"), month("2026-12")]).expect("neighbours");
        assert_eq!(closed.open().as_deref(), Some("2027-02"));
        assert_eq!(closed.needed("2027-02").len(), 3);
        assert_eq!(closed.needed("2027-03").len(), 1);
        assert_eq!(closed.needed("2026-12").len(), 1);
        let gap = Closed::new(vec![month("2026-10"), month("2026-12")]).expect_err("a gap");
        assert_eq!(gap, ClosedError::Gap { after: "2026-12".to_owned(), missing: "2026-11".to_owned() });
        assert_eq!(Closed::default().open(), None);
    }

    #[test]
    fn a_closed_month_is_read_as_it_was_written() {
        let text = month("2026-10").text();
        assert_eq!(ClosedMonth::read(text.as_bytes()).map(|month| month.text()), Ok(text.clone()));
        let changed = text.replace("\"UTC\"", "\"Europe/Berlin\"");
        assert_eq!(ClosedMonth::read(changed.as_bytes()), Err(ClosedError::Changed));
        let version = text.replace("\"format_version\": 1", "\"format_version\": 2");
        assert_eq!(ClosedMonth::read(version.as_bytes()), Err(ClosedError::Version(2)));
        assert!(matches!(ClosedMonth::read(b"{}"), Err(ClosedError::Other(_))));
    }
}
