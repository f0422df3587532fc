//! A call: what a customer did once, merged from the entries that tell of it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash};

use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use super::observation::{CallKey, Facts, Observation, Phase, Source};
use super::reason::{Flag, MergeCause, Reason};
use super::text::SharedText;

/// The state of one call while entries arrive: for each entry identity, the first record that carries it and how many
/// copies of which content there were.
///
/// Merging takes the union of the identities and keeps, for each, the record that is first by (log, input, offset). That is
/// commutative and associative, and the same record taken in twice changes no fact, so that no order of arrival, thread or
/// piece changes a call. Each register of the finished [`Call`] is then read off the entry that ranks highest for it.
#[derive(Debug, Clone)]
pub struct CallState {
    /// Sorted by identity. Most calls are told by one entry: a tree would cost ten times the space.
    told: Vec<Told>,
}

/// One entry identity: the record that stands for it, and the copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The record that is first by (log, input, offset).
    pub first: Observation,
    /// Content hash and number of records with it; filled from the second copy on.
    pub copies: Vec<(u64, u64)>,
    /// Copies stand in more than one input.
    pub across_inputs: bool,
}

/// A part of a call's facts that one entry may leave open and another states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Register {
    /// The time.
    Time,
    /// The service.
    Service,
    /// The method.
    Method,
    /// Who carries the call.
    Charge,
    /// Who carries the storage.
    Storage,
    /// The caller, with the project that owns it.
    Principal,
    /// The resource.
    Resource,
    /// The project that holds the resource.
    ResourceProject,
    /// The location.
    Location,
    /// The model.
    Model,
}

/// A finished call, with symbolic references to payers.
#[derive(Debug, Clone)]
pub struct Call {
    /// The call's key.
    pub key: CallKey,
    /// The facts of the whole call: each register from the entry that ranks highest for it.
    pub facts: Box<Facts>,
    /// Why the call is not billable; `None` when it is.
    pub reason: Option<Reason>,
    /// Records that told of it.
    pub entries: u64,
    /// How many of the records joined by which cause.
    pub merged: BTreeMap<MergeCause, u64>,
    /// Records whose identity was known with other content.
    pub conflicting_copies: u64,
    /// Copies of one entry stand in more than one input.
    pub across_inputs: bool,
    /// The record that speaks for the call.
    pub source: Source,
    /// What the entry that speaks does not state itself: another entry of the call does.
    pub filled: Vec<Register>,
    /// The other entries of this call, loudest first.
    pub others: Vec<Teller>,
    /// Parts of the split entry that are missing.
    pub missing_parts: u32,
    /// The end is here, the beginning is not.
    pub orphan_last: bool,
}

/// An entry that told of a call beside the one that speaks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teller {
    /// Where its first record stands.
    pub source: Source,
    /// Its `insertId`.
    pub insert_id: Option<SharedText>,
    /// Which part of the call it tells of.
    pub phase: Phase,
    /// By what it belongs to the call.
    pub cause: MergeCause,
}

/// Hashes what an observation says. The time counts to the microsecond, because some exports keep no more.
fn content(observation: &Observation) -> u64 {
    content_in_place(&mut observation.clone())
}

/// The same without a copy. The observation is afterwards as it was.
fn content_in_place(observation: &mut Observation) -> u64 {
    let (time, lateness) = (observation.facts.time, observation.facts.lateness.take());
    observation.facts.time = time.map(|nanos| nanos.div_euclid(1000));
    let mut hasher = Xxh3DefaultBuilder.build_hasher();
    (&observation.facts, observation.phase).hash(&mut hasher);
    observation.facts.time = time;
    observation.facts.lateness = lateness;
    std::hash::Hasher::finish(&hasher)
}

/// The place by which the first of several copies is chosen.
fn place(observation: &Observation) -> (&Option<SharedText>, Source) {
    (&observation.facts.log_name, observation.source)
}

impl Call {
    /// The place of a call among calls: by time, log, insertId and key.
    pub fn place(&self) -> (Option<i64>, Option<&str>, Option<&str>, CallKey) {
        (self.facts.time, self.facts.log_name.as_deref(), self.facts.insert_id.as_deref(), self.key)
    }
}

impl CallState {
    /// A call told by one entry identity so far.
    pub fn new(told: Told) -> Self {
        Self { told: vec![told] }
    }

    /// Takes in one more entry identity, or more copies of one that is known.
    pub fn add(&mut self, told: Told) {
        match self.told.binary_search_by_key(&told.first.entry, |known| known.first.entry) {
            Ok(at) => self.told[at].merge(told),
            Err(at) => self.told.insert(at, told),
        }
    }

    /// Takes in all that another state of the same call holds.
    pub fn merge(&mut self, other: Self) {
        for told in other.told {
            self.add(told);
        }
    }

    /// The observations that stand for the entries, in no meaningful order.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.told.iter().map(|told| &told.first)
    }

    /// Reads the finished call off the entries.
    pub fn finish(self, key: CallKey) -> Call {
        let mut merged = BTreeMap::new();
        let mut entries = 0;
        let mut conflicting_copies = 0;
        let mut first_entry = true;
        for told in &self.told {
            entries += 1;
            if first_entry {
                first_entry = false;
            } else {
                *merged.entry(told.first.cause).or_insert(0) += 1;
            }
            if told.copies.is_empty() {
                continue;
            }
            let own = content(&told.first);
            let records: u64 = told.copies.iter().map(|(_, count)| count).sum();
            entries += records - 1;
            *merged.entry(MergeCause::Duplicate).or_insert(0) += records - 1;
            conflicting_copies +=
                told.copies.iter().filter(|(hash, _)| *hash != own).map(|(_, count)| count).sum::<u64>();
        }
        let across_inputs = self.told.iter().any(|told| told.across_inputs);
        let counts = Counts { entries, merged, conflicting_copies, across_inputs };
        let mut observations: Vec<Observation> = self.told.into_iter().map(|told| told.first).collect();
        if observations.len() > 1 {
            observations.sort_by_cached_key(|observation| Reverse(voice(observation)));
        }
        finish_registers(key, observations, counts)
    }
}

impl Told {
    /// An identity that one record carries so far.
    pub fn new(first: Observation) -> Self {
        Self { first, copies: Vec::new(), across_inputs: false }
    }

    /// Records that carry it.
    pub fn records(&self) -> u64 {
        self.copies.iter().map(|(_, count)| count).sum::<u64>().max(1)
    }

    /// The same with its copies counted even if there is one record only, for those who put records together elsewhere and
    /// cannot hash what they say.
    pub fn counted(mut self) -> Self {
        if self.copies.is_empty() {
            self.copies.push((content_in_place(&mut self.first), 1));
        }
        self
    }

    /// The same after records were put together elsewhere: equal copies are added up, and one record has none.
    pub fn settled(mut self) -> Self {
        if self.records() == 1 {
            self.copies.clear();
        }
        for (hash, count) in std::mem::take(&mut self.copies) {
            self.count(hash, count);
        }
        self
    }

    /// Takes in what else is known of the same identity.
    pub fn merge(&mut self, other: Self) {
        if self.copies.is_empty() {
            self.copies.push((content(&self.first), 1));
        }
        if other.copies.is_empty() {
            self.count(content(&other.first), 1);
        }
        for (hash, count) in other.copies {
            self.count(hash, count);
        }
        self.across_inputs |= other.across_inputs || other.first.source.input != self.first.source.input;
        if place(&other.first) < place(&self.first) {
            self.first = other.first;
        }
    }

    fn count(&mut self, hash: u64, records: u64) {
        match self.copies.iter_mut().find(|(known, _)| *known == hash) {
            Some((_, count)) => *count += records,
            None => self.copies.push((hash, records)),
        }
    }
}

/// Who speaks: rank, then the later time (of entries between begin and end the earlier), then the first place.
fn voice(observation: &Observation) -> (u8, Option<i64>, Reverse<Source>) {
    let time = observation.facts.time;
    let time = if observation.phase == Phase::Middle { time.map(|time| time.saturating_neg()) } else { time };
    (observation.rank, time, Reverse(observation.source))
}

/// What was counted while entries arrived.
struct Counts {
    entries: u64,
    merged: BTreeMap<MergeCause, u64>,
    conflicting_copies: u64,
    across_inputs: bool,
}

/// Builds the call from its entries, loudest voice first.
fn finish_registers(key: CallKey, observations: Vec<Observation>, counts: Counts) -> Call {
    let has = |phase: Phase| observations.iter().any(|observation| observation.phase == phase);
    let ended = has(Phase::Last) || has(Phase::Whole);
    let open = has(Phase::First) && !ended;
    let operation = observations.iter().any(|observation| observation.cause == MergeCause::Operation);
    let orphan_last = operation && has(Phase::Last) && !has(Phase::First) && !has(Phase::Whole);
    let missing_parts = missing_parts(&observations);
    // The payer's proof may come from another entry than the one that speaks. `max_by_key` keeps the last of equals.
    let proof = observations.iter().enumerate().rev().max_by_key(|(_, observation)| observation.charge_rank);
    let charge = proof
        .filter(|(at, _)| *at > 0)
        .map(|(_, observation)| (observation.facts.charge.clone(), observation.facts.candidates.clone()));
    let mut rest = observations.into_iter();
    let Some(speaker) = rest.next() else {
        unreachable!("a call state holds at least one entry: `new` takes one and nothing removes it")
    };
    let source = speaker.source;
    let mut facts = speaker.facts;
    let mut others = Vec::new();
    let mut filled = Vec::new();
    for other in rest {
        let insert_id = other.facts.insert_id.clone();
        others.push(Teller { source: other.source, insert_id, phase: other.phase, cause: other.cause });
        facts.fill_from(*other.facts, &mut filled);
    }
    if let Some((charge, candidates)) = charge {
        if facts.charge != charge {
            filled.push(Register::Charge);
        }
        facts.charge = charge;
        facts.candidates = candidates;
    }
    let reason = facts.reason.or(open.then_some(Reason::OpenOperation)).or(facts.method_reason);
    if open && reason == Some(Reason::OpenOperation) {
        facts.add_flag(Flag::OpenOperation);
    }
    let Counts { entries, merged, conflicting_copies, across_inputs } = counts;
    Call {
        key,
        facts,
        reason,
        entries,
        merged,
        conflicting_copies,
        across_inputs,
        source,
        filled,
        others,
        missing_parts,
        orphan_last,
    }
}

/// How many parts of split entries are not among the observations.
fn missing_parts(observations: &[Observation]) -> u32 {
    let mut wholes: BTreeMap<u64, (BTreeSet<u32>, u32)> = BTreeMap::new();
    for part in observations.iter().filter_map(|observation| observation.split) {
        let (indexes, total) = wholes.entry(part.whole).or_default();
        indexes.insert(part.index);
        *total = part.total.max(*total);
    }
    wholes.values().map(|(indexes, total)| total.saturating_sub(u32::try_from(indexes.len()).unwrap_or(u32::MAX))).sum()
}

impl Facts {
    /// Takes over what these facts leave open from those of a less loud entry, and notes what that was.
    fn fill_from(&mut self, other: Facts, filled: &mut Vec<Register>) {
        fn fill<T>(mine: &mut Option<T>, theirs: Option<T>) -> bool {
            let fills = mine.is_none() && theirs.is_some();
            if fills {
                *mine = theirs;
            }
            fills
        }
        let mut note = |fills: bool, register: Register| filled.extend(fills.then_some(register));
        note(fill(&mut self.time, other.time), Register::Time);
        note(fill(&mut self.service, other.service), Register::Service);
        note(fill(&mut self.method, other.method), Register::Method);
        note(fill(&mut self.storage, other.storage), Register::Storage);
        if self.principal.is_none() {
            let fills = other.principal.is_some() || other.principal_project != self.principal_project;
            note(fills, Register::Principal);
            self.principal = other.principal;
            self.principal_project = other.principal_project;
        }
        fill(&mut self.delegated_by, other.delegated_by);
        note(fill(&mut self.resource, other.resource), Register::Resource);
        note(fill(&mut self.resource_project, other.resource_project), Register::ResourceProject);
        note(fill(&mut self.location, other.location), Register::Location);
        if fill(&mut self.model, other.model) {
            self.model_version = other.model_version;
            note(true, Register::Model);
        }
        fill(&mut self.usage.total_billed_bytes, other.usage.total_billed_bytes);
        fill(&mut self.usage.processed_bytes, other.usage.processed_bytes);
        fill(&mut self.usage.total_slot_ms, other.usage.total_slot_ms);
        if self.labels.is_empty() {
            self.labels = other.labels;
        }
        for flag in other.flags {
            self.add_flag(flag);
        }
    }

    /// Adds a flag once, keeping the list sorted.
    pub fn add_flag(&mut self, flag: Flag) {
        if let Err(at) = self.flags.binary_search(&flag) {
            self.flags.insert(at, flag);
        }
    }
}
