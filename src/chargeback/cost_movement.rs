//! Movements of money: how each unit came from an old cost to a new one, by more or less use, by other rates, and by another
//! mapping. The parts add up to the difference, to the last digit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigUint;

use super::apportion::apportion;
use super::cost_cells::{Cell, Cells};
use super::mapping_pools::Overflow;
use crate::model::money::{Amount, Currency};

/// The way of one unit in one currency: `old + volume + rate + mapping + other = new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostMovement {
    /// The currency.
    pub currency: Currency,
    /// The unit.
    pub unit: String,
    /// Before.
    pub old: Amount,
    /// By use, at the old rates: what is used more or less, newly or no longer.
    pub volume: Amount,
    /// By what the same use costs: prices, discounts and credits.
    pub rate: Amount,
    /// By the mapping: the new costs, less what they would be under the old mapping. Over all units it adds up to 0.
    pub mapping: Amount,
    /// What nothing tells of: taxes, corrections, and costs without a quantity.
    pub other: Amount,
    /// After.
    pub new: Amount,
}

/// What moved in a cell, by unit.
#[derive(Default)]
struct Moved {
    volume: Amount,
    rate: Amount,
    other: Amount,
}

/// The movements of all units: by currency, the largest change first, of equals the smaller name.
///
/// `kept` are the new costs under the old mapping; their quantities are those of the new costs.
///
/// # Errors
/// When a sum does not fit.
pub fn cost_movements(old: &Cells, kept: &Cells, new: &Cells) -> Result<Vec<CostMovement>, Overflow> {
    let mut found: BTreeMap<(Currency, String), CostMovement> = BTreeMap::new();
    let mut of = |currency: Currency, unit: &str, change: &dyn Fn(&mut CostMovement) -> Option<()>| {
        let nothing = || CostMovement::nothing(currency, unit.to_owned());
        change(found.entry((currency, unit.to_owned())).or_insert_with(nothing)).ok_or(Overflow)
    };
    let keys: BTreeSet<_> = old.keys().chain(kept.keys()).collect();
    for key in keys {
        for (unit, moved) in moved(old.get(key), kept.get(key)).ok_or(Overflow)? {
            of(key.currency, &unit, &|movement| {
                movement.volume = movement.volume.checked_add(moved.volume)?;
                movement.rate = movement.rate.checked_add(moved.rate)?;
                movement.other = movement.other.checked_add(moved.other)?;
                Some(())
            })?;
        }
    }
    for (key, cell) in old {
        for (unit, amount) in &cell.units {
            of(key.currency, unit, &|movement| {
                movement.old = movement.old.checked_add(*amount)?;
                Some(())
            })?;
        }
    }
    for (key, cell) in new {
        for (unit, amount) in &cell.units {
            of(key.currency, unit, &|movement| {
                movement.new = movement.new.checked_add(*amount)?;
                movement.mapping = movement.mapping.checked_add(*amount)?;
                Some(())
            })?;
        }
    }
    for (key, cell) in kept {
        for (unit, amount) in &cell.units {
            of(key.currency, unit, &|movement| {
                movement.mapping = movement.mapping.checked_sub(*amount)?;
                Some(())
            })?;
        }
    }
    let mut found: Vec<CostMovement> = found.into_values().collect();
    let change = |movement: &CostMovement| movement.new.units().abs_diff(movement.old.units());
    found.sort_by_key(|movement| (movement.currency, Reverse(change(movement))));
    Ok(found)
}

impl CostMovement {
    fn nothing(currency: Currency, unit: String) -> Self {
        let zero = Amount::ZERO;
        Self { currency, unit, old: zero, volume: zero, rate: zero, mapping: zero, other: zero, new: zero }
    }

    /// The parts of the change, in their order.
    pub fn parts(&self) -> [Amount; 4] {
        [self.volume, self.rate, self.mapping, self.other]
    }
}

/// What moved from an old cell to a new one under the same mapping.
fn moved(old: Option<&Cell>, new: Option<&Cell>) -> Option<BTreeMap<String, Moved>> {
    let empty = Cell::default();
    let (before, after) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
    let units: Vec<&String> =
        before.units.keys().chain(after.units.keys()).collect::<BTreeSet<_>>().into_iter().collect();
    let amount = |cell: &Cell, unit: &str| cell.units.get(unit).copied().unwrap_or_default();
    // What the new use would cost at the old rates; `None` where nothing tells of the use.
    let valued: Option<Vec<i128>> = match (old, new) {
        (Some(_), None) | (None, Some(_)) if before.quantities.is_some() || after.quantities.is_some() => {
            Some(units.iter().map(|unit| amount(after, unit).units()).collect())
        }
        (Some(before), Some(after)) => at_old_rates(before, after, &units),
        (_, _) => None,
    };
    let mut found = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        let (old, new) = (amount(before, unit), amount(after, unit));
        let moved = match valued.as_ref().map(|valued| Amount::of_units(valued[at])) {
            Some(valued) => {
                Moved { volume: valued.checked_sub(old)?, rate: new.checked_sub(valued)?, ..Moved::default() }
            }
            None => Moved { other: new.checked_sub(old)?, ..Moved::default() },
        };
        found.insert((*unit).clone(), moved);
    }
    Some(found)
}

/// The new use of a cell at its old rate, divided among units as the new cost is; `None` where it cannot be told.
fn at_old_rates(before: &Cell, after: &Cell, units: &[&String]) -> Option<Vec<i128>> {
    let (old, new) = (before.quantities.as_ref()?, after.quantities.as_ref()?);
    let sum = |cell: &Cell| cell.units.values().copied().try_fold(Amount::ZERO, Amount::checked_add);
    let (cost, free) = (sum(before)?, after.units.values().all(|amount| *amount == Amount::ZERO));
    let (from, to) = old.iter().zip(new).find(|(from, to)| **from > 0 && (**to > 0 || (**to == 0 && free)))?;
    let (from, to) = (BigUint::from(from.unsigned_abs()), BigUint::from(to.unsigned_abs()));
    let whole = i128::try_from((to * cost.magnitude() * 2_u32 + &from) / (from * 2_u32)).ok()?;
    let whole = if cost < Amount::ZERO { -whole } else { whole };
    let (weighing, other) = if free { (before, after) } else { (after, before) };
    let signs = |cell: &Cell| cell.units.values().map(|amount| amount.units().signum()).collect::<BTreeSet<_>>();
    // Amounts of both signs are no weights.
    if signs(weighing).is_superset(&BTreeSet::from([-1, 1])) {
        return None;
    }
    let weight = |unit: &String| weighing.units.get(unit).map_or(0, |amount| amount.magnitude());
    let weights: Vec<(&String, u128)> = units.iter().map(|unit| (*unit, weight(unit))).collect();
    // Where neither costs anything, nothing moves.
    let nothing = || other.units.values().all(|amount| *amount == Amount::ZERO).then(|| vec![0; units.len()]);
    apportion(whole, &weights).or_else(nothing)
}

/// New costs under the old mapping, as far as the old cells tell it: a cell of one unit was that unit's. A cell of several
/// units, or a new one, stays where it is.
pub fn kept_cells(old: &Cells, new: &Cells) -> Result<Cells, Overflow> {
    let mut kept = Cells::new();
    for (key, cell) in new {
        let mut before = old.get(key).into_iter().flat_map(|cell| cell.units.keys());
        let mut moved = Cell { quantities: cell.quantities.clone(), ..Cell::default() };
        match (before.next(), before.next()) {
            (Some(only), None) => {
                cell.units.values().try_for_each(|amount| moved.add(only, *amount).ok_or(Overflow))?;
            }
            (None, _) | (_, Some(_)) => moved.units.clone_from(&cell.units),
        }
        kept.insert(key.clone(), moved);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cost_cells::CellKey;
    use super::*;

    fn euro() -> Currency {
        Currency::parse("EUR").expect("a currency")
    }

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect("a number")
    }

    /// Cells of rows: what, unit, cost, quantity.
    fn cells(rows: &[(&str, &str, &str, i128)]) -> Cells {
        let mut cells = Cells::new();
        for (what, unit, cost, quantity) in rows {
            let key = CellKey { currency: euro(), key: vec![(*what).to_owned()] };
            let cell = cells.entry(key).or_default();
            cell.add(unit, amount(cost)).expect("small");
            cell.quantities = (*quantity >= 0).then(|| vec![*quantity]);
        }
        cells
    }

    /// Unit, then old, volume, rate, mapping, other and new.
    fn moves(old: &Cells, kept: &Cells, new: &Cells) -> Vec<(String, [String; 6])> {
        let found = cost_movements(old, kept, new).expect("the sums are small");
        let shown = |movement: CostMovement| {
            let [volume, rate, mapping, other] = movement.parts();
            let amounts = [movement.old, volume, rate, mapping, other, movement.new];
            (movement.unit, amounts.map(|amount| amount.to_string()))
        };
        found.into_iter().map(shown).collect()
    }

    fn expected(rows: &[(&str, [&str; 6])]) -> Vec<(String, [String; 6])> {
        rows.iter().map(|(unit, amounts)| ((*unit).to_owned(), amounts.map(str::to_owned))).collect()
    }

    #[test]
    fn twice_the_use_at_half_the_price_is_volume_against_rate() {
        let (old, new) = (cells(&[("vm", "Shop", "100", 10)]), cells(&[("vm", "Shop", "100", 20)]));
        assert_eq!(moves(&old, &new, &new), expected(&[("Shop", ["100", "100", "-100", "0", "0", "100"])]));
    }

    #[test]
    fn new_use_is_volume_a_tax_is_neither_and_a_moved_project_is_mapping() {
        let old = cells(&[("vm", "Lab", "60", 6), ("tax", "Lab", "19", -1), ("gone", "Lab", "5", 0)]);
        let new = cells(&[("vm", "Ads", "77", 7), ("tax", "Ads", "20", -1), ("bucket", "Ads", "3", 0)]);
        let kept = kept_cells(&old, &new).expect("small");
        assert_eq!(
            moves(&old, &kept, &new),
            expected(&[("Ads", ["0", "3", "0", "97", "0", "100"]), ("Lab", ["84", "5", "7", "-97", "1", "0"]),])
        );
    }

    #[test]
    fn what_became_free_is_rate_if_it_is_still_used_and_volume_if_not() {
        let old = cells(&[("a", "Shop", "40", 4), ("b", "Shop", "9", 3)]);
        let new = cells(&[("a", "Shop", "0", 8), ("b", "Shop", "0", 0)]);
        assert_eq!(moves(&old, &new, &new), expected(&[("Shop", ["49", "31", "-80", "0", "0", "0"])]));
    }

    #[test]
    fn without_a_quantity_nobody_knows() {
        let (old, new) = (cells(&[("a", "Shop", "40", 0)]), cells(&[("a", "Shop", "50", 0)]));
        assert_eq!(moves(&old, &new, &new), expected(&[("Shop", ["40", "0", "0", "0", "10", "50"])]));
    }

    fn some_cells() -> impl Strategy<Value = Cells> {
        let row = (
            prop::sample::select(vec!["EUR", "JPY"]),
            prop::sample::select(vec!["x", "y", "z"]),
            prop::sample::select(vec!["A", "B", "C"]),
            -50_i128..200,
            prop::option::of(prop::collection::vec(-1_i128..20, 2)),
        );
        prop::collection::vec(row, 0..12).prop_map(|rows| {
            let mut cells = Cells::new();
            for (currency, what, unit, units, quantities) in rows {
                let currency = Currency::parse(currency).expect("a currency");
                let cell = cells.entry(CellKey { currency, key: vec![what.to_owned()] }).or_default();
                cell.add(unit, Amount::of_units(units)).expect("small");
                cell.quantities = quantities;
            }
            cells
        })
    }

    fn sums(cells: &Cells) -> BTreeMap<(Currency, String), i128> {
        let mut sums = BTreeMap::new();
        for (key, cell) in cells {
            for (unit, amount) in &cell.units {
                *sums.entry((key.currency, unit.clone())).or_default() += amount.units();
            }
        }
        sums
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_difference_in_every_currency(old in some_cells(), new in some_cells(), moved in some_cells()) {
            // Under the old mapping the same costs lie elsewhere: each cell with the first unit.
            let mut kept = new.clone();
            for cell in kept.values_mut().take(moved.len()) {
                let whole = cell.units.values().map(|amount| amount.units()).sum();
                cell.units = [("A".to_owned(), Amount::of_units(whole))].into();
            }
            let found = cost_movements(&old, &kept, &new).expect("small");
            let (before, after) = (sums(&old), sums(&new));
            let mut mapping: BTreeMap<Currency, i128> = BTreeMap::new();
            for movement in &found {
                let key = (movement.currency, movement.unit.clone());
                prop_assert_eq!(movement.old.units(), before.get(&key).copied().unwrap_or_default());
                prop_assert_eq!(movement.new.units(), after.get(&key).copied().unwrap_or_default());
                let parts: i128 = movement.parts().iter().map(|part| part.units()).sum();
                prop_assert_eq!(movement.old.units() + parts, movement.new.units());
                *mapping.entry(movement.currency).or_default() += movement.mapping.units();
            }
            prop_assert!(mapping.values().all(|sum| *sum == 0));
            prop_assert!(before.keys().chain(after.keys()).all(|key| found.iter().any(|movement| (movement.currency, &movement.unit) == (key.0, &key.1))));
        }

        #[test]
        fn the_same_bill_moves_nothing(bill in some_cells()) {
            let found = cost_movements(&bill, &bill, &bill).expect("small");
            prop_assert!(found.iter().all(|movement| movement.parts() == [Amount::ZERO; 4]));
        }

        #[test]
        fn without_another_mapping_nothing_moves_by_it(old in some_cells(), new in some_cells()) {
            let found = cost_movements(&old, &new, &new).expect("small");
            prop_assert!(found.iter().all(|movement| movement.mapping == Amount::ZERO));
        }
    }
}
