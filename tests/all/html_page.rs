//! The page holds what the JSON document holds: the same rows, and sums that agree.

use billtrail::model::money::Amount;
use serde_json::{Value, json};

use super::bill::STANDARD;
use super::contract::PROJECTS;
use super::kept::printed;
use super::world::{document, root};

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

#[test]
fn currencies_have_no_bars_and_no_sums_in_common() {
    let directory = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join(STANDARD)).unwrap();
    let path = directory.path().join("yen.json");
    let yen: String = text.lines().take(5).map(|line| line.replace("\"EUR\"", "\"JPY\"") + "\n").collect();
    std::fs::write(&path, yen).unwrap();
    let bill = ["--projects", PROJECTS, "--bill", STANDARD, "--bill", path.to_str().unwrap()];
    let page = page(&[&REPORT[..], &bill, &["--by", "unit"]].concat());
    assert_eq!(page.matches("<dt>Net cost</dt>").count(), 2);
    assert!(page.contains("Tie-out (EUR)") && page.contains("Tie-out (JPY)"));
    assert!(page.contains("Business units by billable calls") && !page.contains("Business units by net cost"));
}
