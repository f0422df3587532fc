//! The parallel reader: inputs side by side, and chunks of one large input side by side as well.
//!
//! Each input is read in batches of work; while a batch is decoded the next is read. What is held is bounded by the batches in
//! flight, not by the size of an input. What is done with the records is for a [`Taker`] to say, of which each thread has one.

use std::cell::RefCell;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::buffer::Buffers;
use super::decompress::{self, Storage};
use super::flow::{Opening, Watch};
use super::inputs::{IngestError, Input, Listing, Place, plain};
use super::meter::Meter;
use super::pieces::{Piece, Pieces};
use super::sink_name::{Survey, survey};
use super::split::{Out, Unit, lines};
use crate::model::observation::Source;
use crate::model::stats::{Count, Stage};

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// Threads; 0 takes as many as the machine has.
    pub threads: usize,
    /// The largest record in bytes.
    pub max_record: usize,
    /// Bytes read at a time. Changes no result.
    pub chunk: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { threads: 0, max_record: 64 << 20, chunk: 256 << 10 }
    }
}

impl ReadOptions {
    /// The number of threads that will decode.
    pub fn decoders(&self) -> usize {
        match self.threads {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        }
    }
}

/// Why an input is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// It could not be opened or read.
    Unreadable,
    /// Its compressed data end early or are damaged; what came before counts.
    Truncated,
    /// It was written to while it was read; what was found up to the length it had counts.
    Changed,
}

/// What went wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// Why, for a reader.
    pub why: String,
}

/// What was read of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSummary {
    /// The input's name.
    pub name: String,
    /// Bytes read, as stored.
    pub bytes: u64,
    /// Records, counted where the splitter finds them; rejected ones and lines of text included.
    pub records: u64,
    /// Line breaks among the bytes, where an extent of a longer input was read.
    pub line_breaks: Option<u64>,
    /// Why it is not whole; `None` when it is.
    pub problem: Option<Problem>,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadSummary {
    /// The inputs, in the order of the listing.
    pub inputs: Vec<InputSummary>,
    /// What names of sink files say about holes.
    pub survey: Survey,
}

impl ReadSummary {
    /// Records of all inputs.
    pub fn records(&self) -> u64 {
        self.inputs.iter().map(|input| input.records).sum()
    }

    /// True when every input was read to its end.
    pub fn is_complete(&self) -> bool {
        self.inputs.iter().all(|input| input.problem.is_none())
    }
}

/// What one thread does with the records it is handed: the sequential part of the reading. There are as many as threads, and
/// what they end with is put together by the caller.
pub trait Taker: Send {
    /// Takes a unit.
    fn unit(&mut self, unit: Unit<'_>);

    /// Is offered each line that begins with `{`, blanks around it left out. Says whether it took the line, as one record; else
    /// the line is split and its units are handed over as any other.
    fn line(&mut self, line: &[u8], source: Source) -> bool {
        let _ = (line, source);
        false
    }

    /// A piece of an input ends here: its units came in its order, and the next may be of anywhere.
    fn piece_ended(&mut self);
}

/// Reads all inputs: `decode` turns each record into a value on any thread, `fold` takes the values on this one.
///
/// Values arrive in no particular order; those of one piece of an input come together and in its order.
///
/// # Errors
/// When the threads cannot be started. What is wrong with one input is in the summary.
pub fn read<T: Send>(
    listing: &Listing,
    options: &ReadOptions,
    decode: &(dyn Fn(Unit<'_>) -> T + Sync),
    fold: &mut dyn FnMut(Vec<T>),
) -> Result<ReadSummary, IngestError> {
    read_metered(listing, options, decode, fold, &Meter::default())
}

/// The same, counted and timed by a meter.
///
/// # Errors
/// As [`read`].
pub fn read_metered<T: Send>(
    listing: &Listing,
    options: &ReadOptions,
    decode: &(dyn Fn(Unit<'_>) -> T + Sync),
    fold: &mut dyn FnMut(Vec<T>),
    meter: &Meter,
) -> Result<ReadSummary, IngestError> {
    let (sender, receiver) = sync_channel(2 * options.decoders());
    thread::scope(|scope| {
        let gathered = Gathered { values: Mutex::default(), sender };
        let reading = thread::Builder::new().name("read".to_owned()).spawn_scoped(scope, move || {
            let new = || Decoder { decode, values: Vec::new(), gathered: &gathered };
            let summary = read_with(listing, options, &new, meter)?.0;
            gathered.hand_over(Vec::new(), 0);
            Ok(summary)
        });
        let reading = reading.map_err(|error| IngestError::Threads(plain(&error)))?;
        for values in receiver {
            fold(values);
        }
        reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads all inputs on several threads, each with a taker of its own; the takers are returned, in no meaningful order.
///
/// # Errors
/// As [`read`].
pub fn read_with<W: Taker>(
    listing: &Listing,
    options: &ReadOptions,
    new: &(dyn Fn() -> W + Sync),
    meter: &Meter,
) -> Result<(ReadSummary, Vec<W>), IngestError> {
    let threads = options.decoders();
    meter.await_inputs(listing.inputs.len());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| IngestError::Threads(error.to_string()))?;
    let waiting = AtomicUsize::new(listing.inputs.len());
    let buffers = Arc::new(Buffers::new(4 * threads));
    let crew = Crew { inputs: &listing.inputs, options, threads, waiting, new, idle: Mutex::default(), buffers, meter };
    let inputs = pool.install(|| {
        let inputs = listing.inputs.par_iter().enumerate().with_max_len(1);
        inputs.map(|(number, input)| crew.read(number, input)).collect()
    });
    let survey = survey(listing.inputs.iter().map(|input| input.name.as_str()));
    Ok((ReadSummary { inputs, survey }, crew.idle.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// Makes values of records, for somebody who takes them on one thread.
struct Decoder<'a, T> {
    decode: &'a (dyn Fn(Unit<'_>) -> T + Sync),
    values: Vec<T>,
    gathered: &'a Gathered<T>,
}

impl<T: Send> Taker for Decoder<'_, T> {
    fn unit(&mut self, unit: Unit<'_>) {
        self.values.push((self.decode)(unit));
    }

    fn piece_ended(&mut self) {
        self.gathered.hand_over(std::mem::take(&mut self.values), ENOUGH);
    }
}

/// How many values are handed over at least: waking the other side for each of many small inputs would cost more than they do.
const ENOUGH: usize = 512;

/// How many objects from one on are fetched at a time.
const NEXT: usize = 8;

/// Values of small pieces, until there are enough of them.
struct Gathered<T> {
    values: Mutex<Vec<T>>,
    sender: SyncSender<Vec<T>>,
}

impl<T> Gathered<T> {
    /// Gathers values, and sends what there is when that is enough.
    fn hand_over(&self, mut values: Vec<T>, enough: usize) {
        let mut gathered = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.append(&mut values);
        if gathered.len() >= enough {
            let values = std::mem::take(&mut *gathered);
            drop(gathered);
            // When nobody listens any more, the caller is unwinding.
            let _ = self.sender.send(values);
        }
    }
}

/// What the threads share.
struct Crew<'a, W> {
    inputs: &'a [Input],
    options: &'a ReadOptions,
    threads: usize,
    /// Inputs that are not finished.
    waiting: AtomicUsize,
    new: &'a (dyn Fn() -> W + Sync),
    /// Takers that no thread has just now: there are never more than threads.
    idle: Mutex<Vec<W>>,
    buffers: Arc<Buffers>,
    meter: &'a Meter,
}

/// What was found in one input, by whatever thread.
#[derive(Default)]
struct Found {
    records: AtomicU64,
    /// Where the last piece begins that was seen, and whether its last value has no end.
    tail: Mutex<(u64, bool)>,
}

impl Found {
    fn add(&self, records: u64, place: u64, endless: bool) {
        self.records.fetch_add(records, Ordering::Relaxed);
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if place >= tail.0 {
            *tail = (place, endless);
        }
    }

    fn ends_in_a_value(&self) -> bool {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

impl<W: Taker> Crew<'_, W> {
    fn read(&self, number: usize, input: &Input) -> InputSummary {
        let summary = self.read_input(number, input);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.meter.add(Count::Inputs, 1);
        summary
    }

    fn read_input(&self, number: usize, input: &Input) -> InputSummary {
        let mut summary =
            InputSummary { name: input.name.clone(), bytes: 0, records: 0, line_breaks: None, problem: None };
        let begun = Instant::now();
        // A thread goes from one input to the next: those are on their way meanwhile.
        for next in self.inputs.iter().skip(number).take(NEXT) {
            if let Place::Object(object) = &next.place {
                object.prefetch();
            }
        }
        let opened = match decompress::open(&input.place) {
            Ok(opened) => opened,
            Err(error) => {
                summary.problem = Some(Problem { kind: ProblemKind::Unreadable, why: plain(&error) });
                return summary;
            }
        };
        let (storage, watch) = (opened.storage, opened.watch.clone());
        let found = Found::default();
        let mut pieces = Pieces::new(opened, number, self.options.max_record, self.options.chunk, &self.buffers);
        let (mut fed, mut told) = (begun.elapsed(), 0);
        let mut next = |pieces: &mut Pieces| {
            let begun = Instant::now();
            let ready = pieces.next(self.ahead());
            fed += begun.elapsed();
            let read = watch.stored.bytes();
            self.meter.add(Count::StoredBytes, read - std::mem::replace(&mut told, read));
            ready
        };
        let mut ready = next(&mut pieces);
        while !ready.is_empty() {
            if pieces.is_done() && ready.len() == 1 {
                ready.drain(..).for_each(|piece| self.decode(piece, &found));
                break;
            }
            let decode = || ready.into_par_iter().for_each(|piece| self.decode(piece, &found));
            (ready, ()) = rayon::join(|| next(&mut pieces), decode);
        }
        summary.bytes = watch.stored.bytes();
        summary.records = found.records.load(Ordering::Relaxed);
        summary.line_breaks = watch.line_breaks.as_ref().map(|breaks| breaks.load(Ordering::Relaxed));
        summary.problem = problem(&pieces, storage, &watch, &found);
        let inflating = watch.inflated.as_ref().map_or(Duration::ZERO, |flow| flow.time());
        let text = watch.inflated.as_ref().unwrap_or(&watch.stored);
        self.meter.add(Count::TextBytes, text.bytes());
        self.meter.spend(Stage::Read, watch.stored.time());
        self.meter.spend(Stage::Inflate, inflating);
        self.meter.spend(Stage::Cut, fed.saturating_sub(watch.stored.time() + inflating));
        summary
    }

    /// How many pieces of one input to hold: all threads share in the last inputs, and many inputs need few pieces each.
    fn ahead(&self) -> usize {
        let side_by_side = self.waiting.load(Ordering::Relaxed).clamp(1, self.threads);
        (2 * self.threads).div_ceil(side_by_side)
    }

    fn decode(&self, piece: Piece, found: &Found) {
        let begun = Instant::now();
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut taker = idle.unwrap_or_else(self.new);
        let (records, place, endless) = match piece {
            Piece::Lines(bytes, place) => {
                // A line that was written to its end is broken, not cut off.
                let (found, endless) = self.decode_lines(&bytes, place, &mut taker);
                let endless = endless && !bytes.ends_with(b"\n");
                self.buffers.give(bytes, self.options.chunk);
                (found, place.offset, endless)
            }
            Piece::Units(batch) => {
                batch.units().for_each(|unit| taker.unit(unit));
                (batch.found, batch.last(), batch.endless)
            }
        };
        found.add(records, place, endless);
        self.meter.add(Count::Records, records);
        self.meter.spend(Stage::Decode, begun.elapsed());
        taker.piece_ended();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(taker);
    }

    /// Decodes the records of whole lines; how many there are, and whether the last has no end.
    fn decode_lines(&self, bytes: &[u8], place: Source, taker: &mut W) -> (u64, bool) {
        let taker = RefCell::new(taker);
        let mut emit = |unit: Unit<'_>| taker.borrow_mut().unit(unit);
        let offer = |line: &[u8], source: Source| taker.borrow_mut().line(line, source);
        let mut out = Out::new(&mut emit);
        lines(bytes, place, self.options.max_record, &offer, &mut out);
        (out.found, out.endless)
    }
}

/// Why an input is not whole, if it is not; known when all of it was read.
fn problem(pieces: &Pieces, storage: Storage, watch: &Watch, found: &Found) -> Option<Problem> {
    if let Some(why) = watch.opening.as_ref().and_then(Opening::change) {
        return Some(Problem { kind: ProblemKind::Changed, why });
    }
    if let Some(error) = pieces.error() {
        // Where what is stored was read, the decoder failed on it.
        let damaged = storage != Storage::Plain && !watch.stored.has_failed();
        let kind = if damaged { ProblemKind::Truncated } else { ProblemKind::Unreadable };
        return Some(Problem { kind, why: plain(error) });
    }
    let why = "ends in the middle of a record".to_owned();
    found.ends_in_a_value().then_some(Problem { kind: ProblemKind::Truncated, why })
}
