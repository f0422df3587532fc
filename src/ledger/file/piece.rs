//! Pieces: what is told of a part of a longer input beside its rows, by whoever read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::manifest::{FORMAT_VERSION, KeptProblem, Tool};
use crate::ledger::Taken;
use crate::model::reason::{DiagnosticKind, RejectReason};

/// What was found in a piece of an input. Lines count from the beginning of the piece: how many come before it is known when
/// all pieces are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PieceReport {
    /// The version of rows and report.
    pub format_version: u64,
    /// Who read it.
    pub tool: Tool,
    /// The hash of the catalogue by which the entries were judged.
    pub catalogue_digest: String,
    /// The number of the input.
    pub input: u32,
    /// The number of the piece in the input, from 0.
    pub piece: u32,
    /// The byte at which it begins: lines that begin from here on are in it.
    pub offset: u64,
    /// The bytes in which its lines begin; `None` when it is the whole input.
    pub length: Option<u64>,
    /// Bytes read, as stored.
    pub bytes: u64,
    /// Line breaks among them; 0 when it is the whole input.
    pub line_breaks: u64,
    /// Its keyed rows.
    pub rows: u64,
    /// Records that the reader found.
    pub records: u64,
    /// Why it is not whole.
    pub problem: Option<KeptProblem>,
    /// What became of the records. Its diagnostics are empty: they are in the notes.
    pub taken: Taken,
    /// What is worth saying about single entries.
    pub notes: BTreeMap<DiagnosticKind, Noted>,
    /// The first records that cannot be read.
    pub rejected: Vec<RejectedRecord>,
}

/// How often something was noted, and the first lines on which it was, each with what was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// The exact number.
    pub count: u64,
    /// Line and text, sorted.
    pub examples: Vec<(u64, String)>,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectedRecord {
    /// Its byte offset in the decompressed input.
    pub offset: u64,
    /// Its line.
    pub line: u64,
    /// Why, for machines.
    pub reason: RejectReason,
    /// What exactly, for a reader.
    pub detail: String,
}

impl PieceReport {
    /// Whether this version and this catalogue made it; if not, why it cannot be used.
    pub(super) fn is_ours(&self, catalogue_digest: &str) -> Result<(), String> {
        let own = Tool::own();
        if self.tool != own || self.format_version != FORMAT_VERSION {
            let (theirs, ours) = (&self.tool.version, own.version);
            return Err(format!(
                "a piece was read by billtrail {theirs}, this is {ours}; ship one program to all machines"
            ));
        }
        if self.catalogue_digest != catalogue_digest {
            return Err("a piece was read with another catalogue; give all machines the same --services".to_owned());
        }
        Ok(())
    }
}
