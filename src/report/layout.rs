//! Which columns of a table fit, and what their cells read. Nothing is printed here.

use comfy_table::{CellAlignment, ColumnConstraint, LineStyle, Table, TableStyle};

use super::{figures, safe};
use crate::model::document::{Cell, Column, ColumnType, Document, Row};

const RULES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));
/// Blank characters between two columns.
const GAP: u16 = 2;
/// What stands for a value that is unknown.
const UNKNOWN: &str = "–";

/// The columns that tell most about a call, most telling first; a table of calls shows no others.
pub(super) const OF_A_CALL: [&str; 13] = [
    "timestamp",
    "unit",
    "payer",
    "service",
    "method",
    "billable",
    "reason",
    "payer_reason",
    "quantity",
    "quantity_unit",
    "estimated_cost",
    "principal",
    "source",
];
/// How many of them are never hidden.
const OF_A_CALL_KEPT: usize = 7;
/// How many measures of a report are never hidden: calls and billable calls.
const MEASURES_KEPT: usize = 2;
/// How narrow a column of text may get.
const NARROWEST: usize = 8;

/// Which columns are shown, and how.
pub(super) struct Layout<'a> {
    pub document: &'a Document,
    pub rows: &'a [Row],
    /// Columns by index, in the order they are shown.
    shown: Vec<usize>,
    /// Measured times are shown as days.
    days: bool,
    /// Columns left out because they hold nothing.
    empty: Vec<&'static str>,
    /// Columns left out for lack of room.
    hidden: Vec<&'static str>,
    /// How wide each column of text may be before it breaks, by index; empty when nothing has to.
    pub limits: Vec<usize>,
}

impl<'a> Layout<'a> {
    /// Shows as much as fits: first without measures that hold nothing, then with days for times, then without the
    /// measures that tell least; text wraps if even that is too wide.
    pub fn fit(document: &'a Document, rows: &'a [Row], width: Option<usize>) -> Self {
        let all = &document.columns;
        let (shown, hideable) = if document.command == "calls" {
            let told: Vec<usize> =
                OF_A_CALL.iter().filter_map(|name| all.iter().position(|column| column.name == *name)).collect();
            let hideable = told.iter().skip(OF_A_CALL_KEPT).rev().map(|at| vec![*at]).collect();
            (told, hideable)
        } else {
            ((0..document.tabled().len()).collect(), hideable(document))
        };
        let mut layout = Self { document, rows, shown, days: false, empty: vec![], hidden: vec![], limits: vec![] };
        let Some(width) = width else { return layout };
        if layout.width() > width {
            layout.hide_empty();
        }
        let has_times = |layout: &Self| layout.shown.iter().any(|at| layout.is_measured_time(*at));
        layout.days = layout.width() > width && has_times(&layout);
        for columns in hideable {
            if layout.width() > width {
                let (hidden, shown) = layout.shown.iter().partition(|at| columns.contains(at));
                layout.shown = shown;
                let hidden: Vec<usize> = hidden;
                layout.hidden.extend(hidden.into_iter().map(|at| all[at].name));
            }
        }
        layout.days &= has_times(&layout);
        layout.break_text(width);
        layout
    }

    fn hide_empty(&mut self) {
        let listing = self.document.command == "calls";
        let first = if listing { 0 } else { self.document.keys + MEASURES_KEPT };
        let holds_nothing = |at: usize| {
            at >= first
                && !self.rows.is_empty()
                && self.rows.iter().all(|row| matches!(row[at], Cell::Null | Cell::Integer(0)))
        };
        let (empty, shown) = self.shown.iter().partition(|at| holds_nothing(**at));
        self.shown = shown;
        let empty: Vec<usize> = empty;
        self.empty = empty.into_iter().map(|at| self.document.columns[at].name).collect();
    }

    /// Gives each column of text its part of the room, if there is too little: narrow ones first, as much as they need.
    fn break_text(&mut self, width: usize) {
        let total = self.width();
        if total <= width {
            return;
        }
        let widths = self.table().column_max_content_widths();
        let mut texts: Vec<(usize, usize)> = (self.shown.iter().zip(widths))
            .filter(|(at, _)| self.document.columns[**at].kind == ColumnType::Text)
            .map(|(at, width)| (usize::from(width), *at))
            .collect();
        texts.sort_unstable();
        let wanted: usize = texts.iter().map(|(wanted, _)| wanted).sum();
        let mut room = wanted.saturating_sub(total - width);
        let mut limits = vec![usize::MAX; self.document.columns.len()];
        for (place, (wanted, at)) in texts.iter().enumerate() {
            let part = (room / (texts.len() - place)).max(NARROWEST).min(*wanted);
            room = room.saturating_sub(part);
            limits[*at] = part;
        }
        self.limits = limits;
    }

    fn is_measured_time(&self, at: usize) -> bool {
        self.is_measure(at) && self.document.columns[at].kind == ColumnType::Time
    }

    fn is_measure(&self, at: usize) -> bool {
        at >= self.document.keys
    }

    /// How wide the table is when nothing wraps.
    fn width(&self) -> usize {
        let gaps = usize::from(GAP) * self.shown.len().saturating_sub(1);
        self.table().column_max_content_widths().into_iter().map(usize::from).sum::<usize>() + gaps
    }

    /// The table with titles, rows and totals, and no width yet.
    pub fn table(&self) -> Table {
        let columns = &self.document.columns;
        let mut table = Table::new();
        table.load_style(RULES);
        let mut above: Option<&Row> = None;
        for row in self.rows {
            table.add_row(self.shown.iter().map(|&at| {
                if self.repeats(row, above, at) { String::new() } else { self.text(&columns[at], at, &row[at]) }
            }));
            above = Some(row);
        }
        if !self.document.totals.is_empty() {
            table.add_row(self.shown.iter().map(|&at| match at.checked_sub(self.document.keys) {
                Some(measure) => {
                    self.document.totals.get(measure).map_or_else(String::new, |cell| self.text(&columns[at], at, cell))
                }
                None if at == 0 => "total".to_owned(),
                None => String::new(),
            }));
        }
        let widths = table.column_max_content_widths();
        let titles: Vec<String> = (0..self.shown.len())
            .map(|place| title(columns[self.shown[place]].name, widths.get(place).copied().unwrap_or(0)))
            .collect();
        let tall = titles.iter().any(|title| title.contains('\n'));
        // Titles of one line stand on the rule, beside the second line of the others.
        table.set_header(
            titles.into_iter().map(|title| if tall && !title.contains('\n') { format!("\n{title}") } else { title }),
        );
        let last = self.shown.len().saturating_sub(1);
        for (place, (column, &at)) in table.column_iter_mut().zip(&self.shown).enumerate() {
            column.set_padding((0, if place == last { 0 } else { GAP }));
            match columns[at].kind {
                ColumnType::Integer | ColumnType::Share | ColumnType::Money => {
                    column.set_cell_alignment(CellAlignment::Right);
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                ColumnType::Time | ColumnType::Boolean => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                }
                ColumnType::Text | ColumnType::Proof => {}
            }
        }
        table
    }

    /// True for a leading key, other than the last, that reads as in the row above: it is left blank.
    fn repeats(&self, row: &Row, above: Option<&Row>, at: usize) -> bool {
        let keys = self.document.keys;
        at + 1 < keys
            && keys < row.len()
            && self.document.command == "report"
            && above.is_some_and(|above| above[..=at] == row[..=at])
    }

    fn text(&self, column: &Column, at: usize, cell: &Cell) -> String {
        match cell {
            Cell::Null => UNKNOWN.to_owned(),
            Cell::Text(text) => match self.limits.get(at) {
                Some(limit) => broken(&safe(text), *limit),
                None => safe(text).into_owned(),
            },
            Cell::Integer(number) if column.unit == Some("byte") => figures::bytes(*number),
            Cell::Integer(number) if self.is_measure(at) || column.name == "quantity" => figures::thousands(*number),
            Cell::Integer(number) => number.to_string(),
            Cell::Signed(number) => number.to_string(),
            Cell::Boolean(truth) => if *truth { "yes" } else { "no" }.to_owned(),
            Cell::Time(nanos) if self.document.command == "calls" || !self.is_measure(at) => figures::seconds(*nanos),
            Cell::Time(nanos) if self.days => figures::day(*nanos),
            Cell::Time(nanos) => figures::minutes(*nanos),
            Cell::Share(millionths) => figures::percent(*millionths),
            // A call costs so little that cents would hide it.
            Cell::Money(money) if self.document.command == "calls" => money.exact.to_string(),
            Cell::Money(money) => money.shown(),
            Cell::Proof(proof) => figures::proof(proof),
        }
    }

    /// What a reader must know to read the table right.
    pub fn notes(&self) -> Vec<String> {
        let shown = |wanted: &dyn Fn(&Column) -> bool| self.shown.iter().any(|at| wanted(&self.document.columns[*at]));
        let mut sentences = Vec::new();
        if shown(&|column| column.kind == ColumnType::Time) {
            let days = &self.document.period.timezone;
            let utc = days.is_empty() || days == "UTC";
            sentences.push(if utc {
                "Times are UTC.".to_owned()
            } else {
                format!("Days are {}, times UTC.", safe(days))
            });
        }
        if shown(&|column| column.unit == Some("byte")) {
            sentences.push("Bytes are rounded; the other formats are exact.".to_owned());
        }
        if let Some(column) = self.document.columns.iter().find(|column| column.kind == ColumnType::Money) {
            let unit = column.unit.map_or_else(String::new, |currency| format!(" in {currency}"));
            let calls = self.document.command == "calls";
            let how = if calls { "exact." } else { "rounded so that it adds up; the other formats are exact." };
            sentences.push(format!("Money is{unit}, {how}"));
        }
        sentences.extend(self.document.estimate.as_ref().map(super::estimate::sentence));
        if !self.empty.is_empty() {
            sentences.push(format!("Nothing to show in {}.", self.empty.join(", ")));
        }
        let mut notes = Vec::new();
        if !sentences.is_empty() {
            notes.push(sentences.join(" "));
        }
        if !self.hidden.is_empty() {
            let names = self.hidden.join(", ");
            notes.push(format!("Too narrow for {names}: a wider terminal or another format has them."));
        }
        if self.document.command == "calls" {
            notes.push("The other formats have more columns.".to_owned());
        }
        notes
    }
}

/// The measures that may be hidden, in this order: all times, then figures from the right. The first two, the shares
/// and text stay.
fn hideable(document: &Document) -> Vec<Vec<usize>> {
    let measures = (document.keys + MEASURES_KEPT)..document.tabled().len();
    let kind = |at: &usize| document.columns[*at].kind;
    let times = measures.clone().filter(|at| kind(at) == ColumnType::Time).collect();
    let figures = measures.rev().filter(|at| kind(at) == ColumnType::Integer);
    std::iter::once(times).chain(figures.map(|at| vec![at])).collect()
}

/// The text in lines of at most `limit` characters, broken after punctuation where it can be.
fn broken(text: &str, limit: usize) -> String {
    let mut lines = String::with_capacity(text.len() + 4);
    let mut length = 0;
    for piece in text.split_inclusive(['.', '-', '/', '_', ':', '@', ' ', ',']) {
        let more = piece.chars().count();
        if length > 0 && length + more > limit {
            lines.push('\n');
            length = 0;
        }
        lines.push_str(piece);
        length += more;
    }
    lines
}

/// The name as words, on two lines if that makes the column narrower.
fn title(name: &str, content: u16) -> String {
    let words = name.replace('_', " ");
    match words.rsplit_once(' ') {
        Some((head, tail)) if words.len() > usize::from(content) => format!("{head}\n{tail}"),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{OCTOBER, column, document, printed_text, rows, text};
    use super::super::{Format, Style};
    use super::*;

    fn printed(document: &Document, rows: &[Row], width: Option<usize>) -> String {
        printed_text(Format::Table, document, rows, &Style { width, ..Style::default() })
    }

    fn line<'a>(printed: &'a str, part: &str) -> &'a str {
        printed.lines().find(|line| line.contains(part)).expect(part)
    }

    #[test]
    fn a_table_fits_its_width_as_long_as_it_can() {
        for width in [80, 100, 120, 160, 200] {
            let printed = printed(&document(), &rows(), Some(width));
            let table = printed.lines().take_while(|line| !line.starts_with("total"));
            for line in table {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
            assert!(line(&printed, "bigquery").contains("1,200,001"), "{printed}");
            assert!(printed.contains("61.2 %"));
        }
    }

    #[test]
    fn text_breaks_after_punctuation() {
        assert_eq!(broken("bigquery.googleapis.com", 16), "bigquery.\ngoogleapis.com");
        let printed = printed(&document(), &rows(), Some(72));
        assert!(printed.contains("bigquery.") && !printed.contains("bigquery.g"), "{printed}");
        assert!(line(&printed, "total").contains("1,679,029"));
    }

    #[test]
    fn measures_that_hold_nothing_go_first() {
        let mut rows = rows();
        for row in &mut rows {
            row[6] = Cell::Integer(0);
            row[7] = Cell::Null;
        }
        let printed = printed(&document(), &rows, Some(160));
        assert!(printed.contains("Nothing to show in billed_bytes, slot_ms."));
        assert!(!printed.contains("Too narrow"));
    }

    #[test]
    fn a_table_of_calls_shows_what_tells_most() {
        let columns = vec![
            column("timestamp", ColumnType::Time, None),
            column("service", ColumnType::Text, None),
            column("payer", ColumnType::Text, None),
            column("payer_number", ColumnType::Integer, None),
            column("billable", ColumnType::Boolean, None),
        ];
        let document = Document { command: "calls", keys: columns.len(), columns, totals: vec![], ..document() };
        let row =
            vec![Cell::Time(OCTOBER), text("a.example.com"), text("shop"), Cell::Integer(4711), Cell::Boolean(true)];
        let printed = printed(&document, &[row], None);
        assert_eq!(line(&printed, "shop"), "2026-10-01 00:00:00  shop   a.example.com  yes");
        assert!(!printed.contains("4711"));
    }
}
