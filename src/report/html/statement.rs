//! The table of all rows: the first page as it stands, the columns and totals for the script that sorts and filters.

use maud::{Markup, PreEscaped, html};
use serde_json::json;

use super::super::figures::thousands;
use super::super::groups::is_gap;
use super::super::layout::OF_A_CALL;
use super::Shown;
use super::cells::{LINKED, code, heading, is_code, is_figure, is_link, text};
use super::rows::{First, PAGE};
use crate::model::document::{Cell, Column, Document, Row};

/// Text of more characters than this may break on a screen. The script knows the same number.
const LONG: usize = 36;

/// What a row of a report tells first, after its keys.
const OF_A_REPORT: [&str; 6] = ["net_cost", "estimated_cost", "billable_calls", "share", "cost", "credits"];

/// The section with its controls, which the script brings to life.
pub(super) fn render(document: &Document, first: &First) -> Markup {
    let order = order(document);
    let shown: Vec<usize> = order.iter().copied().filter(|at| is_shown(document, *at)).collect();
    let rows = first.rows.len();
    html! {
        section #statement {
            h2 { (heading_of(document)) }
            div.controls hidden {
                label for="filter" { "Filter" }
                input #filter type="search" autocomplete="off" spellcheck="false" placeholder="words that a row holds";
                label for="size" { "Rows per page" }
                select #size {
                    @for size in [25, PAGE, 100, 500] { option selected[size == PAGE] { (size) } }
                }
                details #choose { summary { "Columns" } div.choices {} }
            }
            div.scroll tabindex="0" role="region" aria-label="All rows" {
                table #rows {
                    caption.hidden { "Every row of the result" }
                    thead {
                        tr {
                            @for &at in &shown {
                                @let column = &document.columns[at];
                                th scope="col" class=[is_figure(column).then_some("figure")] { (heading(column)) }
                            }
                        }
                    }
                    tbody {
                        @for row in &first.rows {
                            tr class=[is_gap_row(document, row).then_some("gap")] { @for &at in &shown { (cell(document, at, &row[at])) } }
                        }
                    }
                    @if !document.totals.is_empty() {
                        tfoot {
                            tr {
                                @for (place, &at) in shown.iter().enumerate() {
                                    @match total(document, at) {
                                        Some(total) => (cell(document, at, total)),
                                        None if place == 0 => th scope="row" { "total" },
                                        None => td {},
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p.note { (Shown(&notes(document, shown.len()))) }
            div.pages {
                p #place role="status" {
                    @if first.count > rows {
                        "Rows 1 to " (rows) " of " (thousands(first.count as u128)) "; the others need scripts"
                    } @else { (thousands(first.count as u128)) @if first.count == 1 { " row" } @else { " rows" } }
                }
                div #turn hidden {
                    button type="button" data-turn="first" { "First" }
                    button type="button" data-turn="back" { "Back" }
                    button type="button" data-turn="next" { "Next" }
                    button type="button" data-turn="last" { "Last" }
                }
            }
            (PreEscaped(format!("<script type=\"application/json\" id=\"columns\">{}</script>", columns(document, &order))))
        }
    }
}

fn heading_of(document: &Document) -> &'static str {
    match document.command {
        "check" => "Limit by limit",
        "diff" => "Unit by unit",
        _ if document.totals.is_empty() => "Rows",
        _ => "Statement",
    }
}

/// All columns in the order in which they are shown: what tells most of a call, or the keys with the weight and the
/// share, comes first.
fn order(document: &Document) -> Vec<usize> {
    let all = &document.columns;
    let named = |name: &&str| all.iter().position(|column| column.name == *name);
    let mut first: Vec<usize> = match document.command {
        "calls" => OF_A_CALL.iter().filter_map(named).collect(),
        "check" => (0..document.keys).collect(),
        // Who asks for filters wants to see them.
        _ => {
            let told = OF_A_REPORT.iter().filter_map(named);
            (0..document.keys).chain(told).chain(document.tabled().len()..all.len()).collect()
        }
    };
    let others: Vec<usize> = (0..all.len()).filter(|at| !first.contains(at)).collect();
    first.extend(others);
    first
}

/// Whether a column is shown unless the reader chooses: of a call what tells most, else all but measures that are zero.
fn is_shown(document: &Document, at: usize) -> bool {
    if document.command == "calls" {
        return OF_A_CALL.contains(&document.columns[at].name);
    }
    total(document, at) != Some(&Cell::Integer(0))
}

fn total(document: &Document, at: usize) -> Option<&Cell> {
    let total = at.checked_sub(document.keys).and_then(|measure| document.totals.get(measure));
    total.filter(|total| **total != Cell::Null)
}

/// What a reader must know to read the table right.
fn notes(document: &Document, shown: usize) -> String {
    let mut notes = match document.period.timezone.as_str() {
        "" => String::new(),
        "UTC" => "Times are UTC. ".to_owned(),
        days => format!("Days are {days}, times UTC. "),
    };
    let all = document.columns.len();
    if shown < all {
        notes.push_str(&format!("{shown} of {all} columns are shown; “Columns” has the others."));
    }
    notes
}

fn is_gap_row(document: &Document, row: &Row) -> bool {
    row.iter().take(document.keys).any(|cell| matches!(cell, Cell::Text(text) if is_gap(text)))
}

/// Whether a number is grouped in thousands.
fn is_quantity(document: &Document, at: usize) -> bool {
    at >= document.keys || document.columns[at].name == "quantity" || document.columns[at].unit.is_some()
}

fn cell(document: &Document, at: usize, cell: &Cell) -> Markup {
    let column = &document.columns[at];
    let text = text(cell, is_quantity(document, at));
    html! {
        @if is_figure(column) { td.figure { (text) } }
        @else if is_link(column) && text.starts_with(LINKED) {
            td { a href=(text) rel="noopener noreferrer" { "Logs Explorer" } }
        }
        @else if let (true, Cell::Text(filter)) = (is_code(column), cell) {
            @let whole = code(filter);
            td { details.code { summary { code { (whole.lines().next().unwrap_or_default()) } } pre { code { (whole) } } } }
        }
        @else { td class=[(text.chars().count() > LONG).then_some("long")] { (Shown(&text)) } }
    }
}

/// How many digits after the point the amounts of a column have; `None` where they do not add up.
fn digits(document: &Document, at: usize) -> Option<usize> {
    if let Some(Cell::Money(money)) = total(document, at) { Some(money.currency.coin_digits()) } else { None }
}

/// What the script has to know: names are words of the contract, so nothing in it can end its block.
fn columns(document: &Document, order: &[usize]) -> String {
    let columns: Vec<serde_json::Value> = (document.columns.iter().enumerate())
        .map(|(at, column): (usize, &Column)| {
            json!({
                "name": column.name,
                "label": heading(column),
                "type": column.kind.name(),
                "measure": at >= document.keys,
                "quantity": is_quantity(document, at),
                "shown": is_shown(document, at),
                "link": is_link(column).then_some(LINKED),
                "code": is_code(column),
                "digits": digits(document, at),
                "total": total(document, at).map(|total| text(total, true)),
            })
        })
        .collect();
    json!({ "order": order, "columns": columns }).to_string()
}
