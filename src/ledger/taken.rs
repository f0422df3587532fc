//! What was counted of an input while its records were taken in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::document::{Diagnostics, merge_diagnostics};
use crate::model::reason::{RejectReason, SkipReason};

/// What became of the records of an input, each counted where it happens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Records that the decoder saw.
    pub records: u64,
    /// Records that are entries.
    pub entries: u64,
    /// Records that cannot be read.
    pub rejected: BTreeMap<RejectReason, u64>,
    /// Records that are no entry to be counted.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Pairs of project number and id that entries state.
    pub learnt: BTreeSet<(u64, String)>,
    /// What is worth saying about single entries.
    pub diagnostics: Diagnostics,
}

impl Taken {
    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        let Self { records, entries, rejected, skipped, learnt, diagnostics } = other;
        self.records += records;
        self.entries += entries;
        for (reason, count) in rejected {
            *self.rejected.entry(reason).or_default() += count;
        }
        for (reason, count) in skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        self.learnt.extend(learnt);
        merge_diagnostics(&mut self.diagnostics, diagnostics);
    }
}
