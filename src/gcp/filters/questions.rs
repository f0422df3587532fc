//! The filters of questions that people often ask, of all services. Those about BigQuery and about single services stand
//! beside.
//!
//! They have no parameters: a project, a period or a principal is added by whoever runs them.

use super::build::{all, any, field, not};
use super::{Described, audit_logs, bigquery, calls_logs, logs, method, service, services};

/// What it costs to look for something that is not indexed in what callers did.
pub(super) const CALLS: &str = "reads Admin Activity and Data Access of the scope; add `resource.labels.project_id` and a period, which are indexed";

/// What it costs to look into Admin Activity.
pub(super) const ACTIVITY: &str = "little: Admin Activity is small and kept for 400 days";

/// What it costs to look for indexed fields.
const INDEXED: &str = "little: the fields are indexed; add a period";

/// What is never found.
pub(super) const UNLOGGED: &str = "find calls that leave no entry, such as Data Access that is not switched on";

/// All questions, by their stems.
pub fn questions() -> Vec<Described> {
    let mut all = [outcomes(), entries(), callers(), changes(), bigquery::questions(), services::questions()].concat();
    all.sort_by_key(|question| question.stem);
    all
}

/// How calls ended.
fn outcomes() -> Vec<Described> {
    let code = || field("protoPayload.status.code");
    vec![
        Described {
            stem: "question_denied_calls",
            exact: true,
            finds: "calls that were refused for want of a permission",
            costs: CALLS,
            cannot: "find refusals of data reads: Data Access logs hold them only where they are switched on",
            filter: all([audit_logs(), code().is("7")]),
        },
        Described {
            stem: "question_failures",
            exact: true,
            finds: "calls that failed, refused ones too",
            costs: CALLS,
            cannot: "find BigQuery jobs that were accepted and failed later: their error stands in the job",
            filter: all([audit_logs(), code().above(0)]),
        },
        Described {
            stem: "question_quota_errors",
            exact: true,
            finds: "calls over a quota or rate limit (RESOURCE_EXHAUSTED)",
            costs: CALLS,
            cannot: "find requests that were turned away before they reached the service",
            filter: all([audit_logs(), code().is("8")]),
        },
        Described {
            stem: "question_permission_not_granted",
            exact: true,
            finds: "calls of which no permission check was granted",
            costs: CALLS,
            cannot: "find calls with a granted check beside one that was not: conditions cannot be tied to one check",
            filter: all([
                calls_logs(),
                field("protoPayload.authorizationInfo").present(),
                not(field("protoPayload.authorizationInfo.granted").is("true")),
            ]),
        },
    ]
}

/// What entries are to each other.
fn entries() -> Vec<Described> {
    let (first, last) = (|| field("operation.first").is("true"), || field("operation.last").is("true"));
    vec![
        Described {
            stem: "question_audit_logs",
            exact: true,
            finds: "all audit entries: Admin Activity, Data Access, System Event, Policy Denied",
            costs: "everything there is: add a period",
            cannot: UNLOGGED,
            filter: audit_logs(),
        },
        Described {
            stem: "question_operation_starts",
            exact: true,
            finds: "the beginnings of long-running operations that go on",
            costs: CALLS,
            cannot: "tell whether the operation succeeded: its end does",
            filter: all([audit_logs(), first(), not(last())]),
        },
        Described {
            stem: "question_operation_ends",
            exact: true,
            finds: "the ends of long-running operations, one for each, and operations of one entry",
            costs: CALLS,
            cannot: "find operations that still run",
            filter: all([audit_logs(), last()]),
        },
        Described {
            stem: "question_split_entries",
            exact: true,
            finds: "parts of entries that were too large and were divided; parts of one have the same `split.uid`",
            costs: INDEXED,
            cannot: "count the calls: each has as many entries as `split.totalSplits` says",
            filter: all([audit_logs(), field("split.uid").present()]),
        },
        Described {
            stem: "question_hex_project_references",
            exact: true,
            finds: "permission checks on a project that is named by its number in hexadecimal",
            costs: "reads Admin Activity and Data Access of the scope with a regular expression: add a project and a period",
            cannot: "find projects that are named by id or in decimal, or by other fields",
            filter: all([
                calls_logs(),
                field("protoPayload.authorizationInfo.resource").matches("^projects/0[0-9a-f]{0,15}(/|$)"),
            ]),
        },
        Described {
            stem: "question_small_sink",
            exact: true,
            finds: "what a sink should collect for billtrail: calls, without the noise that never changes who pays",
            costs: "the price of storing what it selects; as the filter of a sink it is not searched",
            cannot: "find calls to clusters, BigQuery's v1 form and table reads, and to IAM: they were left out",
            filter: all([
                calls_logs(),
                not(service("k8s.io")),
                not(all([service("bigquery.googleapis.com"), field("resource.type").eq("bigquery_resource")])),
                not(all([
                    field("resource.type").eq("bigquery_dataset"),
                    field("protoPayload.metadata.tableDataRead").present(),
                ])),
                not(field("protoPayload.serviceName").one_of([
                    "iam.googleapis.com",
                    "iamcredentials.googleapis.com",
                    "recommender.googleapis.com",
                    "sts.googleapis.com",
                ])),
            ]),
        },
    ]
}

/// Who called.
fn callers() -> Vec<Described> {
    let caller = |name: &str| field(&format!("protoPayload.authenticationInfo.{name}"));
    vec![
        Described {
            stem: "question_impersonation",
            exact: true,
            finds: "calls by a service account that someone else impersonated",
            costs: CALLS,
            cannot: "find calls with a key of the service account: whoever holds it is not named",
            filter: all([
                audit_logs(),
                any(["firstPartyPrincipal.principalEmail", "principalSubject"]
                    .map(|name| caller(&format!("serviceAccountDelegationInfo.{name}")).present())),
            ]),
        },
        Described {
            stem: "question_federated_principals",
            exact: true,
            finds: "calls by identities of workload and workforce identity pools",
            costs: CALLS,
            cannot: "find those that called as a service account: see `question_impersonation`",
            filter: all([
                audit_logs(),
                caller("principalSubject").matches("^principal(Set)?://iam[.]googleapis[.]com/"),
            ]),
        },
        Described {
            stem: "question_default_oauth_client",
            exact: true,
            finds: "calls whose entry names the OAuth client of gcloud or of application default credentials",
            costs: CALLS,
            cannot: "find calls charged to that client's own project: they are in Google's logs. The field is not \
                     documented, so that an entry may lack it",
            filter: all([calls_logs(), caller("oauthInfo.oauthClientId").matches("^(32555940559|764086051850)[.-]")]),
        },
    ]
}

/// What changes what is seen in logs and who pays.
fn changes() -> Vec<Described> {
    let methods = ["AssignProjectToBillingAccount", "AssignResourceToBillingAccount"];
    vec![
        Described {
            stem: "question_data_access_configuration",
            exact: true,
            finds: "changes of which Data Access logs are written, which explain why calls appear or vanish",
            costs: ACTIVITY,
            cannot: "find changes that an organisation or a folder made: run it there too",
            filter: all([
                logs(&["activity"]),
                field("protoPayload.methodName").eq("SetIamPolicy"),
                field("protoPayload.serviceData.policyDelta.auditConfigDeltas").present(),
            ]),
        },
        Described {
            stem: "question_project_and_billing_changes",
            exact: true,
            finds: "projects that were made, moved, renamed or deleted, or that changed their billing account",
            costs: ACTIVITY,
            cannot: "find the changes in another scope: moves are logged in the organisation, assignments in the billing \
                     account. Some of the method names are not documented",
            filter: all([
                logs(&["activity"]),
                any([
                    all([
                        service("cloudresourcemanager.googleapis.com"),
                        method("(CreateProject|DeleteProject|UndeleteProject|MoveProject|UpdateProject)$"),
                    ]),
                    all([
                        service("cloudbilling.googleapis.com"),
                        field("protoPayload.methodName").has("UpdateProjectBillingInfo"),
                    ]),
                    field("protoPayload.methodName").one_of(methods),
                ]),
            ]),
        },
    ]
}
