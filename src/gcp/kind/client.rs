//! Client-based (stateless) services: the client (quota) project pays, which is the project whose log holds the call.
//!
//! The caller's own project says nothing: a service account may call on behalf of any quota project.
//! Source: <https://cloud.google.com/docs/quotas/set-quota-project>.

use super::resource::first;
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::mention;
use crate::gcp::service::Service;

/// Judges a call to a client-based service.
pub fn judge(call: &Audited<'_>, service: &Service) -> Verdict {
    let named_parent = if service.optional_parent() {
        mention::request_parent(call.audit).or_else(|| {
            // Where a parent was given, the resource name repeats it with a location.
            call.resource().filter(|parent| parent.evidence.text.contains("/locations/"))
        })
    } else {
        None
    };
    let by_parent = named_parent.is_some();
    let label = call.label();
    let resource_project = label.as_ref().and_then(|label| label.payer().cloned());
    let named =
        [(Rule::ClientParent, 90, named_parent), (Rule::ClientLabel, 75, label), (Rule::ClientLogName, 50, call.log())];
    let (charge, mut candidates) = first(named, Rule::ClientLogName);
    if !by_parent {
        let resource = call.resource();
        candidates.extend(
            resource.and_then(|found| found.candidate(true, "a stateless service is not billed by its resource name")),
        );
    }
    let mut verdict = Verdict::new(Kind::Client, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project;
    verdict
}
