//! Law of pieces: however inputs are cut up, what an engine puts together makes the segment that one machine makes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::super::made_up::told;
use super::Damage;
use super::columns::KEYED;
use super::keyed::{Sealed, seal};
use super::segment::write_segments;
use super::table::{TableWriter, Value, read_table};
use crate::ledger::{Ledger, Memory, Segment};
use crate::model::call::Told;
use crate::model::observation::{CallKey, EntryId, JobFamily, Source};

/// An entry of few calls, so that copies, conflicts and families meet; its input, and the piece of it.
fn entry() -> impl Strategy<Value = (Told, u32, u32)> {
    (told(), 0..3u128, 0..3u128, 0..2u32, 0..3u32).prop_map(|(mut told, key, entry, input, piece)| {
        told.first.key = CallKey(key << 120);
        told.first.entry = EntryId(entry);
        told.first.family = (key == 2).then_some(JobFamily { base: CallKey(1 << 121), location: None });
        (told.copies, told.across_inputs) = (Vec::new(), false);
        (told, input, piece)
    })
}

fn ledger(entries: impl IntoIterator<Item = Told>) -> Ledger {
    let mut ledger = Ledger::new(&Memory { limit: 1 << 20, directory: std::env::temp_dir() });
    ledger.absorb_told(entries).expect("taken in");
    ledger
}

fn at(name: &str) -> usize {
    KEYED.iter().position(|column| column.name == name).expect("a column of this name")
}

fn number(row: &[Value], name: &str) -> i64 {
    match row[at(name)] {
        Value::Number(number) => number,
        ref other => panic!("{name}: {other:?}"),
    }
}

fn text<'r>(row: &'r [Value], name: &str) -> Option<&'r str> {
    match &row[at(name)] {
        Value::Text(text) => Some(text),
        Value::Null => None,
        other => panic!("{name}: {other:?}"),
    }
}

/// What an engine does, which knows nothing but the columns.
fn put_together(files: &[PathBuf], out: &Path) {
    let mut entries: BTreeMap<_, Vec<Vec<Value>>> = BTreeMap::new();
    for file in files {
        read_table(&KEYED, File::open(file).expect("open"), &mut |rows| {
            for row in rows {
                let (key, entry) = (text(&row, "call_key"), text(&row, "entry_id"));
                let home = text(&row, "family").or(key).map(str::to_owned);
                let place = (home, key.map(str::to_owned), entry.map(str::to_owned), number(&row, "input"));
                entries.entry(place).or_default().push(row);
            }
            Ok::<(), Damage>(())
        })
        .expect("read");
    }
    let mut table = TableWriter::new(&KEYED, File::create(out).expect("made")).expect("begun");
    for mut rows in entries.into_values() {
        rows.sort_by_key(|row| {
            (text(row, "log_name").map(str::to_owned), number(row, "offset") as u64, number(row, "item"))
        });
        let copies = rows.iter().filter_map(|row| text(row, "copies")).map(|list| &list[1..list.len() - 1]);
        let copies = format!("[{}]", copies.collect::<Vec<_>>().join(","));
        let records = rows.iter().map(|row| number(row, "records")).sum();
        let mut first = rows.swap_remove(0);
        first[at("copies")] = Value::Text(copies);
        first[at("records")] = Value::Number(records);
        table.push(first).expect("written");
    }
    table.finish().expect("written");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn pieces_put_together_make_the_segment_of_one_machine(mut several in vec(entry(), 1..12)) {
        let directory = tempfile::tempdir().expect("a directory");
        for (offset, (told, ..)) in several.iter_mut().enumerate() {
            told.first.source = Source { offset: offset as u64, line: 1, item: 0, input: 0 };
        }
        let whole = several.iter().map(|(told, input, _)| {
            let mut told = told.clone();
            told.first.source.input = *input;
            told
        });
        let whole = write_segments(&ledger(whole), &[0, 1], 1, directory.path()).expect("written");
        let mut pieces: BTreeMap<(u32, u32), Vec<Told>> = BTreeMap::new();
        for (told, input, piece) in &several {
            pieces.entry((*input, *piece)).or_default().push(told.clone());
        }
        let mut files = Vec::new();
        for ((input, piece), entries) in pieces {
            let file = directory.path().join(format!("{input}-{piece}"));
            let rows = ledger(entries).write_keyed(input, piece, 1, &file).expect("written");
            prop_assert!(rows > 0);
            files.push(file);
        }
        let merged = directory.path().join("merged");
        put_together(&files, &merged);
        let Sealed { segment, entries } = seal(&merged, directory.path()).expect("sealed");
        let found: Vec<Segment> = segment.into_iter().collect();
        prop_assert_eq!(found, whole);
        prop_assert_eq!(entries.values().sum::<u64>(), several.len() as u64);
    }
}

#[test]
fn rows_that_were_not_put_together_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut told, ..) = entry().new_tree(&mut Default::default()).expect("made up").current();
    told.first.source = Source { offset: 0, line: 1, item: 0, input: 0 };
    let file = directory.path().join("rows");
    ledger([told]).write_keyed(0, 0, 1, &file).expect("written");
    let mut rows = Vec::new();
    let read = |each: &mut dyn FnMut(Vec<Vec<Value>>) -> Result<(), Damage>| {
        read_table(&KEYED, File::open(&file).expect("open"), each)
    };
    read(&mut |found| {
        rows.extend(found);
        Ok(())
    })
    .expect("read");
    let mut table = TableWriter::new(&KEYED, File::create(&file).expect("made")).expect("begun");
    for row in [rows[0].clone(), rows[0].clone()] {
        table.push(row).expect("written");
    }
    table.finish().expect("written");
    let error = seal(&file, directory.path()).expect_err("one entry in two rows").to_string();
    assert!(error.contains("not sorted"), "{error}");
    let bytes = std::fs::read(&file).expect("read");
    std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("written");
    assert!(seal(&file, directory.path()).is_err());
}
