//! An estimate: what calls would cost by a price book of the user's own, and which calls have no price in it.

use super::money::{Amount, Currency};
use super::reason::QuantityUnit;

/// What a document with estimated costs rests on. It is never a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The price book's path, as given.
    pub prices: String,
    /// The currency of all its prices.
    pub currency: Currency,
    /// What the priced calls would cost together.
    pub amount: Amount,
    /// Billable calls that have a price.
    pub priced_calls: u64,
    /// Billable calls that have none, by what a price for them would have to name; most calls first.
    pub unpriced: Vec<Unpriced>,
}

/// Billable calls without a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpriced {
    /// The service that was called.
    pub service: String,
    /// The method that was called.
    pub method: String,
    /// What the calls are metered by.
    pub unit: QuantityUnit,
    /// How many they are.
    pub calls: u64,
}

impl Estimate {
    /// How many billable calls have no price.
    pub fn unpriced_calls(&self) -> u64 {
        self.unpriced.iter().map(|unpriced| unpriced.calls).sum()
    }
}
