//! Kinds: how a payer is found. One file a rule family; this one holds the closed lists and decides which file judges.

pub mod bigquery_job;
pub mod bigquery_storage_api;
pub mod client;
pub mod cloud_storage;
pub mod container_log;
pub mod control_plane;
pub mod kubernetes;
pub mod parent;
pub mod pubsub;
pub mod requester_pays;
pub mod resource;
pub mod unknown;
pub mod vertex_ai;

use std::cell::OnceCell;

use super::job_facts::{JobFacts, job_facts};
use super::log_entry::{AuditLog, LogEntry};
use super::log_name::LogName;
use super::mention::{self, Mention};
use super::resource_name::{Container, container_of};
use super::service::{Service, ServiceKind};
use crate::model::closed_list::closed_list;
use crate::model::observation::{Candidate, Charge, Claim, Usage};
use crate::model::payer::PayerRef;
use crate::model::reason::{Flag, Reason};
use crate::model::text::SharedText;

closed_list! {
    /// The kind of a call: how its payer is found. The names are the stems of files.
    pub enum Kind {
        Resource = "resource": "the project that holds the resource pays",
        Parent = "parent": "a stateless service whose request names the project that pays",
        Client = "client": "a stateless service: the client (quota) project pays",
        CloudStorage = "cloud_storage": "the bucket's project pays",
        RequesterPays = "requester_pays": "the requester's project pays for operations and traffic, the bucket's for storage",
        BigqueryJob = "bigquery_job": "the project the job runs in pays, or the administration project of its reservation",
        BigqueryStorageApi = "bigquery_storage_api": "the project that owns the read session pays; for writes the table's",
        Pubsub = "pubsub": "the project of the topic or subscription",
        VertexAi = "vertex_ai": "the project in the model's or endpoint's resource name pays",
        ControlPlane = "control_plane": "free services that manage others",
        Kubernetes = "kubernetes": "calls to the API server of a cluster",
        ContainerLog = "container_log": "logs of organisations, folders and billing accounts, which name no payer",
        Unknown = "unknown": "a service without a row in the catalogue",
    }
}

closed_list! {
    /// The rule that named the payer, or found that nobody can be named.
    pub enum Rule {
        ResourceResourceName = "resource.resource_name": "the project in `protoPayload.resourceName`",
        ResourceAuthorization = "resource.authorization": "the project of a permission check, when the resource name has none",
        ResourceLabel = "resource.label": "`resource.labels.project_id`, when nothing nearer names a project",
        ResourceLogName = "resource.log_name": "the project whose log holds the entry, when no other field names one",
        ParentResourceName = "parent.resource_name": "the parent project in `protoPayload.resourceName`",
        ParentRequest = "parent.request": "the project in `protoPayload.request.parent`",
        ParentLabel = "parent.label": "`resource.labels.project_id`, when the request names no parent",
        ParentLogName = "parent.log_name": "the project whose log holds the entry, when no other field names one",
        ClientParent = "client.parent": "the parent project that the request names although it need not",
        ClientLabel = "client.label": "`resource.labels.project_id`: the client (quota) project, where the call is logged",
        ClientLogName = "client.log_name": "the project whose log holds the entry, when it has no label",
        CloudStorageOwner = "cloud_storage.owner": "the bucket's project, `resource.labels.project_id`",
        CloudStorageLogName = "cloud_storage.log_name": "the project whose log holds the entry, when it has no label",
        RequesterPaysRequester = "requester_pays.requester": "a granted permission check on a project that is not the bucket's",
        BigqueryJobProject = "bigquery_job.project": "the project the job runs in",
        BigqueryJobReservation = "bigquery_job.reservation": "the administration project of the reservation the job ran in",
        BigqueryJobSideEntry = "bigquery_job.side_entry": "the project of the job that a table event or a result page names",
        BigqueryStorageSession = "bigquery_storage_api.session": "the project that owns the read session",
        BigqueryStorageLabel = "bigquery_storage_api.label": "the data's project, when the request was not logged",
        BigqueryStorageTable = "bigquery_storage_api.table": "the project of the table that is written",
        PubsubTopic = "pubsub.topic": "the topic's project",
        PubsubSubscription = "pubsub.subscription": "the subscription's project",
        PubsubOther = "pubsub.other": "the project of a schema, a snapshot or the label",
        VertexAiResourceName = "vertex_ai.resource_name": "the project in the model's or endpoint's resource name",
        VertexAiExpress = "vertex_ai.express": "`resource.labels.project_id`: a publisher model called without a project in its name",
        ControlPlaneLabel = "control_plane.label": "`resource.labels.project_id`: the project that is managed",
        ControlPlaneResourceName = "control_plane.resource_name": "the project in `protoPayload.resourceName`, when there is no label",
        ControlPlaneLogName = "control_plane.log_name": "the project whose log holds the entry, when no other field names one",
        KubernetesCluster = "kubernetes.cluster": "the cluster's project",
        ContainerLogNobody = "container_log.nobody": "an organisation, folder or billing account is no payer",
        UnknownLabel = "unknown.label": "`resource.labels.project_id` of a service that is not in the catalogue",
        UnknownLogName = "unknown.log_name": "the project whose log holds the entry of such a service, when it has no label",
        PolicyLabel = "policy.label": "`resource.labels.project_id` of a call that a security policy refused",
    }
}

closed_list! {
    /// The audit stream an entry belongs to.
    pub enum Stream {
        Activity = "activity": "Admin Activity",
        DataAccess = "data_access": "Data Access",
        SystemEvent = "system_event": "System Event",
        Policy = "policy": "Policy Denied",
        Unstated = "unstated": "the entry names no log",
    }
}

/// An audit entry with what the catalogue knows of its service.
#[derive(Debug)]
pub struct Audited<'e> {
    /// The envelope.
    pub entry: &'e LogEntry<'e>,
    /// The payload.
    pub audit: &'e AuditLog<'e>,
    /// The catalogue's row.
    pub service: Option<&'e Service>,
    /// The stream.
    pub stream: Stream,
    /// The log's name with its id decoded.
    pub log_name: Option<SharedText>,
    /// What the entry says of a BigQuery job, once somebody asked.
    job: OnceCell<Option<JobFacts>>,
    /// The fields that most rules ask for, once somebody asked.
    label: OnceCell<Option<Mention>>,
    log: OnceCell<Option<Mention>>,
    resource: OnceCell<Option<Mention>>,
}

impl<'e> Audited<'e> {
    /// An audit entry as the kinds see it.
    pub fn new(
        entry: &'e LogEntry<'e>,
        audit: &'e AuditLog<'e>,
        service: Option<&'e Service>,
        log: Option<LogName>,
    ) -> Self {
        let (stream, log_name) = log.map_or((Stream::Unstated, None), |log| (log.stream, Some(log.decoded)));
        let (job, label) = (OnceCell::new(), OnceCell::new());
        Self { entry, audit, service, stream, log_name, job, label, log: OnceCell::new(), resource: OnceCell::new() }
    }

    /// The project of `resource.labels.project_id`.
    pub fn label(&self) -> Option<Mention> {
        self.label.get_or_init(|| mention::label(self.entry)).clone()
    }

    /// The project whose log holds the entry.
    pub fn log(&self) -> Option<Mention> {
        self.log.get_or_init(|| mention::log_name(self.entry)).clone()
    }

    /// The project of `protoPayload.resourceName`.
    pub fn resource(&self) -> Option<Mention> {
        self.resource.get_or_init(|| mention::resource_name(self.audit)).clone()
    }

    /// The BigQuery job that the entry tells of, if it tells of one.
    pub fn job(&self) -> Option<&JobFacts> {
        self.job.get_or_init(|| job_facts(self)).as_ref()
    }

    /// `methodName`; empty when the entry has none.
    pub fn method(&self) -> &str {
        self.audit.method_name.text().unwrap_or_default()
    }

    /// Whether the service is BigQuery, whose entries tell of jobs.
    pub fn is_bigquery(&self) -> bool {
        self.service.is_some_and(|service| service.kind == ServiceKind::BigqueryJob)
    }

    /// The status code; absent is 0, unreadable is 2 (unknown).
    pub fn status_code(&self) -> i64 {
        match self.audit.status.as_ref() {
            None => 0,
            Some(status) if status.code.is_wrong() => 2,
            Some(status) => status.code.as_ref().copied().unwrap_or(0),
        }
    }
}

/// What a kind finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The kind that judged.
    pub kind: Kind,
    /// Who carries the call.
    pub charge: Charge,
    /// Who carries the storage, if that is a question.
    pub storage: Option<Claim>,
    /// Other fields that name projects.
    pub candidates: Vec<Candidate>,
    /// The project that holds the resource.
    pub resource_project: Option<PayerRef>,
    /// A reason that the kind knows and that goes before failure.
    pub reason: Option<Reason>,
    /// A reason in place of the catalogue's.
    pub method_reason: Option<Option<Reason>>,
    /// What the call consumed.
    pub usage: Usage,
    /// The call shares out slot time in place of the service's driver.
    pub capacity: bool,
    /// Set when the job itself failed, whatever the status says.
    pub job_failed: bool,
    /// What is special.
    pub flags: Vec<Flag>,
    /// Publisher/name and version of a model.
    pub model: Option<(SharedText, Option<SharedText>)>,
    /// Labels of the job or request.
    pub labels: Vec<(String, String)>,
    /// The location, if the kind knows it better than the entry's usual fields.
    pub location: Option<SharedText>,
}

impl Verdict {
    /// A verdict with a charge and nothing else to say.
    pub fn new(kind: Kind, charge: Charge) -> Self {
        Self {
            kind,
            charge,
            storage: None,
            candidates: Vec::new(),
            resource_project: None,
            reason: None,
            method_reason: None,
            usage: Usage::default(),
            capacity: false,
            job_failed: false,
            flags: Vec::new(),
            model: None,
            labels: Vec::new(),
            location: None,
        }
    }
}

/// Finds the kind of an entry and lets it judge. The order is that of the rules: the container first, then the
/// services with rules of their own, then the catalogue.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let container = call.entry.log_name.text().map_or(Container::Unknown, container_of);
    match container {
        Container::Organization | Container::Folder | Container::BillingAccount => return container_log::judge(call),
        Container::Project(_) | Container::Unknown => {}
    }
    let mut verdict = match call.service.map(|service| (service, service.kind)) {
        None => unknown::judge(call),
        Some((_, ServiceKind::Resource)) => resource::judge(call),
        Some((_, ServiceKind::Parent)) => parent::judge(call),
        Some((service, ServiceKind::Client)) => client::judge(call, service),
        Some((_, ServiceKind::CloudStorage)) => requester_pays::judge(call),
        Some((_, ServiceKind::BigqueryJob)) => bigquery_job::judge(call),
        Some((_, ServiceKind::BigqueryStorageApi)) => bigquery_storage_api::judge(call),
        Some((_, ServiceKind::Pubsub)) => pubsub::judge(call),
        Some((_, ServiceKind::VertexAi)) => vertex_ai::judge(call),
        Some((_, ServiceKind::ControlPlane)) => control_plane::judge(call),
        Some((_, ServiceKind::Kubernetes)) => kubernetes::judge(call),
    };
    if call.stream == Stream::Policy {
        control_plane::refuse(call, &mut verdict);
    }
    verdict
}
