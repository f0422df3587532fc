//! Fields that inventories share, in their several spellings: numbers, labels and ancestors.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::gcp::project_ref::ProjectRef;
use crate::gcp::resource_name::project_of;

/// The first of several spellings of a field that is there and not `null`.
pub(super) fn field<'a>(value: &'a Value, spellings: &[&str]) -> Option<&'a Value> {
    spellings.iter().filter_map(|key| value.get(key)).find(|value| !value.is_null())
}

/// A text field; empty counts as absent.
pub(super) fn text<'a>(value: &'a Value, spellings: &[&str]) -> Option<&'a str> {
    field(value, spellings)?.as_str().filter(|text| !text.is_empty())
}

/// A project number: a decimal number, as text or as JSON number.
pub(super) fn number(value: &Value, spellings: &[&str]) -> Result<Option<u64>, String> {
    let name = spellings.first().copied().unwrap_or_default();
    let written = match field(value, spellings) {
        None => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match ProjectRef::parse(&written) {
        ProjectRef::Number { number, hex_digits: None } => Ok(Some(number)),
        ProjectRef::Number { hex_digits: Some(_), .. }
        | ProjectRef::Id(_)
        | ProjectRef::Wildcard
        | ProjectRef::Invalid => Err(format!("{name} `{written}` is not a number")),
    }
}

/// A number behind `projects/`; none if an id stands there.
pub(super) fn number_in_name(name: &str) -> Option<u64> {
    match ProjectRef::parse(project_of(name)?) {
        ProjectRef::Number { number, hex_digits: None } => Some(number),
        ProjectRef::Number { hex_digits: Some(_), .. }
        | ProjectRef::Id(_)
        | ProjectRef::Wildcard
        | ProjectRef::Invalid => None,
    }
}

/// Labels as an object of texts, or as an array of `{key, value}`.
pub(super) fn labels(value: &Value) -> BTreeMap<String, String> {
    let pair = |item: &Value| {
        let value = item.get("value").and_then(Value::as_str).unwrap_or_default();
        Some((item.get("key")?.as_str()?.to_owned(), value.to_owned()))
    };
    match field(value, &["labels"]) {
        Some(Value::Object(labels)) => {
            labels.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
        }
        Some(Value::Array(items)) => items.iter().filter_map(pair).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => BTreeMap::new(),
    }
}

/// `folders/N` or `organizations/N` of a plain or full resource name.
pub(super) fn ancestor(name: &str) -> Option<String> {
    let path = match name.strip_prefix("//").and_then(|full| full.split_once('/')) {
        Some((_service, path)) => path,
        None => name,
    };
    (path.starts_with("folders/") || path.starts_with("organizations/")).then(|| path.to_owned())
}
