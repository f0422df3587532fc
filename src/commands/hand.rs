//! A hand: one thread's part in taking in what is read, which decodes units and counts what becomes of each.

use super::intake::{Counted, Dropped, Intake};
use super::places::Places;
use super::selection::Selection;
use crate::ingest::{Meter, Taker, Unit};
use crate::ledger::{Shelf, SpillError, Taken};
use crate::model::document::diagnose;
use crate::model::observation::{Observation, Source};
use crate::model::reason::{DiagnosticKind, RejectReason, SkipReason};
use crate::model::stats::{Count, Stage};
use crate::provider::{Decoded, Provider, ScanCounts, Scanner};

/// How units are decoded.
pub(super) struct Decoding<'s> {
    pub provider: &'s Provider,
    pub scanner: Scanner,
    /// Entries that it does not select are left out.
    pub filter: Option<&'s Selection>,
    pub places: &'s Places,
    pub meter: &'s Meter,
}

/// What one thread takes in.
pub(super) struct Hand<'r> {
    decoding: &'r Decoding<'r>,
    intake: &'r Intake,
    share: Share,
    /// The entries of a piece.
    batch: Vec<Observation>,
    scans: ScanCounts,
}

/// A thread's share of the intake.
pub(super) struct Share {
    pub shelf: Shelf,
    pub counted: Counted,
    /// Why the shelf takes in no more.
    pub full: Option<SpillError>,
}

impl Taker for Hand<'_> {
    fn unit(&mut self, unit: Unit<'_>) {
        if self.intake.drops(Dropped::Record) {
            return;
        }
        match unit {
            Unit::Text { source } => self.skip(source, SkipReason::Text),
            Unit::Rejected { bytes, source, reason, detail } => self.reject(source, reason, detail, bytes),
            Unit::Record { bytes, source } => {
                let (decoded, entry, by) =
                    self.decoding.provider.decode_with_entry(bytes, source, self.decoding.scanner);
                self.scans.count(by);
                self.take(decoded, &entry, bytes, source);
            }
        }
    }

    /// Takes a line that is one record and nothing else, if the fast scanner vouches for it.
    fn line(&mut self, line: &[u8], source: Source) -> bool {
        match self.decoding.scanner {
            Scanner::Strict => false,
            Scanner::Fast => {
                let Some((decoded, entry)) = self.decoding.provider.decode_line(line, source) else { return false };
                if !self.intake.drops(Dropped::Record) {
                    self.scans.count(Scanner::Fast);
                    self.take(decoded, &entry, line, source);
                }
                true
            }
        }
    }

    fn piece_ended(&mut self) {
        let meter = self.decoding.meter;
        let ScanCounts { fast, strict } = std::mem::take(&mut self.scans);
        meter.add(Count::ScannedFast, fast);
        meter.add(Count::ScannedStrict, strict);
        let batch = self.batch.drain(..);
        if self.share.full.is_none() {
            // The intake cannot stop here; that something is missing is said at the end.
            self.share.full = meter.time(Stage::Collapse, || self.share.shelf.absorb(batch)).err();
        }
    }
}

impl<'r> Hand<'r> {
    /// An empty hand for one of so many threads.
    pub fn new(intake: &'r Intake, decoding: &'r Decoding<'r>, threads: usize) -> Self {
        let share = Share { shelf: intake.ledger.shelf(threads), counted: Counted::default(), full: None };
        Self { decoding, intake, share, batch: Vec::new(), scans: ScanCounts::default() }
    }

    fn take(&mut self, decoded: Decoded, entry: &[u8], bytes: &[u8], source: Source) {
        match decoded {
            Decoded::Rejected(unreadable) => self.reject(source, unreadable.reason, unreadable.detail, bytes),
            Decoded::Skipped(reason) => self.skip(source, reason),
            Decoded::Entry(observation, notes) => match self.decoding.filter {
                Some(filter) if !filter.selects_entry(entry) => {
                    // What it states about project numbers is learnt all the same.
                    self.skip(source, SkipReason::Where);
                    let source = self.decoding.places.of_log(source);
                    self.taken(source).learnt.extend(observation.learnt);
                }
                _ => self.keep(*observation, notes),
            },
        }
    }

    fn keep(&mut self, mut observation: Observation, notes: Vec<(DiagnosticKind, String)>) {
        observation.source = self.decoding.places.of_log(observation.source);
        let learnt = observation.learnt.take();
        let at = observation.source;
        let place = (!notes.is_empty()).then(|| self.decoding.places.show(at));
        let taken = self.count(at);
        taken.entries += 1;
        taken.learnt.extend(learnt);
        for (kind, text) in notes {
            diagnose(&mut taken.diagnostics, kind, || format!("{}: {text}", place.as_deref().unwrap_or_default()));
        }
        if !self.intake.drops(Dropped::Entry) {
            self.batch.push(observation);
        }
    }

    fn skip(&mut self, source: Source, reason: SkipReason) {
        let source = self.decoding.places.of_log(source);
        *self.count(source).skipped.entry(reason).or_default() += 1;
    }

    fn reject(&mut self, source: Source, reason: RejectReason, detail: String, bytes: &[u8]) {
        let source = self.decoding.places.of_log(source);
        *self.count(source).rejected.entry(reason).or_default() += 1;
        self.decoding.meter.add(Count::Rejected, 1);
        self.share.counted.reject(source, detail);
        self.intake.keep_rejected(source, bytes);
    }

    /// Counts one more record where it belongs.
    fn count(&mut self, source: Source) -> &mut Taken {
        let taken = self.taken(source);
        taken.records += 1;
        taken
    }

    fn taken(&mut self, source: Source) -> &mut Taken {
        self.share.counted.place(self.intake.place(source.input))
    }

    /// What was taken in.
    pub fn into_share(self) -> Share {
        self.share
    }
}
