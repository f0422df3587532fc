//! `check` and `diff`: limits that are kept or not, and movements that add up.

use std::collections::BTreeMap;

use serde_json::Value;

use super::contract::{MAP, PROJECTS};
use super::kept::{output, printed};

const RULES: &str = "sample-logs/business-units.toml";

/// The exit code, the JSON document and what was said.
fn run(args: &[&str]) -> (Option<i32>, Value, String) {
    let mut all = args.to_vec();
    all.extend(["--format", "json"]);
    let output = output(&all);
    let document = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), document, String::from_utf8(output.stderr).unwrap())
}

/// What each unit of a report has of a measure.
fn by_unit(map: &str, more: &[&str], measure: &str) -> BTreeMap<String, i64> {
    let mut args = vec!["report", "sample-logs", "--map", map, "--projects", PROJECTS, "--by", "unit"];
    args.extend(more);
    let (_, document, _) = run(&args);
    let rows = document["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["unit"].as_str().unwrap().to_owned(), row[measure].as_i64().unwrap())).collect()
}

#[test]
fn a_gate_that_is_not_kept_fails_the_check() {
    let check = ["check", "sample-logs", "--map", MAP, "--projects", PROJECTS];
    let units = by_unit(MAP, &[], "billable_calls");
    let (all, without) = (units.values().sum::<i64>(), units["(unmapped)"] + units["(unattributed)"]);
    for (gates, code, expected) in [
        (vec!["--max-unallocated", "8%"], 0, vec![(all * 8 / 100, without, true)]),
        (vec!["--max-unallocated", "7%"], 1, vec![(all * 7 / 100, without, false)]),
        (vec!["--max-unit", "Research=99 billable_calls"], 0, vec![(99, units["Research"], true)]),
        (
            vec!["--max-unit", "Research=98 billable_calls", "--max-unit", "Storefront=0 failed_calls"],
            1,
            vec![(98, units["Research"], false), (0, by_unit(MAP, &[], "failed_calls")["Storefront"], false)],
        ),
        (
            vec!["--max-unallocated", "1", "--max-unit", "(unmapped)=100 calls"],
            0,
            vec![(all, without, true), (100, 13, true)],
        ),
    ] {
        let (found, document, error) = run(&[&check[..], &gates].concat());
        assert_eq!(found, Some(code), "{gates:?}: {error}");
        let rows = document["rows"].as_array().unwrap().iter();
        let rows = rows.map(|row| {
            (row["limit"].as_i64().unwrap(), row["found"].as_i64().unwrap(), row["passed"].as_bool().unwrap())
        });
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{gates:?}");
        assert!(document["tally"]["calls"].as_u64() > Some(500));
    }
}

#[test]
fn the_result_of_a_check_is_markdown_unless_another_format_is_chosen() {
    let check = ["check", "sample-logs/vertex_ai.jsonl", "--map", MAP, "--max-unallocated", "1%"];
    assert!(
        printed(&check)
            .starts_with("✅ **The limit is kept.**\n\n| gate | unit | measure | limit | found | passed |\n| --- |")
    );
    assert!(
        printed(&[&check[..], &["--format", "csv", "--quiet"]].concat())
            .starts_with("gate,unit,measure,limit,found,passed\n")
    );
}

#[test]
fn movements_of_logs_lead_from_one_mapping_to_the_other() {
    for measure in ["billable_calls", "calls", "billed_bytes"] {
        let (code, document, error) = run(&[
            "diff",
            "sample-logs",
            "sample-logs",
            "--old-map",
            MAP,
            "--map",
            RULES,
            "--projects",
            PROJECTS,
            "--measure",
            measure,
        ]);
        assert_eq!(code, Some(0), "{error}");
        let (old, new) = (by_unit(MAP, &[], measure), by_unit(RULES, &[], measure));
        let rows = document["rows"].as_array().unwrap();
        for row in rows {
            let unit = row["unit"].as_str().unwrap();
            assert_eq!(row["old"].as_i64(), Some(old.get(unit).copied().unwrap_or(0)), "{row}");
            assert_eq!(row["new"].as_i64(), Some(new.get(unit).copied().unwrap_or(0)), "{row}");
            assert_eq!((&row["volume"], &row["mapping"]), (&Value::from(0), &row["change"]), "{row}");
        }
        let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        assert_eq!(rows.len(), names.len());
    }
}

#[test]
fn movements_of_reports_add_up_and_tell_a_mapping_from_a_volume() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (first, second, by_rules) = (path("first.json"), path("second.json"), path("rules.json"));
    for (file, map, period) in [
        (&first, MAP, ["--to", "2026-10-15"]),
        (&second, MAP, ["--from", "2026-10-15"]),
        (&by_rules, RULES, ["--from", "2026-10-15"]),
    ] {
        let report = ["report", "sample-logs", "--map", map, "--projects", PROJECTS, "-q", "-o", file];
        assert_eq!(output(&[&report[..], &period].concat()).status.code(), Some(0));
    }
    let old = by_unit(MAP, &["--to", "2026-10-15"], "billable_calls");
    let new = by_unit(RULES, &["--from", "2026-10-15"], "billable_calls");
    let (code, document, _) = run(&["diff", &first, &by_rules]);
    assert_eq!(code, Some(0));
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
    for row in document["rows"].as_array().unwrap() {
        let unit = row["unit"].as_str().unwrap();
        assert_eq!(number(row, "old"), old.get(unit).copied().unwrap_or(0), "{row}");
        assert_eq!(number(row, "new"), new.get(unit).copied().unwrap_or(0), "{row}");
        assert_eq!(number(row, "volume") + number(row, "mapping"), number(row, "change"), "{row}");
        assert_eq!(number(row, "old") + number(row, "change"), number(row, "new"), "{row}");
    }
    assert_eq!(number(&document["totals"], "mapping"), 0);
    // One mapping, but a project that moved on 15 October: what it has in the second half was another unit's.
    let (_, document, _) = run(&["diff", &first, &second]);
    let moved = |unit: &str| {
        let mut rows = document["rows"].as_array().unwrap().iter();
        number(rows.find(|row| row["unit"] == unit).unwrap(), "mapping")
    };
    assert_eq!(moved("Storefront"), 0);
    assert_eq!(moved("Advertising"), -moved("Research"));
    assert!(moved("Advertising") > 0);
}

#[test]
fn what_cannot_be_checked_or_compared_is_wrong_use() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str, by: &str| {
        let path = directory.path().join(name).display().to_string();
        printed(&["report", "sample-logs/vertex_ai.jsonl", "--by", by, "-q", "-o", &path]);
        path
    };
    let (report, without) = (path("a.json", "unit,payer"), path("b.json", "payer"));
    let logs = "sample-logs/vertex_ai.jsonl";
    for (args, why) in [
        (vec!["check", logs], "required arguments"),
        (vec!["check", logs, "--max-unallocated", "many"], "`many` is no part of a whole"),
        (vec!["check", logs, "--max-unit", "Ads=1 euros"], "`Ads=1 euros` is no limit"),
        (vec!["check", logs, "--max-unit", "Ads=1 calls"], "`Ads`: give the mapping that names it (--map)"),
        (
            vec!["check", logs, "--map", MAP, "--max-unit", "Ads=1 calls"],
            "`Ads`: sample-logs/business-units.csv has no such unit",
        ),
        (vec!["diff", logs], "required arguments"),
        (vec!["diff", &report, logs], "one is a report and the other is not"),
        (vec!["diff", &report, &report, "--map", MAP], "two reports have their units already"),
        (vec!["diff", &report, &without], "has no column `unit`"),
        (vec!["diff", &report, &report, "--measure", "money"], "there is no measure `money`"),
        (vec!["diff", logs, logs, "--map", RULES], "can only be found in an inventory"),
    ] {
        let output = output(&args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(why), "{args:?}: {error}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}
