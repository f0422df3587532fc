//! An object of a bucket: what was listed of it, and a reader that waits for its bytes.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering as Memory};
use std::sync::{Arc, Mutex, PoisonError};

use object_store::{ObjectMeta, ObjectStore};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{Receiver, channel};

use super::fetch::{Manner, Wanted, quoted};
use super::runtime::runtime;
use super::trouble::Trouble;
use super::url::ObjectUrl;

/// Objects that may be fetched before they are opened, all of them small.
const WAITING: usize = 16;
static FETCHED_AHEAD: AtomicUsize = AtomicUsize::new(0);

/// An object as it was listed. Objects with one name are equal.
#[derive(Clone)]
pub struct Object(Arc<Listed>);

struct Listed {
    url: String,
    wanted: Wanted,
    modified: Option<i64>,
    manner: Manner,
    /// What is fetched before the object is opened.
    ahead: Mutex<Ahead>,
    hashed: AtomicBool,
    sha256: Mutex<Option<String>>,
}

type Parts = Receiver<Result<Vec<u8>, Trouble>>;

/// What is fetched before an object is opened.
enum Ahead {
    Nothing,
    Parts(Parts),
    /// The object was opened; it is not fetched ahead again.
    Opened,
}

impl Object {
    /// An object of a bucket, from what a listing says.
    pub(super) fn new(url: &ObjectUrl, store: &Arc<dyn ObjectStore>, meta: &ObjectMeta, manner: Manner) -> Self {
        let wanted = Wanted {
            store: Arc::clone(store),
            scheme: url.scheme,
            path: meta.location.clone(),
            bytes: meta.size,
            etag: meta.e_tag.as_deref().map(quoted),
        };
        Self(Arc::new(Listed {
            url: url.with_key(meta.location.as_ref()),
            wanted,
            modified: meta.last_modified.timestamp_nanos_opt(),
            manner,
            ahead: Mutex::new(Ahead::Nothing),
            hashed: AtomicBool::new(false),
            sha256: Mutex::new(None),
        }))
    }

    /// Its name.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.0.wanted.bytes
    }

    /// When it was written, in nanoseconds since 1970 UTC.
    pub fn modified(&self) -> Option<i64> {
        self.0.modified
    }

    /// The mark of its content.
    pub fn etag(&self) -> Option<&str> {
        self.0.wanted.etag.as_deref()
    }

    /// Asks for the hash of its bytes, to be taken as they are read.
    pub fn hash_when_read(&self) {
        self.0.hashed.store(true, Memory::Relaxed);
    }

    /// The hash of its bytes, if it was asked for and all of them were read.
    pub fn sha256(&self) -> Option<String> {
        self.0.sha256.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins to fetch it if it is small, so that its bytes are there when it is opened.
    pub(in crate::ingest) fn prefetch(&self) {
        let mut ahead = self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let is_small = self.bytes() > 0 && self.bytes() <= self.0.manner.part;
        if !is_small || !matches!(*ahead, Ahead::Nothing) {
            return;
        }
        let more = |waiting: usize| (waiting < WAITING).then_some(waiting + 1);
        if FETCHED_AHEAD.fetch_update(Memory::Relaxed, Memory::Relaxed, more).is_err() {
            return;
        }
        match self.start() {
            Ok(parts) => *ahead = Ahead::Parts(parts),
            // Whoever opens it is told.
            Err(_) => {
                FETCHED_AHEAD.fetch_sub(1, Memory::Relaxed);
            }
        }
    }

    /// A reader of its bytes.
    ///
    /// # Errors
    /// When the threads for it cannot be started.
    pub fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        self.open().map(|(reader, _)| reader)
    }

    /// A reader of its bytes, and what tells of a change meanwhile.
    pub(in crate::ingest) fn open(&self) -> io::Result<(Box<dyn Read + Send>, Opening)> {
        let ahead = {
            let mut ahead = self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *ahead, Ahead::Opened)
        };
        let parts = match ahead {
            Ahead::Parts(parts) => {
                FETCHED_AHEAD.fetch_sub(1, Memory::Relaxed);
                parts
            }
            Ahead::Nothing | Ahead::Opened => self.start()?,
        };
        let opening = Opening { changed: Arc::default() };
        let hash = self.0.hashed.load(Memory::Relaxed).then(Sha256::new);
        let reader =
            Reader { object: self.clone(), parts, held: Vec::new(), at: 0, read: 0, hash, opening: opening.clone() };
        Ok((Box::new(reader), opening))
    }

    fn start(&self) -> io::Result<Parts> {
        let (sender, parts) = channel(1);
        runtime()?.spawn(self.0.wanted.clone().fetch(self.0.manner, sender));
        Ok(parts)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let ahead = self.ahead.get_mut().unwrap_or_else(PoisonError::into_inner);
        if matches!(ahead, Ahead::Parts(_)) {
            FETCHED_AHEAD.fetch_sub(1, Memory::Relaxed);
        }
    }
}

// What else an object holds may lead to credentials.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Object").field(&self.0.url).finish()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.0.url == other.0.url
    }
}

impl Eq for Object {}

impl PartialOrd for Object {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Object {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.url.cmp(&other.0.url)
    }
}

impl Hash for Object {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.url.hash(state);
    }
}

/// An object that is being read.
#[derive(Debug, Clone)]
pub(in crate::ingest) struct Opening {
    changed: Arc<Mutex<Option<String>>>,
}

impl Opening {
    /// What happened to the object since it was listed, if that was met.
    pub fn change(&self) -> Option<String> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The bytes of an object, in order.
struct Reader {
    object: Object,
    parts: Parts,
    held: Vec<u8>,
    at: usize,
    /// Bytes of the parts before the one that is held, and of that.
    read: u64,
    hash: Option<Sha256>,
    opening: Opening,
}

impl Reader {
    /// Takes the next part; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        let whole = self.object.bytes();
        match self.parts.blocking_recv() {
            Some(Ok(part)) => {
                self.read += part.len() as u64;
                if let Some(hash) = &mut self.hash {
                    hash.update(&part);
                }
                (self.held, self.at) = (part, 0);
                Ok(true)
            }
            Some(Err(trouble)) => {
                let read = self.read;
                let why = match trouble {
                    Trouble::Changed | Trouble::Gone => {
                        let what = if trouble == Trouble::Changed { "replaced" } else { "deleted" };
                        let why = format!("was {what} after it was listed; {read} of {whole} bytes were read");
                        *self.opening.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
                        why
                    }
                    Trouble::Denied(_) | Trouble::Broken(_) | Trouble::Other(_) => {
                        format!("{}; {read} of {whole} bytes were read", trouble.words())
                    }
                };
                Err(io::Error::other(why))
            }
            None if self.read == whole => {
                if let Some(hash) = self.hash.take() {
                    let mut sha256 = self.object.0.sha256.lock().unwrap_or_else(PoisonError::into_inner);
                    *sha256 = Some(hex::encode(hash.finalize()));
                }
                Ok(false)
            }
            None => {
                Err(io::Error::other(format!("the fetching ended early; {} of {whole} bytes were read", self.read)))
            }
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.held.len() {
            if buffer.is_empty() || !self.next()? {
                return Ok(0);
            }
        }
        let length = self.held.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += length;
        Ok(length)
    }
}
