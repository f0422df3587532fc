//! Small groups: rows that tell of so few principals that they tell of persons are put together, and the totals stay.
//!
//! A row is small when fewer principals than asked for called in it; one without any calls tells of nobody. Calls of which no
//! entry says who called count as those of one more principal. Whoever knows the total can subtract all rows that are left: what
//! was put together must itself be of two groups and of so many principals, or the next smallest joins it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroUsize;

use chrono_tz::Tz;

use super::attribution::{Account, Attributed, Attributor, UNMAPPED};
use super::cost_statement::{CostStatement, CostStatementRow, RowMoney};
use super::dimension::{Dimension, NONE, Teller};
use super::statement::{Measures, Statement, StatementError, StatementRow};
use super::weights::carrier;
use crate::model::cost::BillNames;
use crate::model::directory::Directory;
use crate::model::document::Gaps;
use crate::model::money::{Amount, Currency, Money};
use crate::model::rounding::share;
use crate::model::share::millionths;
use crate::model::text::SharedText;

/// What stands for the groups that were put together.
pub const SMALL_GROUPS: &str = "(small groups)";

type Names = HashSet<SharedText>;

/// Who called, by group.
#[derive(Debug, Clone)]
pub struct Principals {
    minimum: usize,
    by: Vec<Dimension>,
    groups: HashMap<Vec<SharedText>, Names>,
    /// Of payers without a unit.
    unmapped: HashMap<String, Names>,
}

/// A group as it is chosen: how many principals it has, and what decides among equals.
struct Candidate<'n> {
    names: Option<&'n Names>,
    calls: u64,
    key: Vec<String>,
}

impl Principals {
    /// Nobody yet; groups by these columns are to have so many.
    pub fn new(minimum: NonZeroUsize, by: &[Dimension]) -> Self {
        Self { minimum: minimum.get(), by: by.to_vec(), groups: HashMap::new(), unmapped: HashMap::new() }
    }

    /// The same with nobody in it.
    pub fn emptied(&self) -> Self {
        Self { minimum: self.minimum, by: self.by.clone(), groups: HashMap::new(), unmapped: HashMap::new() }
    }

    /// Adds a call.
    pub fn add(&mut self, attributed: &Attributed<'_>, directory: &Directory, timezone: Tz) {
        let columns = self.by.iter().filter(|column| column.teller() != Teller::Bills);
        let key: Vec<SharedText> = columns.map(|column| column.value(attributed, directory, timezone)).collect();
        let name = attributed.call.facts.principal.clone().unwrap_or_default();
        if attributed.unit == UNMAPPED {
            let payer = attributed.resolved.payer.as_ref().map(ToString::to_string).unwrap_or_default();
            self.unmapped.entry(payer).or_default().insert(name.clone());
        }
        self.groups.entry(key).or_default().insert(name);
    }

    /// Adds a call where the cost stands that it takes a part of: at the unit that carries it, under the names of the bill.
    pub fn add_weight(
        &mut self,
        attributor: &Attributor<'_>,
        attributed: &Attributed<'_>,
        names: &BillNames,
        timezone: Tz,
    ) {
        let (unit, cost_center) = carrier(attributor, attributed);
        let facts = &attributed.stated.facts;
        let billed = facts.service.as_ref().and_then(|service| names.billed.get(service.as_str()));
        let shown = |service: &String| SharedText::from(names.shown.get(service).unwrap_or(service).as_str());
        let services: Vec<SharedText> = billed.into_iter().flatten().map(shown).collect();
        let columns: Vec<Dimension> =
            self.by.iter().copied().filter(|column| column.teller() != Teller::Bills).collect();
        for service in services {
            let value = |column: &Dimension| match column {
                Dimension::Unit => unit.into(),
                Dimension::CostCenter => cost_center.unwrap_or(NONE).into(),
                Dimension::Service => service.clone(),
                other => other.value(attributed, attributor.directory, timezone),
            };
            let key = columns.iter().map(value).collect();
            let name = attributed.call.facts.principal.clone().unwrap_or_default();
            self.groups.entry(key).or_default().insert(name);
        }
    }

    /// Adds all that others hold.
    pub fn merge(&mut self, other: Self) {
        for (key, names) in other.groups {
            self.groups.entry(key).or_default().extend(names);
        }
        for (payer, names) in other.unmapped {
            self.unmapped.entry(payer).or_default().extend(names);
        }
    }

    /// Who called in a group.
    fn of(&self, key: &[String]) -> Option<&Names> {
        let columns = self.by.iter().zip(key).filter(|(column, _)| column.teller() != Teller::Bills);
        let key: Vec<SharedText> = columns.map(|(_, value)| SharedText::from(value.as_str())).collect();
        self.groups.get(&key)
    }

    /// Which of some groups are put together.
    fn chosen(&self, candidates: &[Candidate<'_>]) -> Vec<bool> {
        let size = |at: usize| candidates[at].names.map_or(0, HashSet::len);
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        // Smallest first; groups that tell of nobody last.
        order.sort_by_key(|at| (size(*at) == 0, size(*at), candidates[*at].calls, &candidates[*at].key));
        let mut chosen = vec![false; candidates.len()];
        let (mut groups, mut together) = (0_usize, Names::new());
        for at in order {
            let small = (1..self.minimum).contains(&size(at));
            let told = groups > 0 && (groups < 2 || together.len() < self.minimum);
            if !small && !told {
                break;
            }
            chosen[at] = true;
            groups += 1;
            together.extend(candidates[at].names.into_iter().flatten().cloned());
        }
        chosen
    }

    /// The statement with small groups put together.
    ///
    /// # Errors
    /// When a sum overflows.
    pub fn fold(&self, statement: Statement) -> Result<Statement, StatementError> {
        let candidates: Vec<Candidate<'_>> = (statement.rows.iter())
            .map(|row| Candidate { names: self.of(&row.key), calls: row.measures.calls, key: row.key.clone() })
            .collect();
        let chosen = self.chosen(&candidates);
        let total = statement.total;
        let (mut rows, mut small) = (Vec::new(), None::<Measures>);
        for (row, chosen) in statement.rows.into_iter().zip(chosen) {
            if chosen {
                let sum = small.unwrap_or_default().checked_add(&row.measures).ok_or(StatementError::Overflow)?;
                small = Some(sum);
            } else {
                rows.push(row);
            }
        }
        rows.extend(small.map(|measures| StatementRow {
            key: vec![SMALL_GROUPS.to_owned(); self.by.len()],
            measures,
            share: millionths(measures.billable_calls.into(), total.billable_calls.into()),
        }));
        rows.sort_by(|a, b| {
            let counts = |row: &StatementRow| (row.measures.billable_calls, row.measures.calls);
            counts(b).cmp(&counts(a)).then_with(|| a.key.cmp(&b.key))
        });
        Ok(Statement { rows, total })
    }

    /// The statement with money and small groups put together, each currency by itself. `weighing` are the callers by whose calls
    /// costs were shared, which may lie outside the period.
    ///
    /// # Errors
    /// When a sum overflows.
    pub fn fold_costs(&self, weighing: &Self, mut statement: CostStatement) -> Result<CostStatement, StatementError> {
        let currency = self.by.iter().position(|column| *column == Dimension::Currency);
        let mut totals: BTreeMap<Currency, Amount> = BTreeMap::new();
        let mut parts: BTreeMap<Option<String>, Vec<CostStatementRow>> = BTreeMap::new();
        for row in std::mem::take(&mut statement.rows) {
            if let Some(money) = &row.money {
                let total = totals.entry(money.net_cost.currency).or_default();
                *total = total.checked_add(money.net_cost.exact).ok_or(StatementError::Overflow)?;
            }
            parts.entry(currency.map(|at| row.key[at].clone())).or_default().push(row);
        }
        for (shown_currency, part) in parts {
            let candidate = |row: &CostStatementRow| Candidate {
                names: self.of(&row.key).or_else(|| weighing.of(&row.key)),
                calls: row.measures.calls,
                key: row.key.clone(),
            };
            let candidates: Vec<Candidate<'_>> = part.iter().map(candidate).collect();
            let chosen = self.chosen(&candidates);
            let mut small: Option<CostStatementRow> = None;
            for (row, chosen) in part.into_iter().zip(chosen) {
                match (chosen, &mut small) {
                    (false, _) => statement.rows.push(row),
                    (true, None) => small = Some(row),
                    (true, Some(sum)) => sum.add(row).ok_or(StatementError::Overflow)?,
                }
            }
            if let Some(mut row) = small {
                row.key = vec![SMALL_GROUPS.to_owned(); self.by.len()];
                if let (Some(at), Some(shown)) = (currency, shown_currency) {
                    row.key[at] = shown;
                }
                if let Some(money) = &mut row.money {
                    let total = totals.get(&money.net_cost.currency).copied().unwrap_or_default();
                    money.share = share(money.net_cost.exact, total);
                }
                statement.rows.push(row);
            }
        }
        statement.rows.sort_by(|a, b| a.place().cmp(&b.place()));
        Ok(statement)
    }

    /// Takes out of an account what tells of single calls and of payers that few called for.
    pub fn quieten(&self, account: &mut Account) {
        account.gaps = self.fold_gaps(std::mem::take(&mut account.gaps));
        for (kind, diagnostic) in &mut account.diagnostics {
            if kind.is_about_calls() {
                diagnostic.examples.clear();
            }
        }
    }

    fn fold_gaps(&self, mut gaps: Gaps) -> Gaps {
        let candidates: Vec<Candidate<'_>> = (gaps.unmapped.iter())
            .map(|(payer, calls, _)| Candidate {
                names: self.unmapped.get(payer),
                calls: *calls,
                key: vec![payer.clone()],
            })
            .collect();
        let mut chosen = self.chosen(&candidates).into_iter();
        let (mut calls, mut billable, mut any) = (0, 0, false);
        gaps.unmapped.retain(|payer| {
            let folded = chosen.next().unwrap_or(false);
            if folded {
                (calls, billable, any) = (calls + payer.1, billable + payer.2, true);
            }
            !folded
        });
        gaps.unmapped.extend(any.then(|| (SMALL_GROUPS.to_owned(), calls, billable)));
        gaps
    }
}

impl CostStatementRow {
    /// Adds what another row has.
    pub(super) fn add(&mut self, other: Self) -> Option<()> {
        self.measures = self.measures.checked_add(&other.measures)?;
        self.bases.extend(other.bases);
        self.money = match (self.money.take(), other.money) {
            (Some(mine), Some(theirs)) => Some(mine.plus(&theirs)?),
            (mine, theirs) => mine.or(theirs),
        };
        Some(())
    }
}

impl RowMoney {
    /// The sum of two amounts of one currency; its share is not known yet.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let sum = |mine: Money, theirs: Money| {
            let coins = mine.coins.checked_add(theirs.coins)?;
            Some(Money { exact: mine.exact.checked_add(theirs.exact)?, coins, currency: mine.currency })
        };
        Some(Self {
            cost: sum(self.cost, other.cost)?,
            credits: sum(self.credits, other.credits)?,
            net_cost: sum(self.net_cost, other.net_cost)?,
            share: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(unit: &str, calls: u64) -> StatementRow {
        let measures = Measures { calls, billable_calls: calls, ..Measures::default() };
        StatementRow { key: vec![unit.to_owned()], measures, share: None }
    }

    fn principals(minimum: usize, groups: &[(&str, &[&str])]) -> Principals {
        let minimum = NonZeroUsize::new(minimum).expect("more than nothing");
        let mut principals = Principals::new(minimum, &[Dimension::Unit]);
        for (unit, names) in groups {
            let names = names.iter().map(|name| SharedText::from(*name)).collect();
            principals.groups.insert(vec![SharedText::from(*unit)], names);
        }
        principals
    }

    fn folded(principals: &Principals, rows: &[(&str, u64)]) -> Vec<(String, u64)> {
        let total = Measures { calls: rows.iter().map(|row| row.1).sum(), ..Measures::default() };
        let rows = rows.iter().map(|(unit, calls)| row(unit, *calls)).collect();
        let statement = principals.fold(Statement { rows, total }).expect("small numbers");
        assert_eq!(statement.rows.iter().map(|row| row.measures.calls).sum::<u64>(), total.calls);
        statement.rows.into_iter().map(|row| (row.key.concat(), row.measures.calls)).collect()
    }

    #[test]
    fn small_groups_become_one_row() {
        let by =
            principals(3, &[("a", &["1", "2", "3"]), ("b", &["1"]), ("c", &["2", "3"]), ("d", &["1", "2", "3", "4"])]);
        let rows = folded(&by, &[("a", 10), ("b", 2), ("c", 3), ("d", 4)]);
        assert_eq!(rows, [("a".to_owned(), 10), (SMALL_GROUPS.to_owned(), 5), ("d".to_owned(), 4)]);
    }

    #[test]
    fn one_small_group_takes_the_next_smallest_with_it() {
        let by = principals(2, &[("a", &["1", "2", "3"]), ("b", &["1"]), ("c", &["1", "2"])]);
        let rows = folded(&by, &[("a", 1), ("b", 10), ("c", 5)]);
        assert_eq!(rows, [(SMALL_GROUPS.to_owned(), 15), ("a".to_owned(), 1)]);
    }

    #[test]
    fn groups_of_one_and_the_same_principal_do_not_hide_each_other() {
        let by = principals(2, &[("a", &["1", "2"]), ("b", &["1"]), ("c", &["1"])]);
        assert_eq!(folded(&by, &[("a", 1), ("b", 1), ("c", 1)]), [(SMALL_GROUPS.to_owned(), 3)]);
    }

    #[test]
    fn groups_that_are_large_or_tell_of_nobody_stay() {
        let by = principals(2, &[("a", &["1", "2"])]);
        let rows = folded(&by, &[("a", 4), ("b", 0)]);
        assert_eq!(rows, [("a".to_owned(), 4), ("b".to_owned(), 0)]);
    }

    proptest! {
        #[test]
        fn whatever_was_put_together_is_of_enough_principals(
            groups in prop::collection::vec(prop::collection::hash_set(0_u8..12, 0..8), 0..8),
            minimum in 1_usize..6,
        ) {
            let names: Vec<Vec<String>> = groups.iter().map(|names| names.iter().map(u8::to_string).collect()).collect();
            let by = principals(minimum, &[]);
            let sets: Vec<Names> = names.iter().map(|names| names.iter().map(SharedText::from).collect()).collect();
            let candidates: Vec<Candidate<'_>> = (sets.iter().enumerate())
                .map(|(at, names)| Candidate { names: Some(names), calls: 1, key: vec![at.to_string()] })
                .collect();
            let chosen = by.chosen(&candidates);
            let together: Names = sets.iter().zip(&chosen).filter(|(_, chosen)| **chosen).flat_map(|(set, _)| set.clone()).collect();
            for (set, chosen) in sets.iter().zip(&chosen) {
                prop_assert!(*chosen || set.is_empty() || set.len() >= minimum);
            }
            let count = chosen.iter().filter(|chosen| **chosen).count();
            let all = count == sets.len();
            prop_assert!(count == 0 || all || (count >= 2 && together.len() >= minimum));
        }
    }
}
