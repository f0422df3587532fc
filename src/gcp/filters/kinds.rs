//! The filter of each kind: which entries the engine judges by it.
//!
//! Exact ones select an entry of an audit log exactly if its kind is this one, before requester and owner are compared in
//! the directory of projects. Which services a kind has is read from the built-in catalogue.

use super::build::{all, any, field, not};
use super::{Described, audit_logs, method, of_container, of_project};
use crate::gcp::kind::Kind;
use crate::gcp::kind::requester_pays::{GROUPS_ON_A_PROJECT, METHODS_ON_A_PROJECT};
use crate::gcp::service::{Catalogue, Service, ServiceKind};
use crate::lql::ast::Expr;

/// The name of a BigQuery job, alone or after the service of a full name.
const JOB_NAME: &str = "^(//[^/]*/)?projects/[^/]+/jobs/[^/]+$";

/// What BigQuery writes about tables and the like; each may tell of the job that caused it.
const TABLE_EVENTS: [&str; 8] = [
    "tableDataRead",
    "tableDataChange",
    "tableCreation",
    "tableChange",
    "tableDeletion",
    "routineCreation",
    "modelCreation",
    "datasetCreation",
];

/// What the v1 form of BigQuery writes about jobs.
pub const V1_JOBS: [&str; 4] =
    ["jobCompletedEvent.job", "jobInsertRequest.resource", "jobInsertResponse.resource", "jobQueryResponse.job"];

/// What it costs to run the filter of services, whose names are not indexed.
const COSTS: &str = "reads the audit logs of the scope; add `resource.labels.project_id` and a period, \
     which are indexed. Service names are not.";

/// What filters of services cannot find.
const NOT_LOGGED: &str = "find calls that leave no entry, such as Data Access that is not switched on, or services that \
     only your own catalogue (`--services`) has";

/// The filter of a kind, with the services of the built-in catalogue.
pub fn of_kind(kind: Kind) -> Described {
    of_kind_in(kind, Catalogue::built_in())
}

/// The filter of a kind, with the services of this catalogue.
pub fn of_kind_in(kind: Kind, catalogue: &Catalogue) -> Described {
    let of_services = |wanted| of_services(catalogue, wanted);
    let services = |wanted: fn(ServiceKind) -> bool| services(catalogue, wanted);
    let (exact, finds, costs, cannot, filter) = match kind {
        Kind::Resource => (
            true,
            "calls to services whose resource's project pays, and what BigQuery does beside jobs",
            COSTS,
            NOT_LOGGED,
            all([
                of_project(),
                any([
                    services(|kind| kind == ServiceKind::Resource),
                    all([services(|kind| kind == ServiceKind::BigqueryJob), not(of_a_job())]),
                ]),
            ]),
        ),
        Kind::Parent => (
            true,
            "calls to stateless services whose request names the project that pays",
            COSTS,
            NOT_LOGGED,
            of_services(ServiceKind::Parent),
        ),
        Kind::Client => (
            true,
            "calls to stateless services, which the client (quota) project pays",
            COSTS,
            NOT_LOGGED,
            of_services(ServiceKind::Client),
        ),
        Kind::CloudStorage => (
            false,
            "every call to Cloud Storage, most of which the bucket's project pays",
            COSTS,
            "leave out the calls that a requester pays. billtrail is finer: it ties a granted check to the project that it \
             names, and compares that project with the bucket's",
            of_services(ServiceKind::CloudStorage),
        ),
        Kind::RequesterPays => (
            false,
            "calls to Cloud Storage with a permission check on a whole project: that of the requester, who pays for \
             operations and traffic",
            COSTS,
            "leave out checks on the bucket's own project, checks that were not granted beside one that was, and the check \
             for `resourcemanager.projects.createBillingAssignment`. billtrail is finer: it looks at each check by itself \
             and compares its project with the bucket's",
            requester_pays(of_services(ServiceKind::CloudStorage)),
        ),
        Kind::BigqueryJob => (
            true,
            "what tells of BigQuery jobs: their insertion and end in both forms, refused requests, result pages, and \
             events of tables that a job caused",
            COSTS,
            "find jobs that another organisation runs on your data by name: their job is withheld",
            all([of_project(), services(|kind| kind == ServiceKind::BigqueryJob), of_a_job()]),
        ),
        Kind::BigqueryStorageApi => (
            true,
            "read sessions and writes of the BigQuery Storage API",
            COSTS,
            NOT_LOGGED,
            of_services(ServiceKind::BigqueryStorageApi),
        ),
        Kind::Pubsub => (
            true,
            "administration of Pub/Sub topics, subscriptions, schemas and snapshots",
            COSTS,
            "find messages: publishing and delivery leave no audit entry",
            of_services(ServiceKind::Pubsub),
        ),
        Kind::VertexAi => (
            true,
            "calls to Vertex AI: models of Google and of partners, endpoints, training and pipelines",
            COSTS,
            "find the number of tokens, which audit logs do not hold",
            of_services(ServiceKind::VertexAi),
        ),
        Kind::ControlPlane => (
            true,
            "calls to free services that manage others, such as IAM and Resource Manager",
            COSTS,
            NOT_LOGGED,
            of_services(ServiceKind::ControlPlane),
        ),
        Kind::Kubernetes => (
            true,
            "calls to the API servers of GKE clusters",
            "much: there are often more of these entries than of all others together; name a cluster and a short period",
            "find who pays: clusters are billed by time",
            of_services(ServiceKind::Kubernetes),
        ),
        Kind::ContainerLog => (
            true,
            "entries of organisations, folders and billing accounts, which name no payer",
            "little, but for each scope by itself: run it in the organisation, folder or billing account",
            "find entries in the scope of a project; those of billing accounts are not shown in the console",
            all([audit_logs(), of_container()]),
        ),
        Kind::Unknown => (
            true,
            "calls to services that the built-in catalogue does not know",
            COSTS,
            "know what your own catalogue (`--services`) adds",
            all([of_project(), not(services(|_| true))]),
        ),
    };
    Described { stem: kind.name(), exact, finds, costs, cannot, filter }
}

/// The entries of projects that tell of a call to the services of a kind.
fn of_services(catalogue: &Catalogue, wanted: ServiceKind) -> Expr {
    all([of_project(), services(catalogue, |kind| kind == wanted)])
}

/// Calls to the services of the catalogue that are of a wanted kind, in the order of their names.
fn services(catalogue: &Catalogue, wanted: impl Fn(ServiceKind) -> bool) -> Expr {
    let rows: Vec<&Service> = catalogue.services().collect();
    let (mut whole, mut by_version) = (Vec::new(), Vec::new());
    for rows in rows.chunk_by(|a, b| a.service == b.service) {
        let name = rows[0].service.as_str();
        let versions = |is: bool| -> Vec<u32> {
            rows.iter().filter(|row| wanted(row.kind) == is).filter_map(|row| row.version).collect()
        };
        let others_are = rows.iter().any(|row| row.version.is_none() && wanted(row.kind));
        let exceptions = versions(!others_are);
        match (others_are, exceptions.is_empty()) {
            (true, true) => whole.push(name),
            (false, true) => {}
            (true, false) => by_version.push(all([super::service(name), not(stated(&exceptions))])),
            (false, false) => by_version.push(all([super::service(name), stated(&exceptions)])),
        }
    }
    let whole = (!whole.is_empty()).then(|| field("protoPayload.serviceName").one_of(whole));
    any(whole.into_iter().chain(by_version))
}

/// The method's name states one of these versions: `v2`, `v2beta1` and `v2p1` are all 2.
fn stated(versions: &[u32]) -> Expr {
    let versions: Vec<String> = versions.iter().map(u32::to_string).collect();
    let versions = if let [only] = versions.as_slice() { only.clone() } else { format!("({})", versions.join("|")) };
    method(&format!("(^|[.])v{versions}([A-Za-z][0-9A-Za-z]*)?([.]|$)"))
}

/// Of the calls to Cloud Storage, those that check a whole project.
fn requester_pays(calls: Expr) -> Expr {
    let [methods, groups] = not_on_a_project();
    all([calls, methods, groups, field("protoPayload.authorizationInfo.granted").is("true"), checks_a_project()])
}

/// Leaves out the methods of Cloud Storage that act on a project, whose checks say nothing of who pays.
pub fn not_on_a_project() -> [Expr; 2] {
    let groups = GROUPS_ON_A_PROJECT.join("|");
    [
        not(field("protoPayload.methodName").one_of(METHODS_ON_A_PROJECT)),
        not(method(&format!("^storage[.]({groups})[.]"))),
    ]
}

/// A permission was checked on a whole project.
pub fn checks_a_project() -> Expr {
    field("protoPayload.authorizationInfo.resource").matches("^projects/[^_/][^/]*$")
}

/// The entry of BigQuery tells of a job or of something on the side of one.
fn of_a_job() -> Expr {
    let v2 = ["jobChange", "jobInsertion"].map(|event| format!("protoPayload.metadata.{event}.job"));
    let v1 = V1_JOBS.map(|job| format!("protoPayload.serviceData.{job}"));
    let named_v2 = v2.iter().map(|job| field(&format!("{job}.jobName")).matches(JOB_NAME));
    let named_v1 =
        v1.iter().map(|job| all(["projectId", "jobId"].map(|part| field(&format!("{job}.jobName.{part}")).present())));
    let told = any(v2
        .iter()
        .chain(&v1)
        .map(|job| field(job).present())
        .chain([method("(?i)(^|[.])(insertjob|query|insert|jobcompleted)$")]));
    any([any(table_events()), method("(?i)(^|[.])getqueryresults$"), any(named_v2), any(named_v1)].into_iter().chain([
        all([field("protoPayload.resourceName").matches(JOB_NAME), told]),
        method("(?i)jobservice.*[.](insertjob|query|insert)$"),
    ]))
}

/// An event of a table names its job, or has a reason that only jobs and result pages have.
fn table_events() -> Vec<Expr> {
    let reasons =
        ["GET_QUERY_RESULTS_REQUEST", "JOB", "MATERIALIZED_VIEW_REFRESH", "QUERY", "QUERY_REQUEST", "WRITE_API"];
    TABLE_EVENTS
        .iter()
        .flat_map(|event| {
            let of = |name: &str| field(&format!("protoPayload.metadata.{event}.{name}"));
            [of("jobName").present(), of("reason").one_of(reasons)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::ast::{Comparison, Values};

    /// How many alternatives the comparisons with service names have.
    fn names(expr: &Expr) -> usize {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().map(names).sum(),
            Expr::Not(part) => names(part),
            Expr::Compare(Comparison { right: Values::Any(values), .. }) => values.len(),
            Expr::Compare(_) => 1,
            Expr::Everything | Expr::Global(_) | Expr::Test(_) => 0,
        }
    }

    #[test]
    fn every_service_is_in_the_list_of_known_ones() {
        let mut known: Vec<&str> = Catalogue::built_in().services().map(|row| row.service.as_str()).collect();
        known.dedup();
        assert_eq!(names(&services(Catalogue::built_in(), |_| true)), known.len());
    }

    #[test]
    fn a_version_of_another_kind_is_told_by_the_method() {
        let clients = format!("{:?}", services(Catalogue::built_in(), |kind| kind == ServiceKind::Client));
        assert!(clients.contains("translate.googleapis.com") && clients.contains("v2("));
    }
}
