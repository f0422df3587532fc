//! JSON bills: one object a line or an array of objects, nested or flat, read by the reader of logs on all threads.
//!
//! Numbers are taken as the text that stands in the file, never as floats.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use memchr::memmem;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::form::Family;
use super::{BillError, Fault, Reading, shown};
use crate::ingest::{self, Input, Listing, Place, ReadOptions, Unit};
use crate::model::bill_record::{BillRecord, canonical};
use crate::model::cost::CostRow;

/// What became of one record.
struct Parsed {
    input: usize,
    line: u64,
    reading: Reading,
    row: Result<Box<CostRow>, Fault>,
}

/// Reads JSON files, and hands each row to `take`.
pub(super) fn read(
    paths: &[&Path],
    threads: usize,
    take: &mut dyn FnMut(CostRow),
) -> Result<Vec<(String, Reading)>, BillError> {
    let input = |path: &&Path| Input { name: shown(path), place: Place::File(path.to_path_buf()) };
    let inputs: Vec<Input> = paths.iter().map(input).collect();
    let listing = Listing { inputs, ..Listing::default() };
    let google = Columns::of(Family::Google);
    let focus = Columns::of(Family::Focus);
    let mut readings: Vec<(String, Reading)> =
        listing.inputs.iter().map(|input| (input.name.clone(), Reading::default())).collect();
    let mut first_wrong: Option<(usize, u64, Fault)> = None;
    let decode = |unit: Unit<'_>| {
        let (source, outcome) = match unit {
            Unit::Record { bytes, source } => {
                let columns = if memmem::find(bytes, b"\"BilledCost\"").is_some() { &focus } else { &google };
                (source, columns.row(bytes))
            }
            Unit::Rejected { source, detail, .. } => (source, Err(Fault::Written(detail))),
            Unit::Text { source } => (source, Err(Fault::Written("a line of text among the JSON".to_owned()))),
        };
        let input = usize::try_from(source.input).unwrap_or(usize::MAX);
        let (reading, row) = match outcome {
            Ok((reading, row)) => (reading, row),
            Err(fault) => (Reading::default(), Err(fault)),
        };
        Parsed { input, line: source.line, reading, row }
    };
    let mut fold = |parsed: Vec<Parsed>| {
        for Parsed { input, line, reading, row } in parsed {
            readings[input].1.merge(&reading);
            match row {
                Ok(row) => take(*row),
                Err(fault) => {
                    let earlier = first_wrong.as_ref().is_none_or(|first| (input, line) < (first.0, first.1));
                    if earlier {
                        first_wrong = Some((input, line, fault));
                    }
                }
            }
        }
    };
    let options = ReadOptions { threads, ..ReadOptions::default() };
    let summary =
        ingest::read(&listing, &options, &decode, &mut fold).map_err(|error| BillError::Threads(error.to_string()))?;
    for input in &summary.inputs {
        if let Some(problem) = &input.problem {
            return Err(BillError::Unreadable { file: input.name.clone(), why: problem.why.clone() });
        }
    }
    match first_wrong {
        Some((input, line, fault)) => Err(BillError::Record { file: readings[input].0.clone(), line, fault }),
        None => Ok(readings),
    }
}

/// The columns of a family, as paths in a nested record.
struct Columns {
    family: Family,
    width: usize,
    slots: HashMap<String, usize>,
    /// The slots of the columns below a path.
    below: HashMap<String, Vec<usize>>,
}

impl Columns {
    fn of(family: Family) -> Self {
        let slots = family.slots();
        let mut below: HashMap<String, Vec<usize>> = HashMap::new();
        for (slot, name) in family.columns().into_iter().enumerate() {
            for (at, _) in name.match_indices('.') {
                below.entry(canonical(&name[..at])).or_default().push(slot);
            }
        }
        Self { family, width: slots.len(), slots, below }
    }

    /// The row of a record, and what it says of its file.
    #[allow(clippy::type_complexity)]
    fn row(&self, bytes: &[u8]) -> Result<(Reading, Result<Box<CostRow>, Fault>), Fault> {
        let mut record = BillRecord::of_width(self.width);
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let node = Node { columns: self, path: "", record: &mut record };
        let written = |error: serde_json::Error| Fault::Written(format!("not a row of a bill: {error}"));
        node.deserialize(&mut deserializer).map_err(written)?;
        deserializer.end().map_err(written)?;
        let mut reading = Reading::default();
        let row = super::row(self.family, record, &mut reading).map(Box::new).map_err(Fault::Value);
        Ok((reading, row))
    }
}

/// An object or an array of objects at a path, read into the slots of a record.
struct Node<'c, 'r, 'p> {
    columns: &'c Columns,
    path: &'p str,
    record: &'r mut BillRecord,
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() { deserializer.deserialize_map(self) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let key = canonical(&key);
            let path = if self.path.is_empty() { key } else { format!("{}_{key}", self.path) };
            let below = self.columns.below.get(&path);
            for slot in below.into_iter().flatten() {
                self.record.mark(*slot);
            }
            match (self.columns.slots.get(&path), below) {
                (None, None) => {
                    map.next_value::<IgnoredAny>()?;
                }
                (slot, below) => {
                    let raw: &RawValue = map.next_value()?;
                    match (raw.get().as_bytes().first(), slot, below) {
                        (Some(b'{' | b'['), _, Some(_)) => {
                            let node = Node { columns: self.columns, path: &path, record: self.record };
                            let mut inner = serde_json::Deserializer::from_str(raw.get());
                            node.deserialize(&mut inner).map_err(A::Error::custom)?;
                        }
                        (_, Some(slot), _) => match text(raw.get()).map_err(A::Error::custom)? {
                            Some(text) => self.record.put(*slot, text),
                            None => self.record.mark(*slot),
                        },
                        (_, None, _) => {}
                    }
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        loop {
            let node = Node { columns: self.columns, path: self.path, record: self.record };
            if items.next_element_seed(node)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A value as text: what a string holds, a number or an object as it is written; `None` for null.
fn text(raw: &str) -> Result<Option<String>, serde_json::Error> {
    match raw.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str(raw).map(Some),
        _ => Ok(Some(raw.to_owned())),
    }
}
