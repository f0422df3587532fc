//! What can be wrong with a price book, with file and line.

use std::fmt;

use super::price::PriceUnit;
use crate::model::money::Currency;

/// What can be wrong with a price book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceProblem {
    /// The bytes are no UTF-8.
    #[error("the text is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    /// The text is no TOML.
    #[error("this is not TOML: {0}")]
    NotToml(String),
    /// There is no price.
    #[error("there are no prices; expected at least one table `[[price]]`")]
    NoPrices,
    /// A key that means nothing.
    #[error("unknown key `{key}`; known are {known}")]
    UnknownKey {
        /// The key.
        key: String,
        /// Those that mean something.
        known: String,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A key that every price needs.
    #[error("the price has no `{0}`")]
    MissingKey(&'static str),
    /// No currency at all.
    #[error("the price has no currency; write `currency = \"EUR\"` above the first `[[price]]`")]
    NoCurrency,
    /// No currency of ISO 4217.
    #[error("`{0}` is no currency of ISO 4217, such as EUR")]
    BadCurrency(String),
    /// Another currency than the first price.
    #[error(
        "this price is in {this}, the one on line {first} in {other}: currencies are never added up; keep a price book for each"
    )]
    SeveralCurrencies {
        /// The currency.
        this: Currency,
        /// The currency of the first price.
        other: Currency,
        /// The line of the first price.
        first: u64,
    },
    /// The catalogue does not know the service.
    #[error("unknown service `{0}`; `billtrail services` lists those that can have a price, --services adds one")]
    UnknownService(String),
    /// A pattern that cannot be read.
    #[error("pattern `{pattern}` cannot be read: {why}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        why: String,
    },
    /// No amount.
    #[error("`{0}` is no price; write a decimal number such as \"1.50\"")]
    BadPrice(String),
    /// Less than nothing.
    #[error("the price `{0}` is negative; discounts belong into the price, credits into the bill")]
    NegativePrice(String),
    /// No unit.
    #[error("unknown unit `{text}`; write a unit, or a number and a unit: {known}", known = units())]
    BadUnit {
        /// What stands there.
        text: String,
    },
    /// No date.
    #[error("`{0}` is no date such as 2026-10-01")]
    BadDate(String),
    /// It never holds.
    #[error("the price holds never: `valid_from` {from} is not before `valid_to` {to}, which no longer counts")]
    EmptyValidity {
        /// The first moment.
        from: String,
        /// The first moment after.
        to: String,
    },
    /// Two prices for the same at one time.
    #[error(
        "the price on line {0} is for the same calls at the same time; end one before the other begins, or name methods"
    )]
    Overlaps(u64),
}

fn units() -> String {
    PriceUnit::ALL.iter().map(|unit| unit.name()).collect::<Vec<_>>().join(", ")
}

/// All that is wrong with a price book, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceErrors {
    /// The file's name, as it was given.
    pub file: String,
    /// The problems with their lines.
    pub problems: Vec<(u64, PriceProblem)>,
}

impl fmt::Display for PriceErrors {
    /// One error a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (line, problem)) in self.problems.iter().enumerate() {
            write!(f, "{}{}:{line}: {problem}", if at == 0 { "" } else { "\n" }, self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for PriceErrors {}
