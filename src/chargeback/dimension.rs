//! Dimensions: the columns by which a report can be grouped, and the value each call has in them.

use chrono::{DateTime, Months, NaiveDate, SecondsFormat, Timelike};
use chrono_tz::Tz;

use super::attribution::Attributed;
use crate::model::brief::Caller;
use crate::model::closed_list::closed_list;
use crate::model::directory::Directory;
use crate::model::payer::{Payer, PayerRef};
use crate::model::text::{SharedText, shared};
use crate::model::time::moment;

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
        Pool = "pool": "the unit that handed a cost on as a pool; with --bill",
        Currency = "currency": "the currency of the bill; with --bill",
        InvoiceMonth = "invoice_month": "the month of the invoice; with --bill",
        BillingAccount = "billing_account": "the billing account; with --bill",
        Corrects = "corrects": "the closed month that a correction belongs to; with --closed",
    }
}

/// What stands for an empty grouping value.
pub const NONE: &str = "(none)";

/// Who tells the value of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// Calls alone, so that a cost has it only by its part in the calls.
    Calls,
    /// Bills alone.
    Bills,
    /// Both.
    Both,
}

impl Dimension {
    /// The grouping when none is asked for.
    pub const DEFAULT: [Self; 3] = [Self::Unit, Self::Payer, Self::Service];

    /// Who tells it.
    pub const fn teller(self) -> Teller {
        match self {
            Self::Sku
            | Self::CostType
            | Self::Basis
            | Self::Pool
            | Self::Currency
            | Self::InvoiceMonth
            | Self::BillingAccount
            | Self::Corrects => Teller::Bills,
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
            | Self::Log => Teller::Calls,
            Self::Unit | Self::CostCenter | Self::Payer | Self::Service | Self::Day | Self::Month => Teller::Both,
        }
    }

    /// The value of a call; what only bills have is filled in by [`super::cost_statement`].
    pub fn value(self, attributed: &Attributed<'_>, directory: &Directory, timezone: Tz) -> SharedText {
        let facts = &attributed.call.facts;
        let project = |reference: &PayerRef| directory.resolve(reference).to_shared();
        let value = match self {
            Self::Unit => Some(shared(attributed.unit)),
            Self::CostCenter => attributed.cost_center.map(shared),
            Self::Payer => attributed.resolved.payer.as_ref().map(Payer::to_shared),
            Self::StoragePayer => attributed.resolved.storage_payer.as_ref().map(Payer::to_shared),
            Self::Service => facts.service.clone(),
            Self::Kind => Some(SharedText::new_static(attributed.resolved.kind)),
            Self::Method => facts.method.clone(),
            Self::Principal => facts.principal.clone(),
            Self::PrincipalProject => facts.principal_project.as_ref().map(project),
            Self::Location => facts.location.clone(),
            Self::ResourceProject => facts.resource_project.as_ref().map(project),
            Self::Resource => facts.resource.clone(),
            Self::Model => facts.model.clone(),
            Self::Reason => attributed.call.reason.map(|reason| SharedText::new_static(reason.name())),
            Self::Day | Self::Month | Self::Hour => facts.time.and_then(|time| self.of_time(time, timezone)),
            Self::Log => facts.log_name.clone(),
            Self::Sku
            | Self::CostType
            | Self::Basis
            | Self::Pool
            | Self::Currency
            | Self::InvoiceMonth
            | Self::BillingAccount
            | Self::Corrects => None,
        };
        value.unwrap_or(SharedText::new_static(NONE))
    }

    /// The value of a column that only the caller decides, if there is one; `None` for other columns.
    pub(super) fn of_caller(self, caller: &Caller, directory: &Directory) -> Option<Option<SharedText>> {
        match self {
            Self::Principal => Some(caller.principal.clone()),
            Self::PrincipalProject => {
                Some(caller.project.as_ref().map(|project| directory.resolve(project).to_shared()))
            }
            Self::Unit
            | Self::CostCenter
            | Self::Payer
            | Self::StoragePayer
            | Self::Service
            | Self::Kind
            | Self::Method
            | Self::Location
            | Self::ResourceProject
            | Self::Resource
            | Self::Model
            | Self::Reason
            | Self::Day
            | Self::Hour
            | Self::Month
            | Self::Log
            | Self::Sku
            | Self::CostType
            | Self::Basis
            | Self::Pool
            | Self::Currency
            | Self::InvoiceMonth
            | Self::BillingAccount
            | Self::Corrects => None,
        }
    }

    /// The value of a column that only the call's time decides; `None` for other columns.
    pub(super) fn of_time(self, time: i64, timezone: Tz) -> Option<SharedText> {
        match self {
            Self::Day => Some(day(time, timezone).into()),
            Self::Month => Some(in_zone(time, timezone, "%Y-%m").into()),
            Self::Hour => Some(hour(time, timezone).into()),
            Self::Unit
            | Self::CostCenter
            | Self::Payer
            | Self::StoragePayer
            | Self::Service
            | Self::Kind
            | Self::Method
            | Self::Principal
            | Self::PrincipalProject
            | Self::Location
            | Self::ResourceProject
            | Self::Resource
            | Self::Model
            | Self::Reason
            | Self::Log
            | Self::Sku
            | Self::CostType
            | Self::Basis
            | Self::Pool
            | Self::Currency
            | Self::InvoiceMonth
            | Self::BillingAccount
            | Self::Corrects => None,
        }
    }

    /// The time that a value of `day`, `hour` or `month` covers: its first moment and the first one after it. `None` for other
    /// columns and for calls without a time.
    pub fn span(self, value: &str, timezone: Tz) -> Option<(i64, i64)> {
        match self {
            Self::Day => {
                let next = NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()?.succ_opt()?;
                Some((moment(value, timezone)?, moment(&next.to_string(), timezone)?))
            }
            Self::Month => {
                let first = NaiveDate::parse_from_str(&format!("{value}-01"), "%Y-%m-%d").ok()?;
                let next = first.checked_add_months(Months::new(1))?;
                Some((moment(value, timezone)?, moment(&next.to_string(), timezone)?))
            }
            Self::Hour => {
                let from = DateTime::parse_from_rfc3339(value).ok()?.timestamp_nanos_opt()?;
                // Where clocks change by half an hour, an hour begins late.
                let quarters = (0..4).map(|quarters| from.saturating_add(quarters * QUARTER));
                let mut within = quarters.filter(|begin| hour(*begin, timezone) == value);
                let first = within.next()?;
                Some((first, within.next_back().unwrap_or(first) + QUARTER))
            }
            Self::Unit
            | Self::CostCenter
            | Self::Payer
            | Self::StoragePayer
            | Self::Service
            | Self::Kind
            | Self::Method
            | Self::Principal
            | Self::PrincipalProject
            | Self::Location
            | Self::ResourceProject
            | Self::Resource
            | Self::Model
            | Self::Reason
            | Self::Log
            | Self::Sku
            | Self::CostType
            | Self::Basis
            | Self::Pool
            | Self::Currency
            | Self::InvoiceMonth
            | Self::BillingAccount
            | Self::Corrects => None,
        }
    }
}

/// Nanoseconds in a quarter of an hour: no clock is set by less.
pub(super) const QUARTER: i64 = 900_000_000_000;
/// The day of a time in a time zone, as `2026-10-05`.
pub fn day(nanos: i64, timezone: Tz) -> String {
    in_zone(nanos, timezone, "%Y-%m-%d")
}

fn in_zone(nanos: i64, timezone: Tz, format: &str) -> String {
    DateTime::from_timestamp_nanos(nanos).with_timezone(&timezone).format(format).to_string()
}

/// The beginning of the hour with its offset, so that the two hours of an autumn night stay apart.
fn hour(nanos: i64, timezone: Tz) -> String {
    // With its offset fixed, the beginning of an hour that comes twice is one moment.
    let time = DateTime::from_timestamp_nanos(nanos).with_timezone(&timezone).fixed_offset();
    let start = time.with_minute(0).and_then(|time| time.with_second(0)).and_then(|time| time.with_nanosecond(0));
    start.unwrap_or(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(dimension: Dimension, zone: Tz, value: &str, from: &str, hours: i64) {
        let from = moment(from, Tz::UTC).expect("a time");
        let (begin, end) = dimension.span(value, zone).expect("a time");
        assert_eq!((begin, (end - begin) / (4 * QUARTER)), (from, hours), "{value}");
        let shown = |time| match dimension {
            Dimension::Hour => hour(time, zone),
            Dimension::Month => in_zone(time, zone, "%Y-%m"),
            _ => in_zone(time, zone, "%Y-%m-%d"),
        };
        assert!(
            [begin, end - 1].iter().all(|time| shown(*time) == value)
                && shown(begin - 1) != value
                && shown(end) != value
        );
    }

    #[test]
    fn a_day_is_as_long_as_its_clocks_say() {
        let berlin = chrono_tz::Europe::Berlin;
        spans(Dimension::Day, Tz::UTC, "2026-10-25", "2026-10-25T00:00:00Z", 24);
        spans(Dimension::Day, berlin, "2026-10-25", "2026-10-24T22:00:00Z", 25);
        spans(Dimension::Day, berlin, "2026-03-29", "2026-03-28T23:00:00Z", 23);
        spans(Dimension::Month, berlin, "2026-12", "2026-11-30T23:00:00Z", 31 * 24);
        spans(Dimension::Hour, berlin, "2026-10-25T02:00:00+01:00", "2026-10-25T01:00:00Z", 1);
        assert_eq!(Dimension::Day.span(NONE, Tz::UTC), None);
    }

    #[test]
    fn an_hour_that_comes_twice_is_two_hours() {
        let berlin = chrono_tz::Europe::Berlin;
        let shown = |time| hour(moment(time, Tz::UTC).expect("a time"), berlin);
        assert_eq!(shown("2026-10-25T00:17:33.5Z"), "2026-10-25T02:00:00+02:00");
        assert_eq!(shown("2026-10-25T01:17:33.5Z"), "2026-10-25T02:00:00+01:00");
        spans(Dimension::Hour, berlin, "2026-10-25T02:00:00+02:00", "2026-10-25T00:00:00Z", 1);
    }

    #[test]
    fn an_hour_can_have_thirty_minutes() {
        let zone = chrono_tz::Australia::Lord_Howe;
        let (from, to) = Dimension::Hour.span("2026-04-05T01:00:00+10:30", zone).expect("a time");
        assert_eq!(((to - from) / QUARTER, moment("2026-04-04T15:00:00Z", Tz::UTC)), (2, Some(from)));
    }
}
