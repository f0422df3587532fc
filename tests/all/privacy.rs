//! Privacy: no output names a principal, a pseudonym stands for one and the same, and small groups do not show.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use billtrail::commands::Failure;
use calamine::{Reader as _, open_workbook_auto};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::{Value, json};

use super::contract::{MAP, PROJECTS};
use super::program::Place;
use super::world::{document, ndjson, root, run};

const RULES: &str = "sample-logs/business-units.toml";
const BILL: &str = "sample-logs/bill/gcp_billing_export_v1_00AA11_22BB33_44CC55.json";
/// Columns in which principals may stand, as they are or within.
const BY: &str = "unit,payer,principal,method,resource,log";

/// A key that only its owner can read.
fn key(directory: &Path, text: &str) -> String {
    let path = directory.join("key");
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

const SECRET: &str = "an example of a key, no secret at all\n";

/// Every text of an output, whatever its format.
fn texts(path: &Path) -> String {
    match path.extension().unwrap().to_str().unwrap() {
        "xlsx" => {
            let mut book = open_workbook_auto(path).unwrap();
            let sheets = book.worksheets();
            sheets.iter().flat_map(|(_, range)| range.cells()).map(|(_, _, cell)| format!("{cell}\n")).collect()
        }
        "parquet" => {
            let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
            let metadata = reader.metadata().file_metadata().key_value_metadata().cloned();
            let rows = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string());
            rows.collect::<Vec<_>>().join("\n") + &format!("{metadata:?}")
        }
        _ => std::fs::read_to_string(path).unwrap(),
    }
}

/// The principals of logs. `...` is no principal, but the place of one.
fn principals(logs: &[&str]) -> BTreeSet<String> {
    let calls = document(&[&["calls"], logs].concat());
    let rows = calls["rows"].as_array().unwrap().iter();
    let names = rows.flat_map(|row| [row["principal"].as_str(), row["delegated_by"].as_str()]);
    names.flatten().filter(|name| *name != "...").map(str::to_owned).collect()
}

/// Fails if an output of the command names somebody, in any format.
fn names_nobody(place: &Path, key: &str, args: &[&str], principals: &BTreeSet<String>) {
    for ending in ["json", "ndjson", "csv", "md", "html", "xlsx", "parquet", "txt"] {
        let out = place.join(format!("out.{ending}"));
        let _ = std::fs::remove_file(&out);
        let mut all = args.to_vec();
        all.extend(["--pseudonymise", key, "--quiet", "-o", out.to_str().unwrap()]);
        run(&all).unwrap_or_else(|failure| panic!("{all:?}: {failure}"));
        let text = texts(&out).to_lowercase();
        assert!(text.len() > 20, "{all:?}");
        for name in principals {
            assert!(!text.contains(&name.to_lowercase()), "{all:?} names {name}");
        }
        assert!(!text.contains(SECRET.trim()), "{all:?} tells the key");
    }
}

fn inputs() -> Vec<String> {
    let mut inputs = vec!["sample-logs".to_owned()];
    inputs.extend(std::env::var("BILLTRAIL_REAL_LOGS").ok());
    inputs
}

#[test]
fn no_output_names_a_principal() {
    let directory = tempfile::tempdir().unwrap();
    let (place, key) = (directory.path(), key(directory.path(), SECRET));
    for input in inputs() {
        let all = principals(&[&input]);
        assert!(all.len() > 20);
        let nobody = |args: &[&str]| names_nobody(place, &key, args, &all);
        nobody(&["report", &input, "--map", RULES, "--projects", PROJECTS, "--by", BY]);
        nobody(&["calls", &input, "--map", RULES, "--projects", PROJECTS]);
        nobody(&["report", &input, "--by", BY, "--prices", "sample-logs/prices.toml"]);
        nobody(&["check", &input, "--map", RULES, "--projects", PROJECTS, "--max-unallocated", "50%"]);
        let by_name = format!("protoPayload.authenticationInfo.principalEmail=\"{}\"", all.first().unwrap());
        nobody(&["report", &input, "--where", &by_name, "--by", "principal"]);
        // The bill is that of the samples.
        if input != "sample-logs" {
            continue;
        }
        nobody(&["report", &input, "--map", RULES, "--projects", PROJECTS, "--by", "unit,principal", "--bill", BILL]);
        let focus = place.join("focus.csv");
        let dataset = [
            "report",
            &input,
            "--bill",
            BILL,
            "--format",
            "focus",
            "--by",
            "principal,resource",
            "--pseudonymise",
            &key,
        ];
        run(&[&dataset[..], &["--quiet", "-o", focus.to_str().unwrap()]].concat()).unwrap();
        let text = texts(&focus);
        assert!(all.iter().all(|name| !text.contains(name)) && text.contains("service-account-"));
        let half = "protoPayload.authenticationInfo.principalEmail=~\"^tomas.lind\"";
        let report = document(&["report", &input, "--where", half, "--pseudonymise", &key]);
        assert!(report["provenance"]["where"].as_str().unwrap().starts_with("filter-"));
    }
}

/// Entries that name principals where they may hide: in resources, labels, job texts, and as texts of no known form.
fn hiding() -> Vec<Value> {
    let names = [
        "miles.o'brien@example.com",
        "user:Zoe@Example.com",
        "principal://iam.googleapis.com/locations/global/workforcePools/p/subject/ana@example.com",
        "ads-prod.svc.id.goog[team/robot]",
        "6f1ed002ab5595859014ebf0951522d9",
        "system:serviceaccount:shop:cart",
    ];
    let entry = |(at, name): (usize, &&str)| {
        json!({
            "insertId": format!("hiding-{at}"),
            "timestamp": format!("2026-10-0{}T10:00:00Z", at + 1),
            "logName": "projects/ads-prod/logs/cloudaudit.googleapis.com%2Factivity",
            "resource": {"type": "service_account", "labels": {"project_id": "ads-prod"}},
            "protoPayload": {
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "serviceName": "iam.googleapis.com",
                "methodName": "google.iam.admin.v1.GetServiceAccount",
                "resourceName": format!("projects/ads-prod/serviceAccounts/{name}"),
                "authenticationInfo": {
                    "principalEmail": name,
                    "serviceAccountDelegationInfo": [{"firstPartyPrincipal": {"principalEmail": format!("Origin.{at}@example.com")}}],
                },
                "authorizationInfo": [{"resource": format!("projects/other/serviceAccounts/{name}"), "granted": true}],
            },
        })
    };
    names.iter().enumerate().map(entry).collect()
}

#[test]
fn principals_are_found_wherever_they_hide() {
    let directory = tempfile::tempdir().unwrap();
    let (place, key) = (directory.path(), key(directory.path(), SECRET));
    let logs = ndjson(place, "by-tess@example.com.jsonl", &hiding());
    let rules = place.join("rules.csv");
    let text = "project,business_unit\nprincipal:6f1ed002ab5595859014ebf0951522d9,Ads\nprincipal:*.o'brien@example.com,Rest\n\
                ads-prod,jo@example.com\nprincipal:nobody-called-this-name,Ads\n";
    std::fs::write(&rules, text).unwrap();
    let rules = rules.to_str().unwrap();
    let mut all = principals(&[&logs]);
    assert_eq!(all.len(), 12);
    all.extend(["tess@example.com", "jo@example.com", "nobody-called-this-name"].map(str::to_owned));
    names_nobody(place, &key, &["report", &logs, "--map", rules, "--by", BY], &all);
    names_nobody(place, &key, &["calls", &logs, "--map", rules], &all);
    for at in 0..6 {
        let id = format!("hiding-{at}");
        names_nobody(place, &key, &["explain", &logs, "--map", rules, "--insert-id", &id], &all);
    }
    // The rules looked at who called, all the same.
    let report = document(&["report", &logs, "--map", rules, "--by", "unit", "--pseudonymise", &key]);
    let units: Vec<&str> = report["rows"].as_array().unwrap().iter().map(|row| row["unit"].as_str().unwrap()).collect();
    assert_eq!((units.len(), units.contains(&"Ads"), units.contains(&"Rest")), (3, true, true), "{units:?}");
}

#[test]
fn a_report_with_pseudonyms_is_the_report_by_other_names() {
    let directory = tempfile::tempdir().unwrap();
    let key = key(directory.path(), SECRET);
    let args = ["report", "sample-logs", "--map", RULES, "--projects", PROJECTS, "--by", "unit,principal,service"];
    let (plain, hidden) = (document(&args), document(&[&args[..], &["--pseudonymise", &key]].concat()));
    let without_name = |report: &Value| {
        let rows = report["rows"].as_array().unwrap().iter().cloned();
        let mut rows: Vec<String> = rows
            .map(|mut row| {
                row.as_object_mut().unwrap().remove("principal");
                row.to_string()
            })
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(without_name(&plain), without_name(&hidden));
    assert_eq!((&plain["totals"], &plain["tally"]), (&hidden["totals"], &hidden["tally"]));
    // The same key gives the same names in another command and run; another key gives others.
    let names = |document: &Value| -> BTreeSet<String> {
        document["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|row| row["principal"].as_str())
            .map(str::to_owned)
            .collect()
    };
    let calls = document(&["calls", "sample-logs", "--pseudonymise", &key]);
    let known = |name: &String| name != "(none)";
    assert_eq!(names(&hidden).into_iter().filter(known).collect::<BTreeSet<_>>(), names(&calls));
    let other = tempfile::tempdir().unwrap();
    let other = self::key(other.path(), "another example of a key, no secret either");
    let calls = document(&["calls", "sample-logs", "--pseudonymise", &other]);
    assert_eq!(names(&hidden).intersection(&names(&calls)).collect::<Vec<_>>(), ["..."]);
}

#[test]
fn what_cannot_keep_the_promise_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let key = key(directory.path(), SECRET);
    let refused = |args: &[&str], said: &str| {
        let failure = run(&[&["report", "sample-logs/client.jsonl", "--quiet"], args].concat()).expect_err(said);
        assert!(matches!(&failure, Failure::Usage(_)) && failure.to_string().contains(said), "{args:?}: {failure}");
    };
    refused(&["--pseudonymise", &key, "--filters"], "do not go with --pseudonymise");
    refused(&["--pseudonymise", &key, "--prove"], "do not go with --pseudonymise");
    refused(&["--pseudonymise", &key, "--rejected", "x"], "does not go with --pseudonymise");
    refused(&["--min-group", "3", "--filters"], "do not go with --min-group");
    refused(&["--min-group", "0"], "invalid value '0'");
    refused(&["--pseudonymise", "no-such-file"], "No such file");
    let short = directory.path().join("short");
    std::fs::write(&short, "short").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&short, std::fs::Permissions::from_mode(0o644)).unwrap();
        refused(&["--pseudonymise", short.to_str().unwrap()], "chmod o-rwx");
        std::fs::set_permissions(&short, std::fs::Permissions::from_mode(0o640)).unwrap();
    }
    refused(&["--pseudonymise", short.to_str().unwrap()], "the key has 5 bytes");
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn no_row_tells_of_fewer_principals_than_asked() {
    let by = "unit,payer,service";
    let calls = document(&["calls", "sample-logs", "--map", MAP, "--projects", PROJECTS]);
    for minimum in [2_usize, 3, 5, 1000] {
        let text = minimum.to_string();
        let args = ["report", "sample-logs", "--map", MAP, "--projects", PROJECTS, "--by", by];
        let (whole, folded) = (document(&args), document(&[&args[..], &["--min-group", &text]].concat()));
        assert_eq!((&whole["totals"], &whole["tally"]), (&folded["totals"], &folded["tally"]));
        let rows = folded["rows"].as_array().unwrap();
        for measure in ["calls", "billable_calls", "failed_calls", "billed_bytes", "slot_ms", "entries"] {
            assert_eq!(rows.iter().map(|row| count(&row[measure])).sum::<u64>(), count(&folded["totals"][measure]));
        }
        let mut small = 0;
        for row in rows {
            if row["unit"] == "(small groups)" {
                small += 1;
                continue;
            }
            let value = |column: &str| if row[column] == "(none)" { Value::Null } else { row[column].clone() };
            let of_row = |call: &&Value| by.split(',').all(|column| call[column] == value(column));
            let all = calls["rows"].as_array().unwrap().iter().filter(of_row);
            let names: BTreeSet<String> = all.map(|call| call["principal"].to_string()).collect();
            assert!(names.len() >= minimum, "{row} has {}", names.len());
        }
        assert_eq!((small, minimum < 1000 || rows.len() == 1), (1, true));
        for (kind, diagnostic) in folded["diagnostics"].as_object().unwrap() {
            let about_inputs = ["unknown_service", "unused_mapping", "missing_hours", "late_shards", "input_twice"];
            assert!(about_inputs.contains(&kind.as_str()) || diagnostic["examples"] == json!([]), "{kind}");
        }
    }
}

#[test]
fn small_groups_keep_the_money_of_the_bill() {
    for by in ["unit,payer,service", "principal,sku", "unit,method", "unit,basis,currency"] {
        let args = ["report", "sample-logs", "--map", MAP, "--projects", PROJECTS, "--bill", BILL, "--by", by];
        let (whole, folded) = (document(&args), document(&[&args[..], &["--min-group", "4"]].concat()));
        assert_eq!(whole["totals"], folded["totals"]);
        assert_eq!(whole["bill"], folded["bill"]);
        let rows = folded["rows"].as_array().unwrap();
        let money = rows.iter().filter_map(|row| row["net_cost"].as_str());
        let sum = money.fold(billtrail::model::money::Amount::ZERO, |sum, amount| {
            sum.checked_add(billtrail::model::money::Amount::parse(amount).unwrap()).unwrap()
        });
        assert_eq!(sum.to_string(), folded["totals"]["net_cost"].as_str().unwrap());
        // With principals as a column each group is of one, so that all that names one is put together.
        let named =
            |row: &&Value| !["(none)", "(small groups)"].contains(&row["principal"].as_str().unwrap_or("(none)"));
        assert_eq!(rows.iter().filter(named).count(), 0, "{by}");
    }
}

#[test]
fn help_tells_what_small_groups_are() {
    let help = Place::new().run(&["help", "report"]);
    help.ends(0);
    assert!(help.out.contains("--min-group") && help.out.contains("--pseudonymise"), "{}", help.out);
}

#[test]
fn pages_and_workbooks_know_small_groups() {
    let directory = tempfile::tempdir().unwrap();
    for ending in ["html", "xlsx", "csv"] {
        let out: PathBuf = directory.path().join(format!("out.{ending}"));
        let path = out.to_str().unwrap();
        let args =
            ["report", "sample-logs", "--map", MAP, "--by", "unit,payer", "--min-group", "4", "--quiet", "-o", path];
        run(&args).unwrap();
        assert!(texts(&out).contains("(small groups)"), "{ending}");
    }
    assert!(root().join(RULES).exists());
}
