//! `billtrail completions` and `billtrail man`: what shells and manual readers need, made from the command line itself.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Ending, Failure, output};
use crate::cli::Cli;

pub(super) fn completions(shell: Shell) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "billtrail", &mut script);
    output::write_to(None, &mut |out| out.write_all(&script))?;
    Ok(Ending::Done)
}

pub(super) fn man(directory: &Path) -> Result<Ending, Failure> {
    let named = |error| Failure::File { path: directory.display().to_string(), error };
    std::fs::create_dir_all(directory).map_err(named)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(named)?;
    Ok(Ending::Done)
}
