//! Assembling: from what was told of pieces and segments to the manifest of one ledger.
//!
//! Pieces tell what was counted while records were read, segments what they hold in the end. Neither is computed from the other.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::change::sync;
use super::keyed::Sealed;
use super::manifest::{KeptInput, KeptProblem, Manifest, NAME, Segment};
use super::piece::{PieceReport, RejectedRecord};
use super::segment::temporary;
use super::{LedgerError, named};
use crate::ledger::Taken;
use crate::model::document::{Diagnostic, Diagnostics, merge_diagnostics};
use crate::model::reason::DiagnosticKind;
use crate::model::tally::sum;
use crate::model::time::rfc3339;

/// Something of a ledger that is being assembled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// An input.
    Input(ListedInput),
    /// What a piece of an input told.
    Piece(Box<PieceReport>),
    /// A segment, and whose entries it holds.
    Segment(Sealed),
}

/// An input as it was listed before its pieces were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedInput {
    /// Its number in the rows.
    pub id: u32,
    /// The name to show.
    pub path: String,
    /// Size and time of the last change when it was listed.
    pub before: State,
    /// The same when all pieces were read; `None` when nobody looked.
    pub after: Option<State>,
    /// SHA-256 of its bytes; empty when nobody hashed them.
    pub sha256: String,
}

/// What a file system says of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Bytes as stored.
    pub bytes: u64,
    /// Time of the last change in nanoseconds since 1970 UTC.
    pub modified_nanos: Option<i64>,
}

/// The parts of a ledger, while they are told.
#[derive(Debug, Default)]
pub struct Assembly {
    inputs: BTreeMap<u32, ListedInput>,
    pieces: BTreeMap<u32, Vec<PieceReport>>,
    segments: Vec<Segment>,
    /// Entries of each input, as the segments hold them.
    entries: BTreeMap<u32, u64>,
}

/// A manifest that is ready to be written, and what its maker should know.
#[derive(Debug)]
pub struct Assembled {
    /// The manifest.
    pub manifest: Manifest,
    /// Records that cannot be read, as far as the pieces name them, each with the path of its input; in the order of the input.
    pub rejected: Vec<(String, RejectedRecord)>,
}

impl Assembly {
    /// Takes in a part, in any order.
    ///
    /// # Errors
    /// When an input is told twice.
    pub fn add(&mut self, part: Part) -> Result<(), LedgerError> {
        match part {
            Part::Input(input) => {
                if let Some(known) = self.inputs.insert(input.id, input) {
                    return wrong(format!("two inputs have the number {} of {}", known.id, known.path));
                }
            }
            Part::Piece(piece) => self.pieces.entry(piece.input).or_default().push(*piece),
            Part::Segment(Sealed { segment, entries }) => {
                self.segments.extend(segment);
                for (input, count) in entries {
                    *self.entries.entry(input).or_default() += count;
                }
            }
        }
        Ok(())
    }

    /// Puts the parts together.
    ///
    /// # Errors
    /// When pieces are missing or not of this version and catalogue, or their counts are not what the segments hold.
    pub fn finish(mut self, catalogue: String, catalogue_digest: String) -> Result<Assembled, LedgerError> {
        let (mut inputs, mut rejected) = (Vec::new(), Vec::new());
        for (id, input) in std::mem::take(&mut self.inputs) {
            let mut pieces = self.pieces.remove(&id).unwrap_or_default();
            pieces.sort_by_key(|piece| piece.piece);
            let whole = is_whole(&input, &pieces)
                .and_then(|()| pieces.iter().try_for_each(|piece| piece.is_ours(&catalogue_digest)));
            whole.map_err(|why| LedgerError::Pieces(format!("{}: {why}", input.path)))?;
            let kept = put_together(input, pieces, &mut rejected);
            let held = self.entries.remove(&id).unwrap_or(0);
            let (found, taken) = (kept.records, &kept.taken);
            let ended = sum(&taken.rejected) + sum(&taken.skipped) + taken.entries;
            let counts = [
                ("records were found and {} read", found, taken.records),
                ("records were read and {} accounted for", taken.records, ended),
                ("entries were read and {} are in the segments", taken.entries, held),
            ];
            for (what, left, right) in counts {
                if left != right {
                    return wrong(format!("{}: {left} {}", kept.path, what.replace("{}", &right.to_string())));
                }
            }
            inputs.push(kept);
        }
        if let Some(stray) = self.pieces.keys().chain(self.entries.keys()).next() {
            return wrong(format!("there are rows or pieces of input {stray}, which is not listed"));
        }
        let mut manifest = Manifest::new(catalogue, catalogue_digest);
        manifest.inputs = inputs;
        manifest.segments = self.segments;
        Ok(Assembled { manifest, rejected })
    }
}

impl Assembled {
    /// Writes the manifest into the directory of the segments, where it takes the place of an older one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, directory: &Path) -> Result<(), LedgerError> {
        let draft = temporary(directory)?;
        self.manifest.write(draft.path())?;
        draft.persist(directory.join(NAME)).map_err(|error| named(directory)(error.error))?;
        sync(directory);
        Ok(())
    }
}

fn wrong<T>(why: String) -> Result<T, LedgerError> {
    Err(LedgerError::Pieces(why))
}

/// Whether the pieces, in order, cover the input; if not, why.
fn is_whole(input: &ListedInput, pieces: &[PieceReport]) -> Result<(), String> {
    if pieces.is_empty() {
        return Err("no piece of it was read".to_owned());
    }
    if let [PieceReport { piece: 0, offset: 0, length: None, .. }] = pieces {
        return Ok(());
    }
    let mut end = 0;
    for (number, piece) in pieces.iter().enumerate() {
        let length = piece.length.filter(|_| usize::try_from(piece.piece) == Ok(number) && piece.offset == end);
        end += length.ok_or_else(|| format!("piece {number} is missing, or told twice"))?;
    }
    let bytes = input.before.bytes;
    if end == bytes { Ok(()) } else { Err(format!("the pieces end at byte {end} of {bytes}")) }
}

/// What the pieces tell of an input, as one reader of it would.
fn put_together(
    input: ListedInput,
    pieces: Vec<PieceReport>,
    rejected: &mut Vec<(String, RejectedRecord)>,
) -> KeptInput {
    let (mut bytes, mut records, mut lines_before) = (0, 0, 0);
    let (mut taken, mut diagnostics, mut problem) = (Taken::default(), Diagnostics::new(), None);
    let is_cut_up = pieces.iter().any(|piece| piece.length.is_some());
    for piece in pieces {
        let place = |line: u64| line + lines_before;
        for (kind, noted) in piece.notes {
            let path = &input.path;
            let examples = noted.examples.into_iter().map(|(line, text)| format!("{path}:{}: {text}", place(line)));
            let diagnostic = Diagnostic { count: noted.count, examples: examples.collect() };
            merge_diagnostics(&mut diagnostics, Diagnostics::from([(kind, diagnostic)]));
        }
        for record in piece.rejected {
            rejected.push((input.path.clone(), RejectedRecord { line: place(record.line), ..record }));
        }
        taken.merge(piece.taken);
        bytes += piece.bytes;
        records += piece.records;
        lines_before += piece.line_breaks;
        problem = problem.or(piece.problem);
    }
    merge_diagnostics(&mut taken.diagnostics, diagnostics);
    let problem = change(&input, is_cut_up.then_some(bytes)).or(problem);
    let ListedInput { id, path, before, after: _, sha256 } = input;
    let modified = before.modified_nanos.map(rfc3339);
    KeptInput { id, path, bytes, modified, etag: None, sha256, problem, records, taken }
}

/// That an input was written to while it was read, if it was. `read` is how much of one that was cut up was there.
fn change(input: &ListedInput, read: Option<u64>) -> Option<KeptProblem> {
    let ListedInput { before, after, .. } = input;
    let after = after.unwrap_or(*before);
    let (then, now) = (before.bytes, after.bytes);
    let why = if now < then {
        format!("was cut from {then} to {now} bytes while it was read")
    } else if now > then {
        format!("grew from {then} to {now} bytes while it was read")
    } else if after != *before {
        "was changed while it was read".to_owned()
    } else {
        let read = read.filter(|read| *read != then)?;
        format!("had {read} bytes when it was read, and {then} before")
    };
    Some(KeptProblem { kind: DiagnosticKind::InputChanged, why })
}
