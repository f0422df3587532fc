//! A `LogEntry` as billtrail reads it: the fields that rules use, borrowed from the record.
//!
//! This is the strict path: it defines what a valid record is. A faster scanner may fill the same struct.
//! Source: <https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry>,
//! <https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog>.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::bigquery_entry::{BigQueryServiceData, ServiceMetadata};
use super::lenient::{Field, Present, Text, TextMap, lenient_object};
use crate::model::reason::RejectReason;

lenient_object! {
    /// The envelope of a log entry.
    pub struct LogEntry<'a> {
        /// `projects/P/logs/ID` and the like, with the id URL-encoded.
        log_name "logName": Cow<'a, str>,
        /// The event's time.
        timestamp "timestamp": Cow<'a, str>,
        /// When Cloud Logging took it in.
        receive_timestamp "receiveTimestamp": Cow<'a, str>,
        /// Identity among entries of one log and time.
        insert_id "insertId": Cow<'a, str>,
        /// What the entry is about.
        resource "resource": Resource<'a>,
        /// The long-running operation it belongs to.
        operation "operation": Operation<'a>,
        /// Which part of a divided entry it is.
        split "split": Split<'a>,
        /// The audit payload.
        proto_payload "protoPayload": Box<AuditLog<'a>>,
        /// Present in entries of other logs.
        json_payload "jsonPayload": Present,
        /// Present in entries of other logs.
        text_payload "textPayload": Present,
        /// Present in entries of other logs.
        http_request "httpRequest": Present,
        /// Fields of the payload that a re-export put beside it.
        strayed "serviceName" | "methodName" | "status" | "authorizationInfo" | "authenticationInfo": Present,
    }
}

lenient_object! {
    /// The monitored resource.
    pub struct Resource<'a> {
        /// Its type, such as `gcs_bucket`.
        kind "type": Cow<'a, str>,
        /// Its labels.
        labels "labels": Labels<'a>,
    }
}

lenient_object! {
    /// The labels of a monitored resource that rules use.
    pub struct Labels<'a> {
        /// The project: id, or number.
        project_id "project_id": Cow<'a, str>,
        /// Region or multi-region.
        location "location": Cow<'a, str>,
        /// Zone.
        zone "zone": Cow<'a, str>,
        /// Region.
        region "region": Cow<'a, str>,
    }
}

lenient_object! {
    /// The operation an entry belongs to.
    pub struct Operation<'a> {
        /// Unique together with the producer.
        id "id": Cow<'a, str>,
        /// Who issued the id.
        producer "producer": Cow<'a, str>,
        /// The entry tells of the beginning.
        first "first": bool,
        /// The entry tells of the end.
        last "last": bool,
    }
}

lenient_object! {
    /// The part of a divided entry.
    pub struct Split<'a> {
        /// Equal in all parts.
        uid "uid": Cow<'a, str>,
        /// This part's place.
        index "index": u64,
        /// How many parts there are.
        total_splits "totalSplits": u64,
    }
}

lenient_object! {
    /// The audit payload.
    pub struct AuditLog<'a> {
        /// `type.googleapis.com/google.cloud.audit.AuditLog`.
        type_url "@type": Cow<'a, str>,
        /// The service that was called.
        service_name "serviceName": Cow<'a, str>,
        /// The method that was called.
        method_name "methodName": Cow<'a, str>,
        /// What it was called on.
        resource_name "resourceName": Cow<'a, str>,
        /// Where that is.
        resource_location "resourceLocation": ResourceLocation<'a>,
        /// How it ended; absent is OK.
        status "status": Status<'a>,
        /// Who called.
        authentication_info "authenticationInfo": AuthenticationInfo<'a>,
        /// Which permissions were checked on what.
        authorization_info "authorizationInfo": Vec<Field<AuthorizationInfo<'a>>>,
        /// The request, as far as rules use it.
        request "request": Request<'a>,
        /// Service-specific: BigQuery's events, and where a Cloud Storage copy goes.
        metadata "metadata": Box<ServiceMetadata<'a>>,
        /// Fields of the envelope that a re-export put into the payload, and a misspelling.
        strayed "insertId" | "logName" | "operation" | "receiveTimestamp" | "resource" | "severity" | "timestamp"
            | "authorizat ionInfo": Present,
        /// Deprecated, but still how BigQuery v1 tells of jobs.
        service_data "serviceData": Box<BigQueryServiceData<'a>>,
    }
}

lenient_object! {
    /// Where the resource is.
    pub struct ResourceLocation<'a> {
        /// Locations after the call.
        current_locations "currentLocations": Vec<Text<'a>>,
    }
}

lenient_object! {
    /// A `google.rpc.Status`.
    pub struct Status<'a> {
        /// 0 is OK, 7 is permission denied.
        code "code": i64,
        /// Text for people.
        message "message": Cow<'a, str>,
    }
}

lenient_object! {
    /// Who called.
    pub struct AuthenticationInfo<'a> {
        /// E-mail address of a user or service account.
        principal_email "principalEmail": Cow<'a, str>,
        /// Identity in another form, for federated callers.
        principal_subject "principalSubject": Cow<'a, str>,
        /// The key that a service account used.
        service_account_key_name "serviceAccountKeyName": Cow<'a, str>,
        /// Fields of the payload that a re-export put here.
        strayed "authorizationInfo" | "serviceName" | "status": Present,
        /// Who impersonated whom, origin first.
        delegation "serviceAccountDelegationInfo": Vec<Field<Delegation<'a>>>,
    }
}

lenient_object! {
    /// One link of a delegation chain.
    pub struct Delegation<'a> {
        /// A Google identity.
        first_party "firstPartyPrincipal": FirstParty<'a>,
        /// Any identity.
        principal_subject "principalSubject": Cow<'a, str>,
    }
}

lenient_object! {
    /// A Google identity in a delegation chain.
    pub struct FirstParty<'a> {
        /// Its e-mail address.
        principal_email "principalEmail": Cow<'a, str>,
    }
}

lenient_object! {
    /// One permission check.
    pub struct AuthorizationInfo<'a> {
        /// What the permission was checked on.
        resource "resource": Cow<'a, str>,
        /// The permission.
        permission "permission": Cow<'a, str>,
        /// Whether it was granted; absent is false.
        granted "granted": bool,
    }
}

lenient_object! {
    /// The request's fields that rules use.
    pub struct Request<'a> {
        /// The parent of a collection: a project, or something in it.
        parent "parent": Cow<'a, str>,
        /// The topic of a new subscription.
        topic "topic": Cow<'a, str>,
        /// The stream that a BigQuery Storage read is from.
        read_stream "readStream": Cow<'a, str>,
        /// Labels that reach the bill.
        labels "labels": TextMap<'a>,
    }
}

/// Why bytes are no readable record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The reason counted in the tally.
    pub reason: RejectReason,
    /// What exactly is wrong, for people.
    pub detail: String,
    /// Line and column in the record, both from 1, where the parser knows them.
    pub at: Option<(u64, u64)>,
}

/// Reads one record. `None` when it is valid JSON but no object.
///
/// Valid is: UTF-8 throughout, the grammar of RFC 8259, any depth in fields that are not read.
///
/// # Errors
/// Says why the bytes are not valid.
pub fn read(record: &[u8]) -> Result<Option<LogEntry<'_>>, Unreadable> {
    let text = simdutf8::compat::from_utf8(record).map_err(|error| Unreadable {
        reason: RejectReason::InvalidUtf8,
        detail: format!("invalid UTF-8 after byte {} of the record", error.valid_up_to()),
        at: None,
    })?;
    match serde_json::from_str::<Field<LogEntry<'_>>>(text) {
        Ok(Field::Is(entry)) => Ok(Some(entry)),
        Ok(Field::Absent | Field::Wrong) => Ok(None),
        Err(error) => {
            // What is valid as long as nobody looks into its strings fails by an escape in a field that is read.
            let grammatical = serde_json::from_str::<IgnoredAny>(text).is_ok();
            let reason = if grammatical { RejectReason::InvalidEscape } else { RejectReason::InvalidJson };
            let text = error.to_string();
            let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
            Err(Unreadable { reason, detail, at: Some((error.line() as u64, error.column() as u64)) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> LogEntry<'_> {
        read(json.as_bytes()).expect("valid").expect("an object")
    }

    #[test]
    fn of_duplicate_keys_the_last_wins() {
        let entry = entry(r#"{"logName":"a","resource":{"type":"x"},"logName":"b","resource":{"labels":{}}}"#);
        assert_eq!(entry.log_name.text(), Some("b"));
        assert_eq!(entry.resource.as_ref().and_then(|resource| resource.kind.text()), None);
    }

    #[test]
    fn any_depth_is_valid_in_fields_that_are_not_read() {
        let deep = format!(r#"{{"x":{}{},"insertId":"i"}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(entry(&deep).insert_id.text(), Some("i"));
    }

    #[test]
    fn a_lone_surrogate_rejects_only_where_it_is_read() {
        assert_eq!(entry(r#"{"insertId":"i","x":"\ud800","\ud800":1}"#).insert_id.text(), Some("i"));
        let error = read(br#"{"insertId":"\ud800"}"#).expect_err("a lone surrogate is no character");
        assert_eq!(error.reason, RejectReason::InvalidEscape);
    }

    #[test]
    fn invalid_utf8_rejects_everywhere() {
        let error = read(b"{\"x\":\"\xff\"}").expect_err("not UTF-8");
        assert_eq!(error.reason, RejectReason::InvalidUtf8);
    }

    #[test]
    fn a_wrong_type_is_kept_as_such() {
        let entry = entry(r#"{"resource":"...","insertId":7,"protoPayload":{"status":{"code":"7"}}}"#);
        assert!(entry.resource.is_wrong() && entry.insert_id.is_wrong());
        let payload = entry.proto_payload.as_ref().expect("an object");
        assert_eq!(payload.status.as_ref().and_then(|status| status.code.as_ref()), Some(&7));
    }
}
