//! Places: the inputs of a run in one order, those that are read as logs and those that ledgers tell of.

use std::collections::BTreeMap;

use crate::ingest::Listing;
use crate::ledger::LedgerFile;
use crate::model::observation::Source;

/// The inputs of a run by name. The place of an input in this list is its number in the sources of the run.
pub(super) struct Places {
    names: Vec<String>,
    /// The numbers of the inputs of the listing.
    logs: Vec<u32>,
    /// For each ledger, the numbers of its inputs by their numbers in the ledger.
    kept: Vec<BTreeMap<u32, u32>>,
}

/// The hash of an input, the ledger that tells of it, and its number there.
type KeptAs<'l> = (&'l str, usize, u32);

impl Places {
    /// Puts all inputs into one order: by name, what is read as a log before what a ledger tells of, then by content.
    pub fn of(listing: &Listing, ledgers: &[LedgerFile]) -> Self {
        let mut inputs: Vec<(&str, Option<KeptAs<'_>>, usize)> = Vec::new();
        for (at, input) in listing.inputs.iter().enumerate() {
            inputs.push((&input.name, None, at));
        }
        for (at, ledger) in ledgers.iter().enumerate() {
            for input in &ledger.manifest.inputs {
                inputs.push((&input.path, Some((&input.sha256, at, input.id)), 0));
            }
        }
        inputs.sort_unstable();
        let mut places = Self { names: Vec::new(), logs: vec![0; listing.inputs.len()], kept: Vec::new() };
        places.kept.resize(ledgers.len(), BTreeMap::new());
        for (name, kept, at) in inputs {
            let number = u32::try_from(places.names.len()).unwrap_or(u32::MAX);
            places.names.push(name.to_owned());
            match kept {
                None => places.logs[at] = number,
                Some((_, ledger, id)) => drop(places.kept[ledger].insert(id, number)),
            }
        }
        places
    }

    /// The names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The source of a record, from its source in the listing.
    pub fn of_log(&self, source: Source) -> Source {
        Source { input: self.number_of_log(source.input as usize), ..source }
    }

    /// The source of an entry, from its source in a ledger.
    pub fn of_kept(&self, ledger: usize, source: Source) -> Source {
        Source { input: self.number(ledger, source.input), ..source }
    }

    /// The number of a ledger's input.
    pub fn number(&self, ledger: usize, id: u32) -> u32 {
        self.kept[ledger].get(&id).copied().unwrap_or(u32::MAX)
    }

    /// The number of an input of the listing.
    pub fn number_of_log(&self, at: usize) -> u32 {
        self.logs[at]
    }

    /// `file:line` of a record.
    pub fn show(&self, source: Source) -> String {
        let name = self.names.get(source.input as usize);
        format!("{}:{}", name.map_or("?", String::as_str), source.line)
    }
}
