//! A window on a stream of bytes: what has been read and not yet consumed, with the place where it stands.

use std::io::{self, Read};
use std::sync::Arc;

use super::buffer::{Buffer, Buffers};
use crate::model::observation::Source;

/// Bytes read first; the next time it is twice as many, up to the chunk.
const FIRST_STEP: usize = 64 << 10;

/// Bytes of a stream that are held for the splitter. Only what is not consumed stays in memory.
pub(super) struct Window {
    reader: Box<dyn Read + Send>,
    buffers: Arc<Buffers>,
    held: Buffer,
    position: usize,
    place: Source,
    chunk: usize,
    /// Bytes to read next: small inputs need no room for a whole chunk.
    step: usize,
    ended: bool,
    error: Option<io::Error>,
}

impl Window {
    /// A window on `reader`, which stands at `place`, reading `chunk` bytes at a time.
    pub fn new(reader: Box<dyn Read + Send>, place: Source, chunk: usize, buffers: &Arc<Buffers>) -> Self {
        let chunk = chunk.max(1);
        let step = chunk.min(FIRST_STEP);
        let (buffers, held) = (Arc::clone(buffers), buffers.take());
        Self { reader, buffers, held, position: 0, place, chunk, step, ended: false, error: None }
    }

    /// The bytes in view.
    pub fn rest(&self) -> &[u8] {
        self.held.get(self.position..).unwrap_or_default()
    }

    /// Where the first byte in view stands.
    pub fn place(&self) -> Source {
        self.place
    }

    /// Reads on; false when the stream has no more.
    pub fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.held.keep(self.position, self.held.len());
        self.position = 0;
        let before = self.held.len();
        self.error = self.held.read(&mut self.reader, self.step).err();
        self.step = (2 * self.step).min(self.chunk);
        let read = self.held.len() > before;
        self.ended = !read || self.error.is_some();
        read
    }

    /// Gives up the first `bytes` in view.
    pub fn consume(&mut self, bytes: usize) {
        let gone = self.rest().get(..bytes).unwrap_or_else(|| self.rest());
        let (length, lines) = (gone.len(), memchr::memchr_iter(b'\n', gone).count());
        self.place.offset += length as u64;
        self.place.line += lines as u64;
        self.position += length;
    }

    /// The length in view up to the next line break or the end of the stream (true), or `limit` if neither comes before it
    /// (false).
    pub fn line(&mut self, limit: usize) -> (usize, bool) {
        let mut seen = 0;
        loop {
            let rest = self.rest();
            let until = rest.len().min(limit.saturating_add(1));
            if let Some(at) = memchr::memchr(b'\n', rest.get(seen..until).unwrap_or_default()) {
                return (seen + at, true);
            }
            if rest.len() > limit {
                return (limit, false);
            }
            seen = until;
            if !self.more() {
                return (self.rest().len(), true);
            }
        }
    }

    /// The stream's lines from here on, in chunks.
    pub fn into_lines(self, max_record: usize) -> LineChunks {
        LineChunks { window: self, max_record }
    }

    /// Why the stream ended early, if it did.
    pub fn into_error(self) -> Option<io::Error> {
        self.error
    }
}

/// Whole lines of a stream, a chunk at a time.
pub(super) struct LineChunks {
    window: Window,
    max_record: usize,
}

/// What [`LineChunks`] cuts off.
pub(super) enum Cut {
    /// Whole lines, the last perhaps without its line break, and where they begin.
    Lines(Buffer, Source),
    /// A line that is longer than a record may be: its beginning, its place and its length.
    TooLong(Vec<u8>, Source, u64),
}

impl LineChunks {
    /// The next whole lines; `None` at the end.
    pub fn next(&mut self, prefix: usize) -> Option<Cut> {
        let mut seen = 0;
        loop {
            if let Some(last) = memchr::memrchr(b'\n', self.window.rest().get(seen..).unwrap_or_default()) {
                return Some(self.cut(seen + last + 1));
            }
            seen = self.window.rest().len();
            if seen > self.max_record {
                return Some(self.skip_line(prefix));
            }
            if !self.window.more() {
                let rest = self.window.rest().len();
                return (rest > 0).then(|| self.cut(rest));
            }
        }
    }

    /// Hands out the first `length` bytes in view without copying more than what follows them.
    fn cut(&mut self, length: usize) -> Cut {
        let window = &mut self.window;
        let place = window.place();
        let end = window.position + length;
        let mut after = window.buffers.take();
        after.extend(window.held.get(end..).unwrap_or_default());
        let start = window.position;
        window.consume(length);
        let mut lines = std::mem::replace(&mut window.held, after);
        window.position = 0;
        lines.keep(start, end);
        Cut::Lines(lines, place)
    }

    /// Passes over one line without holding it.
    fn skip_line(&mut self, prefix: usize) -> Cut {
        let window = &mut self.window;
        let place = window.place();
        let head = window.rest().get(..prefix).unwrap_or_else(|| window.rest()).to_vec();
        let length = window.skip_line();
        Cut::TooLong(head, place, length)
    }

    /// Why the stream ended early, if it did.
    pub fn into_error(self) -> Option<io::Error> {
        self.window.error
    }
}

impl Window {
    /// Consumes the rest of the line with its line break, without holding it; its length without the line break.
    pub fn skip_line(&mut self) -> u64 {
        let mut length = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', self.rest()) {
                self.consume(at + 1);
                return length + at as u64;
            }
            length += self.rest().len() as u64;
            self.consume(self.rest().len());
            if !self.more() {
                return length;
            }
        }
    }
}
