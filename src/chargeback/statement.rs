//! The statement: attributed calls grouped by payers, units and facts, summed and sorted.
//!
//! Calls are added up by groups that are known by numbers; polars sorts them.

use std::cell::RefCell;
use std::num::NonZeroUsize;

use chrono_tz::Tz;
use polars::prelude::*;

use super::attribution::Attributed;
use super::bill_of_payer::BillOfPayer;
use super::dimension::{Dimension, NONE, Teller};
use super::groups::{Decider, Group, GroupRows, Groups};
use super::price::PriceBook;
use super::small_groups::Principals;
use super::times::Times;
use crate::model::brief::Caller;
use crate::model::directory::Directory;
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

/// Adds calls up until the statement is made.
pub struct Accumulator<'t> {
    by: Vec<Dimension>,
    bills: Option<&'t BillOfPayer>,
    principals: Option<Principals>,
    prices: Option<&'t PriceBook>,
    directory: &'t Directory,
    timezone: Tz,
    times: RefCell<Times>,
    groups: Groups,
    /// The values of the call that is being added.
    values: Vec<SharedText>,
    overflow: bool,
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
            groups: Groups::default(),
            values: Vec::new(),
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
        self.overflow |= other.overflow | self.groups.merge(other.groups).is_none();
        if let (Some(mine), Some(theirs)) = (&mut self.principals, other.principals) {
            mine.merge(theirs);
        }
    }

    /// Adds one call, and gives its group.
    pub(super) fn add_call(&mut self, attributed: &Attributed<'_>) -> Group {
        if let Some(principals) = &mut self.principals {
            principals.add(attributed, self.directory, self.timezone);
        }
        let mut values = std::mem::take(&mut self.values);
        let [call, caller, time] = Decider::ALL.map(|decider| {
            let columns = self.by.iter().filter(|dimension| Decider::of(**dimension) == decider);
            values.clear();
            values.extend(columns.map(|dimension| self.value(*dimension, attributed)));
            self.groups.number(decider, &values)
        });
        self.values = values;
        let group = Group { call, caller, time };
        self.sum(group, &Measures::of(attributed));
        group
    }

    /// Adds one call.
    pub fn add(&mut self, attributed: &Attributed<'_>) {
        self.add_call(attributed);
    }

    /// The number of the values that columns of time have at a time.
    pub(super) fn time_number(&mut self, time: i64) -> u32 {
        let times = self.times.get_mut();
        let values = self.by.iter().filter_map(|dimension| times.value(*dimension, time, self.timezone));
        self.groups.number(Decider::Time, &values.collect::<Vec<_>>())
    }

    /// The number of the values that columns about callers have for one.
    pub(super) fn caller_number(&mut self, caller: &Caller) -> u32 {
        let value = |dimension: &Dimension| dimension.of_caller(caller, self.directory);
        let values = self.by.iter().filter_map(value).map(|value| value.unwrap_or(SharedText::new_static(NONE)));
        self.groups.number(Decider::Caller, &values.collect::<Vec<_>>())
    }

    /// Adds to the sum of a group.
    pub(super) fn sum(&mut self, group: Group, measures: &Measures) {
        self.overflow |= self.groups.add(group, measures).is_none();
    }

    /// Makes the statement.
    ///
    /// # Errors
    /// When a sum overflows or the table engine fails.
    pub fn finish(self) -> Result<Statement, StatementError> {
        self.sorted().map(Sorted::statement)
    }

    /// The same before its rows are made.
    ///
    /// # Errors
    /// When a sum overflows or the table engine fails.
    pub fn sorted(self) -> Result<Sorted, StatementError> {
        if self.overflow {
            return Err(StatementError::Overflow);
        }
        let mut groups = self.groups.rows(&self.by);
        if self.by.is_empty() && groups.rows.is_empty() {
            groups.rows.push((Group::default(), Measures::default()));
        }
        let table = table(&groups, &self.by)?;
        let mut order = vec![col("billable_calls"), col("calls")];
        order.extend(self.by.iter().map(|dimension| col(dimension.name())));
        let descending: Vec<bool> = (0..order.len()).map(|at| at < 2).collect();
        let options = SortMultipleOptions::default().with_order_descending_multi(descending);
        let table = table.lazy().sort_by_exprs(order, options).select([col("row")]).collect()?;
        let order = table.column("row")?.u32()?;
        let order = (0..order.len()).filter_map(|at| order.get(at)).collect();
        let mut total = Measures::default();
        for (_, measures) in &groups.rows {
            total = total.checked_add(measures).ok_or(StatementError::Overflow)?;
        }
        Ok(Sorted { groups, order, total })
    }
}

/// A statement whose rows are made when they are asked for: as groups they take a fifth of the memory.
pub struct Sorted {
    groups: GroupRows,
    /// The places of the groups in the order of the statement.
    order: Vec<u32>,
    /// The sum of the rows.
    pub total: Measures,
}

impl Sorted {
    /// The rows, as in a statement.
    pub fn into_rows(self) -> impl Iterator<Item = StatementRow> {
        let Self { groups, order, total } = self;
        order.into_iter().map(move |at| {
            let (group, measures) = groups.rows[at as usize];
            let key = groups.columns.iter().map(|column| column.value(group).to_string()).collect();
            let share = millionths(measures.billable_calls.into(), total.billable_calls.into());
            StatementRow { key, measures, share }
        })
    }

    /// The statement with its rows.
    pub fn statement(self) -> Statement {
        let total = self.total;
        Statement { rows: self.into_rows().collect(), total }
    }
}

/// What rows are sorted by: the place of each value among those of its column, which is cheaper to compare than the text.
fn table(groups: &GroupRows, by: &[Dimension]) -> PolarsResult<DataFrame> {
    let rows = &groups.rows;
    let integers = |name: &str, value: &dyn Fn(&Measures) -> u64| {
        Column::new(name.into(), rows.iter().map(|(_, measures)| value(measures)).collect::<Vec<u64>>())
    };
    let mut columns = vec![
        Column::new("row".into(), (0..).take(rows.len()).collect::<Vec<u32>>()),
        integers("billable_calls", &|measures| measures.billable_calls),
        integers("calls", &|measures| measures.calls),
    ];
    for (dimension, column) in by.iter().zip(&groups.columns) {
        let ranks: Vec<u32> = rows.iter().map(|(group, _)| column.rank(*group)).collect();
        columns.push(Column::new(dimension.name().into(), ranks));
    }
    DataFrame::new(rows.len(), columns)
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
    pub fn checked_add(mut self, other: &Self) -> Option<Self> {
        self.add(other)?;
        Some(self)
    }

    /// Adds others; `None` when a sum does not fit, and this one is then of no use.
    pub fn add(&mut self, other: &Self) -> Option<()> {
        self.calls = self.calls.checked_add(other.calls)?;
        self.billable_calls = self.billable_calls.checked_add(other.billable_calls)?;
        self.failed_calls = self.failed_calls.checked_add(other.failed_calls)?;
        self.billed_bytes = self.billed_bytes.checked_add(other.billed_bytes)?;
        self.slot_ms = self.slot_ms.checked_add(other.slot_ms)?;
        self.entries = self.entries.checked_add(other.entries)?;
        self.first_seen = match (self.first_seen, other.first_seen) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.last_seen = self.last_seen.max(other.last_seen);
        Some(())
    }
}
