//! Measures that add up: what gates limit and movements explain.

use super::statement::Measures;
use crate::model::closed_list::closed_list;

closed_list! {
    /// A measure of a report that is a sum.
    pub enum Measure {
        Calls = "calls": "every call, failed and free ones too",
        BillableCalls = "billable_calls": "calls that the bill meters",
        FailedCalls = "failed_calls": "calls with a status other than OK, and jobs that failed",
        BilledBytes = "billed_bytes": "bytes that on-demand pricing bills",
        SlotMs = "slot_ms": "slot milliseconds that capacity pricing shares",
        Entries = "entries": "records that told of the calls",
    }
}

impl Measure {
    /// Its value among measures.
    pub fn of(self, measures: &Measures) -> u128 {
        match self {
            Self::Calls => measures.calls.into(),
            Self::BillableCalls => measures.billable_calls.into(),
            Self::FailedCalls => measures.failed_calls.into(),
            Self::BilledBytes => measures.billed_bytes,
            Self::SlotMs => measures.slot_ms,
            Self::Entries => measures.entries.into(),
        }
    }
}
