//! Bills: the sample bill in all its forms, held against a count by another program, and what is wrong with bad ones.

use std::path::Path;

use billtrail::model::money::Amount;
use serde_json::{Value, json};

use super::contract::{BILL_GROUPINGS, GROUPINGS, MAP, PROJECTS, Schemas, names_of};
use super::kept::output;
use super::world::root;

pub const STANDARD: &str = "sample-logs/bill/gcp_billing_export_v1_00AA11_22BB33_44CC55.json";
const DETAILED: &str = "sample-logs/bill/gcp_billing_export_resource_v1_00AA11_22BB33_44CC55.json";
const FOCUS: &str = "sample-logs/bill/gcp_billing_export_focus_00AA11_22BB33_44CC55.csv";

/// The arguments of a report on the samples with a bill.
fn with_bill<'a>(bill: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["report", "sample-logs", "--map", MAP, "--projects", PROJECTS, "--quiet", "--bill", bill];
    args.extend(more);
    args
}

/// The JSON document of a report that goes well.
fn document(args: &[&str]) -> Value {
    super::contract::document(args)
}

fn amount(value: &Value) -> Amount {
    Amount::parse(value.as_str().unwrap()).unwrap()
}

fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).unwrap())
}

#[test]
fn every_form_of_the_bill_gives_the_same_report() {
    let by = "unit,payer,service,sku,day,invoice_month,cost_type,basis,currency,billing_account";
    let rows = |bill: &str| {
        let output = output(&with_bill(bill, &["--by", by, "--format", "csv"]));
        assert_eq!(output.status.code(), Some(0), "{bill}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let expected = rows(STANDARD);
    assert!(expected.lines().count() > 200);
    for bill in
        [DETAILED, FOCUS, "tests/bills/nested.parquet", "tests/bills/focus.parquet", "tests/bills/spreadsheet.csv"]
    {
        assert!(rows(bill) == expected, "{bill}");
    }
}

#[test]
fn units_carry_what_another_program_counted() {
    let text = std::fs::read_to_string(root().join("tests/expected/bill.tsv")).unwrap();
    let tolerated = Amount::parse("1e-12").unwrap().magnitude();
    let report = document(&with_bill(STANDARD, &["--by", "invoice_month,unit,basis"]));
    let rows: Vec<&Value> =
        report["rows"].as_array().unwrap().iter().filter(|row| !row["net_cost"].is_null()).collect();
    let mut expected = 0;
    for line in text.lines().skip(1) {
        let [month, unit, basis, net_cost] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let row = rows.iter().find(|row| row["invoice_month"] == month && row["unit"] == unit && row["basis"] == basis);
        let row = row.unwrap_or_else(|| panic!("no row for {line}"));
        let off = amount(&row["net_cost"]).checked_sub(Amount::parse(net_cost).unwrap()).unwrap();
        assert!(off.magnitude() <= tolerated, "{line}: {row}");
        expected += 1;
    }
    let with_cost = rows.iter().filter(|row| row["net_cost"] != "0").count();
    assert_eq!(with_cost, expected);
}

#[test]
fn reports_with_a_bill_hold_their_schema_and_add_up() {
    let schemas = Schemas::read();
    let all = [&GROUPINGS[..], &BILL_GROUPINGS[..]].concat();
    let mut groupings: Vec<String> = all.iter().map(|name| (*name).to_owned()).collect();
    groupings.extend([all.join(","), "unit,service".to_owned(), "principal,unit".to_owned()]);
    let mut whole: Option<Value> = None;
    for by in groupings {
        let report = document(&with_bill(STANDARD, &["--by", &by]));
        schemas.hold(&by, &report);
        let rows = report["rows"].as_array().unwrap();
        for column in ["cost", "credits", "net_cost"] {
            let sum = sum(rows.iter().filter(|row| !row[column].is_null()).map(|row| amount(&row[column])));
            assert_eq!(sum, amount(&report["totals"][column]), "{by}: {column}");
        }
        let billed = sum(report["bill"]["tie_outs"].as_array().unwrap().iter().map(|tie_out| amount(&tie_out["bill"])));
        assert_eq!(billed, amount(&report["totals"]["net_cost"]), "{by}");
        let mut money = report["totals"].clone();
        money.as_object_mut().unwrap().remove("basis");
        assert_eq!(&money, whole.get_or_insert_with(|| money.clone()), "{by}");
    }
}

#[test]
fn without_a_bill_there_is_no_money() {
    let report = document(&["report", "sample-logs/client.jsonl", "--quiet"]);
    assert_eq!(report["bill"], Value::Null);
    assert!(!names_of(&report["columns"]).contains(&"net_cost"));
    let failed = output(&["report", "sample-logs/client.jsonl", "--by", "unit,sku"]);
    assert_eq!(failed.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("--bill"));
}

#[test]
fn printed_cents_add_up_to_the_printed_total() {
    let output = output(&with_bill(STANDARD, &["--by", "service,day", "--format", "markdown"]));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.split('|').map(|cell| cell.replace(['*', '\\', ',', ' '], "")).collect::<Vec<String>>());
    let titles = lines.next().unwrap();
    let at = |name: &str| titles.iter().position(|title| title == name).unwrap();
    let places = [at("cost"), at("credits"), at("net_cost")];
    let mut sums = [0_i64; 3];
    let cents = |cell: &str| cell.replace('.', "").parse::<i64>().unwrap_or(0);
    let mut rows = lines.skip(1).peekable();
    while let Some(row) = rows.next() {
        let [cost, credits, net] = places.map(|place| cents(&row[place]));
        assert_eq!(cost + credits, net, "{row:?}");
        if rows.peek().is_none() {
            assert_eq!([cost, credits, net], sums);
        }
        sums = [sums[0] + cost, sums[1] + credits, sums[2] + net];
    }
    assert!(sums[0] > 0);
}

#[test]
fn idle_slots_are_shared_or_stay_with_their_owner() {
    let carried = |idle: &str| {
        let more = ["--by", "unit", "--invoice-month", "2026-10", "--idle-slots", idle];
        let report = document(&with_bill(STANDARD, &more));
        let rows = report["rows"].as_array().unwrap().clone();
        let of = |unit: &str| amount(&rows.iter().find(|row| row["unit"] == unit).unwrap()["net_cost"]);
        [of("Advertising"), of("Data Platform"), amount(&report["totals"]["net_cost"])]
    };
    let (shared, owner) = (carried("shared"), carried("owner"));
    assert!(owner[0] < shared[0] && owner[1] > shared[1]);
    assert_eq!(owner[2], shared[2]);
}

#[test]
fn rules_and_shares_of_the_mapping_move_costs() {
    let directory = tempfile::tempdir().unwrap();
    let map = directory.path().join("units.csv");
    let rows = "project,business_unit,share\nresearch-nlp,Research,\nprincipal:priya.nair@example.com,Lab,\nshop-data,Left,1/3\nshop-data,Right,2/3\n*,Rest,\n";
    std::fs::write(&map, rows).unwrap();
    let report = document(&[
        "report",
        "sample-logs",
        "--map",
        map.to_str().unwrap(),
        "--quiet",
        "--bill",
        STANDARD,
        "--by",
        "payer,unit,basis,service",
    ]);
    let carried = |payer: &str, unit: &str, basis: &str| {
        let rows = report["rows"].as_array().unwrap().iter();
        let rows = rows.filter(|row| row["payer"] == payer && row["unit"] == unit && row["basis"] == basis);
        sum(rows.filter(|row| !row["net_cost"].is_null()).map(|row| amount(&row["net_cost"])))
    };
    // Calls of one project by a caller of another unit take their part of what calls cost; all else stays.
    assert!(carried("research-nlp", "Lab", "calls") > Amount::ZERO);
    assert!(carried("research-nlp", "Research", "calls") > Amount::ZERO);
    assert!(carried("research-nlp", "Research", "project") > Amount::ZERO);
    assert_eq!(carried("research-nlp", "Lab", "project"), Amount::ZERO);
    // Fixed parts, to a last digit a row.
    let (left, right) = (carried("shop-data", "Left", "fixed"), carried("shop-data", "Right", "fixed"));
    let off = left.checked_add(left).unwrap().checked_sub(right).unwrap();
    assert!(left > Amount::ZERO && off.magnitude() < 1000, "{left} {right}");
    let billed = sum(report["bill"]["tie_outs"].as_array().unwrap().iter().map(|tie_out| amount(&tie_out["bill"])));
    assert_eq!(billed, amount(&report["totals"]["net_cost"]));
}

#[test]
fn an_invoice_is_compared_in_cents() {
    let run = |more: &[&str]| {
        let mut args = with_bill(STANDARD, &["--by", "unit", "--format", "json"]);
        args.extend(more);
        let output = output(&args);
        let document = serde_json::from_slice::<Value>(&output.stdout).unwrap_or(Value::Null);
        (output.status.code(), document["bill"]["invoice"].clone(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, invoice, _) = run(&["--invoice-month", "2026-10", "--invoice", "2229.20"]);
    assert_eq!((code, &invoice["residual"], &invoice["ties_out"]), (Some(0), &json!("0"), &json!(true)));
    let (code, invoice, _) = run(&["--invoice-month", "202610", "--invoice", "2229.19"]);
    assert_eq!((code, &invoice["residual"], &invoice["ties_out"]), (Some(1), &json!("-0.01"), &json!(false)));
    assert_eq!(run(&["--invoice-month", "2026-10", "--invoice", "2229.19", "--tolerance", "0.01"]).0, Some(0));
    let (code, _, said) = run(&["--invoice", "2229.20"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("several invoices (2026-10, 2026-11)"), "{said}");
}

#[test]
fn currencies_never_meet_in_a_sum() {
    let directory = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join(STANDARD)).unwrap();
    let yen: String = text.lines().take(5).map(|line| line.replace("\"EUR\"", "\"JPY\"") + "\n").collect();
    let path = directory.path().join("yen.json");
    std::fs::write(&path, yen).unwrap();
    let report = document(&with_bill(STANDARD, &["--bill", path.to_str().unwrap(), "--by", "unit"]));
    Schemas::read().hold("two currencies", &report);
    assert_eq!(names_of(&report["columns"])[..2], ["unit", "currency"]);
    assert_eq!(report["totals"]["net_cost"], Value::Null);
    let of = |currency: &str| {
        let rows = report["rows"].as_array().unwrap().iter();
        sum(rows
            .filter(|row| row["currency"] == currency && !row["net_cost"].is_null())
            .map(|row| amount(&row["net_cost"])))
    };
    let tied = |currency: &str| {
        let tie_outs = report["bill"]["tie_outs"].as_array().unwrap().iter();
        sum(tie_outs.filter(|tie_out| tie_out["currency"] == currency).map(|tie_out| amount(&tie_out["bill"])))
    };
    assert_eq!([of("EUR"), of("JPY")], [tied("EUR"), tied("JPY")]);
}

/// Writes a bill with one part of the sample replaced, and returns its path.
fn spoilt(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_bad_bill_is_refused_with_its_place_and_leaves_no_output() {
    let directory = tempfile::tempdir().unwrap();
    let standard = std::fs::read_to_string(root().join(STANDARD)).unwrap();
    let focus = std::fs::read_to_string(root().join(FOCUS)).unwrap();
    let parquet = std::fs::read(root().join("tests/bills/nested.parquet")).unwrap();
    let spoil = |name: &str, text: &str| spoilt(directory.path(), name, text);
    let cut = directory.path().join("cut.parquet");
    std::fs::write(&cut, &parquet[..parquet.len() / 2]).unwrap();
    let cut_gzip = directory.path().join("cut.json.gz");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, standard.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    std::fs::write(&cut_gzip, &gzip[..gzip.len() / 2]).unwrap();
    let whole_gzip = directory.path().join("whole.json.gz");
    std::fs::write(&whole_gzip, &gzip).unwrap();
    let quote = focus.replacen("Analysis (europe-west3)", "\"Analysis (europe-west3)", 1);
    let cases: Vec<(Vec<String>, i32, &str)> = vec![
        (vec![STANDARD.into(), DETAILED.into()], 2, "each holds all charges"),
        (vec![STANDARD.into(), FOCUS.into()], 2, "a standard one: each holds"),
        (vec![STANDARD.into(), STANDARD.into()], 2, "more than once"),
        (vec![STANDARD.into(), whole_gzip.display().to_string()], 2, "holds the same rows as"),
        (
            vec![spoil("number.json", &standard.replacen("\"cost\":250", "\"cost\":\"12,5\"", 1))],
            2,
            "number.json:1: `cost` is `12,5`",
        ),
        (
            vec![spoil("currency.json", &standard.replacen("\"EUR\"", "\"EURO\"", 1))],
            2,
            "currency.json:1: `currency` is `EURO`",
        ),
        (
            vec![spoil("no-cost.json", &standard.replacen("\"cost\":250,", "", 1))],
            2,
            "no-cost.json:1: `cost` is missing",
        ),
        (vec![spoil("json.json", &standard.replacen("\"credits\":[]", "\"credits\":[", 1))], 2, "json.json:1: "),
        (vec![spoil("cut.json", &standard[..standard.len() - 20])], 3, "a bill must be whole"),
        (vec![spoil("quote.csv", &quote)], 2, "quote.csv:"),
        (vec![spoil("lacks.csv", &focus.replacen("BillingCurrency", "Currency", 1))], 2, "lacks `BillingCurrency`"),
        (vec![spoil("cells.csv", &focus.replacen(",EUR,", ",EUR,,", 1))], 2, "cells.csv:2: "),
        (vec![spoil("other.csv", "project,business_unit\na,b\n")], 2, "no bill: its columns"),
        (vec![spoil("empty.json", "")], 2, "no bill"),
        (vec![cut.display().to_string()], 3, "not readable as Parquet"),
        (vec![cut_gzip.display().to_string()], 3, "a bill must be whole"),
        (vec!["nowhere.json".into()], 2, "nowhere.json"),
        (vec!["sample-logs/bill".into()], 2, "is a directory"),
        (
            vec![spoil(
                "elsewhere.json",
                &standard
                    .replace("\"id\":\"shop-", "\"id\":\"corp-")
                    .replace("\"id\":\"ads-", "\"id\":\"sda-")
                    .replace("\"id\":\"research-", "\"id\":\"hcraeser-")
                    .replace("\"id\":\"partner-", "\"id\":\"p-")
                    .replace("739105528164", "111111111111")
                    .replace("\"number\":\"", "\"number\":\"9"),
            )],
            2,
            "no project of the bill",
        ),
    ];
    let out = directory.path().join("out.json");
    for (bills, code, said) in cases {
        let mut args = vec!["report", "sample-logs/client.jsonl", "--quiet", "-o", out.to_str().unwrap()];
        bills.iter().for_each(|bill| args.extend(["--bill", bill]));
        let output = output(&args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(code) && stderr.contains(said),
            "{bills:?}: {:?} {stderr}",
            output.status.code()
        );
        assert!(!out.exists() && output.stdout.is_empty(), "{bills:?}");
    }
    for (options, said) in [
        (&["--invoice-month", "2027-01"][..], "the bill has nothing of 2027-01; it has 2026-10, 2026-11"),
        (&["--invoice-month", "October"], "is no month"),
        (&["--invoice", "12,50"], "`12,50` is no amount"),
        (&["--invoice", "1", "--tolerance", "-1"], "--tolerance"),
        (&["--idle-slots", "nobody"], "nobody"),
    ] {
        let output = output(&with_bill(STANDARD, options));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && stderr.contains(said), "{options:?}: {stderr}");
    }
}
