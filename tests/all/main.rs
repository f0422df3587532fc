//! The integration tests: one binary, a module a concern.

#![allow(clippy::unwrap_used, clippy::panic, clippy::float_arithmetic)]

mod cli_texts;
mod closed_lists;
mod contract;
mod docs;
mod exit_codes;
mod formats;
mod kept;
mod readme;
mod samples;
mod structure;
mod values;
mod vectors;
mod world;
