//! Progress is drawn on a terminal only, is cleared when it ends, and disturbs no result.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::program::{Place, good};

/// Far more than any of this takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run of the program whose standard error is a terminal, and what appears there.
struct OnTerminal {
    child: Child,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl OnTerminal {
    fn start(place: &Place, args: &[&str]) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let terminal = openpt(flags).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let far_end = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        tcsetwinsize(&far_end, Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let mut command = place.command(args);
        command.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::from(far_end));
        let child = command.spawn().unwrap();
        // The command holds the far end too; without it the screen ends when the program does.
        drop(command);
        let (sender, screen) = channel();
        let mut terminal = File::from(terminal);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = terminal.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, screen, seen: String::new() }
    }

    /// Waits until all of these texts were on the screen.
    fn shows(&mut self, texts: &[&str]) {
        while !texts.iter().all(|text| self.seen.contains(text)) {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("{error}: {texts:?} not in {:?}", self.seen),
            }
        }
    }

    /// Waits for the end; the exit code, standard output and all that was on the screen.
    fn ends(mut self) -> (Option<i32>, String, String) {
        let mut out = String::new();
        drop(self.child.stdin.take());
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let status = self.child.wait().unwrap();
        loop {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the screen does not end: {:?}", self.seen),
            }
        }
        (status.code(), out, self.seen)
    }
}

/// What stays of a screen: of each line what was written after it was last cleared.
fn left(screen: &str) -> String {
    screen.rsplit("\u{1b}[2K").next().unwrap_or_default().to_owned()
}

#[test]
fn progress_appears_on_a_terminal_and_is_cleared() {
    let place = Place::new();
    let args = ["report", "-", "--by", "service", "--format", "csv"];
    let mut running = OnTerminal::start(&place, &args);
    let log = format!("{}\n", good("a"));
    running.child.stdin.as_mut().unwrap().write_all(log.as_bytes()).unwrap();
    running.shows(&["records/s", "0/1 file", "B/s"]);
    let (code, out, screen) = running.ends();
    assert_eq!(code, Some(0), "{screen}");
    assert!(out.starts_with("service,calls,") && out.lines().count() == 2, "{out}");
    let left = left(&screen);
    assert!(!left.contains("records/s") && left.contains("Tally"), "{screen:?}");
}

#[test]
fn quiet_shows_no_progress() {
    let place = Place::new();
    let mut running = OnTerminal::start(&place, &["report", "-", "--format", "csv", "--quiet"]);
    running.child.stdin.as_mut().unwrap().write_all(format!("{}\n", good("a")).as_bytes()).unwrap();
    // Longer than the program waits before it draws; that nothing came is not a matter of how long this takes.
    std::thread::sleep(Duration::from_secs(1));
    let (code, _, screen) = running.ends();
    assert_eq!((code, screen.as_str()), (Some(0), ""));
}

#[test]
fn an_interrupt_clears_progress_before_it_speaks() {
    let place = Place::new();
    let mut running = OnTerminal::start(&place, &["calls", "-", "-o", "out.csv"]);
    running.shows(&["records/s"]);
    // The input stays open, or the program could come to its end before the signal is dealt with.
    let _input = running.child.stdin.take();
    kill_process(Pid::from_child(&running.child), Signal::TERM).unwrap();
    let (code, _, screen) = running.ends();
    assert_eq!(code, Some(130), "{screen:?}");
    let left = left(&screen);
    assert!(left.contains("billtrail: interrupted after 0 records") && !left.contains("records/s"), "{screen:?}");
    assert!(place.files().is_empty());
}
