//! Names of logs: what can never match the stored name, and what the index could find.

use super::ast::{Argument, Call, Comparison, Function, Literal, Op, Path, Values};
use super::lint::{Findings, Fix, LintId};
use super::lint_fix::quoted;
use super::{lint, lint_fields};

/// Looks at the argument of `log_id`.
pub(super) fn call(call: &Call, findings: &mut Findings) {
    let (Function::LogId, [Argument::Value(id)]) = (call.function, call.arguments.as_slice()) else { return };
    if let Some(decoded) = decoded(&id.text) {
        let replacement = quoted(&decoded);
        let message = format!("log_id takes the plain name: {replacement}");
        let fix = Fix { span: id.span, replacement, safe: false };
        findings.add_with(LintId::EncodedLogId, id.span, message, Some(fix));
    }
}

/// Looks at a comparison with `logName`.
pub(super) fn comparison(path: &Path, comparison: &Comparison, findings: &mut Findings) {
    if lint_fields::is(path, "logName") {
        for value in lint::leaves(&comparison.right) {
            never_matches(value, comparison, findings);
        }
    }
}

fn never_matches(value: &Literal, comparison: &Comparison, findings: &mut Findings) {
    let Some(name) = slashed(value, comparison.op) else { return };
    let single = matches!(comparison.right, Values::One(_));
    let negative = matches!(comparison.op, Op::Ne | Op::NotMatches);
    let (span, replacement) = match name.container {
        Some(container) => {
            let full = quoted(&format!("{container}/logs/{}", name.id.replace('/', "%2F")));
            match (single, negative) {
                (true, false) => (comparison.span, format!("logName={full}")),
                (true, true) => (comparison.span, format!("logName!={full}")),
                (false, _) => (value.span, full),
            }
        }
        None => {
            let test = format!("log_id({})", quoted(&name.id));
            match (single, negative) {
                (true, false) => (comparison.span, test),
                (true, true) => (comparison.span, format!("NOT {test}")),
                (false, _) => (value.span, quoted(&value.text.replace(&name.id, &name.id.replace('/', "%2F")))),
            }
        }
    };
    let message = format!("`{}` never occurs in a stored log name; write `{replacement}`", name.id);
    let clean = name.whole && !(single && negative && findings.text[..span.start].trim_end().ends_with('-'));
    let fix = Fix { span, replacement, safe: false };
    findings.add_with(LintId::EncodedLogName, value.span, message, clean.then_some(fix));
}

/// A log's name with a slash in it.
struct Slashed {
    /// `cloudaudit.googleapis.com/data_access`
    id: String,
    /// `projects/P`, where it is given.
    container: Option<String>,
    /// Whether nothing but the name is looked for, so that an exact test says the same.
    whole: bool,
}

/// Whether the text looks for a log name with a plain slash after its domain.
pub(super) fn is_slashed(value: &Literal, op: Op) -> bool {
    slashed(value, op).is_some()
}

fn slashed(value: &Literal, op: Op) -> Option<Slashed> {
    let regex = matches!(op, Op::Matches | Op::NotMatches);
    let plain =
        if regex { value.text.replace("\\.", ".").replace("[.]", ".").replace("\\/", "/") } else { value.text.clone() };
    let anchored = plain.trim_start_matches('^').trim_end_matches('$').trim_start_matches(".*").trim_end_matches(".*");
    let (container, id) = match anchored.split_once("/logs/") {
        Some((container, id)) => (container.trim_start_matches('/'), id),
        None => ("", anchored.trim_start_matches('/').trim_start_matches("logs/")),
    };
    let slash =
        id.find(".com/").map(|at| at + 4).or_else(|| if anchored.contains("/logs/") { id.find('/') } else { None })?;
    let after = id[slash + 1..].chars().next();
    if !id[..slash].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        || after.is_some_and(|letter| !letter.is_ascii_alphanumeric() && !"_-([.".contains(letter))
    {
        return None;
    }
    let name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte));
    let container = (!container.is_empty()).then(|| container.to_owned());
    let known = container.as_deref().is_none_or(|container| name(container) && container.matches('/').count() == 1);
    let whole = after.is_some() && name(id) && known && !id.ends_with('/') && !id.contains("//");
    Some(Slashed { id: id.to_owned(), container, whole })
}

/// The test that finds the log that a text plainly names in full, as stored.
pub(super) fn exact(text: &str) -> Option<String> {
    let (container, id) = text.split_once("/logs/")?;
    let name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-%".contains(&byte));
    if id.is_empty() || !name(id) {
        return None;
    }
    match container.split_once('/') {
        Some((kind, owner))
            if ["projects", "folders", "organizations", "billingAccounts"].contains(&kind) && name(owner) =>
        {
            Some(format!("logName={}", quoted(text)))
        }
        None if container.is_empty() && id.contains("%2F") => {
            Some(format!("log_id({})", quoted(&decoded(id).unwrap_or_else(|| id.to_owned()))))
        }
        _ => None,
    }
}

/// The text with its encoded slashes made plain, if it has one.
fn decoded(text: &str) -> Option<String> {
    let plain = text.replace("%2F", "/").replace("%2f", "/");
    (plain != text).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::lint::testing::{repaired, tells};

    #[test]
    fn a_log_name_with_a_plain_slash_never_matches() {
        tells(
            LintId::EncodedLogName,
            &[
                "logName=~\"cloudaudit.googleapis.com/data_access\"",
                "logName=~\"cloudaudit\\.googleapis\\.com/(activity|data_access)$\"",
                "logName:\"cloudaudit.googleapis.com/\"",
                "logName=\"projects/p/logs/cloudaudit.googleapis.com/activity\"",
                "logName:(\"run.googleapis.com/stdout\" OR \"x\")",
                "log_name=\"projects/p/logs/a/b\"",
            ],
            &[
                "logName=\"projects/p/logs/cloudaudit.googleapis.com%2Factivity\"",
                "logName:\"/logs/cloudaudit\"",
                "logName=~\"cloudaudit.googleapis.com(%2F|/)activity\"",
                "logName=~\"cloudaudit.googleapis.com/?\"",
                "logName:\"projects/\"",
                "logName:\"/apache\"",
                "logName=~\"projects/.*/logs/x\"",
                "protoPayload.resourceName=\"//x.googleapis.com/projects\"",
            ],
        );
    }

    #[test]
    fn a_log_name_becomes_log_id_or_is_encoded() {
        let repaired = |text| repaired(LintId::EncodedLogName, text);
        assert_eq!(
            repaired("logName=~\"^.*cloudaudit[.]googleapis.com/data_access$\""),
            "log_id(\"cloudaudit.googleapis.com/data_access\")"
        );
        assert_eq!(repaired("a logName!~\"a.com/b\""), "a NOT log_id(\"a.com/b\")");
        assert_eq!(repaired("-logName:\"a.com/b\""), "-log_id(\"a.com/b\")");
        assert_eq!(repaired("-logName!=\"a.com/b\""), "-logName!=\"a.com/b\"");
        assert_eq!(repaired("logName=\"projects/p/logs/a.com/b\""), "logName=\"projects/p/logs/a.com%2Fb\"");
        assert_eq!(repaired("logName:(\"a.com/b\" OR \"c\")"), "logName:(\"a.com%2Fb\" OR \"c\")");
        assert_eq!(repaired("logName=~\"a.com/(b|c)\""), "logName=~\"a.com/(b|c)\"");
    }

    #[test]
    fn log_id_takes_the_plain_name() {
        tells(
            LintId::EncodedLogId,
            &["log_id(\"a.com%2Fb\")", "LOG_ID('a.com%2fb')"],
            &["log_id(\"a.com/b\")", "log_id(\"a\")"],
        );
        assert_eq!(repaired(LintId::EncodedLogId, "NOT log_id(\"a.com%2Fb%2fc\")"), "NOT log_id(\"a.com/b/c\")");
    }
}
