//! `billtrail contract`: the closed lists that machines rely on.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Ending, Failure, cost_diff, documents, journal, output, verdicts};
use crate::bill::BillForm;
use crate::chargeback::dimension::Dimension;
use crate::chargeback::price::PriceUnit;
use crate::chargeback::price_toml::PriceKey;
use crate::cli::ContractArgs;
use crate::gcp::kind::{Kind, Rule};
use crate::gcp::shape::Shape;
use crate::model::cost::{Basis, CostType};
use crate::model::coverage::{Coverage, LogType};
use crate::model::document::{Column, SCHEMA_VERSION};
use crate::model::payer::Namespace;
use crate::model::reason::{
    DiagnosticKind, Driver, Flag, MergeCause, PayerReason, QuantityUnit, Reason, RejectReason, SkipReason,
};
use crate::model::stats::{Count, Stage};
use crate::report::focus::{FocusDatasetColumn, FocusVersion};
use crate::report::{Dataset, Format};

/// The exit codes and their meaning.
const EXIT_CODES: [(&str, &str); 5] = [
    ("0", "done; rejected records are in the tally"),
    ("1", "done, and a check that the user asked for failed (--strict, --prove, --invoice, check, verify, map check)"),
    ("2", "wrong use: an option, mapping, inventory, catalogue, bill or price book is invalid"),
    (
        "3",
        "not done or not whole: an input is missing, unreadable, truncated or changed meanwhile, or the result cannot be written",
    ),
    ("130", "interrupted; what was temporary is removed and no output file is written"),
];

type List = (&'static str, Vec<(&'static str, &'static str)>);

pub(super) fn run(args: &ContractArgs) -> Result<Ending, Failure> {
    let text = if args.format == "json" { as_json() } else { as_text() };
    output::write_to(None, &mut |out| out.write_all(text.as_bytes()))?;
    Ok(Ending::Done)
}

/// Every closed list: its name and its members with their meaning.
fn lists() -> Vec<List> {
    macro_rules! list {
        ($name:literal, $type:ty) => {
            ($name, <$type>::ALL.iter().map(|member| (member.name(), member.meaning())).collect())
        };
    }
    vec![
        list!("kind", Kind),
        list!("rule", Rule),
        list!("reason", Reason),
        list!("payer_reason", PayerReason),
        list!("driver", Driver),
        list!("quantity_unit", QuantityUnit),
        list!("flag", Flag),
        list!("merge_cause", MergeCause),
        list!("reject_reason", RejectReason),
        list!("skip_reason", SkipReason),
        list!("diagnostic", DiagnosticKind),
        list!("shape", Shape),
        list!("namespace", Namespace),
        list!("format", Format),
        list!("dataset", Dataset),
        list!("focus_version", FocusVersion),
        list!("focus_column", FocusDatasetColumn),
        list!("report_grouping", Dimension),
        list!("stage", Stage),
        list!("count", Count),
        list!("cost_type", CostType),
        list!("basis", Basis),
        list!("bill_form", BillForm),
        list!("coverage", Coverage),
        list!("log_type", LogType),
        list!("price_key", PriceKey),
        list!("price_unit", PriceUnit),
        ("exit_code", EXIT_CODES.to_vec()),
    ]
}

/// The columns of the documents, in their order.
fn columns() -> [(&'static str, &'static [Column]); 12] {
    [
        ("report_measure", &documents::MEASURES),
        ("report_money", &documents::MONEY),
        ("report_estimate", &super::prices::ESTIMATED),
        ("report_filter", &documents::FILTERS),
        ("journal_column", &journal::JOURNAL),
        ("calls_column", &documents::CALLS),
        ("calls_estimate", &super::prices::ESTIMATED_CALL),
        ("check_column", &verdicts::CHECK),
        ("check_money", &verdicts::MONEY),
        ("coverage_column", &super::coverage::COVERAGE),
        ("diff_column", &documents::DIFF),
        ("diff_money", &cost_diff::MOVEMENTS),
    ]
}

fn as_text() -> String {
    let mut out = format!("schema_version {SCHEMA_VERSION}\n");
    for (name, columns) in columns() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{name}");
        for column in columns {
            let unit = column.unit.map_or_else(String::new, |unit| format!(", {unit}"));
            let _ = writeln!(out, "  {:<30} {}{unit}", column.name, column.kind.name());
        }
    }
    for (name, members) in lists() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{name}");
        for (member, meaning) in members {
            let _ = writeln!(out, "  {member:<30} {meaning}");
        }
    }
    out
}

fn as_json() -> String {
    let mut document = Map::new();
    document.insert("schema_version".to_owned(), json!(SCHEMA_VERSION));
    for (name, members) in lists() {
        let members: Vec<Value> =
            members.iter().map(|(name, meaning)| json!({"name": name, "meaning": meaning})).collect();
        document.insert(name.to_owned(), Value::Array(members));
    }
    for (name, columns) in columns() {
        let columns: Vec<Value> = columns
            .iter()
            .map(|column| json!({"name": column.name, "type": column.kind.name(), "unit": column.unit}))
            .collect();
        document.insert(name.to_owned(), Value::Array(columns));
    }
    format!("{:#}\n", Value::Object(document))
}
