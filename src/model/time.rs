//! Times: nanoseconds since 1970 UTC inside, RFC 3339 UTC outside, dates as users write them.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// A time as RFC 3339 in UTC, with as many fraction digits (0, 3, 6 or 9) as it needs.
pub fn rfc3339(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The first nanosecond that a date (`2026-10-01`), a month (`2026-10`) or an RFC 3339 time means in a time zone.
///
/// Where clocks skip midnight, a day begins with its first moment. `None` when the text is none of these or outside
/// the years 1678 to 2261.
pub fn moment(text: &str, timezone: Tz) -> Option<i64> {
    let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte }).collect::<Vec<_>>();
    let day = match shape.as_slice() {
        b"0000-00" => format!("{text}-01"),
        b"0000-00-00" => text.to_owned(),
        _ => return DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt(),
    };
    let midnight = NaiveDate::parse_from_str(&day, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN);
    // A zone that crossed the date line skipped a whole day.
    let minutes = (0..=26 * 60).map(TimeDelta::minutes);
    let begins = |late| timezone.from_local_datetime(&(midnight + late)).earliest();
    minutes.into_iter().find_map(begins)?.timestamp_nanos_opt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fraction_digits_follow_the_value() {
        assert_eq!(rfc3339(1_777_629_600_000_000_000), "2026-05-01T10:00:00Z");
        assert_eq!(rfc3339(1_777_629_600_123_456_700), "2026-05-01T10:00:00.123456700Z");
    }
}
