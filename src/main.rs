//! billtrail: parse, run, exit code.

use std::process::ExitCode;

use billtrail::cli::Cli;
use billtrail::commands::{self, Ending};
use clap::Parser;

fn main() -> ExitCode {
    commands::end_cleanly();
    match commands::run(Cli::parse()) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::CheckFailed) => ExitCode::from(1),
        Ok(Ending::Incomplete) => ExitCode::from(3),
        // Who reads the output has seen enough: that is success.
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.exit_code())
        }
    }
}
