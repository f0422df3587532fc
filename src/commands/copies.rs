//! Copies of inputs that can be read only once (standard input, pipes) in temporary files, so that they can be read again.

use std::fs::File;
use std::io::{self, Read};

use tempfile::NamedTempFile;

use super::Failure;
use super::temporary::{self, Listed};
use crate::cli::settings::is_special;
use crate::ingest::{Listing, Place};

/// Temporary files that stand in for inputs, as long as this lives.
#[derive(Default)]
pub(super) struct Copies {
    // Each file is dropped before it leaves the list of what exists.
    _files: Vec<(NamedTempFile, Listed)>,
}

impl Copies {
    /// Puts a copy in place of each input that can be read only once; its name stays. An input that cannot be opened is left for
    /// the reader to tell of.
    pub fn of(listing: &mut Listing) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for input in &mut listing.inputs {
            let mut once: Box<dyn Read> = match &input.place {
                Place::Stdin => Box::new(io::stdin()),
                Place::File(path) if is_special(path) => match File::open(path) {
                    Ok(file) => Box::new(file),
                    Err(_) => continue,
                },
                Place::File(_) | Place::Object(_) | Place::Extent(_) => continue,
            };
            let named = |error| Failure::File { path: format!("{}, kept to be read again", input.name), error };
            let (listed, mut file) = temporary::make(NamedTempFile::new).map_err(named)?;
            io::copy(&mut once, &mut file).map_err(named)?;
            input.place = Place::File(file.path().to_owned());
            files.push((file, listed));
        }
        Ok(Self { _files: files })
    }
}
