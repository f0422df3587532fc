//! The generated logs and the truth about them: billtrail finds what the generator meant, whatever the seed and the options.

#[path = "../../examples/generate/generator/mod.rs"]
mod generator;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use generator::{Options, generate};
use serde_json::Value;

use super::program::Place;
use super::world::document;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// Generates logs and reads the truth about them.
fn generated(directory: &Path, options: &str) -> Value {
    let arguments = Arguments::try_parse_from(std::iter::once("generate").chain(options.split_whitespace())).unwrap();
    generate(&arguments.options, directory).unwrap();
    serde_json::from_slice(&fs::read(directory.join("truth.json")).unwrap()).unwrap()
}

/// A report over the generated logs.
fn report(directory: &Path, by: &str) -> Value {
    let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let (logs, map, projects) = (path("logs"), path("business-units.csv"), path("projects.json"));
    document(&["report", &logs, "--map", &map, "--projects", &projects, "--by", by])
}

/// The rows of a table by key, each with the measures that both sides know.
fn rows(rows: &Value, key: &[&str], measures: &[&str]) -> BTreeMap<Vec<String>, Vec<u64>> {
    let texts = |row: &Value| key.iter().map(|name| row[*name].as_str().unwrap().to_owned()).collect();
    let sums = |row: &Value| measures.iter().map(|name| row[*name].as_u64().unwrap()).collect();
    rows.as_array().unwrap().iter().map(|row| (texts(row), sums(row))).collect()
}

/// Fails with the first rows that differ.
#[track_caller]
fn same(found: &BTreeMap<Vec<String>, Vec<u64>>, truth: &BTreeMap<Vec<String>, Vec<u64>>, options: &str) {
    assert!(truth.len() > 10, "{options}: only {} rows", truth.len());
    let keys = truth.keys().chain(found.keys().filter(|key| !truth.contains_key(*key)));
    let off: Vec<String> = keys
        .filter(|key| found.get(*key) != truth.get(*key))
        .map(|key| format!("{key:?}: found {:?}, true is {:?}", found.get(key), truth.get(key)))
        .collect();
    assert!(off.is_empty(), "{options}: {} rows differ:\n{}", off.len(), off[..off.len().min(20)].join("\n"));
}

const MEASURES: [&str; 6] = ["calls", "billable_calls", "failed_calls", "billed_bytes", "slot_ms", "entries"];

#[test]
fn billtrail_finds_the_truth_about_generated_logs() {
    let runs = [
        "--bytes 4MB --seed 1 --odd 0.02",
        "--bytes 4MB --seed 2 --odd 0.01 --duplicates 20% --days 1 --projects 7 --principals 5",
        "--bytes 3MB --seed 3 --unseen 50% --file-size 40kB --compress gz",
        "--bytes 3MB --seed 4 --single --compress zst --odd 1%",
        "--bytes 2MB --seed 5 --distinct --odd 0",
    ];
    for options in runs {
        let directory = tempfile::tempdir().unwrap();
        let truth = generated(directory.path(), options);
        let payers = report(directory.path(), "unit,payer,service");
        assert_eq!(payers["tally"], truth["tally"], "{options}");
        let key = ["unit", "payer", "service"];
        same(&rows(&payers["rows"], &key, &MEASURES), &rows(&truth["by_payer"], &key, &MEASURES), options);
        let key = ["service", "method", "day"];
        let days = report(directory.path(), "service,method,day");
        same(&rows(&days["rows"], &key, &["calls"]), &rows(&truth["by_day"], &key, &["calls"]), options);
    }
}

#[test]
fn the_default_logs_hold_all_that_a_reader_must_tell_apart() {
    let directory = tempfile::tempdir().unwrap();
    let tally = generated(directory.path(), "--bytes 12MB --odd 0.01")["tally"].take();
    let named = |key: &str| tally[key].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(named("merged"), ["bigquery_job", "duplicate", "operation", "split"]);
    assert_eq!(named("rejected"), ["invalid_escape", "invalid_json", "invalid_utf8", "wrong_type"]);
    assert_eq!(named("skipped"), ["not_an_entry", "not_audit"]);
    assert_eq!(named("unattributed"), ["container_log"]);
    assert!(named("not_billable").len() >= 14, "{:?}", named("not_billable"));
}

#[test]
fn distinct_entries_are_calls_of_their_own_and_single_ones_merge_only_copies() {
    let directory = tempfile::tempdir().unwrap();
    let distinct = generated(&directory.path().join("distinct"), "--bytes 2MB --odd 0 --distinct");
    assert_eq!(distinct["tally"]["records"], distinct["tally"]["calls"]);
    let single = generated(&directory.path().join("single"), "--bytes 2MB --odd 0 --single");
    let merged: Vec<&String> = single["tally"]["merged"].as_object().unwrap().keys().collect();
    assert_eq!(merged, ["duplicate"]);
}

/// Every file below a directory with its bytes.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(directory).into_iter().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|file| (file.path().strip_prefix(directory).unwrap().to_owned(), fs::read(file.path()).unwrap()))
        .collect()
}

#[test]
fn the_same_options_write_the_same_bytes_and_another_seed_writes_others() {
    let directory = tempfile::tempdir().unwrap();
    let written = |name: &str, options: &str| {
        generated(&directory.path().join(name), options);
        files(&directory.path().join(name))
    };
    let first = written("first", "--bytes 1MB --seed 9");
    assert!(first.len() > 50);
    assert!(first == written("again", "--bytes 1MB --seed 9"));
    assert!(first != written("other", "--bytes 1MB --seed 10"));
    let path = directory.path().join("first");
    let arguments = Arguments::try_parse_from(["generate", "--bytes", "1MB"]).unwrap();
    assert!(generate(&arguments.options, &path).is_err(), "a directory that is not empty is left alone");
}

#[test]
fn sizes_and_shares_are_read_strictly() {
    let options = |args: &[&str]| Arguments::try_parse_from(std::iter::once("generate").chain(args.iter().copied()));
    let read = options(&["--bytes", "2GB", "--unseen", "0.5", "--duplicates", "2.5%", "--odd", "1"]).unwrap().options;
    assert_eq!((read.bytes, read.unseen, read.duplicates, read.odd), (2_000_000_000, 500_000, 25_000, 1_000_000));
    for wrong in ["", "0", "x", "1.5GB", "-1", "18446744073709551615kB"] {
        assert!(options(&["--bytes", wrong]).is_err(), "{wrong}");
    }
    for wrong in ["", "1.1", "101%", "x", "-0.1", "0.0000001", "."] {
        assert!(options(&["--unseen", wrong]).is_err(), "{wrong}");
    }
}

#[test]
fn calls_that_are_alike_add_up_to_what_each_adds() {
    let directory = tempfile::tempdir().unwrap();
    generated(directory.path(), "--bytes 2MB --seed 6 --projects 5 --principals 6 --days 2 --duplicates 5% --odd 1%");
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let units = fs::read_to_string(path("business-units.csv")).unwrap();
    let project = units.lines().nth(1).unwrap().split(',').next().unwrap();
    let header = "project,business_unit,cost_center,valid_from,valid_to\n";
    let changing = format!(
        "{header}{project},Early,,,2026-10-01T20:31:07Z\n{project},Late,C 1,2026-10-01T20:31:07Z,\n*,Rest,,2026-10-02,\n"
    );
    let of_callers = format!("{header}principal:*-1*,Ones,,,\n{project},Named,,,\n");
    fs::write(directory.path().join("changing.csv"), changing).unwrap();
    fs::write(directory.path().join("callers.csv"), of_callers).unwrap();
    let (logs, projects) = (path("logs"), path("projects.json"));
    let whole: &[&str] = &[];
    let part = ["--from", "2026-10-01T05:00:01Z", "--to", "2026-10-02", "--timezone", "Asia/Kathmandu"];
    let mut alike = 0;
    for (map, by, more) in [
        ("business-units.csv", "unit,payer,service", whole),
        ("business-units.csv", "payer,service,method,principal,day", &["--memory", "16MiB"]),
        ("business-units.csv", "resource,reason", whole),
        ("business-units.csv", "principal_project,location,log,kind,storage_payer", &part),
        ("changing.csv", "unit,cost_center,hour", whole),
        ("changing.csv", "unit,month,resource_project", &part),
        ("callers.csv", "unit", whole),
        ("callers.csv", "unit,model,principal", &part),
    ] {
        let map = path(map);
        let report = |scanner: &str| {
            let mut args = vec!["report", &logs, "--map", &map, "--projects", &projects, "--by", by];
            args.extend(["--scanner", scanner]);
            args.extend(more);
            document(&args)
        };
        // What the strict scanner reads is never remembered.
        let (each, found) = (report("strict"), report("fast"));
        assert_eq!(found, each, "--by {by} --map {map}");
        alike += found["tally"]["calls"].as_u64().unwrap() - found["rows"].as_array().unwrap().len() as u64;
    }
    assert!(alike > 1000, "{alike} calls share a row with another");
}

/// What a run over logs counted.
fn counts(logs: &Path) -> Value {
    let run = Place::new().run(&["report", logs.to_str().unwrap(), "--quiet", "--stats=json"]);
    let stats: Value = serde_json::from_str(&run.ends(0).err).unwrap();
    stats["counts"].clone()
}

#[test]
fn each_way_of_reading_has_its_records() {
    let directory = tempfile::tempdir().unwrap();
    generated(directory.path(), "--bytes 6MB --seed 6 --projects 5 --principals 5 --odd 0");
    let whole = counts(&directory.path().join("logs"));
    let count = |counts: &Value, name: &str| counts[name].as_u64().unwrap();
    let records = count(&whole, "records");
    assert_eq!((count(&whole, "scanned_fast"), count(&whole, "scanned_strict")), (records, 0));
    assert!(2 * count(&whole, "remembered") > records, "{whole}");
    let text: Vec<u8> = files(&directory.path().join("logs")).into_values().flatten().collect();
    // An array is read by one thread, which finds the most alike.
    let array = directory.path().join("array.json");
    fs::write(&array, format!("[{}]", std::str::from_utf8(&text).unwrap().trim_end().replace('\n', ","))).unwrap();
    assert!(2 * count(&counts(&array), "remembered") > records);
    let broken = directory.path().join("broken.json");
    let odd = |(at, line): (usize, &str)| {
        if at % 10 == 0 { line.replacen("\"insertId\":\"", "\"insertId\":\"\\x", 1) } else { line.into() }
    };
    let lines = std::str::from_utf8(&text).unwrap().lines().enumerate().map(odd);
    fs::write(&broken, lines.collect::<Vec<String>>().join("\n")).unwrap();
    let broken = counts(&broken);
    assert!(count(&broken, "scanned_strict") > 0 && count(&broken, "remembered") > 0, "{broken}");
    assert_eq!(count(&broken, "scanned_strict"), count(&broken, "rejected"));
}
