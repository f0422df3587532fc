//! Chargeback: the directory, the mapping and the statement. The only room that uses polars, for grouping, joining and
//! sorting; no polars type leaves it.

pub mod allocation;
pub mod apportion;
pub mod attribution;
pub mod bill_of_payer;
pub mod cost_statement;
pub mod costs;
pub mod dimension;
pub mod estimate;
pub mod gate;
pub mod mapping;
mod mapping_calls;
mod mapping_cells;
pub mod mapping_check;
pub mod mapping_csv;
pub mod mapping_error;
mod mapping_explain;
pub mod mapping_init;
pub mod mapping_pattern;
mod mapping_pool_check;
pub mod mapping_pools;
mod mapping_reach;
pub mod mapping_row;
pub mod mapping_selector;
pub mod mapping_share;
mod mapping_toml;
mod mapping_words;
pub mod measure;
pub mod movement;
pub mod pooling;
pub mod price;
pub mod price_error;
pub mod price_toml;
pub mod report_rows;
pub mod resolve;
pub mod statement;
pub mod weights;
