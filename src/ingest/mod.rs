//! Reading: files, directories, globs, objects of buckets and standard input, decompressed and split into records, on several threads.
//!
//! What a record says is left to the decoder that the caller hands in; this room knows no field of an entry but the names that
//! tell a wrapper from an entry.

mod boundary;
mod buffer;
mod cloud;
mod decompress;
mod extent;
mod flow;
mod hours;
mod inputs;
mod meter;
mod pieces;
mod progress;
mod run;
mod sink_name;
mod split;
mod structure;
mod whole;
mod window;

#[cfg(test)]
mod facts;
#[cfg(test)]
mod laws;

pub use cloud::{Object, ObjectUrl};
pub use extent::{Extent, lines_from};
pub use hours::Hours;
pub use inputs::{Failed, IngestError, Input, Listing, Place, list, list_without};
pub use meter::Meter;
pub use progress::Progress;
pub use run::{InputSummary, Problem, ProblemKind, ReadOptions, ReadSummary, Taker, read, read_metered, read_with};
pub use sink_name::{Shard, SinkFile, Survey, parse as parse_sink_name, survey};
pub use split::Unit;
pub use whole::{open, read_whole};
