//! A row of Log Analytics (`_AllLogs`): columns in snake_case, the audit log under `proto_payload.audit_log`; inside
//! JSON columns the keys are the API's.

use serde_json::Value;

use super::{AUDIT_LOG, Object, ShapeError, drop_nulls, has, parse_column, sink_row};

/// Columns that hold JSON or a map, whose keys are not column names.
const JSON_COLUMNS: &[&str] = &[
    "details",
    "headers",
    "json_payload",
    "labels",
    "metadata",
    "request",
    "resource_original_state",
    "response",
    "service_data",
    "service_metadata",
    "third_party_claims",
    "third_party_principal",
];

/// JSON columns that a rule may read: text there that is no JSON is an error, elsewhere it stays text.
const READ_COLUMNS: &[&str] = &["labels", "metadata", "request", "service_data"];

/// Rewrites a Log Analytics row to the fields of a `LogEntry`; false, and nothing done, when the record is none.
pub(super) fn rewrite(record: &mut Object) -> Result<bool, ShapeError> {
    let is_row = record.get("proto_payload").and_then(|payload| payload.get("audit_log")).is_some_and(Value::is_object);
    if !is_row || has(record, "protoPayload") {
        return Ok(false);
    }
    let mut payload = record.remove("proto_payload").unwrap_or_default();
    let audit_log = payload.get_mut("audit_log").map(Value::take).unwrap_or_default();
    let mut audit_log = camel_case(audit_log)?;
    if let Value::Object(fields) = &mut audit_log {
        let stated = payload.get_mut("type").map(Value::take).filter(Value::is_string);
        fields.entry("@type").or_insert(stated.unwrap_or_else(|| AUDIT_LOG.into()));
    }
    if let Value::Object(columns) = camel_case(Value::Object(std::mem::take(record)))? {
        *record = columns;
    }
    record.insert("protoPayload".to_owned(), audit_log);
    if let Some(labels) = record.get_mut("resource").and_then(|resource| resource.get_mut("labels")) {
        drop_nulls(labels);
    }
    if let Some(log_id) = record.remove("logId")
        && !record.contains_key("logName")
        && let Some(log_name) = log_name(&log_id, record)
    {
        record.insert("logName".to_owned(), log_name.into());
    }
    sink_row::repair_times(record);
    Ok(true)
}

/// The log's name for a row that has only `log_id`: the log of the container that the resource's labels name.
fn log_name(log_id: &Value, record: &Object) -> Option<String> {
    let labels = record.get("resource")?.get("labels")?;
    let container = [("project_id", "projects"), ("organization_id", "organizations"), ("folder_id", "folders")]
        .iter()
        .find_map(|(label, collection)| {
            let id = labels.get(label)?.as_str().filter(|id| !id.is_empty())?;
            Some(format!("{collection}/{id}"))
        })?;
    Some(format!("{container}/logs/{}", log_id.as_str()?.replace('/', "%2F")))
}

/// Spells columns in camelCase, drops nulls, and parses JSON columns that came as text.
fn camel_case(value: Value) -> Result<Value, ShapeError> {
    match value {
        Value::Object(columns) => {
            let mut fields = Object::new();
            for (column, value) in columns {
                let value = if JSON_COLUMNS.contains(&column.as_str()) {
                    json_column(&column, value)?
                } else {
                    camel_case(value)?
                };
                let field = camel_case_name(&column);
                // A column that already has the API's name wins, whatever the order.
                if !value.is_null() && (field == column || !fields.contains_key(&field)) {
                    fields.insert(field, value);
                }
            }
            Ok(Value::Object(fields))
        }
        Value::Array(items) => items.into_iter().map(camel_case).collect::<Result<_, _>>().map(Value::Array),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value),
    }
}

/// The value of a JSON column, parsed if it is text.
fn json_column(column: &str, value: Value) -> Result<Value, ShapeError> {
    let Value::String(text) = &value else { return Ok(value) };
    match parse_column(column, text) {
        Err(error) if READ_COLUMNS.contains(&column) => Err(error),
        Err(_) => Ok(value),
        parsed => parsed,
    }
}

/// `service_name` as `serviceName`.
fn camel_case_name(column: &str) -> String {
    let mut name = String::with_capacity(column.len());
    let mut starts_word = false;
    for character in column.chars() {
        if character == '_' && !name.is_empty() {
            starts_word = true;
        } else if starts_word {
            name.extend(character.to_uppercase());
            starts_word = false;
        } else {
            name.push(character);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::{Shape, ShapeError, normalise};
    use super::*;

    fn entry(row: &str) -> Value {
        let normalised = normalise(row.as_bytes()).expect("the row is readable");
        assert_eq!(normalised.shape, Shape::LogAnalytics);
        serde_json::from_slice(&normalised.entry).expect("the entry is JSON")
    }

    #[test]
    fn keys_inside_json_columns_stay() {
        let entry = entry(
            r#"{"insert_id":"i","labels":{"my_key":"v"},"resource":{"type":"t","labels":"{\"project_id\":\"research-nlp\",\"zone\":null}"},
            "proto_payload":{"type":"type.googleapis.com/google.cloud.audit.AuditLog","audit_log":{"service_name":"s","request":{"snake_key":null},
            "metadata":"{\"jobChange\":{\"other_key\":1}}","status":null,"authorization_info":[{"resource_attributes":{"name":"n"}}]}}}"#,
        );
        assert_eq!(
            entry,
            serde_json::json!({"insertId": "i", "labels": {"my_key": "v"}, "resource": {"type": "t", "labels": {"project_id": "research-nlp"}},
                "protoPayload": {"@type": AUDIT_LOG, "serviceName": "s", "request": {"snake_key": null},
                    "metadata": {"jobChange": {"other_key": 1}}, "authorizationInfo": [{"resourceAttributes": {"name": "n"}}]}})
        );
    }

    #[test]
    fn a_log_id_alone_names_the_log_of_the_labels_container() {
        let row = |labels: &str| {
            format!(
                r#"{{"log_id":"cloudaudit.googleapis.com/data_access","resource":{{"labels":{labels}}},"proto_payload":{{"audit_log":{{}}}}}}"#
            )
        };
        let log_name = |labels: &str| entry(&row(labels)).get("logName").cloned();
        assert_eq!(
            log_name(r#"{"project_id":"research-nlp"}"#),
            Some("projects/research-nlp/logs/cloudaudit.googleapis.com%2Fdata_access".into())
        );
        assert_eq!(log_name(r#"{"project_id":""}"#), None);
    }

    #[test]
    fn metadata_that_is_no_json_is_an_error() {
        let row = br#"{"proto_payload":{"audit_log":{"metadata":"{"}}}"#;
        assert!(matches!(normalise(row), Err(ShapeError::NestedJson(_))));
    }
}
