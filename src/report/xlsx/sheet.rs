//! A sheet being written: cells in the workbook's styles, and columns as wide as what they hold.

use std::collections::HashMap;

use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Worksheet, XlsxError};

use super::super::groups::Sum;
use super::super::{figures, safe};
use crate::model::document::Cell;
use crate::model::money::Money;

/// The most characters that a cell of a workbook holds.
const LONGEST: usize = 32_767;
/// What stands where text was too long.
const CUT: &str = "… (cut: the other formats have all)";
/// The widest column, in characters.
const WIDEST: usize = 60;
const NANOS: i64 = 1_000_000_000;

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Look {
    Plain,
    Heading,
    /// A heading over numbers, which stand to the right.
    HeadingOfFigures,
    Title,
    Total,
    Warning,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Figure {
    /// As it is, such as a project number.
    Number,
    /// With thousands separated.
    Count,
    /// A part of a whole, shown as per cent.
    Share,
    /// A time in UTC.
    Time,
    /// An amount of money, shown with two places.
    Money,
}

/// A sheet with the widths that its columns need.
pub(super) struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    widths: Vec<usize>,
    formats: HashMap<(Look, Option<Figure>), Format>,
}

impl<'a> Sheet<'a> {
    /// Begins a sheet of this name; it prints on pages as wide as it is.
    pub fn begin(sheet: &'a mut Worksheet, name: &str) -> Result<Self, XlsxError> {
        sheet.set_name(name)?.set_landscape().set_print_fit_to_pages(1, 0);
        Ok(Self { sheet, widths: Vec::new(), formats: HashMap::new() })
    }

    /// Writes text, whatever it looks like, as text.
    pub fn text(&mut self, row: u32, column: u16, text: &str, look: Look) -> Result<(), XlsxError> {
        let text = fitting(&safe(text));
        if look != Look::Title && look != Look::Warning {
            self.widen(column, text.chars().count());
        }
        self.sheet.write_string_with_format(
            row,
            column,
            text,
            self.formats.entry((look, None)).or_insert_with(|| format(look, None)),
        )?;
        Ok(())
    }

    /// Writes text that may run over the columns beside it.
    pub fn note(&mut self, row: u32, column: u16, text: &str) -> Result<(), XlsxError> {
        self.sheet.write_string(row, column, fitting(&safe(text)))?;
        Ok(())
    }

    /// Writes a number.
    pub fn count(&mut self, row: u32, column: u16, count: u128) -> Result<(), XlsxError> {
        self.cell(row, column, &Cell::Integer(count), Some(Figure::Count))
    }

    /// Writes a cell of a document; without a figure, numbers are written as they are.
    pub fn cell(&mut self, row: u32, column: u16, cell: &Cell, figure: Option<Figure>) -> Result<(), XlsxError> {
        let number = |sheet: &mut Self, value: f64, figure: Figure, width: usize| {
            sheet.widen(column, width);
            sheet.number(row, column, value, figure)
        };
        match cell {
            Cell::Null => Ok(()),
            Cell::Text(text) => self.text(row, column, text, Look::Plain),
            Cell::Integer(value) => {
                let width = figures::thousands(*value).len();
                number(self, rounded(*value), figure.unwrap_or(Figure::Number), width)
            }
            Cell::Signed(value) => number(self, signed(*value), Figure::Number, 6),
            Cell::Boolean(truth) => {
                self.sheet.write_boolean(row, column, *truth)?;
                Ok(())
            }
            Cell::Time(nanos) => match serial(*nanos) {
                Some(serial) => number(self, serial, Figure::Time, 19),
                None => self.text(row, column, &figures::seconds(*nanos), Look::Plain),
            },
            Cell::Share(millionths) => number(self, share(*millionths), Figure::Share, 7),
            Cell::Money(money) => number(self, amount(money), Figure::Money, money.shown().len()),
            Cell::Proof(proof) => self.text(row, column, &figures::proof(proof), Look::Plain),
        }
    }

    /// Writes a number as it stands in a workbook.
    pub fn number(&mut self, row: u32, column: u16, value: f64, figure: Figure) -> Result<(), XlsxError> {
        let look = (Look::Plain, Some(figure));
        let format = self.formats.entry(look).or_insert_with(|| format(look.0, look.1));
        self.sheet.write_number_with_format(row, column, value, format)?;
        Ok(())
    }

    /// Writes a formula with the value that it has.
    pub fn formula(
        &mut self,
        row: u32,
        column: u16,
        formula: &str,
        value: f64,
        figure: Figure,
        look: Look,
    ) -> Result<(), XlsxError> {
        let width = match figure {
            Figure::Time => 19,
            Figure::Number | Figure::Count | Figure::Share => format!("{value:.0}").len() * 4 / 3,
            Figure::Money => format!("{value:.2}").len() * 4 / 3,
        };
        self.widen(column, width);
        let formula = Formula::new(formula).set_result(value.to_string());
        self.sheet.write_formula_with_format(
            row,
            column,
            formula,
            self.formats.entry((look, Some(figure))).or_insert_with(|| format(look, Some(figure))),
        )?;
        Ok(())
    }

    /// Keeps the first rows in sight and on each printed page.
    pub fn freeze(&mut self, rows: u32) -> Result<(), XlsxError> {
        self.sheet.set_freeze_panes(rows, 0)?.set_repeat_rows(0, rows - 1)?;
        Ok(())
    }

    /// Lets the reader filter these rows, the first of which holds the headings.
    pub fn filter(&mut self, last_row: u32, last_column: u16) -> Result<(), XlsxError> {
        self.sheet.autofilter(0, 0, last_row, last_column)?;
        Ok(())
    }

    /// Makes the columns as wide as what they hold.
    pub fn finish(self) -> Result<(), XlsxError> {
        for (column, width) in (0..).zip(self.widths) {
            let width = u16::try_from(width.min(WIDEST) + 2).unwrap_or(u16::MAX);
            self.sheet.set_column_width(column, width)?;
        }
        Ok(())
    }

    fn widen(&mut self, column: u16, width: usize) {
        let at = usize::from(column);
        if self.widths.len() <= at {
            self.widths.resize(at + 1, 8);
        }
        self.widths[at] = self.widths[at].max(width);
    }
}

/// The text as far as a cell holds it.
fn fitting(text: &str) -> String {
    // A workbook counts in UTF-16.
    if text.encode_utf16().count() <= LONGEST {
        return text.to_owned();
    }
    let mut room = LONGEST - CUT.encode_utf16().count();
    let head = text.chars().take_while(|c| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    });
    head.chain(CUT.chars()).collect()
}

fn format(look: Look, figure: Option<Figure>) -> Format {
    let format = match look {
        Look::Plain => Format::new(),
        Look::Heading => heading(),
        Look::HeadingOfFigures => heading().set_align(FormatAlign::Right),
        Look::Title => Format::new().set_bold().set_font_size(16),
        Look::Total => Format::new().set_bold().set_border_top(FormatBorder::Thin),
        Look::Warning => Format::new().set_bold().set_font_color(Color::RGB(0xb3_26_1e)),
    };
    match figure {
        None => format,
        Some(Figure::Number) => format.set_num_format("0"),
        Some(Figure::Count) => format.set_num_format("#,##0"),
        Some(Figure::Share) => format.set_num_format("0.0%"),
        Some(Figure::Time) => format.set_num_format("yyyy-mm-dd hh:mm:ss"),
        Some(Figure::Money) => format.set_num_format("#,##0.00"),
    }
}

fn heading() -> Format {
    Format::new().set_bold().set_background_color(Color::RGB(0xe4_e9_ee)).set_text_wrap().set_align(FormatAlign::Top)
}

/// The number as a workbook holds it: beyond 2^53 the nearest it can.
pub(super) fn rounded(number: u128) -> f64 {
    number as f64
}

fn signed(number: i64) -> f64 {
    number as f64
}

/// A share as a number: written out and read, so that it is the nearest one.
pub(super) fn share(millionths: u32) -> f64 {
    figures::fraction(millionths).parse().unwrap_or_default()
}

/// An amount as a number: written out and read, so that it is the nearest one.
pub(super) fn amount(money: &Money) -> f64 {
    money.exact.to_string().parse().unwrap_or_default()
}

/// A sum as a number, and what it is.
pub(super) fn number(sum: &Sum) -> (f64, Figure) {
    match sum {
        Sum::Count(count) => (rounded(*count), Figure::Count),
        Sum::Amount(money) => (amount(money), Figure::Money),
    }
}

/// A time as the serial day of a workbook, to the second; `None` before 1900.
pub(super) fn serial(nanos: i64) -> Option<f64> {
    let time = ExcelDateTime::from_timestamp(nanos.div_euclid(NANOS)).ok()?;
    Some(time.to_excel()).filter(|serial| *serial >= 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_to_what_a_cell_holds() {
        assert_eq!(fitting("short"), "short");
        for long in ["x".repeat(LONGEST + 1), "😀".repeat(LONGEST)] {
            let cut = fitting(&long);
            assert!(cut.encode_utf16().count() <= LONGEST && cut.ends_with(CUT));
        }
        assert_eq!(fitting(&"x".repeat(LONGEST)).len(), LONGEST);
    }

    #[test]
    fn times_and_shares_are_the_numbers_of_a_workbook() {
        assert_eq!(serial(1_790_812_800_000_000_000), Some(46296.0));
        assert_eq!(share(612_345).to_string(), "0.612345");
        assert_eq!(rounded((1 << 53) - 1).to_string(), "9007199254740991");
    }
}
