//! The contract with machines: every document of `report` and `calls` holds its schema, and its sums agree.

use std::path::Path;
use std::process::Output;
use std::sync::OnceLock;

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

use super::closed_lists::write_lists_if_updating;
use super::kept::output;
use super::world::root;

pub const MAP: &str = "sample-logs/business-units.csv";
pub const PROJECTS: &str = "sample-logs/projects.json";

/// The columns of `calls`, in their order.
pub const CALLS: [&str; 40] = [
    "timestamp",
    "service",
    "method",
    "kind",
    "rule",
    "payer",
    "payer_number",
    "storage_payer",
    "unit",
    "cost_center",
    "principal",
    "principal_project",
    "delegated_by",
    "resource",
    "resource_project",
    "location",
    "model",
    "model_version",
    "billable",
    "reason",
    "payer_reason",
    "driver",
    "quantity",
    "quantity_unit",
    "total_billed_bytes",
    "processed_bytes",
    "total_slot_ms",
    "status_code",
    "flags",
    "confidence",
    "evidence_path",
    "evidence_text",
    "conflicts",
    "labels",
    "entries",
    "merged",
    "log_name",
    "insert_id",
    "call_key",
    "source",
];

/// The measures of `report`, in their order.
pub const MEASURES: [&str; 9] = [
    "calls",
    "billable_calls",
    "failed_calls",
    "billed_bytes",
    "slot_ms",
    "entries",
    "first_seen",
    "last_seen",
    "share",
];

/// What `--filters` adds to a report, in their order; the last comes with `--prove`.
pub const FILTERS: [&str; 4] = ["filter", "filter_url", "exact", "proof"];

/// The columns by which a report can be grouped.
pub const GROUPINGS: [&str; 18] = [
    "unit",
    "cost_center",
    "payer",
    "storage_payer",
    "service",
    "kind",
    "method",
    "principal",
    "principal_project",
    "location",
    "resource_project",
    "resource",
    "model",
    "reason",
    "day",
    "hour",
    "month",
    "log",
];

/// The columns by which a report with a bill can be grouped as well.
pub const BILL_GROUPINGS: [&str; 8] =
    ["sku", "cost_type", "basis", "pool", "currency", "invoice_month", "billing_account", "corrects"];

/// The columns that a bill puts in the place of the share, in their order.
pub const MONEY: [&str; 5] = ["cost", "credits", "net_cost", "share", "basis"];

/// Groupings whose documents are looked at: the default, each column alone, and some together.
fn groupings() -> Vec<String> {
    let mut all = vec!["unit,payer,service".to_owned(), "log,day,storage_payer,unit".to_owned(), GROUPINGS.join(",")];
    all.extend(GROUPINGS.iter().map(|name| (*name).to_owned()));
    all
}

/// The document that a command prints, and how it ended.
fn ended(args: &[&str]) -> (Value, Option<i32>, String) {
    let mut all = args.to_vec();
    all.extend(["--format", "json"]);
    let Output { status, stdout, stderr } = output(&all);
    let stderr = String::from_utf8(stderr).unwrap();
    let text = String::from_utf8(stdout).unwrap();
    let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}\n{text}\n{stderr}"));
    (document, status.code(), stderr)
}

/// The document of a command that goes well.
pub fn document(args: &[&str]) -> Value {
    let (document, code, stderr) = ended(args);
    assert_eq!(code, Some(0), "{args:?}: {stderr}");
    document
}

/// The sample logs reported by each of the groupings.
pub fn reports() -> &'static [(String, Value)] {
    static REPORTS: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    REPORTS.get_or_init(|| {
        let report = |by: String| {
            let mut args = with_tables("report");
            args.extend(["--by", &by]);
            let document = document(&args);
            (by, document)
        };
        groupings().into_iter().map(report).collect()
    })
}

pub fn with_tables(command: &'static str) -> Vec<&'static str> {
    vec![command, "sample-logs", "--map", MAP, "--projects", PROJECTS, "--quiet"]
}

pub fn schema(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join("schema").join(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The schemas, compiled once.
pub struct Schemas {
    report: jsonschema::Validator,
    calls: jsonschema::Validator,
}

impl Schemas {
    pub fn read() -> Self {
        write_lists_if_updating();
        let compile = |name: &str| {
            let schema = schema(name);
            jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name} is no schema: {error}"));
            jsonschema::validator_for(&schema).unwrap()
        };
        Self { report: compile("report.schema.json"), calls: compile("calls.schema.json") }
    }

    fn errors(&self, document: &Value) -> Vec<String> {
        let schema = if document["command"] == "calls" { &self.calls } else { &self.report };
        let text = |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
        schema.iter_errors(document).take(20).map(text).collect()
    }

    pub fn hold(&self, what: &str, document: &Value) {
        let errors = self.errors(document);
        assert!(errors.is_empty(), "{what}:\n{}", errors.join("\n"));
        balances(what, document);
    }
}

pub fn sum(counts: &Value) -> u64 {
    counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

/// What a schema cannot say: sums, and the columns of the rows.
fn balances(what: &str, document: &Value) {
    let tally = &document["tally"];
    let number = |key: &str| tally[key].as_u64().unwrap();
    let records = sum(&tally["rejected"]) + sum(&tally["skipped"]) + sum(&tally["merged"]) + number("calls");
    assert_eq!(number("records"), records, "{what}: records");
    let calls = sum(&tally["not_billable"]) + number("attributed") + sum(&tally["unattributed"]);
    assert_eq!(number("calls"), calls, "{what}: calls");
    let names: Vec<&str> = names_of(&document["columns"]);
    for row in document["rows"].as_array().unwrap() {
        let mut found: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        let mut columns = names.clone();
        found.sort_unstable();
        columns.sort_unstable();
        assert_eq!(found, columns, "{what}");
    }
    if document["command"] == "calls" {
        assert_eq!(document["rows"].as_array().unwrap().len() as u64, number("calls"), "{what}: rows");
        return;
    }
    for measure in ["calls", "billable_calls", "failed_calls", "billed_bytes", "slot_ms", "entries"] {
        let rows: u64 = document["rows"].as_array().unwrap().iter().map(|row| row[measure].as_u64().unwrap()).sum();
        assert_eq!(document["totals"][measure], json!(rows), "{what}: {measure}");
    }
    assert_eq!(document["totals"]["calls"], tally["calls"], "{what}");
    let billable = number("attributed") + sum(&tally["unattributed"]);
    assert_eq!(document["totals"]["billable_calls"], json!(billable), "{what}");
}

pub fn names_of(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|member| member["name"].as_str().unwrap()).collect()
}

#[test]
fn every_report_holds_its_schema() {
    let schemas = Schemas::read();
    schemas.hold("no map", &document(&["report", "sample-logs", "--quiet"]));
    schemas.hold("projects alone", &document(&["report", "sample-logs", "--projects", PROJECTS, "--quiet"]));
    for (by, document) in reports() {
        schemas.hold(by, document);
        let columns = names_of(&document["columns"]);
        let keys: Vec<&str> = by.split(',').collect();
        assert_eq!(columns, [&keys[..], &MEASURES[..]].concat(), "{by}");
    }
    for (option, count) in [("--filters", 3), ("--prove", 4)] {
        let mut args = with_tables("report");
        args.push(option);
        let document = document(&args);
        schemas.hold(option, &document);
        let columns = names_of(&document["columns"]);
        assert_eq!(columns, [&["unit", "payer", "service"], &MEASURES[..], &FILTERS[..count]].concat(), "{option}");
    }
    let mut args = with_tables("report");
    args.extend(["--by", "hour,unit", "--from", "2026-10-02", "--to", "2026-10-09", "--timezone", "Europe/Berlin"]);
    let document = document(&args);
    schemas.hold("a period", &document);
    assert_eq!(
        document["period"],
        json!({"from": "2026-10-01T22:00:00Z", "to": "2026-10-08T22:00:00Z", "timezone": "Europe/Berlin"})
    );
    assert!(document["tally"]["skipped"]["outside_period"].as_u64() > Some(0));
}

#[test]
fn every_list_of_calls_holds_its_schema() {
    let schemas = Schemas::read();
    let runs = [with_tables("calls"), vec!["calls", "sample-logs", "--quiet"], {
        let mut args = with_tables("calls");
        args.extend(["--from", "2026-10-02", "--to", "2026-10-09"]);
        args
    }];
    for args in runs {
        let document = document(&args);
        schemas.hold(&format!("{args:?}"), &document);
        assert_eq!(names_of(&document["columns"]), CALLS);
        assert_eq!(document["totals"], json!({}));
    }
}

#[test]
fn the_schemas_refuse_what_is_not_in_the_contract() {
    let schemas = Schemas::read();
    let spoil = |document: &Value, path: &str, value: Value| {
        let mut spoilt = document.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        spoilt.pointer_mut(parent).unwrap_or_else(|| panic!("{path}"))[key] = value;
        spoilt
    };
    let mut args = with_tables("report");
    args.push("--prove");
    let report = document(&args);
    for (path, value) in [
        ("/schema_version", json!(2)),
        ("/extra", json!(1)),
        ("/period/from", json!("2026-10-01")),
        ("/tally/rejected/no_such_reason", json!(1)),
        ("/rows/0/unit", json!("")),
        ("/rows/0/share", json!(1.5)),
        ("/rows/0/calls", json!("1")),
        ("/rows/0/first_seen", json!("2026-10-01T00:00:00+02:00")),
        ("/rows/0/surprise", json!(null)),
        ("/rows/0/exact", json!("yes")),
        ("/rows/0/filter", json!(null)),
        ("/rows/0/proof/missing", json!(-1)),
        ("/rows/0/proof/surprise", json!(0)),
        ("/totals/unit", json!("Storefront")),
        ("/diagnostics/no_such_kind", json!({"count": 1, "examples": []})),
        ("/gaps/unattributed", json!([{"reason": "no_such_reason", "calls": 1, "billable_calls": 0}])),
    ] {
        assert!(!schemas.errors(&spoil(&report, path, value)).is_empty(), "{path} was not refused");
    }
    let calls = document(&with_tables("calls"));
    for (path, value) in [
        ("/rows/0/kind", json!("no_such_kind")),
        ("/rows/0/rule", json!(null)),
        ("/rows/0/insert_id", json!("")),
        ("/rows/0/billable", json!("true")),
        ("/rows/0/confidence", json!(101)),
        ("/rows/0/call_key", json!("ABC")),
        ("/rows/0/source", json!("a.jsonl")),
        ("/rows/0/evidence_text", json!(null)),
        ("/totals/calls", json!(1)),
    ] {
        assert!(!schemas.errors(&spoil(&calls, path, value)).is_empty(), "{path} was not refused");
    }
}

#[test]
fn an_empty_input_is_a_whole_document() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.jsonl");
    std::fs::write(&empty, "").unwrap();
    let schemas = Schemas::read();
    for command in ["report", "calls"] {
        let (document, code, _) = ended(&[command, empty.to_str().unwrap()]);
        assert_eq!(code, Some(0));
        schemas.hold(command, &document);
        assert_eq!(document["rows"], json!([]));
        assert_eq!(document["tally"]["records"], json!(0));
        assert_eq!(document["diagnostics"]["no_records"]["count"], json!(1));
        assert_eq!(document["incomplete"], json!(false));
    }
    let (document, ..) = ended(&["report", empty.to_str().unwrap()]);
    assert_eq!(document["totals"]["share"], Value::Null, "0 of 0 has no share");
    assert_eq!(document["totals"]["calls"], json!(0));
}

/// A compressed file that ends in the middle.
pub fn truncated(directory: &Path) -> String {
    let whole = std::fs::read(root().join("sample-logs/shapes/ndjson.jsonl.gz")).unwrap();
    let path = directory.join("cut.jsonl.gz");
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn an_incomplete_result_says_so_in_every_format() {
    let directory = tempfile::tempdir().unwrap();
    let schemas = Schemas::read();
    let cut = truncated(directory.path());
    let missing = directory.path().join("missing.jsonl").to_str().unwrap().to_owned();
    for (input, diagnostic) in [(&cut, "input_truncated"), (&missing, "input_unreadable")] {
        for command in ["report", "calls"] {
            let (document, code, _) = ended(&[command, "sample-logs/vertex_ai.jsonl", input, "--quiet"]);
            assert_eq!(code, Some(3), "{command} {input}");
            schemas.hold(command, &document);
            assert_eq!(document["incomplete"], json!(true));
            assert_eq!(document["diagnostics"][diagnostic]["count"], json!(1));
            assert!(document["tally"]["calls"].as_u64() > Some(0), "the good entries are kept");
            let inputs = document["provenance"]["inputs"].as_array().unwrap();
            let unfinished: Vec<&Value> = inputs.iter().filter(|input| input["complete"] == json!(false)).collect();
            assert_eq!(unfinished.len(), 1);
            for format in ["table", "markdown", "csv", "ndjson", "html"] {
                let output = output(&[command, "sample-logs/vertex_ai.jsonl", input, "--format", format, "--quiet"]);
                assert_eq!(output.status.code(), Some(3), "{command} {format}");
                let text = String::from_utf8(output.stdout).unwrap();
                let mark = if format == "ndjson" { "{\"incomplete\":true}\n" } else { "INCOMPLETE" };
                assert!(text.contains(mark), "{command} {format}: {text}");
            }
            let parquet = directory.path().join("out.parquet");
            let parquet = parquet.to_str().unwrap();
            let code = output(&[command, "sample-logs/vertex_ai.jsonl", input, "-o", parquet, "--quiet"]).status.code();
            assert_eq!(code, Some(3), "{command} parquet");
            let parquet = SerializedFileReader::new(std::fs::File::open(parquet).unwrap()).unwrap();
            assert_eq!(metadata(&parquet, "incomplete"), "true");
        }
    }
}

#[test]
fn without_billable_calls_there_is_no_share() {
    let document = document(&["report", "sample-logs/kubernetes.jsonl", "--by", "kind", "--quiet"]);
    Schemas::read().hold("kubernetes", &document);
    assert_eq!(document["totals"]["billable_calls"], json!(0));
    let rows = document["rows"].as_array().unwrap().iter();
    assert!(rows.chain([&document["totals"]]).all(|row| row["share"].is_null()));
}

#[test]
fn unknown_is_null_and_never_an_empty_text() {
    let directory = tempfile::tempdir().unwrap();
    let hollow = json!({
        "logName": "projects/shop-web-prod/logs/cloudaudit.googleapis.com%2Fdata_access",
        "resource": {"type": "", "labels": {"project_id": "shop-web-prod", "location": ""}},
        "timestamp": "2026-10-01T08:00:00Z",
        "insertId": "",
        "labels": {},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "",
            "methodName": "",
            "resourceName": "",
            "authenticationInfo": {"principalEmail": ""},
            "resourceLocation": {"currentLocations": [""]},
            "authorizationInfo": [{"resource": "", "permission": "", "granted": true}],
        },
    });
    let mut records = vec![hollow.clone()];
    for (pointer, value) in [
        ("/logName", json!("")),
        ("/resource/labels/project_id", json!("")),
        ("/timestamp", json!("")),
        ("/timestamp", json!("2300-01-01T00:00:00Z")),
        ("/protoPayload/serviceName", json!("storage.googleapis.com")),
        ("/protoPayload/serviceName", json!("bigquery.googleapis.com")),
        ("/protoPayload/serviceName", json!("aiplatform.googleapis.com")),
        ("/protoPayload/serviceName", json!("pubsub.googleapis.com")),
        ("/protoPayload/serviceName", json!("secretmanager.googleapis.com")),
        ("/protoPayload/resourceName", json!("projects//locations//publishers//models/")),
    ] {
        let mut record = hollow.clone();
        *record.pointer_mut(pointer).unwrap() = value;
        records.push(record);
    }
    let logs = super::world::ndjson(directory.path(), "logs.jsonl", &records);
    let map = directory.path().join("map.csv");
    std::fs::write(&map, "project,business_unit,cost_center\nshop-web-prod,A,\n").unwrap();
    let map = map.to_str().unwrap();
    let schemas = Schemas::read();
    let calls = document(&["calls", &logs, "--map", map, "--quiet"]);
    schemas.hold("calls", &calls);
    assert_eq!(calls["tally"]["records"], json!(records.len()));
    assert!(calls["rows"].as_array().unwrap().len() > 5);
    let by = GROUPINGS.join(",");
    schemas.hold("report", &document(&["report", &logs, "--map", map, "--by", &by, "--quiet"]));
}

/// A value of a Parquet file's metadata.
pub fn metadata(parquet: &SerializedFileReader<std::fs::File>, key: &str) -> String {
    let pairs = parquet.metadata().file_metadata().key_value_metadata().unwrap();
    pairs.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone()).unwrap()
}

#[test]
fn diagnostics_count_exactly_and_keep_a_hundred_examples() {
    let directory = tempfile::tempdir().unwrap();
    let lines: Vec<Value> = (0..150)
        .map(|at| {
            json!({
                "logName": "projects/shop-web-prod/logs/cloudaudit.googleapis.com%2Factivity",
                "resource": {"type": "audited_resource", "labels": {"project_id": "shop-web-prod"}},
                "timestamp": "2026-10-01T08:00:00Z",
                "insertId": format!("id{at}"),
                "protoPayload": {
                    "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                    "serviceName": format!("unheard-of-{at}.googleapis.com"),
                    "methodName": "Do",
                },
            })
        })
        .collect();
    let input = super::world::ndjson(directory.path(), "logs.jsonl", &lines);
    let document = document(&["report", &input, "--quiet"]);
    Schemas::read().hold("many", &document);
    assert_eq!(document["diagnostics"]["unknown_service"]["count"], json!(150));
    assert_eq!(document["diagnostics"]["unknown_service"]["examples"].as_array().unwrap().len(), 100);
}
