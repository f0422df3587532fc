//! What `--where` costs: the whole program on one thread over generated logs, without a filter, with one of two equalities
//! on indexed fields that keeps almost everything, and with one that keeps little.
//!
//! `cargo bench --bench where_option`; throughput is in bytes of logs. A filter that keeps everything costs the most: it is
//! evaluated for each entry and nothing is saved.

#[path = "../examples/generate/generator/mod.rs"]
mod generator;

use std::path::Path;
use std::process::{Command, Stdio};

use clap::Parser;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Two equalities that nearly every entry satisfies, and two that few do.
const FILTERS: [(&str, Option<&str>); 3] = [
    ("without", None),
    ("keeps_most", Some(r#"NOT protoPayload.serviceName="none.example.com" NOT resource.type="none""#)),
    ("keeps_little", Some(r#"protoPayload.serviceName="vision.googleapis.com" resource.type="audited_resource""#)),
];

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: generator::Options,
}

fn report(folder: &Path, filter: Option<&str>) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_billtrail"));
    program.arg("report").arg(folder).args(["--threads", "1", "--by", "service", "--format", "csv", "--quiet"]);
    if let Some(filter) = filter {
        program.args(["--where", filter]);
    }
    let status = program.stdout(Stdio::null()).status().expect("the program was built with the benchmark");
    assert!(status.success(), "the run ended with {status}");
}

fn where_option(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let arguments = Arguments::parse_from(["generate", "--bytes", "32MB"]);
    let truth = generator::generate(&arguments.options, directory.path()).expect("the directory can be written");
    let folder = directory.path().join("logs");
    let mut group = criterion.benchmark_group("where");
    group.throughput(Throughput::Bytes(truth.bytes)).sample_size(20);
    for (name, filter) in FILTERS {
        group.bench_function(name, |bencher| bencher.iter(|| report(&folder, filter)));
    }
    group.finish();
}

criterion_group!(benches, where_option);
criterion_main!(benches);
