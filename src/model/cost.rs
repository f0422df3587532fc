//! Costs: one row of a bill, free of the provider that wrote it and of the format it came in.

use std::collections::BTreeMap;

use super::charge::{Charge, Told};
use super::closed_list::closed_list;
use super::directory::Entry;
use super::money::{Amount, Currency};

closed_list! {
    /// What a row of a bill charges for.
    pub enum CostType {
        Regular = "regular": "usage, or something bought",
        Tax = "tax": "a tax",
        Adjustment = "adjustment": "a correction, or a payment in goodwill",
        RoundingError = "rounding_error": "what rounding the invoice left over",
    }
}

closed_list! {
    /// By what a cost came to the row of a statement that carries it.
    pub enum Basis {
        Direct = "direct": "the bill names the project, and the project has one unit",
        Calls = "calls": "shared by the billable calls of the project, the service and the day; from a pool, by the calls of the units",
        BilledBytes = "billed_bytes": "shared by the bytes billed to the jobs of the project and the day; from a pool, to those of the units",
        SlotMs = "slot_ms": "shared by the slot time of the jobs that ran in the project's reservations on that day; from a pool, of the units' jobs",
        Cost = "cost": "from a pool, by the cost that the receiving units have by their own projects",
        Even = "even": "shared evenly among units",
        Fixed = "fixed": "shared by fixed parts that the mapping gives",
        Project = "project": "kept where the bill puts it: there is nothing by which to share it",
        Unallocated = "unallocated": "the bill names no project, or the project has no unit",
    }
}

closed_list! {
    /// What the calls of a project weigh when its cost is shared.
    pub enum Weight {
        Calls = "calls": "one for each billable call",
        BilledBytes = "billed_bytes": "the bytes that on-demand pricing bills",
        SlotMs = "slot_ms": "the slot time that capacity pricing shares",
    }
}

impl Weight {
    /// The basis of a cost that was shared by it.
    pub const fn basis(self) -> Basis {
        match self {
            Self::Calls => Basis::Calls,
            Self::BilledBytes => Basis::BilledBytes,
            Self::SlotMs => Basis::SlotMs,
        }
    }
}

/// What a row of a bill does to the sharing of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sharing {
    /// The cost stays at its project.
    Never,
    /// The cost may be shared by what the project's calls weigh.
    By(Weight),
    /// The row costs nothing itself; it tells how much slot time a project took from the account's reservations.
    Tells,
}

/// One row of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    /// The month of the invoice, as `2026-10`.
    pub invoice_month: String,
    /// The currency.
    pub currency: Currency,
    /// The billing account.
    pub billing_account: String,
    /// The project that is billed, with what the bill knows of it; `None` for what no project is billed for.
    pub project: Option<Entry>,
    /// The service, by the bill's name of it.
    pub service: String,
    /// The id of the SKU.
    pub sku_id: String,
    /// The SKU in words.
    pub sku: String,
    /// When the usage began, in nanoseconds since 1970 UTC.
    pub usage_start: i64,
    /// When it ended, if the bill tells.
    pub usage_end: Option<i64>,
    /// What is charged for.
    pub cost_type: CostType,
    /// The cost before credits.
    pub cost: Amount,
    /// The sum of the credits; mostly negative.
    pub credits: Amount,
    /// What was used, in the unit it is priced in.
    pub used: Option<Amount>,
    /// What the bill says of the charge besides.
    pub charge: Charge,
    /// The amounts that the bill tells besides.
    pub told: Told,
}

/// What a bill calls the services that logs name.
#[derive(Debug, Clone, Default)]
pub struct BillNames {
    /// The service of a log that stands for a name in the bill. A name that is not here stands for itself.
    pub shown: BTreeMap<String, String>,
    /// The names in the bill under which the calls of a service are billed.
    pub billed: BTreeMap<String, Vec<String>>,
}
