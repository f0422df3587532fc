//! Timestamps as exports write them: RFC 3339 with 0 to 9 fraction digits, and forms without a zone, read as UTC.

use chrono::{DateTime, NaiveDateTime};

/// Nanoseconds since 1970 UTC; `None` for a placeholder or a time out of range (years 1678 to 2262 fit).
///
/// A leap second counts as the last nanosecond before the next minute.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let parsed = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).ok().or_else(|| {
        let bare = text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text).trim_end();
        let format = if bare.contains('T') { "%Y-%m-%dT%H:%M:%S%.f" } else { "%Y-%m-%d %H:%M:%S%.f" };
        NaiveDateTime::parse_from_str(bare, format).map(|time| time.and_utc()).ok()
    })?;
    // chrono keeps a leap second as nanoseconds beyond one second.
    let nanos = parsed.timestamp_subsec_nanos().min(999_999_999);
    parsed.timestamp().checked_mul(1_000_000_000)?.checked_add(i64::from(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_and_offsets_do_not_matter() {
        let expected = parse("2026-05-01T10:00:00.120Z");
        assert!(expected.is_some());
        for same in [
            "2026-05-01T10:00:00.12Z",
            "2026-05-01T12:00:00.12+02:00",
            "2026-05-01 10:00:00.120000 UTC",
            "2026-05-01 10:00:00.12",
        ] {
            assert_eq!(parse(same), expected, "{same}");
        }
    }

    #[test]
    fn a_leap_second_stays_in_its_minute() {
        assert_eq!(parse("2016-12-31T23:59:60Z"), parse("2016-12-31T23:59:59.999999999Z"));
    }

    #[test]
    fn a_placeholder_is_no_time() {
        assert_eq!(parse("YYYY-MM-DDT...."), None);
    }
}
