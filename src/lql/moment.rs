//! Moments and lengths of time as filters and entries write them, to the nanosecond.

use std::fmt::Write;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;

/// Nanoseconds in a second.
const SECOND: i128 = 1_000_000_000;

/// The zone in which a moment is written or read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Zone {
    Named(Tz),
    Offset(FixedOffset),
}

impl Zone {
    /// Universal time.
    pub(super) const UTC: Self = Self::Named(Tz::UTC);

    /// A name of the time zone database, or an offset as in `+05:30`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let named = || chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text));
        let offset = text.strip_prefix("UTC").unwrap_or(text);
        named().map(|zone| Self::Named(*zone)).or_else(|| offset.parse().ok().map(Self::Offset))
    }

    /// The moment in this zone, RFC 3339.
    pub(super) fn write(self, nanos: i128) -> Option<String> {
        let moment = moment(nanos)?;
        Some(match self {
            Self::Named(Tz::UTC) => moment.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            Self::Named(zone) => moment.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, true),
            Self::Offset(zone) => moment.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, true),
        })
    }

    /// A moment written with or without a zone; without one it is in this zone.
    pub(super) fn read(self, text: &str) -> Option<i128> {
        timestamp_with_zone(text).or_else(|| {
            let text = text.trim();
            let bare = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
                .ok()
                .or_else(|| date(text))?;
            let utc = match self {
                Self::Named(zone) => zone.from_local_datetime(&bare).earliest()?.to_utc(),
                Self::Offset(zone) => zone.from_local_datetime(&bare).earliest()?.to_utc(),
            };
            Some(nanos(utc))
        })
    }
}

/// Nanoseconds since 1970: RFC 3339 with up to nine fraction digits, or a date, which is its midnight in universal time.
pub(super) fn timestamp(text: &str) -> Option<i128> {
    timestamp_with_zone(text).or_else(|| Some(nanos(date(text)?.and_utc())))
}

/// The moment in universal time; `None` if it is out of range.
pub(super) fn timestamp_text(nanos: i128) -> Option<String> {
    Zone::UTC.write(nanos)
}

/// The moment that an entry states: also without a zone, as some exports write it, which is universal time.
pub(super) fn stored(text: &str) -> Option<i128> {
    let text = text.trim();
    let bare = || text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text).trim_end();
    DateTime::parse_from_rfc3339(text).ok().map(|time| nanos(time.to_utc())).or_else(|| Zone::UTC.read(bare()))
}

fn timestamp_with_zone(text: &str) -> Option<i128> {
    // Anything else is no timestamp, and most texts are told so at once.
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let fraction = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    let parsed = DateTime::parse_from_rfc3339(text).ok()?;
    (fraction <= 9).then(|| nanos(parsed.to_utc()))
}

fn date(text: &str) -> Option<NaiveDateTime> {
    let date = (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()?;
    date.and_hms_opt(0, 0, 0)
}

fn nanos(moment: DateTime<Utc>) -> i128 {
    // chrono keeps a leap second as nanoseconds beyond one second.
    i128::from(moment.timestamp()) * SECOND + i128::from(moment.timestamp_subsec_nanos().min(999_999_999))
}

fn moment(nanos: i128) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(nanos.div_euclid(SECOND)).ok()?;
    DateTime::from_timestamp(seconds, u32::try_from(nanos.rem_euclid(SECOND)).ok()?)
}

/// Nanoseconds: decimals with units, `1.5s`, `999ms`, `1h30m`.
pub(super) fn duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total: i128 = 0;
    let mut parts = 0;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(end);
        let unit_end = after.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let unit: i128 = match unit {
            "h" => 3600 * SECOND,
            "m" => 60 * SECOND,
            "s" => SECOND,
            "ms" => 1_000_000,
            "us" | "µs" | "μs" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        total = total.checked_add(decimal_times(number, unit)?)?;
        rest = after;
        parts += 1;
    }
    (parts > 0).then_some(sign * total)
}

/// A decimal number of units, cut to whole nanoseconds.
fn decimal_times(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > 18 || fraction.contains('.') {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let kept = &fraction[..fraction.len().min(18)];
    let part: i128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let scale = 10_i128.pow(u32::try_from(kept.len()).ok()?);
    whole.checked_mul(unit)?.checked_add(part.checked_mul(unit)? / scale)
}

/// Seconds with as many fraction digits as needed: `1.5s`.
pub(super) fn duration_text(nanos: i128) -> String {
    let mut text = format!("{}{}", if nanos < 0 { "-" } else { "" }, nanos.abs() / SECOND);
    let fraction = nanos.abs() % SECOND;
    if fraction != 0 {
        let _ = write!(text, ".{fraction:09}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('s');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_moments_are_equal_in_any_zone() {
        assert_eq!(timestamp("2026-01-02T12:00:00Z"), timestamp("2026-01-02T14:00:00.000+02:00"));
        assert_eq!(timestamp("2026-01-02"), timestamp("2026-01-02T00:00:00Z"));
        assert!(timestamp("2026-01-02T00:00:00.000000001Z") > timestamp("2026-01-02"));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in
            ["yesterday", "", "2026-13-01", "2026-01-02T00:00:00.1234567890Z", "2026-01-02T00:00:00", "1", "é026-01-02"]
        {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn durations_compare_by_length() {
        assert!(duration("1s") > duration("999ms") && duration("1h30m") == duration("5400s"));
        assert_eq!(duration("-1.5s"), Some(-1_500_000_000));
        for text in ["", "-", "s", "1", "1x", "1.2.3s", "9999999999999999999999h", "."] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(duration_text(-1_500_000_000), "-1.5s");
    }

    #[test]
    fn a_zone_has_a_name_or_an_offset() {
        let nanos = timestamp("2026-01-02T12:00:00.25Z").unwrap();
        let written = |zone: &str| Zone::parse(zone).and_then(|zone| zone.write(nanos));
        assert_eq!(written("america/new_york").as_deref(), Some("2026-01-02T07:00:00.250-05:00"));
        assert_eq!(written("+05:30").as_deref(), Some("2026-01-02T17:30:00.250+05:30"));
        assert_eq!(written("UTC").as_deref(), Some("2026-01-02T12:00:00.250Z"));
        assert!(Zone::parse("Mars/Base").is_none());
        assert_eq!(Zone::parse("+02:00").and_then(|zone| zone.read("2026-01-02 14:00:00.25")), Some(nanos));
    }
}
