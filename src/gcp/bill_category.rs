//! What the services of a bill are for, in the words of FOCUS: `bill_categories.csv`, a row for each name that a bill uses.
//!
//! Google's exports tell no category, so that the table is billtrail's own judgement.
//! Source of the words: <https://focus.finops.org/focus-specification/>

use std::collections::BTreeMap;
use std::sync::LazyLock;

const ROWS: &str = include_str!("bill_categories.csv");

static CATEGORIES: LazyLock<BTreeMap<String, (String, String)>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(ROWS.as_bytes());
    // A test reads every row.
    let rows = reader.deserialize::<[String; 3]>().filter_map(Result::ok);
    rows.map(|[name, category, closer]| (name.to_lowercase(), (category, closer))).collect()
});

/// The category of a service by the bill's name of it, in any case, and more closely.
pub fn category(billing_name: &str) -> Option<(&'static str, &'static str)> {
    CATEGORIES.get(&billing_name.to_lowercase()).map(|(category, closer)| (category.as_str(), closer.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcp::service::Catalogue;

    #[test]
    fn every_name_that_the_catalogue_gives_a_service_in_the_bill_has_a_category() {
        let names = Catalogue::built_in().services().flat_map(|service| service.billing_names());
        let without: Vec<&str> = names.filter(|name| category(name).is_none()).collect();
        assert_eq!(without, [] as [&str; 0]);
        assert_eq!(CATEGORIES.len(), ROWS.lines().count() - 1, "a row is unreadable or there twice");
        assert_eq!(category("cloud storage"), Some(("Storage", "Object Storage")));
    }

    #[test]
    fn rows_are_sorted_and_what_is_other_says_of_what() {
        let names: Vec<&str> = ROWS.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        assert!(names.is_sorted(), "sorted bytewise");
        for (category, closer) in CATEGORIES.values() {
            assert!(!closer.starts_with("Other") || *closer == format!("Other ({category})"), "{category}: {closer}");
        }
    }
}
