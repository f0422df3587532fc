//! The inventory hidden in a billing export: each row names the project that is billed, also projects that are long
//! deleted. Rows are nested JSON, or flat (CSV, or JSON with `project.id` or `project_id` as keys).

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{ancestor, labels, number, text};
use super::resource_manager::id;
use super::{Format, InventoryError, Listed, Listing, Place};
use crate::model::directory::Entry;

const NO_PROJECT: &str = "the rows are charges without a project";

/// Keys by which a row is known that has no project.
const ROW: [&str; 3] = ["billing_account_id", "usage_start_time", "sku"];

/// Reads a row; `None` if the value is none. The time is the start of the usage.
pub(super) fn listed(value: &Value) -> Result<Option<Listed>, String> {
    let flat = ["project.id", "project_id"].iter().any(|key| value.get(key).is_some());
    let entry = match value.get("project").filter(|project| project.is_object()) {
        Some(project) => nested(project)?,
        None if flat => self::flat(value)?,
        None if ROW.iter().any(|key| value.get(key).is_some()) => None,
        None => return Ok(None),
    };
    let time = text(value, &["usage_start_time", "usage_end_time", "export_time"]).unwrap_or_default().to_owned();
    Ok(Some(entry.map_or(Listed::Nothing(NO_PROJECT), |entry| Listed::Project(entry, time))))
}

fn nested(project: &Value) -> Result<Option<Entry>, String> {
    let Some(written) = text(project, &["id"]) else {
        return Ok(None);
    };
    let named = project.get("ancestors").and_then(Value::as_array).into_iter().flatten();
    let named: Vec<String> = named.filter_map(|item| text(item, &["resource_name"])).filter_map(ancestor).collect();
    Ok(Some(Entry {
        id: id("project.id", written)?,
        number: number(project, &["number"]).map_err(|what| format!("project.{what}"))?,
        name: text(project, &["name"]).map(str::to_owned),
        labels: labels(project),
        ancestors: if named.is_empty() { ancestry(text(project, &["ancestry_numbers"])) } else { named },
    }))
}

fn flat(row: &Value) -> Result<Option<Entry>, String> {
    let Some(written) = text(row, &["project.id", "project_id"]) else {
        return Ok(None);
    };
    Ok(Some(Entry {
        id: id("project.id", written)?,
        number: number(row, &["project.number", "project_number"])?,
        name: text(row, &["project.name", "project_name", "name"]).map(str::to_owned),
        labels: BTreeMap::new(),
        ancestors: ancestry(text(row, &["project.ancestry_numbers", "project_ancestry_numbers"])),
    }))
}

/// Ancestors, nearest first, of `/ORG/FOLDER/…/`, which begins with the organisation.
pub fn ancestry(numbers: Option<&str>) -> Vec<String> {
    let mut numbers = numbers.unwrap_or_default().split('/').filter(|number| !number.is_empty());
    let organization = numbers.next().map(|number| format!("organizations/{number}"));
    let folders = numbers.map(|number| format!("folders/{number}"));
    let mut ancestors: Vec<String> = organization.into_iter().chain(folders).collect();
    ancestors.reverse();
    ancestors
}

/// The projects of many rows: of each project the latest row speaks.
#[derive(Default)]
pub(super) struct Rows(BTreeMap<String, Row>);

struct Row {
    entry: Entry,
    time: String,
    place: Place,
}

impl Rows {
    /// Takes in a row. Rows of one project state the same number or none.
    pub(super) fn add(&mut self, mut entry: Entry, time: String, place: Place) -> Result<(), InventoryError> {
        let Some(known) = self.0.get_mut(&entry.id) else {
            self.0.insert(entry.id.clone(), Row { entry, time, place });
            return Ok(());
        };
        match (known.entry.number, entry.number) {
            (Some(first_number), Some(second_number)) if first_number != second_number => {
                return Err(InventoryError::TwoNumbers {
                    id: entry.id,
                    first: Box::new(known.place.clone()),
                    first_number,
                    second: place,
                    second_number,
                });
            }
            (first, second) => entry.number = first.or(second),
        }
        known.entry.number = entry.number;
        // Equal times are common; then the greater content speaks, so that the order of the rows does not matter.
        let content = |entry: &Entry| (entry.labels.clone(), entry.ancestors.clone(), entry.name.clone());
        if time > known.time || time == known.time && content(&entry) > content(&known.entry) {
            *known = Row { entry, time, place };
        }
        Ok(())
    }

    /// One listing a project, by id.
    pub(super) fn listings(self) -> impl Iterator<Item = Listing> {
        self.0.into_values().map(|row| Listing { entry: row.entry, format: Format::BillingExport, place: row.place })
    }
}

#[cfg(test)]
mod tests {
    use super::ancestry;
    use crate::gcp::inventory::tests::{ads, entries, row};

    #[test]
    fn the_organisation_is_the_last_ancestor() {
        assert_eq!(ancestry(Some("/1/22/333/")), ["folders/333", "folders/22", "organizations/1"]);
        assert_eq!(ancestry(None), [""; 0]);
    }

    #[test]
    fn the_latest_billing_row_speaks_for_its_project() {
        let early = row("2026-01-01 00:00:00 UTC", "\"73829149210\"", "old");
        let late = row("2026-02-01 00:00:00 UTC", "null", "ads");
        let support = r#"{"billing_account_id":"000000-AAAAAA-000000","project":null,"cost":9}"#;
        let expected = [ads(Some("Ads prod"), &[("bu", "ads")], &["folders/876", "organizations/123"])];
        assert_eq!(entries(&format!("{early}\n{late}\n{support}\n")), expected);
        assert_eq!(entries(&format!("[{support},{late},{early}]")), expected);
    }

    #[test]
    fn flat_billing_rows_have_dotted_or_joined_headings() {
        let expected = [ads(Some("Ads, prod"), &[], &["folders/876", "organizations/123"])];
        for dot in [".", "_"] {
            let text = format!(
                "cost,project{dot}id,project{dot}number,project{dot}name,project{dot}ancestry_numbers\r\n1,ads-prod,73829149210,\"Ads, prod\",/123/876/\r\n2,,,,\r\n"
            );
            assert_eq!(entries(&text), expected);
        }
    }
}
