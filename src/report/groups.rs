//! Sums of the rows by the values of some columns, made while the rows pass by.

use std::collections::HashMap;

use super::figures::thousands;
use crate::model::document::{Cell, ColumnType, Document, Row};
use crate::model::money::{Amount, Money};
use crate::model::rounding;
use crate::model::share::millionths;

/// The rows that cannot be placed: shown after the others.
const GAPS: [&str; 2] = ["(unmapped)", "(unattributed)"];
/// What stands for an empty grouping value.
const NONE: &str = "(none)";

/// Sums of a document's measures by the values of some of its columns.
pub(super) struct Groups {
    columns: Vec<usize>,
    measures: Vec<usize>,
    amounts: Vec<(usize, Money)>,
    sums: HashMap<Vec<String>, (Vec<u128>, Vec<Money>)>,
    /// How many rows were added.
    rows: usize,
}

/// One group: its values, and the sum of each measure.
pub(super) struct Group {
    /// A value for each grouping column.
    pub key: Vec<String>,
    /// A sum for each of [`measures`].
    pub sums: Vec<u128>,
    /// A sum for each of [`amounts`].
    pub amounts: Vec<Money>,
}

/// What groups are ranked and shared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// One of [`measures`].
    Count(usize),
    /// One of [`amounts`].
    Amount(usize),
}

/// What a measure or a column of money adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    /// A count or a quantity.
    Count(u128),
    /// An amount: exact, and the coins of its rows.
    Amount(Money),
}

impl Sum {
    /// The sum as people read it.
    pub fn shown(&self) -> String {
        match self {
            Self::Count(count) => thousands(*count),
            Self::Amount(money) => money.shown(),
        }
    }

    /// A whole number that sorts as the sum does.
    pub fn sortable(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Amount(money) => money.exact.units().to_string(),
        }
    }

    /// True for no calls and no money.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Count(count) => *count == 0,
            Self::Amount(money) => money.exact == Amount::ZERO && money.coins == 0,
        }
    }

    /// The part of a whole that it is, in millionths; `None` where it is no part, such as a credit of a cost.
    pub fn share(&self, whole: &Self) -> Option<u32> {
        match (self, whole) {
            (Self::Count(part), Self::Count(whole)) => millionths(*part, *whole),
            (Self::Amount(part), Self::Amount(whole)) => rounding::share(part.exact, whole.exact),
            (Self::Count(_), Self::Amount(_)) | (Self::Amount(_), Self::Count(_)) => None,
        }
    }

    /// Both together; sums of different things do not add up.
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Count(a), Self::Count(b)) => Self::Count(a.saturating_add(b)),
            (Self::Amount(a), Self::Amount(b)) => Self::Amount(added(a, b)),
            (Self::Count(_), Self::Amount(_)) | (Self::Amount(_), Self::Count(_)) => self,
        }
    }
}

/// The sum of two amounts of one currency. The total over all rows fits, or there would be no document.
pub(super) fn added(a: Money, b: Money) -> Money {
    let exact = Amount::of_units(a.exact.units().saturating_add(b.exact.units()));
    Money { exact, coins: a.coins.saturating_add(b.coins), currency: a.currency }
}

/// The columns of money that add up, as indexes of columns with their totals: none where rows differ in currency.
pub(super) fn amounts(document: &Document) -> Vec<(usize, Money)> {
    (document.keys..)
        .zip(&document.totals)
        .filter_map(|(at, total)| if let Cell::Money(money) = total { Some((at, *money)) } else { None })
        .collect()
}

/// The columns of money among the measures, as indexes of columns, whether they add up or not.
pub(super) fn money_columns(document: &Document) -> Vec<usize> {
    let all = document.keys..document.columns.len();
    all.filter(|at| document.columns[*at].kind == ColumnType::Money).collect()
}

/// What groups are ranked by: the net cost where there is one, or the estimated one, else as [`weight`] says.
pub(super) fn rank(document: &Document) -> Option<Rank> {
    let named = |name| amounts(document).iter().position(|(at, _)| document.columns[*at].name == name);
    let cost = named("net_cost").or_else(|| named("estimated_cost"));
    cost.map(Rank::Amount).or_else(|| weight(document).map(Rank::Count))
}

/// The column of what is ranked by, and what all rows add up to.
pub(super) fn whole(document: &Document, rank: Rank) -> (usize, Sum) {
    match rank {
        Rank::Count(measure) => {
            let at = measures(document)[measure];
            (at, Sum::Count(total(document, document.columns[at].name).unwrap_or(0)))
        }
        Rank::Amount(amount) => {
            let (at, money) = amounts(document)[amount];
            (at, Sum::Amount(money))
        }
    }
}

/// The measures that can be added up, as indexes of columns.
pub(super) fn measures(document: &Document) -> Vec<usize> {
    let all = document.keys..document.columns.len();
    all.filter(|at| document.columns[*at].kind == ColumnType::Integer).collect()
}

/// The measure by which groups are ranked and shared, as an index into [`measures`]: billable calls, or calls when none
/// is billable.
pub(super) fn weight(document: &Document) -> Option<usize> {
    let named = |name| measures(document).iter().position(|at| document.columns[*at].name == name);
    let billable = total(document, "billable_calls").is_some_and(|calls| calls > 0);
    named("billable_calls").filter(|_| billable).or_else(|| named("calls"))
}

/// The total of a measure, by the name of its column.
pub(super) fn total(document: &Document, name: &str) -> Option<u128> {
    let at = document.columns.iter().position(|column| column.name == name)?;
    match document.totals.get(at.checked_sub(document.keys)?)? {
        Cell::Integer(number) => Some(*number),
        Cell::Null
        | Cell::Text(_)
        | Cell::Signed(_)
        | Cell::Boolean(_)
        | Cell::Time(_)
        | Cell::Share(_)
        | Cell::Money(_)
        | Cell::Proof(_) => None,
    }
}

/// True for the value of a row that nobody was found for.
pub(super) fn is_gap(value: &str) -> bool {
    GAPS.contains(&value)
}

/// True for the value of a row that has none.
pub(super) fn is_none(value: &str) -> bool {
    value == NONE
}

impl Groups {
    /// Sums by these columns; `None` unless the document has them all as keys.
    pub fn by(document: &Document, names: &[&str]) -> Option<Self> {
        let keys = &document.columns[..document.keys];
        let find = |name: &&str| keys.iter().position(|column| column.name == *name);
        let columns = names.iter().map(find).collect::<Option<Vec<usize>>>()?;
        let nothing = |(at, total): (usize, Money)| (at, Money::nothing(total.currency));
        let amounts = amounts(document).into_iter().map(nothing).collect();
        Some(Self { columns, measures: measures(document), amounts, sums: HashMap::new(), rows: 0 })
    }

    /// Adds one row.
    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        let key = self.columns.iter().map(|at| match &row[*at] {
            Cell::Text(text) => text.clone(),
            Cell::Null
            | Cell::Integer(_)
            | Cell::Signed(_)
            | Cell::Boolean(_)
            | Cell::Time(_)
            | Cell::Share(_)
            | Cell::Money(_)
            | Cell::Proof(_) => NONE.to_owned(),
        });
        let nothing = || (vec![0; self.measures.len()], self.amounts.iter().map(|(_, nothing)| *nothing).collect());
        let (sums, amounts) = self.sums.entry(key.collect()).or_insert_with(nothing);
        for (sum, (at, _)) in amounts.iter_mut().zip(&self.amounts) {
            if let Cell::Money(money) = row[*at] {
                *sum = added(*sum, money);
            }
        }
        for (sum, at) in sums.iter_mut().zip(&self.measures) {
            if let Cell::Integer(number) = row[*at] {
                // The total over all rows fits, or there would be no document.
                *sum = sum.saturating_add(number);
            }
        }
    }

    /// The groups, the heaviest first and what could not be placed last.
    pub fn ranked(self, rank: Rank) -> Vec<Group> {
        let added_up = self.rows > self.sums.len();
        let group = |(key, (sums, amounts))| Group { key, sums, amounts };
        let mut groups: Vec<Group> = self.sums.into_iter().map(group).collect();
        groups.sort_by(|a, b| a.key.cmp(&b.key));
        // A group of one row has what this row shows.
        if added_up {
            round(&mut groups);
        }
        sorted(groups, rank)
    }
}

/// Groups by what they are ranked by, the heaviest first and what could not be placed last.
pub(super) fn sorted(mut groups: Vec<Group>, rank: Rank) -> Vec<Group> {
    let gap = |group: &Group| group.key.iter().any(|value| is_gap(value));
    let heaviest = |a: &Group, b: &Group| {
        let order = match rank {
            Rank::Count(at) => b.sums.get(at).cmp(&a.sums.get(at)),
            Rank::Amount(at) => {
                let exact = |group: &Group| group.amounts.get(at).map(|money| money.exact);
                exact(b).cmp(&exact(a))
            }
        };
        order.then_with(|| b.sums.cmp(&a.sums))
    };
    groups.sort_by(|a, b| gap(a).cmp(&gap(b)).then_with(|| heaviest(a, b)).then_with(|| a.key.cmp(&b.key)));
    groups
}

/// Rounds cost, credits and net cost of groups in the order of their keys, as a report by these columns does: what is shown
/// here and there is the same. Where the rows are a part of a report, and other columns, keep the sums of their rows' coins.
fn round(groups: &mut [Group]) {
    let exact = |group: &Group| match group.amounts.as_slice() {
        [cost, credits, _] => Some((cost.exact, credits.exact)),
        _ => None,
    };
    let currency = groups.first().and_then(|group| group.amounts.first()).map(|money| money.currency);
    let rows: Option<Vec<(Amount, Amount)>> = groups.iter().map(exact).collect();
    let rounded = currency.zip(rows).and_then(|(currency, rows)| rounding::shown(&rows, currency));
    let Some((total, rounded)) = rounded.as_deref().and_then(<[_]>::split_last) else { return };
    let of_rows = |at: usize| groups.iter().fold(0_i128, |sum, group| sum.saturating_add(group.amounts[at].coins));
    if (0..total.len()).all(|at| total[at].coins == of_rows(at)) {
        groups.iter_mut().zip(rounded).for_each(|(group, money)| group.amounts = money.to_vec());
    }
}

impl Group {
    /// What the group has of it.
    pub fn sum(&self, rank: Rank) -> Sum {
        match rank {
            Rank::Count(at) => Sum::Count(self.sums[at]),
            Rank::Amount(at) => Sum::Amount(self.amounts[at]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{column, document, rows};
    use super::*;
    use crate::model::money::Currency;

    fn ranked(names: &[&str]) -> Vec<(Vec<String>, u128)> {
        let document = document();
        let mut groups = Groups::by(&document, names).expect("the columns");
        rows().iter().for_each(|row| groups.add(row));
        let weight = weight(&document).expect("billable calls");
        groups.ranked(Rank::Count(weight)).into_iter().map(|group| (group.key, group.sums[weight])).collect()
    }

    #[test]
    fn groups_are_ranked_and_gaps_come_last() {
        let units: Vec<(String, u128)> = ranked(&["unit"]).into_iter().map(|(key, sum)| (key.concat(), sum)).collect();
        let expected = [("Advertising", 1_545_001), ("Search", 98_765), ("(unmapped)", 11), ("(unattributed)", 7)];
        assert_eq!(units, expected.map(|(unit, sum)| (unit.to_owned(), sum)));
    }

    #[test]
    fn groups_of_any_columns_add_up_to_the_total() {
        for names in [&["unit"][..], &["payer"], &["service", "unit"], &[]] {
            let sum: u128 = ranked(names).iter().map(|(_, sum)| sum).sum();
            assert_eq!(Some(sum), total(&document(), "billable_calls"), "{names:?}");
        }
    }

    #[test]
    fn a_column_that_is_no_key_makes_no_groups() {
        assert!(Groups::by(&document(), &["day"]).is_none());
        assert!(Groups::by(&document(), &["calls"]).is_none());
    }

    #[test]
    fn a_group_of_one_row_has_what_the_row_shows() {
        let euro = Currency::parse("EUR").expect("a currency");
        let money = |text, coins| Money { coins, ..Money::rounded(Amount::parse(text).expect("a number"), euro) };
        let mut document = document();
        for name in ["cost", "credits", "net_cost"] {
            document.columns.push(column(name, ColumnType::Money, Some("EUR")));
            document.totals.push(Cell::Money(money(if name == "credits" { "0" } else { "2.01" }, 201)));
        }
        let row = |payer: usize, coins| -> Row {
            let cost = Cell::Money(money("1.005", coins));
            rows()[payer].clone().into_iter().chain([cost.clone(), Cell::Money(money("0", 0)), cost]).collect()
        };
        let mut groups = Groups::by(&document, &["unit"]).expect("units");
        let two = [row(0, 100), row(2, 101)];
        two.iter().for_each(|row| groups.add(row));
        let rank = rank(&document).expect("money");
        let mut shown: Vec<_> =
            groups.ranked(rank).iter().map(|group| (group.key.concat(), group.sum(rank).shown())).collect();
        shown.sort();
        // Rounded anew, the first name would have the coin that is over.
        let expected = [("Advertising", "1.00"), ("Search", "1.01")];
        assert_eq!(shown, expected.map(|(unit, sum)| (unit.to_owned(), sum.to_owned())));
    }

    #[test]
    fn money_is_added_exactly_and_ranks() {
        let euro = Currency::parse("EUR").expect("a currency");
        let money = |text| Money::rounded(Amount::parse(text).expect("a number"), euro);
        let mut document = document();
        let mut rows = rows();
        document.columns.push(column("net_cost", ColumnType::Money, Some("EUR")));
        document.totals.push(Cell::Money(money("7.010000000000000000000001")));
        let cells = ["-3", "0.01", "10", "0.000000000000000000000001"].map(|text| Cell::Money(money(text)));
        rows.iter_mut().zip(cells.into_iter().chain([Cell::Null])).for_each(|(row, cell)| row.push(cell));
        let rank = rank(&document).expect("money");
        let mut groups = Groups::by(&document, &["unit"]).expect("units");
        rows.iter().for_each(|row| groups.add(row));
        let ranked = groups.ranked(rank);
        let sums: Vec<_> = ranked.iter().map(|group| (group.key.concat(), group.sum(rank).shown())).collect();
        let expected =
            [("Search", "10.00"), ("Advertising", "-2.99"), ("(unmapped)", "0.00"), ("(unattributed)", "0.00")];
        assert_eq!(sums, expected.map(|(unit, sum)| (unit.to_owned(), sum.to_owned())));
        let (_, whole) = whole(&document, rank);
        let all = ranked.iter().map(|group| group.sum(rank)).reduce(Sum::plus).expect("groups");
        assert_eq!((all.sortable(), all.share(&whole)), (whole.sortable(), Some(1_000_000)));
        assert_eq!(ranked[1].sum(rank).share(&whole), None, "a credit is no part of a cost");
        document.totals[9] = Cell::Null;
        assert_eq!((amounts(&document), self::rank(&document)), (vec![], weight(&document).map(Rank::Count)));
    }
}
