//! The directory of payers: which id and which number are one payer, and what else is known of it.

use std::collections::{BTreeMap, BTreeSet};

use super::payer::{Namespace, Payer, PayerName, PayerRef};
use super::text::SharedText;

/// What an inventory says of one payer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The payer's id.
    pub id: String,
    /// The payer's number, if the inventory has it.
    pub number: Option<u64>,
    /// The display name; not unique, never a join key.
    pub name: Option<String>,
    /// Labels, sorted by key.
    pub labels: BTreeMap<String, String>,
    /// Ancestors as `folders/N` and `organizations/N`, nearest first.
    pub ancestors: Vec<String>,
}

impl Entry {
    /// The reference that means this payer. A bill may name it by a number where the id should be.
    pub fn reference(&self) -> PayerRef {
        match self.id.parse() {
            Ok(number) => PayerRef::project_number(number),
            Err(_) => PayerRef::project_id(self.id.clone()),
        }
    }
}

/// Aliases of payers: id ↔ number. What the user gives wins over what is learnt from entries.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    by_id: BTreeMap<String, Entry>,
    id_of: BTreeMap<u64, SharedText>,
    /// The container of each container of the inventory.
    parents: BTreeMap<String, String>,
    learnt_number: BTreeMap<String, u64>,
    learnt_id: BTreeMap<u64, SharedText>,
}

impl Directory {
    /// Adds an inventory's entry. An entry that is already known keeps what it has and gains what it lacks.
    pub fn add(&mut self, entry: Entry) {
        if let Some(number) = entry.number {
            self.id_of.entry(number).or_insert_with(|| entry.id.as_str().into());
        }
        let known =
            self.by_id.entry(entry.id.clone()).or_insert_with(|| Entry { id: entry.id.clone(), ..Entry::default() });
        known.number = known.number.or(entry.number);
        known.name = known.name.take().or(entry.name);
        for (key, value) in entry.labels {
            known.labels.entry(key).or_insert(value);
        }
        for pair in entry.ancestors.windows(2) {
            self.parents.entry(pair[0].clone()).or_insert_with(|| pair[1].clone());
        }
        if known.ancestors.is_empty() {
            known.ancestors = entry.ancestors;
        }
    }

    /// The ancestors of an id, nearest first. Where its own entry ends early (some inventories name the parent alone),
    /// what any entry tells of that parent goes on.
    pub fn ancestors(&self, id: &str) -> Vec<String> {
        let mut ancestors = self.by_id.get(id).map(|entry| entry.ancestors.clone()).unwrap_or_default();
        while let Some(next) = ancestors.last().and_then(|last| self.parents.get(last)) {
            if ancestors.contains(next) {
                break;
            }
            ancestors.push(next.clone());
        }
        ancestors
    }

    /// Learns the pairs of number and id that entries state themselves. A number paired with several ids, an id with several
    /// numbers, or a pair that the inventory contradicts teaches nothing; such pairs are returned.
    pub fn learn(&mut self, pairs: &BTreeSet<(u64, String)>) -> Vec<(u64, String)> {
        let mut ids: BTreeMap<u64, usize> = BTreeMap::new();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for (number, id) in pairs {
            *ids.entry(*number).or_default() += 1;
            *numbers.entry(id).or_default() += 1;
        }
        let mut contradicted = Vec::new();
        for (number, id) in pairs {
            let inventory_agrees = self.id_of.get(number).is_none_or(|known| known == id)
                && self.by_id.get(id).and_then(|entry| entry.number).is_none_or(|known| known == *number);
            if inventory_agrees && ids[number] == 1 && numbers[id.as_str()] == 1 {
                self.learnt_id.insert(*number, id.as_str().into());
                self.learnt_number.insert(id.clone(), *number);
            } else {
                contradicted.push((*number, id.clone()));
            }
        }
        contradicted
    }

    /// The payer that a reference means.
    pub fn resolve(&self, reference: &PayerRef) -> Payer {
        let namespace = reference.namespace;
        match &reference.name {
            PayerName::Id(id) => Payer { namespace, id: Some(id.clone()), number: self.number_of(id) },
            PayerName::Number(number) => Payer { namespace, id: self.id_of(*number).cloned(), number: Some(*number) },
        }
    }

    /// The id of a number.
    pub fn id_of(&self, number: u64) -> Option<&SharedText> {
        self.id_of.get(&number).or_else(|| self.learnt_id.get(&number))
    }

    /// The number of an id.
    pub fn number_of(&self, id: &str) -> Option<u64> {
        match self.by_id.get(id).and_then(|entry| entry.number) {
            Some(number) => Some(number),
            None => self.learnt_number.get(id).copied(),
        }
    }

    /// What the inventory says of an id.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.by_id.get(id)
    }

    /// Every entry of the inventory, by id.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.by_id.values()
    }

    /// Whether two payers are one. `None` when it cannot be known: one has only an id, the other only a number.
    pub fn same(a: &Payer, b: &Payer) -> Option<bool> {
        if a.namespace != b.namespace {
            return Some(false);
        }
        match (&a.id, &b.id, a.number, b.number) {
            (_, _, Some(x), Some(y)) => Some(x == y),
            (Some(x), Some(y), _, _) => Some(x == y),
            _ => None,
        }
    }
}

/// A payer of Google Cloud by id, for tests and inventories.
impl From<&str> for Payer {
    fn from(id: &str) -> Self {
        Self { namespace: Namespace::GcpProject, id: Some(id.into()), number: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inventory_wins_over_what_is_learnt() {
        let mut directory = Directory::default();
        directory.add(Entry { id: "ads-prod".into(), number: Some(7), ..Entry::default() });
        let stated = BTreeSet::from([(7, "other".to_owned()), (9, "ads-prod".to_owned())]);
        assert_eq!(directory.learn(&stated).len(), 2);
        assert_eq!((directory.id_of(7), directory.id_of(9)), (Some(&"ads-prod".into()), None));
        assert_eq!((directory.number_of("other"), directory.number_of("ads-prod")), (None, Some(7)));
    }

    #[test]
    fn an_ancestry_that_ends_early_goes_on_by_what_others_tell() {
        let mut directory = Directory::default();
        let mut add = |id: &str, ancestors: &[&str]| {
            let ancestors = ancestors.iter().map(|name| (*name).to_owned()).collect();
            directory.add(Entry { id: id.to_owned(), ancestors, ..Entry::default() });
        };
        add("a", &["folders/1"]);
        add("b", &["folders/2", "folders/1", "organizations/9"]);
        add("c", &["folders/3", "folders/4"]);
        add("d", &["folders/4", "folders/3"]);
        assert_eq!(directory.ancestors("a"), ["folders/1", "organizations/9"]);
        assert_eq!(directory.ancestors("b"), ["folders/2", "folders/1", "organizations/9"]);
        assert_eq!(directory.ancestors("c"), ["folders/3", "folders/4"], "a circle ends");
        assert_eq!(directory.ancestors("none"), [""; 0]);
    }

    #[test]
    fn a_contradicted_pair_teaches_nothing() {
        let mut directory = Directory::default();
        let pairs = BTreeSet::from([(7, "aa".to_owned()), (7, "bb".to_owned()), (8, "cc".to_owned())]);
        assert_eq!(directory.learn(&pairs).len(), 2);
        assert_eq!(directory.id_of(7), None);
        assert_eq!(directory.id_of(8), Some(&"cc".into()));
    }

    #[test]
    fn id_and_number_cannot_be_compared_without_a_pair() {
        let directory = Directory::default();
        let id = directory.resolve(&PayerRef::project_id("ads-prod"));
        let number = directory.resolve(&PayerRef::project_number(7));
        assert_eq!(Directory::same(&id, &number), None);
    }
}
