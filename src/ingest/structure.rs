//! Structural mode: values found by their brackets wherever lines end; and how the mode of a file is chosen.
//!
//! A value that breaks off is rejected up to the next line that begins, unindented, with `{`, or to the next element of the
//! array it stands in: a line with the element's indentation and `{`.

use super::boundary::{Scanner, Step};
use super::split::{LOOK, NO_BEGINNING, NO_END, NOT_CLOSED, Opening, Out, PREFIX, is_blank, opening};
use super::window::Window;
use crate::model::observation::Source;
use crate::model::reason::RejectReason;

/// What a file turned out to be once its first value was seen.
pub(super) enum Mode {
    /// Each line stands alone.
    Lines,
    /// Values are found by their brackets.
    Structure,
    /// There is nothing more to read.
    Done,
}

/// How much of the first value's line is looked at; a longer line is read in structural mode, which holds one element only.
const FIRST_LINE: usize = 8 << 20;
/// Lines of text before the first value that are kept with their place; later ones share the last place.
const TEXTS: usize = 1 << 16;
/// Indentation that is compared.
const INDENT: usize = 256;
/// Bytes between two elements on one line that are looked at.
const BETWEEN: usize = 16;
/// How often values that end at the same broken place are tried again, so that hostile nesting cannot take quadratic time.
const RETRIES: u32 = 32;

/// An array whose elements are records.
struct Frame {
    item: u32,
    /// The indentation of the element that was read last, if it began its line.
    indent: Option<Vec<u8>>,
    /// The wrapper's scan, to go on after the array.
    wrapper: Option<Scanner>,
    /// An element broke: that the array is not closed is no news.
    broken: bool,
}

/// Splits a stream in structural mode.
pub(super) struct Structure {
    window: Window,
    max_record: usize,
    frames: Vec<Frame>,
    /// White space before the next value on its line; `None` when something else stands there too.
    indent: Option<Vec<u8>>,
    /// A value has been seen.
    json: bool,
    /// Lines before the first value; with the beginning of the line when it is debris.
    texts: Vec<(Source, Option<Vec<u8>>)>,
    more_texts: u64,
    head: Vec<u8>,
    broke_at: (u64, u32),
}

impl Structure {
    /// Splits what the window shows.
    pub fn new(window: Window, max_record: usize) -> Self {
        Self {
            window,
            max_record,
            frames: Vec::new(),
            indent: Some(Vec::new()),
            json: false,
            texts: Vec::new(),
            more_texts: 0,
            head: Vec::new(),
            broke_at: (0, 0),
        }
    }

    /// The window, as far as it was read.
    pub fn into_window(self) -> Window {
        self.window
    }

    /// Reads up to the first object or array and chooses the mode.
    pub fn begin(&mut self, out: &mut Out<'_>) -> Mode {
        if self.skip_blanks() {
            let (length, _) = self.window.line(LOOK);
            if is_csv_header(&self.window.rest()[..length]) {
                let detail = "a CSV download loses fields; export JSON instead".to_owned();
                out.rejected(&self.window.rest()[..length], self.window.place(), RejectReason::CsvExport, detail);
                return Mode::Done;
            }
        }
        while self.skip_blanks() {
            if self.opening() != Opening::Container {
                self.plain_line(out);
                continue;
            }
            self.first_value(out);
            let (length, ends) = self.window.line(self.max_record.min(FIRST_LINE));
            let first = Scanner::new(false).scan(&self.window.rest()[..length]);
            return if ends && matches!(first, Step::End(_)) { Mode::Lines } else { Mode::Structure };
        }
        if let (false, Some((source, _))) = (self.json, self.texts.first()) {
            let source = *source;
            out.rejected(&self.head, source, RejectReason::NotJson, not_json(&self.head));
        }
        Mode::Done
    }

    /// Finds the next record or records; false at the end.
    pub fn step(&mut self, out: &mut Out<'_>) -> bool {
        if !self.skip_blanks() {
            if !self.frames.is_empty() && self.frames.iter().all(|frame| !frame.broken) {
                out.broken(b"", self.window.place(), NOT_CLOSED);
            }
            self.frames.clear();
            return false;
        }
        let first = self.window.rest()[0];
        let Some(frame) = self.frames.last_mut() else {
            match (self.opening(), first) {
                (Opening::Container, b'[') => {
                    self.window.consume(1);
                    self.open_frame(None);
                }
                (Opening::Container, _) => self.value(Scanner::new(true), Some(0), out),
                (Opening::Scalar | Opening::Debris | Opening::Text, _) => self.plain_line(out),
            }
            return true;
        };
        match first {
            b']' => {
                self.window.consume(1);
                self.indent = None;
                let wrapper = self.frames.pop().and_then(|frame| frame.wrapper);
                if let Some(mut scanner) = wrapper {
                    scanner.items_closed();
                    self.value(scanner, None, out);
                }
            }
            b'}' | b':' => self.resync(0, 1, NO_BEGINNING, out),
            _ => {
                frame.item = frame.item.saturating_add(1);
                frame.indent.clone_from(&self.indent);
                let item = frame.item;
                // A wrapper's own items are entries; an array's elements may be pages, each a wrapper.
                let wrappers = frame.wrapper.is_none();
                self.value(Scanner::new(wrappers), Some(item), out);
            }
        }
        true
    }

    fn open_frame(&mut self, wrapper: Option<Scanner>) {
        self.indent = None;
        self.frames.push(Frame { item: 0, indent: None, wrapper, broken: false });
    }

    /// Passes over what may stand between values and notes the indentation; false at the end.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = self.window.rest();
            let blanks = rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
            for byte in &rest[..blanks] {
                match (byte, &mut self.indent) {
                    (b'\n', indent) => *indent = Some(Vec::new()),
                    (b',', indent) => *indent = None,
                    (blank, Some(indent)) if indent.len() < INDENT => indent.push(*blank),
                    (_, indent) => *indent = None,
                }
            }
            let found = blanks < rest.len();
            self.window.consume(blanks);
            if found {
                return true;
            }
            if !self.window.more() {
                return false;
            }
        }
    }

    fn opening(&mut self) -> Opening {
        let (length, whole) = self.window.line(LOOK);
        opening(&self.window.rest()[..length], whole)
    }

    /// The first value: the texts before it are lines beside JSON, after all.
    fn first_value(&mut self, out: &mut Out<'_>) {
        self.json = true;
        let last = self.texts.last().map(|(source, _)| *source);
        for (source, debris) in self.texts.drain(..) {
            match debris {
                Some(line) => out.broken(&line, source, NO_BEGINNING),
                None => out.text(source),
            }
        }
        for source in (0..std::mem::take(&mut self.more_texts)).filter_map(|_| last) {
            out.text(source);
        }
    }

    /// A line outside values that holds no object and no array.
    fn plain_line(&mut self, out: &mut Out<'_>) {
        let place = self.window.place();
        let opening = self.opening();
        let (length, _) = self.window.line(LOOK);
        let line = self.window.rest()[..length].trim_ascii_end();
        match opening {
            Opening::Scalar => {
                let line = line.to_vec();
                self.first_value(out);
                out.record(&line, place);
            }
            Opening::Debris if self.json => out.broken(line, place, NO_BEGINNING),
            _ if self.indent.is_none() && self.json => out.broken(line, place, "text after a value"),
            Opening::Text | Opening::Container if self.json => out.text(place),
            Opening::Debris | Opening::Text | Opening::Container => {
                let start = line.get(..PREFIX).unwrap_or(line).to_vec();
                if self.texts.is_empty() {
                    self.head.clone_from(&start);
                }
                if self.texts.len() < TEXTS {
                    self.texts.push((place, (opening == Opening::Debris).then_some(start)));
                } else {
                    self.more_texts += 1;
                }
            }
        }
        self.window.skip_line();
        self.indent = Some(Vec::new());
    }

    /// Reads one value and hands it out as a record; without `item` it is the rest of a wrapper, which is none.
    fn value(&mut self, mut scanner: Scanner, item: Option<u32>, out: &mut Out<'_>) {
        let source = Source { item: item.unwrap_or(0), ..self.window.place() };
        let mut head = Vec::new();
        let mut length: u64 = 0;
        let mut held = 0;
        loop {
            let rest = self.window.rest();
            let step = scanner.scan(rest.get(held..).unwrap_or_default());
            let (ahead, broken) = match step {
                Step::More => (rest.len() - held, None),
                Step::End(ahead) | Step::Items(ahead) => (ahead, None),
                Step::Broken(ahead, why) => (ahead, Some(why)),
            };
            held += ahead;
            length += ahead as u64;
            let large = length > self.max_record as u64;
            if large && head.is_empty() {
                head = rest.get(..PREFIX).unwrap_or(rest).to_vec();
            }
            match step {
                Step::End(_) if item.is_none() => return self.pass(held),
                Step::End(_) if large => {
                    out.too_large(&head, source, length, self.max_record);
                    return self.pass(held);
                }
                Step::End(_) => {
                    out.record(&rest[..held], source);
                    return self.pass(held);
                }
                Step::Items(_) => {
                    self.pass(held);
                    return self.open_frame(Some(scanner));
                }
                Step::More => {
                    if large {
                        self.window.consume(held);
                        held = 0;
                    }
                    if self.window.more() {
                        continue;
                    }
                }
                Step::Broken(..) => {}
            }
            let why = broken.unwrap_or(NO_END);
            if large {
                out.too_large(&head, source, length, self.max_record);
                self.window.consume(held);
                return self.find_next(0, None, out);
            }
            return self.resync(item.unwrap_or(0), held, why, out);
        }
    }

    /// Consumes a value.
    fn pass(&mut self, length: usize) {
        self.window.consume(length);
        self.indent = None;
    }

    /// Rejects the value in view, which broke `held` bytes on, and goes on at the next that can be found after its start.
    fn resync(&mut self, item: u32, held: usize, why: &'static str, out: &mut Out<'_>) {
        let source = Source { item, ..self.window.place() };
        let broke_at = source.offset + held as u64;
        let tries = if self.broke_at.0 == broke_at { self.broke_at.1 + 1 } else { 0 };
        self.broke_at = (broke_at, tries);
        let from = if tries < RETRIES { 0 } else { held };
        self.find_next(from, Some((source, why)), out);
    }

    /// Consumes up to the next line where a value may begin, searching from `from` on, and rejects what was passed over.
    fn find_next(&mut self, from: usize, rejected: Option<(Source, &str)>, out: &mut Out<'_>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.broken = true;
        }
        let mut kept: Option<Vec<u8>> = None;
        let mut position = from;
        let end = loop {
            let Some(ahead) = memchr::memchr(b'\n', self.window.rest().get(position..).unwrap_or_default()) else {
                position = self.window.rest().len();
                if position > self.max_record {
                    kept.get_or_insert_with(|| self.window.rest()[..self.max_record].to_vec());
                    self.window.consume(position);
                    position = 0;
                }
                if self.window.more() {
                    continue;
                }
                break self.window.rest().len();
            };
            position += ahead + 1;
            if let Some(begin) = self.next_value(position) {
                break begin;
            }
        };
        if let Some((source, why)) = rejected {
            let passed = kept.as_deref().unwrap_or(&self.window.rest()[..end]);
            let bytes = passed.get(..self.max_record).unwrap_or(passed);
            out.broken(bytes.trim_ascii_end(), source, why);
        }
        let at_line_start = end == 0 || self.window.rest().get(end - 1) == Some(&b'\n');
        self.window.consume(end);
        self.indent = at_line_start.then(Vec::new);
    }

    /// Where on the line at `position` reading can go on; leaves arrays that ended with it.
    fn next_value(&mut self, position: usize) -> Option<usize> {
        let inside = !self.frames.is_empty();
        let indent = self.frames.last().and_then(|frame| frame.indent.clone());
        let look = indent.as_ref().map_or(BETWEEN, |indent| indent.len() + 1);
        while self.window.rest().len() < position + look && self.window.more() {}
        let line = self.window.rest().get(position..).unwrap_or_default();
        let line = line.get(..look).unwrap_or(line);
        let unindented = line.first() == Some(&b'{');
        let Some(indent) = indent else {
            // Elements that do not begin their line: `},{`.
            if unindented || !inside {
                return unindented.then_some(position);
            }
            let after = line.strip_prefix(b"}")?;
            let between = after.iter().take_while(|byte| matches!(byte, b' ' | b',')).count();
            return (after.get(between) == Some(&b'{') && between > 0).then_some(position + 1 + between);
        };
        if line.strip_prefix(indent.as_slice()).is_some_and(|rest| rest.first() == Some(&b'{')) {
            return Some(position);
        }
        if unindented {
            self.frames.clear();
            return Some(position);
        }
        let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        (blanks < indent.len() && line.get(blanks) == Some(&b']')).then_some(position)
    }
}

/// True for the header of a CSV download of log entries.
fn is_csv_header(line: &[u8]) -> bool {
    if matches!(line.first(), None | Some(b'{' | b'[')) {
        return false;
    }
    let mut columns = line.split(|byte| *byte == b',').map(|column| {
        let column = column.trim_ascii();
        column.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(column)
    });
    let known = columns
        .clone()
        .any(|name| matches!(name, b"insertId" | b"logName" | b"protoPayload") || name.starts_with(b"protoPayload."));
    known && columns.nth(1).is_some()
}

/// What a file without JSON is, as far as its first bytes tell.
fn not_json(head: &[u8]) -> String {
    let what = match head {
        [b'P', b'K', 3 | 5, ..] => "a ZIP archive; unpack it first",
        [b'B', b'Z', b'h', ..] => "compressed with bzip2; unpack it first",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "compressed with xz; unpack it first",
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file; export JSON",
        [b'O', b'b', b'j', 1, ..] => "an Avro file; export JSON",
        [0, b'{' | b'[', ..] | [b'{' | b'[', 0, ..] => "UTF-16 text; convert it to UTF-8",
        _ => "no line of the file begins a JSON value",
    };
    what.to_owned()
}
