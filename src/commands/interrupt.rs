//! Ctrl-C and polite kills: what is temporary goes, what was done is said, and the program ends with 130.
//!
//! A thread of its own does all of this, so that it works whatever the others are doing: waiting for an input, sorting,
//! printing. A second signal ends the program on the spot.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::temporary;
use crate::ingest::Meter;
use crate::model::stats::Count;

/// What is being read, to tell of it.
static READING: Mutex<Option<Arc<Meter>>> = Mutex::new(None);

/// Remembers what is being read.
pub(super) fn reads(meter: &Arc<Meter>) {
    *READING.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(meter));
}

/// From now on the program ends cleanly when it is interrupted.
#[cfg(unix)]
pub fn end_cleanly() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;
    use std::sync::atomic::AtomicBool;

    let again = Arc::new(AtomicBool::new(false));
    // What the caller made us ignore (`nohup`, a job in the background of a script) stays ignored.
    let signals: Vec<i32> = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal)).collect();
    for signal in &signals {
        // The order matters: the first signal raises the flag after the flag was looked at, the second ends the program.
        let second = flag::register_conditional_shutdown(*signal, CODE, Arc::clone(&again));
        let first = flag::register(*signal, Arc::clone(&again));
        if second.and(first).is_err() {
            return;
        }
    }
    if let Ok(mut signals) = Signals::new(&signals) {
        // Without the thread a signal would end nothing: then the second one does.
        let _ = std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
            if signals.forever().next().is_some() {
                end();
            }
        });
    }
}

/// Elsewhere an interrupt ends the program as the system does it.
#[cfg(not(unix))]
pub fn end_cleanly() {}

const CODE: i32 = 130;

/// Whether a signal is ignored already. Where the system does not tell, the one that `nohup` is about is taken to be.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.map_or(signal == signal_hook::consts::SIGHUP, |mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg_attr(not(unix), allow(dead_code))]
fn end() {
    let _held = temporary::remove_all();
    let reading = READING.lock().unwrap_or_else(PoisonError::into_inner).take();
    let said = match reading {
        Some(meter) => {
            meter.clear();
            let (records, done, all) = (meter.counted(Count::Records), meter.counted(Count::Inputs), meter.awaited());
            format!("interrupted after {records} records, {done} of {all} inputs whole; there is no complete result")
        }
        None => "interrupted".to_owned(),
    };
    // The terminal may be gone, which is no reason to go on.
    let _ = writeln!(io::stderr(), "billtrail: {said}");
    std::process::exit(CODE);
}
