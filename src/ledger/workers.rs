//! Workers: threads that take jobs from a common list.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs jobs numbered from 0 on so many threads. Each thread begins with `new` and hands its jobs to `each`; what all of them
/// end with is returned.
///
/// # Errors
/// An error of `each`; no further job is begun.
pub(super) fn workers<S: Send, E: Send>(
    threads: usize,
    jobs: usize,
    new: impl Fn() -> S + Sync,
    each: impl Fn(&mut S, usize) -> Result<(), E> + Sync,
) -> Result<Vec<S>, E> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut state = new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            if job >= jobs {
                return Ok(state);
            }
            if let Err(error) = each(&mut state, job) {
                next.store(jobs, Ordering::Relaxed);
                return Err(error);
            }
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(jobs)).map(|_| scope.spawn(work)).collect();
        let mut ended = vec![work()];
        ended.extend(others.into_iter().map(|worker| match worker.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        }));
        ended.into_iter().collect()
    })
}
