//! The integration tests: one binary, a module a concern.

#![allow(clippy::unwrap_used, clippy::panic, clippy::float_arithmetic)]

mod alike;
mod bigquery;
mod bill;
mod bill_laws;
mod cli_texts;
mod closed_lists;
mod closing;
mod contract;
mod coverage;
mod datasets;
mod docs;
mod evidence;
mod exit_codes;
mod filters;
mod formats;
mod gates;
mod generated;
mod html_page;
#[cfg(unix)]
mod interrupted;
mod kept;
mod laws;
mod ledgers;
mod lines;
mod lql_commands;
mod lql_docs;
mod lql_match;
mod memory;
mod merging;
mod misuse;
mod money_gates;
mod money_misuse;
mod mutants;
mod mutation;
mod nonsense;
#[cfg(not(feature = "cloud"))]
mod object_urls;
mod pieces;
mod plain_of;
mod pools;
mod privacy;
mod program;
#[cfg(unix)]
mod progress;
mod prove;
mod queries;
mod readme;
mod real_logs;
mod rules;
mod safe_output;
mod samples;
mod scanner;
mod shown;
mod statements;
mod stats_option;
mod structure;
mod sums;
mod survivors;
mod truth;
mod values;
mod vectors;
mod where_option;
mod workbook;
mod world;
