//! Many filters over one entry: which of them select it.
//!
//! An index says first which filters can select the entry at all, so that of thousands only a few are evaluated.

use serde_json::Value;

use super::eval::Compiled;
use super::index::Index;
use super::record::Want;

/// Filters that are evaluated together. They are known by their places, in the order in which they were given.
#[derive(Debug)]
pub struct FilterSet {
    filters: Vec<Compiled>,
    index: Index,
    want: Want,
}

impl FilterSet {
    /// The filters as a set.
    pub fn new(filters: Vec<Compiled>) -> Self {
        let mut want = Want::default();
        for filter in &filters {
            want.join(&filter.want);
        }
        let index = Index::new(filters.iter().map(|filter| &filter.root));
        Self { filters, index, want }
    }

    /// What the filters need of a record, as an entry for [`FilterSet::matches`].
    ///
    /// # Errors
    /// The record is not JSON. What no filter needs is only skimmed.
    pub fn read(&self, record: &[u8]) -> Result<Value, serde_json::Error> {
        self.want.read(record)
    }

    /// The places of the filters that select the entry, in their order.
    pub fn matches(&self, entry: &Value) -> Vec<usize> {
        let mut found = self.candidates(entry);
        found.retain(|place| self.filters[*place].matches(entry));
        found
    }

    /// The places of the filters that have to be evaluated: those whose equalities, parts of texts, logs and time hold.
    pub fn candidates(&self, entry: &Value) -> Vec<usize> {
        self.index.candidates(entry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::eval_laws::{entry, filter};
    use super::super::eval_rules::compiled;
    use super::*;

    fn set(filters: &[String]) -> FilterSet {
        FilterSet::new(filters.iter().map(|filter| compiled(filter).expect("a filter")).collect())
    }

    /// Filters as those of a report's rows, for each of so many payers, services and days.
    fn rows(payers: usize, services: usize, days: usize) -> Vec<String> {
        let mut filters = Vec::new();
        for payer in 0..payers {
            for service in 0..services {
                for day in 1..=days {
                    filters.push(format!(
                        "log_id(\"audit\") AND timestamp>=\"2026-10-{day:02}\" AND timestamp<\"2026-10-{:02}\" AND \
                         protoPayload.serviceName=\"s{service}\" AND \
                         (resource.labels.project_id=\"p{payer}\" OR protoPayload.resourceName:\"projects/p{payer}/\")",
                        day + 1,
                    ));
                }
            }
        }
        filters
    }

    #[test]
    fn of_ten_thousand_filters_few_are_evaluated() {
        let set = set(&rows(50, 20, 10));
        let mut evaluated = 0;
        for at in 0..100 {
            let entry = json!({
                "logName": "projects/x/logs/audit", "timestamp": format!("2026-10-{:02}T10:00:00Z", at % 10 + 1),
                "resource": {"labels": {"project_id": format!("p{}", at % 50)}},
                "protoPayload": {"serviceName": format!("S{}", at % 20), "resourceName": format!("projects/p{}/x", (at + 1) % 50)},
            });
            let candidates = set.candidates(&entry);
            assert_eq!(candidates, set.matches(&entry));
            evaluated += candidates.len();
        }
        assert_eq!(evaluated, 200, "each entry is of two rows, by its label and by its resource");
    }

    #[test]
    fn a_filter_without_a_condition_that_can_be_looked_up_is_always_evaluated() {
        let filters = ["NOT insertId=\"a\"", "severity>=ERROR", "\"word\"", "insertId=\"a\"", ""];
        let set = set(&filters.map(str::to_owned));
        assert_eq!(set.candidates(&json!({"insertId": "b"})), [0, 1, 2, 4]);
        assert_eq!(set.matches(&json!({"insertId": "b"})), [0, 4]);
    }

    #[test]
    fn what_is_no_text_is_left_to_the_evaluation() {
        let filters = ["protoPayload.request.a=\"7\"", "protoPayload.request.a:\"x\"", "labels.a=\"true\""];
        let set = set(&filters.map(str::to_owned));
        for seven in [json!(7), json!("7"), json!(7.0)] {
            assert_eq!(set.matches(&json!({"protoPayload": {"request": {"a": seven}}})), [0], "{seven}");
        }
        assert_eq!(set.matches(&json!({"protoPayload": {"request": {"a": {"b": ["axb"]}}}})), [1]);
        assert_eq!(set.matches(&json!({"labels": {"a": true}})), [2]);
    }

    proptest! {
        #[test]
        fn a_set_selects_what_each_of_its_filters_selects(
            filters in prop::collection::vec(filter(), 0..8), entries in prop::collection::vec(entry(), 1..4),
        ) {
            let alone: Vec<Compiled> = filters.iter().map(|filter| compiled(filter).expect("a filter")).collect();
            let set = set(&filters);
            for entry in entries {
                let selecting: Vec<usize> = (0..alone.len()).filter(|at| alone[*at].matches(&entry)).collect();
                prop_assert_eq!(&set.matches(&entry), &selecting);
                let read = set.read(entry.to_string().as_bytes()).expect("JSON");
                prop_assert_eq!(&set.matches(&read), &selecting);
            }
        }
    }
}
