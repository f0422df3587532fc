//! Coverage: evidence held against a count of the test's own, states on made-up bills, and filters that select what they say.

use std::collections::BTreeMap;
use std::path::Path;

use billtrail::model::money::Amount;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bill::STANDARD;
use super::bill_laws::{net, row, sum};
use super::contract::{PROJECTS, names_of};
use super::kept::output;
use super::world::{document, ndjson, root};

fn amount(value: &Value) -> Amount {
    Amount::parse(value.as_str().unwrap()).unwrap()
}

fn coverage(logs: &str, bill: &str, more: &[&str]) -> Value {
    let args = ["coverage", logs, "--projects", PROJECTS, "--bill", bill];
    document(&[&args[..], more].concat())
}

fn rows(document: &Value) -> &Vec<Value> {
    document["rows"].as_array().unwrap()
}

/// The services of the sample bill that are metered by calls, with the service of the logs and the column that weighs.
fn metered(service: &str, sku: &str) -> Option<(&'static str, &'static str)> {
    match service {
        "Vertex AI" => Some(("aiplatform.googleapis.com", "call")),
        "Cloud Vision API" => Some(("vision.googleapis.com", "call")),
        "Translate" => Some(("translate.googleapis.com", "call")),
        "BigQuery" if sku.starts_with("Analysis") => Some(("bigquery.googleapis.com", "byte")),
        "BigQuery Reservation API" if !sku.contains("Attribution") => Some(("bigquery.googleapis.com", "slot_ms")),
        _ => None,
    }
}

#[test]
fn evidence_is_what_another_count_finds() {
    let calls = document(&["calls", "sample-logs", "--projects", PROJECTS]);
    let calls: Vec<&Value> =
        calls["rows"].as_array().unwrap().iter().filter(|call| call["billable"] == json!(true)).collect();
    let time = |text: &Value| text.as_str().unwrap().replace(" UTC", "Z").replace(' ', "T");
    let text = std::fs::read_to_string(root().join(STANDARD)).unwrap();
    let mut expected: BTreeMap<(String, String), Amount> = BTreeMap::new();
    let (mut all, mut by_calls) = (Amount::ZERO, Amount::ZERO);
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let number = |value: &Value| Amount::parse(&value.to_string()).unwrap();
        let credits = row["credits"].as_array().unwrap().iter().map(|credit| number(&credit["amount"]));
        let net = sum(credits.chain([number(&row["cost"])]));
        all = all.checked_add(net).unwrap();
        let (service, sku) =
            (row["service"]["description"].as_str().unwrap(), row["sku"]["description"].as_str().unwrap());
        let Some((service, unit)) =
            metered(service, sku).filter(|_| row["cost_type"] == "regular" || row["cost_type"].is_null())
        else {
            continue;
        };
        by_calls = by_calls.checked_add(net).unwrap();
        let (from, to) = (time(&row["usage_start_time"]), time(&row["usage_end_time"]));
        let project = row["project"]["id"].as_str().unwrap();
        let found = calls.iter().any(|call| {
            call["payer"] == project
                && call["service"] == service
                && call["quantity_unit"] == unit
                && call["quantity"].as_u64().is_some_and(|quantity| quantity > 0)
                && call["timestamp"].as_str().is_some_and(|time| *time >= *from && *time < *to)
        });
        if found {
            let shown = if unit == "slot_ms" { "bigqueryreservation.googleapis.com" } else { service };
            let sum = expected.entry((project.to_owned(), shown.to_owned())).or_default();
            *sum = sum.checked_add(net).unwrap();
        }
    }
    let found = coverage("sample-logs", STANDARD, &[]);
    let mut told: BTreeMap<(String, String), Amount> = BTreeMap::new();
    for row in rows(&found).iter().filter(|row| row["evidenced_cost"] != "0") {
        let key = (row["project"].as_str().unwrap().to_owned(), row["service"].as_str().unwrap().to_owned());
        told.insert(key, amount(&row["evidenced_cost"]));
    }
    assert!(expected.len() >= 10, "{expected:?}");
    assert_eq!(told, expected);
    let sums = &found["coverage"]["currencies"][0];
    assert_eq!(amount(&sums["net_cost"]), all);
    assert_eq!(amount(&sums["evidenced_cost"]), sum(expected.into_values()));
    assert_eq!(amount(&sums["metered_cost"]), by_calls);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn no_cost_is_lost_and_more_logs_are_more_evidence(bill in prop::collection::vec(row(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let path = ndjson(directory.path(), "bill.json", &bill);
        let (few, many) = (coverage("sample-logs/bigquery_job.jsonl", &path, &[]), coverage("sample-logs", &path, &[]));
        let all = sum(bill.iter().map(net));
        for found in [&few, &many] {
            prop_assert_eq!(sum(rows(found).iter().map(|row| amount(&row["net_cost"]))), all);
            prop_assert_eq!(amount(&found["totals"]["net_cost"]), all);
            let evidenced = sum(rows(found).iter().map(|row| amount(&row["evidenced_cost"])));
            prop_assert_eq!(amount(&found["totals"]["evidenced_cost"]), evidenced);
            for row in rows(found) {
                let all = row["evidenced_cost"] == row["net_cost"];
                match row["coverage"].as_str().unwrap() {
                    "complete" => prop_assert!(all && row["missing_hours"] == 0, "{}", row),
                    "partial" => prop_assert!(row["missing_hours"].as_u64() <= row["billed_hours"].as_u64(), "{}", row),
                    _ => prop_assert_eq!(&row["evidenced_cost"], "0"),
                }
            }
        }
        let unseen = |found: &Value| rows(found).iter().map(|row| row["missing_hours"].as_u64().unwrap()).sum::<u64>();
        prop_assert!(unseen(&many) <= unseen(&few));
    }
}

/// One row of a bill for an hour.
fn charge(project: Option<&str>, service: &str, sku: &str, hour: &str, cost: &str) -> Value {
    json!({
        "billing_account_id": "A", "invoice": {"month": "202610"}, "service": {"description": service},
        "sku": {"id": sku, "description": sku}, "usage_start_time": format!("{hour}:00:00 UTC"),
        "project": project.map(|id| json!({"id": id})), "cost": cost, "currency": "EUR", "credits": [],
    })
}

/// The lines of a sample with these numbers.
fn lines(directory: &Path, sample: &str, numbers: &[usize]) -> String {
    let text = std::fs::read_to_string(root().join(sample)).unwrap();
    let chosen: Vec<Value> = text
        .lines()
        .enumerate()
        .filter(|(at, _)| numbers.contains(&(at + 1)))
        .map(|(_, line)| serde_json::from_str(line).unwrap())
        .collect();
    ndjson(directory, "logs.jsonl", &chosen)
}

#[test]
fn what_logs_do_not_tell_is_told_apart_with_what_opens_it() {
    let directory = tempfile::tempdir().unwrap();
    // Of Vertex AI: counting tokens is Data Access, administration of an endpoint is not.
    let logs = lines(directory.path(), "sample-logs/vertex_ai.jsonl", &[43, 47]);
    let hour = "2026-10-05 10";
    let bill = [
        charge(Some("research-nlp"), "Vertex AI", "Prediction", hour, "5"),
        charge(Some("research-vision"), "Vertex AI", "Prediction", hour, "4"),
        charge(Some("shop-data"), "Vertex AI", "Prediction", hour, "7"),
        charge(Some("shop-data"), "Cloud Pub/Sub", "Message Delivery Basic", hour, "3"),
        charge(Some("shop-data"), "Cloud Natural Language", "Sentiment", hour, "2.5"),
        charge(Some("shop-data"), "Cloud Storage", "Class A Operations", hour, "2"),
        charge(Some("shop-data"), "Cloud Storage", "Standard Storage", hour, "1"),
        charge(None, "Support", "Support", hour, "9"),
    ];
    let found = coverage(&logs, &ndjson(directory.path(), "bill.json", &bill), &[]);
    let told: Vec<(Option<&str>, &str, &str, &str)> = rows(&found)
        .iter()
        .map(|row| {
            let text = |column: &str| row[column].as_str();
            (text("project"), text("service").unwrap(), text("coverage").unwrap(), text("net_cost").unwrap())
        })
        .collect();
    let expected = [
        (None, "cloudsupport.googleapis.com", "no_project", "9"),
        (Some("shop-data"), "aiplatform.googleapis.com", "none", "7"),
        (Some("research-nlp"), "aiplatform.googleapis.com", "free_only", "5"),
        (Some("research-vision"), "aiplatform.googleapis.com", "activity_only", "4"),
        (Some("shop-data"), "pubsub.googleapis.com", "unlogged", "3"),
        (Some("shop-data"), "language.googleapis.com", "unlogged", "2.5"),
        (Some("shop-data"), "storage.googleapis.com", "none", "2"),
        (Some("shop-data"), "storage.googleapis.com", "not_by_call", "1"),
    ];
    assert_eq!(told, expected);
    let spots = found["coverage"]["blind_spots"].as_array().unwrap();
    let spot = |service: &str| spots.iter().find(|spot| spot["service"] == service).unwrap();
    assert_eq!(spot("aiplatform.googleapis.com")["audit_config"]["auditLogConfigs"], json!([{"logType": "DATA_READ"}]));
    assert_eq!(
        spot("storage.googleapis.com")["audit_config"]["auditLogConfigs"],
        json!([{"logType": "DATA_READ"}, {"logType": "DATA_WRITE"}])
    );
    assert_eq!(spot("pubsub.googleapis.com")["sink_filter"], Value::Null);
    assert!(spot("pubsub.googleapis.com")["advice"].as_str().unwrap().contains("request_count"));
    for row in rows(&found) {
        let opened = ["none", "free_only", "activity_only"].contains(&row["coverage"].as_str().unwrap());
        assert_eq!(!row["sink_filter"].is_null(), opened, "{row}");
        assert_eq!(!row["audit_config"].is_null(), opened, "{row}");
    }
    // The filter selects the entries of the service, and no others.
    let filter = spot("aiplatform.googleapis.com")["sink_filter"].as_str().unwrap();
    let selected = output(&["lql", "match", filter, "sample-logs/vertex_ai.jsonl"]);
    let selected = String::from_utf8(selected.stdout).unwrap();
    let text = std::fs::read_to_string(root().join("sample-logs/vertex_ai.jsonl")).unwrap();
    let of_service = |text: &str| text.matches("\"serviceName\":\"aiplatform.googleapis.com\"").count();
    assert_eq!((selected.lines().count(), of_service(&selected)), (of_service(&text), of_service(&text)));
    assert!(of_service(&text) > 50);
}

#[test]
fn hours_without_calls_are_named_and_sampling_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let calls = document(&["calls", "sample-logs/vertex_ai.jsonl"]);
    let call = calls["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|call| call["billable"] == json!(true) && call["service"] == "aiplatform.googleapis.com")
        .unwrap();
    let (project, time) = (call["payer"].as_str().unwrap(), call["timestamp"].as_str().unwrap());
    let hour = time[..13].replace('T', " ");
    let others = ["2026-12-01 04", "2026-12-01 05", "2026-12-02 05"];
    let mut bill = vec![charge(Some(project), "Vertex AI", "Prediction", &hour, "1")];
    bill.extend(others.iter().map(|hour| charge(Some(project), "Vertex AI", "Prediction", hour, "0.5")));
    let bill = ndjson(directory.path(), "bill.json", &bill);
    let found = coverage("sample-logs/vertex_ai.jsonl", &bill, &[]);
    let row = &rows(&found)[0];
    assert_eq!(
        (&row["coverage"], &row["evidenced_cost"], &row["net_cost"]),
        (&json!("partial"), &json!("1"), &json!("2.5"))
    );
    assert_eq!((&row["billed_hours"], &row["missing_hours"]), (&json!(4), &json!(3)));
    assert_eq!(row["missing"], "2026-12-01T04:00:00Z/PT2H, 2026-12-02T05:00:00Z/PT1H");
    assert_eq!(found["coverage"]["currencies"][0]["evidenced_share"], json!(0.4));
    assert_eq!(
        found["coverage"]["partly_seen"][0]["missing"],
        json!([{"from": "2026-12-01T04:00:00Z", "hours": 2}, {"from": "2026-12-02T05:00:00Z", "hours": 1}])
    );
    // Another period has neither the others' hours nor their cost.
    let found = coverage("sample-logs/vertex_ai.jsonl", &bill, &["--to", "2026-11-15"]);
    assert_eq!((&rows(&found)[0]["coverage"], &rows(&found)[0]["net_cost"]), (&json!("complete"), &json!("1")));
    let config = directory.path().join("billtrail.toml");
    std::fs::write(&config, "[sampled]\n\"aiplatform.googleapis.com\" = 0.1\n").unwrap();
    let found = coverage("sample-logs/vertex_ai.jsonl", &bill, &["--config", config.to_str().unwrap()]);
    assert_eq!(rows(&found)[0]["coverage"], "sampled");
}

#[test]
fn currencies_stand_apart_and_every_format_tells() {
    let directory = tempfile::tempdir().unwrap();
    let mut yen = charge(Some("shop-data"), "Vertex AI", "Prediction", "2026-10-05 10", "1000");
    yen["currency"] = json!("JPY");
    let bill = ndjson(
        directory.path(),
        "bill.json",
        &[yen, charge(Some("ads-bidding"), "Vertex AI", "Prediction", "2026-10-05 10", "7")],
    );
    let found = coverage("sample-logs/client.jsonl", &bill, &[]);
    assert_eq!(names_of(&found["columns"])[..4], ["project", "service", "coverage", "currency"]);
    assert_eq!(found["totals"]["net_cost"], Value::Null);
    assert_eq!(found["coverage"]["currencies"].as_array().unwrap().len(), 2);
    for format in ["table", "markdown", "html", "csv", "ndjson"] {
        let output = output(&["coverage", "sample-logs/client.jsonl", "--quiet", "--bill", &bill, "--format", format]);
        let text = String::from_utf8(output.stdout).unwrap().replace("<wbr>", "").replace('\\', "");
        assert!(output.status.code() == Some(0) && text.contains("aiplatform.googleapis.com"), "{format}: {text}");
        if ["table", "markdown"].contains(&format) {
            for said in [
                "Evidence (EUR)",
                "Evidence (JPY)",
                "Blind spots (2)",
                "auditLogConfigs",
                "log_id(",
                "protoPayload.serviceName=",
            ] {
                assert!(text.contains(said), "{format}: {said}: {text}");
            }
        }
    }
    for (args, said) in [
        (&["coverage", "sample-logs/client.jsonl"][..], "--bill"),
        (&["coverage", "sample-logs/client.jsonl", "--bill", "nowhere.json"], "nowhere.json"),
        (
            &["coverage", "sample-logs/client.jsonl", "--bill", &bill, "--invoice-month", "2027-01"],
            "the bill has nothing of 2027-01",
        ),
    ] {
        let output = output(args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && stderr.contains(said), "{args:?}: {stderr}");
    }
}
