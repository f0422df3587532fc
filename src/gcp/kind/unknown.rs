//! Services without a row in the catalogue: the label's project, with little confidence, and not billable.

use super::resource::{first, resource_project};
use super::{Audited, Kind, Rule, Verdict};
use crate::model::reason::Reason;

/// Judges a call to a service that the catalogue does not know.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let named = [(Rule::UnknownLabel, 50, call.label()), (Rule::UnknownLogName, 50, call.log())];
    let (charge, mut candidates) = first(named, Rule::UnknownLabel);
    let resource = call.resource();
    candidates.extend(resource.and_then(|found| found.candidate(true, "how the service is billed is not known")));
    let mut verdict = Verdict::new(Kind::Unknown, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project(call);
    verdict.method_reason = Some(Some(Reason::UnknownService));
    verdict
}
