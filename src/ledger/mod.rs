//! The ledger: collapses observations into calls. What a call's references resolve to is left to later stages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::model::call::{Call, CallState};
use crate::model::document::{Diagnostics, diagnose, merge_diagnostics};
use crate::model::observation::{CallKey, JobFamily, Observation};
use crate::model::reason::DiagnosticKind;
use crate::model::text::SharedText;

/// Calls are kept in this many parts by hash, so that threads can merge without waiting for each other.
const SHARDS: usize = 64;

type States = HashMap<CallKey, Keyed, Xxh3DefaultBuilder>;

/// A call that is still growing, with the family it may join.
struct Keyed {
    state: CallState,
    family: Option<JobFamily>,
}

/// Calls by key while entries arrive, in any order and from any number of batches.
pub struct Ledger {
    shards: Vec<States>,
    observed: u64,
}

/// The finished calls.
pub struct Closed {
    /// The calls, in no meaningful order.
    pub calls: Vec<Call>,
    /// Observations taken in, counted as they came.
    pub observed: u64,
    /// What was odd about them.
    pub diagnostics: Diagnostics,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| States::default()).collect(), observed: 0 }
    }
}

impl Ledger {
    /// Takes in a batch of observations.
    pub fn absorb(&mut self, batch: Vec<Observation>) {
        self.observed += batch.len() as u64;
        let mut parts: Vec<Vec<Observation>> = (0..SHARDS).map(|_| Vec::new()).collect();
        for observation in batch {
            parts[shard_of(&observation)].push(observation);
        }
        self.shards.par_iter_mut().zip(parts).for_each(|(shard, part)| {
            for observation in part {
                join(shard, observation);
            }
        });
    }

    /// Ends the intake: joins jobs told without a location, and reads every call off its entries.
    pub fn close(self) -> Closed {
        let observed = self.observed;
        let parts: Vec<(Vec<Call>, Diagnostics)> = self.shards.into_par_iter().map(close_shard).collect();
        let mut calls = Vec::new();
        let mut diagnostics = Diagnostics::new();
        for (part, notes) in parts {
            calls.extend(part);
            merge_diagnostics(&mut diagnostics, notes);
        }
        Closed { calls, observed, diagnostics }
    }
}

/// Members of one family stand in one shard, so that they can find each other.
fn shard_of(observation: &Observation) -> usize {
    let key = observation.family.as_ref().map_or(observation.key, |family| family.base);
    usize::try_from(key.0 % SHARDS as u128).unwrap_or(0)
}

fn join(shard: &mut States, observation: Observation) {
    match shard.get_mut(&observation.key) {
        Some(keyed) => keyed.state.join(observation),
        None => {
            let (key, family) = (observation.key, observation.family.clone());
            shard.insert(key, Keyed { state: CallState::new(observation), family });
        }
    }
}

fn close_shard(mut shard: States) -> (Vec<Call>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    join_locations(&mut shard, &mut diagnostics);
    let mut calls = Vec::with_capacity(shard.len());
    for (key, keyed) in shard {
        calls.push(keyed.state.finish(key));
    }
    (calls, diagnostics)
}

/// A job told without a location joins the only location of its id, or the lowest of several.
fn join_locations(shard: &mut States, diagnostics: &mut Diagnostics) {
    let mut families: BTreeMap<CallKey, BTreeSet<(SharedText, CallKey)>> = BTreeMap::new();
    let mut homeless: Vec<(CallKey, CallKey)> = Vec::new();
    for (key, keyed) in shard.iter() {
        match &keyed.family {
            Some(JobFamily { base, location: Some(location) }) => {
                families.entry(*base).or_default().insert((location.clone(), *key));
            }
            Some(JobFamily { base, location: None }) => homeless.push((*base, *key)),
            None => {}
        }
    }
    for (base, key) in homeless {
        let Some(members) = families.get(&base) else { continue };
        let Some((location, home)) = members.first() else { continue };
        let Some(guest) = shard.remove(&key) else { continue };
        if members.len() > 1 {
            diagnose(diagnostics, DiagnosticKind::JobLocation, || {
                let mut names: Vec<_> = guest.state.observations().filter_map(|o| o.facts.resource.clone()).collect();
                names.sort();
                format!(
                    "{} joined `{location}` of {} locations",
                    names.first().map_or("a job", SharedText::as_str),
                    members.len()
                )
            });
        }
        if let Some(host) = shard.get_mut(home) {
            host.state.merge(guest.state);
        }
    }
}
