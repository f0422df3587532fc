//! Laws of allocation, for any bill: what goes in comes out, order and files do not matter, strangers change nothing, and no part
//! has another sign than its whole.

use std::collections::BTreeMap;

use billtrail::model::money::Amount;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::contract::{MAP, PROJECTS};
use super::world::{document, ndjson};

/// Logs in which jobs of several units use a reservation, and callers of one project differ.
pub const LOGS: [&str; 2] = ["sample-logs/bigquery_job.jsonl", "sample-logs/vertex_ai.jsonl"];

/// Services and SKUs: shared by slots, by bytes, by calls, and never.
const SKUS: [(&str, &str); 5] = [
    ("BigQuery Reservation API", "BigQuery Enterprise Edition"),
    ("BigQuery Reservation API", "Analysis Slots Attribution"),
    ("BigQuery", "Analysis"),
    ("Vertex AI", "Online prediction"),
    ("Compute Engine", "N2 core"),
];

const PROJECTS_BILLED: [Option<&str>; 7] = [
    Some("shop-bi-admin"),
    Some("ads-bidding"),
    Some("shop-data"),
    Some("research-nlp"),
    Some("ads-insights"),
    Some("nobody-knows"),
    None,
];

/// Any row of a bill.
pub fn row() -> impl Strategy<Value = Value> {
    let place = (0..PROJECTS_BILLED.len(), 0..SKUS.len(), 1_u32..32, 0_u32..24, 10_u32..12);
    let money = (0_i64..10_i64.pow(12), 0_i64..10_i64.pow(9), 0_u32..15, 0_u32..3000);
    let kind = prop::sample::select(vec!["regular", "tax", "adjustment", "rounding_error"]);
    (place, money, kind).prop_map(|((project, sku, day, hour, month), (cost, credit, scale, used), kind)| {
        let (service, sku) = SKUS[sku];
        json!({
            "billing_account_id": "A",
            "invoice": {"month": format!("2026{month}")},
            "cost_type": kind,
            "service": {"description": service},
            "sku": {"id": sku, "description": sku},
            "usage_start_time": format!("2026-10-{day:02} {hour:02}:00:00 UTC"),
            "project": PROJECTS_BILLED[project].map(|id| json!({"id": id})),
            "cost": if sku.ends_with("Attribution") { "0".to_owned() } else { format!("{cost}e-{scale}") },
            "currency": "EUR",
            "usage": {"amount_in_pricing_units": used},
            "credits": [{"amount": format!("-{credit}e-{scale}")}],
        })
    })
}

pub fn net(row: &Value) -> Amount {
    let amount = |value: &Value| Amount::parse(value.as_str().unwrap()).unwrap();
    amount(&row["cost"]).checked_add(amount(&row["credits"][0]["amount"])).unwrap()
}

pub fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).unwrap())
}

/// The report of bills, each of which becomes a file.
fn report(bills: &[&[Value]], by: &str, idle: &str) -> Value {
    report_by(MAP, bills, by, idle)
}

/// The same by another mapping.
pub fn report_by(map: &str, bills: &[&[Value]], by: &str, idle: &str) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let mut args: Vec<String> = vec!["report".into()];
    args.extend(LOGS.map(str::to_owned));
    args.extend(["--map", map, "--projects", PROJECTS, "--by", by, "--idle-slots", idle].map(str::to_owned));
    // A row that costs nothing and makes sure that the bill is that of the logs.
    let paying = json!({
        "billing_account_id": "A",
        "invoice": {"month": "202610"},
        "service": {"description": "Compute Engine"},
        "usage_start_time": "2026-10-01 12:00:00 UTC",
        "project": {"id": "shop-data"},
        "cost": 0,
        "currency": "EUR",
    });
    args.extend(["--bill".to_owned(), ndjson(directory.path(), "paying.json", &[paying])]);
    for (at, rows) in bills.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        args.extend(["--bill".to_owned(), ndjson(directory.path(), &format!("{at}.json"), rows)]);
    }
    document(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

fn costs(report: &Value) -> BTreeMap<String, [Amount; 3]> {
    let rows = report["rows"].as_array().unwrap().iter().filter(|row| !row["net_cost"].is_null());
    rows.map(|row| {
        let amount = |column: &str| Amount::parse(row[column].as_str().unwrap()).unwrap();
        let key = ["unit", "cost_center", "principal", "service", "day", "basis"].map(|column| row[column].to_string());
        (key.join(" "), ["cost", "credits", "net_cost"].map(amount))
    })
    .collect()
}

const BY: [&str; 3] = ["unit", "unit,principal,service", "cost_center,service,day,basis"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out_with_its_sign(
        rows in prop::collection::vec(row(), 1..40),
        by in prop::sample::select(BY.to_vec()),
        idle in prop::sample::select(vec!["shared", "owner"]),
    ) {
        let report = report(&[&rows], by, idle);
        let costs = costs(&report);
        prop_assert_eq!(sum(costs.values().map(|cost| cost[2])), sum(rows.iter().map(net)));
        for [cost, credits, net] in costs.values() {
            prop_assert!(*cost >= Amount::ZERO && *credits <= Amount::ZERO);
            prop_assert_eq!(cost.checked_add(*credits), Some(*net));
        }
        for tie_out in report["bill"]["tie_outs"].as_array().unwrap() {
            prop_assert_eq!(&tie_out["bill"], &tie_out["statement"]);
        }
    }

    #[test]
    fn a_unit_carries_the_same_whatever_else_is_asked(
        rows in prop::collection::vec(row(), 1..40),
        idle in prop::sample::select(vec!["shared", "owner"]),
    ) {
        let units = |by: &str| {
            let report = report(&[&rows], by, idle);
            let mut units: BTreeMap<String, Amount> = BTreeMap::new();
            for row in report["rows"].as_array().unwrap().iter().filter(|row| !row["net_cost"].is_null()) {
                let net = Amount::parse(row["net_cost"].as_str().unwrap()).unwrap();
                let unit = units.entry(row["unit"].to_string()).or_default();
                *unit = unit.checked_add(net).unwrap();
            }
            units.retain(|_, net| *net != Amount::ZERO);
            units
        };
        let (alone, finer) = (units("unit"), units("principal,unit,method,day,sku"));
        // Largest remainders fall otherwise where there are more parts: by a last digit for each of them.
        prop_assert_eq!(alone.keys().collect::<Vec<_>>(), finer.keys().collect::<Vec<_>>());
        for (unit, net) in alone {
            let off = net.checked_sub(finer[&unit]).unwrap();
            prop_assert!(off.magnitude() < 10_000, "{}: {}", unit, off);
        }
    }

    #[test]
    fn neither_order_nor_files_matter(
        (rows, shuffled) in prop::collection::vec(row(), 2..30).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cut in 0_usize..30,
        by in prop::sample::select(BY.to_vec()),
    ) {
        let (first, second) = shuffled.split_at(cut.min(shuffled.len()));
        prop_assume!(first != second);
        let (whole, parts) = (report(&[&rows], by, "shared"), report(&[first, second], by, "shared"));
        prop_assert_eq!(&whole["rows"], &parts["rows"]);
        prop_assert_eq!(&whole["totals"], &parts["totals"]);
        prop_assert_eq!(&whole["bill"]["tie_outs"], &parts["bill"]["tie_outs"]);
    }

    #[test]
    fn a_stranger_changes_nobodys_cost(
        rows in prop::collection::vec(row(), 1..30),
        strange in row(),
        by in prop::sample::select(BY.to_vec()),
    ) {
        let mut strange = strange;
        strange["project"] = json!({"id": "example-stranger"});
        // Slots that a stranger took from the account's reservations are his part of their cost.
        prop_assume!(strange["service"]["description"] != "BigQuery Reservation API");
        let mut by = by.to_owned();
        by.push_str(",payer");
        let without = report(&[&rows], &by, "shared");
        let with = report(&[&rows, &[strange]], &by, "shared");
        let of_others = |report: &Value| -> Vec<Value> {
            let rows = report["rows"].as_array().unwrap().iter();
            let mut rows: Vec<Value> = rows
                .filter(|row| row["payer"] != "example-stranger")
                // Rounding and shares are those of the whole.
                .map(|row| json!([row["unit"], row["payer"], row["basis"], row["cost"], row["credits"], row["net_cost"]]))
                .collect();
            rows.sort_by_key(Value::to_string);
            rows
        };
        prop_assert_eq!(of_others(&without), of_others(&with));
    }
}
