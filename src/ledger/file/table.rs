//! Tables in Parquet: rows of typed values, written and read a group of rows at a time.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

/// How many rows are held before they are written.
const GROUP: usize = 16_384;

/// What a column holds. Every value may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// UTF-8 text.
    Text,
    /// A number that may be negative.
    Signed,
    /// A number that may not.
    Unsigned,
    /// True or false.
    Boolean,
    /// Nanoseconds since 1970 UTC.
    Time,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// A value. Unsigned numbers stand as the 64 bits that they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Unknown, or does not apply.
    Null,
    /// Text.
    Text(String),
    /// A number or a time.
    Number(i64),
    /// True or false.
    Boolean(bool),
}

/// The values of a column in a group of rows: for each row whether there is one, and those that there are.
struct Buffer {
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Number(Vec<i64>),
    Boolean(Vec<bool>),
}

impl Buffer {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Signed | Kind::Unsigned | Kind::Time => Values::Number(Vec::new()),
            Kind::Boolean => Values::Boolean(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    fn push(&mut self, value: Value) {
        self.levels.push(i16::from(value != Value::Null));
        match (&mut self.values, value) {
            (_, Value::Null) => {}
            (Values::Text(values), Value::Text(text)) => values.push(ByteArray::from(text.into_bytes())),
            (Values::Number(values), Value::Number(number)) => values.push(number),
            (Values::Boolean(values), Value::Boolean(truth)) => values.push(truth),
            (Values::Text(_) | Values::Number(_) | Values::Boolean(_), other) => {
                unreachable!("a column's rows are made by the function that stands beside its kind: {other:?}")
            }
        }
    }
}

/// A table that is being written.
pub(super) struct TableWriter<W: Write + Send> {
    columns: &'static [Column],
    file: SerializedFileWriter<W>,
    group: Vec<Buffer>,
    held: usize,
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table.
    pub fn new(columns: &'static [Column], out: W) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(format!("billtrail {}", env!("CARGO_PKG_VERSION")))
            .build();
        let file = SerializedFileWriter::new(out, schema(columns)?, Arc::new(properties))?;
        Ok(Self { columns, file, group: buffers(columns), held: 0 })
    }

    /// Adds a row: a value for each column.
    pub fn push(&mut self, row: Vec<Value>) -> Result<(), ParquetError> {
        for (buffer, value) in self.group.iter_mut().zip(row) {
            buffer.push(value);
        }
        self.held += 1;
        if self.held == GROUP { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for buffer in std::mem::replace(&mut self.group, buffers(self.columns)) {
            let Some(mut column) = group.next_column()? else { break };
            let levels = Some(buffer.levels.as_slice());
            match &buffer.values {
                Values::Text(values) => column.typed::<ByteArrayType>().write_batch(values, levels, None)?,
                Values::Number(values) => column.typed::<Int64Type>().write_batch(values, levels, None)?,
                Values::Boolean(values) => column.typed::<BoolType>().write_batch(values, levels, None)?,
            };
            column.close()?;
        }
        group.close()?;
        self.held = 0;
        Ok(())
    }

    /// Ends the table and gives what it was written to.
    pub fn finish(mut self) -> Result<W, ParquetError> {
        if self.held > 0 {
            self.write()?;
        }
        self.file.into_inner()
    }
}

fn buffers(columns: &[Column]) -> Vec<Buffer> {
    columns.iter().map(|column| Buffer::new(column.kind)).collect()
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let field = |column: &Column| -> Result<TypePtr, ParquetError> {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Signed => (Physical::INT64, None),
            Kind::Unsigned => (Physical::INT64, Some(LogicalType::integer(64, false))),
            Kind::Boolean => (Physical::BOOLEAN, None),
            Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS))),
        };
        let field = Type::primitive_type_builder(column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        Ok(Arc::new(field.build()?))
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("billtrail").with_fields(fields).build()?))
}

/// Hands the rows of each group to `each`.
///
/// # Errors
/// When the file is no such table, cannot be read, or `each` fails.
pub(super) fn read_table<E: From<ParquetError>>(
    columns: &'static [Column],
    file: File,
    each: &mut dyn FnMut(Vec<Vec<Value>>) -> Result<(), E>,
) -> Result<(), E> {
    let reader = SerializedFileReader::new(file)?;
    let found = reader.metadata().file_metadata().schema_descr();
    let same = found.num_columns() == columns.len()
        && columns.iter().zip(found.columns()).all(|(column, found)| column.name == found.name());
    if !same || *found.root_schema().get_fields() != *schema(columns)?.get_fields() {
        return Err(ParquetError::General("the columns are not those of a ledger".to_owned()).into());
    }
    for at in 0..reader.num_row_groups() {
        let group = reader.get_row_group(at)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let mut table: Vec<Vec<Value>> = (0..rows).map(|_| Vec::with_capacity(columns.len())).collect();
        for (at, column) in columns.iter().enumerate() {
            read_column(&*group, at, column.kind, &mut table)?;
        }
        each(table)?;
    }
    Ok(())
}

/// Adds the values of a column to the rows of its group.
fn read_column(
    group: &dyn RowGroupReader,
    at: usize,
    kind: Kind,
    table: &mut [Vec<Value>],
) -> Result<(), ParquetError> {
    let reader = group.get_column_reader(at)?;
    match kind {
        Kind::Text => fill(get_typed_column_reader::<ByteArrayType>(reader), table, |bytes| {
            Ok(Value::Text(bytes.as_utf8()?.to_owned()))
        }),
        Kind::Signed | Kind::Unsigned | Kind::Time => {
            fill(get_typed_column_reader::<Int64Type>(reader), table, |number| Ok(Value::Number(*number)))
        }
        Kind::Boolean => fill(get_typed_column_reader::<BoolType>(reader), table, |truth| Ok(Value::Boolean(*truth))),
    }
}

fn fill<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    table: &mut [Vec<Value>],
    value: impl Fn(&T::T) -> Result<Value, ParquetError>,
) -> Result<(), ParquetError> {
    let (mut levels, mut values) = (Vec::with_capacity(table.len()), Vec::with_capacity(table.len()));
    while levels.len() < table.len() {
        let (records, _, _) = reader.read_records(table.len() - levels.len(), Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Err(ParquetError::General("a column ends before its rows".to_owned()));
        }
    }
    let mut values = values.iter();
    for (row, level) in table.iter_mut().zip(levels) {
        row.push(if level == 0 {
            Value::Null
        } else {
            let missing = || ParquetError::General("a column ends before its rows".to_owned());
            value(values.next().ok_or_else(missing)?)?
        });
    }
    Ok(())
}
