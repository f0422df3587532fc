//! Pools in money: each part of a bill that lies with a pool goes on to the units that receive it, and says by what.
//!
//! A part keeps what it was for: its project, service, SKU and day. So the rows of a statement still tell of the bill, and
//! what goes out of a pool comes in, for each invoice month, currency and billing account.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono_tz::Tz;

use super::allocation::Part;
use super::attribution::{Attributed, Attributor};
use super::costs::TooLarge;
use super::dimension::day;
use super::mapping::Mapping;
use super::mapping_pools::{Method, Overflow, PoolMeasure, Pools, Posting};
use super::mapping_row::moments;
use super::statement::Measures;
use super::weights::{Sharer, carrier};
use crate::model::cost::Basis;
use crate::model::money::{Amount, Currency};

/// What calls each unit has, by month: by this pools are handed on.
#[derive(Debug, Default)]
pub struct UnitCalls {
    months: HashMap<String, HashMap<String, Measures>>,
}

impl UnitCalls {
    /// Adds a call. Slot time counts for the unit whose job used it, not for the one that owns the reservation.
    pub fn add(&mut self, attributor: &Attributor<'_>, attributed: &Attributed<'_>, timezone: Tz) {
        let Some(time) = attributed.stated.facts.time else { return };
        let (job_unit, _) = carrier(attributor, attributed);
        let measures = Measures::of(attributed);
        let slots = Measures { slot_ms: measures.slot_ms, ..Measures::default() };
        let units = self.months.entry(month(&day(time, timezone)).to_owned()).or_default();
        for (unit, more) in [(attributed.unit, Measures { slot_ms: 0, ..measures }), (job_unit, slots)] {
            let unit = units.entry(unit.to_owned()).or_default();
            // Weights that do not fit stay as large as they are.
            *unit = unit.checked_add(&more).unwrap_or(*unit);
        }
    }

    fn of(&self, month: &str, unit: &str) -> Measures {
        self.months.get(month).and_then(|units| units.get(unit)).copied().unwrap_or_default()
    }
}

/// The month of a day, as `2026-10`.
fn month(day: &str) -> &str {
    day.get(..7).unwrap_or(day)
}

/// The net cost of units by their own projects, in an invoice month and a currency.
type OwnCost = HashMap<(String, Currency), HashMap<String, Amount>>;

/// The pools of a mapping, with all by which they are handed on.
pub(super) struct Pooling<'t> {
    /// The distinct bounds of the rows about pools, sorted, and the pools that hold before, between and after them.
    bounds: Vec<i64>,
    pools: Vec<Pools>,
    /// The one cost centre that the rows of a unit name.
    cost_centers: HashMap<&'t str, &'t str>,
    calls: &'t UnitCalls,
    own: OwnCost,
}

/// Where a part of an amount ends: a unit, and the pool that it comes from with what the pool's method came to.
type End = (String, Option<(String, Method)>);

impl<'t> Pooling<'t> {
    /// The pools of a mapping; `None` when it has none.
    pub fn of(mapping: &'t Mapping, calls: &'t UnitCalls) -> Option<Self> {
        if mapping.pool_rows().is_empty() {
            return None;
        }
        let bounds: BTreeSet<i64> = mapping.pool_rows().iter().flat_map(|row| row.validity.bounds()).collect();
        let bounds: Vec<i64> = bounds.into_iter().collect();
        let pools = moments(&bounds).map(|time| mapping.pools(time)).collect();
        let mut named: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        for row in mapping.rows() {
            named.entry(&row.business_unit).or_default().extend(row.cost_center.as_deref());
        }
        let one = |(unit, centers): (&'t str, BTreeSet<&'t str>)| {
            centers.first().filter(|_| centers.len() == 1).map(|center| (unit, *center))
        };
        Some(Self {
            bounds,
            pools,
            cost_centers: named.into_iter().filter_map(one).collect(),
            calls,
            own: OwnCost::new(),
        })
    }

    /// Whether the cost that units have of their own must be known before anything is handed on.
    pub fn needs_own_cost(&self) -> bool {
        let by_cost = |method| matches!(method, Method::Proportional { measure: PoolMeasure::Cost, .. });
        self.pools.iter().flat_map(|pools| &pools.steps).any(|pool| by_cost(pool.method))
    }

    /// Takes note of a part before pools.
    pub fn note(&mut self, part: &Part<'_>) -> Result<(), TooLarge> {
        let units = self.own.entry((part.key.invoice_month.clone(), part.key.currency)).or_default();
        let own = units.entry(part.sharer.unit.clone()).or_default();
        let net = part.cost.checked_add(part.credits).ok_or(TooLarge)?;
        *own = own.checked_add(net).ok_or(TooLarge)?;
        Ok(())
    }

    /// Hands a part on if it lies with a pool; `time` is one at which the part was used. Each end of it has its sign.
    pub fn hand_on<'k>(&self, part: Part<'k>, time: i64, take: &mut impl FnMut(Part<'k>)) -> Result<(), TooLarge> {
        let pools = &self.pools[self.bounds.partition_point(|bound| *bound <= time)];
        if pools.steps.iter().all(|pool| pool.unit != part.sharer.unit) {
            take(part);
            return Ok(());
        }
        let mut ends: BTreeMap<End, [Amount; 2]> = BTreeMap::new();
        for (at, amount) in [part.cost, part.credits].into_iter().enumerate() {
            for (end, amount) in self.ends(pools, &part, amount).map_err(|Overflow| TooLarge)? {
                ends.entry(end).or_default()[at] = amount;
            }
        }
        for ((unit, from), [cost, credits]) in ends {
            take(match from {
                None => Part { cost, credits, ..part.clone() },
                Some((pool, method)) => {
                    let cost_center = self.cost_centers.get(unit.as_str()).map(|center| (*center).to_owned());
                    let sharer = Sharer { unit, cost_center, values: part.sharer.values.clone() };
                    Part { sharer, basis: basis(method), pool: Some(pool), cost, credits, ..part.clone() }
                }
            });
        }
        Ok(())
    }

    /// Where an amount of a part ends.
    fn ends(&self, pools: &Pools, part: &Part<'_>, amount: Amount) -> Result<Vec<(End, Amount)>, Overflow> {
        let mut amounts = BTreeMap::from([(part.sharer.unit.clone(), amount.units())]);
        let postings = pools.hand_on(&mut amounts, &|measure, unit| self.weight(part, measure, unit))?;
        // All postings of one amount have one sign: a unit that received something and now has nothing handed it on.
        let stayed = |posting: &Posting| amounts.get(&posting.unit).is_some_and(|amount| *amount != 0);
        let end =
            |posting: Posting| ((posting.unit, Some((posting.pool, posting.method))), Amount::of_units(posting.amount));
        let mut ends: Vec<(End, Amount)> =
            postings.iter().filter(|posting| stayed(posting)).cloned().map(end).collect();
        let kept = amounts.get(&part.sharer.unit).copied().filter(|amount| *amount != 0);
        ends.extend(kept.map(|amount| ((part.sharer.unit.clone(), None), Amount::of_units(amount))));
        Ok(ends)
    }

    /// What a unit has of a measure: costs of the invoice's month and currency, calls of the month of the usage.
    fn weight(&self, part: &Part<'_>, measure: PoolMeasure, unit: &str) -> u128 {
        let calls = || self.calls.of(month(&part.key.day), unit);
        match measure {
            PoolMeasure::Cost => {
                let units = self.own.get(&(part.key.invoice_month.clone(), part.key.currency));
                let own = units.and_then(|units| units.get(unit)).copied().unwrap_or_default();
                u128::try_from(own.units()).unwrap_or(0)
            }
            PoolMeasure::Calls => calls().calls.into(),
            PoolMeasure::BillableCalls => calls().billable_calls.into(),
            PoolMeasure::BilledBytes => calls().billed_bytes,
            PoolMeasure::SlotMs => calls().slot_ms,
        }
    }
}

/// By what a pool's part came to its receiver.
fn basis(method: Method) -> Basis {
    match method {
        Method::Fixed => Basis::Fixed,
        Method::Even => Basis::Even,
        Method::Proportional { measure, otherwise: _ } => match measure {
            PoolMeasure::Cost => Basis::Cost,
            PoolMeasure::Calls | PoolMeasure::BillableCalls => Basis::Calls,
            PoolMeasure::BilledBytes => Basis::BilledBytes,
            PoolMeasure::SlotMs => Basis::SlotMs,
        },
    }
}
