//! Resource-based services: the project that holds the resource pays.
//!
//! Evidence, in this order: `resourceName`, a permission check, the label, the log. Source:
//! <https://cloud.google.com/docs/quotas/quota-project>, which names the resource's project as the quota project.

use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::mention::{self, Mention};
use crate::model::observation::{Candidate, Charge};
use crate::model::reason::PayerReason;

/// Judges a call to a resource-based service.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let label = call.label();
    let named = [
        (Rule::ResourceResourceName, 100, call.resource()),
        (Rule::ResourceAuthorization, 90, mention::authorizations(call.audit).next()),
        (Rule::ResourceLabel, 75, label.clone()),
        (Rule::ResourceLogName, 50, call.log()),
    ];
    let (charge, candidates) = first(named, Rule::ResourceLogName);
    let mut verdict = Verdict::new(Kind::Resource, charge);
    verdict.resource_project = resource_project(call).or(label.and_then(|label| label.payer().cloned()));
    verdict.candidates = candidates;
    verdict
}

/// The project that the resource name or, without one, the label names.
pub fn resource_project(call: &Audited<'_>) -> Option<crate::model::payer::PayerRef> {
    call.resource().or_else(|| call.label())?.payer().cloned()
}

/// The first mention decides, even when what it names can be no project; the others are candidates that should agree,
/// except permission checks, which may be about other projects.
pub fn first<const N: usize>(named: [(Rule, u8, Option<Mention>); N], none: Rule) -> (Charge, Vec<Candidate>) {
    let mut charge = None;
    let mut candidates = Vec::new();
    for (rule, confidence, mention) in named {
        let Some(mention) = mention else { continue };
        if charge.is_none() {
            charge = Some(mention.charge(rule, confidence));
        } else {
            let check = rule == Rule::ResourceAuthorization;
            let why = if check {
                "a permission may be checked on another project"
            } else {
                "a field nearer to the resource decides"
            };
            candidates.extend(mention.candidate(!check, why));
        }
    }
    let nobody = Charge::Nobody { rule: none.name(), reason: PayerReason::NoProject, evidence: None };
    (charge.unwrap_or(nobody), candidates)
}
