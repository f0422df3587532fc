//! The gate over real entries: nothing panics, nothing readable is rejected, and every verdict is as reviewed.
//!
//! The folder is named by `BILLTRAIL_REAL_LOGS`. The reviewed verdicts are in `tests/expected/real-logs.tsv`, without any
//! content of the entries; `BILLTRAIL_UPDATE=1` writes the file anew, and the change is reviewed as code.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use billtrail::chargeback::resolve::resolve;
use billtrail::ingest::{self, ReadOptions, Unit};
use billtrail::model::call::{CallState, Told};
use billtrail::model::directory::Directory;
use billtrail::model::observation::{Observation, Source};
use billtrail::provider::{Decoded, Provider, special};

use super::world::root;

const HEADER: &str = "file\trecord\tkind\trule\treason\tpayer_reason\tconfidence\tpayer_hash";

/// Records that cannot be read, each looked at: file, ordinal of the record in it, and why that is right.
const UNREADABLE: [(&str, u64, &str); 5] = [
    (
        "GoogleCloudPlatform__professional-services/access-transparency.log",
        3,
        "copied from a web page: keys without quotation marks",
    ),
    (
        "GoogleCloudPlatform__professional-services/cloud-cdn-response.log",
        3,
        "copied from a web page: keys without quotation marks",
    ),
    ("GoogleCloudPlatform__professional-services/gcs-usage.log", 1, "a usage log in CSV, no JSON in the file"),
    ("grafana__alloy/gcplog_push_target.ndjson", 2, "a push envelope whose data is the word `data`"),
    ("grafana__alloy/gcplog_push_target.ndjson", 3, "a push envelope with empty data"),
];

/// What became of one record, as the columns after file and ordinal.
fn verdict(provider: &Provider, unit: &Unit<'_>) -> (Source, String) {
    let ended = |how: &str, reason: &str| format!("{how}\t\t{reason}\t\t\t");
    match unit {
        Unit::Text { source } => (*source, ended("(skipped)", "text")),
        Unit::Rejected { source, reason, .. } => (*source, ended("(rejected)", reason.name())),
        Unit::Record { bytes, source } => {
            let line = match provider.decode(bytes, *source) {
                Decoded::Rejected(unreadable) => ended("(rejected)", unreadable.reason.name()),
                Decoded::Skipped(reason) => ended("(skipped)", reason.name()),
                Decoded::Entry(observation, _) => judged(*observation),
            };
            (*source, line)
        }
    }
}

/// The verdict on an entry as if it were the only one.
fn judged(observation: Observation) -> String {
    let key = observation.key;
    let call = CallState::new(Told::new(observation)).finish(key);
    let resolved = resolve(&call, &Directory::default(), special);
    let reason = call.reason.map_or("", |reason| reason.name());
    let payer_reason = resolved.payer_reason.map_or("", |reason| reason.name());
    let payer = resolved
        .payer
        .map_or_else(String::new, |payer| format!("{:016x}", xxhash_rust::xxh3::xxh3_64(payer.to_string().as_bytes())));
    format!("{}\t{}\t{reason}\t{payer_reason}\t{}\t{payer}", resolved.kind, resolved.rule, resolved.confidence)
}

/// One line a record, sorted by file and place.
fn verdicts(folder: &str) -> Vec<(String, u64, String)> {
    let provider = Provider::google_cloud(None).unwrap();
    let listing = ingest::list(&[folder.to_owned()], None, None).unwrap();
    assert!(listing.failed.is_empty(), "{:?}", listing.failed);
    let mut found: BTreeMap<Source, String> = BTreeMap::new();
    let mut count = 0;
    let summary =
        ingest::read(&listing, &ReadOptions::default(), &|unit| verdict(&provider, &unit), &mut |verdicts: Vec<(
            Source,
            String,
        )>| {
            count += verdicts.len();
            found.extend(verdicts);
        })
        .unwrap();
    assert!(summary.is_complete(), "{summary:?}");
    assert_eq!((summary.records(), found.len()), (count as u64, count), "every record has a place of its own");
    let mut ordinals: BTreeMap<u32, u64> = BTreeMap::new();
    let name = |input: u32| {
        let name = Path::new(&listing.inputs[input as usize].name);
        name.strip_prefix(folder).unwrap_or(name).to_string_lossy().into_owned()
    };
    let numbered = found.into_iter().map(|(source, line)| {
        let ordinal = ordinals.entry(source.input).or_default();
        *ordinal += 1;
        (name(source.input), *ordinal, line)
    });
    numbered.collect()
}

#[test]
fn real_entries_are_judged_as_reviewed() {
    let Ok(folder) = std::env::var("BILLTRAIL_REAL_LOGS") else {
        println!("SKIPPED: BILLTRAIL_REAL_LOGS is not set");
        return;
    };
    let found = verdicts(&folder);
    let rejected: Vec<(&str, u64)> =
        found.iter().filter(|line| line.2.starts_with("(rejected)")).map(|line| (line.0.as_str(), line.1)).collect();
    let mut text = format!("{HEADER}\n");
    for (file, ordinal, line) in &found {
        let _ = writeln!(text, "{file}\t{ordinal}\t{line}");
    }
    let path = root().join("tests/expected/real-logs.tsv");
    if std::env::var("BILLTRAIL_UPDATE").is_ok_and(|value| value == "1") {
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    let differences: Vec<String> = expected
        .lines()
        .filter(|line| !text.lines().any(|found| found == *line))
        .map(|line| format!("- {line}"))
        .chain(text.lines().filter(|line| !expected.lines().any(|old| old == *line)).map(|line| format!("+ {line}")))
        .collect();
    assert!(text == expected, "{} lines differ:\n{}", differences.len(), differences.join("\n"));
    assert!(found.len() > 300, "only {} records", found.len());
    let unreadable: Vec<(&str, u64)> = UNREADABLE.iter().map(|(file, ordinal, _)| (*file, *ordinal)).collect();
    assert_eq!(rejected, unreadable, "rejected records are those of the reviewed list");
}
