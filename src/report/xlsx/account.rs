//! The sheets that account for everything: what is unallocated, the tally, diagnostics, and the provenance.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::super::INCOMPLETE;
use super::super::summary::{Line, tally_lines};
use super::sheet::{Figure, Look, Sheet, rounded};
use super::tool;
use crate::model::document::{Cell, Diagnostics, Document, Gaps, SCHEMA_VERSION};

/// Begins a sheet with these headings.
fn begin<'a>(sheet: &'a mut Worksheet, name: &str, headings: &[&str]) -> Result<Sheet<'a>, XlsxError> {
    let mut sheet = Sheet::begin(sheet, name)?;
    for (column, heading) in (0..).zip(headings) {
        let counts = matches!(*heading, "count" | "calls" | "billable_calls" | "bytes");
        sheet.text(0, column, heading, if counts { Look::HeadingOfFigures } else { Look::Heading })?;
    }
    sheet.freeze(1)?;
    Ok(sheet)
}

/// Payers without a unit, calls without a payer, and hours without a file.
pub(super) fn unallocated(gaps: &Gaps, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let headings = ["what", "payer, reason or hour", "calls", "billable_calls", "meaning"];
    let mut sheet = begin(sheet, "Unallocated", &headings)?;
    let unmapped = gaps.unmapped.iter().map(|(payer, calls, billable)| {
        ("unmapped", payer.clone(), Some((*calls, *billable)), "a payer without a row in the mapping")
    });
    let unattributed = gaps.unattributed.iter().map(|(reason, calls, billable)| {
        ("unattributed", reason.name().to_owned(), Some((*calls, *billable)), reason.meaning())
    });
    let mut row = 0;
    for (what, which, counts, meaning) in unmapped.chain(unattributed) {
        row += 1;
        sheet.text(row, 0, what, Look::Plain)?;
        sheet.text(row, 1, &which, Look::Plain)?;
        for (column, count) in (2..).zip(counts.into_iter().flat_map(|(calls, billable)| [calls, billable])) {
            sheet.count(row, column, count.into())?;
        }
        sheet.text(row, 4, meaning, Look::Plain)?;
    }
    for hour in &gaps.missing_hours {
        row += 1;
        sheet.text(row, 0, "missing hour", Look::Plain)?;
        sheet.cell(row, 1, &Cell::Time(*hour), Some(Figure::Time))?;
        sheet.text(row, 4, "an hour of the period for which the sink wrote no file (UTC)", Look::Plain)?;
    }
    sheet.filter(row, 4)?;
    sheet.finish()
}

/// Where every record and every call ended; what has parts is their sum.
pub(super) fn tally(document: &Document, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let mut sheet = begin(sheet, "Tally", &["what", "count", "meaning"])?;
    let mut lines = Vec::new();
    document.tally.iter().for_each(|tally| tally_lines(tally, &mut lines));
    let lines = lines.get(1..).unwrap_or_default();
    for (at, line) in lines.iter().enumerate() {
        let row = u32::try_from(at).unwrap_or(u32::MAX) + 1;
        let count = line.counts.first().copied().unwrap_or(0);
        sheet.text(row, 0, &format!("{}{}", "    ".repeat(line.depth - 1), line.label), Look::Plain)?;
        let parts: Vec<String> = parts(lines, at).map(|part| format!("B{}", part + 2)).collect();
        if parts.is_empty() {
            sheet.count(row, 1, count.into())?;
        } else {
            let formula = format!("={}", parts.join("+"));
            sheet.formula(row, 1, &formula, rounded(count.into()), Figure::Count, Look::Plain)?;
        }
        sheet.text(row, 2, &line.note, Look::Plain)?;
    }
    sheet.finish()
}

/// The lines that add up to a line: those one step deeper that follow it.
fn parts(lines: &[Line], at: usize) -> impl Iterator<Item = usize> {
    let depth = lines[at].depth;
    let below = lines.iter().enumerate().skip(at + 1).take_while(move |(_, line)| line.depth > depth);
    below.filter(move |(_, line)| line.depth == depth + 1).map(|(part, _)| part)
}

/// What is worth saying, with the examples that were kept.
pub(super) fn diagnostics(diagnostics: &Diagnostics, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let mut sheet = begin(sheet, "Diagnostics", &["diagnostic", "count", "meaning or example"])?;
    let mut row = 0;
    for (kind, diagnostic) in diagnostics {
        row += 1;
        sheet.text(row, 0, kind.name(), Look::Plain)?;
        sheet.count(row, 1, diagnostic.count.into())?;
        sheet.text(row, 2, kind.meaning(), Look::Plain)?;
        for example in &diagnostic.examples {
            row += 1;
            sheet.text(row, 0, kind.name(), Look::Plain)?;
            sheet.text(row, 2, example, Look::Plain)?;
        }
    }
    sheet.filter(row, 2)?;
    sheet.finish()
}

/// What the result was made from, down to each input.
pub(super) fn provenance(document: &Document, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let from = &document.provenance;
    let mut sheet = begin(sheet, "Provenance", &["what", "value", "bytes", "read to its end"])?;
    let bound = |bound: Option<i64>| bound.map_or(Cell::Text("not bounded".to_owned()), Cell::Time);
    let text = |text: &str| Cell::Text(text.to_owned());
    let mut facts = vec![
        ("tool", Cell::Text(tool())),
        ("command", text(document.command)),
        ("schema_version", Cell::Integer(SCHEMA_VERSION.into())),
        ("catalogue", text(&from.catalogue)),
        ("mapping", text(from.mapping.as_deref().unwrap_or("none"))),
    ];
    facts.extend(from.projects.iter().map(|inventory| ("inventory", text(inventory))));
    facts.extend(from.filter.iter().map(|filter| ("only entries where", text(filter))));
    facts.push(("calls from", bound(document.period.from)));
    facts.push(("calls before", bound(document.period.to)));
    facts.push(("days in", text(&document.period.timezone)));
    facts.extend(document.incomplete.then(|| ("INCOMPLETE", text(INCOMPLETE))));
    facts.push((
        "numbers",
        text("those above 9,007,199,254,740,991 are rounded, as a workbook does; csv and parquet are exact"),
    ));
    let mut row = 0;
    for (what, value) in &facts {
        row += 1;
        sheet.text(row, 0, what, Look::Plain)?;
        sheet.cell(row, 1, value, None)?;
    }
    for input in &from.inputs {
        row += 1;
        sheet.text(row, 0, "input", Look::Plain)?;
        sheet.text(row, 1, &input.path, Look::Plain)?;
        sheet.count(row, 2, input.bytes.into())?;
        sheet.text(row, 3, if input.complete { "yes" } else { "no" }, Look::Plain)?;
    }
    sheet.finish()
}
