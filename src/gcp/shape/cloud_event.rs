//! Structured CloudEvents, as Eventarc delivers them: the entry under `data` or, in base64, under `data_base64`.

use serde_json::Value;

use super::{Object, ShapeError, parse, pubsub};

/// The content of a CloudEvent; one without data, or with text that is no JSON, has none.
pub(super) fn content(record: &Object) -> Result<Option<Value>, ShapeError> {
    if !record.contains_key("specversion") {
        return Ok(None);
    }
    if let Some(Value::String(data)) = record.get("data_base64") {
        return pubsub::decoded(data).map(Some);
    }
    Ok(match record.get("data") {
        Some(data @ Value::Object(_)) => Some(data.clone()),
        Some(Value::String(text)) => parse(text.as_bytes()).ok(),
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Shape, normalise};

    #[test]
    fn data_may_be_an_object_a_text_or_base64() {
        for data in [
            r#""data":{"insertId":"a"}"#,
            r#""data":"{\"insertId\":\"a\"}""#,
            r#""data_base64":"eyJpbnNlcnRJZCI6ImEifQ==""#,
        ] {
            let event = format!(r#"{{"specversion":"1.0","type":"google.cloud.audit.log.v1.written",{data}}}"#);
            let normalised = normalise(event.as_bytes()).expect("the event is readable");
            assert_eq!(normalised.shape, Shape::CloudEvent);
            assert_eq!(normalised.entry, br#"{"insertId":"a"}"#);
        }
    }

    #[test]
    fn an_event_without_data_is_no_audit_entry_of_its_own() {
        let event =
            br#"{"specversion":"1.0","serviceName":"storage.googleapis.com","methodName":"storage.objects.get"}"#;
        assert_eq!(normalise(event).expect("readable").shape, Shape::LogEntry);
    }
}
