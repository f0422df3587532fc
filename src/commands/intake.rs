//! The intake: what became of each unit of the input, counted where it happens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::selection::Selection;
use super::{Failure, output};
use crate::ingest::{Listing, Unit};
use crate::ledger::Ledger;
use crate::model::document::{Diagnostics, diagnose};
use crate::model::observation::{Observation, Source};
use crate::model::reason::{DiagnosticKind, RejectReason, SkipReason};
use crate::provider::{Decoded, Provider};
use crate::report::safe;

/// What the tests drop on purpose, to see that the tally notices. Nothing else makes one that drops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// A record between reader and decoder.
    pub record: bool,
    /// An entry between decoder and ledger.
    pub entry: bool,
    /// A call between ledger and attribution.
    pub call: bool,
}

/// What became of one unit of the input.
pub(super) enum Fate {
    Rejected {
        source: Source,
        reason: RejectReason,
        detail: String,
        bytes: Vec<u8>,
    },
    Skipped(SkipReason),
    /// An entry that --where leaves out; what it states about project numbers is learnt all the same.
    LeftOut(Option<(u64, String)>),
    Entry(Box<Observation>, Vec<(DiagnosticKind, String)>),
}

/// What the fold counts, each where it happens.
#[derive(Default)]
pub(super) struct Intake {
    pub ledger: Ledger,
    pub decoded: u64,
    pub entries: u64,
    pub rejected: BTreeMap<RejectReason, u64>,
    pub skipped: BTreeMap<SkipReason, u64>,
    pub diagnostics: Diagnostics,
    /// Pairs of project number and id stated by entries that were left out.
    pub learnt: BTreeSet<(u64, String)>,
    /// Still to be dropped.
    fault: Fault,
    /// Rejected records are kept whole.
    keep: bool,
    /// Rejected records with what is wrong, by place.
    bad: BTreeMap<Source, (String, Vec<u8>)>,
}

/// How many rejected records are named on standard error.
const NAMED: usize = 10;

/// Decodes one unit.
pub(super) fn fate(provider: &Provider, filter: Option<&Selection>, unit: Unit<'_>, keep: bool) -> Fate {
    let kept = |bytes: &[u8]| if keep { bytes.to_vec() } else { Vec::new() };
    match unit {
        Unit::Text { source: _ } => Fate::Skipped(SkipReason::Text),
        Unit::Rejected { bytes, source, reason, detail } => {
            Fate::Rejected { source, reason, detail, bytes: kept(bytes) }
        }
        Unit::Record { bytes, source } => match provider.decode(bytes, source) {
            Decoded::Rejected(unreadable) => {
                Fate::Rejected { source, reason: unreadable.reason, detail: unreadable.detail, bytes: kept(bytes) }
            }
            Decoded::Skipped(reason) => Fate::Skipped(reason),
            Decoded::Entry(observation, notes) => match filter {
                Some(filter) if !filter.selects(provider, bytes) => Fate::LeftOut(observation.learnt),
                _ => Fate::Entry(observation, notes),
            },
        },
    }
}

impl Intake {
    /// An empty intake. `keep`: rejected records are kept whole.
    pub fn new(fault: Fault, keep: bool) -> Self {
        Self { fault, keep, ..Self::default() }
    }

    /// Takes in what became of a batch.
    pub fn take(&mut self, fates: Vec<Fate>, listing: &Listing) {
        let mut batch = Vec::new();
        for fate in fates {
            if std::mem::take(&mut self.fault.record) {
                continue;
            }
            self.decoded += 1;
            match fate {
                Fate::Skipped(reason) => *self.skipped.entry(reason).or_default() += 1,
                Fate::LeftOut(pair) => {
                    *self.skipped.entry(SkipReason::Where).or_default() += 1;
                    self.learnt.extend(pair);
                }
                Fate::Rejected { source, reason, detail, bytes } => {
                    *self.rejected.entry(reason).or_default() += 1;
                    self.bad.insert(source, (detail, bytes));
                    if !self.keep && self.bad.len() > NAMED {
                        self.bad.pop_last();
                    }
                }
                Fate::Entry(observation, notes) => {
                    self.entries += 1;
                    for (kind, text) in notes {
                        let at = place(listing, observation.source);
                        diagnose(&mut self.diagnostics, kind, || format!("{at}: {text}"));
                    }
                    if !std::mem::take(&mut self.fault.entry) {
                        batch.push(*observation);
                    }
                }
            }
        }
        self.ledger.absorb(batch);
    }

    /// Keeps the raw bytes of the rejected records, one a line, in the order of the input.
    pub fn write_rejected(&self, path: &Path) -> Result<(), Failure> {
        output::write_to(Some(path), &mut |out| {
            for (_, bytes) in self.bad.values() {
                out.write_all(bytes)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })
    }

    /// Names the first rejected records on standard error.
    pub fn say_rejected(&self, listing: &Listing) {
        for (source, (detail, _)) in self.bad.iter().take(NAMED) {
            let at = place(listing, *source);
            anstream::eprintln!("{}: byte {}: rejected: {}", safe(&at), source.offset, safe(detail));
        }
        let total: u64 = self.rejected.values().sum();
        if let Some(more) = total.checked_sub(NAMED as u64).filter(|more| *more > 0) {
            anstream::eprintln!("and {more} more records that cannot be read (--rejected FILE keeps them all)");
        }
    }
}

/// `file:line` of a record.
pub(super) fn place(listing: &Listing, source: Source) -> String {
    let input = listing.inputs.get(source.input as usize);
    format!("{}:{}", input.map_or("?", |input| input.name.as_str()), source.line)
}
