//! Whole values of indexed fields that are looked for with `:`, which does not use the index.

use super::ast::{Comparison, Literal, Path, Values};
use super::lint::{Findings, Fix, LintId};
use super::lint_fix::{field, quoted};
use super::{lint_fields, lint_logs};

/// Looks at a value behind `:`.
pub(super) fn has(path: &Path, value: &Literal, comparison: &Comparison, findings: &mut Findings) {
    let text = value.text.as_str();
    let name = field(path);
    let single = matches!(comparison.right, Values::One(_));
    let equality = format!("{name}={}", quoted(text));
    let (better, evident) = if lint_fields::is(path, "logName") {
        match lint_logs::exact(text) {
            Some(test) => (test, true),
            None => return,
        }
    } else if lint_fields::is(path, "resource.type") && (is_type(text) || text == "global") {
        (equality, true)
    } else if lint_fields::is(path, "resource.labels.project_id") && is_project(text) {
        (equality, false)
    } else if lint_fields::is(path, "trace") && text.starts_with("projects/") && text.contains("/traces/") {
        (equality, !text.ends_with('/'))
    } else {
        return;
    };
    let message = format!("this looks like the whole value; write `{better}`");
    let fix = (single && evident).then_some(Fix { span: comparison.span, replacement: better, safe: false });
    findings.add_with(LintId::HasOnIndexed, value.span, message, fix);
}

/// Whether a text looks like the whole name of a resource type: `gce_instance`.
fn is_type(text: &str) -> bool {
    text.contains('_')
        && !text.starts_with('_')
        && !text.ends_with('_')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a text has the form of a project id with more than one part.
fn is_project(text: &str) -> bool {
    (6..=30).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.contains('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::lint::testing::{repaired, tells};

    #[test]
    fn whole_values_of_indexed_fields_want_equality() {
        tells(
            LintId::HasOnIndexed,
            &[
                "resource.type:\"gce_instance\"",
                "resource.type:(gce_disk OR gce_image)",
                "logName:\"projects/p/logs/syslog\"",
                "logName:\"/logs/cloudaudit.googleapis.com%2Factivity\"",
                "resource.labels.project_id:\"acme-prod\"",
                "trace:\"projects/p/traces/0af\"",
            ],
            &[
                "resource.type=\"gce_instance\"",
                "resource.type:\"gce_\"",
                "resource.type:gce",
                "logName:\"cloudaudit.googleapis.com\"",
                "logName:\"/logs/\"",
                "resource.labels.project_id:\"acme-\"",
                "labels.x:\"gce_instance\"",
                "protoPayload.methodName:\"storage.objects.get\"",
            ],
        );
        let repaired = |text| repaired(LintId::HasOnIndexed, text);
        assert_eq!(repaired("resource.type : gce_disk"), "resource.type=\"gce_disk\"");
        assert_eq!(repaired("NOT logName: /logs/a.com%2Fb"), "NOT log_id(\"a.com/b\")");
    }
}
