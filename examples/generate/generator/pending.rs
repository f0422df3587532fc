//! What has to wait: copies that are delivered later, and the ends of operations and jobs.

use std::collections::BTreeMap;

use super::bigquery::Job;
use super::entry::Entry;
use super::sink::Stream;
use super::truth::Call;

/// Something that happens later.
pub enum Pending<'g> {
    /// A line that was written is written again.
    Copy {
        /// Its log.
        stream: Stream,
        /// The entry's time.
        time: u64,
        /// The line.
        line: Vec<u8>,
        /// What it tells of.
        call: Call,
    },
    /// The last entry of an operation.
    Operation(Box<Entry<'g>>, Call),
    /// The end of a job.
    Job(Box<Job<'g>>),
}

/// What waits, by when it is due and in which order it came.
#[derive(Default)]
pub struct Waiting<'g> {
    by_time: BTreeMap<(u64, u64), Pending<'g>>,
    added: u64,
}

impl<'g> Waiting<'g> {
    /// Lets something wait until a step.
    pub fn add(&mut self, due: u64, pending: Pending<'g>) {
        self.added += 1;
        self.by_time.insert((due, self.added), pending);
    }

    /// Something that is due by now.
    pub fn due(&mut self, now: u64) -> Option<Pending<'g>> {
        let (due, _) = *self.by_time.first_key_value()?.0;
        if due <= now { self.any() } else { None }
    }

    /// What is due next, however late.
    pub fn any(&mut self) -> Option<Pending<'g>> {
        self.by_time.pop_first().map(|(_, pending)| pending)
    }
}
