//! Laws of merging: neither the order of entries nor their batches change a call, and a copy changes only counts.

use billtrail::ledger::{Ledger, Memory, SpillCounts, SpillError};
use billtrail::model::call::{Call, CallState, Told};
use billtrail::model::observation::{CallKey, Observation, Source};
use billtrail::provider::{Decoded, Provider};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::generated::entry;

/// Decodes the entries, each from a place of its own; some stand twice.
fn observations(entries: &[Value]) -> Vec<Observation> {
    let provider = Provider::google_cloud(None).unwrap();
    let mut found = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let at = at as u64;
        let source = Source { input: (at % 3) as u32, offset: 1000 * (at / 3), line: 1 + at / 3, item: 0 };
        match provider.decode(entry.to_string().as_bytes(), source) {
            Decoded::Entry(observation, _) => found.push(*observation),
            other => panic!("{entry}: {other:?}"),
        }
    }
    found
}

/// All that a ledger says after taking in these batches, calls sorted by key.
fn closed(batches: Vec<Vec<Observation>>) -> (Vec<Call>, String) {
    let (calls, shown, counts) = closed_within(256 << 20, 2, batches);
    assert_eq!(counts.spilled_bytes, 0);
    (calls, shown)
}

/// The same with so much memory and so many threads, and what was spilled.
fn closed_within(limit: usize, threads: usize, batches: Vec<Vec<Observation>>) -> (Vec<Call>, String, SpillCounts) {
    let mut ledger = Ledger::new(&Memory { limit, directory: std::env::temp_dir() });
    for batch in batches {
        ledger.absorb(batch).unwrap();
    }
    let each = |calls: &mut Vec<Call>, call| {
        calls.push(call);
        Ok::<(), SpillError>(())
    };
    let (parts, diagnostics) = ledger.calls(threads, Vec::new, each).unwrap();
    let mut calls = parts.concat();
    calls.sort_by_key(|call| call.key);
    let shown = format!("{} {diagnostics:?} {calls:#?}", ledger.observed());
    (calls, shown, ledger.counts())
}

/// Deals the observations onto batches.
fn dealt(observations: &[Observation], batch_of: &[usize]) -> Vec<Vec<Observation>> {
    let mut batches = vec![Vec::new(); 5];
    for (observation, batch) in observations.iter().zip(batch_of) {
        batches[*batch].push(observation.clone());
    }
    batches
}

/// Entries, the same with copies in another order, and a batch for each.
fn shuffled() -> impl Strategy<Value = (Vec<Value>, Vec<usize>, Vec<usize>)> {
    (vec(entry(), 1..24), vec(any::<prop::sample::Index>(), 0..6)).prop_flat_map(|(mut entries, copies)| {
        let twice: Vec<Value> = copies.iter().map(|at| at.get(&entries).clone()).collect();
        entries.extend(twice);
        let order: Vec<usize> = (0..entries.len()).collect();
        let batches = vec(0_usize..5, entries.len());
        (Just(entries), Just(order).prop_shuffle(), batches)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_batches_change_no_call((entries, order, batch_of) in shuffled()) {
        let forwards = observations(&entries);
        let mixed: Vec<Observation> = order.iter().map(|at| forwards[*at].clone()).collect();
        let (calls, expected) = closed(vec![forwards]);
        prop_assert_eq!(&closed(dealt(&mixed, &batch_of)).1, &expected);
        let entries_of_calls: u64 = calls.iter().map(|call| call.entries).sum();
        prop_assert_eq!(entries_of_calls, entries.len() as u64);
        let merged: u64 = calls.iter().flat_map(|call| call.merged.values()).sum();
        prop_assert_eq!(merged + calls.len() as u64, entries.len() as u64);
    }

    #[test]
    fn memory_and_threads_change_no_call((entries, order, batch_of) in shuffled(), limit in 0..20_000_usize, threads in 1..5_usize) {
        let forwards = observations(&entries);
        let mixed: Vec<Observation> = order.iter().map(|at| forwards[*at].clone()).collect();
        let expected = closed(vec![forwards]).1;
        let (_, shown, counts) = closed_within(limit, threads, dealt(&mixed, &batch_of));
        prop_assert_eq!(&shown, &expected);
        prop_assert!(counts.peak_held_bytes > 0 && (counts.spills == 0) == (counts.spilled_bytes == 0));
        if limit < 100 {
            prop_assert!(counts.spilled_bytes > 0);
        }
    }

    #[test]
    fn merging_states_is_commutative_and_associative((entries, order, batch_of) in shuffled()) {
        let forwards = observations(&entries);
        let state = |observations: &[Observation]| -> Option<CallState> {
            let mut rest = observations.iter().cloned();
            let mut state = CallState::new(Told::new(rest.next()?));
            rest.for_each(|observation| state.add(Told::new(observation)));
            Some(state)
        };
        let joined = |states: Vec<CallState>| {
            let mut states = states.into_iter();
            let mut whole = states.next().unwrap();
            states.for_each(|state| whole.merge(state));
            whole
        };
        let show = |state: CallState| format!("{:#?}", state.finish(CallKey(0)));
        let expected = show(state(&forwards).unwrap());
        let mixed: Vec<Observation> = order.iter().map(|at| forwards[*at].clone()).collect();
        let parts: Vec<CallState> = dealt(&mixed, &batch_of).iter().filter_map(|part| state(part)).collect();
        prop_assert_eq!(&show(joined(parts.clone())), &expected);
        prop_assert_eq!(&show(joined(parts.iter().rev().cloned().collect())), &expected);
        // (a b) (c d e) in place of (((a b) c) d) e.
        let (left, right) = parts.split_at(parts.len() / 2);
        let halves: Vec<CallState> =
            [left, right].into_iter().filter(|half| !half.is_empty()).map(|half| joined(half.to_vec())).collect();
        prop_assert_eq!(&show(joined(halves)), &expected);
    }

    #[test]
    fn the_same_record_twice_changes_only_counts((entries, order, _) in shuffled()) {
        let once = observations(&entries);
        let mut twice = once.clone();
        twice.push(once[order[0]].clone());
        let uncounted = |calls: Vec<Call>| {
            let calls = calls.into_iter().map(|call| Call { entries: 0, merged: Default::default(), conflicting_copies: 0, ..call });
            format!("{:#?}", calls.collect::<Vec<_>>())
        };
        let (before, after) = (closed(vec![once]).0, closed(vec![twice]).0);
        let entries_of = |calls: &[Call]| calls.iter().map(|call| call.entries).sum::<u64>();
        let duplicates = |calls: &[Call]| calls.iter().flat_map(|call| call.merged.get(&billtrail::model::reason::MergeCause::Duplicate)).sum::<u64>();
        prop_assert_eq!(entries_of(&before) + 1, entries_of(&after));
        prop_assert_eq!(duplicates(&before) + 1, duplicates(&after));
        prop_assert_eq!(uncounted(before), uncounted(after));
    }
}
