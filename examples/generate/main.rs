//! Writes made-up Cloud Audit Logs as a Cloud Storage sink lays them out, with the truth about them beside: for benchmarks and tests.
//!
//! `cargo run --release --example generate -- --bytes 2GB --seed 7 DIR`; what DIR holds then is told in `benches/README.md`.

mod generator;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use generator::{Options, generate};

/// Write made-up Cloud Audit Logs into DIR, with an inventory, a mapping and the truth about them
///
/// DIR/logs holds the files of a Cloud Storage sink, DIR/projects.json an inventory, DIR/business-units.csv a mapping, and
/// DIR/truth.json what a correct reader finds in the logs. The same options write the same bytes.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to write.
    #[command(flatten)]
    options: Options,
    /// Where to write; must be empty or not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match generate(&arguments.options, &arguments.directory) {
        Ok(truth) => {
            let directory = arguments.directory.display();
            println!("{} records, {} bytes, {} files in {directory}", truth.records, truth.bytes, truth.files);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", arguments.directory.display());
            ExitCode::from(3)
        }
    }
}
