//! Timestamps as exports write them: RFC 3339 with 0 to 9 fraction digits, and forms without a zone, read as UTC.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

/// Nanoseconds since 1970 UTC; `None` for a placeholder or a time out of range (years 1678 to 2262 fit).
///
/// A leap second counts as the last nanosecond before the next minute.
pub fn parse(text: &str) -> Option<i64> {
    usual(text.as_bytes()).or_else(|| any(text.trim()))
}

/// The days from the first of the year 1 to 1970.
const EPOCH: i64 = 719_163;

/// A time as Cloud Logging writes it, `2026-05-01T10:00:00.123456Z`; `None` leaves all else to [`any`].
fn usual(text: &[u8]) -> Option<i64> {
    let (head, rest) = text.split_at_checked(19)?;
    let [b'-', b'-', b'T', b':', b':'] = [4, 7, 10, 13, 16].map(|at: usize| head[at]) else { return None };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let part = |from: usize, to: usize| number(&head[from..to]);
    let small = |from: usize| part(from, from + 2).and_then(|number| u32::try_from(number).ok());
    let date = NaiveDate::from_ymd_opt(i32::try_from(part(0, 4)?).ok()?, small(5)?, small(8)?)?;
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let fraction = rest.strip_suffix(b"Z")?;
    let nanos = match fraction.split_first() {
        None => 0,
        Some((b'.', digits @ [_, ..])) if digits.len() <= 9 => digits
            .iter()
            .chain([b'0'; 9].iter().skip(digits.len()))
            .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))?,
        Some(_) => return None,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = ((i64::from(date.num_days_from_ce()) - EPOCH) * 24 + hour) * 3600 + minute * 60 + second;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

fn any(text: &str) -> Option<i64> {
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

    proptest::proptest! {
        #[test]
        fn the_usual_form_is_read_as_any_other(text in "[0-3][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?[Zz]?") {
            if let Some(time) = usual(text.as_bytes()) {
                proptest::prop_assert_eq!(any(&text), Some(time));
            }
        }

        #[test]
        fn the_usual_form_is_known(nanos in -9_000_000_000_000_000_000..9_000_000_000_000_000_000_i64) {
            let text = crate::model::time::rfc3339(nanos);
            proptest::prop_assert_eq!(usual(text.as_bytes()), Some(nanos));
        }
    }
}
