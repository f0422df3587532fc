//! The generator: draws what happens next, writes the entries that tell of it, and keeps the truth.

mod bigquery;
mod bigquery_entry;
mod body;
mod clock;
mod entry;
mod json;
mod methods;
mod odd;
mod operation;
mod options;
mod ordinary;
mod pending;
mod random;
mod sink;
mod truth;
mod world;

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use clock::Clock;
use entry::Entry;
use ordinary::Ordinary;
use pending::{Pending, Waiting};
use random::{Random, mixed};
use sink::Sink;
use truth::{Call, Truth};
use world::World;

pub use options::Options;

/// The calls of which one is drawn at a time, with how often.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Ordinary,
    RequesterPays,
    Operation,
    Divided,
    BigQuery,
    Organization,
}

const KINDS: [(u64, Kind); 6] = [
    (905, Kind::Ordinary),
    (20, Kind::RequesterPays),
    (25, Kind::Operation),
    (4, Kind::Divided),
    (45, Kind::BigQuery),
    (1, Kind::Organization),
];

/// How an entry belongs to its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It speaks for the call.
    Speaks,
    /// It tells more of it, by this cause of merging.
    Joins(&'static str),
}

/// Writes logs and what belongs to them into a directory that is empty or does not exist.
pub fn generate(options: &Options, directory: &Path) -> io::Result<Truth> {
    fs::create_dir_all(directory)?;
    if fs::read_dir(directory)?.next().is_some() {
        return Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, "the directory is not empty"));
    }
    let mut random = Random::new(options.seed);
    let world = World::new(options.projects, options.principals, &mut random);
    let mut generator = Generator {
        options,
        world: &world,
        ordinary: Ordinary::new(),
        clock: Clock::new(options.days),
        sink: Sink::new(&directory.join("logs"), options.compress, options.file_size),
        truth: Truth::default(),
        waiting: Waiting::default(),
        serial: 0,
        line: Vec::new(),
        random,
    };
    while generator.sink.bytes() < options.bytes {
        generator.step()?;
    }
    while let Some(pending) = generator.waiting.any() {
        generator.resume(pending)?;
    }
    let Generator { sink, mut truth, .. } = generator;
    (truth.files, truth.bytes) = sink.finish()?;
    let name = |payer: Option<u64>| match payer.map(|payer| world.project(payer)) {
        Some(project) => (project.id.clone(), project.unit.clone().unwrap_or_else(|| "(unmapped)".to_owned())),
        None => ("(none)".to_owned(), "(unattributed)".to_owned()),
    };
    write_json(&directory.join("truth.json"), &truth.to_json(&stated(options), name))?;
    write_json(&directory.join("projects.json"), &inventory(&world))?;
    fs::write(directory.join("business-units.csv"), mapping(&world))?;
    Ok(truth)
}

fn write_json(path: &Path, value: &Value) -> io::Result<()> {
    fs::write(path, format!("{value:#}\n"))
}

fn stated(options: &Options) -> Value {
    json!({
        "bytes": options.bytes, "seed": options.seed, "unseen_millionths": options.unseen,
        "duplicates_millionths": options.duplicates, "odd_millionths": options.odd, "principals": options.principals,
        "projects": options.projects, "days": options.days, "file_size": options.file_size,
        "single": options.single, "distinct": options.distinct,
    })
}

/// As `gcloud projects list --format=json` prints it.
fn inventory(world: &World) -> Value {
    let listed = world.projects.iter().map(|project| {
        json!({"projectId": project.id, "projectNumber": project.number.to_string(), "name": project.id, "lifecycleState": "ACTIVE"})
    });
    Value::Array(listed.collect())
}

fn mapping(world: &World) -> String {
    let rows = world.projects.iter().enumerate().filter_map(|(at, project)| {
        let unit = project.unit.as_deref()?;
        // Some rows name the project by its number.
        let selector = if at % 10 == 4 { project.number.to_string() } else { project.id.clone() };
        Some(format!("{selector},{unit},CC-{:04},,\n", at % 25))
    });
    "project,business_unit,cost_center,valid_from,valid_to\n".to_owned() + &rows.collect::<String>()
}

struct Generator<'g> {
    options: &'g Options,
    world: &'g World,
    ordinary: Ordinary,
    clock: Clock,
    sink: Sink,
    truth: Truth,
    waiting: Waiting<'g>,
    serial: u64,
    line: Vec<u8>,
    random: Random,
}

impl<'g> Generator<'g> {
    /// Lets one thing happen.
    fn step(&mut self) -> io::Result<()> {
        self.serial += 1;
        if let Some(pending) = self.waiting.due(self.serial) {
            return self.resume(pending);
        }
        if self.random.in_a_million(self.options.odd) {
            return self.write_odd();
        }
        match self.random.weighted(&KINDS) {
            Kind::Ordinary => self.write_ordinary(),
            Kind::RequesterPays => self.write_requester_pays(),
            Kind::Operation => self.write_operation(),
            Kind::Divided if self.options.families() => self.write_divided(),
            Kind::Divided => self.write_ordinary(),
            Kind::BigQuery => self.write_job(),
            Kind::Organization => self.write_organization(),
        }
    }

    /// Goes on with what had to wait.
    fn resume(&mut self, pending: Pending<'g>) -> io::Result<()> {
        match pending {
            Pending::Copy { stream, time, line, call } => {
                self.truth.merge("duplicate", &call);
                self.sink.write(stream, time, &line, &self.clock)
            }
            Pending::Operation(entry, call) => self.end_operation(entry, &call),
            Pending::Job(job) => self.end_job(&job),
        }
    }

    /// The time now.
    fn now(&self) -> u64 {
        self.clock.at(self.sink.bytes(), self.options.bytes)
    }

    /// An insertId that no other entry has.
    fn insert_id(&mut self, sign: &str) -> String {
        self.serial += 1;
        let mut left = mixed(self.serial ^ self.options.seed);
        let mut id = String::with_capacity(16);
        id.push_str(sign);
        while left > 0 {
            let digit = u32::try_from(left % 36).unwrap_or(0);
            id.push(char::from_digit(digit, 36).unwrap_or('0'));
            left /= 36;
        }
        id
    }

    /// Writes an entry now, and keeps a copy for later if it will be delivered twice.
    fn write(&mut self, mut entry: Entry<'g>, call: &Call, role: Role) -> io::Result<()> {
        if entry.time == 0 {
            entry.time = self.now();
        }
        if entry.insert_id.is_empty() {
            entry.insert_id = self.insert_id("");
        }
        if self.random.in_a_million(self.options.unseen) {
            self.make_unseen(&mut entry);
        }
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        entry.write(&self.clock, &mut self.random, &mut line);
        line.push(b'\n');
        match role {
            Role::Speaks => self.truth.call(call, self.clock.day(entry.time)),
            Role::Joins(cause) => self.truth.merge(cause, call),
        }
        self.sink.write(entry.stream, entry.time, &line, &self.clock)?;
        if !self.options.distinct && self.random.in_a_million(self.options.duplicates) {
            let due = self.serial + 1 + self.random.skewed(4000);
            let copy = Pending::Copy { stream: entry.stream, time: entry.time, line: line.clone(), call: call.clone() };
            self.waiting.add(due, copy);
        }
        self.line = line;
        Ok(())
    }

    /// Gives an entry a request of a shape that no entry before had.
    fn make_unseen(&mut self, entry: &mut Entry<'g>) {
        if !entry.bodies.iter().any(|(key, _)| *key == "request") {
            entry.bodies.insert(0, ("request", b"{}".to_vec()));
        }
        if let Some((_, body)) = entry.bodies.iter_mut().find(|(key, _)| *key == "request") {
            body::make_unseen(body, self.serial, &mut self.random);
        }
    }
}
