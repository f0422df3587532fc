//! Whether an entry is one that a filter selects.
//!
//! A comparison is false where its field is missing, so that `NOT` makes it true; a field that the entry defines has its default
//! where it is not set; a field that no entry can have is an error when the filter is compiled. Of several values any may match.

use std::collections::{BTreeSet, HashSet};

use ipnet::IpNet;
use regex::bytes::Regex;
use serde_json::Value;

use super::ast::Op;
use super::call::Transform;
use super::fold::{fold, folds_to};
use super::record::Want;
use super::schema::{Route, Step};
use super::search::Query;
use super::value::{Typed, Wanted, any_leaf, leaf_holds};

/// A filter, checked against a schema and ready to select entries.
#[derive(Debug)]
pub struct Compiled {
    pub(super) root: Node,
    pub(super) want: Want,
    pub(super) samples_locally: bool,
}

/// The fields of an entry that a filter looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// All of them: the filter looks for words anywhere.
    Everything,
    /// Those fields of the entry, in order.
    Fields(BTreeSet<String>),
}

/// A part of a filter.
#[derive(Debug)]
pub(super) enum Node {
    Everything,
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Compare(Source, Op, Box<Wanted>),
    /// `=` with any of many values.
    OneOf(Source, Vec<Wanted>, HashSet<String>),
    Present(Source),
    Global(String),
    LogId(String),
    Container(String),
    Sample(Source, u128),
    InNet(Source, IpNet),
    Search(Option<Source>, Query),
}

/// Where compared values come from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) route: Route,
    pub(super) transforms: Vec<Transform>,
}

impl Compiled {
    /// Whether the filter selects the entry: a `LogEntry` in its JSON form.
    pub fn matches(&self, entry: &Value) -> bool {
        self.root.holds(entry)
    }

    /// The same for an entry that is not parsed yet. Reads no more of it than the filter needs.
    ///
    /// # Errors
    /// The record is not JSON. What the filter does not need is only skimmed.
    pub fn matches_record(&self, record: &[u8]) -> Result<bool, serde_json::Error> {
        Ok(self.matches(&self.want.read(record)?))
    }

    /// The fields of the entry that [`Compiled::matches`] needs.
    pub fn roots(&self) -> Roots {
        self.want.roots()
    }

    /// Whether the filter has a `sample()`, which Cloud Logging draws by a hash of its own: the result holds here only.
    pub fn samples_locally(&self) -> bool {
        self.samples_locally
    }
}

impl Node {
    fn holds(&self, entry: &Value) -> bool {
        match self {
            Self::Everything => true,
            Self::All(parts) => parts.iter().all(|part| part.holds(entry)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(entry)),
            Self::Not(part) => !part.holds(entry),
            Self::Compare(source, op, wanted) => source.any(entry, &mut |value| value.is(*op, wanted)),
            Self::OneOf(source, values, texts) => source.any(entry, &mut |value| match value {
                Typed::Text(text) => texts.contains(&fold(text)),
                other => values.iter().any(|wanted| other.is(Op::Eq, wanted)),
            }),
            Self::Present(source) => source.is_present(entry),
            Self::Global(folded) => any_leaf(entry, &mut |leaf| leaf_holds(leaf, folded)),
            Self::LogId(folded) => log_name(entry).is_some_and(|(_, id)| folds_to(&decode(id), folded)),
            Self::Container(folded) => log_name(entry).is_some_and(|(container, _)| folds_to(container, folded)),
            Self::Sample(source, limit) => {
                source.any(entry, &mut |value| value.text().is_some_and(|text| u128::from(hash(&text)) < *limit))
            }
            Self::InNet(source, net) => source.any(entry, &mut |value| match value {
                Typed::Text(text) => text.parse().is_ok_and(|address: std::net::IpAddr| net.contains(&address)),
                _ => false,
            }),
            Self::Search(None, query) => query.is_in(entry),
            Self::Search(Some(source), query) => query_in(source, entry, query),
        }
    }
}

impl Source {
    /// The values of a field as they are.
    pub(super) fn of(route: Route) -> Self {
        Self { route, transforms: Vec::new() }
    }

    /// The field, if its values are compared as they are.
    pub(super) fn plain(&self) -> Option<&Route> {
        self.transforms.is_empty().then_some(&self.route)
    }

    /// Whether the test holds for any value.
    pub(super) fn any(&self, entry: &Value, test: &mut dyn FnMut(&Typed<'_>) -> bool) -> bool {
        let leaf = self.route.leaf;
        let mut found = false;
        let holds = walk(entry, &self.route.steps, &mut |value| {
            if self.route.defaulted && value.is_null() {
                return false;
            }
            found = true;
            Typed::read(value, leaf).is_some_and(|typed| self.transformed(typed, test))
        });
        if holds || found || !self.route.defaulted {
            return holds;
        }
        Typed::default_of(leaf).is_some_and(|typed| self.transformed(typed, test))
    }

    fn transformed(&self, value: Typed<'_>, test: &mut dyn FnMut(&Typed<'_>) -> bool) -> bool {
        let Some((first, rest)) = self.transforms.split_first() else { return test(&value) };
        let changed = rest.iter().try_fold(first.apply(&value), |value, next| Some(next.apply(&value?)));
        changed.flatten().is_some_and(|value| test(&value))
    }

    /// Whether the entry sets the field. A null in a payload is there; one in place of a field of the entry is not.
    fn is_present(&self, entry: &Value) -> bool {
        if self.transforms.is_empty() {
            return is_set(entry, &self.route.steps, self.route.defaulted);
        }
        walk(entry, &self.route.steps, &mut |value| {
            Typed::read(value, self.route.leaf).is_some_and(|typed| self.transformed(typed, &mut |_| true))
        })
    }
}

/// Calls the test for the values at the end of the way until it holds; lists on the way count as each of their elements.
fn walk(value: &Value, steps: &[Step], test: &mut dyn FnMut(&Value) -> bool) -> bool {
    match (value, steps.split_first()) {
        (Value::Array(items), _) => items.iter().any(|item| walk(item, steps, test)),
        (leaf, None) => test(leaf),
        (Value::Object(fields), Some((step, rest))) => step.find(fields).is_some_and(|value| walk(value, rest, test)),
        _ => false,
    }
}

/// Whether a value stands at the end of the way.
fn is_set(value: &Value, steps: &[Step], null_is_unset: bool) -> bool {
    match (value, steps.split_first()) {
        (value, None) => !(null_is_unset && value.is_null()),
        (Value::Array(items), Some(_)) => items.iter().any(|item| is_set(item, steps, null_is_unset)),
        (Value::Object(fields), Some((step, rest))) => {
            step.find(fields).is_some_and(|value| is_set(value, rest, null_is_unset))
        }
        _ => false,
    }
}

/// All words must be in this field, be it a text or an object of texts.
fn query_in(source: &Source, entry: &Value, query: &Query) -> bool {
    walk(entry, &source.route.steps, &mut |value| query.is_in(value))
}

/// The name of the entry's log, cut in the resource that holds it and the id of the log, which is still encoded. Google drops
/// a slash before it.
pub(super) fn log_name(entry: &Value) -> Option<(&str, &str)> {
    let name = entry.get("logName")?.as_str()?;
    name.strip_prefix('/').unwrap_or(name).split_once("/logs/")
}

/// Text with its percent escapes decoded; what is no escape stays.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (byte, left) = match (first, after) {
            (b'%', [high, low, left @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, left),
                _ => (b'%', after),
            },
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A stable hash, spread over all 64 bits: FNV-1a, mixed. It is not the one of Cloud Logging, which is not published.
fn hash(text: &str) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// The text of the only group of the first match.
pub(super) fn extract(regex: &Regex, text: &str) -> Option<String> {
    let group = regex.captures(text.as_bytes())?.get(1)?;
    String::from_utf8(group.as_bytes().to_vec()).ok()
}
