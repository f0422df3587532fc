//! `--stats`: what a run cost comes after the result, on standard error, and changes no byte of the result.

use std::collections::BTreeSet;
use std::process::Stdio;

use billtrail::model::stats::{Count, Stage};
use serde_json::Value;

use super::program::{Place, good};

fn with_logs() -> Place {
    let place = Place::new();
    place.log("a.jsonl", &[good("a"), good("b")]).write("b.jsonl", "{\"logName\":1,}\n");
    place
}

#[test]
fn stats_change_no_byte_of_the_result() {
    let place = with_logs();
    for format in ["table", "csv", "json", "ndjson", "markdown"] {
        for command in ["report", "calls"] {
            let args = [command, "a.jsonl", "b.jsonl", "--format", format, "--quiet"];
            let plain = place.run(&args);
            let with = place.run(&[args.as_slice(), &["--stats"]].concat());
            assert_eq!(plain.ends(0).out, with.ends(0).out);
            assert!(plain.err.is_empty() && with.err.starts_with("Run\n"), "{with:#?}");
        }
    }
}

#[test]
fn every_command_that_reads_logs_has_stats() {
    let place = with_logs();
    let commands: [&[&str]; 6] = [
        &["report", "a.jsonl"],
        &["calls", "a.jsonl"],
        &["explain", "a.jsonl", "--insert-id", "a"],
        &["explain", "a.jsonl", "--insert-id", "a", "--format", "csv"],
        &["map", "init", "a.jsonl"],
        &["lql", "match", "", "a.jsonl"],
    ];
    for args in commands {
        let ran = place.run(&[args, &["--quiet", "--stats=json"]].concat());
        let stats: Value = serde_json::from_str(&ran.ends(0).err).unwrap();
        let bytes = std::fs::metadata(place.path("a.jsonl")).unwrap().len();
        assert_eq!(stats["counts"]["records"], 2, "{args:?}");
        assert_eq!((&stats["counts"]["stored_bytes"], &stats["counts"]["text_bytes"]), (&bytes.into(), &bytes.into()));
        assert!(stats["wall_us"].as_u64() > Some(0) && stats["threads"].as_u64() > Some(0), "{args:?}");
    }
    place.run(&["report", "a.jsonl", "--stats=xml"]).ends(2).says(&["xml", "table", "json"]);
    // The form needs its sign: what follows a space is an input.
    place.run(&["report", "--stats", "a.jsonl"]).ends(0).says(&["thread time"]);
}

#[test]
fn stats_that_nobody_reads_change_no_exit_code() {
    let place = with_logs();
    let mut command = place.command(&["report", "a.jsonl", "b.jsonl", "--strict", "--quiet", "--stats"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn the_json_names_every_stage_and_count() {
    let place = with_logs();
    let ran = place.run(&["report", "a.jsonl", "b.jsonl", "--threads", "2", "--quiet", "--stats=json"]);
    let stats: Value = serde_json::from_str(&ran.ends(0).err).unwrap();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&stats["stage_thread_us"]), Stage::ALL.iter().map(|stage| stage.name().to_owned()).collect());
    assert_eq!(names(&stats["counts"]), Count::ALL.iter().map(|count| count.name().to_owned()).collect());
    let counts = &stats["counts"];
    assert_eq!((&counts["inputs"], &counts["records"]), (&2.into(), &3.into()));
    assert_eq!((&counts["rejected"], &counts["calls"]), (&1.into(), &2.into()));
    assert_eq!(stats["threads"], 2);
    #[cfg(target_os = "linux")]
    assert!(stats["peak_memory_bytes"].as_u64() > Some(1 << 20));
}
