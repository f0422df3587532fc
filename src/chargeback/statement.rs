//! The statement: attributed calls grouped, joined with their payers and units, summed and sorted.
//!
//! Calls are first added up by the facts they are grouped by and the payer they resolved to. polars then joins these sums
//! with the table of payers and units, groups again by the columns asked for, and sorts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroUsize;

use chrono_tz::Tz;
use polars::prelude::*;

use super::attribution::Attributed;
use super::bill_of_payer::BillOfPayer;
use super::dimension::{Dimension, NONE, Teller};
use super::price::PriceBook;
use super::small_groups::Principals;
use super::times::Times;
use crate::model::directory::Directory;
use crate::model::quick_hash::QuickHash;
use crate::model::reason::Driver;
use crate::model::share::millionths;
use crate::model::text::SharedText;

/// What a statement adds up for a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measures {
    /// Calls, failed and free ones too.
    pub calls: u64,
    /// Calls that the bill meters.
    pub billable_calls: u64,
    /// Calls with a status other than OK, and jobs that failed.
    pub failed_calls: u64,
    /// Bytes that on-demand pricing bills.
    pub billed_bytes: u128,
    /// Slot milliseconds that capacity pricing shares.
    pub slot_ms: u128,
    /// Records that told of the calls.
    pub entries: u64,
    /// The first call's time.
    pub first_seen: Option<i64>,
    /// The last call's time.
    pub last_seen: Option<i64>,
}

/// A row: the values of the grouping columns, and what they add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// One value for each grouping column.
    pub key: Vec<String>,
    /// The sums.
    pub measures: Measures,
    /// Millionths of all billable calls, half to even; `None` when there are none at all.
    pub share: Option<u32>,
}

/// Rows and their total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Sorted by billable calls and calls, descending, then by key.
    pub rows: Vec<StatementRow>,
    /// The sum of the rows.
    pub total: Measures,
}

/// Why a statement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// A sum does not fit its type.
    #[error("a sum does not fit into 128 bits")]
    Overflow,
    /// The table engine refused.
    #[error("the table engine failed: {0}")]
    Table(#[from] PolarsError),
}

/// Where a call was put: the columns that later stages decide. One row of the table of payers.
#[derive(PartialEq, Eq, Hash)]
struct Place {
    key: Vec<SharedText>,
}

/// Adds calls up until the statement is made.
pub struct Accumulator<'t> {
    by: Vec<Dimension>,
    bills: Option<&'t BillOfPayer>,
    principals: Option<Principals>,
    prices: Option<&'t PriceBook>,
    directory: &'t Directory,
    timezone: Tz,
    times: RefCell<Times>,
    places: HashMap<Place, u32, QuickHash>,
    /// The place of each group among the sums.
    groups: HashMap<(u32, Vec<SharedText>), usize, QuickHash>,
    sums: Vec<Measures>,
    overflow: bool,
}

/// Whether a column is a fact of the entries, or decided by directory and mapping.
fn is_fact(dimension: Dimension) -> bool {
    match dimension {
        Dimension::Unit | Dimension::CostCenter | Dimension::Payer | Dimension::StoragePayer | Dimension::Kind => false,
        Dimension::Service
        | Dimension::Method
        | Dimension::Principal
        | Dimension::PrincipalProject
        | Dimension::Location
        | Dimension::ResourceProject
        | Dimension::Resource
        | Dimension::Model
        | Dimension::Reason
        | Dimension::Day
        | Dimension::Hour
        | Dimension::Month
        | Dimension::Log
        | Dimension::Sku
        | Dimension::CostType
        | Dimension::Basis
        | Dimension::Pool
        | Dimension::Currency
        | Dimension::InvoiceMonth
        | Dimension::BillingAccount
        | Dimension::Corrects => true,
    }
}

impl<'t> Accumulator<'t> {
    /// Starts a statement grouped by these columns.
    pub fn new(by: &[Dimension], directory: &'t Directory, timezone: Tz) -> Self {
        Self {
            by: by.to_vec(),
            bills: None,
            principals: None,
            prices: None,
            directory,
            timezone,
            times: RefCell::default(),
            places: HashMap::default(),
            groups: HashMap::default(),
            sums: Vec::new(),
            overflow: false,
        }
    }

    /// The same beside a bill: calls have what there is no doubt of in the columns that only bills have.
    pub fn beside(mut self, bills: &'t BillOfPayer) -> Self {
        self.bills = Some(bills);
        self
    }

    /// The same that also counts who called, if small groups are to be told.
    pub fn counting(mut self, minimum: Option<NonZeroUsize>) -> Self {
        self.principals = minimum.map(|minimum| Principals::new(minimum, &self.by));
        self
    }

    /// The columns.
    pub(super) fn by(&self) -> &[Dimension] {
        &self.by
    }

    /// Whether calls that are alike may be counted together: neither who called nor what it would cost is asked of each.
    pub fn takes_alike(&self) -> bool {
        self.principals.is_none() && self.prices.is_none()
    }

    /// Who called, if that was counted.
    pub fn principals(&self) -> Option<&Principals> {
        self.principals.as_ref()
    }

    /// The same, taken out.
    pub fn take_principals(&mut self) -> Option<Principals> {
        self.principals.take()
    }

    /// The same by a price book: calls have the family of charges that their price names.
    pub fn priced_by(mut self, prices: Option<&'t PriceBook>) -> Self {
        self.prices = prices;
        self
    }

    fn value(&self, dimension: Dimension, attributed: &Attributed<'_>) -> SharedText {
        if let (Dimension::Sku, Some(prices)) = (dimension, self.prices) {
            return prices.sku(attributed).map_or(SharedText::new_static(NONE), SharedText::from);
        }
        if let Some(time) = attributed.call.facts.time
            && let Some(value) = self.times.borrow_mut().value(dimension, time, self.timezone)
        {
            return value;
        }
        match self.bills.filter(|_| dimension.teller() == Teller::Bills) {
            None => dimension.value(attributed, self.directory, self.timezone),
            Some(bills) => {
                let payer = attributed.resolved.payer.as_ref().map(ToString::to_string);
                bills.value(dimension, payer.as_deref()).map_or(SharedText::new_static(NONE), SharedText::from)
            }
        }
    }

    /// A statement with all that others of the same columns hold.
    pub fn merged(mut self, others: Vec<Self>) -> Self {
        others.into_iter().for_each(|other| self.merge(other));
        self
    }

    fn merge(&mut self, other: Self) {
        let mut numbers = HashMap::with_capacity(other.places.len());
        for (place, number) in other.places {
            numbers.insert(number, self.number(place));
        }
        for ((place, key), at) in other.groups {
            let group = self.group((numbers[&place], key));
            self.sum(group, &other.sums[at]);
        }
        self.overflow |= other.overflow;
        if let (Some(mine), Some(theirs)) = (&mut self.principals, other.principals) {
            mine.merge(theirs);
        }
    }

    /// Adds one call, and gives the place of its group among the sums.
    pub fn add(&mut self, attributed: &Attributed<'_>) -> usize {
        if let Some(principals) = &mut self.principals {
            principals.add(attributed, self.directory, self.timezone);
        }
        let values = |facts: bool| -> Vec<SharedText> {
            let columns = self.by.iter().filter(|dimension| is_fact(**dimension) == facts);
            columns.map(|dimension| self.value(*dimension, attributed)).collect()
        };
        let (place, key) = (Place { key: values(false) }, values(true));
        let place = self.number(place);
        let group = self.group((place, key));
        self.sum(group, &Measures::of(attributed));
        group
    }

    /// The values of the columns that only a call's time decides.
    pub(super) fn times(&self, time: i64) -> Vec<SharedText> {
        let mut times = self.times.borrow_mut();
        self.by.iter().filter_map(|dimension| times.value(*dimension, time, self.timezone)).collect()
    }

    fn number(&mut self, place: Place) -> u32 {
        let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        *self.places.entry(place).or_insert(next)
    }

    fn group(&mut self, group: (u32, Vec<SharedText>)) -> usize {
        let next = self.sums.len();
        let at = *self.groups.entry(group).or_insert(next);
        if at == next {
            self.sums.push(Measures::default());
        }
        at
    }

    /// Adds to the sum of a group.
    pub(super) fn sum(&mut self, group: usize, measures: &Measures) {
        match self.sums[group].checked_add(measures) {
            Some(sum) => self.sums[group] = sum,
            None => self.overflow = true,
        }
    }

    /// Makes the statement.
    ///
    /// # Errors
    /// When a sum overflows or the table engine fails.
    pub fn finish(self) -> Result<Statement, StatementError> {
        if self.overflow {
            return Err(StatementError::Overflow);
        }
        let (facts, decided): (Vec<Dimension>, Vec<Dimension>) = self.by.iter().partition(|by| is_fact(**by));
        let places = places_table(self.places, &decided)?;
        let groups = groups_table(self.groups, &self.sums, &facts)?;
        let keys: Vec<Expr> = self.by.iter().map(|dimension| col(dimension.name())).collect();
        let sums = [
            "calls",
            "billable_calls",
            "failed_calls",
            "bytes_high",
            "bytes_low",
            "slots_high",
            "slots_low",
            "entries",
        ];
        let mut measures: Vec<Expr> = sums.iter().map(|name| col(*name).sum()).collect();
        measures.extend([col("first_seen").min(), col("last_seen").max()]);
        let mut order = vec![col("billable_calls"), col("calls")];
        order.extend(keys.iter().cloned());
        let descending: Vec<bool> = (0..order.len()).map(|at| at < 2).collect();
        let joined = groups.lazy().join(places.lazy(), [col("place")], [col("place")], JoinArgs::new(JoinType::Inner));
        let grouped = if keys.is_empty() { joined.select(measures) } else { joined.group_by(keys).agg(measures) };
        let table = grouped
            .sort_by_exprs(order, SortMultipleOptions::default().with_order_descending_multi(descending))
            .collect()?;
        statement(&table, &self.by)
    }
}

/// The table of places: its number and the columns that directory and mapping decide.
fn places_table(places: HashMap<Place, u32, QuickHash>, decided: &[Dimension]) -> PolarsResult<DataFrame> {
    let mut rows: Vec<(u32, Vec<SharedText>)> = places.into_iter().map(|(place, number)| (number, place.key)).collect();
    rows.sort_unstable();
    let mut columns = vec![Column::new("place".into(), rows.iter().map(|(number, _)| *number).collect::<Vec<u32>>())];
    for (at, dimension) in decided.iter().enumerate() {
        let values: Vec<&str> = rows.iter().map(|(_, key)| key[at].as_str()).collect();
        columns.push(Column::new(dimension.name().into(), values));
    }
    DataFrame::new(rows.len(), columns)
}

/// The table of sums: place, facts and measures. Wide sums stand as two halves, because the engine's integers wrap.
fn groups_table(
    groups: HashMap<(u32, Vec<SharedText>), usize, QuickHash>,
    sums: &[Measures],
    facts: &[Dimension],
) -> PolarsResult<DataFrame> {
    let rows: Vec<((u32, Vec<SharedText>), &Measures)> =
        groups.into_iter().map(|(group, at)| (group, &sums[at])).collect();
    let integers = |name: &str, value: &dyn Fn(&Measures) -> u64| {
        Column::new(name.into(), rows.iter().map(|(_, measures)| value(measures)).collect::<Vec<u64>>())
    };
    let times = |name: &str, value: &dyn Fn(&Measures) -> Option<i64>| {
        Column::new(name.into(), rows.iter().map(|(_, measures)| value(measures)).collect::<Vec<Option<i64>>>())
    };
    let mut columns =
        vec![Column::new("place".into(), rows.iter().map(|((place, _), _)| *place).collect::<Vec<u32>>())];
    for (at, dimension) in facts.iter().enumerate() {
        let values: Vec<&str> = rows.iter().map(|((_, key), _)| key[at].as_str()).collect();
        columns.push(Column::new(dimension.name().into(), values));
    }
    columns.extend([
        integers("calls", &|m| m.calls),
        integers("billable_calls", &|m| m.billable_calls),
        integers("failed_calls", &|m| m.failed_calls),
        integers("bytes_high", &|m| halves(m.billed_bytes).0),
        integers("bytes_low", &|m| halves(m.billed_bytes).1),
        integers("slots_high", &|m| halves(m.slot_ms).0),
        integers("slots_low", &|m| halves(m.slot_ms).1),
        integers("entries", &|m| m.entries),
        times("first_seen", &|m| m.first_seen),
        times("last_seen", &|m| m.last_seen),
    ]);
    DataFrame::new(rows.len(), columns)
}

/// A wide sum as multiples of 2³² and the rest: a column of either can be summed over four billion rows in 64 bits.
fn halves(sum: u128) -> (u64, u64) {
    let low = sum & u128::from(u32::MAX);
    (u64::try_from(sum >> 32).unwrap_or(u64::MAX), u64::try_from(low).unwrap_or(u64::MAX))
}

fn statement(table: &DataFrame, by: &[Dimension]) -> Result<Statement, StatementError> {
    let keys = by.iter().map(|dimension| table.column(dimension.name())?.str()).collect::<PolarsResult<Vec<_>>>()?;
    let integers = |name: &str| table.column(name)?.u64();
    let (calls, billable, failed) = (integers("calls")?, integers("billable_calls")?, integers("failed_calls")?);
    let (bytes_high, bytes_low) = (integers("bytes_high")?, integers("bytes_low")?);
    let (slots_high, slots_low) = (integers("slots_high")?, integers("slots_low")?);
    let entries = integers("entries")?;
    let (first, last) = (table.column("first_seen")?.i64()?, table.column("last_seen")?.i64()?);
    let whole = |high: &UInt64Chunked, low: &UInt64Chunked, at: usize| {
        (u128::from(high.get(at).unwrap_or(0)) << 32) + u128::from(low.get(at).unwrap_or(0))
    };
    let mut rows = Vec::with_capacity(table.height());
    let mut total = Measures::default();
    for at in 0..table.height() {
        let measures = Measures {
            calls: calls.get(at).unwrap_or(0),
            billable_calls: billable.get(at).unwrap_or(0),
            failed_calls: failed.get(at).unwrap_or(0),
            billed_bytes: whole(bytes_high, bytes_low, at),
            slot_ms: whole(slots_high, slots_low, at),
            entries: entries.get(at).unwrap_or(0),
            first_seen: first.get(at),
            last_seen: last.get(at),
        };
        total = total.checked_add(&measures).ok_or(StatementError::Overflow)?;
        let key = keys.iter().map(|column| column.get(at).unwrap_or_default().to_owned()).collect();
        rows.push(StatementRow { key, measures, share: None });
    }
    for row in &mut rows {
        row.share = millionths(row.measures.billable_calls.into(), total.billable_calls.into());
    }
    Ok(Statement { rows, total })
}

impl Measures {
    /// What one call adds.
    pub fn of(attributed: &Attributed<'_>) -> Self {
        let (call, facts) = (attributed.call, &attributed.call.facts);
        let billable = call.reason.is_none();
        let metered = |driver: Driver, quantity: Option<u64>| {
            if billable && facts.driver == driver { u128::from(quantity.unwrap_or(0)) } else { 0 }
        };
        Self {
            calls: 1,
            billable_calls: u64::from(billable),
            failed_calls: u64::from(facts.failed),
            billed_bytes: metered(Driver::Bytes, facts.usage.total_billed_bytes),
            slot_ms: metered(Driver::SlotMs, facts.usage.slot_ms()),
            entries: call.entries,
            first_seen: facts.time,
            last_seen: facts.time,
        }
    }

    /// The sum of both, if it fits.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        Some(Self {
            calls: self.calls.checked_add(other.calls)?,
            billable_calls: self.billable_calls.checked_add(other.billable_calls)?,
            failed_calls: self.failed_calls.checked_add(other.failed_calls)?,
            billed_bytes: self.billed_bytes.checked_add(other.billed_bytes)?,
            slot_ms: self.slot_ms.checked_add(other.slot_ms)?,
            entries: self.entries.checked_add(other.entries)?,
            first_seen: [self.first_seen, other.first_seen].into_iter().flatten().min(),
            last_seen: self.last_seen.max(other.last_seen),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_sum_survives_its_two_halves() {
        for sum in [0_u128, 1, u128::from(u64::MAX), u128::from(u64::MAX) * 7 + 3] {
            let (high, low) = halves(sum);
            assert_eq!((u128::from(high) << 32) + u128::from(low), sum);
        }
    }
}
