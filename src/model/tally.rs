//! The tally: where every record and every call ended. It must balance, or there is no report.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::payer::Payer;
use super::reason::{MergeCause, PayerReason, Reason, RejectReason, SkipReason};

/// Counts of records and calls by their end. Every counter is counted where it happens; none is computed from others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records, counted by the reader.
    pub records: u64,
    /// Records that could not be read, counted by reader and decoder.
    pub rejected: BTreeMap<RejectReason, u64>,
    /// Records that are no entry to be counted.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Entries that told of a call already told of, counted by the ledger.
    pub merged: BTreeMap<MergeCause, u64>,
    /// Calls, counted by the ledger.
    pub calls: u64,
    /// Calls that are not billable, counted when units are found.
    pub not_billable: BTreeMap<Reason, u64>,
    /// Billable calls with a payer.
    pub attributed: u64,
    /// Billable calls without one, or with a payer that is nobody's.
    pub unattributed: BTreeMap<PayerReason, u64>,
}

/// Where a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Not billable.
    NotBillable(Reason),
    /// Billable, and the payer is known.
    Attributed,
    /// Billable, and nobody can be named.
    Unattributed(PayerReason),
}

impl Outcome {
    /// Billability first, then the payer.
    pub fn of(reason: Option<Reason>, payer: Option<&Payer>, payer_reason: Option<PayerReason>) -> Self {
        match (reason, payer, payer_reason) {
            (Some(reason), _, _) => Self::NotBillable(reason),
            (None, Some(_), Some(PayerReason::GoogleSdkProject)) => Self::Unattributed(PayerReason::GoogleSdkProject),
            (None, Some(_), _) => Self::Attributed,
            (None, None, why) => Self::Unattributed(why.unwrap_or(PayerReason::NoProject)),
        }
    }
}

/// A tally that does not balance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the tally does not balance: {left} {what}, but {right} are accounted for; this is a defect of billtrail, no report is printed"
)]
pub struct Imbalance {
    what: &'static str,
    left: u64,
    right: u64,
}

impl Imbalance {
    /// Checks that two counts of the same things agree.
    ///
    /// # Errors
    /// When they do not.
    pub fn check(what: &'static str, left: u64, right: u64) -> Result<(), Self> {
        if left == right { Ok(()) } else { Err(Self { what, left, right }) }
    }
}

impl Tally {
    /// Counts so many calls that ended alike.
    pub fn count(&mut self, outcome: Outcome, calls: u64) {
        match outcome {
            Outcome::NotBillable(reason) => *self.not_billable.entry(reason).or_default() += calls,
            Outcome::Attributed => self.attributed += calls,
            Outcome::Unattributed(reason) => *self.unattributed.entry(reason).or_default() += calls,
        }
    }

    /// Checks that every record and every call ended exactly once.
    ///
    /// # Errors
    /// Says which sum is off.
    pub fn check(&self) -> Result<(), Imbalance> {
        let ended = sum(&self.rejected) + sum(&self.skipped) + sum(&self.merged) + self.calls;
        Imbalance::check("records", self.records, ended)?;
        let told = sum(&self.not_billable) + self.attributed + sum(&self.unattributed);
        Imbalance::check("calls", self.calls, told)
    }
}

/// The sum of the counts.
pub fn sum<K>(counts: &BTreeMap<K, u64>) -> u64 {
    counts.values().sum()
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        fn add<K: Ord + Copy>(mine: &mut BTreeMap<K, u64>, theirs: &BTreeMap<K, u64>) {
            for (key, count) in theirs {
                *mine.entry(*key).or_default() += count;
            }
        }
        self.records += other.records;
        add(&mut self.rejected, &other.rejected);
        add(&mut self.skipped, &other.skipped);
        add(&mut self.merged, &other.merged);
        self.calls += other.calls;
        add(&mut self.not_billable, &other.not_billable);
        self.attributed += other.attributed;
        add(&mut self.unattributed, &other.unattributed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_record_is_an_imbalance() {
        let mut tally = Tally { records: 2, calls: 1, attributed: 1, ..Tally::default() };
        assert!(tally.check().is_err());
        tally.rejected.insert(RejectReason::NotJson, 1);
        assert_eq!(tally.check(), Ok(()));
    }

    #[test]
    fn a_call_without_an_end_is_an_imbalance() {
        let tally = Tally { records: 1, calls: 1, ..Tally::default() };
        assert!(tally.check().is_err());
    }
}
