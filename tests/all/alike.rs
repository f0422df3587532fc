//! Entries that are alike: what is remembered of one is what would be found of the other, whatever field differs.

use billtrail::ledger::{Ledger, Memory, SpillError};
use billtrail::model::brief::Brief;
use billtrail::model::call::Call;
use billtrail::model::observation::Source;
use billtrail::provider::{Decoded, LineRead, LineReader, Provider};
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

/// The calls that the lines tell of, and how many lines were known before they were judged.
fn calls(lines: &[String], remembering: bool) -> (Vec<String>, usize) {
    let provider = Provider::google_cloud(None).unwrap();
    let mut ledger = Ledger::new(&Memory { limit: 1 << 30, directory: std::env::temp_dir() });
    let (mut shelf, mut reader, mut known) = (ledger.shelf(1), LineReader::default(), 0);
    for (at, line) in lines.iter().enumerate() {
        let source = Source { input: 0, offset: 1000 * at as u64, line: 1 + at as u64, item: 0 };
        let read = remembering.then(|| provider.decode_line(line.as_bytes(), source, &mut reader)).flatten();
        match read {
            Some(LineRead::Known(brief)) => {
                known += 1;
                shelf.absorb_brief(&brief).unwrap();
            }
            Some(LineRead::Judged(Decoded::Entry(observation, _), _, first)) => match first {
                Some((likeness, brief)) => {
                    let kept = reader.verdicts.numbers(likeness, &observation.facts);
                    let numbers = shelf.keep_form(&observation.facts, kept).unwrap();
                    reader.verdicts.learn(likeness, numbers, &observation);
                    shelf.absorb_brief(&Brief { numbers, ..brief }).unwrap();
                }
                None => shelf.absorb([*observation]).unwrap(),
            },
            Some(LineRead::Judged(..)) => {}
            None => {
                if let Decoded::Entry(observation, _) = provider.decode(line.as_bytes(), source) {
                    shelf.absorb([*observation]).unwrap();
                }
            }
        }
    }
    ledger.add(shelf);
    let each = |calls: &mut Vec<Call>, call| {
        calls.push(call);
        Ok::<(), SpillError>(())
    };
    let mut calls = ledger.calls(1, Vec::new, each).unwrap().0.concat();
    calls.sort_by_key(|call| call.key);
    (calls.iter().map(|call| format!("{call:?}")).collect(), known)
}

#[test]
fn what_is_remembered_is_what_would_be_found() {
    let lines = lines();
    let (found, none) = calls(&lines, false);
    let (remembered, known) = calls(&lines, true);
    assert_eq!((none, found.len()), (0, remembered.len()));
    for (found, remembered) in found.iter().zip(&remembered) {
        assert_eq!(remembered, found);
    }
    println!("{} lines, {known} known, {} calls", lines.len(), found.len());
    assert!(known > lines.len() / 6, "{known} of {}", lines.len());
}
