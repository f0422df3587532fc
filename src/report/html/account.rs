//! The sections that account for everything: what could not be placed, the tally, diagnostics, and the provenance.

use maud::{Markup, html};

use super::super::figures::{bytes, thousands};
use super::super::summary::{Line, lines};
use super::Shown;
use crate::model::document::{Document, Provenance, SCHEMA_VERSION};
use crate::model::tally::{Tally, sum};

/// The sections below the table; those that have nothing to say are left out.
pub(super) fn render(document: &Document) -> Markup {
    let lines = lines(document);
    let blocks: Vec<&[Line]> = blocks(&lines).collect();
    let (tally, others) = blocks.split_at(usize::from(document.tally.is_some()));
    html! {
        @for block in others { (section(block, None)) }
        @if let Some(counts) = &document.tally {
            @for block in tally { (section(block, Some(counts))) }
            (provenance(document))
            (reading(document))
        } @else if document.page.is_some() {
            (provenance(document))
            (reading(document))
        }
    }
}

/// The lines of each block, which begins with its title.
fn blocks(lines: &[Line]) -> impl Iterator<Item = &[Line]> {
    lines.chunk_by(|_, next| next.depth > 0)
}

/// A block as a table: what, how many, and what it means.
fn section(block: &[Line], tally: Option<&Tally>) -> Markup {
    let Some((title, items)) = block.split_first() else { return html! {} };
    let notes = items.iter().any(|item| !item.note.is_empty());
    html! {
        section class=[(!notes).then_some("brief")] {
            h2 { (title.label) }
            @if let Some(tally) = tally { (balance(tally)) }
            div.scroll tabindex="0" role="region" aria-label=(title.label) {
                table.account {
                    caption.hidden { (title.label) }
                    thead {
                        tr {
                            th scope="col" { span.hidden { "what" } }
                            @for figure in &title.figures { th scope="col" .figure { (figure) } }
                            @if notes { th scope="col" { span.hidden { "meaning" } } }
                        }
                    }
                    tbody {
                        @for item in items {
                            @if item.label.is_empty() {
                                tr.example { td colspan=(title.figures.len() + 2) { (item.note) } }
                            } @else {
                                tr {
                                    th scope="row" class={ "depth" (item.depth) } { (Shown(&item.label)) }
                                    @for at in 0..title.figures.len() { td.figure { (item.figures.get(at).map_or("", String::as_str)) } }
                                    @if notes { td.meaning { (item.note) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The two sums that hold, or there is no report.
fn balance(tally: &Tally) -> Markup {
    let (records, calls) = (tally.records, tally.calls);
    let ends = [sum(&tally.rejected), sum(&tally.skipped), sum(&tally.merged), calls].map(|n| thousands(n.into()));
    let outcomes = [sum(&tally.not_billable), tally.attributed, sum(&tally.unattributed)].map(|n| thousands(n.into()));
    html! {
        p.balance {
            strong { @if tally.check().is_ok() { "It balances." } @else { "It does not balance." } }
            " Every record ended in one place: " (thousands(records.into())) " records = " (ends[0]) " rejected + " (ends[1])
            " skipped + " (ends[2]) " merged + " (ends[3]) " calls. Every call too: " (thousands(calls.into())) " calls = "
            (outcomes[0]) " not billable + " (outcomes[1]) " attributed + " (outcomes[2]) " unattributed."
        }
    }
}

fn provenance(document: &Document) -> Markup {
    let from = &document.provenance;
    let size: u128 = from.inputs.iter().map(|input| u128::from(input.bytes)).sum();
    html! {
        section #provenance {
            h2 { "Made from" }
            dl.facts {
                dt { "Tool" } dd { "billtrail " (env!("CARGO_PKG_VERSION")) ", command " (document.command) ", schema " (SCHEMA_VERSION) }
                dt { "Mapping" } dd { (from.mapping.as_deref().map_or(Shown("none"), Shown)) }
                dt { "Inventories" } dd { @if from.projects.is_empty() { "none" } @else { (Shown(&from.projects.join(", "))) } }
                @for file in document.bill.iter().flat_map(|bill| &bill.files) {
                    dt { "Bill" } dd { (Shown(&file.path)) " (" (file.form) ", " (thousands(file.rows.into())) " rows)" }
                }
                @if let Some(estimate) = &document.estimate {
                    dt { "Prices" } dd { (Shown(&estimate.prices)) ", for estimates" }
                }
                @if let Some(filter) = &from.filter { dt { "Only entries where" } dd { code { (Shown(filter)) } } }
                dt { "Catalogue" } dd { (Shown(&from.catalogue)) }
                dt { "Days in" } dd { (Shown(&document.period.timezone)) }
                dt { "Inputs" } dd { (thousands(from.inputs.len() as u128)) ", " (bytes(size)) }
            }
            (inputs(from))
        }
    }
}

fn inputs(from: &Provenance) -> Markup {
    html! {
        details {
            summary { "All inputs" }
            div.scroll tabindex="0" role="region" aria-label="Inputs" {
                table.sortable {
                    caption.hidden { "Inputs" }
                    thead { tr { th scope="col" { "path" } th scope="col" .figure { "bytes" } th scope="col" { "read to its end" } } }
                    tbody {
                        @for input in &from.inputs {
                            tr class=[(!input.complete).then_some("gap")] {
                                td { (Shown(&input.path)) }
                                td.figure data-value=(input.bytes) { (thousands(input.bytes.into())) }
                                td { @if input.complete { "yes" } @else { "no" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the words mean.
fn reading(document: &Document) -> Markup {
    let share = match document.bill {
        None if document.coverage.is_some() => "the part of the net cost",
        Some(_) => "the part of the net cost, where all rows have one currency",
        None => "the part of all billable calls; a call is not an amount of money",
    };
    html! {
        section #reading {
            h2 { "How to read this" }
            dl.facts {
                dt { "call" } dd { "what a customer did once; several records may tell of it" }
                dt { "billable" } dd { "the bill meters the call itself; failed and free calls are not" }
                dt { "share" } dd { (share) }
                @if document.estimate.is_some() {
                    dt { "estimated_cost" } dd { "what the calls would cost by the price book; an estimate, not what was billed" }
                    dt { "unpriced_calls" } dd { "billable calls without a price: in no estimated cost" }
                }
                dt { "payer" } dd { "the project whose bill carries the call, proved by a field of the log" }
                dt { "(unmapped)" } dd { "the payer is known and has no row in the mapping" }
                dt { "(unattributed)" } dd { "no field of the log names a payer" }
            }
        }
    }
}
