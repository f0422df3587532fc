//! Entries that are alike: what is remembered of one is what would be found of the other, whatever field differs.

use billtrail::ledger::{Ledger, Memory, Shelf, SpillError};
use billtrail::model::brief::Brief;
use billtrail::model::call::Call;
use billtrail::model::observation::Source;
use billtrail::provider::{Decoded, LineRead, LineReader, Provider, SharedVerdicts};
use serde_json::{Value, json};

use super::mutants::{FIELDS, MUTATIONS, entries, mutated, paths};

/// Fields that say who called, where and when: they change what is told, not the rules' verdict.
const MORE_FIELDS: [&str; 12] = [
    "receiveTimestamp",
    "resource.type",
    "resource.labels.zone",
    "resource.labels.region",
    "protoPayload.resourceLocation.currentLocations.*",
    "protoPayload.metadata.destination",
    "protoPayload.status.message",
    "protoPayload.authenticationInfo.principalEmail",
    "protoPayload.authenticationInfo.principalSubject",
    "protoPayload.authenticationInfo.serviceAccountKeyName",
    "protoPayload.authenticationInfo.serviceAccountDelegationInfo.*.principalSubject",
    "protoPayload.authenticationInfo.serviceAccountDelegationInfo.*.firstPartyPrincipal.principalEmail",
];

/// Entries with every mutant of theirs, each twice; no two tell of one call unless a mutation made it so.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    let mut push = |mut entry: Value, own: [bool; 2]| {
        for (path, is_own) in ["/insertId", "/operation/id"].into_iter().zip(own) {
            if let Some(id @ Value::String(_)) = entry.pointer_mut(path).filter(|_| !is_own) {
                *id = json!(format!("line-{}", lines.len()));
            }
        }
        lines.push(entry.to_string());
    };
    for entry in entries() {
        let mut found = Vec::new();
        for field in FIELDS.iter().chain(&MORE_FIELDS) {
            paths(&entry, &field.split('.').collect::<Vec<_>>(), "", &mut found);
        }
        push(entry.clone(), [false, false]);
        for path in &found {
            for mutation in MUTATIONS {
                let mutant = mutated(&entry, path, mutation);
                let own = ["/insertId", "/operation/id"].map(|id| path == id);
                push(mutant.clone(), own);
                push(mutant, own);
            }
        }
    }
    lines
}

/// The calls that the lines tell of, and how many lines were known before they were judged. So many readers take the lines in turn,
/// each with a shelf of its own; none of them judges every line.
fn calls(lines: &[String], readers: usize) -> (Vec<String>, usize) {
    let (provider, verdicts) = (Provider::google_cloud(None).unwrap(), SharedVerdicts::default());
    let mut ledger = Ledger::new(&Memory { limit: 1 << 30, directory: std::env::temp_dir() });
    let places = readers.max(1);
    let mut shelves: Vec<Shelf> = (0..places).map(|_| ledger.shelf(places)).collect();
    let mut readers: Vec<LineReader> = (0..readers).map(|_| LineReader::sharing(&verdicts)).collect();
    let mut known = 0;
    for (at, line) in lines.iter().enumerate() {
        let source = Source { input: 0, offset: 1000 * at as u64, line: 1 + at as u64, item: 0 };
        let shelf = &mut shelves[at % places];
        let Some(reader) = readers.get_mut(at % places) else {
            absorb(shelf, provider.decode(line.as_bytes(), source));
            continue;
        };
        match provider.decode_line(line.as_bytes(), source, reader) {
            Some(LineRead::Known(brief)) => {
                known += 1;
                shelf.absorb_brief(&brief).unwrap();
            }
            Some(LineRead::Judged(Decoded::Entry(observation, _), _, Some((likeness, brief)))) => {
                let kept = reader.verdicts.numbers(likeness, &observation.facts);
                let numbers = shelf.keep_form(&observation.facts, kept).unwrap();
                reader.verdicts.learn(likeness, numbers, &observation);
                shelf.absorb_brief(&Brief { numbers, ..brief }).unwrap();
            }
            Some(LineRead::Judged(decoded, _, _)) => absorb(shelf, decoded),
            None => absorb(shelf, provider.decode(line.as_bytes(), source)),
        }
    }
    shelves.into_iter().for_each(|shelf| ledger.add(shelf));
    let each = |calls: &mut Vec<Call>, call| {
        calls.push(call);
        Ok::<(), SpillError>(())
    };
    let mut calls = ledger.calls(1, Vec::new, each).unwrap().0.concat();
    calls.sort_by_key(|call| call.key);
    (calls.iter().map(|call| format!("{call:?}")).collect(), known)
}

fn absorb(shelf: &mut Shelf, decoded: Decoded) {
    if let Decoded::Entry(observation, _) = decoded {
        shelf.absorb([*observation]).unwrap();
    }
}

#[test]
fn what_is_remembered_is_what_would_be_found() {
    let lines = lines();
    let (found, none) = calls(&lines, 0);
    assert_eq!(none, 0);
    let mut known_by_one = None;
    for readers in [1, 2] {
        let (remembered, known) = calls(&lines, readers);
        assert_eq!(found.len(), remembered.len());
        for (found, remembered) in found.iter().zip(&remembered) {
            assert_eq!(remembered, found);
        }
        println!("{readers} readers: {} lines, {known} known, {} calls", lines.len(), found.len());
        assert!(known > lines.len() / 6, "{known} of {}", lines.len());
        // What one reader finds the other knows.
        assert_eq!(known, *known_by_one.get_or_insert(known));
    }
}
