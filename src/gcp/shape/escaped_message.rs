//! An entry as an escaped string inside `message`, as log shippers forward lines they do not parse.

use serde_json::Value;

use super::{Object, parse};

/// The object inside the text of `message`; none when the text is anything else, or the record is a log entry itself.
pub(super) fn content(record: &Object) -> Option<Value> {
    if record.contains_key("logName") {
        return None;
    }
    let Some(Value::String(text)) = record.get("message") else { return None };
    if !text.trim_start().starts_with('{') {
        return None;
    }
    parse(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Shape, normalise};

    #[test]
    fn text_that_is_no_object_stays_a_message() {
        for record in [r#"{"message":"hello"}"#, r#"{"message":"{hello"}"#, r#"{"logName":"a","message":"{}"}"#] {
            let normalised = normalise(record.as_bytes()).expect("the record is readable");
            assert_eq!((normalised.shape, normalised.entry), (Shape::LogEntry, record.as_bytes().to_vec()));
        }
    }

    #[test]
    fn the_object_in_the_text_comes_out() {
        let normalised = normalise(br#"{"message":"{\"insertId\":\"a\"}\n","host":"b"}"#).expect("readable");
        assert_eq!((normalised.shape, normalised.entry), (Shape::EscapedMessage, br#"{"insertId":"a"}"#.to_vec()));
    }
}
