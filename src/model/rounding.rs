//! Rounding: columns of amounts in coins that add up to their total, and shares of a total.
//!
//! Amounts are rounded down, and the coins that are missing go, one each, to those that lost most; of equals to the first.

use std::cmp::Ordering;

use num_bigint::BigUint;

use super::money::{Amount, Currency, Money};

/// Rounds a column to coins so that its rows add up to `total` coins: each row to the coin below or above it.
///
/// The total must be the sum of the exact amounts, rounded to a coin below or above.
pub fn round_to(total: i128, column: &[Amount], currency: Currency) -> Vec<i128> {
    let coin = currency.coin().units();
    let mut coins: Vec<i128> = column.iter().map(|amount| amount.units().div_euclid(coin)).collect();
    let mut lost: Vec<(i128, usize)> =
        column.iter().enumerate().map(|(at, amount)| (amount.units().rem_euclid(coin), at)).collect();
    lost.retain(|(rest, _)| *rest > 0);
    lost.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let missing = usize::try_from(total - coins.iter().sum::<i128>()).unwrap_or(0);
    for (_, at) in lost.iter().take(missing) {
        coins[*at] += 1;
    }
    coins
}

/// Cost, credits and net cost of many rows, and their total last: rounded so that each column adds up, and each row across.
///
/// `None` when a sum does not fit.
pub fn shown(rows: &[(Amount, Amount)], currency: Currency) -> Option<Vec<[Money; 3]>> {
    let column = |pick: fn(&(Amount, Amount)) -> Amount| -> Vec<Amount> { rows.iter().map(pick).collect() };
    let (costs, credits) = (column(|row| row.0), column(|row| row.1));
    let sum = |amounts: &[Amount]| amounts.iter().try_fold(Amount::ZERO, |sum, amount| sum.checked_add(*amount));
    let (cost, credit) = (sum(&costs)?, sum(&credits)?);
    // The cost and the net cost are what is compared with an invoice; the credits show what lies between.
    let net_coins = cost.checked_add(credit)?.coins(currency);
    let cost_coins = cost.coins(currency);
    let credit_coins = net_coins - cost_coins;
    let mut all = Vec::with_capacity(rows.len() + 1);
    let rounded_costs = round_to(cost_coins, &costs, currency);
    let rounded_credits = round_to(credit_coins, &credits, currency);
    let exact = rows.iter().copied().chain([(cost, credit)]);
    let coins = rounded_costs.into_iter().zip(rounded_credits).chain([(cost_coins, credit_coins)]);
    for ((cost, credit), (cost_coins, credit_coins)) in exact.zip(coins) {
        let money = |exact, coins| Money { exact, coins, currency };
        all.push([
            money(cost, cost_coins),
            money(credit, credit_coins),
            money(cost.checked_add(credit)?, cost_coins + credit_coins),
        ]);
    }
    Some(all)
}

/// `part / whole` in millionths, rounded half to even; `None` unless it lies between nothing and all of it.
pub fn share(part: Amount, whole: Amount) -> Option<u32> {
    let apart = part.units().signum() * whole.units().signum() < 0;
    if whole == Amount::ZERO || apart || part.magnitude() > whole.magnitude() {
        return None;
    }
    let (scaled, whole) = (BigUint::from(part.magnitude()) * 1_000_000_u32, BigUint::from(whole.magnitude()));
    let (share, rest) = (u32::try_from(&scaled / &whole).ok()?, &scaled % &whole);
    let up = match (rest * 2_u32).cmp(&whole) {
        Ordering::Less => false,
        Ordering::Equal => share % 2 == 1,
        Ordering::Greater => true,
    };
    Some(share + u32::from(up))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect("a number")
    }

    #[test]
    fn cents_add_up_across_and_down() {
        let euro = Currency::parse("EUR").expect("a currency");
        let rows =
            [(amount("0.335"), amount("-0.004")), (amount("0.335"), amount("0")), (amount("0.335"), amount("0"))];
        let shown = shown(&rows, euro).expect("small");
        let coins: Vec<[i128; 3]> = shown.iter().map(|row| row.map(|money| money.coins)).collect();
        assert_eq!(coins, [[34, -1, 33], [34, 0, 34], [33, 0, 33], [101, -1, 100]]);
    }

    #[test]
    fn a_share_lies_between_nothing_and_all() {
        let of = |part: i128, whole: i128| share(Amount::of_units(part), Amount::of_units(whole));
        assert_eq!(
            [of(1, 3), of(-1, -3), of(0, 3), of(3, 3)],
            [Some(333_333), Some(333_333), Some(0), Some(1_000_000)]
        );
        assert_eq!([of(1, 2_000_000), of(3, 2_000_000)], [Some(0), Some(2)]);
        assert_eq!([of(-1, 3), of(4, 3), of(0, 0)], [None; 3]);
    }

    proptest! {
        #[test]
        fn shown_rows_add_up_across_and_down(rows in prop::collection::vec((any::<i64>(), any::<i64>()), 0..20)) {
            let euro = Currency::parse("EUR").expect("a currency");
            let scale = euro.coin().units() / 97;
            let rows: Vec<(Amount, Amount)> = (rows.into_iter())
                .map(|(cost, credit)| (Amount::of_units(i128::from(cost >> 24) * scale), Amount::of_units(i128::from(credit >> 24) * scale)))
                .collect();
            let mut shown = shown(&rows, euro).unwrap_or_default();
            let total = shown.pop().expect("the total is always there");
            for column in 0..3 {
                prop_assert_eq!(shown.iter().map(|row| row[column].coins).sum::<i128>(), total[column].coins);
            }
            for row in shown.iter().chain([&total]) {
                prop_assert_eq!(row[0].coins + row[1].coins, row[2].coins);
                for money in row {
                    let off = money.exact.units() - money.coins * euro.coin().units();
                    prop_assert!(off.abs() < 2 * euro.coin().units());
                }
            }
            prop_assert_eq!(total[2].coins, total[2].exact.coins(euro));
        }
    }
}
