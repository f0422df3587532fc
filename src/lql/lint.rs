//! What is wrong, slow or misleading in a filter that parses: findings with a place, a reason and, where there is one, a repair.
//!
//! Each subject has its file: `lint_words` (how the text is written), `lint_fields`, `lint_logs`, `lint_regex`, `lint_values`,
//! `lint_index`, `lint_elements`, `lint_shape` (the filter as a whole). The lints are named in `lint_id`. Repairs are carried out by `lint_fix`.

use super::ast::{Argument, Call, Comparison, Expr, Literal, Operand, Path, Span, Values};
use super::{
    lint_elements, lint_fields, lint_fix, lint_logs, lint_regex, lint_shape, lint_tokens, lint_values, lint_words,
};
use std::collections::HashSet;

pub use super::lint_id::{Context, LintId, Severity};

/// One thing found in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which lint.
    pub id: LintId,
    /// How bad it is.
    pub severity: Severity,
    /// Where in the text.
    pub span: Span,
    /// What is wrong here, and what to write instead.
    pub message: String,
    /// Why it matters, in one sentence.
    pub reason: &'static str,
    /// The repaired text, where it is clear.
    pub fix: Option<Fix>,
}

/// New text for a part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The part that is replaced; may be empty.
    pub span: Span,
    /// The new text.
    pub replacement: String,
    /// Whether the filter selects the same entries afterwards. Otherwise it selects what was evidently meant.
    pub safe: bool,
}

/// Collects findings about one filter.
pub(super) struct Findings<'a> {
    /// The filter.
    pub text: &'a str,
    /// Where it is used.
    pub context: Context,
    found: Vec<Finding>,
    seen: HashSet<(LintId, usize)>,
}

impl Findings<'_> {
    /// A finding without a repair.
    pub fn add(&mut self, id: LintId, span: Span, message: impl Into<String>) {
        self.add_with(id, span, message, None);
    }

    /// A finding, perhaps with a repair.
    pub fn add_with(&mut self, id: LintId, span: Span, message: impl Into<String>, fix: Option<Fix>) {
        let (severity, reason) = (id.severity(), id.reason());
        self.seen.insert((id, span.start));
        self.found.push(Finding { id, severity, span, message: message.into(), reason, fix });
    }

    /// Whether a finding of this lint begins at a place.
    pub fn has(&self, id: LintId, span: Span) -> bool {
        self.seen.contains(&(id, span.start))
    }

    /// The text at a place; empty when the place is not in the text.
    pub fn at(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The text at a place, on one line and not too long.
    pub fn excerpt(&self, span: Span) -> String {
        let words: Vec<&str> = self.at(span).split_whitespace().take(40).collect();
        let line = words.join(" ");
        match line.char_indices().nth(80) {
            Some((cut, _)) => format!("{} …", line[..cut].trim_end()),
            None => line,
        }
    }
}

/// What is found in a filter and its tree, in the order of the text.
///
/// `expr` must be the tree of `text`. Carrying out all repairs, or the safe ones, gives a text that parses.
pub fn lint(text: &str, expr: &Expr, context: Context) -> Vec<Finding> {
    let mut findings = Findings { text, context, found: Vec::new(), seen: HashSet::new() };
    let (tokens, quotes) = lint_tokens::tokens(text);
    lint_words::words(&tokens, &quotes, &mut findings);
    lint_shape::filter(expr, &mut findings);
    visit(expr, false, &mut findings);
    let mut found = findings.found;
    found.sort_by_key(|finding| (finding.span.start, finding.span.end, finding.id));
    lint_fix::drop_broken_fixes(text, &mut found);
    found
}

fn visit(expr: &Expr, negated: bool, findings: &mut Findings) {
    match expr {
        Expr::Everything => {}
        Expr::And(parts) => {
            lint_elements::uncorrelated(parts, findings);
            lint_shape::duplicates(parts, findings);
            parts.iter().for_each(|part| visit(part, negated, findings));
        }
        Expr::Or(parts) => {
            lint_shape::duplicates(parts, findings);
            lint_shape::negated_alternatives(parts, findings);
            parts.iter().for_each(|part| visit(part, negated, findings));
        }
        Expr::Not(part) => visit(part, true, findings),
        Expr::Compare(comparison) => visit_comparison(comparison, negated, findings),
        Expr::Global(literal) => lint_values::literal(literal, findings),
        Expr::Test(call) => {
            lint_logs::call(call, findings);
            visit_call(call, findings);
        }
    }
}

fn visit_comparison(comparison: &Comparison, negated: bool, findings: &mut Findings) {
    lint_shape::negated_list(comparison, negated, findings);
    lint_shape::duplicate_values(&comparison.right, findings);
    match &comparison.left {
        Operand::Field(path) => {
            visit_path(path, findings);
            lint_logs::comparison(path, comparison, findings);
            lint_values::comparison(path, comparison, negated, findings);
        }
        Operand::Call(call) => visit_call(call, findings),
    }
    lint_regex::comparison(comparison, findings);
    for value in leaves(&comparison.right) {
        lint_values::literal(value, findings);
    }
}

fn visit_call(call: &Call, findings: &mut Findings) {
    lint_regex::call(call, findings);
    for argument in &call.arguments {
        match argument {
            Argument::Field(path) => visit_path(path, findings),
            Argument::Value(_) => {}
            Argument::Call(call) => visit_call(call, findings),
        }
    }
}

fn visit_path(path: &Path, findings: &mut Findings) {
    lint_fields::path(path, findings);
    if findings.context == Context::Sink && lint_fields::is_time(path) {
        let name = path.segments.join(".");
        findings.add(
            LintId::TimestampInSink,
            path.span,
            format!("`{name}` is compared in the filter of a sink; leave it out"),
        );
    }
}

/// The values of a list, from left to right.
pub(super) fn leaves(values: &Values) -> Vec<&Literal> {
    let (mut waiting, mut found) = (vec![values], Vec::new());
    while let Some(next) = waiting.pop() {
        match next {
            Values::One(literal) => found.push(literal),
            Values::Present => {}
            Values::All(parts) | Values::Any(parts) => waiting.extend(parts.iter().rev()),
            Values::Not(part) => waiting.push(part),
        }
    }
    found
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::lql::{lint_fix, parse::parse};

    /// The findings of a filter for queries.
    pub fn found(text: &str) -> Vec<Finding> {
        found_in(text, Context::Query)
    }

    pub fn found_in(text: &str, context: Context) -> Vec<Finding> {
        let expr = parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        lint(text, &expr, context)
    }

    /// Whether a filter has this finding.
    pub fn has(id: LintId, text: &str) -> bool {
        found(text).iter().any(|finding| finding.id == id)
    }

    /// Which of the filters have this finding: must be all of `with` and none of `without`.
    pub fn tells(id: LintId, with: &[&str], without: &[&str]) {
        for text in with {
            assert!(has(id, text), "{id} expected: {text}: {:?}", found(text));
        }
        for text in without {
            assert!(!has(id, text), "{id} not expected: {text}: {:?}", found(text));
        }
    }

    /// The filter after the repairs of this lint.
    pub fn repaired(id: LintId, text: &str) -> String {
        let findings: Vec<Finding> = found(text).into_iter().filter(|finding| finding.id == id).collect();
        lint_fix::apply_all(text, &findings)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{found, found_in};
    use super::*;

    #[test]
    fn a_clean_filter_has_no_findings() {
        for text in [
            "log_id(\"cloudaudit.googleapis.com/data_access\") AND protoPayload.serviceName=\"vision.googleapis.com\"",
            "resource.type=\"gce_instance\" AND (severity=\"ERROR\" OR severity>=CRITICAL) AND NOT labels.a=\"b\"",
            "resource.type=\"gcs_bucket\"\ntimestamp>=\"2026-05-01T07:00:00Z\"\ntimestamp<\"2026-06-01\"\nprotoPayload.methodName=~\"^storage[.]objects[.]\"",
            "log_id(\"x\") AND protoPayload.authorizationInfo:* AND NOT protoPayload.authorizationInfo.granted=true",
            "log_id(\"x\") AND protoPayload.metadata.\"@type\"=\"type.googleapis.com/a.B\" AND httpRequest.latency<\"10s\"",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn findings_stand_in_the_order_of_the_text() {
        let starts: Vec<usize> =
            found("thud=1 severity:ERROR 'x' a.b=c*").iter().map(|finding| finding.span.start).collect();
        assert!(starts.len() > 4 && starts.is_sorted(), "{starts:?}");
    }

    #[test]
    fn a_time_bound_is_found_in_the_filter_of_a_sink_only() {
        let text = "resource.type=\"x\" AND (timestamp>\"2026-01-01\" OR cast(receiveTimestamp, STRING)=~\"^2026\")";
        let count =
            |context| found_in(text, context).iter().filter(|finding| finding.id == LintId::TimestampInSink).count();
        assert_eq!((count(Context::Query), count(Context::Sink)), (0, 2));
        let payload = found_in("resource.type=\"x\" AND jsonPayload.timestamp>\"2026\"", Context::Sink);
        assert_eq!(payload, []);
    }
}
