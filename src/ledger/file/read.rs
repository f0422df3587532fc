//! Reading a ledger: its manifest, and the entries of its segments.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::columns::{COLUMNS, told};
use super::manifest::{FORMAT, Manifest, NAME, Segment};
use super::table::read_table;
use super::{Damage, LedgerError, named};
use crate::model::call::Told;

/// Bytes at the beginning of a manifest that say what it is.
const START: u64 = 200;

/// A ledger on disk.
#[derive(Debug, Clone)]
pub struct LedgerFile {
    /// Its directory.
    pub path: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

impl LedgerFile {
    /// Whether a directory is a ledger.
    pub fn is_one(path: &Path) -> bool {
        let mut start = Vec::new();
        let read = File::open(path.join(NAME)).and_then(|file| file.take(START).read_to_end(&mut start));
        read.is_ok() && memchr::memmem::find(&start, FORMAT.as_bytes()).is_some()
    }

    /// Reads the manifest of a ledger.
    ///
    /// # Errors
    /// When it is damaged, or a newer version wrote it.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self { path: path.to_owned(), manifest: Manifest::read(path)? })
    }

    /// Hands the entries to `each`, those of inputs that are still in the manifest. The input of a source is its number there.
    ///
    /// # Errors
    /// When a segment is not what was written, or `each` fails.
    pub fn entries<E: From<LedgerError>>(&self, each: &mut dyn FnMut(Vec<Told>) -> Result<(), E>) -> Result<(), E> {
        let mut found: BTreeMap<u32, u64> = self.manifest.inputs.iter().map(|input| (input.id, 0)).collect();
        for segment in &self.manifest.segments {
            self.segment(segment, &mut found, each)?;
        }
        for input in &self.manifest.inputs {
            if found.get(&input.id) != Some(&input.taken.entries) {
                let why = format!("{} entries of {} are not there", input.taken.entries, input.path);
                return Err(LedgerError::Damaged { path: self.path.clone(), why }.into());
            }
        }
        Ok(())
    }

    fn segment<E: From<LedgerError>>(
        &self,
        segment: &Segment,
        found: &mut BTreeMap<u32, u64>,
        each: &mut dyn FnMut(Vec<Told>) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.path.join(&segment.file);
        let damaged = |why: String| LedgerError::Damaged { path: path.clone(), why };
        let open = || File::open(&path).map_err(named(&path));
        let (sha256, bytes) = sha256(open()?).map_err(named(&path))?;
        if sha256 != segment.sha256 {
            let why = if bytes < segment.bytes { "it is cut off" } else { "its SHA-256 is another" };
            return Err(damaged(why.to_owned()).into());
        }
        // What a row says wrong, and what `each` fails with.
        enum Stop<E> {
            Row(Damage),
            Each(E),
        }
        impl<E> From<parquet::errors::ParquetError> for Stop<E> {
            fn from(error: parquet::errors::ParquetError) -> Self {
                Self::Row(error.into())
            }
        }
        let read = read_table(&COLUMNS, open()?, &mut |rows| {
            let mut entries = Vec::with_capacity(rows.len());
            for row in rows {
                let told = told(row).map_err(Stop::Row)?;
                if let Some(count) = found.get_mut(&told.first.source.input) {
                    *count += told.records();
                    entries.push(told);
                }
            }
            each(entries).map_err(Stop::Each)
        });
        match read {
            Ok(()) => Ok(()),
            Err(Stop::Each(error)) => Err(error),
            Err(Stop::Row(Damage(why))) => Err(damaged(why).into()),
        }
    }
}

/// SHA-256 and length of what can be read.
pub fn sha256(mut from: impl Read) -> io::Result<(String, u64)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 17]);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok((hex::encode(hash.finalize()), bytes)),
            read => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}
