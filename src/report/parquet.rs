//! Parquet: typed columns, compressed with zstd, in groups of rows so that only one group is held at a time.
//!
//! Every column is optional. Times are nanoseconds in UTC; a share is a decimal with six digits, money one with 24. The file's metadata
//! holds `schema_version`, `command`, `tool`, `tally`, `incomplete`, and as `document` the JSON document without rows.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use ::parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{Type, TypePtr};

use super::figures::proof;
use super::json;
use crate::model::document::{Cell, Column, ColumnType, Document, Row, SCHEMA_VERSION};

/// How many rows are held before they are written.
const GROUP: usize = 100_000;

/// About how many bytes of text are held before they are written.
const GROUP_BYTES: usize = 32 << 20;

/// What a text takes besides its bytes.
const TEXT: usize = 40;

/// Writes the rows, a group at a time.
pub fn write(document: &Document, rows: &mut dyn Iterator<Item = Row>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let schema = schema(&document.columns).map_err(io_error)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(tool())
        .set_key_value_metadata(Some(metadata(document)?))
        .build();
    let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(io_error)?;
    let mut group: Vec<Buffer> = document.columns.iter().map(|column| Buffer::new(column.kind)).collect();
    let (mut held, mut bytes) = (0, 0);
    for row in rows {
        for ((buffer, column), cell) in group.iter_mut().zip(&document.columns).zip(row) {
            if let Cell::Text(text) = &cell {
                bytes += text.len() + TEXT;
            }
            buffer.push(column, cell)?;
        }
        held += 1;
        if held == GROUP || bytes >= GROUP_BYTES {
            write_group(&mut file, &mut group).map_err(io_error)?;
            (held, bytes) = (0, 0);
        }
    }
    if held > 0 {
        write_group(&mut file, &mut group).map_err(io_error)?;
    }
    file.close().map_err(io_error)?;
    Ok(())
}

fn write_group(
    file: &mut SerializedFileWriter<&mut (dyn Write + Send)>,
    group: &mut [Buffer],
) -> Result<(), ParquetError> {
    let mut writer = file.next_row_group()?;
    for buffer in group {
        let Some(mut column) = writer.next_column()? else {
            return Err(ParquetError::General("fewer columns in the schema than in the document".to_owned()));
        };
        let levels = Some(buffer.levels.as_slice());
        match &buffer.values {
            Values::Text(values) => column.typed::<ByteArrayType>().write_batch(values, levels, None),
            Values::Integer(values) | Values::Time(values) => {
                column.typed::<Int64Type>().write_batch(values, levels, None)
            }
            Values::Boolean(values) => column.typed::<BoolType>().write_batch(values, levels, None),
            Values::Share(values) => column.typed::<Int32Type>().write_batch(values, levels, None),
            Values::Money(values) => column.typed::<FixedLenByteArrayType>().write_batch(values, levels, None),
        }?;
        column.close()?;
        buffer.clear();
    }
    writer.close()?;
    Ok(())
}

/// The values of one column that are not written yet.
struct Buffer {
    /// For each row, 1 if it has a value and 0 if that is unknown.
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Boolean(Vec<bool>),
    Time(Vec<i64>),
    Share(Vec<i32>),
    Money(Vec<FixedLenByteArray>),
}

impl Buffer {
    fn new(kind: ColumnType) -> Self {
        let values = match kind {
            ColumnType::Text | ColumnType::Proof => Values::Text(Vec::new()),
            ColumnType::Integer => Values::Integer(Vec::new()),
            ColumnType::Boolean => Values::Boolean(Vec::new()),
            ColumnType::Time => Values::Time(Vec::new()),
            ColumnType::Share => Values::Share(Vec::new()),
            ColumnType::Money => Values::Money(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    fn push(&mut self, column: &Column, cell: Cell) -> io::Result<()> {
        let unfit = |value: &dyn std::fmt::Display| {
            let (name, kind) = (column.name, column.kind);
            io::Error::new(io::ErrorKind::InvalidData, format!("parquet: column `{name}` ({kind}) cannot hold {value}"))
        };
        self.levels.push(i16::from(cell != Cell::Null));
        match (&mut self.values, cell) {
            (_, Cell::Null) => {}
            (Values::Text(values), Cell::Text(text)) => values.push(ByteArray::from(text.into_bytes())),
            (Values::Text(values), Cell::Proof(found)) => values.push(ByteArray::from(proof(&found).into_bytes())),
            (Values::Integer(values), Cell::Integer(number)) => {
                values.push(i64::try_from(number).map_err(|_| unfit(&number))?);
            }
            (Values::Integer(values), Cell::Signed(number)) => values.push(number),
            (Values::Boolean(values), Cell::Boolean(truth)) => values.push(truth),
            (Values::Time(values), Cell::Time(nanos)) => values.push(nanos),
            (Values::Share(values), Cell::Share(millionths)) => {
                values.push(i32::try_from(millionths).map_err(|_| unfit(&millionths))?);
            }
            (Values::Money(values), Cell::Money(money)) => {
                values.push(ByteArray::from(money.exact.units().to_be_bytes().to_vec()).into());
            }
            (
                Values::Text(_)
                | Values::Integer(_)
                | Values::Boolean(_)
                | Values::Time(_)
                | Values::Share(_)
                | Values::Money(_),
                other @ (Cell::Text(_)
                | Cell::Integer(_)
                | Cell::Signed(_)
                | Cell::Boolean(_)
                | Cell::Time(_)
                | Cell::Share(_)
                | Cell::Money(_)
                | Cell::Proof(_)),
            ) => return Err(unfit(&format_args!("{other:?}"))),
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.levels.clear();
        match &mut self.values {
            Values::Text(values) => values.clear(),
            Values::Integer(values) | Values::Time(values) => values.clear(),
            Values::Boolean(values) => values.clear(),
            Values::Share(values) => values.clear(),
            Values::Money(values) => values.clear(),
        }
    }
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("billtrail").with_fields(fields).build()?))
}

fn field(column: &Column) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match column.kind {
        ColumnType::Text | ColumnType::Proof => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnType::Integer => (Physical::INT64, None),
        ColumnType::Boolean => (Physical::BOOLEAN, None),
        ColumnType::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS))),
        ColumnType::Share => (Physical::INT32, Some(LogicalType::decimal(6, 7))),
        ColumnType::Money => (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::decimal(24, 38))),
    };
    let mut field = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    match column.kind {
        ColumnType::Share => field = field.with_precision(7).with_scale(6),
        ColumnType::Money => field = field.with_length(16).with_precision(38).with_scale(24),
        ColumnType::Text | ColumnType::Integer | ColumnType::Boolean | ColumnType::Time | ColumnType::Proof => {}
    }
    Ok(Arc::new(field.build()?))
}

fn metadata(document: &Document) -> io::Result<Vec<KeyValue>> {
    let mut without_rows = Vec::new();
    json::write(document, &mut std::iter::empty(), &mut without_rows)?;
    let entry = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    Ok(vec![
        entry("schema_version", SCHEMA_VERSION.to_string()),
        entry("command", document.command.to_owned()),
        entry("tool", tool()),
        entry("tally", json::tally(document.tally.as_ref())?),
        entry("incomplete", document.incomplete.to_string()),
        entry("document", String::from_utf8(without_rows).map_err(io::Error::other)?),
    ])
}

fn tool() -> String {
    format!("billtrail {}", env!("CARGO_PKG_VERSION"))
}

/// The output's own error if there was one, so that a closed pipe or a full disk can still be told.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(inner) => io::Error::other(inner),
        },
        // The enum is not ours and may grow.
        other => io::Error::other(other),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;

    use super::super::sample::{OCTOBER, column, document, printed, rows, text};
    use super::super::{Format, Style, write as write_document};
    use super::*;

    fn reader(bytes: &[u8]) -> SerializedFileReader<std::fs::File> {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("room for it");
        SerializedFileReader::new(file).expect("a Parquet file")
    }

    pub fn metadata(bytes: &[u8], key: &str) -> String {
        let reader = reader(bytes);
        let pairs = reader.metadata().file_metadata().key_value_metadata().expect("metadata").clone();
        pairs.into_iter().find(|pair| pair.key == key).and_then(|pair| pair.value).expect("the key")
    }

    fn read(bytes: &[u8]) -> Vec<Vec<Field>> {
        let reader = reader(bytes);
        let rows = reader.get_row_iter(None).expect("rows");
        rows.map(|row| row.expect("a row").get_column_iter().map(|(_, field)| field.clone()).collect()).collect()
    }

    #[test]
    fn values_come_back_exact() {
        let table = read(&printed(Format::Parquet, &document(), &rows(), &Style::default()));
        assert_eq!(table.len(), 5);
        assert_eq!(table[0][2], Field::Str("bigquery.googleapis.com".to_owned()));
        assert_eq!(table[0][6], Field::Long(1_330_000_000_000));
        assert_eq!(table[0][9], Field::Long(OCTOBER + 61_000_000_000));
        let Field::Decimal(share) = &table[0][11] else { unreachable!("a share is a decimal") };
        assert_eq!((share.data(), share.precision(), share.scale()), (&612_345_i32.to_be_bytes()[..], 7, 6));
        assert_eq!(table[4][1], Field::Null);
    }

    #[test]
    fn every_type_can_be_signed_false_or_unknown() {
        let columns =
            vec![column("status_code", ColumnType::Integer, None), column("billable", ColumnType::Boolean, None)];
        let document = Document { columns, keys: 0, ..document() };
        let rows = [vec![Cell::Signed(-1), Cell::Null], vec![Cell::Null, Cell::Boolean(false)]];
        let table = read(&printed(Format::Parquet, &document, &rows, &Style::default()));
        assert_eq!(table, [[Field::Long(-1), Field::Null], [Field::Null, Field::Bool(false)]]);
    }

    #[test]
    fn the_metadata_tells_what_the_rows_cannot() {
        let file = printed(Format::Parquet, &document(), &rows(), &Style::default());
        assert_eq!(metadata(&file, "schema_version"), "1");
        assert_eq!(metadata(&file, "command"), "report");
        assert!(metadata(&file, "tally").starts_with(r#"{"records":2914000,"#));
        let document: serde_json::Value = serde_json::from_str(&metadata(&file, "document")).expect("valid JSON");
        assert_eq!(document["gaps"]["unmapped"][0]["payer"], "sandbox-quokka");
    }

    #[test]
    fn rows_beyond_a_group_begin_another() {
        let document = Document { columns: vec![column("service", ColumnType::Text, None)], keys: 1, ..document() };
        let mut rows = (0..=GROUP).map(|at| vec![text(if at == GROUP { "last" } else { "other" })]);
        let mut out = Vec::new();
        write_document(Format::Parquet, &document, &mut rows, &Style::default(), &mut out).expect("a vector takes all");
        assert_eq!(reader(&out).metadata().num_row_groups(), 2);
        assert_eq!(read(&out).last(), Some(&vec![Field::Str("last".to_owned())]));
    }

    #[test]
    fn no_rows_are_a_file_with_columns() {
        let file = printed(Format::Parquet, &document(), &[], &Style::default());
        assert!(read(&file).is_empty());
        assert_eq!(reader(&file).metadata().file_metadata().schema_descr().num_columns(), 12);
    }

    #[test]
    fn a_value_that_does_not_fit_is_an_error_that_names_the_column() {
        let document = Document { columns: vec![column("slot_ms", ColumnType::Integer, None)], keys: 0, ..document() };
        for cell in [Cell::Integer(u128::MAX), text("many")] {
            let error = write(&document, &mut std::iter::once(vec![cell]), &mut Vec::new()).expect_err("does not fit");
            assert!(error.to_string().contains("`slot_ms`"), "{error}");
        }
    }

    #[test]
    fn a_closed_pipe_is_still_one() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = write(&document(), &mut rows().into_iter(), &mut Closed).expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
