//! The values of the contract: order of rows, words, shares, and that all formats hold the same.

use std::collections::BTreeMap;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};

use super::contract::{document, metadata, names_of, reports, sum, with_tables};
use super::kept::{output, printed};

#[test]
fn rows_of_a_report_are_sorted() {
    for (by, document) in reports() {
        let keys: Vec<&str> = by.split(',').collect();
        let order = |row: &Value| {
            let number = |name: &str| std::cmp::Reverse(row[name].as_u64().unwrap());
            let key: Vec<Vec<u8>> = keys.iter().map(|key| row[*key].as_str().unwrap().as_bytes().to_vec()).collect();
            (number("billable_calls"), number("calls"), key)
        };
        let rows = document["rows"].as_array().unwrap();
        for pair in rows.windows(2) {
            assert!(order(&pair[0]) < order(&pair[1]), "{by}:\n{}\n{}", pair[0], pair[1]);
        }
    }
}

#[test]
fn rows_of_calls_are_sorted() {
    let document = document(&with_tables("calls"));
    // Fraction digits differ, so that times are compared as nanoseconds and not as text.
    let nanos = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_nanos_opt().unwrap();
    let order = |row: &Value| {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        (row["timestamp"].as_str().map(nanos), text("log_name"), text("insert_id"), text("call_key"))
    };
    let rows = document["rows"].as_array().unwrap();
    for pair in rows.windows(2) {
        assert!(order(&pair[0]) < order(&pair[1]), "{}\n{}", pair[0], pair[1]);
    }
}

#[test]
fn words_of_calls_are_in_the_closed_lists() {
    let contract: Value = serde_json::from_str(&printed(&["contract", "--format", "json"])).unwrap();
    let flags = names_of(&contract["flag"]);
    let causes = names_of(&contract["merge_cause"]);
    let mut merged = BTreeMap::<String, u64>::new();
    let document = document(&with_tables("calls"));
    for row in document["rows"].as_array().unwrap() {
        for flag in row["flags"].as_str().into_iter().flat_map(|flags| flags.split(", ")) {
            assert!(flags.contains(&flag), "{row}");
        }
        let counts: Value = serde_json::from_str(row["merged"].as_str().unwrap_or("{}")).unwrap();
        for (cause, count) in counts.as_object().unwrap() {
            assert!(causes.contains(&cause.as_str()), "{row}");
            *merged.entry(cause.clone()).or_default() += count.as_u64().unwrap();
        }
        assert_eq!(row["entries"].as_u64().unwrap(), 1 + sum(&counts), "{row}");
        let labels: Value = serde_json::from_str(row["labels"].as_str().unwrap_or("{}")).unwrap();
        assert!(labels.is_object(), "{row}");
    }
    assert_eq!(document["tally"]["merged"], json!(merged));
}

#[test]
fn shares_have_six_digits_and_are_rounded_half_even() {
    let mut args = with_tables("report");
    args.extend(["--format", "json"]);
    let text = printed(&args);
    let document: Value = serde_json::from_str(&text).unwrap();
    let total = document["totals"]["billable_calls"].as_u64().unwrap();
    let written: Vec<&str> = text.split("\"share\":").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(written.len(), rows.len() + 1);
    assert_eq!(written.last(), Some(&"1.000000"));
    for (row, written) in rows.iter().zip(&written) {
        let scaled = row["billable_calls"].as_u64().unwrap() * 1_000_000;
        let (quotient, rest) = (scaled / total, scaled % total);
        let up = rest * 2 > total || (rest * 2 == total && quotient % 2 == 1);
        let millionths = quotient + u64::from(up);
        assert_eq!(*written, format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000), "{row}");
    }
}

/// One value as text; `None` is unknown.
type Plain = Option<String>;

fn from_json(column: &Value, value: &Value) -> Plain {
    match value {
        Value::Null => None,
        Value::String(text) => {
            assert!(!text.is_empty(), "{column}: an empty text");
            Some(text.clone())
        }
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) if column["type"] == "share" => Some(format!("{:.6}", number.as_f64().unwrap())),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(proof) if column["type"] == "proof" => {
            let names = ["expected", "selected", "missing", "extra", "merged", "outside_period"];
            let counts: Vec<String> = names.iter().map(|name| format!("\"{name}\":{}", proof[*name])).collect();
            Some(format!("{{{}}}", counts.join(",")))
        }
        Value::Array(_) | Value::Object(_) => panic!("{column}: {value} is no cell"),
    }
}

fn from_parquet(column: &Value, field: &Field) -> Plain {
    match field {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        Field::Bool(truth) => Some(truth.to_string()),
        Field::Long(nanos) if column["type"] == "time" => Some(billtrail::model::time::rfc3339(*nanos)),
        Field::Long(number) => Some(number.to_string()),
        Field::Decimal(share) => {
            assert_eq!((share.precision(), share.scale()), (7, 6));
            let millionths = i32::from_be_bytes(share.data().try_into().unwrap());
            Some(format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000))
        }
        other => panic!("{column}: {other:?}"),
    }
}

fn json_table(columns: &Value, rows: &[Value]) -> Vec<Vec<Plain>> {
    let columns = columns.as_array().unwrap();
    let cells =
        |row: &Value| columns.iter().map(|column| from_json(column, &row[column["name"].as_str().unwrap()])).collect();
    rows.iter().map(cells).collect()
}

#[test]
fn all_machine_formats_hold_the_same_values() {
    let directory = tempfile::tempdir().unwrap();
    let mut by_reason = with_tables("report");
    by_reason.extend(["--by", "reason,hour,model,log", "--raw"]);
    let mut raw = with_tables("report");
    raw.extend(["--raw", "--prove"]);
    let mut period = with_tables("calls");
    period.extend(["--from", "2026-10-05", "--to", "2026-10-06"]);
    for args in [raw, by_reason, with_tables("calls"), period] {
        let document = document(&args);
        let columns = &document["columns"];
        let expected = json_table(columns, document["rows"].as_array().unwrap());
        assert!(expected.len() > 20, "{args:?}");
        let file = |ending: &str| {
            let path = directory.path().join(format!("out.{ending}"));
            let mut all = args.clone();
            all.extend(["-o", path.to_str().unwrap()]);
            assert_eq!(output(&all).status.code(), Some(0));
            path
        };

        let ndjson = std::fs::read_to_string(file("ndjson")).unwrap();
        let rows: Vec<Value> = ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json_table(columns, &rows), expected, "ndjson {args:?}");

        let mut csv = csv::Reader::from_path(file("csv")).unwrap();
        assert_eq!(csv.headers().unwrap().iter().collect::<Vec<_>>(), names_of(columns), "csv {args:?}");
        let plain = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let table: Vec<Vec<Plain>> = csv.records().map(|row| row.unwrap().iter().map(plain).collect()).collect();
        assert_eq!(table, expected, "csv {args:?}");

        let parquet = SerializedFileReader::new(std::fs::File::open(file("parquet")).unwrap()).unwrap();
        let fields = columns.as_array().unwrap();
        let table: Vec<Vec<Plain>> = parquet
            .get_row_iter(None)
            .unwrap()
            .map(|row| {
                let row = row.unwrap();
                let named = row.get_column_iter().zip(fields);
                named
                    .map(|((name, field), column)| {
                        assert_eq!(name, column["name"].as_str().unwrap());
                        from_parquet(column, field)
                    })
                    .collect()
            })
            .collect();
        assert_eq!(table, expected, "parquet {args:?}");
        let kept = |key: &str| metadata(&parquet, key);
        assert_eq!(kept("schema_version"), document["schema_version"].to_string());
        assert_eq!(serde_json::from_str::<Value>(&kept("tally")).unwrap(), document["tally"]);
        let mut without_rows = document.clone();
        without_rows["rows"] = json!([]);
        assert_eq!(serde_json::from_str::<Value>(&kept("document")).unwrap(), without_rows);
    }
}

#[test]
fn csv_of_a_report_is_safe_for_spreadsheets_and_csv_of_calls_is_raw() {
    let directory = tempfile::tempdir().unwrap();
    let (report, map) = (directory.path().join("logs.jsonl"), directory.path().join("map.csv"));
    let entry = json!({
        "logName": "projects/shop-web-prod/logs/cloudaudit.googleapis.com%2Fdata_access",
        "resource": {"type": "audited_resource", "labels": {"project_id": "shop-web-prod"}},
        "timestamp": "2026-10-01T08:00:00Z",
        "insertId": "-1abc",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "secretmanager.googleapis.com",
            "methodName": "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
            "resourceName": "projects/shop-web-prod/secrets/a/versions/1",
            "authenticationInfo": {"principalEmail": "a@example.com"},
        },
    });
    std::fs::write(&report, format!("{entry}\n")).unwrap();
    std::fs::write(&map, "project,business_unit\nshop-web-prod,=1+1\n").unwrap();
    let (report, map) = (report.to_str().unwrap(), map.to_str().unwrap());
    let second_line = |args: &[&str]| {
        let mut all = args.to_vec();
        all.extend(["--map", map, "--format", "csv", "--quiet"]);
        printed(&all).lines().nth(1).unwrap().to_owned()
    };
    assert!(second_line(&["report", report]).starts_with("'=1+1,"));
    assert!(second_line(&["report", report, "--raw"]).starts_with("=1+1,"));
    assert!(second_line(&["calls", report]).contains(",-1abc,"));
    assert!(second_line(&["calls", report, "--spreadsheet-safe"]).contains(",'-1abc,"));
}
