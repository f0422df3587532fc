//! What gates are held against: what each unit has of calls and costs, and both sides of each bill.

use std::collections::BTreeMap;

use super::cost_statement::CostStatement;
use super::costs::BillKey;
use super::dimension::Dimension;
use super::statement::{Measures, StatementError};
use super::verdict::Sides;
use crate::model::money::{Amount, Currency};
use crate::model::tie_out::TieOut;

/// A result by unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// The calls of each unit.
    pub units: BTreeMap<String, Measures>,
    /// The net cost of each unit, by currency; empty without a bill.
    pub costs: BTreeMap<Currency, BTreeMap<String, Amount>>,
    /// What each bill charges, and what the statement says of it; empty without a bill.
    pub bills: BTreeMap<BillKey, Sides>,
}

impl Held {
    /// The columns that a statement with money must have, in this order.
    pub const BY: [Dimension; 4] =
        [Dimension::Unit, Dimension::Currency, Dimension::InvoiceMonth, Dimension::BillingAccount];

    /// Adds calls of a unit.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn add(&mut self, unit: &str, measures: &Measures) -> Result<(), StatementError> {
        let known = self.units.entry(unit.to_owned()).or_default();
        *known = known.checked_add(measures).ok_or(StatementError::Overflow)?;
        Ok(())
    }

    /// What a statement by [`Self::BY`] holds, beside what its bills were when they were read.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn of(statement: &CostStatement, bills: &[TieOut]) -> Result<Self, StatementError> {
        let key = |bill: &TieOut| (bill.invoice_month.clone(), bill.currency, bill.billing_account.clone());
        let read = |bill: &TieOut| (key(bill), Sides { bill: bill.bill, statement: Amount::ZERO });
        let mut held = Self { bills: bills.iter().map(read).collect(), ..Self::default() };
        for row in &statement.rows {
            let [unit, _, month, account] = row.key.as_slice() else { continue };
            held.add(unit, &row.measures)?;
            let Some(money) = &row.money else { continue };
            let (currency, net) = (money.net_cost.currency, money.net_cost.exact);
            let cost = held.costs.entry(currency).or_default().entry(unit.clone()).or_default();
            *cost = cost.checked_add(net).ok_or(StatementError::Overflow)?;
            // A row of a bill that was never read would be a difference too.
            let bill = held.bills.entry((month.clone(), currency, account.clone())).or_default();
            bill.statement = bill.statement.checked_add(net).ok_or(StatementError::Overflow)?;
        }
        Ok(held)
    }
}
