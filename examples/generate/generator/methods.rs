//! The ordinary calls: services and methods with how often they occur, what they are called on, and where they end.
//!
//! Where they end is written down here from the services' pages, not asked of billtrail.

use super::sink::Stream;
use super::truth::Ending::{self, Billable, NotBillable};

/// A method.
#[derive(Debug)]
pub struct Method {
    /// How often it occurs, relative to the others.
    pub weight: u64,
    /// `serviceName`
    pub service: &'static str,
    /// `methodName`
    pub method: &'static str,
    /// The log it is in.
    pub stream: Stream,
    /// The type of the monitored resource.
    pub resource_type: &'static str,
    /// `resourceName`: `{p}` is the project, `{r}` and `{s}` are names, `{o}` is an object's name; empty for none.
    pub name: &'static str,
    /// The permission that is checked; empty for none.
    pub permission: &'static str,
    /// Which bodies it has.
    pub bodies: Bodies,
    /// Where a call ends that went well.
    pub ending: Ending,
}

/// Which bodies a method's entries have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// None
    None,
    /// A request.
    Request,
    /// A request with a query.
    Query,
    /// A request with a parent project.
    Parent,
    /// Request and response.
    Both,
    /// What changed in a policy.
    Policy,
}

const fn method(
    weight: u64,
    (service, method): (&'static str, &'static str),
    (stream, resource_type): (Stream, &'static str),
    (name, permission): (&'static str, &'static str),
    bodies: Bodies,
    ending: Ending,
) -> Method {
    Method { weight, service, method, stream, resource_type, name, permission, bodies, ending }
}

const READ: (Stream, &str) = (Stream::DataAccess, "audited_resource");
const WRITE: (Stream, &str) = (Stream::Activity, "audited_resource");
const BUCKET: (Stream, &str) = (Stream::DataAccess, "gcs_bucket");
const OBJECT: &str = "projects/_/buckets/{r}/objects/{o}";
const FREE: Ending = NotBillable("free_method");
const RUNTIME: Ending = NotBillable("runtime");
const ELSEWHERE: Ending = NotBillable("metered_elsewhere");
const CONTROL: Ending = NotBillable("control_plane");

/// The ordinary calls.
#[rustfmt::skip]
pub const METHODS: &[Method] = &[
    method(190, ("storage.googleapis.com", "storage.objects.get"), BUCKET, (OBJECT, "storage.objects.get"), Bodies::None, Billable),
    method(90, ("storage.googleapis.com", "storage.objects.create"), BUCKET, (OBJECT, "storage.objects.create"), Bodies::None, Billable),
    method(55, ("storage.googleapis.com", "storage.objects.list"), BUCKET, ("projects/_/buckets/{r}", "storage.objects.list"), Bodies::None, Billable),
    method(15, ("storage.googleapis.com", "storage.objects.delete"), BUCKET, (OBJECT, "storage.objects.delete"), Bodies::None, FREE),
    method(8, ("storage.googleapis.com", "storage.buckets.get"), BUCKET, ("projects/_/buckets/{r}", "storage.buckets.get"), Bodies::None, Billable),
    method(2, ("storage.googleapis.com", "storage.setIamPermissions"), (Stream::Activity, "gcs_bucket"), ("projects/_/buckets/{r}", "storage.buckets.setIamPolicy"), Bodies::Policy, Billable),
    method(45, ("cloudkms.googleapis.com", "Decrypt"), (Stream::DataAccess, "cloudkms_cryptokey"), ("projects/{p}/locations/europe-west1/keyRings/{r}/cryptoKeys/{s}", "cloudkms.cryptoKeyVersions.useToDecrypt"), Bodies::Request, Billable),
    method(12, ("cloudkms.googleapis.com", "Encrypt"), (Stream::DataAccess, "cloudkms_cryptokey"), ("projects/{p}/locations/europe-west1/keyRings/{r}/cryptoKeys/{s}", "cloudkms.cryptoKeyVersions.useToEncrypt"), Bodies::Request, Billable),
    method(3, ("cloudkms.googleapis.com", "ListCryptoKeys"), READ, ("projects/{p}/locations/europe-west1/keyRings/{r}", "cloudkms.cryptoKeys.list"), Bodies::Request, FREE),
    method(55, ("secretmanager.googleapis.com", "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"), READ, ("projects/{p}/secrets/{r}/versions/latest", "secretmanager.versions.access"), Bodies::Request, Billable),
    method(6, ("secretmanager.googleapis.com", "google.cloud.secretmanager.v1.SecretManagerService.GetSecret"), READ, ("projects/{p}/secrets/{r}", "secretmanager.secrets.get"), Bodies::Request, FREE),
    method(25, ("aiplatform.googleapis.com", "google.cloud.aiplatform.v1.PredictionService.GenerateContent"), READ, ("projects/{p}/locations/us-central1/publishers/google/models/gemini-2.5-flash", "aiplatform.endpoints.predict"), Bodies::Request, Billable),
    method(15, ("aiplatform.googleapis.com", "google.cloud.aiplatform.v1.PredictionService.StreamRawPredict"), READ, ("projects/{p}/locations/us-east5/publishers/anthropic/models/claude-sonnet-4@20250514", "aiplatform.endpoints.predict"), Bodies::None, Billable),
    method(8, ("aiplatform.googleapis.com", "google.cloud.aiplatform.v1.PredictionService.Predict"), READ, ("projects/{p}/locations/europe-west4/endpoints/{r}", "aiplatform.endpoints.predict"), Bodies::Request, Billable),
    method(3, ("aiplatform.googleapis.com", "google.cloud.aiplatform.v1.PredictionService.CountTokens"), READ, ("projects/{p}/locations/us-central1/publishers/google/models/gemini-2.5-flash", "aiplatform.endpoints.predict"), Bodies::Request, FREE),
    method(7, ("vision.googleapis.com", "google.cloud.vision.v1.ImageAnnotator.BatchAnnotateImages"), READ, ("", ""), Bodies::Request, Billable),
    method(5, ("language.googleapis.com", "google.cloud.language.v1.LanguageService.AnalyzeSentiment"), READ, ("", ""), Bodies::Request, Billable),
    method(5, ("translate.googleapis.com", "google.cloud.translation.v3.TranslationService.TranslateText"), READ, ("projects/{p}/locations/global", "cloudtranslate.generalModels.predict"), Bodies::Request, Billable),
    method(6, ("dlp.googleapis.com", "google.privacy.dlp.v2.DlpService.InspectContent"), READ, ("", "serviceusage.services.use"), Bodies::Parent, Billable),
    method(35, ("spanner.googleapis.com", "google.spanner.v1.Spanner.ExecuteStreamingSql"), (Stream::DataAccess, "spanner_instance"), ("projects/{p}/instances/{r}/databases/{s}/sessions/{r}", "spanner.databases.select"), Bodies::Query, RUNTIME),
    method(18, ("firestore.googleapis.com", "google.firestore.v1.Firestore.RunQuery"), READ, ("projects/{p}/databases/(default)/documents/{r}", "datastore.entities.list"), Bodies::Both, Billable),
    method(10, ("firestore.googleapis.com", "google.firestore.v1.Firestore.Commit"), READ, ("projects/{p}/databases/(default)", "datastore.entities.update"), Bodies::Request, Billable),
    method(14, ("bigtable.googleapis.com", "google.bigtable.v2.Bigtable.ReadRows"), READ, ("projects/{p}/instances/{r}/tables/{s}", "bigtable.tables.readRows"), Bodies::Request, RUNTIME),
    method(2, ("pubsub.googleapis.com", "google.pubsub.v1.Publisher.CreateTopic"), (Stream::Activity, "pubsub_topic"), ("projects/{p}/topics/{r}", "pubsub.topics.create"), Bodies::Both, FREE),
    method(2, ("pubsub.googleapis.com", "google.pubsub.v1.Subscriber.CreateSubscription"), (Stream::Activity, "pubsub_subscription"), ("projects/{p}/subscriptions/{r}", "pubsub.subscriptions.create"), Bodies::Both, FREE),
    method(6, ("logging.googleapis.com", "google.logging.v2.LoggingServiceV2.ListLogEntries"), READ, ("projects/{p}", "logging.privateLogEntries.list"), Bodies::Request, FREE),
    method(2, ("dns.googleapis.com", "dns.changes.create"), (Stream::Activity, "dns_managed_zone"), ("projects/{p}/managedZones/{r}", "dns.changes.create"), Bodies::Both, ELSEWHERE),
    method(16, ("monitoring.googleapis.com", "google.monitoring.v3.MetricService.ListTimeSeries"), READ, ("projects/{p}", "monitoring.timeSeries.list"), Bodies::Request, ELSEWHERE),
    method(60, ("iamcredentials.googleapis.com", "GenerateAccessToken"), (Stream::DataAccess, "service_account"), ("projects/-/serviceAccounts/{r}", "iam.serviceAccounts.getAccessToken"), Bodies::Request, CONTROL),
    method(2, ("iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccountKey"), (Stream::Activity, "service_account"), ("projects/-/serviceAccounts/{r}", "iam.serviceAccountKeys.create"), Bodies::Both, CONTROL),
    method(4, ("cloudresourcemanager.googleapis.com", "SetIamPolicy"), (Stream::Activity, "project"), ("projects/{p}", "resourcemanager.projects.setIamPolicy"), Bodies::Policy, CONTROL),
    method(14, ("cloudresourcemanager.googleapis.com", "GetProject"), (Stream::DataAccess, "project"), ("projects/{p}", "resourcemanager.projects.get"), Bodies::None, CONTROL),
    method(1, ("serviceusage.googleapis.com", "google.api.serviceusage.v1.ServiceUsage.EnableService"), WRITE, ("projects/{p}/services/vision.googleapis.com", "serviceusage.services.enable"), Bodies::Both, CONTROL),
    method(26, ("compute.googleapis.com", "v1.compute.instances.list"), (Stream::DataAccess, "gce_project"), ("projects/{p}/zones/europe-west1-b/instances", "compute.instances.list"), Bodies::Request, FREE),
    method(14, ("compute.googleapis.com", "v1.compute.instances.get"), (Stream::DataAccess, "gce_instance"), ("projects/{p}/zones/europe-west1-b/instances/{r}", "compute.instances.get"), Bodies::Request, FREE),
    method(6, ("compute.googleapis.com", "beta.compute.instances.aggregatedList"), (Stream::DataAccess, "gce_project"), ("projects/{p}/global/instances", "compute.instances.list"), Bodies::Request, FREE),
    method(10, ("container.googleapis.com", "google.container.v1.ClusterManager.GetCluster"), (Stream::DataAccess, "gke_cluster"), ("projects/{p}/locations/europe-west1/clusters/{r}", "container.clusters.get"), Bodies::Request, FREE),
    method(16, ("cloudsql.googleapis.com", "cloudsql.instances.connect"), (Stream::DataAccess, "cloudsql_database"), ("projects/{p}/instances/{r}", "cloudsql.instances.connect"), Bodies::Both, FREE),
    method(3, ("run.googleapis.com", "google.cloud.run.v1.Services.ReplaceService"), (Stream::Activity, "cloud_run_revision"), ("namespaces/{p}/services/{r}", "run.services.update"), Bodies::Both, RUNTIME),
    method(12, ("artifactregistry.googleapis.com", "Docker-GetManifest"), READ, ("projects/{p}/locations/europe/repositories/{r}/dockerImages/{s}", "artifactregistry.repositories.downloadArtifacts"), Bodies::Request, RUNTIME),
    method(3, ("dataflow.googleapis.com", "dataflow.jobs.create"), (Stream::Activity, "dataflow_step"), ("projects/{p}/locations/europe-west1/jobs/{r}", "dataflow.jobs.create"), Bodies::Both, RUNTIME),
    method(8, ("iap.googleapis.com", "AuthorizeUser"), (Stream::DataAccess, "gce_backend_service"), ("projects/{p}/iap_web/compute/services/{r}", "iap.webServiceVersions.accessViaIAP"), Bodies::Request, FREE),
    method(70, ("k8s.io", "io.k8s.core.v1.configmaps.update"), (Stream::Activity, "k8s_cluster"), ("core/v1/namespaces/{r}/configmaps/{s}", "io.k8s.core.v1.configmaps.update"), Bodies::None, NotBillable("kubernetes")),
    method(50, ("k8s.io", "io.k8s.coordination.v1.leases.update"), (Stream::Activity, "k8s_cluster"), ("coordination.k8s.io/v1/namespaces/{r}/leases/{s}", "io.k8s.coordination.v1.leases.update"), Bodies::Both, NotBillable("kubernetes")),
    method(4, ("k8s.io", "io.k8s.apps.v1.deployments.patch"), (Stream::Activity, "k8s_cluster"), ("apps/v1/namespaces/{r}/deployments/{s}", "io.k8s.apps.v1.deployments.patch"), Bodies::Both, NotBillable("kubernetes")),
    method(3, ("warehouse.example.com", "example.warehouse.v1.Robots.MoveShelf"), READ, ("projects/{p}/floors/{r}", "warehouse.shelves.move"), Bodies::Request, NotBillable("unknown_service")),
    method(5, ("compute.googleapis.com", "compute.instances.migrateOnHostMaintenance"), (Stream::SystemEvent, "gce_instance"), ("projects/{p}/zones/europe-west1-b/instances/{r}", ""), Bodies::Request, NotBillable("system_event")),
    method(2, ("storage.googleapis.com", "google.storage.objects.get"), (Stream::Policy, "audited_resource"), ("projects/_/buckets/{r}", ""), Bodies::None, NotBillable("policy_denied")),
];

impl Method {
    /// Where a call ends, by its status code.
    pub fn ends(&self, code: u64) -> Ending {
        match (self.ending, code) {
            (ending, 0) => ending,
            // What is never the customer's call stays so, whether it went well or not.
            (NotBillable("control_plane" | "kubernetes" | "system_event" | "policy_denied"), _) => self.ending,
            (_, 7) => NotBillable("denied"),
            _ => NotBillable("failed"),
        }
    }
}
