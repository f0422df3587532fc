//! Movements as money to be shown: rounded to coins so that each row adds up across and every column down.

use super::cost_movement::CostMovement;
use super::mapping_pools::Overflow;
use crate::model::money::{Amount, Money};
use crate::model::rounding::round_to;

/// Old, new, change, volume, rate, mapping and other.
pub type Shown = [Money; 7];

/// The movements of one currency as money, and their total last; no total for no movements.
///
/// # Errors
/// When a sum does not fit.
pub fn shown(movements: &[CostMovement]) -> Result<Vec<Shown>, Overflow> {
    let Some(currency) = movements.first().map(|movement| movement.currency) else { return Ok(Vec::new()) };
    let exact = movements.iter().map(exact).collect::<Option<Vec<_>>>().ok_or(Overflow)?;
    let column = |at: usize| exact.iter().map(|row| row[at]).collect::<Vec<Amount>>();
    let sum = |at: usize| column(at).into_iter().try_fold(Amount::ZERO, Amount::checked_add).ok_or(Overflow);
    let [old, new] = [sum(0)?.coins(currency), sum(1)?.coins(currency)];
    let olds = round_to(old, &column(0), currency);
    // What did not change is shown with the same coins on both sides.
    let changes = round_to(new - old, &column(2), currency);
    let mut total: Vec<(Amount, i128)> = (0..7).map(|at| Ok((sum(at)?, 0))).collect::<Result<_, Overflow>>()?;
    let mut rows = Vec::with_capacity(movements.len() + 1);
    for ((row, old), change) in exact.iter().zip(olds).zip(changes) {
        let mut parts: Vec<i128> = row[3..].iter().map(|part| part.coins(currency)).collect();
        let off = change - parts.iter().sum::<i128>();
        let largest = (0..parts.len()).max_by_key(|at| (row[3 + at].magnitude(), parts.len() - at)).unwrap_or(0);
        parts[largest] += off;
        let coins = [old, old + change, change, parts[0], parts[1], parts[2], parts[3]];
        total.iter_mut().zip(coins).for_each(|(sum, coins)| sum.1 += coins);
        rows.push(std::array::from_fn(|at| Money { exact: row[at], coins: coins[at], currency }));
    }
    rows.push(std::array::from_fn(|at| Money { exact: total[at].0, coins: total[at].1, currency }));
    Ok(rows)
}

fn exact(movement: &CostMovement) -> Option<[Amount; 7]> {
    let CostMovement { old, new, volume, rate, mapping, other, .. } = *movement;
    Some([old, new, new.checked_sub(old)?, volume, rate, mapping, other])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::money::Currency;

    proptest! {
        #[test]
        fn coins_add_up_across_and_down(parts in prop::collection::vec(prop::array::uniform5(-5000_i128..5000), 1..8)) {
            let currency = Currency::parse("EUR").expect("a currency");
            let scale = currency.coin().units() / 97;
            let movements: Vec<CostMovement> = (parts.iter())
                .map(|parts| {
                    let [old, volume, rate, mapping, other] = parts.map(|part| Amount::of_units(part * scale));
                    let new = Amount::of_units(parts.iter().sum::<i128>() * scale);
                    CostMovement { currency, unit: String::new(), old, volume, rate, mapping, other, new }
                })
                .collect();
            let mut rows = shown(&movements).expect("small");
            let total = rows.pop().expect("a total");
            for at in 0..7 {
                prop_assert_eq!(rows.iter().map(|row| row[at].coins).sum::<i128>(), total[at].coins);
                prop_assert_eq!(rows.iter().map(|row| row[at].exact.units()).sum::<i128>(), total[at].exact.units());
            }
            for row in rows.iter().chain([&total]) {
                let coins = row.map(|money| money.coins);
                prop_assert_eq!(coins[0] + coins[2], coins[1]);
                prop_assert_eq!(coins[2], coins[3..].iter().sum::<i128>());
            }
            for row in &rows {
                prop_assert!(row.iter().all(|money| (money.exact.units() - money.coins * currency.coin().units()).abs() < 5 * currency.coin().units()));
                prop_assert!(row[2].exact != Amount::ZERO || row[0].coins == row[1].coins);
            }
            prop_assert_eq!(total[0].coins, total[0].exact.coins(currency));
            prop_assert_eq!(total[1].coins, total[1].exact.coins(currency));
        }
    }
}
