//! What the bill calls a service, and by what a project's cost for it may be shared among those who called it.
//!
//! Calls are a fair weight only where calls are what is metered. Running time, storage and fees stay at their project.

use std::collections::{BTreeMap, BTreeSet};

use super::service::{Catalogue, Service};
use crate::model::cost::{BillNames, Sharing, Weight};
use crate::model::reason::Driver;

/// The bill's name of what reservations and commitments cost.
/// Source: <https://cloud.google.com/bigquery/docs/reservations-monitoring>
const RESERVATIONS: &str = "BigQuery Reservation API";
const BIGQUERY: &str = "BigQuery";
/// Rows with this SKU cost nothing: they tell how many slot hours a project took.
/// Source: <https://cloud.google.com/bigquery/docs/reservations-monitoring>
const SLOTS_TAKEN: &str = "Analysis Slots Attribution";
/// How the SKUs of queries on demand begin.
const QUERIES: &str = "Analysis";

/// The services of the catalogue by their names in the bill.
///
/// Where several services share a name, the one shown is the one that is displayed by it, or by a name that begins with it, else the
/// only one that has it first.
pub fn names(catalogue: &Catalogue) -> BillNames {
    let mut names = BillNames::default();
    let mut rivals: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
    for service in catalogue.services() {
        for name in service.billing_names() {
            rivals.entry(name).or_default().push(service);
            let billed = names.billed.entry(service.service.clone()).or_default();
            if !billed.iter().any(|known| known == name) {
                billed.push(name.to_owned());
            }
        }
    }
    for (name, services) in rivals {
        if let Some(service) = shown(name, &services) {
            names.shown.insert(name.to_owned(), service.to_owned());
        }
    }
    names
}

fn shown<'c>(name: &str, services: &[&'c Service]) -> Option<&'c str> {
    let only = |wanted: &dyn Fn(&Service) -> bool| {
        let found: BTreeSet<&'c str> =
            services.iter().filter(|service| wanted(service)).map(|service| service.service.as_str()).collect();
        if found.len() == 1 { found.into_iter().next() } else { None }
    };
    only(&|_| true)
        .or_else(|| only(&|service| service.display == name))
        .or_else(|| only(&|service| service.display.starts_with(name)))
        .or_else(|| only(&|service| service.billing_names().next() == Some(name)))
}

/// By what the cost of a service and a SKU, as the bill names them, may be shared among the callers of its project.
pub fn sharing(catalogue: &Catalogue, names: &BillNames, service: &str, sku: &str) -> Sharing {
    if sku.contains(SLOTS_TAKEN) {
        return Sharing::Tells;
    }
    match service {
        RESERVATIONS => Sharing::By(Weight::SlotMs),
        BIGQUERY if sku.starts_with(QUERIES) => Sharing::By(Weight::BilledBytes),
        BIGQUERY => Sharing::Never,
        name => {
            let Some(service) = names.shown.get(name) else { return Sharing::Never };
            let mut rows = catalogue.services().filter(|row| row.service == *service);
            let metered_by_call = |service: &Service| match service.driver {
                Driver::Call => true,
                Driver::Bytes
                | Driver::SlotMs
                | Driver::Hybrid
                | Driver::Runtime
                | Driver::Storage
                | Driver::MeteredElsewhere
                | Driver::Free
                | Driver::Fee => false,
            };
            if rows.all(metered_by_call) { Sharing::By(Weight::Calls) } else { Sharing::Never }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(service: &str, sku: &str) -> Sharing {
        let catalogue = Catalogue::built_in();
        sharing(catalogue, &names(catalogue), service, sku)
    }

    #[test]
    fn calls_weigh_only_where_calls_are_metered() {
        assert_eq!(of("Cloud Vision API", "Label detection"), Sharing::By(Weight::Calls));
        assert_eq!(of("Compute Engine", "N2 core"), Sharing::Never);
        assert_eq!(of("Cloud Storage", "Standard Storage"), Sharing::Never);
        assert_eq!(of("Support", "Enhanced Support"), Sharing::Never);
    }

    #[test]
    fn bigquery_is_shared_by_what_the_sku_meters() {
        assert_eq!(of("BigQuery", "Analysis (europe-west3)"), Sharing::By(Weight::BilledBytes));
        assert_eq!(of("BigQuery", "Active Logical Storage"), Sharing::Never);
        assert_eq!(of("BigQuery Reservation API", "BigQuery Enterprise Edition"), Sharing::By(Weight::SlotMs));
        assert_eq!(of("BigQuery Reservation API", "Analysis Slots Attribution"), Sharing::Tells);
    }

    #[test]
    fn a_name_that_services_share_shows_the_one_it_names() {
        let names = names(Catalogue::built_in());
        let shown = |name: &str| names.shown.get(name).map(String::as_str);
        assert_eq!(shown("BigQuery"), Some("bigquery.googleapis.com"));
        assert_eq!(shown("Cloud Storage"), Some("storage.googleapis.com"));
        assert_eq!(shown("Compute Engine"), Some("compute.googleapis.com"));
        assert_eq!(shown("BigQuery Reservation API"), Some("bigqueryreservation.googleapis.com"));
        assert_eq!(shown("Committed use"), None);
        assert_eq!(names.billed["bigquery.googleapis.com"], ["BigQuery", "BigQuery Reservation API"]);
    }
}
