//! Segments: the rows of what a run took in, written in the order of their calls.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use parquet::errors::ParquetError;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::columns::{COLUMNS, row};
use super::manifest::Segment;
use super::table::TableWriter;
use super::{LedgerError, named};
use crate::ledger::Ledger;
use crate::ledger::parts::PARTS;
use crate::ledger::workers::workers;
use crate::model::call::Told;

/// A segment is begun for each so many entries.
const ENTRIES: u64 = 1_000_000;

/// The most segments that one run writes.
const MOST: u64 = 64;

/// Writes all that a ledger took in to new segments in a directory. `ids` are the numbers of the inputs.
pub(super) fn write_segments(
    ledger: &Ledger,
    ids: &[u32],
    threads: usize,
    directory: &Path,
) -> Result<Vec<Segment>, LedgerError> {
    let count = (ledger.observed() / ENTRIES + 1).min(MOST) as usize;
    let work = |segments: &mut Vec<Segment>, at: usize| {
        let parts = at * PARTS / count..(at + 1) * PARTS / count;
        segments.extend(write_segment(ledger, ids, threads, parts, directory)?);
        Ok::<(), LedgerError>(())
    };
    Ok(workers(threads, count, Vec::new, work)?.concat())
}

/// Writes the entries of some parts to one segment; `None` when there are none.
fn write_segment(
    ledger: &Ledger,
    ids: &[u32],
    threads: usize,
    parts: std::ops::Range<usize>,
    directory: &Path,
) -> Result<Option<Segment>, LedgerError> {
    let mut draft = Draft::begin(directory)?;
    ledger.entries(parts, threads, &mut |told| {
        let Some(id) = ids.get(told.first.source.input as usize) else { return Ok(()) };
        draft.push(&told, *id)
    })?;
    draft.finish()
}

/// A segment that is being written.
pub(super) struct Draft<'d> {
    directory: &'d Path,
    table: TableWriter<Hashing<BufWriter<NamedTempFile>>>,
    rows: u64,
    inputs: BTreeSet<u32>,
}

impl<'d> Draft<'d> {
    /// Begins a segment in a directory, under a temporary name.
    pub fn begin(directory: &'d Path) -> Result<Self, LedgerError> {
        let out = Hashing { out: BufWriter::new(temporary(directory)?), hash: Sha256::new(), bytes: 0 };
        let table = TableWriter::new(&COLUMNS, out).map_err(failed(directory))?;
        Ok(Self { directory, table, rows: 0, inputs: BTreeSet::new() })
    }

    /// Adds what the input of this number tells of an entry.
    pub fn push(&mut self, told: &Told, id: u32) -> Result<(), LedgerError> {
        self.rows += 1;
        self.inputs.insert(id);
        self.table.push(row(told, id)).map_err(failed(self.directory))
    }

    /// Ends the segment and gives it the name of its content; `None` when it has no rows.
    pub fn finish(self) -> Result<Option<Segment>, LedgerError> {
        let Self { directory, table, rows, inputs } = self;
        let Hashing { out, hash, bytes } = table.finish().map_err(failed(directory))?;
        if rows == 0 {
            return Ok(None);
        }
        let temporary = out.into_inner().map_err(|error| named(directory)(error.into_error()))?;
        temporary.as_file().sync_all().map_err(named(directory))?;
        let sha256 = hex::encode(hash.finalize());
        let file = format!("segment-{}.parquet", &sha256[..16]);
        temporary.persist(directory.join(&file)).map_err(|error| named(directory)(error.error))?;
        Ok(Some(Segment { file, bytes, sha256, rows, inputs: inputs.into_iter().collect() }))
    }
}

/// A file in a directory under a name that nobody takes for a segment.
pub(super) fn temporary(directory: &Path) -> Result<NamedTempFile, LedgerError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".billtrail-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The user's umask applies, as for any file that a program makes.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory).map_err(named(directory))
}

/// Names the directory of a table that cannot be written.
pub(super) fn failed(directory: &Path) -> impl Fn(ParquetError) -> LedgerError + '_ {
    move |error| LedgerError::File { path: directory.to_owned(), error: io_error(error) }
}

/// The operating system's own error if there was one.
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

/// Hashes what passes.
struct Hashing<W> {
    out: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
