//! Pools in money: held against a count of the test's own, from the same report without pools.

use std::collections::BTreeMap;

use billtrail::model::money::Amount;
use num_bigint::BigInt;
use proptest::prelude::*;
use serde_json::Value;

use super::bill_laws::{net, report_by, row, sum};
use super::contract::PROJECTS;
use super::world::document;

/// Units of projects that the made-up bills charge. `Net` and `IT` are the pools.
const UNITS: &str = "project,business_unit,cost_center,share,method\nads-bidding,Ads,A1,,\nshop-data,Shop,S1,,\nresearch-nlp,Lab,L1,,\n\
ads-insights,Lab,L2,,\nshop-bi-admin,Net,N1,,\nnobody-knows,IT,I1,,\n";

/// `Net` goes first, one quarter of it to `IT`, which goes on to all that are no pool.
fn pools(method: &str) -> String {
    format!("{UNITS}pool:Net,IT,,1/4,fixed\npool:Net,Ads,,3/4,fixed\npool:IT,*,,,{method}\n")
}

const RECEIVERS: [&str; 3] = ["Ads", "Lab", "Shop"];

const METHODS: [(&str, Option<&str>, &str); 5] = [
    ("even", None, "even"),
    ("proportional:cost", Some("net_cost"), "cost"),
    ("proportional:calls", Some("calls"), "calls"),
    ("proportional:billable_calls else even", Some("billable_calls"), "calls"),
    ("proportional:billed_bytes", Some("billed_bytes"), "billed_bytes"),
];

fn report(map: &str, bill: &[Value], by: &str) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("units.csv");
    std::fs::write(&path, map).unwrap();
    report_by(path.to_str().unwrap(), &[bill], by, "shared")
}

fn big(amount: &Value) -> BigInt {
    amount.as_str().map_or_else(BigInt::default, |text| Amount::parse(text).unwrap().units().into())
}

/// What a unit has in a month, in units of the last digit.
#[derive(Default)]
struct Held {
    cost: BTreeMap<String, BigInt>,
    weights: BTreeMap<String, BigInt>,
}

/// The second way: from a report without pools, by invoice month and month of usage, what each receiver of `IT` must have
/// got from it, as a fraction, and what must have stayed.
fn expected(bill: &[Value], measure: Option<&str>) -> BTreeMap<(String, String), (BTreeMap<String, BigInt>, BigInt)> {
    let plain = report(UNITS, bill, "invoice_month,month,unit");
    let calls = report(UNITS, bill, "month,unit");
    let text = |row: &Value, column: &str| row[column].as_str().unwrap().to_owned();
    let mut months: BTreeMap<(String, String), Held> = BTreeMap::new();
    let mut own: BTreeMap<(String, String), BigInt> = BTreeMap::new();
    for row in plain["rows"].as_array().unwrap().iter().filter(|row| !row["net_cost"].is_null()) {
        let held = months.entry((text(row, "invoice_month"), text(row, "month"))).or_default();
        *held.cost.entry(text(row, "unit")).or_default() += big(&row["net_cost"]);
        *own.entry((text(row, "invoice_month"), text(row, "unit"))).or_default() += big(&row["net_cost"]);
    }
    for ((invoice_month, month), held) in &mut months {
        for unit in RECEIVERS {
            let of_calls = |measure: &str| {
                let rows = calls["rows"].as_array().unwrap().iter();
                let mut rows = rows.filter(|row| row["month"] == *month && row["unit"] == unit);
                rows.next().map_or(BigInt::default(), |row| row[measure].as_u64().unwrap().into())
            };
            let weight = match measure {
                None => BigInt::from(1),
                Some("net_cost") => {
                    let own = own.get(&(invoice_month.clone(), unit.to_owned())).cloned().unwrap_or_default();
                    own.max(BigInt::default())
                }
                Some(measure) => of_calls(measure),
            };
            held.weights.insert(unit.to_owned(), weight);
        }
    }
    let of = |held: &Held, unit: &str| held.cost.get(unit).cloned().unwrap_or_default();
    let step = |held: Held| {
        // Four times what IT has when its turn comes.
        let fourfold = BigInt::from(4) * of(&held, "IT") + of(&held, "Net");
        (held.weights, fourfold)
    };
    months.into_iter().map(|(month, held)| (month, step(held))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn receivers_carry_what_another_count_gives_them(
        bill in prop::collection::vec(row(), 1..30),
        (method, measure, basis) in prop::sample::select(METHODS.to_vec()),
    ) {
        let found = report(&pools(method), &bill, "invoice_month,month,unit,pool,basis");
        let rows: Vec<&Value> = found["rows"].as_array().unwrap().iter().filter(|row| !row["net_cost"].is_null()).collect();
        // Nothing is lost, nothing changes its sign.
        prop_assert_eq!(sum(rows.iter().map(|row| Amount::parse(row["net_cost"].as_str().unwrap()).unwrap())), sum(bill.iter().map(net)));
        for row in &rows {
            prop_assert!(big(&row["cost"]) >= BigInt::default() && big(&row["credits"]) <= BigInt::default(), "{}", row);
            // Net always hands on; IT only where it has nothing to divide by does not.
            prop_assert!(row["unit"] != "Net", "{}", row);
        }
        let tolerated = BigInt::from(10_000);
        for ((invoice_month, month), (mut weights, fourfold)) in expected(&bill, measure) {
            let got = |unit: &str, pool: Option<&str>, basis: Option<&str>| -> BigInt {
                let rows = rows.iter().filter(|row| row["invoice_month"] == invoice_month && row["month"] == month && row["unit"] == unit);
                let rows = rows.filter(|row| pool.is_none_or(|pool| row["pool"] == pool) && basis.is_none_or(|basis| row["basis"] == basis));
                rows.map(|row| big(&row["net_cost"])).sum()
            };
            let mut basis = basis;
            if weights.values().all(|weight| *weight == BigInt::default()) {
                if !method.ends_with("even") {
                    let off: BigInt = got("IT", None, None) * 4 - &fourfold;
                    prop_assert!(off.magnitude() <= tolerated.magnitude(), "{} {}: IT keeps {}", invoice_month, month, off);
                    continue;
                }
                weights = RECEIVERS.map(|unit| (unit.to_owned(), BigInt::from(1))).into();
                basis = "even";
            }
            let whole: BigInt = weights.values().sum();
            prop_assert_eq!(got("IT", None, None), BigInt::default());
            for (unit, weight) in weights {
                let off: BigInt = got(&unit, Some("IT"), Some(basis)) * 4 * &whole - &fourfold * weight;
                prop_assert!(off.magnitude() <= (&tolerated * &whole).magnitude(), "{} {} {}: {}", invoice_month, month, unit, off);
                prop_assert_eq!(got(&unit, Some("IT"), Some(basis)), got(&unit, Some("IT"), None));
            }
        }
    }

    #[test]
    fn pools_do_not_depend_on_the_order_of_the_bill(
        (bill, shuffled) in prop::collection::vec(row(), 2..20).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        (method, _, _) in prop::sample::select(METHODS.to_vec()),
    ) {
        let by = "unit,cost_center,payer,service,day,pool,basis";
        let (one, other) = (report(&pools(method), &bill, by), report(&pools(method), &shuffled, by));
        prop_assert_eq!(&one["rows"], &other["rows"]);
        prop_assert_eq!(&one["bill"]["tie_outs"], &other["bill"]["tie_outs"]);
    }
}

/// The rules of the samples hand on what Shared Services has.
#[test]
fn the_pool_of_the_samples_hands_on_all_it_has() {
    let rules = std::fs::read_to_string(super::world::root().join("sample-logs/business-units.toml")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let without = directory.path().join("units.toml");
    std::fs::write(&without, rules.split("# The cost of a unit is handed on").next().unwrap()).unwrap();
    let carried = |map: &str, by: &str| -> BTreeMap<String, Amount> {
        let args = ["report", "sample-logs", "--map", map, "--projects", PROJECTS, "--by", by, "--bill"];
        let report = document(&[&args[..], &[super::bill::STANDARD]].concat());
        let rows = report["rows"].as_array().unwrap().iter().filter(|row| !row["net_cost"].is_null());
        rows.map(|row| {
            let key: Vec<&str> = by.split(',').map(|column| row[column].as_str().unwrap()).collect();
            (key.join(" "), Amount::parse(row["net_cost"].as_str().unwrap()).unwrap())
        })
        .collect()
    };
    let before = carried(without.to_str().unwrap(), "unit");
    let after = carried("sample-logs/business-units.toml", "pool,unit,basis");
    let handed = after.iter().filter(|(key, _)| key.starts_with("Shared Services "));
    assert!(handed.clone().all(|(key, net)| key.ends_with(" calls") && *net > Amount::ZERO), "{after:?}");
    assert_eq!(handed.clone().count(), 4);
    assert_eq!(sum(handed.map(|(_, net)| *net)), before["Shared Services"]);
    assert!(!after.keys().any(|key| key.starts_with("(none) Shared Services")), "{after:?}");
}
