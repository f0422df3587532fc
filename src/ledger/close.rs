//! Closing: puts the records of each part together into calls, the parts side by side.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Ledger;
use super::code::{Records, told_at};
use super::parts::{PARTS, Parts};
use super::spill::SpillError;
use crate::model::call::{Call, CallState};
use crate::model::document::{Diagnostics, diagnose, merge_diagnostics};
use crate::model::observation::{CallKey, JobFamily};
use crate::model::reason::DiagnosticKind;
use crate::model::text::SharedText;

/// A call that is still growing, with the family it may join.
struct Keyed {
    state: CallState,
    family: Option<JobFamily>,
}

/// Where a record begins, and by what it is put together with others.
type Place = (u128, usize);

impl Ledger {
    /// Hands every call to `each`, on several threads and in no meaningful order. Each thread begins with `new`; what all of
    /// them end with is returned, with what was odd about the calls.
    ///
    /// # Errors
    /// The first error of `each`, or that what waited on disk cannot be read.
    pub fn calls<S: Send, E: From<SpillError> + Send>(
        &self,
        threads: usize,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, Call) -> Result<(), E> + Sync,
    ) -> Result<(Vec<S>, Diagnostics), E> {
        let threads = threads.clamp(1, PARTS);
        let limit = self.limit / 8 / threads;
        let next = AtomicUsize::new(0);
        let work = || -> Result<(S, Diagnostics), E> {
            let (mut state, mut diagnostics) = (new(), Diagnostics::new());
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                if part >= PARTS {
                    return Ok((state, diagnostics));
                }
                let mut each = |call| each(&mut state, call);
                if let Err(error) = self.close_part(&self.parts, part, limit, &mut each, &mut diagnostics) {
                    // Nobody begins another part.
                    next.store(PARTS, Ordering::Relaxed);
                    return Err(error);
                }
            }
        };
        let ended = thread::scope(|scope| {
            let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut ended = vec![work()];
            ended.extend(workers.into_iter().map(|worker| match worker.join() {
                Ok(ended) => ended,
                Err(panic) => std::panic::resume_unwind(panic),
            }));
            ended
        });
        let (mut states, mut diagnostics) = (Vec::new(), Diagnostics::new());
        for worker in ended {
            let (state, notes) = worker?;
            states.push(state);
            merge_diagnostics(&mut diagnostics, notes);
        }
        Ok((states, diagnostics))
    }

    /// Puts one part together. A part that is larger than the limit is told apart further.
    fn close_part<E: From<SpillError>>(
        &self,
        parts: &Parts,
        part: usize,
        limit: usize,
        each: &mut dyn FnMut(Call) -> Result<(), E>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), E> {
        let size = parts.size(part);
        if size == 0 {
            return Ok(());
        }
        if let Some(held) = parts.is_held(part) {
            return self.put_together(held, each, diagnostics);
        }
        if size > limit
            && let Some(finer) = parts.finer(part, limit, &self.scratch)?
        {
            return (0..PARTS).try_for_each(|part| self.close_part(&finer, part, limit, each, diagnostics));
        }
        let mut whole = Vec::with_capacity(size);
        parts.pieces(part, &self.scratch, &mut |piece| {
            whole.extend_from_slice(piece);
            Ok(())
        })?;
        self.put_together(&whole, each, diagnostics)
    }

    fn put_together<E: From<SpillError>>(
        &self,
        bytes: &[u8],
        each: &mut dyn FnMut(Call) -> Result<(), E>,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), E> {
        let mut places: Vec<Place> = Vec::new();
        let mut records = Records::new(bytes);
        while let Some(record) = records.next()? {
            places.push((record.head.group, record.start));
        }
        places.sort_unstable();
        for group in places.chunk_by(|a, b| a.0 == b.0) {
            let mut calls: BTreeMap<CallKey, Keyed> = BTreeMap::new();
            for (_, start) in group {
                let told = told_at(bytes, *start, &self.words)?;
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
            for (key, keyed) in calls {
                each(keyed.state.finish(key))?;
            }
        }
        Ok(())
    }
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
