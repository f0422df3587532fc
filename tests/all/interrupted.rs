//! A run that is interrupted says so, leaves nothing half done, and ends with 130.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::program::{Place, good};

/// Far more than any of this takes; what hangs fails instead of hanging the tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// More bytes than a pipe holds: when all are written, the program reads them.
fn entries(count: usize) -> String {
    (0..count).map(|n| format!("{}\n", good(&format!("e{n}")))).collect()
}

/// Starts the program and returns when it reads its standard input, which stays open.
fn reading(mut command: Command) -> (Child, ChildStdin) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(entries(2000).as_bytes()).unwrap();
    (child, input)
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Whether these tests run where a signal is ignored or not known to be heeded; then the program ignores it too.
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.map(|mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    mask.map_or(signal == Signal::HUP, |mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}

/// The exit code (`None` when a signal ended it), and what was said.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the program goes on");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said).unwrap();
    }
    (status.code(), said)
}

#[test]
fn a_signal_while_reading_ends_with_130_and_no_file() {
    let place = Place::new();
    place.write("out.json", "old");
    for signal in [Signal::INT, Signal::TERM, Signal::HUP].into_iter().filter(|signal| !is_ignored(*signal)) {
        let args = ["report", "-", "-o", "out.json", "--rejected", "rejected.jsonl"];
        let (child, _input) = reading(place.command(&args));
        send(&child, signal);
        let (code, said) = ended(child);
        assert_eq!(code, Some(130), "{said}");
        assert!(said.contains("billtrail: interrupted after ") && said.contains("0 of 1 inputs"), "{said}");
        assert_eq!(place.files(), ["out.json"]);
        assert_eq!(fs::read(place.path("out.json")).unwrap(), b"old");
    }
}

#[test]
fn two_signals_end_it_as_well() {
    let place = Place::new();
    let (child, _input) = reading(place.command(&["lql", "match", "", "-"]));
    send(&child, Signal::TERM);
    // The program may have ended in between.
    let _ = kill_process(Pid::from_child(&child), Signal::TERM);
    assert_eq!(ended(child).0, Some(130));
}

#[test]
fn it_ends_though_nobody_hears_it() {
    let place = Place::new();
    let (mut child, _input) = reading(place.command(&["report", "-"]));
    drop(child.stderr.take());
    send(&child, Signal::TERM);
    assert_eq!(ended(child).0, Some(130));
}

#[test]
fn what_the_caller_ignores_stays_ignored() {
    let place = Place::new();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" report - --quiet", env!("CARGO_BIN_EXE_billtrail")]);
    shell.current_dir(place.path("")).env("HOME", place.path(""));
    let (child, input) = reading(shell);
    send(&child, Signal::HUP);
    drop(input);
    let (code, said) = ended(child);
    assert_eq!((code, said.as_str()), (Some(0), ""));
}

/// Runs `calls` until its temporary output file is seen, sends the signal, and returns how it ended; `None` when the program
/// was faster.
fn caught_printing(place: &Place, signal: Signal) -> Option<(Option<i32>, String)> {
    let mut command = place.command(&["calls", "many.jsonl", "--quiet", "-o", "out.json"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !place.files().iter().any(|name| name.starts_with(".billtrail-")) {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
    }
    send(&child, signal);
    let ended = ended(child);
    (ended.0 != Some(0)).then_some(ended)
}

#[test]
fn an_output_is_old_or_new_and_never_half() {
    let place = Place::new();
    place.write("many.jsonl", entries(10_000));
    for (signal, expected, leftovers) in [(Signal::TERM, Some(130), 0), (Signal::KILL, None, 1)] {
        place.write("out.json", "old");
        let ended = (0..20).find_map(|_| caught_printing(place.write("out.json", "old"), signal));
        let (code, said) = ended.expect("printing 10,000 calls takes longer than to send a signal");
        assert_eq!(code, expected, "{said}");
        assert_eq!(fs::read(place.path("out.json")).unwrap(), b"old");
        let hidden = place.files().iter().filter(|name| name.starts_with(".billtrail-")).count();
        // Nobody can clean up after a kill; but what it leaves has no name that could be mistaken for a result.
        assert!(hidden <= leftovers, "{:?}", place.files());
    }
}
