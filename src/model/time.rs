//! Times: nanoseconds since 1970 UTC inside, RFC 3339 UTC outside.

use chrono::{DateTime, SecondsFormat};

/// A time as RFC 3339 in UTC, with as many fraction digits (0, 3, 6 or 9) as it needs.
pub fn rfc3339(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(SecondsFormat::AutoSi, true)
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
