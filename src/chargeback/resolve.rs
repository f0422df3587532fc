//! Resolves the symbolic references of a call: who pays, after the directory was asked.

use crate::model::call::Call;
use crate::model::directory::Directory;
use crate::model::observation::{Charge, Claim, Evidence};
use crate::model::payer::Payer;
use crate::model::reason::{DiagnosticKind, PayerReason};

/// What a provider knows of a payer beyond its name, such as that it belongs to the provider itself.
pub type Special = fn(&Payer) -> Option<PayerReason>;

/// A call's payer, with the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Who pays for the call.
    pub payer: Option<Payer>,
    /// Why nobody does, or what is special about the payer.
    pub payer_reason: Option<PayerReason>,
    /// The kind, now that requester and owner were compared.
    pub kind: &'static str,
    /// The rule that decided.
    pub rule: &'static str,
    /// The field that proves it.
    pub evidence: Option<Evidence>,
    /// How sure the rule is; 0 when nobody pays.
    pub confidence: u8,
    /// Who pays for the storage of the resource.
    pub storage_payer: Option<Payer>,
    /// Fields that name another project than they should, as `path=text`.
    pub conflicts: Vec<String>,
    /// Diagnostics that the resolution found.
    pub notes: Vec<(DiagnosticKind, String)>,
}

/// Resolves the payer of a call.
pub fn resolve(call: &Call, directory: &Directory, special: Special) -> Resolved {
    let facts = &call.facts;
    let mut resolved = match &facts.charge {
        Charge::Nobody { rule, reason, evidence } => Resolved {
            payer: None,
            payer_reason: Some(*reason),
            kind: facts.kind,
            rule,
            evidence: evidence.clone(),
            confidence: 0,
            storage_payer: None,
            conflicts: Vec::new(),
            notes: Vec::new(),
        },
        Charge::One(claim) => by_claim(claim, facts.kind, directory),
        Charge::Requester { requesters, owner, kind } => {
            by_request(requesters, owner.as_ref(), (facts.kind, kind), directory)
        }
    };
    resolved.storage_payer = facts.storage.as_ref().map(|claim| directory.resolve(&claim.payer));
    if let Some(reason) = resolved.payer.as_ref().and_then(special) {
        // An owner whose number is not known is a lesser remark than a payer that is nobody's.
        resolved.payer_reason = Some(reason);
    }
    if let Some(payer) = &resolved.payer {
        for candidate in facts.candidates.iter().filter(|candidate| candidate.must_agree) {
            if Directory::same(payer, &directory.resolve(&candidate.payer)) == Some(false) {
                resolved.conflicts.push(format!("{}={}", candidate.evidence.path, candidate.evidence.text));
            }
        }
    }
    resolved
}

fn by_claim(claim: &Claim, kind: &'static str, directory: &Directory) -> Resolved {
    Resolved {
        payer: Some(directory.resolve(&claim.payer)),
        payer_reason: claim.remark,
        kind,
        rule: claim.rule,
        evidence: Some(claim.evidence.clone()),
        confidence: claim.confidence,
        storage_payer: None,
        conflicts: Vec::new(),
        notes: Vec::new(),
    }
}

/// The first requester that is not the owner pays. One that may be the owner stays a requester, with a remark.
fn by_request(
    requesters: &[Claim],
    owner: Option<&Claim>,
    (ordinary, by_requester): (&'static str, &'static str),
    directory: &Directory,
) -> Resolved {
    let Some(owner) = owner else {
        return requesters.first().map_or_else(
            || unreachable!("a requester charge names at least one requester: the rule makes it from the first"),
            |claim| by_claim(claim, by_requester, directory),
        );
    };
    let owning = directory.resolve(&owner.payer);
    for claim in requesters {
        let payer = directory.resolve(&claim.payer);
        match Directory::same(&payer, &owning) {
            Some(true) => {}
            Some(false) => return by_claim(claim, by_requester, directory),
            None => {
                let mut resolved = by_claim(claim, by_requester, directory);
                resolved.payer_reason = Some(PayerReason::OwnerNumberUnknown);
                let note = format!("requester {payer}, owner {owning}");
                resolved.notes.push((DiagnosticKind::OwnerNumberUnknown, note));
                return resolved;
            }
        }
    }
    by_claim(owner, ordinary, directory)
}
