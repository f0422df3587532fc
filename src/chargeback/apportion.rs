//! Apportioning: the one way in which a whole number is divided, so that the parts add up to it.

use std::cmp::Reverse;

use num_bigint::BigUint;

/// Divides an amount by weights, by largest remainder: each part is its exact quota rounded down, and what is left goes,
/// one each, to the parts with the largest remainders, of equals to the smaller name.
///
/// The parts stand in the order of the weights, add up to the amount, have its sign or are 0, and depend on the order of
/// the weights in nothing else. `None` when the weights are all 0: then nothing says how to divide.
pub fn apportion<N: Ord>(amount: i128, weights: &[(N, u128)]) -> Option<Vec<i128>> {
    let total: BigUint = weights.iter().map(|(_, weight)| BigUint::from(*weight)).sum();
    if total == BigUint::ZERO {
        return None;
    }
    let whole = amount.unsigned_abs();
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (_, weight) in weights {
        let product = BigUint::from(whole) * *weight;
        let quota = u128::try_from(&product / &total).unwrap_or(whole);
        remainders.push(product % &total);
        parts.push(quota);
    }
    let left = whole - parts.iter().sum::<u128>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| (Reverse(&remainders[*a]), &weights[*a].0).cmp(&(Reverse(&remainders[*b]), &weights[*b].0)));
    // Fewer are left than there are remainders above 0.
    for at in order.into_iter().zip(0..left).map(|(at, _)| at) {
        parts[at] += 1;
    }
    // No part is larger than the amount, so that each fits with its sign.
    let signed =
        |part: u128| if amount < 0 { 0_i128.wrapping_sub_unsigned(part) } else { 0_i128.wrapping_add_unsigned(part) };
    Some(parts.into_iter().map(signed).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_remainders_get_what_is_left_and_ties_go_by_name() {
        assert_eq!(apportion(10, &[("b", 1), ("a", 1), ("c", 1)]), Some(vec![3, 4, 3]));
        assert_eq!(apportion(-10, &[("b", 1), ("a", 1), ("c", 1)]), Some(vec![-3, -4, -3]));
        assert_eq!(apportion(100, &[("a", 2), ("b", 1)]), Some(vec![67, 33]));
        assert_eq!(apportion(7, &[("a", 0), ("b", 5)]), Some(vec![0, 7]));
    }

    #[test]
    fn without_any_weight_nothing_is_divided() {
        assert_eq!(apportion(7, &[("a", 0), ("b", 0)]), None);
        assert_eq!(apportion::<&str>(0, &[]), None);
    }

    #[test]
    fn the_extremes_fit() {
        let weights = [("a", u128::MAX), ("b", u128::MAX), ("c", 1)];
        for amount in [i128::MIN, i128::MAX, 0, 1, -1] {
            let parts = apportion(amount, &weights).expect("there are weights");
            assert_eq!(parts.iter().sum::<i128>(), amount);
        }
        assert_eq!(apportion(i128::MIN, &[("a", 1)]), Some(vec![i128::MIN]));
    }

    fn weight() -> impl Strategy<Value = u128> {
        prop_oneof![Just(0_u128), 0..10_u128, any::<u64>().prop_map(u128::from), any::<u128>()]
    }

    fn amount() -> impl Strategy<Value = i128> {
        prop_oneof![-20..20_i128, any::<i64>().prop_map(i128::from), any::<i128>()]
    }

    proptest! {
        #[test]
        fn parts_add_up_and_keep_the_sign(amount in amount(), weights in prop::collection::vec(weight(), 1..8)) {
            let weights: Vec<(usize, u128)> = weights.into_iter().enumerate().collect();
            let Some(parts) = apportion(amount, &weights) else {
                prop_assert!(weights.iter().all(|(_, weight)| *weight == 0));
                return Ok(());
            };
            prop_assert_eq!(parts.iter().try_fold(0_i128, |sum, part| sum.checked_add(*part)), Some(amount));
            let total: BigUint = weights.iter().map(|(_, weight)| BigUint::from(*weight)).sum();
            for (part, (_, weight)) in parts.iter().zip(&weights) {
                prop_assert!(*part == 0 || part.signum() == amount.signum());
                prop_assert!(*weight > 0 || *part == 0);
                // Less than one away from the exact quota.
                let (exact, found) = (BigUint::from(amount.unsigned_abs()) * *weight, &total * part.unsigned_abs());
                let apart = if exact > found { exact - found } else { found - exact };
                prop_assert!(apart < total);
            }
        }

        #[test]
        fn the_order_of_the_weights_changes_no_part(amount in amount(), weights in prop::collection::vec(weight(), 1..8), turn in 0..8_usize) {
            let weights: Vec<(usize, u128)> = weights.into_iter().enumerate().collect();
            let mut turned = weights.clone();
            turned.reverse();
            turned.rotate_left(turn % weights.len());
            let by_name = |weights: &[(usize, u128)]| {
                let parts = apportion(amount, weights)?;
                let mut named: Vec<(usize, i128)> = weights.iter().map(|(name, _)| *name).zip(parts).collect();
                named.sort_unstable();
                Some(named)
            };
            prop_assert_eq!(by_name(&weights), by_name(&turned));
        }
    }
}
