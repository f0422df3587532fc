//! What the entries behind a row of a report have in common, as conditions of a filter.
//!
//! A sign is what one entry shows of the value of a grouping column. The filter of a row asks for any of the signs that its
//! entries show, so that it misses none of them; whether it selects entries of other rows too depends on the column.

use std::collections::BTreeMap;

use super::filter_parts::{denied, failed, succeeded};
use super::filter_payers::literally;
use super::filters::build::{FieldPath, all, any, field, log_id, source};
use super::filters::kinds::V1_JOBS;
use super::filters::{of_container, of_kind_in};
use super::kind::{Kind, Stream};
use super::project_ref::ProjectRef;
use super::resource_name::{Container, ReservationOwner, container_of, project_of, reservation_project};
use super::service::Catalogue;
use crate::lql::ast::{Comparison, Expr, Function, Op, Operand};
use crate::model::observation::Evidence;
use crate::model::payer::{PayerName, PayerRef};
use crate::model::text::SharedText;

/// Before the name of an audit stream, this makes the id of its log.
const AUDIT: &str = "cloudaudit.googleapis.com/";

/// The field that holds the project of the resource, or the quota project.
pub const LABEL: &str = "resource.labels.project_id";
/// The field that holds the service that was called.
pub const SERVICE: &str = "protoPayload.serviceName";
/// The field that holds the method that was called.
pub const METHOD: &str = "protoPayload.methodName";
/// The field that holds what the call was made on.
pub const RESOURCE: &str = "protoPayload.resourceName";

/// Fields that hold a location as their whole text.
const LOCATIONS: [&str; 4] = [
    "resource.labels.location",
    "resource.labels.region",
    "resource.labels.zone",
    "protoPayload.resourceLocation.currentLocations",
];

/// What an entry shows of the value of a grouping column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// Its log: what holds the log, and the log's id, decoded.
    Log(String, String),
    /// A log of an organisation, a folder or a billing account.
    ContainerLog,
    /// Its audit stream.
    Stream(Stream),
    /// A field has this text, or holds none.
    Is(String, Option<SharedText>),
    /// A field holds this text, with which it begins.
    Begins(String, String),
    /// Its caller, or that it states none.
    Caller(Option<SharedText>),
    /// The kind that judged it.
    Kind(Kind),
    /// The location of what was called; `true` if an entry of BigQuery may state it as that of a job.
    Location(SharedText, bool),
    /// Publisher and name of a model.
    Model(SharedText),
    /// Permission was denied.
    Denied,
    /// The call failed.
    Failed,
    /// The call succeeded, or was cancelled and has used what it used.
    Succeeded,
}

impl Sign {
    /// The log with this name, whose escapes are decoded; `None` when the name has no form that a log can have.
    pub fn log(name: &str) -> Option<Self> {
        let (container, id) = name.split_once("/logs/")?;
        let (kind, owner) = container.split_once('/')?;
        let known = ["projects", "folders", "organizations", "billingAccounts"].contains(&kind);
        (known && !owner.is_empty() && !owner.contains('/')).then(|| Self::Log(container.to_owned(), id.to_owned()))
    }

    /// The field that proves who pays, with as much of its text as names the project.
    pub fn named(evidence: &Evidence) -> Self {
        let text = evidence.text.as_str();
        let path = without_places(&evidence.path);
        let token = match path.as_str() {
            "logName" => match container_of(text) {
                Container::Project(token) => Some(token),
                Container::Organization | Container::Folder | Container::BillingAccount | Container::Unknown => None,
            },
            path if path.contains(".reservation") => match reservation_project(text) {
                ReservationOwner::Project(token) => Some(token),
                ReservationOwner::Shared | ReservationOwner::Unnamed => None,
            },
            LABEL => None,
            _ => project_of(text),
        };
        let end = token.and_then(|token| Some(text.find(token)? + token.len()));
        // What divides the project's name from the rest belongs to it: `ads` is no part of `ads-prod/`.
        match end.and_then(|end| Some(end + text[end..].chars().next()?.len_utf8())) {
            Some(end) => Self::Begins(path, text[..end].to_owned()),
            None => Self::Is(path, Some(text.into())),
        }
    }

    /// The project of a resource: the one that its name names, or the one of the label or of the log.
    pub fn resource_project(resource: Option<&str>, project: &PayerRef) -> Vec<Self> {
        let in_name = resource.filter(|name| {
            project_of(name).and_then(|token| ProjectRef::parse(token).to_payer_ref()).as_ref() == Some(project)
        });
        if let Some(name) = in_name {
            return vec![Self::named(&Evidence { path: RESOURCE.into(), text: name.into() })];
        }
        let spellings = match &project.name {
            PayerName::Id(id) => vec![id.to_string(), id.replace(':', "%3A")],
            PayerName::Number(number) => vec![number.to_string(), format!("{number:016x}")],
        };
        let named = |token: String| {
            let log = Self::Begins("logName".to_owned(), format!("projects/{token}/"));
            [log, Self::Is(LABEL.to_owned(), Some(token.into()))]
        };
        spellings.into_iter().flat_map(named).collect()
    }
}

/// Whether a log is one of the audit logs, which the filters of kinds look in.
pub fn is_audit_log(log_name: &str) -> bool {
    let id = log_name.split_once("/logs/").map_or("", |(_, id)| id);
    id.strip_prefix(AUDIT).and_then(Stream::parse).is_some_and(|stream| stream != Stream::Unstated)
}

/// Entries that show any of the signs, of which there is at least one; conditions on indexed fields come first.
pub fn shows(signs: impl IntoIterator<Item = Sign>, catalogue: &Catalogue) -> Expr {
    let mut whole: BTreeMap<String, Vec<SharedText>> = BTreeMap::new();
    let mut begun: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut callers = Vec::new();
    let mut clauses = Vec::new();
    for sign in signs {
        match sign {
            Sign::Is(path, Some(text)) => whole.entry(path).or_default().push(text),
            Sign::Begins(path, text) => begun.entry(path).or_default().push(text),
            Sign::Caller(Some(name)) => callers.push(name),
            Sign::Is(path, None) => clauses.push(field(&path).empty()),
            Sign::Caller(None) => {
                clauses.push(all([caller("principalEmail").empty(), caller("principalSubject").empty()]))
            }
            Sign::Log(container, id) => clauses.push(all([log_id(&id), source(&container)])),
            Sign::ContainerLog => clauses.push(of_container()),
            Sign::Stream(stream) => clauses.push(log_id(&format!("{AUDIT}{stream}"))),
            Sign::Kind(kind) => clauses.push(of_kind_in(kind, catalogue).filter),
            Sign::Location(place, of_job) => clauses.push(located(&place, of_job)),
            Sign::Model(name) => clauses.push(model(&name)),
            Sign::Denied => clauses.push(denied()),
            Sign::Failed => clauses.push(failed()),
            Sign::Succeeded => clauses.push(succeeded()),
        }
    }
    clauses.extend(whole.iter().map(|(path, values)| field(path).one_of(values.iter().map(SharedText::as_str))));
    clauses.extend(begun.iter().map(|(path, values)| field(path).any_of(Op::Has, values.iter().map(String::as_str))));
    if !callers.is_empty() {
        let named = |name| caller(name).one_of(callers.iter().map(SharedText::as_str));
        // The address goes before the subject.
        clauses
            .push(any([named("principalEmail"), all([caller("principalEmail").empty(), named("principalSubject")])]));
    }
    clauses.sort_by_key(|clause| !is_indexed(clause));
    any(clauses)
}

fn caller(name: &str) -> FieldPath {
    field(&format!("protoPayload.authenticationInfo.{name}"))
}

/// What was called is in this place, by any field that says so.
fn located(place: &str, of_job: bool) -> Expr {
    let jobs = V1_JOBS.iter().filter(|_| of_job).map(|job| format!("protoPayload.serviceData.{job}.jobName.location"));
    let fields = LOCATIONS.iter().map(|path| (*path).to_owned()).chain(jobs);
    let name = literally(place);
    let in_name = match place {
        "global" => format!("(^|/)(global|(locations|regions|zones)/{name})(/|$)"),
        _ => format!("(^|/)(locations|regions|zones)/{name}(/|$)"),
    };
    any(fields.map(|path| field(&path).eq(place)).chain([field(RESOURCE).matches(&in_name)]))
}

/// The resource is this model, in whatever version.
fn model(name: &str) -> Expr {
    let (publisher, model) = name.split_once('/').unwrap_or((name, ""));
    let pattern = format!("(^|/)publishers/{}/models/{}([@:/]|$)", literally(publisher), literally(model));
    field(RESOURCE).matches(&pattern)
}

/// Whether every field of a condition is one that Cloud Logging keeps an index of.
///
/// Source: <https://cloud.google.com/logging/docs/view/logging-query-language#indexed-fields>.
pub fn is_indexed(expr: &Expr) -> bool {
    const ALONE: [&str; 5] = ["logName", "severity", "timestamp", "insertId", "trace"];
    let by_path = |path: &[String]| match path {
        [only] => ALONE.contains(&only.as_str()),
        [root, rest @ ..] => match (root.as_str(), rest) {
            ("resource" | "labels", _) => true,
            ("operation", [name]) => name == "id",
            ("split", [name]) => name == "uid",
            ("httpRequest", [name]) => name == "status",
            _ => false,
        },
        [] => false,
    };
    match expr {
        Expr::Everything => true,
        Expr::And(parts) | Expr::Or(parts) => parts.iter().all(is_indexed),
        Expr::Not(part) => is_indexed(part),
        Expr::Compare(Comparison { left: Operand::Field(path), .. }) => by_path(&path.segments),
        Expr::Compare(Comparison { left: Operand::Call(_), .. }) | Expr::Global(_) => false,
        Expr::Test(call) => matches!(call.function, Function::LogId | Function::Source),
    }
}

/// A path without the places of list elements: `authorizationInfo[1].resource` is `authorizationInfo.resource`.
fn without_places(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for letter in path.chars() {
        inside = (inside || letter == '[') && letter != ']';
        if !inside && letter != ']' {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &'static str, text: &str) -> Sign {
        Sign::named(&Evidence { path: path.into(), text: text.into() })
    }

    fn begins(path: &str, text: &str) -> Sign {
        Sign::Begins(path.to_owned(), text.to_owned())
    }

    #[test]
    fn a_proof_is_cut_after_the_project() {
        assert_eq!(named(RESOURCE, "projects/ads-prod/secrets/s"), begins(RESOURCE, "projects/ads-prod/"));
        let checks = "protoPayload.authorizationInfo.resource";
        let whole = Sign::Is(checks.to_owned(), Some("projects/000000c2fccfa096".into()));
        assert_eq!(named("protoPayload.authorizationInfo[1].resource", "projects/000000c2fccfa096"), whole);
        assert_eq!(named("logName", "projects/ads-prod/logs/x"), begins("logName", "projects/ads-prod/"));
        let usage = "protoPayload.metadata.jobChange.job.jobStats.reservationUsage";
        assert_eq!(
            named("protoPayload.metadata.jobChange.job.jobStats.reservationUsage[0].name", "example.com:bi:EU.main"),
            begins(&format!("{usage}.name"), "example.com:bi:")
        );
        assert_eq!(named(LABEL, "a/b"), Sign::Is(LABEL.to_owned(), Some("a/b".into())));
    }

    #[test]
    fn a_log_is_told_by_its_holder_and_its_id() {
        let log = |name: &str| Sign::log(name).is_some();
        assert!(log("projects/ads-prod/logs/cloudaudit.googleapis.com/activity") && log("folders/7/logs/a"));
        assert!(!log("projects/a/b/logs/x") && !log("x/a/logs/b") && !log("projects/a") && !log("projects//logs/x"));
        assert!(is_audit_log("projects/ads-prod/logs/cloudaudit.googleapis.com/activity"));
        assert!(!is_audit_log("projects/ads-prod/logs/cloudaudit.googleapis.com/unstated") && !is_audit_log("x"));
    }

    #[test]
    fn conditions_on_indexed_fields_come_first() {
        let signs =
            [begins("logName", "projects/p/"), begins(RESOURCE, "projects/p/"), Sign::Is(LABEL.to_owned(), None)];
        let Expr::Or(parts) = shows(signs, Catalogue::built_in()) else { unreachable!("three alternatives") };
        assert_eq!(parts.iter().map(is_indexed).collect::<Vec<_>>(), [true, true, false]);
    }
}
