//! Finds the rows that may speak of a call by its labels and its principal.

use std::collections::HashMap;

use super::mapping_pattern::Pattern;
use super::mapping_row::MappingRow;
use super::mapping_selector::{CallTraits, Calls, Selector};

/// The rows about calls, by what finds them.
#[derive(Debug, Clone, Default)]
pub(super) struct CallRows {
    /// By key and value of a job label.
    by_label: HashMap<String, HashMap<String, Vec<usize>>>,
    /// By a whole principal.
    by_principal: HashMap<String, Vec<usize>>,
    /// By a pattern of principals.
    by_pattern: Vec<(Pattern, usize)>,
}

impl CallRows {
    /// The rows about calls among rows.
    pub fn of(rows: &[MappingRow]) -> Self {
        let mut found = Self::default();
        for row in rows {
            match &row.selector {
                Selector::Projects(_) => {}
                Selector::Calls { calls: Calls::JobLabel(label), .. } => {
                    let by_value = found.by_label.entry(label.key.clone()).or_default();
                    by_value.entry(label.value.clone()).or_default().push(row.index);
                }
                Selector::Calls { calls: Calls::Principal(pattern), .. } if pattern.specificity().is_exact() => {
                    found.by_principal.entry(pattern.text().to_owned()).or_default().push(row.index);
                }
                Selector::Calls { calls: Calls::Principal(pattern), .. } => {
                    found.by_pattern.push((pattern.clone(), row.index));
                }
            }
        }
        found
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_label.is_empty() && self.by_principal.is_empty() && self.by_pattern.is_empty()
    }

    /// The indexes of the rows whose label or pattern the call has.
    pub fn candidates<'a>(&'a self, call: CallTraits<'a>) -> impl Iterator<Item = usize> + 'a {
        let labelled = call.labels.iter().filter_map(|(key, value)| self.by_label.get(key)?.get(value)).flatten();
        let named = call.principal.and_then(|principal| self.by_principal.get(principal)).into_iter().flatten();
        let matches = move |pattern: &Pattern| call.principal.is_some_and(|principal| pattern.matches(principal));
        let matched = self.by_pattern.iter().filter(move |(pattern, _)| matches(pattern));
        labelled.chain(named).copied().chain(matched.map(|(_, index)| *index))
    }
}
