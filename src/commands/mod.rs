//! The commands, one file each: wiring between rooms, no logic of their own.

mod bill;
mod calls;
mod check;
mod close;
mod closed_months;
mod completions;
mod computed;
mod config;
mod contract;
mod copies;
mod cost_diff;
mod costed;
mod coverage;
mod dataset;
mod diff;
mod documents;
mod explain;
mod failure;
mod filter;
mod filter_payers;
mod focus;
mod hand;
mod intake;
mod interrupt;
mod journal;
mod kept;
mod ledger;
mod logs;
mod lql;
mod map;
mod notes;
mod output;
mod piece;
mod places;
mod prices;
mod proof;
mod reading;
mod rejects;
mod report;
mod row_entries;
mod row_filters;
mod row_signs;
mod selection;
mod services;
mod sql;
mod statement_files;
mod statements;
mod stats;
mod tables;
mod temporary;
mod verdicts;
mod verify;

pub use failure::Failure;
pub use interrupt::end_cleanly;

use crate::cli::{Cli, Command};

/// How a command that ran to its end ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Done.
    Done,
    /// Done, and a check that the user asked for failed.
    CheckFailed,
    /// Not whole: an input was missing, unreadable, truncated or changed meanwhile.
    Incomplete,
}

/// Runs a command.
///
/// # Errors
/// When it cannot be done; the failure says why and with which exit code.
pub fn run(cli: Cli) -> Result<Ending, Failure> {
    match cli.command {
        Command::Report(args) => report::run(&args),
        Command::Calls(args) => calls::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Coverage(args) => coverage::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Ledger(args) => ledger::run(&args),
        Command::Statements(args) => statements::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Close(args) => close::run(&args),
        Command::Services(args) => services::run(&args),
        Command::Map(command) => map::run(&command),
        Command::Filter(args) => filter::run(&args),
        Command::Sql(args) => sql::run(&args),
        Command::Lql(command) => lql::run(&command),
        Command::Contract(args) => contract::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Completions { shell } => completions::completions(shell),
        Command::Man { directory } => completions::man(&directory),
    }
}
