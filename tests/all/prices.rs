//! Price books: estimates held against a count of the test's own, and what is wrong with bad books.

use std::collections::BTreeMap;

use billtrail::model::money::Amount;
use num_bigint::BigInt;
use serde_json::{Value, json};

use super::bill::STANDARD;
use super::contract::{MAP, PROJECTS, Schemas, document, names_of};
use super::kept::output;

const PRICES: &str = "sample-logs/prices.toml";

fn args<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let all = [command, "sample-logs", "--map", MAP, "--projects", PROJECTS, "--quiet"];
    [&all[..], more].concat()
}

fn units(value: &Value) -> BigInt {
    value.as_str().map_or_else(BigInt::default, |text| Amount::parse(text).unwrap().units().into())
}

/// The second way: price and size of the unit of a call, by a list of the test's own; `None` for a call without a price.
fn price(call: &Value) -> Option<(&'static str, u64, u64)> {
    let text = |column: &str| call[column].as_str().unwrap_or_default();
    let (method, quantity) = (text("method"), call["quantity"].as_u64());
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| method.starts_with(prefix));
    let is = |names: &[&str]| names.contains(&method);
    let per_call = |price, size| Some((price, 1, size));
    match (text("service"), text("quantity_unit")) {
        ("vision.googleapis.com", "call") => per_call("2", 1_000),
        ("secretmanager.googleapis.com", "call") => per_call("0.04", 10_000),
        ("storage.googleapis.com", "call")
            if is(&["storage.objects.create", "storage.objects.list"]) || starts(&["storage.buckets."]) =>
        {
            per_call("0.06", 10_000)
        }
        ("storage.googleapis.com", "call") if starts(&["storage.objects.get"]) => per_call("0.005", 10_000),
        ("bigquery.googleapis.com", "byte") => Some(("6", quantity?, 1 << 40)),
        ("bigquery.googleapis.com", "slot_ms") => {
            Some((if text("timestamp") < "2026-10-15" { "0.05" } else { "0.06" }, quantity?, 3_600_000))
        }
        ("aiplatform.googleapis.com", "call") if method.contains(".PredictionService.") => {
            per_call(if text("model").starts_with("anthropic/") { "12" } else { "5" }, 1_000)
        }
        _ => None,
    }
}

#[test]
fn units_are_estimated_as_another_count_says() {
    let calls = document(&args("calls", &[]));
    let mut expected: BTreeMap<String, (Vec<(BigInt, BigInt)>, u64)> = BTreeMap::new();
    for call in calls["rows"].as_array().unwrap().iter().filter(|call| call["billable"] == json!(true)) {
        let unit = expected.entry(call["unit"].as_str().unwrap().to_owned()).or_default();
        match price(call) {
            Some((price, quantity, size)) => {
                let price = BigInt::from(Amount::parse(price).unwrap().units());
                unit.0.push((price * quantity, size.into()));
            }
            None => unit.1 += 1,
        }
    }
    let report = document(&args("report", &["--by", "unit", "--prices", PRICES]));
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), expected.len());
    for row in rows {
        let (parts, unpriced) = &expected[row["unit"].as_str().unwrap()];
        assert_eq!(row["unpriced_calls"], json!(unpriced), "{row}");
        // Each call is off by at most half a digit.
        let (sum, all) = parts
            .iter()
            .fold((BigInt::default(), BigInt::from(1)), |(sum, of), (part, size)| (sum * size + part * &of, of * size));
        let off: BigInt = units(&row["estimated_cost"]) * &all - sum;
        assert!(off.magnitude() * 2_u32 <= (all * parts.len()).magnitude().clone(), "{row}");
        assert!(!parts.is_empty());
    }
}

#[test]
fn every_grouping_and_the_calls_come_to_the_same_digit() {
    let schemas = Schemas::read();
    let calls = document(&args("calls", &["--prices", PRICES]));
    schemas.hold("calls", &calls);
    assert_eq!(names_of(&calls["columns"])[40..], ["estimated_cost", "price"]);
    let estimate = &calls["estimate"];
    let sum = |document: &Value| -> BigInt {
        document["rows"].as_array().unwrap().iter().map(|row| units(&row["estimated_cost"])).sum()
    };
    assert_eq!(sum(&calls), units(&estimate["amount"]));
    for call in calls["rows"].as_array().unwrap() {
        let billable = call["billable"] == json!(true);
        assert_eq!(call["price"].is_null(), !billable || call["estimated_cost"].is_null(), "{call}");
        assert!(billable || call["estimated_cost"] == json!("0"), "{call}");
    }
    for by in ["unit", "sku", "day,service", "unit,payer,service,sku,principal,method", "location,model"] {
        for threads in ["1", "3"] {
            let report = document(&args("report", &["--by", by, "--prices", PRICES, "--threads", threads]));
            schemas.hold(by, &report);
            assert_eq!(&report["estimate"], estimate, "{by}");
            assert_eq!(sum(&report), units(&estimate["amount"]), "{by}");
            assert_eq!(report["totals"]["estimated_cost"], estimate["amount"]);
            let unpriced = report["rows"].as_array().unwrap().iter().map(|row| row["unpriced_calls"].as_u64().unwrap());
            assert_eq!(json!(unpriced.sum::<u64>()), estimate["unpriced_calls"], "{by}");
        }
    }
}

#[test]
fn an_estimate_is_called_one_in_every_format() {
    for format in ["table", "markdown", "html"] {
        let output = output(&[
            "report",
            "sample-logs/vertex_ai.jsonl",
            "--quiet",
            "--by",
            "service",
            "--prices",
            PRICES,
            "--format",
            format,
        ]);
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.replace("<wbr>", "").replace('\\', "");
        assert!(
            text.contains(
                "estimated_cost is an estimate by the price book sample-logs/prices.toml, not what was billed"
            ),
            "{format}"
        );
    }
    for format in ["csv", "ndjson", "json"] {
        let output =
            output(&["calls", "sample-logs/vertex_ai.jsonl", "--quiet", "--prices", PRICES, "--format", format]);
        assert!(String::from_utf8(output.stdout).unwrap().contains("estimated_cost"), "{format}");
    }
}

#[test]
fn what_has_no_price_is_never_zero() {
    let directory = tempfile::tempdir().unwrap();
    let book = directory.path().join("book.toml");
    let text = "currency = \"EUR\"\n[[price]]\nservice = \"vision\"\nprice = 0\nper = \"call\"\n[[price]]\nservice = \"compute\"\nprice = 1\nper = \"GB\"\n";
    std::fs::write(&book, text).unwrap();
    let path = book.to_str().unwrap();
    let report = document(&args("report", &["--by", "service", "--prices", path]));
    for row in report["rows"].as_array().unwrap() {
        let priced = row["service"] == "vision.googleapis.com" || row["billable_calls"] == 0;
        assert_eq!(row["estimated_cost"], if priced { json!("0") } else { Value::Null }, "{row}");
        assert_eq!(row["unpriced_calls"], if priced { json!(0) } else { row["billable_calls"].clone() }, "{row}");
    }
    let unused = &report["diagnostics"]["unused_price"]["examples"][0];
    assert_eq!(unused, "line 6: no billable call of compute.googleapis.com metered by the byte");
}

#[test]
fn a_bad_price_book_is_refused_with_its_place_and_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("p.toml");
    let price = "[[price]]\nservice = \"vision.googleapis.com\"\nprice = 1\nper = \"call\"\n";
    let with = |from: &str, to: &str| format!("currency = \"EUR\"\n{}", price.replace(from, to));
    let twice = |first: &str, second: &str| format!("currency = \"EUR\"\n{price}{first}{price}{second}");
    let cases = [
        (price.to_owned(), "p.toml:1: the price has no currency; write `currency = \"EUR\"` above"),
        (format!("currency = \"EURO\"\n{price}"), "p.toml:1: `EURO` is no currency of ISO 4217"),
        (
            with("vision.googleapis.com", "visio.googleapis.com"),
            "p.toml:3: unknown service `visio.googleapis.com`; `billtrail services`",
        ),
        (with("price = 1", "price = -0.5"), "p.toml:4: the price `-0.5` is negative; discounts"),
        (with("price = 1", "price = \"1,50\""), "p.toml:4: `1,50` is no price; write a decimal number"),
        (with("price = 1", "price = true"), "p.toml:4: `price` must be a text"),
        (
            with("\"call\"", "\"1000 tokens\""),
            "p.toml:5: unknown unit `1000 tokens`; write a unit, or a number and a unit: call, byte, KiB",
        ),
        (with("\"call\"", "\"0 calls\""), "p.toml:5: unknown unit `0 calls`"),
        (with("per = \"call\"\n", ""), "p.toml:2: the price has no `per`"),
        (with("per", "unit"), "p.toml:5: unknown key `unit`; known are service, method, model, sku, price, per,"),
        (with("service", "method = \"[\"\nservice"), "p.toml:3: pattern `[` cannot be read"),
        (with("service", "valid_from = 2026-13-01\nservice"), "p.toml:3"),
        (with("service", "valid_from = \"October\"\nservice"), "p.toml:3: `October` is no date such as 2026-10-01"),
        (with("service", "valid_from = 2026-11-01\nvalid_to = 2026-10-01\nservice"), "p.toml:2: the price holds never"),
        (twice("", ""), "p.toml:6: the price on line 2 is for the same calls at the same time; end one"),
        (
            twice("valid_to = 2026-10-16\n", "valid_from = 2026-10-15\n"),
            "p.toml:7: the price on line 2 is for the same calls",
        ),
        (
            twice("", "currency = \"USD\"\nmethod = \"x\"\n"),
            "p.toml:6: this price is in USD, the one on line 2 in EUR: currencies are never",
        ),
        (String::new(), "p.toml:1: there are no prices; expected at least one table `[[price]]`"),
        ("prices = 1\n".to_owned(), "p.toml:1: unknown key `prices`; known are currency, price"),
        ("[[price]\n".to_owned(), "p.toml:1: this is not TOML"),
        ("price = 1\n".to_owned(), "p.toml:1: `price` must be written as tables `[[price]]`"),
    ];
    let out = directory.path().join("out.json");
    for (text, said) in cases {
        std::fs::write(&path, &text).unwrap();
        for command in ["report", "calls"] {
            let args = [
                command,
                "sample-logs/client.jsonl",
                "--quiet",
                "-o",
                out.to_str().unwrap(),
                "--prices",
                path.to_str().unwrap(),
            ];
            let output = output(&args);
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(2) && stderr.contains(said), "{text}: {stderr}");
            assert!(!out.exists() && output.stdout.is_empty());
        }
    }
    // One after the other is no overlap.
    std::fs::write(&path, twice("valid_to = 2026-10-15\n", "valid_from = 2026-10-15\n")).unwrap();
    let report = document(&args(
        "report",
        &["--prices", path.to_str().unwrap(), "--where", "protoPayload.serviceName=\"vision.googleapis.com\""],
    ));
    assert_eq!(report["estimate"]["unpriced_calls"], json!(0));
}

#[test]
fn prices_stand_neither_beside_a_bill_nor_in_a_filter() {
    for (more, said) in [
        (&["--prices", PRICES, "--bill", STANDARD][..], "--prices cannot stand beside --bill"),
        (&["--prices", PRICES, "--by", "sku", "--filters"], "no entry tells `sku`"),
        (&["--prices", PRICES, "--by", "sku,basis"], "only a bill tells `basis`"),
        (&["--by", "sku"], "give one with --bill or --prices"),
        (&["--prices", "nowhere.toml"], "nowhere.toml"),
    ] {
        let output = output(&args("report", more));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && stderr.contains(said), "{more:?}: {stderr}");
    }
    // Filters and estimates do not get in each other's way.
    let report = document(&args("report", &["--prices", PRICES, "--by", "service", "--prove"]));
    Schemas::read().hold("prices and filters", &report);
    let names = names_of(&report["columns"]);
    assert_eq!(
        names[names.len() - 6..],
        ["estimated_cost", "unpriced_calls", "filter", "filter_url", "exact", "proof"]
    );
}
