//! Bundles: calls that are alike in all that a report shows of them are attributed once and counted after that.
//!
//! The result is that of adding each call by itself, which remains the way for calls with anything odd about them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::attribution::{Accounting, Attributor, End, is_odd};
use super::dimension::{Dimension, QUARTER};
use super::groups::Group;
use super::mapping::Mapping;
use super::statement::{Accumulator, Measures};
use super::times::EVEN_CLOCKS;
use crate::ledger::{Alike, SpillError};
use crate::model::brief::Numbers;
use crate::model::call::Call;
use crate::model::quick_hash::QuickHash;

/// What a bundle takes: itself and its end, with the room that tables keep free.
const BUNDLE_BYTES: usize = 192;

/// Accounts and sums of calls, of which those that are alike are bundled.
pub struct Bundles<'t, 's> {
    attributor: &'t Attributor<'t>,
    accounting: Accounting<'t>,
    sums: Accumulator<'s>,
    /// The most bundles that there may be.
    most: usize,
    /// Whether the mapping looks at who called.
    by_caller: bool,
    bundles: HashMap<Alikeness, Bundle, QuickHash>,
    callers: Callers,
    times: Times<'t>,
    /// What attributing has taken.
    attributing: Duration,
}

/// What calls share that end alike and have one value in each column that neither caller nor time decides.
#[derive(PartialEq, Eq, Hash)]
struct Alikeness {
    form: u32,
    /// The caller, if the mapping looks at it.
    caller: Option<u32>,
    /// The stretch of time in which the mapping does not change.
    mapped: u32,
}

/// A bundle of calls.
enum Bundle {
    /// There is something to say about each of them.
    Odd,
    /// They end alike; what more of them there are than the first.
    Alike { end: Box<End>, call: u32, one: One, more: u64 },
}

/// What each of a bundle adds, beside a call and an entry.
#[derive(Clone, Copy)]
struct One {
    billable: bool,
    failed: bool,
}

impl One {
    /// What such a call adds at a time; `None` if it adds more, which may differ from call to call.
    fn of(measures: &Measures) -> Option<Self> {
        let Measures { calls, billable_calls, failed_calls, billed_bytes, slot_ms, entries, .. } = *measures;
        let is_plain = (calls, entries, billed_bytes, slot_ms) == (1, 1, 0, 0);
        is_plain.then_some(Self { billable: billable_calls > 0, failed: failed_calls > 0 })
    }

    fn at(self, time: i64) -> Measures {
        Measures {
            calls: 1,
            billable_calls: self.billable.into(),
            failed_calls: self.failed.into(),
            entries: 1,
            first_seen: Some(time),
            last_seen: Some(time),
            ..Measures::default()
        }
    }
}

impl<'t, 's> Bundles<'t, 's> {
    /// No calls yet, to be added to empty sums that take alike calls, with so many bytes of memory for bundles.
    pub fn new(attributor: &'t Attributor<'t>, sums: Accumulator<'s>, memory: usize) -> Self {
        // The text of the resource is what calls that are alike do not share.
        let most = if sums.by().contains(&Dimension::Resource) { 0 } else { memory / BUNDLE_BYTES };
        Self {
            attributor,
            accounting: Accounting::new(attributor),
            sums,
            most,
            by_caller: attributor.mapping.is_some_and(Mapping::is_about_calls),
            bundles: HashMap::default(),
            callers: Callers::default(),
            times: Times::new(attributor.mapping.map_or(&[], |mapping| mapping.boundaries())),
            attributing: Duration::ZERO,
        }
    }

    /// Adds a call.
    pub fn add(&mut self, call: &Call) {
        let begun = Instant::now();
        if let Some(attributed) = self.accounting.add(call) {
            self.sums.add(&attributed);
        }
        self.attributing += begun.elapsed();
    }

    /// Adds a call that may be like others.
    ///
    /// # Errors
    /// When what waited on disk is damaged.
    pub fn add_alike(&mut self, alike: &Alike<'_>) -> Result<(), SpillError> {
        let time = alike.time();
        if self.most == 0 || time < EVEN_CLOCKS || !self.attributor.contains(Some(time)) {
            self.add(&alike.call()?);
            return Ok(());
        }
        let Numbers { form, caller } = alike.numbers();
        let (mapped, time_number) = self.times.numbers(time, &mut self.sums);
        let place = Alikeness { form, caller: self.by_caller.then_some(caller), mapped };
        let is_full = self.bundles.len() == self.most;
        match self.bundles.get_mut(&place) {
            Some(Bundle::Alike { call, one, more, .. }) => {
                *more += 1;
                let caller = self.callers.number(alike, &mut self.sums)?;
                self.sums.sum(Group { call: *call, caller, time: time_number }, &one.at(time));
                self.accounting.add_delay(alike.lateness());
            }
            Some(Bundle::Odd) => self.add(&alike.call()?),
            None if is_full => self.add(&alike.call()?),
            None => {
                let call = alike.call()?;
                let begun = Instant::now();
                let bundle = self.begin(&call);
                self.attributing += begun.elapsed();
                self.bundles.insert(place, bundle);
            }
        }
        Ok(())
    }

    /// Adds the first call of a bundle.
    fn begin(&mut self, call: &Call) -> Bundle {
        let Some(attributed) = self.accounting.add(call) else { return Bundle::Odd };
        let group = self.sums.add_call(&attributed);
        match One::of(&Measures::of(&attributed)) {
            Some(one) if !is_odd(call, &attributed) => {
                Bundle::Alike { end: Box::new(End::of(&attributed)), call: group.call, one, more: 0 }
            }
            Some(_) | None => Bundle::Odd,
        }
    }

    /// All that was added, and how long attributing took.
    pub fn finish(self) -> (Accounting<'t>, Accumulator<'s>, Duration) {
        let begun = Instant::now();
        let Self { mut accounting, sums, bundles, attributing, .. } = self;
        for bundle in bundles.into_values() {
            match bundle {
                Bundle::Alike { end, more, .. } if more > 0 => accounting.count(&end, more),
                Bundle::Alike { .. } | Bundle::Odd => {}
            }
        }
        (accounting, sums, attributing + begun.elapsed())
    }
}

/// The numbers that callers have among the sums, by the number that the ledger gives.
#[derive(Default)]
struct Callers {
    known: Vec<Option<u32>>,
}

impl Callers {
    fn number(&mut self, alike: &Alike<'_>, sums: &mut Accumulator<'_>) -> Result<u32, SpillError> {
        let at = alike.numbers().caller as usize;
        if let Some(Some(known)) = self.known.get(at) {
            return Ok(*known);
        }
        let number = sums.caller_number(&alike.caller()?);
        if self.known.len() <= at {
            self.known.resize(at + 1, None);
        }
        self.known[at] = Some(number);
        Ok(number)
    }
}

/// The numbers that times have among the sums, by the quarter of an hour.
struct Times<'t> {
    boundaries: &'t [i64],
    known: HashMap<i64, u32, QuickHash>,
    last: Option<(i64, u32)>,
}

impl<'t> Times<'t> {
    fn new(boundaries: &'t [i64]) -> Self {
        Self { boundaries, known: HashMap::default(), last: None }
    }

    /// The stretch of time in which the mapping does not change, and the number of the time's values.
    fn numbers(&mut self, time: i64, sums: &mut Accumulator<'_>) -> (u32, u32) {
        let mapped = self.boundaries.partition_point(|boundary| *boundary <= time);
        let quarter = time.div_euclid(QUARTER);
        let number = match self.last {
            Some((last, number)) if last == quarter => number,
            Some(_) | None => *self.known.entry(quarter).or_insert_with(|| sums.time_number(time)),
        };
        self.last = Some((quarter, number));
        (u32::try_from(mapped).unwrap_or(u32::MAX), number)
    }
}
