//! Laws of the columns: whatever an entry says comes back from its row, and from a table in Parquet.

use std::io::{Seek, Write};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::made_up::told;
use super::columns::{COLUMNS, row, told as told_by};
use super::table::{TableWriter, read_table};
use super::{Damage, manifest::Manifest};
use crate::model::call::Told;

/// The entry as a ledger keeps it: the numbers of copies are those that add up, a location stands only in a family, and
/// that copies stand in several inputs is known by their rows.
fn kept(mut told: Told, input: u32) -> Told {
    told.across_inputs = false;
    told.first.source.input = input;
    for (_, count) in &mut told.copies {
        *count = *count % 1000 + 1;
    }
    told.copies.sort_unstable();
    told
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_an_entry_says_comes_back(several in vec(told(), 0..5)) {
        let several: Vec<Told> = several.into_iter().enumerate().map(|(at, told)| kept(told, at as u32)).collect();
        let mut file = tempfile::tempfile().expect("a temporary file");
        let mut table = TableWriter::new(&COLUMNS, Vec::new()).expect("begun");
        for told in &several {
            let row = row(told, told.first.source.input);
            prop_assert_eq!(row.len(), COLUMNS.len());
            prop_assert_eq!(&told_by(row.clone()).expect("whole"), told);
            table.push(row).expect("written");
        }
        file.write_all(&table.finish().expect("written")).expect("written");
        file.rewind().expect("rewound");
        let mut found = Vec::new();
        read_table(&COLUMNS, file, &mut |rows| {
            for row in rows {
                found.push(told_by(row)?);
            }
            Ok::<(), Damage>(())
        })
        .expect("read");
        prop_assert_eq!(found, several);
    }
}

#[test]
fn a_manifest_comes_back_and_says_when_it_was_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("manifest.json");
    let mut manifest = Manifest::new("built-in".to_owned(), "00".to_owned());
    let text = manifest.text();
    std::fs::write(&path, &text).expect("written");
    assert_eq!(Manifest::read(directory.path()).expect("whole"), manifest);
    let changed = [
        (text.replace("built-in", "built-up"), "SHA-256"),
        (text[..text.len() - 9].to_owned(), "damaged"),
        (text.replace("\"format_version\": 1", "\"format_version\": 7"), "format 7"),
        (text.replace("billtrail-ledger", "package-lock"), "something else"),
    ];
    for (text, why) in changed {
        std::fs::write(&path, &text).expect("written");
        let error = Manifest::read(directory.path()).expect_err("changed").to_string();
        assert!(error.contains(why), "{error}");
    }
}
