//! What stands for object storage in a build without it: there is no object, and a name of one is refused.

use std::io::{self, Read};

use super::url::ObjectUrl;
use crate::ingest::hours::Hours;
use crate::ingest::inputs::{IngestError, Listing};

/// What there is none of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Never {}

/// An object. There is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object(Never);

impl Object {
    /// Its name.
    pub fn url(&self) -> &str {
        match self.0 {}
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        match self.0 {}
    }

    /// When it was written, in nanoseconds since 1970 UTC.
    pub fn modified(&self) -> Option<i64> {
        match self.0 {}
    }

    /// The mark of its content.
    pub fn etag(&self) -> Option<&str> {
        match self.0 {}
    }

    /// Asks for the hash of its bytes, to be taken as they are read.
    pub fn hash_when_read(&self) {
        match self.0 {}
    }

    /// The hash of its bytes.
    pub fn sha256(&self) -> Option<String> {
        match self.0 {}
    }

    /// Begins to fetch it.
    pub(in crate::ingest) fn prefetch(&self) {
        match self.0 {}
    }

    /// A reader of its bytes.
    ///
    /// # Errors
    /// None.
    pub fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        match self.0 {}
    }

    /// Opens it.
    pub(in crate::ingest) fn open(&self) -> io::Result<(Box<dyn Read + Send>, Opening)> {
        match self.0 {}
    }
}

/// An object that is being read.
#[derive(Debug, Clone)]
pub(in crate::ingest) struct Opening(Never);

impl Opening {
    /// What happened to it since.
    pub fn change(&self) -> Option<String> {
        match self.0 {}
    }
}

/// Refuses names.
pub(in crate::ingest) fn list(urls: &[ObjectUrl], _: &Hours, _: &mut Listing) -> Result<Vec<Object>, IngestError> {
    urls.first().map_or(Ok(Vec::new()), |url| Err(IngestError::NoCloud { url: url.to_string() }))
}
