//! Cuts an inventory into records: JSON values of any layout, elements of arrays and of answers, and rows of CSV.

use serde_json::{Deserializer, Map, Value};

use super::{InventoryError, Place, Record};

/// Keys of an answer under which a list of records stands.
const LISTS: [&str; 3] = ["projects", "assets", "results"];

/// Gives each record of a file to `take`, with its place in the file.
pub(super) fn each(
    file: &str,
    text: &[u8],
    mut take: impl FnMut(Record, Value) -> Result<(), InventoryError>,
) -> Result<(), InventoryError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    match text.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{' | b'[') => json(file, text, take),
        Some(_) => csv(file, text, &mut take),
        None => Ok(()),
    }
}

fn json(
    file: &str,
    text: &[u8],
    mut take: impl FnMut(Record, Value) -> Result<(), InventoryError>,
) -> Result<(), InventoryError> {
    let mut ordinal = 0;
    let mut take_next = |value| {
        ordinal += 1;
        take(Record::Entry(ordinal), value)
    };
    for value in Deserializer::from_slice(text).into_iter::<Value>() {
        match value.map_err(|error| broken(file, error.line(), &error))? {
            Value::Array(items) => items.into_iter().try_for_each(&mut take_next)?,
            Value::Object(answer) => match list(answer) {
                Ok(items) => items.into_iter().try_for_each(&mut take_next)?,
                Err(object) => take_next(Value::Object(object))?,
            },
            other => take_next(other)?,
        }
    }
    Ok(())
}

/// The list in an answer of an API; the last page of one may be empty.
fn list(mut answer: Map<String, Value>) -> Result<Vec<Value>, Map<String, Value>> {
    if answer.keys().all(|key| key == "nextPageToken") {
        return Ok(Vec::new());
    }
    let Some(key) = LISTS.into_iter().find(|key| answer.get(*key).is_some_and(Value::is_array)) else {
        return Err(answer);
    };
    match answer.remove(key) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(answer),
    }
}

/// Rows become objects whose keys are the headings.
fn csv(
    file: &str,
    text: &[u8],
    take: &mut impl FnMut(Record, Value) -> Result<(), InventoryError>,
) -> Result<(), InventoryError> {
    let mut reader = csv::Reader::from_reader(text);
    let fail = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        broken(file, usize::try_from(line).unwrap_or(usize::MAX), &error)
    };
    let headings = reader.headers().map_err(fail)?.clone();
    // Any text is CSV of some kind; only a heading tells that it is meant to be.
    if !headings.iter().any(|heading| matches!(heading.trim(), "project.id" | "project_id")) {
        return Err(InventoryError::Unrecognised { file: file.to_owned() });
    }
    for row in reader.records() {
        let row = row.map_err(fail)?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |(heading, cell): (&str, &str)| (heading.trim().to_owned(), Value::String(cell.trim().to_owned()));
        take(Record::Line(line), Value::Object(headings.iter().zip(&row).map(cell).collect()))?;
    }
    Ok(())
}

fn broken(file: &str, line: usize, error: &dyn std::error::Error) -> InventoryError {
    let place = Place { file: file.to_owned(), record: Record::Line(line.try_into().unwrap_or(u64::MAX)) };
    InventoryError::Record { place, what: format!("cannot be read: {error}") }
}
