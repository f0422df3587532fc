//! A filter that selects records: read from an argument, compiled, and run over records of any shape.

use super::{Failure, tables};
use crate::lql::ast::Expr;
use crate::lql::{Compiled, FilterError, Options, Schema, parse};
use crate::provider::Provider;

/// A compiled filter.
pub(super) struct Selection {
    compiled: Compiled,
    /// The filter as it was read.
    pub expr: Expr,
}

/// The text of a filter argument: itself, or what stands in the file behind `@`.
pub(super) fn filter_text(argument: &str) -> Result<String, Failure> {
    match argument.strip_prefix('@') {
        Some(path) => tables::read_text(path.as_ref()),
        None => Ok(argument.to_owned()),
    }
}

/// Parses a filter; the failure shows the place.
pub(super) fn parsed(name: &str, text: &str) -> Result<Expr, Failure> {
    parse(text).map_err(|error| Failure::Filter(error.render(name, text)))
}

impl Selection {
    /// Reads the filter of an argument, which `name` stands for in messages.
    pub fn read(name: &str, argument: &str, local_sample: bool) -> Result<Self, Failure> {
        let text = filter_text(argument)?;
        let expr = parsed(name, &text)?;
        let compiled = Compiled::with(&expr, &Schema::log_entry(), Options { local_sample }).map_err(|error| {
            let shown = FilterError::new(&text, error.span(), error.to_string(), error.hint());
            Failure::Filter(shown.render(name, &text))
        })?;
        Ok(Self { compiled, expr })
    }

    /// Whether the entry of a record is selected; `None` when the record is no readable object.
    pub fn selects(&self, provider: &Provider, record: &[u8]) -> Option<bool> {
        provider.canonical(record).map(|entry| self.selects_entry(&entry))
    }

    /// Whether an entry in canonical form is selected.
    pub fn selects_entry(&self, entry: &[u8]) -> bool {
        self.compiled.matches_record(entry).unwrap_or(false)
    }
}
