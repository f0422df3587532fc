//! Bundles: calls that are alike in all that a report shows of them are attributed once and counted after that.
//!
//! The result is that of adding each call by itself, which remains the way for calls with anything odd about them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::attribution::{Accounting, Attributor, End, is_odd};
use super::dimension::{Dimension, QUARTER};
use super::mapping::Mapping;
use super::statement::{Accumulator, Measures};
use super::times::EVEN_CLOCKS;
use crate::ledger::{Alike, SpillError};
use crate::model::brief::Numbers;
use crate::model::call::Call;
use crate::model::quick_hash::QuickHash;
use crate::model::text::SharedText;

/// What a bundle takes: itself, its end and its place, with the room that tables keep free.
const BUNDLE_BYTES: usize = 320;

/// Accounts and sums of calls, of which those that are alike are bundled.
pub struct Bundles<'t, 's> {
    attributor: &'t Attributor<'t>,
    accounting: Accounting<'t>,
    sums: Accumulator<'s>,
    /// The most bundles that there may be.
    most: usize,
    /// Whether it matters who called.
    by_caller: bool,
    moments: Moments<'t>,
    places: HashMap<Alikeness, usize, QuickHash>,
    bundles: Vec<Bundle>,
    /// What attributing has taken.
    attributing: Duration,
}

/// What calls share that have one end and one group: the shelf and the numbers of what they say, and the stretch of time.
type Alikeness = (usize, Numbers, u32);

/// A bundle of calls.
enum Bundle {
    /// There is something to say about each of them.
    Odd,
    /// They end alike and have one group among the sums; what more of them there are than the first, with their times.
    Alike { end: Box<End>, group: usize, failed: bool, more: u64, times: Option<(i64, i64)> },
}

impl<'t, 's> Bundles<'t, 's> {
    /// No calls yet, to be added to empty sums that take alike calls, with so many bytes of memory for bundles.
    pub fn new(attributor: &'t Attributor<'t>, sums: Accumulator<'s>, memory: usize) -> Self {
        let by = sums.by();
        // The text of the resource is what calls that are alike do not share.
        let most = if by.contains(&Dimension::Resource) { 0 } else { memory / BUNDLE_BYTES };
        let shows_caller = by.contains(&Dimension::Principal) || by.contains(&Dimension::PrincipalProject);
        Self {
            attributor,
            accounting: Accounting::new(attributor),
            sums,
            most,
            by_caller: shows_caller || attributor.mapping.is_some_and(Mapping::is_about_calls),
            moments: Moments::new(attributor.mapping.map_or(&[], |mapping| mapping.boundaries())),
            places: HashMap::default(),
            bundles: Vec::new(),
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
        let (shelf, mut numbers) = alike.numbers();
        if !self.by_caller {
            numbers.caller = 0;
        }
        let place = (shelf, numbers, self.moments.stretch(time, &self.sums));
        let is_full = self.bundles.len() == self.most;
        match self.places.get(&place).map(|at| &mut self.bundles[*at]) {
            Some(Bundle::Alike { more, times, .. }) => {
                *more += 1;
                *times = Some(times.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
                self.accounting.add_delay(alike.lateness());
            }
            Some(Bundle::Odd) => self.add(&alike.call()?),
            None if is_full => self.add(&alike.call()?),
            None => {
                let call = alike.call()?;
                let begun = Instant::now();
                let bundle = self.begin(&call);
                self.attributing += begun.elapsed();
                self.places.insert(place, self.bundles.len());
                self.bundles.push(bundle);
            }
        }
        Ok(())
    }

    /// Adds the first call of a bundle.
    fn begin(&mut self, call: &Call) -> Bundle {
        let Some(attributed) = self.accounting.add(call) else { return Bundle::Odd };
        let (group, one) = (self.sums.add(&attributed), Measures::of(&attributed));
        // What is metered may differ from call to call.
        let metered = one.billed_bytes > 0 || one.slot_ms > 0;
        if metered || is_odd(call, &attributed) {
            return Bundle::Odd;
        }
        let failed = one.failed_calls > 0;
        Bundle::Alike { end: Box::new(End::of(&attributed)), group, failed, more: 0, times: None }
    }

    /// All that was added, and how long attributing took.
    pub fn finish(self) -> (Accounting<'t>, Accumulator<'s>, Duration) {
        let begun = Instant::now();
        let Self { mut accounting, mut sums, bundles, attributing, .. } = self;
        for bundle in bundles {
            match bundle {
                Bundle::Alike { end, group, failed, more, times: Some((first, last)) } => {
                    accounting.count(&end, more);
                    let entries = more;
                    let (billable_calls, failed_calls) = (end.billable_of(more), if failed { more } else { 0 });
                    let (first_seen, last_seen) = (Some(first), Some(last));
                    let calls = Measures { calls: more, billable_calls, failed_calls, entries, ..Measures::default() };
                    sums.sum(group, &Measures { first_seen, last_seen, ..calls });
                }
                Bundle::Alike { times: None, .. } | Bundle::Odd => {}
            }
        }
        (accounting, sums, attributing + begun.elapsed())
    }
}

/// Stretches of time in which neither the mapping nor a column changes, by number.
struct Moments<'t> {
    boundaries: &'t [i64],
    quarters: HashMap<(i64, usize), u32, QuickHash>,
    stretches: HashMap<(Vec<SharedText>, usize), u32, QuickHash>,
    last: Option<((i64, usize), u32)>,
}

impl<'t> Moments<'t> {
    fn new(boundaries: &'t [i64]) -> Self {
        Self { boundaries, quarters: HashMap::default(), stretches: HashMap::default(), last: None }
    }

    fn stretch(&mut self, time: i64, sums: &Accumulator<'_>) -> u32 {
        let mapped = self.boundaries.partition_point(|boundary| *boundary <= time);
        let quarter = (time.div_euclid(QUARTER), mapped);
        if let Some((_, stretch)) = self.last.filter(|(last, _)| *last == quarter) {
            return stretch;
        }
        let stretch = *self.quarters.entry(quarter).or_insert_with(|| {
            let next = u32::try_from(self.stretches.len()).unwrap_or(u32::MAX);
            *self.stretches.entry((sums.times(time), mapped)).or_insert(next)
        });
        self.last = Some((quarter, stretch));
        stretch
    }
}
