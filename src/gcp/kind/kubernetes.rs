//! The Kubernetes API of a cluster (`k8s.io`): enormous in number and never billed; clusters are billed by time.

use super::resource::first;
use super::{Audited, Kind, Rule, Verdict};
use crate::model::reason::Reason;

/// Judges a call to a cluster's API server.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let named = [(Rule::KubernetesCluster, 75, call.label()), (Rule::KubernetesCluster, 50, call.log())];
    let (charge, candidates) = first(named, Rule::KubernetesCluster);
    let mut verdict = Verdict::new(Kind::Kubernetes, charge);
    verdict.resource_project = call.label().and_then(|label| label.payer().cloned());
    verdict.candidates = candidates;
    verdict.reason = Some(Reason::Kubernetes);
    verdict
}
