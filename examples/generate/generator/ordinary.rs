//! Calls that one entry tells of, calls to buckets with a billing project, divided entries, and calls of an organisation.

use std::io;

use super::body::Body;
use super::entry::Entry;
use super::methods::{Bodies, METHODS, Method};
use super::random::Random;
use super::sink::Stream;
use super::truth::{Call, Ending};
use super::world::Project;
use super::{Generator, Role, json};

/// The ordinary methods with their bodies, which are made once.
pub struct Ordinary {
    by_weight: Vec<(u64, usize)>,
    bodies: Vec<(Body, Body)>,
}

impl Ordinary {
    /// Makes the bodies.
    pub fn new() -> Self {
        let body = |method: &Method| {
            let body = |suffix: &str| Body::new(method.service, method.method, suffix);
            (body("Request"), body("Response"))
        };
        Self {
            by_weight: METHODS.iter().enumerate().map(|(at, method)| (method.weight, at)).collect(),
            bodies: METHODS.iter().map(body).collect(),
        }
    }
}

/// How many permissions an entry checks, as often as in published entries that check any.
const CHECKS: [(u64, usize); 6] = [(196, 1), (24, 2), (2, 4), (2, 5), (2, 6), (2, 7)];

const STATUS: [(u64, u64); 5] = [(955, 0), (25, 7), (10, 5), (5, 3), (5, 8)];

const FOLDERS: [&str; 8] =
    ["daily/2026-10", "raw", "models/v7", "Fotos/Straße", "tmp/\"quoted\"", "exports/日次", "a b", "logs/<app>"];

impl<'g> Generator<'g> {
    /// A call that one entry tells of.
    pub(super) fn write_ordinary(&mut self) -> io::Result<()> {
        let at = self.random.weighted(&self.ordinary.by_weight);
        let method = &METHODS[at];
        let project = self.world.any_project(&mut self.random);
        let entry = self.ordinary_entry(at, project);
        let call = Call {
            service: method.service,
            method: method.method,
            payer: Some(project),
            ending: method.ends(entry.code),
            failed: entry.code > 0,
            billed_bytes: 0,
            slot_ms: 0,
        };
        self.write(entry, &call, Role::Speaks)
    }

    /// An object read with a billing project: the requester pays, named by number in hexadecimal or by id.
    pub(super) fn write_requester_pays(&mut self) -> io::Result<()> {
        let owner = self.world.any_project(&mut self.random);
        let count = self.world.projects.len() as u64;
        let requester = (owner + 1 + self.random.below(count - 1)) % count;
        let mut entry = self.ordinary_entry(0, owner);
        entry.code = 0;
        entry.checks.truncate(1);
        let named = self.world.project(requester);
        let text = if self.random.percent(80) { format!("projects/{:016x}", named.number) } else { named.path.clone() };
        entry.checks.push(("serviceusage.services.use", text));
        let method = &METHODS[0];
        let call = Call {
            service: method.service,
            method: method.method,
            payer: Some(requester),
            ending: Ending::Billable,
            failed: false,
            billed_bytes: 0,
            slot_ms: 0,
        };
        self.write(entry, &call, Role::Speaks)
    }

    /// An entry that was too large for one and is written in parts.
    pub(super) fn write_divided(&mut self) -> io::Result<()> {
        let service = "bigtable.googleapis.com";
        let at = METHODS.iter().position(|method| method.service == service).unwrap_or(0);
        let project = self.world.any_project(&mut self.random);
        let mut entry = self.ordinary_entry(at, project);
        entry.code = 0;
        entry.time = self.now();
        let id = self.insert_id("");
        let uid = format!("{id}+{}", self.clock.day(entry.time));
        let parts = self.random.weighted(&[(60, 2), (30, 3), (10, 4)]);
        let call = Call {
            service,
            method: METHODS[at].method,
            payer: Some(project),
            ending: METHODS[at].ending,
            failed: false,
            billed_bytes: 0,
            slot_ms: 0,
        };
        for index in 0..parts {
            entry.insert_id = format!("{id}-{:02}", index + 1);
            entry.split = Some((uid.clone(), index, parts));
            let role = if index == 0 { Role::Speaks } else { Role::Joins("split") };
            self.write(entry.clone(), &call, role)?;
        }
        Ok(())
    }

    /// A billable call in an organisation's log, which no project pays for.
    pub(super) fn write_organization(&mut self) -> io::Result<()> {
        let (service, method) = ("dlp.googleapis.com", "google.privacy.dlp.v2.DlpService.CreateDlpJob");
        let project = self.world.project(0);
        let principal = self.world.caller(0, method, &mut self.random);
        let mut entry = Entry::new(project, principal, service, method);
        entry.stream = Stream::Activity;
        entry.log = "organizations/501122334455";
        entry.labels.clear();
        entry.resource_name = Some("organizations/501122334455/locations/europe-west1".to_owned());
        let call = Call {
            service,
            method,
            payer: None,
            ending: Ending::Unattributed("container_log"),
            failed: false,
            billed_bytes: 0,
            slot_ms: 0,
        };
        self.write(entry, &call, Role::Speaks)
    }

    /// An entry of an ordinary method.
    fn ordinary_entry(&mut self, at: usize, project: u64) -> Entry<'g> {
        let (world, method) = (self.world, &METHODS[at]);
        let random = &mut self.random;
        let home = world.project(project);
        let mut entry = Entry::new(home, world.caller(project, method.method, random), method.service, method.method);
        entry.stream = method.stream;
        entry.resource_type = method.resource_type;
        entry.code = match method.stream {
            Stream::Policy => 7,
            Stream::SystemEvent => 0,
            Stream::Activity | Stream::DataAccess => random.weighted(&STATUS),
        };
        let name = resource_name(method.name, home, random);
        if method.service == "k8s.io" {
            let id = format!("{:016x}-{:016x}", random.next(), self.serial);
            entry.operation = Some(("k8s.io", id, true, true));
        }
        if method.resource_type == "gcs_bucket" || method.name.contains("/locations/") {
            entry.location = (at % 10 < 7).then_some("europe-west1");
        }
        let checked = if name.is_empty() { format!("projects/{}", home.number) } else { name.clone() };
        if !method.permission.is_empty() {
            // Mostly a method checks the same permissions; the lengths are spread over methods, and a little over entries.
            let count =
                if random.percent(96) { Random::new(at as u64).weighted(&CHECKS) } else { random.weighted(&CHECKS) };
            entry.checks = (0..count).map(|_| (method.permission, checked.clone())).collect();
        }
        entry.resource_name = (!name.is_empty()).then_some(name);
        self.add_bodies(at, &mut entry, home);
        entry
    }

    fn add_bodies(&mut self, at: usize, entry: &mut Entry<'g>, home: &Project) {
        let random = &mut self.random;
        let (request, response) = &self.ordinary.bodies[at];
        let query = if METHODS[at].bodies == Bodies::Query { self.world.query(random) } else { b"" };
        match METHODS[at].bodies {
            Bodies::None => {}
            Bodies::Request => entry.bodies.push(("request", request.write(random, |_| {}))),
            Bodies::Query => {
                let body = request.write(random, |object| {
                    object.raw("sql", query);
                });
                entry.bodies.push(("request", body));
            }
            Bodies::Parent => {
                let body = request.write(random, |object| {
                    object.text("parent", &format!("{}/locations/global", home.path));
                });
                entry.bodies.push(("request", body));
            }
            Bodies::Both => {
                entry.bodies.push(("request", request.write(random, |_| {})));
                if entry.code == 0 {
                    entry.bodies.push(("response", response.write(random, |_| {})));
                }
            }
            Bodies::Policy => {
                let count = random.weighted(&CHECKS);
                let mut body = Vec::new();
                json::object(&mut body, |object| {
                    object.text("@type", "type.googleapis.com/google.iam.v1.logging.AuditData");
                    object.object("policyDelta", |delta| {
                        delta.array("bindingDeltas", count, |at, out| {
                            json::object(out, |binding| {
                                binding.text("action", if at % 2 == 0 { "ADD" } else { "REMOVE" });
                                binding.text("member", "serviceAccount:loader@example.iam.gserviceaccount.com");
                                binding.text("role", "roles/storage.objectViewer");
                            });
                        });
                    });
                });
                entry.bodies.push(("serviceData", body));
            }
        }
    }
}

/// Fills the pattern of a resource name.
fn resource_name(pattern: &str, home: &Project, random: &mut Random) -> String {
    let mut name = String::with_capacity(pattern.len() + 48);
    let mut rest = pattern;
    while let Some(at) = rest.find('{') {
        name.push_str(&rest[..at]);
        match &rest[at..at + 3] {
            "{p}" => name.push_str(&home.id),
            "{o}" => {
                name.push_str(random.one_of(&FOLDERS));
                name.push_str(&format!("/part-{:05}.parquet", random.below(100_000)));
            }
            _ => name.push_str(&format!("{}-{}", home.id, random.skewed(30))),
        }
        rest = &rest[at + 3..];
    }
    name.push_str(rest);
    name
}
