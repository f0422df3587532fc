//! The table for people: figures to the right with thousands separators, the totals below a rule, then the summary.
//!
//! It is made to be read, not parsed: bytes are rounded, times lose their seconds, and a narrow terminal hides columns,
//! which the line under the table says.

use std::io::{self, Write};

use comfy_table::ContentArrangement;

use super::layout::Layout;
use super::row_filter::{RowFilter, TITLE};
use super::summary::incomplete;
use super::{Style, safe, summary, verdict};
use crate::model::document::{Cell, Document, Row};

/// Writes the table, the notes on it and the summary.
pub fn write(
    document: &Document,
    rows: &mut dyn Iterator<Item = Row>,
    style: &Style,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let rows: Vec<Row> = rows.collect();
    if document.incomplete {
        writeln!(out, "{}\n", incomplete(style))?;
    }
    if let Some((_, sentence)) = verdict::sentence(document, &rows) {
        writeln!(out, "{}\n", style.bold(&format!("{sentence}.")))?;
    }
    let layout = Layout::fit(document, &rows, style.width);
    print(&layout, style, out)?;
    for note in layout.notes() {
        writeln!(out, "{}", style.paint(anstyle::Style::new().dimmed(), &style.wrapped(&note)))?;
    }
    let filters: Vec<RowFilter> = rows.iter().filter_map(|row| RowFilter::of(document, row)).collect();
    if !filters.is_empty() {
        writeln!(out, "\n{}", style.bold(TITLE))?;
    }
    for filter in &filters {
        writeln!(out, "  {}\n    {}", safe(&filter.row), filter.how)?;
        for line in filter.text.lines() {
            writeln!(out, "    {}", safe(line))?;
        }
    }
    let mut below = Vec::new();
    summary(document, style, &mut below)?;
    if !below.is_empty() {
        out.write_all(b"\n")?;
    }
    out.write_all(&below)
}

/// Prints the lines of the table, with a rule above the totals.
fn print(layout: &Layout, style: &Style, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut table = layout.table();
    if let (Some(width), false) = (style.width, layout.limits.is_empty()) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    let lines: Vec<String> = table.lines().collect();
    let is_rule = |line: &str| !line.is_empty() && line.chars().all(|c| c == '─');
    let rule_at = lines.iter().position(|line| is_rule(line)).unwrap_or(0);
    let totals_at = if layout.document.totals.is_empty() { lines.len() } else { lines.len() - 1 };
    let rule = style.paint(anstyle::Style::new().dimmed(), lines.get(rule_at).map_or("", String::as_str));
    // Only when no row wraps is a line a row.
    let unwrapped = totals_at == rule_at + 1 + layout.rows.len();
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim_end();
        if at == totals_at {
            writeln!(out, "{rule}")?;
        }
        if at == rule_at {
            writeln!(out, "{rule}")?;
        } else if at < rule_at || at == totals_at {
            writeln!(out, "{}", style.bold(line))?;
        } else if unwrapped && is_gap(layout, &layout.rows[at - rule_at - 1]) {
            writeln!(out, "{}", style.paint(anstyle::AnsiColor::Yellow.on_default(), line))?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// True for a row of what nobody was found for.
fn is_gap(layout: &Layout, row: &Row) -> bool {
    row.iter()
        .take(layout.document.keys)
        .any(|cell| matches!(cell, Cell::Text(text) if matches!(text.as_str(), "(unmapped)" | "(unattributed)")))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{document, printed_text, rows, text};
    use super::super::{Format, Style};
    use super::*;

    fn printed(document: &Document, rows: &[Row], width: Option<usize>) -> String {
        printed_text(Format::Table, document, rows, &Style { width, ..Style::default() })
    }

    fn line<'a>(printed: &'a str, part: &str) -> &'a str {
        printed.lines().find(|line| line.contains(part)).expect(part)
    }

    #[test]
    fn figures_are_for_people() {
        let printed = printed(&document(), &rows(), None);
        let row = line(&printed, "bigquery");
        for figure in ["1,234,567", "1.21 TiB", "987,654,321", "2026-10-01 00:01", "2026-10-31 23:01", "61.2 %"] {
            assert!(row.contains(figure), "{figure} in {row}");
        }
        assert!(line(&printed, "total").contains("1,679,029"));
    }

    #[test]
    fn figures_end_in_one_column() {
        let printed = printed(&document(), &rows(), None);
        let share = |part| line(&printed, part).chars().count();
        assert_eq!(share("bigquery"), share("pubsub"));
        assert_eq!(share("bigquery"), share("total"));
    }

    #[test]
    fn a_repeated_unit_is_said_once() {
        let printed = printed(&document(), &rows(), None);
        assert_eq!(printed.matches("Advertising").count(), 1);
    }

    #[test]
    fn hostile_text_stays_on_its_line() {
        let mut rows = rows();
        rows[0][1] = text("a\nb\u{1b}[2J");
        let printed = printed(&document(), &rows, None);
        assert!(line(&printed, "bigquery").contains("a\\nb\\x1b[2J"));
    }

    #[test]
    fn the_incomplete_mark_stands_above_and_below() {
        let printed = printed(&Document { incomplete: true, ..document() }, &rows(), None);
        assert!(printed.starts_with("INCOMPLETE"));
        assert!(printed.trim_end().lines().last().is_some_and(|line| line.starts_with("INCOMPLETE")));
    }

    #[test]
    fn without_colours_there_is_no_escape() {
        assert!(!printed(&document(), &rows(), None).contains('\u{1b}'));
        let style = Style { colour: true, ..Style::default() };
        assert!(printed_text(Format::Table, &document(), &rows(), &style).contains('\u{1b}'));
    }

    #[test]
    fn no_rows_are_a_table_of_titles() {
        let document = Document { totals: vec![], ..document() };
        assert!(printed(&document, &[], Some(120)).contains("service"));
    }
}
