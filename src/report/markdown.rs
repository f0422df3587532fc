//! Markdown: a GitHub table with exact figures, the totals in bold, and the summary as lists.

use std::io::{self, Write};

use super::row_filter::{RowFilter, TITLE};
use super::summary::{Line, brief, lines, sources};
use super::{INCOMPLETE, figures, safe, verdict};
use crate::model::document::{Cell, ColumnType, Document, Row};
use crate::model::time::rfc3339;

/// Writes the table and the lists.
pub fn write(document: &Document, rows: &mut dyn Iterator<Item = Row>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    if document.incomplete {
        writeln!(out, "**{INCOMPLETE}**\n")?;
    }
    // A check has a row for each limit: few.
    let verdicts: Vec<Row> = if document.command == "check" { rows.collect() } else { Vec::new() };
    if let Some((kept, sentence)) = verdict::sentence(document, &verdicts) {
        writeln!(out, "{} **{}.**\n", if kept { "✅" } else { "❌" }, escape(&sentence))?;
    }
    let columns = document.tabled();
    let mut filters = Vec::new();
    row(columns.iter().map(|column| escape(column.name)), out)?;
    row(columns.iter().map(|column| rule(column.kind).to_owned()), out)?;
    for cells in verdicts.into_iter().chain(rows) {
        filters.extend(RowFilter::of(document, &cells));
        row(cells.iter().take(columns.len()).enumerate().map(|(at, cell)| value(document, at, cell)), out)?;
    }
    if !document.totals.is_empty() {
        let keys = (0..document.keys).map(|at| if at == 0 { "**total**".to_owned() } else { String::new() });
        let totals = document.totals.iter().zip(document.keys..);
        let totals = totals.map(|(cell, at)| match value(document, at, cell) {
            text if text.is_empty() => text,
            text => format!("**{text}**"),
        });
        row(keys.chain(totals), out)?;
    }
    list_filters(&filters, out)?;
    let lines = if document.command == "check" { brief(document) } else { lines(document) };
    let mut units: &[String] = &[];
    for line in &lines {
        if line.depth == 0 {
            units = &line.figures;
        }
        writeln!(out, "{}", item(line, units))?;
    }
    if let Some(estimate) = &document.estimate {
        writeln!(out, "\n{}", escape(&super::estimate::sentence(estimate)))?;
    }
    if let Some(sources) = sources(document) {
        writeln!(out, "\n{}", escape(&sources))?;
    }
    if document.incomplete { writeln!(out, "\n**{INCOMPLETE}**") } else { Ok(()) }
}

fn row(cells: impl Iterator<Item = String>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    for cell in cells {
        write!(out, "| {cell} ")?;
    }
    out.write_all(b"|\n")
}

const fn rule(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Integer | ColumnType::Share | ColumnType::Money => "---:",
        ColumnType::Text | ColumnType::Boolean | ColumnType::Time | ColumnType::Proof => "---",
    }
}

fn value(document: &Document, at: usize, cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => escape(text),
        Cell::Integer(number) if at >= document.keys => figures::thousands(*number),
        Cell::Integer(number) => number.to_string(),
        Cell::Signed(number) => number.to_string(),
        Cell::Boolean(truth) => if *truth { "yes" } else { "no" }.to_owned(),
        Cell::Time(nanos) => rfc3339(*nanos),
        Cell::Share(millionths) => escape(&figures::percent(*millionths)),
        Cell::Money(money) if document.command == "calls" => money.exact.to_string(),
        Cell::Money(money) => escape(&money.shown()),
        Cell::Proof(proof) => escape(&figures::proof(proof)),
    }
}

/// The filter of each row, in a block that can be copied.
fn list_filters(filters: &[RowFilter], out: &mut (dyn Write + Send)) -> io::Result<()> {
    if !filters.is_empty() {
        writeln!(out, "\n**{}**", escape(TITLE))?;
    }
    for filter in filters {
        let text = safe(&filter.text);
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        writeln!(out, "\n{} – {}:\n\n{fence}\n{text}\n{fence}", escape(&filter.row), escape(&filter.how))?;
    }
    Ok(())
}

/// A title in bold, or a list item with its figures and the note.
fn item(line: &Line, units: &[String]) -> String {
    let mut text = match line.depth {
        0 => return format!("\n**{}**\n", escape(&line.label)),
        depth => format!("{}-", "  ".repeat(depth - 1)),
    };
    if !line.label.is_empty() {
        text.push_str(&format!(" {}", escape(&line.label)));
    }
    let figures = line.figures.iter().zip(units).filter(|(figure, _)| !figure.is_empty());
    for (at, (figure, unit)) in figures.enumerate() {
        text.push_str(if at == 0 { ": " } else { ", " });
        text.push_str(figure);
        // The title says what is counted.
        if !matches!(unit.as_str(), "count" | "hours") {
            text.push_str(&format!(" {unit}"));
        }
    }
    if !line.note.is_empty() {
        text.push_str(if line.label.is_empty() { " " } else { " – " });
        text.push_str(&escape(&line.note));
    }
    text
}

/// The text as Markdown that reads as it was: nothing in it is markup, a link or a new line.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    if text.starts_with(['-', '+']) {
        escaped.push('\\');
    }
    let shown = safe(text);
    let mut before = None;
    let mut rest = shown.chars().peekable();
    while let Some(c) = rest.next() {
        // Within a word a low line is no markup, and a chat would show the sign before it.
        let within =
            before.is_some_and(char::is_alphanumeric) && rest.peek().copied().is_some_and(char::is_alphanumeric);
        before = Some(c);
        match c {
            '_' if within => escaped.push('_'),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|' | '#' | '!' | '$' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::sample::{document, printed_text, rows, text};
    use super::super::{Format, Style};
    use super::*;

    fn printed(rows: &[Row]) -> String {
        printed_text(Format::Markdown, &document(), rows, &Style::default())
    }

    /// The cells of a table line, split where a reader of Markdown splits them.
    fn cells(line: &str) -> usize {
        line.replace("\\|", "").matches('|').count() - 1
    }

    #[test]
    fn figures_stand_right_and_totals_are_bold() {
        let printed = printed(&rows());
        assert!(printed.lines().nth(1).is_some_and(|rule| rule.starts_with("| --- | --- | --- | ---: |")));
        assert!(printed.contains("| **total** |  |  | **1,679,029** |"));
        assert!(printed.contains("| 1,330,000,000,000 |"));
    }

    #[test]
    fn text_is_never_markup() {
        let mut rows = rows();
        rows[0][0] = text("a|b`c`<img src=x>*d*\n[e](f)&amp;");
        let printed = printed(&rows);
        let line = printed.lines().nth(2).expect("the row");
        assert_eq!(cells(line), 12);
        assert!(line.starts_with("| a\\|b\\`c\\`&lt;img src=x&gt;\\*d\\*\\\\n\\[e\\](f)&amp;amp; |"), "{line}");
    }

    #[test]
    fn a_low_line_is_escaped_where_it_could_be_markup() {
        assert_eq!(escape("net_cost _x_ a__b _"), "net_cost \\_x\\_ a\\_\\_b \\_");
    }

    #[test]
    fn the_tally_is_a_list() {
        let printed = printed(&rows());
        assert!(printed.contains("\n**Tally**\n\n- records: 2,914,000\n  - rejected: 4\n"));
        assert!(printed.contains("- sandbox-quokka: 12 calls, 11 billable\n"));
    }
}
