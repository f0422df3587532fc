//! Inventories: files that list a user's projects, so that numbers become ids. One file here a format; what they have
//! in common is found here, and several inventories are put together and checked against each other.

mod asset;
mod billing;
mod combine;
mod error;
mod fields;
mod records;
mod resource_manager;

use std::fmt;

use serde_json::Value;

pub use billing::ancestry;
pub use combine::combine;
pub use error::InventoryError;

use crate::model::directory::Entry;

/// The formats, the most reliable first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `gcloud projects list --format=json`, or an answer of Resource Manager v1 or v3.
    ResourceManager,
    /// An export or a search of Cloud Asset Inventory.
    AssetInventory,
    /// Rows of a billing export. Google calls the number there anonymised, so that it only fills gaps.
    /// Source: <https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage>
    BillingExport,
}

/// Where an inventory states something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name as the user gave it.
    pub file: String,
    /// Which record of the file.
    pub record: Record,
}

/// A record of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// The n-th entry of a JSON file, from 1.
    Entry(u64),
    /// A line, from 1.
    Line(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Record::Entry(ordinal) => write!(f, "{}: entry {ordinal}", self.file),
            Record::Line(line) => write!(f, "{}:{line}", self.file),
        }
    }
}

/// One project that an inventory lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What it says of the project.
    pub entry: Entry,
    /// The format that says so.
    pub format: Format,
    /// Where it says so.
    pub place: Place,
}

/// What one record of an inventory is.
enum Listed {
    /// It lists a project, as of a time (empty when the format has none).
    Project(Entry, String),
    /// It is in a known format and lists none; the text says how to get some.
    Nothing(&'static str),
}

/// Reads one inventory in any of the formats; several may be mixed. Billing rows that repeat a project are put
/// together.
///
/// # Errors
/// Names the file, the record and what is wrong with it.
pub fn read(file: &str, text: &[u8]) -> Result<Vec<Listing>, InventoryError> {
    let mut rows = billing::Rows::default();
    let mut listings = Vec::new();
    let (mut records, mut advice) = (0, None);
    records::each(file, text, |record, value| {
        records += 1;
        let place = Place { file: file.to_owned(), record };
        match listed(&value) {
            Ok(Some((_, Listed::Nothing(why)))) => advice = advice.or(Some(why)),
            Ok(Some((Format::BillingExport, Listed::Project(entry, time)))) => rows.add(entry, time, place)?,
            Ok(Some((format, Listed::Project(entry, _)))) => listings.push(Listing { entry, format, place }),
            // What begins with an unknown record is another kind of file.
            Ok(None) if records == 1 => return Err(InventoryError::Unrecognised { file: file.to_owned() }),
            Ok(None) => {
                let what = "is no project, no asset and no billing row".to_owned();
                return Err(InventoryError::Record { place, what });
            }
            Err(what) => return Err(InventoryError::Record { place, what }),
        }
        Ok(())
    })?;
    listings.extend(rows.listings());
    if !listings.is_empty() {
        return Ok(listings);
    }
    let file = file.to_owned();
    Err(match advice {
        Some(advice) => InventoryError::NoProjects { file, records, advice },
        None => InventoryError::Unrecognised { file },
    })
}

/// Reads a record in the first format that knows it.
fn listed(value: &Value) -> Result<Option<(Format, Listed)>, String> {
    if let Some(listed) = asset::listed(value)? {
        return Ok(Some((Format::AssetInventory, listed)));
    }
    if let Some(entry) = resource_manager::listed(value)? {
        return Ok(Some((Format::ResourceManager, Listed::Project(entry, String::new()))));
    }
    Ok(billing::listed(value)?.map(|listed| (Format::BillingExport, listed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the inventories of one file come to.
    pub(super) fn entries(text: &str) -> Vec<Entry> {
        combine(read("projects.json", text.as_bytes()).unwrap()).unwrap()
    }

    /// Why one file is refused.
    pub(super) fn refusal(text: &str) -> String {
        read("projects.json", text.as_bytes()).and_then(combine).unwrap_err().to_string()
    }

    /// The made-up project of these tests.
    pub(super) fn ads(name: Option<&str>, labels: &[(&str, &str)], ancestors: &[&str]) -> Entry {
        Entry {
            id: "ads-prod".into(),
            number: Some(73_829_149_210),
            name: name.map(str::to_owned),
            labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ancestors: ancestors.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// A billing row of that project.
    pub(super) fn row(start: &str, number: &str, label: &str) -> String {
        format!(
            r#"{{"billing_account_id":"000000-AAAAAA-000000","usage_start_time":"{start}","project":{{"id":"ads-prod","number":{number},
        "name":"Ads prod","ancestry_numbers":"/123/876/","labels":[{{"key":"bu","value":"{label}"}}]}},"cost":1.5}}"#
        )
    }

    #[test]
    fn what_cannot_be_used_is_named_with_file_and_place() {
        let project = r#"{"projectId":"ads-prod","projectNumber":"1"}"#;
        assert_eq!(
            refusal(&format!(r#"[{project},{project},{{"projectId":"ads-dev","projectNumber":"abc"}}]"#)),
            "projects.json: entry 3: projectNumber `abc` is not a number"
        );
        assert_eq!(
            refusal(r#"[{"projectId":"MY_PROJECT","projectNumber":"1"}]"#),
            "projects.json: entry 1: projectId `MY_PROJECT` is not a project id"
        );
        assert_eq!(
            refusal(&format!(r#"[{project},{{"kind":"x"}}]"#)),
            "projects.json: entry 2: is no project, no asset and no billing row"
        );
        assert!(refusal("[\n{\"projectId\":\n").starts_with("projects.json:3: cannot be read: "));
        assert_eq!(
            refusal("project_id,project_number\nads-prod,x1\n"),
            "projects.json:2: project.number `x1` is not a number"
        );
    }

    #[test]
    fn another_kind_of_file_is_told_what_is_accepted() {
        for text in [
            "",
            "[]",
            "{}",
            "null",
            "projectId: ads-prod",
            "project,business_unit\n",
            r#"{"logName":"x"}"#,
            "[[]]",
            "\u{0}",
        ] {
            assert!(refusal(text).contains("no projects found; accepted are"), "{text}: {}", refusal(text));
        }
        assert_eq!(
            refusal(r#"{"name":"//x","assetType":"compute.googleapis.com/Instance"}"#),
            "projects.json: 1 records, but none of them lists a project: export assets of type cloudresourcemanager.googleapis.com/Project"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(start in "(\\[|\\{|project_id,)?", rest in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            let bytes = [start.as_bytes(), &rest].concat();
            let _ = read("x", &bytes).and_then(combine);
        }
    }
}
