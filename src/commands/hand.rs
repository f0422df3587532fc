//! A hand: one thread's part in taking in what is read, which decodes units and counts what becomes of each.

use super::intake::{Counted, Dropped, Intake};
use super::places::Places;
use super::selection::Selection;
use crate::ingest::{Meter, Taker, Unit};
use crate::ledger::{Shelf, SpillError, Taken};
use crate::model::brief::{Brief, Likeness};
use crate::model::observation::{Observation, Source};
use crate::model::reason::{DiagnosticKind, RejectReason, SkipReason};
use crate::model::stats::{Count, Stage};
use crate::provider::{Decoded, LineRead, LineReader, Provider, ScanCounts, Scanner, SharedVerdicts};

/// How units are decoded.
pub(super) struct Decoding<'s> {
    pub provider: &'s Provider,
    pub scanner: Scanner,
    /// Entries that it does not select are left out.
    pub filter: Option<&'s Selection>,
    pub places: &'s Places,
    pub meter: &'s Meter,
    /// What is known of entries that are like others.
    pub verdicts: SharedVerdicts,
}

/// What one thread takes in.
pub(super) struct Hand<'r> {
    decoding: &'r Decoding<'r>,
    intake: &'r Intake,
    share: Share,
    /// Reads lines, and knows of entries that are like others.
    reader: LineReader,
    /// The other entries of a piece.
    batch: Vec<Observation>,
    scans: ScanCounts,
    /// Lines whose verdict was known.
    remembered: u64,
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
                if self.line(bytes, source) {
                    return;
                }
                let (decoded, entry, by) =
                    self.decoding.provider.decode_with_entry(bytes, source, self.decoding.scanner);
                self.scans.count(by);
                self.take(decoded, &entry, bytes, source);
            }
        }
    }

    /// Takes what is one record and nothing else, if the fast scanner vouches for that.
    fn line(&mut self, line: &[u8], source: Source) -> bool {
        match self.decoding.scanner {
            Scanner::Strict => false,
            Scanner::Fast => {
                let provider = self.decoding.provider;
                let Some(read) = provider.decode_line(line, source, &mut self.reader) else { return false };
                if self.intake.drops(Dropped::Record) {
                    return true;
                }
                self.scans.count(Scanner::Fast);
                match read {
                    LineRead::Known(brief) => {
                        self.remembered += 1;
                        self.take_brief(brief, line);
                    }
                    LineRead::Judged(decoded, entry, first) => match self.learn(&decoded, first) {
                        Some(brief) => self.take_brief(brief, line),
                        None => self.take(decoded, &entry, line, source),
                    },
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
        meter.add(Count::Remembered, std::mem::take(&mut self.remembered));
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
        let share = Share { shelf: intake.ledger.shelf(threads), counted: intake.nothing_counted(), full: None };
        Self {
            decoding,
            intake,
            share,
            reader: LineReader::sharing(&decoding.verdicts),
            batch: Vec::new(),
            scans: ScanCounts::default(),
            remembered: 0,
        }
    }

    /// Keeps what entries like this one have in common; what is left to say of it then.
    fn learn<'e>(&mut self, decoded: &Decoded, first: Option<(Likeness, Brief<'e>)>) -> Option<Brief<'e>> {
        let (Decoded::Entry(observation, _), Some((likeness, brief))) = (decoded, first) else { return None };
        let kept = self.reader.verdicts.numbers(likeness, &observation.facts);
        let numbers = self.share.shelf.keep_form(&observation.facts, kept)?;
        self.reader.verdicts.learn(likeness, numbers, observation);
        Some(Brief { numbers, ..brief })
    }

    fn take_brief(&mut self, mut brief: Brief<'_>, bytes: &[u8]) {
        let source = self.decoding.places.of_log(brief.source);
        let learnt = brief.learnt.take();
        if self.decoding.filter.is_some_and(|filter| !filter.selects_entry(bytes)) {
            return self.leave_out(source, learnt);
        }
        brief.source = source;
        let taken = self.count(source);
        taken.entries += 1;
        taken.learnt.extend(learnt);
        if !self.intake.drops(Dropped::Entry) && self.share.full.is_none() {
            self.share.full = self.share.shelf.absorb_brief(&brief).err();
        }
    }

    /// Counts an entry that --where leaves out. What it states about project numbers is learnt all the same.
    fn leave_out(&mut self, source: Source, learnt: Option<(u64, String)>) {
        let taken = self.count(source);
        *taken.skipped.entry(SkipReason::Where).or_default() += 1;
        taken.learnt.extend(learnt);
    }

    fn take(&mut self, decoded: Decoded, entry: &[u8], bytes: &[u8], source: Source) {
        match decoded {
            Decoded::Rejected(unreadable) => self.reject(source, unreadable.reason, unreadable.detail, bytes),
            Decoded::Skipped(reason) => self.skip(source, reason),
            Decoded::Entry(observation, notes) => match self.decoding.filter {
                Some(filter) if !filter.selects_entry(entry) => {
                    self.leave_out(self.decoding.places.of_log(source), observation.learnt);
                }
                _ => self.keep(*observation, notes),
            },
        }
    }

    fn keep(&mut self, mut observation: Observation, notes: Vec<(DiagnosticKind, String)>) {
        observation.source = self.decoding.places.of_log(observation.source);
        let learnt = observation.learnt.take();
        let at = observation.source;
        let taken = self.count(at);
        taken.entries += 1;
        taken.learnt.extend(learnt);
        for (kind, text) in notes {
            self.share.counted.note(self.intake.place(at.input), at, self.decoding.places, kind, text);
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
        self.share.counted.reject(source, reason, detail);
        self.intake.keep_rejected(source, bytes);
    }

    /// Counts one more record where it belongs.
    fn count(&mut self, source: Source) -> &mut Taken {
        let taken = self.share.counted.place(self.intake.place(source.input));
        taken.records += 1;
        taken
    }

    /// What was taken in.
    pub fn into_share(self) -> Share {
        self.share
    }
}
