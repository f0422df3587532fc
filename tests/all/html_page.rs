//! The page holds what the JSON document holds: the same rows, and sums that agree.

use billtrail::model::money::Amount;
use serde_json::{Value, json};

use super::bill::STANDARD;
use super::contract::PROJECTS;
use super::kept::printed;
use super::world::document;

const REPORT: [&str; 4] = ["report", "sample-logs", "--map", "sample-logs/business-units.csv"];

fn page(args: &[&str]) -> String {
    printed(&[args, &["--format", "html", "--quiet"]].concat())
}

/// The rows that the page's script reads.
fn rows(page: &str) -> Vec<Value> {
    let blocks = page.split("<script type=\"application/json\" class=\"rows\">").skip(1);
    let blocks = blocks.map(|block| serde_json::from_str::<Vec<Value>>(block.split("</script>").next().unwrap()));
    blocks.flat_map(|block| block.unwrap()).collect()
}

/// A value of the JSON document as the page has it.
fn shown(column: &Value, value: &Value) -> Value {
    match (column["type"].as_str().unwrap(), value) {
        ("share", Value::Number(share)) => json!((share.as_f64().unwrap() * 1e6).round() as u64),
        ("text", Value::String(text)) => json!(billtrail::report::safe(text)),
        _ => value.clone(),
    }
}

#[test]
fn the_page_has_the_rows_of_the_document() {
    let by = [&REPORT[..], &["--by", "unit,principal,resource,method,day"]].concat();
    for args in [&REPORT[..], &by, &["calls", "sample-logs"], &["calls", "sample-logs/kubernetes.jsonl"]] {
        let document = document(args);
        let columns = document["columns"].as_array().unwrap();
        let expected: Vec<Value> = (document["rows"].as_array().unwrap().iter())
            .map(|row| columns.iter().map(|column| shown(column, &row[column["name"].as_str().unwrap()])).collect())
            .collect();
        assert_eq!(rows(&page(args)), expected, "{args:?}");
    }
}

#[test]
fn units_on_the_page_are_those_of_a_report_by_unit() {
    let units = document(&[&REPORT[..], &["--by", "unit"]].concat());
    let page = page(&[&REPORT[..], &["--by", "day,service,unit"]].concat());
    let section = page.split("<section id=\"units\">").nth(1).unwrap().split("</section>").next().unwrap();
    for row in units["rows"].as_array().unwrap() {
        let unit = row["unit"].as_str().unwrap();
        let cells = section.split(&format!(">{unit}</th>")).nth(1).unwrap().split("</tr>").next().unwrap();
        for measure in ["billable_calls", "calls", "failed_calls", "billed_bytes", "slot_ms", "entries"] {
            assert!(cells.contains(&format!("data-value=\"{}\"", row[measure])), "{unit} {measure}: {cells}");
        }
        let share = (row["share"].as_f64().unwrap() * 1e6).round();
        assert!(cells.contains(&format!("data-value=\"{share}\"")), "{unit}: {cells}");
    }
    assert_eq!(section.matches("<th scope=\"row\">").count(), units["rows"].as_array().unwrap().len() + 1);
}

#[test]
fn threads_do_not_change_the_page() {
    let one = page(&[&REPORT[..], &["--threads", "1", "--by", "day,unit,payer,storage_payer"]].concat());
    let many = page(&[&REPORT[..], &["--threads", "7", "--by", "day,unit,payer,storage_payer"]].concat());
    assert!(one == many);
}

#[test]
fn requester_pays_flows_need_both_payers() {
    let whole = page(&[&REPORT[..], &["--by", "payer,storage_payer"]].concat());
    let flows = whole.split("<section id=\"flows\">").nth(1).unwrap().split("</section>").next().unwrap();
    let document = document(&[&REPORT[..], &["--by", "payer,storage_payer"]].concat());
    let differ = |row: &&Value| {
        row["payer"] != row["storage_payer"] && row["storage_payer"] != "(none)" && row["payer"] != "(none)"
    };
    let expected = document["rows"].as_array().unwrap().iter().filter(differ).count();
    assert!(expected > 5);
    assert_eq!(flows.matches("<tr>").count(), expected + 1);
    assert!(!page(&REPORT).contains("id=\"flows\""));
}

#[test]
fn with_a_bill_units_are_ranked_by_net_cost() {
    let bill = ["--projects", PROJECTS, "--bill", STANDARD];
    let units = document(&[&REPORT[..], &bill, &["--by", "unit"]].concat());
    let page = page(&[&REPORT[..], &bill, &["--by", "day,service,unit", "--invoice-month", "2026-10"]].concat());
    for part in ["<dt>Net cost</dt>", "equal", "Tie-out (EUR)", "Business units by net cost (EUR)"] {
        assert!(page.contains(part), "{part}");
    }
    let october = document(&[&REPORT[..], &bill, &["--by", "unit", "--invoice-month", "2026-10"]].concat());
    assert_ne!(units["totals"], october["totals"]);
    let section = page.split("<section id=\"units\">").nth(1).unwrap().split("</section>").next().unwrap();
    let row = |unit: &str| section.find(&format!(">{unit}</th>")).unwrap();
    for unit in october["rows"].as_array().unwrap().iter().filter(|row| !row["net_cost"].is_null()) {
        let cells = section[row(unit["unit"].as_str().unwrap())..].split("</tr>").next().unwrap();
        let net = Amount::parse(unit["net_cost"].as_str().unwrap()).unwrap().units();
        assert!(cells.contains(&format!("data-value=\"{net}\"")), "{unit}: {cells}");
    }
    assert!(section.find("(unmapped)") > section.find("Advertising"));
}

/// A section of the page.
fn section<'p>(page: &'p str, id: &str) -> &'p str {
    let begin = page.split(&format!("<section id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("no section {id}"));
    begin.split("</section>").next().unwrap()
}

/// The numbers behind the figures of a section.
fn numbers(section: &str) -> Vec<i128> {
    let cells = section.split("<td class=\"figure\" data-value=\"").skip(1);
    cells.map(|cell| cell.split('"').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn with_a_bill_the_trend_and_the_rankings_are_by_money() {
    let bill = ["--projects", PROJECTS, "--bill", STANDARD, "--invoice-month", "2026-10"];
    let page = page(&[&REPORT[..], &bill, &["--by", "day,unit,payer,service,principal"]].concat());
    let trend = section(&page, "trend");
    assert!(trend.contains("<h2>Net cost by day (EUR)</h2>") && !page.contains("calls by day"));
    // Cents of all days and units: the invoice.
    assert_eq!(numbers(trend).iter().sum::<i128>(), 222_920);
    for heading in ["Payers", "Services", "Principals"] {
        let ranking = page.split(&format!("<h2>{heading}</h2>")).nth(1).unwrap().split("</section>").next().unwrap();
        assert!(ranking.contains("by net cost (EUR)"), "{heading}: {ranking}");
    }
}

#[test]
fn currencies_have_sections_of_their_own_and_no_sums_in_common() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("yen.json");
    std::fs::write(&path, super::money_gates::yen()).unwrap();
    let bill = ["--projects", PROJECTS, "--bill", STANDARD, "--bill", path.to_str().unwrap()];
    let args = [&REPORT[..], &bill, &["--by", "day,unit,service"]].concat();
    let (page, document) = (page(&args), document(&args));
    assert_eq!(page.matches("<dt>Net cost</dt>").count(), 2);
    assert!(page.contains("Tie-out (EUR)") && page.contains("Tie-out (JPY)"));
    for currency in ["EUR", "JPY"] {
        let rows = document["rows"].as_array().unwrap().iter();
        let net = rows.filter(|row| row["currency"] == currency).filter_map(|row| row["net_cost"].as_str());
        let net = net.fold(Amount::ZERO, |sum, net| sum.checked_add(Amount::parse(net).unwrap()).unwrap());
        let total = section(&page, &format!("units-{currency}")).split("<tfoot>").nth(1).unwrap().to_owned();
        let shown =
            billtrail::model::money::Money::rounded(net, billtrail::model::money::Currency::parse(currency).unwrap());
        assert!(total.contains(&format!(">{}<", shown.shown())), "{currency}: {total}");
        let coins = numbers(section(&page, &format!("trend-{currency}"))).iter().sum::<i128>();
        assert_eq!(coins, shown.coins, "{currency}");
        assert!(page.contains(&format!("<h2>Services ({currency})</h2>")));
    }
    let calls = section(&page, "units");
    assert!(calls.contains("Business units by billable calls") && !calls.contains("net cost"));
}
