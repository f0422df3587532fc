//! A made-up document for the tests of the formats.

use super::{Format, Style, write};
use crate::model::document::{
    Cell, Column, ColumnType, Diagnostic, Diagnostics, Document, Gaps, Input, Period, Provenance, Row, diagnose,
};
use crate::model::reason::{DiagnosticKind, MergeCause, PayerReason, Reason, RejectReason, SkipReason};
use crate::model::tally::Tally;

pub(super) const fn column(name: &'static str, kind: ColumnType, unit: Option<&'static str>) -> Column {
    Column { name, kind, unit }
}

pub(super) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

pub(super) fn printed(format: Format, document: &Document, rows: &[Row], style: &Style) -> Vec<u8> {
    let mut out = Vec::new();
    write(format, document, &mut rows.iter().cloned(), style, &mut out).expect("a vector takes all");
    out
}

pub(super) fn printed_text(format: Format, document: &Document, rows: &[Row], style: &Style) -> String {
    String::from_utf8(printed(format, document, rows, style)).expect("a text format")
}

/// 2026-10-01 at midnight UTC.
pub(super) const OCTOBER: i64 = 1_790_812_800_000_000_000;
const HOUR: i64 = 3_600_000_000_000;

fn row(keys: [&str; 3], counts: [u128; 6], hours: [i64; 2], share: u32) -> Row {
    let [calls, billable, failed, bytes, slot_ms, entries] = counts.map(Cell::Integer);
    let [first, last] = hours.map(|hour| Cell::Time(OCTOBER + hour * HOUR + 61_000_000_000));
    let [unit, payer, service] = keys.map(text);
    vec![unit, payer, service, calls, billable, failed, bytes, slot_ms, entries, first, last, Cell::Share(share)]
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            ["Advertising", "ads-prod-4711", "bigquery.googleapis.com"],
            [1_234_567, 1_200_001, 4_321, 1_330_000_000_000, 987_654_321, 2_469_134],
            [0, 743],
            612_345,
        ),
        row(
            ["Advertising", "ads-prod-4711", "storage.googleapis.com"],
            [345_678, 345_000, 12, 0, 0, 345_678],
            [1, 742],
            176_000,
        ),
        row(["Search", "search-index", "pubsub.googleapis.com"], [98_765, 98_765, 0, 0, 0, 98_765], [2, 700], 50_390),
        row(["(unmapped)", "sandbox-quokka", "aiplatform.googleapis.com"], [12, 11, 1, 0, 0, 12], [300, 301], 6),
        {
            let mut row = row(["(unattributed)", "", "storage.googleapis.com"], [7, 7, 0, 0, 0, 7], [5, 9], 4);
            row[1] = Cell::Null;
            row
        },
    ]
}

pub(super) fn document() -> Document {
    let key = |name| column(name, ColumnType::Text, None);
    let count = |name| column(name, ColumnType::Integer, None);
    let mut diagnostics = Diagnostics::new();
    for line in [3, 9, 27, 81] {
        diagnose(&mut diagnostics, DiagnosticKind::UnknownService, || format!("logs/a.jsonl:{line}: new.example.com"));
    }
    diagnostics.insert(DiagnosticKind::HexWidth, Diagnostic { count: 2, examples: vec!["\u{1b}[31mred".to_owned()] });
    Document {
        command: "report",
        period: Period { from: Some(OCTOBER), to: None, timezone: "UTC".to_owned() },
        bill: None,
        estimate: None,
        page: None,
        coverage: None,
        provenance: Provenance {
            inputs: vec![Input { path: "logs/a.jsonl".to_owned(), bytes: 5_000_000, complete: true }],
            filter: None,
            mapping: Some("business-units.csv".to_owned()),
            projects: vec!["projects.json".to_owned()],
            catalogue: "built-in 2026-09-01".to_owned(),
        },
        tally: Some(Tally {
            records: 2_914_000,
            rejected: [(RejectReason::InvalidJson, 4)].into(),
            skipped: [(SkipReason::NotAudit, 400)].into(),
            merged: [(MergeCause::Duplicate, 1_234_000), (MergeCause::BigqueryJob, 567)].into(),
            calls: 1_679_029,
            not_billable: [(Reason::Admin, 30_000), (Reason::Denied, 5_245)].into(),
            attributed: 1_643_777,
            unattributed: [(PayerReason::NoProject, 7)].into(),
        }),
        columns: vec![
            key("unit"),
            key("payer"),
            key("service"),
            count("calls"),
            count("billable_calls"),
            count("failed_calls"),
            column("billed_bytes", ColumnType::Integer, Some("byte")),
            column("slot_ms", ColumnType::Integer, Some("slot_ms")),
            count("entries"),
            column("first_seen", ColumnType::Time, None),
            column("last_seen", ColumnType::Time, None),
            column("share", ColumnType::Share, None),
        ],
        keys: 3,
        details: 0,
        totals: row(
            ["", "", ""],
            [1_679_029, 1_643_784, 4_334, 1_330_000_000_000, 987_654_321, 2_913_596],
            [0, 743],
            1_000_000,
        )
        .split_off(3),
        gaps: Gaps {
            unmapped: vec![("sandbox-quokka".to_owned(), 12, 11)],
            unattributed: vec![(PayerReason::NoProject, 7, 7)],
            missing_hours: vec![OCTOBER, OCTOBER + HOUR, OCTOBER + 5 * HOUR],
        },
        diagnostics,
        incomplete: false,
    }
}
