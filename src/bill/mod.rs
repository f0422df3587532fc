//! Bills: reads the files that say what was charged, whatever their format, into cost rows; a row at a time, so that a file may be
//! larger than memory.
//!
//! Which format a file has is told by its first bytes, which export it is by its columns. What the columns of Google's own exports
//! mean is left to the provider; [`focus`] knows those of FOCUS, which is free of providers.

mod csv;
mod error;
pub mod focus;
mod focus_charge;
pub mod focus_column;
mod focus_project;
mod form;
mod json;
mod parquet;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use error::{BillError, Fault};
pub use form::BillForm;

use crate::ingest;
use crate::model::bill_record::{BillRecord, RecordProblem};
use crate::model::cost::CostRow;
use crate::model::tie_out::BillFile;
use form::{Family, Seen};

/// What identifies the content of a file, whatever its order, format and compression: the number of its records and a sum over them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Content {
    rows: u64,
    sum: u128,
}

/// What was learnt of a file while it was read.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    content: Content,
    seen: Seen,
}

/// How a file is written.
enum Format {
    Json,
    Csv,
    Parquet,
}

/// Reads the files of a bill and hands each row to `take`, in no particular order.
///
/// # Errors
/// When a file cannot be read to its end, is no bill, or would count charges twice; names file, line and remedy.
pub fn read(paths: &[PathBuf], threads: usize, take: &mut dyn FnMut(CostRow)) -> Result<Vec<BillFile>, BillError> {
    let mut by_place: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for path in paths {
        let place = path.canonicalize().unwrap_or_else(|_| path.clone());
        if let Some(first) = by_place.insert(place, path) {
            let (first, second) = (shown(first), shown(path));
            return Err(BillError::Twice { first, second });
        }
    }
    let mut json = Vec::new();
    let mut readings: Vec<(String, Reading)> = Vec::new();
    for path in by_place.into_values() {
        match format(path).map_err(|error| unreadable(path, &error))? {
            Format::Json => json.push(path),
            Format::Csv => readings.push((shown(path), csv::read(path, take)?)),
            Format::Parquet => readings.push((shown(path), parquet::read(path, take)?)),
        }
    }
    readings.extend(json::read(&json, threads, take)?);
    readings.sort_by(|a, b| a.0.cmp(&b.0));
    let mut known: BTreeMap<Content, &str> = BTreeMap::new();
    let mut files: Vec<BillFile> = Vec::new();
    for (path, reading) in &readings {
        let Some(form) = reading.seen.form() else {
            return Err(BillError::Empty { file: path.clone() });
        };
        if let Some(first) = known.insert(reading.content, path) {
            return Err(BillError::Twice { first: first.to_owned(), second: path.clone() });
        }
        if let Some(other) = files.iter().find(|file| file.form != form.name()) {
            let (first, first_form) = (other.path.clone(), other.form);
            return Err(BillError::Forms { first, first_form, second: path.clone(), second_form: form.name() });
        }
        files.push(BillFile { path: path.clone(), form: form.name(), rows: reading.content.rows });
    }
    Ok(files)
}

/// Makes a cost row of a record and counts it in.
fn row(family: Family, record: BillRecord, reading: &mut Reading) -> Result<CostRow, RecordProblem> {
    reading.add(family, &record);
    family.cost_row(record)
}

impl Reading {
    fn add(&mut self, family: Family, record: &BillRecord) {
        self.content.rows += 1;
        self.content.sum = self.content.sum.wrapping_add(form::fingerprint(record));
        self.seen.add(family, record);
    }

    fn merge(&mut self, other: &Self) {
        self.content.rows += other.content.rows;
        self.content.sum = self.content.sum.wrapping_add(other.content.sum);
        self.seen.merge(other.seen);
    }
}

/// How a file is written, by its first bytes.
fn format(path: &Path) -> io::Result<Format> {
    let mut head = Vec::new();
    ingest::open(path)?.take(4096).read_to_end(&mut head)?;
    if head.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    Ok(match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Format::Json,
        Some(_) | None => Format::Csv,
    })
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> BillError {
    BillError::Unreadable { file: shown(path), why: error.to_string() }
}
