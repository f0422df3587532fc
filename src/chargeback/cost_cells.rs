//! Cells: the costs of a bill by what they are for, whoever carries them, so that two bills can be compared.

use std::collections::BTreeMap;

use super::allocation::{Allocator, Part};
use super::cost_statement::{CostError, state};
use super::costs::{CostKey, Costs, TooLarge};
use crate::model::cost::CostType;
use crate::model::directory::Directory;
use crate::model::money::{Amount, Currency};
use crate::model::tie_out::TieOut;

/// What a cost is for: costs of one cell in two bills are for the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// The currency.
    pub currency: Currency,
    /// Payer, service and so on; the same columns in both bills.
    pub key: Vec<String>,
}

/// What a cell costs, and how much of it there was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// The net cost by the unit that carries it.
    pub units: BTreeMap<String, Amount>,
    /// How much was used, in one or several measures, the most telling first: the same in both bills. `None` for what is no
    /// use, such as a tax.
    pub quantities: Option<Vec<i128>>,
}

/// The cells of one bill.
pub type Cells = BTreeMap<CellKey, Cell>;

impl Cell {
    /// Adds a part of the cost; `None` when the sum does not fit.
    pub fn add(&mut self, unit: &str, net: Amount) -> Option<()> {
        let known = self.units.entry(unit.to_owned()).or_default();
        *known = known.checked_add(net)?;
        Some(())
    }
}

/// The net costs of a bill as they are allocated, by currency, payer, service, SKU and kind of cost, with the proof that they
/// add up.
///
/// # Errors
/// When a sum does not fit, or the cells do not add up to the bill.
pub fn cells(
    costs: &Costs<'_>,
    allocator: &Allocator<'_>,
    directory: &Directory,
) -> Result<(Cells, Vec<TieOut>), CostError> {
    let mut cells = Cells::new();
    for (key, cost) in costs.sorted()? {
        let cell = cells.entry(cell_key(key, directory)).or_insert_with(|| Cell {
            units: BTreeMap::new(),
            quantities: (key.cost_type == CostType::Regular).then(|| vec![0]),
        });
        for quantity in cell.quantities.iter_mut().flatten() {
            *quantity = quantity.saturating_add(cost.used.units());
        }
    }
    let mut bills = costs.bills().clone();
    let mut fits = true;
    allocator.run(costs, |part: Part<'_>| {
        let bill = (part.key.invoice_month.clone(), part.key.currency, part.key.billing_account.clone());
        let cell = cells.entry(cell_key(part.key, directory)).or_default();
        let stated = part.cost.checked_add(part.credits).and_then(|net| {
            cell.add(&part.sharer.unit, net)?;
            state(bills.get_mut(&bill)?, net, part.basis)
        });
        fits &= stated.is_some();
    })?;
    if !fits {
        return Err(TooLarge.into());
    }
    for bill in bills.values() {
        bill.check()?;
    }
    Ok((cells, bills.into_values().collect()))
}

fn cell_key(key: &CostKey, directory: &Directory) -> CellKey {
    let payer = key.project.as_ref().map(|project| directory.resolve(project).to_string()).unwrap_or_default();
    let parts = [payer.as_str(), &key.service, &key.sku_id, &key.sku, key.cost_type.name()];
    CellKey { currency: key.currency, key: parts.map(str::to_owned).to_vec() }
}
