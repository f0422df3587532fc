//! Text from a log can steer neither a terminal nor a spreadsheet.

use serde_json::{Value, json};

use super::program::{Place, good};

/// Control characters, terminal escapes, bidirectional and invisible characters.
const NASTY: &str = "x\u{1b}[31mred\u{1b}]0;title\u{7}\u{8}\r\n\u{9b}2J\u{202e}txt\u{200b}\u{7f}";

fn nasty_log() -> Place {
    let place = Place::new();
    let mut known = good(&format!("id{NASTY}"));
    known["protoPayload"]["methodName"] = json!(format!("storage.objects.{NASTY}"));
    known["protoPayload"]["resourceName"] = json!(format!("projects/_/buckets/{NASTY}"));
    known["protoPayload"]["authenticationInfo"]["principalEmail"] = json!(NASTY);
    let mut unknown = good("other");
    unknown["protoPayload"]["serviceName"] = json!(format!("{NASTY}.example.com"));
    unknown["resource"]["labels"]["project_id"] = json!(NASTY);
    unknown["timestamp"] = json!(NASTY);
    let mut wrong = good("wrong");
    wrong["timestamp"] = json!(7);
    wrong[NASTY] = json!(NASTY);
    place.log("nasty.jsonl", &[known, unknown, wrong]);
    place
}

/// Characters that a terminal would obey; line breaks are the program's own.
fn raw(text: &str) -> Vec<char> {
    let steers = |c: &char| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}');
    text.chars().filter(steers).collect()
}

#[test]
fn text_from_a_log_cannot_steer_a_terminal() {
    let place = nasty_log();
    let id = format!("id{NASTY}");
    let by = "service,method,principal,resource,payer";
    let commands: [&[&str]; 10] = [
        &["report", "nasty.jsonl", "--by", by, "--format", "table"],
        &["report", "nasty.jsonl", "--by", by, "--format", "markdown"],
        &["report", "nasty.jsonl", "--by", by, "--format", "json"],
        &["calls", "nasty.jsonl", "--format", "table"],
        &["calls", "nasty.jsonl", "--format", "markdown"],
        &["report", "nasty.jsonl", "--by", by, "--format", "html"],
        &["calls", "nasty.jsonl", "--format", "html"],
        &["calls", "nasty.jsonl", "--format", "ndjson"],
        &["explain", "nasty.jsonl", "--insert-id", &id],
        &["explain", "nasty.jsonl", "--insert-id", "other"],
    ];
    for args in commands {
        let ran = place.run(args);
        ran.ends(0);
        assert_eq!((raw(&ran.out), raw(&ran.err)), (vec![], vec![]), "{args:?}: {ran:#?}");
    }
    // One row stays one line.
    let table = place.run(&["report", "nasty.jsonl", "--by", "method", "--format", "table", "-q"]);
    assert!(table.out.lines().all(|line| !line.starts_with("txt")), "{table:#?}");
    let init = place.run(&["map", "init", "nasty.jsonl"]);
    assert_eq!((raw(&init.ends(0).out), raw(&init.err)), (vec![], vec![]), "{init:#?}");
}

#[test]
fn names_and_options_cannot_steer_a_terminal_either() {
    let place = Place::new();
    place.log("good.jsonl", &[good("a")]);
    let name = format!("none-{}.json", NASTY.replace('\n', ""));
    place.write("list", format!("good.jsonl\n{name}\n"));
    for args in [
        vec!["report", "good.jsonl", &name],
        vec!["report", "--files-from", "list"],
        vec!["report", "good.jsonl", "--map", &name],
        vec!["report", "good.jsonl", "--by", &name],
        vec!["report", "good.jsonl", "--timezone", &name],
        vec!["explain", "good.jsonl", "--insert-id", &name],
    ] {
        let ran = place.run(&args);
        assert_ne!(ran.code, Some(0), "{args:?}");
        assert_eq!((raw(&ran.out), raw(&ran.err)), (vec![], vec![]), "{args:?}: {ran:#?}");
    }
}

/// The first column of a CSV, without the header.
fn column(text: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap().get(at).unwrap().to_owned()).collect()
}

#[test]
fn a_report_is_safe_in_a_spreadsheet_and_calls_are_raw() {
    let place = Place::new();
    let formulas = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "plain"];
    let entries: Vec<Value> = formulas
        .iter()
        .map(|formula| {
            let mut entry = good(formula);
            entry["protoPayload"]["methodName"] = json!(formula);
            entry
        })
        .collect();
    place.log("formulas.jsonl", &entries);
    let cells = |args: &[&str], name: &str| {
        let all: Vec<&str> = [args, &["formulas.jsonl", "--format", "csv", "-q"]].concat();
        let mut cells = column(&place.run(&all).ends(0).out, name);
        cells.sort();
        cells
    };
    let sorted = |texts: Vec<String>| {
        let mut texts = texts;
        texts.sort();
        texts
    };
    let as_written = sorted(formulas.iter().map(ToString::to_string).collect());
    let harmless = sorted(
        formulas.iter().map(|text| if *text == "plain" { (*text).to_owned() } else { format!("'{text}") }).collect(),
    );
    assert_eq!(cells(&["report", "--by", "method"], "method"), harmless);
    assert_eq!(cells(&["report", "--by", "method", "--raw"], "method"), as_written);
    assert_eq!(cells(&["calls"], "insert_id"), as_written);
    assert_eq!(cells(&["calls", "--spreadsheet-safe"], "insert_id"), harmless);
}
