//! Vertex AI: the project in the resource name of the model or endpoint pays, not the quota project. A publisher model
//! called without a project in its name (express mode) is billed to the client project.
//!
//! Source: <https://cloud.google.com/docs/quotas/quota-project>, <https://github.com/googleapis/googleapis> (aiplatform v1).

use super::resource::{first, resource_project};
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::resource_name::model_of;
use crate::model::text::shared;

/// Judges a call to Vertex AI.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let express = call.resource().is_none();
    let label_rule = if express { Rule::VertexAiExpress } else { Rule::ResourceLabel };
    let named = [
        (Rule::VertexAiResourceName, 100, call.resource()),
        (label_rule, 75, call.label()),
        (Rule::ResourceLogName, 50, call.log()),
    ];
    let (charge, candidates) = first(named, Rule::VertexAiExpress);
    let mut verdict = Verdict::new(Kind::VertexAi, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project(call);
    verdict.model = call
        .audit
        .resource_name
        .text()
        .and_then(model_of)
        .map(|(publisher, name, version)| (shared(&format!("{publisher}/{name}")), version.map(shared)));
    if let Some(labels) = call.audit.request.as_ref().and_then(|request| request.labels.as_ref()) {
        verdict.labels = labels.to_labels();
    }
    verdict
}
