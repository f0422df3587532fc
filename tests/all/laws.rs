//! Laws of the output: threads, order of inputs, pieces, compression and shape do not change the result.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::world::{document, root, run};

pub fn samples() -> PathBuf {
    root().join("sample-logs")
}

/// The NDJSON samples, sorted.
fn sample_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(samples()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort();
    assert!(files.len() > 10, "only {} sample files", files.len());
    files
}

/// The arguments, with mapping and inventory of the samples.
pub fn attributed(command: &str, inputs: &[String]) -> Vec<String> {
    let mut args = vec![command.to_owned()];
    args.extend(inputs.iter().cloned());
    for (option, file) in [("--map", "business-units.csv"), ("--projects", "projects.json")] {
        args.extend([option.to_owned(), samples().join(file).display().to_string()]);
    }
    args
}

/// The bytes that a command writes.
fn written(args: &[String], more: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out");
    let mut all: Vec<&str> = args.iter().map(String::as_str).collect();
    all.extend(more);
    all.extend(["--quiet", "-o", path.to_str().unwrap()]);
    run(&all).unwrap_or_else(|failure| panic!("{all:?}: {failure}"));
    fs::read(&path).unwrap()
}

pub fn read(args: &[String]) -> Value {
    document(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What does not depend on how the records are laid out in files: no provenance, no source, no examples (they name file and
/// line), and not that copies stand in two files.
fn without_places(mut document: Value) -> Value {
    document["provenance"] = Value::Null;
    for row in document["rows"].as_array_mut().unwrap() {
        row.as_object_mut().unwrap().remove("source");
    }
    document["diagnostics"].as_object_mut().unwrap().remove("overlapping_sinks");
    for diagnostic in document["diagnostics"].as_object_mut().unwrap().values_mut() {
        diagnostic["examples"] = Value::Null;
    }
    document
}

fn paths(files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| file.display().to_string()).collect()
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let everything = [samples().display().to_string()];
    for (command, format) in [("report", "json"), ("calls", "json"), ("calls", "csv")] {
        let args = attributed(command, &everything);
        let one = written(&args, &["--format", format, "--threads", "1"]);
        assert!(one.len() > 1000);
        for threads in ["2", "5"] {
            let several = written(&args, &["--format", format, "--threads", threads]);
            assert!(one == several, "{command} --format {format} --threads {threads} differs");
        }
    }
}

#[test]
fn the_order_of_the_inputs_changes_no_byte() {
    let mut files = paths(&sample_files());
    for (command, format) in [("report", "json"), ("calls", "json"), ("calls", "csv")] {
        let forwards = written(&attributed(command, &files), &["--format", format]);
        files.reverse();
        let backwards = written(&attributed(command, &files), &["--format", format]);
        files.rotate_left(5);
        let mixed = written(&attributed(command, &files), &["--format", format]);
        assert!(forwards == backwards && forwards == mixed, "{command} --format {format} differs");
    }
}

#[test]
fn cutting_a_file_into_several_changes_nothing() {
    let lines: Vec<String> = sample_files()
        .iter()
        .flat_map(|file| fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| !line.trim().is_empty())
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, lines: &[String]| {
        let path = directory.path().join(name);
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        path.display().to_string()
    };
    let whole = [write("whole.jsonl", &lines)];
    for size in [1, 7, 100] {
        let name = |at: usize| format!("size{size}-piece{at:04}.jsonl");
        // One record a file would be slow for all of them and is no other case.
        let (pieces, rest) = lines.split_at(if size == 1 { 60 } else { lines.len() });
        let mut cut: Vec<String> = pieces.chunks(size).enumerate().map(|(at, lines)| write(&name(at), lines)).collect();
        if !rest.is_empty() {
            cut.push(write(&name(9999), rest));
        }
        for command in ["report", "calls"] {
            let one = without_places(read(&attributed(command, &whole)));
            let several = without_places(read(&attributed(command, &cut)));
            assert!(one == several, "{command}: pieces of {size} records give another result");
        }
    }
}

#[test]
fn compression_changes_nothing() {
    let plain = fs::read(samples().join("bigquery_job.jsonl")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let half = plain[..plain.len() / 2].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let gz = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zst = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let variants = [
        ("a.jsonl", plain.clone()),
        ("a.jsonl.gz", gz(&plain)),
        ("a.jsonl.zst", zst(&plain)),
        // Concatenated members, and names that say nothing about the content.
        ("members.jsonl", [gz(&plain[..half]), gz(&plain[half..])].concat()),
        ("frames.json", [zst(&plain[..half]), zst(&plain[half..])].concat()),
        ("plain.jsonl.gz", plain.clone()),
    ];
    let mut expected = None;
    for (name, bytes) in variants {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        let found = without_places(read(&attributed("calls", &[path.display().to_string()])));
        assert!(found["tally"]["calls"].as_u64().unwrap() > 50, "{name}");
        assert!(found == *expected.get_or_insert_with(|| found.clone()), "{name} differs from the plain file");
    }
}

/// A row without its source, and with its time to the microsecond, which is all that some exports keep.
fn call(row: &Value) -> Value {
    let mut row = row.clone();
    row.as_object_mut().unwrap().remove("source");
    let time = row["timestamp"].as_str().unwrap().trim_end_matches('Z');
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    row["timestamp"] = json!(format!("{seconds}.{:0<6.6}", fraction));
    row
}

fn calls_of(path: &Path) -> Vec<Value> {
    let document = read(&attributed("calls", &[path.display().to_string()]));
    let mut calls: Vec<Value> = document["rows"].as_array().unwrap().iter().map(call).collect();
    calls.sort_by_key(Value::to_string);
    calls
}

#[test]
fn every_shape_of_the_same_entries_gives_the_same_calls() {
    let shapes = samples().join("shapes");
    let expected = calls_of(&shapes.join("ndjson.jsonl"));
    assert_eq!(expected.len(), 6);
    let mut files: Vec<PathBuf> = fs::read_dir(&shapes).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 16, "only {} shapes", files.len());
    let mut failures = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let found = calls_of(file);
        if found.len() != expected.len() {
            failures.push(format!("{name}: {} calls, not {}", found.len(), expected.len()));
            continue;
        }
        for (found, expected) in found.iter().zip(&expected) {
            for (column, value) in expected.as_object().unwrap() {
                if found[column] != *value {
                    let id = &expected["insert_id"];
                    failures.push(format!("{name}: {id}: {column} is {}, not {value}", found[column]));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
