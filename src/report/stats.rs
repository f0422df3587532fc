//! What a run cost, as a table for people or one JSON object for machines.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::figures::{bytes, percent, thousands};
use crate::model::stats::{Count, Stage, Stats};

/// Writes the stats as a table, without what did not occur.
///
/// # Errors
/// Fails when the output does.
pub fn stats_table(stats: &Stats, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Run")?;
    for (count, number) in stats.counts.iter().filter(|(_, number)| **number > 0) {
        let shown = |number: u64| if count.is_bytes() { bytes(number.into()) } else { thousands(number.into()) };
        let pace = stats.per_second(*count).filter(|_| count.is_paced());
        let pace = pace.map_or_else(String::new, |pace| format!("   {} a second", shown(pace)));
        writeln!(out, "  {:<14} {:>14}{pace}", count.name(), shown(*number))?;
    }
    writeln!(out, "  {:<14} {:>14}", "threads", stats.threads)?;
    writeln!(out, "  {:<14} {:>14}", "wall", seconds(stats.wall))?;
    if let Some(peak) = stats.peak_memory {
        writeln!(out, "  {:<14} {:>14}", "peak_memory", bytes(peak.into()))?;
    }
    let all: u128 = stats.stages.values().map(Duration::as_micros).sum();
    writeln!(out, "\n{:<16} {:>14}   share", "Stage", "thread time")?;
    for (stage, time) in stats.stages.iter().filter(|(_, time)| !time.is_zero()) {
        let share = (time.as_micros() * 1_000_000).checked_div(all).and_then(|share| u32::try_from(share).ok());
        let share = percent(share.unwrap_or_default());
        writeln!(out, "  {:<14} {:>14} {share:>7}   {}", stage.name(), seconds(*time), stage.meaning())?;
    }
    writeln!(out, "Times of a stage are added over its threads: together they can be more than the wall time.")
}

/// Writes the stats as one line of JSON.
///
/// # Errors
/// Fails when the output does.
pub fn stats_json(stats: &Stats, out: &mut dyn Write) -> io::Result<()> {
    let paced = Count::ALL.iter().filter(|count| count.is_paced());
    let pace: Map<String, Value> =
        paced.map(|count| (count.name().to_owned(), json!(stats.per_second(*count)))).collect();
    let counts: Map<String, Value> =
        stats.counts.iter().map(|(count, number)| (count.name().to_owned(), json!(number))).collect();
    let micros = |time: Duration| json!(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    let time = |stage: &Stage| stats.stages.get(stage).copied().unwrap_or_default();
    let stages: Map<String, Value> =
        Stage::ALL.iter().map(|stage| (stage.name().to_owned(), micros(time(stage)))).collect();
    let document = json!({
        "counts": counts,
        "per_second": pace,
        "threads": stats.threads,
        "wall_us": micros(stats.wall),
        "peak_memory_bytes": stats.peak_memory,
        "stage_thread_us": stages,
    });
    writeln!(out, "{document}")
}

/// Seconds with three digits after the point.
fn seconds(time: Duration) -> String {
    format!("{}.{:03} s", thousands(time.as_secs().into()), time.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Stats {
        let mut stats = Stats { wall: Duration::from_millis(2_000), threads: 2, ..Stats::default() };
        stats.counts.insert(Count::Records, 1_000_000);
        stats.counts.insert(Count::TextBytes, 2 << 30);
        stats.stages.insert(Stage::Read, Duration::from_millis(500));
        stats.stages.insert(Stage::Decode, Duration::from_millis(1_500));
        stats
    }

    fn text(write: fn(&Stats, &mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&sample(), &mut out).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_table_shows_pace_and_shares() {
        let table = text(stats_table);
        for shown in ["1,000,000   500,000 a second", "2.00 GiB   1.00 GiB a second", "1.500 s  75.0 %", "2.000 s"] {
            assert!(table.contains(shown), "`{shown}` is not in\n{table}");
        }
        assert!(!table.contains("peak_memory"));
    }

    #[test]
    fn the_json_is_one_line_with_whole_numbers() {
        let json = text(stats_json);
        assert_eq!(json.lines().count(), 1);
        let value: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["per_second"]["records"], 500_000);
        assert_eq!(value["stage_thread_us"]["decode"], 1_500_000);
        assert_eq!(value["stage_thread_us"].as_object().map(Map::len), Some(Stage::ALL.len()));
        assert!(value["peak_memory_bytes"].is_null());
    }
}
