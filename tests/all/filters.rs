//! The filters that `billtrail filter` prints: they find what they should, survive any text, and can be pasted.

use std::collections::BTreeSet;
use std::process::Command;

use billtrail::gcp::kind::Kind;
use billtrail::lql::ast::Expr;
use billtrail::lql::lint::{Context, Severity, lint};
use billtrail::lql::{Compiled, Schema, format, parse, print_line};
use billtrail::provider::Provider;
use proptest::prelude::*;
use serde_json::Value;

use super::kept::printed;
use super::program::Place;
use super::world::{document, root};

const LOGS: &str = "sample-logs";
const MAP: &str = "sample-logs/business-units.csv";
const PROJECTS: &str = "sample-logs/projects.json";

/// The filters that a run prints, each of which must be in order.
#[track_caller]
fn filters(args: &[&str]) -> Vec<String> {
    let all: Vec<&str> = std::iter::once("filter").chain(args.iter().copied()).collect();
    let texts: Vec<String> = printed(&all).split("----\n").map(str::to_owned).collect();
    for text in &texts {
        in_order(text);
    }
    texts
}

#[track_caller]
fn filter(args: &[&str]) -> String {
    let mut all = filters(args);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[track_caller]
fn in_order(text: &str) -> Expr {
    let expr = parse(text).unwrap_or_else(|error| panic!("{}", error.render("filter", text)));
    assert_eq!(format(text).as_deref(), Ok(text));
    let errors: Vec<_> =
        lint(text, &expr, Context::Query).into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{text}: {errors:?}");
    assert!(text.chars().count() < 18_000);
    expr
}

/// The calls of the samples, each with the line of the entry that speaks.
fn calls() -> Vec<(Value, Vec<u8>)> {
    let document = document(&["calls", LOGS, "--projects", PROJECTS]);
    let names: Vec<&str> =
        document["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"source"));
    let mut found = Vec::new();
    for row in document["rows"].as_array().unwrap() {
        let (file, line) = row["source"].as_str().unwrap().rsplit_once(':').unwrap();
        if !file.ends_with(".jsonl") || file.contains("shapes") {
            continue;
        }
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let entry = text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
        if row["log_name"].is_null() {
            // Cloud Logging has no such entry; exports may lose the name.
            continue;
        }
        found.push((row.clone(), entry.as_bytes().to_vec()));
    }
    assert!(found.len() > 100, "{}", found.len());
    found
}

/// Filters to be run; a record is selected if one of them selects it.
struct Selecting(Provider, Vec<Compiled>);

impl Selecting {
    fn new(texts: &[String]) -> Self {
        let schema = Schema::log_entry();
        let compiled = texts.iter().map(|text| Compiled::new(&parse(text).unwrap(), &schema).unwrap());
        Self(Provider::google_cloud(None).unwrap(), compiled.collect())
    }

    fn selects(&self, record: &[u8]) -> bool {
        let entry = self.0.canonical(record).unwrap();
        self.1.iter().any(|filter| filter.matches_record(&entry).unwrap())
    }
}

/// Fails unless the filters for each value of a column select every call that has it.
#[track_caller]
fn finds_its_calls(column: &str, arguments: &dyn Fn(&str) -> Vec<String>) {
    let calls = calls();
    let values: BTreeSet<&str> = calls.iter().filter_map(|(row, _)| row[column].as_str()).collect();
    assert!(values.len() > 3, "{values:?}");
    let mut missed = Vec::new();
    for value in values {
        let args = arguments(value);
        let selecting = Selecting::new(&filters(&args.iter().map(String::as_str).collect::<Vec<_>>()));
        for (row, record) in calls.iter().filter(|(row, _)| row[column] == value) {
            if !selecting.selects(record) {
                missed.push(std::format!("{value}: {} {} {}", row["source"], row["rule"], row["evidence_path"]));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| (*arg).to_owned()).collect()
}

#[test]
fn the_filter_of_a_payer_finds_every_call_it_pays_for() {
    finds_its_calls("payer", &|payer| owned(&["--payer", payer, "--projects", PROJECTS]));
}

#[test]
fn the_filter_of_a_service_a_method_or_a_principal_finds_its_calls() {
    for (column, option) in [("service", "--service"), ("method", "--method"), ("principal", "--principal")] {
        finds_its_calls(column, &|value| vec![std::format!("{option}={value}")]);
    }
}

#[test]
fn the_filter_of_a_unit_finds_every_call_of_its_projects() {
    let document = document(&["calls", LOGS, "--projects", PROJECTS, "--map", MAP]);
    let units: std::collections::BTreeMap<String, String> = document["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| Some((row["call_key"].as_str()?.to_owned(), row["unit"].as_str()?.to_owned())))
        .collect();
    let names: BTreeSet<&String> = units.values().filter(|unit| !unit.starts_with('(')).collect();
    assert!(names.len() > 1, "{names:?}");
    let calls = calls();
    for unit in names {
        for inventory in [&["--projects", PROJECTS][..], &[]] {
            let selecting = Selecting::new(&filters(&[&["--unit", unit, "--map", MAP], inventory].concat()));
            for (row, record) in &calls {
                if units.get(row["call_key"].as_str().unwrap()) == Some(unit) {
                    // Without an inventory a number cannot be joined to an id.
                    let by_number = row["evidence_text"]
                        .as_str()
                        .and_then(|text| text.strip_prefix("projects/"))
                        .is_some_and(|token| token.starts_with(|first: char| first.is_ascii_digit()));
                    let told = std::format!("{unit}: {} {} {}", row["source"], row["rule"], row["evidence_text"]);
                    assert!(selecting.selects(record) || (inventory.is_empty() && by_number), "{told}");
                }
            }
        }
    }
}

#[test]
fn the_filter_of_a_kind_goes_with_the_other_options() {
    for kind in Kind::ALL {
        let text = filter(&["--kind", kind.name(), "--from=2026-10", "--log=data_access", "--payer=ads-prod"]);
        assert!(text.contains("timestamp>=") && text.contains(kind.name()), "{text}");
    }
}

#[test]
fn the_filters_of_outcomes_find_what_they_are_named_for() {
    let run = |option: &str| Selecting::new(&filters(&[option]));
    let (billable, requester) = (run("--billable"), run("--requester-pays"));
    let (denied, failed) = (run("--denied"), run("--failed"));
    for (row, record) in calls() {
        let told = std::format!("{} {} {}", row["source"], row["kind"], row["reason"]);
        if row["billable"] == true {
            assert!(billable.selects(&record), "{told}");
        }
        if row["kind"] == "requester_pays" {
            assert!(requester.selects(&record), "{told}");
        }
        match row["reason"].as_str() {
            Some("denied") => assert!(denied.selects(&record) && failed.selects(&record), "{told}"),
            Some("failed") => assert!(failed.selects(&record) && !denied.selects(&record), "{told}"),
            Some("control_plane" | "kubernetes" | "policy_denied" | "system_event" | "cache_hit" | "script_parent") => {
                assert!(!billable.selects(&record), "{told}");
            }
            Some(_) | None => {}
        }
    }
}

#[test]
fn a_project_known_by_number_is_looked_for_in_hexadecimal_too() {
    let text = filter(&["--payer", "number:73829149210"]);
    assert!(text.contains("\"projects/73829149210\" OR \"projects/00000011308f6a1a\""), "{text}");
    assert!(!text.contains("ads-prod"));
    let joined = filter(&["--payer", "73829149210", "--projects", PROJECTS]);
    let inventory = std::fs::read_to_string(root().join(PROJECTS)).unwrap();
    assert_eq!(inventory.contains("73829149210"), joined != text);
}

#[test]
fn the_parts_stand_in_canonical_order_with_their_comments() {
    let text = filter(&[
        "--where=severity>=ERROR OR labels.a=b",
        "--principal=jo@example.com",
        "--method=M",
        "--service=vision",
        "--payer=ads-prod",
        "--from=2026-10",
        "--to=2026-11",
        "--timezone=Europe/Berlin",
        "--log=data_access",
        "--log=example.com/own",
    ]);
    let expected = [
        "-- the logs to look in",
        "(log_id(\"cloudaudit.googleapis.com/data_access\") OR log_id(\"example.com/own\")) AND",
        "-- the period",
        "timestamp>=\"2026-09-30T22:00:00Z\" AND",
        "timestamp<\"2026-10-31T23:00:00Z\" AND",
        "-- every field that can name the payer: by id, by number, and by number in hexadecimal",
        "  resource.labels.project_id=\"ads-prod\" OR",
        "-- the services",
        "protoPayload.serviceName=\"vision.googleapis.com\" AND",
        "protoPayload.methodName=\"M\" AND",
        "-- who called, by address or subject",
        "-- what was asked for with --where",
        "(severity>=ERROR OR labels.a=b)",
    ];
    let mut lines = text.lines();
    for line in expected {
        assert!(lines.any(|found| found == line), "`{line}` is missing or too early in:\n{text}");
    }
}

/// A place with a unit of many projects, one of them only for a time and one under a glob.
fn big_unit() -> Place {
    let mut rows = "project,business_unit,valid_from,valid_to\n".to_owned();
    for n in 0..400 {
        rows.push_str(&std::format!("crowd-project-{n:04},crowd,,\n"));
    }
    rows.push_str("moved-away,crowd,,2026-10-01\nmoved-away,other,2026-10-01,\ncrowd-glob-*,crowd,,\n");
    rows.push_str("crowd-glob-other,other,,\n");
    let place = Place::new();
    place.write("map.csv", rows);
    place
}

#[test]
fn a_large_unit_is_divided_into_filters_that_hold_each_project_once() {
    let place = big_unit();
    let ran = place.run(&["filter", "--unit", "crowd", "--map", "map.csv", "--from", "2026-10", "--to", "2026-11"]);
    let texts: Vec<&str> = ran.ends(0).out.split("----\n").collect();
    assert!(texts.len() > 2, "{}", texts.len());
    for (at, text) in texts.iter().enumerate() {
        in_order(text);
        assert!(text.starts_with(&std::format!("-- part {} of {}\n", at + 1, texts.len())));
    }
    for n in 0..400 {
        let whole = std::format!("\"crowd-project-{n:04}\"");
        assert_eq!(ran.out.matches(&whole).count(), 1, "{whole}");
    }
    assert!(!ran.out.contains("moved-away") && ran.out.contains("=~\"^crowd-glob-.*$\""));
    let earlier = place.run(&["filter", "--unit", "crowd", "--map", "map.csv", "--to", "2026-11"]);
    assert!(earlier.ends(0).out.contains("moved-away"));
}

#[test]
fn each_part_of_a_divided_filter_is_a_command_a_block_or_a_body() {
    let place = big_unit();
    let run = |form: &str| {
        let args = ["filter", "--unit", "crowd", "--map", "map.csv", "--scope", "projects/hub", "--emit", form];
        let ran = place.run(&args);
        ran.ends(0);
        ran
    };
    let parts = run("lql").out.split("----\n").count();
    assert_eq!(run("gcloud").out.matches("\ngcloud logging read ").count(), parts);
    let blocks = run("terraform").out;
    for n in 1..=parts {
        assert!(blocks.contains(&std::format!(
            "# part {n} of {parts}\nresource \"google_logging_project_sink\" \"billtrail_{n}\""
        )));
    }
    let bodies: Vec<Value> =
        serde_json::Deserializer::from_str(&run("api").out).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(bodies.len(), parts);
    let url = run("url");
    url.says(&["the link would have"]);
    // The last part may be short enough for a link.
    let links = url.out.lines().filter(|line| line.starts_with("https://")).count();
    assert_eq!(url.out.matches("-- part ").count() + links, parts);
}

#[test]
fn an_inventory_replaces_the_globs_by_projects() {
    let place = big_unit();
    let project = |id: &str, number: u64| std::format!("{{\"projectId\":\"{id}\",\"projectNumber\":\"{number}\"}}");
    let all = [project("crowd-glob-one", 4711), project("crowd-glob-other", 4712), project("unrelated", 4713)];
    place.write("projects.json", std::format!("[{}]", all.join(",")));
    let ran = place.run(&["filter", "--unit", "crowd", "--map", "map.csv", "--projects", "projects.json"]);
    assert!(ran.ends(0).out.contains("\"crowd-glob-one\"") && ran.out.contains("^projects/0+(1267)$"));
    assert!(
        !ran.out.contains("crowd-glob-.*") && !ran.out.contains("crowd-glob-other") && !ran.out.contains("unrelated")
    );
}

#[test]
fn wrong_use_is_said() {
    let place = big_unit();
    for (args, why) in [
        (&["--unit", "crowd"][..], "--unit needs --map"),
        (&["--unit", "nobody", "--map", "map.csv"], "has no unit `nobody`; it has crowd, other"),
        (&["--payer", "number:x"], "no project id and no number"),
        (&["--kind", "nothing"], "choose from resource"),
        (&["--emit", "api"], "--emit api needs --scope"),
        (&["--scope", "project/x"], "is not projects/P"),
        (&["--where", "thud=1"], "thud"),
        (&["--where", "a=("], "--where:1:3"),
        (&["--where", "textPayload=~\"a(\""], "--where:1:"),
        (&["--billable", "--denied"], "cannot be used with"),
        (&["--from", "2026-11", "--to", "2026-10"], "--from must be before --to"),
        (&["--emit", "poem"], "poem"),
    ] {
        let ran = place.run(&[&["filter"], args].concat());
        ran.ends(2).says(&[why]);
        assert_eq!(ran.out, "");
    }
    place.run(&["filter", "--payer", "MY_PROJECT"]).ends(0).says(&["can be no project"]);
    let sink = place.run(&["filter", "--emit", "terraform", "--from", "2026-10"]);
    assert!(!sink.ends(0).says(&["left out"]).out.contains("timestamp"));
}

/// Texts that try to break out of their quotes. A command line holds no NUL.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "\"", "'", "\\", "\n", "\r", "\t", "$", "${", "%{", "}", "`", "$(id)", "é", " ", "\u{202e}", "\u{1b}",
        "--", "*",
    ]);
    prop::collection::vec(piece, 1..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_text_survives_in_every_form(payer in hostile(), service in hostile(), method in hostile(), who in hostile()) {
        let options = [("payer", &payer), ("service", &service), ("method", &method), ("principal", &who)];
        let mut args: Vec<String> = options.iter().map(|(name, value)| std::format!("--{name}={value}")).collect();
        let run = |form: &str, args: &[String]| {
            let form = std::format!("--emit={form}");
            let scope = "--scope=projects/hub";
            let all: Vec<&str> = ["filter", scope, form.as_str()].into_iter().chain(args.iter().map(String::as_str)).collect();
            printed(&all)
        };
        let expr = in_order(&run("lql", &args));
        let text = print_line(&expr);
        let tree = std::format!("{expr:?}");
        for value in [&service, &method, &who, &std::format!("projects/{payer}/")] {
            prop_assert!(tree.contains(&std::format!("text: {value:?}, quoted: true")), "{value:?} is not in {tree}");
        }
        let command = run("gcloud", &args);
        let script = std::format!("gcloud() {{ printf %s \"$3\"; }}\n{command}");
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), text.as_str());
        let body: Value = serde_json::from_str(&run("api", &args)).unwrap();
        prop_assert_eq!(&body["filter"], &text);
        args.truncate(1);
        prop_assert!(!run("url", &args).contains(['"', '\'', ' ', '$', '`']));
    }
}
