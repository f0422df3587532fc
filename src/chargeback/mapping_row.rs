//! The rows of a mapping: whom they speak of, which unit they name, which share of the cost, and when that holds.

use super::mapping_selector::Selector;
use super::mapping_share::Share;

/// When a row holds: half-open, in nanoseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first moment at which the row holds; `None` is always.
    pub from: Option<i64>,
    /// The first moment at which it no longer holds; `None` is never.
    pub to: Option<i64>,
}

impl Validity {
    /// Whether the row holds at a time. Without a time only a row without any bound does.
    pub fn holds_at(self, time: Option<i64>) -> bool {
        match time {
            Some(time) => self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to),
            None => self.from.is_none() && self.to.is_none(),
        }
    }

    /// Whether there is a time at which both hold.
    pub fn overlaps(self, other: Self) -> bool {
        fn begins_before(from: Option<i64>, to: Option<i64>) -> bool {
            from.zip(to).is_none_or(|(from, to)| from < to)
        }
        begins_before(self.from, other.to) && begins_before(other.from, self.to)
    }

    /// Both bounds, where there are any.
    pub fn bounds(self) -> impl Iterator<Item = i64> {
        [self.from, self.to].into_iter().flatten()
    }
}

/// One row: what it speaks of, the unit, and when that holds.
#[derive(Debug, Clone)]
pub struct MappingRow {
    /// The row's place among the rows, from 0.
    pub index: usize,
    /// The line of the file, from 1.
    pub line: u64,
    /// The projects or calls.
    pub selector: Selector,
    /// The unit that carries their cost; never empty.
    pub business_unit: String,
    /// The unit's cost center, if the row names one.
    pub cost_center: Option<String>,
    /// The unit's share of the cost, when rows of equal selector divide it; only rows about projects have one.
    pub share: Option<Share>,
    /// When the row holds.
    pub validity: Validity,
}

impl MappingRow {
    /// Whether the row holds at a time. Without a time only a row without any bound does.
    pub fn holds_at(&self, time: Option<i64>) -> bool {
        self.validity.holds_at(time)
    }

    /// Whether both rows hold at one time.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.validity.overlaps(other.validity)
    }

    /// Whether both rows come to the same: no share, one unit, one cost center.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let outcome = |row: &Self| (row.share, row.business_unit.clone(), row.cost_center.clone());
        self.share.is_none() && outcome(self) == outcome(other)
    }
}

/// A time within each stretch in which no row begins or ends: before the first of the sorted bounds, and from each on.
pub(super) fn moments(bounds: &[i64]) -> impl Iterator<Item = i64> {
    let first = bounds.first().map_or(0, |bound| bound.saturating_sub(1));
    std::iter::once(first).chain(bounds.iter().copied())
}
