//! Closing: puts the records of each part together into calls, the parts side by side.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::PoisonError;

use super::Ledger;
use super::alike::{Alike, Closed};
use super::code::{Forms, Records, References, told_at};
use super::parts::{PARTS, Parts};
use super::spill::SpillError;
use super::workers::workers;
use crate::model::call::{Call, CallState, Told};
use crate::model::document::{Diagnostics, diagnose, merge_diagnostics};
use crate::model::observation::{CallKey, JobFamily};
use crate::model::reason::DiagnosticKind;
use crate::model::text::SharedText;

/// The records that may be of one call, each read when it is asked for: there may be many copies.
struct Group<'g> {
    ledger: &'g Ledger,
    forms: &'g Forms,
    blocks: &'g [Block<'g>],
    places: &'g [Place],
}

/// Records that stand together, and the number of their shelf.
type Block<'b> = (usize, Cow<'b, [u8]>);

/// A record's group, its block and where it begins there.
type Place = (u128, usize, usize);

impl<'g> Group<'g> {
    /// The block of a record, where it begins there, and what it refers to.
    fn record(&self, (_, block, start): &Place) -> (&'g [u8], usize, References<'g>) {
        let (shelf, bytes) = &self.blocks[*block];
        (bytes, *start, References { words: &self.ledger.shelves[*shelf].words, forms: self.forms })
    }

    fn told(&self) -> impl Iterator<Item = Result<Told, SpillError>> {
        self.places.iter().map(|place| {
            let (bytes, start, of) = self.record(place);
            told_at(bytes, start, of)
        })
    }

    /// The call, if only one record tells of it and says little that others do not say.
    fn alike(&self) -> Result<Option<Alike<'g>>, SpillError> {
        match self.places {
            [place] => {
                let (bytes, start, of) = self.record(place);
                Alike::at(bytes, start, of)
            }
            _ => Ok(None),
        }
    }
}

/// A call that is still growing, with the family it may join.
struct Keyed {
    state: CallState,
    family: Option<JobFamily>,
}

impl Ledger {
    /// Hands every call to `each`, on several threads and in no meaningful order. Each thread begins with `new`; what all of
    /// them end with is returned, with what was odd about the calls.
    ///
    /// # Errors
    /// An error of `each`, or that what waited on disk cannot be read.
    pub fn calls<S: Send, E: From<SpillError> + Send>(
        &self,
        threads: usize,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, Call) -> Result<(), E> + Sync,
    ) -> Result<(Vec<S>, Diagnostics), E> {
        self.closed(threads, new, |state, closed| match closed {
            Closed::Alike(alike) => each(state, alike.call()?),
            Closed::Call(call) => each(state, *call),
        })
    }

    /// The same for somebody who need not see all of calls that are alike.
    ///
    /// # Errors
    /// As [`Self::calls`].
    pub fn closed<S: Send, E: From<SpillError> + Send>(
        &self,
        threads: usize,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, Closed<'_>) -> Result<(), E> + Sync,
    ) -> Result<(Vec<S>, Diagnostics), E> {
        let limit = self.room(threads);
        let begin = || (new(), Diagnostics::new());
        let ended = workers(threads, PARTS, begin, |(state, diagnostics), part| {
            let parts = self.parts();
            self.close(&parts, part, limit, &mut |group| finish(&group, diagnostics, &mut |call| each(state, call)))
        })?;
        let (mut states, mut diagnostics) = (Vec::new(), Diagnostics::new());
        for (state, notes) in ended {
            states.push(state);
            merge_diagnostics(&mut diagnostics, notes);
        }
        Ok((states, diagnostics))
    }

    /// Hands what each input tells of each entry to `each`, in the order of calls, entries and inputs: of some parts, for one of
    /// so many threads.
    ///
    /// # Errors
    /// An error of `each`, or that what waited on disk cannot be read.
    pub(super) fn entries<E: From<SpillError>>(
        &self,
        mut parts: std::ops::Range<usize>,
        threads: usize,
        each: &mut dyn FnMut(Told) -> Result<(), E>,
    ) -> Result<(), E> {
        parts.try_for_each(|part| {
            self.close(&self.parts(), part, self.room(threads), &mut |group| {
                let mut entries: BTreeMap<_, Told> = BTreeMap::new();
                for told in group.told() {
                    let told = told?;
                    match entries.entry((told.first.key, told.first.entry, told.first.source.input)) {
                        Entry::Occupied(mut known) => known.get_mut().merge(told),
                        Entry::Vacant(free) => drop(free.insert(told)),
                    }
                }
                entries.into_values().try_for_each(&mut *each)
            })
        })
    }

    /// The bytes that one of so many threads may take to put a part together.
    fn room(&self, threads: usize) -> usize {
        self.limit / 8 / threads.clamp(1, PARTS)
    }

    /// The parts of all shelves, in the order of the shelves.
    fn parts(&self) -> Vec<&Parts> {
        self.shelves.iter().map(|shelf| &shelf.parts).collect()
    }

    /// Hands the groups of one part, from all shelves, to `each`. A part that is larger than the limit is told apart further.
    fn close<E: From<SpillError>>(
        &self,
        parts: &[&Parts],
        part: usize,
        limit: usize,
        each: &mut dyn FnMut(Group<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let size: usize = parts.iter().map(|parts| parts.size(part)).sum();
        if size == 0 {
            return Ok(());
        }
        if size > limit
            && parts.iter().any(|parts| parts.is_stored(part))
            && let Some(finer) = Parts::all_finer(parts, part, limit, &self.scratch)?
        {
            let finer: Vec<&Parts> = finer.iter().collect();
            return (0..PARTS).try_for_each(|part| self.close(&finer, part, limit, each));
        }
        let mut blocks: Vec<Block<'_>> = Vec::new();
        for (shelf, parts) in parts.iter().enumerate() {
            for block in parts.blocks(part, &self.scratch) {
                blocks.push((shelf, block?));
            }
        }
        self.groups(&blocks, each)
    }

    /// Hands the records of each group to `each`, in the order of the groups. The records of each shelf stand together.
    fn groups<E: From<SpillError>>(
        &self,
        blocks: &[Block<'_>],
        each: &mut dyn FnMut(Group<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut places: Vec<Place> = Vec::new();
        for (block, (_, bytes)) in blocks.iter().enumerate() {
            let mut records = Records::new(bytes);
            while let Some(record) = records.next()? {
                places.push((record.head.group, block, record.start));
            }
        }
        places.sort_unstable();
        let forms = &*self.forms.read().unwrap_or_else(PoisonError::into_inner);
        for places in places.chunk_by(|a, b| a.0 == b.0) {
            each(Group { ledger: self, forms, blocks, places })?;
        }
        Ok(())
    }
}

/// Puts the records of a group together into calls.
fn finish<E: From<SpillError>>(
    group: &Group<'_>,
    diagnostics: &mut Diagnostics,
    each: &mut dyn FnMut(Closed<'_>) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(alike) = group.alike()? {
        return each(Closed::Alike(alike));
    }
    let mut calls: BTreeMap<CallKey, Keyed> = BTreeMap::new();
    for told in group.told() {
        let told = told?;
        match calls.entry(told.first.key) {
            Entry::Occupied(mut known) => known.get_mut().state.add(told),
            Entry::Vacant(free) => {
                let family = told.first.family.clone();
                free.insert(Keyed { state: CallState::new(told), family });
            }
        }
    }
    if calls.len() > 1 {
        join_locations(&mut calls, diagnostics);
    }
    calls.into_iter().try_for_each(|(key, keyed)| each(Closed::Call(Box::new(keyed.state.finish(key)))))
}

/// A job told without a location joins the only location of its id, or the lowest of several.
fn join_locations(calls: &mut BTreeMap<CallKey, Keyed>, diagnostics: &mut Diagnostics) {
    let mut families: BTreeMap<CallKey, BTreeSet<(SharedText, CallKey)>> = BTreeMap::new();
    let mut homeless: Vec<(CallKey, CallKey)> = Vec::new();
    for (key, keyed) in calls.iter() {
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
        let Some(guest) = calls.remove(&key) else { continue };
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
        if let Some(host) = calls.get_mut(home) {
            host.state.merge(guest.state);
        }
    }
}
