//! Dimensions: the columns by which a report can be grouped, and the value each call has in them.

use chrono::{DateTime, SecondsFormat, Timelike};
use chrono_tz::Tz;

use super::attribution::Attributed;
use crate::model::closed_list::closed_list;
use crate::model::directory::Directory;
use crate::model::payer::Payer;
use crate::model::text::{SharedText, shared};

closed_list! {
    /// A column by which a report can be grouped.
    pub enum Dimension {
        Unit = "unit": "the business unit",
        CostCenter = "cost_center": "the unit's cost center",
        Payer = "payer": "whose bill carries the call",
        StoragePayer = "storage_payer": "who pays for the storage of a Cloud Storage object",
        Service = "service": "the service that was called",
        Kind = "kind": "how the payer is found",
        Method = "method": "the method that was called",
        Principal = "principal": "the caller",
        PrincipalProject = "principal_project": "the project that owns the caller's identity",
        Location = "location": "where the resource is",
        ResourceProject = "resource_project": "the project that holds the resource",
        Resource = "resource": "what the call was made on",
        Model = "model": "publisher and name of a model",
        Reason = "reason": "why calls are not billable",
        Day = "day": "the day of the call's time",
        Hour = "hour": "the hour of the call's time",
        Month = "month": "the month of the call's time",
        Log = "log": "the log that holds the entry",
        Sku = "sku": "what the bill charges for; with --bill",
        CostType = "cost_type": "regular, tax, adjustment or rounding_error; with --bill",
        Basis = "basis": "by what a cost came to its unit; with --bill",
        Currency = "currency": "the currency of the bill; with --bill",
        InvoiceMonth = "invoice_month": "the month of the invoice; with --bill",
        BillingAccount = "billing_account": "the billing account; with --bill",
    }
}

/// What stands for an empty grouping value.
pub const NONE: &str = "(none)";

impl Dimension {
    /// The grouping when none is asked for.
    pub const DEFAULT: [Self; 3] = [Self::Unit, Self::Payer, Self::Service];

    /// Whether only a bill tells it.
    pub const fn only_bills_have(self) -> bool {
        match self {
            Self::Sku | Self::CostType | Self::Basis | Self::Currency | Self::InvoiceMonth | Self::BillingAccount => {
                true
            }
            Self::Unit
            | Self::CostCenter
            | Self::Payer
            | Self::Service
            | Self::Day
            | Self::Month
            | Self::StoragePayer
            | Self::Kind
            | Self::Method
            | Self::Principal
            | Self::PrincipalProject
            | Self::Location
            | Self::ResourceProject
            | Self::Resource
            | Self::Model
            | Self::Reason
            | Self::Hour
            | Self::Log => false,
        }
    }

    /// Whether calls tell it and bills do not, so that a cost has it only by its part in the calls.
    pub const fn only_calls_have(self) -> bool {
        match self {
            Self::StoragePayer
            | Self::Kind
            | Self::Method
            | Self::Principal
            | Self::PrincipalProject
            | Self::Location
            | Self::ResourceProject
            | Self::Resource
            | Self::Model
            | Self::Reason
            | Self::Hour
            | Self::Log => true,
            Self::Unit
            | Self::CostCenter
            | Self::Payer
            | Self::Service
            | Self::Day
            | Self::Month
            | Self::Sku
            | Self::CostType
            | Self::Basis
            | Self::Currency
            | Self::InvoiceMonth
            | Self::BillingAccount => false,
        }
    }

    /// The value of a call; what only bills have is filled in by [`super::cost_statement`].
    pub fn value(self, attributed: &Attributed<'_>, directory: &Directory, timezone: Tz) -> SharedText {
        let facts = &attributed.call.facts;
        let project = |reference: &Option<crate::model::payer::PayerRef>| {
            reference.as_ref().map(|reference| directory.resolve(reference).to_shared())
        };
        let value = match self {
            Self::Unit => Some(shared(attributed.unit)),
            Self::CostCenter => attributed.cost_center.map(shared),
            Self::Payer => attributed.resolved.payer.as_ref().map(Payer::to_shared),
            Self::StoragePayer => attributed.resolved.storage_payer.as_ref().map(Payer::to_shared),
            Self::Service => facts.service.clone(),
            Self::Kind => Some(SharedText::new_static(attributed.resolved.kind)),
            Self::Method => facts.method.clone(),
            Self::Principal => facts.principal.clone(),
            Self::PrincipalProject => project(&facts.principal_project),
            Self::Location => facts.location.clone(),
            Self::ResourceProject => project(&facts.resource_project),
            Self::Resource => facts.resource.clone(),
            Self::Model => facts.model.clone(),
            Self::Reason => attributed.call.reason.map(|reason| SharedText::new_static(reason.name())),
            Self::Day => facts.time.map(|time| day(time, timezone).into()),
            Self::Month => facts.time.map(|time| in_zone(time, timezone, "%Y-%m").into()),
            Self::Hour => facts.time.map(|time| hour(time, timezone).into()),
            Self::Log => facts.log_name.clone(),
            Self::Sku | Self::CostType | Self::Basis | Self::Currency | Self::InvoiceMonth | Self::BillingAccount => {
                None
            }
        };
        value.unwrap_or(SharedText::new_static(NONE))
    }
}

/// The day of a time in a time zone, as `2026-10-05`.
pub fn day(nanos: i64, timezone: Tz) -> String {
    in_zone(nanos, timezone, "%Y-%m-%d")
}

fn in_zone(nanos: i64, timezone: Tz, format: &str) -> String {
    DateTime::from_timestamp_nanos(nanos).with_timezone(&timezone).format(format).to_string()
}

/// The beginning of the hour with its offset, so that the two hours of an autumn night stay apart.
fn hour(nanos: i64, timezone: Tz) -> String {
    let time = DateTime::from_timestamp_nanos(nanos).with_timezone(&timezone);
    let start = time.with_minute(0).and_then(|time| time.with_second(0)).and_then(|time| time.with_nanosecond(0));
    start.unwrap_or(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}
