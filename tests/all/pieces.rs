//! Pieces: what an engine asks of the program, step by step; `.ci/spark.py` does the same with an engine.

use std::fs;

use serde_json::{Value, json};

use super::program::{Place, good};

/// An entry whose time is no time, which is noted.
fn noted(insert_id: &str) -> Value {
    let mut entry = good(insert_id);
    entry["timestamp"] = json!("soon");
    entry
}

/// The report of a piece.
fn read(place: &Place, bytes: &[u8], piece: u64, cut: Option<(usize, usize)>) -> Value {
    let (file, number) = (format!("{piece}.parquet"), piece.to_string());
    let mut args = vec!["ledger", "-", "--quiet", "--keyed", &file, "--piece", &number];
    let (offset, length) = cut.unwrap_or_default();
    let (from, bytes_of) = (offset.to_string(), length.to_string());
    if cut.is_some() {
        args.extend(["--piece-offset", &from, "--piece-length", &bytes_of]);
    }
    place.run_with(&args, &bytes[offset.saturating_sub(1)..]).ends(0).json()
}

fn seal(place: &Place, rows: &str) -> Value {
    fs::create_dir_all(place.path("l")).unwrap();
    place.run(&["ledger", rows, "--seal", "-o", "l"]).ends(0).json()
}

fn input(id: u64, path: &str, bytes: usize) -> Value {
    let before = json!({"bytes": bytes, "modified_nanos": null});
    json!({"input": {"id": id, "path": path, "before": before, "after": before, "sha256": ""}})
}

/// Seven lines of four entries: one comes twice, two are noted, and two lines are no JSON.
fn log() -> Vec<u8> {
    let [a, b, c, d] = [good("a"), noted("b"), good("c"), noted("d")];
    format!("{a}\n{{\"cut\":\n{b}\n{{\"a\":1,}}\n{c}\n{d}\n{a}\n").into_bytes()
}

#[test]
fn pieces_tell_what_the_whole_tells() {
    let place = Place::new();
    let log = log();
    let whole = read(&place, &log, 0, None);
    assert_eq!((whole["records"].as_u64(), whole["rows"].as_u64()), (Some(7), Some(4)), "{whole}");
    assert_eq!(whole["notes"]["missing_time"]["examples"][1][0], 6, "{whole}");
    let lines: Vec<Value> = whole["rejected"].as_array().unwrap().iter().map(|at| at["line"].clone()).collect();
    assert_eq!(lines, [json!(2), json!(4)]);
    let from = place.run_with(&["ledger", "-", "--look"], &log).ends(0).json()["lines_from"].as_u64().unwrap();
    let first = log.iter().position(|byte| *byte == b'\n').unwrap();
    assert_eq!(from, first as u64 + 1);
    for parts in [2, 3, 5, 40] {
        let size = log.len().div_ceil(parts);
        let cuts: Vec<usize> = (0..=parts).map(|at| (at * size).min(log.len())).collect();
        let pieces = cuts.windows(2).enumerate();
        let pieces: Vec<Value> =
            pieces.map(|(at, cut)| read(&place, &log, at as u64, Some((cut[0], cut[1] - cut[0])))).collect();
        let sum = |path: &str| {
            pieces.iter().map(|piece| piece.pointer(path).unwrap_or(&json!(0)).as_u64().unwrap()).sum::<u64>()
        };
        for path in
            ["/records", "/bytes", "/taken/entries", "/taken/rejected/invalid_json", "/notes/missing_time/count"]
        {
            assert_eq!(Some(sum(path)), whole.pointer(path).and_then(Value::as_u64), "{parts} {path}");
        }
        assert_eq!(sum("/line_breaks"), 7);
        let mut before = 0;
        let mut offsets = Vec::new();
        for piece in &pieces {
            for at in piece["rejected"].as_array().unwrap() {
                offsets.push((at["offset"].clone(), json!(at["line"].as_u64().unwrap() + before)));
            }
            before += piece["line_breaks"].as_u64().unwrap();
        }
        let expected = whole["rejected"].as_array().unwrap().iter();
        assert_eq!(offsets, expected.map(|at| (at["offset"].clone(), at["line"].clone())).collect::<Vec<_>>());
    }
}

#[test]
fn steps_make_the_ledger_that_one_run_makes() {
    let place = Place::new();
    place.write("a.jsonl", log()).log("b.jsonl", &[good("c"), good("e")]);
    let mut parts = Vec::new();
    for (id, name) in ["a.jsonl", "b.jsonl"].into_iter().enumerate() {
        let (rows, number) = (format!("{id}.parquet"), id.to_string());
        let told = place.run(&["ledger", name, "--keyed", &rows, "--piece-input", &number, "--quiet"]).ends(0).json();
        let bytes = fs::metadata(place.path(name)).unwrap().len() as usize;
        parts.extend([json!({"piece": told}), json!({"segment": seal(&place, &rows)}), input(id as u64, name, bytes)]);
    }
    place.log("parts.jsonl", &parts);
    let told = place.run(&["ledger", "parts.jsonl", "--assemble", "-o", "l"]);
    told.ends(0).says(&["a.jsonl:2: byte ", "a.jsonl:4: byte "]);
    place.run(&["ledger", "parts.jsonl", "--assemble", "-o", "l", "--strict"]).ends(1);
    let logs = place.calls(&["a.jsonl", "b.jsonl"], 0);
    assert_eq!(place.calls(&["l"], 0), logs);
    assert!(logs["diagnostics"]["missing_time"]["examples"][0].as_str().unwrap().starts_with("a.jsonl:3:"), "{logs}");
    // Nobody hashed the inputs: that they are the same is known by size and time.
    place.run(&["ledger", "l", "-o", "m", "--quiet"]).ends(0);
    assert_eq!(place.calls(&["l", "m"], 0)["rows"], logs["rows"]);
}

#[test]
fn parts_that_do_not_fit_make_no_ledger() {
    let place = Place::new();
    let log = log();
    let half = log.len() / 2;
    let pieces = [read(&place, &log, 0, Some((0, half))), read(&place, &log, 1, Some((half, log.len() - half)))];
    let [first, second] = pieces.map(|piece| json!({"piece": piece}));
    let segments = [json!({"segment": seal(&place, "0.parquet")}), json!({"segment": seal(&place, "1.parquet")})];
    let input = input(0, "a.jsonl", log.len());
    let whole = [input.clone(), first.clone(), second.clone(), segments[0].clone(), segments[1].clone()];
    let assemble = |parts: &[Value]| {
        place.log("parts.jsonl", parts);
        place.run(&["ledger", "parts.jsonl", "--assemble", "-o", "l"])
    };
    assemble(&whole).ends(0);
    fs::remove_file(place.path("l/manifest.json")).unwrap();
    let with = |at: usize, part: Value| {
        let mut parts = whole.to_vec();
        parts[at] = part;
        parts
    };
    let changed = |at: usize, pointer: &str, value: Value| {
        let mut part = whole[at].clone();
        *part.pointer_mut(pointer).unwrap() = value;
        with(at, part)
    };
    let wrong = [
        (whole[..4].to_vec(), "entries were read and"),
        (with(2, first), "piece 1 is missing"),
        (with(1, second), "piece 0 is missing"),
        (changed(1, "/piece/records", json!(9)), "records were found and"),
        (changed(1, "/piece/taken/rejected", json!({})), "accounted for"),
        (changed(1, "/piece/tool/version", json!("0.0.1")), "billtrail 0.0.1"),
        (changed(1, "/piece/catalogue_digest", json!("0")), "another catalogue"),
        (changed(1, "/piece/input", json!(7)), "a.jsonl"),
        (changed(0, "/input/before/bytes", json!(half)), "the pieces end at byte"),
        (whole[1..].to_vec(), "not listed"),
        (vec![input.clone()], "no piece of it was read"),
        (vec![input.clone(), input], "two inputs"),
        (vec![json!({"pieces": 1})], "parts.jsonl:1"),
    ];
    for (parts, why) in wrong {
        assemble(&parts).ends(3).says(&["the pieces do not make a ledger", why]);
        assert!(!place.path("l/manifest.json").exists(), "{why}");
    }
    let grown = changed(0, "/input/after/bytes", json!(log.len() + 1));
    assemble(&grown).ends(3).says(&["a.jsonl: grew from"]);
    assert_eq!(place.calls(&["l"], 3)["diagnostics"]["input_changed"]["count"], 1);
    place.write("0.parquet", "PAR1");
    place.run(&["ledger", "0.parquet", "--seal", "-o", "l"]).ends(3).says(&["0.parquet"]);
}

#[test]
fn what_says_nothing_about_a_piece_is_refused() {
    let place = Place::new();
    place.log("a.jsonl", &[good("a")]).log("b.jsonl", &[good("b")]);
    place.run(&["ledger", "a.jsonl", "b.jsonl", "--keyed", "k"]).ends(2).says(&["a piece is one input"]);
    place.run(&["ledger", "a.jsonl", "--keyed", "k", "--from=2026"]).ends(2).says(&["--from"]);
    place.run(&["ledger", "a.jsonl", "--keyed", "k", "--piece-offset=1"]).ends(2).says(&["--piece-length"]);
    let cut = ["ledger", "a.jsonl", "--keyed", "k", "--piece-offset=1", "--piece-length=9"];
    place.run(&cut).ends(2).says(&["about standard input"]);
    place.run(&["ledger", "a.jsonl", "--keyed", "k", "--look"]).ends(2).says(&["cannot be used with"]);
    place.run(&["ledger", "a.jsonl", "-o", "l", "--piece-offset=1", "--piece-length=9"]).ends(2).says(&["--keyed"]);
    place.run(&["ledger", "a.jsonl"]).ends(2).says(&["--output"]);
    place.run(&["ledger", "none.jsonl", "--keyed", "k"]).ends(2).says(&["one log"]);
    place.run(&["ledger", "none.jsonl", "--look"]).ends(3).says(&["none.jsonl"]);
    place.run(&["ledger", "none.parquet", "--seal", "-o", "."]).ends(3).says(&["none.parquet"]);
    assert!(!place.path("k").exists());
}
