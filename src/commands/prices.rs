//! What `--prices` adds to a command that reads logs: estimates by a price book.

use super::tables::read_bytes;
use super::{Failure, tables};
use crate::chargeback::estimate::{Estimated, Estimates, Priced, TooDear};
use crate::chargeback::price::PriceBook;
use crate::cli::prices::PriceArgs;
use crate::cli::settings::Settings;
use crate::model::document::{Cell, Column, ColumnType, Document, Row};
use crate::model::money::{Amount, Money};
use crate::model::rounding::round_to;

/// The columns that a price book adds to a report; the unit of money is the currency of its prices.
pub const ESTIMATED: [Column; 2] = [
    Column { name: "estimated_cost", kind: ColumnType::Money, unit: None },
    Column { name: "unpriced_calls", kind: ColumnType::Integer, unit: None },
];

/// The columns that it adds to calls.
pub const ESTIMATED_CALL: [Column; 2] = [
    Column { name: "estimated_cost", kind: ColumnType::Money, unit: None },
    Column { name: "price", kind: ColumnType::Text, unit: None },
];

/// Reads the price book, if there is one.
pub(super) fn book(args: &PriceArgs, settings: &Settings) -> Result<Option<PriceBook>, Failure> {
    let Some(path) = &args.prices else { return Ok(None) };
    let provider = tables::provider(settings.services.value.as_deref())?;
    let known = |name: &str| provider.catalogue().named(name).first().map(|service| service.service.clone());
    let book = PriceBook::parse(&path.to_string_lossy(), &read_bytes(path)?, settings.timezone.value, &known);
    book.map(Some).map_err(|errors| Failure::Usage(errors.to_string()))
}

/// The same for a report that may have a bill.
pub(super) fn without_bill(args: &PriceArgs, bill: &[String]) -> Result<(), Failure> {
    if args.prices.is_some() && !bill.is_empty() {
        return Err(Failure::Usage(
            "--prices cannot stand beside --bill: the bill says what was charged, a price book only estimates it; \
print two reports"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Puts the estimate into a document: the columns after those that are there, before those about filters.
pub(super) fn put(document: &mut Document, estimates: &Estimates<'_>, columns: &[Column]) -> Result<(), Failure> {
    let estimate = estimates.summary().map_err(dear)?;
    let unit = Some(estimate.currency.code());
    let at = document.columns.len() - document.details;
    let columns = columns.iter().map(|column| match column.kind {
        ColumnType::Money => Column { unit, ..*column },
        ColumnType::Text
        | ColumnType::Integer
        | ColumnType::Boolean
        | ColumnType::Time
        | ColumnType::Share
        | ColumnType::Proof => *column,
    });
    document.columns.splice(at..at, columns);
    if !document.totals.is_empty() {
        let total = estimates.total().map_err(dear)?;
        let money = total.cost().map(|amount| Money::rounded(amount, estimate.currency));
        document.totals.extend([money.map_or(Cell::Null, Cell::Money), Cell::Integer(total.unpriced_calls.into())]);
    }
    estimates.note_unused(&mut document.diagnostics);
    document.estimate = Some(estimate);
    Ok(())
}

/// The cells of a call: what it would cost and by which price; a call that the bill does not meter costs nothing.
pub(super) fn call_cells(book: &PriceBook, priced: Option<Priced>, billable: bool) -> Row {
    let money = |exact| Cell::Money(Money::rounded(exact, book.currency));
    match priced {
        Some(priced) => {
            let line = book.prices()[priced.price].line;
            vec![money(priced.amount), Cell::Text(format!("{}:{line}", book.file))]
        }
        None if billable => vec![Cell::Null, Cell::Null],
        None => vec![money(Amount::ZERO), Cell::Null],
    }
}

/// The cells of the rows of a report, rounded so that they add up to the total.
pub(super) fn cells(estimates: &Estimates<'_>, book: &PriceBook, keys: &[&[String]]) -> Result<Vec<Row>, Failure> {
    let found: Vec<Estimated> = keys.iter().map(|key| estimates.of(key)).collect();
    let amounts: Vec<Amount> = found.iter().map(|estimated| estimated.amount).collect();
    let total = estimates.total().map_err(dear)?.amount.coins(book.currency);
    let coins = round_to(total, &amounts, book.currency);
    let cell = |(estimated, coins): (Estimated, i128)| {
        let money = estimated.cost().map(|exact| Money { exact, coins, currency: book.currency });
        vec![money.map_or(Cell::Null, Cell::Money), Cell::Integer(estimated.unpriced_calls.into())]
    };
    Ok(found.into_iter().zip(coins).map(cell).collect())
}

fn dear(error: TooDear) -> Failure {
    Failure::Usage(format!("--prices: {error}"))
}
