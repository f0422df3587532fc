//! Names of resources and logs: which project, container, location, bucket, job or model a name holds. The tokens
//! found are as written; `project_ref` says what a project token is.

use std::borrow::Cow;

/// Whose log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container<'a> {
    /// A project's, with its token.
    Project(&'a str),
    /// An organisation's.
    Organization,
    /// A folder's.
    Folder,
    /// A billing account's.
    BillingAccount,
    /// The name has none of these forms.
    Unknown,
}

/// Whom a BigQuery reservation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationOwner<'a> {
    /// The administration project, as a token.
    Project(&'a str),
    /// No reservation: Google's shared pool.
    Shared,
    /// A reservation whose name states no project.
    Unnamed,
}

/// The project token of a resource name: what follows a leading `projects/`, `projectnumbers/` or `namespaces/`
/// (Cloud Run v1), also in a full name (`//service/projects/…`).
///
/// `projects/_/…` gives `_`: the caller asks `ProjectRef` whether a token is a wildcard.
pub fn project_of(resource_name: &str) -> Option<&str> {
    let mut segments = segments(resource_name);
    match segments.next()? {
        "projects" | "projectnumbers" | "namespaces" => segments.next().filter(|token| !token.is_empty()),
        _ => None,
    }
}

/// The container that a log belongs to.
pub fn container_of(log_name: &str) -> Container<'_> {
    let mut segments = Segments(Some(without_slash(log_name)));
    match (segments.next(), segments.next()) {
        (_, None | Some("")) | (None, _) => Container::Unknown,
        (Some("projects"), Some(token)) => Container::Project(token),
        (Some("organizations"), _) => Container::Organization,
        (Some("folders"), _) => Container::Folder,
        (Some("billingAccounts"), _) => Container::BillingAccount,
        (Some(_), _) => Container::Unknown,
    }
}

/// The log id of a log name (`cloudaudit.googleapis.com/data_access`), its escapes decoded once; empty if the name
/// has none.
pub fn log_id(log_name: &str) -> Cow<'_, str> {
    match log_name.split_once("/logs/") {
        Some((_, id)) => decoded(id),
        None => Cow::Borrowed(""),
    }
}

/// The whole log name with its escapes decoded once and without a leading slash: equal for two spellings of one log.
pub fn decoded_log_name(log_name: &str) -> Cow<'_, str> {
    decoded(without_slash(log_name))
}

/// Publisher, name and version of a publisher's model (`…/publishers/P/models/M@VERSION`), with or without a project
/// before.
pub fn model_of(resource_name: &str) -> Option<(&str, &str, Option<&str>)> {
    let mut segments = segments(resource_name);
    segments.find(|segment| *segment == "publishers")?;
    let publisher = segments.next()?;
    if segments.next()? != "models" {
        return None;
    }
    // A URL may add the verb: `models/M:rawPredict`.
    let model = segments.next()?.split(':').next()?;
    let (name, version) = match model.split_once('@') {
        Some((name, version)) => (name, Some(version).filter(|version| !version.is_empty())),
        None => (model, None),
    };
    (!publisher.is_empty() && !name.is_empty()).then_some((publisher, name, version))
}

/// The location in a resource name: what stands behind `locations/`, `regions/` or `zones/` right after the
/// container, and `global` where Compute Engine writes only that. `-` (any location) is none.
pub fn location_of(resource_name: &str) -> Option<&str> {
    let mut segments = segments(resource_name);
    let mut collection = segments.next()?;
    // Only here: further to the right, `zones/` can be a part of what a user named.
    if let "projects" | "projectnumbers" | "organizations" | "folders" | "billingAccounts" = collection {
        segments.next()?;
        collection = segments.next()?;
    }
    match collection {
        "global" => Some("global"),
        "locations" | "regions" | "zones" => segments.next().filter(|location| !matches!(*location, "" | "-")),
        _ => None,
    }
}

/// The Cloud Storage bucket of `projects/_/buckets/B[/objects/O]`. A log bucket (`…/locations/L/buckets/B`) is none.
pub fn bucket_of(resource_name: &str) -> Option<&str> {
    let mut segments = segments(resource_name);
    match (segments.next()?, segments.next()?, segments.next()?, segments.next()?) {
        ("projects", _, "buckets", bucket) if !bucket.is_empty() => Some(bucket),
        _ => None,
    }
}

/// The owner of a reservation, from `projects/P/locations/L/reservations/R` or `P:L.R`. A project in the second form
/// may hold a colon itself.
pub fn reservation_project(name: &str) -> ReservationOwner<'_> {
    if let "" | "unreserved" | "default-pipeline" = name {
        return ReservationOwner::Shared;
    }
    let project = match (project_of(name), name.rsplit_once(':')) {
        (Some(project), _) => Some(project),
        (None, Some((project, place))) if !project.is_empty() && place.contains('.') => Some(project),
        (None, _) => None,
    };
    project.map_or(ReservationOwner::Unnamed, ReservationOwner::Project)
}

/// Project and job id of `projects/P/jobs/J`, the name of a BigQuery job.
pub fn job_of(resource_name: &str) -> Option<(&str, &str)> {
    let mut segments = segments(resource_name);
    match (segments.next()?, segments.next()?, segments.next()?, segments.next()?, segments.next()) {
        ("projects", project, "jobs", job, None) if !project.is_empty() && !job.is_empty() => Some((project, job)),
        _ => None,
    }
}

/// Project and job id of `MILLIS-P:J`, the operation id of a BigQuery job. The project may hold a colon, the job id
/// never.
pub fn job_of_operation(id: &str) -> Option<(&str, &str)> {
    let (millis, name) = id.split_once('-')?;
    let (project, job) = name.rsplit_once(':')?;
    let holds = !millis.is_empty() && millis.bytes().all(|b| b.is_ascii_digit()) && !project.is_empty();
    (holds && !job.is_empty()).then_some((project, job))
}

/// The project of a Cloud SQL `database_id`: `P:INSTANCE`, where the project may hold a colon.
pub fn database_project(database_id: &str) -> Option<&str> {
    let (project, _) = database_id.rsplit_once(':')?;
    (!project.is_empty()).then_some(project)
}

/// The segments of a name, without the service of a full name.
fn segments(name: &str) -> Segments<'_> {
    match name.strip_prefix("//").and_then(|full| full.split_once('/')) {
        Some((_service, path)) => Segments(Some(path)),
        None => Segments(Some(name)),
    }
}

/// What stands between the slashes of a text. Names of resources are read of every entry: this takes half as long as a split.
struct Segments<'a>(Option<&'a str>);

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0?;
        match memchr::memchr(b'/', rest.as_bytes()) {
            Some(at) => {
                self.0 = rest.get(at + 1..);
                rest.get(..at)
            }
            None => self.0.take(),
        }
    }
}

/// Writers of old put a slash before log names; Google drops it.
fn without_slash(log_name: &str) -> &str {
    log_name.strip_prefix('/').unwrap_or(log_name)
}

/// Decodes `%XX` once. What is no escape stays; a text that would not be UTF-8 stays as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let mut byte = [0];
        match tail {
            [a, b, after @ ..] if *first == b'%' && hex::decode_to_slice([*a, *b], &mut byte).is_ok() => {
                bytes.push(byte[0]);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_the_token_after_a_leading_projects() {
        assert_eq!(project_of("projects/ads-prod"), Some("ads-prod"));
        assert_eq!(project_of("projects/ads-prod/topics/t"), Some("ads-prod"));
        assert_eq!(project_of("//pubsub.googleapis.com/projects/example.com:ads/topics/t"), Some("example.com:ads"));
        assert_eq!(project_of("projects/00000011308f6a1a/locations/us-west1"), Some("00000011308f6a1a"));
        assert_eq!(project_of("projectnumbers/402564488059/services/-"), Some("402564488059"));
        assert_eq!(project_of("namespaces/ads-prod/services/s"), Some("ads-prod"));
        assert_eq!(project_of("projects/_/buckets/b/objects/projects/x"), Some("_"));
    }

    #[test]
    fn no_other_name_has_a_project() {
        let names = [
            "",
            "/",
            "//",
            "//x",
            "projects",
            "projects/",
            "projects//x",
            "organizations/12",
            "4711",
            "managedZones/z",
            "organizations/12/projects/ads-prod",
            "core/v1/namespaces/default/pods/p",
            "services/s/consumers/12",
            "...",
        ];
        for name in names {
            assert_eq!(project_of(name), None, "{name}");
        }
    }

    #[test]
    fn the_container_stands_first_in_a_log_name() {
        assert_eq!(container_of("projects/ads-prod/logs/x"), Container::Project("ads-prod"));
        assert_eq!(container_of("/projects/ads-prod/logs/x"), Container::Project("ads-prod"));
        assert_eq!(container_of("organizations/12/logs/x"), Container::Organization);
        assert_eq!(container_of("folders/12/logs/x"), Container::Folder);
        assert_eq!(container_of("billingAccounts/000000-AAAAAA-000000/logs/x"), Container::BillingAccount);
        for name in ["", "projects", "projects/", "logs/x", "..."] {
            assert_eq!(container_of(name), Container::Unknown, "{name}");
        }
    }

    #[test]
    fn log_ids_are_decoded_once() {
        let expected = "cloudaudit.googleapis.com/data_access";
        for escaped in ["%2F", "%2f", "/"] {
            let name = format!("/projects/ads-prod/logs/cloudaudit.googleapis.com{escaped}data_access");
            assert_eq!(log_id(&name), expected);
            assert_eq!(decoded_log_name(&name), format!("projects/ads-prod/logs/{expected}"));
        }
        assert_eq!(log_id("projects/p/logs/a%252Fb"), "a%2Fb");
        assert_eq!(log_id("projects/p/logs/a%zz%2"), "a%zz%2");
        assert_eq!(log_id("projects/p/logs/%ff"), "%ff");
        assert_eq!(log_id("projects/p"), "");
    }

    #[test]
    fn a_model_has_publisher_name_and_version() {
        let name = "publishers/anthropic/models/claude-haiku-4-5@20251001";
        let expected = Some(("anthropic", "claude-haiku-4-5", Some("20251001")));
        assert_eq!(model_of(name), expected);
        assert_eq!(model_of(&format!("projects/ads-prod/locations/us-east5/{name}")), expected);
        assert_eq!(model_of(&format!("{name}:rawPredict")), expected);
        assert_eq!(model_of("publishers/google/models/gemini-pro-001"), Some(("google", "gemini-pro-001", None)));
        assert_eq!(model_of("publishers/google/models/"), None);
        assert_eq!(model_of("projects/ads-prod/locations/us-east5/endpoints/1"), None);
    }

    #[test]
    fn the_location_follows_the_container() {
        assert_eq!(location_of("projects/p/locations/europe-west1/keyRings/k"), Some("europe-west1"));
        assert_eq!(location_of("projects/p/zones/us-central1-a/instances/i"), Some("us-central1-a"));
        assert_eq!(location_of("projects/p/regions/us-central1/addresses/a"), Some("us-central1"));
        assert_eq!(location_of("projects/p/locations/global/workloadIdentityPools/w"), Some("global"));
        assert_eq!(location_of("projects/p/global/firewalls/f"), Some("global"));
        assert_eq!(location_of("locations/global/workforcePools/w"), Some("global"));
        assert_eq!(location_of("projects/p/locations/-"), None);
        assert_eq!(location_of("projects/_/buckets/b/objects/zones/x"), None);
    }

    #[test]
    fn a_log_bucket_is_no_bucket() {
        assert_eq!(bucket_of("projects/_/buckets/b/objects/a/b"), Some("b"));
        assert_eq!(bucket_of("//storage.googleapis.com/projects/_/buckets/b"), Some("b"));
        assert_eq!(bucket_of("projects/p/locations/global/buckets/b"), None);
        assert_eq!(bucket_of("projects/_/buckets/"), None);
    }

    #[test]
    fn a_reservation_names_its_administration_project() {
        use ReservationOwner::{Project, Shared, Unnamed};
        assert_eq!(reservation_project("projects/bq-admin/locations/US/reservations/r"), Project("bq-admin"));
        assert_eq!(reservation_project("bq-admin:US.r"), Project("bq-admin"));
        assert_eq!(reservation_project("example.com:bq-admin:US.r"), Project("example.com:bq-admin"));
        for name in ["", "unreserved", "default-pipeline"] {
            assert_eq!(reservation_project(name), Shared);
        }
        for name in ["r", "US.r", ":US.r", "bq-admin:r"] {
            assert_eq!(reservation_project(name), Unnamed, "{name}");
        }
    }

    #[test]
    fn a_job_has_a_project_and_an_id() {
        assert_eq!(job_of("projects/ads-prod/jobs/job_1"), Some(("ads-prod", "job_1")));
        assert_eq!(job_of("projects/ads-prod/jobs"), None);
        assert_eq!(job_of("projects/ads-prod/jobs/j/x"), None);
        assert_eq!(job_of("projects/ads-prod/locations/us/jobs/j"), None);
        assert_eq!(job_of_operation("1777629600000-ads-prod:job_1"), Some(("ads-prod", "job_1")));
        assert_eq!(job_of_operation("1-example.com:ads-prod:j"), Some(("example.com:ads-prod", "j")));
        assert_eq!(job_of_operation("operation-1777629600000-5abc"), None);
    }

    #[test]
    fn a_database_id_is_split_at_the_last_colon() {
        assert_eq!(database_project("ads-prod:db"), Some("ads-prod"));
        assert_eq!(database_project("example.com:ads-prod:db"), Some("example.com:ads-prod"));
        assert_eq!(database_project("db"), None);
    }
}
