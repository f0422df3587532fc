//! The files of a sink: a directory a log and day, a file an hour, and late files for what arrives after its hour.
//!
//! Source: <https://cloud.google.com/logging/docs/export/storage>.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;

use super::clock::{Clock, Hour};
use super::options::Compression;

/// The log of an audit stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Admin Activity
    Activity,
    /// Data Access
    DataAccess,
    /// System Event
    SystemEvent,
    /// Policy Denied
    Policy,
}

impl Stream {
    /// Its name in log names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::DataAccess => "data_access",
            Self::SystemEvent => "system_event",
            Self::Policy => "policy",
        }
    }
}

/// Where entries are written.
pub struct Sink {
    directory: PathBuf,
    compress: Option<Compression>,
    file_size: u64,
    open: BTreeMap<Stream, Current>,
    late: BTreeSet<PathBuf>,
    files: u64,
    bytes: u64,
}

/// The file of the hour.
struct Current {
    hour: Hour,
    shard: u32,
    bytes: u64,
    file: Encoder,
}

enum Encoder {
    Plain(BufWriter<File>),
    Gz(GzEncoder<BufWriter<File>>),
    Zst(zstd::Encoder<'static, BufWriter<File>>),
}

impl Sink {
    /// A sink that writes below a directory.
    pub fn new(directory: &Path, compress: Option<Compression>, file_size: Option<u64>) -> Self {
        Self {
            directory: directory.to_owned(),
            compress,
            file_size: file_size.unwrap_or(u64::MAX),
            open: BTreeMap::new(),
            late: BTreeSet::new(),
            files: 0,
            bytes: 0,
        }
    }

    /// Writes a line into the file of its hour: the newest of that hour, or a late one when the hour is over.
    pub fn write(&mut self, stream: Stream, time: u64, line: &[u8], clock: &Clock) -> io::Result<()> {
        let hour = Hour::of(time);
        let shard = match self.open.get(&stream) {
            Some(current) if current.hour > hour => return self.write_late(stream, time, line, clock),
            Some(current) if current.hour == hour && current.bytes < self.file_size => None,
            Some(current) if current.hour == hour => Some(current.shard + 1),
            Some(_) | None => Some(0),
        };
        if let Some(shard) = shard {
            if let Some(done) = self.open.remove(&stream) {
                done.file.finish()?;
            }
            let path = self.path(stream, time, &format!("S{shard}"), clock);
            let file = self.create(&path)?;
            self.open.insert(stream, Current { hour, shard, bytes: 0, file });
        }
        if let Some(current) = self.open.get_mut(&stream) {
            current.file.write_all(line)?;
            current.bytes += line.len() as u64;
            self.bytes += line.len() as u64;
        }
        Ok(())
    }

    /// Writes a line behind others of a file, if there is a file of this hour with room: what stands first in a file tells
    /// readers how to read it. Says whether it did.
    pub fn write_behind(&mut self, stream: Stream, time: u64, line: &[u8]) -> io::Result<bool> {
        let Some(current) = self.open.get_mut(&stream).filter(|current| current.hour == Hour::of(time)) else {
            return Ok(false);
        };
        current.file.write_all(line)?;
        current.bytes += line.len() as u64;
        self.bytes += line.len() as u64;
        Ok(true)
    }

    /// Ends all files; how many there are, and how many bytes they hold before compression.
    pub fn finish(self) -> io::Result<(u64, u64)> {
        for current in self.open.into_values() {
            current.file.finish()?;
        }
        Ok((self.files, self.bytes))
    }

    /// Bytes written so far, before compression.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn write_late(&mut self, stream: Stream, time: u64, line: &[u8], clock: &Clock) -> io::Result<()> {
        let sent = Hour::of(time).end() + 900;
        let path = self.path(stream, time, &format!("A0:{sent}"), clock);
        let mut file = if self.late.insert(path.clone()) {
            self.create(&path)?
        } else {
            Encoder::new(OpenOptions::new().append(true).open(&path)?, self.compress)?
        };
        file.write_all(line)?;
        self.bytes += line.len() as u64;
        file.finish()
    }

    fn path(&self, stream: Stream, time: u64, part: &str, clock: &Clock) -> PathBuf {
        let hour = Hour::of(time).of_day();
        let day = clock.day(time).replace('-', "/");
        let ending = match self.compress {
            None => "",
            Some(Compression::Gz) => ".gz",
            Some(Compression::Zst) => ".zst",
        };
        let name = format!("{hour:02}:00:00_{hour:02}:59:59_{part}.json{ending}");
        self.directory.join("cloudaudit.googleapis.com").join(stream.name()).join(day).join(name)
    }

    fn create(&mut self, path: &Path) -> io::Result<Encoder> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        self.files += 1;
        Encoder::new(File::create_new(path)?, self.compress)
    }
}

impl Encoder {
    fn new(file: File, compress: Option<Compression>) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 17, file);
        Ok(match compress {
            None => Self::Plain(file),
            Some(Compression::Gz) => Self::Gz(GzEncoder::new(file, flate2::Compression::default())),
            Some(Compression::Zst) => Self::Zst(zstd::Encoder::new(file, 0)?),
        })
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Gz(file) => file.write_all(bytes),
            Self::Zst(file) => file.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Gz(file) => file.finish()?.flush(),
            Self::Zst(file) => file.finish()?.flush(),
        }
    }
}
