//! Crossing: several amounts and several takers of their sum, divided so that both keep what they have.

use super::apportion::apportion;

/// Divides each of the amounts among the takers, by what each takes of all of them: a row for each amount, a column for each
/// taker. Each row adds up to its amount, each column to what its taker takes. `None` when a sum does not fit, or the amounts
/// and the takers do not add up to the same.
///
/// What rounding leaves, a last digit for each other amount at most, is in the largest amount's row.
pub fn crossed(amounts: &[i128], takers: &[i128]) -> Option<Vec<Vec<i128>>> {
    let sum = |numbers: &[i128]| numbers.iter().try_fold(0_i128, |sum, number| sum.checked_add(*number));
    if sum(amounts)? != sum(takers)? {
        return None;
    }
    let largest = (0..amounts.len()).rev().max_by_key(|at| amounts[*at].unsigned_abs())?;
    let mut rows: Vec<Vec<i128>> = amounts.iter().map(|amount| spread(*amount, takers)).collect();
    for (at, taken) in takers.iter().enumerate() {
        let others = rows.iter().enumerate().filter(|(row, _)| *row != largest);
        let others = others.map(|(_, row)| row[at]).try_fold(0_i128, i128::checked_add)?;
        rows[largest][at] = taken.checked_sub(others)?;
    }
    Some(rows)
}

/// Divides an amount by what takers take of something else; where they take nothing it all goes to the first.
pub fn spread(amount: i128, takers: &[i128]) -> Vec<i128> {
    let weights: Vec<(usize, u128)> = takers.iter().map(|taken| taken.unsigned_abs()).enumerate().collect();
    apportion(amount, &weights).unwrap_or_else(|| {
        let mut parts = vec![0; takers.len()];
        if let Some(first) = parts.first_mut() {
            *first = amount;
        }
        parts
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_that_cancel_out_go_to_the_first() {
        assert_eq!(crossed(&[5, -5], &[0, 0]), Some(vec![vec![5, 0], vec![-5, 0]]));
        assert_eq!(crossed(&[10, 1], &[8, 3]), Some(vec![vec![7, 3], vec![1, 0]]));
        assert_eq!(crossed(&[1], &[2]), None);
        assert_eq!(crossed(&[i128::MAX, 1], &[1]), None);
    }

    proptest! {
        #[test]
        fn rows_and_columns_add_up(
            amounts in prop::collection::vec(-1_000_000_i128..1_000_000, 1..6),
            weights in prop::collection::vec(0_u128..50, 1..6),
        ) {
            let takers = spread(amounts.iter().sum(), &weights.iter().map(|weight| i128::try_from(*weight).unwrap_or(0)).collect::<Vec<_>>());
            let rows = crossed(&amounts, &takers).expect("small, and they add up");
            for (row, amount) in rows.iter().zip(&amounts) {
                prop_assert_eq!(row.iter().sum::<i128>(), *amount);
            }
            for (at, taken) in takers.iter().enumerate() {
                prop_assert_eq!(rows.iter().map(|row| row[at]).sum::<i128>(), *taken);
            }
        }

        #[test]
        fn amounts_of_one_sign_keep_it_but_for_last_digits(
            amounts in prop::collection::vec(0_i128..1_000_000, 1..6),
            weights in prop::collection::vec(0_i128..50, 1..6),
        ) {
            let takers = spread(amounts.iter().sum(), &weights);
            let rows = crossed(&amounts, &takers).expect("small, and they add up");
            let most = i128::try_from(amounts.len()).expect("few");
            prop_assert!(rows.iter().flatten().all(|part| *part >= -most));
        }
    }
}
