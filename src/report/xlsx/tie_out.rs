//! The sheet that ties a bill out: each of its sums beside that of the statement, the parts of each, and the invoice.
//!
//! Sums and differences are formulas. A workbook calculates with doubles, so differences are rounded to a millionth.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::super::groups::amounts;
use super::sheet::{Figure, Look, Sheet, amount, rounded};
use super::statement::Written;
use super::summary::range;
use crate::model::document::{Cell, Document};
use crate::model::money::{Amount, Currency, Money};
use crate::model::tie_out::{BillSummary, Invoice, TieOut};

const HEADINGS: [&str; 8] =
    ["invoice_month", "currency", "billing_account", "what", "bill", "statement", "difference", "meaning"];
/// What a line with the whole sum of a month, currency and account is called.
const NET_COST: &str = "net cost";
const BILL: u16 = 4;
const STATEMENT: u16 = 5;
const DIFFERENCE: u16 = 6;
const MEANING: u16 = 7;

/// Writes the sheet.
pub(super) fn write(
    document: &Document,
    bill: &BillSummary,
    written: Written,
    sheet: &mut Worksheet,
) -> Result<(), XlsxError> {
    let mut sheet = Sheet::begin(sheet, "Tie-out")?;
    for (column, heading) in (0..).zip(HEADINGS) {
        let figures = (BILL..=DIFFERENCE).contains(&column);
        sheet.text(0, column, heading, if figures { Look::HeadingOfFigures } else { Look::Heading })?;
    }
    sheet.freeze(1)?;
    let mut row = 1;
    for tie_out in &bill.tie_outs {
        row = one(tie_out, row, &mut sheet)?;
    }
    let net_cost = amounts(document).into_iter().find(|(at, _)| document.columns[*at].name == "net_cost");
    if let Some((at, total)) = net_cost.filter(|_| written.rows > 0) {
        row = whole(&total, &range(written, at), row, &mut sheet)?;
    }
    if let Some(invoice) = &bill.invoice {
        self::invoice(invoice, row + 1, &mut sheet)?;
    }
    sheet.finish()
}

fn money(exact: Amount, currency: Currency) -> Cell {
    Cell::Money(Money::rounded(exact, currency))
}

/// One sum of the bill with what it is made of. Returns the row below.
fn one(tie_out: &TieOut, first: u32, sheet: &mut Sheet<'_>) -> Result<u32, XlsxError> {
    let currency = tie_out.currency;
    let named = |row: u32, what: &str, meaning: &str, sheet: &mut Sheet<'_>| {
        let names = [&tie_out.invoice_month, currency.code(), &tie_out.billing_account, what];
        (0..).zip(names).try_for_each(|(column, name)| sheet.text(row, column, name, Look::Plain))?;
        sheet.text(row, MEANING, meaning, Look::Plain)
    };
    let parts = u32::try_from(tie_out.by_type.len()).unwrap_or(u32::MAX);
    // A report in which the two differ is never printed.
    named(first, NET_COST, "bill and statement are equal to the last digit", sheet)?;
    let number = |exact| amount(&Money::rounded(exact, currency));
    if parts == 0 {
        sheet.cell(first, BILL, &money(tie_out.bill, currency), None)?;
    } else {
        let formula = format!("=SUM(E{}:E{})", first + 2, first + 1 + parts);
        sheet.formula(first, BILL, &formula, number(tie_out.bill), Figure::Money, Look::Plain)?;
    }
    sheet.cell(first, STATEMENT, &money(tie_out.statement, currency), None)?;
    difference(first, sheet, Look::Plain)?;
    let mut row = first + 1;
    for (kind, exact) in &tie_out.by_type {
        named(row, kind.name(), kind.meaning(), sheet)?;
        sheet.cell(row, BILL, &money(*exact, currency), None)?;
        row += 1;
    }
    if tie_out.without_project != Amount::ZERO {
        named(row, "without project", "of the net cost, what the bill puts on no project", sheet)?;
        sheet.cell(row, BILL, &money(tie_out.without_project, currency), None)?;
        row += 1;
    }
    if tie_out.unallocated != Amount::ZERO {
        named(row, "unallocated", "of the net cost, what no business unit carries", sheet)?;
        sheet.cell(row, STATEMENT, &money(tie_out.unallocated, currency), None)?;
        row += 1;
    }
    Ok(row)
}

fn difference(row: u32, sheet: &mut Sheet<'_>, look: Look) -> Result<(), XlsxError> {
    let formula = format!("=ROUND(E{0}-F{0},6)", row + 1);
    sheet.formula(row, DIFFERENCE, &formula, rounded(0), Figure::Money, look)
}

/// All sums of the bill beside all rows of the statement, where they have one currency. Returns the row below.
fn whole(total: &Money, rows: &str, row: u32, sheet: &mut Sheet<'_>) -> Result<u32, XlsxError> {
    for column in 0..=MEANING {
        let text = match column {
            0 => "total",
            1 => total.currency.code(),
            MEANING => "all rows of the statement",
            _ => "",
        };
        sheet.text(row, column, text, Look::Total)?;
    }
    let bill = format!("=SUMIFS(E2:E{row},D2:D{row},\"{NET_COST}\")");
    sheet.formula(row, BILL, &bill, amount(total), Figure::Money, Look::Total)?;
    sheet.formula(row, STATEMENT, &format!("=SUM({rows})"), amount(total), Figure::Money, Look::Total)?;
    difference(row, sheet, Look::Total)?;
    Ok(row + 1)
}

/// The invoice, the bill in coins, and what lies between.
fn invoice(invoice: &Invoice, first: u32, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let tolerated = if invoice.ties_out() { "within --tolerance" } else { "more than --tolerance" };
    let lines = [
        ("invoice", invoice.amount, "as --invoice says"),
        ("bill", invoice.bill, "rounded once"),
        ("tolerance", invoice.tolerance, "how large the residual may be"),
    ];
    let mut row = first;
    for (what, exact, meaning) in lines {
        sheet.text(row, 1, invoice.currency.code(), Look::Plain)?;
        sheet.text(row, 3, what, Look::Plain)?;
        sheet.cell(row, BILL, &money(exact, invoice.currency), None)?;
        sheet.text(row, MEANING, meaning, Look::Plain)?;
        row += 1;
    }
    sheet.text(row, 1, invoice.currency.code(), Look::Plain)?;
    sheet.text(row, 3, "residual", Look::Plain)?;
    let formula = format!("=ROUND(E{}-E{},6)", first + 1, first + 2);
    let residual = amount(&Money::rounded(invoice.residual, invoice.currency));
    sheet.formula(row, BILL, &formula, residual, Figure::Money, Look::Plain)?;
    sheet.text(row, MEANING, tolerated, Look::Plain)
}
