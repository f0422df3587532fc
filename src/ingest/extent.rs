//! Extents: lines of a longer input that others read on from. A line belongs to the extent in which it begins.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::buffer::Buffers;
use super::decompress::{self, Storage};
use super::split::Out;
use super::structure::{Mode, Structure};
use super::window::Window;
use crate::model::observation::Source;

/// The lines of an input that begin in so many bytes from an offset on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    /// The first byte.
    pub offset: u64,
    /// The number of bytes in which its lines begin. The last line ends where it ends.
    pub length: u64,
}

/// A reader of the lines of an extent, which ends with the last of them.
pub(super) struct ExtentReader<R> {
    inner: R,
    /// The offset of the next byte.
    offset: u64,
    /// The first line break from here on is the last byte; `None` when it was found.
    last_from: Option<u64>,
    line_breaks: Arc<AtomicU64>,
}

/// Bytes read at a time to find the first line.
const STEP: usize = 64 << 10;

impl Extent {
    /// Reads the lines from a stream that begins one byte before the extent, or with it when it is the first; says also at
    /// which byte the first line begins.
    pub(super) fn reader<R: Read>(self, mut stream: R) -> io::Result<(ExtentReader<impl Read + use<R>>, u64)> {
        let end = self.offset.saturating_add(self.length);
        let (mut offset, mut held) = (self.offset.saturating_sub(1), Vec::new());
        let mut within = true;
        if self.offset > 0 {
            // The line that reaches into the extent is of the one before. One that ends right before it leaves all lines whole.
            let mut block = vec![0; STEP];
            loop {
                let read = match stream.read(&mut block) {
                    Ok(read) => read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                let found = memchr::memchr(b'\n', &block[..read]);
                offset += found.map_or(read, |at| at + 1) as u64;
                if let Some(at) = found {
                    held.extend_from_slice(&block[at + 1..read]);
                    break;
                }
                within = read > 0 && offset < end;
                if !within {
                    break;
                }
            }
        }
        within &= offset < end;
        let reader = ExtentReader {
            inner: Cursor::new(held).chain(stream),
            offset,
            last_from: within.then(|| end.saturating_sub(1)),
            line_breaks: Arc::default(),
        };
        Ok((reader, offset))
    }
}

impl<R> ExtentReader<R> {
    /// The line breaks read so far.
    pub fn line_breaks(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.line_breaks)
    }
}

impl<R: Read> Read for ExtentReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(last_from) = self.last_from else { return Ok(0) };
        let read = self.inner.read(buffer)?;
        let mut bytes = buffer.get(..read).unwrap_or_default();
        let from = usize::try_from(last_from.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        if let Some(at) = memchr::memchr(b'\n', bytes.get(from..).unwrap_or_default()) {
            bytes = &bytes[..from + at + 1];
            self.last_from = None;
        }
        self.offset += bytes.len() as u64;
        self.line_breaks.fetch_add(memchr::memchr_iter(b'\n', bytes).count() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }
}

/// How much of an input is looked at to find out how it is read.
const LOOK_AT: u64 = 64 << 20;

/// The byte from which on extents of an input may begin: after the line of its first value, if each line stands alone. `None`
/// when the input must be read in one go, or its beginning does not say.
///
/// # Errors
/// When the beginning cannot be read.
pub fn lines_from(input: impl Read + Send + 'static, max_record: usize) -> io::Result<Option<u64>> {
    let opened = decompress::decoded(Box::new(input.take(LOOK_AT)))?;
    if opened.utf16 || opened.storage != Storage::Plain {
        return Ok(None);
    }
    let start = Source { input: 0, offset: opened.mark, line: 1, item: 0 };
    let buffers = Arc::new(Buffers::new(1));
    let mut structure = Structure::new(Window::new(opened.reader, start, 1 << 20, &buffers), max_record);
    let mode = structure.begin(&mut Out::new(&mut |_| ()));
    let mut window = structure.into_window();
    match mode {
        Mode::Lines => {
            let (length, _) = window.line(max_record);
            Ok(Some(window.place().offset + length as u64 + 1))
        }
        Mode::Structure | Mode::Done => window.into_error().map_or(Ok(None), Err),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The lines of an extent, the byte where they begin, and the line breaks.
    fn lines(text: &[u8], extent: Extent) -> (Vec<u8>, u64, u64) {
        let from = usize::try_from(extent.offset.saturating_sub(1)).expect("small");
        let (mut reader, start) = extent.reader(&text[from.min(text.len())..]).expect("read");
        let mut found = Vec::new();
        reader.read_to_end(&mut found).expect("read");
        let breaks = reader.line_breaks().load(Ordering::Relaxed);
        (found, start, breaks)
    }

    proptest! {
        #[test]
        fn extents_side_by_side_hold_each_line_once_and_whole(
            text in prop::collection::vec(prop::sample::select(b"ab\n".to_vec()), 0..60),
            cuts in prop::collection::vec(0..60u64, 0..8),
        ) {
            let end = text.len() as u64;
            let mut cuts: Vec<u64> = cuts.into_iter().filter(|cut| *cut < end).chain([0, end]).collect();
            cuts.sort_unstable();
            let (mut whole, mut line_breaks) = (Vec::new(), 0);
            for cut in cuts.windows(2) {
                let extent = Extent { offset: cut[0], length: cut[1] - cut[0] };
                let (found, start, breaks) = lines(&text, extent);
                if !found.is_empty() {
                    prop_assert_eq!(start, whole.len() as u64);
                    prop_assert!(start == 0 || text[whole.len() - 1] == b'\n');
                }
                whole.extend(found);
                line_breaks += breaks;
            }
            prop_assert_eq!(line_breaks, text.iter().filter(|byte| **byte == b'\n').count() as u64);
            prop_assert_eq!(whole, text);
        }
    }

    #[test]
    fn nothing_is_read_beyond_the_last_line() {
        let text = b"aa\nbb\ncc\n".chain(std::io::repeat(b'x'));
        let (mut reader, _) = Extent { offset: 0, length: 4 }.reader(text).expect("read");
        let mut found = String::new();
        reader.read_to_string(&mut found).expect("read");
        assert_eq!(found, "aa\nbb\n");
    }

    #[test]
    fn extents_begin_after_the_line_of_the_first_value() {
        let from = |text: &'static [u8]| lines_from(text, 1 << 20).expect("read");
        assert_eq!(from(b"{\"a\":1}\n{}\n"), Some(8));
        assert_eq!(from(b"\xef\xbb\xbfWARNING\n\n{\"a\":1}\n{}\n"), Some(20));
        assert_eq!(from(b"{\n\"a\":1}\n{}\n"), None);
        assert_eq!(from(b"[{\n\"a\":1}]\n"), None);
        assert_eq!(from(b"just text\n"), None);
        assert_eq!(from(b""), None);
        assert_eq!(from(b"\xff\xfe{\0}\0"), None);
        assert_eq!(from(b"\x1f\x8b\x08\0"), None);
    }
}
