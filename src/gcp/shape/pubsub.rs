//! Pub/Sub messages: the push envelope and the pulled message, with the entry in base64 in `data`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;

use super::{Object, Shape, ShapeError, parse};

/// The content of a message; a message without any `data` has none, nor has a bare one whose payload is no JSON: it may
/// be any object with these keys.
pub(super) fn content(record: &Object) -> Result<Option<(Shape, Value)>, ShapeError> {
    let Some((shape, message)) = message(record) else { return Ok(None) };
    Ok(match message.get("data") {
        Some(Value::String(data)) => match decoded(data) {
            Err(error) if record.contains_key("message") => return Err(error),
            decoded => decoded.ok().map(|content| (shape, content)),
        },
        // Some tools decode the payload when they write the message.
        Some(data @ Value::Object(_)) => Some((shape, data.clone())),
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) => None,
    })
}

/// The message object of an envelope: `subscription` stands beside a pushed one, `ackId` beside a pulled one, and a
/// bare one is known by its own id.
fn message(record: &Object) -> Option<(Shape, &Object)> {
    match record.get("message") {
        Some(Value::Object(message)) if record.contains_key("subscription") => Some((Shape::PubsubPush, message)),
        Some(Value::Object(message)) if record.contains_key("ackId") || is_message(message) => {
            Some((Shape::PubsubPull, message))
        }
        Some(Value::Object(_)) | None if is_message(record) => Some((Shape::PubsubPull, record)),
        Some(_) | None => None,
    }
}

/// Whether the object is a Pub/Sub message by its own fields.
fn is_message(message: &Object) -> bool {
    message.get("data").is_some_and(Value::is_string)
        && ["messageId", "message_id", "publishTime", "publish_time"].iter().any(|key| message.contains_key(*key))
}

/// The JSON value inside a payload in base64 (either alphabet, padded or not, line breaks ignored) or in plain text.
pub(super) fn decoded(data: &str) -> Result<Value, ShapeError> {
    let not_readable = |error: String| ShapeError::Envelope(error);
    if data.trim_start().starts_with('{') {
        return parse(data.as_bytes()).map_err(|error| not_readable(error.to_string()));
    }
    let alphabet = |byte: u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let text: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(alphabet).collect();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let bytes = STANDARD_NO_PAD
        .decode(&text[..text.len() - padding])
        .map_err(|error| not_readable(format!("no base64: {error}")))?;
    parse(&bytes).map_err(|error| not_readable(format!("no JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::super::{Shape, ShapeError, normalise};
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    const ENTRY: &str = "{\"insertId\":\"ÿ?>~\",\"textPayload\":\"b\"}\n";

    fn shape_and_text(record: &str) -> (Shape, String) {
        let normalised = normalise(record.as_bytes()).expect("the record is readable");
        (normalised.shape, String::from_utf8(normalised.entry).expect("UTF-8 went in"))
    }

    #[test]
    fn both_alphabets_and_padding_are_read() {
        for data in [STANDARD.encode(ENTRY), URL_SAFE_NO_PAD.encode(ENTRY), format!("{}\\n", STANDARD.encode(ENTRY))] {
            let push = format!(r#"{{"message":{{"data":"{data}","messageId":"1"}},"subscription":"s"}}"#);
            assert_eq!(shape_and_text(&push), (Shape::PubsubPush, ENTRY.trim_end().to_owned()));
            let pull = format!(r#"{{"ackId":"a","message":{{"data":"{data}"}}}}"#);
            assert_eq!(shape_and_text(&pull), (Shape::PubsubPull, ENTRY.trim_end().to_owned()));
            let bare = format!(r#"{{"data":"{data}","messageId":"1"}}"#);
            assert_eq!(shape_and_text(&bare), (Shape::PubsubPull, ENTRY.trim_end().to_owned()));
        }
    }

    #[test]
    fn a_payload_that_cannot_be_decoded_is_an_error() {
        for data in ["", "?", "data", "bm8ganNvbg=="] {
            let record = format!(r#"{{"subscription":"sub","message":{{"data":"{data}"}}}}"#);
            assert!(matches!(normalise(record.as_bytes()), Err(ShapeError::Envelope(_))), "{data}");
        }
    }

    #[test]
    fn an_object_that_only_looks_like_a_message_stays_as_it_is() {
        let record = r#"{"data":"no base64","publish_time":"today"}"#;
        assert_eq!(shape_and_text(record), (Shape::LogEntry, record.to_owned()));
    }

    #[test]
    fn a_message_without_data_stays_as_it_is() {
        let record = r#"{"subscription":"sub","message":{"attributes":{"a":"b"}}}"#;
        assert_eq!(shape_and_text(record), (Shape::LogEntry, record.to_owned()));
    }

    #[test]
    fn a_payload_that_is_no_entry_comes_out_as_it_is() {
        let record = format!(r#"{{"subscription":"s","message":{{"data":"{}"}}}}"#, STANDARD.encode("[1,2]"));
        assert_eq!(shape_and_text(&record), (Shape::PubsubPush, "[1,2]".to_owned()));
    }
}
