//! The hours of a sink's objects that a period needs.

/// A day, in nanoseconds.
const DAY: i64 = 86_400_000_000_000;

/// A span of time, half-open, that objects must touch to be read. Nanoseconds since 1970 UTC; `None` has no end.
///
/// A call is told by entries at other times than its own: an operation begins before it ends, an entry arrives late. A period
/// therefore needs more hours than its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hours {
    /// Where it begins.
    pub from: Option<i64>,
    /// Where it ends.
    pub to: Option<i64>,
}

impl Hours {
    /// All there are.
    pub const ALL: Self = Self { from: None, to: None };

    /// Those of a period, and of a day before and after it.
    pub fn around(from: Option<i64>, to: Option<i64>) -> Self {
        Self { from: from.map(|from| from.saturating_sub(DAY)), to: to.map(|to| to.saturating_add(DAY)) }
    }

    /// Whether there is no end on either side.
    pub fn is_all(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether a span from `begin` up to `end` has a part within.
    pub fn touch(&self, begin: i64, end: i64) -> bool {
        self.from.is_none_or(|from| end > from) && self.to.is_none_or(|to| begin < to)
    }

    /// Whether a span from `begin` up to `end` lies within.
    pub fn hold(&self, begin: i64, end: i64) -> bool {
        self.from.is_none_or(|from| begin >= from) && self.to.is_none_or(|to| end <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_added_on_each_side() {
        let hours = Hours::around(Some(10 * DAY), Some(11 * DAY));
        assert!(hours.touch(9 * DAY, 9 * DAY + 1) && hours.touch(12 * DAY - 1, 12 * DAY));
        assert!(!hours.touch(8 * DAY, 9 * DAY) && !hours.touch(12 * DAY, 13 * DAY));
    }

    #[test]
    fn without_an_end_everything_is_needed() {
        assert!(Hours::ALL.is_all() && Hours::ALL.touch(i64::MIN, i64::MAX));
        let open = Hours::around(Some(i64::MIN), None);
        assert!(!open.is_all() && open.touch(0, 1));
    }
}
