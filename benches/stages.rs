//! The stages of the engine, each alone on one thread, over generated logs: split, inflate, scan, judge, collapse, group.
//!
//! `cargo bench --bench stages`; throughput is in bytes of uncompressed logs, so that stages can be compared.

#[path = "../examples/generate/generator/mod.rs"]
mod generator;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use billtrail::chargeback::attribution::{Accounting, Attributor};
use billtrail::chargeback::dimension::Dimension;
use billtrail::chargeback::statement::Accumulator;
use billtrail::gcp::scan::Index;
use billtrail::gcp::{log_entry, plain};
use billtrail::ingest::{self, ReadOptions, Unit};
use billtrail::ledger::{Ledger, Memory, SpillError};
use billtrail::model::call::Call;
use billtrail::model::directory::Directory;
use billtrail::model::document::Period;
use billtrail::model::observation::{Observation, Source};
use billtrail::provider::{self, Decoded, Provider};
use clap::Parser;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// How many records come to the ledger at once.
const BATCH: usize = 1000;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: generator::Options,
}

/// Writes logs into a directory; gives the folder of the logs and their bytes before compression.
fn logs(directory: &Path, options: &str) -> (PathBuf, u64) {
    let arguments = Arguments::parse_from(std::iter::once("generate").chain(options.split(' ')));
    let truth = generator::generate(&arguments.options, directory).expect("the temporary directory can be written");
    (directory.join("logs"), truth.bytes)
}

/// Reads all records of a folder on one thread, handing each to `decode`.
fn read<T: Send>(folder: &Path, decode: &(dyn Fn(Unit<'_>) -> T + Sync), fold: &mut dyn FnMut(Vec<T>)) {
    let listing = ingest::list(&[folder.display().to_string()], None, None).expect("the folder was just written");
    let options = ReadOptions { threads: 1, ..ReadOptions::default() };
    ingest::read(&listing, &options, decode, fold).expect("a thread can be started");
}

/// The records of a folder.
fn records(folder: &Path) -> Vec<Vec<u8>> {
    let keep = |unit: Unit<'_>| match unit {
        Unit::Record { bytes, .. } => Some(bytes.to_vec()),
        Unit::Rejected { .. } | Unit::Text { .. } => None,
    };
    let mut found = Vec::new();
    read(folder, &keep, &mut |batch| found.extend(batch.into_iter().flatten()));
    found
}

fn observations(provider: &Provider, records: &[Vec<u8>]) -> Vec<Observation> {
    let places = records.iter().zip(1..);
    places
        .filter_map(|(record, line)| match provider.decode(record, Source { input: 0, offset: line, line, item: 0 }) {
            Decoded::Entry(observation, _) => Some(*observation),
            Decoded::Rejected(_) | Decoded::Skipped(_) => None,
        })
        .collect()
}

fn collapse(observations: Vec<Observation>) -> Ledger {
    let mut ledger = Ledger::new(&Memory { limit: 1 << 30, directory: std::env::temp_dir() });
    let mut rest = observations.into_iter();
    loop {
        let batch: Vec<Observation> = rest.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return ledger;
        }
        ledger.absorb(batch).expect("a gigabyte holds them");
    }
}

fn calls(ledger: &Ledger) -> Vec<Call> {
    let each = |calls: &mut Vec<Call>, call| {
        calls.push(call);
        Ok::<(), SpillError>(())
    };
    ledger.calls(1, Vec::new, each).expect("all is in memory").0.concat()
}

fn group(calls: &[Call], directory: &Directory) -> usize {
    let period = Period { from: None, to: None, timezone: "UTC".to_owned() };
    let billed_rows = BTreeSet::new();
    let special = provider::special;
    let attributor = Attributor { directory, mapping: None, special, period: &period, billed_rows: &billed_rows };
    let by = [Dimension::Payer, Dimension::Service, Dimension::Method, Dimension::Principal, Dimension::Day];
    let mut accumulator = Accumulator::new(&by, directory, chrono_tz::UTC);
    let mut accounting = Accounting::new(&attributor);
    for call in calls {
        if let Some(attributed) = accounting.add(call) {
            accumulator.add(&attributed);
        }
    }
    black_box(accounting.finish());
    accumulator.finish().expect("sums of few records fit").rows.len()
}

fn stages(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let (folder, bytes) = logs(&directory.path().join("plain"), "--bytes 16MB");
    let files = |group: &mut Criterion, name: &str, folder: &Path| {
        let mut group = group.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes)).sample_size(20);
        group.bench_function("files", |bencher| {
            bencher.iter(|| {
                read(folder, &|unit| matches!(unit, Unit::Record { .. }), &mut |batch| {
                    black_box(batch);
                })
            });
        });
    };
    files(criterion, "split", &folder);
    for format in ["gz", "zst"] {
        let options = format!("--bytes 16MB --compress {format}");
        files(criterion, &format!("inflate_{format}"), &logs(&directory.path().join(format), &options).0);
    }

    let provider = Provider::google_cloud(None).expect("the built-in catalogue is valid");
    let records = records(&folder);
    let observations = observations(&provider, &records);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be started");
    let mut group_of = criterion.benchmark_group("records");
    group_of.throughput(Throughput::Bytes(bytes)).sample_size(20);
    let mut index = Index::default();
    group_of.bench_function("walk", |bencher| {
        bencher.iter(|| {
            records.iter().filter(|record| index.of(black_box(record)).ok().and_then(plain::read).is_some()).count()
        });
    });
    group_of.bench_function("scan", |bencher| {
        bencher.iter(|| records.iter().filter(|record| log_entry::read(black_box(record)).is_ok()).count());
    });
    group_of.bench_function("scan_and_judge", |bencher| {
        bencher.iter(|| self::observations(&provider, black_box(&records)).len());
    });
    group_of.bench_function("collapse", |bencher| {
        let run = |observations| pool.install(|| calls(&collapse(observations)).len());
        bencher.iter_batched(|| observations.clone(), run, BatchSize::LargeInput);
    });
    let calls = calls(&collapse(observations.clone()));
    let directory = Directory::default();
    group_of.bench_function("group", |bencher| {
        bencher.iter(|| pool.install(|| group(black_box(&calls), &directory)));
    });
    group_of.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
