//! The documents of `report` and `calls`: their columns, and how statements and calls become rows.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Ending;
use super::logs::Logs;
use super::row_filters::RowFilter;
use crate::chargeback::attribution::{Account, Attributed};
use crate::chargeback::cost_statement::{CostStatement, CostStatementRow, RowMoney};
use crate::chargeback::dimension::Dimension;
use crate::chargeback::statement::{Measures, StatementRow};
use crate::model::document::{Cell, Column, ColumnType, Diagnostics, Document, Gaps, Period, Proof, Provenance, Row};
use crate::model::money::Currency;
use crate::model::payer::{Payer, PayerRef};
use crate::model::tie_out::BillSummary;

pub(super) const fn column(name: &'static str, kind: ColumnType, unit: Option<&'static str>) -> Column {
    Column { name, kind, unit }
}

pub(super) const fn text(name: &'static str) -> Column {
    column(name, ColumnType::Text, None)
}

pub(super) const fn integer(name: &'static str, unit: Option<&'static str>) -> Column {
    column(name, ColumnType::Integer, unit)
}

/// The measures of a report, in their order.
pub const MEASURES: [Column; 9] = [
    integer("calls", None),
    integer("billable_calls", None),
    integer("failed_calls", None),
    integer("billed_bytes", Some("byte")),
    integer("slot_ms", Some("slot_ms")),
    integer("entries", None),
    column("first_seen", ColumnType::Time, None),
    column("last_seen", ColumnType::Time, None),
    column("share", ColumnType::Share, None),
];

/// How many of them are about calls; the share is that of the net cost where there is a bill.
const CALL_MEASURES: usize = 8;

/// The columns that a bill puts in the place of the share, in their order; the unit of money is the currency.
pub const MONEY: [Column; 5] = [
    column("cost", ColumnType::Money, None),
    column("credits", ColumnType::Money, None),
    column("net_cost", ColumnType::Money, None),
    column("share", ColumnType::Share, None),
    column("basis", ColumnType::Text, None),
];

/// The columns of `calls`, in their order.
pub const CALLS: [Column; 40] = [
    column("timestamp", ColumnType::Time, None),
    text("service"),
    text("method"),
    text("kind"),
    text("rule"),
    text("payer"),
    integer("payer_number", None),
    text("storage_payer"),
    text("unit"),
    text("cost_center"),
    text("principal"),
    text("principal_project"),
    text("delegated_by"),
    text("resource"),
    text("resource_project"),
    text("location"),
    text("model"),
    text("model_version"),
    column("billable", ColumnType::Boolean, None),
    text("reason"),
    text("payer_reason"),
    text("driver"),
    integer("quantity", None),
    text("quantity_unit"),
    integer("total_billed_bytes", Some("byte")),
    integer("processed_bytes", Some("byte")),
    integer("total_slot_ms", Some("slot_ms")),
    integer("status_code", None),
    text("flags"),
    integer("confidence", None),
    text("evidence_path"),
    text("evidence_text"),
    text("conflicts"),
    text("labels"),
    integer("entries", None),
    text("merged"),
    text("log_name"),
    text("insert_id"),
    text("call_key"),
    text("source"),
];

/// The columns of `diff`, in their order.
pub const DIFF: [Column; 6] = [
    text("unit"),
    integer("old", None),
    integer("new", None),
    integer("change", None),
    integer("volume", None),
    integer("mapping", None),
];

/// The columns that `--filters` adds to a report; the last one comes with `--prove`.
pub const FILTERS: [Column; 4] = [
    text("filter"),
    text("filter_url"),
    column("exact", ColumnType::Boolean, None),
    column("proof", ColumnType::Proof, None),
];

/// The document of a report, with as many of the columns of filters.
pub(super) fn report(logs: &Logs, account: Account, by: &[Dimension], total: &Measures, filters: usize) -> Document {
    let mut columns: Vec<Column> = by.iter().map(|dimension| text(dimension.name())).collect();
    columns.extend(MEASURES);
    columns.extend(&FILTERS[..filters]);
    let share = (total.billable_calls > 0).then_some(1_000_000);
    let totals = measures(total, share);
    Document { details: filters, ..document("report", logs, account, columns, by.len(), totals) }
}

/// The document of a report with money.
pub(super) fn cost_report(
    logs: &Logs,
    account: Account,
    by: &[Dimension],
    statement: &CostStatement,
    bill: BillSummary,
) -> Document {
    let currencies: BTreeSet<Currency> = bill.tie_outs.iter().map(|tie_out| tie_out.currency).collect();
    let currency = currencies.first().filter(|_| currencies.len() == 1).map(|currency| currency.code());
    let mut columns: Vec<Column> = by.iter().map(|dimension| text(dimension.name())).collect();
    columns.extend(&MEASURES[..CALL_MEASURES]);
    let told = MONEY.iter().filter(|column| by.iter().all(|dimension| dimension.name() != column.name));
    columns.extend(told.map(|column| match column.kind {
        ColumnType::Money => Column { unit: currency, ..*column },
        ColumnType::Text
        | ColumnType::Integer
        | ColumnType::Boolean
        | ColumnType::Time
        | ColumnType::Share
        | ColumnType::Proof => *column,
    }));
    let mut totals = cost_cells(&statement.total, statement.money.as_ref());
    totals.resize(columns.len() - by.len(), Cell::Null);
    Document { bill: Some(bill), ..document("report", logs, account, columns, by.len(), totals) }
}

/// A row of a report with money.
pub(super) fn cost_row(row: CostStatementRow, by: &[Dimension]) -> Row {
    let mut cells: Row = row.key.into_iter().map(Cell::Text).collect();
    cells.extend(cost_cells(&row.measures, row.money.as_ref()));
    if !by.contains(&Dimension::Basis) {
        let bases: Vec<&str> = row.bases.iter().map(|basis| basis.name()).collect();
        cells.push(if bases.is_empty() { Cell::Null } else { Cell::Text(bases.join(", ")) });
    }
    cells
}

fn cost_cells(calls: &Measures, money: Option<&RowMoney>) -> Row {
    let mut cells = measures(calls, None);
    cells.truncate(CALL_MEASURES);
    let amounts = money.map(|money| [money.cost, money.credits, money.net_cost].map(Cell::Money));
    cells.extend(amounts.unwrap_or([Cell::Null, Cell::Null, Cell::Null]));
    cells.push(money.and_then(|money| money.share).map_or(Cell::Null, Cell::Share));
    cells
}

/// The document of a dataset that a bill is made into.
pub(super) fn dataset(logs: &Logs, account: Account, columns: Vec<Column>, bill: BillSummary) -> Document {
    let keys = columns.len();
    Document { bill: Some(bill), ..document("report", logs, account, columns, keys, Row::new()) }
}

/// The document of calls.
pub(super) fn calls(logs: &Logs, account: Account) -> Document {
    document("calls", logs, account, CALLS.to_vec(), CALLS.len(), Row::new())
}

/// The document of movements.
pub(super) fn diff(provenance: Provenance, totals: Row, incomplete: bool) -> Document {
    Document {
        command: "diff",
        period: Period::default(),
        provenance,
        tally: None,
        columns: DIFF.to_vec(),
        keys: 1,
        details: 0,
        totals,
        gaps: Gaps::default(),
        bill: None,
        estimate: None,
        page: None,
        coverage: None,
        diagnostics: Diagnostics::new(),
        incomplete,
    }
}

pub(super) fn document(
    command: &'static str,
    logs: &Logs,
    account: Account,
    columns: Vec<Column>,
    keys: usize,
    totals: Row,
) -> Document {
    Document {
        command,
        period: logs.period.clone(),
        provenance: logs.provenance.clone(),
        tally: Some(account.tally),
        columns,
        keys,
        details: 0,
        totals,
        gaps: account.gaps,
        bill: None,
        estimate: None,
        page: None,
        coverage: None,
        diagnostics: account.diagnostics,
        incomplete: logs.incomplete,
    }
}

/// How a run over logs ended. That it is not whole goes before that a check failed.
pub(super) fn ending(incomplete: bool, check_failed: bool) -> Ending {
    match (incomplete, check_failed) {
        (true, _) => Ending::Incomplete,
        (false, true) => Ending::CheckFailed,
        (false, false) => Ending::Done,
    }
}

/// A row of a report.
pub(super) fn statement_row(row: StatementRow) -> Row {
    let mut cells: Row = row.key.into_iter().map(Cell::Text).collect();
    cells.extend(measures(&row.measures, row.share));
    cells
}

/// The cells of a row's filter.
pub(super) fn filter_cells(filter: &RowFilter, proof: Option<Proof>) -> Row {
    let url = filter.url.clone().map_or(Cell::Null, Cell::Text);
    let mut cells = vec![Cell::Text(filter.text.clone()), url, Cell::Boolean(filter.exact)];
    cells.extend(proof.map(Cell::Proof));
    cells
}

fn measures(measures: &Measures, share: Option<u32>) -> Row {
    let time = |time: Option<i64>| time.map_or(Cell::Null, Cell::Time);
    vec![
        Cell::Integer(measures.calls.into()),
        Cell::Integer(measures.billable_calls.into()),
        Cell::Integer(measures.failed_calls.into()),
        Cell::Integer(measures.billed_bytes),
        Cell::Integer(measures.slot_ms),
        Cell::Integer(measures.entries.into()),
        time(measures.first_seen),
        time(measures.last_seen),
        share.map_or(Cell::Null, Cell::Share),
    ]
}

/// The row of a call.
pub(super) fn call_row(logs: &Logs, attributed: &Attributed<'_>) -> Row {
    let (call, facts, resolved) = (attributed.call, &attributed.call.facts, &attributed.resolved);
    let text = |text: Option<&str>| text.map_or(Cell::Null, |text| Cell::Text(text.to_owned()));
    let owned = |text: Option<String>| text.map_or(Cell::Null, Cell::Text);
    let integer = |number: Option<u64>| number.map_or(Cell::Null, |number| Cell::Integer(number.into()));
    let payer = |payer: &Option<Payer>| owned(payer.as_ref().map(ToString::to_string));
    let project = |reference: &Option<PayerRef>| {
        owned(reference.as_ref().map(|reference| logs.directory.resolve(reference).to_string()))
    };
    let billable = call.reason.is_none();
    let list = |items: Vec<&str>| if items.is_empty() { Cell::Null } else { Cell::Text(items.join(", ")) };
    let merged: Map<String, Value> = call.merged.iter().map(|(cause, n)| (cause.name().to_owned(), json!(n))).collect();
    let labels: Map<String, Value> = facts.labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let object =
        |map: Map<String, Value>| if map.is_empty() { Cell::Null } else { Cell::Text(Value::Object(map).to_string()) };
    vec![
        facts.time.map_or(Cell::Null, Cell::Time),
        text(facts.service.as_deref()),
        text(facts.method.as_deref()),
        text(Some(resolved.kind)),
        text(Some(resolved.rule)),
        payer(&resolved.payer),
        integer(resolved.payer.as_ref().and_then(|payer| payer.number)),
        payer(&resolved.storage_payer),
        text(Some(attributed.unit)),
        text(attributed.cost_center),
        text(facts.principal.as_deref()),
        project(&facts.principal_project),
        text(facts.delegated_by.as_deref()),
        text(facts.resource.as_deref()),
        project(&facts.resource_project),
        text(facts.location.as_deref()),
        text(facts.model.as_deref()),
        text(facts.model_version.as_deref()),
        Cell::Boolean(billable),
        text(call.reason.map(|reason| reason.name())),
        text(resolved.payer_reason.map(|reason| reason.name())),
        text(Some(facts.driver.name())),
        if billable { integer(facts.quantity()) } else { Cell::Null },
        if billable { text(Some(facts.quantity_unit.name())) } else { Cell::Null },
        integer(facts.usage.total_billed_bytes),
        integer(facts.usage.processed_bytes),
        integer(facts.usage.total_slot_ms),
        Cell::Signed(facts.status_code),
        list(facts.flags.iter().map(|flag| flag.name()).collect()),
        Cell::Integer(resolved.confidence.into()),
        text(resolved.evidence.as_ref().map(|evidence| evidence.path.as_ref())),
        text(resolved.evidence.as_ref().map(|evidence| evidence.text.as_str())),
        list(resolved.conflicts.iter().map(String::as_str).collect()),
        object(labels),
        Cell::Integer(call.entries.into()),
        object(merged),
        text(facts.log_name.as_deref()),
        text(facts.insert_id.as_deref()),
        Cell::Text(format!("{:032x}", call.key.0)),
        Cell::Text(logs.place(call.source)),
    ]
}
