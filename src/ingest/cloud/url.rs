//! Names of objects: `gs://bucket/key`, `s3://bucket/key`, `az://container/key`. A key is taken as it stands.

use std::fmt;

use crate::ingest::inputs::IngestError;

/// A kind of object storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Google Cloud Storage.
    Gs,
    /// Amazon S3, and what speaks its protocol.
    S3,
    /// Azure Blob Storage; the bucket is a container.
    Az,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gs, Self::S3, Self::Az];

    /// How a name begins.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Gs => "gs://",
            Self::S3 => "s3://",
            Self::Az => "az://",
        }
    }
}

/// The name of an object, of all objects below a prefix, or a pattern of such names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectUrl {
    /// Where it is kept.
    pub scheme: Scheme,
    /// The bucket or container.
    pub bucket: String,
    /// What follows the bucket, without the slash between them.
    pub key: String,
}

impl ObjectUrl {
    /// Reads a name; `None` when it is that of a file.
    ///
    /// # Errors
    /// When it names object storage and no bucket.
    pub fn parse(text: &str) -> Result<Option<Self>, IngestError> {
        let Some((scheme, rest)) =
            Scheme::ALL.iter().find_map(|scheme| Some((*scheme, text.strip_prefix(scheme.prefix())?)))
        else {
            return Ok(None);
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let wrong = |why: &str| IngestError::Url { url: text.to_owned(), why: why.to_owned() };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if bucket.is_empty() {
            return Err(wrong("no bucket is named"));
        }
        if !bucket.bytes().all(plain) {
            return Err(wrong("a bucket's name has letters, digits, `-`, `_` and `.`"));
        }
        let parts = || key.strip_suffix('/').unwrap_or(key).split('/');
        if !key.is_empty() && parts().any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong("a part of the name between two `/` is empty, `.` or `..`"));
        }
        Ok(Some(Self { scheme, bucket: bucket.to_owned(), key: key.to_owned() }))
    }

    /// The name of an object of the same bucket.
    pub fn with_key(&self, key: &str) -> String {
        format!("{}{}/{key}", self.scheme.prefix(), self.bucket)
    }
}

impl fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.key.is_empty() { "" } else { "/" };
        write!(f, "{}{}{slash}{}", self.scheme.prefix(), self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_files_are_none() {
        for name in ["logs", "./gs://b", "GS://b", "file:///x", "gs:/b", "http://example.com/x", "-", ""] {
            assert_eq!(ObjectUrl::parse(name).expect("no error"), None, "{name}");
        }
    }

    #[test]
    fn a_name_without_a_bucket_is_wrong() {
        for name in
            ["gs://", "s3:///x", "az://b c/x", "gs://b/a//c", "gs://b/../c", "s3://b*/x", "gs://b//", "gs://b/a//"]
        {
            assert!(ObjectUrl::parse(name).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn printing_a_name_and_reading_it_is_identity(
            scheme in prop::sample::select(Scheme::ALL.to_vec()),
            bucket in "[a-z0-9][-_.a-z0-9]{0,20}",
            key in "([a-zA-Z0-9:_%é *?-]{1,9}/){0,3}([a-zA-Z0-9:_%é-]{1,9})?",
        ) {
            let url = ObjectUrl { scheme, bucket, key };
            prop_assert_eq!(ObjectUrl::parse(&url.to_string()).expect("valid"), Some(url));
        }
    }
}
