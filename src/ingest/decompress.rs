//! Opens an input: gzip and zstd are found by content, a byte-order mark is passed over, bytes are counted.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::extent::Extent;
use super::flow::{FileOpening, Flow, Metered, Opening, Watch};
use super::inputs::Place;

/// How the bytes of an input are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    Plain,
    Gzip,
    Zstd,
}

/// An opened input.
pub(super) struct Opened {
    /// The decompressed bytes after the byte-order mark.
    pub reader: Box<dyn Read + Send>,
    /// How the input is stored.
    pub storage: Storage,
    /// Where its bytes begin: the length of the byte-order mark, or the beginning of the lines of a longer input.
    pub mark: u64,
    /// The text is UTF-16.
    pub utf16: bool,
    /// Each line stands alone; else that is found out.
    pub in_lines: bool,
    /// What is known of its reading.
    pub watch: Watch,
}

const BUFFER: usize = 128 << 10;
/// Bytes read at first: a small file whole, so that looking at its beginning costs nothing.
const HEAD: usize = 32 << 10;
/// Bytes that tell how the others are to be read.
const MARK: usize = 4;

/// Opens a file, an object or the standard input.
pub(super) fn open(place: &Place) -> io::Result<Opened> {
    match place {
        Place::File(path) => {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::Error::from(io::ErrorKind::IsADirectory));
            }
            let file = Arc::new(file);
            let opening = FileOpening::of(&file, &metadata);
            let reader: Box<dyn Read + Send> = match &opening {
                Some(opening) => Box::new(opening.reader()),
                None => Box::new(file),
            };
            let mut opened = decoded(reader)?;
            opened.watch.opening = opening.map(Opening::File);
            Ok(opened)
        }
        Place::Object(object) => {
            let (reader, opening) = object.open()?;
            let mut opened = decoded(reader)?;
            opened.watch.opening = Some(Opening::Object(opening));
            Ok(opened)
        }
        Place::Stdin => decoded(Box::new(io::stdin())),
        Place::Extent(extent) => lines_of(*extent, io::stdin()),
    }
}

/// Opens the lines of a longer input, which is not compressed.
fn lines_of(extent: Extent, stream: impl Read + Send + 'static) -> io::Result<Opened> {
    let (reader, start) = extent.reader(stream)?;
    let line_breaks = Some(reader.line_breaks());
    if extent.offset == 0 {
        let mut opened = decoded(Box::new(reader))?;
        opened.watch.line_breaks = line_breaks;
        return Ok(opened);
    }
    let stored = Arc::new(Flow::default());
    let reader = Box::new(Metered::new(reader, &stored, None));
    let watch = Watch { stored, inflated: None, opening: None, line_breaks };
    Ok(Opened { reader, storage: Storage::Plain, mark: start, utf16: false, in_lines: true, watch })
}

/// Recognises how the bytes of `inner` are stored and undoes it.
pub(super) fn decoded(inner: Box<dyn Read + Send>) -> io::Result<Opened> {
    let stored = Arc::new(Flow::default());
    let (head, reader) = peek(Box::new(Metered::new(inner, &stored, None)), HEAD);
    let inflated = Arc::new(Flow::default());
    let (storage, decoder): (_, Box<dyn Read + Send>) = match head {
        [0x1f, 0x8b, ..] => {
            let inner = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, reader));
            (Storage::Gzip, Box::new(Metered::new(inner, &inflated, Some(&stored))))
        }
        // A frame, or a frame to be skipped before one.
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            let inner = zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(BUFFER, reader))?;
            (Storage::Zstd, Box::new(Metered::new(inner, &inflated, Some(&stored))))
        }
        _ => (Storage::Plain, reader),
    };
    let watch =
        Watch { stored, inflated: (storage != Storage::Plain).then_some(inflated), opening: None, line_breaks: None };
    let (head, mut reader) = if storage == Storage::Plain { (head, decoder) } else { peek(decoder, MARK) };
    let utf16 = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let mark = if matches!(head, [0xef, 0xbb, 0xbf, ..]) { 3 } else { 0 };
    io::copy(&mut reader.by_ref().take(mark), &mut io::sink())?;
    Ok(Opened { reader, storage, mark, utf16, in_lines: false, watch })
}

/// The first bytes (zeros where there are fewer), and a reader that still yields them. At most `most` bytes are read. An error
/// met meanwhile comes after them.
fn peek(mut inner: Box<dyn Read + Send>, most: usize) -> ([u8; MARK], Box<dyn Read + Send>) {
    let mut held = vec![0; most.max(MARK)];
    let (mut length, mut error) = (0, None);
    while length < MARK {
        match inner.read(&mut held[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => {}
            Err(problem) => {
                error = Some(problem);
                break;
            }
        }
    }
    held.truncate(length);
    let mut head = [0; MARK];
    head.iter_mut().zip(&held).for_each(|(head, byte)| *head = *byte);
    (head, Box::new(Cursor::new(held).chain(Held { error, inner })))
}

/// A reader whose first error was met too early.
struct Held {
    error: Option<io::Error>,
    inner: Box<dyn Read + Send>,
}

impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.inner.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>) -> (Storage, Vec<u8>, Option<io::Error>) {
        let mut opened = decoded(Box::new(Cursor::new(bytes))).unwrap();
        let mut text = Vec::new();
        let error = opened.reader.read_to_end(&mut text).err();
        (opened.storage, text, error)
    }

    #[test]
    fn members_are_read_one_after_the_other() {
        let twice = [gzip(b"\xef\xbb\xbf{}\n"), gzip(b"[]")].concat();
        assert!(matches!(read(twice), (Storage::Gzip, text, None) if text == b"{}\n[]"));
        let frame = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        let twice = [frame(b"{}"), frame(b"[]")].concat();
        assert!(matches!(read(twice), (Storage::Zstd, text, None) if text == b"{}[]"));
    }

    #[test]
    fn a_truncated_stream_yields_what_it_held() {
        let text: Vec<u8> = (0..40_000u32)
            .flat_map(|n| format!("{{\"a\":{}}}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect();
        for mut stored in [gzip(&text), zstd::encode_all(text.as_slice(), 1).unwrap()] {
            stored.truncate(stored.len() / 2);
            let (_, decoded, error) = read(stored);
            assert!(error.is_some());
            assert!(decoded.len() > 10_000 && text.starts_with(&decoded), "{}", decoded.len());
        }
    }

    #[test]
    fn nothing_and_a_cut_head_are_no_panic() {
        assert!(matches!(read(Vec::new()), (Storage::Plain, text, None) if text.is_empty()));
        assert!(matches!(read(vec![0x1f, 0x8b]), (Storage::Gzip, text, Some(_)) if text.is_empty()));
    }

    #[test]
    fn utf16_is_recognised() {
        assert!(decoded(Box::new(Cursor::new(b"\xff\xfe{\0}\0".to_vec()))).unwrap().utf16);
    }
}
