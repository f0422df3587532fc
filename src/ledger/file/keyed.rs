//! Keyed rows: what a piece of an input tells of entries, for an engine that puts the pieces of many inputs together; and
//! sealing, which makes a segment of what the engine gives back.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::columns::{KEYED, keyed, told};
use super::manifest::Segment;
use super::segment::{Draft, failed, temporary};
use super::table::{TableWriter, read_table};
use super::{Damage, LedgerError, named};
use crate::ledger::Ledger;
use crate::ledger::parts::PARTS;
use crate::model::call::Told;
use crate::model::observation::{CallKey, EntryId};

/// A segment that was sealed, and how many entries of each input it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The segment; `None` when there were no rows.
    pub segment: Option<Segment>,
    /// Records by the number of the input.
    pub entries: BTreeMap<u32, u64>,
}

impl Ledger {
    /// Writes all that was taken in to a Parquet file of keyed rows, as a piece of the input of this number; how many rows.
    ///
    /// # Errors
    /// When the file cannot be written, or what waited on disk not be read.
    pub fn write_keyed(&self, input: u32, piece: u32, threads: usize, path: &Path) -> Result<u64, LedgerError> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut table = TableWriter::new(&KEYED, temporary(directory)?).map_err(failed(path))?;
        let mut rows = 0;
        self.entries(0..PARTS, threads, &mut |told| {
            rows += 1;
            table.push(keyed(&told.counted(), input, piece)).map_err(failed(path))
        })?;
        let file = table.finish().map_err(failed(path))?;
        file.persist(path).map_err(|error| named(path)(error.error))?;
        Ok(rows)
    }
}

/// The place of a row in a segment: the job family of its call or the call, the call, the entry, the input.
type Place = (u128, CallKey, EntryId, u32);

fn place(told: &Told) -> Place {
    let first = &told.first;
    let home = first.family.as_ref().map_or(first.key, |family| family.base);
    (home.0, first.key, first.entry, first.source.input)
}

/// Makes a segment in a directory of a Parquet file of keyed rows, one for what an input tells of an entry, in the order of a
/// ledger. Which piece a row is of says nothing any more.
///
/// # Errors
/// When a row is not readable, in its place and alone there, or the segment cannot be written.
pub fn seal(rows: &Path, directory: &Path) -> Result<Sealed, LedgerError> {
    let mut draft = Draft::begin(directory)?;
    let (mut entries, mut last) = (BTreeMap::new(), None);
    let mut push = |row| -> Result<(), Stop> {
        let told = told(row)?.settled();
        let place = place(&told);
        if last.replace(place).is_some_and(|last| last >= place) {
            let why = "its rows are not sorted by call, entry and input with one row for each";
            return Err(Damage(why.to_owned()).into());
        }
        *entries.entry(told.first.source.input).or_default() += told.records();
        draft.push(&told, told.first.source.input).map_err(Stop::Segment)
    };
    let file = File::open(rows).map_err(named(rows))?;
    match read_table(&KEYED, file, &mut |group| group.into_iter().try_for_each(&mut push)) {
        Ok(()) => Ok(Sealed { segment: draft.finish()?, entries }),
        Err(Stop::Row(Damage(why))) => Err(LedgerError::Pieces(format!("{}: {why}", rows.display()))),
        Err(Stop::Segment(error)) => Err(error),
    }
}

/// What a row says wrong, and that a segment cannot be written.
enum Stop {
    Row(Damage),
    Segment(LedgerError),
}

impl<E: Into<Damage>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Row(error.into())
    }
}
