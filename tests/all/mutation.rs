//! Samples cannot flatter the rules: changing any field that a rule reads changes the verdict, the proof or the identity.
//!
//! Copies of a field into a column (`serviceName`, `methodName`, `resourceName`, `logName`, `insertId`) do not count as a change.
//! What may survive is listed with the reason why it does not matter; a survivor that is not listed fails the test, and so does
//! a listed one that no longer survives. `--nocapture` prints the counts.

use std::collections::BTreeMap;

use billtrail::model::observation::{CallKey, Charge, EntryId, Observation, Source};
use billtrail::model::reason::{DiagnosticKind, MergeCause};
use billtrail::provider::{Decoded, Provider};
use serde_json::Value;

use super::mutants::{FIELDS, MUTATIONS, entries, mutated, paths};
use super::survivors::ALLOWED;

type Seen = Result<(Observation, Vec<(DiagnosticKind, String)>), String>;

/// What is decoded, without mere copies of fields.
fn seen(provider: &Provider, entry: &Value) -> Seen {
    let source = Source { input: 0, offset: 0, line: 1, item: 0 };
    match provider.decode(entry.to_string().as_bytes(), source) {
        Decoded::Entry(mut observation, notes) => {
            let facts = &mut observation.facts;
            if facts.insert_id.is_none() {
                // Without an insertId the identity is that of all bytes, which any change changes.
                observation.entry = EntryId(0);
                if observation.cause == MergeCause::Duplicate {
                    observation.key = CallKey(0);
                }
            }
            (facts.service, facts.method, facts.resource) = (None, None, None);
            (facts.log_name, facts.insert_id) = (None, None);
            Ok((*observation, notes))
        }
        other => Err(format!("{other:?}")),
    }
}

/// The field by which the payer was found.
fn proof(observation: &Observation) -> Option<String> {
    let evidence = match &observation.facts.charge {
        Charge::Nobody { evidence, .. } => evidence.as_ref()?,
        Charge::One(claim) => &claim.evidence,
        Charge::Requester { requesters, .. } => &requesters.first()?.evidence,
    };
    Some(format!("/{}", evidence.path.replace(['.', '['], "/").replace(']', "")))
}

#[test]
fn changing_the_proof_always_changes_the_verdict() {
    let provider = Provider::google_cloud(None).unwrap();
    let mut tried = 0;
    for entry in entries() {
        let Ok(original) = seen(&provider, &entry) else { continue };
        let Some(path) = proof(&original.0).filter(|path| entry.pointer(path).is_some()) else { continue };
        for mutation in MUTATIONS {
            tried += 1;
            let changed = seen(&provider, &mutated(&entry, &path, mutation));
            let charge = |seen: &Seen| seen.as_ref().ok().map(|(observation, _)| observation.facts.charge.clone());
            assert_ne!(charge(&Ok(original.clone())), charge(&changed), "{mutation} {path} in {entry}");
        }
    }
    assert!(tried > 1500, "only {tried} proofs were changed");
}

#[test]
fn changing_a_field_that_a_rule_reads_changes_what_is_decoded() {
    let provider = Provider::google_cloud(None).unwrap();
    // By kind, field and mutation: how many were tried, and which survived.
    let mut tried: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut survived: BTreeMap<(&str, &str, &str), Vec<String>> = BTreeMap::new();
    for entry in entries() {
        let Ok(original) = seen(&provider, &entry) else { continue };
        for field in FIELDS {
            let mut found = Vec::new();
            paths(&entry, &field.split('.').collect::<Vec<_>>(), "", &mut found);
            for (path, mutation) in found.iter().flat_map(|path| MUTATIONS.map(|mutation| (path, mutation))) {
                *tried.entry((field, mutation)).or_default() += 1;
                if seen(&provider, &mutated(&entry, path, mutation)).as_ref() == Ok(&original) {
                    let places = survived.entry((original.0.facts.kind, field, mutation)).or_default();
                    places.push(format!("{} {path}", entry["insertId"]));
                }
            }
        }
    }
    for ((kind, field, mutation), places) in &survived {
        println!("{kind}\t{field}\t{mutation}\t{}\t{}", places.len(), places[0]);
    }
    let mut failures = Vec::new();
    for field in FIELDS {
        let all: u64 = MUTATIONS.iter().filter_map(|mutation| tried.get(&(field, *mutation))).sum();
        let alive = survived.iter().filter(|((_, named, _), _)| *named == field).map(|(_, places)| places.len() as u64);
        if all == 0 {
            failures.push(format!("{field}: no entry has it"));
        } else if alive.sum::<u64>() == all {
            failures.push(format!("{field}: changes nothing anywhere, so that no rule reads it"));
        }
    }
    let allowed = |kind: &str, field: &str, mutation: &str| {
        ALLOWED
            .iter()
            .any(|(f, kinds, mutations, _)| *f == field && kinds.contains(&kind) && mutations.contains(&mutation))
    };
    for ((kind, field, mutation), places) in &survived {
        if !allowed(kind, field, mutation) {
            failures.push(format!("{kind}: {field}: {mutation}: {} survive, such as {}", places.len(), places[0]));
        }
    }
    for (field, kinds, mutations, why) in ALLOWED {
        for (kind, mutation) in kinds.iter().flat_map(|kind| mutations.iter().map(move |mutation| (kind, mutation))) {
            if !survived.contains_key(&(*kind, *field, *mutation)) {
                failures.push(format!("{kind}: {field}: {mutation}: is listed ({why}) and no longer survives"));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
