//! Prices: what a unit costs, of which calls, and when; and the book that finds the price of a call.
//!
//! Reading the file is left to `price_toml`, adding up to `estimate`.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::mapping_pattern::{Pattern, Specificity};
use super::mapping_row::Validity;
use crate::model::closed_list::closed_list;
use crate::model::money::{Amount, Currency};
use crate::model::observation::Facts;
use crate::model::reason::QuantityUnit;

closed_list! {
    /// What a price can be for.
    pub enum PriceUnit {
        Call = "call": "a billable call",
        Byte = "byte": "a billed byte",
        Kibibyte = "KiB": "1,024 billed bytes",
        Mebibyte = "MiB": "1,024 KiB",
        Gibibyte = "GiB": "1,024 MiB",
        Tebibyte = "TiB": "1,024 GiB",
        Kilobyte = "kB": "1,000 billed bytes",
        Megabyte = "MB": "1,000 kB",
        Gigabyte = "GB": "1,000 MB",
        Terabyte = "TB": "1,000 GB",
        SlotMs = "slot-ms": "a millisecond of a slot",
        SlotSecond = "slot-second": "a second of a slot",
        SlotMinute = "slot-minute": "a minute of a slot",
        SlotHour = "slot-hour": "an hour of a slot",
    }
}

impl PriceUnit {
    /// What it measures, and how many of the smallest units it is.
    pub const fn measures(self) -> (QuantityUnit, u128) {
        match self {
            Self::Call => (QuantityUnit::Call, 1),
            Self::Byte => (QuantityUnit::Byte, 1),
            Self::Kibibyte => (QuantityUnit::Byte, 1 << 10),
            Self::Mebibyte => (QuantityUnit::Byte, 1 << 20),
            Self::Gibibyte => (QuantityUnit::Byte, 1 << 30),
            Self::Tebibyte => (QuantityUnit::Byte, 1 << 40),
            Self::Kilobyte => (QuantityUnit::Byte, 1_000),
            Self::Megabyte => (QuantityUnit::Byte, 1_000_000),
            Self::Gigabyte => (QuantityUnit::Byte, 1_000_000_000),
            Self::Terabyte => (QuantityUnit::Byte, 1_000_000_000_000),
            Self::SlotMs => (QuantityUnit::SlotMs, 1),
            Self::SlotSecond => (QuantityUnit::SlotMs, 1_000),
            Self::SlotMinute => (QuantityUnit::SlotMs, 60_000),
            Self::SlotHour => (QuantityUnit::SlotMs, 3_600_000),
        }
    }
}

/// So many units: what a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Per {
    /// What is measured.
    pub unit: QuantityUnit,
    /// How many of the smallest units; never 0.
    pub count: u128,
}

impl Per {
    /// Reads `TiB`, `1000 calls` or `slot-hour`; `None` when it is none of these or of no size.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, name) = match text.split_once(char::is_whitespace) {
            Some((count, name)) => (count.replace('_', ""), name.trim()),
            None => ("1".to_owned(), text),
        };
        let plain = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let many: u64 = count.parse().ok().filter(|many| plain && *many > 0)?;
        let (unit, size) = PriceUnit::parse(name).or_else(|| PriceUnit::parse(name.strip_suffix('s')?))?.measures();
        Some(Self { unit, count: u128::from(many) * size })
    }
}

/// One price.
#[derive(Debug, Clone)]
pub struct Price {
    /// The line of the file, from 1.
    pub line: u64,
    /// The service whose calls it is for.
    pub service: String,
    /// The methods; all when there is none.
    pub method: Option<Pattern>,
    /// The models; all, and calls without a model, when there is none.
    pub model: Option<Pattern>,
    /// What the user calls the family of charges that it stands for.
    pub sku: Option<String>,
    /// What so many units cost; never negative.
    pub amount: Amount,
    /// How many units.
    pub per: Per,
    /// When it holds.
    pub validity: Validity,
}

/// The place of a price among those that speak of one call; the smallest decides.
type Nearness = (Reverse<bool>, Option<Specificity>, Reverse<bool>, Option<Specificity>, u64);

impl Price {
    /// Whether both prices speak of the same calls in the same words at one time.
    pub(super) fn collides(&self, other: &Self) -> bool {
        fn text(pattern: Option<&Pattern>) -> Option<&str> {
            pattern.map(Pattern::text)
        }
        self.service == other.service
            && self.per.unit == other.per.unit
            && text(self.method.as_ref()) == text(other.method.as_ref())
            && text(self.model.as_ref()) == text(other.model.as_ref())
            && self.validity.overlaps(other.validity)
    }

    fn speaks_of(&self, facts: &Facts) -> bool {
        let matches = |pattern: &Option<Pattern>, text: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| text.is_some_and(|text| pattern.matches(text)))
        };
        self.per.unit == facts.quantity_unit
            && self.validity.holds_at(facts.time)
            && matches(&self.method, facts.method.as_deref())
            && matches(&self.model, facts.model.as_deref())
    }

    fn nearness(&self) -> Nearness {
        let of = |pattern: &Option<Pattern>| pattern.as_ref().map(Pattern::specificity);
        let (method, model) = (of(&self.method), of(&self.model));
        (Reverse(method.is_some()), method, Reverse(model.is_some()), model, self.line)
    }

    /// What a quantity of its unit costs, rounded half to even at the last digit; `None` when that does not fit.
    pub fn of(&self, quantity: u64) -> Option<Amount> {
        self.amount.part(quantity.into(), self.per.count)
    }
}

/// A price book: prices that were checked against each other.
#[derive(Debug, Clone)]
pub struct PriceBook {
    /// The file's name, as it was given.
    pub file: String,
    /// The currency of all prices.
    pub currency: Currency,
    /// The prices, in the order of the file.
    prices: Vec<Price>,
    /// The prices of a service, in the order in which they decide.
    by_service: HashMap<String, Vec<usize>>,
}

impl PriceBook {
    /// A book of prices of one currency.
    pub(super) fn of(file: &str, currency: Currency, prices: Vec<Price>) -> Self {
        let mut by_service: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, price) in prices.iter().enumerate() {
            by_service.entry(price.service.clone()).or_default().push(at);
        }
        for of_service in by_service.values_mut() {
            of_service.sort_by_key(|at| prices[*at].nearness());
        }
        Self { file: file.to_owned(), currency, prices, by_service }
    }

    /// The prices, in the order of the file.
    pub fn prices(&self) -> &[Price] {
        &self.prices
    }

    /// The price of a billable call and its place among the prices: of those that speak of it and hold at its time, the one
    /// with the nearest method, then with the nearest model.
    pub fn find(&self, facts: &Facts) -> Option<(usize, &Price)> {
        let of_service = self.by_service.get(facts.service.as_deref()?)?;
        let prices = of_service.iter().map(|at| (*at, &self.prices[*at]));
        prices.into_iter().find(|(_, price)| price.speaks_of(facts))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_counted_and_may_stand_in_the_plural() {
        let per = |text| Per::parse(text).map(|per| (per.unit, per.count));
        assert_eq!(per("call"), Some((QuantityUnit::Call, 1)));
        assert_eq!(per("10_000 calls"), Some((QuantityUnit::Call, 10_000)));
        assert_eq!(per("TiB"), Some((QuantityUnit::Byte, 1 << 40)));
        assert_eq!(per("100 slot-hours"), Some((QuantityUnit::SlotMs, 360_000_000)));
        for text in ["", "calls 1000", "0 calls", "-1 calls", "1.5 GiB", "gib", "tokens", "+1 call", "call per 3"] {
            assert_eq!(per(text), None, "{text}");
        }
    }

    fn price(amount: &str, per: &str) -> Price {
        Price {
            line: 1,
            service: "a".to_owned(),
            method: None,
            model: None,
            sku: None,
            amount: Amount::parse(amount).expect("a number"),
            per: Per::parse(per).expect("units"),
            validity: Validity::default(),
        }
    }

    #[test]
    fn a_part_of_a_unit_costs_its_part_to_the_last_digit() {
        assert_eq!(price("1.50", "1000 calls").of(1), Amount::parse("0.0015"));
        assert_eq!(price("5", "TiB").of(1 << 39), Amount::parse("2.5"));
        // 5 / 2^40 is 4.547473508864641189575195... e-12.
        assert_eq!(price("5", "TiB").of(1), Amount::parse("0.000000000004547473508865"));
        assert_eq!(price("100000000000000", "byte").of(u64::MAX), None);
    }

    proptest! {
        #[test]
        fn more_costs_no_less_and_parts_are_off_by_less_than_a_digit_each(
            amount in 0_u64..1_000_000, a in 0_u64..1 << 34, b in 0_u64..1 << 34,
            per in prop::sample::select(vec!["byte", "GiB", "3 TB", "7 slot-hours", "1000 calls"]),
        ) {
            let price = price(&format!("{amount}e-3"), per);
            let of = |quantity: u64| price.of(quantity).map(Amount::units).expect("small");
            prop_assert!((of(a) + of(b) - of(a + b)).abs() <= 1);
            prop_assert!(of(a + b) >= of(a));
        }
    }
}
