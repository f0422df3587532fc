//! Chargeback: the directory, the mapping and the statement. The only room that uses polars, for grouping, joining and
//! sorting; no polars type leaves it.

pub mod apportion;
pub mod attribution;
pub mod dimension;
pub mod mapping;
pub mod mapping_check;
pub mod mapping_csv;
pub mod mapping_error;
pub mod mapping_init;
pub mod resolve;
pub mod statement;
