//! One audit entry, written with the fields, orders and small differences that real entries have.

use super::clock::Clock;
use super::json::{self, Fields, Order};
use super::random::Random;
use super::sink::Stream;
use super::world::{Habit, Principal, Project};

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct Entry<'w> {
    /// The container of the log, such as `projects/P`.
    pub log: &'w str,
    /// Which of its logs.
    pub stream: Stream,
    /// When it happened, in nanoseconds since 1970.
    pub time: u64,
    /// `insertId`
    pub insert_id: String,
    /// The type of the monitored resource.
    pub resource_type: &'static str,
    /// Its labels.
    pub labels: Vec<(&'static str, &'w str)>,
    /// `serviceName`
    pub service: &'static str,
    /// `methodName`
    pub method: &'static str,
    /// `resourceName`
    pub resource_name: Option<String>,
    /// Who called.
    pub principal: &'w Principal,
    /// The status code.
    pub code: u64,
    /// Permissions that were checked, and on what.
    pub checks: Vec<(&'static str, String)>,
    /// Where the resource is.
    pub location: Option<&'static str>,
    /// Bodies by field name, as JSON, in the order of Google's definitions.
    pub bodies: Vec<(&'static str, Vec<u8>)>,
    /// The operation: producer, id, first, last.
    pub operation: Option<(&'static str, String, bool, bool)>,
    /// The part of a divided entry: uid, index, parts.
    pub split: Option<(String, u64, u64)>,
    /// The order of the fields.
    pub order: Order,
}

impl<'w> Entry<'w> {
    /// An entry of a project's log without resource, checks and bodies.
    pub fn new(project: &'w Project, principal: &'w Principal, service: &'static str, method: &'static str) -> Self {
        Self {
            log: &project.path,
            stream: Stream::DataAccess,
            time: 0,
            insert_id: String::new(),
            resource_type: "audited_resource",
            labels: vec![("project_id", &project.label)],
            service,
            method,
            resource_name: None,
            principal,
            code: 0,
            checks: Vec::new(),
            location: None,
            bodies: Vec::new(),
            operation: None,
            split: None,
            order: if project.by_name { Order::ByName } else { Order::Defined },
        }
    }

    /// Writes the entry.
    pub fn write(&self, clock: &Clock, random: &mut Random, out: &mut Vec<u8>) {
        let digits = random.weighted(&[(80, 6), (15, 9), (5, 3)]);
        let time = clock.text(self.time, digits);
        let mut fields = Fields::default();
        fields.add("protoPayload", |out| self.payload(&time, random, out));
        fields.add("insertId", |out| json::text(out, &self.insert_id));
        fields.add("resource", |out| self.resource(out));
        fields.add("timestamp", |out| json::text(out, &time));
        let severity = match (self.code, self.stream) {
            (0, Stream::DataAccess) => "INFO",
            (0, Stream::Activity | Stream::SystemEvent | Stream::Policy) => "NOTICE",
            _ => "ERROR",
        };
        fields.add("severity", |out| json::text(out, severity));
        fields.add("logName", |out| {
            json::text(out, &format!("{}/logs/cloudaudit.googleapis.com%2F{}", self.log, self.stream.name()));
        });
        if let Some((producer, id, first, last)) = &self.operation {
            fields.add("operation", |out| {
                json::object(out, |object| {
                    object.text("id", id).text("producer", producer);
                    for (key, holds) in [("first", *first), ("last", *last)] {
                        if holds {
                            object.flag(key, true);
                        }
                    }
                });
            });
        }
        if let Some((uid, index, parts)) = &self.split {
            fields.add("split", |out| {
                json::object(out, |object| {
                    object.text("uid", uid);
                    if *index > 0 {
                        object.number("index", *index);
                    }
                    object.number("totalSplits", *parts);
                });
            });
        }
        let received = clock.text(self.time + 200_000_000 + random.below(1_800_000_000), 9);
        fields.add("receiveTimestamp", |out| json::text(out, &received));
        fields.write(self.order, out);
    }

    fn resource(&self, out: &mut Vec<u8>) {
        json::object(out, |object| {
            object.text("type", self.resource_type);
            object.object("labels", |labels| {
                if self.resource_type == "audited_resource" {
                    labels.text("method", self.method).text("service", self.service);
                }
                for (key, value) in &self.labels {
                    labels.text(key, value);
                }
            });
        });
    }

    fn payload(&self, time: &str, random: &mut Random, out: &mut Vec<u8>) {
        let mut fields = Fields::default();
        fields.add("@type", |out| json::text(out, "type.googleapis.com/google.cloud.audit.AuditLog"));
        if self.code > 0 {
            fields.add("status", |out| status(self.code, out));
        } else if self.method.len() % 9 < 4 {
            // Some services always write the status, others only what is not OK.
            fields.add("status", |out| out.extend_from_slice(b"{}"));
        }
        fields.add("authenticationInfo", |out| self.authentication(out));
        fields.add("requestMetadata", |out| request_metadata(self.principal.habit, time, random, out));
        fields.add("serviceName", |out| json::text(out, self.service));
        fields.add("methodName", |out| json::text(out, self.method));
        if !self.checks.is_empty() {
            fields.add("authorizationInfo", |out| {
                json::array(out, self.checks.len(), |at, out| self.check(at, out));
            });
        }
        if let Some(name) = &self.resource_name {
            fields.add("resourceName", |out| json::text(out, name));
        }
        for (key, body) in &self.bodies {
            fields.add(key, |out| out.extend_from_slice(body));
        }
        if let Some(location) = self.location {
            fields.add("resourceLocation", |out| {
                json::object(out, |object| {
                    object.array("currentLocations", 1, |_, out| json::text(out, location));
                });
            });
        }
        fields.write(self.order, out);
    }

    fn check(&self, at: usize, out: &mut Vec<u8>) {
        let (permission, resource) = &self.checks[at];
        json::object(out, |object| {
            object.text("resource", resource).text("permission", permission);
            // A check that was not granted leaves the field out.
            if self.code != 7 {
                object.flag("granted", true);
            }
            object.object("resourceAttributes", |_| {});
            if !self.service.starts_with("storage") && !self.service.starts_with("k8s") {
                let write = self.stream == Stream::Activity;
                object.text("permissionType", if write { "ADMIN_WRITE" } else { "DATA_READ" });
            }
        });
    }

    fn authentication(&self, out: &mut Vec<u8>) {
        let principal = self.principal;
        json::object(out, |object| {
            object.text_if("principalEmail", principal.email.as_deref());
            object.text_if("serviceAccountKeyName", principal.key.as_deref());
            if let Some(delegate) = &principal.delegate {
                object.array("serviceAccountDelegationInfo", 1, |_, out| {
                    json::object(out, |link| {
                        link.object("firstPartyPrincipal", |party| {
                            party.text("principalEmail", delegate);
                        });
                    });
                });
            }
            object.text_if("principalSubject", principal.subject.as_deref());
        });
    }
}

fn status(code: u64, out: &mut Vec<u8>) {
    let message = match code {
        1 => "Job execution was cancelled: User requested cancellation",
        3 => "Invalid argument: field \"filter\" has an unexpected '<'",
        5 => "Not found: the resource was deleted, or never existed — check its name",
        7 => "Permission 'use' denied on resource (or it may not exist).",
        _ => "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'",
    };
    json::object(out, |object| {
        object.number("code", code).text("message", message);
    });
}

const AGENTS: [&str; 9] = [
    "gl-python/3.12.4 gccl/3.25.0",
    "gl-java/21.0.4 gapic/2.40.0 gax/2.52.0 grpc/1.66.0,gzip(gfe)",
    "google-cloud-sdk gcloud/538.0.0 command/gcloud.storage.cp invocation-id/4f1c0b (Macintosh; Intel Mac OS X 15.1)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36,gzip(gfe)",
    "grpc-go/1.66.0,gzip(gfe)",
    "apitools Python/3.12.4 gsutil/5.30 (linux) analytics/disabled interactive/False command/rsync google-cloud-sdk/538.0.0",
    "terraform/1.9.5 (+https://www.terraform.io) Terraform-Plugin-SDK/2.34.0 terraform-provider-google/6.2.0",
    "kubelet/v1.31.1 (linux/amd64) kubernetes/948afe5",
    "Käsekuchen-Importer/2.1 (\"beta\")",
];

fn request_metadata(habit: Habit, time: &str, random: &mut Random, out: &mut Vec<u8>) {
    let ip = match random.below(10) {
        0..=2 => "private".to_owned(),
        3 => "gce-internal-ip".to_owned(),
        4 => format!("2001:db8::{:x}:{:x}", random.below(65_536), random.below(65_536)),
        5 | 6 => format!("203.0.113.{}", random.below(256)),
        7 => format!("192.0.2.{}", random.below(256)),
        _ => format!("198.51.100.{}", random.below(256)),
    };
    json::object(out, |object| {
        object.text("callerIp", &ip);
        if habit.agent {
            object.text("callerSuppliedUserAgent", random.one_of(&AGENTS));
        }
        if habit.network {
            object.text("callerNetwork", "//compute.googleapis.com/projects/net-hub/global/networks/__unknown__");
        }
        if habit.attributes {
            object.object("requestAttributes", |attributes| {
                attributes.text("time", time).object("auth", |_| {});
            });
            object.object("destinationAttributes", |_| {});
        }
    });
}
