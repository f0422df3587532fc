//! Allocation: which unit carries which part of each cost of a bill, and by what it came there. What goes in comes out, to the
//! last digit.
//!
//! A cost belongs to the unit of its project, or to the units that the mapping gives fixed parts of it. Only where the project's calls belong to several units, or where columns are asked
//! for that only calls have, it is shared by what the calls of that project, service and day weigh.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::apportion::apportion;
use super::attribution::{Attributor, UNATTRIBUTED, UNMAPPED};
use super::costs::{Cost, CostKey, Costs, TooLarge};
use super::mapping_row::MappingRow;
use super::pooling::{Pooling, UnitCalls};
use super::weights::{Sharer, Weights};
use crate::model::closed_list::closed_list;
use crate::model::cost::{Basis, Sharing, Weight};
use crate::model::money::{Amount, Currency, ONE};
use crate::model::payer::{Payer, PayerRef};

closed_list! {
    /// Who carries the part of a reservation that no job used.
    pub enum IdleSlots {
        Shared = "shared": "those whose jobs ran, by the slot time they used",
        Owner = "owner": "the unit of the project that owns the reservation",
    }
}

/// A part of a cost, and who carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'k> {
    /// What the cost was for.
    pub key: &'k CostKey,
    /// Whose bill carries it.
    pub payer: Option<Payer>,
    /// Who carries it.
    pub sharer: Sharer,
    /// By what it came there.
    pub basis: Basis,
    /// The pool that handed it on last.
    pub pool: Option<String>,
    /// Cost before credits.
    pub cost: Amount,
    /// Credits.
    pub credits: Amount,
}

/// The tables by which costs are allocated.
pub struct Allocator<'t> {
    /// Who a payer is, and which unit it belongs to.
    pub attributor: &'t Attributor<'t>,
    /// What calls weigh.
    pub weights: &'t Weights<'t>,
    /// What calls each unit has, for pools that are handed on by them.
    pub unit_calls: &'t UnitCalls,
    /// By what the cost of a service and a SKU may be shared.
    pub sharing: &'t dyn Fn(&str, &str) -> Sharing,
    /// Who carries idle slots.
    pub idle: IdleSlots,
}

/// Slot time by billing account, invoice month and day.
type SlotKey = (String, String, Currency, String);

/// What a bill tells of slots: who took how many slot hours, who sold them, and how many were paid for.
#[derive(Default)]
struct Slots {
    taken: HashMap<SlotKey, BTreeMap<Sharer, u128>>,
    owners: HashMap<SlotKey, BTreeSet<PayerRef>>,
    paid: HashMap<(SlotKey, PayerRef), u128>,
}

/// Slot hours, in the smallest units of an amount; what corrections take back below nothing is nothing.
fn hours(cost: &Cost) -> u128 {
    u128::try_from(cost.used.units()).unwrap_or(0)
}

fn slot_key(key: &CostKey) -> SlotKey {
    (key.billing_account.clone(), key.invoice_month.clone(), key.currency, key.day.clone())
}

impl Allocator<'_> {
    /// Hands each part of each cost to `take`, in a stable order; what lies with a pool where it ends.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn run<'c>(&self, costs: &'c Costs<'_>, mut take: impl FnMut(Part<'c>)) -> Result<(), TooLarge> {
        let sorted = costs.sorted()?;
        let slots = self.slots(&sorted);
        let pooling = self.attributor.mapping.and_then(|mapping| Pooling::of(mapping, self.unit_calls));
        let Some(mut pooling) = pooling else {
            return sorted.into_iter().try_for_each(|(key, cost)| self.allocate(key, cost, &slots, &mut take));
        };
        let mut parts = Vec::new();
        if pooling.needs_own_cost() {
            for (key, cost) in &sorted {
                self.allocate(key, cost, &slots, &mut |part| parts.push(part))?;
                parts.drain(..).try_for_each(|part| pooling.note(&part))?;
            }
        }
        for (key, cost) in sorted {
            self.allocate(key, cost, &slots, &mut |part| parts.push(part))?;
            parts.drain(..).try_for_each(|part| pooling.hand_on(part, cost.usage_start, &mut take))?;
        }
        Ok(())
    }

    fn allocate<'c>(
        &self,
        key: &'c CostKey,
        cost: &Cost,
        slots: &Slots,
        take: &mut impl FnMut(Part<'c>),
    ) -> Result<(), TooLarge> {
        let Some(project) = &key.project else {
            let (sharer, basis) = (self.sharer(UNATTRIBUTED, None), Basis::Unallocated);
            take(Part { key, payer: None, sharer, basis, pool: None, cost: cost.cost, credits: cost.credits });
            return Ok(());
        };
        // A row that only tells of slots costs nothing and would make a basis look mixed.
        if (cost.cost, cost.credits) == (Amount::ZERO, Amount::ZERO) {
            return Ok(());
        }
        let payer = self.attributor.directory.resolve(project);
        let (unit, cost_center) = self.attributor.unit_of(&payer, Some(cost.usage_start));
        let home = self.sharer(unit, cost_center);
        let fixed = self.fixed(&payer, cost.usage_start).map(|sharers| (Basis::Fixed, sharers));
        let shared = fixed.or_else(|| match (self.sharing)(&key.service, &key.sku) {
            Sharing::Never | Sharing::Tells => None,
            Sharing::By(weight) => {
                let name = payer.to_string();
                let sharers = match weight {
                    Weight::SlotMs => self.slot_sharers(key, project, &name, &home, slots),
                    Weight::Calls | Weight::BilledBytes => self.weights.of(weight, &name, &key.service, &key.day),
                };
                sharers.iter().any(|(sharer, _)| *sharer != home).then_some((weight.basis(), sharers))
            }
        });
        let Some((basis, sharers)) = shared else {
            let basis = match unit {
                UNMAPPED | UNATTRIBUTED => Basis::Unallocated,
                _ if self.weights.is_shared(&payer.to_string()) => Basis::Project,
                _ => Basis::Direct,
            };
            let (cost, credits) = (cost.cost, cost.credits);
            take(Part { key, payer: Some(payer), sharer: home, basis, pool: None, cost, credits });
            return Ok(());
        };
        let parts = |amount: Amount| apportion(amount.units(), &sharers).ok_or(TooLarge);
        let parts = parts(cost.cost)?.into_iter().zip(parts(cost.credits)?);
        for ((sharer, _), (cost, credits)) in sharers.iter().zip(parts) {
            let nobody = [UNMAPPED, UNATTRIBUTED].contains(&sharer.unit.as_str());
            let basis = if nobody { Basis::Unallocated } else { basis };
            if cost != 0 || credits != 0 {
                let (cost, credits) = (Amount::of_units(cost), Amount::of_units(credits));
                let (payer, sharer) = (Some(payer.clone()), sharer.clone());
                take(Part { key, payer, sharer, basis, pool: None, cost, credits });
            }
        }
        Ok(())
    }

    /// Who shares in the cost of a project by fixed parts of the mapping.
    fn fixed(&self, payer: &Payer, time: i64) -> Option<Vec<(Sharer, u128)>> {
        let shares = self.attributor.mapping?.shares(payer, Some(time))?;
        let part =
            |(row, weight): (&MappingRow, u128)| (self.sharer(&row.business_unit, row.cost_center.as_deref()), weight);
        Some(shares.parts.into_iter().map(part).collect())
    }

    fn sharer(&self, unit: &str, cost_center: Option<&str>) -> Sharer {
        let values = self.weights.no_values();
        Sharer { unit: unit.to_owned(), cost_center: cost_center.map(str::to_owned), values }
    }

    /// Who shares in the cost of a project's reservations: those whom the bill itself names, else those whose jobs the logs tell.
    ///
    /// The bill names no reservation. Where two projects of an account own some on one day, it cannot tell whose were used.
    fn slot_sharers(
        &self,
        key: &CostKey,
        owner: &PayerRef,
        name: &str,
        home: &Sharer,
        slots: &Slots,
    ) -> Vec<(Sharer, u128)> {
        let slot_key = slot_key(key);
        let told = slots.taken.get(&slot_key);
        let one_owner = slots.owners.get(&slot_key).is_some_and(|owners| owners.len() == 1);
        let told = told.filter(|_| one_owner);
        let in_units = told.is_some();
        let mut sharers: BTreeMap<Sharer, u128> = match told {
            Some(taken) => taken.clone(),
            None => self.weights.of(Weight::SlotMs, name, &key.service, &key.day).into_iter().collect(),
        };
        if self.idle == IdleSlots::Owner && !sharers.is_empty() {
            let paid = slots.paid.get(&(slot_key, owner.clone())).copied().unwrap_or(0);
            // Slot hours, in the units of an amount or in milliseconds.
            let paid = if in_units { paid } else { paid / (ONE.magnitude() / 3_600_000) };
            let used = sharers.values().fold(0, |used: u128, more| used.saturating_add(*more));
            let owned = sharers.entry(home.clone()).or_default();
            *owned = owned.saturating_add(paid.saturating_sub(used));
        }
        sharers.into_iter().filter(|(_, weight)| *weight > 0).collect()
    }

    /// What the bill tells of slots.
    fn slots(&self, costs: &[(&CostKey, &Cost)]) -> Slots {
        let mut slots = Slots::default();
        for (key, cost) in costs {
            let Some(project) = &key.project else { continue };
            match (self.sharing)(&key.service, &key.sku) {
                Sharing::Tells => {
                    let payer = self.attributor.directory.resolve(project);
                    let (unit, cost_center) = self.attributor.unit_of(&payer, Some(cost.usage_start));
                    let sharers = slots.taken.entry(slot_key(key)).or_default();
                    let taken = sharers.entry(self.sharer(unit, cost_center)).or_default();
                    *taken = taken.saturating_add(hours(cost));
                }
                Sharing::By(Weight::SlotMs) if cost.cost != Amount::ZERO => {
                    slots.owners.entry(slot_key(key)).or_default().insert(project.clone());
                    let paid = slots.paid.entry((slot_key(key), project.clone())).or_default();
                    *paid = paid.saturating_add(hours(cost));
                }
                Sharing::By(_) | Sharing::Never => {}
            }
        }
        slots
    }
}
