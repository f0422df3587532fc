//! The Logging query language of Cloud Logging: filters are read (`parse`), written in canonical form (`print`, `format`),
//! checked (`lint`) and evaluated over exported entries (`eval`).

pub mod ast;
mod boolean;
mod call;
pub mod commented;
mod compile;
pub mod emit;
pub mod error;
mod escape;
mod eval;
mod eval_error;
#[cfg(test)]
mod eval_laws;
#[cfg(test)]
mod eval_rules;
mod fold;
pub mod format;
mod function;
mod index;
#[cfg(test)]
mod laws;
mod lex;
pub mod lint;
mod lint_elements;
mod lint_fields;
pub mod lint_fix;
pub mod lint_id;
mod lint_index;
#[cfg(test)]
mod lint_laws;
mod lint_logs;
mod lint_regex;
mod lint_shape;
mod lint_tokens;
mod lint_values;
mod lint_words;
mod moment;
mod number;
mod operand;
pub mod parse;
mod parse_call;
pub mod print;
mod re2;
#[cfg(test)]
mod reading;
mod record;
pub mod schema;
mod search;
mod set;
mod severity;
mod value;
mod words;

pub use compile::Options;
pub use error::FilterError;
pub use eval::{Compiled, Roots};
pub use eval_error::EvalError;
pub use fold::fold;
pub use format::format;
pub use parse::parse;
pub use print::{print, print_line};
pub use schema::{Field, Route, Schema, Type};
pub use set::FilterSet;
pub use words::words;
