//! What people see: the results on the sample logs in the formats for reading, kept in `tests/expected/formats`.
//!
//! Without a terminal nothing depends on a width, so that these texts are the same everywhere.

use super::kept::{compare, output};

/// What a run on the samples prints, on standard output and, below it, on standard error.
fn keep(file: &str, args: &[&str]) {
    let mut all = vec!["report", "sample-logs", "--map", "sample-logs/business-units.csv"];
    all.extend(args);
    let output = output(&all);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\u{1b}'), "{file}: colours without a terminal");
    compare(&format!("tests/expected/formats/{file}"), &text);
    let said = String::from_utf8(output.stderr).unwrap();
    compare(&format!("tests/expected/formats/{file}.stderr"), &said);
}

#[test]
fn the_default_report_is_the_kept_table() {
    keep("default.txt", &[]);
}

#[test]
fn a_report_by_unit_is_the_kept_table() {
    keep("unit.txt", &["--by", "unit"]);
}

#[test]
fn a_report_by_unit_is_the_kept_markdown() {
    keep("unit.md", &["--by", "unit", "--format", "markdown"]);
}

#[test]
fn a_report_by_unit_is_the_kept_csv() {
    keep("unit.csv", &["--by", "unit", "--format", "csv"]);
}
