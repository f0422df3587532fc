//! Conditions on a message that an audit entry repeats: each may be met by another element.

use super::ast::{Comparison, Expr, Operand, Span};
use super::lint::{Findings, LintId};
use super::lint_fields;
use std::collections::{BTreeMap, BTreeSet};

/// The messages that an audit entry repeats.
const REPEATED: [&str; 10] = [
    "authorizationInfo",
    "bindingDeltas",
    "auditConfigDeltas",
    "serviceAccountDelegationInfo",
    "bindings",
    "auditConfigs",
    "auditLogConfigs",
    "ingressViolations",
    "egressViolations",
    "violationInfo",
];

/// Fields below repeated messages, by the path of the message.
type Conditions = BTreeMap<Vec<String>, BTreeMap<Vec<String>, Span>>;

/// What is asked of one repeated message.
#[derive(Default)]
struct Together {
    fields: BTreeSet<Vec<String>>,
    clauses: usize,
    /// The last clause.
    span: Span,
}

/// Conditions that hold together and name different fields of one repeated message.
pub(super) fn uncorrelated(parts: &[Expr], findings: &mut Findings) {
    let mut together: BTreeMap<Vec<String>, Together> = BTreeMap::new();
    for part in parts {
        let mut conditions = Conditions::new();
        conditions_on_repeated(part, &mut conditions);
        for (message, fields) in conditions {
            let Some(span) = fields.values().next().copied() else { continue };
            let entry = together.entry(message).or_default();
            entry.fields.extend(fields.into_keys());
            entry.clauses += 1;
            entry.span = span;
        }
    }
    for (message, Together { fields, clauses, span }) in together {
        if clauses > 1 && fields.len() > 1 {
            let (message, fields) =
                (message.join("."), fields.iter().map(|field| format!("`{}`", field.join("."))).collect::<Vec<_>>());
            let text = format!("{} may be met by different elements of `{message}`", fields.join(" and "));
            findings.add(LintId::UncorrelatedElements, span, text);
        }
    }
}

fn conditions_on_repeated(expr: &Expr, found: &mut Conditions) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| conditions_on_repeated(part, found)),
        // NOT speaks of all elements.
        Expr::Not(_) | Expr::Everything | Expr::Global(_) | Expr::Test(_) => {}
        Expr::Compare(Comparison { left: Operand::Field(path), span, .. }) => {
            let repeated = |segment: &String| REPEATED.iter().any(|name| name.eq_ignore_ascii_case(segment));
            if !path.segments.iter().any(repeated) {
                return;
            }
            let Ok(names) = lint_fields::spelling(&path.segments) else { return };
            let Some(at) = names.iter().position(|name| REPEATED.contains(&name.as_str())) else { return };
            if names[0] == "protoPayload" && at + 1 < names.len() {
                found.entry(names[..=at].to_vec()).or_default().insert(names[at + 1..].to_vec(), *span);
            }
        }
        Expr::Compare(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::lint::testing::tells;

    #[test]
    fn different_elements_may_meet_conditions_on_one_message() {
        let deltas = "protoPayload.serviceData.policyDelta.bindingDeltas";
        let (action, role) = (format!("{deltas}.action=\"ADD\""), format!("{deltas}.role=\"roles/owner\""));
        let twice = format!("{action} {role}");
        let info = "protoPayload.authorizationInfo";
        tells(
            LintId::UncorrelatedElements,
            &[
                &twice,
                &format!("x OR ({action} AND {role})"),
                &format!("({action} OR {deltas}.action=\"REMOVE\") AND {role}"),
                &format!("{info}.granted=true AND {info}.permission=(\"a\" OR \"b\")"),
            ],
            &[
                &action,
                &format!("{action} OR {role}"),
                &format!("{info}:* AND NOT {info}.granted=true AND {info}.permission=\"x\""),
                &format!("{info}.permission=\"a\" AND {info}.permission=\"b\""),
                &format!("{info}.granted=true AND {role}"),
                "jsonPayload.authorizationInfo.a=1 AND jsonPayload.authorizationInfo.b=1",
            ],
        );
    }
}
