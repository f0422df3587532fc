//! Statements: each unit's files add up to the index and to the bill, and whoever has the manifest can verify them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use billtrail::model::money::Amount;
use serde_json::Value;

use super::contract::schema;
use super::program::{Place, Ran};
use super::world::root;

const BILL: &str = "bill/gcp_billing_export_v1_00AA11_22BB33_44CC55.json";
const LOGS: [&str; 3] = ["bigquery_job.jsonl", "vertex_ai.jsonl", "client.jsonl"];
const TABLES: [&str; 4] = ["business-units.csv", "business-units.toml", "projects.json", BILL];

/// A place with some of the samples in it.
fn place() -> Place {
    let place = Place::new();
    for name in LOGS {
        place.write(&format!("logs/{name}"), fs::read(root().join("sample-logs").join(name)).unwrap());
    }
    for name in TABLES {
        place.write(name, fs::read(root().join("sample-logs").join(name)).unwrap());
    }
    place
}

const WITH_BILL: [&str; 8] =
    ["statements", "logs", "--map", "business-units.csv", "--projects", "projects.json", "--bill", BILL];

fn made(place: &Place, more: &[&str]) -> Ran {
    place.run(&[&WITH_BILL[..], &["--out", "out", "--month", "2026-10"], more].concat())
}

fn manifest(directory: &Path) -> Value {
    serde_json::from_slice(&fs::read(directory.join("manifest.json")).unwrap()).unwrap()
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(|row| row.unwrap()).collect()
}

fn sum(amounts: impl Iterator<Item = String>) -> Amount {
    amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(Amount::parse(&amount).unwrap_or_default()).unwrap())
}

fn net(rows: &[BTreeMap<String, String>]) -> Amount {
    sum(rows.iter().map(|row| row["net_cost"].clone()))
}

fn calls(rows: &[BTreeMap<String, String>]) -> u64 {
    rows.iter().map(|row| row["calls"].parse::<u64>().unwrap()).sum()
}

#[test]
fn the_parts_add_up_to_the_index_and_the_index_to_the_bill() {
    let place = place();
    made(&place, &["--invoice", "2229.20"]).ends(0).tells(&["5 units, 15 files", "net cost 2229.20 EUR"]);
    let out = place.path("out");
    let manifest = manifest(&out);
    let report = place.run(
        &[
            &[
                "report",
                "--format",
                "json",
                "--invoice-month",
                "2026-10",
                "--from",
                "2026-10",
                "--to",
                "2026-11",
                "--quiet",
            ],
            &WITH_BILL[1..],
        ]
        .concat(),
    );
    let report = report.ends(0).json();
    let (mut whole, mut all_calls) = (Amount::ZERO, 0);
    for one in manifest["statements"].as_array().unwrap() {
        let rows = rows(&out.join(one["csv"].as_str().unwrap()));
        let money = &one["totals"]["money"]["EUR"];
        assert_eq!(net(&rows).to_string(), money["net_cost"].as_str().unwrap_or("0"), "{one}");
        assert_eq!(calls(&rows), one["totals"]["calls"]);
        if let Some(unit) = one["unit"].as_str() {
            assert!(rows.iter().all(|row| row["unit"] == unit));
            let page = fs::read_to_string(out.join(one["html"].as_str().unwrap())).unwrap();
            assert!(page.contains(&format!("<h1>{unit} · 2026-10</h1>")), "{unit}");
            // A page tells nothing of the others.
            for other in manifest["statements"].as_array().unwrap().iter().filter_map(|other| other["unit"].as_str()) {
                assert_eq!(page.contains(other), other == unit, "{unit} tells of {other}");
            }
        }
        whole = whole.checked_add(net(&rows)).unwrap();
        all_calls += calls(&rows);
    }
    let index = rows(&out.join("index.csv"));
    assert_eq!((net(&index), calls(&index)), (whole, all_calls));
    assert_eq!(whole.to_string(), report["totals"]["net_cost"].as_str().unwrap());
    assert_eq!(all_calls, report["totals"]["calls"].as_u64().unwrap());
    assert_eq!(whole.to_string(), manifest["tie_outs"][0]["bill"].as_str().unwrap());
    assert_eq!(manifest["totals"]["money"]["EUR"]["printed"], "2229.20");
    let printed =
        manifest["statements"].as_array().unwrap().iter().map(|one| one["totals"]["money"]["EUR"]["printed"].as_str());
    assert_eq!(sum(printed.flatten().map(str::to_owned)).to_string(), "2229.2");
    // What nobody carries has a page of its own, and the index leads to all of them.
    assert!(rows(&out.join("unallocated.csv")).iter().all(|row| row["unit"].starts_with('(')));
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    for one in manifest["statements"].as_array().unwrap() {
        assert!(page.contains(&format!("<a href=\"{}\">", one["html"].as_str().unwrap())));
    }
    let schema = jsonschema::validator_for(&schema("statements.schema.json")).unwrap();
    let faults: Vec<String> =
        schema.iter_errors(&manifest).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn calls_alone_have_statements_too() {
    let place = place();
    let args = ["statements", "logs", "--map", "business-units.csv", "--out", "out", "--by", "day,method"];
    place.run(&args).ends(0);
    let out = place.path("out");
    let manifest = manifest(&out);
    let index = rows(&out.join("index.csv"));
    let parts = manifest["statements"].as_array().unwrap().iter();
    let parts: Vec<_> = parts.flat_map(|one| rows(&out.join(one["csv"].as_str().unwrap()))).collect();
    assert_eq!((calls(&index), calls(&parts)), (manifest["totals"]["calls"].as_u64().unwrap(), calls(&index)));
    assert!(parts.iter().all(|row| row.contains_key("day") && row.contains_key("unit") && !row.contains_key("cost")));
    place.run(&["verify", "out"]).ends(0).tells(&["verified: "]);
}

#[test]
fn what_was_changed_is_found() {
    let place = place();
    made(&place, &[]).ends(0);
    place.run(&["verify", "out/manifest.json"]).ends(0).tells(&["verified: 5 units"]);
    assert_eq!(place.run(&["verify", "out", "--quiet"]).ends(0).out, "");
    // A page.
    let out = place.path("out");
    let manifest = manifest(&out);
    let csv = manifest["statements"][0]["csv"].as_str().unwrap();
    let text = fs::read_to_string(out.join(csv)).unwrap();
    fs::write(out.join(csv), text.replacen('7', "8", 1)).unwrap();
    fs::write(out.join("more.html"), "").unwrap();
    let found = place.run(&["verify", "out"]);
    found
        .ends(1)
        .tells(&[&format!("{csv} was changed after it was written"), "more.html is no file of these statements"]);
    fs::write(out.join(csv), text).unwrap();
    fs::remove_file(out.join("more.html")).unwrap();
    // A log: the file, and what changes by it.
    let log = fs::read_to_string(place.path("logs/client.jsonl")).unwrap();
    let fewer: String = log.lines().skip(1).map(|line| format!("{line}\n")).collect();
    place.write("logs/client.jsonl", fewer);
    let found = place.run(&["verify", "out"]);
    found.ends(1).tells(&[
        "logs/client.jsonl: the log is another file now",
        "total: calls ",
        "index.csv is another file",
    ]);
    place.write("logs/client.jsonl", &log);
    place.run(&["verify", "out"]).ends(0);
    // A log that was not there.
    place.write("logs/late.jsonl", log.lines().next().unwrap().replace("\"insertId\":\"", "\"insertId\":\"x"));
    place.run(&["verify", "out"]).ends(1).tells(&["logs/late.jsonl: the log was not there"]);
    fs::remove_file(place.path("logs/late.jsonl")).unwrap();
    // The manifest itself, and an input that is gone.
    let text = fs::read_to_string(out.join("manifest.json")).unwrap();
    fs::write(out.join("manifest.json"), text.replace("\"2229.20\"", "\"2229.30\"")).unwrap();
    place.run(&["verify", "out"]).ends(2).says(&["changed after it was written"]);
    fs::write(out.join("manifest.json"), text).unwrap();
    fs::remove_file(place.path("business-units.csv")).unwrap();
    place.run(&["verify", "out"]).ends(3).says(&["business-units.csv: is missing"]);
    place.run(&["verify", "logs/client.jsonl"]).ends(2).says(&["no manifest of statements"]);
}

#[test]
fn statements_are_verified_where_their_inputs_are() {
    let place = place();
    made(&place, &[]).ends(0);
    fs::create_dir(place.path("elsewhere")).unwrap();
    // All together may move.
    for name in ["logs", "bill", "out", "business-units.csv", "projects.json"] {
        fs::rename(place.path(name), place.path("elsewhere").join(name)).unwrap();
    }
    place.run(&["verify", "elsewhere/out"]).ends(0);
    // Statements alone: then their inputs are where --root says.
    fs::rename(place.path("elsewhere/out"), place.path("out")).unwrap();
    place.run(&["verify", "out"]).ends(3);
    place.run(&["verify", "out", "--root", "elsewhere"]).ends(0);
    place.run(&["verify", "out", "--root", "nowhere"]).ends(3);
}

#[test]
fn what_stands_there_is_left_alone() {
    let place = place();
    made(&place, &[]).ends(0);
    let before = fs::read(place.path("out/index.csv")).unwrap();
    made(&place, &[]).ends(2).says(&["exists", "--replace"]);
    place.write("out/notes.txt", "mine");
    made(&place, &["--replace"]).ends(2).says(&["`notes.txt`, which is no statement"]);
    fs::remove_file(place.path("out/notes.txt")).unwrap();
    made(&place, &["--replace"]).ends(0);
    assert_eq!(fs::read(place.path("out/index.csv")).unwrap(), before);
    place.write("mine/notes.txt", "mine");
    let mine = place.run(&[&WITH_BILL[..], &["--out", "mine", "--replace"]].concat());
    mine.ends(2).says(&["holds no statements that billtrail wrote"]);
    fs::create_dir(place.path("empty")).unwrap();
    place.run(&[&WITH_BILL[..], &["--out", "empty"]].concat()).ends(0);
    place.run(&[&WITH_BILL[..], &["--out", "logs/new/out"]].concat()).ends(2).says(&["within the input logs"]);
    // A run that fails leaves nothing.
    let files = place.files();
    place.run(&[&WITH_BILL[..], &["--out", "new", "--invoice-month", "2031-01"]].concat()).ends(2);
    place.run(&["statements", "logs", "--out", "new"]).ends(2).says(&["--map"]);
    place
        .run(&["statements", "-", "--map", "business-units.csv", "--out", "new"])
        .ends(2)
        .says(&["cannot be read again"]);
    assert_eq!(place.files(), files);
}

#[test]
fn a_unit_may_be_called_anything() {
    let place = place();
    let hostile = [
        "../../escape",
        "/etc/passwd",
        "index",
        "UNALLOCATED",
        "a\u{202e}b",
        "<script>alert(1)</script>",
        "=1+1",
        "CON",
    ];
    let projects = [
        "shop-data",
        "ads-bidding",
        "research-nlp",
        "shop-web-prod",
        "ads-insights",
        "research-vision",
        "shop-checkout",
        "shop-bi-admin",
    ];
    let mut map = "project,business_unit\n".to_owned();
    for (unit, project) in hostile.iter().zip(projects) {
        map.push_str(&format!("{project},\"{unit}\"\n"));
    }
    place.write("map.csv", map);
    let files = place.files();
    let ran = place.run(&["statements", "logs", "--map", "map.csv", "--bill", BILL, "--out", "out"]);
    ran.ends(0);
    let mut now = place.files();
    now.retain(|file| file != "out");
    assert_eq!(now, files, "nothing was written beside");
    let manifest = manifest(&place.path("out"));
    let units: Vec<&str> =
        manifest["statements"].as_array().unwrap().iter().filter_map(|one| one["unit"].as_str()).collect();
    assert!(units.len() >= 7 && units.contains(&"../../escape"), "{units:?}");
    for entry in fs::read_dir(place.path("out")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if path.extension().unwrap() == "html" {
            assert!(!text.contains("<script>alert"), "{}", path.display());
        }
    }
    place.run(&["verify", "out"]).ends(0);
}

#[test]
fn an_input_that_is_missing_is_said_on_every_page() {
    let place = place();
    let ran = place.run(&[&WITH_BILL[..], &["logs/nowhere.jsonl", "--out", "out"]].concat());
    ran.ends(3);
    for entry in fs::read_dir(place.path("out")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(text.contains("INCOMPLETE") || text.contains("\"incomplete\": true"));
    }
}

#[cfg(unix)]
#[test]
fn statements_with_pseudonyms_name_nobody() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    place.write("key", "an example of a key, no secret at all");
    fs::set_permissions(place.path("key"), fs::Permissions::from_mode(0o600)).unwrap();
    let more = ["--pseudonymise", "key", "--by", "principal,method", "--min-group", "1"];
    made(&place, &more).ends(0);
    let calls = place.run(&["calls", "logs", "--format", "json", "--quiet"]).ends(0).json();
    let names = calls["rows"].as_array().unwrap().iter().filter_map(|row| row["principal"].as_str());
    let names: Vec<&str> = names.filter(|name| name.len() > 3).collect();
    for entry in fs::read_dir(place.path("out")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for name in &names {
            assert!(!text.contains(name), "{name}");
        }
    }
    place.run(&["verify", "out"]).ends(0).says(&["without the key"]);
    place.run(&["verify", "out", "--pseudonymise", "key"]).ends(0);
    made(&place, &["--pseudonymise", "key", "--replace", "--where", "severity>=ERROR"]).ends(2).says(&["--where"]);
    place.write("logs/tess@example.com.jsonl", "");
    made(&place, &["--pseudonymise", "key", "--replace"]).ends(2).says(&["names somebody"]);
}
