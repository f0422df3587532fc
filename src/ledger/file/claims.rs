//! Charges, claims and candidates as JSON, with references to payers as text.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::Damage;
use crate::model::observation::{Candidate, Charge, Claim, Evidence};
use crate::model::payer::{Namespace, PayerName, PayerRef};
use crate::model::reason::PayerReason;
use crate::model::text::shared;

/// Who carries a call.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ChargeText<'a> {
    Nobody { rule: Cow<'a, str>, reason: PayerReason, evidence: Option<EvidenceText<'a>> },
    One(ClaimText<'a>),
    Requester { requesters: Vec<ClaimText<'a>>, owner: Option<ClaimText<'a>>, kind: Cow<'a, str> },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimText<'a> {
    payer: String,
    rule: Cow<'a, str>,
    evidence: EvidenceText<'a>,
    confidence: u8,
    remark: Option<PayerReason>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceText<'a> {
    path: Cow<'a, str>,
    text: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CandidateText<'a> {
    payer: String,
    evidence: EvidenceText<'a>,
    must_agree: bool,
    why: Cow<'a, str>,
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and numbers always have a JSON form")
}

fn parsed<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Damage> {
    serde_json::from_str(text).map_err(|error| Damage(format!("`{text}`: {error}")))
}

/// A charge as JSON.
pub(super) fn charge_json(charge: &Charge) -> String {
    json(&match charge {
        Charge::Nobody { rule, reason, evidence } => ChargeText::Nobody {
            rule: Cow::Borrowed(rule),
            reason: *reason,
            evidence: evidence.as_ref().map(EvidenceText::of),
        },
        Charge::One(claim) => ChargeText::One(ClaimText::of(claim)),
        Charge::Requester { requesters, owner, kind } => ChargeText::Requester {
            requesters: requesters.iter().map(ClaimText::of).collect(),
            owner: owner.as_ref().map(ClaimText::of),
            kind: Cow::Borrowed(kind),
        },
    })
}

/// The charge that JSON says.
pub(super) fn charge(text: &str) -> Result<Charge, Damage> {
    Ok(match parsed(text)? {
        ChargeText::Nobody { rule, reason, evidence } => {
            Charge::Nobody { rule: fixed(&rule)?, reason, evidence: evidence.map(EvidenceText::evidence) }
        }
        ChargeText::One(claim) => Charge::One(claim.claim()?),
        ChargeText::Requester { requesters, owner, kind } => Charge::Requester {
            requesters: requesters.into_iter().map(ClaimText::claim).collect::<Result<_, _>>()?,
            owner: owner.map(ClaimText::claim).transpose()?,
            kind: fixed(&kind)?,
        },
    })
}

/// A claim as JSON.
pub(super) fn claim_json(claim: &Claim) -> String {
    json(&ClaimText::of(claim))
}

/// The claim that JSON says.
pub(super) fn claim(text: &str) -> Result<Claim, Damage> {
    parsed::<ClaimText<'_>>(text)?.claim()
}

/// Candidates as JSON; `None` when there are none.
pub(super) fn candidates_json(candidates: &[Candidate]) -> Option<String> {
    let texts: Vec<CandidateText<'_>> = candidates.iter().map(CandidateText::of).collect();
    (!texts.is_empty()).then(|| json(&texts))
}

/// The candidates that JSON says.
pub(super) fn candidates(text: &str) -> Result<Vec<Candidate>, Damage> {
    parsed::<Vec<CandidateText<'_>>>(text)?.into_iter().map(CandidateText::candidate).collect()
}

/// Labels as a JSON list of pairs; `None` when there are none.
pub(super) fn labels_json(labels: &[(String, String)]) -> Option<String> {
    (!labels.is_empty()).then(|| json(&labels))
}

/// The labels that JSON says.
pub(super) fn labels(text: &str) -> Result<Vec<(String, String)>, Damage> {
    parsed(text)
}

/// Content hashes with their numbers of records as a JSON list of pairs; `None` when there are none.
pub(super) fn copies_json(copies: &[(u64, u64)]) -> Option<String> {
    (!copies.is_empty()).then(|| json(&copies))
}

/// The content hashes that JSON says.
pub(super) fn copies(text: &str) -> Result<Vec<(u64, u64)>, Damage> {
    parsed(text)
}

impl<'a> ClaimText<'a> {
    fn of(claim: &'a Claim) -> Self {
        let Claim { payer, rule, evidence, confidence, remark } = claim;
        Self {
            payer: payer_text(payer),
            rule: Cow::Borrowed(rule),
            evidence: EvidenceText::of(evidence),
            confidence: *confidence,
            remark: *remark,
        }
    }

    fn claim(self) -> Result<Claim, Damage> {
        let Self { payer, rule, evidence, confidence, remark } = self;
        let (payer, rule) = (self::payer(&payer)?, fixed(&rule)?);
        Ok(Claim { payer, rule, evidence: evidence.evidence(), confidence, remark })
    }
}

impl<'a> EvidenceText<'a> {
    fn of(evidence: &'a Evidence) -> Self {
        Self { path: Cow::Borrowed(&evidence.path), text: Cow::Borrowed(&evidence.text) }
    }

    fn evidence(self) -> Evidence {
        Evidence { path: Cow::Owned(self.path.into_owned()), text: shared(&self.text) }
    }
}

impl<'a> CandidateText<'a> {
    fn of(candidate: &'a Candidate) -> Self {
        let Candidate { payer, evidence, must_agree, why } = candidate;
        Self {
            payer: payer_text(payer),
            evidence: EvidenceText::of(evidence),
            must_agree: *must_agree,
            why: Cow::Borrowed(why),
        }
    }

    fn candidate(self) -> Result<Candidate, Damage> {
        let Self { payer, evidence, must_agree, why } = self;
        Ok(Candidate { payer: self::payer(&payer)?, evidence: evidence.evidence(), must_agree, why: fixed(&why)? })
    }
}

/// A reference as text: the id, `number:N` for a number, and `id:` before an id that begins like one of these.
pub(super) fn payer_text(payer: &PayerRef) -> String {
    match (payer.namespace, &payer.name) {
        (Namespace::GcpProject, PayerName::Number(number)) => format!("number:{number}"),
        (Namespace::GcpProject, PayerName::Id(id)) if id.starts_with("number:") || id.starts_with("id:") => {
            format!("id:{id}")
        }
        (Namespace::GcpProject, PayerName::Id(id)) => id.to_string(),
    }
}

/// The reference that a text means.
pub(super) fn payer(text: &str) -> Result<PayerRef, Damage> {
    match (text.strip_prefix("number:"), text.strip_prefix("id:")) {
        (Some(number), _) => match number.parse() {
            Ok(number) => Ok(PayerRef::project_number(number)),
            Err(_) => Err(Damage(format!("`{text}` is no reference to a project"))),
        },
        (None, Some(id)) => Ok(PayerRef::project_id(id)),
        (None, None) => Ok(PayerRef::project_id(text)),
    }
}

/// How many different rules, kinds and reasons a program can have.
const MOST_FIXED: usize = 4096;

/// A text of the program that wrote the ledger, kept for as long as this one runs.
pub(super) fn fixed(text: &str) -> Result<&'static str, Damage> {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(text) {
        return Ok(known);
    }
    if known.len() >= MOST_FIXED {
        return Err(Damage(format!("`{text}` is one more rule than there can be")));
    }
    let kept: &'static str = Box::leak(Box::from(text));
    known.insert(kept);
    Ok(kept)
}
