//! The samples show everything: each rule three times, each reason, flag and cause at least once.

use std::collections::{BTreeMap, BTreeSet};

use billtrail::gcp::kind::{Kind, Rule};
use billtrail::ingest::{self, ReadOptions, Unit};
use billtrail::model::observation::Charge;
use billtrail::model::reason::{Flag, MergeCause, PayerReason, Reason, SkipReason};
use billtrail::provider::{Decoded, Provider};
use serde_json::Value;

use super::world::{document, root};

fn samples() -> String {
    root().join("sample-logs").display().to_string()
}

fn calls() -> Value {
    let (inputs, projects) = (samples(), root().join("sample-logs/projects.json"));
    document(&["calls", &inputs, "--projects", projects.to_str().unwrap()])
}

#[test]
fn every_rule_is_shown_by_three_sample_entries() {
    let provider = Provider::google_cloud(None).unwrap();
    let inputs = [format!("{}/*.jsonl", samples())];
    let listing = ingest::list(&inputs, None, None).unwrap();
    let rule = |unit: Unit<'_>| {
        let Unit::Record { bytes, source } = unit else { return None };
        let Decoded::Entry(observation, _) = provider.decode(bytes, source) else { return None };
        match observation.facts.charge {
            Charge::Nobody { rule, .. } => Some(rule),
            Charge::One(claim) => Some(claim.rule),
            Charge::Requester { requesters, .. } => requesters.first().map(|claim| claim.rule),
        }
    };
    let mut shown: BTreeMap<&str, u64> = BTreeMap::new();
    let mut fold = |rules: Vec<Option<&'static str>>| {
        rules.into_iter().flatten().for_each(|rule| *shown.entry(rule).or_default() += 1);
    };
    ingest::read(&listing, &ReadOptions::default(), &rule, &mut fold).unwrap();
    let rare: Vec<(&str, u64)> = Rule::ALL
        .iter()
        .map(|rule| (rule.name(), shown.get(rule.name()).copied().unwrap_or(0)))
        .filter(|(_, count)| *count < 3)
        .collect();
    assert!(rare.is_empty(), "rules with fewer than three entries: {rare:?}");
}

/// Fails for the names of a closed list that are not among those seen.
#[track_caller]
fn all_shown(what: &str, names: impl Iterator<Item = &'static str>, seen: &BTreeSet<&str>) {
    let missing: Vec<&str> = names.filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "no sample shows the {what} {missing:?}");
}

#[test]
fn every_kind_reason_and_flag_is_shown_by_a_sample_call() {
    let document = calls();
    let rows = document["rows"].as_array().unwrap();
    let seen = |column: &str| -> BTreeSet<&str> {
        rows.iter().filter_map(|row| row[column].as_str()).flat_map(|text| text.split(", ")).collect()
    };
    all_shown("kind", Kind::ALL.iter().map(|kind| kind.name()), &seen("kind"));
    all_shown("reason", Reason::ALL.iter().map(|reason| reason.name()), &seen("reason"));
    all_shown("payer_reason", PayerReason::ALL.iter().map(|reason| reason.name()), &seen("payer_reason"));
    // An estimate is declared in the configuration, not found in a log.
    let flags = Flag::ALL.iter().filter(|flag| **flag != Flag::Estimate);
    all_shown("flag", flags.map(|flag| flag.name()), &seen("flags"));
}

#[test]
fn every_merge_cause_and_skip_reason_is_shown() {
    let document = calls();
    let seen = |key: &str| document["tally"][key].as_object().unwrap().keys().map(String::as_str).collect();
    all_shown("merge cause", MergeCause::ALL.iter().map(|cause| cause.name()), &seen("merged"));
    // These are asked for by --from and --to, and by --where.
    let asked = [SkipReason::OutsidePeriod, SkipReason::Where];
    let skips = SkipReason::ALL.iter().filter(|skip| !asked.contains(skip));
    all_shown("skip reason", skips.map(|skip| skip.name()), &seen("skipped"));
}

#[test]
fn entries_outside_the_period_are_skipped_and_counted() {
    let inputs = samples();
    let all = document(&["calls", &inputs]);
    let some = document(&["calls", &inputs, "--from", "2026-10-05", "--to", "2026-10-12"]);
    let sum = |document: &Value, key: &str| {
        document["tally"][key].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(all["tally"]["records"], some["tally"]["records"]);
    let inside =
        |row: &&Value| row["timestamp"].as_str().is_some_and(|time| ("2026-10-05".."2026-10-12").contains(&time));
    let expected: Vec<&Value> = all["rows"].as_array().unwrap().iter().filter(inside).collect();
    assert_eq!(expected, some["rows"].as_array().unwrap().iter().collect::<Vec<_>>());
    let outside = some["tally"]["skipped"]["outside_period"].as_u64().unwrap();
    let entries = |document: &Value| document["tally"]["calls"].as_u64().unwrap() + sum(document, "merged");
    assert_eq!(entries(&all), entries(&some) + outside);
}
