//! Datasets that a bill is made into, FOCUS and the journal: for any bill they add up to it, and a FOCUS dataset read back as a
//! bill gives the report that it came from. Validators that are not ours read them in `.ci/focus.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use billtrail::model::money::Amount;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bill::STANDARD;
use super::bill_laws::{LOGS, net, row};
use super::contract::{MAP, PROJECTS};
use super::kept::{output, printed};
use super::world::{document, ndjson, run};

/// What the tests group by: all that bills tell.
const BY: &str = "unit,cost_center,payer,service,sku,day,cost_type,basis,currency,invoice_month,billing_account";

const REGIONS: [&str; 3] = ["", "europe-west3", "us-central1"];
const ACCOUNTS: [&str; 3] = ["A", "B", "C"];

/// A row of a bill with what FOCUS tells besides.
fn told() -> impl Strategy<Value = Value> {
    let told = (any::<Option<bool>>(), 0_usize..3, prop::option::of(0_u32..5000), any::<bool>(), 0_usize..3);
    (row(), told).prop_map(|(mut row, (adjusted, region, list, units, account))| {
        row["adjustment_info"] = match adjusted {
            Some(true) => json!({"id": "1", "type": "USAGE_CORRECTION"}),
            Some(false) => json!({"id": null}),
            None => Value::Null,
        };
        row["location"] = json!({"region": REGIONS[region]});
        row["cost_at_list"] = json!(list);
        row["billing_account_id"] = json!(ACCOUNTS[account]);
        if units {
            row["usage"]["pricing_unit"] = json!("hour");
            row["usage"]["amount"] = json!(3.6e18);
            row["usage"]["unit"] = json!("seconds");
        }
        if row["project"].is_object() {
            row["project"]["labels"] = json!([{"key": "team", "value": "lab"}]);
            row["project"]["ancestry_numbers"] = json!("/1/22/");
        }
        row
    })
}

/// A row that costs nothing and makes sure that the bill is that of the logs.
fn paying() -> Value {
    json!({
        "billing_account_id": "A",
        "invoice": {"month": "202610"},
        "service": {"description": "Compute Engine"},
        "usage_start_time": "2026-10-01 12:00:00 UTC",
        "project": {"id": "shop-data"},
        "cost": 0,
        "currency": "EUR",
        "credits": [{"amount": 0}],
    })
}

/// The mapping of the tests: units change at noon, some by label, by folder and by share.
const RULES: &str = "project,business_unit,cost_center,share,valid_from,valid_to\n\
research-nlp,Old Lab,CC-1,,,2026-10-15T12:00:00Z\n\
research-nlp,New Lab,CC-2,,2026-10-15T12:00:00Z,\n\
shop-data,Left,,1/3,,\n\
shop-data,Right,CC-3,2/3,,\n\
principal:priya.nair@example.com,Priya,,,,\n\
label:team=lab,Labelled,,,,\n\
*,Rest,CC-9,,,\n";

/// The mapping that a test uses.
#[derive(Debug, Clone, Copy)]
enum Map {
    /// The samples': units of projects.
    Units,
    /// The samples' with rules, shares and a pool.
    Pools,
    /// The one above.
    Own,
    /// One with a formula for a unit.
    Hostile,
}

struct Desk {
    directory: tempfile::TempDir,
    map: String,
    idle: &'static str,
}

impl Desk {
    fn new(map: Map, idle: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("units.csv");
        let own = |text: &str| {
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let map = match map {
            Map::Units => MAP.to_owned(),
            Map::Pools => "sample-logs/business-units.toml".to_owned(),
            Map::Own => own(RULES),
            Map::Hostile => own("project,business_unit\n*,=1+1\n"),
        };
        Self { directory, map, idle }
    }

    fn args<'a>(&'a self, bill: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut args = vec!["report"];
        args.extend(LOGS);
        args.extend(["--map", &self.map, "--projects", PROJECTS, "--idle-slots", self.idle, "--bill", bill]);
        args.extend(more);
        args
    }

    fn report(&self, bill: &str, by: &str) -> Value {
        document(&self.args(bill, &["--by", by]))
    }

    /// Makes a dataset and returns its path.
    fn dataset(&self, bill: &str, name: &str, more: &[&str]) -> String {
        let path = self.directory.path().join(name).to_str().unwrap().to_owned();
        let mut args = self.args(bill, more);
        args.extend(["--quiet", "-o", &path]);
        run(&args).unwrap_or_else(|failure| panic!("{args:?}: {failure}"));
        path
    }

    fn bill(&self, rows: &[Value]) -> String {
        let rows: Vec<Value> = rows.iter().cloned().chain([paying()]).collect();
        ndjson(self.directory.path(), "bill.json", &rows)
    }
}

/// The rows of a CSV file by the names of their columns.
fn table(path: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(Path::new(path)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap_or_else(|| panic!("`{text}` is no number"))
}

fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).unwrap())
}

/// The sums of an amount by a key.
fn sums<K: Ord>(rows: impl Iterator<Item = (K, Amount)>) -> BTreeMap<K, Amount> {
    let mut sums: BTreeMap<K, Amount> = BTreeMap::new();
    for (key, amount) in rows {
        let known = sums.entry(key).or_default();
        *known = known.checked_add(amount).unwrap();
    }
    sums.retain(|_, sum| *sum != Amount::ZERO);
    sums
}

fn statement(report: &Value) -> (Value, Value, Value) {
    (report["rows"].clone(), report["totals"].clone(), report["bill"]["tie_outs"].clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn a_focus_dataset_read_back_gives_the_report_that_it_came_from(
        rows in prop::collection::vec(told(), 1..40),
        map in prop::sample::select(vec![Map::Units, Map::Pools, Map::Own]),
        idle in prop::sample::select(vec!["shared", "owner"]),
        (version, ending) in prop::sample::select(vec![("1.0", "csv"), ("1.1", "csv"), ("1.2", "csv"), ("1.2", "parquet")]),
        by_caller in any::<bool>(),
    ) {
        let desk = Desk::new(map, idle);
        let bill = desk.bill(&rows);
        let mut more = vec!["--format", "focus", "--focus-version", version];
        if by_caller {
            more.extend(["--by", "principal"]);
        }
        let dataset = desk.dataset(&bill, &format!("focus.{ending}"), &more);
        for by in [BY, "unit,principal"] {
            let (before, after) = (statement(&desk.report(&bill, by)), statement(&desk.report(&dataset, by)));
            let rows = |statement: &(Value, Value, Value)| -> BTreeSet<String> {
                statement.0.as_array().unwrap().iter().map(Value::to_string).collect()
            };
            let (only_before, only_after) = (&rows(&before) - &rows(&after), &rows(&after) - &rows(&before));
            prop_assert!(only_before.is_empty() && only_after.is_empty(), "{}: {:#?} {:#?}", by, only_before, only_after);
            prop_assert_eq!((&before.1, &before.2), (&after.1, &after.2));
        }
    }

    #[test]
    fn a_focus_dataset_adds_up_to_the_bill_and_to_each_unit(
        rows in prop::collection::vec(told(), 1..40),
        map in prop::sample::select(vec![Map::Units, Map::Pools, Map::Own]),
        idle in prop::sample::select(vec!["shared", "owner"]),
    ) {
        let desk = Desk::new(map, idle);
        let bill = desk.bill(&rows);
        let dataset = table(&desk.dataset(&bill, "focus.csv", &["--format", "focus"]));
        let billed = |row: &BTreeMap<String, String>| amount(&row["BilledCost"]);
        prop_assert_eq!(sum(dataset.iter().map(billed)), sum(rows.iter().map(net)));
        let by_region = |row: &Value| row["location"]["region"].as_str().unwrap().to_owned();
        prop_assert_eq!(
            sums(dataset.iter().map(|row| (row["RegionId"].clone(), billed(row)))),
            sums(rows.iter().map(|row| (by_region(row), net(row))))
        );
        let carried = desk.report(&bill, "unit,cost_center,basis,currency,billing_account,invoice_month");
        let carried = carried["rows"].as_array().unwrap().iter().filter(|row| !row["net_cost"].is_null()).map(|row| {
            let of = |name: &str| row[name].as_str().map_or("", |text| if text == "(none)" { "" } else { text }).to_owned();
            let key = ["unit", "cost_center", "basis", "currency", "billing_account", "invoice_month"].map(of);
            (key, amount(row["net_cost"].as_str().unwrap()))
        });
        let dataset = dataset.iter().map(|row| {
            let key = ["x_BusinessUnit", "x_CostCenter", "x_Basis", "BillingCurrency", "BillingAccountId", "x_InvoiceMonth"];
            (key.map(|name| row[name].clone()), billed(row))
        });
        prop_assert_eq!(sums(dataset), sums(carried));
    }

    #[test]
    fn neither_order_nor_files_matter_to_a_dataset(
        (rows, shuffled) in prop::collection::vec(told(), 2..30).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cut in 0_usize..30,
    ) {
        let desk = Desk::new(Map::Own, "shared");
        let (first, second) = shuffled.split_at(cut.min(shuffled.len()));
        prop_assume!(first != second && !second.is_empty());
        let more = ["--format", "focus"];
        let whole = std::fs::read(desk.dataset(&desk.bill(&rows), "whole.csv", &more)).unwrap();
        let second = ndjson(desk.directory.path(), "second.json", second);
        let more = ["--format", "focus", "--bill", &second];
        let parts = std::fs::read(desk.dataset(&desk.bill(first), "parts.csv", &more)).unwrap();
        prop_assert!(whole == parts);
    }

    #[test]
    fn a_journal_balances_and_adds_up_to_each_invoice(rows in prop::collection::vec(told(), 1..40)) {
        let desk = Desk::new(Map::Own, "shared");
        let bill = desk.bill(&rows);
        let lines = table(&desk.dataset(&bill, "journal.csv", &["--format", "journal"]));
        let tied = desk.report(&bill, "unit")["bill"]["tie_outs"].clone();
        for tie_out in tied.as_array().unwrap() {
            let of = |line: &&BTreeMap<String, String>| {
                ["invoice_month", "currency", "billing_account"].iter().all(|name| line[*name] == tie_out[*name])
            };
            let side = |name: &str, invoice: bool| {
                let lines = lines.iter().filter(of).filter(|line| (line["account"] == "(invoice)") == invoice);
                sum(lines.filter(|line| !line[name].is_empty()).map(|line| amount(&line[name])))
            };
            let less = |a: Amount, b: Amount| a.checked_sub(b).unwrap();
            let carried = less(side("debit", false), side("credit", false));
            prop_assert_eq!(carried, less(side("credit", true), side("debit", true)));
            let off = less(carried, amount(tie_out["bill"].as_str().unwrap()));
            prop_assert!(off.magnitude() <= amount("0.005").magnitude(), "{}", off);
        }
        prop_assert!(lines.iter().all(|line| line["debit"].is_empty() != line["credit"].is_empty()));
    }
}

#[test]
fn a_row_tells_what_the_bill_says_of_its_charge() {
    let desk = Desk::new(Map::Own, "shared");
    let row = json!({
        "billing_account_id": "A",
        "invoice": {"month": "202611"},
        "cost_type": "regular",
        "service": {"description": "Cloud Storage"},
        "sku": {"id": "S-1", "description": "Standard storage"},
        "usage_start_time": "2026-10-15 20:00:00 UTC",
        "project": {"id": "research-nlp", "number": "7", "name": "Research", "labels": [{"key": "team", "value": "nlp"}]},
        "location": {"region": "europe-west3"},
        "cost": 2, "cost_at_list": 3, "currency": "EUR",
        "usage": {"amount": 120, "unit": "seconds", "amount_in_pricing_units": 0.5, "pricing_unit": "hour"},
        "credits": [{"amount": -0.25, "type": "COMMITTED_USAGE_DISCOUNT"}],
        "adjustment_info": {"mode": "PARTIAL_CORRECTION"},
    });
    let tax = json!({
        "billing_account_id": "A", "invoice": {"month": "202610"}, "cost_type": "tax", "service": {"description": "Invoice"},
        "sku": {"id": "T-1", "description": "Tax"}, "usage_start_time": "2026-10-31 20:00:00 UTC", "project": null,
        "cost": 0.19, "currency": "EUR", "credits": [],
    });
    let bill = desk.bill(&[row, tax]);
    let rows = table(&desk.dataset(&bill, "focus.csv", &["--format", "focus"]));
    let stored = rows.iter().find(|row| row["SkuId"] == "S-1").unwrap();
    for (column, value) in [
        ("BilledCost", "1.75"),
        ("EffectiveCost", "1.75"),
        ("ContractedCost", "2"),
        ("ListCost", "3"),
        ("ChargeCategory", "Usage"),
        ("ChargeClass", "Correction"),
        ("ChargeFrequency", "Usage-Based"),
        ("PricingCategory", "Committed"),
        ("PricingQuantity", "0.5"),
        ("PricingUnit", "hour"),
        ("ConsumedQuantity", "120"),
        ("ConsumedUnit", "seconds"),
        ("ServiceCategory", "Storage"),
        ("ServiceSubcategory", "Object Storage"),
        ("BillingPeriodStart", "2026-11-01T07:00:00Z"),
        ("BillingPeriodEnd", "2026-12-01T08:00:00Z"),
        // The unit changes at noon UTC: the day of US/Pacific is cut there.
        ("ChargePeriodStart", "2026-10-15T12:00:00Z"),
        ("ChargePeriodEnd", "2026-10-16T07:00:00Z"),
        ("SubAccountName", "Research"),
        ("Tags", r#"{"team":"nlp"}"#),
        ("x_BusinessUnit", "New Lab"),
        ("x_CostCenter", "CC-2"),
        ("x_Basis", "project"),
        ("x_Credits", r#"[{"Name":"credits","Amount":-0.25}]"#),
        ("x_Principal", ""),
    ] {
        assert_eq!(stored[column], value, "{column}");
    }
    let tax = rows.iter().find(|row| row["ChargeCategory"] == "Tax").unwrap();
    for (column, value) in [
        ("SkuId", ""),
        ("x_SkuId", "T-1"),
        ("PricingCategory", ""),
        ("SubAccountId", ""),
        ("x_BusinessUnit", "(unattributed)"),
        ("x_Basis", "unallocated"),
    ] {
        assert_eq!(tax[column], value, "{column}");
    }
}

#[test]
fn what_a_focus_bill_tells_is_kept() {
    let desk = Desk::new(Map::Own, "shared");
    let told = "ProviderName,PublisherName,InvoiceIssuerName,InvoiceId,BillingAccountId,BillingAccountName,SubAccountId,\
BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargeCategory,ChargeClass,ChargeFrequency,ChargeDescription,BilledCost,\
EffectiveCost,ListCost,ContractedCost,PricingCategory,PricingQuantity,PricingUnit,BillingCurrency,ServiceName,ServiceCategory,\
ServiceSubcategory,SkuId,RegionId,RegionName";
    let begin = "Example Cloud,Example Ltd,Example Resale,INV-1,EX-1,Main,shop-data,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,\
2026-10-03T10:00:00Z";
    let rows = [
        "Purchase,,Recurring,Commitment,12.5,0,13,12.5,Standard,1,Month,USD,Machines,Compute,Virtual Machines,S-1,r-1,Region One",
        "Usage,,Usage-Based,Use of it,0,12.5,13,12.5,Committed,3,Hour,USD,Machines,Compute,Virtual Machines,S-2,r-1,Region One",
        "Credit,,One-Time,Voucher,-3,-3,-3,-3,,,,USD,Machines,Compute,Virtual Machines,S-3,,",
        "Usage,Correction,Usage-Based,Use of it,-1,-1,-1,-1,Standard,-2,Hour,USD,Machines,Compute,,S-2,r-1,Region One",
    ];
    let text: String = rows.iter().map(|row| format!("{begin},{row}\n")).collect();
    let bill = desk.directory.path().join("bill.csv");
    std::fs::write(&bill, format!("{told}\n{text}")).unwrap();
    let bill = bill.to_str().unwrap();
    let dataset = desk.dataset(bill, "focus.csv", &["--format", "focus"]);
    assert_eq!(statement(&desk.report(bill, BY)), statement(&desk.report(&dataset, BY)));
    // Two units share the project: what is not an amount is the same in both rows, amounts add up.
    let made = table(&dataset);
    for (row, given) in rows.iter().zip(csv::Reader::from_path(bill).unwrap().deserialize::<BTreeMap<String, String>>())
    {
        let given = given.unwrap();
        let of_charge: Vec<&BTreeMap<String, String>> = made
            .iter()
            .filter(|row| row["SkuId"] == given["SkuId"] && row["ChargeClass"] == given["ChargeClass"])
            .collect();
        assert_eq!(of_charge.len(), 2, "{row}");
        for (column, value) in &given {
            let values: Vec<&str> = of_charge.iter().map(|row| row[column].as_str()).collect();
            match column.as_str() {
                "BilledCost" | "EffectiveCost" | "ListCost" | "ContractedCost" | "PricingQuantity"
                    if !value.is_empty() =>
                {
                    assert_eq!(sum(values.iter().map(|value| amount(value))), amount(value), "{row}: {column}");
                }
                "ChargePeriodStart" => assert!(values.iter().all(|value| *value == "2026-10-03T07:00:00Z"), "{row}"),
                "ServiceSubcategory" if value.is_empty() => assert_eq!(values, ["Other (Compute)"; 2], "{row}"),
                _ => assert!(values.iter().all(|told| told == value), "{row}: {column}: {values:?}"),
            }
        }
    }
}

#[test]
fn callers_stand_in_a_dataset_that_is_asked_for_them() {
    let desk = Desk::new(Map::Units, "shared");
    let args = ["--format", "focus", "--by", "principal,method"];
    let rows = table(&desk.dataset(STANDARD, "focus.csv", &args));
    let callers: BTreeSet<&str> =
        rows.iter().filter(|row| row["x_Basis"] == "calls").map(|row| row["x_Principal"].as_str()).collect();
    assert!(callers.contains("priya.nair@example.com") && !callers.contains(""), "{callers:?}");
    assert!(rows.iter().any(|row| row["x_Method"].contains("Predict")));
    let billed = sum(rows.iter().map(|row| amount(&row["BilledCost"])));
    let plain = table(&desk.dataset(STANDARD, "plain.csv", &["--format", "focus"]));
    assert_eq!(billed, sum(plain.iter().map(|row| amount(&row["BilledCost"]))));
    assert!(plain.iter().all(|row| row["x_Principal"].is_empty()) && plain.len() < rows.len());
}

#[test]
fn a_dataset_that_cannot_be_made_is_refused_in_words_and_leaves_no_file() {
    let desk = Desk::new(Map::Units, "shared");
    let spoilt = desk.directory.path().join("spoilt.json");
    let text = std::fs::read_to_string(super::world::root().join(STANDARD)).unwrap();
    std::fs::write(&spoilt, text.replacen("\"cost\":250", "\"cost\":\"a lot\"", 1)).unwrap();
    let spoilt = spoilt.to_str().unwrap();
    let cases: [(&[&str], &str, &str); 10] = [
        (&["--format", "focus"], "o.csv", "--format focus is made of a bill; give one with --bill"),
        (&["--format", "journal"], "o.csv", "--format journal is made of a bill"),
        (&["--bill", STANDARD, "--format", "focus", "--focus-version", "0.5"], "o.csv", "not one of 1.0, 1.1, 1.2"),
        (&["--bill", STANDARD, "--focus-version", "1.2"], "o.csv", "--focus-version is for --format focus"),
        (&["--bill", STANDARD, "--format", "focus"], "o.json", "ends with .json; name it .csv or .parquet"),
        (&["--bill", STANDARD, "--format", "journal"], "o.parquet", "name it .csv"),
        (&["--bill", STANDARD, "--format", "focus", "--by", "unit"], "o.csv", "a FOCUS dataset has `unit` in any case"),
        (&["--bill", STANDARD, "--format", "journal", "--by", "unit"], "o.csv", "a journal has lines of its own"),
        (&["--bill", spoilt, "--format", "focus"], "o.csv", "spoilt.json:1: `cost` is `a lot`"),
        (&["--bill", spoilt, "--format", "journal"], "o.csv", "spoilt.json:1: `cost` is `a lot`"),
    ];
    for (args, out, said) in cases {
        let path = desk.directory.path().join(out);
        let mut all = vec!["report", "sample-logs/client.jsonl", "--quiet", "-o", path.to_str().unwrap()];
        all.extend(args);
        let output = output(&all);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && stderr.contains(said), "{args:?}: {:?} {stderr}", output.status);
        assert!(!path.exists() && output.stdout.is_empty(), "{args:?}");
    }
    let output = output(&["calls", "sample-logs/client.jsonl", "--format", "focus"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("focus is what `report --bill` makes"), "{stderr}");
}

#[test]
fn an_invoice_that_does_not_tie_out_fails_a_dataset_too() {
    let run = |invoice: &str, format: &str| {
        let month = ["--invoice-month", "2026-10", "--invoice", invoice];
        let mut args = vec!["report", LOGS[0], "--bill", STANDARD, "--quiet", "--format", format];
        args.extend(month);
        output(&args).status.code()
    };
    assert_eq!(
        [run("2229.20", "focus"), run("2229.19", "focus"), run("2229.19", "journal")],
        [Some(0), Some(1), Some(1)]
    );
}

#[test]
fn a_journal_is_safe_for_a_spreadsheet() {
    let desk = Desk::new(Map::Hostile, "shared");
    let args = desk.args(STANDARD, &["--format", "journal", "--quiet"]);
    assert!(printed(&args).contains(",'=1+1,"));
    let args = desk.args(STANDARD, &["--format", "journal", "--quiet", "--raw"]);
    assert!(printed(&args).contains(",=1+1,"));
}
