//! Lenient spellings and misplaced fields, as SIEM exports and hand-made samples write them.
//!
//! A repair fills only what is absent: the canonical key wins. Nothing inside `request`, `response` or `metadata` is
//! touched.

use serde_json::Value;

use super::sink_row::{self, repair_bool, repair_int};
use super::{AUDIT_LOG, Object, ShapeError, has};

const ENTRY_KEYS: &[&str] =
    &["insertId", "labels", "logName", "operation", "receiveTimestamp", "resource", "severity", "split", "timestamp"];
const AUDIT_LOG_KEYS: &[&str] = &[
    "authenticationInfo",
    "authorizationInfo",
    "metadata",
    "methodName",
    "numResponseItems",
    "request",
    "requestMetadata",
    "resourceLocation",
    "resourceName",
    "response",
    "serviceData",
    "serviceName",
    "status",
];
const AUTHENTICATION_KEYS: &[&str] = &[
    "authoritySelector",
    "oauthInfo",
    "principalEmail",
    "principalSubject",
    "serviceAccountDelegationInfo",
    "serviceAccountKeyName",
    "thirdPartyPrincipal",
];
const DELEGATION_KEYS: &[&str] = &["firstPartyPrincipal", "principalSubject", "thirdPartyPrincipal"];
const AUTHORIZATION_KEYS: &[&str] = &["granted", "permission", "permissionType", "resource", "resourceAttributes"];
const REQUEST_METADATA_KEYS: &[&str] = &["callerIp", "callerNetwork", "callerSuppliedUserAgent"];

/// Fields of the audit log that some exports write beside it or into `authenticationInfo`.
const STRAYED_OUT: &[&str] = &["authorizationInfo", "serviceName", "status"];
/// Fields of the entry that some exports write into the audit log, which has no such fields.
const STRAYED_IN: &[&str] =
    &["insertId", "logName", "operation", "receiveTimestamp", "resource", "severity", "timestamp"];

/// Repairs an entry that has, or is, an audit log; says whether anything changed. Other records stay as they are.
pub(super) fn repair(entry: &mut Object) -> Result<bool, ShapeError> {
    let mut changed = respell(entry, &["protoPayload"]);
    if !has(entry, "protoPayload") {
        changed |= wrap_bare_audit_log(entry);
    }
    let Some(payload) = entry.get_mut("protoPayload") else { return Ok(changed) };
    let Value::Object(mut audit_log) = payload.take() else { return Ok(changed) };
    changed |= repair_type(&mut audit_log);
    if audit_log.get("@type").is_none_or(|stated| stated == AUDIT_LOG) {
        if sink_row::has_columns(&audit_log) {
            sink_row::rewrite_audit_log(&mut audit_log)?;
            changed = true;
        }
        changed |= respell(entry, ENTRY_KEYS);
        changed |= repair_audit_log(&mut audit_log);
        changed |= bring_home(entry, &mut audit_log);
        changed |= repair_entry(entry);
        changed |= repair_authorizations(&mut audit_log);
        if !audit_log.contains_key("@type") && is_plainly_audit_log(&audit_log) {
            audit_log.insert("@type".to_owned(), AUDIT_LOG.into());
            changed = true;
        }
    }
    entry.insert("protoPayload".to_owned(), Value::Object(audit_log));
    Ok(changed)
}

/// A key without case, underscores, hyphens and spaces, by which spellings of one name are equal.
pub(super) fn fold(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Gives keys their canonical spelling where the canonical key is absent or null; of several spellings the first in
/// byte order counts.
pub(super) fn respell(object: &mut Object, names: &[&str]) -> bool {
    let mut strangers: Vec<String> = object.keys().filter(|key| !names.contains(&key.as_str())).cloned().collect();
    strangers.sort_unstable();
    let mut changed = false;
    for key in strangers {
        let folded = fold(&key);
        let Some(name) = names.iter().find(|name| fold(name) == folded) else { continue };
        if !has(object, name)
            && let Some(value) = object.remove(&key)
        {
            object.insert((*name).to_owned(), value);
            changed = true;
        }
    }
    changed
}

/// Spells `@type` so, where an export could not have `@` in a name.
fn repair_type(audit_log: &mut Object) -> bool {
    let stated = ["at_sign_type", "at_type"].iter().find_map(|alias| audit_log.get(*alias)).cloned();
    match stated {
        Some(stated) if !audit_log.contains_key("@type") => {
            audit_log.insert("@type".to_owned(), stated);
            audit_log.remove("at_sign_type");
            audit_log.remove("at_type");
            true
        }
        Some(_) | None => false,
    }
}

/// Whether an object without `@type` is an audit log by its fields.
fn is_plainly_audit_log(object: &Object) -> bool {
    ["serviceName", "methodName"].iter().any(|key| object.get(*key).is_some_and(Value::is_string))
        || object.get("authorizationInfo").is_some_and(Value::is_array)
        || object.get("authenticationInfo").is_some_and(Value::is_object)
}

/// Puts a record that is an audit log without an entry around it under `protoPayload`.
///
/// Service and method alone may be any program's log line: the service must be Google's, or a field that only audit
/// logs have must be there.
fn wrap_bare_audit_log(record: &mut Object) -> bool {
    if ["jsonPayload", "textPayload", "specversion"].iter().any(|key| has(record, key)) {
        return false;
    }
    let text = |name: &str| {
        let folded = fold(name);
        let spelt = record.iter().find(|(key, _)| fold(key) == folded);
        record.get(name).or(spelt.map(|(_, value)| value)).and_then(Value::as_str)
    };
    let (Some(service), Some(_)) = (text("serviceName"), text("methodName")) else { return false };
    let is_google = service.ends_with(".googleapis.com") || service == "k8s.io";
    let has_audit_field = record.keys().any(|key| {
        matches!(fold(key).as_str(), "authenticationinfo" | "authorizationinfo" | "requestmetadata" | "resourcename")
    });
    if !is_google && !has_audit_field {
        return false;
    }
    let belongs_to_audit_log = |key: &str| {
        let folded = fold(key);
        matches!(key, "@type" | "at_sign_type" | "at_type" | "policyViolationInfo" | "resourceOriginalState")
            || matches!(folded.as_str(), "metadatajson" | "requestjson" | "responsejson" | "servicedatav1bigquery")
            || AUDIT_LOG_KEYS.iter().any(|name| fold(name) == folded)
    };
    let keys: Vec<String> = record.keys().filter(|key| belongs_to_audit_log(key)).cloned().collect();
    let audit_log: Object = keys.iter().filter_map(|key| record.remove_entry(key)).collect();
    record.insert("protoPayload".to_owned(), Value::Object(audit_log));
    true
}

/// Respells the fields of an audit log and of the objects in it that rules read.
fn repair_audit_log(audit_log: &mut Object) -> bool {
    let mut changed = respell(audit_log, AUDIT_LOG_KEYS);
    for name in ["requestMetadata", "resourceLocation"] {
        if audit_log.get(name).is_some_and(is_placeholder) {
            audit_log.remove(name);
            changed = true;
        }
    }
    changed |= respell_member(audit_log, "requestMetadata", REQUEST_METADATA_KEYS);
    changed |= respell_member(audit_log, "resourceLocation", &["currentLocations", "originalLocations"]);
    let Some(Value::Object(authentication)) = audit_log.get_mut("authenticationInfo") else { return changed };
    changed |= respell(authentication, AUTHENTICATION_KEYS);
    changed |= respell_member(authentication, "oauthInfo", &["oauthClientId"]);
    if let Some(Value::Array(links)) = authentication.get_mut("serviceAccountDelegationInfo") {
        for link in links.iter_mut().filter_map(Value::as_object_mut) {
            changed |= respell(link, DELEGATION_KEYS);
            changed |= respell_member(link, "firstPartyPrincipal", &["principalEmail"]);
        }
    }
    changed
}

/// Moves fields to the object they belong to, where that lacks them.
fn bring_home(entry: &mut Object, audit_log: &mut Object) -> bool {
    let mut changed = false;
    if let Some(Value::Object(mut authentication)) = audit_log.get_mut("authenticationInfo").map(Value::take) {
        changed |= move_fields(&mut authentication, audit_log, STRAYED_OUT);
        audit_log.insert("authenticationInfo".to_owned(), Value::Object(authentication));
    }
    changed |= move_fields(entry, audit_log, STRAYED_OUT);
    changed | move_fields(audit_log, entry, STRAYED_IN)
}

/// Moves each named field that has the right type and that the new place lacks.
fn move_fields(from: &mut Object, to: &mut Object, names: &[&str]) -> bool {
    let mut changed = false;
    for name in names {
        if has(to, name) {
            continue;
        }
        respell(from, &[name]);
        let fits = from.get(*name).is_some_and(|value| match *name {
            "authorizationInfo" => value.is_array(),
            "operation" | "resource" | "status" => value.is_object(),
            _ => value.is_string(),
        });
        if fits && let Some(value) = from.remove(*name) {
            to.insert((*name).to_owned(), value);
            changed = true;
        }
    }
    changed
}

/// Repairs the fields of the entry around the audit log.
fn repair_entry(entry: &mut Object) -> bool {
    let mut changed = false;
    if entry.get("resource").is_some_and(is_placeholder) {
        entry.remove("resource");
        changed = true;
    }
    changed |= respell_member(entry, "resource", &["labels", "type"]);
    changed |= respell_member(entry, "operation", &["first", "id", "last", "producer"]);
    changed |= respell_member(entry, "split", &["index", "totalSplits", "uid"]);
    for (object, field) in [("operation", "first"), ("operation", "last")] {
        changed |= entry.get_mut(object).and_then(|object| object.get_mut(field)).is_some_and(repair_bool);
    }
    for (object, field) in [("split", "index"), ("split", "totalSplits")] {
        changed |= entry.get_mut(object).and_then(|object| object.get_mut(field)).is_some_and(repair_int);
    }
    for name in ["timestamp", "receiveTimestamp"] {
        if let Some(Value::String(text)) = entry.get_mut(name)
            && let Some(time) = rfc3339_text(text)
        {
            *text = time;
            changed = true;
        }
    }
    changed
}

/// Repairs the permission checks and the status of an audit log.
fn repair_authorizations(audit_log: &mut Object) -> bool {
    let mut changed = respell_member(audit_log, "status", &["code", "message"]);
    changed |= audit_log.get_mut("status").and_then(|status| status.get_mut("code")).is_some_and(repair_int);
    let Some(Value::Array(checks)) = audit_log.get_mut("authorizationInfo") else { return changed };
    for check in checks.iter_mut().filter_map(Value::as_object_mut) {
        changed |= respell(check, AUTHORIZATION_KEYS);
        changed |= respell_member(check, "resourceAttributes", &["name", "service", "type"]);
        changed |= check.get_mut("granted").is_some_and(repair_bool);
    }
    changed
}

/// Respells the keys of a member that is an object.
fn respell_member(object: &mut Object, member: &str, names: &[&str]) -> bool {
    object.get_mut(member).and_then(Value::as_object_mut).is_some_and(|member| respell(member, names))
}

/// Whether a text stands in for a value that somebody took out: empty, dots, or something in angle brackets.
fn is_placeholder(value: &Value) -> bool {
    let Some(text) = value.as_str().map(str::trim) else { return false };
    text.chars().all(|c| matches!(c, '.' | '…')) || (text.starts_with('<') && text.ends_with('>'))
}

/// A time like `2023-03-28 17:37:02.096`, also with `UTC`, `Z` or an offset, as RFC 3339; without a zone it is UTC.
///
/// None for what is RFC 3339 already or no time at all.
pub(super) fn rfc3339_text(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let (date, time) = (trimmed.get(..10)?, trimmed.get(11..19)?);
    let pattern = |part: &str, mark: u8| {
        part.bytes().enumerate().all(|(at, byte)| match (mark, at) {
            (b'-', 4 | 7) | (b':', 2 | 5) => byte == mark,
            _ => byte.is_ascii_digit(),
        })
    };
    if !pattern(date, b'-') || !pattern(time, b':') || !matches!(trimmed.as_bytes().get(10), Some(b' ' | b'T' | b't')) {
        return None;
    }
    let rest = trimmed.get(19..)?;
    let digits = rest.strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let (fraction, zone) = if digits == 0 { ("", rest) } else { rest.split_at(digits + 1) };
    let zone = match zone.trim() {
        "" | "UTC" | "utc" | "GMT" | "Z" | "z" => "Z".to_owned(),
        offset => rfc3339_offset(offset)?,
    };
    let canonical = format!("{date}T{time}{fraction}{zone}");
    (canonical != text).then_some(canonical)
}

/// An offset `+02`, `+0200` or `+02:00` with its colon.
fn rfc3339_offset(offset: &str) -> Option<String> {
    let (sign, digits) = offset.split_at_checked(1).filter(|(sign, _)| matches!(*sign, "+" | "-"))?;
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let minutes = match digits.len() {
        2 => "00",
        4 => digits.get(2..)?,
        _ => return None,
    };
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{sign}{}:{minutes}", &digits[..2]))
}

#[cfg(test)]
mod tests {
    use super::super::{Shape, normalise};
    use super::*;
    use serde_json::json;

    fn entry(record: &Value) -> Value {
        let normalised = normalise(record.to_string().as_bytes()).expect("the record is readable");
        assert_eq!(normalised.shape, Shape::Respelt);
        serde_json::from_slice(&normalised.entry).expect("the entry is JSON")
    }

    #[test]
    fn spellings_of_siem_exports_are_repaired() {
        let record = json!({"insertid": "i", "logname": "l", "receivetimestamp": "2023-03-28 18:37:06.745", "timestamp": "2023-03-28 17:37:02.096 UTC",
            "protoPayload": {"at_sign_type": AUDIT_LOG, "requestMetadata": {"callerIP": "192.0.2.1"},
                "authorizat ionInfo": [{"granted": "true", "resource_attributes": {"name": "n"}}]}});
        assert_eq!(
            entry(&record),
            json!({"insertId": "i", "logName": "l", "receiveTimestamp": "2023-03-28T18:37:06.745Z", "timestamp": "2023-03-28T17:37:02.096Z",
                "protoPayload": {"@type": AUDIT_LOG, "requestMetadata": {"callerIp": "192.0.2.1"},
                    "authorizationInfo": [{"granted": true, "resourceAttributes": {"name": "n"}}]}})
        );
    }

    #[test]
    fn snake_case_is_repaired_but_not_inside_request_response_and_metadata() {
        let free = json!({"service_name": "a", "at_sign_type": "b", "granted": "true"});
        let record = json!({"log_name": "l", "proto_payload": {"service_name": "s", "method_name": "m",
            "authentication_info": {"principal_email": "ada@example.com"}, "request": free, "response": free, "metadata": free}});
        assert_eq!(
            entry(&record),
            json!({"logName": "l", "protoPayload": {"@type": AUDIT_LOG, "serviceName": "s", "methodName": "m",
                "authenticationInfo": {"principalEmail": "ada@example.com"}, "request": free, "response": free, "metadata": free}})
        );
    }

    #[test]
    fn the_canonical_key_wins() {
        let record = json!({"insertId": "a", "insertid": "b", "serviceName": "x", "protoPayload": {"@type": AUDIT_LOG, "serviceName": "s", "service_name": "t"}});
        let normalised = normalise(record.to_string().as_bytes()).expect("readable");
        assert_eq!(normalised.shape, Shape::LogEntry);
        assert_eq!(normalised.entry, record.to_string().into_bytes());
    }

    #[test]
    fn strayed_fields_come_home() {
        let record = json!({"serviceName": "k8s.io", "status": {"code": "7"}, "protoPayload": {"methodName": "m", "timestamp": "2024-02-19 12:02:22.5",
            "authenticationInfo": {"principalEmail": "ada@example.com", "authorizationInfo": [{"resource": "r"}]}}});
        assert_eq!(
            entry(&record),
            json!({"timestamp": "2024-02-19T12:02:22.5Z", "protoPayload": {"@type": AUDIT_LOG, "methodName": "m", "serviceName": "k8s.io",
                "status": {"code": 7}, "authenticationInfo": {"principalEmail": "ada@example.com"}, "authorizationInfo": [{"resource": "r"}]}})
        );
    }

    #[test]
    fn a_bare_audit_log_is_wrapped() {
        let record = json!({"serviceName": "storage.googleapis.com", "methodName": "storage.objects.get", "resourceName": "r",
            "metadataJson": "{\"a\":1}", "timestamp": "2024-02-19T12:02:22Z", "resource": {"type": "gcs_bucket"}});
        assert_eq!(
            entry(&record),
            json!({"timestamp": "2024-02-19T12:02:22Z", "resource": {"type": "gcs_bucket"}, "protoPayload": {"@type": AUDIT_LOG,
                "serviceName": "storage.googleapis.com", "methodName": "storage.objects.get", "resourceName": "r", "metadata": {"a": 1}}})
        );
    }

    #[test]
    fn log_lines_of_other_programs_stay_as_they_are() {
        for record in [
            json!({"serviceName": "orders", "methodName": "create", "log_name": "a"}),
            json!({"jsonPayload": {"serviceName": "storage.googleapis.com"}, "insertid": "a"}),
            json!({"protoPayload": "text"}),
            json!({"protoPayload": {"@type": "type.googleapis.com/google.appengine.logging.v1.RequestLog", "methodName": "GET"}}),
            json!({"log_name": "a", "timestamp": "2024-02-19 12:02:22"}),
        ] {
            assert_eq!(normalise(record.to_string().as_bytes()).expect("readable").shape, Shape::LogEntry, "{record}");
        }
    }

    #[test]
    fn placeholders_go_and_placeholder_times_stay() {
        let record = json!({"resource": "...", "timestamp": "YYYY-MM-DDT....", "protoPayload": {"@type": AUDIT_LOG, "requestMetadata": "...", "resourceLocation": "..."}});
        assert_eq!(entry(&record), json!({"timestamp": "YYYY-MM-DDT....", "protoPayload": {"@type": AUDIT_LOG}}));
    }

    #[test]
    fn times_without_a_zone_are_utc() {
        for (text, time) in [
            ("2024-01-19 13:47:18.279921000", Some("2024-01-19T13:47:18.279921000Z")),
            ("2024-01-19 13:47:18", Some("2024-01-19T13:47:18Z")),
            ("2024-01-19T13:47:18.5", Some("2024-01-19T13:47:18.5Z")),
            ("2024-01-19 13:47:18.5+02", Some("2024-01-19T13:47:18.5+02:00")),
            ("2024-01-19 13:47:18-0330", Some("2024-01-19T13:47:18-03:30")),
            ("2024-01-19T13:47:18.5Z", None),
            ("2024-01-19T13:47:18+02:00", None),
            ("2024-01-19 13:47:18 CET", None),
            ("2024-01-19", None),
            ("2024-01-19é13:47:18", None),
            ("", None),
        ] {
            assert_eq!(rfc3339_text(text).as_deref(), time, "{text}");
        }
    }
}
