//! The scratch file: where entries and rows wait that memory has no room for.
//!
//! The file has no name. It is gone when the run ends, however it ends: there is nothing to clean up.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

/// How strongly blocks are compressed. Keys and ids do not get smaller: 1 takes half as long again and saves a tenth of the bytes.
const LEVEL: i32 = -3;

/// Why something could not wait on disk.
#[derive(Debug, thiserror::Error)]
pub enum SpillError {
    /// The scratch file cannot be made, written or read.
    #[error("{}: temporary data cannot be kept there ({written} bytes so far): {error}; choose another place with --temp-dir, or allow more memory with --memory", directory.display())]
    Disk {
        /// The directory.
        directory: PathBuf,
        /// Bytes written before.
        written: u64,
        /// Why.
        error: io::Error,
    },
    /// What was read is not what was written.
    #[error("temporary data are not what was written: the disk or the memory is at fault")]
    Damaged,
}

/// How much may be held in memory, and where the rest waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// Bytes for the whole run; the ledger takes a part of it.
    pub limit: usize,
    /// The directory of the scratch file.
    pub directory: PathBuf,
}

/// What was spilled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpillCounts {
    /// How often memory was emptied to disk.
    pub spills: u64,
    /// Bytes written to disk, compressed.
    pub spilled_bytes: u64,
    /// The most bytes of waiting entries and words that were held in memory.
    pub peak_held_bytes: u64,
}

/// A block in the scratch file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    at: u64,
    stored: usize,
    /// How many bytes it stands for.
    pub length: usize,
    /// The hash of these bytes.
    hash: u64,
}

/// Bytes that are ready to be written as a block.
#[derive(Debug)]
pub(super) struct Packed {
    stored: Vec<u8>,
    length: usize,
    hash: u64,
}

/// The scratch file. It is made when the first block is written.
#[derive(Debug)]
pub(super) struct Scratch {
    directory: PathBuf,
    file: Mutex<Option<File>>,
    spills: AtomicU64,
    written: AtomicU64,
    held: AtomicU64,
    peak_held: AtomicU64,
}

impl Scratch {
    /// A file to be in a directory.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            file: Mutex::new(None),
            spills: AtomicU64::new(0),
            written: AtomicU64::new(0),
            held: AtomicU64::new(0),
            peak_held: AtomicU64::new(0),
        }
    }

    /// Makes a block of bytes, on any thread.
    pub fn pack(&self, bytes: &[u8]) -> Result<Packed, SpillError> {
        let stored = zstd::bulk::compress(bytes, LEVEL).map_err(|error| self.failed(error))?;
        Ok(Packed { stored, length: bytes.len(), hash: xxh3_64(bytes) })
    }

    /// Writes a block.
    pub fn write(&self, packed: &Packed) -> Result<Block, SpillError> {
        let Packed { stored, length, hash } = packed;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.append(&mut file, stored).map_err(|error| self.failed(error))?;
        self.written.fetch_add(stored.len() as u64, Ordering::Relaxed);
        Ok(Block { at, stored: stored.len(), length: *length, hash: *hash })
    }

    fn append(&self, file: &mut Option<File>, bytes: &[u8]) -> io::Result<u64> {
        if file.is_none() {
            *file = Some(tempfile::tempfile_in(&self.directory)?);
        }
        let Some(file) = file else { return Ok(0) };
        let at = file.seek(SeekFrom::End(0))?;
        file.write_all(bytes)?;
        Ok(at)
    }

    /// Reads a block.
    pub fn read(&self, block: Block) -> Result<Vec<u8>, SpillError> {
        let mut stored = vec![0; block.stored];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(file) = file.as_mut() else { return Err(SpillError::Damaged) };
            let read = file.seek(SeekFrom::Start(block.at)).and_then(|_| file.read_exact(&mut stored));
            read.map_err(|error| self.failed(error))?;
        }
        let bytes = zstd::bulk::decompress(&stored, block.length).map_err(|_| SpillError::Damaged)?;
        if xxh3_64(&bytes) == block.hash { Ok(bytes) } else { Err(SpillError::Damaged) }
    }

    /// Counts that memory was emptied.
    pub fn note_spill(&self) {
        self.spills.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that somebody who held so many bytes holds so many now.
    pub fn note_held(&self, before: usize, now: usize) {
        let (before, now) = (before as u64, now as u64);
        // The difference may be negative: the sum wraps as it did when what is given up was added.
        let held =
            self.held.fetch_add(now.wrapping_sub(before), Ordering::Relaxed).wrapping_add(now).wrapping_sub(before);
        self.peak_held.fetch_max(held, Ordering::Relaxed);
    }

    /// What was spilled so far.
    pub fn counts(&self) -> SpillCounts {
        SpillCounts {
            spills: self.spills.load(Ordering::Relaxed),
            spilled_bytes: self.written.load(Ordering::Relaxed),
            peak_held_bytes: self.peak_held.load(Ordering::Relaxed),
        }
    }

    fn failed(&self, error: io::Error) -> SpillError {
        let written = self.written.load(Ordering::Relaxed);
        SpillError::Disk { directory: self.directory.clone(), written, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_and_the_directory_stays_empty() {
        let directory = tempfile::tempdir().expect("a directory");
        let scratch = Scratch::new(directory.path().to_owned());
        let blocks: Vec<(Block, Vec<u8>)> = (0..5_u8)
            .map(|n| {
                let bytes = vec![n; 1000 * usize::from(n)];
                (scratch.write(&scratch.pack(&bytes).expect("packed")).expect("written"), bytes)
            })
            .collect();
        for (block, bytes) in blocks.into_iter().rev() {
            assert_eq!(scratch.read(block).expect("read"), bytes);
        }
        assert!(scratch.counts().spilled_bytes > 0);
        assert_eq!(std::fs::read_dir(directory.path()).expect("listed").count(), 0);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error_that_says_what_to_do() {
        let scratch = Scratch::new(PathBuf::from("/none"));
        let packed = scratch.pack(b"a").expect("packed");
        let error = scratch.write(&packed).expect_err("no directory").to_string();
        assert!(error.starts_with("/none: ") && error.contains("--temp-dir"), "{error}");
    }
}
