//! Puts inventories together and checks them against each other.

use std::collections::BTreeMap;

use super::{Format, InventoryError, Listing, Place};
use crate::model::directory::Entry;

/// Puts inventories together, in the order in which a `Directory` has to be given them: more reliable formats first,
/// within a format as given.
///
/// # Errors
/// Two listings contradict each other: one id with two numbers, or one number with two ids. Only a billing export is
/// not believed against a more reliable inventory: its number is dropped.
pub fn combine(mut listings: Vec<Listing>) -> Result<Vec<Entry>, InventoryError> {
    listings.sort_by_key(|listing| listing.format);
    let mut numbers: BTreeMap<String, (u64, Format, Place)> = BTreeMap::new();
    let mut ids: BTreeMap<u64, (String, Format, Place)> = BTreeMap::new();
    let mut entries = Vec::with_capacity(listings.len());
    for Listing { mut entry, format, place } in listings {
        if let Some(number) = entry.number {
            let other_number = numbers.get(&entry.id).filter(|(known, ..)| *known != number);
            let other_id = ids.get(&number).filter(|(known, ..)| *known != entry.id);
            match (other_number, other_id) {
                (None, None) => {
                    numbers.entry(entry.id.clone()).or_insert_with(|| (number, format, place.clone()));
                    ids.entry(number).or_insert_with(|| (entry.id.clone(), format, place));
                }
                (Some((_, better, _)), _) | (None, Some((_, better, _)))
                    if format == Format::BillingExport && *better != format =>
                {
                    entry.number = None;
                }
                (Some((first_number, _, first)), _) => {
                    return Err(InventoryError::TwoNumbers {
                        id: entry.id,
                        first: Box::new(first.clone()),
                        first_number: *first_number,
                        second: place,
                        second_number: number,
                    });
                }
                (None, Some((first_id, _, first))) => {
                    return Err(InventoryError::TwoIds {
                        number,
                        first: Box::new(first.clone()),
                        first_id: first_id.clone(),
                        second: place,
                        second_id: entry.id,
                    });
                }
            }
        }
        entries.push(entry);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcp::inventory::read;
    use crate::gcp::inventory::tests::{entries, refusal, row};

    #[test]
    fn a_billing_export_only_fills_gaps() {
        let mut listings = read("bill.ndjson", row("", "\"7000000000\"", "old").as_bytes()).unwrap();
        listings.extend(read("projects.json", br#"[{"projectId":"ads-prod","projectNumber":"73829149210"}]"#).unwrap());
        let entries = combine(listings).unwrap();
        assert_eq!(entries[0].number, Some(73_829_149_210));
        assert_eq!((entries[1].id.as_str(), entries[1].number), ("ads-prod", None));
    }

    #[test]
    fn contradictions_are_refused_and_both_places_named() {
        let pair = |id, number| format!(r#"{{"projectId":"{id}","projectNumber":"{number}"}}"#);
        assert_eq!(
            refusal(&format!("{}\n{}", pair("ads-prod", 7), pair("ads-prod", 8))),
            "projects.json: entry 2: project `ads-prod` has number 8, but projects.json: entry 1 gives it number 7"
        );
        assert_eq!(
            refusal(&format!("{}\n{}", pair("ads-prod", 7), pair("ads-dev", 7))),
            "projects.json: entry 2: number 7 belongs to project `ads-dev`, but projects.json: entry 1 gives it to project `ads-prod`"
        );
        assert_eq!(entries(&format!("{0}\n{0}", pair("ads-prod", 7))).len(), 2);
        assert!(refusal(&format!("{}\n{}", row("", "\"7\"", "a"), row("", "\"8\"", "a"))).contains("has number 8"));
    }
}
