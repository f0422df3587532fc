//! Booking: which parts of costs stand in the statement of which month, when some months are closed.
//!
//! A closed month says what it said. What belongs to it and is not what its statements said, because rows of the bill or logs
//! came late or the mapping changed, is a correction, and stands in the first month that is open. So every part is in one
//! statement, and all statements together come to the bill, whatever arrives when.

use std::collections::{BTreeMap, BTreeSet};

use super::allocation::{Allocator, Part};
use super::closed::{Amounts, Closed, ClosedCost, ClosedMonth, PartId};
use super::costs::{BillKey, CostKey, Costs, TooLarge};
use super::weights::Sharer;
use crate::model::money::{Amount, Currency};
use crate::model::payer::{Namespace, Payer};
use crate::model::tie_out::TieOut;

/// Closed months, and the month whose statement is made; `None` for all months.
#[derive(Debug, Clone, Copy)]
pub struct Booking<'c> {
    /// The months that are closed.
    pub closed: &'c Closed,
    /// The month of the statement.
    pub month: Option<&'c str>,
}

/// A part with the closed month that it corrects, if it does.
pub struct Booked<'p, 'k> {
    /// The part, in the month in which it is booked.
    pub part: Part<'k>,
    /// The closed month that it belongs to.
    pub corrects: Option<&'p str>,
}

impl PartId {
    /// By what a part is known.
    fn of(part: &Part<'_>) -> Self {
        let key = part.key;
        Self {
            belongs_to: key.invoice_month.clone(),
            currency: key.currency.code().to_owned(),
            billing_account: key.billing_account.clone(),
            payer: part.payer.as_ref().map(ToString::to_string),
            unit: part.sharer.unit.clone(),
            cost_center: part.sharer.cost_center.clone(),
            service: key.service.clone(),
            sku_id: key.sku_id.clone(),
            sku: key.sku.clone(),
            cost_type: key.cost_type,
            day: key.day.clone(),
            basis: part.basis,
            pool: part.pool.clone(),
        }
    }

    /// The key of a cost that has such parts, in the month in which they are booked.
    fn key(&self, month: &str) -> Option<CostKey> {
        Some(CostKey {
            invoice_month: month.to_owned(),
            currency: Currency::parse(&self.currency)?,
            billing_account: self.billing_account.clone(),
            project: None,
            service: self.service.clone(),
            sku_id: self.sku_id.clone(),
            sku: self.sku.clone(),
            cost_type: self.cost_type,
            day: self.day.clone(),
            stretch: 0,
        })
    }

    fn payer(&self) -> Option<Payer> {
        let payer = self.payer.as_deref()?;
        let number = payer.strip_prefix("number:").and_then(|number| number.parse().ok());
        let id = number.is_none().then(|| payer.into());
        Some(Payer { namespace: Namespace::GcpProject, id, number })
    }

    fn part<'k>(&self, key: &'k CostKey, (cost, credits): Amounts) -> Part<'k> {
        let (unit, cost_center) = (self.unit.clone(), self.cost_center.clone());
        let sharer = Sharer { unit, cost_center, values: Vec::new() };
        Part { key, payer: self.payer(), sharer, basis: self.basis, pool: self.pool.clone(), cost, credits }
    }
}

impl<'c> Booking<'c> {
    fn shows(&self, month: &str) -> bool {
        self.month.is_none_or(|wanted| wanted == month)
    }

    /// Hands each part to `take`, in the month in which it is booked.
    ///
    /// # Errors
    /// When a sum does not fit, or a closed month holds something that is no number.
    pub fn run(
        &self,
        costs: &Costs<'_>,
        allocator: &Allocator<'_>,
        mut take: impl FnMut(Booked<'_, '_>) -> Result<(), TooLarge>,
    ) -> Result<(), TooLarge> {
        let read = read(costs);
        let mut late: BTreeMap<PartId, Amounts> = BTreeMap::new();
        let mut taken = Ok(());
        allocator.run(costs, |part| {
            if taken.is_err() {
                return;
            }
            taken = if self.closed.month(&part.key.invoice_month).is_some() {
                add(&mut late, PartId::of(&part), (part.cost, part.credits))
            } else if self.shows(&part.key.invoice_month) {
                take(Booked { part, corrects: None })
            } else {
                Ok(())
            };
        })?;
        taken?;
        for month in self.closed.months() {
            for cost in &month.costs {
                let amounts = cost.amounts().ok_or(TooLarge)?;
                if read.contains(cost.part.belongs_to.as_str()) {
                    add(&mut late, cost.part.clone(), (minus(amounts.0)?, minus(amounts.1)?))?;
                }
                if self.shows(&month.month) {
                    let key = cost.part.key(&month.month).ok_or(TooLarge)?;
                    let belongs_to = cost.part.belongs_to.as_str();
                    let corrects = (belongs_to != month.month).then_some(belongs_to);
                    take(Booked { part: cost.part.part(&key, amounts), corrects })?;
                }
            }
        }
        let Some(open) = self.closed.open().filter(|open| self.shows(open)) else { return Ok(()) };
        for (id, amounts) in &late {
            if *amounts != (Amount::ZERO, Amount::ZERO) {
                let key = id.key(&open).ok_or(TooLarge)?;
                take(Booked { part: id.part(&key, *amounts), corrects: Some(&id.belongs_to) })?;
            }
        }
        Ok(())
    }

    /// The parts that are booked in a month, as they are kept when it is closed.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn parts(
        &self,
        month: &str,
        costs: &Costs<'_>,
        allocator: &Allocator<'_>,
    ) -> Result<BTreeMap<PartId, Amounts>, TooLarge> {
        let mut parts = BTreeMap::new();
        self.run(costs, allocator, |Booked { part, corrects }| {
            if part.key.invoice_month != month {
                return Ok(());
            }
            let mut id = PartId::of(&part);
            if let Some(corrects) = corrects {
                corrects.clone_into(&mut id.belongs_to);
            }
            add(&mut parts, id, (part.cost, part.credits))
        })?;
        parts.retain(|_, amounts| *amounts != (Amount::ZERO, Amount::ZERO));
        Ok(parts)
    }

    /// The bills by the month in which they are booked: closed months have what they had, and what the bill has now beyond that
    /// is in the first open month.
    ///
    /// # Errors
    /// When a sum does not fit, or a closed month holds something that is no number.
    pub fn bills(&self, costs: &Costs<'_>) -> Result<BTreeMap<BillKey, TieOut>, TooLarge> {
        let read = read(costs);
        let mut bills: BTreeMap<BillKey, TieOut> = BTreeMap::new();
        let open = self.closed.open().filter(|open| self.shows(open));
        for (key, bill) in costs.bills() {
            match (self.closed.month(&key.0), &open) {
                (None, _) if self.shows(&key.0) => merge(&mut bills, bill.clone(), 1)?,
                (Some(_), Some(open)) => merge(&mut bills, TieOut { invoice_month: open.clone(), ..bill.clone() }, 1)?,
                (Some(_) | None, _) => {}
            }
        }
        for month in self.closed.months() {
            for bill in &month.bills {
                if self.shows(&month.month) {
                    merge(&mut bills, bill.tie_out(&month.month).ok_or(TooLarge)?, 1)?;
                }
            }
            let Some(open) = &open else { continue };
            for cost in month.costs.iter().filter(|cost| read.contains(cost.part.belongs_to.as_str())) {
                merge(&mut bills, said(cost, open)?, -1)?;
            }
        }
        Ok(bills)
    }

    /// The closed month whose statement is asked for.
    pub fn of_closed(self) -> Option<&'c ClosedMonth> {
        self.month.and_then(|month| self.closed.month(month))
    }
}

/// The invoice months that a bill has something of. A closed month of which it has nothing is as it was.
fn read<'c>(costs: &'c Costs<'_>) -> BTreeSet<&'c str> {
    costs.bills().keys().map(|(month, _, _)| month.as_str()).collect()
}

/// What a statement said of a part, as a bill of another month.
fn said(cost: &ClosedCost, month: &str) -> Result<TieOut, TooLarge> {
    let (amount, credits) = cost.amounts().ok_or(TooLarge)?;
    let net = amount.checked_add(credits).ok_or(TooLarge)?;
    Ok(TieOut {
        invoice_month: month.to_owned(),
        currency: Currency::parse(&cost.part.currency).ok_or(TooLarge)?,
        billing_account: cost.part.billing_account.clone(),
        bill: net,
        statement: Amount::ZERO,
        by_type: BTreeMap::from([(cost.part.cost_type, net)]),
        without_project: if cost.part.payer.is_none() { net } else { Amount::ZERO },
        unallocated: Amount::ZERO,
    })
}

fn minus(amount: Amount) -> Result<Amount, TooLarge> {
    Amount::ZERO.checked_sub(amount).ok_or(TooLarge)
}

fn add(sums: &mut BTreeMap<PartId, Amounts>, id: PartId, (cost, credits): Amounts) -> Result<(), TooLarge> {
    let sum = sums.entry(id).or_default();
    *sum = (sum.0.checked_add(cost).ok_or(TooLarge)?, sum.1.checked_add(credits).ok_or(TooLarge)?);
    Ok(())
}

/// Adds a bill to that of the same month, currency and account, or takes it away.
fn merge(bills: &mut BTreeMap<BillKey, TieOut>, bill: TieOut, sign: i128) -> Result<(), TooLarge> {
    let key = (bill.invoice_month.clone(), bill.currency, bill.billing_account.clone());
    let nothing = TieOut {
        bill: Amount::ZERO,
        statement: Amount::ZERO,
        by_type: BTreeMap::new(),
        without_project: Amount::ZERO,
        unallocated: Amount::ZERO,
        ..bill.clone()
    };
    let sum = bills.entry(key).or_insert(nothing);
    let plus = |a: Amount, b: Amount| if sign < 0 { a.checked_sub(b) } else { a.checked_add(b) }.ok_or(TooLarge);
    sum.bill = plus(sum.bill, bill.bill)?;
    sum.without_project = plus(sum.without_project, bill.without_project)?;
    for (kind, amount) in bill.by_type {
        let of_type = sum.by_type.entry(kind).or_default();
        *of_type = plus(*of_type, amount)?;
    }
    Ok(())
}
