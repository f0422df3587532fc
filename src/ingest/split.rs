//! Line mode: each line stands alone and may hold several values; and how a line is told from text.

use memchr::memchr;
use serde::de::IgnoredAny;

use super::boundary::{Scanner, Step};
use crate::model::observation::Source;
use crate::model::reason::RejectReason;

/// One record of an input. The reader counts each unit as one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit<'a> {
    /// A JSON value, its grammar not yet checked.
    Record {
        /// The value without white space around it.
        bytes: &'a [u8],
        /// Where it begins.
        source: Source,
    },
    /// Bytes that can be no record.
    Rejected {
        /// The bytes; of one that is too large, the beginning.
        bytes: &'a [u8],
        /// Where they begin.
        source: Source,
        /// Why.
        reason: RejectReason,
        /// What exactly, for a reader.
        detail: String,
    },
    /// A line of text beside the JSON.
    Text {
        /// Where it begins.
        source: Source,
    },
}

/// How many bytes of a record that is too large are kept to show.
pub(super) const PREFIX: usize = 1024;

/// How many bytes of a line decide whether it is text.
pub(super) const LOOK: usize = 4096;

/// What is wrong with the end of a value without its beginning.
pub(super) const NO_BEGINNING: &str = "the end of a value whose beginning is missing";

/// What is wrong with a value that reaches to the end of what there is.
pub(super) const NO_END: &str = "unexpected end of the value";

/// What is wrong with an array that does.
pub(super) const NOT_CLOSED: &str = "unexpected end: the array is not closed";

/// Takes units and counts them where they are found.
pub(super) struct Out<'e> {
    /// Records found.
    pub found: u64,
    /// The last of them is a value that has no end.
    pub endless: bool,
    emit: &'e mut dyn FnMut(Unit<'_>),
}

impl<'e> Out<'e> {
    /// Hands each unit to `emit`.
    pub fn new(emit: &'e mut dyn FnMut(Unit<'_>)) -> Self {
        Self { found: 0, endless: false, emit }
    }

    /// A value was found.
    pub fn record(&mut self, bytes: &[u8], source: Source) {
        self.found += 1;
        self.endless = false;
        (self.emit)(Unit::Record { bytes, source });
    }

    /// A value was found and taken.
    fn taken(&mut self) {
        self.found += 1;
        self.endless = false;
    }

    /// A line of text was found.
    pub fn text(&mut self, source: Source) {
        self.found += 1;
        self.endless = false;
        (self.emit)(Unit::Text { source });
    }

    /// Something broken was found.
    pub fn rejected(&mut self, bytes: &[u8], source: Source, reason: RejectReason, detail: String) {
        self.found += 1;
        self.endless = false;
        (self.emit)(Unit::Rejected { bytes, source, reason, detail });
    }

    /// A value that is no JSON was found.
    pub fn broken(&mut self, bytes: &[u8], source: Source, detail: &str) {
        self.rejected(bytes, source, RejectReason::InvalidJson, detail.to_owned());
        self.endless = detail == NO_END || detail == NOT_CLOSED;
    }

    /// A record over the limit was found.
    pub fn too_large(&mut self, head: &[u8], source: Source, length: u64, max_record: usize) {
        let head = head.get(..PREFIX.min(max_record)).unwrap_or(head);
        let detail = format!("{length} bytes; at most {max_record} are read");
        self.rejected(head, source, RejectReason::TooLarge, detail);
    }
}

/// What a line begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// An object or an array.
    Container,
    /// A string, number or literal that fills the line.
    Scalar,
    /// The end of something whose beginning is missing.
    Debris,
    /// No JSON.
    Text,
}

/// The opening of a line without leading blanks. `whole` says whether all of the line is there; [`LOOK`] bytes decide.
pub(super) fn opening(line: &[u8], whole: bool) -> Opening {
    let (line, whole) = line.get(..LOOK).map_or((line, whole), |head| (head, whole && head.len() == line.len()));
    let parses = || whole && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    match line.first() {
        Some(b'{') => Opening::Container,
        // A line of text may well begin with `[`: a time or a level in brackets.
        Some(b'[') => match line.get(1..).unwrap_or_default().iter().find(|byte| !byte.is_ascii_whitespace()) {
            None | Some(b'{' | b'[' | b']' | b'"') => Opening::Container,
            Some(_) if parses() => Opening::Container,
            Some(_) => Opening::Text,
        },
        Some(b'}' | b']' | b':') => Opening::Debris,
        _ if parses() => Opening::Scalar,
        Some(b'"') if whole && line.trim_ascii_end().ends_with(b"}") => Opening::Debris,
        _ => Opening::Text,
    }
}

/// True for what may stand between values: white space, and a comma left over from an array.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',')
}

/// Finds the records of whole lines that begin at `place`. Lines that `take` takes are one record each.
pub(super) fn lines(
    chunk: &[u8],
    place: Source,
    max_record: usize,
    take: &dyn Fn(&[u8], Source) -> bool,
    out: &mut Out<'_>,
) {
    let mut rest = chunk;
    let mut place = place;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let (bytes, after) = rest.split_at(end);
        if bytes.len() > max_record {
            out.too_large(bytes, place, bytes.len() as u64, max_record);
        } else {
            let mut line = Line { bytes, place, out };
            if let Some(first) = line.skip_blanks(0)
                && !line.is_taken(first, take)
            {
                line.read(first);
            }
        }
        rest = after.get(1..).unwrap_or_default();
        place.offset += end as u64 + 1;
        place.line += 1;
    }
}

/// One line, and where its records go. `None` from a method means that the rest of the line has been rejected.
struct Line<'a, 'o, 'e> {
    bytes: &'a [u8],
    place: Source,
    out: &'o mut Out<'e>,
}

impl<'a> Line<'a, '_, '_> {
    /// Offers the line, if it begins with an object, to somebody who may take it as one record.
    fn is_taken(&mut self, first: usize, take: &dyn Fn(&[u8], Source) -> bool) -> bool {
        let end = self.bytes.iter().rposition(|byte| !is_blank(*byte)).map_or(first, |last| last + 1);
        let record = &self.bytes[first..end];
        let taken = record.first() == Some(&b'{') && take(record, self.source(first, 0));
        if taken {
            self.out.taken();
        }
        taken
    }

    fn read(&mut self, first: usize) {
        match opening(self.rest(first), true) {
            Opening::Text => self.out.text(self.source(first, 0)),
            Opening::Scalar => self.out.record(self.rest(first).trim_ascii_end(), self.source(first, 0)),
            Opening::Debris => self.reject(first, NO_BEGINNING),
            Opening::Container => {
                self.values(first);
            }
        }
    }

    fn values(&mut self, first: usize) -> Option<()> {
        let mut position = first;
        while let Some(start) = self.skip_blanks(position) {
            position = match self.bytes[start] {
                b'{' => self.value(start, true, 0)?,
                b'[' => self.items(start + 1, true)?,
                _ => {
                    if opening(self.rest(start), true) == Opening::Scalar {
                        self.out.record(self.rest(start).trim_ascii_end(), self.source(start, 0));
                    } else {
                        self.reject(start, "text after a value");
                    }
                    return None;
                }
            };
        }
        Some(())
    }

    /// Reads one value, or the items of a wrapper; returns where it ends.
    fn value(&mut self, start: usize, wrappers: bool, item: u32) -> Option<usize> {
        let mut scanner = Scanner::new(wrappers);
        let mut position = start;
        loop {
            match scanner.scan(self.rest(position)) {
                Step::End(length) => {
                    let end = position + length;
                    if position == start {
                        self.out.record(&self.bytes[start..end], self.source(start, item));
                    }
                    return Some(end);
                }
                Step::Items(length) => {
                    position = self.items(position + length, false)?;
                    scanner.items_closed();
                }
                Step::More => {
                    self.reject(position, NO_END);
                    return None;
                }
                Step::Broken(_, why) => {
                    self.reject(position, why);
                    return None;
                }
            }
        }
    }

    /// Reads the elements of an array that opens before `first`; returns what comes after it.
    fn items(&mut self, first: usize, wrappers: bool) -> Option<usize> {
        let mut position = first;
        let mut item: u32 = 0;
        loop {
            let Some(start) = self.skip_blanks(position) else {
                self.reject(self.bytes.len(), NOT_CLOSED);
                return None;
            };
            match self.bytes[start] {
                b']' => return Some(start + 1),
                b'}' | b':' => {
                    self.reject(start, NO_BEGINNING);
                    return None;
                }
                _ => {
                    item = item.saturating_add(1);
                    position = self.value(start, wrappers, item)?;
                }
            }
        }
    }

    fn skip_blanks(&self, from: usize) -> Option<usize> {
        self.rest(from).iter().position(|byte| !is_blank(*byte)).map(|ahead| from + ahead)
    }

    fn rest(&self, from: usize) -> &'a [u8] {
        self.bytes.get(from..).unwrap_or_default()
    }

    fn source(&self, at: usize, item: u32) -> Source {
        Source { offset: self.place.offset + at as u64, item, ..self.place }
    }

    fn reject(&mut self, from: usize, why: &str) {
        self.out.broken(self.rest(from).trim_ascii_end(), self.source(from, 0), why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut units = Vec::new();
        let mut emit = |unit: Unit<'_>| {
            units.push(match unit {
                Unit::Record { bytes, source } => {
                    format!("{}:{}#{} {}", source.line, source.offset, source.item, String::from_utf8_lossy(bytes))
                }
                Unit::Rejected { source, reason, .. } => format!("{}:{} {reason}", source.line, source.offset),
                Unit::Text { source } => format!("{}:{} text", source.line, source.offset),
            });
        };
        let place = Source { input: 0, offset: 0, line: 1, item: 0 };
        lines(text.as_bytes(), place, 40, &|_, _| false, &mut Out::new(&mut emit));
        units
    }

    #[test]
    fn a_line_holds_one_value_or_several() {
        assert_eq!(
            found("{\"a\":1}\r\n\n {\"b\":2}{\"c\":3} ,\nnull\n"),
            ["1:0#0 {\"a\":1}", "3:11#0 {\"b\":2}", "3:18#0 {\"c\":3}", "4:28#0 null"]
        );
    }

    #[test]
    fn array_elements_and_wrapped_items_count_one_each() {
        assert_eq!(
            found("[{\"a\":1}, [2],3]\n{\"entries\":[{\"b\":2}],\"n\":\"\"}\n[]\n"),
            ["1:1#1 {\"a\":1}", "1:10#2 [2]", "1:14#3 3", "2:29#1 {\"b\":2}"]
        );
        assert_eq!(found("[{\"entries\":[1,2]}]"), ["1:13#1 1", "1:15#2 2"]);
    }

    #[test]
    fn a_broken_line_keeps_what_came_before() {
        assert_eq!(found("{\"a\":1}{\"b\":\n{\"c\":3}"), ["1:0#0 {\"a\":1}", "1:7 invalid_json", "2:13#0 {\"c\":3}"]);
        assert_eq!(found("{\"a\":1} tail"), ["1:0#0 {\"a\":1}", "1:8 invalid_json"]);
        assert_eq!(found("[{\"a\":1}"), ["1:1#1 {\"a\":1}", "1:8 invalid_json"]);
        assert_eq!(found("}\n\"b\":1}}"), ["1:0 invalid_json", "2:2 invalid_json"]);
    }

    #[test]
    fn text_is_told_from_json() {
        assert_eq!(
            found("WARNING: x\n[2026-10-01 10:00] INFO\n[1, 2]\n\"a\",\"b\"\n"),
            ["1:0 text", "2:11 text", "3:36#1 1", "3:39#2 2", "4:42 text"]
        );
    }

    #[test]
    fn a_line_over_the_limit_is_too_large() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(40));
        assert_eq!(found(&format!("{long}\n{{}}")), ["1:0 too_large", "2:49#0 {}"]);
    }
}
