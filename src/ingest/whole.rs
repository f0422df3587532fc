//! Files that are no logs: read whole (mappings, inventories and catalogues) or opened; they may be compressed and begin with a mark.

use std::io::{self, Read};
use std::path::Path;

use super::decompress;
use super::inputs::Place;

/// The decompressed bytes of a file; `-` is standard input.
///
/// # Errors
/// When it cannot be read to its end.
pub fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let place = if path.as_os_str() == "-" { Place::Stdin } else { Place::File(path.to_owned()) };
    let mut bytes = Vec::new();
    decompress::open(&place)?.reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A reader of the decompressed bytes of a file, after a byte-order mark.
///
/// # Errors
/// When the file cannot be opened, or is UTF-16.
pub fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let opened = decompress::open(&Place::File(path.to_owned()))?;
    if opened.utf16 {
        return Err(io::Error::other("is UTF-16; save it as UTF-8"));
    }
    Ok(opened.reader)
}
