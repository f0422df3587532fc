//! `billtrail diff` in money: two reports with costs, or two inputs with their bills.

use std::path::{Path, PathBuf};

use super::bill::Wanted;
use super::costed::{self, ANY};
use super::diff::{input_of, joined, logs_args};
use super::documents::{column, text};
use super::logs::Logs;
use super::{Ending, Failure, documents, output, tables};
use crate::chargeback::cost_cells::Cells;
use crate::chargeback::cost_movement::{CostMovement, cost_movements, kept_cells};
use crate::chargeback::dimension::Dimension;
use crate::chargeback::movement_money::shown;
use crate::chargeback::report_rows::ReportRows;
use crate::cli::bill::BillArgs;
use crate::cli::diff::DiffArgs;
use crate::cli::settings::Settings;
use crate::model::document::{Cell, Column, ColumnType, Document, Provenance, Row};
use crate::model::money::Currency;
use crate::model::tie_out::BillSummary;

/// The columns of `diff` in money, in their order. The columns after the currency are in it.
pub const MOVEMENTS: [Column; 9] = [
    text("unit"),
    text("currency"),
    column("old", ColumnType::Money, None),
    column("new", ColumnType::Money, None),
    column("change", ColumnType::Money, None),
    column("volume", ColumnType::Money, None),
    column("rate", ColumnType::Money, None),
    column("mapping", ColumnType::Money, None),
    column("other", ColumnType::Money, None),
];

/// How many of them are keys.
const KEYS: usize = 2;

/// The costs before, after, and after under the old mapping, with where they come from.
struct Compared {
    old: Cells,
    kept: Cells,
    new: Cells,
    provenance: Provenance,
    bill: Option<BillSummary>,
    incomplete: bool,
}

/// Compares two reports by the columns that they have in common.
pub(super) fn of_reports(
    args: &DiffArgs,
    settings: &Settings,
    [old, new]: [&ReportRows; 2],
    keys: &[Dimension],
    provenance: Provenance,
) -> Result<Ending, Failure> {
    let named = |name: &str, error| Failure::Usage(format!("{name}: {error}"));
    let before = old.cells(keys).map_err(|error| named(&args.old, error))?;
    let after = new.cells(keys).map_err(|error| named(&args.new, error))?;
    let compared = Compared {
        kept: kept_cells(&before, &after)?,
        old: before,
        new: after,
        provenance,
        bill: None,
        incomplete: old.incomplete || new.incomplete,
    };
    print(args, settings, compared)
}

/// Compares two inputs with their bills.
pub(super) fn of_logs(args: &DiffArgs, settings: &Settings) -> Result<Ending, Failure> {
    let (old_bill, new_bill) = bills(args)?;
    let old_map = if args.old_map.is_some() { &args.old_map } else { &args.map };
    let (before, old, old_summary) = side(args, old_map, &args.old, &old_bill)?;
    let (mut after, new, new_summary) = side(args, &args.map, &args.new, &new_bill)?;
    let mapping = joined([&before.provenance.mapping, &after.provenance.mapping]);
    let kept = if before.settings.map.value == after.settings.map.value {
        new.clone()
    } else {
        under(&mut after, before.settings.map.value.clone(), &new_bill)?
    };
    let inputs = before.provenance.inputs.iter().chain(&after.provenance.inputs).cloned().collect();
    let mut files = old_summary.files;
    files.extend(new_summary.files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup();
    let mut tie_outs = old_summary.tie_outs;
    for tie_out in new_summary.tie_outs {
        if !tie_outs.contains(&tie_out) {
            tie_outs.push(tie_out);
        }
    }
    let compared = Compared {
        old,
        kept,
        new,
        provenance: Provenance { inputs, mapping, ..after.provenance.clone() },
        bill: Some(BillSummary { files, tie_outs, invoice: None }),
        incomplete: before.incomplete || after.incomplete,
    };
    print(args, settings, compared)
}

/// The bills of both sides, checked before anything is read.
fn bills(args: &DiffArgs) -> Result<(Wanted, Wanted), Failure> {
    let old_month = args.old_invoice_month.as_ref();
    if args.old_bill.is_empty() && (old_month.is_none() || old_month == args.invoice_month.as_ref()) {
        let why = "--bill: both sides have the same bill; give the one of OLD with --old-bill, or choose its month with \
                   --old-invoice-month and the other's with --invoice-month";
        return Err(Failure::Usage(why.to_owned()));
    }
    let of = |bill: &[String], month: Option<&String>| {
        let (bill, invoice_month, idle_slots) = (bill.to_vec(), month.cloned(), args.idle_slots.clone());
        let wanted = Wanted::of(&BillArgs { bill, invoice_month, idle_slots, ..BillArgs::default() })?;
        wanted.ok_or_else(|| Failure::Usage("--bill: no file is named".to_owned()))
    };
    let month = args.invoice_month.as_ref();
    let old = if args.old_bill.is_empty() { &args.bill } else { &args.old_bill };
    Ok((of(old, old_month.or(month))?, of(&args.bill, month)?))
}

/// One side: its logs, its costs, and what they rest on.
fn side(
    args: &DiffArgs,
    map: &Option<PathBuf>,
    input: &String,
    wanted: &Wanted,
) -> Result<(Logs, Cells, BillSummary), Failure> {
    let log_args = crate::cli::LogArgs { map: map.clone(), ..logs_args(args, std::slice::from_ref(input)) };
    let settings = Logs::settings(&log_args, &args.output)?;
    costed::beside(&log_args, settings, wanted, ANY, |logs, bill| {
        // The tally must balance, as in a report.
        logs.attribute(|| (), |(), _| Ok(()))?;
        let (cells, summary) = bill.cells(&logs)?;
        Ok((logs, cells, summary))
    })
}

/// The costs of a side under another mapping.
fn under(logs: &mut Logs, map: Option<PathBuf>, wanted: &Wanted) -> Result<Cells, Failure> {
    let read = |path: &Path, logs: &Logs| -> Result<_, Failure> {
        let mapping = tables::mapping(path, &logs.settings, &logs.directory)?;
        mapping.agrees_with(&logs.directory)?;
        Ok(mapping)
    };
    let mapping = map.as_deref().map(|path| read(path, logs)).transpose()?;
    logs.mapping = map.as_deref().map(|path| read(path, logs)).transpose()?;
    let bill = wanted.read(&logs.settings, mapping.as_ref())?;
    bill.teach(logs);
    let (cells, _) = bill.cells(logs)?;
    Ok(cells)
}

fn print(args: &DiffArgs, settings: &Settings, compared: Compared) -> Result<Ending, Failure> {
    let Compared { old, kept, new, provenance, bill, incomplete } = compared;
    let movements = cost_movements(&old, &kept, &new)?;
    let (mut rows, mut totals): (Vec<Row>, Vec<(Currency, Row)>) = (Vec::new(), Vec::new());
    for of_one in movements.chunk_by(|a, b| a.currency == b.currency) {
        let mut money = shown(of_one)?;
        let total = money.pop();
        rows.extend(of_one.iter().zip(money).map(|(movement, money)| row(movement, &money.map(Cell::Money))));
        totals
            .extend(total.zip(of_one.first()).map(|(total, first)| (first.currency, total.map(Cell::Money).to_vec())));
    }
    // Sums of different currencies are none.
    let (currency, totals) = match <[(Currency, Row); 1]>::try_from(totals) {
        Ok([(currency, totals)]) => (Some(currency.code()), totals),
        Err(_) => (None, vec![Cell::Null; MOVEMENTS.len() - KEYS]),
    };
    let in_currency = |column: Column| Column { unit: currency.filter(|_| column.kind == ColumnType::Money), ..column };
    let columns = MOVEMENTS.map(in_currency);
    let document = documents::diff(provenance, totals, incomplete);
    let document = Document { columns: columns.to_vec(), keys: KEYS, bill, ..document };
    let (format, quiet) = (settings.format.value, settings.quiet.value);
    output::print(&document, &mut rows.into_iter(), &args.output, format, true, quiet)?;
    Ok(documents::ending(incomplete, false))
}

fn row(movement: &CostMovement, money: &[Cell]) -> Row {
    let keys = [movement.unit.as_str(), movement.currency.code()];
    keys.iter().map(|key| Cell::Text((*key).to_owned())).chain(money.iter().cloned()).collect()
}

/// The provenance of two reports.
pub(super) fn provenance(args: &DiffArgs, old: &ReportRows, new: &ReportRows) -> Result<Provenance, Failure> {
    let inputs = vec![input_of(&args.old, !old.incomplete)?, input_of(&args.new, !new.incomplete)?];
    Ok(Provenance {
        inputs,
        mapping: joined([&old.provenance.mapping, &new.provenance.mapping]),
        catalogue: joined([&old.provenance.catalogue, &new.provenance.catalogue]).unwrap_or_default(),
        ..Provenance::default()
    })
}
