//! Among any lines good entries are kept, and every line ends somewhere in the tally.

use std::collections::BTreeSet;
use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::program::good as good_entry;
use super::world::document;

/// What may stand in a file beside good entries.
#[derive(Debug, Clone)]
enum Line {
    Good,
    Other(Vec<u8>),
}

fn line() -> impl Strategy<Value = Line> {
    let known = [
        "",
        "   ",
        "\t",
        "gcloud logging read ...",
        "Listed 3 items.",
        "{}",
        "[]",
        "7",
        "\"text\"",
        "null",
        "{\"a\":",
        "{\"a\":1]",
        "{\"insertId\":\"x\"",
        "}",
        "]",
        "[1,2",
        "{\"a\":\"unterminated",
        "{\"a\":\"\\ud800\"}",
        "{\"jsonPayload\":{},\"logName\":\"projects/p/logs/x\"}",
        "{\"logName\":7,\"protoPayload\":{\"@type\":\"type.googleapis.com/google.cloud.audit.AuditLog\"}}",
        "---",
        "},",
        "{{{{",
        "\"",
        ",",
    ];
    prop_oneof![
        3 => Just(Line::Good),
        3 => select(known.to_vec()).prop_map(|text| Line::Other(text.as_bytes().to_vec())),
        1 => vec(any::<u8>().prop_filter("stays one line", |byte| !b"\n\r".contains(byte)), 1..40).prop_map(Line::Other),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// The first line is a good one: in line mode each line stands alone, so that no bad line can take a good one along.
    #[test]
    fn among_any_lines_good_entries_are_kept_and_the_tally_balances(lines in vec(line(), 0..20)) {
        let mut bytes = Vec::new();
        let mut good = BTreeSet::new();
        for line in std::iter::once(&Line::Good).chain(&lines) {
            match line {
                Line::Other(other) => bytes.extend_from_slice(other),
                Line::Good => {
                    let id = format!("good-{}", good.len());
                    bytes.extend_from_slice(good_entry(&id).to_string().as_bytes());
                    good.insert(id);
                }
            }
            bytes.push(b'\n');
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines.log");
        fs::write(&path, &bytes).unwrap();
        let document = document(&["calls", path.to_str().unwrap()]);
        let tally = &document["tally"];
        let sum = |key: &str| tally[key].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
        let ended = sum("rejected") + sum("skipped") + sum("merged") + tally["calls"].as_u64().unwrap();
        prop_assert_eq!(tally["records"].as_u64().unwrap(), ended);
        let rows = document["rows"].as_array().unwrap();
        let found: BTreeSet<String> = rows.iter().filter_map(|row| row["insert_id"].as_str().map(str::to_owned)).collect();
        prop_assert!(good.is_subset(&found), "lost: {:?}", good.difference(&found).collect::<Vec<_>>());
    }
}
