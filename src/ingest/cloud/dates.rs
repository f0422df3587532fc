//! Where a directory stands in a sink's layout: `…/YYYY/MM/DD/`.

use chrono::NaiveDate;

use crate::ingest::hours::Hours;

/// What a directory's place says of the time that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dated {
    /// Nothing.
    No,
    /// Perhaps a year; a directory may have four digits as its name by chance.
    Year(i32),
    /// A month of a year.
    Month(i32, u32),
    /// A day.
    Day(i32, u32, u32),
}

impl Dated {
    /// What the directory `name` in this one is.
    pub fn child(self, name: &str) -> Self {
        let year = number(name, 4).and_then(|year| i32::try_from(year).ok()).filter(|year| (1970..2262).contains(year));
        let dated = match self {
            Self::No | Self::Day(..) => None,
            Self::Year(year) => number(name, 2).map(|month| Self::Month(year, month)),
            Self::Month(year, month) => number(name, 2).map(|day| Self::Day(year, month, day)),
        };
        dated.filter(|dated| dated.begin().is_some()).or_else(|| year.map(Self::Year)).unwrap_or(Self::No)
    }

    /// Where the directory of this key stands.
    pub fn of(key: &str) -> Self {
        key.split('/').fold(Self::No, Self::child)
    }

    /// Whether the time it covers touches these hours; what covers no known time does.
    pub fn touches(self, hours: &Hours) -> bool {
        self.span().is_none_or(|(begin, end)| hours.touch(begin, end))
    }

    /// Whether all of the time it covers lies within these hours.
    pub fn is_within(self, hours: &Hours) -> bool {
        hours.is_all() || self.span().is_some_and(|(begin, end)| hours.hold(begin, end))
    }

    fn begin(self) -> Option<i64> {
        let (year, month, day) = match self {
            Self::No => return None,
            Self::Year(year) => (year, 1, 1),
            Self::Month(year, month) => (year, month, 1),
            Self::Day(year, month, day) => (year, month, day),
        };
        NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(0, 0, 0)?.and_utc().timestamp_nanos_opt()
    }

    /// The first moment it covers, and the first after it.
    fn span(self) -> Option<(i64, i64)> {
        const DAY: i64 = 86_400_000_000_000;
        let after = match self {
            Self::No => return None,
            Self::Year(year) => Self::Year(year + 1),
            Self::Month(year, 12) => Self::Month(year + 1, 1),
            Self::Month(year, month) => Self::Month(year, month + 1),
            Self::Day(..) => return self.begin().map(|begin| (begin, begin.saturating_add(DAY))),
        };
        Some((self.begin()?, after.begin().unwrap_or(i64::MAX)))
    }
}

fn number(name: &str, width: usize) -> Option<u32> {
    let is_number = name.len() == width && name.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{moment, rfc3339};
    use proptest::prelude::*;

    fn spanned(key: &str) -> Option<(String, String)> {
        Dated::of(key).span().map(|(begin, end)| (rfc3339(begin), rfc3339(end)))
    }

    #[test]
    fn directories_of_a_sink_cover_a_time() {
        let span = |begin: &str, end: &str| Some((begin.to_owned(), end.to_owned()));
        assert_eq!(spanned("a/2026"), span("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"));
        assert_eq!(spanned("a/2026/12"), span("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"));
        assert_eq!(spanned("a/2028/02/29"), span("2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"));
        assert_eq!(spanned("2024/2026/10"), span("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"));
        for key in ["", "a", "20266", "a/2026/10/01/x", "0999", "2262"] {
            assert_eq!(spanned(key), None, "{key}");
        }
        for key in ["2026/13", "2026/1", "2026/10/32", "2026/02/30"] {
            assert_eq!(Dated::of(key), Dated::No, "{key}");
        }
    }

    proptest! {
        #[test]
        fn a_moment_lies_in_its_day_and_that_in_its_month_and_year(days in 0_i64..100_000, nanos in 0_i64..86_400_000_000_000) {
            let at = days * 86_400_000_000_000 + nanos;
            let day = rfc3339(at)[..10].replace('-', "/");
            let hours = Hours { from: Some(at), to: Some(at + 1) };
            for length in [4, 7, 10] {
                let dated = Dated::of(&day[..length]);
                prop_assert!(dated.touches(&hours) && !dated.is_within(&hours));
                let (begin, end) = dated.span().expect("a date");
                let whole = Hours { from: Some(begin), to: Some(end) };
                prop_assert!(dated.is_within(&whole));
                let (after, before) = (Hours { from: Some(end), to: None }, Hours { from: None, to: Some(begin) });
                prop_assert!(!dated.touches(&after) && !dated.touches(&before));
            }
            prop_assert_eq!(moment(&day.replace('/', "-"), chrono_tz::UTC), Dated::of(&day).begin());
        }
    }
}
