//! The exit codes of the contract, through the program itself.

use std::io::Read;
use std::process::Stdio;

use super::contract::{MAP, PROJECTS, truncated};
use super::kept::{output, program};

#[test]
fn exit_codes_are_those_of_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = "sample-logs/vertex_ai.jsonl";
    let broken = "sample-logs/broken.jsonl";
    let cut = truncated(directory.path());
    let empty = path("empty.jsonl", "");
    let bad_map = path("bad.csv", "project,business_unit\nads-bidding,A\nads-bidding,B\n");
    // One project, by id and by number, with two units.
    let twice = path("twice.csv", "project,business_unit\nshop-web-prod,A\n482910337715,B\n");
    let no_json = path("no.txt", "hello\n");
    let rejected = directory.path().join("rejected").to_str().unwrap().to_owned();
    let nowhere = directory.path().join("nowhere/out.csv").to_str().unwrap().to_owned();
    let missing = directory.path().join("missing").to_str().unwrap().to_owned();
    let cases: Vec<(i32, Vec<&str>)> = vec![
        (0, vec!["report", good]),
        (0, vec!["calls", broken]),
        (0, vec!["report", broken, "--rejected", &rejected]),
        (0, vec!["report", &empty]),
        (0, vec!["report", good, "--strict"]),
        (0, vec!["--help"]),
        (0, vec!["--version"]),
        (0, vec!["map", "check", MAP]),
        (1, vec!["report", broken, "--strict"]),
        (1, vec!["calls", broken, "--strict"]),
        (1, vec!["report", &no_json, "--strict"]),
        (1, vec!["map", "check", &twice, "--projects", PROJECTS]),
        (2, vec!["map", "check", &bad_map]),
        (2, vec!["report", good, "--map", &twice, "--projects", PROJECTS]),
        (2, vec![]),
        (2, vec!["report"]),
        (2, vec!["no-such-command"]),
        (2, vec!["report", good, "--no-such-option"]),
        (2, vec!["report", good, "--by", "no_such_column"]),
        (2, vec!["report", good, "--format", "no_such_format"]),
        (2, vec!["report", good, "--from", "yesterday"]),
        (2, vec!["report", good, "--from", "2026-11", "--to", "2026-10"]),
        (2, vec!["report", good, "--timezone", "Nowhere/Land"]),
        (2, vec!["report", good, "--map", &missing]),
        (2, vec!["report", good, "--map", &bad_map]),
        (2, vec!["report", good, "--projects", &missing]),
        (2, vec!["report", good, "--projects", MAP]),
        (2, vec!["report", good, "--services", &missing]),
        (2, vec!["report", good, "--services", MAP]),
        (2, vec!["report", good, "--config", &missing]),
        (2, vec!["report", "["]),
        (3, vec!["report", &missing]),
        (3, vec!["report", good, &missing]),
        (3, vec!["calls", &cut]),
        (3, vec!["report", broken, &cut, "--strict"]),
        (3, vec!["report", good, "-o", &nowhere]),
    ];
    let mut failures = Vec::new();
    for (expected, args) in cases {
        let output = output(&args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(expected) {
            failures.push(format!("{args:?}: {:?}, not {expected}: {stderr}", output.status.code()));
        }
        if expected == 2 && stderr.is_empty() {
            failures.push(format!("{args:?}: no word on standard error"));
        }
        if expected == 2 && !output.stdout.is_empty() {
            failures.push(format!("{args:?}: a result in spite of wrong use"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_missing_input_is_named_on_standard_error_when_the_result_goes_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let (missing, out) = (directory.path().join("missing.jsonl"), directory.path().join("out"));
    let (missing, out) = (missing.to_str().unwrap(), out.to_str().unwrap());
    for format in ["table", "json", "markdown", "csv", "ndjson", "html", "xlsx", "parquet"] {
        let output = output(&["report", "sample-logs/vertex_ai.jsonl", missing, "--format", format, "-o", out]);
        assert_eq!(output.status.code(), Some(3), "{format}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("missing.jsonl"), "{format}: {said:?}");
    }
}

#[test]
fn an_empty_input_is_done_with_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.jsonl");
    std::fs::write(&empty, "").unwrap();
    for args in [["report", empty.to_str().unwrap()], ["calls", directory.path().to_str().unwrap()]] {
        let output = output(&args);
        assert_eq!(output.status.code(), Some(0));
        let said = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&said).contains("no records"), "{}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn a_closed_pipe_is_success() {
    let mut child = program(&["calls", "sample-logs", "--format", "ndjson", "--quiet"]).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 10]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_not_done() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = program(&["calls", "sample-logs", "--format", "csv", "--quiet"]);
    let output = command.stdout(Stdio::from(full)).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}
