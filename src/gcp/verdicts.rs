//! Verdicts that are remembered: which entries are alike in all that the rules read, so that each verdict is found once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use xxhash_rust::xxh3::xxh3_128;

use super::plain::Plain;
use super::service::Catalogue;
use super::tokens::Tokens;
use crate::model::brief::{Likeness, Numbers, OF_CALLERS};
use crate::model::observation::{Facts, Observation};
use crate::model::quick_hash::QuickHash;
use crate::model::text::SharedText;

/// How many entries are looked up before it is asked whether that pays.
const TRIAL: u32 = 8192;

/// It pays when at least one entry in so many is like one before.
const PAYS: u32 = 8;

/// How many entries pass before it is tried anew.
const REST: u32 = 1 << 17;

/// The verdicts of one run that one thread remembers, by the tokens of the entries.
#[derive(Debug, Default)]
pub struct Verdicts {
    tokens: Tokens,
    own: Found,
    /// What the threads of the run have found together.
    shared: SharedVerdicts,
    /// Entries looked up, and found, since the last trial began.
    asked: u32,
    found: u32,
    /// Entries that are still to pass without a look.
    resting: u32,
}

/// What several threads find together: each verdict is found by one of them.
#[derive(Debug, Clone, Default)]
pub struct SharedVerdicts(Arc<RwLock<Found>>);

/// Verdicts that were found.
#[derive(Debug, Default)]
struct Found {
    verdicts: HashMap<u128, Kept, BuildHasherDefault<Low>>,
    callers: HashMap<u128, (u32, Marks), BuildHasherDefault<Low>>,
    /// The decoded names of logs by number, and their numbers.
    logs: Vec<SharedText>,
    log_numbers: HashMap<SharedText, u32, QuickHash>,
}

/// What is known of an entry from others like it.
#[derive(Debug, Clone, Copy)]
pub struct Known<'v> {
    /// Where its form and its caller are kept.
    pub numbers: Numbers,
    /// How much its charge says.
    pub charge_rank: u8,
    /// Whether such entries teach a pair of number and id.
    pub teaches: bool,
    /// The decoded name of the log.
    pub log_name: Option<&'v str>,
}

impl<'v> Known<'v> {
    /// What an entry that was judged says of others like it, which are not kept anywhere yet.
    pub fn of(observation: &'v Observation) -> Self {
        Self {
            numbers: Numbers::default(),
            charge_rank: observation.charge_rank,
            teaches: observation.learnt.is_some(),
            log_name: observation.facts.log_name.as_deref(),
        }
    }
}

/// What is kept of a verdict: little, because there are many and each look misses the cache.
#[derive(Debug, Clone, Copy)]
struct Kept {
    form: u32,
    /// The number of the log's name; one that there is not stands for none.
    log: u32,
    charge_rank: u8,
    teaches: bool,
}

/// Which of the flags that come from callers a call has.
type Marks = u8;

impl Verdicts {
    /// Nothing of its own yet, beside what several threads find together.
    pub fn sharing(shared: &SharedVerdicts) -> Self {
        Self { shared: shared.clone(), ..Self::default() }
    }

    /// Whether this entry may pass without a look, because looking did not pay lately.
    pub fn rests(&mut self) -> bool {
        let left = self.resting.checked_sub(1);
        self.resting = left.unwrap_or(0);
        left.is_some()
    }

    /// What entries with the same tokens have in common, if an entry has tokens.
    pub fn likeness(&mut self, entry: &Plain<'_>, catalogue: &Catalogue) -> Option<Likeness> {
        self.tokens.read(entry, catalogue)?;
        self.asked += 1;
        if self.asked == TRIAL {
            if self.found < TRIAL / PAYS {
                self.resting = REST;
            }
            (self.asked, self.found) = (0, 0);
        }
        Some(Likeness { entry: xxh3_128(&self.tokens.entry), caller: xxh3_128(&self.tokens.caller) })
    }

    /// What is known of entries like this one, if verdict and caller are remembered.
    pub fn known(&mut self, likeness: Likeness) -> Option<Known<'_>> {
        let (caller, marks) = self.caller(likeness)?;
        let Kept { form, log, charge_rank, teaches } = self.verdict(marked(likeness.entry, marks))?;
        self.found += 1;
        let log_name = self.own.logs.get(log as usize).map(SharedText::as_str);
        Some(Known { numbers: Numbers { form, caller }, charge_rank, teaches, log_name })
    }

    /// The numbers of the form and the caller of an entry that was judged, as far as they are remembered.
    pub fn numbers(&mut self, likeness: Likeness, facts: &Facts) -> (Option<u32>, Option<u32>) {
        let form = self.verdict(marked(likeness.entry, marks(facts))).map(|kept| kept.form);
        (form, self.caller(likeness).map(|(caller, _)| caller))
    }

    /// Remembers what was found of an entry, and where it is kept, for all entries like it.
    pub fn learn(&mut self, likeness: Likeness, numbers: Numbers, observation: &Observation) {
        self.own.learn(likeness, numbers, observation);
        self.shared.0.write().unwrap_or_else(PoisonError::into_inner).learn(likeness, numbers, observation);
    }

    fn caller(&mut self, likeness: Likeness) -> Option<(u32, Marks)> {
        if let Some(known) = self.own.callers.get(&likeness.caller) {
            return Some(*known);
        }
        let shared = self.shared.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = *shared.callers.get(&likeness.caller)?;
        self.own.callers.insert(likeness.caller, known);
        Some(known)
    }

    fn verdict(&mut self, entry: u128) -> Option<Kept> {
        if let Some(known) = self.own.verdicts.get(&entry) {
            return Some(*known);
        }
        let shared = self.shared.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = *shared.verdicts.get(&entry)?;
        let log = shared.logs.get(known.log as usize).map_or(u32::MAX, |name| self.own.log(name));
        let known = Kept { log, ..known };
        self.own.verdicts.insert(entry, known);
        Some(known)
    }
}

impl Found {
    fn learn(&mut self, likeness: Likeness, numbers: Numbers, observation: &Observation) {
        let marks = marks(&observation.facts);
        self.callers.insert(likeness.caller, (numbers.caller, marks));
        let log = observation.facts.log_name.as_ref().map_or(u32::MAX, |name| self.log(name));
        let kept = Kept {
            form: numbers.form,
            log,
            charge_rank: observation.charge_rank,
            teaches: observation.learnt.is_some(),
        };
        self.verdicts.insert(marked(likeness.entry, marks), kept);
    }

    fn log(&mut self, name: &SharedText) -> u32 {
        let next = u32::try_from(self.logs.len()).unwrap_or(u32::MAX);
        *self.log_numbers.entry(name.clone()).or_insert_with(|| {
            self.logs.push(name.clone());
            next
        })
    }
}

fn marks(facts: &Facts) -> Marks {
    OF_CALLERS.iter().rev().fold(0, |marks, flag| marks << 1 | u8::from(facts.flags.contains(flag)))
}

/// Tells entries apart by their callers' marks as well, which are few and small.
fn marked(entry: u128, marks: Marks) -> u128 {
    entry ^ u128::from(marks)
}

/// Takes the low half of a hash for the hash.
#[derive(Debug, Default)]
struct Low(u64);

impl Hasher for Low {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
