//! Names that a Cloud Storage sink gives its files: the hour a file covers, late files, and hours without a file.
//!
//! Source: <https://docs.cloud.google.com/logging/docs/export/storage>

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

const HOUR: i64 = 3_600_000_000_000;
/// Most hours that are listed; a name with a wild year must not fill the memory.
const MOST_HOURS: usize = 100_000;

/// The part of an hour that a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shard {
    /// Entries that arrived within their hour.
    InTime {
        /// The shard's number.
        number: u32,
    },
    /// Entries that arrived after it.
    Late {
        /// The shard's number.
        number: u32,
        /// When it was sent, in seconds since 1970 UTC.
        sent: Option<i64>,
    },
}

/// A file that a sink wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkFile {
    /// The beginning of its hour, in nanoseconds since 1970 UTC.
    pub hour: i64,
    /// What of the hour it holds.
    pub shard: Shard,
    /// The directory above year, month and day; names the bucket and the log.
    pub log: String,
}

/// What the names of the inputs say about holes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Beginnings of the hours without a file, in nanoseconds since 1970 UTC, sorted.
    pub missing_hours: Vec<i64>,
    /// Inputs with late entries, sorted.
    pub late: Vec<String>,
    /// The beginning of the newest hour that has a file.
    pub newest_hour: Option<i64>,
}

/// Reads a path such as `…/2026/10/01/08:00:00_08:59:59_S0.json`; copy tools write `_` or `%3A` for `:`.
pub fn parse(path: &str) -> Option<SinkFile> {
    let mut parts = path.rsplitn(5, ['/', '\\']);
    let name = parts.next()?;
    let mut number = |width: usize| parts.next().filter(|part| part.len() == width).and_then(digits);
    let (day, month, year) = (number(2)?, number(2)?, number(4)?);
    let log = parts.next().unwrap_or_default().to_owned();
    let name = name.replace("%3A", ":").replace("%3a", ":");
    let stem = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name).strip_suffix(".json")?;
    let fields: Vec<&str> = stem.split([':', '_']).collect();
    let (times, shard) = fields.split_at_checked(6)?;
    let times: Vec<u32> = times.iter().filter(|part| part.len() == 2).filter_map(|part| digits(part)).collect();
    let [hour, _, _, _, _, _] = times.as_slice() else { return None };
    let shard = match shard {
        [only] => Shard::InTime { number: digits(only.strip_prefix('S')?)? },
        [late, rest @ ..] if rest.len() <= 1 => Shard::Late {
            number: digits(late.strip_prefix('A')?)?,
            sent: rest.first().map(|sent| sent.parse()).transpose().ok()?,
        },
        _ => return None,
    };
    let start = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?.and_hms_opt(*hour, 0, 0)?;
    Some(SinkFile { hour: start.and_utc().timestamp_nanos_opt()?, shard, log })
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The sink that wrote a log's directory: logs of one sink lie side by side as `cloudaudit.googleapis.com/activity` and so on.
fn sink(log: &str) -> &str {
    let parent = |path: &str| path.rfind(['/', '\\']).unwrap_or(0);
    let last = &log[parent(log)..];
    let at = if last.to_ascii_lowercase().contains(".googleapis.com%2f") {
        parent(log)
    } else {
        let above = &log[..parent(log)];
        let publisher = &above[parent(above)..];
        if publisher.ends_with(".googleapis.com") { parent(above) } else { log.len() }
    };
    &log[..at]
}

/// What the names say: hours of a sink between its first and its last for which none of its logs has a file, and late files.
///
/// Logs of one sink are taken together because a quiet log (administration at night) has hours without a file by nature. A hole
/// in one sink counts even when another sink has files for the hour.
pub fn survey<'a>(names: impl IntoIterator<Item = &'a str>) -> Survey {
    let mut hours: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let mut survey = Survey::default();
    for name in names {
        let Some(file) = parse(name) else { continue };
        hours.entry(sink(&file.log).to_owned()).or_default().insert(file.hour);
        survey.newest_hour = survey.newest_hour.max(Some(file.hour));
        if let Shard::Late { .. } = file.shard {
            survey.late.push(name.to_owned());
        }
    }
    let mut missing = BTreeSet::new();
    for present in hours.values() {
        for (before, after) in present.iter().zip(present.iter().skip(1)) {
            let room = MOST_HOURS.saturating_sub(missing.len());
            let between = (1..).map(|step| before + step * HOUR).take_while(|hour| hour < after);
            missing.extend(between.take(room));
        }
    }
    survey.missing_hours = missing.into_iter().collect();
    survey.late.sort();
    survey
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::rfc3339;

    #[test]
    fn names_of_a_sink_are_read_in_every_spelling() {
        for name in [
            "b/cloudaudit.googleapis.com/activity/2026/10/01/08:00:00_08:59:59_S0.json",
            "b/cloudaudit.googleapis.com%2Factivity/2026/10/01/08_00_00_08_59_59_S12.json.gz",
            "2026/10/01/08%3A00%3A00_08%3A59%3A59_S0.json.zst",
        ] {
            let file = parse(name).unwrap();
            assert_eq!(rfc3339(file.hour), "2026-10-01T08:00:00Z", "{name}");
            assert!(matches!(file.shard, Shard::InTime { .. }));
        }
        let late = parse("a/2026/10/01/08:00:00_08:59:59_A0:1616681700.json").unwrap();
        assert_eq!((late.shard, late.log.as_str()), (Shard::Late { number: 0, sent: Some(1_616_681_700) }, "a"));
    }

    #[test]
    fn other_names_are_none() {
        for name in [
            "",
            "2026/10/01/export.json",
            "08:00:00_08:59:59_S0.json",
            "2026/13/01/08:00:00_08:59:59_S0.json",
            "2026/10/01/25:00:00_08:59:59_S0.json",
            "2026/10/01/08:00:00_08:59:59_X0.json",
            "2026/10/01/08:00:00_08:59:59_S0:1.json",
            "x2026/10/01/08:00:00_08:59:59_S.json2",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn an_hour_is_missing_when_no_log_of_a_sink_has_it() {
        let name = |log: &str, hour: u32| format!("{log}/2026/10/01/{hour:02}:00:00_{hour:02}:59:59_S0.json");
        let names = [
            name("x/cloudaudit.googleapis.com/activity", 1),
            name("x/cloudaudit.googleapis.com/data_access", 2),
            name("x/cloudaudit.googleapis.com/activity", 4),
            name("y/cloudaudit.googleapis.com%2Factivity", 3),
            name("y/cloudaudit.googleapis.com%2Fdata_access", 5),
        ];
        let survey = survey(names.iter().map(String::as_str));
        let hours: Vec<String> = survey.missing_hours.iter().map(|hour| rfc3339(*hour)).collect();
        assert_eq!(hours, ["2026-10-01T03:00:00Z", "2026-10-01T04:00:00Z"]);
        assert_eq!(survey.newest_hour.map(rfc3339).as_deref(), Some("2026-10-01T05:00:00Z"));
    }

    #[test]
    fn wild_years_stay_bounded() {
        let names = ["1700/01/01/00:00:00_00:59:59_S0.json", "2200/01/01/00:00:00_00:59:59_S0.json"];
        assert_eq!(survey(names).missing_hours.len(), MOST_HOURS);
    }
}
