//! The meter of a run: counts and times that every thread adds to while it works.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::model::stats::{Count, Stage, Stats};

/// Counts and times of a run. Adding costs a few nanoseconds and is done by the piece, not by the record.
#[derive(Debug)]
pub struct Meter {
    begun: Instant,
    counts: [AtomicU64; Count::ALL.len()],
    nanos: [AtomicU64; Stage::ALL.len()],
    /// Inputs that are to be read.
    awaited: AtomicU64,
    /// What is drawn on the terminal.
    pub(super) bar: Mutex<Option<ProgressBar>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            counts: Default::default(),
            nanos: Default::default(),
            awaited: AtomicU64::new(0),
            bar: Mutex::default(),
        }
    }
}

impl Meter {
    /// Adds to a count.
    pub fn add(&self, count: Count, number: u64) {
        self.counts[count as usize].fetch_add(number, Ordering::Relaxed);
    }

    /// What has been counted so far.
    pub fn counted(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Ordering::Relaxed)
    }

    /// Adds time to a stage.
    pub fn spend(&self, stage: Stage, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanos[stage as usize].fetch_add(nanos, Ordering::Relaxed);
    }

    /// Does work that belongs to a stage.
    pub fn time<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work();
        self.spend(stage, begun.elapsed());
        done
    }

    /// Time since the run began.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// More inputs are to be read.
    pub(super) fn await_inputs(&self, number: usize) {
        self.awaited.fetch_add(number as u64, Ordering::Relaxed);
    }

    /// How many inputs are to be read, read ones included.
    pub fn awaited(&self) -> u64 {
        self.awaited.load(Ordering::Relaxed)
    }

    /// Takes what is drawn off the terminal, for good.
    pub fn clear(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    /// What the run has cost so far. How many threads decoded and how much memory was held is for the caller to say.
    pub fn stats(&self) -> Stats {
        let spent = |stage: &Stage| Duration::from_nanos(self.nanos[*stage as usize].load(Ordering::Relaxed));
        Stats {
            wall: self.elapsed(),
            stages: Stage::ALL.iter().map(|stage| (*stage, spent(stage))).collect(),
            counts: Count::ALL.iter().map(|count| (*count, self.counted(*count))).collect(),
            ..Stats::default()
        }
    }
}
