//! `--where`: the entries that count are those the filter selects, and nothing else changes.

use serde_json::{Value, json};

use super::program::{Place, good};
use super::world::root;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-logs");

/// Filters that leave out no part of a call: they look only at what all entries of a call share, or name no call of several.
const FILTERS: [&str; 8] = [
    "",
    "resource.type=\"gcs_bucket\" AND log_id(\"cloudaudit.googleapis.com/data_access\")",
    "protoPayload.serviceName=(\"vision.googleapis.com\" OR \"secretmanager.googleapis.com\")",
    "NOT protoPayload.status.code>0 AND -protoPayload.serviceName:bigquery",
    "timestamp>=\"2026-10-10\" AND timestamp<\"2026-10-20T00:00:00+02:00\"",
    "protoPayload.authorizationInfo.resource=~\"^projects/0*[1-9a-f][0-9a-f]+$\"",
    "SEARCH(protoPayload.methodName, \"predictionservice\") OR \"shop-exports\"",
    "protoPayload.metadata.jobChange.after=DONE",
];

/// The document of a command in JSON.
#[track_caller]
fn document(place: &Place, args: &[&str]) -> Value {
    place.run(&[args, &["--format", "json", "--quiet"]].concat()).ends(0).json()
}

/// The calls of a document as text, without what differs between inputs: where the entries stand.
fn calls(document: &Value) -> Vec<String> {
    let mut calls: Vec<String> = document["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row.as_object_mut().unwrap().remove("source");
            row.to_string()
        })
        .collect();
    calls.sort();
    calls
}

#[test]
fn where_is_the_same_as_keeping_only_the_records_that_match() {
    let place = Place::new();
    let samples = format!("{SAMPLES}/*.jsonl");
    place.write("known.json", known_projects(&place).to_string());
    let options = ["--projects", "known.json"];
    for filter in FILTERS {
        let kept = place.run(&["lql", "match", filter, &samples]);
        place.write("kept.jsonl", &kept.ends(0).out);
        let before = calls(&document(&place, &[&["calls", "kept.jsonl"], &options[..]].concat()));
        let here = calls(&document(&place, &[&["calls", &samples, "--where", filter], &options[..]].concat()));
        assert!(!here.is_empty(), "{filter}");
        for (here, before) in here.iter().zip(&before) {
            assert_eq!(here, before, "{filter}");
        }
        assert_eq!(here.len(), before.len(), "{filter}");
    }
}

/// An inventory of all that the samples and their inventory tell, so that entries that are left out have nothing to teach.
fn known_projects(place: &Place) -> Value {
    let all = document(place, &["calls", SAMPLES, "--projects", &format!("{SAMPLES}/projects.json")]);
    let mut known: Vec<(String, String)> = all["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| Some((row["payer"].as_str()?.to_owned(), row["payer_number"].as_u64()?.to_string())))
        .filter(|(payer, _)| !payer.starts_with("number:"))
        .collect();
    known.sort();
    known.dedup();
    known.into_iter().map(|(id, number)| json!({"projectId": id, "projectNumber": number})).collect()
}

#[test]
fn a_filter_that_selects_all_changes_nothing() {
    let place = Place::new();
    for command in ["report", "calls"] {
        let plain = document(&place, &[command, SAMPLES]);
        for filter in ["", "-- all of them", "NOT insertId=\"no such id\""] {
            let filtered = document(&place, &[command, SAMPLES, "--where", filter]);
            assert_eq!(filtered["rows"], plain["rows"], "{command} {filter}");
            assert_eq!(filtered["tally"], plain["tally"], "{command} {filter}");
        }
    }
}

#[test]
fn what_is_left_out_is_skipped_by_that_reason_and_the_tally_balances() {
    let place = Place::new();
    let entries: Vec<Value> = (0..9)
        .map(|at| {
            let mut entry = good(&format!("id{at}"));
            entry["severity"] = json!(if at < 3 { "ERROR" } else { "INFO" });
            entry
        })
        .collect();
    let mut lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
    lines.push_str("{\"insertId\":\"cut\n{\"logName\":\"projects/p/logs/app\",\"textPayload\":\"x\"}\n");
    place.write("a.jsonl", lines);
    for command in ["report", "calls"] {
        let document = document(&place, &[command, "a.jsonl", "--where", "severity=ERROR"]);
        let tally = &document["tally"];
        assert_eq!(tally["skipped"]["where"], 6, "{tally}");
        assert_eq!(tally["skipped"]["not_audit"], 1, "what is no audit entry is skipped for that: {tally}");
        assert_eq!(tally["calls"], 3, "{tally}");
    }
    let shown = place.run(&["report", "a.jsonl", "--where", "severity=ERROR"]);
    shown.ends(0).tells(&["    where", "an entry that --where does not select"]);
}

#[test]
fn a_period_chooses_calls_and_a_filter_entries() {
    let place = Place::new();
    let mut later = good("late");
    later["timestamp"] = json!("2026-10-06T10:00:00Z");
    let mut other = good("other");
    other["severity"] = json!("ERROR");
    place.log("a.jsonl", &[good("early"), later, other]);
    let tally = &document(&place, &["report", "a.jsonl", "--to", "2026-10-06", "--where", "-severity=ERROR"])["tally"];
    assert_eq!((&tally["skipped"]["where"], &tally["skipped"]["outside_period"]), (&json!(1), &json!(1)), "{tally}");
}

#[test]
fn numbers_are_learnt_from_entries_that_are_left_out() {
    let place = Place::new();
    let mut stating = good("stating");
    stating["logName"] = json!("projects/shop-web-prod/logs/cloudaudit.googleapis.com%2Fdata_access");
    stating["resource"]["labels"]["project_id"] = json!("739105528164");
    let mut naming = good("naming");
    naming["protoPayload"]["serviceName"] = json!("secretmanager.googleapis.com");
    naming["protoPayload"]["methodName"] =
        json!("google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion");
    naming["protoPayload"]["resourceName"] = json!("projects/739105528164/secrets/key/versions/1");
    place.log("a.jsonl", &[stating, naming.clone()]).log("alone.jsonl", &[naming]);
    let payer =
        |input: &str| document(&place, &["calls", input, "--where", "insertId=naming"])["rows"][0]["payer"].clone();
    assert_eq!(payer("a.jsonl"), "shop-web-prod");
    assert_eq!(payer("alone.jsonl"), "number:739105528164");
}

#[test]
fn a_call_that_is_left_out_is_not_explained() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a"), good("b")]).write("f.lql", "insertId=\"a\" -- the first\n");
    let explain = |id: &str| place.run(&["explain", "a.jsonl", "--where", "@f.lql", "--insert-id", id]);
    explain("a").ends(0).tells(&["storage.objects.get on storage.googleapis.com"]);
    explain("b").ends(2);
}

#[test]
fn a_filter_may_stand_in_a_file_and_begin_with_a_hyphen() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a"), good("b")]).write("f.lql", "-insertId=a");
    for filter in ["@f.lql", "-insertId=a", "--not b\n-insertId=a"] {
        let rows = document(&place, &["calls", "a.jsonl", "--where", filter])["rows"].clone();
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["insert_id"]), (1, &json!("b")), "{filter}");
    }
}

#[test]
fn a_filter_that_cannot_be_used_is_wrong_use_and_nothing_is_written() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a")]);
    for command in [&["report"][..], &["calls"], &["explain", "--insert-id", "a"]] {
        for (filter, says) in [
            ("severity=ERROR OR\n(", "--where:2:1: "),
            ("severity=ERROR thud=1", "--where:1:16: an entry has no field `thud`"),
            ("sample(insertId, 0.5)", "--where:1:1: which entries sample() draws"),
        ] {
            let ran = place.run(&[command, &["a.jsonl", "--where", filter]].concat());
            ran.ends(2).says(&[says, "^"]);
            assert_eq!(ran.out, "");
        }
    }
}

#[test]
fn every_shape_is_filtered_alike() {
    let place = Place::new();
    let shapes = root().join("sample-logs/shapes");
    let mut kept: Option<Vec<String>> = None;
    for shape in std::fs::read_dir(shapes).unwrap() {
        let shape = shape.unwrap().path();
        let filter = "severity=INFO AND resource.labels.project_id=\"shop-data\" AND protoPayload.authorizationInfo.granted=true";
        let found = document(&place, &["calls", shape.to_str().unwrap(), "--where", filter]);
        let keys: Vec<String> =
            found["rows"].as_array().unwrap().iter().map(|row| row["call_key"].to_string()).collect();
        assert_eq!(keys.len(), 2, "{}", shape.display());
        assert_eq!(*kept.get_or_insert_with(|| keys.clone()), keys, "{}", shape.display());
    }
}
