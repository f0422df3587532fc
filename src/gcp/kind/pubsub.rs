//! Pub/Sub: publishing is billed to the topic's project, delivery to the subscription's. Messages leave no audit entry, so
//! what is seen here is administration.
//!
//! Source: <https://cloud.google.com/pubsub/docs/audit-logging>, <https://cloud.google.com/pubsub/pricing>.

use super::resource::first;
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::mention::Mention;
use crate::gcp::resource_name::project_of;
use crate::model::reason::Flag;

/// Judges a call to Pub/Sub.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let resource = call.resource();
    let rule = resource.as_ref().map_or(Rule::PubsubOther, |named| rule_of(&named.evidence.text));
    let resource_project = resource.as_ref().or(call.label().as_ref()).and_then(|m| m.payer().cloned());
    let topic = topic(call);
    let named = [(rule, 100, resource), (Rule::PubsubOther, 75, call.label()), (Rule::PubsubOther, 50, call.log())];
    let (charge, candidates) = first(named, Rule::PubsubOther);
    let mut verdict = Verdict::new(Kind::Pubsub, charge);
    verdict.candidates = candidates;
    if let Some(topic) = topic {
        if topic.payer().is_some() && resource_project.is_some() && topic.payer() != resource_project.as_ref() {
            verdict.flags.push(Flag::CrossProject);
        }
        verdict
            .candidates
            .extend(topic.candidate(false, "the topic's project pays for publishing, not for this subscription"));
    }
    verdict.resource_project = resource_project;
    verdict
}

fn rule_of(resource: &str) -> Rule {
    match resource.split('/').nth(2) {
        Some("topics") => Rule::PubsubTopic,
        Some("subscriptions") => Rule::PubsubSubscription,
        _ => Rule::PubsubOther,
    }
}

/// The topic that a new subscription reads.
fn topic(call: &Audited<'_>) -> Option<Mention> {
    let text = call.audit.request.as_ref()?.topic.text()?;
    Mention::new("protoPayload.request.topic", text, project_of(text)?)
}
