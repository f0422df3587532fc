//! Money: exact amounts in a currency, read from decimal text and printed as decimal text. No float touches them.

use std::fmt;

use iso_currency::Currency as Iso;
use num_bigint::BigUint;

/// Digits after the point that an amount keeps: enough for every digit of a double that a bill is printed with.
const DIGITS: usize = 24;
const UNITS: i128 = 10_i128.pow(24);

/// One of any currency.
pub const ONE: Amount = Amount::of_units(UNITS);

/// A currency of ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(Iso);

impl Currency {
    /// The currency with this code, in any case; `None` when ISO 4217 has none.
    pub fn parse(code: &str) -> Option<Self> {
        Iso::from_code(&code.trim().to_ascii_uppercase()).map(Self)
    }

    /// The code of three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many digits its smallest coin has: 2 for euro and cent, 0 for yen.
    pub fn coin_digits(self) -> usize {
        self.0.exponent().map_or(2, usize::from)
    }

    /// What the smallest coin is worth.
    pub fn coin(self) -> Amount {
        Amount(UNITS / 10_i128.pow(u32::try_from(self.coin_digits()).unwrap_or(0)))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// An amount, exact to 24 digits after the point; up to 170 million millions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads a decimal number such as `12.34`, `-0.5` or `9.3e-05`. What lies beyond 24 digits is rounded half to even.
    ///
    /// `None` when the text is no such number or the number is too large.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], unsigned[at + 1..].parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let digits = &digits[zeros..];
        if digits.is_empty() {
            return Some(Self::ZERO);
        }
        let shift =
            i64::try_from(DIGITS).ok()?.checked_add(exponent)?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let cut = usize::try_from(shift.min(0).unsigned_abs()).ok()?;
        let Some(kept) = digits.len().checked_sub(cut) else { return Some(Self::ZERO) };
        let (kept, lost) = digits.split_at(kept);
        let add = |units: i128, digit: &u8| units.checked_mul(10)?.checked_add(i128::from(digit - b'0'));
        let units = kept.iter().try_fold(0, add)?;
        let units = units.checked_mul(10_i128.checked_pow(u32::try_from(shift.max(0)).ok()?)?)?;
        let up = match lost.split_first() {
            Some((b'5', rest)) => units % 2 == 1 || rest.iter().any(|digit| *digit != b'0'),
            Some((digit, _)) => *digit > b'5',
            None => false,
        };
        let units = if up { units.checked_add(1)? } else { units };
        Some(Self(if negative { -units } else { units }))
    }

    /// An amount of so many of its smallest units.
    pub const fn of_units(units: i128) -> Self {
        Self(units)
    }

    /// How many of its smallest units it is.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The sum of both, if it fits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference of both, if it fits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// `count / of` of the amount, rounded half to even at the last digit; `None` when that does not fit or `of` is 0.
    pub fn part(self, count: u128, of: u128) -> Option<Self> {
        if of == 0 {
            return None;
        }
        let product = BigUint::from(self.magnitude()) * count;
        let (whole, rest) = (u128::try_from(&product / of).ok()?, u128::try_from(&product % of).ok()?);
        let up = match rest.cmp(&(of - rest)) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => whole % 2 == 1,
            std::cmp::Ordering::Greater => true,
        };
        let units = i128::try_from(whole.checked_add(u128::from(up))?).ok()?;
        Some(Self(if self.0 < 0 { -units } else { units }))
    }

    /// The amount without its sign.
    pub fn magnitude(self) -> u128 {
        self.0.unsigned_abs()
    }

    /// How many coins it is, rounded half up, so that whole coins more are whole coins more.
    pub fn coins(self, currency: Currency) -> i128 {
        let coin = currency.coin().0;
        let (whole, rest) = (self.0.div_euclid(coin), self.0.rem_euclid(coin));
        if rest >= coin - rest { whole + 1 } else { whole }
    }
}

impl fmt::Display for Amount {
    /// The exact decimal number, without zeros at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.unsigned_abs();
        let one = UNITS.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:0DIGITS$}", units % one);
        match fraction.trim_end_matches('0') {
            "" => f.pad(&format!("{sign}{}", units / one)),
            fraction => f.pad(&format!("{sign}{}.{fraction}", units / one)),
        }
    }
}

/// An amount as a document shows it: exact, and rounded to coins so that the rows of a column add up to its total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The exact amount.
    pub exact: Amount,
    /// The coins to show.
    pub coins: i128,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// No money at all.
    pub const fn nothing(currency: Currency) -> Self {
        Self { exact: Amount::ZERO, coins: 0, currency }
    }

    /// Money rounded by itself.
    pub fn rounded(exact: Amount, currency: Currency) -> Self {
        Self { exact, coins: exact.coins(currency), currency }
    }

    /// The rounded amount as people read it: `-1,234.50`.
    pub fn shown(&self) -> String {
        let digits = self.currency.coin_digits();
        let text = format!("{:0width$}", self.coins.unsigned_abs(), width = digits + 1);
        let (whole, coins) = text.split_at(text.len() - digits);
        let mut grouped = String::from(if self.coins < 0 { "-" } else { "" });
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        if digits > 0 {
            grouped.push('.');
            grouped.push_str(coins);
        }
        grouped
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(text: &str) -> String {
        Amount::parse(text).map_or_else(|| "none".to_owned(), |amount| amount.to_string())
    }

    #[test]
    fn floats_of_a_bill_are_read_to_their_last_digit() {
        for (text, exact) in [
            ("1.2e-05", "0.000012"),
            ("9.3E-5", "0.000093"),
            ("1005.004832999999984", "1005.004832999999984"),
            ("1.2345678901234567e-08", "0.000000012345678901234567"),
            ("-0", "0"),
            ("+.5", "0.5"),
            ("5.", "5"),
            ("1e3", "1000"),
            ("12e-1", "1.2"),
            ("0e999", "0"),
            ("1e-999", "0"),
            ("000000000000000000000000000000000000000000000012.50", "12.5"),
        ] {
            assert_eq!(printed(text), exact, "{text}");
        }
        for text in ["", "-", ".", "1,5", "1e", "NaN", "Infinity", "1e40", "0x1", "1 ", "--1", "1e5.0", "٣"] {
            assert_eq!(printed(text), "none", "{text}");
        }
    }

    #[test]
    fn beyond_the_last_digit_half_goes_to_even() {
        for (text, units) in
            [("0.5e-24", 0), ("1.5e-24", 2), ("2.5e-24", 2), ("2.51e-24", 3), ("0.9e-25", 0), ("5.1e-25", 1)]
        {
            assert_eq!(Amount::parse(text).map(Amount::units), Some(units), "{text}");
            assert_eq!(Amount::parse(&format!("-{text}")).map(Amount::units), Some(-units), "-{text}");
        }
    }

    #[test]
    fn coins_are_those_of_the_currency() {
        let shown = |text: &str, code: &str| {
            let currency = Currency::parse(code).expect("a currency");
            Money::rounded(Amount::parse(text).expect("a number"), currency).shown()
        };
        assert_eq!(shown("1234567.885", "eur"), "1,234,567.89");
        assert_eq!(shown("-0.004", "EUR"), "0.00");
        assert_eq!(shown("-1234.5", "JPY"), "-1,234");
        assert_eq!(shown("0.0005", "KWD"), "0.001");
        assert_eq!(Currency::parse("QQQ"), None);
    }

    #[test]
    fn a_part_is_rounded_half_to_even() {
        let part = |units, count, of| Amount::of_units(units).part(count, of).map(Amount::units);
        assert_eq!(
            [part(1, 1, 2), part(3, 1, 2), part(5, 1, 2), part(-3, 1, 2)],
            [Some(0), Some(2), Some(2), Some(-2)]
        );
        assert_eq!([part(10, 1, 3), part(20, 1, 3), part(i128::MAX, 7, 7)], [Some(3), Some(7), Some(i128::MAX)]);
        assert_eq!([part(1, 1, 0), part(i128::MAX, 2, 1)], [None, None]);
    }

    proptest! {
        #[test]
        fn print_and_parse_are_inverse(units in any::<i128>()) {
            let amount = Amount::of_units(units.max(i128::MIN + 1));
            prop_assert_eq!(Amount::parse(&amount.to_string()), Some(amount));
        }

        #[test]
        fn the_exponent_only_moves_the_point(digits in 1_i64..1_000_000_000, exponent in 0_u32..10) {
            let plain = Amount::parse(&digits.to_string());
            let scaled = digits.checked_mul(10_i64.pow(exponent)).map(|scaled| scaled.to_string());
            prop_assume!(scaled.is_some());
            let scaled = scaled.unwrap_or_default();
            prop_assert_eq!(Amount::parse(&format!("{scaled}e-{exponent}")), plain);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9eE.,x ]{0,40}") {
            let _ = Amount::parse(&text);
        }
    }
}
