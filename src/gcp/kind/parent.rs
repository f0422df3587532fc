//! Stateless services whose request names a project: that project pays.
//!
//! The parent "must refer to a caller's project". Source: <https://github.com/googleapis/googleapis> (translate v3, DLP).

use super::resource::{first, resource_project};
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::mention;

/// Judges a call to a service with a parent project.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let named = [
        (Rule::ParentResourceName, 100, call.resource()),
        (Rule::ParentRequest, 100, mention::request_parent(call.audit)),
        (Rule::ResourceAuthorization, 90, mention::authorizations(call.audit).next()),
        (Rule::ParentLabel, 75, call.label()),
        (Rule::ParentLogName, 50, call.log()),
    ];
    let (charge, candidates) = first(named, Rule::ParentLogName);
    let mut verdict = Verdict::new(Kind::Parent, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project(call);
    verdict
}
