//! What flows through an opened input: counted and timed as it is read, and held against what the file was when it was opened.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::cloud;

/// What is known of the reading of an input while it goes on.
#[derive(Clone)]
pub(super) struct Watch {
    /// The bytes as they are stored.
    pub stored: Arc<Flow>,
    /// The bytes that come out of the decompressor; `None` when there is none.
    pub inflated: Option<Arc<Flow>>,
    /// What was opened as it was, if that is known.
    pub opening: Option<Opening>,
    /// The line breaks among the bytes, where they are counted.
    pub line_breaks: Option<Arc<AtomicU64>>,
}

/// Bytes that passed a reader, and the time that this reader took.
#[derive(Debug, Default)]
pub(super) struct Flow {
    bytes: AtomicU64,
    nanos: AtomicU64,
    failed: AtomicBool,
}

impl Flow {
    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Time so far, without that of the flow beneath.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }

    /// Whether the reader failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

/// A reader that counts and times.
pub(super) struct Metered<R> {
    inner: R,
    flow: Arc<Flow>,
    /// What `inner` reads from, if that is timed as well.
    beneath: Option<Arc<Flow>>,
}

impl<R> Metered<R> {
    /// A reader whose bytes and time go to `flow`; time that belongs to the flow beneath stays there.
    pub fn new(inner: R, flow: &Arc<Flow>, beneath: Option<&Arc<Flow>>) -> Self {
        Self { inner, flow: Arc::clone(flow), beneath: beneath.map(Arc::clone) }
    }

    fn beneath(&self) -> Duration {
        self.beneath.as_ref().map_or(Duration::ZERO, |flow| flow.time())
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (begun, beneath) = (Instant::now(), self.beneath());
        let read = self.inner.read(buffer);
        let own = begun.elapsed().saturating_sub(self.beneath().saturating_sub(beneath));
        self.flow.nanos.fetch_add(u64::try_from(own.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.flow.bytes.fetch_add(*read.as_ref().unwrap_or(&0) as u64, Ordering::Relaxed);
        if read.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            self.flow.failed.store(true, Ordering::Relaxed);
        }
        read
    }
}

/// What was opened, as it was then.
#[derive(Clone)]
pub(super) enum Opening {
    /// A regular file.
    File(FileOpening),
    /// An object.
    Object(cloud::Opening),
}

impl Opening {
    /// What happened to it since, if anything did and it is known.
    pub fn change(&self) -> Option<String> {
        match self {
            Self::File(file) => file.change(),
            Self::Object(object) => object.change(),
        }
    }
}

/// A regular file as it was when it was opened.
#[derive(Clone)]
pub(super) struct FileOpening {
    file: Arc<File>,
    length: u64,
    modified: Option<SystemTime>,
}

impl FileOpening {
    /// Remembers a file; `None` for what is no regular file, or one that does not say its length (`/proc`).
    pub fn of(file: &Arc<File>, metadata: &Metadata) -> Option<Self> {
        let told = metadata.is_file() && metadata.len() > 0;
        told.then(|| Self { file: Arc::clone(file), length: metadata.len(), modified: metadata.modified().ok() })
    }

    /// The file's bytes up to the length it had.
    pub fn reader(&self) -> impl Read + Send + use<> {
        Arc::clone(&self.file).take(self.length)
    }

    /// What happened to the file since, if anything did. Reads nothing.
    pub fn change(&self) -> Option<String> {
        let metadata = self.file.metadata().ok()?;
        let (then, now) = (self.length, metadata.len());
        if now < then {
            Some(format!("was cut from {then} to {now} bytes while it was read"))
        } else if now > then {
            Some(format!("grew from {then} to {now} bytes while it was read; what was added is left out"))
        } else {
            let changed = metadata.modified().ok() != self.modified;
            changed.then(|| "was changed while it was read".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn opened(directory: &tempfile::TempDir) -> (File, FileOpening) {
        let path = directory.path().join("a");
        std::fs::write(&path, "0123456789").expect("written");
        let writer = File::options().append(true).open(&path).expect("open");
        let file = Arc::new(File::open(&path).expect("open"));
        let metadata = file.metadata().expect("known");
        (writer, FileOpening::of(&file, &metadata).expect("a regular file"))
    }

    fn text(opening: &FileOpening) -> String {
        let mut text = String::new();
        opening.reader().read_to_string(&mut text).expect("read");
        text
    }

    #[test]
    fn a_file_that_grew_is_read_as_far_as_it_went() {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut writer, opening) = opened(&directory);
        assert_eq!(opening.change(), None);
        writer.write_all(b"abc").expect("written");
        assert_eq!(text(&opening), "0123456789");
        assert!(opening.change().expect("a change").starts_with("grew from 10 to 13 bytes"));
    }

    #[test]
    fn a_file_that_was_cut_or_rewritten_says_so() {
        let directory = tempfile::tempdir().expect("a directory");
        let (writer, opening) = opened(&directory);
        writer.set_len(4).expect("cut");
        assert_eq!(text(&opening), "0123");
        assert!(opening.change().expect("a change").starts_with("was cut from 10 to 4 bytes"));
        writer.set_len(10).expect("stretched");
        writer.set_modified(SystemTime::UNIX_EPOCH).expect("set");
        assert_eq!(opening.change().expect("a change"), "was changed while it was read");
    }
}
