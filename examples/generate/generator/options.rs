//! What to generate: the options, and how their values are spelt.

use clap::{Args, ValueEnum};

/// What to generate.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How much to write before compression: a number, or one with kB, MB, GB, KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "100MB", value_parser = size)]
    pub bytes: u64,
    /// Another seed gives other logs of the same kind
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// Share of entries with a shape that no entry before had: 0.5 or 50%
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = millionths)]
    pub unseen: u64,
    /// Share of entries that are written a second time, later, as a sink does that delivers at least once
    #[arg(long, value_name = "SHARE", default_value = "0.01", value_parser = millionths)]
    pub duplicates: u64,
    /// Share of lines that are broken or belong to another log
    #[arg(long, value_name = "SHARE", default_value = "0.0002", value_parser = millionths)]
    pub odd: u64,
    /// Principals that call
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub principals: u64,
    /// Projects they call in
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    pub projects: u64,
    /// Days that the entries are spread over, from 2026-10-01 on
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=366))]
    pub days: u64,
    /// Begin a further file of the hour when one has reached this size; without it each log has one file an hour
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub file_size: Option<u64>,
    /// Compress each file
    #[arg(long, value_name = "FORMAT")]
    pub compress: Option<Compression>,
    /// Tell each call by one entry: no first and last of operations, no divided entries, one entry a BigQuery job
    #[arg(long)]
    pub single: bool,
    /// As --single, and nothing is written twice: every entry is a call of its own
    #[arg(long)]
    pub distinct: bool,
}

/// How files are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// gzip
    Gz,
    /// Zstandard
    Zst,
}

impl Options {
    /// Whether a call may be told by several entries.
    pub fn families(&self) -> bool {
        !self.single && !self.distinct
    }
}

const UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

fn size(text: &str) -> Result<u64, String> {
    let (number, unit) =
        UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((text, 1));
    let bytes = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "not a size such as 500MB or 64KiB".to_owned())
}

/// A share in millionths, without floating point.
fn millionths(text: &str) -> Result<u64, String> {
    let (number, width) = text.strip_suffix('%').map_or((text, 6), |number| (number, 4));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction:0<width$}");
    let share = (!whole.is_empty() && fraction.len() <= width).then(|| digits.parse::<u64>().ok()).flatten();
    share.filter(|share| *share <= 1_000_000).ok_or_else(|| "not a share such as 0.5 or 50%".to_owned())
}
