//! Writes the skeleton of a mapping: one row for each payer found, for a person to fill in.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::mapping_selector::Projects;
use crate::model::directory::Directory;
use crate::model::payer::{Payer, PayerName, PayerRef};

/// The business unit of every row of a skeleton.
pub const PLACEHOLDER: &str = "unassigned";

/// A mapping of the payers found (payer, calls, billable calls), largest first by billable calls, then calls.
///
/// Above each row a comment holds what is known of the payer. A payer of which only the number is known comes as the
/// number. The result parses as a mapping if it has a row.
pub fn skeleton(payers: &[(Payer, u64, u64)], directory: &Directory) -> String {
    let mut sizes: BTreeMap<PayerName, (u64, u64)> = BTreeMap::new();
    for (payer, calls, billable) in payers {
        let Some(name) = name(payer, directory) else { continue };
        let size = sizes.entry(name).or_default();
        *size = (size.0.saturating_add(*calls), size.1.saturating_add(*billable));
    }
    let mut largest: Vec<_> = sizes.into_iter().map(|(name, size)| (text(&name), name, size)).collect();
    largest.sort_by(|(a, _, (calls, billable)), (b, _, (other_calls, other_billable))| {
        (Reverse(billable), Reverse(calls), a).cmp(&(Reverse(other_billable), Reverse(other_calls), b))
    });

    let mut csv = String::from("project,business_unit,cost_center\n");
    if largest.is_empty() {
        csv.push_str("# no payer was found\n");
    }
    for (project, name, (calls, billable)) in largest {
        csv.push_str(&format!("# {}; billable calls: {billable} of {calls}\n", one_line(&known(&name, directory))));
        // A payer that no row can name is still shown.
        let row = if Projects::parse(&project).is_ok() { "" } else { "# no row can name: " };
        csv.push_str(&format!("{row}{},{PLACEHOLDER},\n", one_line(&project)));
    }
    csv
}

/// The name a row uses for a payer: the id if anything tells it, else the number.
fn name(payer: &Payer, directory: &Directory) -> Option<PayerName> {
    let id = payer.id.clone().or_else(|| directory.id_of(payer.number?).cloned());
    id.map(PayerName::Id).or(payer.number.map(PayerName::Number))
}

fn text(name: &PayerName) -> String {
    match name {
        PayerName::Id(id) => id.to_string(),
        PayerName::Number(number) => number.to_string(),
    }
}

/// What the directory knows of a payer, in words.
fn known(name: &PayerName, directory: &Directory) -> String {
    let id = match name {
        PayerName::Id(id) => id,
        PayerName::Number(_) if directory.entries().next().is_none() => {
            return "id unknown; give an inventory with --projects".to_owned();
        }
        PayerName::Number(number) => {
            return format!("not in the inventory; `gcloud projects describe {number}` may know it");
        }
    };
    let mut known = Vec::new();
    let entry = directory.entry(id);
    if let Some(display) = entry.and_then(|entry| entry.name.as_ref()) {
        known.push(format!("name: {display}"));
    }
    if let Some(number) = directory.resolve(&PayerRef::project_id(id.as_str())).number {
        known.push(format!("number: {number}"));
    }
    let labels: Vec<String> =
        entry.into_iter().flat_map(|entry| &entry.labels).map(|(key, value)| format!("{key}={value}")).collect();
    if !labels.is_empty() {
        known.push(format!("labels: {}", labels.join(", ")));
    }
    let absent = if directory.entries().next().is_none() { "no inventory was given" } else { "not in the inventory" };
    if known.is_empty() { absent.to_owned() } else { known.join("; ") }
}

/// Text that cannot leave its line: names come from outside, and a line break would make a row of the rest.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::super::mapping::Mapping;
    use super::*;
    use crate::model::directory::Entry;
    use crate::model::payer::Namespace;

    fn payer(id: Option<&str>, number: Option<u64>) -> Payer {
        Payer { namespace: Namespace::GcpProject, id: id.map(Into::into), number }
    }

    #[test]
    fn the_largest_payer_comes_first_with_what_the_inventory_knows() {
        let mut directory = Directory::default();
        let labels = BTreeMap::from([("bu".to_owned(), "ads".to_owned()), ("env".to_owned(), "prod".to_owned())]);
        let name = Some("Ads\nevil,row".to_owned());
        directory.add(Entry { id: "ads-prod".into(), number: Some(7001), name, labels, ..Entry::default() });
        let payers = [
            (payer(Some("shop-prod"), None), 90, 2),
            (payer(None, Some(7002)), 3, 2),
            (payer(Some("ads-prod"), Some(7001)), 5, 4),
            (payer(None, Some(7001)), 1, 1),
        ];
        assert_eq!(
            skeleton(&payers, &directory),
            "project,business_unit,cost_center\n\
             # name: Ads evil,row; number: 7001; labels: bu=ads, env=prod; billable calls: 5 of 6\n\
             ads-prod,unassigned,\n\
             # not in the inventory; billable calls: 2 of 90\n\
             shop-prod,unassigned,\n\
             # not in the inventory; `gcloud projects describe 7002` may know it; billable calls: 2 of 3\n\
             7002,unassigned,\n"
        );
    }

    #[test]
    fn a_payer_that_no_row_can_name_is_a_comment() {
        let csv = skeleton(&[(payer(Some("MY\n_PROJECT"), None), 1, 1)], &Directory::default());
        assert!(csv.ends_with("\n# no row can name: MY _PROJECT,unassigned,\n"), "{csv}");
        assert!(skeleton(&[], &Directory::default()).ends_with("# no payer was found\n"));
    }

    proptest! {
        #[test]
        fn the_skeleton_is_a_mapping_of_every_payer(
            ids in prop::collection::btree_set("[a-z][a-z0-9-]{4,8}[a-z0-9]", 1..6),
            numbers in prop::collection::btree_set(1..20u64, 0..4),
            name in any::<String>(),
        ) {
            let mut payers: Vec<_> = ids.iter().map(|id| (payer(Some(id), None), 2, 1)).collect();
            payers.extend(numbers.iter().map(|number| (payer(None, Some(*number)), 2, 1)));
            let mut directory = Directory::default();
            for (index, id) in (10..).zip(&ids) {
                directory.add(Entry { id: id.clone(), number: Some(index), name: Some(name.clone()), ..Entry::default() });
            }
            let map = Mapping::parse("m.csv", skeleton(&payers, &directory).as_bytes(), Tz::UTC);
            let map = map.map_err(|errors| TestCaseError::fail(errors.to_string()))?;
            for (payer, _, _) in &payers {
                let reference = match (&payer.id, payer.number) {
                    (Some(id), _) => PayerRef::project_id(id.as_str()),
                    (None, number) => PayerRef::project_number(number.unwrap_or_default()),
                };
                let row = map.unit(&directory.resolve(&reference), None);
                prop_assert_eq!(row.map(|row| row.business_unit.as_str()), Some(PLACEHOLDER));
            }
        }
    }
}
