//! The tie-out of a bill, for people as lines of the summary and for machines as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::json::{list, value};
use super::safe;
use super::summary::Line;
use crate::model::money::{Amount, Currency, Money};
use crate::model::rounding::round_to;
use crate::model::tie_out::{BillSummary, Invoice, TieOut};

/// The tie-out as a block of the summary for each currency.
pub(super) fn lines(bill: &BillSummary, lines: &mut Vec<Line>) {
    let mut currency = None;
    for tie_out in &bill.tie_outs {
        if currency != Some(tie_out.currency) {
            lines.push(Line::title(format_args!("Tie-out ({})", tie_out.currency), &["bill", "statement"]));
            currency = Some(tie_out.currency);
        }
        one(tie_out, lines);
    }
    if let Some(invoice) = &bill.invoice {
        lines.push(Line::title(format_args!("Invoice ({})", invoice.currency), &["amount"]));
        let figure = |amount| Money::rounded(amount, invoice.currency).shown();
        let note = if invoice.ties_out() { "within --tolerance" } else { "more than --tolerance" };
        lines.push(line(1, "invoice", vec![figure(invoice.amount)], ""));
        lines.push(line(1, "bill", vec![figure(invoice.bill)], "rounded once"));
        lines.push(line(1, "residual", vec![figure(invoice.residual)], note));
    }
}

fn one(tie_out: &TieOut, lines: &mut Vec<Line>) {
    let currency = tie_out.currency;
    let figure = |amount| Money::rounded(amount, currency).shown();
    let label = format!("{}, billing account {}", tie_out.invoice_month, safe(&tie_out.billing_account));
    // A report in which the two differ is never printed.
    lines.push(line(1, &label, vec![figure(tie_out.bill), figure(tie_out.statement)], "equal to the last digit"));
    let amounts: Vec<Amount> = tie_out.by_type.values().copied().collect();
    let coins = round_to(tie_out.bill.coins(currency), &amounts, currency);
    for ((kind, exact), coins) in tie_out.by_type.iter().zip(coins) {
        let shown = Money { exact: *exact, coins, currency }.shown();
        lines.push(line(2, kind.name(), vec![shown], kind.meaning()));
    }
    if tie_out.without_project != Amount::ZERO {
        let note = "of that, what the bill puts on no project";
        lines.push(line(2, "without project", vec![figure(tie_out.without_project)], note));
    }
    if tie_out.unallocated != Amount::ZERO {
        let figures = vec![String::new(), figure(tie_out.unallocated)];
        lines.push(line(2, "unallocated", figures, "of that, what no business unit carries"));
    }
}

fn line(depth: usize, label: &str, figures: Vec<String>, note: &str) -> Line {
    Line { depth, label: label.to_owned(), figures, counts: Vec::new(), note: note.to_owned() }
}

/// The bill as JSON; `null` without one.
pub(super) fn json(bill: Option<&BillSummary>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let Some(bill) = bill else { return out.write_all(b"null") };
    out.write_all(b"{\n    \"files\": ")?;
    let mut files = bill.files.iter().map(|file| FileView { path: &file.path, form: file.form, rows: file.rows });
    list(&mut files, "    ", out, |file, out| value(&file, out))?;
    out.write_all(b",\n    \"tie_outs\": ")?;
    list(&mut bill.tie_outs.iter().map(TieOutView::of), "    ", out, |tie_out, out| value(&tie_out, out))?;
    out.write_all(b",\n    \"invoice\": ")?;
    value(&bill.invoice.as_ref().map(InvoiceView::of), out)?;
    out.write_all(b"\n  }")
}

#[derive(Serialize)]
struct FileView<'a> {
    path: &'a str,
    form: &'a str,
    rows: u64,
}

#[derive(Serialize)]
struct TieOutView<'a> {
    invoice_month: &'a str,
    currency: &'static str,
    billing_account: &'a str,
    bill: String,
    statement: String,
    by_type: BTreeMap<&'static str, String>,
    without_project: String,
    unallocated: String,
}

impl<'a> TieOutView<'a> {
    fn of(tie_out: &'a TieOut) -> Self {
        Self {
            invoice_month: &tie_out.invoice_month,
            currency: tie_out.currency.code(),
            billing_account: &tie_out.billing_account,
            bill: tie_out.bill.to_string(),
            statement: tie_out.statement.to_string(),
            by_type: tie_out.by_type.iter().map(|(kind, amount)| (kind.name(), amount.to_string())).collect(),
            without_project: tie_out.without_project.to_string(),
            unallocated: tie_out.unallocated.to_string(),
        }
    }
}

#[derive(Serialize)]
struct InvoiceView {
    currency: &'static str,
    amount: String,
    bill: String,
    residual: String,
    tolerance: String,
    ties_out: bool,
}

impl InvoiceView {
    fn of(invoice: &Invoice) -> Self {
        let currency: Currency = invoice.currency;
        Self {
            currency: currency.code(),
            amount: invoice.amount.to_string(),
            bill: invoice.bill.to_string(),
            residual: invoice.residual.to_string(),
            tolerance: invoice.tolerance.to_string(),
            ties_out: invoice.ties_out(),
        }
    }
}
