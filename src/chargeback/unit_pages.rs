//! A statement in parts: one for each business unit, one for what no unit carries, and the sums of all of them.

use std::collections::{BTreeMap, HashMap};

use super::attribution::{SHARED, UNATTRIBUTED, UNMAPPED};
use super::cost_statement::{CostStatementRow, RowMoney};
use super::dimension::Dimension;
use super::small_groups::SMALL_GROUPS;
use super::statement::{Measures, StatementError};
use crate::model::money::Currency;
use crate::model::rounding::share;

/// Whose a part of a statement is, in the order in which parts are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A business unit.
    Unit(String),
    /// Groups that are too small to be shown.
    SmallGroups,
    /// Nobody: no payer, no unit, or a project whose calls are nobody's alone.
    Nobody,
}

/// A part of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitPage {
    /// Whose it is.
    pub holder: Holder,
    /// Its rows, in the order of the statement; shares are those of this part.
    pub rows: Vec<CostStatementRow>,
    /// What its calls add up to.
    pub total: Measures,
    /// What its money adds up to.
    pub money: BTreeMap<Currency, RowMoney>,
}

impl Holder {
    fn of(unit: &str) -> Self {
        match unit {
            UNATTRIBUTED | UNMAPPED | SHARED => Self::Nobody,
            SMALL_GROUPS => Self::SmallGroups,
            unit => Self::Unit(unit.to_owned()),
        }
    }

    /// What stands over it.
    pub fn title(&self) -> &str {
        match self {
            Self::Unit(unit) => unit,
            Self::SmallGroups => "Small groups",
            Self::Nobody => "Without a business unit",
        }
    }
}

/// The parts of a statement. What nobody carries always has one, be it empty.
///
/// # Errors
/// When a sum overflows.
pub fn unit_pages(rows: &[CostStatementRow], by: &[Dimension]) -> Result<Vec<UnitPage>, StatementError> {
    let unit = by.iter().position(|column| *column == Dimension::Unit);
    let mut parts: BTreeMap<Holder, Vec<CostStatementRow>> = BTreeMap::from([(Holder::Nobody, Vec::new())]);
    for row in rows {
        let holder = unit.map_or(Holder::Nobody, |at| Holder::of(&row.key[at]));
        parts.entry(holder).or_default().push(row.clone());
    }
    let page = |(holder, mut rows): (Holder, Vec<CostStatementRow>)| {
        let mut total = Measures::default();
        for row in &rows {
            total = total.checked_add(&row.measures).ok_or(StatementError::Overflow)?;
        }
        let money = money_of(&rows).ok_or(StatementError::Overflow)?;
        shares_of(&mut rows, &money);
        Ok(UnitPage { holder, rows, total, money })
    };
    parts.into_iter().map(page).collect()
}

/// One row for each unit, and for each currency if that is a column; in the order of a statement.
///
/// # Errors
/// When a sum overflows.
pub fn unit_sums(rows: &[CostStatementRow], by: &[Dimension]) -> Result<Vec<CostStatementRow>, StatementError> {
    let columns: Vec<usize> = [Dimension::Unit, Dimension::Currency]
        .iter()
        .filter_map(|wanted| by.iter().position(|column| column == wanted))
        .collect();
    let mut sums: HashMap<Vec<String>, CostStatementRow> = HashMap::new();
    for row in rows {
        let key: Vec<String> = columns.iter().map(|at| row.key[*at].clone()).collect();
        let row = CostStatementRow { key: key.clone(), ..row.clone() };
        match sums.get_mut(&key) {
            Some(sum) => sum.add(row).ok_or(StatementError::Overflow)?,
            None => drop(sums.insert(key, row)),
        }
    }
    let mut sums: Vec<CostStatementRow> = sums.into_values().collect();
    let money = money_of(&sums).ok_or(StatementError::Overflow)?;
    shares_of(&mut sums, &money);
    sums.sort_by(|a, b| a.place().cmp(&b.place()));
    Ok(sums)
}

/// What rows have of money; `None` when a sum does not fit.
pub fn money_of(rows: &[CostStatementRow]) -> Option<BTreeMap<Currency, RowMoney>> {
    let mut sums: BTreeMap<Currency, RowMoney> = BTreeMap::new();
    for money in rows.iter().filter_map(|row| row.money.as_ref()) {
        let currency = money.net_cost.currency;
        let sum = match sums.get(&currency) {
            Some(sum) => sum.plus(money)?,
            None => RowMoney { share: None, ..money.clone() },
        };
        sums.insert(currency, sum);
    }
    for sum in sums.values_mut() {
        sum.share = share(sum.net_cost.exact, sum.net_cost.exact);
    }
    Some(sums)
}

fn shares_of(rows: &mut [CostStatementRow], whole: &BTreeMap<Currency, RowMoney>) {
    for money in rows.iter_mut().filter_map(|row| row.money.as_mut()) {
        let all = whole.get(&money.net_cost.currency).map(|sum| sum.net_cost.exact).unwrap_or_default();
        money.share = share(money.net_cost.exact, all);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::money::{Amount, Money};

    fn row(unit: &str, payer: &str, calls: u64, net: i64) -> CostStatementRow {
        let euro = Currency::parse("EUR").expect("a currency");
        let money = |units: i64| Money::rounded(Amount::of_units(i128::from(units) * euro.coin().units()), euro);
        let money = RowMoney { cost: money(net), credits: money(0), net_cost: money(net), share: None };
        let measures = Measures { calls, ..Measures::default() };
        let key = vec![unit.to_owned(), payer.to_owned()];
        CostStatementRow { key, measures, money: Some(money), bases: Default::default() }
    }

    const BY: [Dimension; 2] = [Dimension::Unit, Dimension::Payer];

    #[test]
    fn what_nobody_carries_has_a_part_of_its_own() {
        let rows = [
            row("Ads", "a", 1, 3),
            row(UNMAPPED, "b", 2, 1),
            row(UNATTRIBUTED, "c", 0, 4),
            row(SMALL_GROUPS, "d", 5, 0),
        ];
        let pages = unit_pages(&rows, &BY).expect("small numbers");
        let shown: Vec<(&str, usize, u64)> =
            pages.iter().map(|page| (page.holder.title(), page.rows.len(), page.total.calls)).collect();
        assert_eq!(shown, [("Ads", 1, 1), ("Small groups", 1, 5), ("Without a business unit", 2, 2)]);
        let shares = pages[2].rows.iter().map(|row| row.money.as_ref().and_then(|money| money.share));
        assert_eq!(shares.collect::<Vec<_>>(), [Some(200_000), Some(800_000)]);
        assert_eq!(unit_pages(&[], &BY).expect("nothing").len(), 1);
    }

    proptest! {
        #[test]
        fn parts_and_sums_add_up_to_the_whole(
            rows in prop::collection::vec((0_usize..5, 0_u64..1000, -1000_i64..1000), 0..30),
        ) {
            let units = ["Ads", "Rest", UNMAPPED, SHARED, SMALL_GROUPS];
            let rows: Vec<CostStatementRow> =
                rows.iter().enumerate().map(|(at, (unit, calls, net))| row(units[*unit], &at.to_string(), *calls, *net)).collect();
            let whole = money_of(&rows).expect("small numbers");
            let pages = unit_pages(&rows, &BY).expect("small numbers");
            let sums = unit_sums(&rows, &BY).expect("small numbers");
            let calls: u64 = rows.iter().map(|row| row.measures.calls).sum();
            prop_assert_eq!(pages.iter().map(|page| page.total.calls).sum::<u64>(), calls);
            prop_assert_eq!(sums.iter().map(|row| row.measures.calls).sum::<u64>(), calls);
            let coins = |money: &RowMoney| money.net_cost.coins;
            let all: i128 = whole.values().map(coins).sum();
            prop_assert_eq!(pages.iter().flat_map(|page| page.money.values()).map(coins).sum::<i128>(), all);
            prop_assert_eq!(sums.iter().filter_map(|row| row.money.as_ref()).map(coins).sum::<i128>(), all);
            prop_assert_eq!(pages.iter().map(|page| page.rows.len()).sum::<usize>(), rows.len());
        }
    }
}
