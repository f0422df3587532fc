//! The manifest: what a ledger holds and what it was made from.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{LedgerError, named};
use crate::ledger::Taken;
use crate::model::reason::DiagnosticKind;

/// The word by which a manifest is known.
pub(super) const FORMAT: &str = "billtrail-ledger";

/// The version of segments and manifest. It is raised when a column, a word, a hash or the facts of an entry change.
pub const FORMAT_VERSION: u64 = 1;

/// The name of the manifest in a ledger.
pub(super) const NAME: &str = "manifest.json";

/// What a ledger holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    format_version: u64,
    /// Who wrote it.
    pub tool: Tool,
    /// The catalogue by which its entries were judged, for readers.
    pub catalogue: String,
    /// The hash of that catalogue.
    pub catalogue_digest: String,
    /// The inputs it was made from, by path.
    pub inputs: Vec<KeptInput>,
    /// The segments, by name.
    pub segments: Vec<Segment>,
    /// SHA-256 of this manifest with this member empty and without white space.
    sha256: String,
}

/// The program that wrote a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    pub fn own() -> Self {
        Self { name: "billtrail".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// An input of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptInput {
    /// Its number in the column `input`. A number is used once: an input that changed gets another.
    pub id: u32,
    /// The path as it was given or found.
    pub path: String,
    /// Bytes as stored.
    pub bytes: u64,
    /// When it was last changed, RFC 3339; `null` when the system does not say.
    pub modified: Option<String>,
    /// The mark that its store gives to the content; absent for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// SHA-256 of the bytes as stored; empty when they could not be read, or nobody hashed them.
    pub sha256: String,
    /// Why it is not whole; `null` when it is.
    pub problem: Option<KeptProblem>,
    /// Records that the reader found.
    pub records: u64,
    /// What became of them.
    pub taken: Taken,
}

impl KeptInput {
    /// What tells its content from that of another input with the same path: the hash; without it size and time of the last
    /// change.
    pub fn content(&self) -> String {
        if self.sha256.is_empty() {
            format!("{} bytes of {}", self.bytes, self.modified.as_deref().unwrap_or("an unknown time"))
        } else {
            self.sha256.clone()
        }
    }
}

/// Why an input is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptProblem {
    /// The diagnostic that says it.
    pub kind: DiagnosticKind,
    /// Why, for a reader.
    pub why: String,
}

/// A segment: a Parquet file in the directory of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The file's name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its rows, those of inputs too that are no longer in the manifest.
    pub rows: u64,
    /// The numbers of the inputs that it has rows of.
    pub inputs: Vec<u32>,
}

/// What tells a manifest of any version.
#[derive(Deserialize)]
struct Probe {
    format: String,
    format_version: u64,
    tool: Tool,
}

impl Manifest {
    /// The manifest of an empty ledger.
    pub fn new(catalogue: String, catalogue_digest: String) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            tool: Tool::own(),
            catalogue,
            catalogue_digest,
            inputs: Vec::new(),
            segments: Vec::new(),
            sha256: String::new(),
        }
    }

    /// Reads the manifest of a ledger.
    pub(super) fn read(ledger: &Path) -> Result<Self, LedgerError> {
        let path = ledger.join(NAME);
        let text = fs::read(&path).map_err(named(&path))?;
        let damaged = |why: String| LedgerError::Damaged { path: path.clone(), why };
        let probe: Probe = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if probe.format != FORMAT {
            return Err(damaged("it is the manifest of something else".to_owned()));
        }
        if probe.format_version > FORMAT_VERSION {
            let tool = format!("{} {}", probe.tool.name, probe.tool.version);
            return Err(LedgerError::Newer { path: ledger.to_owned(), version: probe.format_version, tool });
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if manifest.checksum() != manifest.sha256 {
            return Err(damaged("its SHA-256 is another".to_owned()));
        }
        Ok(manifest)
    }

    /// The text to be written, with its checksum, a member or an element of a list on each line.
    pub(super) fn text(&mut self) -> String {
        self.inputs.sort_by(|a, b| (&a.path, a.id).cmp(&(&b.path, b.id)));
        self.segments.sort_by(|a, b| a.file.cmp(&b.file));
        self.sha256 = self.checksum();
        let mut text = serde_json::to_string_pretty(self).expect("texts and numbers always have a JSON form");
        text.push('\n');
        text
    }

    /// Writes the manifest to a file, so that it is on disk.
    pub(super) fn write(&mut self, path: &Path) -> Result<(), LedgerError> {
        let mut file = File::create(path).map_err(named(path))?;
        file.write_all(self.text().as_bytes()).and_then(|()| file.sync_all()).map_err(named(path))
    }

    fn checksum(&self) -> String {
        let bare = Self { sha256: String::new(), ..self.clone() };
        let text = serde_json::to_vec(&bare).expect("texts and numbers always have a JSON form");
        hex::encode(Sha256::digest(text))
    }
}
