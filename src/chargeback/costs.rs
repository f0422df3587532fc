//! The costs of a bill, added up by all that a statement may ask for; and what the bill adds up to, for the tie-out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono_tz::Tz;

use super::cost_charges::CostCharges;
use super::dimension::{Dimension, day};
use super::mapping::Mapping;
use crate::model::charge::{Charge, Figures};
use crate::model::cost::{CostRow, CostType};
use crate::model::directory::Entry;
use crate::model::money::{Amount, Currency};
use crate::model::payer::PayerRef;
use crate::model::tie_out::TieOut;

/// A sum that does not fit into its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sum of the bill is too large to be kept exactly")]
pub struct TooLarge;

/// What the rows have in common that were added up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CostKey {
    /// The month of the invoice.
    pub invoice_month: String,
    /// The currency.
    pub currency: Currency,
    /// The billing account.
    pub billing_account: String,
    /// The project as the bill names it.
    pub project: Option<PayerRef>,
    /// The service, by the bill's name.
    pub service: String,
    /// The SKU's id.
    pub sku_id: String,
    /// The SKU in words.
    pub sku: String,
    /// What is charged for.
    pub cost_type: CostType,
    /// The day of the usage in the statement's time zone.
    pub day: String,
    /// The stretch of time in which the mapping is constant.
    pub(super) stretch: usize,
}

/// What rows of one key add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Cost before credits.
    pub cost: Amount,
    /// Credits.
    pub credits: Amount,
    /// What was used.
    pub used: Amount,
    /// A time at which it was used: the mapping is the same at all of them.
    pub usage_start: i64,
}

/// What names a bill: invoice month, currency and billing account.
pub type BillKey = (String, Currency, String);

/// The costs of a bill.
pub struct Costs<'m> {
    timezone: Tz,
    mapping: Option<&'m Mapping>,
    invoice_months: Option<BTreeSet<String>>,
    /// Keys are large and lie beside the table, which has free places and doubles when it is full.
    costs: HashMap<Box<CostKey>, Cost>,
    /// What the charges are that were added up, if it is asked for.
    charges: Option<CostCharges>,
    bills: BTreeMap<BillKey, TieOut>,
    projects: BTreeMap<String, (i64, Entry)>,
    /// Invoice months that were left out, for a message.
    others: BTreeSet<String>,
    too_large: bool,
}

impl<'m> Costs<'m> {
    /// No costs yet; rows of other invoice months will be left out if some are chosen.
    pub fn new(timezone: Tz, mapping: Option<&'m Mapping>, invoice_months: Option<BTreeSet<String>>) -> Self {
        Self {
            timezone,
            mapping,
            invoice_months,
            costs: HashMap::new(),
            charges: None,
            bills: BTreeMap::new(),
            projects: BTreeMap::new(),
            others: BTreeSet::new(),
            too_large: false,
        }
    }

    /// The same, and what the bill says of the charges is kept.
    pub fn with_charges(mut self) -> Self {
        self.charges = Some(CostCharges::default());
        self
    }

    /// Adds a row.
    pub fn add(&mut self, row: CostRow) {
        if self.invoice_months.as_ref().is_some_and(|months| !months.contains(&row.invoice_month)) {
            self.others.insert(row.invoice_month);
            return;
        }
        self.too_large |= self.add_to_bill(&row).is_none();
        let project = row.project.as_ref().map(Entry::reference);
        let charge = self.charges.is_some().then(|| (row.charge.clone(), Figures::of(&row)));
        let key = CostKey {
            invoice_month: row.invoice_month,
            currency: row.currency,
            billing_account: row.billing_account,
            project,
            service: row.service,
            sku_id: row.sku_id,
            sku: row.sku,
            cost_type: row.cost_type,
            day: day(row.usage_start, self.timezone),
            stretch: self
                .mapping
                .map_or(0, |mapping| mapping.boundaries().partition_point(|bound| *bound <= row.usage_start)),
        };
        if let (Some(charges), Some((charge, figures))) = (&mut self.charges, charge) {
            self.too_large |= figures.and_then(|figures| charges.add(&key, charge, figures)).is_none();
        }
        let known = match self.costs.get_mut(&key) {
            Some(known) => known,
            None => {
                let first = Cost { usage_start: row.usage_start, ..Cost::default() };
                self.costs.entry(Box::new(key)).or_insert(first)
            }
        };
        let sum = known.add(row.cost, row.credits, row.used.unwrap_or_default(), row.usage_start);
        self.too_large |= sum.is_none();
        if let Some(project) = row.project {
            self.know(project, row.usage_start);
        }
    }

    fn add_to_bill(&mut self, row: &CostRow) -> Option<()> {
        let key = (row.invoice_month.clone(), row.currency, row.billing_account.clone());
        let bill = self.bills.entry(key).or_insert_with(|| TieOut {
            invoice_month: row.invoice_month.clone(),
            currency: row.currency,
            billing_account: row.billing_account.clone(),
            bill: Amount::ZERO,
            statement: Amount::ZERO,
            by_type: BTreeMap::new(),
            without_project: Amount::ZERO,
            unallocated: Amount::ZERO,
        });
        let net = row.cost.checked_add(row.credits)?;
        bill.bill = bill.bill.checked_add(net)?;
        let of_type = bill.by_type.entry(row.cost_type).or_default();
        *of_type = of_type.checked_add(net)?;
        if row.project.is_none() {
            bill.without_project = bill.without_project.checked_add(net)?;
        }
        Some(())
    }

    /// Of each project the latest row speaks; of equal times the one with the greater content.
    fn know(&mut self, project: Entry, time: i64) {
        let content = |entry: &Entry| (entry.number, entry.labels.clone(), entry.ancestors.clone(), entry.name.clone());
        match self.projects.get_mut(&project.id) {
            None => {
                self.projects.insert(project.id.clone(), (time, project));
            }
            Some(known) if time > known.0 || time == known.0 && content(&project) > content(&known.1) => {
                *known = (time, project);
            }
            Some(_) => {}
        }
    }

    /// What the bill knows of its projects.
    pub fn projects(&self) -> impl Iterator<Item = &Entry> {
        self.projects.values().map(|(_, project)| project)
    }

    /// The invoice months that are there and were not chosen.
    pub fn other_months(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// The bills, each by month, currency and account; nothing of the statement is in them yet.
    pub fn bills(&self) -> &BTreeMap<BillKey, TieOut> {
        &self.bills
    }

    /// Each project with a time at which it was charged, for every stretch in which the mapping is constant.
    pub fn charged(&self) -> impl Iterator<Item = (&PayerRef, i64)> {
        self.costs.iter().filter_map(|(key, cost)| key.project.as_ref().map(|project| (project, cost.usage_start)))
    }

    /// Each project with the bills that charge it.
    pub fn payers(&self) -> impl Iterator<Item = (&PayerRef, BillKey)> {
        self.costs.keys().filter_map(|key| {
            let bill = (key.invoice_month.clone(), key.currency, key.billing_account.clone());
            key.project.as_ref().map(|project| (project, bill))
        })
    }

    /// The charges that a cost adds up, sorted; none unless they are kept.
    pub fn charges(&self, key: &CostKey) -> Vec<(&Arc<Charge>, &Figures)> {
        self.charges.as_ref().map_or_else(Vec::new, |charges| charges.of(key))
    }

    /// The time that a key covers: its day, as far as the mapping does not change within it.
    pub fn period(&self, key: &CostKey) -> Option<(i64, i64)> {
        let (begin, end) = Dimension::Day.span(&key.day, self.timezone)?;
        let bounds = self.mapping.map_or(&[][..], |mapping| mapping.boundaries());
        let from = key.stretch.checked_sub(1).and_then(|at| bounds.get(at)).copied().unwrap_or(i64::MIN);
        let to = bounds.get(key.stretch).copied().unwrap_or(i64::MAX);
        Some((begin.max(from), end.min(to)))
    }

    /// The costs, sorted by key.
    ///
    /// # Errors
    /// When a sum did not fit.
    pub fn sorted(&self) -> Result<Vec<(&CostKey, &Cost)>, TooLarge> {
        if self.too_large {
            return Err(TooLarge);
        }
        let mut sorted: Vec<(&CostKey, &Cost)> = self.costs.iter().map(|(key, cost)| (&**key, cost)).collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        Ok(sorted)
    }
}

impl Cost {
    fn add(&mut self, cost: Amount, credits: Amount, used: Amount, usage_start: i64) -> Option<()> {
        self.cost = self.cost.checked_add(cost)?;
        self.credits = self.credits.checked_add(credits)?;
        // What was used only weighs slots; other quantities may be larger than any amount of money.
        self.used = Amount::of_units(self.used.units().saturating_add(used.units()));
        self.usage_start = self.usage_start.min(usage_start);
        Some(())
    }
}
