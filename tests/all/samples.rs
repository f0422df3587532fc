//! Every call of the sample logs against the reviewed expectation in `tests/expected/samples.tsv`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::world::{document, root};

const COLUMNS: [&str; 6] = ["kind", "payer", "storage_payer", "reason", "payer_reason", "unit"];

#[test]
fn every_sample_is_attributed_as_expected() {
    let samples = root().join("sample-logs");
    let inputs = format!("{}/*.jsonl", samples.display());
    let (map, projects) = (samples.join("business-units.csv"), samples.join("projects.json"));
    let document =
        document(&["calls", &inputs, "--map", map.to_str().unwrap(), "--projects", projects.to_str().unwrap()]);
    let mut found: BTreeMap<String, &Value> = BTreeMap::new();
    for row in document["rows"].as_array().unwrap() {
        let source = row["source"].as_str().unwrap();
        found.insert(source.rsplit('/').next().unwrap().to_owned(), row);
    }
    let expected = std::fs::read_to_string(root().join("tests/expected/samples.tsv")).unwrap();
    let mut failures = Vec::new();
    let mut seen = 0;
    for line in expected.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let place = format!("{}:{}", cells[0], cells[1]);
        seen += 1;
        let Some(row) = found.remove(&place) else {
            failures.push(format!("{place}: no call is told by this line"));
            continue;
        };
        for (column, expected) in COLUMNS.iter().zip(&cells[3..]) {
            let actual = row[*column].as_str().unwrap_or_default();
            if actual != *expected && !(*column == "storage_payer" && expected.is_empty()) {
                failures.push(format!("{place} ({}): {column} is `{actual}`, not `{expected}`", row["method"]));
            }
        }
    }
    for (place, row) in found {
        failures.push(format!("{place}: an unexpected call, {}", row["insert_id"]));
    }
    assert!(seen > 500);
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
