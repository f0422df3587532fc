//! The bill that a payer's calls belong to, as far as there is no doubt: its month, currency and account.

use std::collections::{BTreeSet, HashMap};

use super::costs::{BillKey, Costs};
use super::dimension::Dimension;
use crate::model::directory::Directory;

/// Which bill the calls of each payer belong to.
#[derive(Debug, Clone, Default)]
pub struct BillOfPayer {
    by_payer: HashMap<String, BTreeSet<BillKey>>,
    all: BTreeSet<BillKey>,
}

impl BillOfPayer {
    /// Reads it off the costs, of one invoice month if one is chosen.
    pub fn of(costs: &Costs<'_>, directory: &Directory, month: Option<&str>) -> Self {
        let chosen = |bill: &BillKey| month.is_none_or(|month| month == bill.0);
        let mut by_payer: HashMap<String, BTreeSet<BillKey>> = HashMap::new();
        for (key, bill) in costs.payers().filter(|(_, bill)| chosen(bill)) {
            by_payer.entry(directory.resolve(key).to_string()).or_default().insert(bill);
        }
        Self { by_payer, all: costs.bills().keys().filter(|bill| chosen(bill)).cloned().collect() }
    }

    /// What the bill of a payer has in a column; `None` when several bills differ in it, or the column is of another kind.
    pub fn value(&self, dimension: Dimension, payer: Option<&str>) -> Option<String> {
        let bills = payer.and_then(|payer| self.by_payer.get(payer)).unwrap_or(&self.all);
        let pick: fn(&BillKey) -> &str = match dimension {
            Dimension::InvoiceMonth => |(month, _, _)| month,
            Dimension::Currency => |(_, currency, _)| currency.code(),
            Dimension::BillingAccount => |(_, _, account)| account,
            Dimension::Sku
            | Dimension::CostType
            | Dimension::Basis
            | Dimension::Pool
            | Dimension::Unit
            | Dimension::CostCenter
            | Dimension::Payer
            | Dimension::StoragePayer
            | Dimension::Service
            | Dimension::Kind
            | Dimension::Method
            | Dimension::Principal
            | Dimension::PrincipalProject
            | Dimension::Location
            | Dimension::ResourceProject
            | Dimension::Resource
            | Dimension::Model
            | Dimension::Reason
            | Dimension::Day
            | Dimension::Hour
            | Dimension::Month
            | Dimension::Log
            | Dimension::Corrects => return None,
        };
        let values: BTreeSet<&str> = bills.iter().map(pick).collect();
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(only), None) => Some(only.to_owned()),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }
}
