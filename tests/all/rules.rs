//! The rules of a mapping: what each decides over the samples, and what is said when a mapping cannot be used.

use serde_json::{Value, json};

use super::kept::{output, printed};
use super::world::{document, ndjson, root};

const RULES: &str = "sample-logs/business-units.toml";
const PROJECTS: &str = "sample-logs/projects.json";

fn in_root(path: &str) -> String {
    root().join(path).display().to_string()
}

fn by_rules(command: &str, more: &[&str]) -> Value {
    let (logs, rules, projects) = (in_root("sample-logs"), in_root(RULES), in_root(PROJECTS));
    let mut args = vec![command, &logs, "--map", &rules, "--projects", &projects];
    args.extend(more);
    document(&args)
}

/// `rules.tsv` was counted by a program of its own from payer, principal, labels and time of each call.
#[test]
fn each_unit_gets_the_calls_that_were_counted_by_another_program() {
    let expected = std::fs::read_to_string(root().join("tests/expected/rules.tsv")).unwrap();
    let found = by_rules("report", &["--by", "unit"]);
    let rows = found["rows"].as_array().unwrap().iter();
    let rows =
        rows.map(|row| format!("{}\t{}\t{}", row["unit"].as_str().unwrap(), row["calls"], row["billable_calls"]));
    assert_eq!(rows.collect::<Vec<_>>(), expected.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn every_rule_of_the_samples_decides() {
    let found = by_rules("report", &[]);
    assert!(found["diagnostics"].get("unused_mapping").is_none(), "{}", found["diagnostics"]);
}

#[test]
fn calls_of_a_shared_project_are_shared_unless_a_row_speaks_of_them() {
    let found = by_rules("calls", &[]);
    for row in found["rows"].as_array().unwrap() {
        let labels: Value = serde_json::from_str(row["labels"].as_str().unwrap_or("{}")).unwrap();
        let shared = row["payer"] == "shop-shared-net" && labels["team"] != "growth";
        assert_eq!(row["unit"] == "(shared)", shared, "{row}");
        assert!(!shared || row["cost_center"].is_null(), "{row}");
    }
}

#[test]
fn an_explanation_names_the_row_about_the_call_and_the_one_it_comes_before() {
    let found = by_rules("calls", &[]);
    let growth = |row: &&Value| row["labels"] == json!("{\"team\":\"growth\"}") && row["payer"] == "shop-web-prod";
    let id = found["rows"].as_array().unwrap().iter().find(growth).unwrap()["insert_id"].as_str().unwrap().to_owned();
    let text = printed(&[
        "explain",
        "sample-logs/bigquery_job.jsonl",
        "--map",
        RULES,
        "--projects",
        PROJECTS,
        "--insert-id",
        &id,
    ]);
    let why = "The call belongs to `Advertising` by sample-logs/business-units.toml:50: the row speaks of calls by job label \
               `team=growth`. Otherwise: `shop-web-prod` belongs to `Storefront` by sample-logs/business-units.toml:14: the \
               inventory shows the project in the folder 880011223344.";
    assert!(text.contains(why), "{text}");
}

#[test]
fn rows_about_the_inventory_need_one() {
    for command in [&["report"][..], &["calls"], &["explain", "--insert-id", "x"]] {
        let mut args = vec![command[0], "sample-logs/parent.jsonl", "--map", RULES];
        args.extend(&command[1..]);
        let output = output(&args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        let first = "billtrail: sample-logs/business-units.toml:5: project label `team=ads` can only be found in an inventory; \
                     give one with --projects";
        assert_eq!(error.lines().next(), Some(first));
    }
}

#[test]
fn a_tie_is_an_error_of_the_check_and_a_diagnostic_of_the_report() {
    let directory = tempfile::tempdir().unwrap();
    let job = json!({
        "logName": "projects/ads-prod/logs/cloudaudit.googleapis.com%2Fdata_access",
        "resource": {"type": "audited_resource", "labels": {"project_id": "ads-prod"}},
        "timestamp": "2026-10-01T08:00:00Z",
        "insertId": "1abc",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "secretmanager.googleapis.com",
            "methodName": "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
            "resourceName": "projects/ads-prod/secrets/a/versions/1",
            "authenticationInfo": {"principalEmail": "a@example.com"},
        },
    });
    let logs = ndjson(directory.path(), "logs.jsonl", &[job]);
    let map = directory.path().join("map.csv");
    std::fs::write(&map, "project,business_unit\nprincipal:a@*,Ads\nprincipal:*om,Shop\nprincipal:*@,Lab\n").unwrap();
    let map = map.to_str().unwrap();
    let found = document(&["report", &logs, "--map", map, "--by", "unit"]);
    assert_eq!(found["rows"][0]["unit"], "Shop");
    let tie = &found["diagnostics"]["mapping_tie"];
    assert_eq!(tie["count"], 1);
    assert_eq!(tie["examples"][0], "line 3 (principal `*om`) decided, not line 2 (principal `a@*`)");
    let output = output(&["map", "check", map, &logs]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let error =
        "map.csv:3: error: principal `*om` and principal `a@*` of line 2 are equally specific and both match one call";
    assert!(text.contains(error), "{text}");
    assert!(text.contains("map.csv:4: warning: principal `*@` matches no call of the input"), "{text}");
}
