//! What the reader finds in made-up files, good and bad.

use super::*;
use crate::model::observation::Source;
use crate::model::stats::{Count, Stage};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::PathBuf;

pub(super) type Found = (Source, String, Vec<u8>);

pub(super) fn options(threads: usize, chunk: usize) -> ReadOptions {
    ReadOptions { threads, max_record: 1 << 20, chunk }
}

pub(super) fn read_files(files: &[(&str, &[u8])], options: ReadOptions) -> (Vec<Found>, ReadSummary) {
    let root = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(root.path().join(name), bytes).unwrap();
    }
    let paths: Vec<String> = files.iter().map(|(name, _)| root.path().join(name).display().to_string()).collect();
    let listing = crate::ingest::list(&paths, None, None).unwrap();
    let decode = |unit: Unit<'_>| match unit {
        Unit::Record { bytes, source } => (source, "record".to_owned(), bytes.to_vec()),
        Unit::Rejected { bytes, source, reason, detail } => (source, format!("{reason}: {detail}"), bytes.to_vec()),
        Unit::Text { source } => (source, "text".to_owned(), Vec::new()),
    };
    let mut found = Vec::new();
    let mut summary = read(&listing, &options, &decode, &mut |values| found.extend(values)).unwrap();
    found.sort();
    assert_eq!(summary.records(), found.len() as u64);
    for input in &mut summary.inputs {
        input.name = PathBuf::from(&input.name).file_name().unwrap().to_string_lossy().into_owned();
    }
    (found, summary)
}

pub(super) fn one(bytes: &[u8]) -> Vec<Found> {
    read_files(&[("a.json", bytes)], options(1, 64)).0
}

fn kinds(bytes: &[u8]) -> Vec<String> {
    one(bytes)
        .into_iter()
        .map(|(_, kind, bytes)| {
            let kind = kind.split(':').next().unwrap_or_default().to_owned();
            if kind == "record" { String::from_utf8_lossy(&bytes).into_owned() } else { kind }
        })
        .collect()
}

pub(super) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_broken_pretty_value_is_rejected_up_to_the_next_that_can_be_found() {
    let text = b"{\n \"a\": \"x\n}\n{\n \"b\": 1\n}\n";
    assert_eq!(kinds(text), ["invalid_json", "{\n \"b\": 1\n}"]);
    let array = b"[\n  {\n    \"a\": {\n  },\n  {\n    \"b\": 1\n  }\n]\n{\"c\":1}";
    assert_eq!(kinds(array), ["invalid_json", "{\n    \"b\": 1\n  }", "{\"c\":1}"]);
    let last = b"[\n  {\n    \"b\": 1\n  },\n  {\n    \"a\": {\n  }\n]\n";
    assert_eq!(kinds(last), ["{\n    \"b\": 1\n  }", "invalid_json"]);
    let joined = b"[{\n \"a\": [}\n},{\n \"b\": 1\n},{\n \"c\": 1\n}]";
    assert_eq!(kinds(joined), ["invalid_json", "{\n \"b\": 1\n}", "{\n \"c\": 1\n}"]);
    let first_line = b"{\"a\":[\n{\"b\":1}\n{\"c\":1}\n";
    assert_eq!(kinds(first_line), ["invalid_json", "{\"b\":1}", "{\"c\":1}"]);
}

#[test]
fn an_array_that_is_cut_off_says_so_once() {
    assert_eq!(kinds(b"[\n {\"a\":1},\n {\"b\":"), ["{\"a\":1}", "invalid_json"]);
    assert_eq!(kinds(b"[\n {\"a\":1},\n"), ["{\"a\":1}", "invalid_json"]);
    assert_eq!(kinds(b"{\n \"entries\": [\n {\"a\":1}\n], \"n"), ["{\"a\":1}", "invalid_json"]);
}

#[test]
fn text_before_and_between_is_skipped_and_text_alone_is_not_json() {
    assert_eq!(kinds(b"WARNING: x\n\n{\n}\nmore\n{\n}\n"), ["text", "{\n}", "text", "{\n}"]);
    assert_eq!(kinds(b"WARNING: x\n{}\nmore\n{}\n"), ["text", "{}", "text", "{}"]);
    assert_eq!(kinds(b"just\ntext\n"), ["not_json"]);
    assert_eq!(kinds(b"\0\xff\x80\0"), ["not_json"]);
    assert_eq!(kinds(b"\xff\xfe{\0}\0"), ["not_json"]);
    assert_eq!(kinds(b"insertId,logName\n{},x\n"), ["csv_export"]);
    assert!(kinds(b"").is_empty() && kinds(b" \r\n\n").is_empty() && kinds(b"[]").is_empty());
}

#[test]
fn marks_and_line_ends_of_windows_are_no_part_of_a_record() {
    let found = one(b"\xef\xbb\xbf{\"a\":1}\r\n\r\n{\"b\":\"\0\"}\r\n");
    assert_eq!(found[0].2, b"{\"a\":1}");
    assert_eq!((found[0].0.offset, found[1].0.offset, found[1].0.line), (3, 14, 3));
    assert_eq!(found[1].2, b"{\"b\":\"\0\"}");
}

#[test]
fn a_record_over_the_limit_is_rejected_and_the_next_is_read() {
    let limits = |chunk| ReadOptions { threads: 1, max_record: 30, chunk };
    let long = "x".repeat(3000);
    for text in [
        format!("{{}}\n{{\"a\":\"{long}\"}}\n{{\"b\":1}}\n"),
        format!("{{\n\"a\":\"{long}\"}}\n{{\"b\":1}}\n"),
        format!("[{{\"a\":\"{long}\"}},{{\"b\":1}}]"),
    ] {
        let (found, _) = read_files(&[("a", text.as_bytes())], limits(1 << 20));
        assert!(found.iter().any(|(_, kind, bytes)| kind.starts_with("too_large: 30") && bytes.len() == 30));
        assert_eq!(found.last().unwrap().2, b"{\"b\":1}");
        for chunk in [1, 7, 100] {
            assert_eq!(read_files(&[("a", text.as_bytes())], limits(chunk)).0, found);
        }
    }
}

#[test]
fn deep_and_wide_values_are_records() {
    let deep = format!("{{\"a\":{}{}}}\n", "[".repeat(10_000), "]".repeat(10_000));
    let wide = format!("{{\"a\":\"{}\"}}\n", "x".repeat(300_000));
    let text = deep.clone() + &wide + &deep;
    assert_eq!(one(text.as_bytes()).iter().filter(|(_, kind, _)| kind == "record").count(), 3);
}

#[test]
fn hostile_nesting_takes_no_quadratic_time() {
    let text = "{\"a\":\n".repeat(100_000);
    assert!(one(text.as_bytes()).iter().all(|(_, kind, _)| kind.starts_with("invalid_json")));
}

#[test]
fn a_truncated_file_keeps_its_good_records() {
    let text: Vec<u8> = (0..2000).flat_map(|n| format!("{{\"a\":{}}}\n", n * 7919 % 1009).into_bytes()).collect();
    let mut stored = gzip(&text);
    stored.truncate(stored.len() / 2);
    let (found, summary) = read_files(&[("a.json.gz", &stored), ("b.json", b"{}")], options(2, 1 << 10));
    let problem = summary.inputs[0].problem.clone().unwrap();
    assert_eq!(problem.kind, ProblemKind::Truncated);
    assert_eq!(summary.inputs[0].bytes, stored.len() as u64);
    assert!(found.iter().filter(|(_, kind, _)| kind == "record").count() > 100);
    assert!(summary.inputs[1].problem.is_none());
}

/// Reads a file of 20,000 lines that is changed as soon as its first record is decoded; records, and the problem.
fn read_while(compressed: bool, change: impl Fn(&std::fs::File) + Sync) -> (u64, Option<Problem>) {
    let text: Vec<u8> = (0..20_000).flat_map(|n| format!("{{\"a\":{n}}}\n").into_bytes()).collect();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.json");
    std::fs::write(&path, if compressed { gzip(&text) } else { text }).unwrap();
    let listing = crate::ingest::list(&[path.display().to_string()], None, None).unwrap();
    let once = std::sync::Once::new();
    let decode = |_: Unit<'_>| once.call_once(|| change(&std::fs::File::options().append(true).open(&path).unwrap()));
    let summary = read(&listing, &options(1, 4096), &decode, &mut |_| ()).unwrap();
    (summary.records(), summary.inputs[0].problem.clone())
}

#[test]
fn a_file_that_grows_while_it_is_read_counts_as_far_as_it_went() {
    let (records, problem) = read_while(false, |mut file| file.write_all(b"{}\n{}\n").unwrap());
    let problem = problem.unwrap();
    assert_eq!((records, problem.kind), (20_000, ProblemKind::Changed));
    assert!(problem.why.starts_with("grew from 228890 to 228896 bytes"), "{}", problem.why);
}

#[test]
fn a_file_that_is_cut_while_it_is_read_says_so() {
    for compressed in [false, true] {
        let (records, problem) = read_while(compressed, |file| file.set_len(100).unwrap());
        let problem = problem.unwrap();
        assert!(compressed || records < 20_000);
        assert_eq!(problem.kind, ProblemKind::Changed);
        assert!(problem.why.starts_with("was cut from "), "{}", problem.why);
    }
}

#[test]
fn the_meter_knows_what_the_summary_says() {
    let text = b"{\"a\":1}\n".repeat(1000);
    let directory = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, bytes) in [("a.json", text.clone()), ("b.json.gz", gzip(&text))] {
        std::fs::write(directory.path().join(name), bytes).unwrap();
        paths.push(directory.path().join(name).display().to_string());
    }
    paths.push(directory.path().join("none.json").display().to_string());
    let listing = crate::ingest::list(&paths, None, None).unwrap();
    let meter = Meter::default();
    let summary = read_metered(&listing, &options(2, 100), &|_| (), &mut |_| (), &meter).unwrap();
    assert_eq!((meter.counted(Count::Records), summary.records()), (2000, 2000));
    let stored: u64 = summary.inputs.iter().map(|input| input.bytes).sum();
    assert_eq!((meter.counted(Count::StoredBytes), meter.counted(Count::TextBytes)), (stored, 2 * text.len() as u64));
    assert_eq!((meter.counted(Count::Inputs), meter.awaited()), (2, 2));
    let stages = meter.stats().stages;
    assert!([Stage::Read, Stage::Inflate, Stage::Cut, Stage::Decode].iter().all(|stage| !stages[stage].is_zero()));
}

#[test]
fn an_input_that_has_gone_is_unreadable() {
    let input = Input { name: "gone".into(), place: crate::ingest::Place::File(PathBuf::from("/none/gone")) };
    let listing = Listing { inputs: vec![input], ..Listing::default() };
    let summary = read(&listing, &ReadOptions::default(), &|_| (), &mut |_| ()).unwrap();
    assert!(!summary.is_complete());
    assert_eq!(summary.inputs[0].problem.as_ref().map(|problem| problem.kind), Some(ProblemKind::Unreadable));
}

#[test]
fn many_small_files_are_read_side_by_side() {
    let names: Vec<String> = (0..500).map(|n| format!("{n}.json")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"{}\n{}\n".as_slice())).collect();
    assert_eq!(read_files(&files, options(4, 1 << 20)).0.len(), 1000);
}
