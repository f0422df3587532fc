//! Gates: limits that a user sets, and whether a result keeps them.

use std::collections::BTreeMap;

use super::attribution::{UNATTRIBUTED, UNMAPPED};
use super::mapping_share::Share;
use super::measure::Measure;
use super::statement::Measures;

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// The part of the billable calls that has no unit: `(unmapped)` and `(unattributed)`.
    Unallocated(Share),
    /// What a unit may have of a measure.
    Unit {
        /// The unit.
        unit: String,
        /// The measure.
        measure: Measure,
        /// The largest amount that is kept.
        limit: u128,
    },
}

/// A gate with what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The gate's name: `unallocated` or `unit`.
    pub gate: &'static str,
    /// The unit it limits, if it is about one.
    pub unit: Option<String>,
    /// What is measured.
    pub measure: Measure,
    /// The largest amount that is kept.
    pub limit: u128,
    /// The amount.
    pub found: u128,
}

impl Verdict {
    /// Whether the limit is kept.
    pub fn passed(&self) -> bool {
        self.found <= self.limit
    }
}

impl Gate {
    /// Reads the largest part of the billable calls without a unit: `5%`, `0.05` or `1/20`.
    ///
    /// # Errors
    /// Says what is expected.
    pub fn unallocated(text: &str) -> Result<Self, String> {
        let part = Share::part(text.trim())
            .ok_or_else(|| format!("`{text}` is no part of a whole; write 5%, 0.05 or 1/20"))?;
        Ok(Self::Unallocated(part))
    }

    /// Reads a limit of a unit: `Marketing=10000 calls`.
    ///
    /// # Errors
    /// Says what is expected.
    pub fn unit(text: &str) -> Result<Self, String> {
        let measures: Vec<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        let bad =
            || format!("`{text}` is no limit; write UNIT=NUMBER MEASURE, where MEASURE is {}", measures.join(", "));
        let (unit, limit) = text.rsplit_once('=').ok_or_else(bad)?;
        let (limit, measure) = limit.trim().split_once(char::is_whitespace).ok_or_else(bad)?;
        let plain = limit.bytes().all(|byte| byte.is_ascii_digit());
        let limit = limit.parse().ok().filter(|_| plain).ok_or_else(bad)?;
        let measure = Measure::parse(measure.trim()).ok_or_else(bad)?;
        match unit.trim() {
            "" => Err(bad()),
            unit => Ok(Self::Unit { unit: unit.to_owned(), measure, limit }),
        }
    }

    /// Holds the gate against what each unit has.
    pub fn judge(&self, units: &BTreeMap<String, Measures>) -> Verdict {
        match self {
            Self::Unallocated(part) => {
                let billable = |measures: &Measures| measures.billable_calls;
                let without = [UNMAPPED, UNATTRIBUTED].into_iter().filter_map(|unit| units.get(unit));
                Verdict {
                    gate: "unallocated",
                    unit: None,
                    measure: Measure::BillableCalls,
                    limit: part.of(units.values().map(billable).sum()),
                    found: without.map(billable).map(u128::from).sum(),
                }
            }
            Self::Unit { unit, measure, limit } => Verdict {
                gate: "unit",
                unit: Some(unit.clone()),
                measure: *measure,
                limit: *limit,
                found: units.get(unit).map_or(0, |measures| measure.of(measures)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(calls: &[(&str, u64)]) -> BTreeMap<String, Measures> {
        let measures = |billable_calls| Measures { calls: billable_calls + 1, billable_calls, ..Measures::default() };
        calls.iter().map(|(unit, calls)| ((*unit).to_owned(), measures(*calls))).collect()
    }

    fn judged(gate: Result<Gate, String>, calls: &[(&str, u64)]) -> (u128, u128, bool) {
        let verdict = gate.expect("the test's gate is sound").judge(&units(calls));
        (verdict.limit, verdict.found, verdict.passed())
    }

    #[test]
    fn a_part_of_the_billable_calls_may_be_unallocated() {
        let calls = [("Ads", 95), (UNMAPPED, 3), (UNATTRIBUTED, 2), ("(shared)", 1)];
        assert_eq!(judged(Gate::unallocated("5%"), &calls), (5, 5, true));
        assert_eq!(judged(Gate::unallocated("4.9%"), &calls), (4, 5, false));
        assert_eq!(judged(Gate::unallocated("0"), &calls), (0, 5, false));
        assert_eq!(judged(Gate::unallocated("1"), &[]), (0, 0, true));
        for text in ["", "-5%", "101%", "five"] {
            assert!(Gate::unallocated(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_unit_may_have_so_much_of_a_measure() {
        assert_eq!(judged(Gate::unit("Ads=10 billable_calls"), &[("Ads", 10)]), (10, 10, true));
        assert_eq!(judged(Gate::unit("Ads = 10  calls"), &[("Ads", 10)]), (10, 11, false));
        assert_eq!(judged(Gate::unit("A=B=0 calls"), &[("A=B", 0)]), (0, 1, false));
        assert_eq!(judged(Gate::unit("Lab=0 slot_ms"), &[("Ads", 10)]), (0, 0, true));
        for text in ["Ads", "Ads=10", "Ads=ten calls", "Ads=10 euros", "=10 calls", "Ads=-1 calls", "Ads=+1 calls"] {
            assert!(Gate::unit(text).is_err(), "{text}");
        }
    }
}
