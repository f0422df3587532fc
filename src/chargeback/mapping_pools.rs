//! Pools: units whose cost is handed on to other units, one pool after the other in the order of the mapping.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::apportion::apportion;
use super::mapping_error::MappingProblem;
use super::mapping_row::Validity;
use super::mapping_share::Share;
use crate::model::closed_list::closed_list;

closed_list! {
    /// What a pool's cost can be proportional to.
    pub enum PoolMeasure {
        Cost = "cost": "the cost that the receiving units have by their own projects, before any pool",
        Calls = "calls": "the receiving units' calls",
        BillableCalls = "billable_calls": "the receiving units' billable calls",
        BilledBytes = "billed_bytes": "the bytes that on-demand pricing bills the receiving units",
        SlotMs = "slot_ms": "the slot time that the receiving units share",
    }
}

/// What becomes of a pool when every receiver's measure is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Otherwise {
    /// The cost stays with the pool, where it is seen.
    Stays,
    /// The cost is divided evenly.
    Even,
}

/// How a pool's cost is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// By the shares of the rows.
    Fixed,
    /// One part for each receiver.
    Even,
    /// In proportion to what the receivers used.
    Proportional {
        /// The measure.
        measure: PoolMeasure,
        /// What happens when it is 0 for all.
        otherwise: Otherwise,
    },
}

impl Method {
    /// Reads `fixed` (also nothing), `even`, `proportional:MEASURE` or `proportional:MEASURE else even`.
    pub(super) fn parse(text: &str) -> Result<Self, MappingProblem> {
        let bad = || MappingProblem::BadMethod(text.to_owned());
        match text {
            "" | "fixed" => return Ok(Self::Fixed),
            "even" => return Ok(Self::Even),
            _ => {}
        }
        let measure = text.strip_prefix("proportional:").ok_or_else(bad)?;
        let (measure, otherwise) = match measure.split_once(" else ") {
            Some((measure, "even")) => (measure, Otherwise::Even),
            Some(_) => return Err(bad()),
            None => (measure, Otherwise::Stays),
        };
        let measure = PoolMeasure::parse(measure.trim()).ok_or_else(bad)?;
        Ok(Self::Proportional { measure, otherwise })
    }
}

impl fmt::Display for Method {
    /// The method as a mapping writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed => f.write_str("fixed"),
            Self::Even => f.write_str("even"),
            Self::Proportional { measure, otherwise: Otherwise::Stays } => write!(f, "proportional:{measure}"),
            Self::Proportional { measure, otherwise: Otherwise::Even } => write!(f, "proportional:{measure} else even"),
        }
    }
}

/// To whom a row hands a pool's cost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receiver {
    /// One unit.
    Unit(String),
    /// Every unit of the mapping that is no pool.
    EveryUnit,
}

/// One row about a pool.
#[derive(Debug, Clone)]
pub struct PoolRow {
    /// The line of the file, from 1.
    pub line: u64,
    /// The unit whose cost is handed on.
    pub pool: String,
    /// Who receives it.
    pub receiver: Receiver,
    /// How it is divided; the same in all rows of a pool that hold at one time.
    pub method: Method,
    /// The receiver's share, with the method `fixed`.
    pub share: Option<Share>,
    /// When the row holds.
    pub validity: Validity,
}

/// One step: a pool with its receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The unit whose cost is handed on.
    pub unit: String,
    /// How it is divided.
    pub method: Method,
    /// The receiving units by name, with their weights where the method has them itself.
    pub receivers: Vec<(String, u128)>,
    /// The lines of the mapping that say so.
    pub lines: Vec<u64>,
}

/// The pools that hold at one time, in the order in which they are handed on: step by step, none twice, so that a pool
/// may receive from those before it and hands that on too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pools {
    /// The steps.
    pub steps: Vec<Pool>,
}

/// An amount that went from a pool to a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The pool that handed it on.
    pub pool: String,
    /// The unit that received it.
    pub unit: String,
    /// The amount, in the unit of the amounts that were given.
    pub amount: i128,
    /// How it was divided: what the method came to.
    pub method: Method,
}

/// A sum that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sum does not fit into 128 bits")]
pub struct Overflow;

impl Pools {
    /// Hands the amounts of the pools on and tells what went where. The sum of all amounts stays the same.
    ///
    /// `weight` tells what a unit has of a measure (nothing, where that would be negative). A pool that has nothing by
    /// which to divide keeps its amount, unless its method says otherwise.
    ///
    /// # Errors
    /// When a sum does not fit.
    pub fn hand_on(
        &self,
        amounts: &mut BTreeMap<String, i128>,
        weight: &dyn Fn(PoolMeasure, &str) -> u128,
    ) -> Result<Vec<Posting>, Overflow> {
        let mut postings = Vec::new();
        for pool in &self.steps {
            let amount = amounts.get(&pool.unit).copied().unwrap_or_default();
            let weighted = |weight: &dyn Fn(&(String, u128)) -> u128| -> Vec<(&str, u128)> {
                pool.receivers.iter().map(|receiver| (receiver.0.as_str(), weight(receiver))).collect()
            };
            let evenly = || apportion(amount, &weighted(&|_| 1)).map(|parts| (Method::Even, parts));
            let divided = match pool.method {
                Method::Fixed => apportion(amount, &weighted(&|(_, own)| *own)).map(|parts| (Method::Fixed, parts)),
                Method::Even => evenly(),
                Method::Proportional { measure, otherwise } => {
                    let parts = apportion(amount, &weighted(&|(unit, _)| weight(measure, unit)));
                    match (parts, otherwise) {
                        (Some(parts), _) => Some((pool.method, parts)),
                        (None, Otherwise::Even) => evenly(),
                        (None, Otherwise::Stays) => None,
                    }
                }
            };
            let Some((method, parts)) = divided else { continue };
            for ((unit, _), part) in pool.receivers.iter().zip(parts).filter(|(_, part)| *part != 0) {
                let received = amounts.entry(unit.clone()).or_default();
                *received = received.checked_add(part).ok_or(Overflow)?;
                postings.push(Posting { pool: pool.unit.clone(), unit: unit.clone(), amount: part, method });
            }
            amounts.insert(pool.unit.clone(), 0);
        }
        Ok(postings)
    }
}

/// The pools that hold at a time. `units` are all that rows about projects and calls name.
pub(super) fn at(rows: &[PoolRow], units: &BTreeSet<&str>, time: i64) -> Pools {
    let mut steps: Vec<Pool> = Vec::new();
    let holding: Vec<&PoolRow> = rows.iter().filter(|row| row.validity.holds_at(Some(time))).collect();
    let pools: BTreeSet<&str> = holding.iter().map(|row| row.pool.as_str()).collect();
    for first in &holding {
        if steps.iter().any(|step| step.unit == first.pool) {
            continue;
        }
        let own: Vec<&&PoolRow> = holding.iter().filter(|row| row.pool == first.pool).collect();
        let shares: Vec<Share> = own.iter().filter_map(|row| row.share).collect();
        // Rows without a share weigh alike; which measure weighs them is known later.
        let weights = Share::weights(&shares).filter(|weights| weights.len() == own.len());
        let weights = weights.unwrap_or_else(|| vec![1; own.len()]);
        let mut receivers: Vec<(String, u128)> = Vec::new();
        for (row, weight) in own.iter().zip(weights) {
            match &row.receiver {
                Receiver::Unit(unit) => receivers.push((unit.clone(), weight)),
                Receiver::EveryUnit => {
                    receivers.extend(units.difference(&pools).map(|unit| ((*unit).to_owned(), weight)));
                }
            }
        }
        receivers.sort();
        let lines = own.iter().map(|row| row.line).collect();
        steps.push(Pool { unit: first.pool.clone(), method: first.method, receivers, lines });
    }
    Pools { steps }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::super::mapping::Mapping;
    use super::*;

    const UNITS: &str = "project,business_unit,valid_from,valid_to,share,method\nads-prod,Ads\nshop-prod,Shop\nlab-prod,Lab\nnet-prod,Net\nit-prod,IT\n";

    /// A mapping whose rows about pools stand on line 7 and after.
    fn mapping(pools: &str) -> Result<Mapping, String> {
        Mapping::parse("m.csv", format!("{UNITS}{pools}").as_bytes(), Tz::UTC).map_err(|errors| errors.to_string())
    }

    fn pools(rows: &str) -> Pools {
        mapping(rows).expect("the test's pools are sound").pools(0)
    }

    fn hand_on(pools: &Pools, amounts: &[(&str, i128)], calls: &[(&str, u128)]) -> BTreeMap<String, i128> {
        let mut amounts = amounts.iter().map(|(unit, amount)| ((*unit).to_owned(), *amount)).collect();
        let weight = |measure, unit: &str| {
            assert_eq!(measure, PoolMeasure::Calls);
            calls.iter().find(|(name, _)| *name == unit).map_or(0, |(_, calls)| *calls)
        };
        pools.hand_on(&mut amounts, &weight).expect("the sums are small");
        amounts
    }

    fn amounts(amounts: &[(&str, i128)]) -> BTreeMap<String, i128> {
        amounts.iter().map(|(unit, amount)| ((*unit).to_owned(), *amount)).collect()
    }

    #[test]
    fn pools_are_handed_on_step_by_step_in_the_order_of_the_file() {
        let rows = "pool:Net,IT,,,1/2\npool:Net,Ads,,,50%\npool:IT,*,,,,even\n";
        let steps: Vec<String> = pools(rows).steps.into_iter().map(|step| step.unit).collect();
        assert_eq!(steps, ["Net", "IT"]);
        let after = hand_on(&pools(rows), &[("Net", 100), ("IT", 10), ("Ads", 1), ("(unmapped)", 7)], &[]);
        assert_eq!(after, amounts(&[("(unmapped)", 7), ("Ads", 71), ("IT", 0), ("Lab", 20), ("Net", 0), ("Shop", 20)]));
    }

    #[test]
    fn a_proportional_pool_without_any_weight_stays_unless_told_otherwise() {
        let rows = "pool:Net,Ads,,,,proportional:calls\npool:Net,Shop,,,,proportional:calls\n";
        let before = [("Net", 100)];
        assert_eq!(
            hand_on(&pools(rows), &before, &[("Ads", 1), ("Shop", 3)]),
            amounts(&[("Ads", 25), ("Net", 0), ("Shop", 75)])
        );
        assert_eq!(hand_on(&pools(rows), &before, &[("Lab", 9)]), amounts(&before));
        let even = rows.replace("calls", "calls else even");
        assert_eq!(hand_on(&pools(&even), &before, &[]), amounts(&[("Ads", 50), ("Net", 0), ("Shop", 50)]));
    }

    #[test]
    fn pools_hold_at_their_time() {
        let map = mapping("pool:Net,Ads,,1970-01-02,1\npool:Net,Shop,1970-01-02,,1\n").expect("sound");
        let receiver = |time| map.pools(time).steps[0].receivers[0].0.clone();
        assert_eq!((receiver(0), receiver(86_400_000_000_000)), ("Ads".to_owned(), "Shop".to_owned()));
    }

    #[test]
    fn methods_are_written_as_they_are_read() {
        for text in ["fixed", "even", "proportional:cost", "proportional:slot_ms else even"] {
            assert_eq!(Method::parse(text).map(|method| method.to_string()), Ok(text.to_owned()));
        }
    }

    /// Rows of pools in a possible order: each hands on to units that are none, or to a later pool.
    fn some_pools() -> impl Strategy<Value = String> {
        let first = prop::sample::select(vec![
            "pool:Net,IT,,,1/3\npool:Net,Ads,,,2/3\n",
            "pool:Net,IT,,,,even\npool:Net,Ads,,,,even\npool:Net,Shop,,,,even\n",
            "pool:Net,*,,,,proportional:calls\n",
            "",
        ]);
        let second =
            prop::sample::select(vec!["pool:IT,*,,,,even\n", "pool:IT,*,,,,proportional:calls else even\n", ""]);
        (first, second).prop_map(|(first, second)| format!("{first}{second}"))
    }

    proptest! {
        #[test]
        fn what_goes_out_comes_in_and_no_sign_changes(
            rows in some_pools(),
            before in prop::collection::vec(-1_000_000_i128..1_000_000, 5),
            calls in prop::collection::vec(0_u128..50, 5),
        ) {
            let names = ["Ads", "IT", "Lab", "Net", "Shop"];
            let mut after: BTreeMap<String, i128> = names.iter().map(|name| (*name).to_owned()).zip(before.iter().copied()).collect();
            let weight = |_, unit: &str| names.iter().position(|name| *name == unit).map_or(0, |at| calls[at]);
            let pools = pools(&rows);
            let mut step = after.clone();
            let postings = pools.hand_on(&mut after, &weight).expect("the sums are small");
            prop_assert_eq!(after.values().sum::<i128>(), before.iter().sum::<i128>());
            // The postings alone lead from before to after, and each has the sign of what its pool had.
            for pool in &pools.steps {
                let handed: Vec<&Posting> = postings.iter().filter(|posting| posting.pool == pool.unit).collect();
                let amount = step[&pool.unit];
                for posting in &handed {
                    prop_assert_eq!(posting.amount.signum(), amount.signum());
                    *step.get_mut(&posting.unit).expect("a unit of the mapping") += posting.amount;
                }
                let sum: i128 = handed.iter().map(|posting| posting.amount).sum();
                prop_assert!(sum == amount || handed.is_empty());
                *step.get_mut(&pool.unit).expect("a unit of the mapping") -= sum;
            }
            prop_assert_eq!(step, after);
        }

        #[test]
        fn an_unrelated_unit_changes_no_amount(rows in some_pools(), amount in -1000_i128..1000) {
            let rows = rows.replace("pool:IT,*,,,,even\n", "pool:IT,Ads,,,,even\npool:IT,Shop,,,,even\n");
            let calls = [("Ads", 3), ("Shop", 4)];
            let before = [("Net", amount), ("IT", 7), ("Ads", 1)];
            let mut more = before.to_vec();
            more.push(("Other", 99));
            let mut after = hand_on(&pools(&rows), &more, &calls);
            prop_assert_eq!(after.remove("Other"), Some(99));
            prop_assert_eq!(after, hand_on(&pools(&rows), &before, &calls));
        }
    }
}
