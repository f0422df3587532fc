//! Movements: how each unit came from an old amount to a new one, by more or fewer calls and by another mapping.

use std::collections::{BTreeMap, BTreeSet};

use super::mapping_pools::Overflow;

/// Amounts by unit.
pub type Amounts = BTreeMap<String, u128>;

/// The way of one unit: `old + volume + mapping = new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The unit.
    pub unit: String,
    /// Before.
    pub old: u128,
    /// What the new calls would be under the old mapping, less what was.
    pub volume: i128,
    /// What the new calls are, less what they would be under the old mapping; over all units it adds up to 0.
    pub mapping: i128,
    /// After.
    pub new: u128,
}

/// The movements of all units, the largest change first, of equals the smaller name.
///
/// `kept` are the new calls under the old mapping.
///
/// # Errors
/// When a difference does not fit.
pub fn movements(old: &Amounts, kept: &Amounts, new: &Amounts) -> Result<Vec<Movement>, Overflow> {
    let units: BTreeSet<&String> = old.keys().chain(kept.keys()).chain(new.keys()).collect();
    let amount = |amounts: &Amounts, unit: &str| amounts.get(unit).copied().unwrap_or_default();
    let less = |from: u128, to: u128| to.checked_signed_diff(from).ok_or(Overflow);
    let mut found = Vec::with_capacity(units.len());
    for unit in units {
        let (old, kept, new) = (amount(old, unit), amount(kept, unit), amount(new, unit));
        let (volume, mapping) = (less(old, kept)?, less(kept, new)?);
        found.push(Movement { unit: unit.clone(), old, volume, mapping, new });
    }
    found.sort_by_key(|movement| std::cmp::Reverse(movement.old.abs_diff(movement.new)));
    Ok(found)
}

/// A row of a report: its unit, its other grouping values, and its amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRow {
    /// The unit.
    pub unit: String,
    /// The other values.
    pub key: Vec<String>,
    /// The amount.
    pub amount: u128,
}

/// The amounts of rows by unit.
///
/// # Errors
/// When a sum does not fit.
pub fn by_unit(rows: &[UnitRow]) -> Result<Amounts, Overflow> {
    let mut amounts = Amounts::new();
    for row in rows {
        let amount = amounts.entry(row.unit.clone()).or_default();
        *amount = amount.checked_add(row.amount).ok_or(Overflow)?;
    }
    Ok(amounts)
}

/// New rows under the old mapping, as far as the old rows tell it: what has the same key as rows of one other unit was that
/// unit's. What has a key of several units, or a new key, stays where it is.
pub fn kept(old: &[UnitRow], new: &[UnitRow]) -> Vec<UnitRow> {
    let mut units: BTreeMap<&[String], BTreeSet<&str>> = BTreeMap::new();
    for row in old {
        units.entry(&row.key).or_default().insert(&row.unit);
    }
    let before = |row: &UnitRow| -> Option<String> {
        let known = units.get(row.key.as_slice()).filter(|known| known.len() == 1)?;
        known.first().map(|unit| (*unit).to_owned())
    };
    new.iter().map(|row| UnitRow { unit: before(row).unwrap_or_else(|| row.unit.clone()), ..row.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(rows: &[(&str, &str, u128)]) -> Vec<UnitRow> {
        let row = |(unit, key, amount): &(&str, &str, u128)| UnitRow {
            unit: (*unit).to_owned(),
            key: vec![(*key).to_owned()],
            amount: *amount,
        };
        rows.iter().map(row).collect()
    }

    fn moved(old: &[UnitRow], new: &[UnitRow]) -> Vec<Movement> {
        let sums = |rows: &[UnitRow]| by_unit(rows).expect("the sums are small");
        movements(&sums(old), &sums(&kept(old, new)), &sums(new)).expect("the sums are small")
    }

    #[test]
    fn a_project_that_changed_its_unit_is_a_mapping_change_and_its_growth_is_volume() {
        let old = rows(&[("Research", "ads-insights", 10), ("Ads", "ads-bid", 5)]);
        let new = rows(&[("Ads", "ads-insights", 12), ("Ads", "ads-bid", 5), ("Shop", "new-app", 3)]);
        let movement =
            |unit: &str, old, volume, mapping, new| Movement { unit: unit.to_owned(), old, volume, mapping, new };
        assert_eq!(
            moved(&old, &new),
            [movement("Ads", 5, 0, 12, 17), movement("Research", 10, 2, -12, 0), movement("Shop", 0, 3, 0, 3)]
        );
    }

    #[test]
    fn a_key_of_several_units_stays_where_it_is() {
        let old = rows(&[("Research", "a", 10), ("Ads", "a", 5)]);
        let new = rows(&[("Shop", "a", 15)]);
        assert!(moved(&old, &new).iter().all(|movement| movement.mapping == 0));
    }

    fn some_rows() -> impl Strategy<Value = Vec<UnitRow>> {
        let row = (prop::sample::select(vec!["A", "B", "C"]), prop::sample::select(vec!["x", "y", "z"]), 0_u128..100);
        prop::collection::vec(row, 0..8).prop_map(|found| rows(&found))
    }

    proptest! {
        #[test]
        fn movements_add_up_and_a_mapping_only_moves(old in some_rows(), new in some_rows()) {
            let found = moved(&old, &new);
            for movement in &found {
                let sum = movement.old.checked_add_signed(movement.volume).and_then(|kept| kept.checked_add_signed(movement.mapping));
                prop_assert_eq!(sum, Some(movement.new));
            }
            prop_assert_eq!(found.iter().map(|movement| movement.mapping).sum::<i128>(), 0);
            prop_assert!(moved(&old, &old).iter().all(|movement| movement.volume == 0 && movement.mapping == 0));
        }
    }
}
