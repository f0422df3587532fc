//! `check` and `diff` in money: budgets held against what a report says, and movements that add up to the last digit.

use billtrail::model::money::Amount;
use serde_json::{Value, json};

use super::bill::STANDARD;
use super::contract::{MAP, PROJECTS, document};
use super::kept::{output, printed};
use super::world::root;

const RULES: &str = "sample-logs/business-units.toml";
const TABLES: [&str; 4] = ["--map", MAP, "--projects", PROJECTS];
const OCTOBER: [&str; 4] = ["--bill", STANDARD, "--invoice-month", "2026-10"];

fn amount(value: &Value) -> Amount {
    value.as_str().map_or(Amount::ZERO, |text| Amount::parse(text).unwrap())
}

fn sum(amounts: impl IntoIterator<Item = Amount>) -> Amount {
    amounts.into_iter().fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).unwrap())
}

fn rows(document: &Value) -> &Vec<Value> {
    document["rows"].as_array().unwrap()
}

/// The net cost of a unit as a report says it.
fn net_cost(report: &Value, unit: &str) -> Amount {
    sum(rows(report).iter().filter(|row| row["unit"] == unit).map(|row| amount(&row["net_cost"])))
}

fn october(map: &str) -> Value {
    let args = ["report", "sample-logs", "--projects", PROJECTS, "--quiet", "--by", "unit", "--map", map];
    document(&[&args[..], &OCTOBER].concat())
}

/// The exit code and the document of a check of the samples' October.
fn check(gates: &[&str]) -> (Option<i32>, Value) {
    let args = [&["check", "sample-logs"][..], &TABLES, &OCTOBER, gates, &["--format", "json", "--quiet"]].concat();
    let output = output(&args);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{gates:?}: {error}")))
}

#[test]
fn a_budget_is_the_net_cost_that_a_report_says() {
    let report = october(MAP);
    let exact = net_cost(&report, "Storefront");
    let limit = |off: i128| format!("Storefront={} EUR", Amount::of_units(exact.units() + off));
    for (limit, code) in [(limit(0), 0), (limit(-1), 1), (limit(1), 0)] {
        let (found, checked) = check(&["--max-unit", &limit]);
        let row = &rows(&checked)[0];
        assert_eq!((found, row["passed"].as_bool()), (Some(code), Some(code == 0)), "{limit}: {row}");
        assert_eq!((amount(&row["found_amount"]), &row["currency"]), (exact, &json!("EUR")));
        let of_report = rows(&report).iter().find(|row| row["unit"] == "Storefront").unwrap();
        assert_eq!(row["share"], of_report["share"]);
    }
}

#[test]
fn with_a_bill_the_unallocated_part_is_of_the_net_cost() {
    let report = october(MAP);
    let unallocated = sum([net_cost(&report, "(unmapped)"), net_cost(&report, "(unattributed)")]);
    for (part, code) in [("13%", 1), ("15%", 0)] {
        let (found, checked) = check(&["--max-unallocated", part]);
        let row = &rows(&checked)[0];
        assert_eq!((found, &row["measure"]), (Some(code), &json!("net_cost")), "{row}");
        assert_eq!(amount(&row["found_amount"]), unallocated);
    }
}

#[test]
fn a_tie_out_has_a_row_for_each_bill_and_the_invoice_one_of_its_own() {
    let (code, checked) = check(&["--require-tie-out", "--invoice", "2229.19"]);
    assert_eq!(code, Some(1));
    let [tie_out, invoice] = &rows(&checked)[..] else { panic!("{checked}") };
    assert_eq!((&tie_out["gate"], &tie_out["passed"]), (&json!("tie_out"), &json!(true)));
    assert_eq!((&tie_out["invoice_month"], &tie_out["limit_amount"]), (&json!("2026-10"), &tie_out["found_amount"]));
    assert_eq!((&invoice["gate"], &invoice["found_amount"]), (&json!("invoice"), &json!("-0.01")));
    assert_eq!(check(&["--invoice", "2229.19", "--tolerance", "0.01"]).0, Some(0));
    let whole = [&["check", "sample-logs", "--bill", STANDARD, "--require-tie-out", "--quiet"][..], &TABLES].concat();
    let both = document(&whole);
    let months: Vec<&str> = rows(&both).iter().map(|row| row["invoice_month"].as_str().unwrap()).collect();
    assert_eq!(months, ["2026-10", "2026-11"]);
}

#[test]
fn each_currency_is_held_against_its_own_limit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("yen.json").display().to_string();
    std::fs::write(&path, yen()).unwrap();
    let gates = ["--bill", &path, "--max-unallocated", "90%", "--max-unit", "Storefront=1 JPY"];
    let (_, checked) = check(&gates);
    let currencies: Vec<&str> = rows(&checked).iter().map(|row| row["currency"].as_str().unwrap()).collect();
    assert_eq!(currencies, ["EUR", "JPY", "JPY"]);
}

/// A few rows of the sample bill in yen.
pub fn yen() -> String {
    let text = std::fs::read_to_string(root().join(STANDARD)).unwrap();
    text.lines().take(25).map(|line| line.replace("\"EUR\"", "\"JPY\"") + "\n").collect()
}

#[test]
fn the_markdown_of_a_check_begins_with_its_result() {
    let args = [&["check", "sample-logs", "--quiet"][..], &TABLES, &OCTOBER].concat();
    let kept = printed(&[&args[..], &["--require-tie-out", "--max-unit", "Storefront=418 EUR"]].concat());
    assert!(kept.starts_with("✅ **All 2 limits are kept.**\n\n| gate | unit |"), "{kept}");
    assert!(kept.contains("**Tie-out (EUR)**") && !kept.contains("free_method"), "{kept}");
    let broken = output(&[&args[..], &["--max-unit", "Storefront=417.55 EUR"]].concat());
    assert!(String::from_utf8(broken.stdout).unwrap().starts_with("❌ **The limit is not kept.**\n"));
}

#[test]
fn limits_in_money_that_say_nothing_are_wrong_use() {
    let logs = "sample-logs/vertex_ai.jsonl";
    for (args, why) in [
        (vec!["--max-unit", "Storefront=1 EUR"], "only a bill tells what a unit costs in EUR"),
        (vec!["--bill", STANDARD, "--max-unit", "Storefront=1 USD"], "nothing of the bill is in USD; it is in EUR"),
        (vec!["--bill", STANDARD, "--max-unit", "Storefrnt=1 EUR"], "`Storefrnt`: sample-logs/business-units.csv"),
        (vec!["--bill", STANDARD, "--max-unit", "Storefront=-1 EUR"], "is no limit"),
        (vec!["--bill", STANDARD, "--require-tie-out", "--invoice-month", "2025-01"], "nothing of 2025-01"),
        (vec!["--require-tie-out"], "--bill"),
        (vec!["--bill", STANDARD], "required arguments"),
    ] {
        let output = output(&[&["check", logs, "--map", MAP][..], &args].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(why), "{args:?}: {error}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

/// The movements of two sides with their bills, each of which adds up.
fn diff(args: &[&str]) -> Value {
    let found = document(&[&["diff"][..], args, &["--quiet"]].concat());
    let mut totals = vec![Amount::ZERO; PARTS.len()];
    for row in rows(&found) {
        let [old, new, change, parts @ ..] = PARTS.map(|name| amount(&row[name]));
        assert_eq!(sum([old, change]), new, "{row}");
        assert_eq!(sum(parts), change, "{row}");
        totals.iter_mut().zip(PARTS).for_each(|(total, name)| *total = sum([*total, amount(&row[name])]));
    }
    for (total, name) in totals.iter().zip(PARTS) {
        assert_eq!(*total, amount(&found["totals"][name]), "{name}");
    }
    found
}

const PARTS: [&str; 7] = ["old", "new", "change", "volume", "rate", "mapping", "other"];

#[test]
fn a_new_mapping_moves_what_reports_under_both_mappings_say() {
    let old_month = ["--old-invoice-month", "2026-10"];
    let november = ["--bill", STANDARD, "--invoice-month", "2026-10", "--old-bill", STANDARD];
    let maps = ["--old-map", MAP, "--map", RULES, "--projects", PROJECTS];
    let found = diff(&[&["sample-logs", "sample-logs"][..], &maps, &november, &old_month].concat());
    let (old, new) = (october(MAP), october(RULES));
    let mut moved = 0;
    for row in rows(&found) {
        let unit = row["unit"].as_str().unwrap();
        assert_eq!((amount(&row["old"]), amount(&row["new"])), (net_cost(&old, unit), net_cost(&new, unit)), "{unit}");
        assert_eq!(row["mapping"], row["change"], "{row}");
        moved += usize::from(row["mapping"] != "0");
    }
    assert!(moved > 3);
    assert_eq!(found["totals"]["mapping"], "0");
    // One bill, one proof: both mappings leave the same without a unit.
    assert_eq!(found["bill"]["tie_outs"].as_array().unwrap().len(), 1);
}

/// The sample bill, each row changed.
fn changed(name: &str, directory: &std::path::Path, change: impl Fn(&mut Value) -> usize) -> String {
    let text = std::fs::read_to_string(root().join(STANDARD)).unwrap();
    let mut changed = String::new();
    for line in text.lines() {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let times = change(&mut row);
        changed.push_str(&format!("{row}\n").repeat(times));
    }
    let path = directory.join(name);
    std::fs::write(&path, changed).unwrap();
    path.display().to_string()
}

#[test]
fn more_use_is_volume_and_other_prices_are_rate() {
    let directory = tempfile::tempdir().unwrap();
    // Every row twice: twice the use at the same prices.
    let twice = changed("twice.json", directory.path(), |_| 2);
    // The same money for twice the use.
    let cheaper = changed("cheaper.json", directory.path(), |row| {
        let used = &mut row["usage"]["amount_in_pricing_units"];
        if let Some(number) = used.as_f64() {
            *used = json!(number * 2.0);
        }
        1
    });
    let same = ["--projects", PROJECTS, "--map", MAP, "--old-bill", STANDARD, "--bill"];
    let found = diff(&[&["sample-logs", "sample-logs"][..], &same, &[&twice]].concat());
    for row in rows(&found) {
        assert_eq!((&row["rate"], &row["mapping"]), (&json!("0"), &json!("0")), "{row}");
    }
    assert!(amount(&found["totals"]["volume"]) > Amount::ZERO && amount(&found["totals"]["other"]) > Amount::ZERO);
    let taxes: Amount = sum(bill_rows()
        .iter()
        .filter(|row| row["cost_type"] == "tax")
        .map(|row| Amount::parse(&row["cost"].to_string()).unwrap()));
    assert!(amount(&found["totals"]["other"]) >= taxes && taxes > Amount::ZERO);
    let found = diff(&[&["sample-logs", "sample-logs"][..], &same, &[&cheaper]].concat());
    for row in rows(&found) {
        assert_eq!((&row["change"], &row["mapping"], &row["other"]), (&json!("0"), &json!("0"), &json!("0")), "{row}");
    }
    let volume = amount(&found["totals"]["volume"]);
    assert!(volume > Amount::ZERO);
    assert_eq!(sum([volume, amount(&found["totals"]["rate"])]), Amount::ZERO);
}

fn bill_rows() -> Vec<Value> {
    let text = std::fs::read_to_string(root().join(STANDARD)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn reports_with_money_are_compared_by_their_rows() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let report = |file: &str, map: &str, more: &[&str]| {
        let args = ["report", "sample-logs", "--map", map, "--projects", PROJECTS, "--quiet", "-o", file];
        assert_eq!(output(&[&args[..], more].concat()).status.code(), Some(0));
    };
    let (first, rules, calls, yens) = (path("a.json"), path("b.json"), path("c.json"), path("d.json"));
    let bill = path("yen-bill.json");
    std::fs::write(&bill, yen()).unwrap();
    report(&first, MAP, &OCTOBER);
    report(&rules, RULES, &OCTOBER);
    report(&calls, MAP, &[]);
    report(&yens, MAP, &["--bill", STANDARD, "--bill", &bill]);
    let found = diff(&[&first, &rules]);
    let (old, new) = (october(MAP), october(RULES));
    for row in rows(&found) {
        let unit = row["unit"].as_str().unwrap();
        assert_eq!((amount(&row["old"]), amount(&row["new"])), (net_cost(&old, unit), net_cost(&new, unit)), "{unit}");
    }
    assert!(rows(&found).iter().any(|row| row["mapping"] != "0"));
    assert_eq!(rows(&diff(&[&first, &first])).iter().filter(|row| row["change"] != "0").count(), 0);
    // Two currencies are never added up.
    let both = document(&["diff", &first, &yens, "--quiet"]);
    assert_eq!(both["totals"]["new"], Value::Null);
    let yen = |row: &&Value| row["currency"] == "JPY";
    assert!(rows(&both).iter().filter(yen).all(|row| row["old"] == "0" && row["volume"] == row["new"]));
    assert!(rows(&both).iter().any(|row| row["currency"] == "JPY"));
    // Money is compared where both have it.
    assert_eq!(document(&["diff", &first, &calls])["columns"][1]["name"], "old");
    let refused = output(&["diff", &first, &calls, "--measure", "net_cost"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("c.json: the report has no money"), "{said}");
}

#[test]
fn sides_that_cannot_be_told_apart_are_wrong_use() {
    let logs = "sample-logs/vertex_ai.jsonl";
    for (args, why) in [
        (vec!["--bill", STANDARD], "--old-invoice-month"),
        (vec!["--bill", STANDARD, "--invoice-month", "2026-10", "--old-invoice-month", "2026-10"], "the same bill"),
        (vec!["--bill", STANDARD, "--old-bill", STANDARD, "--measure", "calls"], "tells nothing of calls"),
        (vec!["--measure", "net_cost"], "give them with --bill"),
        (vec!["--old-bill", STANDARD], "--bill"),
    ] {
        let output = output(&[&["diff", logs, logs][..], &args].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(why), "{args:?}: {error}");
    }
}
