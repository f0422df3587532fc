//! The truth about the logs: what a correct reader finds, counted while they are written and never read back.
//!
//! It is worked out from what the generator meant to tell, without any of billtrail's code.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Where a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The bill meters it.
    Billable,
    /// It does not, for this reason.
    NotBillable(&'static str),
    /// The bill meters it, and nobody can be named who pays, for this reason.
    Unattributed(&'static str),
}

/// What is true of a call.
#[derive(Debug, Clone)]
pub struct Call {
    /// `serviceName`
    pub service: &'static str,
    /// `methodName`
    pub method: &'static str,
    /// The project that pays; `None` if none can be named.
    pub payer: Option<u64>,
    /// Where it ends.
    pub ending: Ending,
    /// It failed.
    pub failed: bool,
    /// Bytes that the bill meters.
    pub billed_bytes: u64,
    /// Slot time that the bill meters.
    pub slot_ms: u64,
}

/// Sums of a group of calls.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    calls: u64,
    billable_calls: u64,
    failed_calls: u64,
    billed_bytes: u64,
    slot_ms: u64,
    entries: u64,
}

/// What is true of all that was written.
#[derive(Debug, Default)]
pub struct Truth {
    /// Lines written.
    pub records: u64,
    /// Bytes written, before compression.
    pub bytes: u64,
    /// Files written.
    pub files: u64,
    calls: u64,
    attributed: u64,
    rejected: BTreeMap<&'static str, u64>,
    skipped: BTreeMap<&'static str, u64>,
    merged: BTreeMap<&'static str, u64>,
    not_billable: BTreeMap<&'static str, u64>,
    unattributed: BTreeMap<&'static str, u64>,
    payers: BTreeMap<(Option<u64>, &'static str), Sums>,
    days: BTreeMap<(&'static str, &'static str, String), u64>,
}

impl Truth {
    /// A record that cannot be read.
    pub fn reject(&mut self, reason: &'static str) {
        self.records += 1;
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// A record that is no audit entry.
    pub fn skip(&mut self, reason: &'static str) {
        self.records += 1;
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// An entry that speaks for its call: the call counts on its day.
    pub fn call(&mut self, call: &Call, day: &str) {
        self.entry(call);
        self.calls += 1;
        match call.ending {
            Ending::Billable => self.attributed += 1,
            Ending::NotBillable(reason) => *self.not_billable.entry(reason).or_default() += 1,
            Ending::Unattributed(reason) => *self.unattributed.entry(reason).or_default() += 1,
        }
        let sums = self.payers.entry((call.payer, call.service)).or_default();
        sums.calls += 1;
        sums.billable_calls += u64::from(!matches!(call.ending, Ending::NotBillable(_)));
        sums.failed_calls += u64::from(call.failed);
        sums.billed_bytes += call.billed_bytes;
        sums.slot_ms += call.slot_ms;
        *self.days.entry((call.service, call.method, day.to_owned())).or_default() += 1;
    }

    /// An entry more of a call that another entry speaks for.
    pub fn merge(&mut self, cause: &'static str, call: &Call) {
        self.entry(call);
        *self.merged.entry(cause).or_default() += 1;
    }

    fn entry(&mut self, call: &Call) {
        self.records += 1;
        self.payers.entry((call.payer, call.service)).or_default().entries += 1;
    }

    /// The truth as JSON; `name` tells a project's id and business unit.
    pub fn to_json(&self, options: &Value, name: impl Fn(Option<u64>) -> (String, String)) -> Value {
        let payers: Vec<Value> = self
            .payers
            .iter()
            .map(|((payer, service), sums)| {
                let (payer, unit) = name(*payer);
                json!({
                    "payer": payer, "unit": unit, "service": service, "calls": sums.calls,
                    "billable_calls": sums.billable_calls, "failed_calls": sums.failed_calls,
                    "billed_bytes": sums.billed_bytes, "slot_ms": sums.slot_ms, "entries": sums.entries,
                })
            })
            .collect();
        let days: Vec<Value> = self
            .days
            .iter()
            .map(|((service, method, day), calls)| json!({"service": service, "method": method, "day": day, "calls": calls}))
            .collect();
        json!({
            "options": options,
            "bytes": self.bytes,
            "files": self.files,
            "tally": {
                "records": self.records, "rejected": self.rejected, "skipped": self.skipped, "merged": self.merged,
                "calls": self.calls, "not_billable": self.not_billable, "attributed": self.attributed,
                "unattributed": self.unattributed,
            },
            "by_payer": payers,
            "by_day": days,
        })
    }
}
