//! The only room that speaks Google: log entries, project references, services, kinds, export shapes and inventories.

pub mod bigquery_entry;
pub mod bill;
pub mod bill_category;
mod bill_charge;
pub mod bill_sharing;
pub mod call_identity;
pub mod decode;
pub mod filter_parts;
pub mod filter_payers;
pub mod filters;
pub mod identity;
pub mod inventory;
pub mod job_facts;
pub mod kind;
pub mod lenient;
pub mod log_entry;
pub mod log_name;
pub mod mention;
pub mod observe;
pub mod project_ref;
pub mod resource_name;
pub mod row_filter;
pub mod scan;
pub mod service;
pub mod service_csv;
pub mod shape;
pub mod timestamp;
