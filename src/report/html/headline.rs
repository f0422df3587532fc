//! The top of the page: what it is, of which time, and the figures that everybody asks for first.

use std::borrow::Cow;

use maud::{Markup, html};

use super::super::figures::{bytes, day, minutes, percent, thousands};
use super::super::groups::total;
use super::super::verdict;
use super::{Shown, cells, incomplete, title};
use crate::model::document::{Cell, Document, Row};
use crate::model::share::millionths;

/// The header with the title and the period.
pub(super) fn header(document: &Document) -> Markup {
    html! {
        a.skip href="#statement" { "Skip to the table" }
        header {
            div {
                h1 { (Shown(document.page.as_ref().map_or(title(document), |page| &page.title))) }
                @if let Some(period) = period(document) { p.period { (Shown(&period)) } }
            }
            div.tools hidden {
                button #theme type="button" { "Dark theme" }
                button #print type="button" { "Print" }
            }
        }
        (incomplete(document))
    }
}

/// The time the page is about: the period asked for, else when the calls were seen.
fn period(document: &Document) -> Option<String> {
    let period = &document.period;
    let seen = |name: &str| {
        let at = document.columns.iter().position(|column| column.name == name)?;
        match document.totals.get(at.checked_sub(document.keys)?)? {
            Cell::Time(nanos) => Some(*nanos),
            Cell::Null
            | Cell::Text(_)
            | Cell::Integer(_)
            | Cell::Signed(_)
            | Cell::Boolean(_)
            | Cell::Share(_)
            | Cell::Money(_)
            | Cell::Proof(_) => None,
        }
    };
    Some(match (period.from, period.to) {
        (Some(from), Some(to)) => format!("Calls from {} to before {} UTC", minutes(from), minutes(to)),
        (Some(from), None) => format!("Calls from {} UTC on", minutes(from)),
        (None, Some(to)) => format!("Calls before {} UTC", minutes(to)),
        (None, None) => format!("Calls seen from {} to {} (UTC)", day(seen("first_seen")?), day(seen("last_seen")?)),
    })
}

/// One figure with what it is and what it means.
pub(super) struct Figure {
    pub label: Cow<'static, str>,
    pub value: String,
    pub note: String,
}

/// The headline figures of a document with totals.
pub(super) fn figures(document: &Document) -> Markup {
    let figures = headline(document);
    html! {
        @if !figures.is_empty() {
            section.headline aria-label="Headline figures" {
                dl {
                    @for figure in figures {
                        div {
                            dt { (figure.label) }
                            dd { span.value { (figure.value) } span.note { (figure.note) } }
                        }
                    }
                }
            }
        }
    }
}

/// Whether all limits of a check are kept.
pub(super) fn verdict(document: &Document, rows: &[Row]) -> Markup {
    html! {
        @if let Some((kept, sentence)) = verdict::sentence(document, rows) {
            p.verdict.kept[kept] role="status" { strong { (sentence) "." } }
        }
    }
}

fn headline(document: &Document) -> Vec<Figure> {
    if document.command == "diff" {
        return moved(document);
    }
    let mut figures = match &document.bill {
        Some(bill) => super::money::figures(document, bill),
        None => super::money::of_page(document),
    };
    let told = document.coverage.iter().flat_map(super::super::coverage::headline);
    figures.extend(told.map(|(value, note)| Figure { label: "Cost with calls in the logs".into(), value, note }));
    figures.extend(document.estimate.as_ref().map(|estimate| Figure {
        label: "Estimated cost".into(),
        value: super::super::estimate::shown(estimate),
        note: super::super::estimate::sentence(estimate),
    }));
    let (Some(billable), Some(calls)) = (total(document, "billable_calls"), total(document, "calls")) else {
        return figures;
    };
    figures.push(Figure {
        label: "Billable calls".into(),
        value: thousands(billable),
        note: format!("of {} calls; the bill does not meter the others", thousands(calls)),
    });
    let gaps = &document.gaps;
    let unmapped: u128 = gaps.unmapped.iter().map(|(_, _, billable)| u128::from(*billable)).sum();
    let unattributed: u128 = gaps.unattributed.iter().map(|(_, _, billable)| u128::from(*billable)).sum();
    let placed = billable.saturating_sub(unmapped).saturating_sub(unattributed);
    if let Some(share) = millionths(placed, billable).filter(|_| document.tally.is_some()) {
        figures.push(Figure {
            label: "Assigned to a unit".into(),
            // Not all is never shown as all.
            value: if placed < billable && share >= 999_500 { "> 99.9 %".to_owned() } else { percent(share) },
            note: format!("{} billable calls have no unit, {} no payer", thousands(unmapped), thousands(unattributed)),
        });
    }
    if let Some(billed) = total(document, "billed_bytes").filter(|bytes| *bytes > 0) {
        figures.push(Figure {
            label: "Billed bytes".into(),
            value: bytes(billed),
            note: format!("{} bytes of on-demand queries", thousands(billed)),
        });
    }
    if let Some(slot_ms) = total(document, "slot_ms").filter(|slot_ms| *slot_ms > 0) {
        figures.push(Figure {
            label: "Slot hours".into(),
            value: slot_hours(slot_ms),
            note: format!("{} slot milliseconds in reservations", thousands(slot_ms)),
        });
    }
    if let Some(failed) = total(document, "failed_calls") {
        let note =
            millionths(failed, calls).map_or_else(String::new, |share| format!("{} of all calls", percent(share)));
        figures.push(Figure { label: "Failed calls".into(), value: thousands(failed), note });
    }
    if let Some(tally) = document.tally.as_ref().filter(|tally| tally.check().is_ok()) {
        figures.push(Figure {
            label: "Records accounted for".into(),
            value: "all".to_owned(),
            note: format!("{} records read; the tally below balances", thousands(tally.records.into())),
        });
    }
    figures
}

/// What was, what is, and of what the change is made up, where that adds up.
fn moved(document: &Document) -> Vec<Figure> {
    let shown = |name: &str| {
        let at = document.columns.iter().position(|column| column.name == name)?;
        let total = document.totals.get(at.checked_sub(document.keys)?)?;
        let currency = document.columns[at].unit.map(|unit| format!(" {unit}")).unwrap_or_default();
        (*total != Cell::Null).then(|| (cells::text(total, true), currency))
    };
    let figure = |name: &str, label: &'static str, note: String| {
        let (value, currency) = shown(name)?;
        Some(Figure { label: label.into(), value: format!("{value}{currency}"), note })
    };
    let parts = ["volume", "rate", "mapping", "other"];
    let parts =
        parts.iter().filter_map(|name| Some(format!("{name} {}", shown(name)?.0))).collect::<Vec<_>>().join(", ");
    let figures = [
        figure("old", "Before", "all units".to_owned()),
        figure("new", "Now", "all units".to_owned()),
        figure("change", "Change", parts),
    ];
    figures.into_iter().flatten().collect()
}

/// Slot milliseconds as hours with two digits after the point.
fn slot_hours(slot_ms: u128) -> String {
    const HUNDREDTH: u128 = 36_000;
    let hundredths = (slot_ms + HUNDREDTH / 2) / HUNDREDTH;
    format!("{}.{:02}", thousands(hundredths / 100), hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::document;
    use super::*;

    #[test]
    fn what_has_no_unit_is_not_assigned() {
        let figures = headline(&document());
        let shown: Vec<(&str, &str)> =
            figures.iter().map(|figure| (figure.label.as_ref(), figure.value.as_str())).collect();
        assert_eq!(shown[..2], [("Billable calls", "1,643,784"), ("Assigned to a unit", "> 99.9 %")]);
        assert_eq!(figures[1].note, "11 billable calls have no unit, 7 no payer");
    }

    #[test]
    fn the_period_is_the_one_asked_for_else_the_one_seen() {
        assert_eq!(period(&document()).expect("a period"), "Calls from 2026-10-01 00:00 UTC on");
        let whole = Document { period: Default::default(), ..document() };
        assert_eq!(period(&whole).expect("a period"), "Calls seen from 2026-10-01 to 2026-10-31 (UTC)");
    }

    #[test]
    fn slot_hours_are_rounded() {
        assert_eq!([0, 18_000, 3_600_000, 36_000_000_000].map(slot_hours), ["0.00", "0.01", "1.00", "10,000.00"]);
    }
}
