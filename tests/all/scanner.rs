//! The fast scanner against the strict path: it accepts only what strict accepts, reads the same fields, and changes no report.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use billtrail::gcp::log_entry;
use billtrail::gcp::plain;
use billtrail::gcp::scan::{Index, scan};
use billtrail::model::observation::Source;
use billtrail::provider::{Provider, ScanCounts, Scanner};
use proptest::prelude::*;
use proptest::sample::{Index as Place, select};
use serde_json::Value;

use super::generated::entry;
use super::laws::{attributed, samples};
use super::plain_of::plain_of;
use super::world::run;

/// The lines of all samples that are JSON objects by themselves.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut lines = Vec::new();
    for directory in [samples(), samples().join("shapes")] {
        for file in fs::read_dir(directory).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let is_object = |line: &&str| matches!(serde_json::from_str(line), Ok(Value::Object(_)));
            lines.extend(text.lines().filter(is_object).map(str::to_owned));
        }
    }
    lines.sort();
    assert!(lines.len() > 500);
    lines
});

/// What the parts of a record are made of, and what breaks them.
const TOKENS: [&str; 58] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    " ",
    "\t",
    "\n",
    "\r",
    "\0",
    "\u{7f}",
    "\u{1f}",
    "/",
    "é",
    "\u{feff}",
    "\u{2028}",
    "𝄞",
    "0",
    "1",
    "7",
    "-",
    "-0",
    "01",
    "1.",
    "1.5",
    "1e5",
    "1E+400",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "true",
    "false",
    "null",
    "True",
    "nul",
    "\"\"",
    "{}",
    "[]",
    "[{}]",
    "\\u0041",
    "\\ud834\\udd1e",
    "\\ud800",
    "\\udc00x",
    "\\u00",
    "\\n",
    "\\x",
    "\\\"",
    "\"a\":1,",
    ",\"a\":[1,{\"b\":null}]",
    "\"logName\":\"l\",",
    "\"insertId\":7,",
    "\"entries\":[{}],",
    "\"receivedMessages\" : [ ] ,",
    "\"protoPayload\":null,",
    "\"resource\":{\"labels\":{\"project_id\":1}},",
];

/// One change of a record: where, how many bytes go, and what comes in their place.
fn change() -> impl Strategy<Value = (Place, usize, Vec<u8>)> {
    let token = prop_oneof![
        4 => select(TOKENS.to_vec()).prop_map(|token| token.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => Just(Vec::new()),
        1 => (1_usize..200).prop_map(|depth| ["[".repeat(depth), "]".repeat(depth)].concat().into_bytes()),
    ];
    (any::<Place>(), prop_oneof![3 => Just(0_usize), 1 => 1_usize..12], token)
}

/// A place in the record where a token begins or ends, or any place.
fn place(record: &[u8], index: Place) -> usize {
    let at = index.index(2 * (record.len() + 1));
    if at <= record.len() {
        return at;
    }
    let from = at - record.len() - 1;
    let ahead = record[from..].iter().position(|byte| b"{}[]:,\"".contains(byte)).unwrap_or(0);
    from + ahead
}

fn changed(line: &str, changes: Vec<(Place, usize, Vec<u8>)>) -> Vec<u8> {
    let mut record = line.as_bytes().to_vec();
    for (index, gone, token) in changes {
        let from = place(&record, index);
        let to = (from + gone).min(record.len());
        record.splice(from..to, token);
    }
    record
}

fn source() -> Source {
    Source { input: 0, offset: 0, line: 1, item: 0 }
}

/// Compares both paths on one record; whether the scanner vouched for it.
fn agrees(record: &[u8]) -> bool {
    let shown = || String::from_utf8_lossy(record).into_owned();
    let provider = Provider::google_cloud(None).unwrap();
    let strict = provider.decode_with_entry(record, source(), Scanner::Strict);
    let fast = provider.decode_with_entry(record, source(), Scanner::Fast);
    assert_eq!((&fast.0, &fast.1), (&strict.0, &strict.1), "{}", shown());
    let mut index = Index::default();
    if let Some(read) = index.of(record).ok().and_then(plain::read) {
        let strict = log_entry::read(record);
        let entry = strict.as_ref().ok().and_then(Option::as_ref);
        assert_eq!(Some(read), entry.and_then(plain_of), "{}", shown());
    }
    let vouched = match index.of(record).and_then(scan) {
        Ok(scanned) => {
            assert_eq!(Ok(scanned.entry), log_entry::read(record), "{}", shown());
            true
        }
        Err(_) => false,
    };
    assert_eq!(fast.2 == Scanner::Fast, vouched);
    vouched
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_accepts_only_what_strict_accepts_and_reads_the_same(
        line in any::<Place>(),
        changes in prop::collection::vec(change(), 0..4),
    ) {
        agrees(&changed(&LINES[line.index(LINES.len())], changes));
    }

    #[test]
    fn a_small_text_is_read_alike(tokens in prop::collection::vec(select(TOKENS.to_vec()), 0..9)) {
        agrees(tokens.concat().as_bytes());
        agrees(format!("{{{}}}", tokens.concat()).as_bytes());
        agrees(format!("{{\"insertId\":{}}}", tokens.concat()).as_bytes());
        agrees(format!("{{\"insertId\":\"{}\"}}", tokens.concat()).as_bytes());
    }

    #[test]
    fn the_scanner_vouches_for_usual_entries(entry in entry()) {
        prop_assert!(agrees(entry.to_string().as_bytes()));
    }
}

#[test]
fn the_scanner_vouches_for_the_samples_and_not_for_broken_records() {
    let mut counts = ScanCounts::default();
    for line in LINES.iter() {
        counts.count(if agrees(line.as_bytes()) { Scanner::Fast } else { Scanner::Strict });
    }
    assert!(counts.fast >= 99 * (counts.fast + counts.strict) / 100, "{counts:?}");
    let mut broken = ScanCounts::default();
    for line in LINES.iter() {
        broken.count(if agrees(&line.as_bytes()[..line.len() - 1]) { Scanner::Fast } else { Scanner::Strict });
    }
    assert_eq!((broken.fast, broken.strict), (0, LINES.len() as u64));
}

#[test]
fn half_a_character_is_refused_or_passed_over_alike_wherever_it_stands() {
    let mut vouched = ScanCounts::default();
    for line in LINES.iter() {
        let begins = |pair: &(usize, [u8; 2])| matches!(pair.1, [b'{' | b'[' | b',' | b':', b'"']);
        let pairs = line.bytes().zip(line.bytes().skip(1)).map(|(a, b)| [a, b]).enumerate();
        for (at, _) in pairs.filter(begins) {
            let at = at + 2;
            let record = [&line[..at], "\\ud800", &line[at..]].concat();
            vouched.count(if agrees(record.as_bytes()) { Scanner::Fast } else { Scanner::Strict });
        }
    }
    assert!(vouched.fast > 0 && vouched.strict > 0, "{vouched:?}");
}

#[test]
fn a_text_that_is_written_in_another_way_is_the_same() {
    for line in LINES.iter() {
        for (at, slash) in line.match_indices('/') {
            agrees([&line[..at], "\\", slash, &line[at + 1..]].concat().as_bytes());
        }
    }
}

#[test]
fn most_entries_are_plain() {
    let mut index = Index::default();
    let (mut plain, mut others) = (0, 0);
    for line in LINES.iter() {
        let strict = log_entry::read(line.as_bytes()).unwrap();
        let expected = strict.as_ref().and_then(plain_of);
        match (index.of(line.as_bytes()).ok().and_then(plain::read), expected) {
            (Some(_), _) => plain += 1,
            (None, Some(_)) => others += 1,
            (None, None) => {}
        }
    }
    // The rest holds an escape, a null or a field twice.
    assert!(plain > 300 && others * 20 < plain, "{plain} {others}");
}

/// The bytes of a report and of all calls.
fn written(input: &str, scanner: &str) -> [Vec<u8>; 2] {
    let directory = tempfile::tempdir().unwrap();
    ["report", "calls"].map(|command| {
        let path = directory.path().join(command);
        let args = attributed(command, &[input.to_owned()]);
        let mut all: Vec<&str> = args.iter().map(String::as_str).collect();
        all.extend(["--format", "json", "--quiet", "--scanner", scanner, "-o", path.to_str().unwrap()]);
        run(&all).unwrap_or_else(|failure| panic!("{all:?}: {failure}"));
        fs::read(&path).unwrap()
    })
}

fn same_reports(input: &Path) {
    let input = input.to_str().unwrap();
    assert!(written(input, "fast") == written(input, "strict"), "{input}: the scanner changes the result");
}

#[test]
fn the_scanner_changes_no_byte_of_the_samples() {
    same_reports(&samples());
}

#[test]
fn the_scanner_changes_no_byte_of_real_logs() {
    if let Ok(logs) = std::env::var("BILLTRAIL_REAL_LOGS") {
        same_reports(Path::new(&logs));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_changes_no_byte_of_broken_lines(
        lines in prop::collection::vec((any::<Place>(), prop::collection::vec(change(), 0..3)), 40..80),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("broken.jsonl");
        let mut text = LINES[0].clone().into_bytes();
        for (line, changes) in lines {
            text.push(b'\n');
            text.extend(changed(&LINES[line.index(LINES.len())], changes));
        }
        fs::write(&path, text).unwrap();
        same_reports(&path);
    }
}
