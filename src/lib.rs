//! billtrail: who pays for this call? Turns exported Google Cloud Audit Logs into cost attribution that adds up.
//!
//! The rooms, and what flows through them: `ingest` splits bytes into records, `provider` decodes them into observations (`gcp`
//! knows how), `ledger` collapses observations into calls, `chargeback` finds payers and units and makes the statement, `report`
//! prints it. `bill` reads what was charged, which `chargeback` puts beside the calls. `model` holds the nouns that all of them share; `cli` and `commands` are the program around it.

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod bill;
pub mod chargeback;
pub mod cli;
pub mod commands;
pub mod gcp;
pub mod ingest;
pub mod ledger;
pub mod lql;
pub mod model;
pub mod provider;
pub mod report;
