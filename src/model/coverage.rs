//! Coverage: how much of a bill logs can tell of, and what would let them tell more.

use std::collections::{BTreeMap, BTreeSet};

use super::closed_list::closed_list;
use super::cost::Weight;
use super::money::{Amount, Currency};

closed_list! {
    /// What logs tell of a cost.
    pub enum Coverage {
        Complete = "complete": "the logs have metered calls in every stretch of usage that the bill charges",
        Sampled = "sampled": "the logs have metered calls, but you declared that the service's entries are sampled or exempted",
        Partial = "partial": "the logs have metered calls in some stretches of usage that the bill charges, and none in others",
        FreeOnly = "free_only": "the logs have Data Access entries, but none of a metered call",
        ActivityOnly = "activity_only": "the logs have Admin Activity and no Data Access: they tell who changed something, not who used it",
        None = "none": "the logs have no entries of the service in the project",
        Unlogged = "unlogged": "what the bill meters leaves no audit entry; the service writes none",
        NotByCall = "not_by_call": "metered by time, size or a fee, or a tax: no entry can stand for it",
        NoProject = "no_project": "the bill names no project",
    }
}

impl Coverage {
    /// Whether settings could let the logs tell more.
    pub const fn can_be_opened(self) -> bool {
        match self {
            Self::Sampled | Self::Partial | Self::FreeOnly | Self::ActivityOnly | Self::None => true,
            Self::Complete | Self::Unlogged | Self::NotByCall | Self::NoProject => false,
        }
    }
}

/// By what a cost is metered, as far as logs are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metering {
    /// By what calls weigh.
    By(Weight),
    /// By traffic that leaves no audit entry.
    Unlogged,
    /// By time, size or a fee.
    NotByCall,
}

closed_list! {
    /// A kind of Data Access entries, as an audit configuration names it.
    pub enum LogType {
        AdminRead = "ADMIN_READ": "reads of metadata and configuration",
        DataRead = "DATA_READ": "reads of data",
        DataWrite = "DATA_WRITE": "writes of data",
    }
}

/// Where a service writes entries of what its bill meters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataAccess {
    /// In Data Access, always; it cannot be turned off.
    Always,
    /// In Data Access, when an audit configuration asks for these types.
    OptIn(BTreeSet<LogType>),
    /// In Admin Activity, which cannot be turned off.
    InActivity,
    /// Nowhere.
    Never,
    /// The catalogue does not know.
    Unknown,
}

/// What a bill comes to in one currency, and how much of it logs can tell of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    /// Net cost.
    pub net_cost: Amount,
    /// The part of it that is metered by calls.
    pub metered_cost: Amount,
    /// The part of that for which the logs have metered calls.
    pub evidenced_cost: Amount,
    /// Net cost by what logs tell of it.
    pub by_coverage: BTreeMap<Coverage, Amount>,
}

/// A service of which logs could tell more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlindSpot {
    /// The service, as logs name it.
    pub service: String,
    /// What logs tell of it now.
    pub coverage: Coverage,
    /// The currency of the cost.
    pub currency: Currency,
    /// The cost without evidence.
    pub cost: Amount,
    /// Projects that are charged, sorted.
    pub projects: Vec<String>,
    /// What to do.
    pub advice: &'static str,
    /// A member of `auditConfigs` in the policy of the projects, as JSON, if it takes one.
    pub audit_config: Option<String>,
    /// The filter of a sink that exports the entries, if there are any to export.
    pub sink_filter: Option<String>,
}

/// A service in a project of which the logs have metered calls in some hours only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartlySeen {
    /// The project.
    pub project: String,
    /// The service, as logs name it.
    pub service: String,
    /// How many hours the bill charges.
    pub billed_hours: u64,
    /// The hours among them without a metered call: the beginning of each stretch, and how many they are.
    pub missing: Vec<(i64, u64)>,
}

/// What a document about coverage says beside its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageSummary {
    /// The paths of the bill.
    pub bill: Vec<String>,
    /// One for each currency.
    pub covered: BTreeMap<Currency, Covered>,
    /// The largest cost first, by currency.
    pub blind_spots: Vec<BlindSpot>,
    /// In the order of the rows.
    pub partly_seen: Vec<PartlySeen>,
}
