//! What the tests share: running commands in process, and reading the documents they write.

use std::path::{Path, PathBuf};

use billtrail::cli::Cli;
use billtrail::commands::{self, Ending, Failure};
use clap::Parser;
use serde_json::Value;

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command in this process.
pub fn run(args: &[&str]) -> Result<Ending, Failure> {
    let cli = Cli::try_parse_from(std::iter::once("billtrail").chain(args.iter().copied()))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    commands::run(cli)
}

/// Runs a command that writes a JSON document, and reads it.
pub fn document(args: &[&str]) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.json");
    let mut all = args.to_vec();
    all.extend(["--format", "json", "--quiet", "-o", path.to_str().unwrap()]);
    run(&all).unwrap_or_else(|failure| panic!("{args:?}: {failure}"));
    serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()
}

/// Writes records as NDJSON into a file of a directory and returns its path.
pub fn ndjson(directory: &Path, name: &str, records: &[Value]) -> String {
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The lines of a JSON Lines file of the repository.
pub fn json_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}
