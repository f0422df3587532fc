//! What Cloud Audit Logs can tell of a row of a bill, and which settings would let them tell more.
//!
//! Sources: <https://cloud.google.com/logging/docs/audit/configure-data-access>, <https://cloud.google.com/storage/pricing>.

use std::collections::BTreeSet;

use serde_json::json;

use super::bill_sharing::sharing;
use super::filters::build::{all, any, field, log_id};
use super::service::{Catalogue, Service};
use crate::lql::ast::Expr;
use crate::model::cost::{BillNames, Sharing, Weight};
use crate::model::coverage::{DataAccess, LogType, Metering};
use crate::model::reason::Driver;

/// How the operations of Cloud Storage are called in a SKU; all else that it sells is time, size or traffic.
const OPERATIONS: [&str; 2] = ["Class A", "Class B"];

/// What sells the slots in which jobs of BigQuery run. Its own entries tell of reservations, not of jobs.
pub const RESERVATIONS: &str = "bigqueryreservation.googleapis.com";
const BIGQUERY: &str = "bigquery.googleapis.com";

/// The service whose entries stand for what a service sells.
pub fn used_through(service: &str) -> &str {
    if service == RESERVATIONS { BIGQUERY } else { service }
}

/// By what a service and a SKU, as the bill names them, are metered.
pub fn metering(catalogue: &Catalogue, names: &BillNames, service: &str, sku: &str) -> Metering {
    match sharing(catalogue, names, service, sku) {
        Sharing::By(weight) => return Metering::By(weight),
        Sharing::Never | Sharing::Tells => {}
    }
    let Some(name) = names.shown.get(service) else { return Metering::NotByCall };
    let mut rows = catalogue.services().filter(|row| row.service == *name);
    let metering = |row: &Service| match row.driver {
        Driver::Hybrid if OPERATIONS.iter().any(|operations| sku.contains(operations)) => Metering::By(Weight::Calls),
        Driver::MeteredElsewhere => Metering::Unlogged,
        Driver::Call
        | Driver::Bytes
        | Driver::SlotMs
        | Driver::Hybrid
        | Driver::Runtime
        | Driver::Storage
        | Driver::Free
        | Driver::Fee => Metering::NotByCall,
    };
    rows.next().map_or(Metering::NotByCall, metering)
}

/// Where a service writes entries of what is metered, as the catalogue's words have it. Of several versions the
/// one that tells most counts: the bill does not name versions.
pub fn data_access(catalogue: &Catalogue, service: &str) -> DataAccess {
    let mut best = DataAccess::Unknown;
    for row in catalogue.named(service) {
        best = match (best, of_words(&row.audit)) {
            (DataAccess::Always, _) | (_, DataAccess::Always) => DataAccess::Always,
            (DataAccess::OptIn(mut types), DataAccess::OptIn(more)) => {
                types.extend(more);
                DataAccess::OptIn(types)
            }
            (opt_in @ DataAccess::OptIn(_), _) | (_, opt_in @ DataAccess::OptIn(_)) => opt_in,
            (DataAccess::InActivity, _) | (_, DataAccess::InActivity) => DataAccess::InActivity,
            (DataAccess::Never, _) | (_, DataAccess::Never) => DataAccess::Never,
            (DataAccess::Unknown, DataAccess::Unknown) => DataAccess::Unknown,
        };
    }
    best
}

/// What the catalogue's words on audit logs say of metered calls.
fn of_words(words: &str) -> DataAccess {
    if words.contains("always on") {
        return DataAccess::Always;
    }
    let named: BTreeSet<LogType> = LogType::ALL.iter().copied().filter(|kind| words.contains(kind.name())).collect();
    if !named.is_empty() {
        return DataAccess::OptIn(named);
    }
    if words.contains("data_access") || words == "as GCS" {
        return DataAccess::OptIn([LogType::DataRead, LogType::DataWrite].into());
    }
    match words {
        "" | "unknown" | "has an audit page" => DataAccess::Unknown,
        words if words.starts_with("activity") => DataAccess::InActivity,
        // Administration alone, nothing, or nothing that a page tells of.
        _ => DataAccess::Never,
    }
}

/// The member of `auditConfigs` in a project's IAM policy that turns a service's Data Access entries on.
pub fn audit_config(service: &str, access: &DataAccess) -> Option<String> {
    let types: BTreeSet<LogType> = match access {
        DataAccess::OptIn(types) => types.clone(),
        // Asking for what a service does not write costs nothing.
        DataAccess::Unknown => LogType::ALL.iter().copied().collect(),
        DataAccess::Always | DataAccess::InActivity | DataAccess::Never => return None,
    };
    let types: Vec<_> = types.iter().map(|kind| json!({"logType": kind.name()})).collect();
    Some(json!({"service": service, "auditLogConfigs": types}).to_string())
}

/// The filter of a sink that exports what a service's callers did.
pub fn sink_filter(service: &str) -> Expr {
    let logs = ["activity", "data_access"].map(|name| log_id(&format!("cloudaudit.googleapis.com/{name}")));
    all([any(logs), field("protoPayload.serviceName").eq(service)])
}

#[cfg(test)]
mod tests {
    use super::super::bill_sharing::names;
    use super::*;

    #[test]
    fn operations_of_storage_are_calls_and_its_bytes_are_not() {
        let catalogue = Catalogue::built_in();
        let names = names(catalogue);
        let of = |service: &str, sku: &str| metering(catalogue, &names, service, sku);
        assert_eq!(of("Cloud Storage", "Regional Standard Class A Operations"), Metering::By(Weight::Calls));
        assert_eq!(of("Cloud Storage", "Standard Storage Frankfurt"), Metering::NotByCall);
        assert_eq!(of("Cloud Vision API", "Label detection"), Metering::By(Weight::Calls));
        assert_eq!(of("Cloud Pub/Sub", "Message Delivery Basic"), Metering::Unlogged);
        assert_eq!(of("Compute Engine", "N2 core"), Metering::NotByCall);
        assert_eq!(of("Support", "Enhanced"), Metering::NotByCall);
        assert_eq!(of("BigQuery Reservation API", "Analysis Slots Attribution"), Metering::NotByCall);
        let (shown, used) = (&names.shown["BigQuery Reservation API"], used_through(RESERVATIONS));
        assert_eq!((shown.as_str(), used, used_through("x")), (RESERVATIONS, BIGQUERY, "x"));
    }

    #[test]
    fn the_catalogue_says_who_writes_data_access() {
        let of = |service: &str| data_access(Catalogue::built_in(), service);
        let both = DataAccess::OptIn([LogType::DataRead, LogType::DataWrite].into());
        assert_eq!(of("bigquery.googleapis.com"), DataAccess::Always);
        assert_eq!(of("aiplatform.googleapis.com"), DataAccess::OptIn([LogType::DataRead].into()));
        assert_eq!(of("dlp.googleapis.com"), DataAccess::OptIn([LogType::AdminRead].into()));
        assert_eq!(of("storage.googleapis.com"), both);
        assert_eq!(of("pubsub.googleapis.com"), DataAccess::Never);
        assert_eq!(of("language.googleapis.com"), DataAccess::Never);
        assert_eq!(of("vision.googleapis.com"), DataAccess::InActivity);
        // Version 2 of speech is logged, version 1 is not.
        assert_eq!(of("speech.googleapis.com"), DataAccess::OptIn([LogType::DataRead].into()));
        assert_eq!(of("no.example.com"), DataAccess::Unknown);
    }

    #[test]
    fn a_configuration_names_the_types_that_are_missing() {
        let config = audit_config("dlp.googleapis.com", &DataAccess::OptIn([LogType::AdminRead].into()));
        let expected = r#"{"auditLogConfigs":[{"logType":"ADMIN_READ"}],"service":"dlp.googleapis.com"}"#;
        assert_eq!(config.as_deref(), Some(expected));
        assert_eq!(audit_config("x", &DataAccess::Never), None);
    }
}
