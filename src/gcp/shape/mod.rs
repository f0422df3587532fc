//! Export shapes: turns a record of any other shape into a canonical `LogEntry` in JSON, one file a shape.
//!
//! Plainly canonical records never come here; the decoder reads them straight from their bytes. Whether the result is
//! an audit entry, and whether its fields are valid, is left to the decoder.

mod cloud_event;
mod escaped_message;
mod log_analytics;
mod pubsub;
mod respelt;
mod sink_row;

use serde_json::{Map, Value};

use crate::model::closed_list::closed_list;

closed_list! {
    /// The layout in which a record arrived.
    pub enum Shape {
        LogEntry = "log_entry": "a `LogEntry` as the Logging API spells it, or no known shape at all",
        SinkRow = "sink_row": "a row of a BigQuery sink table, exported as JSON",
        LogAnalytics = "log_analytics": "a row of Log Analytics, with columns in snake_case",
        PubsubPush = "pubsub_push": "a Pub/Sub push envelope with the entry in `message.data`",
        PubsubPull = "pubsub_pull": "a pulled Pub/Sub message with the entry in its `data`",
        CloudEvent = "cloud_event": "a structured CloudEvent with the entry under `data`",
        Respelt = "respelt": "a LogEntry with other spellings or misplaced fields, as SIEM exports write it",
        EscapedMessage = "escaped_message": "an entry as an escaped string inside `message`",
    }
}

/// A record in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// The layout in which the record arrived; of nested layouts the outermost.
    pub shape: Shape,
    /// The canonical `LogEntry` as compact JSON, nested at most 100 levels deep; for [`Shape::LogEntry`] the record's
    /// own bytes.
    pub entry: Vec<u8>,
}

/// Why a record that announces a log entry has none that can be read; a rejected record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The payload of a message envelope is not base64, or not JSON.
    #[error("the payload of the message cannot be decoded: {0}")]
    Envelope(String),
    /// A column that holds JSON as text (`metadataJson`, …) does not.
    #[error("a column that should hold JSON does not: {0}")]
    NestedJson(String),
}

/// A JSON object.
type Object = Map<String, Value>;

/// The type of the payload that makes a log entry an audit entry.
const AUDIT_LOG: &str = "type.googleapis.com/google.cloud.audit.AuditLog";

/// The deepest level of nesting that is kept; no field that is read lies deeper.
const DEEPEST: usize = 100;

/// How many envelopes may lie around one entry.
const ENVELOPES: u8 = 3;

/// Turns a record, which must be valid JSON, into a canonical `LogEntry`.
///
/// A record to which no shape applies comes back as it is, with [`Shape::LogEntry`]. In all other shapes escapes that
/// cannot be decoded (lone surrogates) become U+FFFD, numbers out of range and values nested deeper than 100 levels
/// become `null`, and of duplicate keys the last stays.
///
/// # Errors
///
/// A message whose payload cannot be decoded, and a JSON column with text that is no JSON.
pub fn normalise(record: &[u8]) -> Result<Normalised, ShapeError> {
    let (shape, entry) = match parse(record) {
        Ok(value) => canonical(value, ENVELOPES)?,
        Err(_) => (Shape::LogEntry, Value::Null),
    };
    let entry = match shape {
        Shape::LogEntry => record.to_vec(),
        Shape::SinkRow
        | Shape::LogAnalytics
        | Shape::PubsubPush
        | Shape::PubsubPull
        | Shape::CloudEvent
        | Shape::Respelt
        // Text in a column may itself be deep, so that the whole is pruned once more.
        | Shape::EscapedMessage => prune(entry.to_string().as_bytes()),
    };
    Ok(Normalised { shape, entry })
}

/// The canonical form of a value, and the shape it had; opens at most `envelopes` envelopes around it.
fn canonical(value: Value, envelopes: u8) -> Result<(Shape, Value), ShapeError> {
    let Value::Object(mut record) = value else { return Ok((Shape::LogEntry, value)) };
    if envelopes > 0
        && !has(&record, "protoPayload")
        && let Some((shape, content)) = opened(&record)?
    {
        let (_, entry) = canonical(content, envelopes - 1)?;
        return Ok((shape, entry));
    }
    let shape = if sink_row::rewrite(&mut record)? {
        Shape::SinkRow
    } else if log_analytics::rewrite(&mut record)? {
        Shape::LogAnalytics
    } else {
        Shape::LogEntry
    };
    let repaired = respelt::repair(&mut record)?;
    let shape = if repaired && shape == Shape::LogEntry { Shape::Respelt } else { shape };
    Ok((shape, Value::Object(record)))
}

/// The content of an envelope, if the record is one.
fn opened(record: &Object) -> Result<Option<(Shape, Value)>, ShapeError> {
    if let Some(content) = cloud_event::content(record)? {
        return Ok(Some((Shape::CloudEvent, content)));
    }
    if let Some((shape, content)) = pubsub::content(record)? {
        return Ok(Some((shape, content)));
    }
    Ok(escaped_message::content(record).map(|content| (Shape::EscapedMessage, content)))
}

/// Parses JSON of any depth.
fn parse(json: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(&prune(json))
}

/// Parses a column that holds JSON as text; an empty text is an absent value.
fn parse_column(name: &str, text: &str) -> Result<Value, ShapeError> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    parse(text.as_bytes()).map_err(|error| ShapeError::NestedJson(format!("{name}: {error}")))
}

/// Whether the object has this key with a value other than null.
fn has(object: &Object, key: &str) -> bool {
    object.get(key).is_some_and(|value| !value.is_null())
}

/// Removes the members of objects that are null, as rows write them for absent columns.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, member| !member.is_null());
            object.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Rewrites JSON text so that a parser with limited depth and strict escapes can read it.
///
/// Values nested deeper than [`DEEPEST`] and numbers that no `f64` holds become `null`; lone surrogate escapes become
/// U+FFFD. Text that is no JSON stays no JSON.
fn prune(json: &[u8]) -> Vec<u8> {
    let mut pruned = Vec::with_capacity(json.len());
    let mut depth = 0_usize;
    let mut rest = json;
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => number_length(rest),
            _ => 1,
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        let kept = depth <= DEEPEST;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth <= DEEPEST {
                    pruned.push(byte);
                } else if kept {
                    pruned.extend_from_slice(b"null");
                }
            }
            b'}' | b']' => {
                if kept {
                    pruned.push(byte);
                }
                depth = depth.saturating_sub(1);
            }
            _ if !kept => {}
            b'"' => push_decodable(token, &mut pruned),
            b'-' | b'0'..=b'9' if out_of_range(token) => pruned.extend_from_slice(b"null"),
            _ => pruned.extend_from_slice(token),
        }
    }
    pruned
}

/// The length of the string that starts the text, quotes included.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of the number that starts the text.
fn number_length(text: &[u8]) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    text.iter().position(|byte| !is_part(byte)).unwrap_or(text.len())
}

/// Whether the text is a number whose size no `f64` holds.
fn out_of_range(number: &[u8]) -> bool {
    std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_infinite)
}

/// Appends a string token, its lone surrogate escapes replaced by U+FFFD.
fn push_decodable(token: &[u8], out: &mut Vec<u8>) {
    let mut rest = token;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let unit = code_unit(escape);
        let is_pair = matches!(unit, Some(0xD800..=0xDBFF))
            && matches!(escape.get(6..).and_then(code_unit), Some(0xDC00..=0xDFFF));
        let length = if is_pair {
            12
        } else if unit.is_some() {
            6
        } else {
            escape.len().min(2)
        };
        if !is_pair && matches!(unit, Some(0xD800..=0xDFFF)) {
            out.extend_from_slice(b"\\ufffd");
        } else {
            out.extend_from_slice(&escape[..length]);
        }
        rest = &escape[length..];
    }
    out.extend_from_slice(rest);
}

/// The UTF-16 code unit of the `\uXXXX` escape that starts the text.
fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn sample(name: &str) -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/shapes").join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The records of a sample that is a stream of JSON values, after its text lines and byte-order mark.
    fn records(name: &str) -> Vec<Value> {
        let bytes = sample(name);
        let start = bytes.iter().position(|byte| matches!(byte, b'{' | b'[')).expect("a sample holds JSON");
        serde_json::Deserializer::from_slice(&bytes[start..])
            .into_iter::<Value>()
            .map(|value| value.expect("a sample is JSON"))
            .flat_map(|value| match value {
                Value::Array(items) => items,
                Value::Object(mut object) if object.contains_key("entries") => {
                    object["entries"].as_array_mut().map(std::mem::take).expect("entries are a list")
                }
                other => vec![other],
            })
            .collect()
    }

    /// Whether every field of `wanted` is in `found` with the same value.
    fn holds(found: &Value, wanted: &Value) -> bool {
        match (found, wanted) {
            (Value::Object(found), Value::Object(wanted)) => {
                wanted.iter().all(|(key, value)| found.get(key).is_some_and(|found| holds(found, value)))
            }
            (Value::Array(found), Value::Array(wanted)) => {
                found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| holds(found, wanted))
            }
            _ => found == wanted,
        }
    }

    fn shape_of(record: &Value) -> (Shape, Value) {
        let normalised = normalise(record.to_string().as_bytes()).expect("the record is readable");
        (normalised.shape, serde_json::from_slice(&normalised.entry).expect("the entry is JSON"))
    }

    #[test]
    fn the_same_entries_come_out_of_every_shape() {
        let originals = records("ndjson.jsonl");
        assert_eq!(originals.len(), 6);
        for (name, shape) in [
            ("ndjson.jsonl", Shape::LogEntry),
            ("pretty.json", Shape::LogEntry),
            ("array.json", Shape::LogEntry),
            ("entries.json", Shape::LogEntry),
            ("compact_array.json", Shape::LogEntry),
            ("text_before.log", Shape::LogEntry),
            ("crlf.jsonl", Shape::LogEntry),
            ("sink_row.jsonl", Shape::SinkRow),
            ("log_analytics.jsonl", Shape::LogAnalytics),
            ("pubsub_push.jsonl", Shape::PubsubPush),
            ("pubsub_pull.json", Shape::PubsubPull),
            ("cloud_event.jsonl", Shape::CloudEvent),
            ("respelt.jsonl", Shape::Respelt),
            ("escaped_message.jsonl", Shape::EscapedMessage),
        ] {
            let mut found: Vec<(Shape, Value)> = records(name).iter().map(shape_of).collect();
            found.sort_by(|(_, a), (_, b)| a["timestamp"].as_str().cmp(&b["timestamp"].as_str()));
            assert_eq!(found.len(), originals.len(), "{name}");
            for ((found_shape, found), original) in found.iter().zip(&originals) {
                assert_eq!(*found_shape, shape, "{name}");
                assert!(holds(found, original), "{name}:\n{found:#}\nlacks something of\n{original:#}");
            }
        }
    }

    #[test]
    fn an_entry_in_canonical_form_comes_back_byte_for_byte() {
        for record in sample("ndjson.jsonl").split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            assert_eq!(normalise(record).expect("readable").entry, record);
        }
    }

    #[test]
    fn an_envelope_may_hold_another_shape() {
        for row in records("sink_row.jsonl").into_iter().chain(records("log_analytics.jsonl")) {
            let event = json!({"specversion": "1.0", "data": {"message": {"data": row.to_string(), "messageId": "1"}, "subscription": "s"}});
            let (shape, entry) = shape_of(&event);
            assert_eq!(shape, Shape::CloudEvent);
            assert_eq!(entry, shape_of(&row).1);
        }
    }

    #[test]
    fn at_most_three_envelopes_are_opened() {
        let mut record = json!({"textPayload": "a"});
        for _ in 0..4 {
            record = json!({"message": record.to_string()});
        }
        assert_eq!(shape_of(&record).1, json!({"message": "{\"textPayload\":\"a\"}"}));
    }

    #[test]
    fn what_cannot_be_decoded_is_replaced_and_the_entry_stays() {
        let record = br#"{"insertid":"a","protoPayload":{"serviceName":"s","request":{"a":"x\ud800y","b":"\ud83d\ude00","c":"\\ud800","d":1e999,"e":"\udc00\ud800\u0041","e":"\udead\ud83d\ude00"}}}"#;
        let normalised = normalise(record).expect("readable");
        assert_eq!(normalised.shape, Shape::Respelt);
        let entry: Value = serde_json::from_slice(&normalised.entry).expect("JSON");
        assert_eq!(
            entry["protoPayload"]["request"],
            json!({"a": "x\u{fffd}y", "b": "\u{1f600}", "c": "\\ud800", "d": null, "e": "\u{fffd}\u{1f600}"})
        );
    }

    #[test]
    fn any_depth_in_a_field_that_is_not_read_is_harmless() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            let record =
                format!(r#"{{"insertid":"a","protoPayload":{{"serviceName":"s","request":{deep},"methodName":"m"}}}}"#);
            let normalised = normalise(record.as_bytes()).expect("readable");
            assert_eq!(normalised.shape, Shape::Respelt);
            let entry: Value = serde_json::from_slice(&normalised.entry).expect("JSON");
            assert_eq!(entry["protoPayload"]["methodName"], "m");
            let nested = json!({"protopayload_auditlog": {"requestJson": deep, "methodName": "m"}});
            assert_eq!(shape_of(&nested).1["protoPayload"]["methodName"], "m");
            assert_eq!(normalise(deep.as_bytes()).expect("readable").entry, deep.as_bytes());
        }
        let half = "[".repeat(100_000);
        assert_eq!(normalise(half.as_bytes()).expect("no JSON stays").entry, half.as_bytes());
    }

    /// Any JSON, with keys that the shapes look for.
    fn json_value() -> impl Strategy<Value = Value> {
        let key = proptest::sample::select(vec![
            "message",
            "data",
            "subscription",
            "ackId",
            "messageId",
            "specversion",
            "data_base64",
            "protoPayload",
            "protopayload_auditlog",
            "proto_payload",
            "audit_log",
            "metadataJson",
            "servicedata_v1_bigquery",
            "labels",
            "jobcompletedevent",
            "authenticationInfo",
            "authorizationInfo",
            "authorization_info",
            "status",
            "code",
            "granted",
            "timestamp",
            "log_id",
            "resource",
            "serviceName",
            "methodName",
            "@type",
            "at_type",
            "é",
            "_",
            "",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            proptest::sample::select(vec![
                "{}",
                "e30=",
                "true",
                "...",
                "2024-05-01 10:00:00 UTC",
                "1.5E9",
                AUDIT_LOG,
                "a.googleapis.com"
            ])
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((key.clone(), inner), 0..8).prop_map(|members| {
                    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_json_makes_it_panic(value in json_value()) {
            if let Ok(normalised) = normalise(value.to_string().as_bytes()) {
                prop_assert!(serde_json::from_slice::<Value>(&normalised.entry).is_ok());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in r#"[\[\]{}":,\\ud8cf0-9eE+.-]{0,64}"#) {
            let _ = normalise(&bytes);
            let _ = normalise(text.as_bytes());
        }

        #[test]
        fn a_canonical_result_is_left_alone(value in json_value()) {
            if let Ok(normalised) = normalise(value.to_string().as_bytes()) && normalised.shape == Shape::Respelt {
                let again = normalise(&normalised.entry).expect("a result is readable");
                prop_assert_eq!(again.entry, normalised.entry);
            }
        }
    }
}
