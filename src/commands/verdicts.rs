//! The document of `check`: which columns the limits need, and a row for each verdict.

use super::documents::{column, document, integer, text};
use super::logs::Logs;
use crate::chargeback::attribution::Account;
use crate::chargeback::gate::Gate;
use crate::chargeback::verdict::{Figures, Verdict};
use crate::model::document::{Cell, Column, ColumnType, Document, Row};
use crate::model::money::{Amount, Money};
use crate::model::tie_out::BillSummary;

/// The columns of `check`, in their order.
pub const CHECK: [Column; 6] = [
    text("gate"),
    text("unit"),
    text("measure"),
    integer("limit", None),
    integer("found", None),
    column("passed", ColumnType::Boolean, None),
];

/// The columns that a bill adds before the last, in their order; the first two come with --require-tie-out.
pub const MONEY: [Column; 6] = [
    text("invoice_month"),
    text("billing_account"),
    text("currency"),
    column("limit_amount", ColumnType::Money, None),
    column("found_amount", ColumnType::Money, None),
    column("share", ColumnType::Share, None),
];

/// What limits of a net cost are about.
const NET_COST: &str = "net_cost";

/// The document of verdicts, without the rows.
pub(super) fn check(logs: &Logs, account: Account, gates: &[Gate], bill: Option<BillSummary>) -> Document {
    let columns = columns(gates, bill.is_some());
    let keys = columns.iter().take_while(|column| column.kind == ColumnType::Text).count();
    Document { bill, ..document("check", logs, account, columns, keys, Row::new()) }
}

/// The columns that these gates can fill.
fn columns(gates: &[Gate], billed: bool) -> Vec<Column> {
    let [gate, unit, measure, limit, found, passed] = CHECK;
    if !billed {
        return CHECK.to_vec();
    }
    let [month, account, currency, limit_amount, found_amount, share] = MONEY;
    let mut columns = vec![gate, unit];
    if gates.contains(&Gate::TieOut) {
        columns.extend([month, account]);
    }
    columns.extend([measure, currency]);
    if gates.iter().any(|gate| matches!(gate, Gate::Unit { .. })) {
        columns.extend([limit, found]);
    }
    columns.extend([limit_amount, found_amount, share, passed]);
    columns
}

/// The row of a verdict, with the cells of these columns.
pub(super) fn row(verdict: &Verdict, columns: &[Column]) -> Row {
    let text = |text: Option<&str>| text.map_or(Cell::Null, |text| Cell::Text(text.to_owned()));
    let bill = verdict.bill.as_ref();
    let (measure, currency, count, cost) = match verdict.figures {
        Figures::Count { measure, limit, found } => (measure.name(), None, Some([limit, found]), None),
        Figures::Cost { currency, limit, found } => {
            let money = |amount: Amount| Cell::Money(Money::rounded(amount, currency));
            (NET_COST, Some(currency.code()), None, Some([money(limit), money(found)]))
        }
    };
    let [limit, found] = count.map_or([Cell::Null, Cell::Null], |count| count.map(Cell::Integer));
    let [limit_amount, found_amount] = cost.unwrap_or([Cell::Null, Cell::Null]);
    let cells = [
        text(Some(verdict.gate)),
        text(verdict.unit.as_deref()),
        text(bill.map(|(month, _)| month.as_str())),
        text(bill.map(|(_, account)| account.as_str())),
        text(Some(measure)),
        text(currency),
        limit,
        found,
        limit_amount,
        found_amount,
        verdict.share.map_or(Cell::Null, Cell::Share),
        Cell::Boolean(verdict.passed),
    ];
    let [gate, unit, of_calls @ ..] = CHECK;
    let [measure, limit, found, passed] = of_calls;
    let [month, account, currency, limit_amount, found_amount, share] = MONEY;
    let all = [gate, unit, month, account, measure, currency, limit, found, limit_amount, found_amount, share, passed];
    let shown = |(column, _): &(&Column, Cell)| columns.iter().any(|shown| shown.name == column.name);
    all.iter().zip(cells).filter(shown).map(|(_, cell)| cell).collect()
}
