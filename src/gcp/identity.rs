//! Identities: what kind of caller a principal is, and which project owns it. A hint for people, never evidence of
//! the payer.

use std::cell::RefCell;

use crate::model::closed_list::closed_list;
use crate::model::memo::Memo;
use crate::model::payer::PayerRef;

use super::project_ref::ProjectRef;
use super::resource_name::project_of;
use crate::model::text::{SharedText, shared};

closed_list! {
    /// The kind of an identity.
    pub enum IdentityKind {
        User = "user": "a person, or a group address",
        ServiceAccount = "service_account": "a service account that a user made",
        AppEngineDefault = "app_engine_default": "the default service account of App Engine",
        ComputeDefault = "compute_default": "the default service account of Compute Engine",
        GoogleApisAgent = "google_apis_agent": "the agent that makes resources in a project's name",
        CloudBuild = "cloud_build": "the legacy service account of Cloud Build",
        ServiceAgent = "service_agent": "Google's own account that acts for one service in one project",
        WorkloadIdentity = "workload_identity": "a workload that signs in through a project's identity pool",
        Workforce = "workforce": "a person who signs in through an organisation's identity pool",
        Kubernetes = "kubernetes": "an account inside a cluster",
        GoogleSystem = "google_system": "a system of Google",
        Redacted = "redacted": "withheld by Google",
        Unknown = "unknown": "not stated, or in no known form",
    }
}

/// Who called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The text to show: the e-mail address, else the subject, as written.
    pub shown: Option<SharedText>,
    /// The project that owns the identity.
    pub project: Option<PayerRef>,
    /// What kind of caller it is.
    pub kind: IdentityKind,
}

/// One link of a delegation chain: what an element of `serviceAccountDelegationInfo` states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link<'a> {
    /// `firstPartyPrincipal.principalEmail`
    pub email: Option<&'a str>,
    /// `principalSubject`
    pub subject: Option<&'a str>,
}

type Owner = (IdentityKind, Option<PayerRef>);

/// Domains before `.iam.gserviceaccount.com` that are Google's own beside `gcp-sa-…`: the project is in the local
/// part.
const AGENT_DOMAINS: [&str; 6] = [
    "compute-system",
    "container-engine-robot",
    "containerregistry",
    "serverless-robot-prod",
    "dataflow-service-producer-prod",
    "gs-project-accounts",
];

/// A local part with a shorter number is rather a name that a user gave: project numbers have 10 to 13 digits.
const NUMBER_DIGITS: usize = 10;

/// Identifies a caller by `principalEmail`, `principalSubject` and `serviceAccountKeyName`. Empty texts count as
/// absent.
pub fn identify(email: Option<&str>, subject: Option<&str>, key_name: Option<&str>) -> Identity {
    let email = email.filter(|text| !text.is_empty());
    let subject = subject.filter(|text| !text.is_empty());
    let unknown = (IdentityKind::Unknown, None);
    let mut owner = email.map_or_else(|| unknown.clone(), owner_of);
    if let ((IdentityKind::Unknown, _), Some(subject)) = (&owner, subject) {
        owner = owner_of(subject);
    }
    if let ((IdentityKind::Unknown | IdentityKind::ServiceAccount, None), Some(key_name)) = (&owner, key_name) {
        owner = owner_of_key(key_name).unwrap_or(owner);
    }
    let (kind, project) = owner;
    Identity { shown: email.or(subject).map(shared), project, kind }
}

/// The identity at the origin of a delegation chain: the first link. `None` when there is no chain or its first link
/// is empty; a later link is not the origin.
pub fn origin(chain: &[Link<'_>]) -> Option<SharedText> {
    let first = chain.first()?;
    first.email.filter(|text| !text.is_empty()).or(first.subject.filter(|text| !text.is_empty())).map(shared)
}

/// The kind of an identity.
pub fn kind_of(identity: &str) -> IdentityKind {
    owner_of(identity).0
}

/// The kind and owner of an identity.
fn owner_of(text: &str) -> Owner {
    thread_local! {
        static OWNERS: RefCell<Memo<Owner>> = RefCell::default();
    }
    OWNERS.with_borrow_mut(|owners| owners.of(text, work_out_owner))
}

fn work_out_owner(text: &str) -> Owner {
    // Google writes `user:` also before service accounts, so that the prefix tells nothing.
    let text = text.strip_prefix("user:").or_else(|| text.strip_prefix("serviceAccount:")).unwrap_or(text);
    if is_redacted(text) {
        (IdentityKind::Redacted, None)
    } else if let Some(path) = text.strip_prefix("principal://").or_else(|| text.strip_prefix("principalSet://")) {
        owner_of_principal(path)
    } else if text.starts_with("system:") || text == "kubernetes" {
        (IdentityKind::Kubernetes, None)
    } else if let Some((pool, _)) = text.split_once(".svc.id.goog[") {
        (IdentityKind::WorkloadIdentity, project(&with_domain_first(pool)))
    } else {
        owner_of_email(text)
    }
}

fn is_redacted(text: &str) -> bool {
    let bare = text.trim_matches(|c| matches!(c, '<' | '>' | '[' | ']' | '(' | ')'));
    text.contains("...") || text.contains('…') || bare.eq_ignore_ascii_case("redacted")
}

/// `HOST/…/projects/NUM/…`, `HOST/locations/global/workforcePools/…`, `HOST/…/serviceAccounts/EMAIL`
fn owner_of_principal(path: &str) -> Owner {
    let mut segments = path.split('/').skip(1);
    let mut owner = (IdentityKind::Unknown, None);
    // A subject is free text: what looks like a project behind it is not one.
    while let Some(segment) = segments.next() {
        match segment {
            "projects" => owner = (IdentityKind::WorkloadIdentity, segments.next().and_then(project)),
            "workforcePools" => return (IdentityKind::Workforce, None),
            "serviceAccounts" => return segments.next().map_or(owner, owner_of_email),
            "workloadIdentityPools" | "reasoningEngines" | "subject" => return owner,
            _ => {}
        }
    }
    owner
}

fn owner_of_email(text: &str) -> Owner {
    let Some((local, domain)) = text.rsplit_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty())
    else {
        return (IdentityKind::Unknown, None);
    };
    match domain {
        "system.gserviceaccount.com" => (IdentityKind::GoogleSystem, None),
        "developer.gserviceaccount.com" => match local.strip_suffix("-compute") {
            Some(number_text) => (IdentityKind::ComputeDefault, number(number_text)),
            None => (IdentityKind::ServiceAccount, None),
        },
        "cloudservices.gserviceaccount.com" => (IdentityKind::GoogleApisAgent, number(local)),
        "cloudbuild.gserviceaccount.com" => (IdentityKind::CloudBuild, number(local)),
        "appspot.gserviceaccount.com" => (IdentityKind::AppEngineDefault, project(&with_domain_first(local))),
        _ => match domain.strip_suffix(".iam.gserviceaccount.com") {
            // Agents first: the domain of an agent is Google's project and would pass for the owner.
            Some(holder) => owner_of_agent(local, holder)
                .unwrap_or_else(|| (IdentityKind::ServiceAccount, project(&with_domain_first(holder)))),
            None if domain.ends_with(".gserviceaccount.com") => (IdentityKind::ServiceAccount, None),
            None => (IdentityKind::User, None),
        },
    }
}

/// The owner of a service agent; `None` if the account is none.
fn owner_of_agent(local: &str, holder: &str) -> Option<Owner> {
    let known = holder.starts_with("gcp-sa-") || AGENT_DOMAINS.contains(&holder);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mut parts = local.split('-');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let found = match second {
        // Agents of organisations and folders have numbers of their own.
        Some("org" | "folder" | "billing") if first == "service" => None,
        Some(text) if digits(text) && (first == "service" || first == "bqcx") => Some(text),
        Some(text) if text.len() >= NUMBER_DIGITS && digits(text) && first.bytes().all(|b| b.is_ascii_lowercase()) => {
            Some(text)
        }
        _ => first.strip_prefix('p').filter(|text| !text.is_empty() && digits(text)),
    };
    let wide = found.is_some_and(|text| text.len() >= NUMBER_DIGITS) && first == "service" && parts.next().is_none();
    (known || wide).then(|| (IdentityKind::ServiceAgent, found.and_then(number)))
}

/// `//iam.googleapis.com/projects/P/serviceAccounts/A/keys/K`; with `-` for P, the account tells the project.
fn owner_of_key(key_name: &str) -> Option<Owner> {
    let (_, account) = key_name.split_once("/serviceAccounts/")?;
    let owner = match project_of(key_name).and_then(project) {
        Some(project) => Some(project),
        None => owner_of_email(account.split('/').next().unwrap_or_default()).1,
    };
    Some((IdentityKind::ServiceAccount, owner))
}

/// `PROJ.example.com` in an address is the project `example.com:PROJ`.
fn with_domain_first(name: &str) -> String {
    match name.split_once('.') {
        Some((id, domain)) if !name.contains(':') => format!("{domain}:{id}"),
        _ => name.to_owned(),
    }
}

fn project(token: &str) -> Option<PayerRef> {
    ProjectRef::parse(token).to_payer_ref()
}

/// A number where only a decimal number can stand.
fn number(text: &str) -> Option<PayerRef> {
    match ProjectRef::parse(text) {
        ProjectRef::Number { number, hex_digits: None } => Some(PayerRef::project_number(number)),
        ProjectRef::Number { hex_digits: Some(_), .. }
        | ProjectRef::Id(_)
        | ProjectRef::Wildcard
        | ProjectRef::Invalid => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_email(email: &str) -> Owner {
        let identity = identify(Some(email), None, None);
        assert_eq!(identity.shown.as_deref(), Some(email));
        (identity.kind, identity.project)
    }

    fn by_subject(subject: &str) -> Owner {
        let identity = identify(None, Some(subject), None);
        assert_eq!(identity.shown.as_deref(), Some(subject));
        (identity.kind, identity.project)
    }

    fn id(kind: IdentityKind, id: &str) -> Owner {
        (kind, Some(PayerRef::project_id(id)))
    }

    fn num(kind: IdentityKind) -> Owner {
        (kind, Some(PayerRef::project_number(415_104_041_262)))
    }

    #[test]
    fn a_service_account_belongs_to_the_project_in_its_domain() {
        use IdentityKind::{AppEngineDefault, ServiceAccount};
        assert_eq!(by_email("etl@ads-prod.iam.gserviceaccount.com"), id(ServiceAccount, "ads-prod"));
        let scoped = "etl@ads-prod.example.com.iam.gserviceaccount.com";
        assert_eq!(by_email(scoped), id(ServiceAccount, "example.com:ads-prod"));
        assert_eq!(by_email("ads-prod@appspot.gserviceaccount.com"), id(AppEngineDefault, "ads-prod"));
        let scoped = "ads-prod.example.com@appspot.gserviceaccount.com";
        assert_eq!(by_email(scoped), id(AppEngineDefault, "example.com:ads-prod"));
    }

    #[test]
    fn a_default_account_has_the_number_in_its_local_part() {
        use IdentityKind::{CloudBuild, ComputeDefault, GoogleApisAgent};
        assert_eq!(by_email("415104041262-compute@developer.gserviceaccount.com"), num(ComputeDefault));
        assert_eq!(by_email("415104041262@cloudservices.gserviceaccount.com"), num(GoogleApisAgent));
        assert_eq!(by_email("415104041262@cloudbuild.gserviceaccount.com"), num(CloudBuild));
        assert_eq!(by_email("0000@cloudbuild.gserviceaccount.com"), (CloudBuild, None));
    }

    #[test]
    fn a_service_agent_does_not_belong_to_its_domain() {
        for email in [
            "service-415104041262@gcp-sa-pubsub.iam.gserviceaccount.com",
            "service-415104041262@compute-system.iam.gserviceaccount.com",
            "service-415104041262@gs-project-accounts.iam.gserviceaccount.com",
            "service-415104041262@some-other-robot.iam.gserviceaccount.com",
            "service-415104041262@cloud-ml.google.com.iam.gserviceaccount.com",
            "bqcx-415104041262-ab12@gcp-sa-bigquery-condel.iam.gserviceaccount.com",
            "p415104041262-123456@gcp-sa-logging.iam.gserviceaccount.com",
        ] {
            assert_eq!(by_email(email), num(IdentityKind::ServiceAgent), "{email}");
        }
    }

    #[test]
    fn an_agent_of_an_organisation_or_folder_has_no_project() {
        for email in [
            "service-org-415104041262@gcp-sa-cloudasset.iam.gserviceaccount.com",
            "service-folder-415104041262@gcp-sa-cloudasset.iam.gserviceaccount.com",
            "o415104041262-123456@gcp-sa-logging.iam.gserviceaccount.com",
            "o415104041262-4151040412620@gcp-sa-logging.iam.gserviceaccount.com",
            "robot@compute-system.iam.gserviceaccount.com",
        ] {
            assert_eq!(by_email(email), (IdentityKind::ServiceAgent, None), "{email}");
        }
    }

    #[test]
    fn a_user_may_name_an_account_like_an_agent() {
        for local in ["service-1", "container-engine-robot", "p1234567890-x", "service-1234567890-x"] {
            let email = format!("{local}@ads-prod.iam.gserviceaccount.com");
            assert_eq!(by_email(&email), id(IdentityKind::ServiceAccount, "ads-prod"), "{email}");
        }
    }

    #[test]
    fn people_systems_and_clusters_have_no_project() {
        use IdentityKind::{GoogleSystem, Kubernetes, Unknown, User};
        for (text, kind) in [
            ("jo@example.com", User),
            ("cloud-storage@system.gserviceaccount.com", GoogleSystem),
            ("system:serviceaccount:ns:name", Kubernetes),
            ("system:anonymous", Kubernetes),
            ("kubernetes", Kubernetes),
            ("6f1ed002ab5595859014ebf0951522d9", Unknown),
            ("@example.com", Unknown),
        ] {
            assert_eq!(by_email(text), (kind, None), "{text}");
        }
    }

    #[test]
    fn a_subject_tells_as_much_as_an_address() {
        use IdentityKind::{ServiceAccount, Unknown, User, Workforce, WorkloadIdentity};
        assert_eq!(by_subject("user:jo@example.com"), (User, None));
        assert_eq!(by_subject("serviceAccount:etl@ads-prod.iam.gserviceaccount.com"), id(ServiceAccount, "ads-prod"));
        assert_eq!(by_subject("user:etl@ads-prod.iam.gserviceaccount.com"), id(ServiceAccount, "ads-prod"));
        assert_eq!(by_subject("serviceAccount:ads-prod.svc.id.goog[ns/ksa]"), id(WorkloadIdentity, "ads-prod"));
        assert_eq!(by_subject("ads-prod.svc.id.goog[ns/ksa]"), id(WorkloadIdentity, "ads-prod"));
        let scoped = id(WorkloadIdentity, "example.com:ads-prod");
        assert_eq!(by_subject("example.com:ads-prod.svc.id.goog[ns/ksa]"), scoped);
        assert_eq!(by_subject("ads-prod.example.com.svc.id.goog[ns/ksa]"), scoped);
        let pool =
            "principal://iam.googleapis.com/projects/415104041262/locations/global/workloadIdentityPools/p/subject/s";
        assert_eq!(by_subject(pool), num(WorkloadIdentity));
        let agent = "principal://iam.googleapis.com/projects/415104041262/locations/us-west1/reasoningEngines/1";
        assert_eq!(by_subject(agent), num(WorkloadIdentity));
        let agent =
            "principal://agents.global.org-12.system.id.goog/resources/aiplatform/projects/415104041262/locations/l";
        assert_eq!(by_subject(agent), num(WorkloadIdentity));
        let set =
            "principalSet://iam.googleapis.com/projects/415104041262/locations/global/workloadIdentityPools/p/group/g";
        assert_eq!(by_subject(set), num(WorkloadIdentity));
        let person = "principal://iam.googleapis.com/locations/global/workforcePools/p/subject/projects/ads-prod";
        assert_eq!(by_subject(person), (Workforce, None));
        assert_eq!(by_subject("principal://example.com/subject/projects/ads-prod"), (Unknown, None));
        assert_eq!(by_subject("principal://"), (Unknown, None));
    }

    #[test]
    fn the_address_is_shown_before_the_subject() {
        let identity = identify(Some("jo@example.com"), Some("user:other@example.com"), None);
        assert_eq!(identity.shown.as_deref(), Some("jo@example.com"));
        let identity = identify(Some(""), None, None);
        assert_eq!(identity, Identity { shown: None, project: None, kind: IdentityKind::Unknown });
    }

    #[test]
    fn a_withheld_identity_is_redacted() {
        for text in ["...", "user@...", "…", "<redacted>", "user:[REDACTED]"] {
            assert_eq!(by_email(text), (IdentityKind::Redacted, None), "{text}");
        }
    }

    #[test]
    fn the_key_names_the_project_when_the_account_does_not() {
        use IdentityKind::ServiceAccount;
        let key = "//iam.googleapis.com/projects/ads-prod/serviceAccounts/etl@example.com/keys/1";
        let identity = identify(None, Some("opaque"), Some(key));
        assert_eq!((identity.kind, identity.project), id(ServiceAccount, "ads-prod"));
        let key = "//iam.googleapis.com/projects/-/serviceAccounts/etl@ads-prod.iam.gserviceaccount.com/keys/1";
        let identity = identify(None, None, Some(key));
        assert_eq!((identity.kind, identity.project), id(ServiceAccount, "ads-prod"));
        assert_eq!(identify(Some("jo@example.com"), None, Some(key)).kind, IdentityKind::User);
    }

    #[test]
    fn the_origin_is_the_first_link() {
        let human = Link { email: Some("jo@example.com"), subject: Some("user:jo@example.com") };
        let robot = Link { email: None, subject: Some("serviceAccount:etl@ads-prod.iam.gserviceaccount.com") };
        assert_eq!(origin(&[human, robot]).as_deref(), Some("jo@example.com"));
        assert_eq!(origin(&[robot, human]).as_deref(), robot.subject);
        assert_eq!(origin(&[Link::default(), human]), None);
        assert_eq!(origin(&[]), None);
    }

    proptest::proptest! {
        #[test]
        fn every_text_has_a_kind(text in "(user:|principal://|p|service-)?.{0,30}(@.{0,20}gserviceaccount.com)?(\\.svc\\.id\\.goog\\[)?.{0,9}") {
            let identity = identify(Some(&text), Some(&text), Some(&text));
            proptest::prop_assert_eq!(identity.shown.is_some(), !text.is_empty());
        }
    }
}
