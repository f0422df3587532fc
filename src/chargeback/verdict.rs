//! Verdicts: a gate with what was found.

use super::costs::BillKey;
use super::measure::Measure;
use crate::model::money::{Amount, Currency};
use crate::model::tie_out::Invoice;

/// A gate with what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The gate's name: `unallocated`, `unit`, `tie_out` or `invoice`.
    pub gate: &'static str,
    /// The unit it limits, if it is about one.
    pub unit: Option<String>,
    /// The invoice month and the billing account, if it is about a bill.
    pub bill: Option<(String, String)>,
    /// The limit and what was found.
    pub figures: Figures,
    /// Millionths of all there is of the measure, as found; `None` where it is no part.
    pub share: Option<u32>,
    /// Whether the limit is kept.
    pub passed: bool,
}

/// The limit and what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figures {
    /// Of a measure of calls.
    Count {
        /// The measure.
        measure: Measure,
        /// The largest amount that is kept.
        limit: u128,
        /// The amount.
        found: u128,
    },
    /// Of the net cost.
    Cost {
        /// The currency.
        currency: Currency,
        /// The largest amount that is kept; of a tie-out, the bill.
        limit: Amount,
        /// The amount.
        found: Amount,
    },
}

/// What a bill charges, and what a statement says of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sides {
    /// The bill, as it was read.
    pub bill: Amount,
    /// The rows of the statement.
    pub statement: Amount,
}

impl Verdict {
    /// A verdict about no unit and no bill.
    pub fn new(gate: &'static str, figures: Figures, passed: bool) -> Self {
        Self { gate, unit: None, bill: None, figures, share: None, passed }
    }

    /// A statement is what its bill is, to the last digit.
    pub fn tie_out((month, currency, account): &BillKey, sides: &Sides) -> Self {
        let figures = Figures::Cost { currency: *currency, limit: sides.bill, found: sides.statement };
        let verdict = Self::new("tie_out", figures, sides.bill == sides.statement);
        Self { bill: Some((month.clone(), account.clone())), ..verdict }
    }

    /// An invoice is the bill, but for what is tolerated.
    pub fn invoice(invoice: &Invoice) -> Self {
        let (currency, limit, found) = (invoice.currency, invoice.tolerance, invoice.residual);
        Self::new("invoice", Figures::Cost { currency, limit, found }, invoice.ties_out())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ties_out_to_the_last_digit() {
        let amount = |text| Amount::parse(text).expect("a number");
        let key = ("2026-10".to_owned(), Currency::parse("EUR").expect("a currency"), "A".to_owned());
        let tied = |bill, statement| {
            Verdict::tie_out(&key, &Sides { bill: amount(bill), statement: amount(statement) }).passed
        };
        assert!(tied("10", "10") && !tied("10", "10.000000000000000000000001"));
    }
}
