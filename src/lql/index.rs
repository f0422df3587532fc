//! The index of many filters by what an entry must hold for them: a text, a part of a text, a log, a time.
//!
//! Only conditions that every entry of a filter meets are in it. What an entry holds that is no text is not looked up: all
//! filters that ask for the field are candidates then, and the evaluation decides.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};
use serde_json::Value;

use super::ast::Op;
use super::eval::{Node, Source, decode, log_name};
use super::fold::fold;
use super::schema::Route;
use super::value::{Typed, Wanted};

/// A condition of a filter: the filter's place, and the condition's number among those of the filter that can be looked up.
type Posting = (usize, u32);

/// Filters by their conditions.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// How many conditions of each filter can be looked up.
    wanted: Vec<u32>,
    /// Filters without any.
    always: Vec<usize>,
    fields: Vec<FieldIndex>,
    logs: HashMap<String, Vec<Posting>>,
    containers: HashMap<String, Vec<Posting>>,
    times: Option<TimeIndex>,
}

/// The conditions on one field.
#[derive(Debug)]
struct FieldIndex {
    source: Source,
    whole: HashMap<String, Vec<Posting>>,
    parts: HashMap<String, Vec<Posting>>,
    /// Finds the parts in a text, by their places in `found`.
    finder: Option<AhoCorasick>,
    found: Vec<Vec<Posting>>,
    all: Vec<Posting>,
}

/// The bounds on one time: the moments at which filters begin or end to hold, and which hold from each on.
#[derive(Debug)]
struct TimeIndex {
    source: Source,
    bounds: Vec<i128>,
    holding: Vec<Vec<Posting>>,
    all: Vec<Posting>,
}

/// One way in which a condition can hold.
enum Key<'n> {
    Whole(&'n Route, &'n str),
    Part(&'n Route, &'n str),
    Log(&'n str),
    Container(&'n str),
}

/// The bounds on a time that a filter states: at or after the first, before the second.
struct Bounds<'n> {
    route: &'n Route,
    from: i128,
    to: i128,
}

impl Index {
    pub(super) fn new<'n>(filters: impl Iterator<Item = &'n Node>) -> Self {
        let mut index = Self::default();
        let mut timed = Vec::new();
        for (filter, root) in filters.enumerate() {
            let clauses = if let Node::All(parts) = root { parts.as_slice() } else { std::slice::from_ref(root) };
            let mut count = 0;
            for keys in clauses.iter().filter_map(keys) {
                keys.into_iter().for_each(|key| index.add(key, (filter, count)));
                count += 1;
            }
            if let Some(bounds) = bounds(clauses) {
                timed.push((bounds, (filter, count)));
                count += 1;
            }
            if count == 0 {
                index.always.push(filter);
            }
            index.wanted.push(count);
        }
        index.times = TimeIndex::new(timed);
        for field in &mut index.fields {
            field.build_finder();
        }
        index
    }

    fn add(&mut self, key: Key<'_>, posting: Posting) {
        match key {
            Key::Whole(route, text) => {
                let field = self.field(route);
                field.all.push(posting);
                field.whole.entry(text.to_owned()).or_default().push(posting);
            }
            Key::Part(route, text) => {
                let field = self.field(route);
                field.all.push(posting);
                field.parts.entry(text.to_owned()).or_default().push(posting);
            }
            Key::Log(id) => self.logs.entry(id.to_owned()).or_default().push(posting),
            Key::Container(name) => self.containers.entry(name.to_owned()).or_default().push(posting),
        }
    }

    fn field(&mut self, route: &Route) -> &mut FieldIndex {
        let known = self.fields.iter().position(|field| field.source.route == *route);
        let at = known.unwrap_or_else(|| {
            self.fields.push(FieldIndex::new(Source::of(route.clone())));
            self.fields.len() - 1
        });
        &mut self.fields[at]
    }

    /// The filters whose conditions hold as far as they can be looked up, in their order.
    pub(super) fn candidates(&self, entry: &Value) -> Vec<usize> {
        let mut hits: Vec<Posting> = Vec::new();
        for field in &self.fields {
            field.look_up(entry, &mut hits);
        }
        if let Some((container, id)) = log_name(entry) {
            hits.extend(self.logs.get(&fold(&decode(id))).into_iter().flatten());
            hits.extend(self.containers.get(&fold(container)).into_iter().flatten());
        }
        if let Some(times) = &self.times {
            times.look_up(entry, &mut hits);
        }
        hits.sort_unstable();
        hits.dedup();
        let mut found = self.always.clone();
        for of_one in hits.chunk_by(|a, b| a.0 == b.0) {
            let filter = of_one[0].0;
            if u32::try_from(of_one.len()) == Ok(self.wanted[filter]) {
                found.push(filter);
            }
        }
        found.sort_unstable();
        found
    }
}

impl FieldIndex {
    fn new(source: Source) -> Self {
        Self { source, whole: HashMap::new(), parts: HashMap::new(), finder: None, found: Vec::new(), all: Vec::new() }
    }

    /// Makes one search for all parts. If there are more than it can hold, every text is taken to hold each.
    fn build_finder(&mut self) {
        if self.parts.is_empty() {
            return;
        }
        let (texts, found): (Vec<String>, Vec<Vec<Posting>>) = std::mem::take(&mut self.parts).into_iter().unzip();
        self.finder = AhoCorasick::builder().match_kind(MatchKind::Standard).build(texts).ok();
        self.found = found;
    }

    fn look_up(&self, entry: &Value, hits: &mut Vec<Posting>) {
        self.source.any(entry, &mut |value| {
            match value {
                Typed::Text(text) => {
                    let folded = fold(text);
                    hits.extend(self.whole.get(&folded).into_iter().flatten());
                    match &self.finder {
                        Some(finder) => {
                            let parts = finder.find_overlapping_iter(&folded);
                            hits.extend(parts.flat_map(|part| &self.found[part.pattern().as_usize()]));
                        }
                        None => hits.extend(self.found.iter().flatten()),
                    }
                }
                Typed::Null => {}
                Typed::CountAsText(..)
                | Typed::Number(..)
                | Typed::Bool(_)
                | Typed::Severity(_)
                | Typed::Timestamp(_)
                | Typed::Duration(_)
                | Typed::Tree(_) => hits.extend(&self.all),
            }
            false
        });
    }
}

impl TimeIndex {
    /// The bounds of the filters; all are on one field, because an entry has only one time that people bound.
    fn new(timed: Vec<(Bounds<'_>, Posting)>) -> Option<Self> {
        let source = Source::of(timed.first()?.0.route.clone());
        let all = timed.iter().map(|(_, posting)| *posting).collect();
        let mut bounds: Vec<i128> = timed.iter().flat_map(|(bounds, _)| [bounds.from, bounds.to]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let mut holding = vec![Vec::new(); bounds.len()];
        for (span, posting) in timed {
            let place = |moment: i128| bounds.partition_point(|bound| *bound < moment);
            for held in &mut holding[place(span.from)..place(span.to).max(place(span.from))] {
                held.push(posting);
            }
        }
        Some(Self { source, bounds, holding, all })
    }

    fn look_up(&self, entry: &Value, hits: &mut Vec<Posting>) {
        let mut values = 0;
        self.source.any(entry, &mut |value| {
            values += 1;
            if let Typed::Timestamp(nanos) = value {
                let after = self.bounds.partition_point(|bound| bound <= nanos);
                hits.extend(after.checked_sub(1).into_iter().flat_map(|at| &self.holding[at]));
            }
            false
        });
        if values > 1 {
            // Of several values one may meet the one bound and another the other.
            hits.extend(&self.all);
        }
    }
}

/// The ways in which a condition can hold, one of which must; `None` if they cannot be looked up.
fn keys(node: &Node) -> Option<Vec<Key<'_>>> {
    match node {
        Node::Any(parts) => {
            let each = parts.iter().map(keys).collect::<Option<Vec<_>>>()?;
            Some(each.into_iter().flatten().collect())
        }
        Node::All(parts) => parts.iter().filter_map(keys).min_by_key(Vec::len),
        Node::OneOf(source, _, texts) => {
            let route = source.plain()?;
            Some(texts.iter().map(|text| Key::Whole(route, text)).collect())
        }
        Node::Compare(source, op, wanted) => {
            let (route, text) = (source.plain()?, looked_up(wanted)?);
            match op {
                Op::Eq => Some(vec![Key::Whole(route, text)]),
                Op::Has if !text.is_empty() => Some(vec![Key::Part(route, text)]),
                Op::Has | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Matches | Op::NotMatches => None,
            }
        }
        Node::LogId(folded) => Some(vec![Key::Log(folded)]),
        Node::Container(folded) => Some(vec![Key::Container(folded)]),
        Node::Everything
        | Node::Not(_)
        | Node::Present(_)
        | Node::Global(_)
        | Node::Sample(..)
        | Node::InNet(..)
        | Node::Search(..) => None,
    }
}

/// The text that a value must be or hold; null is none.
fn looked_up(wanted: &Wanted) -> Option<&str> {
    (!wanted.null).then_some(&wanted.folded)
}

/// The time of the event that the clauses together bound, if they do.
fn bounds(clauses: &[Node]) -> Option<Bounds<'_>> {
    let mut bounds: Option<Bounds<'_>> = None;
    for clause in clauses {
        let Node::Compare(source, op, wanted) = clause else { continue };
        let Some(route) = source.plain().filter(|route| route.is_only("timestamp")) else { continue };
        let Some(moment) = wanted.timestamp() else { continue };
        let bounds = bounds.get_or_insert(Bounds { route, from: i128::MIN, to: i128::MAX });
        match op {
            Op::Ge | Op::Gt => bounds.from = bounds.from.max(moment),
            Op::Lt | Op::Le => bounds.to = bounds.to.min(moment + i128::from(*op == Op::Le)),
            Op::Eq | Op::Ne | Op::Has | Op::Matches | Op::NotMatches => {}
        }
    }
    bounds
}
