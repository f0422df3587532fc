//! The Kubernetes API of a cluster (`k8s.io`): enormous in number and never billed; clusters are billed by time.

use super::resource::first;
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::mention;
use crate::model::reason::Reason;

/// Judges a call to a cluster's API server.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let named = [
        (Rule::KubernetesCluster, 75, mention::label(call.entry)),
        (Rule::KubernetesCluster, 50, mention::log_name(call.entry)),
    ];
    let (charge, candidates) = first(named, Rule::KubernetesCluster);
    let mut verdict = Verdict::new(Kind::Kubernetes, charge);
    verdict.resource_project = mention::label(call.entry).and_then(|label| label.payer().cloned());
    verdict.candidates = candidates;
    verdict.reason = Some(Reason::Kubernetes);
    verdict
}
