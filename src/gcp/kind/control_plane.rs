//! Free services that manage others, and calls that a security policy refused: nothing is billed, the project is kept.

use super::resource::{first, resource_project};
use super::{Audited, Kind, Rule, Verdict};
use crate::model::reason::Reason;

/// Judges a call to a control-plane service.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let named = [
        (Rule::ControlPlaneLabel, 75, call.label()),
        (Rule::ControlPlaneResourceName, 75, call.resource()),
        (Rule::ControlPlaneLogName, 50, call.log()),
    ];
    let (charge, candidates) = first(named, Rule::ControlPlaneLabel);
    let mut verdict = Verdict::new(Kind::ControlPlane, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project(call);
    verdict.reason = Some(Reason::ControlPlane);
    verdict
}

/// Puts the project of the refused resource in place of what the kind found.
pub fn refuse(call: &Audited<'_>, verdict: &mut Verdict) {
    verdict.reason = Some(Reason::PolicyDenied);
    let label = call.label().or_else(|| call.log());
    if let Some(label) = label {
        verdict.charge = label.charge(Rule::PolicyLabel, 75);
    }
}
