//! Estimates: what the billable calls of each group would cost by a price book, and how many of them have no price.
//!
//! Each call is rounded by itself at the last digit, so that groups add up the same however they are cut.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono_tz::Tz;

use super::attribution::Attributed;
use super::dimension::{Dimension, NONE};
use super::price::PriceBook;
use crate::model::directory::Directory;
use crate::model::document::{Diagnostics, diagnose};
use crate::model::estimate::{Estimate, Unpriced};
use crate::model::money::Amount;
use crate::model::observation::Facts;
use crate::model::reason::{DiagnosticKind, QuantityUnit};
use crate::model::text::SharedText;

/// What the billable calls of a group come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimated {
    /// What those with a price would cost.
    pub amount: Amount,
    /// How many have a price.
    pub priced_calls: u64,
    /// How many have none.
    pub unpriced_calls: u64,
}

impl Estimated {
    /// What the group would cost, as far as prices tell; `None` when no call of some has a price.
    pub fn cost(&self) -> Option<Amount> {
        (self.priced_calls > 0 || self.unpriced_calls == 0).then_some(self.amount)
    }

    fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            amount: self.amount.checked_add(other.amount)?,
            priced_calls: self.priced_calls.checked_add(other.priced_calls)?,
            unpriced_calls: self.unpriced_calls.checked_add(other.unpriced_calls)?,
        })
    }
}

/// An amount that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the estimate is too large to be kept exactly; look for a unit that is too small in the price book")]
pub struct TooDear;

/// What one call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// What it would cost.
    pub amount: Amount,
    /// The place of its price in the book.
    pub price: usize,
}

impl PriceBook {
    /// What a billable call would cost; `None` when it has no price or its entries do not tell its quantity.
    ///
    /// # Errors
    /// When the amount does not fit.
    pub fn price_call(&self, facts: &Facts) -> Result<Option<Priced>, TooDear> {
        let (Some((price, found)), Some(quantity)) = (self.find(facts), facts.quantity()) else { return Ok(None) };
        Ok(Some(Priced { amount: found.of(quantity).ok_or(TooDear)?, price }))
    }

    /// The name that the price of a call has for its family of charges.
    pub fn sku(&self, attributed: &Attributed<'_>) -> Option<&str> {
        let facts = Some(&attributed.call.facts).filter(|_| attributed.call.reason.is_none())?;
        self.find(facts)?.1.sku.as_deref()
    }
}

/// Estimates that are growing: calls are added in any order, and those of several threads are put together.
pub struct Estimates<'b> {
    book: &'b PriceBook,
    directory: &'b Directory,
    timezone: Tz,
    by: Vec<Dimension>,
    groups: HashMap<Vec<SharedText>, Estimated>,
    unpriced: BTreeMap<(SharedText, SharedText, QuantityUnit), u64>,
    used: BTreeSet<usize>,
    too_dear: bool,
}

impl<'b> Estimates<'b> {
    /// No calls yet; `by` are the columns of the groups.
    pub fn new(book: &'b PriceBook, by: &[Dimension], directory: &'b Directory, timezone: Tz) -> Self {
        let (groups, unpriced, used) = (HashMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { book, directory, timezone, by: by.to_vec(), groups, unpriced, used, too_dear: false }
    }

    /// Adds a call, and tells what it comes to; nothing for one that the bill does not meter.
    pub fn add(&mut self, attributed: &Attributed<'_>) -> Option<Priced> {
        let facts = &attributed.call.facts;
        if attributed.call.reason.is_some() {
            return None;
        }
        let Ok(priced) = self.book.price_call(facts) else {
            self.too_dear = true;
            return None;
        };
        let more = match priced {
            Some(priced) => {
                self.used.insert(priced.price);
                Estimated { amount: priced.amount, priced_calls: 1, unpriced_calls: 0 }
            }
            None => {
                let text = |text: &Option<SharedText>| text.clone().unwrap_or(SharedText::new_static(NONE));
                let key = (text(&facts.service), text(&facts.method), facts.quantity_unit);
                *self.unpriced.entry(key).or_default() += 1;
                Estimated { unpriced_calls: 1, ..Estimated::default() }
            }
        };
        let value = |dimension: &Dimension| match dimension {
            Dimension::Sku => self.book.sku(attributed).map_or(SharedText::new_static(NONE), SharedText::from),
            other => other.value(attributed, self.directory, self.timezone),
        };
        let key = self.by.iter().map(value).collect();
        self.sum(key, more);
        priced
    }

    fn sum(&mut self, key: Vec<SharedText>, more: Estimated) {
        let group = self.groups.entry(key).or_default();
        match group.checked_add(more) {
            Some(sum) => *group = sum,
            None => self.too_dear = true,
        }
    }

    /// Adds what others of the same columns hold.
    pub fn merge(&mut self, other: Self) {
        for (key, more) in other.groups {
            self.sum(key, more);
        }
        for (key, calls) in other.unpriced {
            *self.unpriced.entry(key).or_default() += calls;
        }
        self.used.extend(other.used);
        self.too_dear |= other.too_dear;
    }

    /// What a group comes to; a group without billable calls costs nothing.
    pub fn of(&self, key: &[String]) -> Estimated {
        let key: Vec<SharedText> = key.iter().map(SharedText::from).collect();
        self.groups.get(&key).copied().unwrap_or_default()
    }

    /// All groups together.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn total(&self) -> Result<Estimated, TooDear> {
        if self.too_dear {
            return Err(TooDear);
        }
        let add = |sum: Estimated, more: &Estimated| sum.checked_add(*more).ok_or(TooDear);
        self.groups.values().try_fold(Estimated::default(), add)
    }

    /// What a document says of them.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn summary(&self) -> Result<Estimate, TooDear> {
        let total = self.total()?;
        let unpriced = self.unpriced.iter().map(|((service, method, unit), calls)| Unpriced {
            service: service.to_string(),
            method: method.to_string(),
            unit: *unit,
            calls: *calls,
        });
        let mut unpriced: Vec<Unpriced> = unpriced.collect();
        unpriced.sort_by_key(|unpriced| std::cmp::Reverse(unpriced.calls));
        Ok(Estimate {
            prices: self.book.file.clone(),
            currency: self.book.currency,
            amount: total.amount,
            priced_calls: total.priced_calls,
            unpriced,
        })
    }

    /// Says which prices no call has.
    pub fn note_unused(&self, diagnostics: &mut Diagnostics) {
        for (_, price) in self.book.prices().iter().enumerate().filter(|(at, _)| !self.used.contains(at)) {
            diagnose(diagnostics, DiagnosticKind::UnusedPrice, || {
                let method = price.method.as_ref().map_or_else(String::new, |method| format!(", {}", method.text()));
                format!(
                    "line {}: no billable call of {}{method} metered by the {}",
                    price.line, price.service, price.per.unit
                )
            });
        }
    }
}
