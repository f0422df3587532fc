//! Names of fields: those that no entry has, and those that are not spelt as documented.

use super::ast::Path;
use super::lint::{Findings, Fix, LintId};
use super::lint_fix;
use super::schema::Schema;
use std::sync::LazyLock;

/// The fields of an entry.
static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::log_entry);

/// The names in an audit entry that Google defines.
const AUDIT: [&str; 30] = [
    "serviceName",
    "methodName",
    "resourceName",
    "resourceLocation",
    "currentLocations",
    "originalLocations",
    "numResponseItems",
    "authenticationInfo",
    "principalEmail",
    "authoritySelector",
    "serviceAccountKeyName",
    "serviceAccountDelegationInfo",
    "firstPartyPrincipal",
    "principalSubject",
    "authorizationInfo",
    "resource",
    "permission",
    "granted",
    "permissionType",
    "resourceAttributes",
    "policyViolationInfo",
    "requestMetadata",
    "callerIp",
    "callerSuppliedUserAgent",
    "callerNetwork",
    "requestAttributes",
    "destinationAttributes",
    "status",
    "code",
    "message",
];

/// Those below which the names are the service's own and must be spelt as they are.
const OWN: [&str; 7] =
    ["request", "response", "metadata", "serviceData", "resourceOriginalState", "thirdPartyPrincipal", "details"];

/// Looks at a field.
pub(super) fn path(path: &Path, findings: &mut Findings) {
    match spelling(&path.segments) {
        Err(at) => undefined(path, at, findings),
        Ok(documented) if documented != path.segments => {
            let documented = lint_fix::field(&Path { segments: documented, span: path.span });
            let message = format!("`{}` is documented as `{documented}`", path.segments.join("."));
            let fix = Fix { span: path.span, replacement: documented, safe: true };
            findings.add_with(LintId::FieldCase, path.span, message, Some(fix));
        }
        Ok(_) => {}
    }
}

fn undefined(path: &Path, at: usize, findings: &mut Findings) {
    let name = path.segments[..=at].join(".");
    let last = &path.segments[at];
    let place =
        SCHEMA.place_of(last).or_else(|| documented_name(&AUDIT, last).map(|name| format!("protoPayload.…{name}")));
    let hint = match place {
        Some(place) => format!("; did you mean `{place}`?"),
        None if at > 0 => format!("; `{}` has no such field", path.segments[..at].join(".")),
        None => "; fields begin with `logName`, `resource`, `timestamp`, `protoPayload`, `jsonPayload`, `labels` …"
            .to_owned(),
    };
    findings.add(LintId::UndefinedField, path.span, format!("`{name}` is no field of a log entry{hint}"));
}

/// The path as it is documented, or which segment does not exist.
pub(super) fn spelling(segments: &[String]) -> Result<Vec<String>, usize> {
    let Some(route) = SCHEMA.resolve(segments) else {
        let defined = |length: &usize| SCHEMA.resolve(&segments[..*length]).is_some();
        return Err((1..=segments.len()).rfind(defined).unwrap_or(0));
    };
    let mut documented: Vec<String> = route.steps.into_iter().map(|step| step.name).collect();
    if documented.first().is_some_and(|root| root == "protoPayload") {
        for segment in documented.iter_mut().skip(1) {
            if let Some(name) = documented_name(&AUDIT, segment) {
                name.clone_into(segment);
            } else {
                if let Some(name) = documented_name(&OWN, segment) {
                    name.clone_into(segment);
                }
                break;
            }
        }
    }
    Ok(documented)
}

/// The documented one of the names that differs from the given one by case and underscores only.
fn documented_name(names: &[&'static str], given: &str) -> Option<&'static str> {
    let folded = given.replace('_', "");
    names.iter().find(|name| name.eq_ignore_ascii_case(&folded)).copied()
}

/// Whether a field is a time of the entry.
pub(super) fn is_time(path: &Path) -> bool {
    is(path, "timestamp") || is(path, "receiveTimestamp")
}

/// Whether a path is this documented field.
pub(super) fn is(path: &Path, field: &str) -> bool {
    path.segments.len() == field.split('.').count()
        && spelling(&path.segments).is_ok_and(|documented| documented.iter().map(String::as_str).eq(field.split('.')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::lint::testing::{found, repaired, tells};

    #[test]
    fn fields_that_no_entry_has_are_errors() {
        tells(
            LintId::UndefinedField,
            &[
                "thud=1",
                "textPayload.thud=1",
                "operation.thud:*",
                "methodName=\"x\"",
                "ip_in_net(callerIp, \"10.0.0.0/8\")",
            ],
            &[
                "trace=1",
                "jsonPayload.a.b=1",
                "protoPayload.x.y=1",
                "resource.labels.zone=1",
                "labels.\"a/b\"=1",
                "metadata.userLabels.x=1",
                "log_name=1",
                "errorGroups.id=1",
                "split.uid:*",
                "thud",
            ],
        );
        let error =
            found("operation.id=1 methodName=\"x\"").into_iter().find(|finding| finding.id == LintId::UndefinedField);
        assert!(
            error.is_some_and(|error| error.span.start == 15 && error.message.contains("`protoPayload.methodName`"))
        );
    }

    #[test]
    fn other_spellings_of_documented_names_are_found() {
        tells(
            LintId::FieldCase,
            &[
                "log_name=x",
                "protopayload.methodname=x",
                "protoPayload.authorizationinfo.granted=true",
                "HTTPREQUEST.status=1",
            ],
            &[
                "logName=x",
                "jsonPayload.methodname=x",
                "labels.Service=x",
                "resource.labels.Project_id=x",
                "protoPayload.metadata.methodname=x",
                "protoPayload.request.resource.Status=x",
                "protoPayload.status.details.Message=x",
            ],
        );
    }

    #[test]
    fn names_get_their_documented_spelling() {
        let repaired = |text| repaired(LintId::FieldCase, text);
        assert_eq!(repaired("log_name=x"), "logName=x");
        assert_eq!(
            repaired("protoPayload.Metadata.\"@type\".Status=x AND protopayload.STATUS.code=7"),
            "protoPayload.metadata.\"@type\".Status=x AND protoPayload.status.code=7".replace("\"@type\"", "@type")
        );
    }
}
