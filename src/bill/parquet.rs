//! Parquet bills, flat or nested: of each group of rows only the columns that are needed are read, some thousand rows at a time.

use std::fs::File;
use std::path::Path;

use chrono::DateTime;
use num_bigint::BigInt;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::form::Family;
use super::{BillError, Reading, shown, unreadable};
use crate::model::bill_record::{BillRecord, canonical};
use crate::model::cost::CostRow;

/// How many rows are held at a time.
const ROWS: usize = 8192;

/// Parts of a path that only say how a list or a map is stored.
const STORAGE: [&str; 6] = ["list", "element", "array", "item", "bag", "array_element"];

/// Reads a file, and hands each row to `take`.
pub(super) fn read(path: &Path, take: &mut dyn FnMut(CostRow)) -> Result<Reading, BillError> {
    let damaged = |error: ParquetError| unreadable(path, &format!("not readable as Parquet ({error})"));
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let names: Vec<String> = schema.columns().iter().map(|column| name(column)).collect();
    let Some(family) = Family::of_columns(names.iter().map(String::as_str)) else {
        return Err(BillError::Unrecognised { file: shown(path) });
    };
    let slots = family.slots();
    let mut present = BillRecord::of_width(slots.len());
    let mut wanted: Vec<(usize, usize, ColumnDescPtr)> = Vec::new();
    for (leaf, name) in names.iter().enumerate() {
        if let Some(slot) = slots.get(&canonical(name)) {
            present.mark(*slot);
            wanted.push((leaf, *slot, schema.column(leaf)));
        }
    }
    if let Some(missing) = family.missing(&present) {
        return Err(BillError::Columns { file: shown(path), form: family.name(), missing });
    }
    let mut reading = Reading::default();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(damaged)?;
        let mut columns = Vec::new();
        for (leaf, slot, column) in &wanted {
            columns.push((*slot, column, group.get_column_reader(*leaf).map_err(damaged)?));
        }
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        while left > 0 {
            let count = left.min(ROWS);
            let mut records = vec![present.clone(); count];
            for (slot, column, reader) in &mut columns {
                texts(reader, column, *slot, &mut records).map_err(damaged)?;
            }
            for record in records {
                let line = reading.content.rows + 1;
                let row = super::row(family, record, &mut reading);
                take(row.map_err(|problem| BillError::Record { file: shown(path), line, fault: problem.into() })?);
            }
            left -= count;
        }
    }
    Ok(reading)
}

/// The path of a column without what only says how it is stored.
fn name(column: &ColumnDescriptor) -> String {
    let parts = column.path().parts();
    let told = parts.iter().filter(|part| parts.len() == 1 || !STORAGE.contains(&part.as_str()));
    told.map(String::as_str).collect::<Vec<_>>().join(".")
}

/// Puts the next values of a column into as many records.
fn texts(
    reader: &mut ColumnReader,
    column: &ColumnDescriptor,
    slot: usize,
    records: &mut [BillRecord],
) -> Result<(), ParquetError> {
    let integer = |value: i64| integer(value, column);
    match reader {
        ColumnReader::BoolColumnReader(reader) => fill(reader, column, slot, records, |value| value.to_string()),
        ColumnReader::Int32ColumnReader(reader) => {
            fill(reader, column, slot, records, |value| integer(i64::from(*value)))
        }
        ColumnReader::Int64ColumnReader(reader) => fill(reader, column, slot, records, |value| integer(*value)),
        ColumnReader::Int96ColumnReader(reader) => {
            fill(reader, column, slot, records, |value: &Int96| rfc3339(i128::from(value.to_nanos())))
        }
        ColumnReader::FloatColumnReader(reader) => fill(reader, column, slot, records, |value| value.to_string()),
        // The shortest text that means this float.
        ColumnReader::DoubleColumnReader(reader) => fill(reader, column, slot, records, |value| value.to_string()),
        ColumnReader::ByteArrayColumnReader(reader) => {
            fill(reader, column, slot, records, |value: &ByteArray| bytes(value.data(), column))
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            fill(reader, column, slot, records, |value: &FixedLenByteArray| bytes(value.data(), column))
        }
    }
}

fn fill<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    column: &ColumnDescriptor,
    slot: usize,
    records: &mut [BillRecord],
    text: impl Fn(&T::T) -> String,
) -> Result<(), ParquetError> {
    let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut read = 0;
    while read < records.len() {
        let left = records.len() - read;
        let (more, _, _) = reader.read_records(left, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
        if more == 0 {
            return Err(ParquetError::General(format!("the column {} ends too early", column.path())));
        }
        read += more;
    }
    let optional = column.max_def_level() > 0;
    let levels = if optional { definitions.len() } else { values.len() };
    let mut values = values.iter();
    let mut at: Option<usize> = None;
    for level in 0..levels {
        if repetitions.get(level).is_none_or(|repetition| *repetition == 0) {
            at = Some(at.map_or(0, |at| at + 1));
        }
        let defined = !optional || definitions.get(level) == Some(&column.max_def_level());
        if let (true, Some(at)) = (defined, at)
            && let (Some(record), Some(value)) = (records.get_mut(at), values.next())
        {
            record.put(slot, text(value));
        }
    }
    Ok(())
}

/// An integer as what its column means by it: a decimal, a day, a moment or a number.
fn integer(value: i64, column: &ColumnDescriptor) -> String {
    match column.logical_type_ref() {
        Some(LogicalType::Decimal(decimal)) => decimal_text(&BigInt::from(value), decimal.scale),
        Some(LogicalType::Date) => rfc3339(i128::from(value) * 86_400_000_000_000),
        Some(LogicalType::Timestamp(time)) => {
            let nanos = match time.unit {
                TimeUnit::MILLIS => 1_000_000,
                TimeUnit::MICROS => 1000,
                TimeUnit::NANOS => 1,
            };
            rfc3339(i128::from(value) * nanos)
        }
        _ => match column.converted_type() {
            ConvertedType::DECIMAL => decimal_text(&BigInt::from(value), column.type_scale()),
            ConvertedType::TIMESTAMP_MILLIS => rfc3339(i128::from(value) * 1_000_000),
            ConvertedType::TIMESTAMP_MICROS => rfc3339(i128::from(value) * 1000),
            ConvertedType::DATE => rfc3339(i128::from(value) * 86_400_000_000_000),
            _ => value.to_string(),
        },
    }
}

/// Bytes as what their column means by them: a decimal or a text.
fn bytes(value: &[u8], column: &ColumnDescriptor) -> String {
    let decimal = matches!(column.logical_type_ref(), Some(LogicalType::Decimal(_)))
        || column.converted_type() == ConvertedType::DECIMAL;
    if decimal {
        decimal_text(&BigInt::from_signed_bytes_be(value), column.type_scale())
    } else {
        String::from_utf8_lossy(value).into_owned()
    }
}

/// A decimal number of so many digits after the point; the exponent moves it.
fn decimal_text(unscaled: &BigInt, scale: i32) -> String {
    format!("{unscaled}e{}", -scale)
}

fn rfc3339(nanos: i128) -> String {
    let time = i64::try_from(nanos).map(DateTime::from_timestamp_nanos);
    time.map_or_else(|_| "out of range".to_owned(), |time| time.to_rfc3339())
}
