//! The first sheet: what the workbook is, its headline figures, and the business units, checked against the statement.

use rust_xlsxwriter::{Worksheet, XlsxError, column_number_to_name};

use super::super::INCOMPLETE;
use super::super::groups::{Group, Rank, amounts, measures, rank, total, whole};
use super::super::summary::sources;
use super::sheet::{Figure, Look, Sheet, amount, number, rounded, share};
use super::statement::Written;
use super::{SUMMARY, tool};
use crate::model::document::{Cell, Column, ColumnType, Document};
use crate::model::share::millionths;

/// Writes the sheet.
pub(super) fn write(
    document: &Document,
    written: Written,
    units: &[Group],
    sheet: &mut Worksheet,
) -> Result<(), XlsxError> {
    let mut sheet = Sheet::begin(sheet, SUMMARY)?;
    let title = if document.command == "report" { "Cost attribution" } else { document.command };
    sheet.text(0, 0, title, Look::Title)?;
    let mut row = 1;
    if document.incomplete {
        sheet.text(row, 0, INCOMPLETE, Look::Warning)?;
        row += 1;
    }
    sheet.note(row, 0, &format!("{}. {}", tool(), sources(document).unwrap_or_default()))?;
    if let Some(estimate) = &document.estimate {
        row += 1;
        sheet.note(row, 0, &super::super::estimate::sentence(estimate))?;
    }
    row = figures(document, written, row + 2, &mut sheet)?;
    if let Some(rank) = rank(document).filter(|_| !units.is_empty()) {
        self::units(document, written, &Units { units, rank }, row + 1, &mut sheet)?;
    }
    sheet.finish()
}

/// The units, and what ranks them.
struct Units<'a> {
    units: &'a [Group],
    rank: Rank,
}

/// The range of a column's rows in the statement.
pub(super) fn range(written: Written, column: usize) -> String {
    let letters = column_number_to_name(u16::try_from(column).unwrap_or(u16::MAX));
    format!("{}!{letters}2:{letters}{}", written.name, written.rows + 1)
}

/// The sums of the measures, and what could not be placed. Returns the row below.
fn figures(document: &Document, written: Written, first: u32, sheet: &mut Sheet<'_>) -> Result<u32, XlsxError> {
    let mut row = first;
    sheet.text(row, 0, "figure", Look::Heading)?;
    sheet.text(row, 1, "value", Look::HeadingOfFigures)?;
    row += 1;
    sheet.text(row, 0, "rows", Look::Plain)?;
    sheet.count(row, 1, written.rows.into())?;
    for (at, money) in amounts(document) {
        row += 1;
        let column = &document.columns[at];
        sheet.text(row, 0, &heading(column), Look::Plain)?;
        if written.rows == 0 {
            sheet.cell(row, 1, &Cell::Money(money), None)?;
        } else {
            let formula = format!("=SUM({})", range(written, at));
            sheet.formula(row, 1, &formula, amount(&money), Figure::Money, Look::Plain)?;
        }
    }
    let mut billable_row = None;
    for at in measures(document) {
        let name = document.columns[at].name;
        let Some(sum) = total(document, name) else { continue };
        row += 1;
        if name == "billable_calls" {
            billable_row = Some((row + 1, sum));
        }
        sheet.text(row, 0, name, Look::Plain)?;
        if written.rows == 0 {
            sheet.count(row, 1, sum)?;
        } else {
            let formula = format!("=SUM({})", range(written, at));
            sheet.formula(row, 1, &formula, rounded(sum), Figure::Count, Look::Plain)?;
        }
    }
    if let Some((place, billable)) = billable_row {
        let gaps = &document.gaps;
        let unmapped: u128 = gaps.unmapped.iter().map(|(_, _, billable)| u128::from(*billable)).sum();
        let unattributed: u128 = gaps.unattributed.iter().map(|(_, _, billable)| u128::from(*billable)).sum();
        sheet.text(row + 1, 0, "billable_calls without a unit (unmapped)", Look::Plain)?;
        sheet.count(row + 1, 1, unmapped)?;
        sheet.text(row + 2, 0, "billable_calls without a payer (unattributed)", Look::Plain)?;
        sheet.count(row + 2, 1, unattributed)?;
        let placed = billable.saturating_sub(unmapped).saturating_sub(unattributed);
        if let Some(part) = millionths(placed, billable) {
            let formula = format!("=ROUND((B{place}-B{}-B{})/B{place},6)", row + 2, row + 3);
            sheet.text(row + 3, 0, "part of the billable_calls with a unit", Look::Plain)?;
            sheet.formula(row + 3, 1, &formula, share(part), Figure::Share, Look::Plain)?;
        }
        row += 3;
    }
    Ok(row + 1)
}

/// The name of a column; of money with its currency.
fn heading(column: &Column) -> String {
    match (column.kind, column.unit) {
        (ColumnType::Money, Some(currency)) => format!("{} ({currency})", column.name),
        (_, _) => column.name.to_owned(),
    }
}

/// The units with their sums, the total of these, and its difference to the statement, which is zero.
fn units(
    document: &Document,
    written: Written,
    Units { units, rank }: &Units<'_>,
    first: u32,
    sheet: &mut Sheet<'_>,
) -> Result<(), XlsxError> {
    let money = (0..amounts(document).len()).map(Rank::Amount);
    let ranks: Vec<Rank> = money.chain((0..measures(document).len()).map(Rank::Count)).collect();
    let count = u32::try_from(units.len()).unwrap_or(u32::MAX);
    let (top, bottom) = (first + 2, first + 1 + count);
    let last = u16::try_from(ranks.len()).unwrap_or(u16::MAX) + 1;
    sheet.text(first, 0, "unit", Look::Heading)?;
    sheet.text(first, last, "share", Look::HeadingOfFigures)?;
    let ranked = ranks.iter().position(|other| other == rank).unwrap_or(0);
    let letters = column_number_to_name(u16::try_from(ranked).unwrap_or(u16::MAX) + 1);
    let (_, all) = whole(document, *rank);
    for (row, unit) in (first + 1..).zip(*units) {
        sheet.text(row, 0, &unit.key.concat(), Look::Plain)?;
        for (column, rank) in (1..).zip(&ranks) {
            let (value, figure) = number(&unit.sum(*rank));
            sheet.number(row, column, value, figure)?;
        }
        if let Some(part) = unit.sum(*rank).share(&all) {
            let formula = format!("=ROUND({letters}{}/{letters}${},6)", row + 1, bottom + 1);
            sheet.formula(row, last, &formula, share(part), Figure::Share, Look::Plain)?;
        }
    }
    sheet.text(bottom, 0, "total", Look::Total)?;
    sheet.text(bottom + 1, 0, "difference to the statement", Look::Plain)?;
    for (column, rank) in (1_u16..).zip(&ranks) {
        let letters = column_number_to_name(column);
        let (at, sum) = whole(document, *rank);
        let (value, figure) = number(&sum);
        sheet.text(first, column, &heading(&document.columns[at]), Look::HeadingOfFigures)?;
        let formula = format!("=SUM({letters}{top}:{letters}{bottom})");
        sheet.formula(bottom, column, &formula, value, figure, Look::Total)?;
        // A workbook calculates with doubles: what lies below a millionth is theirs.
        let formula = format!("=ROUND({letters}{}-SUM({}),6)", bottom + 1, range(written, at));
        sheet.formula(bottom + 1, column, &formula, rounded(0), figure, Look::Plain)?;
    }
    sheet.text(bottom, last, "", Look::Total)
}
