//! Every vector of `tests/vectors`: entries and what the rules say of them, written from the rules and not from the code.

use serde_json::{Value, json};

use super::world::{document, json_lines, ndjson, root};

#[test]
fn every_vector_is_judged_as_the_rules_say() {
    let mut failures = Vec::new();
    let mut judged = 0;
    let mut files: Vec<_> =
        std::fs::read_dir(root().join("tests/vectors")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "jsonl")) {
        for vector in json_lines(file) {
            judged += 1;
            let name = vector["name"].as_str().unwrap().to_owned();
            for difference in differences(&vector) {
                failures.push(format!("{name}: {difference} [{}]", vector["why"].as_str().unwrap_or_default()));
            }
        }
    }
    assert!(judged > 800, "only {judged} vectors were found");
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}

fn differences(vector: &Value) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let logs = ndjson(directory.path(), "logs.jsonl", vector["entries"].as_array().unwrap());
    let projects = directory.path().join("projects.json");
    let mut args = vec!["calls", &logs];
    if let Some(inventory) = vector.get("projects") {
        std::fs::write(&projects, inventory.to_string()).unwrap();
        args.extend(["--projects", projects.to_str().unwrap()]);
    }
    let document = document(&args);
    let expect = &vector["expect"];
    let rows = document["rows"].as_array().unwrap();
    let mut found = Vec::new();
    if expect["calls"].as_u64() != Some(rows.len() as u64) {
        found.push(format!("{} calls, not {}", rows.len(), expect["calls"]));
        return found;
    }
    match expect.get("each") {
        Some(each) => {
            for (at, (expected, row)) in each.as_array().unwrap().iter().zip(rows).enumerate() {
                found.extend(row_differences(expected, row).into_iter().map(|text| format!("call {at}: {text}")));
            }
            found.extend(document_differences(expect, &document));
        }
        None => {
            found.extend(document_differences(expect, &document));
            if let Some(row) = rows.first() {
                found.extend(row_differences(expect, row));
            }
        }
    }
    found
}

fn document_differences(expect: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, expected) in expect.get("tally").and_then(Value::as_object).into_iter().flatten() {
        let actual = &document["tally"][key];
        if actual != expected {
            found.push(format!("tally.{key} is {actual}, not {expected}"));
        }
    }
    let kinds = document["diagnostics"].as_object().unwrap();
    for kind in texts(expect, "diagnostics") {
        if !kinds.contains_key(kind) {
            found.push(format!("no diagnostic {kind}, only {:?}", kinds.keys().collect::<Vec<_>>()));
        }
    }
    for kind in texts(expect, "no_diagnostics") {
        if kinds.contains_key(kind) {
            found.push(format!("unexpected diagnostic {kind}: {}", kinds[kind]));
        }
    }
    found
}

fn texts<'v>(expect: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    expect.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn row_differences(expect: &Value, row: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let flags: Vec<&str> = row["flags"].as_str().unwrap_or_default().split(", ").collect();
    for (key, expected) in expect.as_object().unwrap() {
        let actual = match key.as_str() {
            "calls" | "each" | "tally" | "diagnostics" | "no_diagnostics" => continue,
            "confidence_min" if row["confidence"].as_u64() >= expected.as_u64() => continue,
            "confidence_max" if row["confidence"].as_u64() <= expected.as_u64() => continue,
            "confidence_min" | "confidence_max" => row["confidence"].clone(),
            "flags" if expected.as_array().unwrap().iter().all(|flag| flags.contains(&flag.as_str().unwrap())) => {
                continue;
            }
            "not_flags" if !expected.as_array().unwrap().iter().any(|flag| flags.contains(&flag.as_str().unwrap())) => {
                continue;
            }
            "flags" | "not_flags" => row["flags"].clone(),
            "merged" => row["merged"].as_str().map_or_else(|| json!({}), |text| serde_json::from_str(text).unwrap()),
            "billed_bytes" => metered(row, "byte", "total_billed_bytes"),
            "slot_ms" => metered(row, "slot_ms", "total_slot_ms"),
            column => row[column].clone(),
        };
        if actual != *expected {
            found.push(format!("{key} is {actual}, not {expected}"));
        }
    }
    found
}

/// What a report would add up for the call.
fn metered(row: &Value, unit: &str, column: &str) -> Value {
    if row["quantity_unit"] == unit { json!(row[column].as_u64().unwrap_or(0)) } else { json!(0) }
}
