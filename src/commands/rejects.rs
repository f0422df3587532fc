//! Rejected records, kept whole for `--rejected`.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::{Failure, output};
use crate::model::observation::Source;

/// Rejected records on their way to a file: their bytes wait on disk, because there may be more than fit in memory.
pub(super) struct Kept {
    path: PathBuf,
    waiting: BufWriter<File>,
    length: u64,
    places: Vec<(Source, u64, usize)>,
    error: Option<io::Error>,
}

impl Kept {
    /// An empty list for the file at a path, which is made at the end.
    pub fn beside(path: &Path) -> Result<Self, Failure> {
        let named = |error| Failure::File { path: path.display().to_string(), error };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let waiting = BufWriter::new(tempfile::tempfile_in(directory).map_err(named)?);
        Ok(Self { path: path.to_owned(), waiting, length: 0, places: Vec::new(), error: None })
    }

    /// Takes in the bytes of a record.
    pub fn add(&mut self, source: Source, bytes: &[u8]) {
        if let Err(error) = self.waiting.write_all(bytes) {
            // The intake cannot stop here; what is missing is said at the end.
            self.error.get_or_insert(error);
        }
        self.places.push((source, self.length, bytes.len()));
        self.length += bytes.len() as u64;
    }

    /// Writes the file.
    pub fn finish(mut self) -> Result<(), Failure> {
        let named = |error| Failure::File { path: self.path.display().to_string(), error };
        if let Some(error) = self.error {
            return Err(named(error));
        }
        let mut waiting = self.waiting.into_inner().map_err(|error| named(error.into_error()))?;
        self.places.sort_unstable_by_key(|(source, ..)| *source);
        output::write_to(Some(&self.path), &mut |out| {
            let mut record = Vec::new();
            for (_, offset, length) in &self.places {
                record.resize(*length, 0);
                waiting.seek(io::SeekFrom::Start(*offset))?;
                waiting.read_exact(&mut record)?;
                out.write_all(&record)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })
    }
}
