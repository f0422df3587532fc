//! The sheet of all rows, with a row of totals that follow the reader's filter.

use rust_xlsxwriter::{Worksheet, XlsxError, column_number_to_name};

use super::sheet::{Figure, Look, Sheet, amount, rounded, serial, share};
use crate::model::document::{Cell, Column, ColumnType, Document, Row};

/// The rows of a sheet.
const MOST: u32 = 1_048_576;

/// The sheet that was written: its name and how many rows of data it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub name: &'static str,
    pub rows: u32,
}

/// Writes headings, rows as they come, and totals.
pub(super) fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Row>,
    sheet: &mut Worksheet,
) -> Result<Written, XlsxError> {
    let name = if document.totals.is_empty() { "Rows" } else { "Statement" };
    let room = if document.totals.is_empty() { MOST - 1 } else { MOST - 2 };
    let mut sheet = Sheet::begin(sheet, name)?;
    for (at, column) in (0..).zip(&document.columns) {
        let look = match column.kind {
            ColumnType::Integer | ColumnType::Share | ColumnType::Money => Look::HeadingOfFigures,
            ColumnType::Text | ColumnType::Boolean | ColumnType::Time | ColumnType::Proof => Look::Heading,
        };
        sheet.text(0, at, column.name, look)?;
    }
    let mut count = 0;
    for row in rows {
        if count == room {
            return Err(XlsxError::RowColumnLimitError);
        }
        count += 1;
        for ((at, cell), column) in (0..).zip(&row).zip(&document.columns) {
            sheet.cell(count, at, cell, figure(document, usize::from(at), column))?;
        }
    }
    if !document.totals.is_empty() {
        totals(document, count, &mut sheet)?;
    }
    sheet.freeze(1)?;
    if let Some(last) = last(document) {
        sheet.filter(count, last)?;
    }
    sheet.finish()?;
    Ok(Written { name, rows: count })
}

fn last(document: &Document) -> Option<u16> {
    u16::try_from(document.columns.len()).ok()?.checked_sub(1)
}

/// What a column's numbers are.
fn figure(document: &Document, at: usize, column: &Column) -> Option<Figure> {
    let counted = at >= document.keys || column.unit.is_some() || column.name == "quantity";
    (column.kind == ColumnType::Integer && counted).then_some(Figure::Count)
}

fn totals(document: &Document, count: u32, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let row = count + 1;
    let keys = u16::try_from(document.keys).unwrap_or(u16::MAX);
    for at in 0..keys {
        sheet.text(row, at, if at == 0 { "total" } else { "" }, Look::Total)?;
    }
    let letters = |name: &str| {
        let at = document.columns.iter().position(|column| column.name == name)?;
        Some(column_number_to_name(u16::try_from(at).ok()?))
    };
    for (at, cell) in (keys..).zip(&document.totals) {
        let column = column_number_to_name(at);
        // What a filter hides is left out, as a reader expects.
        let over = |function: u8, column: &str| format!("=SUBTOTAL({function},{column}2:{column}{row})");
        let (formula, value, figure) = match cell {
            Cell::Integer(number) if count > 0 => (over(109, &column), rounded(*number), Figure::Count),
            Cell::Integer(number) => {
                sheet.count(row, at, *number)?;
                continue;
            }
            Cell::Time(nanos) => {
                let function = if document.columns[usize::from(at)].name == "first_seen" { 105 } else { 104 };
                let Some(value) = serial(*nanos) else { continue };
                (over(function, &column), value, Figure::Time)
            }
            Cell::Share(millionths) => {
                let Some(whole) = letters("net_cost").or_else(|| letters("billable_calls")) else { continue };
                let formula = format!("{}/SUM({whole}2:{whole}{row})", over(109, &whole));
                (formula, share(*millionths), Figure::Share)
            }
            Cell::Money(money) => (over(109, &column), amount(money), Figure::Money),
            Cell::Null | Cell::Text(_) | Cell::Signed(_) | Cell::Boolean(_) | Cell::Proof(_) => {
                sheet.text(row, at, "", Look::Total)?;
                continue;
            }
        };
        sheet.formula(row, at, &formula, value, figure, Look::Total)?;
    }
    Ok(())
}
