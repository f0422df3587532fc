//! CSV bills, with flattened headings: also those that a spreadsheet saved with a mark, `;` between cells and a decimal comma.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::form::Family;
use super::{BillError, Fault, Reading, shown, unreadable};
use crate::ingest;
use crate::model::bill_record::{BillRecord, canonical};
use crate::model::cost::CostRow;

/// How much of a file is looked at to tell by what its cells are separated.
const HEAD: u64 = 1 << 16;

/// Reads a file, and hands each row to `take`.
pub(super) fn read(path: &Path, take: &mut dyn FnMut(CostRow)) -> Result<Reading, BillError> {
    let file = shown(path);
    let quotes = Arc::new(AtomicU64::new(0));
    let opened = ingest::open(path).map_err(|error| unreadable(path, &error))?;
    let mut input = Quotes { inner: opened, count: Arc::clone(&quotes) };
    let mut head = Vec::new();
    input.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| unreadable(path, &error))?;
    let heading = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| heading.iter().filter(|byte| **byte == wanted).count();
    let delimiter = [b';', b'\t'].into_iter().find(|other| count(*other) > count(b',')).unwrap_or(b',');
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(head.as_slice().chain(input));
    let headings = reader.headers().map_err(|error| broken(&file, &error))?.clone();
    let Some(family) = Family::of_columns(headings.iter()) else {
        return Err(BillError::Unrecognised { file });
    };
    let slots = family.slots();
    let mut present = BillRecord::of_width(slots.len());
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (place, heading) in headings.iter().enumerate() {
        let Some(slot) = slots.get(&canonical(heading)) else { continue };
        if present.has(*slot) {
            let fault = Fault::Written(format!("the column `{heading}` is there twice; keep one of them"));
            return Err(BillError::Record { file, line: 1, fault });
        }
        present.mark(*slot);
        places.push((place, *slot));
    }
    if let Some(missing) = family.missing(&present) {
        return Err(BillError::Columns { file, form: family.name(), missing });
    }
    let mut reading = Reading::default();
    let mut cells = StringRecord::new();
    let mut line = 1;
    while reader.read_record(&mut cells).map_err(|error| broken(&file, &error))? {
        line = cells.position().map_or(0, csv::Position::line);
        let mut record = present.clone();
        for (place, slot) in &places {
            let cell = cells.get(*place).unwrap_or_default();
            if !cell.is_empty() {
                let comma = delimiter != b',' && family.is_amount(*slot);
                record.put(*slot, if comma { point(cell) } else { cell.to_owned() });
            }
        }
        let row = super::row(family, record, &mut reading);
        take(row.map_err(|problem| BillError::Record { file: file.clone(), line, fault: problem.into() })?);
    }
    if !quotes.load(Ordering::Relaxed).is_multiple_of(2) {
        let fault = Fault::Written("a quote is opened and never closed; export the table again".to_owned());
        return Err(BillError::Record { file, line, fault });
    }
    Ok(reading)
}

/// A number with a decimal comma as one with a point. With both the comma stays, so that it is refused: it may mean either.
fn point(cell: &str) -> String {
    if cell.contains('.') { cell.to_owned() } else { cell.replacen(',', ".", 1) }
}

fn broken(file: &str, error: &csv::Error) -> BillError {
    let line = error.position().map_or(1, csv::Position::line);
    let fault = |text: String| BillError::Record { file: file.to_owned(), line, fault: Fault::Written(text) };
    match error.kind() {
        ErrorKind::Io(error) => BillError::Unreadable { file: file.to_owned(), why: error.to_string() },
        ErrorKind::UnequalLengths { expected_len, len, .. } => fault(format!(
            "{len} cells where the heading has {expected_len}; a quote or a cell may be broken, export the table again"
        )),
        _ => fault(format!("not readable as CSV: {error}")),
    }
}

/// Counts the quotes of what is read: those of a whole table come in pairs.
struct Quotes {
    inner: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Quotes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let quotes = memchr::memchr_iter(b'"', &buffer[..read]).count();
        self.count.fetch_add(quotes as u64, Ordering::Relaxed);
        Ok(read)
    }
}
