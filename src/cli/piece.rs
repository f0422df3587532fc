//! The arguments of `billtrail ledger` for engines that read logs in pieces. The comments here are the help texts.

use std::path::PathBuf;

use clap::Args;

/// The heading of these options.
const PIECES: &str = "Pieces, for engines that read side by side (see docs/ledger.md)";

/// What an engine asks of a piece, instead of a ledger of its own.
#[derive(Debug, Clone, Default, Args)]
#[command(group(clap::ArgGroup::new("step").args(["look", "keyed", "seal", "assemble"])))]
pub struct PieceArgs {
    /// Say where the input may be cut, as JSON: pieces may begin from `lines_from` on, not at all if it is null. Reads the
    /// beginning only
    #[arg(long, help_heading = PIECES)]
    pub look: bool,
    /// Write what one input tells of entries to a Parquet file of rows with their keys, and print as JSON what became of its
    /// records
    #[arg(long, value_name = "FILE", help_heading = PIECES)]
    pub keyed: Option<PathBuf>,
    /// With --keyed, the number of the input in the rows
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = PIECES)]
    pub piece_input: u32,
    /// With --keyed, the number of the piece in its input
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = PIECES)]
    pub piece: u32,
    /// With --keyed, read the lines that begin in --piece-length bytes from this byte on; standard input begins one byte before
    /// it (with it when it is 0)
    #[arg(long, value_name = "BYTE", requires = "piece_length", help_heading = PIECES)]
    pub piece_offset: Option<u64>,
    /// With --keyed, the number of bytes in which the lines begin
    #[arg(long, value_name = "BYTES", requires = "piece_offset", help_heading = PIECES)]
    pub piece_length: Option<u64>,
    /// Make a segment in the directory --output of a Parquet file that holds the rows of many pieces, one for each entry, and
    /// print it as JSON
    #[arg(long, requires = "output", help_heading = PIECES)]
    pub seal: bool,
    /// Write the manifest of the ledger --output, whose segments are there, from a file of JSON lines: inputs, and what --keyed
    /// and --seal printed
    #[arg(long, requires = "output", help_heading = PIECES)]
    pub assemble: bool,
}
