//! What stands under a table: the tally as a tree, what could not be placed, what is worth saying, and what it was
//! made from.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use super::figures::{bytes, minutes, seconds, thousands};
use super::{INCOMPLETE, Style, safe};
use crate::model::document::{Document, Gaps};
use crate::model::reason::{DiagnosticKind, MergeCause, PayerReason, Reason, RejectReason, SkipReason};
use crate::model::tally::{Tally, sum};

/// How many payers and spans of missing hours are listed; the JSON document has all.
const LISTED: usize = 20;
/// How many examples of a diagnostic are shown.
const EXAMPLES: usize = 3;
const HOUR: i64 = 3_600_000_000_000;

/// One line of the summary. At depth 0 it is the title of a block, and its figures are the titles of their columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub depth: usize,
    pub label: String,
    pub figures: Vec<String>,
    /// The numbers behind the figures.
    pub counts: Vec<u64>,
    pub note: String,
}

impl Line {
    pub fn title(label: impl Display, figures: &[&str]) -> Self {
        Self {
            depth: 0,
            label: label.to_string(),
            figures: figures.iter().map(|figure| (*figure).to_owned()).collect(),
            counts: Vec::new(),
            note: String::new(),
        }
    }

    fn item(depth: usize, label: impl Display, figures: &[u64], note: impl Display) -> Self {
        Self {
            depth,
            label: shorten(&safe(&label.to_string())),
            figures: figures.iter().map(|figure| thousands(u128::from(*figure))).collect(),
            counts: figures.to_vec(),
            note: safe(&note.to_string()).into_owned(),
        }
    }
}

/// Writes the tally, the gaps and the diagnostics for people; the last line says `INCOMPLETE` if the result is.
///
/// # Errors
/// Fails when the output does.
pub fn summary(document: &Document, style: &Style, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let lines = lines(document);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (at, line) in lines.iter().enumerate() {
        if line.depth == 0 && at > 0 {
            table.add_row([""]);
        }
        let mut cells = vec![format!("{}{}", "  ".repeat(line.depth), line.label)];
        cells.extend(line.figures.iter().cloned());
        cells.resize(3, String::new());
        cells.push(line.note.clone());
        table.add_row(cells);
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if at < 3 {
            // Labels keep their indent and figures their digits: only notes may wrap.
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        if at == 1 || at == 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    if let Some(width) = style.width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    for line in table.lines().filter(|_| !lines.is_empty()) {
        let line = line.trim_end();
        let title = !line.is_empty() && !line.starts_with(' ');
        writeln!(out, "{}", if title { style.bold(line) } else { line.to_owned() })?;
    }
    if let Some(sentence) = sources(document) {
        writeln!(out, "\n{}", style.wrapped(&sentence))?;
    }
    if document.incomplete { writeln!(out, "\n{}", incomplete(style)) } else { Ok(()) }
}

/// The mark of an incomplete result, as loud as a terminal allows.
pub(super) fn incomplete(style: &Style) -> String {
    style.paint(anstyle::AnsiColor::Red.on_default().bold(), INCOMPLETE)
}

/// The summary as lines, for any layout.
pub(super) fn lines(document: &Document) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(tally) = &document.tally {
        tally_lines(tally, &mut lines);
    }
    if let Some(bill) = &document.bill {
        super::tie_out::lines(bill, &mut lines);
    }
    if let Some(coverage) = &document.coverage {
        super::coverage::lines(coverage, &mut lines);
    }
    if let Some(estimate) = &document.estimate {
        super::estimate::lines(estimate, &mut lines);
    }
    gap_lines(&document.gaps, &mut lines);
    if document.diagnostics.keys().any(|kind| !has_a_block(*kind)) {
        lines.push(Line::title("Diagnostics", &["count"]));
    }
    for (kind, diagnostic) in document.diagnostics.iter().filter(|(kind, _)| !has_a_block(**kind)) {
        lines.push(Line::item(1, kind, &[diagnostic.count], kind.meaning()));
        lines.extend(diagnostic.examples.iter().take(EXAMPLES).map(|example| Line::item(2, "", &[], example)));
    }
    broken_inputs(document, &mut lines);
    lines
}

/// The lines that a result of few rows needs, which is read in a chat or a pull request: the sums that it rests on.
pub(super) fn brief(document: &Document) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(tally) = &document.tally {
        lines.push(Line::title("Tally", &["count"]));
        for (label, count) in [
            ("records", tally.records),
            ("rejected", sum(&tally.rejected)),
            ("skipped", sum(&tally.skipped)),
            ("merged", sum(&tally.merged)),
            ("calls", tally.calls),
        ] {
            lines.push(Line::item(if label == "records" { 1 } else { 2 }, label, &[count], ""));
        }
    }
    if let Some(bill) = &document.bill {
        super::tie_out::lines(bill, &mut lines);
    }
    broken_inputs(document, &mut lines);
    lines
}

fn broken_inputs(document: &Document, lines: &mut Vec<Line>) {
    let mut broken = document.provenance.inputs.iter().filter(|input| !input.complete).peekable();
    if broken.peek().is_some() {
        lines.push(Line::title("Inputs not read to their end", &["bytes read"]));
    }
    lines.extend(broken.map(|input| Line::item(1, &input.path, &[input.bytes], "")));
}

pub(super) fn tally_lines(tally: &Tally, lines: &mut Vec<Line>) {
    let stage = |lines: &mut Vec<Line>, depth: usize, label: &str, count: u64| {
        lines.push(Line::item(depth, label, &[count], ""));
    };
    lines.push(Line::title("Tally", &["count"]));
    stage(lines, 1, "records", tally.records);
    stage(lines, 2, "rejected", sum(&tally.rejected));
    ends(3, &tally.rejected, RejectReason::meaning, lines);
    stage(lines, 2, "skipped", sum(&tally.skipped));
    ends(3, &tally.skipped, SkipReason::meaning, lines);
    stage(lines, 2, "merged", sum(&tally.merged));
    ends(3, &tally.merged, MergeCause::meaning, lines);
    stage(lines, 2, "calls", tally.calls);
    stage(lines, 3, "not billable", sum(&tally.not_billable));
    ends(4, &tally.not_billable, Reason::meaning, lines);
    stage(lines, 3, "attributed", tally.attributed);
    stage(lines, 3, "unattributed", sum(&tally.unattributed));
    ends(4, &tally.unattributed, PayerReason::meaning, lines);
}

/// One line for each end with its meaning, the most frequent first.
fn ends<K: Copy + Display>(
    depth: usize,
    counts: &BTreeMap<K, u64>,
    meaning: fn(K) -> &'static str,
    lines: &mut Vec<Line>,
) {
    let mut counts: Vec<(K, u64)> = counts.iter().map(|(end, count)| (*end, *count)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    lines.extend(counts.into_iter().map(|(end, count)| Line::item(depth, end, &[count], meaning(end))));
}

fn gap_lines(gaps: &Gaps, lines: &mut Vec<Line>) {
    if !gaps.unmapped.is_empty() {
        lines.push(Line::title(format_args!("Unmapped payers ({})", gaps.unmapped.len()), &["calls", "billable"]));
        let listed = gaps.unmapped.iter().take(LISTED);
        lines.extend(listed.map(|(payer, calls, billable)| Line::item(1, payer, &[*calls, *billable], "")));
        if let Some(rest @ [_, ..]) = gaps.unmapped.get(LISTED..) {
            let (calls, billable) =
                rest.iter().fold((0, 0), |(calls, billable), more| (calls + more.1, billable + more.2));
            lines.push(Line::item(
                1,
                format_args!("… {} more", rest.len()),
                &[calls, billable],
                "all are in --format json",
            ));
        }
    }
    if !gaps.unattributed.is_empty() {
        lines.push(Line::title("Unattributed calls", &["calls", "billable"]));
        let reasons = gaps.unattributed.iter();
        lines.extend(
            reasons.map(|(reason, calls, billable)| Line::item(1, reason, &[*calls, *billable], reason.meaning())),
        );
    }
    if !gaps.missing_hours.is_empty() {
        let spans = spans(&gaps.missing_hours);
        lines.push(Line::title("Hours without a file (UTC)", &["hours"]));
        for (from, hours) in spans.iter().take(LISTED) {
            lines.push(Line::item(1, format_args!("from {}", minutes(*from)), &[*hours], ""));
        }
        if let Some(rest @ [_, ..]) = spans.get(LISTED..) {
            let hours = rest.iter().map(|(_, hours)| hours).sum();
            lines.push(Line::item(1, format_args!("… {} more", rest.len()), &[hours], "all are in --format json"));
        }
    }
}

/// Hours that follow each other, as the first and how many.
fn spans(hours: &[i64]) -> Vec<(i64, u64)> {
    let mut spans: Vec<(i64, u64)> = Vec::new();
    let mut next = None;
    for &hour in hours {
        match spans.last_mut() {
            Some((_, count)) if next == Some(hour) => *count += 1,
            _ => spans.push((hour, 1)),
        }
        next = hour.checked_add(HOUR);
    }
    spans
}

/// What the result was made from, in sentences; nothing for a document without logs.
pub(super) fn sources(document: &Document) -> Option<String> {
    document.tally.as_ref()?;
    let from = &document.provenance;
    let size: u128 = from.inputs.iter().map(|input| u128::from(input.bytes)).sum();
    let files = match from.inputs.len() {
        1 => "1 input".to_owned(),
        many => format!("{} inputs", thousands(many as u128)),
    };
    let mut text = format!("Made from {files} ({})", bytes(size));
    if let Some(mapping) = &from.mapping {
        text.push_str(&format!(", mapping {}", safe(mapping)));
    }
    if !from.projects.is_empty() {
        text.push_str(&format!(", projects {}", safe(&from.projects.join(", "))));
    }
    if let Some(bill) = &document.bill {
        let files: Vec<String> = bill.files.iter().map(|file| format!("{} ({})", file.path, file.form)).collect();
        text.push_str(&format!(", bill {}", safe(&files.join(", "))));
    }
    if let Some(coverage) = &document.coverage {
        text.push_str(&format!(", bill {}", safe(&coverage.bill.join(", "))));
    }
    if let Some(estimate) = &document.estimate {
        text.push_str(&format!(", prices {}", safe(&estimate.prices)));
    }
    if let Some(filter) = &from.filter {
        text.push_str(&format!(", only entries where {}", safe(filter)));
    }
    if !from.catalogue.is_empty() {
        text.push_str(&format!(", catalogue {}", safe(&from.catalogue)));
    }
    text.push('.');
    let period = &document.period;
    match (period.from, period.to) {
        (None, None) => {}
        (Some(from), None) => text.push_str(&format!(" Calls from {} UTC on.", seconds(from))),
        (None, Some(to)) => text.push_str(&format!(" Calls before {} UTC.", seconds(to))),
        (Some(from), Some(to)) => text.push_str(&format!(" Calls from {} to {} UTC.", seconds(from), seconds(to))),
    }
    Some(text)
}

/// A label of at most 60 characters; a longer one loses its middle.
pub(super) fn shorten(label: &str) -> String {
    const LIMIT: usize = 60;
    let count = label.chars().count();
    if count <= LIMIT {
        return label.to_owned();
    }
    let head = label.chars().take(LIMIT / 2);
    head.chain(['…']).chain(label.chars().skip(count - LIMIT / 2 + 1)).collect()
}

/// Whether what a diagnostic says stands in a block of its own above.
fn has_a_block(kind: DiagnosticKind) -> bool {
    matches!(kind, DiagnosticKind::UnmappedPayer | DiagnosticKind::MissingHours | DiagnosticKind::GoogleSdkProject)
}

#[cfg(test)]
mod tests {
    use super::super::sample::document;
    use super::*;

    fn printed(document: &Document, style: &Style) -> String {
        let mut out = Vec::new();
        summary(document, style, &mut out).expect("a vector takes all");
        String::from_utf8(out).expect("text")
    }

    fn label_and_figure(label: &str) -> Option<Vec<String>> {
        lines(&document()).into_iter().find(|line| line.label == label).map(|line| line.figures)
    }

    #[test]
    fn every_stage_of_the_tally_has_its_size() {
        for (label, count) in [
            ("records", "2,914,000"),
            ("rejected", "4"),
            ("skipped", "400"),
            ("merged", "1,234,567"),
            ("calls", "1,679,029"),
            ("not billable", "35,245"),
            ("attributed", "1,643,777"),
            ("unattributed", "7"),
        ] {
            assert_eq!(label_and_figure(label), Some(vec![count.to_owned()]), "{label}");
        }
    }

    #[test]
    fn gaps_have_their_sizes_and_their_meaning() {
        assert_eq!(label_and_figure("sandbox-quokka"), Some(vec!["12".to_owned(), "11".to_owned()]));
        assert_eq!(label_and_figure("from 2026-10-01 00:00"), Some(vec!["2".to_owned()]));
        assert_eq!(label_and_figure("from 2026-10-01 05:00"), Some(vec!["1".to_owned()]));
        assert!(printed(&document(), &Style::default()).contains(PayerReason::NoProject.meaning()));
    }

    #[test]
    fn a_long_list_of_payers_ends_with_the_size_of_the_rest() {
        let mut document = document();
        document.gaps.unmapped = (0..25).map(|at| (format!("payer-{at:02}"), 3, 2)).collect();
        let rest = lines(&document).into_iter().find(|line| line.label == "… 5 more").expect("the rest");
        assert_eq!(rest.figures, ["15", "10"]);
    }

    #[test]
    fn three_examples_are_shown_and_made_safe() {
        let printed = printed(&document(), &Style::default());
        assert_eq!(printed.matches("logs/a.jsonl:").count(), 3);
        assert!(printed.contains("\\x1b[31mred"));
        assert!(!printed.contains('\u{1b}'));
    }

    #[test]
    fn colours_appear_only_when_asked() {
        assert!(printed(&document(), &Style { colour: true, ..Style::default() }).contains("\u{1b}[1mTally"));
    }

    #[test]
    fn a_document_without_logs_has_no_summary() {
        let document = Document { tally: None, gaps: Gaps::default(), diagnostics: Default::default(), ..document() };
        assert_eq!(printed(&document, &Style::default()), "");
    }

    #[test]
    fn a_long_label_loses_its_middle() {
        let label = format!("{}{}", "a".repeat(50), "z".repeat(50));
        let short = shorten(&label);
        assert_eq!(short.chars().count(), 60);
        assert!(short.starts_with("aaa") && short.contains('…') && short.ends_with("zzz"));
    }
}
