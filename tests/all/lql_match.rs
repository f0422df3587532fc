//! `lql match` through the program: which records it prints, in what order, and what stops it.

use serde_json::{Value, json};

use super::program::{Place, Ran, good};
use super::world::{json_lines, root};

fn matched(place: &Place, filter: &str, inputs: &[&str]) -> Ran {
    place.run(&[&["lql", "match", filter], inputs].concat())
}

/// The entry of a call with that insertId and severity.
fn entry(id: usize, severity: &str) -> Value {
    let mut entry = good(&format!("id{id:04}"));
    entry["severity"] = json!(severity);
    entry
}

#[test]
fn records_are_printed_in_the_order_of_the_input() {
    let place = Place::new();
    let mut expected = String::new();
    for file in 0..5 {
        let severity = |at: usize| ["ERROR", "INFO", "ALERT"][(at * 7 + file) % 3];
        let entries: Vec<Value> = (0..300).map(|at| entry(file * 300 + at, severity(at))).collect();
        place.log(&format!("logs/{file}.jsonl"), &entries);
        let errors = entries.iter().filter(|entry| entry["severity"] != "INFO");
        expected.extend(errors.map(|entry| format!("{entry}\n")));
    }
    for threads in ["1", "2", "7"] {
        assert_eq!(matched(&place, "severity>=ERROR", &["logs", "--threads", threads]).ends(0).out, expected);
    }
    let count = matched(&place, "severity>=ERROR", &["logs", "--count"]);
    assert_eq!(count.ends(0).out, format!("{}\n", expected.lines().count()));
}

#[test]
fn a_record_is_printed_as_it_stands_without_blanks_between_its_parts() {
    let place = Place::new();
    place.write("a.json", "[ {\n \"b\" : \"x  \\\" y\", \"a\" : [ 1.50 , null ]\n} ]");
    assert_eq!(matched(&place, "", &["a.json"]).ends(0).out, "{\"b\":\"x  \\\" y\",\"a\":[1.50,null]}\n");
}

#[test]
fn records_that_are_no_audit_entries_are_evaluated_too() {
    let place = Place::new();
    let lines =
        "{\"textPayload\":\"disk full\",\"severity\":\"ERROR\"}\n{\"note\":\"no entry at all\"}\na line of text\n";
    place.write("a.jsonl", lines);
    assert_eq!(matched(&place, "", &["a.jsonl", "--count"]).ends(0).out, "2\n");
    assert_eq!(matched(&place, "textPayload:DISK", &["a.jsonl", "--count"]).ends(0).out, "1\n");
    assert_eq!(matched(&place, "NOT severity=ERROR", &["a.jsonl"]).ends(0).out, "{\"note\":\"no entry at all\"}\n");
    assert_eq!(matched(&place, "\"at all\"", &["a.jsonl", "--count"]).ends(0).out, "1\n");
}

#[test]
fn no_record_matched_is_no_failure() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a")]);
    assert_eq!(matched(&place, "insertId=b", &["a.jsonl"]).ends(0).out, "");
    assert_eq!(matched(&place, "insertId=b", &["a.jsonl", "--count"]).ends(0).out, "0\n");
}

#[test]
fn a_filter_may_begin_like_an_option_and_stand_in_a_file() {
    let place = Place::new();
    place.log("a.jsonl", &[entry(1, "INFO"), entry(2, "ERROR")]);
    place.write("f.lql", "-- by hand\nseverity=ERROR\n");
    for (filter, expected) in [
        ("-severity=INFO", "1\n"),
        ("-- all of them", "2\n"),
        ("--\nseverity=INFO", "1\n"),
        ("@f.lql", "1\n"),
        ("", "2\n"),
    ] {
        assert_eq!(matched(&place, filter, &["a.jsonl", "--count"]).ends(0).out, expected, "{filter}");
        assert_eq!(place.run(&["lql", "match", "--count", filter, "a.jsonl"]).ends(0).out, expected, "{filter}");
    }
    matched(&place, "@gone.lql", &["a.jsonl"]).says(&["gone.lql"]);
}

#[test]
fn standard_input_is_matched() {
    let place = Place::new();
    let line = format!("{}\n", good("a"));
    assert_eq!(place.run_with(&["lql", "match", "insertId=A", "-"], line.as_bytes()).ends(0).out, line);
}

#[test]
fn the_draw_of_sample_is_not_guessed() {
    let place = Place::new();
    let entries: Vec<Value> = (0..400).map(|at| entry(at, "INFO")).collect();
    place.log("a.jsonl", &entries);
    let filter = "severity=INFO AND\nsample(insertId, 0.5)";
    let refused = matched(&place, filter, &["a.jsonl"]);
    refused.ends(2).says(&["filter:2:1: ", "\n  sample(insertId, 0.5)\n  ^", "--local-sample"]);
    assert_eq!(refused.out, "");
    let drawn = matched(&place, filter, &["a.jsonl", "--local-sample"]);
    assert!((100..300).contains(&drawn.ends(0).out.lines().count()), "a half is about 200");
    assert_eq!(matched(&place, filter, &["a.jsonl", "--local-sample", "--threads", "1"]).out, drawn.out);
}

#[test]
fn a_filter_that_cannot_be_used_is_wrong_use_and_shows_the_place() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a")]);
    for (filter, says) in [
        ("severity=", "filter:1:9: "),
        ("a.b=c\nOR (d", "filter:2:4: "),
        ("severity=ERROR thud=1", "filter:1:16: an entry has no field `thud`"),
        ("trace=~\"(\"", "filter:1:8: the regular expression cannot be used"),
        ("ip_in_net(trace, \"1.2.3.4/99\")", "filter:1:18: "),
        ("methodName=x", "is `protoPayload.methodName` meant?"),
    ] {
        let ran = matched(&place, filter, &["a.jsonl"]);
        ran.ends(2).says(&[says, "^"]);
        assert_eq!(ran.out, "", "{filter}");
    }
}

#[test]
fn an_input_that_is_missing_is_told_beside_what_was_found() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a")]);
    let ran = matched(&place, "", &["a.jsonl", "gone.jsonl", "--count"]);
    ran.ends(3).says(&["gone.jsonl"]);
    assert_eq!(ran.out, "1\n");
}

/// Filters, with how many of the entries in `sample-logs/shapes` each selects.
const SHAPES: [(&str, usize); 14] = [
    ("", 6),
    ("log_id(\"cloudaudit.googleapis.com/data_access\")", 6),
    ("protoPayload.\"@type\"=~\"[.]AuditLog$\"", 6),
    ("NOT protoPayload.status.code>0", 5),
    ("protoPayload.authorizationInfo.granted=true", 5),
    ("protoPayload.methodName=\"storage.objects.get\"", 2),
    ("severity=INFO AND resource.type=\"gcs_bucket\"", 2),
    ("resource.labels.project_id=\"shop-data\"", 2),
    ("insertId:1a7k", 2),
    ("\"shop-images\" OR \"shop-exports\"", 2),
    ("timestamp<\"2026-10-01T10:10:00.5+02:00\"", 2),
    ("protoPayload.metadata.jobChange:*", 1),
    ("protoPayload.requestMetadata.callerIp=\"192.0.2.11\"", 1),
    ("labels:* OR trace!=\"\" OR httpRequest.status>0", 0),
];

#[test]
fn every_shape_of_the_same_entries_is_matched_alike() {
    let place = Place::new();
    let folder = root().join("sample-logs/shapes");
    let mut shapes: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|shape| shape.unwrap().path().to_str().unwrap().to_owned()).collect();
    shapes.sort();
    assert!(shapes.len() >= 16);
    let count = |filter: &str, inputs: &[&str]| {
        let ran = matched(&place, filter, &[inputs, &["--count"]].concat());
        ran.ends(0).out.trim().parse::<usize>().unwrap()
    };
    for (filter, expected) in SHAPES {
        let all: Vec<&str> = shapes.iter().map(String::as_str).collect();
        if count(filter, &all) != expected * all.len() {
            // All at once is faster; one by one tells which.
            let odd: Vec<&str> = all.into_iter().filter(|shape| count(filter, &[*shape]) != expected).collect();
            panic!("{filter} does not select {expected} in {odd:?}");
        }
    }
}

#[test]
fn the_source_record_is_printed_and_not_its_entry() {
    let place = Place::new();
    let shapes = root().join("sample-logs/shapes");
    for name in ["pubsub_push.jsonl", "sink_row.jsonl", "respelt.jsonl", "ndjson.jsonl"] {
        let input = shapes.join(name);
        let ran = matched(&place, "severity=ERROR", &[input.to_str().unwrap()]);
        let printed: Vec<Value> = ran.ends(0).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(printed, json_lines(&input)[5..], "{name}");
    }
}
