//! The nouns of billtrail, free of any provider: payers, calls, evidence, reasons, the tally and the document.
//!
//! No input or output and no threads live here. Every other room may use this one.

pub(crate) mod closed_list;

pub mod bill_record;
pub mod brief;
pub mod call;
pub mod charge;
pub mod cost;
pub mod coverage;
pub mod directory;
pub mod document;
pub mod estimate;
mod hidden;
pub mod manifest;
pub mod memo;
pub mod money;
pub mod observation;
pub mod payer;
pub mod pseudonym;
pub mod quick_hash;
pub mod reason;
pub mod rounding;
pub mod share;
pub mod stats;
pub mod tally;
pub mod text;
pub mod tie_out;
pub mod time;
