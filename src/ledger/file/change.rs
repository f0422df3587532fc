//! Changing a ledger: new segments first, then a new manifest in the place of the old one.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::manifest::{KeptInput, Manifest, NAME};
use super::segment::write_segments;
use super::{LedgerError, LedgerFile, named};
use crate::ledger::Ledger;

/// The file that whoever changes a ledger holds locked.
const LOCK: &str = ".lock";

/// A change of a ledger that has begun. Nobody else changes it meanwhile.
pub struct Change {
    target: PathBuf,
    /// The ledger as it is; `None` when there is none.
    before: Option<LedgerFile>,
    /// Released when the change ends, however it ends.
    lock: Option<File>,
}

impl Change {
    /// Begins to make or replace the ledger at a place, or with `append` to add to it.
    ///
    /// # Errors
    /// When the place is taken by something else, another run changes the ledger, or there is none to append to.
    pub fn begin(target: &Path, append: bool) -> Result<Self, LedgerError> {
        let target = target.to_owned();
        if !LedgerFile::is_one(&target) {
            if append {
                return Err(LedgerError::Missing { path: target });
            }
            let is_free = match fs::read_dir(&target) {
                Ok(mut entries) => entries.next().is_none(),
                Err(_) => fs::symlink_metadata(&target).is_err(),
            };
            return if is_free {
                Ok(Self { target, before: None, lock: None })
            } else {
                Err(LedgerError::Taken { path: target })
            };
        }
        let path = target.join(LOCK);
        let lock = File::create(&path).map_err(named(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::Busy { path: target }),
            Err(TryLockError::Error(error)) => return Err(named(&path)(error)),
        }
        // A damaged ledger can be replaced, but not added to.
        let before = match LedgerFile::open(&target) {
            Ok(ledger) => Some(ledger),
            Err(error) if append => return Err(error),
            Err(_) => None,
        };
        Ok(Self { target, before, lock: Some(lock) })
    }

    /// The ledger as it is.
    pub fn before(&self) -> Option<&LedgerFile> {
        self.before.as_ref()
    }

    /// The first number that no input of the ledger has had.
    pub fn free_id(&self) -> u32 {
        let before = self.before.iter().flat_map(|ledger| &ledger.manifest.inputs).map(|input| input.id);
        let gone = self.before.iter().flat_map(|ledger| &ledger.manifest.segments).flat_map(|segment| &segment.inputs);
        before.chain(gone.copied()).max().map_or(0, |last| last + 1)
    }

    /// The directory in which the caller makes the one where the change is prepared.
    pub fn beside(&self) -> &Path {
        if self.target.is_dir() {
            return &self.target;
        }
        self.target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Writes segments with what was taken in, and a manifest, to a directory made for it. The manifest comes with the inputs and
    /// segments that stay; `added` are the inputs of the sources, in their order.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn prepare(
        &self,
        mut manifest: Manifest,
        added: Vec<KeptInput>,
        ledger: &Ledger,
        threads: usize,
        stage: &Path,
    ) -> Result<Manifest, LedgerError> {
        let ids: Vec<u32> = added.iter().map(|input| input.id).collect();
        manifest.segments.extend(write_segments(ledger, &ids, threads, stage)?);
        manifest.segments.sort_by(|a, b| a.file.cmp(&b.file));
        manifest.segments.dedup_by(|a, b| a.file == b.file);
        manifest.inputs.extend(added);
        manifest.write(&stage.join(NAME))?;
        sync(stage);
        Ok(manifest)
    }

    /// Puts what was prepared in place.
    ///
    /// # Errors
    /// When a file cannot be moved. The ledger is then as it was.
    pub fn commit(self, manifest: &Manifest, stage: &Path) -> Result<(), LedgerError> {
        let Self { target, before: _, lock } = self;
        if !target.is_dir() {
            fs::rename(stage, &target).map_err(named(&target))?;
            if let Some(parent) = target.parent() {
                sync(parent);
            }
            return Ok(());
        }
        let files =
            manifest.segments.iter().map(|segment| segment.file.as_str()).filter(|file| stage.join(file).exists());
        for file in files {
            fs::rename(stage.join(file), target.join(file)).map_err(named(&target.join(file)))?;
        }
        // The segments' names must be on disk before the manifest that names them.
        sync(&target);
        fs::rename(stage.join(NAME), target.join(NAME)).map_err(named(&target))?;
        sync(&target);
        sweep(&target, manifest);
        drop(lock);
        Ok(())
    }
}

/// Asks that a directory's names be on disk. Not every system can; then it does so in its own time.
pub(super) fn sync(directory: &Path) {
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
}

/// Removes what no manifest names: segments that were replaced, and what a run left that was killed.
fn sweep(directory: &Path, manifest: &Manifest) {
    let named: BTreeSet<&str> = manifest.segments.iter().map(|segment| segment.file.as_str()).collect();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let segment = name.starts_with("segment-") && name.ends_with(".parquet") && !named.contains(name.as_str());
        // What cannot be removed is in nobody's way: a later change tries again.
        if segment {
            let _ = fs::remove_file(entry.path());
        } else if name.starts_with(".billtrail-") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
