//! Groups: sums of calls by what these have in the columns of a report. Texts are kept once, and groups are known by numbers.

use std::collections::HashMap;

use super::dimension::Dimension;
use super::statement::Measures;
use crate::model::quick_hash::QuickHash;
use crate::model::text::SharedText;

/// What decides the value that a call has in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decider {
    /// The call, whoever made it and whenever that was.
    Call,
    /// The caller alone.
    Caller,
    /// The time alone.
    Time,
}

impl Decider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Call, Self::Caller, Self::Time];

    /// What decides the value of a column.
    pub fn of(dimension: Dimension) -> Self {
        match dimension {
            Dimension::Principal | Dimension::PrincipalProject => Self::Caller,
            Dimension::Day | Dimension::Hour | Dimension::Month => Self::Time,
            Dimension::Unit
            | Dimension::CostCenter
            | Dimension::Payer
            | Dimension::StoragePayer
            | Dimension::Service
            | Dimension::Kind
            | Dimension::Method
            | Dimension::Location
            | Dimension::ResourceProject
            | Dimension::Resource
            | Dimension::Model
            | Dimension::Reason
            | Dimension::Log
            | Dimension::Sku
            | Dimension::CostType
            | Dimension::Basis
            | Dimension::Pool
            | Dimension::Currency
            | Dimension::InvoiceMonth
            | Dimension::BillingAccount
            | Dimension::Corrects => Self::Call,
        }
    }
}

/// A group: the numbers of the values that each decider gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Group {
    pub call: u32,
    pub caller: u32,
    pub time: u32,
}

impl Group {
    fn by(self, decider: Decider) -> u32 {
        match decider {
            Decider::Call => self.call,
            Decider::Caller => self.caller,
            Decider::Time => self.time,
        }
    }
}

/// Sums by group.
#[derive(Default)]
pub(super) struct Groups {
    /// The numbers of the values by decider.
    numbers: [HashMap<Box<[SharedText]>, u32, QuickHash>; 3],
    /// The place of each group among the sums, which a table would keep more room for.
    places: HashMap<Group, u32, QuickHash>,
    sums: Vec<Measures>,
}

impl Groups {
    /// The number of the values that a decider gives, in the order of its columns.
    pub fn number(&mut self, decider: Decider, values: &[SharedText]) -> u32 {
        let numbers = &mut self.numbers[decider as usize];
        if let Some(known) = numbers.get(values) {
            return *known;
        }
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        numbers.insert(values.into(), next);
        next
    }

    /// Adds to the sum of a group; `None` when it does not fit.
    pub fn add(&mut self, group: Group, measures: &Measures) -> Option<()> {
        let next = u32::try_from(self.sums.len()).unwrap_or(u32::MAX);
        let at = *self.places.entry(group).or_insert(next) as usize;
        match self.sums.get_mut(at) {
            Some(sum) => sum.add(measures)?,
            None => self.sums.push(*measures),
        }
        Some(())
    }

    /// Adds what others hold; `None` when a sum does not fit.
    pub fn merge(&mut self, mut other: Self) -> Option<()> {
        if self.sums.len() < other.sums.len() {
            std::mem::swap(self, &mut other);
        }
        let Self { numbers, places, sums } = other;
        let mut mine: [Vec<u32>; 3] = Default::default();
        for ((decider, numbers), mine) in Decider::ALL.into_iter().zip(numbers).zip(&mut mine) {
            *mine = vec![0; numbers.len()];
            for (values, number) in numbers {
                mine[number as usize] = self.number(decider, &values);
            }
        }
        let [calls, callers, times] = &mine;
        let mine = |group: Group| Group {
            call: calls[group.call as usize],
            caller: callers[group.caller as usize],
            time: times[group.time as usize],
        };
        places.into_iter().try_for_each(|(group, at)| self.add(mine(group), &sums[at as usize]))
    }

    /// All groups in no meaningful order, with the values of these columns.
    pub fn rows(self, by: &[Dimension]) -> GroupRows {
        let mut values = self.numbers.map(|numbers| {
            let mut values: Vec<(Box<[SharedText]>, u32)> = numbers.into_iter().collect();
            values.sort_unstable_by_key(|(_, number)| *number);
            values
        });
        let mut before = [0_usize; 3];
        let column = |dimension: &Dimension| {
            let decider = Decider::of(*dimension);
            let at = before[decider as usize];
            before[decider as usize] += 1;
            let values = values[decider as usize].iter_mut().map(|(values, _)| std::mem::take(&mut values[at]));
            Ranked::new(decider, values.collect())
        };
        let columns = by.iter().map(column).collect();
        let rows = self.places.into_iter().map(|(group, at)| (group, self.sums[at as usize])).collect();
        GroupRows { columns, rows }
    }
}

/// Groups with their sums, and what they have in each column.
pub(super) struct GroupRows {
    pub columns: Vec<Ranked>,
    pub rows: Vec<(Group, Measures)>,
}

/// The values of a column in their order.
pub(super) struct Ranked {
    decider: Decider,
    /// By the number that the decider gives: the place of its value among all.
    ranks: Vec<u32>,
    /// All values, sorted, each once.
    values: Vec<SharedText>,
}

impl Ranked {
    fn new(decider: Decider, given: Vec<SharedText>) -> Self {
        let mut order: Vec<usize> = (0..given.len()).collect();
        order.sort_unstable_by(|a, b| given[*a].cmp(&given[*b]));
        let (mut ranks, mut values) = (vec![0; given.len()], Vec::<SharedText>::new());
        for at in order {
            if values.last() != Some(&given[at]) {
                values.push(given[at].clone());
            }
            ranks[at] = u32::try_from(values.len() - 1).unwrap_or(u32::MAX);
        }
        Self { decider, ranks, values }
    }

    /// The place of a group's value among those of the column.
    pub fn rank(&self, group: Group) -> u32 {
        self.ranks[group.by(self.decider) as usize]
    }

    /// The value that a group has.
    pub fn value(&self, group: Group) -> &SharedText {
        &self.values[self.rank(group) as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::slice;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const BY: [Dimension; 4] = [Dimension::Day, Dimension::Payer, Dimension::Principal, Dimension::Service];

    fn add(groups: &mut Groups, [day, payer, principal, service]: &[SharedText; 4], calls: u64) -> Option<()> {
        let group = Group {
            call: groups.number(Decider::Call, &[payer.clone(), service.clone()]),
            caller: groups.number(Decider::Caller, slice::from_ref(principal)),
            time: groups.number(Decider::Time, slice::from_ref(day)),
        };
        groups.add(group, &Measures { calls, ..Measures::default() })
    }

    proptest! {
        #[test]
        fn groups_of_any_parts_are_the_sums_by_their_texts(
            parts in vec(vec((proptest::array::uniform4("[a-c]{0,2}"), 0..9_u64), 0..20), 0..4),
        ) {
            let (mut whole, mut expected) = (Groups::default(), BTreeMap::<Vec<String>, u64>::new());
            for part in &parts {
                let mut groups = Groups::default();
                for (values, calls) in part {
                    add(&mut groups, &values.each_ref().map(SharedText::from), *calls).expect("fits");
                    *expected.entry(values.to_vec()).or_default() += calls;
                }
                whole.merge(groups).expect("fits");
            }
            let GroupRows { columns, rows } = whole.rows(&BY);
            let texts = |group: Group| columns.iter().map(|column| column.value(group).to_string()).collect::<Vec<_>>();
            let found: BTreeMap<Vec<String>, u64> = rows.iter().map(|(group, sum)| (texts(*group), sum.calls)).collect();
            prop_assert_eq!(found.len(), rows.len());
            prop_assert_eq!(&found, &expected);
            let ranks = |group: Group| columns.iter().map(|column| column.rank(group)).collect::<Vec<_>>();
            for (a, _) in &rows {
                for (b, _) in &rows {
                    prop_assert_eq!(ranks(*a).cmp(&ranks(*b)), texts(*a).cmp(&texts(*b)));
                }
            }
        }
    }

    #[test]
    fn a_sum_that_does_not_fit_is_told_wherever_it_is_made() {
        let key = ["a"; 4].map(SharedText::new_static);
        let full = || {
            let mut groups = Groups::default();
            add(&mut groups, &key, u64::MAX).expect("fits");
            groups
        };
        assert_eq!(add(&mut full(), &key, 1), None);
        assert_eq!(full().merge(full()), None);
    }
}
