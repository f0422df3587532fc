//! XLSX: a workbook for a spreadsheet. Numbers are numbers, text is only ever text, totals are formulas whose stored
//! values are those of the document.
//!
//! Sheets: Summary, Statement (or Rows, without totals), Unallocated, Tie-out (with a bill), Tally, Diagnostics, Provenance.
//! Rows go to a temporary file as they come; the properties hold no clock, so that the same document is the same workbook.

use std::io::{self, Seek, SeekFrom, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::groups::{Groups, rank};
use crate::model::document::{Document, Row};

mod account;
mod sheet;
mod statement;
mod summary;
mod tie_out;

const SUMMARY: &str = "Summary";

/// Writes the workbook.
pub fn write(document: &Document, rows: &mut dyn Iterator<Item = Row>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut file = tempfile::tempfile()?;
    save(document, rows, &mut file).map_err(io_error)?;
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut file, out)?;
    Ok(())
}

fn save(document: &Document, rows: &mut dyn Iterator<Item = Row>, file: &mut std::fs::File) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let properties = DocProperties::new().set_title("billtrail").set_author(tool());
    // A fixed day, because the present one would make every workbook another.
    workbook.set_properties(&properties.set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    // The first sheet tells what the second holds, and is written after it.
    workbook.add_worksheet().set_name(SUMMARY)?;
    let mut units = Groups::by(document, &["unit"]);
    let rows = &mut rows.inspect(|row| units.iter_mut().for_each(|units| units.add(row)));
    let written = statement::write(document, rows, workbook.add_worksheet_with_constant_memory()?)?;
    let units = units.zip(rank(document)).map(|(units, rank)| units.ranked(rank)).unwrap_or_default();
    summary::write(document, written, &units, workbook.worksheet_from_name(SUMMARY)?)?;
    if document.tally.is_some() {
        account::unallocated(&document.gaps, workbook.add_worksheet())?;
        if let Some(bill) = &document.bill {
            tie_out::write(document, bill, written, workbook.add_worksheet())?;
        }
        account::tally(document, workbook.add_worksheet())?;
        account::diagnostics(&document.diagnostics, workbook.add_worksheet())?;
        account::provenance(document, workbook.add_worksheet())?;
    }
    workbook.save_to_writer(file)
}

fn tool() -> String {
    format!("billtrail {}", env!("CARGO_PKG_VERSION"))
}

/// The error as one of input and output; a full disk stays one.
fn io_error(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        XlsxError::RowColumnLimitError => {
            let most = "xlsx: a sheet holds no more than 1,048,576 rows and the result has more";
            io::Error::new(io::ErrorKind::InvalidData, format!("{most}; use --format csv or parquet"))
        }
        // The enum is not ours and may grow.
        other => io::Error::other(format!("xlsx: {other}")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Cursor;

    use calamine::{Data, Range, Reader, Xlsx};

    use super::super::sample::{column, document, printed, rows, text};
    use super::super::{Format, Style};
    use super::*;
    use crate::model::cost::CostType;
    use crate::model::document::{Cell, ColumnType};
    use crate::model::money::{Amount, Currency, Money};
    use crate::model::tie_out::{BillSummary, TieOut};

    fn workbook(bytes: &[u8]) -> Xlsx<Cursor<Vec<u8>>> {
        Xlsx::new(Cursor::new(bytes.to_vec())).expect("a workbook")
    }

    fn sheet(bytes: &[u8], name: &str) -> Range<Data> {
        workbook(bytes).worksheet_range(name).expect("the sheet")
    }

    pub fn says_incomplete(bytes: &[u8]) -> bool {
        sheet(bytes, SUMMARY).rows().flatten().any(|cell| cell.to_string().contains("INCOMPLETE"))
    }

    fn made(document: &Document, rows: &[Row]) -> Vec<u8> {
        printed(Format::Xlsx, document, rows, &Style::default())
    }

    #[test]
    fn the_sheets_stand_in_the_order_of_reading() {
        let names = workbook(&made(&document(), &rows())).sheet_names();
        assert_eq!(names, ["Summary", "Statement", "Unallocated", "Tally", "Diagnostics", "Provenance"]);
    }

    #[test]
    fn numbers_are_numbers_and_text_is_text() {
        let mut rows = rows();
        rows[0][0] = text("=1+1");
        rows[1][0] = text("https://example.com/");
        rows[2][0] = text("4711");
        let bytes = made(&document(), &rows);
        let statement = sheet(&bytes, "Statement");
        for (row, unit) in [(1, "=1+1"), (2, "https://example.com/"), (3, "4711")] {
            assert_eq!(statement.get_value((row, 0)), Some(&Data::String(unit.to_owned())));
        }
        assert_eq!(statement.get_value((1, 3)), Some(&Data::Float(1_234_567.0)));
        assert_eq!(statement.get_value((1, 11)), Some(&Data::Float(0.612345)));
        assert!(matches!(statement.get_value((1, 9)), Some(Data::DateTime(_))));
        let formulas = workbook(&bytes).worksheet_formula("Statement").expect("formulas");
        assert!(formulas.used_cells().all(|(_, _, formula)| !formula.contains("1+1")));
    }

    #[test]
    fn totals_are_formulas_with_the_values_of_the_document() {
        let bytes = made(&document(), &rows());
        let statement = sheet(&bytes, "Statement");
        let formulas = workbook(&bytes).worksheet_formula("Statement").expect("formulas");
        assert_eq!(formulas.get_value((6, 3)).map(String::as_str), Some("SUBTOTAL(109,D2:D6)"));
        assert_eq!(statement.get_value((6, 3)), Some(&Data::Float(1_679_029.0)));
        assert_eq!(statement.get_value((6, 11)), Some(&Data::Float(1.0)));
        assert_eq!(statement.get_value((6, 0)), Some(&Data::String("total".to_owned())));
    }

    #[test]
    fn the_tally_adds_up_in_the_workbook() {
        let bytes = made(&document(), &rows());
        let formulas = workbook(&bytes).worksheet_formula("Tally").expect("formulas");
        let tally = sheet(&bytes, "Tally");
        let (start_row, start_column) = formulas.start().expect("formulas");
        let mut checked = 0;
        for (row, column, formula) in formulas.used_cells().filter(|(_, _, formula)| !formula.is_empty()) {
            let at =
                (start_row + u32::try_from(row).expect("small"), start_column + u32::try_from(column).expect("small"));
            let number =
                |row: u32| tally.get_value((row, 1)).expect("a number").to_string().parse::<u64>().expect("whole");
            let parts = formula.split('+').map(|part| number(part[1..].parse::<u32>().expect("a row") - 1));
            assert_eq!(parts.sum::<u64>(), number(at.0), "{formula}");
            checked += 1;
        }
        assert!(checked > 5);
    }

    #[test]
    fn the_same_document_is_the_same_workbook() {
        assert!(made(&document(), &rows()) == made(&document(), &rows()));
    }

    #[test]
    fn no_rows_are_a_workbook() {
        let none = made(&document(), &[]);
        assert_eq!(sheet(&none, "Statement").height(), 2);
        let plain = Document { totals: vec![], tally: None, ..document() };
        assert_eq!(workbook(&made(&plain, &rows())).sheet_names(), ["Summary", "Rows"]);
    }

    #[test]
    fn too_many_rows_are_an_error_that_says_what_to_use() {
        let columns = vec![column("service", ColumnType::Text, None)];
        let document = Document { columns, keys: 1, totals: vec![], tally: None, ..document() };
        let mut many = std::iter::repeat_n(vec![Cell::Null], 1_048_576);
        let mut out = Vec::new();
        let error = write(&document, &mut many, &mut out).expect_err("too many");
        let said = error.to_string();
        assert!(said.contains("csv") && said.contains("parquet") && out.is_empty(), "{said}");
    }

    #[test]
    fn a_bill_has_a_sheet_that_ties_it_out() {
        let euro = Currency::parse("EUR").expect("a currency");
        let exact = |text| Amount::parse(text).expect("a number");
        let mut document = document();
        document.columns.push(column("net_cost", ColumnType::Money, Some("EUR")));
        document.totals.push(Cell::Money(Money::rounded(exact("12.5"), euro)));
        let mut rows = rows();
        for (at, row) in rows.iter_mut().enumerate() {
            row.push(Cell::Money(Money::rounded(exact(if at == 0 { "12.5" } else { "0" }), euro)));
        }
        let tie_out = TieOut {
            invoice_month: "2026-10".to_owned(),
            currency: euro,
            billing_account: "A".to_owned(),
            bill: exact("12.5"),
            statement: exact("12.5"),
            by_type: [(CostType::Regular, exact("10")), (CostType::Tax, exact("2.5"))].into(),
            without_project: Amount::ZERO,
            unallocated: exact("1"),
        };
        document.bill = Some(BillSummary { tie_outs: vec![tie_out], ..BillSummary::default() });
        let bytes = made(&document, &rows);
        assert_eq!(workbook(&bytes).sheet_names()[3..5], ["Tie-out", "Tally"]);
        let formulas = workbook(&bytes).worksheet_formula("Tie-out").expect("formulas");
        let at = |row, column| formulas.get_value((row, column)).map(String::as_str);
        assert_eq!([at(1, 4), at(1, 6)], [Some("SUM(E3:E4)"), Some("ROUND(E2-F2,6)")]);
        let whole = [Some("SUMIFS(E2:E5,D2:D5,\"net cost\")"), Some("SUM(Statement!M2:M6)"), Some("ROUND(E6-F6,6)")];
        assert_eq!([at(5, 4), at(5, 5), at(5, 6)], whole);
        let values = sheet(&bytes, "Tie-out");
        assert_eq!(values.get_value((5, 4)), Some(&Data::Float(12.5)));
        let summary = workbook(&bytes).worksheet_formula(SUMMARY).expect("formulas");
        assert!(summary.used_cells().any(|(_, _, formula)| formula == "SUM(Statement!M2:M6)"));
    }
}
