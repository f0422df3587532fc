//! `--stats`: says on standard error what a run cost.

use std::io;

use crate::cli::StatsForm;
use crate::ingest::Meter;
use crate::ledger::SpillCounts;
use crate::model::stats::{Count, Stats};
use crate::report;

/// Says what a run with so many decoding threads cost, if that was asked for. Comes after the result.
pub(super) fn say(form: Option<StatsForm>, meter: &Meter, threads: usize) {
    let Some(form) = form else { return };
    let stats = Stats { threads, peak_memory: peak_memory(), ..meter.stats() };
    let mut out = io::stderr().lock();
    // The result is written: that nobody reads this is no failure.
    let _ = match form {
        StatsForm::Table => report::stats_table(&stats, &mut out),
        StatsForm::Json => report::stats_json(&stats, &mut out),
    };
}

/// Counts what did not fit in memory.
pub(super) fn count_spills(meter: &Meter, spilled: SpillCounts) {
    meter.add(Count::HeldBytes, spilled.peak_held_bytes);
    meter.add(Count::Spills, spilled.spills);
    meter.add(Count::SpilledBytes, spilled.spilled_bytes);
}

/// The most memory that the process has held, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}
