//! Cuts one input into pieces that can be decoded by themselves: whole lines, or batches of records already found.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::buffer::{Buffer, Buffers};
use super::decompress::Opened;
use super::split::{Out, PREFIX, Unit};
use super::structure::{Mode, Structure};
use super::window::{Cut, LineChunks, Window};
use crate::model::observation::Source;
use crate::model::reason::RejectReason;

/// A piece of an input.
pub(super) enum Piece {
    /// Whole lines in line mode, and where they begin.
    Lines(Buffer, Source),
    /// Records that were found already.
    Units(Batch),
}

/// The pieces of one input, cut as they are asked for.
pub(super) struct Pieces {
    splitting: Splitting,
    max_record: usize,
    chunk: usize,
}

enum Splitting {
    Utf16(Window),
    Unknown(Structure),
    Lines(LineChunks),
    Structure(Structure),
    Done(Option<io::Error>),
}

impl Pieces {
    /// Begins with an opened input, the `number`th of the listing.
    pub fn new(opened: Opened, number: usize, max_record: usize, chunk: usize, buffers: &Arc<Buffers>) -> Self {
        let input = u32::try_from(number).unwrap_or(u32::MAX);
        let place = Source { input, offset: opened.mark, line: 1, item: 0 };
        let window = Window::new(opened.reader, place, chunk, buffers);
        let splitting = if opened.utf16 {
            Splitting::Utf16(window)
        } else if opened.in_lines {
            Splitting::Lines(window.into_lines(max_record))
        } else {
            Splitting::Unknown(Structure::new(window, max_record))
        };
        Self { splitting, max_record, chunk }
    }

    /// At most `count` further pieces; none at the end.
    pub fn next(&mut self, count: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while pieces.len() < count.max(1) && !self.is_done() {
            let done = Splitting::Done(None);
            self.splitting = match std::mem::replace(&mut self.splitting, done) {
                Splitting::Utf16(mut window) => {
                    let mut batch = Batch::default();
                    let detail = "UTF-16 text; convert it to UTF-8".to_owned();
                    while window.rest().len() < PREFIX && window.more() {}
                    let head = window.rest().get(..PREFIX).unwrap_or(window.rest());
                    batch.fill(|out| out.rejected(head, window.place(), RejectReason::NotJson, detail));
                    pieces.push(Piece::Units(batch));
                    Splitting::Done(None)
                }
                Splitting::Unknown(mut structure) => {
                    let mut batch = Batch::default();
                    let mut mode = Mode::Done;
                    batch.fill(|out| mode = structure.begin(out));
                    pieces.extend(batch.into_piece());
                    match mode {
                        Mode::Lines => Splitting::Lines(structure.into_window().into_lines(self.max_record)),
                        Mode::Structure => Splitting::Structure(structure),
                        Mode::Done => Splitting::Done(structure.into_window().into_error()),
                    }
                }
                Splitting::Lines(mut chunks) => match chunks.next(PREFIX) {
                    Some(Cut::Lines(bytes, place)) => {
                        pieces.push(Piece::Lines(bytes, place));
                        Splitting::Lines(chunks)
                    }
                    Some(Cut::TooLong(head, place, length)) => {
                        let mut batch = Batch::default();
                        batch.fill(|out| out.too_large(&head, place, length, self.max_record));
                        pieces.push(Piece::Units(batch));
                        Splitting::Lines(chunks)
                    }
                    None => Splitting::Done(chunks.into_error()),
                },
                Splitting::Structure(mut structure) => {
                    let mut batch = Batch::default();
                    let mut more = true;
                    while more && !batch.is_full(self.chunk) {
                        batch.fill(|out| more = structure.step(out));
                    }
                    pieces.extend(batch.into_piece());
                    if more {
                        Splitting::Structure(structure)
                    } else {
                        Splitting::Done(structure.into_window().into_error())
                    }
                }
                done @ Splitting::Done(_) => done,
            };
        }
        pieces
    }

    /// True when all pieces have been cut.
    pub fn is_done(&self) -> bool {
        matches!(self.splitting, Splitting::Done(_))
    }

    /// Why the input ended early, if it did; known at the end.
    pub fn error(&self) -> Option<&io::Error> {
        match &self.splitting {
            Splitting::Done(error) => error.as_ref(),
            Splitting::Utf16(_) | Splitting::Unknown(_) | Splitting::Lines(_) | Splitting::Structure(_) => None,
        }
    }
}

/// Most records of a batch, however small they are.
const BATCH: usize = 4096;

/// Records found by the splitter, copied out of its window.
#[derive(Default)]
pub(super) struct Batch {
    /// Records, counted where the splitter finds them.
    pub found: u64,
    /// The last of them is a value that has no end.
    pub endless: bool,
    bytes: Vec<u8>,
    units: Vec<(Range<usize>, Source, What)>,
}

enum What {
    Record,
    Rejected(RejectReason, String),
    Text,
}

impl Batch {
    fn fill(&mut self, split: impl FnOnce(&mut Out<'_>)) {
        let (bytes, units) = (&mut self.bytes, &mut self.units);
        let mut emit = |unit: Unit<'_>| {
            let (held, source, what) = match unit {
                Unit::Record { bytes, source } => (bytes, source, What::Record),
                Unit::Rejected { bytes, source, reason, detail } => (bytes, source, What::Rejected(reason, detail)),
                Unit::Text { source } => (b"".as_slice(), source, What::Text),
            };
            let start = bytes.len();
            bytes.extend_from_slice(held);
            units.push((start..bytes.len(), source, what));
        };
        let mut out = Out::new(&mut emit);
        split(&mut out);
        if out.found > 0 {
            self.endless = out.endless;
        }
        self.found += out.found;
    }

    fn is_full(&self, chunk: usize) -> bool {
        self.bytes.len() >= chunk || self.units.len() >= BATCH
    }

    /// The batch as a piece, unless nothing was found.
    fn into_piece(self) -> Option<Piece> {
        (self.found > 0).then_some(Piece::Units(self))
    }

    /// Where the last record begins.
    pub fn last(&self) -> u64 {
        self.units.last().map_or(0, |(_, source, _)| source.offset)
    }

    /// The records.
    pub fn units(&self) -> impl Iterator<Item = Unit<'_>> {
        self.units.iter().map(|(range, source, what)| {
            let (bytes, source) = (self.bytes.get(range.clone()).unwrap_or_default(), *source);
            match what {
                What::Record => Unit::Record { bytes, source },
                What::Rejected(reason, detail) => {
                    Unit::Rejected { bytes, source, reason: *reason, detail: detail.clone() }
                }
                What::Text => Unit::Text { source },
            }
        })
    }
}
