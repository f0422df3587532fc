//! Allocated charges: each charge of a bill, divided among those who carry the cost that it is part of. What a unit carries of all
//! of them is what the statement says, and what a charge costs is what the bill says, both to the last digit.

use std::collections::HashMap;
use std::sync::Arc;

use super::allocation::{Allocator, Part};
use super::attribution::{UNATTRIBUTED, UNMAPPED};
use super::cost_statement::{CostError, state};
use super::costs::{Cost, CostKey, Costs, TooLarge};
use super::crossing::{crossed, spread};
use super::dimension::NONE;
use super::weights::Sharer;
use crate::model::charge::{AllocatedCharge, Charge, Figures, SubAccount};
use crate::model::cost::Basis;
use crate::model::directory::Entry;
use crate::model::money::Amount;
use crate::model::payer::{Payer, PayerRef};
use crate::model::text::SharedText;
use crate::model::tie_out::TieOut;

/// What a service is for, and more closely.
type Category = (String, Option<String>);

/// The parts of a bill's charges.
pub struct AllocatedCharges<'c, 'm> {
    costs: &'c Costs<'m>,
    /// The parts of each cost one after the other, in the order of the costs.
    parts: Vec<Part<'c>>,
    accounts: HashMap<PayerRef, Arc<SubAccount>>,
    /// What the provider's catalogue says of a service that the bill says nothing of.
    category: &'c dyn Fn(&str) -> Option<Category>,
}

impl<'c, 'm> AllocatedCharges<'c, 'm> {
    /// Allocates costs whose charges were kept.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn of(
        costs: &'c Costs<'m>,
        allocator: &Allocator<'_>,
        category: &'c dyn Fn(&str) -> Option<Category>,
    ) -> Result<Self, TooLarge> {
        let mut allocated = Vec::new();
        allocator.run(costs, |part| allocated.push(part))?;
        let mut allocated = allocated.into_iter().peekable();
        let mut parts: Vec<Part<'c>> = Vec::with_capacity(allocated.len());
        for (key, cost) in costs.sorted()? {
            let before = parts.len();
            while let Some(part) = allocated.next_if(|part| std::ptr::eq(part.key, key)) {
                parts.push(part);
            }
            // What costs nothing is no part of a statement, and of the bill it is one.
            if parts.len() == before {
                parts.push(at_home(key, cost, allocator));
            }
        }
        let account = |entry: &Entry| (entry.reference(), Arc::new(sub_account(entry)));
        Ok(Self { costs, parts, accounts: costs.projects().map(account).collect(), category })
    }

    /// The charges, in an order that depends on nothing but the bill.
    ///
    /// # Errors
    /// When an amount does not fit.
    pub fn each(&self) -> impl Iterator<Item = Result<AllocatedCharge, TooLarge>> + '_ {
        self.parts.chunk_by(|one, next| std::ptr::eq(one.key, next.key)).flat_map(|parts| {
            let charges = self.of_cost(parts);
            let (charges, error) = match charges {
                Some(charges) => (charges, None),
                None => (Vec::new(), Some(Err(TooLarge))),
            };
            charges.into_iter().map(Ok).chain(error)
        })
    }

    /// The bills with what the charges add up to.
    ///
    /// # Errors
    /// When they do not add up to the bill.
    pub fn tie_outs(&self) -> Result<Vec<TieOut>, CostError> {
        let mut bills = self.costs.bills().clone();
        for charge in self.each() {
            let charge = charge?;
            let bill = (charge.invoice_month, charge.currency, charge.billing_account);
            let figures = charge.figures;
            let net = figures.net().ok_or(TooLarge)?;
            let others = [figures.contracted(), figures.list(), figures.effective()];
            if others.iter().any(Option::is_none) {
                return Err(TooLarge.into());
            }
            bills.get_mut(&bill).and_then(|bill| state(bill, net, charge.basis)).ok_or(TooLarge)?;
        }
        bills.values().try_for_each(TieOut::check)?;
        Ok(bills.into_values().collect())
    }

    /// The charges of one cost, whose parts are given.
    fn of_cost(&self, parts: &[Part<'c>]) -> Option<Vec<AllocatedCharge>> {
        let key = parts.first()?.key;
        let charges = self.costs.charges(key);
        let taken =
            |pick: fn(&Part<'_>) -> Amount| -> Vec<i128> { parts.iter().map(|part| pick(part).units()).collect() };
        let (costs, credits) = (taken(|part| part.cost), taken(|part| part.credits));
        let amounts = |pick: fn(&Figures) -> Amount| -> Vec<i128> {
            charges.iter().map(|(_, figures)| pick(figures).units()).collect()
        };
        let cost = crossed(&amounts(|figures| figures.cost), &costs)?;
        let credit = crossed(&amounts(|figures| figures.credits), &credits)?;
        // All else goes as the cost does, or where there is none as the credits.
        let by = if costs.iter().all(|cost| *cost == 0) { &credits } else { &costs };
        let mut found = Vec::new();
        for (at, (charge, figures)) in charges.into_iter().enumerate() {
            let divided = |amount: Amount| spread(amount.units(), by);
            let contracted = divided(figures.contracted_over_cost);
            let list = divided(figures.list_over_contracted);
            let effective = divided(figures.effective_over_net);
            let (priced, consumed) = (figures.priced.map(divided), figures.consumed.map(divided));
            let quantity =
                |parts: &Option<Vec<i128>>, part: usize| parts.as_ref().map(|parts| Amount::of_units(parts[part]));
            for (to, part) in parts.iter().enumerate() {
                let figures_of_part = Figures {
                    cost: Amount::of_units(cost[at][to]),
                    credits: Amount::of_units(credit[at][to]),
                    contracted_over_cost: Amount::of_units(contracted[to]),
                    list_over_contracted: Amount::of_units(list[to]),
                    effective_over_net: Amount::of_units(effective[to]),
                    priced: quantity(&priced, to),
                    consumed: quantity(&consumed, to),
                };
                // A charge of nothing has one row, not one for each who carries nothing of it.
                if !figures_of_part.is_nothing() || (figures.is_nothing() && to == 0) {
                    found.push(self.charge(key, part, charge, figures_of_part)?);
                }
            }
        }
        Some(found)
    }

    fn charge(
        &self,
        key: &CostKey,
        part: &Part<'_>,
        charge: &Arc<Charge>,
        figures: Figures,
    ) -> Option<AllocatedCharge> {
        let value = |value: &SharedText| (value.as_str() != NONE).then(|| value.to_string());
        Some(AllocatedCharge {
            invoice_month: key.invoice_month.clone(),
            currency: key.currency,
            billing_account: key.billing_account.clone(),
            sub_account: key.project.as_ref().and_then(|project| self.accounts.get(project)).cloned(),
            payer: part.payer.as_ref().map(Payer::to_string),
            service: key.service.clone(),
            service_category: charge.service_category.clone().or_else(|| (self.category)(&key.service)),
            sku_id: key.sku_id.clone(),
            sku: key.sku.clone(),
            cost_type: key.cost_type,
            period: self.costs.period(key)?,
            charge: Arc::clone(charge),
            unit: part.sharer.unit.clone(),
            cost_center: part.sharer.cost_center.clone(),
            basis: part.basis,
            pool: part.pool.clone(),
            told_by_calls: part.sharer.values.iter().map(value).collect(),
            figures,
        })
    }
}

/// The one part of a cost of nothing: it lies with its project's unit.
fn at_home<'c>(key: &'c CostKey, cost: &Cost, allocator: &Allocator<'_>) -> Part<'c> {
    let (attributor, values) = (allocator.attributor, allocator.weights.no_values());
    let payer = key.project.as_ref().map(|project| attributor.directory.resolve(project));
    let (unit, cost_center) = match &payer {
        Some(payer) => attributor.unit_of(payer, Some(cost.usage_start)),
        None => (UNATTRIBUTED, None),
    };
    let basis = if [UNMAPPED, UNATTRIBUTED].contains(&unit) { Basis::Unallocated } else { Basis::Direct };
    let sharer = Sharer { unit: unit.to_owned(), cost_center: cost_center.map(str::to_owned), values };
    Part { key, payer, sharer, basis, pool: None, cost: cost.cost, credits: cost.credits }
}

fn sub_account(entry: &Entry) -> SubAccount {
    SubAccount {
        id: entry.id.clone(),
        number: entry.number,
        name: entry.name.clone(),
        labels: entry.labels.clone(),
        ancestors: entry.ancestors.clone(),
    }
}
