//! Services without a row in the catalogue: the label's project, with little confidence, and not billable.

use super::resource::{first, resource_project};
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::mention;
use crate::model::reason::Reason;

/// Judges a call to a service that the catalogue does not know.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let named = [
        (Rule::UnknownLabel, 50, mention::label(call.entry)),
        (Rule::UnknownLogName, 50, mention::log_name(call.entry)),
    ];
    let (charge, mut candidates) = first(named, Rule::UnknownLabel);
    let resource = mention::resource_name(call.audit);
    candidates.extend(resource.and_then(|found| found.candidate(true, "how the service is billed is not known")));
    let mut verdict = Verdict::new(Kind::Unknown, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project(call);
    verdict.method_reason = Some(Some(Reason::UnknownService));
    verdict
}
