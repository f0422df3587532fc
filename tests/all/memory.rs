//! Laws of memory: however little there is, the result has the same bytes, and nothing is left on disk.

use std::fs;
use std::path::PathBuf;

use billtrail::commands::Failure;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::generated::entry;
use super::laws::{attributed, samples};
use super::program::Place;
use super::world::{ndjson, run};

/// The result of a command, as a file of these bytes.
fn written(args: &[String], more: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out");
    let mut all: Vec<&str> = args.iter().map(String::as_str).collect();
    all.extend(more);
    all.extend(["--quiet", "-o", path.to_str().unwrap()]);
    run(&all).unwrap_or_else(|failure| panic!("{all:?}: {failure}"));
    fs::read(&path).unwrap()
}

/// Fails unless each command gives the same bytes with little memory, on any number of threads, and leaves nothing behind.
fn law(inputs: &[String]) {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().to_str().unwrap();
    let mut backwards = inputs.to_vec();
    backwards.reverse();
    for command in [
        &["report", "--format", "json"] as &[&str],
        &["report", "--format", "csv", "--by", "resource,principal,day,storage_payer"],
        &["calls", "--format", "json"],
        &["calls", "--format", "csv"],
        &["calls", "--format", "parquet"],
    ] {
        let expected = written(&attributed(command[0], inputs), &command[1..]);
        for (memory, threads, inputs) in [("1", "2", inputs), ("40KiB", "1", &backwards), ("100KiB", "5", &backwards)] {
            let limits = ["--memory", memory, "--threads", threads, "--temp-dir", directory];
            let found = written(&attributed(command[0], inputs), &[&command[1..], &limits].concat());
            assert!(found == expected, "{command:?} differs with {limits:?}");
        }
    }
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

/// So many made-up entries from a small world.
fn entries(count: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| entry().new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn samples_give_the_same_bytes_in_any_memory() {
    law(&[samples().display().to_string()]);
}

#[test]
fn real_logs_give_the_same_bytes_in_any_memory() {
    if let Some(folder) = std::env::var_os("BILLTRAIL_REAL_LOGS") {
        law(&[PathBuf::from(folder).display().to_string()]);
    }
}

#[test]
fn merged_calls_are_the_same_in_any_memory() {
    let directory = tempfile::tempdir().unwrap();
    let entries = entries(900);
    let third = |at: usize| &entries[at * 300..(at + 1) * 300];
    let files: Vec<String> = [third(0), third(1), &[third(2), &third(0)[..100]].concat()]
        .into_iter()
        .enumerate()
        .map(|(at, entries)| ndjson(directory.path(), &format!("{at}.jsonl"), entries))
        .collect();
    law(&files);
}

#[test]
fn an_explanation_is_the_same_in_any_memory() {
    let directory = tempfile::tempdir().unwrap();
    let file = ndjson(directory.path(), "a.jsonl", &entries(400));
    let args = attributed("explain", &[file]);
    let expected = written(&args, &["--insert-id", "a"]);
    assert!(expected.len() > 10_000);
    assert!(written(&args, &["--insert-id", "a", "--memory", "1", "--threads", "3"]) == expected);
}

#[test]
fn a_place_that_takes_nothing_is_not_done_and_leaves_no_result() {
    let place = Place::new();
    place.log("a.jsonl", &entries(50)).write("old.csv", "old");
    let little = ["report", "a.jsonl", "--memory", "1", "--temp-dir", "none", "-o", "old.csv"];
    place.run(&little).ends(3).says(&["billtrail: none: temporary data cannot be kept there", "--temp-dir"]);
    assert_eq!(fs::read(place.path("old.csv")).unwrap(), b"old");
    assert_eq!(place.files(), ["a.jsonl", "old.csv"]);
    // Nobody needs the place when memory suffices.
    place.run(&["report", "a.jsonl", "--temp-dir", "none"]).ends(0);
    let failure = run(&["report", "a.jsonl", "--memory", "much"]).unwrap_err();
    assert!(matches!(failure, Failure::Settings(_)) && failure.to_string().contains("64MiB"), "{failure}");
}
