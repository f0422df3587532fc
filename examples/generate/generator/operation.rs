//! Long-running operations: one entry when they begin, one when they end; some ends never come.

use std::io;

use super::body::Body;
use super::entry::Entry;
use super::pending::Pending;
use super::sink::Stream;
use super::truth::{Call, Ending};
use super::{Generator, Role};

/// Service, method, resource type, name below the project, permission.
const OPERATIONS: [(&str, &str, &str, &str, &str); 5] = [
    (
        "compute.googleapis.com",
        "v1.compute.instances.insert",
        "gce_instance",
        "zones/europe-west1-b/instances",
        "compute.instances.create",
    ),
    (
        "compute.googleapis.com",
        "beta.compute.instances.setMetadata",
        "gce_instance",
        "zones/us-central1-a/instances",
        "compute.instances.setMetadata",
    ),
    (
        "compute.googleapis.com",
        "v1.compute.firewalls.patch",
        "gce_firewall_rule",
        "global/firewalls",
        "compute.firewalls.update",
    ),
    (
        "container.googleapis.com",
        "google.container.v1.ClusterManager.CreateNodePool",
        "gke_nodepool",
        "locations/europe-west1/clusters/main/nodePools",
        "container.clusters.update",
    ),
    (
        "cloudbuild.googleapis.com",
        "google.devtools.cloudbuild.v1.CloudBuild.CreateBuild",
        "build",
        "locations/global/builds",
        "cloudbuild.builds.create",
    ),
];

impl<'g> Generator<'g> {
    /// Begins an operation; with --single, tells it whole.
    pub(super) fn write_operation(&mut self) -> io::Result<()> {
        let (service, method, resource_type, below, permission) = self.random.one_of(&OPERATIONS);
        let at = self.world.any_project(&mut self.random);
        let project = self.world.project(at);
        let principal = self.world.caller(at, method, &mut self.random);
        let name = format!("{}/{below}/{}-{}", project.path, project.id, self.random.below(5000));
        let id = format!("operation-{}-{:012x}", self.serial, self.random.below(1 << 48));
        let open = self.options.families() && self.random.percent(3);
        let failed = !open && self.random.percent(4);
        let call = Call {
            service,
            method,
            payer: Some(at),
            ending: Ending::NotBillable(match (open, failed) {
                (true, _) => "open_operation",
                (false, true) => "failed",
                (false, false) => "runtime",
            }),
            failed,
            billed_bytes: 0,
            slot_ms: 0,
        };
        let mut entry = Entry::new(project, principal, service, method);
        entry.stream = Stream::Activity;
        entry.resource_type = resource_type;
        entry.checks = vec![(permission, name.clone())];
        entry.resource_name = Some(name);
        let body = |suffix: &str| Body::new(service, method, suffix);
        entry.bodies.push(("request", body("Request").write(&mut self.random, |_| {})));
        entry.bodies.push(("response", body("Operation").write(&mut self.random, |_| {})));
        if !self.options.families() {
            entry.operation = Some((service, id, true, true));
            entry.code = if failed { 8 } else { 0 };
            return self.write(entry, &call, Role::Speaks);
        }
        entry.operation = Some((service, id.clone(), true, false));
        if open {
            return self.write(entry, &call, Role::Speaks);
        }
        // The last entry has neither request nor checks.
        let mut last = entry.clone();
        last.bodies.clear();
        last.checks.clear();
        last.operation = Some((service, id, false, true));
        last.code = if failed { 8 } else { 0 };
        let due = self.serial + 20 + self.random.skewed(3000);
        self.waiting.add(due, Pending::Operation(Box::new(last), call.clone()));
        self.write(entry, &call, Role::Joins("operation"))
    }

    /// Ends an operation.
    pub(super) fn end_operation(&mut self, last: Box<Entry<'g>>, call: &Call) -> io::Result<()> {
        self.write(*last, call, Role::Speaks)
    }
}
