//! The workbook holds what the JSON document holds, read back by a library that is not the one that wrote it.

use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use serde_json::Value;

use super::kept::output;
use super::world::document;

const REPORT: [&str; 4] = ["report", "sample-logs", "--map", "sample-logs/business-units.csv"];

/// The sheets of a command's workbook.
fn sheets(args: &[&str]) -> Vec<(String, Range<Data>)> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.xlsx");
    let ran = output(&[args, &["--quiet", "-o", path.to_str().unwrap()]].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut workbook: Xlsx<_> = open_workbook(&path).unwrap();
    workbook.worksheets()
}

fn sheet<'a>(sheets: &'a [(String, Range<Data>)], name: &str) -> &'a Range<Data> {
    &sheets.iter().find(|(found, _)| found == name).unwrap().1
}

/// Whether a cell of a workbook is a value of the JSON document.
fn same(column: &Value, value: &Value, cell: &Data) -> bool {
    match (column["type"].as_str().unwrap(), value) {
        (_, Value::Null) => *cell == Data::Empty,
        ("time", Value::String(time)) => {
            let Data::DateTime(found) = cell else { return false };
            let (year, month, day, hour, minute, second, _) = found.to_ymd_hms_milli();
            time[..19] == format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
        }
        (_, Value::Number(number)) => *cell == Data::Float(number.as_f64().unwrap()),
        (_, Value::Bool(truth)) => *cell == Data::Bool(*truth),
        (_, Value::String(text)) => *cell == Data::String(billtrail::report::safe(text).into_owned()),
        _ => false,
    }
}

#[test]
fn the_workbook_has_the_rows_and_totals_of_the_document() {
    let by = [&REPORT[..], &["--by", "unit,principal,resource,method,day"]].concat();
    for (args, name) in [(&REPORT[..], "Statement"), (&by, "Statement"), (&["calls", "sample-logs"], "Rows")] {
        let document = document(args);
        let columns = document["columns"].as_array().unwrap();
        let sheets = sheets(args);
        let sheet = sheet(&sheets, name);
        let rows = document["rows"].as_array().unwrap();
        assert!(rows.len() > 50);
        let mut expected: Vec<&Value> = rows.iter().collect();
        let has_totals = document["totals"] != serde_json::json!({});
        expected.extend(has_totals.then_some(&document["totals"]));
        assert_eq!(sheet.height(), expected.len() + 1, "{args:?}");
        for (at, row) in expected.into_iter().enumerate() {
            for (place, column) in columns.iter().enumerate() {
                let name = column["name"].as_str().unwrap();
                assert_eq!(sheet[(0, place)], Data::String(name.to_owned()));
                let Some(value) = row.get(name) else { continue };
                assert!(same(column, value, &sheet[(at + 1, place)]), "{name}: {value} {:?}", sheet[(at + 1, place)]);
            }
        }
    }
}

#[test]
fn units_of_the_summary_are_those_of_a_report_by_unit() {
    let sheets = sheets(&REPORT);
    let summary = sheet(&sheets, "Summary");
    let rows: Vec<&[Data]> = summary.rows().collect();
    let head = rows.iter().position(|row| row[0] == Data::String("unit".to_owned())).unwrap();
    let place = |name: &str| rows[head].iter().position(|cell| *cell == Data::String(name.to_owned())).unwrap();
    let units = document(&[&REPORT[..], &["--by", "unit"]].concat());
    for unit in units["rows"].as_array().unwrap() {
        let row = rows.iter().find(|row| row[0] == Data::String(unit["unit"].as_str().unwrap().to_owned())).unwrap();
        for name in ["calls", "billable_calls", "failed_calls", "billed_bytes", "slot_ms", "entries", "share"] {
            assert_eq!(row[place(name)], Data::Float(unit[name].as_f64().unwrap()), "{unit} {name}");
        }
    }
    let difference = rows.last().unwrap();
    assert_eq!(difference[0], Data::String("difference to the statement".to_owned()));
    assert!(difference[1..7].iter().all(|cell| *cell == Data::Float(0.0)), "{difference:?}");
}

#[test]
fn what_is_unallocated_is_all_there() {
    let document = document(&REPORT);
    let sheets = sheets(&REPORT);
    let count = |member: &str| document["gaps"][member].as_array().unwrap().len();
    let expected = count("unmapped") + count("unattributed") + count("missing_hours");
    assert_eq!(sheet(&sheets, "Unallocated").height(), expected + 1);
    let provenance = sheet(&sheets, "Provenance");
    let inputs = provenance.rows().filter(|row| row[0] == Data::String("input".to_owned())).count();
    assert_eq!(inputs, document["provenance"]["inputs"].as_array().unwrap().len());
}

#[test]
fn the_same_input_is_the_same_workbook() {
    let made =
        |threads: &str| output(&[&REPORT[..], &["--format", "xlsx", "--quiet", "--threads", threads]].concat()).stdout;
    let one = made("1");
    assert!(one.len() > 10_000 && one == made("5"));
}
