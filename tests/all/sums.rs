//! Sums that must agree: totals, shares and the tally, by every grouping and by a second way.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::contract::GROUPINGS;
use super::laws::{attributed, read, samples};
use super::world::json_lines;

#[test]
fn totals_are_column_sums_and_the_same_by_every_grouping() {
    let everything = [samples().display().to_string()];
    let mut expected: Option<(Value, Value)> = None;
    for by in GROUPINGS.into_iter().chain(["unit,payer,service", "day,method,principal"]) {
        let mut args = attributed("report", &everything);
        args.extend(["--by".to_owned(), by.to_owned()]);
        let document = read(&args);
        let (rows, totals) = (document["rows"].as_array().unwrap(), &document["totals"]);
        for measure in ["calls", "billable_calls", "failed_calls", "billed_bytes", "slot_ms", "entries"] {
            let sum: u64 = rows.iter().map(|row| row[measure].as_u64().unwrap()).sum();
            assert_eq!(Some(sum), totals[measure].as_u64(), "--by {by}: {measure}");
        }
        let seen = |column: &'static str| rows.iter().filter_map(move |row| row[column].as_str()).map(moment);
        assert_eq!(seen("first_seen").min(), totals["first_seen"].as_str().map(moment), "--by {by}");
        assert_eq!(seen("last_seen").max(), totals["last_seen"].as_str().map(moment), "--by {by}");
        let millionths = |row: &Value| (row["share"].as_f64().unwrap() * 1e6).round() as i64;
        let billable = totals["billable_calls"].as_i64().unwrap();
        for row in rows {
            // Half-even to six digits: at most half a millionth away, checked without rounding.
            let off = millionths(row) * billable - row["billable_calls"].as_i64().unwrap() * 1_000_000;
            assert!(2 * off.abs() <= billable, "--by {by}: {row}");
        }
        let off = rows.iter().map(millionths).sum::<i64>() - 1_000_000;
        assert!(2 * off.abs() <= rows.len() as i64, "--by {by}: shares are off by {off} millionths");
        let whole = (totals.clone(), document["tally"].clone());
        assert_eq!(&whole, expected.get_or_insert_with(|| whole.clone()), "--by {by}");
    }
}

/// A time that can be compared whatever the number of its digits.
fn moment(text: &str) -> String {
    let (seconds, fraction) = text.trim_end_matches('Z').split_once('.').unwrap_or((text.trim_end_matches('Z'), ""));
    format!("{seconds}.{fraction:0<9}")
}

#[test]
fn the_tally_balances_with_the_rows() {
    let document = read(&attributed("calls", &[samples().display().to_string()]));
    let tally = &document["tally"];
    let sum = |key: &str| tally[key].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
    let rows = document["rows"].as_array().unwrap();
    let calls = tally["calls"].as_u64().unwrap();
    assert_eq!(calls, rows.len() as u64);
    assert_eq!(tally["records"].as_u64().unwrap(), sum("rejected") + sum("skipped") + sum("merged") + calls);
    assert_eq!(calls, sum("not_billable") + tally["attributed"].as_u64().unwrap() + sum("unattributed"));
    let entries: u64 = rows.iter().map(|row| row["entries"].as_u64().unwrap()).sum();
    assert_eq!(entries, calls + sum("merged"));
    let keys: BTreeSet<&str> = rows.iter().map(|row| row["call_key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), rows.len(), "one key, one call");
}

/// Counted a second time, without any code of billtrail.
#[test]
fn distinct_storage_entries_are_as_many_as_calls() {
    let path = samples().join("cloud_storage.jsonl");
    let entries = json_lines(&path);
    let identities: BTreeSet<String> = entries
        .iter()
        .filter(|entry| entry["protoPayload"]["@type"] == "type.googleapis.com/google.cloud.audit.AuditLog")
        .map(|entry| {
            assert!(entry["insertId"].is_string() && entry.get("operation").is_none() && entry.get("split").is_none());
            // An entry without a time is known by its text.
            match entry["timestamp"].as_str().filter(|time| time.starts_with("20")) {
                Some(time) => format!("{} {time} {}", entry["logName"], entry["insertId"]),
                None => entry.to_string(),
            }
        })
        .collect();
    let tally = &read(&attributed("report", &[path.display().to_string()]))["tally"];
    assert_eq!(tally["records"], json!(entries.len()));
    assert_eq!(tally["calls"], json!(identities.len()));
}
