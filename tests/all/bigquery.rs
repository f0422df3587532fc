//! `billtrail sql`: the files of `queries/bigquery/` are what the program prints, and name what the closed lists name.
//!
//! `BILLTRAIL_UPDATE=1` writes the files anew. That the statements give what billtrail gives is held by `.ci/bigquery.py`.

use std::collections::BTreeSet;
use std::fs;

use billtrail::gcp::kind::{Kind, Rule};
use billtrail::gcp::sql::{Absent, Layout};
use billtrail::model::reason::{Driver, PayerReason, Reason};
use billtrail::provider::Provider;

use super::program::{Place, Ran};
use super::world::root;

const PERIOD: [&str; 4] = ["--from", "2026-10", "--to", "2026-11"];

/// The checked-in statements: file, layout, tables and further options.
const STATEMENTS: [(&str, &str, &[&str], &[&str]); 6] = [
    ("sink.calls", "sink", &LOGS, &[]),
    ("sink-partitioned.calls", "sink-partitioned", &LOGS, &[]),
    ("log-analytics.calls", "log-analytics", &["my-project.my_linked_dataset._AllLogs"], &[]),
    ("raw-json.calls", "raw-json", &["my_logs.entries"], &["--partition", "_PARTITIONTIME"]),
    ("sink.ledger", "sink", &LOGS, &["--view", "ledger", "--services-table", "my_billing.services"]),
    (
        "sink.chargeback",
        "sink",
        &LOGS,
        &[
            "--view",
            "chargeback",
            "--services-table",
            "my_billing.services",
            "--projects-table",
            "my_billing.projects",
            "--mapping-table",
            "my_billing.business_units",
        ],
    ),
];

const LOGS: [&str; 2] = ["my_logs.cloudaudit_googleapis_com_activity", "my_logs.cloudaudit_googleapis_com_data_access"];

fn sql(options: &[&str]) -> Ran {
    Place::new().run(&[&["sql"], options].concat())
}

fn printed(layout: &str, tables: &[&str], options: &[&str]) -> String {
    let tables = tables.iter().flat_map(|table| ["--table", *table]);
    let all: Vec<&str> = tables.chain(["--layout", layout]).chain(options.iter().copied()).collect();
    sql(&all).ends(0).out.clone()
}

#[test]
fn the_checked_in_statements_are_what_the_program_prints() {
    let folder = root().join("queries/bigquery");
    let update = std::env::var_os("BILLTRAIL_UPDATE").is_some();
    let mut known = BTreeSet::new();
    for (stem, layout, tables, options) in STATEMENTS {
        let text = printed(layout, tables, &[&PERIOD, options].concat());
        let path = folder.join(format!("{stem}.sql"));
        known.insert(path.clone());
        if update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let held = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            held == text,
            "{} is not what `billtrail sql` prints; write it anew with BILLTRAIL_UPDATE=1",
            path.display()
        );
    }
    let found: BTreeSet<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(found, known);
}

#[test]
fn every_kind_rule_reason_and_driver_is_in_the_statement_and_no_stranger_is() {
    let text = printed("sink", &LOGS, &[]);
    let has = |name: &str| assert!(text.contains(&format!("'{name}'")), "{name}");
    Kind::ALL.iter().for_each(|kind| has(kind.name()));
    Rule::ALL.iter().for_each(|rule| has(rule.name()));
    Reason::ALL.iter().for_each(|reason| has(reason.name()));
    PayerReason::ALL.iter().for_each(|reason| has(reason.name()));
    Driver::ALL.iter().for_each(|driver| has(driver.name()));
    // A rule is two words with a point between; nothing else in the statement is written so.
    let rules: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    for word in text.split('\'').filter(|word| {
        let (kind, rest) = word.split_once('.').unwrap_or_default();
        (Kind::parse(kind).is_some() || kind == "policy")
            && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    }) {
        assert!(rules.contains(word), "{word} is no rule");
    }
}

#[test]
fn every_service_of_the_catalogue_is_a_row_and_a_users_row_too() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("my.csv");
    fs::write(&own, "service,kind,driver,billable_methods\nnew.example.com,parent,call,Go Get*\n").unwrap();
    let text = printed("log-analytics", &["logs._AllLogs"], &["--services", own.to_str().unwrap()]);
    let provider = Provider::google_cloud(None).unwrap();
    for row in provider.catalogue().services() {
        let head = format!("'{}'", row.service);
        assert!(text.lines().any(|line| line.contains("STRUCT(") && line.contains(&head)), "{}", row.service);
    }
    assert!(
        text.contains("STRUCT('new.example.com', 0, 'parent', 'call', FALSE, 'Get* Go', '', '')"),
        "the user's row"
    );
}

#[test]
fn partitions_are_chosen_in_the_first_step_with_a_margin() {
    let first = |layout: &str, options: &[&str]| {
        let text = printed(layout, &["logs.entries"], &[&PERIOD, options].concat());
        text.split("decoded AS (").next().unwrap().to_owned()
    };
    assert!(first("sink", &[]).contains("_TABLE_SUFFIX BETWEEN '20260930' AND '20261102'"));
    let between = "row_of.timestamp >= TIMESTAMP '2026-09-30T00:00:00Z'\n    AND row_of.timestamp < TIMESTAMP '2026-11-02T00:00:00Z'";
    assert!(first("sink-partitioned", &[]).contains(between), "{}", first("sink-partitioned", &[]));
    assert!(first("log-analytics", &[]).contains(between));
    assert!(
        first("raw-json", &["--partition", "day", "--margin", "0"]).contains("day >= TIMESTAMP '2026-10-01T00:00:00Z'")
    );
    assert!(!first("raw-json", &[]).contains("TIMESTAMP '2026"));
    // The period itself is that of the calls, without the margin.
    let text = printed("sink", &["logs.entries"], &PERIOD);
    assert!(text.contains("stamp >= TIMESTAMP '2026-10-01T00:00:00Z'"));
}

#[test]
fn an_absent_column_is_not_named() {
    let names = [
        "operation",
        "split",
        ".status",
        "requestJson",
        "metadataJson",
        "servicedata_v1_bigquery",
        "authorizationInfo))",
    ];
    assert_eq!(names.len(), Absent::ALL.len());
    for (absent, name) in Absent::ALL.iter().zip(names) {
        let text = printed("sink", &LOGS, &["--absent", absent.name()]);
        let first = text.split("decoded AS (").next().unwrap();
        assert!(!first.contains(&format!("row_of.{name}")) && !first.contains(&format!("auditlog{name}")), "{absent}");
        assert!(!first.contains(&format!("auditlog.{name}")), "{absent}");
    }
}

#[test]
fn what_is_no_table_is_refused_and_no_statement_is_printed() {
    for table in ["logs", "a.b.c.d", "a.b`; DROP TABLE x", "a b.c", ".b", "a.", "a*.b", ""] {
        assert_eq!(sql(&["--table", table]).ends(2).out, "", "{table}");
    }
    for table in ["logs.t", "my-project.logs.t", "example.com:crm.logs.t"] {
        sql(&["--table", table]).ends(0);
    }
    let wrong: [&[&str]; 5] = [
        &["--view", "chargeback"],
        &["--from", "2026-10"],
        &["--partition", "day"],
        &["--layout", "raw-json", "--partition", "a b"],
        &["--mapping-table", "x"],
    ];
    for options in wrong {
        sql(&[&["--table", "logs.t"], options].concat()).ends(2);
    }
}

#[test]
fn a_view_is_created_where_that_is_asked_for() {
    let text = printed("sink", &LOGS, &["--create", "billing.calls"]);
    assert!(text.contains("\nCREATE OR REPLACE VIEW `billing.calls` AS\nWITH\n"));
}

#[test]
fn the_cost_names_the_columns_and_the_partitions_of_every_layout() {
    for layout in Layout::ALL {
        let text = printed(layout.name(), &["logs.t"], &[&PERIOD[..], &["--dry-run-cost"]].concat());
        assert!(text.contains("bytes/entry") && text.contains("bq query --dry_run"), "{layout}");
        let whole = *layout == Layout::RawJson;
        assert_eq!(text.contains("The whole table is read"), whole, "{layout}");
        assert_eq!(text.contains("from 2026-09-30T00:00:00Z to 2026-11-02T00:00:00Z"), !whole, "{layout}");
    }
    let less = printed("sink", &LOGS, &["--dry-run-cost", "--absent", "service-data"]);
    assert!(!less.contains("servicedata_v1_bigquery") && less.contains("All partitions are read"));
}

#[test]
fn the_page_on_bigquery_tells_every_note_that_a_row_may_have() {
    let page = fs::read_to_string(root().join("docs/bigquery.md")).unwrap();
    let text = printed("sink", &LOGS, &[]);
    let notes = text.split("AS sql_note").next().unwrap().rsplit("ARRAY_TO_STRING(").next().unwrap();
    let notes: Vec<&str> = notes.split('\'').filter(|word| word.contains('_') && !word.contains(' ')).collect();
    assert!(notes.len() >= 5, "{notes:?}");
    for note in notes {
        assert!(page.contains(&format!("`{note}`")), "{note}");
    }
}
