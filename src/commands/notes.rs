//! What is said of single records of a piece of a longer log, kept until it is known how many lines come before the piece.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{Noted, RejectedRecord};
use crate::model::observation::Source;
use crate::model::reason::{DiagnosticKind, RejectReason};

/// How many rejected records are kept of a piece.
pub(super) const KEPT: usize = 1_000;

/// How many notes of a kind are kept of a piece. A place in a diagnostic is text and sorted as text: which are the first is known
/// when it is known how many lines come before the piece.
const NOTED: usize = 20_000;

/// What is said of single records of a piece, with lines from its beginning.
pub(super) struct Notes {
    pub diagnostics: BTreeMap<DiagnosticKind, Noted>,
    pub rejected: Vec<RejectedRecord>,
}

impl Notes {
    /// What was noted of entries, and the rejected records with what is wrong.
    pub fn of(notings: Notings, rejected: BTreeMap<Source, (RejectReason, String)>) -> Self {
        let noted = |noting: Noting| Noted { count: noting.count, examples: noting.first.into_iter().collect() };
        let record = |(Source { offset, line, .. }, (reason, detail))| RejectedRecord { offset, line, reason, detail };
        Self {
            diagnostics: notings.by_kind.into_iter().map(|(kind, noting)| (kind, noted(noting))).collect(),
            rejected: rejected.into_iter().map(record).collect(),
        }
    }
}

/// What was noted of entries.
#[derive(Default)]
pub(super) struct Notings {
    by_kind: BTreeMap<DiagnosticKind, Noting>,
}

/// How often something was noted, and where and what: the first by line.
#[derive(Default)]
struct Noting {
    count: u64,
    first: BTreeSet<(u64, String)>,
}

impl Notings {
    /// Notes something about the entry on a line.
    pub fn note(&mut self, line: u64, kind: DiagnosticKind, text: String) {
        self.by_kind.entry(kind).or_default().add(1, [(line, text)]);
    }

    /// Adds what others noted.
    pub fn merge(&mut self, other: Self) {
        for (kind, noting) in other.by_kind {
            self.by_kind.entry(kind).or_default().add(noting.count, noting.first);
        }
    }
}

impl Noting {
    fn add(&mut self, count: u64, notes: impl IntoIterator<Item = (u64, String)>) {
        self.count += count;
        for note in notes {
            self.first.insert(note);
            if self.first.len() > NOTED {
                self.first.pop_last();
            }
        }
    }
}
