//! Gates: limits that a user sets, and whether a result keeps them.

use std::collections::{BTreeMap, BTreeSet};

use super::attribution::{UNATTRIBUTED, UNMAPPED};
use super::held::Held;
use super::mapping_share::Share;
use super::measure::Measure;
use super::statement::{Measures, StatementError};
use super::verdict::{Figures, Verdict};
use crate::model::money::{Amount, Currency};
use crate::model::rounding;
use crate::model::share::millionths;

/// The units of what nobody was found for.
const WITHOUT_UNIT: [&str; 2] = [UNMAPPED, UNATTRIBUTED];

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// The part that has no unit, `(unmapped)` and `(unattributed)`: of the net cost of each currency where there is a bill,
    /// else of the billable calls.
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
    /// What a unit may cost, net, in a currency.
    Budget {
        /// The unit.
        unit: String,
        /// The currency.
        currency: Currency,
        /// The largest amount that is kept.
        limit: Amount,
    },
    /// The statement must add up to the bill.
    TieOut,
}

impl Gate {
    /// Reads the largest part without a unit: `5%`, `0.05` or `1/20`.
    ///
    /// # Errors
    /// Says what is expected.
    pub fn unallocated(text: &str) -> Result<Self, String> {
        let part = Share::part(text.trim())
            .ok_or_else(|| format!("`{text}` is no part of a whole; write 5%, 0.05 or 1/20"))?;
        Ok(Self::Unallocated(part))
    }

    /// Reads a limit of a unit: `Marketing=10000 calls` or `Marketing=10000 EUR`.
    ///
    /// # Errors
    /// Says what is expected.
    pub fn unit(text: &str) -> Result<Self, String> {
        let measures: Vec<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        let bad = || {
            let measures = measures.join(", ");
            format!(
                "`{text}` is no limit; write UNIT=NUMBER WHAT, where WHAT is {measures}, or with --bill a currency such as EUR"
            )
        };
        let (unit, limit) = text.rsplit_once('=').ok_or_else(bad)?;
        let (limit, what) = limit.trim().split_once(char::is_whitespace).ok_or_else(bad)?;
        let (unit, what) = (unit.trim().to_owned(), what.trim());
        if unit.is_empty() {
            return Err(bad());
        }
        if let Some(measure) = Measure::parse(what) {
            let plain = limit.bytes().all(|byte| byte.is_ascii_digit());
            let limit = limit.parse().ok().filter(|_| plain).ok_or_else(bad)?;
            return Ok(Self::Unit { unit, measure, limit });
        }
        let currency = Currency::parse(what).ok_or_else(bad)?;
        let plain = limit.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let limit = Amount::parse(limit).filter(|_| plain).ok_or_else(bad)?;
        Ok(Self::Budget { unit, currency, limit })
    }

    /// The unit that it limits, if it limits one.
    pub fn limited(&self) -> Option<&str> {
        match self {
            Self::Unit { unit, .. } | Self::Budget { unit, .. } => Some(unit),
            Self::Unallocated(_) | Self::TieOut => None,
        }
    }

    /// Holds the gate against a result: one verdict, or one for each currency or bill that it is about.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn judge(&self, held: &Held) -> Result<Vec<Verdict>, StatementError> {
        match self {
            Self::Unallocated(part) if held.costs.is_empty() => Ok(vec![calls_without_unit(*part, &held.units)]),
            Self::Unallocated(part) => {
                held.costs.iter().map(|(currency, units)| cost_without_unit(*part, *currency, units)).collect()
            }
            Self::Unit { unit, measure, limit } => {
                let found = held.units.get(unit).map_or(0, |measures| measure.of(measures));
                let whole = held.units.values().try_fold(0_u128, |sum, more| sum.checked_add(measure.of(more)));
                let share = millionths(found, whole.ok_or(StatementError::Overflow)?);
                let figures = Figures::Count { measure: *measure, limit: *limit, found };
                Ok(vec![Verdict { unit: Some(unit.clone()), share, ..Verdict::new("unit", figures, found <= *limit) }])
            }
            Self::Budget { unit, currency, limit } => {
                let units = held.costs.get(currency);
                let found = units.and_then(|units| units.get(unit)).copied().unwrap_or_default();
                let share = rounding::share(found, units.map_or(Ok(Amount::ZERO), whole)?);
                let figures = Figures::Cost { currency: *currency, limit: *limit, found };
                Ok(vec![Verdict { unit: Some(unit.clone()), share, ..Verdict::new("unit", figures, found <= *limit) }])
            }
            Self::TieOut => Ok(held.bills.iter().map(|(bill, sums)| Verdict::tie_out(bill, sums)).collect()),
        }
    }
}

fn calls_without_unit(part: Share, units: &BTreeMap<String, Measures>) -> Verdict {
    let billable = |measures: &Measures| measures.billable_calls;
    let whole: u64 = units.values().map(billable).sum();
    let found: u64 = WITHOUT_UNIT.into_iter().filter_map(|unit| units.get(unit)).map(billable).sum();
    let (limit, found) = (part.of(whole.into()), u128::from(found));
    let figures = Figures::Count { measure: Measure::BillableCalls, limit, found };
    let share = millionths(found, whole.into());
    Verdict { share, ..Verdict::new("unallocated", figures, found <= limit) }
}

fn cost_without_unit(
    part: Share,
    currency: Currency,
    units: &BTreeMap<String, Amount>,
) -> Result<Verdict, StatementError> {
    let without = WITHOUT_UNIT.into_iter().filter_map(|unit| units.get(unit));
    let found = without.copied().try_fold(Amount::ZERO, Amount::checked_add).ok_or(StatementError::Overflow)?;
    let whole = whole(units)?;
    // A credit that has no unit is as little allocated as a cost.
    let limit = part.of(whole.magnitude());
    let kept = found.magnitude() <= limit;
    let limit = Amount::of_units(i128::try_from(limit).map_err(|_| StatementError::Overflow)?);
    let figures = Figures::Cost { currency, limit, found };
    Ok(Verdict { share: rounding::share(found, whole), ..Verdict::new("unallocated", figures, kept) })
}

fn whole(units: &BTreeMap<String, Amount>) -> Result<Amount, StatementError> {
    units.values().copied().try_fold(Amount::ZERO, Amount::checked_add).ok_or(StatementError::Overflow)
}

/// The currencies in which budgets are set.
pub fn budgeted(gates: &[Gate]) -> BTreeSet<Currency> {
    let currency = |gate: &Gate| match gate {
        Gate::Budget { currency, .. } => Some(*currency),
        Gate::Unallocated(_) | Gate::Unit { .. } | Gate::TieOut => None,
    };
    gates.iter().filter_map(currency).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect("a number")
    }

    fn euro() -> Currency {
        Currency::parse("EUR").expect("a currency")
    }

    fn units(calls: &[(&str, u64)]) -> Held {
        let measures = |billable_calls| Measures { calls: billable_calls + 1, billable_calls, ..Measures::default() };
        let units = calls.iter().map(|(unit, calls)| ((*unit).to_owned(), measures(*calls))).collect();
        Held { units, ..Held::default() }
    }

    fn costing(costs: &[(&str, &str, &str)]) -> Held {
        let mut held = Held::default();
        for (currency, unit, cost) in costs {
            let currency = Currency::parse(currency).expect("a currency");
            held.costs.entry(currency).or_default().insert((*unit).to_owned(), amount(cost));
        }
        held
    }

    fn verdicts(gate: Result<Gate, String>, held: &Held) -> Vec<Verdict> {
        gate.expect("the test's gate is sound").judge(held).expect("the sums are small")
    }

    fn judged(gate: Result<Gate, String>, calls: &[(&str, u64)]) -> (u128, u128, bool) {
        let verdict = verdicts(gate, &units(calls)).pop().expect("one verdict");
        let Figures::Count { limit, found, .. } = verdict.figures else { panic!("money without a bill") };
        (limit, found, verdict.passed)
    }

    fn priced(gate: Result<Gate, String>, costs: &[(&str, &str, &str)]) -> Vec<(String, bool)> {
        let shown = |verdict: Verdict| match verdict.figures {
            Figures::Cost { currency, limit, found } => (format!("{found} of {limit} {currency}"), verdict.passed),
            Figures::Count { .. } => panic!("calls with a bill"),
        };
        verdicts(gate, &costing(costs)).into_iter().map(shown).collect()
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
    fn with_a_bill_a_part_of_the_net_cost_of_each_currency_may_be_unallocated() {
        let costs = [("EUR", "Ads", "95"), ("EUR", UNMAPPED, "3"), ("EUR", UNATTRIBUTED, "2"), ("JPY", UNMAPPED, "-1")];
        let expected = |kept| vec![("5 of 5 EUR".to_owned(), kept), ("-1 of 0.05 JPY".to_owned(), false)];
        assert_eq!(priced(Gate::unallocated("5%"), &costs), expected(true));
        let found = priced(Gate::unallocated("4.9%"), &costs);
        assert_eq!(found[0], ("5 of 4.9 EUR".to_owned(), false));
    }

    #[test]
    fn a_unit_may_have_so_much_of_a_measure() {
        assert_eq!(judged(Gate::unit("Ads=10 billable_calls"), &[("Ads", 10)]), (10, 10, true));
        assert_eq!(judged(Gate::unit("Ads = 10  calls"), &[("Ads", 10)]), (10, 11, false));
        assert_eq!(judged(Gate::unit("A=B=0 calls"), &[("A=B", 0)]), (0, 1, false));
        assert_eq!(judged(Gate::unit("Lab=0 slot_ms"), &[("Ads", 10)]), (0, 0, true));
        for text in [
            "Ads",
            "Ads=10",
            "Ads=ten calls",
            "Ads=10 euros",
            "=10 calls",
            "Ads=-1 calls",
            "Ads=+1 calls",
            "Ads=1.5 calls",
            "Ads=-1 EUR",
            "Ads=1e3 EUR",
            "Ads=1,000 EUR",
        ] {
            assert!(Gate::unit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_budget_is_kept_to_the_last_digit_and_only_in_its_currency() {
        let costs = [("EUR", "Ads", "10.000000000000000000000001"), ("JPY", "Ads", "99"), ("JPY", "Lab", "-5")];
        let of = |text| priced(Gate::unit(text), &costs).pop().expect("one verdict");
        assert!(!of("Ads=10 EUR").1 && of("Ads=10.01 eur").1 && of("Ads=99 JPY").1 && of("Lab=0 EUR").1);
        assert_eq!(of("Lab=0 JPY"), ("-5 of 0 JPY".to_owned(), true));
        assert_eq!(budgeted(&[Gate::unit("A=1 EUR").expect("a gate"), Gate::TieOut]), [euro()].into());
    }

    proptest! {
        /// The limit is kept exactly if what has no unit is not more than its part of the whole.
        #[test]
        fn a_part_is_exact(without in -1000_i128..1000, others in -1000_i128..1000, percent in 0_u32..=100) {
            let part = Gate::unallocated(&format!("{percent}%"));
            let units = [(UNMAPPED, without), ("Ads", others)];
            let units = units.map(|(unit, units)| (unit.to_owned(), Amount::of_units(units)));
            let held = Held { costs: [(euro(), units.into())].into(), ..Held::default() };
            let verdict = verdicts(part, &held).pop().expect("one verdict");
            prop_assert_eq!(verdict.passed, without.abs() * 100 <= (without + others).abs() * i128::from(percent));
        }
    }
}
