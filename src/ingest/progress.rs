//! Progress on a terminal, drawn from the meter by a thread of its own.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{BinaryBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::inputs::{Listing, Place};
use super::meter::Meter;
use crate::model::stats::Count;

/// What is quicker than this needs no progress.
const PATIENCE: Duration = Duration::from_millis(400);
/// Between two looks at the meter.
const TICK: Duration = Duration::from_millis(100);

const WITH_END: &str = "{bar:10} {percent:>3} %  {wide_msg}";
const WITHOUT_END: &str = "{spinner}  {wide_msg}";

/// A line on standard error that shows how far the reading is, until this is dropped.
pub struct Progress {
    meter: Arc<Meter>,
    /// Dropping it ends the drawing.
    going: Option<Sender<()>>,
    drawing: Option<JoinHandle<()>>,
}

impl Progress {
    /// Draws the progress of reading a listing, if standard error is a terminal.
    pub fn show(listing: &Listing, meter: &Arc<Meter>) -> Option<Self> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let places: Vec<Place> = listing.inputs.iter().map(|input| input.place.clone()).collect();
        let (going, ended) = channel();
        let drawn = Arc::clone(meter);
        let draw = move || {
            let mut pause = PATIENCE;
            let mut bar = None;
            while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                update(bar.get_or_insert_with(|| begin(&places, &drawn)), &drawn);
                pause = TICK;
            }
        };
        // Without the thread there is no progress, and that is all.
        let drawing = thread::Builder::new().name("progress".to_owned()).spawn(draw).ok()?;
        Some(Self { meter: Arc::clone(meter), going: Some(going), drawing: Some(drawing) })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.going.take();
        if let Some(drawing) = self.drawing.take() {
            // A thread that panicked draws no more, which is all that is wanted.
            let _ = drawing.join();
        }
        self.meter.clear();
    }
}

fn begin(places: &[Place], meter: &Meter) -> ProgressBar {
    let length = total(places);
    let template = if length.is_some() { WITH_END } else { WITHOUT_END };
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> ").tick_chars("|/-\\ "));
    *meter.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
    bar
}

fn update(bar: &ProgressBar, meter: &Meter) {
    let message = told(meter, bar.length(), meter.elapsed());
    if !bar.is_finished() {
        bar.set_position(meter.counted(Count::StoredBytes));
        bar.set_message(message);
        bar.tick();
    }
}

/// How far the reading is after some time, most important first: a narrow terminal cuts off the end.
fn told(meter: &Meter, total: Option<u64>, elapsed: Duration) -> String {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let pace = |count| {
        let a_second = u128::from(meter.counted(count)) * 1000 / u128::from(millis);
        u64::try_from(a_second).unwrap_or(u64::MAX)
    };
    let read = meter.counted(Count::StoredBytes);
    let mut parts = vec![match total {
        None => BinaryBytes(read).to_string(),
        Some(total) => {
            let rest = u128::from(total.saturating_sub(read)) * u128::from(millis);
            let rest = rest.checked_div(u128::from(read)).and_then(|millis| u64::try_from(millis).ok());
            let (minutes, seconds) = (rest.unwrap_or_default() / 60_000, rest.unwrap_or_default() / 1000 % 60);
            rest.map_or_else(|| "-:-- left".to_owned(), |_| format!("{minutes}:{seconds:02} left"))
        }
    }];
    parts.push(format!("{}/s", BinaryBytes(pace(Count::StoredBytes))));
    parts.push(format!("{} records/s", HumanCount(pace(Count::Records))));
    let (done, all) = (meter.counted(Count::Inputs), meter.awaited());
    parts.push(format!("{}/{} {}", HumanCount(done), HumanCount(all), if all == 1 { "file" } else { "files" }));
    let rejected = meter.counted(Count::Rejected);
    parts.extend((rejected > 0).then(|| format!("{} rejected", HumanCount(rejected))));
    parts.join("  ")
}

/// How many bytes there are to read; `None` when an input does not say.
fn total(places: &[Place]) -> Option<u64> {
    let length = |path: &PathBuf| match fs::metadata(path) {
        Ok(file) if file.is_file() => Some(file.len()),
        Ok(_) => None,
        // It is told elsewhere that it cannot be read; it adds nothing.
        Err(_) => Some(0),
    };
    let length = |place: &Place| match place {
        Place::File(path) => length(path),
        Place::Object(object) => Some(object.bytes()),
        Place::Stdin | Place::Extent(_) => None,
    };
    places.iter().map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_templates() {
        assert!(ProgressStyle::with_template(WITH_END).is_ok() && ProgressStyle::with_template(WITHOUT_END).is_ok());
    }

    #[test]
    fn what_is_left_follows_from_what_was_read() {
        let meter = Meter::default();
        let time = Duration::from_secs(10);
        meter.await_inputs(2000);
        assert_eq!(told(&meter, Some(100), time), "-:-- left  0 B/s  0 records/s  0/2,000 files");
        meter.add(Count::StoredBytes, 10 << 20);
        meter.add(Count::Records, 50_000);
        meter.add(Count::Rejected, 3);
        assert_eq!(told(&meter, None, time), "10.00 MiB  1.00 MiB/s  5,000 records/s  0/2,000 files  3 rejected");
        let left = told(&meter, Some(110 << 20), time);
        assert_eq!(left, "1:40 left  1.00 MiB/s  5,000 records/s  0/2,000 files  3 rejected");
    }

    #[test]
    fn the_end_is_known_when_every_input_has_a_length() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        fs::write(&path, "12345").expect("written");
        let file = Place::File(path);
        assert_eq!(total(&[file.clone(), file.clone()]), Some(10));
        assert_eq!(total(&[file, Place::Stdin]), None);
    }

    #[test]
    fn nothing_is_drawn_without_a_terminal() {
        let meter = Arc::new(Meter::default());
        if !io::stderr().is_terminal() {
            assert!(Progress::show(&Listing::default(), &meter).is_none());
        }
    }
}
