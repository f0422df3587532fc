//! The filter as a whole: its length and bounds, and clauses that do not go together.

use super::ast::{Comparison, Expr, Function, Literal, Op, Operand, Span, Values};
use super::lint::{Context, Findings, Fix, LintId};
use super::print::print;
use super::{lint_fields, lint_values};
use std::collections::HashSet;

/// Cloud Logging refuses longer filters.
const LONGEST: usize = 20_000;

/// Looks at the whole filter.
pub(super) fn filter(expr: &Expr, findings: &mut Findings) {
    let (whole, length) = (Span { start: 0, end: findings.text.len() }, findings.text.chars().count());
    if length > LONGEST {
        let message = format!("{length} characters; at most {LONGEST} are accepted: split the filter");
        findings.add(LintId::TooLong, whole, message);
    }
    if findings.context == Context::Query && !is_bounded(expr) {
        let message = "add `log_id(\"…\")`, `resource.type=\"…\"` or `timestamp>=\"…\"` for all entries";
        findings.add(LintId::Unbounded, whole, message);
    }
    globals(expr, None, findings);
}

/// Whether an indexed field limits every entry that is found.
fn is_bounded(expr: &Expr) -> bool {
    match expr {
        Expr::Everything | Expr::Not(_) => false,
        // What will stand here is not known.
        Expr::Global(literal) => lint_values::is_placeholder(&literal.text),
        Expr::And(parts) => parts.iter().any(is_bounded),
        Expr::Or(parts) => parts.iter().all(is_bounded),
        Expr::Compare(Comparison { left: Operand::Field(path), op, .. }) => {
            let limits = ["logName", "resource", "timestamp", "receiveTimestamp", "insertId", "trace"];
            let root = lint_fields::spelling(&path.segments).ok().and_then(|names| names.into_iter().next());
            !matches!(op, Op::Ne | Op::NotMatches)
                && (root.is_some_and(|root| limits.contains(&root.as_str())) || lint_fields::is(path, "operation.id"))
        }
        Expr::Compare(_) => false,
        Expr::Test(call) => matches!(call.function, Function::LogId | Function::Source),
    }
}

/// `before` is the comparison that the text follows in an OR.
fn globals(expr: &Expr, before: Option<&Comparison>, findings: &mut Findings) {
    match expr {
        Expr::Global(literal) => global(literal, before, findings),
        Expr::And(parts) => parts.iter().for_each(|part| globals(part, None, findings)),
        Expr::Or(parts) => {
            let mut before = None;
            for part in parts {
                globals(part, before, findings);
                match part {
                    Expr::Compare(comparison) => before = Some(comparison),
                    Expr::Global(_) => {}
                    _ => before = None,
                }
            }
        }
        Expr::Not(part) => globals(part, None, findings),
        Expr::Everything | Expr::Compare(_) | Expr::Test(_) => {}
    }
}

fn global(literal: &Literal, before: Option<&Comparison>, findings: &mut Findings) {
    if lint_values::is_placeholder(&literal.text) {
        return;
    }
    let operator = !literal.quoted && ["and", "or", "not"].iter().any(|word| literal.text.eq_ignore_ascii_case(word));
    if operator && findings.has(LintId::LowerCaseOperator, literal.span) {
        return;
    }
    let shown = findings.excerpt(literal.span);
    let message = match before {
        Some(Comparison { left: Operand::Field(path), op: Op::Eq | Op::Has, .. }) => {
            let name = path.segments.join(".");
            format!(
                "`{shown}` is looked for in every field, not in `{name}`; if it is one of its values, write `{name}=(… OR {shown})`"
            )
        }
        _ => format!("`{shown}` is looked for in every field; name the field, or use SEARCH"),
    };
    findings.add(LintId::GlobalRestriction, literal.span, message);
}

/// `f!=("a" OR "b")`.
pub(super) fn negated_list(comparison: &Comparison, negated: bool, findings: &mut Findings) {
    let (sign, opposite) = match comparison.op {
        Op::Ne => ("!=", "="),
        Op::NotMatches => ("!~", "=~"),
        _ => return,
    };
    if !has_alternatives(&comparison.right) {
        return;
    }
    let whole = findings.at(comparison.span);
    let left = match &comparison.left {
        Operand::Field(path) => findings.at(path.span),
        Operand::Call(call) => findings.at(call.span),
    };
    let parts = whole.strip_prefix(left).and_then(|rest| rest.trim_start().strip_prefix(sign)).map(str::trim_start);
    let simple =
        matches!(&comparison.right, Values::Any(values) if values.iter().all(|value| matches!(value, Values::One(_))));
    let better = parts.filter(|right| right.starts_with('(') && right.ends_with(')') && !left.is_empty() && simple);
    let replacement = better.map(|right| format!("NOT {left}{opposite}{right}"));
    let message = match &replacement {
        Some(better) if better.len() < 200 => {
            format!("true unless the field has only one value that is equal to all; write `{better}`")
        }
        _ => format!(
            "true unless the field has only one value that is equal to all; write `NOT` before the field and `{opposite}`"
        ),
    };
    let fix =
        replacement.filter(|_| !negated).map(|replacement| Fix { span: comparison.span, replacement, safe: false });
    findings.add_with(LintId::NegatedList, comparison.span, message, fix);
}

fn has_alternatives(values: &Values) -> bool {
    match values {
        Values::One(_) | Values::Present | Values::Not(_) => false,
        Values::All(parts) => parts.iter().any(has_alternatives),
        Values::Any(_) => true,
    }
}

/// `f!="a" OR f!="b"`.
pub(super) fn negated_alternatives(parts: &[Expr], findings: &mut Findings) {
    let mut seen: HashSet<&[String]> = HashSet::new();
    for part in parts {
        let Expr::Compare(Comparison { left: Operand::Field(path), op: Op::Ne, right: Values::One(_), span }) = part
        else {
            continue;
        };
        if !seen.insert(&path.segments) {
            let name = path.segments.join(".");
            let message = format!("`{name}` always differs from one of the two; write `NOT {name}=(… OR …)`");
            findings.add(LintId::NegatedList, *span, message);
        }
    }
}

/// The same clause twice.
pub(super) fn duplicates(parts: &[Expr], findings: &mut Findings) {
    let mut seen = HashSet::new();
    for part in parts {
        let (leaf, span) = match part {
            Expr::Not(inner) => (part, leaf_span(inner)),
            _ => (part, leaf_span(part)),
        };
        let Some(span) = span else { continue };
        if !seen.insert(print(leaf)) && !findings.has(LintId::LowerCaseOperator, span) {
            let message = format!("`{}` stands here twice", findings.excerpt(span));
            findings.add(LintId::DuplicateClause, span, message);
        }
    }
}

fn leaf_span(expr: &Expr) -> Option<Span> {
    match expr {
        Expr::Compare(comparison) => Some(comparison.span),
        Expr::Global(literal) => Some(literal.span),
        Expr::Test(call) => Some(call.span),
        Expr::Everything | Expr::And(_) | Expr::Or(_) | Expr::Not(_) => None,
    }
}

/// The same value twice.
pub(super) fn duplicate_values(values: &Values, findings: &mut Findings) {
    match values {
        Values::One(_) | Values::Present => {}
        Values::Not(part) => duplicate_values(part, findings),
        Values::All(parts) | Values::Any(parts) => {
            let mut seen = HashSet::new();
            for part in parts {
                match part {
                    Values::One(value) if !seen.insert((&value.text, value.quoted)) => {
                        let message = format!("`{}` stands here twice", findings.excerpt(value.span));
                        findings.add(LintId::DuplicateClause, value.span, message);
                    }
                    Values::One(_) | Values::Present => {}
                    Values::All(_) | Values::Any(_) | Values::Not(_) => duplicate_values(part, findings),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::lint::testing::{found, found_in, has, repaired, tells};

    #[test]
    fn a_filter_has_at_most_20000_characters() {
        let with = |count: usize| format!("trace=\"{}\"", "é".repeat(count - 8));
        assert!(has(LintId::TooLong, &with(20_001)));
        assert!(!has(LintId::TooLong, &with(20_000)));
    }

    #[test]
    fn a_query_wants_a_bound_on_log_resource_or_time() {
        tells(
            LintId::Unbounded,
            &[
                "",
                "severity>=ERROR",
                "NOT resource.type=\"x\"",
                "log_id(\"x\") OR severity=ERROR",
                "labels.x=\"y\"",
                "logName!=x",
            ],
            &[
                "log_id(\"x\")",
                "(logName=x OR resource.labels.project_id=y) severity=ERROR",
                "timestamp>\"2026-01-01\"",
                "insertId=x",
                "source(projects/p)",
                "severity=ERROR AND (a AND operation.id=x)",
            ],
        );
        assert!(found_in("severity>=ERROR", Context::Sink).is_empty());
    }

    #[test]
    fn texts_without_a_field_are_found() {
        tells(
            LintId::GlobalRestriction,
            &["error", "trace=x (a OR \"b\")", "trace=a OR b"],
            &["trace=x", "SEARCH(\"x\")", "${HEAD} AND trace=x"],
        );
        let count = |text: &str| found(text).iter().filter(|finding| finding.id == LintId::GlobalRestriction).count();
        assert_eq!((count("trace=a and trace=b"), count("trace=a and")), (0, 1));
        let text = "insertId=\"a\" OR \"b\" OR \"c\"";
        let all: Vec<String> = found(text).into_iter().map(|finding| finding.message).collect();
        assert_eq!(all.iter().filter(|message| message.contains("not in `insertId`")).count(), 2, "{all:?}");
    }

    #[test]
    fn alternatives_with_unequal_are_nearly_always_true() {
        tells(
            LintId::NegatedList,
            &[
                "trace!=(a OR b)",
                "trace !~ (\"a\" OR \"b\")",
                "trace!=(a AND (b OR c))",
                "trace!=\"a\" OR trace!=\"b\"",
                "NOT trace!=(a OR b)",
            ],
            &[
                "trace!=(a AND b)",
                "trace=(a OR b)",
                "NOT trace=(a OR b)",
                "trace!=a OR spanId!=b",
                "trace!=a AND trace!=b",
                "trace!=(a)",
            ],
        );
        let repaired = |text| repaired(LintId::NegatedList, text);
        assert_eq!(repaired("x labels.\"a b\" != (\"a\" OR b) OR y"), "x NOT labels.\"a b\"=(\"a\" OR b) OR y");
        assert_eq!(repaired("trace!~(a OR b)"), "NOT trace=~(a OR b)");
        assert_eq!(repaired("-trace!=(a OR b)"), "-trace!=(a OR b)");
    }

    #[test]
    fn the_same_clause_twice_is_found() {
        tells(
            LintId::DuplicateClause,
            &[
                "trace=a AND trace=b AND trace=a",
                "trace=(a OR b OR a)",
                "NOT trace=a AND NOT trace=a",
                "log_id(\"x\") OR log_id(\"x\")",
            ],
            &[
                "trace=a AND trace=b",
                "trace=a AND NOT trace=a",
                "trace=(a OR b)",
                "trace=a OR (trace=a AND spanId=b)",
                "a=1 and b=2 and c=3",
            ],
        );
    }
}
