//! Closing: a closed month says what it said, what arrives late is a correction in the open month, and all months together come to
//! the bill.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use billtrail::model::money::Amount;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bill_laws::row;
use super::program::{Place, Ran};
use super::world::root;

const LOGS: [&str; 2] = ["bigquery_job.jsonl", "vertex_ai.jsonl"];

fn place() -> Place {
    let place = Place::new();
    for name in LOGS {
        place.write(&format!("logs/{name}"), fs::read(root().join("sample-logs").join(name)).unwrap());
    }
    for name in ["business-units.csv", "projects.json"] {
        place.write(name, fs::read(root().join("sample-logs").join(name)).unwrap());
    }
    place
}

/// A row that costs nothing, so that the bill is that of the logs.
fn paying(month: &str) -> Value {
    json!({
        "billing_account_id": "A", "invoice": {"month": month}, "service": {"description": "Compute Engine"},
        "usage_start_time": "2026-10-01 12:00:00 UTC", "project": {"id": "shop-data"}, "cost": 0, "currency": "EUR",
    })
}

fn cost(month: &str, project: &str, amount: &str) -> Value {
    let mut row = paying(month);
    row["project"] = json!({"id": project});
    row["cost"] = json!(amount);
    row
}

fn statements(place: &Place, month: &str, out: &str, more: &[&str]) -> Ran {
    let args = [
        "statements",
        "logs",
        "--map",
        "business-units.csv",
        "--projects",
        "projects.json",
        "--bill",
        "bill/*.json",
        "--by",
        "cost_center,payer,service,sku,corrects",
        "--month",
        month,
        "--out",
        out,
        "--quiet",
    ];
    place.run(&[&args[..], more].concat())
}

fn close(place: &Place, month: &str, out: &str) -> Ran {
    place.run(&["close", month, out, "--closed", "closed", "--quiet"])
}

const CLOSED: [&str; 2] = ["--closed", "closed"];

/// The figures of statements: the rows of every page.
fn figures(directory: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let rows = files.filter(|path| path.extension().is_some_and(|ending| ending == "csv"));
    rows.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(|row| row.unwrap()).collect()
}

/// The rows of all pages of statements, without the index.
fn all_rows(directory: &Path) -> Vec<BTreeMap<String, String>> {
    figures(directory).keys().filter(|name| *name != "index.csv").flat_map(|name| rows(&directory.join(name))).collect()
}

fn plus(a: Amount, b: Amount) -> Amount {
    a.checked_add(b).unwrap()
}

fn net(rows: &[BTreeMap<String, String>]) -> Amount {
    rows.iter().map(|row| Amount::parse(&row["net_cost"]).unwrap_or_default()).fold(Amount::ZERO, plus)
}

fn net_of_bill(rows: &[Value]) -> Amount {
    let amount = |value: &Value| match value {
        Value::String(text) => Amount::parse(text).unwrap(),
        other => Amount::parse(&other.to_string()).unwrap_or_default(),
    };
    rows.iter().map(|row| plus(amount(&row["cost"]), amount(&row["credits"][0]["amount"]))).fold(Amount::ZERO, plus)
}

#[test]
fn what_arrives_late_is_a_correction_in_the_open_month() {
    let place = place();
    place.log("bill/a.json", &[cost("202610", "shop-data", "100"), cost("202610", "ads-bidding", "7")]);
    statements(&place, "2026-10", "out/10", &[]).ends(0);
    close(&place, "2026-10", "out/10").ends(0);
    let before = figures(&place.path("out/10"));
    // A credit and a charge come late, and the first charges of November.
    place.log(
        "bill/b.json",
        &[cost("202610", "shop-data", "-30"), cost("202610", "research-nlp", "5.5"), cost("202611", "shop-data", "40")],
    );
    statements(&place, "2026-10", "again", &CLOSED).ends(0);
    assert_eq!(figures(&place.path("again")), before);
    statements(&place, "2026-11", "out/11", &CLOSED).ends(0);
    let november = all_rows(&place.path("out/11"));
    let mut shown: Vec<[&str; 3]> = (november.iter().filter(|row| !row["net_cost"].is_empty()))
        .map(|row| [row["payer"].as_str(), row["corrects"].as_str(), row["net_cost"].as_str()])
        .collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [["research-nlp", "2026-10", "5.5"], ["shop-data", "(none)", "40"], ["shop-data", "2026-10", "-30"]]
    );
    let manifest: Value = serde_json::from_slice(&fs::read(place.path("out/11/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["tie_outs"][0]["bill"], "15.5");
    place.run(&["verify", "out/11"]).ends(0);
    // The next month corrects what November does not hold yet.
    close(&place, "2026-11", "out/11").ends(0);
    place.log(
        "bill/c.json",
        &[cost("202610", "shop-data", "1"), cost("202611", "shop-data", "2"), cost("202612", "shop-data", "3")],
    );
    statements(&place, "2026-12", "out/12", &CLOSED).ends(0);
    let december = all_rows(&place.path("out/12"));
    let mut shown: Vec<[&str; 2]> = december
        .iter()
        .filter(|row| !row["net_cost"].is_empty())
        .map(|row| [row["corrects"].as_str(), row["net_cost"].as_str()])
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, [["(none)", "3"], ["2026-10", "1"], ["2026-11", "2"]]);
    // Statements of November, verified as they were made: before it was closed, and before December's rows were there.
    fs::remove_file(place.path("bill/c.json")).unwrap();
    place.run(&["verify", "out/11"]).ends(0);
    // A report of all months has all of it.
    place.log(
        "bill/c.json",
        &[cost("202610", "shop-data", "1"), cost("202611", "shop-data", "2"), cost("202612", "shop-data", "3")],
    );
    let report = place.run(&[
        "report",
        "logs",
        "--map",
        "business-units.csv",
        "--projects",
        "projects.json",
        "--bill",
        "bill/*.json",
        "--closed",
        "closed",
        "--by",
        "invoice_month,corrects",
        "--format",
        "json",
        "--quiet",
    ]);
    let report = report.ends(0).json();
    assert_eq!(report["totals"]["net_cost"], "128.5");
    let cell =
        |row: &Value| ["invoice_month", "corrects", "net_cost"].map(|name| row[name].as_str().unwrap_or("").to_owned());
    let mut shown: Vec<[String; 3]> =
        report["rows"].as_array().unwrap().iter().map(cell).filter(|row| !row[2].is_empty()).collect();
    shown.sort();
    let expected = [
        ["2026-10", "(none)", "107"],
        ["2026-11", "(none)", "40"],
        ["2026-11", "2026-10", "-24.5"],
        ["2026-12", "(none)", "3"],
        ["2026-12", "2026-10", "1"],
        ["2026-12", "2026-11", "2"],
    ];
    assert_eq!(shown, expected.map(|row| row.map(str::to_owned)));
}

#[test]
fn a_month_is_closed_once_and_in_its_turn() {
    let place = place();
    place.log(
        "bill/a.json",
        &[cost("202610", "shop-data", "100"), cost("202611", "shop-data", "1"), cost("202612", "shop-data", "2")],
    );
    statements(&place, "2026-10", "10", &[]).ends(0);
    statements(&place, "2026-11", "11", &[]).ends(0);
    // Not what they would be now, not of this month, not whole.
    let page = place.path("10/index.csv");
    let text = fs::read(&page).unwrap();
    fs::write(&page, "changed").unwrap();
    close(&place, "2026-10", "10").ends(1).says(&["is not closed"]);
    fs::write(&page, text).unwrap();
    close(&place, "2026-11", "10").ends(2).says(&["not those of this month"]);
    assert!(!place.path("closed").exists());
    statements(&place, "2026-10", "part", &["logs/nowhere.jsonl"]).ends(3);
    close(&place, "2026-10", "part").ends(2).says(&["INCOMPLETE"]);
    close(&place, "2026-10", "10").ends(0);
    close(&place, "2026-10", "10").ends(2).says(&["is closed already"]);
    close(&place, "2026-12", "11").ends(2).says(&["the next one is 2026-11"]);
    // Made without what is closed, it would lack the corrections.
    close(&place, "2026-11", "11").ends(2).says(&["made without the months that are closed"]);
    statements(&place, "2026-11", "11", &["--closed", "closed", "--replace"]).ends(0);
    close(&place, "2026-11", "11").ends(0);
    let kept: Value = serde_json::from_slice(&fs::read(place.path("closed/2026-10.json")).unwrap()).unwrap();
    let schema: Value = super::contract::schema("closed.schema.json");
    let schema = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> =
        schema.iter_errors(&kept).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn closed_months_that_cannot_be_used_are_refused() {
    let place = place();
    place.log("bill/a.json", &[cost("202610", "shop-data", "100"), cost("202611", "shop-data", "1")]);
    statements(&place, "2026-10", "10", &[]).ends(0);
    close(&place, "2026-10", "10").ends(0);
    let november = |more: &[&str]| statements(&place, "2026-11", "11", &[&["--closed", "closed"], more].concat());
    november(&["--timezone", "UTC"]).ends(2).says(&["was closed with days in America/Los_Angeles", "--timezone"]);
    let by = ["report", "logs", "--bill", "bill/*.json", "--closed", "closed", "--by", "principal", "--quiet"];
    place.run(&by).ends(2).says(&["closed months keep no `principal`"]);
    place.run(&["report", "logs", "--closed", "closed"]).ends(2);
    place
        .run(&["report", "logs", "--bill", "bill/*.json", "--closed", "nowhere"])
        .ends(2)
        .says(&["no directory of closed months"]);
    // Without the logs of a closed month its costs would be shared anew, and without its rows nothing is known of it.
    place.write("other/none.jsonl", "");
    let other =
        ["report", "other", "--bill", "bill/a.json", "--closed", "closed", "--invoice-month", "2026-11", "--quiet"];
    place.run(&other).ends(2).says(&["the logs hold 0 calls of 2026-10", "give its logs too"]);
    place.log("bill/b.json", &[cost("202611", "shop-data", "1")]);
    let alone = [
        "report",
        "logs",
        "--bill",
        "bill/b.json",
        "--closed",
        "closed",
        "--by",
        "unit",
        "--format",
        "json",
        "--quiet",
    ];
    let report = place.run(&alone).ends(0).json();
    assert_eq!(
        (&report["totals"]["net_cost"], report["diagnostics"]["closed_month_unread"]["count"].as_u64()),
        (&json!("101"), Some(1))
    );
    // Changed by hand.
    let text = fs::read_to_string(place.path("closed/2026-10.json")).unwrap();
    place.write("closed/2026-10.json", text.replace("\"100\"", "\"99\""));
    november(&[]).ends(2).says(&["closed/2026-10.json: the closed month was changed"]);
    place.write("closed/2026-10.json", &text);
    place.write("closed/2026-12.json", &text);
    november(&[]).ends(2).says(&["closed/2026-12.json: it is that of 2026-10"]);
}

#[test]
fn calls_that_arrive_late_change_no_closed_statement_and_are_said() {
    let place = place();
    place.log("bill/a.json", &[cost("202610", "ads-insights", "12"), cost("202611", "shop-data", "1")]);
    statements(&place, "2026-10", "10", &[]).ends(0);
    close(&place, "2026-10", "10").ends(0);
    let log = fs::read_to_string(place.path("logs/vertex_ai.jsonl")).unwrap();
    let late: String =
        log.lines().take(3).map(|line| line.replace("\"insertId\":\"", "\"insertId\":\"late") + "\n").collect();
    place.write("logs/late.jsonl", late);
    statements(&place, "2026-10", "again", &CLOSED).ends(0);
    assert_eq!(figures(&place.path("again")), figures(&place.path("10")));
    statements(&place, "2026-11", "11", &CLOSED).ends(0);
    for out in ["again", "11"] {
        let page = fs::read_to_string(place.path(out).join("index.html")).unwrap();
        assert!(page.contains("late_calls") || page.contains("late_<wbr>calls"), "{out}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 6, ..ProptestConfig::default() })]

    #[test]
    fn all_months_come_to_the_bill_whatever_arrives_when(
        rows in prop::collection::vec((row(), 0_usize..3, 0_usize..3), 3..40),
        late_calls in 0_usize..12,
    ) {
        let months = ["202610", "202611", "202612"];
        let place = place();
        let mut all = Vec::new();
        let arrives = |all: &mut Vec<Value>, step: usize| {
            let mut batch: Vec<Value> = vec![paying(months[step])];
            for (row, month, arrival) in &rows {
                // Rows of a month are not there before it.
                if *arrival.max(month) == step {
                    let mut row = row.clone();
                    row["invoice"]["month"] = json!(months[*month]);
                    batch.push(row);
                }
            }
            place.log(&format!("bill/{step}.json"), &batch);
            all.extend(batch);
        };
        let mut sent = Vec::new();
        for (step, month) in ["2026-10", "2026-11", "2026-12"].into_iter().enumerate() {
            arrives(&mut all, step);
            if step == 1 {
                let log = fs::read_to_string(root().join("sample-logs/bigquery_job.jsonl")).unwrap();
                let late: String = log.lines().take(late_calls).map(|line| line.replace("insertId\":\"", "insertId\":\"late") + "\n").collect();
                place.write("logs/late.jsonl", late);
            }
            let closed: &[&str] = if step == 0 { &[] } else { &CLOSED };
            statements(&place, month, month, closed).ends(0);
            sent.push(figures(&place.path(month)));
            if step < 2 {
                close(&place, month, month).ends(0);
            }
        }
        let mut sum = Amount::ZERO;
        for (month, sent) in ["2026-10", "2026-11", "2026-12"].into_iter().zip(&sent) {
            let again = format!("again-{month}");
            statements(&place, month, &again, &CLOSED).ends(0);
            prop_assert_eq!(&figures(&place.path(&again)), sent);
            sum = plus(sum, net(&all_rows(&place.path(month))));
        }
        prop_assert_eq!(sum, net_of_bill(&all));
    }
}
