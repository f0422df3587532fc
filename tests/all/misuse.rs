//! Wrong use is told apart from failure, failure leaves no half file behind, and a closed pipe is success.

use std::io::Read;
use std::process::Stdio;

use serde_json::{Value, json};

use super::program::{Place, good, ids};
use super::world::root;

fn with_log() -> Place {
    let place = Place::new();
    place.log("good.jsonl", &[good("a"), good("-b")]);
    place
}

#[test]
fn wrong_options_end_with_2_and_say_which() {
    let place = with_log();
    let cases: [(&[&str], &[&str]); 12] = [
        (&["--map", "none.csv"], &["none.csv", "No such file"]),
        (&["--by", "colour"], &["--by", "colour", "principal_project"]),
        (&["--by", "unit,unit"], &["--by", "twice"]),
        (&["--by", ""], &["--by"]),
        (&["--from", "2026-11", "--to", "2026-10"], &["--from", "--to"]),
        (&["--from", "2026-10-01", "--to", "2026-10-01"], &["--from", "--to"]),
        (&["--from", "yesterday"], &["--from", "yesterday"]),
        (&["--timezone", "Mars/Olympus"], &["timezone", "Mars/Olympus"]),
        (&["--format", "xml"], &["format", "xml", "markdown"]),
        (&["--threads", "many"], &["threads", "many"]),
        (&["--max-record", "big"], &["max-record", "big"]),
        (&["--config", "none.toml"], &["none.toml"]),
    ];
    for (options, texts) in cases {
        let args: Vec<&str> = ["report", "good.jsonl"].into_iter().chain(options.iter().copied()).collect();
        let ran = place.run(&args);
        ran.ends(2).says(texts);
        assert!(ran.out.is_empty(), "{ran:#?}");
    }
    place.run(&["report"]).ends(2).says(&["INPUT"]);
    place.run(&["reprot", "good.jsonl"]).ends(2);
    place.run(&["calls", "[", "--format", "json"]).ends(2).says(&["["]);
}

#[test]
fn wrong_tables_end_with_2_and_name_the_line() {
    let place = with_log();
    place.write("double.csv", "project,business_unit\nshop-data,Data\nshop-web,Web\nshop-data,Web\n");
    place.write("column.csv", "project,busines_unit\nshop-data,Data\n");
    place.write("date.csv", "project,business_unit,valid_from\n\nshop-data,Data,soon\n");
    place.write("empty.csv", "");
    place.write("services.csv", "service,kind,driver\nshop.example.com,resource,magic\n");
    place.write("projects.json", "[{\"projectId\":\"shop-data\",");
    place.write("other.json", "{\"colour\":\"red\"}");
    let cases = [
        ("--map", "double.csv", "double.csv:4"),
        ("--map", "column.csv", "column.csv:1"),
        ("--map", "date.csv", "date.csv:3"),
        ("--map", "empty.csv", "empty.csv"),
        ("--map", ".", "."),
        ("--services", "services.csv", "services.csv:2"),
        ("--services", "none.csv", "none.csv"),
        ("--projects", "projects.json", "projects.json"),
        ("--projects", "other.json", "other.json"),
        ("--projects", "none.json", "none.json"),
    ];
    for (option, file, place_named) in cases {
        place.run(&["report", "good.jsonl", option, file]).ends(2).says(&[place_named]);
    }
    place.run(&["map", "check", "double.csv"]).says(&["double.csv:4"]);
}

#[test]
fn an_unknown_insert_id_is_wrong_use() {
    let place = with_log();
    place.run(&["explain", "good.jsonl", "--insert-id", "zzz"]).ends(2).says(&["zzz"]);
    assert!(place.run(&["explain", "good.jsonl", "--insert-id", "-b"]).ends(0).out.contains("-b"));
}

#[test]
fn strict_fails_when_a_record_is_rejected_and_rejected_keeps_its_bytes() {
    let place = Place::new();
    let raw = b"{\"insertId\": \"\xff\", \"a\" :  [1,}".as_slice();
    let bytes = [good("a").to_string().as_bytes(), b"\n", raw, b"\n", good("b").to_string().as_bytes(), b"\n"].concat();
    place.write("bad.jsonl", bytes);
    place.run(&["report", "bad.jsonl"]).ends(0).says(&["bad.jsonl:2", "byte", "rejected"]);
    place.run(&["report", "bad.jsonl", "--strict"]).ends(1);
    place.run(&["calls", "bad.jsonl", "--strict"]).ends(1);
    let ran = place.run(&["calls", "bad.jsonl", "--rejected", "kept.jsonl", "--format", "json"]);
    assert_eq!(ids(&ran.ends(0).json()), ["a", "b"]);
    assert_eq!(std::fs::read(place.path("kept.jsonl")).unwrap(), [raw, b"\n"].concat());
    // Not whole goes before not strict.
    place.run(&["report", "bad.jsonl", "none.jsonl", "--strict"]).ends(3);
    place.log("fine.jsonl", &[good("a")]).run(&["report", "fine.jsonl", "--strict", "--rejected", "no.jsonl"]).ends(0);
    assert_eq!(std::fs::read(place.path("no.jsonl")).unwrap(), b"");
}

#[test]
fn standard_input_a_list_of_files_and_globs_are_inputs() {
    let place = Place::new();
    place.log("logs/a.jsonl", &[good("a")]).log("logs/b.jsonl", &[good("b")]).log("c.jsonl", &[good("c")]);
    let piped = place.run_with(&["calls", "-", "--format", "json", "-q"], format!("{}\n", good("piped")).as_bytes());
    let document = piped.ends(0).json();
    assert_eq!((ids(&document), &document["rows"][0]["source"]), (vec!["piped"], &json!("-:1")));
    let args = ["calls", "-", "--stdin-name", "feed", "--format", "json", "-q"];
    assert_eq!(place.run_with(&args, good("x").to_string().as_bytes()).ends(0).json()["rows"][0]["source"], "feed:1");
    assert_eq!(ids(&place.calls(&["logs/*.jsonl"], 0)), ["a", "b"]);
    assert_eq!(ids(&place.calls(&["**/*.jsonl"], 0)), ["a", "b", "c"]);
    place.write("list", "logs/a.jsonl\nc.jsonl\n").write("list0", "logs/b.jsonl\0c.jsonl\0");
    assert_eq!(ids(&place.calls(&["--files-from", "list"], 0)), ["a", "c"]);
    assert_eq!(ids(&place.calls(&["logs/a.jsonl", "--files-from", "list0"], 0)), ["a", "b", "c"]);
    let listed = place.run_with(&["calls", "--files-from", "-", "--format", "json", "-q"], b"c.jsonl\r\n\n");
    assert_eq!(ids(&listed.ends(0).json()), ["c"]);
    place.run(&["report", "--files-from", "none"]).ends(3).says(&["none"]);
}

#[test]
fn one_file_given_twice_is_read_once_with_a_warning() {
    let place = with_log();
    let document = place.calls(&["good.jsonl", "./good.jsonl", "*.jsonl"], 0);
    assert_eq!((ids(&document), &document["tally"]["merged"]), (vec!["-b", "a"], &json!({})));
    place.run(&["report", "good.jsonl", "./good.jsonl"]).ends(0).tells(&["input_twice"]);
}

#[test]
fn a_failure_leaves_no_half_file_and_the_old_one_in_place() {
    let place = with_log();
    place.write("old.json", "old").write("bad.csv", "project,business_unit\n");
    let before = place.files();
    place.run(&["report", "good.jsonl", "--map", "bad.csv", "-o", "old.json"]).ends(2);
    place.run(&["explain", "good.jsonl", "--insert-id", "zzz", "-o", "old.json"]).ends(2);
    place.run(&["report", "good.jsonl", "-o", "none/out.json"]).ends(3).says(&["none/out.json"]);
    assert_eq!(place.files(), before);
    assert_eq!(std::fs::read(place.path("old.json")).unwrap(), b"old");
    place.run(&["report", "good.jsonl", "-o", "old.json"]).ends(0);
    assert_eq!(place.files(), before);
    let report: Value = serde_json::from_slice(&std::fs::read(place.path("old.json")).unwrap()).unwrap();
    assert_eq!(report["totals"]["calls"], 2);
}

#[test]
fn a_full_disk_is_told() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let place = with_log();
    let mut command = place.command(&["calls", "good.jsonl", "--format", "csv", "-q"]);
    let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot be written") && !said.contains("panicked"), "{said}");
}

#[test]
fn a_closed_pipe_is_success() {
    let samples = root().join("sample-logs");
    let place = Place::new();
    for format in ["csv", "json", "ndjson", "table", "markdown", "html", "xlsx", "parquet"] {
        let mut command = place.command(&["calls", samples.to_str().unwrap(), "--format", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 4];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!said.contains("panicked"), "{format}: {said}");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{format}: {said}");
    }
}

#[test]
fn a_closed_standard_error_is_no_failure() {
    let samples = root().join("sample-logs");
    let place = Place::new();
    // `broken.jsonl` has rejected records, which are named on standard error.
    let mut command = place.command(&["report", samples.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
