//! Logs of organisations, folders and billing accounts: they tell of administration, and name no payer.
//!
//! Source: <https://cloud.google.com/logging/docs/audit>.

use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::service::ServiceKind;
use crate::model::observation::{Charge, Evidence};
use crate::model::reason::{PayerReason, Reason};
use crate::model::text::shared;

/// Judges an entry of a log that belongs to no project.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let evidence = call.entry.log_name.text().map(|text| Evidence { path: "logName".into(), text: shared(text) });
    let charge = Charge::Nobody { rule: Rule::ContainerLogNobody.name(), reason: PayerReason::ContainerLog, evidence };
    let mut verdict = Verdict::new(Kind::ContainerLog, charge);
    verdict.reason = call.service.and_then(|service| match service.kind {
        ServiceKind::ControlPlane => Some(Reason::ControlPlane),
        ServiceKind::Kubernetes => Some(Reason::Kubernetes),
        ServiceKind::Resource
        | ServiceKind::Parent
        | ServiceKind::Client
        | ServiceKind::CloudStorage
        | ServiceKind::BigqueryJob
        | ServiceKind::BigqueryStorageApi
        | ServiceKind::Pubsub
        | ServiceKind::VertexAi => None,
    });
    verdict
}
