//! What the entry that speaks for a call shows of its value in a grouping column.

use crate::chargeback::attribution::Attributed;
use crate::chargeback::dimension::Dimension;
use crate::gcp::kind::{Kind, Stream};
use crate::gcp::row_filter::{LABEL, METHOD, RESOURCE, SERVICE, Sign, is_audit_log};
use crate::model::call::Register;
use crate::model::payer::PayerRef;
use crate::model::reason::{PayerReason, Reason};
use crate::model::text::SharedText;

/// The service whose entries state the location of a job.
const BIGQUERY: &str = "bigquery.googleapis.com";

/// The signs of a value. Without any, no condition can tell its entries from others.
pub(super) struct Shown {
    pub signs: Vec<Sign>,
    /// Whether only entries with this value show them.
    pub exact: bool,
}

impl Shown {
    fn exactly(signs: impl IntoIterator<Item = Sign>) -> Self {
        Self { signs: signs.into_iter().collect(), exact: true }
    }

    fn at_least(signs: impl IntoIterator<Item = Sign>) -> Self {
        Self { signs: signs.into_iter().collect(), exact: false }
    }
}

/// The signs of a call's value in a column. Columns of time have none: a filter bounds the time itself.
pub(super) fn shown(by: Dimension, attributed: &Attributed<'_>) -> Shown {
    let (facts, resolved) = (&attributed.call.facts, &attributed.resolved);
    let is = |field: &str, text: &Option<SharedText>| Shown::exactly([Sign::Is(field.to_owned(), text.clone())]);
    match by {
        Dimension::Unit | Dimension::CostCenter | Dimension::Payer => payer(attributed),
        Dimension::StoragePayer => Shown::at_least(facts.storage.iter().map(|claim| Sign::named(&claim.evidence))),
        Dimension::Service => is(SERVICE, &facts.service),
        Dimension::Kind => Shown::exactly(Kind::parse(resolved.kind).map(Sign::Kind)),
        Dimension::Method => is(METHOD, &facts.method),
        Dimension::Principal => Shown::exactly([Sign::Caller(facts.principal.clone())]),
        // Who owns an account is not in a field of its own.
        Dimension::PrincipalProject => Shown::at_least([Sign::Caller(facts.principal.clone())]),
        Dimension::Location => {
            let of_job = facts.service.as_deref() == Some(BIGQUERY);
            Shown::at_least(facts.location.iter().map(|place| Sign::Location(place.clone(), of_job)))
        }
        Dimension::ResourceProject => {
            let signs = |project: &PayerRef| Sign::resource_project(facts.resource.as_deref(), project);
            Shown::at_least(facts.resource_project.iter().flat_map(signs))
        }
        Dimension::Resource => is(RESOURCE, &facts.resource),
        Dimension::Model => Shown::at_least(facts.model.iter().map(|model| Sign::Model(model.clone()))),
        Dimension::Reason => reason(attributed),
        Dimension::Day | Dimension::Hour | Dimension::Month => Shown::exactly([]),
        // What only a bill tells is in no entry.
        Dimension::Sku
        | Dimension::CostType
        | Dimension::Basis
        | Dimension::Pool
        | Dimension::Currency
        | Dimension::InvoiceMonth
        | Dimension::BillingAccount
        | Dimension::Corrects => Shown::at_least([]),
        Dimension::Log => match &facts.log_name {
            None => is("logName", &None),
            Some(name) => Shown { exact: true, signs: Sign::log(name).into_iter().collect() },
        },
    }
}

/// The parts of a call's facts that a column is read off; time is looked at by itself.
pub(super) fn registers(by: Dimension) -> &'static [Register] {
    match by {
        Dimension::Unit | Dimension::CostCenter | Dimension::Payer | Dimension::Kind => &[Register::Charge],
        Dimension::StoragePayer => &[Register::Storage],
        Dimension::Service => &[Register::Service],
        Dimension::Method | Dimension::Reason => &[Register::Method],
        Dimension::Principal | Dimension::PrincipalProject => &[Register::Principal],
        Dimension::Location => &[Register::Location],
        Dimension::ResourceProject => &[Register::ResourceProject, Register::Resource],
        Dimension::Resource => &[Register::Resource],
        Dimension::Model => &[Register::Model],
        Dimension::Day
        | Dimension::Hour
        | Dimension::Month
        | Dimension::Log
        | Dimension::Sku
        | Dimension::CostType
        | Dimension::Basis
        | Dimension::Pool
        | Dimension::Currency
        | Dimension::InvoiceMonth
        | Dimension::BillingAccount
        | Dimension::Corrects => &[],
    }
}

/// Whether the speaking entry shows its value in a column: not if another entry of the call states it, or if the condition
/// looks only in logs that the entry is not of.
pub(super) fn is_stated(by: Dimension, attributed: &Attributed<'_>) -> bool {
    let call = attributed.call;
    let in_sight = by != Dimension::Kind || call.facts.log_name.as_deref().is_some_and(is_audit_log);
    in_sight && !registers(by).iter().any(|register| call.filled.contains(register))
}

/// The field that proves who pays, or that nobody can.
fn payer(attributed: &Attributed<'_>) -> Shown {
    let resolved = &attributed.resolved;
    let evidence = || Shown::at_least(resolved.evidence.iter().map(Sign::named));
    match (&resolved.payer, resolved.payer_reason) {
        (None, Some(PayerReason::ContainerLog)) => Shown::exactly([Sign::ContainerLog]),
        (None, Some(PayerReason::NoProject)) => {
            let label = |text: Option<&'static str>| Sign::Is(LABEL.to_owned(), text.map(SharedText::new_static));
            Shown::at_least([label(None), label(Some("_")), label(Some("-"))])
        }
        (
            None,
            None
            | Some(
                PayerReason::InvalidProject
                | PayerReason::GoogleSdkProject
                | PayerReason::RedactedJob
                | PayerReason::UnknownReservation
                | PayerReason::TenantProject
                | PayerReason::OwnerNumberUnknown
                | PayerReason::FallbackLabel,
            ),
        )
        | (Some(_), _) => evidence(),
    }
}

/// Why a call is not billable: its stream or status if they say so, else its method.
fn reason(attributed: &Attributed<'_>) -> Shown {
    match attributed.call.reason {
        None => Shown::at_least([Sign::Succeeded]),
        Some(Reason::PolicyDenied) => Shown::exactly([Sign::Stream(Stream::Policy)]),
        Some(Reason::SystemEvent) => Shown::exactly([Sign::Stream(Stream::SystemEvent)]),
        Some(Reason::Denied) => Shown::at_least([Sign::Denied]),
        Some(Reason::Failed) => Shown::at_least([Sign::Failed]),
        Some(
            Reason::Kubernetes
            | Reason::ControlPlane
            | Reason::JobError
            | Reason::CacheHit
            | Reason::DryRun
            | Reason::ScriptParent
            | Reason::LoadCopyExtract
            | Reason::JobSideEntry
            | Reason::OpenOperation
            | Reason::FreeMethod
            | Reason::Runtime
            | Reason::MeteredElsewhere
            | Reason::UnknownService
            | Reason::Admin,
        ) => Shown::at_least([Sign::Is(METHOD.to_owned(), attributed.call.facts.method.clone())]),
    }
}
