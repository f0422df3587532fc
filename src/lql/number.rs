//! Numbers of entries and filters, exact where they are whole.

use std::cmp::Ordering;

/// A number, exact if it is whole.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Whole(i128),
    Decimal(f64),
}

impl Number {
    /// The number a text is; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        let digits = text.trim_start_matches(['-', '+']);
        let named = ["nan", "infinity"].iter().any(|name| digits.eq_ignore_ascii_case(name));
        let written = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
        (named || written).then(|| text.parse().ok().map(Self::Decimal)).flatten()
    }

    /// `None` where one of them is not a number.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => Some(left.cmp(&right)),
            _ => self.decimal().partial_cmp(&other.decimal()),
        }
    }

    pub(super) fn decimal(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Decimal(decimal) => decimal,
        }
    }
}

/// The integer a text is, if it is written as exports write 64-bit integers: no sign but minus, no leading zeros.
pub(super) fn count(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = !digits.is_empty() && digits.len() <= 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && (text == "0" || !digits.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_digits() {
        for text in ["1", "-2.5", "+3", ".5", "1e3", "NaN", "-Infinity", "340282366920938463463374607431768211456"] {
            assert!(Number::parse(text).is_some(), "{text}");
        }
        for text in ["", "nine", "inf", "1x", "0x1f", "-", "1_000"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_exact_and_nothing_equals_nan() {
        let compare = |left, right| Number::parse(left)?.compare(Number::parse(right)?);
        assert_eq!(compare("9223372036854775807", "9223372036854775806"), Some(Ordering::Greater));
        assert_eq!(compare("2", "2.0"), Some(Ordering::Equal));
        assert_eq!(compare("NaN", "NaN"), None);
    }

    #[test]
    fn a_count_is_written_in_one_way() {
        assert_eq!((count("-12"), count("0")), (Some(-12), Some(0)));
        for text in ["007", "-0", "1.0", "", "-", "+1", "123456789012345678901"] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
