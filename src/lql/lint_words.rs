//! How a filter is written: operators in lower case, single quotes, AND beside OR.

use super::ast::Span;
use super::lint::{Findings, Fix, LintId};
use super::lint_tokens::{Kind, Token};

/// Looks at the tokens of the text and the quoted parts among them.
pub(super) fn words(tokens: &[Token], quotes: &[Span], findings: &mut Findings) {
    for at in 0..tokens.len() {
        lower_case_operator(tokens, at, findings);
    }
    for span in quotes {
        single_quotes(*span, findings);
    }
    mixed(tokens, findings);
}

fn single_quotes(span: Span, findings: &mut Findings) {
    let text = findings.at(span);
    let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) else { return };
    let (mut replacement, mut escaped) = (String::from('"'), false);
    for letter in inner.chars() {
        if letter == '"' && !escaped {
            replacement.push('\\');
        }
        escaped = letter == '\\' && !escaped;
        replacement.push(letter);
    }
    replacement.push('"');
    let message = format!("single quotes; write `{replacement}`");
    findings.add_with(LintId::SingleQuotes, span, message, Some(Fix { span, replacement, safe: true }));
}

fn lower_case_operator(tokens: &[Token], at: usize, findings: &mut Findings) {
    let kind = |index: usize| tokens.get(index).map(|token| token.kind);
    let named = |index: usize| tokens.get(index).and_then(|token| operator(findings.at(token.span)));
    let starts_term = |index: usize| match kind(index) {
        Some(Kind::Open | Kind::Not | Kind::Quoted) => true,
        Some(Kind::Word) => named(index).is_none_or(|operator| operator == "NOT"),
        _ => false,
    };
    let ends_term = |index: usize| match kind(index) {
        Some(Kind::Close | Kind::Quoted) => true,
        Some(Kind::Word) => named(index).is_none(),
        _ => false,
    };
    let Some(operator) = named(at).filter(|_| kind(at) == Some(Kind::Word)) else { return };
    let before = at.checked_sub(1);
    let fits = match operator {
        "NOT" => {
            let free = before.is_none_or(|before| !matches!(kind(before), Some(Kind::Operator | Kind::Not)));
            free && starts_term(at + 1) && kind(at + 1) != Some(Kind::Not)
        }
        _ => before.is_some_and(ends_term) && starts_term(at + 1),
    };
    if fits {
        let span = tokens[at].span;
        let message = format!("`{}` is searched for as a word; write `{operator}` for the operator", findings.at(span));
        let fix = Fix { span, replacement: operator.to_owned(), safe: false };
        findings.add_with(LintId::LowerCaseOperator, span, message, Some(fix));
    }
}

/// The operator that a word is, in whatever case.
fn operator(word: &str) -> Option<&'static str> {
    ["AND", "OR", "NOT"].into_iter().find(|operator| word.eq_ignore_ascii_case(operator))
}

/// One pair of parentheses, or the whole text.
#[derive(Default)]
struct Level {
    /// What is joined by AND: terms joined by OR, how many, and where they begin and end.
    runs: Vec<(usize, Span)>,
    /// Where the term that is being read begins.
    term: Option<usize>,
    after_or: bool,
    after_operator: bool,
    /// The arguments of a function.
    arguments: bool,
}

impl Level {
    fn end_term(&mut self, end: usize) {
        let Some(start) = self.term.take() else { return };
        self.after_operator = false;
        match self.runs.last_mut().filter(|_| self.after_or) {
            Some((terms, span)) => {
                *terms += 1;
                span.end = end;
            }
            None => self.runs.push((1, Span { start, end })),
        }
        self.after_or = false;
    }

    fn close(&self, findings: &mut Findings) {
        if self.arguments || self.runs.len() < 2 {
            return;
        }
        for (at, (terms, span)) in self.runs.iter().enumerate() {
            if *terms < 2 {
                continue;
            }
            let (others, beside) = if at == 0 { self.runs[1] } else { self.runs[at - 1] };
            let (run, beside) = (findings.excerpt(*span), findings.excerpt(beside));
            let beside = if others > 1 { format!("({beside})") } else { beside };
            let message = if at == 0 {
                format!("AND and OR without parentheses; Cloud Logging reads `({run}) AND {beside}`")
            } else {
                format!("AND and OR without parentheses; Cloud Logging reads `{beside} AND ({run})`")
            };
            let replacement = format!("({})", findings.at(*span));
            let fix = Fix { span: *span, replacement, safe: true };
            findings.add_with(LintId::MixedAndOr, *span, message, Some(fix));
        }
    }
}

fn mixed(tokens: &[Token], findings: &mut Findings) {
    let (mut outer, mut level): (Vec<Level>, Level) = (Vec::new(), Level::default());
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        let before_operator = next.is_some_and(|next| next.kind == Kind::Operator);
        match token.kind {
            Kind::Operator => level.after_operator = true,
            Kind::Comma => {}
            Kind::Open => {
                level.term.get_or_insert(token.span.start);
                let function = at > 0 && calls(tokens, at - 1);
                outer.push(std::mem::replace(&mut level, Level { arguments: function, ..Level::default() }));
            }
            Kind::Close => {
                level.close(findings);
                level = outer.pop().unwrap_or_default();
                if !before_operator || level.after_operator {
                    level.end_term(token.span.end);
                }
            }
            Kind::And => level.after_or = false,
            Kind::Or => level.after_or = true,
            Kind::Not => drop(level.term.get_or_insert(token.span.start)),
            Kind::Word | Kind::Quoted => {
                level.term.get_or_insert(token.span.start);
                let waits = (before_operator && !level.after_operator) || calls(tokens, at);
                if !waits {
                    level.end_term(token.span.end);
                }
            }
        }
    }
    level.close(findings);
}

/// Whether a word is the name of a function: its parenthesis follows at once.
fn calls(tokens: &[Token], at: usize) -> bool {
    let (Some(word), Some(next)) = (tokens.get(at), tokens.get(at + 1)) else { return false };
    word.kind == Kind::Word && next.kind == Kind::Open && word.span.end == next.span.start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::lint::testing::{found, repaired, tells};

    #[test]
    fn operators_in_lower_case_are_found_between_terms() {
        tells(
            LintId::LowerCaseOperator,
            &[
                "trace=\"a\" and trace=\"b\"",
                "trace=\"a\" Or (trace=\"b\")",
                "trace=\"a\" not trace=\"b\"",
                "not trace=\"b\"",
                "trace=(\"a\" or \"b\")",
                "cats and dogs",
                "trace=\"a\" and not trace=\"b\"",
            ],
            &[
                "trace=\"a\" AND NOT trace=\"b\"",
                "\"and\" trace=\"a\" \"or\"",
                "trace=and",
                "jsonPayload.and=\"x\" jsonPayload.or:x",
                "and",
                "trace=\"a\" and",
                "or trace=\"a\"",
            ],
        );
    }

    #[test]
    fn operators_in_lower_case_become_upper_case() {
        let repaired = |text| repaired(LintId::LowerCaseOperator, text);
        assert_eq!(repaired("trace=a and not trace=b or \"or\""), "trace=a AND NOT trace=b OR \"or\"");
        assert_eq!(repaired("a or or b"), "a or or b");
        assert_eq!(repaired("a and not not b"), "a AND NOT NOT b");
        assert_eq!(repaired("-not a"), "-not a");
    }

    #[test]
    fn and_beside_or_is_found_at_one_level() {
        tells(
            LintId::MixedAndOr,
            &[
                "trace=a AND trace=b OR trace=c",
                "trace=a trace=b OR trace=c",
                "trace=a OR trace=b\ntrace=c",
                "trace=a OR (trace=b AND trace=c OR trace=d)",
                "trace=(a b OR c)",
                "log_id(\"a\") OR log_id(\"b\") resource.type=x",
                "cast(trace, STRING)=a OR x y",
            ],
            &[
                "trace=a AND (trace=b OR trace=c)",
                "trace=a OR trace=b OR NOT trace=c",
                "trace=(a OR b) trace=c",
                "trace=a AND trace=b -trace=c",
                "(trace=a AND b) OR (log_id(\"x\") AND SEARCH(textPayload, \"a OR b c\"))",
                "cast(trace, STRING)=a OR cast(trace, STRING)=(b OR c)",
                "a -- OR b\nc",
            ],
        );
    }

    #[test]
    fn or_is_put_in_parentheses_as_it_is_read() {
        let repaired = |text| repaired(LintId::MixedAndOr, text);
        assert_eq!(
            repaired("a AND NOT b OR -(c d) AND log_id(\"x\") OR cast(trace, STRING) < 5 AND e"),
            "a AND (NOT b OR -(c d)) AND (log_id(\"x\") OR cast(trace, STRING) < 5) AND e"
        );
        assert_eq!(repaired("a=-3 OR b=(x OR y) c"), "(a=-3 OR b=(x OR y)) c");
        let text = "trace=a AND trace=b OR trace=c";
        let message =
            found(text).into_iter().find(|finding| finding.id == LintId::MixedAndOr).map(|finding| finding.message);
        assert!(message.is_some_and(|message| message.contains("`trace=a AND (trace=b OR trace=c)`")));
        assert!(found("a OR b c OR d").iter().any(|finding| finding.message.contains("`(a OR b) AND (c OR d)`")));
    }

    #[test]
    fn single_quotes_become_double() {
        tells(LintId::SingleQuotes, &["trace='a'", "labels.'a b'=\"c\"", "log_id('x')"], &["trace=\"it's\""]);
        let repaired = |text| repaired(LintId::SingleQuotes, text);
        assert_eq!(repaired(r#"trace='say "hi" \" \\'"#), r#"trace="say \"hi\" \" \\""#);
        assert_eq!(repaired("labels.'a b'='c'"), "labels.\"a b\"=\"c\"");
    }
}
