//! Reads a small file whole: mappings, inventories and catalogues, which may be compressed and may begin with a mark.

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
