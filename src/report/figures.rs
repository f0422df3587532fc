//! Figures as people read them: thousands separators, binary units, per cent, times without seconds.

use chrono::DateTime;

use crate::model::document::Proof;

/// A number with a comma between groups of three digits.
pub fn thousands(number: u128) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes in the binary unit that leaves one to four digits before the point, rounded to two after it.
pub fn bytes(number: u128) -> String {
    const UNITS: [&str; 8] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];
    if number < 1024 {
        return if number == 0 { "0".to_owned() } else { format!("{number} B") };
    }
    let mut shown = String::new();
    for (power, unit) in (1_u32..).zip(UNITS) {
        let size = 1024_u128.pow(power);
        // The rest is less than `size`, which is at most 2^80: a hundred times it fits.
        let hundredths = ((number % size) * 100 + size / 2) / size;
        let (whole, hundredths) = (number / size + hundredths / 100, hundredths % 100);
        shown = format!("{}.{hundredths:02} {unit}", thousands(whole));
        if whole < 1024 {
            break;
        }
    }
    shown
}

/// Millionths as per cent with one digit after the point; a share too small to show is not shown as nothing.
pub fn percent(millionths: u32) -> String {
    if (1..500).contains(&millionths) {
        return "<0.1 %".to_owned();
    }
    let tenths = (millionths + 500) / 1000;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// Millionths as a decimal fraction with six digits, the way machines get them.
pub fn fraction(millionths: u32) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

/// A time in UTC in the given `strftime` format.
/// How a filter fared, as a JSON object on one line.
pub fn proof(proof: &Proof) -> String {
    let Proof { expected, selected, missing, extra, merged, outside_period } = proof;
    format!(
        "{{\"expected\":{expected},\"selected\":{selected},\"missing\":{missing},\"extra\":{extra},\
         \"merged\":{merged},\"outside_period\":{outside_period}}}"
    )
}

fn utc(nanos: i64, format: &str) -> String {
    DateTime::from_timestamp_nanos(nanos).format(format).to_string()
}

/// A time in UTC: day, hour and second.
pub fn seconds(nanos: i64) -> String {
    utc(nanos, "%Y-%m-%d %H:%M:%S")
}

/// A time in UTC: day, hour and minute.
pub fn minutes(nanos: i64) -> String {
    utc(nanos, "%Y-%m-%d %H:%M")
}

/// A time in UTC: the day.
pub fn day(nanos: i64) -> String {
    utc(nanos, "%Y-%m-%d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn bytes_round_up_into_the_next_unit() {
        assert_eq!([0, 1023, 1024, 1536, 1_048_575].map(bytes), ["0", "1023 B", "1.00 KiB", "1.50 KiB", "1.00 MiB"]);
        assert_eq!(bytes(1_330_000_000_000), "1.21 TiB");
        assert!(bytes(u128::MAX).ends_with(" YiB"));
    }

    #[test]
    fn shares_are_per_cent_for_people_and_fractions_for_machines() {
        assert_eq!([0, 1, 123_456, 1_000_000].map(percent), ["0.0 %", "<0.1 %", "12.3 %", "100.0 %"]);
        assert_eq!([0, 333_333, 1_000_000].map(fraction), ["0.000000", "0.333333", "1.000000"]);
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(minutes(1_777_629_600_123_456_700), "2026-05-01 10:00");
        assert_eq!(day(-1), "1969-12-31");
    }
}
