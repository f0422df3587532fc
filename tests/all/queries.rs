//! The filters of `queries/`: the files are what the program prints, and a kind's filter selects what the kind judges.
//!
//! `BILLTRAIL_UPDATE=1` writes the files anew, and the change is reviewed as code. With `BILLTRAIL_REAL_LOGS` the law is also
//! held against real entries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use billtrail::gcp::filters::{Described, of_kind, questions};
use billtrail::gcp::kind::Kind;
use billtrail::ingest::{self, ReadOptions, Unit};
use billtrail::lql::ast::Expr;
use billtrail::lql::lint::{Context, LintId, Severity, lint};
use billtrail::lql::{Compiled, Schema, format, parse, print};
use billtrail::model::observation::{Charge, Observation, Source};
use billtrail::model::reason::Flag;
use billtrail::provider::{Decoded, Provider};
use serde_json::{Value, json};

use super::world::{json_lines, root};

/// Questions of which no sample and no vector tells, with the payload and log of a made-up entry that does.
const MADE_UP: [(&str, &str, &str); 3] = [
    (
        "question_bigquery_reservation_changes",
        "activity",
        r#"{"serviceName": "bigqueryreservation.googleapis.com", "methodName": "CreateAssignment"}"#,
    ),
    (
        "question_data_access_configuration",
        "activity",
        r#"{"serviceName": "cloudresourcemanager.googleapis.com", "methodName": "SetIamPolicy", "serviceData":
            {"policyDelta": {"auditConfigDeltas": [{"action": "ADD", "service": "allServices", "logType": "DATA_READ"}]}}}"#,
    ),
    (
        "question_refused_requester_pays",
        "data_access",
        r#"{"serviceName": "storage.googleapis.com", "methodName": "storage.objects.get", "status":
            {"code": 3, "message": "Bucket is a requester pays bucket but no user project provided."}}"#,
    ),
];

/// What stands above the lists of the index.
const INDEX: &str = "# Filters\n\n\
    Filters in the Logging query language, to paste into Logs Explorer, into `gcloud logging read`, or behind `--where`\n\
    (`billtrail report --where @queries/question_denied_calls.lql …`). Add a project and a period to each:\n\n\
    ```\n\
    resource.labels.project_id=\"my-project\" AND\n\
    timestamp>=\"2026-10-01T07:00:00Z\" AND\n\
    timestamp<\"2026-11-01T07:00:00Z\"\n\
    ```\n\n\
    Each file says first whether it is `exact`, or a `superset` that selects more than it is asked for, then what it finds,\n\
    what it costs to run, and what it cannot find. \"Exact\" is held against all samples: the filter of a kind selects an\n\
    entry of an audit log exactly if billtrail judges it by that kind, with the built-in catalogue and before requester and\n\
    owner are compared in the directory of projects. Entries of an export without `logName` are of no log for a filter.\n\n\
    The files are printed by the program and compared by a test; change them in `src/gcp/filters`.\n";

/// An audit entry, and what the engine says of it alone.
struct Judged {
    place: String,
    record: Vec<u8>,
    kind: &'static str,
    observation: Observation,
}

impl Judged {
    /// The entry of a record, if it can be read. One whose export left out the log's name, or changed it, gets one: Cloud
    /// Logging has no entry without.
    fn of(provider: &Provider, place: String, bytes: &[u8], source: Source) -> Option<Self> {
        let found = Self::as_it_is(provider, place, bytes, source)?;
        if log_of(&found).is_some() {
            return Some(found);
        }
        let mut named: Value = serde_json::from_slice(&found.record).unwrap();
        named["logName"] = json!("projects/acme-web/logs/cloudaudit.googleapis.com%2Factivity");
        Self::as_it_is(provider, found.place, named.to_string().as_bytes(), source)
    }

    fn as_it_is(provider: &Provider, place: String, bytes: &[u8], source: Source) -> Option<Self> {
        let Decoded::Entry(observation, _) = provider.decode(bytes, source) else { return None };
        let kind = match &observation.facts.charge {
            Charge::Requester { kind, .. } => kind,
            Charge::One(_) | Charge::Nobody { .. } => observation.facts.kind,
        };
        Some(Self { place, record: provider.canonical(bytes).unwrap(), kind, observation: *observation })
    }
}

/// The audit log that an entry is of.
fn log_of(entry: &Judged) -> Option<&str> {
    let (_, log) = entry.observation.facts.log_name.as_ref()?.split_once("/logs/cloudaudit.googleapis.com/")?;
    ["activity", "data_access", "system_event", "policy"].contains(&log).then_some(log)
}

/// The audit entries of the samples, the vectors and, where they are named, real logs.
fn entries() -> Vec<Judged> {
    let provider = Provider::google_cloud(None).unwrap();
    let mut found = Vec::new();
    let vectors = root().join("tests/vectors");
    let mut files: Vec<_> = fs::read_dir(vectors).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for vector in files.iter().flat_map(|file| json_lines(file)) {
        for entry in vector["entries"].as_array().unwrap() {
            let place = vector["name"].as_str().unwrap().to_owned();
            let source = Source { input: 0, offset: 0, line: 1, item: 0 };
            found.extend(Judged::of(&provider, place, entry.to_string().as_bytes(), source));
        }
    }
    found.extend(read(&provider, &format!("{}/*.jsonl", root().join("sample-logs").display())));
    match std::env::var("BILLTRAIL_REAL_LOGS") {
        Ok(folder) => found.extend(read(&provider, &folder)),
        Err(_) => println!("SKIPPED: BILLTRAIL_REAL_LOGS is not set"),
    }
    found
}

fn read(provider: &Provider, inputs: &str) -> Vec<Judged> {
    let listing = ingest::list(&[inputs.to_owned()], None, None).unwrap();
    let name = |source: &Source| format!("{}:{}", listing.inputs[source.input as usize].name, source.line);
    let meet = |unit: Unit<'_>| match unit {
        Unit::Record { bytes, source } => Judged::of(provider, name(&source), bytes, source),
        Unit::Rejected { .. } | Unit::Text { .. } => None,
    };
    let mut found = Vec::new();
    let mut fold = |judged: Vec<Option<Judged>>| found.extend(judged.into_iter().flatten());
    ingest::read(&listing, &ReadOptions::default(), &meet, &mut fold).unwrap();
    found
}

fn kinds() -> Vec<Described> {
    Kind::ALL.iter().map(|kind| of_kind(*kind)).collect()
}

fn compiled(described: &Described) -> Compiled {
    let expr = parse(&text(described)).unwrap_or_else(|error| panic!("{}: {error:?}", described.stem));
    Compiled::new(&expr, &Schema::log_entry()).unwrap()
}

/// The filter's file: its header, and the printed tree.
fn text(described: &Described) -> String {
    format!("{}{}\n", described.header(), print(&described.filter))
}

/// The index of the files.
fn index() -> String {
    let mut out = INDEX.to_owned();
    let lists = [("Kinds", kinds()), ("Questions", questions())];
    for (heading, filters) in lists {
        let _ = write!(out, "\n## {heading}\n\n| file | | finds |\n|---|---|---|\n");
        for filter in filters {
            let how = if filter.exact { "exact" } else { "superset" };
            let finds = filter.finds.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(out, "| [{0}]({0}.lql) | {how} | {finds} |", filter.stem);
        }
    }
    out
}

#[test]
fn the_files_are_what_the_program_prints() {
    let folder = root().join("queries");
    let mut expected: BTreeMap<String, String> = BTreeMap::from([("README.md".to_owned(), index())]);
    for filter in kinds().iter().chain(&questions()) {
        let clash = expected.insert(format!("{}.lql", filter.stem), text(filter));
        assert_eq!(clash, None, "{}", filter.stem);
    }
    // Statements for BigQuery stand in a folder of their own; `bigquery` looks after it.
    let files = || fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|file| file.path().is_file());
    let names = || files().map(|file| file.file_name().into_string().unwrap());
    if std::env::var("BILLTRAIL_UPDATE").is_ok_and(|value| value == "1") {
        fs::create_dir_all(&folder).unwrap();
        for left in names().filter(|name| !expected.contains_key(name)) {
            fs::remove_file(folder.join(left)).unwrap();
        }
        for (name, text) in &expected {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    assert_eq!(names().collect::<BTreeSet<_>>(), expected.keys().cloned().collect::<BTreeSet<_>>());
    for (name, text) in expected {
        assert_eq!(fs::read_to_string(folder.join(&name)).unwrap(), text, "queries/{name}");
    }
}

#[test]
fn a_filter_of_a_kind_has_the_kinds_stem_and_a_question_says_that_it_is_one() {
    let stems: Vec<&str> = kinds().iter().map(|kind| kind.stem).collect();
    assert_eq!(stems, Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>());
    assert!(questions().len() > 25 && questions().iter().all(|filter| filter.stem.starts_with("question_")));
}

#[test]
fn the_files_are_canonical_and_clean() {
    for filter in kinds().iter().chain(&questions()) {
        let (name, text) = (filter.stem, text(filter));
        let expr: Expr = parse(&text).unwrap();
        assert_eq!(expr, filter.filter, "{name}: reading gives the tree back");
        assert_eq!(format(&text).unwrap(), text, "{name}: in canonical form");
        assert!(text.chars().count() < 18_000, "{name}: {} characters", text.chars().count());
        let sink = name == "question_small_sink";
        let findings = lint(&text, &expr, if sink { Context::Sink } else { Context::Query });
        for finding in findings {
            // What is lost by that is what its header tells.
            let known = finding.id == LintId::UncorrelatedElements && !filter.exact;
            assert!(finding.severity != Severity::Error && known, "{name}: {}: {}", finding.id, finding.message);
        }
    }
}

#[test]
fn a_kinds_filter_selects_what_the_kind_judges() {
    let entries = entries();
    assert!(entries.len() > 1400, "only {} entries", entries.len());
    let mut failures = Vec::new();
    for filter in kinds() {
        let compiled = compiled(&filter);
        let (mut right, mut wrong) = (0, 0);
        for entry in &entries {
            let selected = compiled.matches_record(&entry.record).unwrap();
            let judged = entry.kind == filter.stem;
            right += usize::from(selected && judged);
            wrong += usize::from(selected && !judged);
            if judged && !selected || filter.exact && selected && !judged {
                failures.push(format!("{}: {} is of kind {}", filter.stem, entry.place, entry.kind));
            }
        }
        println!("{}: {right} selected, {wrong} more", filter.stem);
        assert!(right > 0, "{}: selects nothing", filter.stem);
        assert!(filter.exact || wrong > 0, "{}: no sample shows that it is not exact", filter.stem);
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_kinds_filter_selects_no_entry_of_another_log() {
    let provider = Provider::google_cloud(None).unwrap();
    let mut others = 0;
    let text = fs::read_to_string(root().join("sample-logs/other_logs.jsonl")).unwrap();
    for record in text.lines() {
        let source = Source { input: 0, offset: 0, line: 1, item: 0 };
        let (Decoded::Skipped(_), Some(entry)) =
            (provider.decode(record.as_bytes(), source), provider.canonical(record.as_bytes()))
        else {
            continue;
        };
        others += 1;
        for filter in kinds() {
            assert!(!compiled(&filter).matches_record(&entry).unwrap(), "{}: {record}", filter.stem);
        }
    }
    assert!(others > 3, "only {others} entries of other logs");
}

#[test]
fn every_question_has_an_answer_among_the_samples() {
    let entries = entries();
    for question in questions() {
        let compiled = compiled(&question);
        let made_up = MADE_UP.iter().find(|(stem, _, _)| *stem == question.stem);
        let count = entries.iter().filter(|entry| compiled.matches_record(&entry.record).unwrap()).count();
        println!("{}: {count}", question.stem);
        match made_up {
            Some((stem, log, payload)) => {
                let entry = json!({
                    "logName": format!("projects/acme-web/logs/cloudaudit.googleapis.com%2F{log}"),
                    "resource": {"type": "gcs_bucket", "labels": {"project_id": "acme-web"}},
                    "protoPayload": serde_json::from_str::<Value>(payload).unwrap(),
                });
                assert!(compiled.matches(&entry), "{stem}");
            }
            None => assert!(count > 0 && count < entries.len() || question.stem == "question_audit_logs"),
        }
    }
}

/// Whether a question that the engine can answer too holds for an entry.
type Answer = fn(&Judged) -> bool;

/// The entry tells of the end of a BigQuery job in the new form, and the engine finds no reason against charging it.
fn charged_v2(entry: &Judged) -> bool {
    let job = entry.kind == Kind::BigqueryJob.name() && entry.observation.facts.reason.is_none();
    // Some samples have broken escapes in fields that nobody reads.
    job && serde_json::from_slice(&entry.record)
        .is_ok_and(|record: Value| record["protoPayload"]["metadata"]["jobChange"]["after"] == "DONE")
}

fn in_capacity(entry: &Judged) -> bool {
    entry.observation.facts.flags.contains(&Flag::Capacity)
}

#[test]
fn the_engine_and_the_filters_answer_alike() {
    let answers: [(&str, Answer); 8] = [
        ("question_denied_calls", |entry| entry.observation.facts.status_code == 7),
        ("question_failures", |entry| entry.observation.facts.status_code > 0),
        ("question_quota_errors", |entry| entry.observation.facts.status_code == 8),
        ("question_impersonation", |entry| entry.observation.facts.flags.contains(&Flag::Impersonated)),
        ("question_split_entries", |entry| entry.observation.facts.flags.contains(&Flag::Split)),
        ("question_audit_logs", |_| true),
        ("question_bigquery_on_demand_charged", |entry| {
            charged_v2(entry) && entry.observation.facts.usage.total_billed_bytes > Some(0) && !in_capacity(entry)
        }),
        ("question_bigquery_capacity_jobs", |entry| charged_v2(entry) && in_capacity(entry)),
    ];
    let questions = questions();
    let mut failures = Vec::new();
    for (stem, answer) in answers {
        let question = questions.iter().find(|question| question.stem == stem).unwrap();
        let compiled = compiled(question);
        for entry in entries() {
            let (selected, holds) = (compiled.matches_record(&entry.record).unwrap(), answer(&entry));
            if holds && !selected || question.exact && selected && !holds {
                failures.push(format!("{stem}: {}: {selected}, not {holds}", entry.place));
            }
        }
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
