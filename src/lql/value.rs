//! Values of an entry against values of a filter: compared by the type of the entry's value.
//!
//! Where the filter's value cannot be read as that type, the comparison is false, whatever the operator. This rule is the
//! language's, and the reason why `NOT f = x` and `f != x` differ.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::bytes::Regex;
use serde_json::Value;

use super::ast::Op;
use super::fold::{fold, folds_to};
use super::moment::{duration, duration_text, stored, timestamp, timestamp_text};
use super::number::{Number, count};
use super::schema::Leaf;
use super::severity::{severity, severity_text};

/// A value of an entry, with its type.
#[derive(Debug)]
pub(super) enum Typed<'a> {
    Null,
    Text(Cow<'a, str>),
    /// A 64-bit integer that the export wrote as text.
    CountAsText(&'a str, i128),
    Number(Number, Cow<'a, str>),
    Bool(bool),
    Severity(i64),
    /// Nanoseconds since 1970.
    Timestamp(i128),
    /// Nanoseconds.
    Duration(i128),
    /// An object.
    Tree(&'a Value),
}

/// A value of a filter, read once as each type it can be.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) folded: String,
    pub(super) null: bool,
    number: Option<Number>,
    truth: Option<bool>,
    severity: Option<i64>,
    timestamp: Option<i128>,
    duration: Option<i128>,
    /// For `=~` and `!~`.
    pub(super) regex: Option<Regex>,
}

impl Wanted {
    /// The value a text stands for. `null` if it is the word `NULL_VALUE`.
    pub(super) fn new(text: &str, null: bool, regex: Option<Regex>) -> Self {
        let truth = [false, true].into_iter().find(|truth| text.eq_ignore_ascii_case(truth_text(*truth)));
        Self {
            folded: fold(text),
            null,
            number: Number::parse(text),
            truth,
            severity: severity(text),
            timestamp: timestamp(text),
            duration: duration(text),
            regex,
        }
    }

    /// The moment it is, if it is one.
    pub(super) fn timestamp(&self) -> Option<i128> {
        self.timestamp
    }
}

impl<'a> Typed<'a> {
    /// Reads a value of an entry as its field's type; `None` if it cannot be that.
    pub(super) fn read(value: &'a Value, leaf: Leaf) -> Option<Self> {
        let typed = match (leaf, value) {
            (_, Value::Null) => Self::Null,
            (_, Value::Object(_) | Value::Array(_)) => Self::Tree(value),
            (Leaf::Number, Value::String(text)) => Self::Number(Number::parse(text)?, Cow::Borrowed(text)),
            (Leaf::Bool, Value::String(text)) => Self::Bool(text.parse().ok()?),
            (Leaf::Severity, Value::String(text)) => Self::Severity(severity(text)?),
            (Leaf::Severity, Value::Number(number)) => Self::Severity(number.as_i64()?),
            (Leaf::Timestamp, Value::String(text)) => Self::Timestamp(stored(text)?),
            (Leaf::Duration, Value::String(text)) => Self::Duration(duration(text)?),
            (Leaf::CountsAsText, Value::String(text)) => match count(text) {
                Some(number) => Self::CountAsText(text, number),
                None => Self::Text(Cow::Borrowed(text)),
            },
            (Leaf::Text | Leaf::Json, Value::String(text)) => Self::Text(Cow::Borrowed(text)),
            (Leaf::Text, other) => Self::Text(Cow::Owned(other.to_string())),
            (Leaf::Number | Leaf::Json | Leaf::CountsAsText, Value::Number(number)) => {
                let text = number.to_string();
                Self::Number(Number::parse(&text)?, Cow::Owned(text))
            }
            (Leaf::Bool | Leaf::Json | Leaf::CountsAsText, Value::Bool(truth)) => Self::Bool(*truth),
            _ => return None,
        };
        Some(typed)
    }

    /// What a field of the entry holds that is not set.
    pub(super) fn default_of(leaf: Leaf) -> Option<Self> {
        match leaf {
            Leaf::Text => Some(Self::Text(Cow::Borrowed(""))),
            Leaf::Number => Some(Self::Number(Number::Whole(0), Cow::Borrowed("0"))),
            Leaf::Bool => Some(Self::Bool(false)),
            Leaf::Severity => Some(Self::Severity(0)),
            Leaf::Timestamp | Leaf::Duration | Leaf::Json | Leaf::CountsAsText => None,
        }
    }

    /// The value as text; `None` for null and objects.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Null | Self::Tree(_) => return None,
            Self::Text(text) | Self::Number(_, text) => Cow::Borrowed(text),
            Self::CountAsText(text, _) => Cow::Borrowed(text),
            Self::Bool(truth) => Cow::Borrowed(truth_text(*truth)),
            Self::Severity(number) => severity_text(*number),
            Self::Timestamp(nanos) => Cow::Owned(timestamp_text(*nanos)?),
            Self::Duration(nanos) => Cow::Owned(duration_text(*nanos)),
        })
    }

    /// Whether the comparison holds.
    pub(super) fn is(&self, op: Op, wanted: &Wanted) -> bool {
        if wanted.null {
            return match op {
                Op::Eq => matches!(self, Self::Null),
                Op::Ne => !matches!(self, Self::Null),
                _ => false,
            };
        }
        match op {
            Op::Matches | Op::NotMatches => self.is_found(wanted).is_some_and(|found| found == (op == Op::Matches)),
            Op::Has => self.has(wanted),
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                self.compare(op, wanted).is_some_and(|ordering| holds(op, ordering))
            }
        }
    }

    /// Regular expressions see texts, and severities by name.
    fn is_found(&self, wanted: &Wanted) -> Option<bool> {
        let regex = wanted.regex.as_ref()?;
        match self {
            Self::Text(text) => Some(regex.is_match(text.as_bytes())),
            Self::CountAsText(text, _) => Some(regex.is_match(text.as_bytes())),
            Self::Severity(number) => Some(regex.is_match(severity_text(*number).as_bytes())),
            Self::Null | Self::Number(..) | Self::Bool(_) | Self::Timestamp(_) | Self::Duration(_) | Self::Tree(_) => {
                None
            }
        }
    }

    /// `:`. Texts hold texts; numbers and truths are compared whole; in an object any leaf may hold it.
    fn has(&self, wanted: &Wanted) -> bool {
        match self {
            Self::Text(text) => holds_text(text, &wanted.folded),
            Self::CountAsText(text, _) => holds_text(text, &wanted.folded),
            Self::Severity(number) => holds_text(&severity_text(*number), &wanted.folded),
            Self::Number(_, text) if folds_to(text, &wanted.folded) => true,
            Self::Number(..) | Self::Bool(_) => {
                self.compare(Op::Eq, wanted).is_some_and(|ordering| ordering == Ordering::Equal)
            }
            Self::Tree(value) => any_leaf(value, &mut |leaf| leaf_holds(leaf, &wanted.folded)),
            Self::Null | Self::Timestamp(_) | Self::Duration(_) => false,
        }
    }

    /// How the value stands to the wanted one; `None` if they cannot be compared.
    fn compare(&self, op: Op, wanted: &Wanted) -> Option<Ordering> {
        match self {
            Self::Text(text) => compare_text(text, op, &wanted.folded),
            Self::CountAsText(text, number) => match wanted.number {
                Some(other) => Number::Whole(*number).compare(other),
                None => compare_text(text, op, &wanted.folded),
            },
            Self::Number(number, _) => number.compare(wanted.number?),
            Self::Bool(truth) => Some(truth.cmp(&wanted.truth?)),
            Self::Severity(number) => Some(number.cmp(&wanted.severity?)),
            Self::Timestamp(nanos) => Some(nanos.cmp(&wanted.timestamp?)),
            Self::Duration(nanos) => Some(nanos.cmp(&wanted.duration?)),
            Self::Null | Self::Tree(_) => None,
        }
    }
}

fn holds(op: Op, ordering: Ordering) -> bool {
    match op {
        Op::Eq => ordering.is_eq(),
        Op::Ne => ordering.is_ne(),
        Op::Lt => ordering.is_lt(),
        Op::Le => ordering.is_le(),
        Op::Gt => ordering.is_gt(),
        Op::Ge => ordering.is_ge(),
        Op::Has | Op::Matches | Op::NotMatches => false,
    }
}

fn compare_text(text: &str, op: Op, folded: &str) -> Option<Ordering> {
    if matches!(op, Op::Eq | Op::Ne) {
        return Some(if folds_to(text, folded) { Ordering::Equal } else { Ordering::Less });
    }
    Some(fold(text).as_str().cmp(folded))
}

/// Whether the text holds the folded one.
pub(super) fn holds_text(text: &str, folded: &str) -> bool {
    (!text.is_ascii() || text.len() >= folded.len()) && fold(text).contains(folded)
}

/// Whether a leaf of an entry, as text, holds the folded one.
pub(super) fn leaf_holds(leaf: &Value, folded: &str) -> bool {
    match leaf {
        Value::String(text) => holds_text(text, folded),
        Value::Number(number) => holds_text(&number.to_string(), folded),
        Value::Bool(truth) => holds_text(truth_text(*truth), folded),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Whether the test holds for any leaf (null too) of a value. Needs no stack for deep values.
pub(super) fn any_leaf(value: &Value, test: &mut dyn FnMut(&Value) -> bool) -> bool {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items.iter().rev()),
            Value::Object(fields) => left.extend(fields.values().rev()),
            leaf => {
                if test(leaf) {
                    return true;
                }
            }
        }
    }
    false
}

fn truth_text(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is(value: Value, leaf: Leaf, op: Op, wanted: &str) -> bool {
        Typed::read(&value, leaf).is_some_and(|typed| typed.is(op, &Wanted::new(wanted, false, None)))
    }

    #[test]
    fn numbers_compare_as_numbers_and_texts_as_texts() {
        assert!(is(json!(9), Leaf::Json, Op::Lt, "10") && !is(json!("9"), Leaf::Json, Op::Lt, "10"));
        assert!(is(json!("9"), Leaf::CountsAsText, Op::Lt, "10") && is(json!("9"), Leaf::Number, Op::Lt, "1e1"));
        assert!(is(json!("007"), Leaf::CountsAsText, Op::Ne, "7"));
        assert!(is(json!(9_007_199_254_740_993_u64), Leaf::Json, Op::Gt, "9007199254740992"));
        assert!(is(json!(2.5), Leaf::Json, Op::Gt, "-2.4") && is(json!(2.0), Leaf::Json, Op::Eq, "2"));
    }

    #[test]
    fn what_cannot_be_converted_is_false_for_every_operator() {
        for op in [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge] {
            assert!(!is(json!(9), Leaf::Json, op, "nine") && !is(json!(9), Leaf::Json, op, "NaN"), "{op:?}");
            assert!(
                !is(json!(true), Leaf::Json, op, "yes") && !is(json!("ERROR"), Leaf::Severity, op, "bad"),
                "{op:?}"
            );
            assert!(!is(json!("1s"), Leaf::Duration, op, "1") && !is(json!(null), Leaf::Json, op, "x"), "{op:?}");
            assert!(!is(json!({"a": 1}), Leaf::Json, op, "1"), "{op:?}");
        }
    }

    #[test]
    fn severities_go_by_number_under_any_spelling() {
        assert!(
            is(json!("ERROR"), Leaf::Severity, Op::Gt, "warning") && is(json!(500), Leaf::Severity, Op::Eq, "Error")
        );
        assert!(is(json!("ERROR"), Leaf::Severity, Op::Ge, "500") && is(json!("ERROR"), Leaf::Severity, Op::Has, "rr"));
    }

    #[test]
    fn truths_compare_in_any_case_and_true_is_more() {
        assert!(is(json!(true), Leaf::Json, Op::Gt, "FALSE") && is(json!(false), Leaf::Bool, Op::Has, "False"));
    }

    #[test]
    fn an_object_holds_what_its_leaves_hold() {
        let tree = json!({"a": [{"b": "Deep Value"}], "n": 17, "t": true});
        for held in ["deep", "17", "TRUE"] {
            assert!(is(tree.clone(), Leaf::Json, Op::Has, held), "{held}");
        }
        assert!(!is(tree, Leaf::Json, Op::Has, "b\""));
        assert!(!is(json!(17), Leaf::Json, Op::Has, "7"), "a number itself is compared whole");
    }
}
