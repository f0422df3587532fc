//! Evidence is real: every path that a verdict names, looked up in the entry, holds the text that the verdict quotes.

use std::collections::BTreeSet;

use billtrail::gcp::decode::canonical;
use billtrail::ingest::{self, ReadOptions, Unit};
use billtrail::model::observation::{Charge, Evidence, Observation};
use billtrail::provider::{Decoded, Provider};
use serde_json::Value;

use super::world::{document, root};

/// The value at a path such as `protoPayload.authorizationInfo[1].resource`.
fn at<'v>(entry: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(entry, |value, step| {
        let (name, indexes) =
            step.split_once('[').map_or((step, ""), |(name, rest)| (name, rest.trim_end_matches(']')));
        let value = value.get(name)?;
        if indexes.is_empty() { Some(value) } else { value.get(indexes.parse::<usize>().ok()?) }
    })
}

/// Everything in an observation that claims to stand in the entry.
fn claimed(observation: &Observation) -> Vec<&Evidence> {
    let facts = &observation.facts;
    let mut evidence: Vec<&Evidence> = match &facts.charge {
        Charge::Nobody { evidence, .. } => evidence.iter().collect(),
        Charge::One(claim) => vec![&claim.evidence],
        Charge::Requester { requesters, owner, .. } => {
            requesters.iter().chain(owner).map(|claim| &claim.evidence).collect()
        }
    };
    evidence.extend(facts.storage.iter().map(|claim| &claim.evidence));
    evidence.extend(facts.candidates.iter().map(|candidate| &candidate.evidence));
    evidence
}

/// The entry as a tree. Half of a surrogate pair is valid in a field that no rule reads, but the tree cannot hold it.
fn lookup(entry: &[u8]) -> Value {
    serde_json::from_slice(entry).unwrap_or_else(|_| {
        let text = std::str::from_utf8(entry).expect("UTF-8");
        let whole = text.split("\\ud8").collect::<Vec<_>>().join("\\u00");
        serde_json::from_str(&whole).expect("JSON but for lone surrogates")
    })
}

type Checked = (Vec<String>, Vec<(String, String)>);

/// What is wrong with a record's evidence, and the pairs of path and text that were found to hold.
fn check(provider: &Provider, unit: &Unit<'_>) -> Checked {
    let Unit::Record { bytes, source } = unit else { return Default::default() };
    let Decoded::Entry(observation, _) = provider.decode(bytes, *source) else { return Default::default() };
    let entry = lookup(&canonical(bytes).expect("an entry"));
    let (mut wrong, mut held) = (Vec::new(), Vec::new());
    for Evidence { path, text } in claimed(&observation) {
        match at(&entry, path) {
            Some(Value::String(found)) if found == text => held.push((path.to_string(), text.to_string())),
            found => wrong.push(format!("line {}: {path} is {found:?}, not {text:?}", source.line)),
        }
    }
    (wrong, held)
}

/// Checks all records below a folder, and that every call's evidence is among what was found.
fn all_evidence_holds(inputs: &str) {
    let provider = Provider::google_cloud(None).unwrap();
    let listing = ingest::list(&[inputs.to_owned()], None, None).unwrap();
    assert!(listing.failed.is_empty() && !listing.inputs.is_empty(), "{listing:?}");
    let mut wrong = Vec::new();
    let mut held = BTreeSet::new();
    let decode = |unit: Unit<'_>| check(&provider, &unit);
    let mut fold = |found: Vec<Checked>| {
        for (bad, good) in found {
            wrong.extend(bad);
            held.extend(good);
        }
    };
    ingest::read(&listing, &ReadOptions::default(), &decode, &mut fold).unwrap();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    let document = document(&["calls", inputs]);
    let mut proved = 0;
    for row in document["rows"].as_array().unwrap() {
        match (row["evidence_path"].as_str(), row["evidence_text"].as_str()) {
            (Some(path), Some(text)) => {
                assert!(held.contains(&(path.to_owned(), text.to_owned())), "{row}");
                proved += 1;
            }
            (None, None) => assert!(row["payer"].is_null(), "a payer without evidence: {row}"),
            _ => panic!("half an evidence: {row}"),
        }
    }
    assert!(proved > 100, "only {proved} calls have evidence");
}

#[test]
fn evidence_of_the_samples_stands_in_their_entries() {
    all_evidence_holds(&root().join("sample-logs").display().to_string());
}

#[test]
fn evidence_of_real_entries_stands_in_them() {
    match std::env::var("BILLTRAIL_REAL_LOGS") {
        Ok(folder) => all_evidence_holds(&folder),
        Err(_) => println!("SKIPPED: BILLTRAIL_REAL_LOGS is not set"),
    }
}
