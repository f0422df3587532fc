//! Shares: exact fractions by which the cost of a project or a pool is divided among units.

use std::fmt;

use num_bigint::BigUint;

use super::mapping_error::MappingProblem;

/// The largest numerator and denominator that are read: decimals of twelve places.
const LARGEST: u128 = 1_000_000_000_000;

/// A fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    numerator: u128,
    denominator: u128,
}

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// All.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// Reads `1/3`, `0.25` or `25%`; above 0 and at most 1.
    pub(super) fn parse(text: &str) -> Result<Self, MappingProblem> {
        let (negative, share) = Self::read(text).ok_or_else(|| MappingProblem::BadShare(text.to_owned()))?;
        if negative || share == Self::ZERO || share.numerator > share.denominator {
            return Err(MappingProblem::ShareOutOfBounds(text.to_owned()));
        }
        Ok(share)
    }

    /// Reads `1/20`, `0.05` or `5%` as a part of a whole: from 0 to 1.
    pub(super) fn part(text: &str) -> Option<Self> {
        let (negative, share) = Self::read(text)?;
        (!negative && share.numerator <= share.denominator).then_some(share)
    }

    /// Whether the text has a minus, and the fraction behind it.
    fn read(text: &str) -> Option<(bool, Self)> {
        let (negative, plain) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let (number, percent) = match plain.strip_suffix('%') {
            Some(number) => (number.trim_end(), 100),
            None => (plain, 1),
        };
        let (numerator, denominator) = match number.split_once('/') {
            Some((numerator, denominator)) => (whole(numerator.trim())?, whole(denominator.trim())?),
            None => decimal(number)?,
        };
        (denominator > 0).then(|| (negative, Self::reduced(numerator, denominator * percent)))
    }

    /// This part of a whole, rounded down.
    pub(super) fn of(self, whole: u128) -> u128 {
        let part = BigUint::from(whole) * self.numerator / self.denominator;
        // A part that was read as one is not more than its whole.
        u128::try_from(part).unwrap_or(whole)
    }

    fn reduced(numerator: u128, denominator: u128) -> Self {
        let common = greatest_common_divisor(numerator, denominator);
        Self { numerator: numerator / common, denominator: denominator / common }
    }

    /// The sum, unless it is too fine to be written.
    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        let common = greatest_common_divisor(self.denominator, other.denominator);
        let (mine, theirs) = (other.denominator / common, self.denominator / common);
        let numerator = self.numerator.checked_mul(mine)?.checked_add(other.numerator.checked_mul(theirs)?)?;
        Some(Self::reduced(numerator, self.denominator.checked_mul(mine)?))
    }

    /// The smallest integers that stand to each other as the shares do; `None` when they are too large.
    pub(super) fn weights(shares: &[Self]) -> Option<Vec<u128>> {
        let mut common: u128 = 1;
        for share in shares {
            let step = share.denominator / greatest_common_divisor(common, share.denominator);
            common = common.checked_mul(step)?;
        }
        shares.iter().map(|share| share.numerator.checked_mul(common / share.denominator)).collect()
    }
}

impl fmt::Display for Share {
    /// `1/3`; a whole number without its denominator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

fn whole(digits: &str) -> Option<u128> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number <= LARGEST)
}

/// The digits of a decimal number as a fraction; `.5` and `5.` are none.
fn decimal(text: &str) -> Option<(u128, u128)> {
    let Some((before, after)) = text.split_once('.') else { return Some((whole(text)?, 1)) };
    let scale = 10_u128.checked_pow(u32::try_from(after.len()).ok()?).filter(|scale| *scale <= LARGEST)?;
    Some((whole(before)?.checked_mul(scale)?.checked_add(whole(after)?)?, scale))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(text: &str) -> String {
        Share::parse(text).map_or_else(|problem| format!("{problem:?}"), |share| share.to_string())
    }

    #[test]
    fn fractions_decimals_and_percentages_are_exact() {
        for (text, expected) in [
            ("1/3", "1/3"),
            ("2 / 6", "1/3"),
            ("0.25", "1/4"),
            ("25%", "1/4"),
            ("12.5 %", "1/8"),
            ("1", "1"),
            ("100%", "1"),
            ("33.333333333333%", "33333333333333/100000000000000"),
            ("0.000000000001", "1/1000000000000"),
        ] {
            assert_eq!(share(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_share_is_told_apart_from_a_share_out_of_bounds() {
        for text in ["", "a", "1/0", "1/-3", "1e-1", ".5", "5.", "1//2", "0,5", "%", "½", "1/2/3", "+1/2"] {
            assert!(share(text).starts_with("BadShare"), "{text}: {}", share(text));
        }
        for text in ["-1/2", "\u{2212}25%", "0", "0%", "0/5", "3/2", "101%", "-0"] {
            assert!(share(text).starts_with("ShareOutOfBounds"), "{text}: {}", share(text));
        }
    }

    proptest! {
        #[test]
        fn weights_stand_to_each_other_as_the_shares(pairs in prop::collection::vec((1_u128..50, 50_u128..60), 1..5)) {
            let shares: Vec<Share> = pairs.iter().map(|(n, d)| Share::reduced(*n, *d)).collect();
            let weights = Share::weights(&shares).expect("small denominators");
            for (a, x) in shares.iter().zip(&weights) {
                for (b, y) in shares.iter().zip(&weights) {
                    prop_assert_eq!(a.numerator * b.denominator * y, b.numerator * a.denominator * x);
                }
            }
        }

        #[test]
        fn parts_of_one_add_up_to_one_in_any_order(mut parts in prop::collection::vec(1_u128..1000, 1..8), turn in 0..8_usize) {
            let total: u128 = parts.iter().sum();
            let turn = turn % parts.len();
            parts.rotate_left(turn);
            let sum = parts.iter().try_fold(Share::ZERO, |sum, part| sum.checked_add(Share::reduced(*part, total)));
            prop_assert_eq!(sum, Some(Share::ONE));
        }

        #[test]
        fn any_text_is_a_share_or_a_problem(text in any::<String>(), near in "[0-9./%-]{0,20}") {
            let _ = (Share::parse(&text), Share::parse(&near));
        }
    }
}
