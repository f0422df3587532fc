//! The tie-out: what a bill charges and what a statement says, side by side, for each invoice month, currency and billing account.

use std::collections::BTreeMap;

use super::cost::CostType;
use super::money::{Amount, Currency};

/// One bill's sum for one month, and where it went. All amounts are net: cost and credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieOut {
    /// The month of the invoice, as `2026-10`.
    pub invoice_month: String,
    /// The currency.
    pub currency: Currency,
    /// The billing account.
    pub billing_account: String,
    /// What the rows of the bill add up to, counted as they were read.
    pub bill: Amount,
    /// What the rows of the statement add up to.
    pub statement: Amount,
    /// The bill by what it charges for.
    pub by_type: BTreeMap<CostType, Amount>,
    /// The part that the bill puts on no project.
    pub without_project: Amount,
    /// The part of the statement that no business unit carries.
    pub unallocated: Amount,
}

/// What a statement with money rests on, and the proof that it adds up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BillSummary {
    /// The files of the bill, sorted by path.
    pub files: Vec<BillFile>,
    /// One for each invoice month, currency and billing account.
    pub tie_outs: Vec<TieOut>,
    /// The invoice, if the user named its amount.
    pub invoice: Option<Invoice>,
}

/// A file of a bill that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillFile {
    /// The path, as given.
    pub path: String,
    /// Which export it is.
    pub form: &'static str,
    /// How many rows it has.
    pub rows: u64,
}

/// The invoice that the user named, beside the bill, in coins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invoice {
    /// The currency.
    pub currency: Currency,
    /// What the invoice says.
    pub amount: Amount,
    /// What the bill adds up to, rounded to coins.
    pub bill: Amount,
    /// The invoice less the bill.
    pub residual: Amount,
    /// How large the residual may be.
    pub tolerance: Amount,
}

impl Invoice {
    /// Whether the residual is tolerated.
    pub fn ties_out(&self) -> bool {
        self.residual.magnitude() <= self.tolerance.magnitude()
    }
}

/// A statement that does not add up to its bill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the statement does not add up to the bill: {invoice_month}, billing account {billing_account}: {statement} {currency} of {bill}; this is a defect of billtrail, no report is printed"
)]
pub struct Untied {
    invoice_month: String,
    billing_account: String,
    currency: Currency,
    bill: Amount,
    statement: Amount,
}

impl TieOut {
    /// Checks that the statement adds up to the bill, to the last digit.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(&self) -> Result<(), Untied> {
        if self.bill == self.statement {
            return Ok(());
        }
        Err(Untied {
            invoice_month: self.invoice_month.clone(),
            billing_account: self.billing_account.clone(),
            currency: self.currency,
            bill: self.bill,
            statement: self.statement,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_counts() {
        let amount = |text| Amount::parse(text).expect("a number");
        let mut tie_out = TieOut {
            invoice_month: "2026-10".to_owned(),
            currency: Currency::parse("EUR").expect("a currency"),
            billing_account: "A".to_owned(),
            bill: amount("1.000000000000000000000001"),
            statement: amount("1"),
            by_type: BTreeMap::new(),
            without_project: Amount::ZERO,
            unallocated: Amount::ZERO,
        };
        assert!(tie_out.check().is_err());
        tie_out.statement = tie_out.bill;
        assert_eq!(tie_out.check(), Ok(()));
    }
}
