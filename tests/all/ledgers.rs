//! Ledgers: what is read from one is what is read from its logs, and a ledger is the old one or the new one.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::contract::schema;
use super::generated::entry;
use super::laws::{attributed, samples};
use super::program::{Place, good};
use super::world::{ndjson, run};

/// The commands whose results are compared.
const COMMANDS: [&[&str]; 3] = [
    &["report", "--format", "json", "--by", "unit,payer,service,day,log"],
    &["calls", "--format", "json"],
    &["calls", "--format", "csv"],
];

/// The result of a command, as a file of these bytes.
fn written(command: &[&str], inputs: &[String]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out");
    let args = attributed(command[0], inputs);
    let mut all: Vec<&str> = args.iter().map(String::as_str).collect();
    all.extend(&command[1..]);
    all.extend(["--quiet", "-o", path.to_str().unwrap()]);
    run(&all).unwrap_or_else(|failure| panic!("{all:?}: {failure}"));
    fs::read_to_string(&path).unwrap()
}

/// Makes a ledger of these inputs.
fn make(directory: &Path, name: &str, inputs: &[&String], more: &[&str]) -> String {
    let path = directory.join(name).to_str().unwrap().to_owned();
    let mut args = vec!["ledger", "--quiet", "-o", &path];
    args.extend(inputs.iter().map(|input| input.as_str()));
    args.extend(more);
    run(&args).unwrap_or_else(|failure| panic!("{args:?}: {failure}"));
    path
}

/// Fails unless ledgers and logs, in any mixture, give the bytes that the logs give.
fn law(inputs: &[String]) {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let all: Vec<&String> = inputs.iter().collect();
    let (first, rest) = all.split_at(all.len() / 2);
    let whole = make(place, "whole", &all, &[]);
    let little = make(place, "little", &all, &["--memory", "1", "--threads", "3"]);
    let half = make(place, "half", first, &[]);
    let other = make(place, "other", rest, &[]);
    let both = make(place, "both", &[&other, &half], &[]);
    let grown = make(place, "grown", first, &[]);
    make(place, "grown", &all, &["--append"]);
    let mixed: Vec<String> = rest.iter().map(|input| (*input).clone()).chain([half.clone()]).collect();
    for command in COMMANDS {
        let expected = written(command, inputs);
        let ways = [
            vec![whole.clone()],
            vec![little.clone()],
            vec![half.clone(), other.clone()],
            vec![both.clone()],
            vec![grown.clone()],
            mixed.clone(),
        ];
        for way in ways {
            assert!(written(command, &way) == expected, "{command:?} {way:?}");
        }
        // Given twice it counts once, and that is said.
        let twice = written(command, &[whole.clone(), half.clone(), inputs[0].clone()]);
        let without = |text: &str| {
            serde_json::from_str::<Value>(text).ok().map(|mut document| {
                document["diagnostics"].as_object_mut().unwrap().remove("input_twice");
                document
            })
        };
        assert_eq!(without(&twice), without(&expected));
    }
}

fn logs_of(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "jsonl"))
        .map(|entry| entry.path().display().to_string())
        .collect();
    files.sort();
    files
}

#[test]
fn samples_give_the_same_bytes_from_ledgers() {
    law(&logs_of(&samples()));
}

#[test]
fn merged_calls_are_the_same_from_ledgers() {
    let mut runner = TestRunner::deterministic();
    let entries: Vec<Value> = (0..600).map(|_| entry().new_tree(&mut runner).unwrap().current()).collect();
    let directory = tempfile::tempdir().unwrap();
    let parts = [&entries[..200], &entries[150..400], &[&entries[400..], &entries[..30]].concat()];
    let file = |(at, entries): (usize, &&[Value])| ndjson(directory.path(), &format!("{at}.jsonl"), entries);
    law(&parts.iter().enumerate().map(file).collect::<Vec<_>>());
}

#[test]
fn appending_reads_what_is_new_and_replaces_what_changed() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a"), good("b")]).log("b.jsonl", &[good("b"), good("c")]);
    place.run(&["ledger", "a.jsonl", "b.jsonl", "-o", "l"]).ends(0);
    let added = place.run(&["ledger", "a.jsonl", "b.jsonl", "-o", "l", "--append"]);
    assert!(added.ends(0).out.contains("inputs 2 (added 0, replaced 0, unchanged 2), entries 4, "), "{added:?}");
    place.log("a.jsonl", &[good("a"), good("b"), good("d")]).log("c.jsonl", &[good("e")]);
    let logs = ["a.jsonl", "b.jsonl", "c.jsonl"];
    let append = |more: &[&str]| place.run(&[&["ledger", "-o", "l", "--append"], &logs as &[&str], more].concat());
    let added = append(&[]);
    assert!(added.ends(0).out.contains("inputs 3 (added 1, replaced 1, unchanged 1), entries 6, "), "{added:?}");
    let same = |place: &Place| {
        let document = |inputs: &[&str]| {
            let mut document = place.calls(inputs, 0);
            document["provenance"] = Value::Null;
            document
        };
        assert_eq!(document(&["l"])["rows"], document(&logs)["rows"]);
        assert_eq!(document(&["l"])["tally"], document(&logs)["tally"]);
    };
    same(&place);
    // The same size and the same time, but other content.
    let time = fs::metadata(place.path("c.jsonl")).unwrap().modified().unwrap();
    place.log("c.jsonl", &[good("f")]);
    fs::File::options().write(true).open(place.path("c.jsonl")).unwrap().set_modified(time).unwrap();
    let unseen = append(&[]);
    assert!(unseen.ends(0).out.contains("replaced 0, unchanged 3"), "{unseen:?}");
    let seen = append(&["--verify"]);
    assert!(seen.ends(0).out.contains("replaced 1, unchanged 2"), "{seen:?}");
    same(&place);
}

#[test]
fn what_a_ledger_cannot_answer_is_refused() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a")]).write("rows.csv", "service,kind,driver\na.example.com,resource,call\n");
    place.run(&["ledger", "a.jsonl", "-o", "l"]).ends(0);
    place.run(&["report", "l", "--where", "severity=ERROR"]).ends(2).says(&["l: a ledger", "--where"]);
    place.run(&["report", "l", "--rejected", "bad.jsonl"]).ends(2).says(&["--rejected"]);
    place.run(&["report", "l", "--prove"]).ends(2).says(&["--prove"]);
    place.run(&["lql", "match", "", "l"]).ends(2).says(&["a ledger does not hold"]);
    place.run(&["report", "l", "--services", "rows.csv"]).ends(2).says(&["made with the catalogue", "--services"]);
    for option in ["--where=a", "--from=2026", "--map=m.csv", "--projects=p.json"] {
        place.run(&["ledger", "a.jsonl", "-o", "m", option]).ends(2).says(&["a ledger holds all"]);
    }
    place.run(&["ledger", "a.jsonl", "-o", "none", "--append"]).ends(2).says(&["no ledger here"]);
    place.run(&["ledger", "a.jsonl", "-o", "a.jsonl"]).ends(2).says(&["is no ledger"]);
    place.write("folder/x", "");
    place.run(&["ledger", "a.jsonl", "-o", "folder"]).ends(2).says(&["is no ledger"]);
    place.run_with(&["ledger", "-", "-o", "m"], b"{}").ends(2).says(&["standard input"]);
    assert!(!place.path("m").exists());
}

#[test]
fn a_ledger_is_what_its_schema_says() {
    let place = Place::new();
    let logs = samples().join("bigquery_job.jsonl").display().to_string();
    place.write("bad.jsonl", "{\"logName\":1,}\n{}\n");
    place.run(&["ledger", &logs, "bad.jsonl", "-o", "l"]).ends(0);
    let manifest: Value = serde_json::from_slice(&fs::read(place.path("l/manifest.json")).unwrap()).unwrap();
    let errors: Vec<String> = jsonschema::validator_for(&schema("ledger.schema.json"))
        .unwrap()
        .iter_errors(&manifest)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let segment = place.path("l").join(manifest["segments"][0]["file"].as_str().unwrap());
    let reader = SerializedFileReader::new(fs::File::open(segment).unwrap()).unwrap();
    let found = reader.metadata().file_metadata().schema_descr().columns().to_vec();
    let found: Vec<Value> = found
        .iter()
        .map(|column| {
            let logical = column.logical_type_ref().map(|logical| format!("{logical:?}")).unwrap_or_default();
            let kind = match (column.physical_type().to_string().as_str(), logical.as_str()) {
                ("BYTE_ARRAY", "String") => "text",
                ("BOOLEAN", "") => "boolean",
                ("INT64", "") => "integer",
                ("INT64", logical) if logical.contains("Timestamp") => "time",
                ("INT64", logical) if logical.contains("Integer") => "unsigned",
                other => panic!("{other:?}"),
            };
            json!([column.name(), kind])
        })
        .collect();
    let columns = schema("ledger-columns.json");
    let told: Vec<Value> =
        columns["columns"].as_array().unwrap().iter().map(|column| json!([column["name"], column["type"]])).collect();
    assert_eq!(found, told);
    assert_eq!(columns["format_version"], manifest["format_version"]);
}

#[test]
fn a_damaged_or_newer_ledger_is_refused() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a"), good("b")]);
    let made = || place.run(&["ledger", "a.jsonl", "-o", "l"]).ends(0).code;
    made();
    let manifest = place.path("l/manifest.json");
    let segment = || {
        let mut name = fs::read_dir(place.path("l")).unwrap().map(|entry| entry.unwrap().path());
        name.find(|path| path.extension().is_some_and(|ending| ending == "parquet")).unwrap()
    };
    let bytes = fs::read(segment()).unwrap();
    for damaged in
        [bytes[..bytes.len() / 2].to_vec(), [&bytes[..50], &[bytes[50] ^ 1], &bytes[51..]].concat(), Vec::new()]
    {
        fs::write(segment(), damaged).unwrap();
        place.run(&["report", "l"]).ends(3).says(&["damaged", "make it anew"]);
    }
    fs::remove_file(segment()).unwrap();
    place.run(&["report", "l"]).ends(3).says(&["segment-"]);
    made();
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, &text[..text.len() - 30]).unwrap();
    place.run(&["report", "l"]).ends(3).says(&["damaged"]);
    fs::write(&manifest, text.replace("\"records\": 2", "\"records\": 3")).unwrap();
    place.run(&["report", "l"]).ends(3).says(&["SHA-256"]);
    place.run(&["ledger", "a.jsonl", "-o", "l", "--append"]).ends(3).says(&["damaged"]);
    fs::write(&manifest, text.replace("\"format_version\": 1", "\"format_version\": 2, \"news\": []")).unwrap();
    place.run(&["report", "l"]).ends(3).says(&["a newer billtrail", "format 2"]);
    made();
    place.run(&["report", "l"]).ends(0);
}

#[test]
fn a_kill_leaves_the_old_ledger_or_the_new_one() {
    let place = Place::new();
    let entries = |from: usize, to: usize| (from..to).map(|at| good(&at.to_string())).collect::<Vec<_>>();
    place.log("a.jsonl", &entries(0, 300)).log("b.jsonl", &entries(200, 3000));
    let calls = |place: &Place| place.calls(&["l"], 0)["tally"]["calls"].as_u64().unwrap();
    let mut seen = Vec::new();
    // The last run is left alone.
    for millis in [0, 20, 60, 120, 200, 300, 450, 600, 900, u64::MAX] {
        place.run(&["ledger", "a.jsonl", "-o", "l"]).ends(0);
        let mut command = place.command(&["ledger", "a.jsonl", "b.jsonl", "-o", "l", "--append", "--quiet"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if millis < u64::MAX {
            std::thread::sleep(Duration::from_millis(millis));
            child.kill().unwrap();
        }
        child.wait().unwrap();
        seen.push(calls(&place));
    }
    assert!(seen.iter().all(|calls| [300, 3000].contains(calls)), "{seen:?}");
    assert!(seen.contains(&300) && seen.contains(&3000), "{seen:?}");
    // The next change removes what was left.
    place.run(&["ledger", "a.jsonl", "-o", "l"]).ends(0);
    let left: Vec<String> = fs::read_dir(place.path("l"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
}
