//! Temporary files and directories: a list of those that exist, so that a run that is interrupted leaves none behind.
//!
//! A run that ends by itself removes what `tempfile` made when it is dropped; the list is for runs that are ended.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

/// What exists. While it is held nothing is made and nothing takes its final name.
static LIST: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The removal of a directory fails while somebody still writes to it, and is tried again.
const TRIES: usize = 5;

/// Keeps a path in the list; declare it before what it stands for, so that it is dropped after that.
pub(super) struct Listed(PathBuf);

impl Drop for Listed {
    fn drop(&mut self) {
        list().remove(&self.0);
    }
}

/// Makes a temporary file or directory.
pub(super) fn make<T: AsRef<Path>>(make: impl FnOnce() -> io::Result<T>) -> io::Result<(Listed, T)> {
    let mut list = list();
    let made = make()?;
    list.insert(made.as_ref().to_owned());
    Ok((Listed(made.as_ref().to_owned()), made))
}

/// Does what an interrupt may come before or after, such as a renaming.
pub(super) fn at_once<T>(work: impl FnOnce() -> T) -> T {
    let _held = list();
    work()
}

/// Removes what exists. Until the answer is dropped nothing more is made.
pub(super) fn remove_all() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    let list = list();
    for path in list.iter() {
        let remove = || if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        // What cannot be removed stays; the run ends all the same.
        let _ = (0..TRIES).try_fold((), |(), _| if remove().is_ok() { Err(()) } else { Ok(()) });
    }
    list
}

fn list() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_listed_until_it_is_gone() {
        let (listed, directory) = make(tempfile::tempdir).expect("made");
        let path = directory.path().to_owned();
        assert!(list().contains(&path));
        drop((directory, listed));
        assert!(!list().contains(&path) && !path.exists());
    }
}
