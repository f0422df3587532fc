//! A row of a BigQuery sink table, exported as JSON: nulls for absent columns, JSON inside strings, numbers and
//! booleans as strings, times as BigQuery prints them.

use serde_json::Value;

use super::respelt::{fold, respell};
use super::{AUDIT_LOG, Object, ShapeError, drop_nulls, has, parse_column};
use crate::model::time::rfc3339;

/// The type of `serviceData` in entries of BigQuery's first audit format.
const BIGQUERY_AUDIT_DATA: &str = "type.googleapis.com/google.cloud.bigquery.logging.v1.AuditData";

/// Columns with JSON as text, the field they stand for, and whether a rule may read it.
const JSON_COLUMNS: &[(&str, &str, bool)] = &[
    ("metadataJson", "metadata", true),
    ("requestJson", "request", true),
    ("responseJson", "response", false),
    ("resourceOriginalStateJson", "resourceOriginalState", false),
];

/// The keys of BigQuery's first audit format that are read, as the API spells them.
const SERVICE_DATA_KEYS: &[&str] = &[
    "billingTier",
    "code",
    "createTime",
    "datasetId",
    "destinationTable",
    "dryRun",
    "endTime",
    "error",
    "eventName",
    "extract",
    "job",
    "jobCompletedEvent",
    "jobConfiguration",
    "jobGetQueryResultsRequest",
    "jobGetQueryResultsResponse",
    "jobId",
    "jobInsertRequest",
    "jobInsertResponse",
    "jobName",
    "jobQueryDoneResponse",
    "jobQueryRequest",
    "jobQueryResponse",
    "jobStatistics",
    "jobStatus",
    "labels",
    "load",
    "location",
    "message",
    "name",
    "parentJobName",
    "projectId",
    "query",
    "referencedTables",
    "reservation",
    "reservationUsage",
    "resource",
    "slotMs",
    "startTime",
    "state",
    "statementType",
    "tableCopy",
    "tableId",
    "totalBilledBytes",
    "totalProcessedBytes",
    "totalSlotMs",
];

/// Rewrites a sink row to the fields of a `LogEntry`; false, and nothing done, when the record is none.
pub(super) fn rewrite(record: &mut Object) -> Result<bool, ShapeError> {
    let Some(column) = record.keys().find(|key| key.eq_ignore_ascii_case("protopayload_auditlog")).cloned() else {
        return Ok(false);
    };
    if has(record, "protoPayload") || !record.get(&column).is_some_and(Value::is_object) {
        return Ok(false);
    }
    let Some(Value::Object(mut audit_log)) = record.remove(&column) else { return Ok(false) };
    rewrite_audit_log(&mut audit_log)?;
    audit_log.entry("@type").or_insert_with(|| AUDIT_LOG.into());
    record.insert("protoPayload".to_owned(), Value::Object(audit_log));
    for (name, member) in record.iter_mut() {
        if name != "protoPayload" {
            drop_nulls(member);
        }
    }
    record.retain(|_, member| !member.is_null());
    respell(record, &["timestamp", "receiveTimestamp"]);
    repair_times(record);
    Ok(true)
}

/// Whether an audit log has the columns of a sink row instead of the API's fields.
pub(super) fn has_columns(audit_log: &Object) -> bool {
    let folded = |key: &String| {
        let key = fold(key);
        key == "servicedatav1bigquery" || JSON_COLUMNS.iter().any(|(column, _, _)| fold(column) == key)
    };
    audit_log.keys().any(folded)
}

/// Turns the columns of an audit log into the API's fields; a field that is already there wins.
///
/// `metadata` and `request` may decide the payer, so text there that is no JSON is an error; elsewhere it is left out.
pub(super) fn rewrite_audit_log(audit_log: &mut Object) -> Result<(), ShapeError> {
    let mut fields = Vec::new();
    for (column, field, is_read) in JSON_COLUMNS {
        respell(audit_log, &[column]);
        let value = match audit_log.remove(*column) {
            Some(Value::String(text)) => match parse_column(column, &text) {
                Err(error) if *is_read => return Err(error),
                parsed => parsed.unwrap_or_default(),
            },
            Some(value) => value,
            None => Value::Null,
        };
        if !value.is_null() {
            fields.push((*field, value));
        }
    }
    let column = audit_log.keys().find(|key| fold(key) == "servicedatav1bigquery").cloned();
    if let Some(Value::Object(data)) = column.and_then(|column| audit_log.remove(&column)) {
        fields.push(("serviceData", service_data(data)));
    }
    for (name, member) in audit_log.iter_mut() {
        // What stands under the API's own names is in the API's form: its nulls are the service's.
        if !matches!(name.as_str(), "metadata" | "request" | "response" | "serviceData") {
            drop_nulls(member);
        }
    }
    audit_log.retain(|_, member| !member.is_null());
    for (field, value) in fields {
        audit_log.entry(field).or_insert(value);
    }
    Ok(())
}

/// BigQuery's first audit format with the API's spelling.
fn service_data(mut data: Object) -> Value {
    data.entry("@type").or_insert_with(|| BIGQUERY_AUDIT_DATA.into());
    let mut data = Value::Object(data);
    drop_nulls(&mut data);
    restore_keys(&mut data);
    data
}

/// Gives keys and values of BigQuery's first audit format the form the API has for them.
fn restore_keys(value: &mut Value) {
    match value {
        Value::Object(object) => {
            respell(object, SERVICE_DATA_KEYS);
            for (key, member) in object.iter_mut() {
                match key.as_str() {
                    "labels" => repair_map(member),
                    "dryRun" => _ = repair_bool(member),
                    "code" => _ = repair_int(member),
                    "createTime" | "startTime" | "endTime" => repair_time(member),
                    _ => restore_keys(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(restore_keys),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Turns a list of `{key, value}`, as tables hold maps, into an object.
fn repair_map(value: &mut Value) {
    let Value::Array(pairs) = value else { return };
    let pair =
        |pair: &Value| Some((pair.get("key")?.as_str()?.to_owned(), pair.get("value").cloned().unwrap_or_default()));
    if let Some(map) = pairs.iter().map(pair).collect::<Option<Object>>() {
        *value = Value::Object(map);
    }
}

/// Turns `"true"` and `"false"` into booleans; other text stays.
pub(super) fn repair_bool(value: &mut Value) -> bool {
    let Value::String(text) = value else { return false };
    let known = if text.eq_ignore_ascii_case("true") {
        true
    } else if text.eq_ignore_ascii_case("false") {
        false
    } else {
        return false;
    };
    *value = Value::Bool(known);
    true
}

/// Turns digits into a number; other text stays.
pub(super) fn repair_int(value: &mut Value) -> bool {
    let Some(number) = value.as_str().and_then(|text| text.parse::<i64>().ok()) else { return false };
    *value = number.into();
    true
}

/// Writes the two times of a row as RFC 3339; times already so, and placeholders, stay.
pub(super) fn repair_times(record: &mut Object) {
    for name in ["timestamp", "receiveTimestamp"] {
        if let Some(value) = record.get_mut(name) {
            repair_time(value);
        }
    }
}

/// Writes a time that is a number since 1970 (or text of one) as RFC 3339.
fn repair_time(value: &mut Value) {
    let number = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return,
    };
    if let Some(nanos) = epoch_nanos(&number) {
        *value = rfc3339(nanos).into();
    } else if let Value::String(text) = value
        && let Some(time) = super::respelt::rfc3339_text(text)
    {
        *value = time.into();
    }
}

/// Nanoseconds since 1970 from a decimal number in seconds, milli-, micro- or nanoseconds, told apart by size.
///
/// `bq` and its API write times as `1714557600`, `1714557600123456`, `1714557600.123456` and `1.714557600123456E9`.
fn epoch_nanos(text: &str) -> Option<i64> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > 30 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent).parse::<i32>().ok().filter(|e| e.abs() <= 30)?;
    let digits: i128 = digits.parse().ok()?;
    // The value is `digits * 10^scale`.
    let scale = exponent - i32::try_from(fraction.len()).ok()?;
    let units = shifted(digits, scale)?;
    let to_nanos = match units {
        0..100_000_000_000 => 9,
        100_000_000_000..100_000_000_000_000 => 6,
        100_000_000_000_000..100_000_000_000_000_000 => 3,
        _ => 0,
    };
    i64::try_from(shifted(digits, scale + to_nanos)?).ok()
}

/// `digits * 10^scale`, cut to an integer.
fn shifted(digits: i128, scale: i32) -> Option<i128> {
    let power = 10_i128.checked_pow(scale.unsigned_abs())?;
    if scale < 0 { Some(digits / power) } else { digits.checked_mul(power) }
}

#[cfg(test)]
mod tests {
    use super::super::{Shape, ShapeError, normalise};
    use super::*;

    fn entry(row: &str) -> Value {
        let normalised = normalise(row.as_bytes()).expect("the row is readable");
        assert_eq!(normalised.shape, Shape::SinkRow);
        serde_json::from_slice(&normalised.entry).expect("the entry is JSON")
    }

    #[test]
    fn column_names_are_read_in_any_case() {
        let entry = entry(
            r#"{"LOGNAME":"projects/shop-data/logs/a","InsertID":"i","ProtoPayload_AuditLog":{"servicename":"bigquery.googleapis.com","METADATAJSON":"{\"a\":null}"}}"#,
        );
        assert_eq!(entry["logName"], "projects/shop-data/logs/a");
        assert_eq!(entry["insertId"], "i");
        assert_eq!(entry["protoPayload"]["serviceName"], "bigquery.googleapis.com");
        assert_eq!(entry["protoPayload"]["@type"], AUDIT_LOG);
        assert_eq!(entry["protoPayload"]["metadata"], serde_json::json!({"a": null}));
    }

    #[test]
    fn times_of_tables_become_rfc_3339() {
        for (column, time) in [
            (r#""2024-05-01 10:00:00.123456 UTC""#, "2024-05-01T10:00:00.123456Z"),
            (r#""2024-05-01 10:00:00 UTC""#, "2024-05-01T10:00:00Z"),
            (r#""2024-05-01T10:00:00.5Z""#, "2024-05-01T10:00:00.5Z"),
            ("1714557600", "2024-05-01T10:00:00Z"),
            ("1714557600123456", "2024-05-01T10:00:00.123456Z"),
            (r#""1714557600123456""#, "2024-05-01T10:00:00.123456Z"),
            (r#""1714557600.123456""#, "2024-05-01T10:00:00.123456Z"),
            (r#""1.714557600123456E9""#, "2024-05-01T10:00:00.123456Z"),
            (r#""YYYY-MM-DDT....""#, "YYYY-MM-DDT...."),
        ] {
            let row = format!(r#"{{"protopayload_auditlog":{{}},"timestamp":{column}}}"#);
            assert_eq!(entry(&row)["timestamp"], time, "{column}");
        }
    }

    #[test]
    fn the_first_bigquery_format_gets_its_spelling_back() {
        let entry = entry(
            r#"{"protopayload_auditlog":{"servicedata_v1_bigquery":{"jobcompletedevent":{"event_name":"query_job_completed","job":{"jobname":{"projectid":"shop-data","jobid":"j","location":null},
            "jobconfiguration":{"dryrun":"false","query":{"statementtype":"SELECT","query":"select 1"},"labels":[{"key":"team_name","value":"a"}]},
            "jobstatus":{"state":"DONE","error":{"code":"11"}},"job_statistics":{"totalbilledbytes":"10","total_slot_ms":"5","endtime":"2024-05-01 10:00:00 UTC",
            "reservationusage":[{"name":"n","slotms":"5"}]}}}}}}"#,
        );
        let job = &entry["protoPayload"]["serviceData"]["jobCompletedEvent"]["job"];
        assert_eq!(
            job,
            &serde_json::json!({
                "jobName": {"projectId": "shop-data", "jobId": "j"},
                "jobConfiguration": {"dryRun": false, "query": {"statementType": "SELECT", "query": "select 1"}, "labels": {"team_name": "a"}},
                "jobStatus": {"state": "DONE", "error": {"code": 11}},
                "jobStatistics": {"totalBilledBytes": "10", "totalSlotMs": "5", "endTime": "2024-05-01T10:00:00Z",
                    "reservationUsage": [{"name": "n", "slotMs": "5"}]}
            })
        );
    }

    #[test]
    fn text_that_should_be_json_is_an_error_only_where_a_rule_reads() {
        let broken = |column: &str| format!(r#"{{"protopayload_auditlog":{{"{column}":"{{\"a\":"}}}}"#);
        for column in ["metadataJson", "requestJson"] {
            assert!(matches!(normalise(broken(column).as_bytes()), Err(ShapeError::NestedJson(_))), "{column}");
        }
        assert_eq!(entry(&broken("responseJson"))["protoPayload"].get("response"), None);
    }

    #[test]
    fn nulls_go_but_those_inside_json_text_stay() {
        let entry = entry(
            r#"{"logName":null,"resource":{"type":"a","labels":{"project_id":"p","zone":null}},"protopayload_auditlog":{"status":null,"requestJson":"{\"a\":null}"}}"#,
        );
        assert_eq!(
            entry,
            serde_json::json!({"resource": {"type": "a", "labels": {"project_id": "p"}},
                "protoPayload": {"@type": AUDIT_LOG, "request": {"a": null}}})
        );
    }

    #[test]
    fn a_row_of_another_log_stays_as_it_is() {
        let row = br#"{"logName":"a","protopayload_auditlog":null,"jsonPayload":{}}"#;
        assert_eq!(normalise(row).expect("readable").shape, Shape::LogEntry);
    }
}
