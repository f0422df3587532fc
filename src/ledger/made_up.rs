//! Made-up entries for the laws of this room: any text, any number, every variant.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::call::Told;
use crate::model::observation::{
    CallKey, Candidate, Charge, Claim, EntryId, Evidence, Facts, JobFamily, Observation, Phase, Source, SplitPart,
    Usage,
};
use crate::model::payer::PayerRef;
use crate::model::reason::{Driver, Flag, MergeCause, PayerReason, QuantityUnit, Reason};
use crate::model::text::SharedText;

fn string() -> impl Strategy<Value = String> {
    prop_oneof![select(vec!["projects/a/logs/b".to_owned(), "a".repeat(300), String::new()]), ".{0,12}"]
}

fn text() -> impl Strategy<Value = SharedText> {
    string().prop_map(SharedText::from)
}

fn fixed() -> impl Strategy<Value = &'static str> {
    select(vec!["resource", "resource.label", "client", ""])
}

fn payer() -> impl Strategy<Value = PayerRef> {
    prop_oneof![text().prop_map(PayerRef::project_id), any::<u64>().prop_map(PayerRef::project_number)]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let path = prop_oneof![fixed().prop_map(Cow::Borrowed), string().prop_map(Cow::Owned)];
    (path, text()).prop_map(|(path, text)| Evidence { path, text })
}

fn claim() -> impl Strategy<Value = Claim> {
    let remark = of(select(PayerReason::ALL));
    (payer(), fixed(), evidence(), any::<u8>(), remark).prop_map(|(payer, rule, evidence, confidence, remark)| Claim {
        payer,
        rule,
        evidence,
        confidence,
        remark,
    })
}

fn charge() -> impl Strategy<Value = Charge> {
    let nobody = (fixed(), select(PayerReason::ALL), of(evidence()))
        .prop_map(|(rule, reason, evidence)| Charge::Nobody { rule, reason, evidence });
    let requester = (vec(claim(), 0..3), of(claim()), fixed())
        .prop_map(|(requesters, owner, kind)| Charge::Requester { requesters, owner, kind });
    prop_oneof![nobody, claim().prop_map(Charge::One), requester]
}

fn candidate() -> impl Strategy<Value = Candidate> {
    (payer(), evidence(), any::<bool>(), fixed()).prop_map(|(payer, evidence, must_agree, why)| Candidate {
        payer,
        evidence,
        must_agree,
        why,
    })
}

fn usage() -> impl Strategy<Value = Usage> {
    let quantity = || of(any::<u64>());
    (quantity(), quantity(), quantity(), quantity()).prop_map(|(billed, processed, slot, metered)| Usage {
        total_billed_bytes: billed,
        processed_bytes: processed,
        total_slot_ms: slot,
        metered_slot_ms: metered,
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let texts = proptest::array::uniform10(of(text()));
    let payers = (of(payer()), of(payer()));
    let claims = (charge(), of(claim()), vec(candidate(), 0..3));
    let reasons = (of(select(Reason::ALL)), of(select(Reason::ALL)), select(Driver::ALL), select(QuantityUnit::ALL));
    let lists = (vec(select(Flag::ALL), 0..3), vec((string(), string()), 0..3));
    let numbers = (of(any::<i64>()), of(any::<i64>()), any::<i64>(), any::<bool>(), usage());
    let of_evidence = |charge: &Charge| match charge {
        Charge::One(claim) => Some(claim.evidence.text.clone()),
        Charge::Nobody { .. } | Charge::Requester { .. } => None,
    };
    (texts, payers, fixed(), claims, reasons, lists, numbers, any::<bool>()).prop_map(
        move |(texts, payers, kind, (charge, storage, candidates), reasons, (flags, labels), numbers, same)| {
            let [service, method, principal, delegated_by, resource, location, model, model_version, log, id] = texts;
            let (time, lateness, status_code, failed, usage) = numbers;
            Facts {
                time,
                service,
                method,
                kind,
                // Evidence that is the resource is written in another way.
                resource: if same { of_evidence(&charge) } else { resource },
                charge,
                storage,
                candidates,
                principal,
                principal_project: payers.0,
                delegated_by,
                resource_project: payers.1,
                location,
                model,
                model_version,
                reason: reasons.0,
                method_reason: reasons.1,
                driver: reasons.2,
                quantity_unit: reasons.3,
                usage,
                status_code,
                failed,
                flags,
                labels,
                log_name: log,
                insert_id: id,
                lateness,
            }
        },
    )
}

/// An entry that tells of a call.
pub fn told() -> impl Strategy<Value = Told> {
    let hashes = (any::<u128>(), any::<u128>(), of((any::<u128>(), of(text()))));
    let phase = select(vec![Phase::First, Phase::Middle, Phase::Last, Phase::Whole]);
    let ranks = (select(MergeCause::ALL), phase, any::<u8>(), any::<u8>());
    let split = of((any::<u32>(), any::<u32>(), any::<u64>()));
    let source = (any::<u32>(), any::<u64>(), any::<u64>(), any::<u32>());
    let copies = (vec((any::<u64>(), any::<u64>()), 0..3), any::<bool>());
    (hashes, ranks, split, source, facts(), copies).prop_map(|(hashes, ranks, split, source, facts, copies)| Told {
        first: Observation {
            key: CallKey(hashes.0),
            entry: EntryId(hashes.1),
            family: hashes.2.map(|(base, location)| JobFamily { base: CallKey(base), location }),
            cause: ranks.0,
            phase: ranks.1,
            rank: ranks.2,
            charge_rank: ranks.3,
            split: split.map(|(index, total, whole)| SplitPart { index, total, whole }),
            source: Source { input: source.0, offset: source.1, line: source.2, item: source.3 },
            facts: Box::new(facts),
            learnt: None,
        },
        copies: copies.0,
        across_inputs: copies.1,
    })
}
