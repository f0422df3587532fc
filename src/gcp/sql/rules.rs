//! The rules of the kinds as rows: which field names the payer, in which order, and how surely. `kind/` has the same in Rust.

use super::select::{indented, literal};
use crate::gcp::kind::{Kind, Rule};
use crate::gcp::service::ServiceKind;
use crate::model::reason::PayerReason;

/// Which rules judge an entry: mostly those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// A log that belongs to no project.
    ContainerLog,
    /// A service without a row in the catalogue.
    Unknown,
    /// Services with resources.
    Resource,
    /// Services whose request names a project.
    Parent,
    /// Services whose request names none.
    Client,
    /// Cloud Storage; who asked to be billed is found beside it.
    CloudStorage,
    /// A table event or a page of results.
    BigquerySide,
    /// A job.
    BigqueryJob,
    /// A job that was asked for and is not named.
    BigqueryRequest,
    /// Reads with the BigQuery Storage API.
    StorageSession,
    /// Writes with the BigQuery Storage API.
    StorageTable,
    /// Pub/Sub.
    Pubsub,
    /// Vertex AI.
    VertexAi,
    /// Services that manage others.
    ControlPlane,
    /// The API server of a cluster.
    Kubernetes,
    /// A call that a security policy refused.
    Policy,
}

/// A field that may name a project: where it stands, its text and the token in it, as columns of the step `told`.
#[derive(Debug, Clone, Copy)]
enum Field {
    Label,
    Log,
    Resource,
    Authorization,
    Parent,
    /// The request's parent of a client service, where the service may have one.
    OptionalParent,
    /// The resource name of such a service, where it repeats the parent.
    OptionalResource,
    SessionName,
    ReadStream,
    Job,
    SideJob,
}

impl Field {
    /// Path, text and token.
    fn columns(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Label => ("'resource.labels.project_id'", "label", "label"),
            Self::Log => ("'logName'", "log_text", "log_token"),
            Self::Resource => ("'protoPayload.resourceName'", "resource", "resource_token"),
            Self::Authorization => ("check_path", "check_text", "check_token"),
            Self::Parent => ("'protoPayload.request.parent'", "parent", "parent_token"),
            Self::OptionalParent => {
                ("'protoPayload.request.parent'", "parent", "IF(optional_parent, parent_token, NULL)")
            }
            Self::OptionalResource => (
                "'protoPayload.resourceName'",
                "resource",
                "IF(optional_parent AND resource LIKE '%/locations/%', resource_token, NULL)",
            ),
            Self::SessionName => ("'protoPayload.metadata.tableDataRead.sessionName'", "session_name", "session_token"),
            Self::ReadStream => ("'protoPayload.request.readStream'", "read_stream", "read_stream_token"),
            Self::Job => ("job_path", "job_text", "job_token"),
            Self::SideJob => ("side_path", "side_text", "side_token"),
        }
    }
}

/// What a branch asks, in its order.
const ROWS: [(Branch, Rule, u8, Field); 43] = [
    (Branch::Unknown, Rule::UnknownLabel, 50, Field::Label),
    (Branch::Unknown, Rule::UnknownLogName, 50, Field::Log),
    (Branch::Resource, Rule::ResourceResourceName, 100, Field::Resource),
    (Branch::Resource, Rule::ResourceAuthorization, 90, Field::Authorization),
    (Branch::Resource, Rule::ResourceLabel, 75, Field::Label),
    (Branch::Resource, Rule::ResourceLogName, 50, Field::Log),
    (Branch::Parent, Rule::ParentResourceName, 100, Field::Resource),
    (Branch::Parent, Rule::ParentRequest, 100, Field::Parent),
    (Branch::Parent, Rule::ResourceAuthorization, 90, Field::Authorization),
    (Branch::Parent, Rule::ParentLabel, 75, Field::Label),
    (Branch::Parent, Rule::ParentLogName, 50, Field::Log),
    (Branch::Client, Rule::ClientParent, 90, Field::OptionalParent),
    (Branch::Client, Rule::ClientParent, 90, Field::OptionalResource),
    (Branch::Client, Rule::ClientLabel, 75, Field::Label),
    (Branch::Client, Rule::ClientLogName, 50, Field::Log),
    (Branch::CloudStorage, Rule::CloudStorageOwner, 100, Field::Label),
    (Branch::CloudStorage, Rule::CloudStorageLogName, 50, Field::Log),
    (Branch::BigquerySide, Rule::BigqueryJobSideEntry, 100, Field::SideJob),
    (Branch::BigqueryJob, Rule::BigqueryJobProject, 100, Field::Job),
    (Branch::BigqueryJob, Rule::ResourceLabel, 75, Field::Label),
    (Branch::BigqueryJob, Rule::ResourceLogName, 50, Field::Log),
    (Branch::BigqueryRequest, Rule::BigqueryJobProject, 100, Field::Resource),
    (Branch::BigqueryRequest, Rule::BigqueryJobProject, 75, Field::Label),
    (Branch::BigqueryRequest, Rule::ResourceLogName, 50, Field::Log),
    (Branch::StorageSession, Rule::BigqueryStorageSession, 75, Field::Parent),
    (Branch::StorageSession, Rule::BigqueryStorageSession, 75, Field::SessionName),
    (Branch::StorageSession, Rule::BigqueryStorageSession, 75, Field::ReadStream),
    (Branch::StorageSession, Rule::BigqueryStorageLabel, 50, Field::Label),
    (Branch::StorageSession, Rule::BigqueryStorageLabel, 50, Field::Log),
    (Branch::StorageTable, Rule::BigqueryStorageTable, 75, Field::Resource),
    (Branch::StorageTable, Rule::BigqueryStorageLabel, 50, Field::Label),
    (Branch::StorageTable, Rule::BigqueryStorageLabel, 50, Field::Log),
    (Branch::Pubsub, Rule::PubsubOther, 100, Field::Resource),
    (Branch::Pubsub, Rule::PubsubOther, 75, Field::Label),
    (Branch::Pubsub, Rule::PubsubOther, 50, Field::Log),
    (Branch::VertexAi, Rule::VertexAiResourceName, 100, Field::Resource),
    (Branch::VertexAi, Rule::VertexAiExpress, 75, Field::Label),
    (Branch::VertexAi, Rule::ResourceLogName, 50, Field::Log),
    (Branch::ControlPlane, Rule::ControlPlaneLabel, 75, Field::Label),
    (Branch::ControlPlane, Rule::ControlPlaneResourceName, 75, Field::Resource),
    (Branch::ControlPlane, Rule::ControlPlaneLogName, 50, Field::Log),
    (Branch::Kubernetes, Rule::KubernetesCluster, 75, Field::Label),
    (Branch::Kubernetes, Rule::KubernetesCluster, 50, Field::Log),
];

/// The rules of a refused call.
const REFUSED: [(Branch, Rule, u8, Field); 2] =
    [(Branch::Policy, Rule::PolicyLabel, 75, Field::Label), (Branch::Policy, Rule::PolicyLabel, 75, Field::Log)];

impl Branch {
    /// Every branch.
    pub const ALL: [Self; 16] = [
        Self::ContainerLog,
        Self::Unknown,
        Self::Resource,
        Self::Parent,
        Self::Client,
        Self::CloudStorage,
        Self::BigquerySide,
        Self::BigqueryJob,
        Self::BigqueryRequest,
        Self::StorageSession,
        Self::StorageTable,
        Self::Pubsub,
        Self::VertexAi,
        Self::ControlPlane,
        Self::Kubernetes,
        Self::Policy,
    ];

    /// The name in the statement.
    pub fn name(self) -> &'static str {
        match self {
            Self::ContainerLog => "container_log",
            Self::Unknown => "unknown",
            Self::Resource => "resource",
            Self::Parent => "parent",
            Self::Client => "client",
            Self::CloudStorage => "cloud_storage",
            Self::BigquerySide => "bigquery_side",
            Self::BigqueryJob => "bigquery_job",
            Self::BigqueryRequest => "bigquery_request",
            Self::StorageSession => "storage_session",
            Self::StorageTable => "storage_table",
            Self::Pubsub => "pubsub",
            Self::VertexAi => "vertex_ai",
            Self::ControlPlane => "control_plane",
            Self::Kubernetes => "kubernetes",
            Self::Policy => "policy",
        }
    }

    /// The branch of a service's kind; of the services with several, the last.
    pub fn of(kind: ServiceKind) -> Self {
        match kind {
            ServiceKind::Resource => Self::Resource,
            ServiceKind::Parent => Self::Parent,
            ServiceKind::Client => Self::Client,
            ServiceKind::CloudStorage => Self::CloudStorage,
            ServiceKind::BigqueryJob => Self::BigqueryJob,
            ServiceKind::BigqueryStorageApi => Self::StorageTable,
            ServiceKind::Pubsub => Self::Pubsub,
            ServiceKind::VertexAi => Self::VertexAi,
            ServiceKind::ControlPlane => Self::ControlPlane,
            ServiceKind::Kubernetes => Self::Kubernetes,
        }
    }

    /// The kind that the output names; `None` for a refused call, which keeps that of its service.
    pub fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::ContainerLog => Kind::ContainerLog,
            Self::Unknown => Kind::Unknown,
            Self::Resource => Kind::Resource,
            Self::Parent => Kind::Parent,
            Self::Client => Kind::Client,
            Self::CloudStorage => Kind::CloudStorage,
            Self::BigquerySide | Self::BigqueryJob | Self::BigqueryRequest => Kind::BigqueryJob,
            Self::StorageSession | Self::StorageTable => Kind::BigqueryStorageApi,
            Self::Pubsub => Kind::Pubsub,
            Self::VertexAi => Kind::VertexAi,
            Self::ControlPlane => Kind::ControlPlane,
            Self::Kubernetes => Kind::Kubernetes,
            Self::Policy => return None,
        })
    }

    /// The rule that is named when no field names a project, and why nobody pays then.
    fn nobody(self) -> (Rule, PayerReason) {
        let rule = match self {
            Self::ContainerLog => return (Rule::ContainerLogNobody, PayerReason::ContainerLog),
            Self::BigquerySide => return (Rule::BigqueryJobSideEntry, PayerReason::RedactedJob),
            Self::Unknown => Rule::UnknownLabel,
            Self::Resource => Rule::ResourceLogName,
            Self::Parent => Rule::ParentLogName,
            Self::Client => Rule::ClientLogName,
            Self::CloudStorage => Rule::CloudStorageOwner,
            Self::BigqueryJob | Self::BigqueryRequest => Rule::BigqueryJobProject,
            Self::StorageSession => Rule::BigqueryStorageLabel,
            Self::StorageTable => Rule::BigqueryStorageTable,
            Self::Pubsub => Rule::PubsubOther,
            Self::VertexAi => Rule::VertexAiExpress,
            Self::ControlPlane => Rule::ControlPlaneLabel,
            Self::Kubernetes => Rule::KubernetesCluster,
            Self::Policy => Rule::PolicyLabel,
        };
        (rule, PayerReason::NoProject)
    }
}

/// All rules as a list of structs, in their order; a wildcard names nothing and is passed over by whoever reads the list.
pub(super) fn rows() -> String {
    let mut first = true;
    let rows: Vec<String> = ROWS
        .iter()
        .chain(&REFUSED)
        .enumerate()
        .map(|(place, (branch, rule, confidence, field))| {
            let (path, text, token) = field.columns();
            let rule = pubsub_rule(*branch, *rule, *field);
            let cells = [
                (place.to_string(), "place"),
                (literal(branch.name()), "branch"),
                (rule, "rule"),
                (confidence.to_string(), "confidence"),
                (path.to_owned(), "path"),
                (text.to_owned(), "text"),
                (token.to_owned(), "token"),
            ];
            let named =
                |(value, name): &(String, &str)| if first { format!("{value} AS {name}") } else { value.clone() };
            let row = format!("STRUCT({})", cells.iter().map(named).collect::<Vec<_>>().join(", "));
            first = false;
            row
        })
        .collect();
    format!("[\n{}\n]", indented(&rows.join(",\n"), "  "))
}

/// The collection in a resource name says which rule of Pub/Sub it is.
fn pubsub_rule(branch: Branch, rule: Rule, field: Field) -> String {
    match (branch, field) {
        (Branch::Pubsub, Field::Resource) => format!(
            "CASE REGEXP_EXTRACT(resource, r'^[^/]*/[^/]*/([^/]+)') WHEN 'topics' THEN {} WHEN 'subscriptions' THEN {} ELSE {} END",
            literal(Rule::PubsubTopic.name()),
            literal(Rule::PubsubSubscription.name()),
            literal(Rule::PubsubOther.name())
        ),
        _ => literal(rule.name()),
    }
}

/// By branch: the rule and the reason when nobody is named.
pub(super) fn nobody() -> (String, String) {
    let mut rules = String::from("CASE branch");
    let mut reasons = String::from("CASE branch");
    for branch in Branch::ALL {
        let (rule, reason) = branch.nobody();
        rules.push_str(&format!(" WHEN {} THEN {}", literal(branch.name()), literal(rule.name())));
        if reason != PayerReason::NoProject {
            reasons.push_str(&format!(" WHEN {} THEN {}", literal(branch.name()), literal(reason.name())));
        }
    }
    (format!("{rules} END"), format!("{reasons} ELSE {} END", literal(PayerReason::NoProject.name())))
}

/// By the branch of its service: the kind.
pub(super) fn kinds() -> String {
    let mut out = String::from("CASE service_branch");
    for branch in Branch::ALL {
        if let Some(kind) = branch.kind() {
            out.push_str(&format!(" WHEN {} THEN {}", literal(branch.name()), literal(kind.name())));
        }
    }
    format!("{out} END")
}
