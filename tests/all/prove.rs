//! `report --filters` and `--prove`: each row's filter selects the entries that speak for its calls, whatever the columns, the
//! period and `--where`.

use billtrail::commands::Ending;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::contract::{GROUPINGS, MAP, PROJECTS};
use super::generated::entry;
use super::program::{Place, good};
use super::world::{ndjson, root, run};

/// Columns whose filters are exact, but for values that a log should not hold.
const EXACT: [&str; 8] = ["service", "method", "principal", "resource", "day", "hour", "month", "log"];

/// Reports on inputs by some columns, proves it, and gives the document.
fn proven(inputs: &[&str], by: &str, options: &[&str]) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.json");
    let fixed = ["--by", by, "--prove", "--format", "json", "--quiet", "-o", path.to_str().unwrap()];
    let args = [&["report"], inputs, options, &fixed].concat();
    let ending = run(&args).unwrap_or_else(|failure| panic!("{args:?}: {failure}"));
    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(ending, Ending::Done, "{args:?}: {:#}", document["rows"]);
    for row in document["rows"].as_array().unwrap() {
        let count = |name: &str| row["proof"][name].as_u64().unwrap();
        assert_eq!(count("expected"), row["calls"].as_u64().unwrap(), "{row}");
        let selected = count("expected") + count("extra") + count("merged") + count("outside_period");
        assert_eq!((count("missing"), count("selected")), (0, selected), "{row}");
        assert!(row["exact"] == false || count("extra") == 0, "{row}");
        for part in row["filter"].as_str().unwrap().split("\n----\n") {
            assert!(part.chars().count() < 20_000 && !part.contains('\n'));
        }
    }
    document
}

fn samples_by(by: &str) -> Value {
    let samples = format!("{}/sample-logs", root().display());
    proven(&[&samples], by, &["--map", MAP, "--projects", PROJECTS])
}

#[test]
fn every_column_is_proven_over_the_samples() {
    for by in GROUPINGS {
        let document = samples_by(by);
        let rows = document["rows"].as_array().unwrap();
        let exact = rows.iter().filter(|row| row["exact"] == true).count();
        // Calls without a time are told by nothing.
        let told = rows.iter().filter(|row| row[by] != "(none)" || !["day", "hour", "month"].contains(&by)).count();
        assert!(!EXACT.contains(&by) || exact == told, "{by}: {exact} of {told} rows are exact");
    }
}

#[test]
fn pairs_of_columns_are_proven_over_the_samples() {
    for (at, one) in GROUPINGS.iter().enumerate() {
        // The distance makes each pair another one.
        samples_by(&format!("{one},{}", GROUPINGS[(at + 5) % GROUPINGS.len()]));
    }
}

#[test]
fn all_columns_together_are_proven_over_the_samples() {
    samples_by(&GROUPINGS.join(","));
}

#[test]
fn real_entries_are_proven() {
    let Ok(folder) = std::env::var("BILLTRAIL_REAL_LOGS") else {
        println!("SKIPPED: BILLTRAIL_REAL_LOGS is not set");
        return;
    };
    for (at, by) in GROUPINGS.iter().enumerate() {
        for by in [(*by).to_owned(), format!("{by},{}", GROUPINGS[(at + 1) % GROUPINGS.len()])] {
            let path = tempfile::NamedTempFile::new().unwrap();
            let out = path.path().to_str().unwrap();
            let args = ["report", &folder, "--by", &by, "--prove", "--format", "json", "--quiet", "-o", out];
            assert_eq!(run(&args).unwrap(), Ending::Done, "{by}");
        }
    }
}

#[test]
fn a_rows_filter_is_where_and_period_and_row() {
    let samples = format!("{}/sample-logs", root().display());
    let options = ["--from", "2026-10-05", "--to", "2026-11", "--where", "resource.type=\"gcs_bucket\" OR \"pubsub\""];
    let document = proven(&[&samples], "service,month", &options);
    let first = &document["rows"][0];
    assert_eq!(
        first["filter"],
        "(log_id(\"cloudaudit.googleapis.com/activity\") OR log_id(\"cloudaudit.googleapis.com/data_access\") OR \
         log_id(\"cloudaudit.googleapis.com/policy\")) AND timestamp>=\"2026-10-05T00:00:00Z\" AND timestamp<\"2026-11-01T00:00:00Z\" AND protoPayload.serviceName=\"storage.googleapis.com\" AND \
         (resource.type=\"gcs_bucket\" OR \"pubsub\")"
    );
    let link = first["filter_url"].as_str().unwrap();
    assert!(link.starts_with("https://console.cloud.google.com/logs/query;query=%28log_id%28%22cloudaudit"), "{link}");
    assert!(link.contains(";timeRange=2026-10-05T00%3A00%3A00Z%2F2026-11-01T00%3A00%3A00Z"), "{link}");
}

#[test]
fn a_link_opens_the_project_whose_logs_hold_all_entries() {
    let place = Place::new();
    let mut other = good("b");
    other["logName"] = json!("projects/shop-web-prod/logs/cloudaudit.googleapis.com%2Fdata_access");
    other["protoPayload"]["methodName"] = json!("storage.objects.list");
    place.log("a.jsonl", &[good("a"), other]);
    let links = |by: &str| {
        let args = ["report", "a.jsonl", "--filters", "--by", by, "--format", "json", "--quiet"];
        let rows = place.run(&args).ends(0).json()["rows"].clone();
        let links = rows.as_array().unwrap().iter().map(|row| row["filter_url"].as_str().unwrap().to_owned());
        links.collect::<Vec<_>>()
    };
    let both = links("service").remove(0);
    assert!(both.contains(";timeRange=2026-") && !both.contains("?project="), "{both}");
    let each = links("log");
    assert!(each.iter().any(|link| link.ends_with("?project=shop-web-prod")), "{each:?}");
}

#[test]
fn entries_of_calls_that_others_speak_for_are_counted_beside() {
    let place = Place::new();
    let part = |id: &str, hour: u32, first: bool| {
        let mut entry = good(id);
        entry["timestamp"] = json!(format!("2026-10-05T{hour:02}:00:00Z"));
        entry["operation"] = json!({"id": "op", "producer": "x", "first": first, "last": !first});
        entry
    };
    place.log("a.jsonl", &[part("begin", 8, true), part("end", 10, false), good("x"), good("x")]);
    let row = |options: &[&str]| {
        let args =
            [&["report", "a.jsonl", "--prove", "--by", "service", "--format", "json", "--quiet"], options].concat();
        place.run(&args).ends(0).json()["rows"][0]["proof"].clone()
    };
    let all = json!({"expected": 2, "selected": 4, "missing": 0, "extra": 0, "merged": 2, "outside_period": 0});
    assert_eq!(row(&[]), all);
    let begun = row(&["--from", "2026-10-05T07:30:00Z", "--to", "2026-10-05T09:00:00Z"]);
    assert!(begun.is_null() || begun["outside_period"] == 1, "{begun}");
}

#[test]
fn an_entry_that_leaves_the_value_to_another_one_is_named_by_its_insert_id() {
    let place = Place::new();
    let mut begin = good("begin");
    begin["operation"] = json!({"id": "op", "producer": "x", "first": true});
    let mut end = good("end");
    end["operation"] = json!({"id": "op", "producer": "x", "last": true});
    end["protoPayload"]["authenticationInfo"] = json!({});
    place.log("a.jsonl", &[begin, end]);
    let args = ["report", "a.jsonl", "--prove", "--by", "principal", "--format", "json", "--quiet"];
    let row = &place.run(&args).ends(0).json()["rows"][0];
    assert!(row["filter"].as_str().unwrap().ends_with("insertId=\"end\""), "{row}");
    assert_eq!((&row["exact"], &row["proof"]["merged"]), (&json!(false), &json!(0)), "{row}");
}

#[test]
fn a_row_of_many_payers_has_a_filter_in_parts() {
    let directory = tempfile::tempdir().unwrap();
    let entries: Vec<Value> = (0..1500)
        .map(|at| {
            let mut entry = good(&format!("id{at}"));
            entry["resource"]["labels"]["project_id"] = json!(format!("customer-project-{at:06}"));
            entry
        })
        .collect();
    let input = ndjson(directory.path(), "a.jsonl", &entries);
    let document = proven(&[&input], "unit", &[]);
    let row = &document["rows"][0];
    assert_eq!((&row["unit"], &row["filter_url"]), (&json!("(unmapped)"), &Value::Null));
    let filter = row["filter"].as_str().unwrap();
    assert!(filter.split("\n----\n").count() > 2 && filter.matches("customer-project-").count() == 1500);
}

#[test]
fn standard_input_and_pipes_are_read_twice() {
    let place = Place::new();
    let text: String = ["a", "b"].iter().map(|id| format!("{}\n", good(id))).collect();
    let args = ["report", "-", "--prove", "--by", "service", "--format", "json", "--quiet"];
    let document = place.run_with(&args, text.as_bytes()).ends(0).json();
    assert_eq!(document["rows"][0]["proof"]["expected"], 2);
    assert_eq!(document["provenance"]["inputs"][0]["path"], "-");
    assert_eq!(document["provenance"]["inputs"][0]["bytes"], text.len());
    assert_eq!(place.files(), Vec::<String>::new());
}

#[test]
fn tables_show_the_filters_below_and_other_formats_as_columns() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a")]);
    let run = |format: &str| {
        let args = ["report", "a.jsonl", "--prove", "--by", "service", "--format", format, "--quiet"];
        place.run(&args).ends(0).out.clone()
    };
    let filter =
        "log_id(\"cloudaudit.googleapis.com/data_access\") AND protoPayload.serviceName=\"storage.googleapis.com\"";
    let table = run("table");
    assert!(table.contains(&format!("\n    exact; proved: selects its entry\n    {filter}\n")), "{table}");
    assert!(!table.lines().next().unwrap().contains("filter"), "{table}");
    let markdown = run("markdown");
    assert!(markdown.contains(&format!("\n```\n{filter}\n```\n")), "{markdown}");
    let csv = run("csv");
    assert!(csv.lines().next().unwrap().ends_with(",share,filter,filter_url,exact,proof"), "{csv}");
    assert!(csv.contains(",true,\"{\"\"expected\"\":1,\"\"selected\"\":1,"), "{csv}");
}

#[test]
fn where_that_fills_the_whole_filter_is_wrong_use() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a")]);
    let long = format!("NOT insertId=\"{}\"", "x".repeat(20_000));
    place.run(&["report", "a.jsonl", "--filters", "--where", &long]).ends(2).says(&["--where leaves no room"]);
}

/// An entry of a small world, sometimes with values that try to break out of a filter.
fn hostile() -> impl Strategy<Value = Value> {
    let text =
        select(vec!["\"", "\\", "a\" OR \"b", "(none)", "é", "É", "ß", "SS", "\n----\n", "`", "--", "", "\u{200b}x"]);
    (entry(), prop::option::of(text.clone()), prop::option::of(text)).prop_map(|(mut entry, method, principal)| {
        if let Some(method) = method {
            entry["protoPayload"]["methodName"] = json!(method);
        }
        if let Some(principal) = principal {
            entry["protoPayload"]["authenticationInfo"] = json!({"principalEmail": principal, "principalSubject": "x"});
        }
        entry
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_asked_the_filters_are_proven(
        entries in prop::collection::vec(hostile(), 1..24),
        by in prop::collection::btree_set(select(GROUPINGS.to_vec()), 1..4),
        filter in select(vec!["", "severity>=DEFAULT", "-protoPayload.status.code>0", "resource.labels.project_id=\"shop-web\" OR bigquery"]),
        period in select(vec![&[][..], &["--from", "2026-10-05T08:00:00Z"], &["--to", "2026-10-05T09:00:00Z", "--timezone", "Asia/Kathmandu"]]),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let input = ndjson(directory.path(), "a.jsonl", &entries);
        let by = by.into_iter().collect::<Vec<_>>().join(",");
        proven(&[&input], &by, &[period, &["--where", filter]].concat());
    }
}
