//! The statement with money: rows of calls and parts of costs with the same key side by side, rounded to coins that add up, and
//! tied out to the bill.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::allocation::{Allocator, Part};
use super::closed::{Amounts, PartId};
use super::closing::Booking;
use super::costs::{Costs, TooLarge};
use super::dimension::{Dimension, NONE};
use super::statement::{Measures, Statement, StatementRow};
use crate::model::cost::{Basis, BillNames};
use crate::model::money::{Amount, Currency, Money};
use crate::model::reason::DiagnosticKind;
use crate::model::rounding::{share, shown};
use crate::model::tie_out::{TieOut, Untied};

/// Why a statement with money could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CostError {
    /// A sum does not fit.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The statement does not add up to the bill.
    #[error(transparent)]
    Untied(#[from] Untied),
}

/// The money of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowMoney {
    /// Cost before credits.
    pub cost: Money,
    /// Credits.
    pub credits: Money,
    /// Both together.
    pub net_cost: Money,
    /// Millionths of the net cost of its currency, half to even; `None` where it would not lie between none and all of it.
    pub share: Option<u32>,
}

/// A row: the values of the grouping columns, the calls and the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostStatementRow {
    /// One value for each grouping column.
    pub key: Vec<String>,
    /// The calls; none for what only the bill knows.
    pub measures: Measures,
    /// The money; `None` where the bill has nothing for it.
    pub money: Option<RowMoney>,
    /// By what the money came here.
    pub bases: BTreeSet<Basis>,
}

/// Rows, their total and the proof that they add up to the bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostStatement {
    /// Sorted by currency, then net cost, billable calls and calls, descending, then by key.
    pub rows: Vec<CostStatementRow>,
    /// The calls of all rows.
    pub total: Measures,
    /// The money of all rows; `None` when there is none, or it is in several currencies.
    pub money: Option<RowMoney>,
    /// One for each invoice month, currency and billing account.
    pub tie_outs: Vec<TieOut>,
    /// What is worth saying of it.
    pub notes: Vec<Note>,
    /// Its calls are those that a closed month kept.
    pub of_closed: bool,
    /// The parts that are kept when its month is closed.
    pub parts: BTreeMap<PartId, Amounts>,
}

/// What is worth saying, and of which kind it is.
pub type Note = (DiagnosticKind, String);

/// What the parts of one row add up to.
#[derive(Default)]
struct Sum {
    cost: Amount,
    credits: Amount,
    bases: BTreeSet<Basis>,
}

/// Sums by currency, because currencies are never added to each other, and by key.
type Sums = BTreeMap<Currency, BTreeMap<Vec<String>, Sum>>;

/// Puts calls and costs together.
///
/// `by` must hold the currency when the bill has several. With closed months it holds no column that calls alone tell.
///
/// # Errors
/// When a sum does not fit, or the statement does not add up to the bill.
pub fn cost_statement(
    calls: Statement,
    costs: &Costs<'_>,
    allocator: &Allocator<'_>,
    names: &BillNames,
    by: &[Dimension],
    booking: Option<Booking<'_>>,
) -> Result<CostStatement, CostError> {
    let mut bills = match booking {
        Some(booking) => booking.bills(costs)?,
        None => costs.bills().clone(),
    };
    let mut sums = Sums::new();
    let mut fits = true;
    let mut take = |part: &Part<'_>, corrects: Option<&str>| {
        let sum = sums.entry(part.key.currency).or_default().entry(key(part, corrects, names, by)).or_default();
        let bill = (part.key.invoice_month.clone(), part.key.currency, part.key.billing_account.clone());
        let net = part.cost.checked_add(part.credits);
        let stated = |bill| net.and_then(|net| state(bill, net, part.basis)).is_some();
        fits &= sum.add(part).is_some() && bills.get_mut(&bill).is_some_and(stated);
    };
    match booking {
        Some(booking) => booking.run(costs, allocator, |booked| {
            take(&booked.part, booked.corrects);
            Ok(())
        })?,
        None => allocator.run(costs, |part| take(&part, None))?,
    }
    if !fits {
        return Err(TooLarge.into());
    }
    for bill in bills.values() {
        bill.check()?;
    }
    let mut measures: HashMap<Vec<String>, Measures> =
        calls.rows.into_iter().map(|row| (row.key, row.measures)).collect();
    let mut rows = Vec::new();
    let mut totals = Vec::new();
    for (currency, sums) in sums {
        let amounts: Vec<(Amount, Amount)> = sums.values().map(|sum| (sum.cost, sum.credits)).collect();
        let mut money = shown(&amounts, currency).ok_or(TooLarge)?;
        let Some(total) = money.pop() else { continue };
        for ((key, sum), money) in sums.into_iter().zip(money) {
            let measures = measures.remove(&key).unwrap_or_default();
            rows.push(CostStatementRow { key, measures, money: Some(RowMoney::of(money, total)), bases: sum.bases });
        }
        totals.push(RowMoney::of(total, total));
    }
    let without = |(key, measures)| CostStatementRow { key, measures, money: None, bases: BTreeSet::new() };
    rows.extend(measures.into_iter().map(without));
    rows.sort_by(|a, b| a.place().cmp(&b.place()));
    let money = if totals.len() == 1 { totals.pop() } else { None };
    let (notes, parts, tie_outs) = (Vec::new(), BTreeMap::new(), bills.into_values().collect());
    Ok(CostStatement { rows, total: calls.total, money, tie_outs, notes, of_closed: false, parts })
}

impl CostStatementRow {
    /// The place of a row among rows.
    pub(super) fn place(&self) -> impl Ord + use<'_> {
        let money = self.money.as_ref();
        (
            Reverse(money.is_some()),
            money.map(|money| money.net_cost.currency),
            Reverse(money.map(|money| money.net_cost.exact)),
            Reverse((self.measures.billable_calls, self.measures.calls)),
            &self.key,
        )
    }
}

impl From<StatementRow> for CostStatementRow {
    fn from(row: StatementRow) -> Self {
        Self { key: row.key, measures: row.measures, money: None, bases: BTreeSet::new() }
    }
}

impl RowMoney {
    fn of([cost, credits, net_cost]: [Money; 3], total: [Money; 3]) -> Self {
        Self { cost, credits, net_cost, share: share(net_cost.exact, total[2].exact) }
    }
}

impl Sum {
    fn add(&mut self, part: &Part<'_>) -> Option<()> {
        self.cost = self.cost.checked_add(part.cost)?;
        self.credits = self.credits.checked_add(part.credits)?;
        self.bases.insert(part.basis);
        Some(())
    }
}

/// Adds a net cost to what the statement says of its bill.
pub(super) fn state(bill: &mut TieOut, net: Amount, basis: Basis) -> Option<()> {
    bill.statement = bill.statement.checked_add(net)?;
    if basis == Basis::Unallocated {
        bill.unallocated = bill.unallocated.checked_add(net)?;
    }
    Some(())
}

/// The values of a part in the grouping columns.
fn key(part: &Part<'_>, corrects: Option<&str>, names: &BillNames, by: &[Dimension]) -> Vec<String> {
    let cost = part.key;
    let mut values = part.sharer.values.iter();
    let value = |dimension: &Dimension| match dimension {
        Dimension::Unit => Some(part.sharer.unit.clone()),
        Dimension::CostCenter => part.sharer.cost_center.clone(),
        Dimension::Payer => part.payer.as_ref().map(ToString::to_string),
        Dimension::Service => Some(names.shown.get(&cost.service).unwrap_or(&cost.service).clone()),
        Dimension::Day => Some(cost.day.clone()),
        Dimension::Month => cost.day.get(..7).map(str::to_owned),
        Dimension::Sku => [&cost.sku, &cost.sku_id].into_iter().find(|text| !text.is_empty()).cloned(),
        Dimension::CostType => Some(cost.cost_type.name().to_owned()),
        Dimension::Basis => Some(part.basis.name().to_owned()),
        Dimension::Pool => part.pool.clone(),
        Dimension::Currency => Some(cost.currency.code().to_owned()),
        Dimension::InvoiceMonth => Some(cost.invoice_month.clone()),
        Dimension::BillingAccount => Some(cost.billing_account.clone()),
        Dimension::Corrects => corrects.map(str::to_owned),
        Dimension::StoragePayer
        | Dimension::Kind
        | Dimension::Method
        | Dimension::Principal
        | Dimension::PrincipalProject
        | Dimension::Location
        | Dimension::ResourceProject
        | Dimension::Resource
        | Dimension::Model
        | Dimension::Reason
        | Dimension::Hour
        | Dimension::Log => values.next().map(ToString::to_string),
    };
    by.iter().map(value).map(|value| value.unwrap_or_else(|| NONE.to_owned())).collect()
}
