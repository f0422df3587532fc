//! Time: what an entry's time is by how much was written before it, and how Google writes times.

use std::fmt::Write;

use chrono::DateTime;

/// 2026-10-01T00:00:00Z in nanoseconds since 1970.
const BEGIN: u64 = 1_790_812_800_000_000_000;
const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;
const DAY: u64 = 24 * HOUR;

/// Tells the time and writes times.
#[derive(Debug)]
pub struct Clock {
    span: u64,
    days: Vec<String>,
}

/// An hour since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hour(u64);

impl Hour {
    /// The hour that holds a time.
    pub fn of(time: u64) -> Self {
        Self(time / HOUR)
    }

    /// The hour of the day.
    pub fn of_day(self) -> u64 {
        self.0 % 24
    }

    /// Its end in seconds since 1970.
    pub fn end(self) -> u64 {
        (self.0 + 1) * 3600
    }
}

impl Clock {
    /// A clock for so many days.
    pub fn new(days: u64) -> Self {
        // One more, for what is received after midnight.
        let names = (0..=days).map(|day| date(BEGIN + day * DAY)).collect();
        Self { span: days * DAY, days: names }
    }

    /// The time at which so many bytes of a total are written.
    pub fn at(&self, written: u64, total: u64) -> u64 {
        let written = u128::from(written.min(total - 1));
        let passed = u128::from(self.span) * written / u128::from(total);
        BEGIN + u64::try_from(passed).unwrap_or(0)
    }

    /// The day of a time: `2026-10-01`.
    pub fn day(&self, time: u64) -> &str {
        let day = usize::try_from((time - BEGIN) / DAY).unwrap_or(0);
        self.days.get(day).map_or("", String::as_str)
    }

    /// A time in RFC 3339 with so many digits of a second's fraction, of which zeros at the end are left out.
    pub fn text(&self, time: u64, digits: usize) -> String {
        let mut text = String::with_capacity(32);
        let (seconds, nanos) = (time / SECOND % 86_400, time % SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(text, "{}T{hour:02}:{minute:02}:{second:02}.{nanos:09}", self.day(time))
            .expect("writing to memory does not fail");
        text.truncate(text.len() - 9 + digits);
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        text.push('Z');
        text
    }
}

fn date(time: u64) -> String {
    let nanos = i64::try_from(time).expect("the days that can be asked for end before 2262");
    DateTime::from_timestamp_nanos(nanos).format("%Y-%m-%d").to_string()
}
