//! Regular expressions: where a plain comparison says the same, and dots that stand for any character.

use super::ast::{Argument, Call, Comparison, Function, Literal, Op, Operand, Values};
use super::lint::{Findings, Fix, LintId, leaves};
use super::lint_fix::{field, quoted};
use super::{lint_fields, lint_logs};

/// Looks at the patterns of a comparison.
pub(super) fn comparison(comparison: &Comparison, findings: &mut Findings) {
    if !matches!(comparison.op, Op::Matches | Op::NotMatches) {
        return;
    }
    let log_name = matches!(&comparison.left, Operand::Field(path) if lint_fields::is(path, "logName"));
    for value in leaves(&comparison.right) {
        if log_name && lint_logs::is_slashed(value, comparison.op) {
            continue;
        }
        if let Operand::Field(_) = comparison.left {
            literal(value, comparison, findings);
        }
        unescaped_dot(value, findings);
    }
}

/// Looks at the pattern of `regexp_extract`.
pub(super) fn call(call: &Call, findings: &mut Findings) {
    if let (Function::RegexpExtract, Some(Argument::Value(pattern))) = (call.function, call.arguments.get(1)) {
        unescaped_dot(pattern, findings);
    }
}

fn literal(value: &Literal, comparison: &Comparison, findings: &mut Findings) {
    let Some(plain) = Plain::of(&value.text) else { return };
    let negative = comparison.op == Op::NotMatches;
    let Operand::Field(path) = &comparison.left else { return };
    let path = field(path);
    if plain.text.is_empty() && !(plain.start && plain.end) {
        let message =
            format!("`{}` matches every text; write `{path}:*` to ask whether the field is there", value.text);
        findings.add(LintId::RegexForLiteral, value.span, message);
        return;
    }
    let text = quoted(&plain.text);
    match (plain.start, plain.end) {
        (true, true) => {
            let better = format!("{path}{}{text}", if negative { "!=" } else { "=" });
            let message =
                format!("the pattern is one whole text; write `{better}`, which also ignores upper and lower case");
            let single = matches!(comparison.right, Values::One(_));
            let fix = single.then_some(Fix { span: comparison.span, replacement: better, safe: false });
            findings.add_with(LintId::RegexForLiteral, value.span, message, fix);
        }
        (false, false) => {
            let better = format!("{}{path}:{text}", if negative { "NOT " } else { "" });
            let message = format!(
                "the pattern is a plain text; write `{better}`, which also ignores upper and lower case, or `=` with the whole value"
            );
            findings.add(LintId::RegexForLiteral, value.span, message);
        }
        // There is no operator for a beginning or an end.
        (true, false) | (false, true) => {}
    }
}

/// A pattern without anything that only a regular expression can say.
struct Plain {
    text: String,
    start: bool,
    end: bool,
}

impl Plain {
    fn of(pattern: &str) -> Option<Self> {
        let pattern = pattern.strip_prefix("(?i)").unwrap_or(pattern);
        let start = pattern.starts_with('^');
        let mut rest = if start { &pattern[1..] } else { pattern.strip_prefix(".*").unwrap_or(pattern) };
        let (mut text, mut end) = (String::new(), false);
        while let Some(first) = rest.chars().next() {
            if rest == "$" {
                end = true;
                break;
            }
            // `^.*` and `.*$` are as good as no anchor.
            if rest == ".*" || rest == ".*$" {
                return Some(Self { start: start && !text.is_empty(), text, end: false });
            }
            let mut letters = rest.chars();
            let (letter, length) = match first {
                '\\' => {
                    let escaped = letters.nth(1).filter(|letter| letter.is_ascii_punctuation())?;
                    (escaped, 2)
                }
                '[' => {
                    let only = letters.nth(1).filter(|letter| letter.is_ascii() && !"^\\[]".contains(*letter))?;
                    (only, if letters.next() == Some(']') { 3 } else { return None })
                }
                '.' if joins_words(text.chars().next_back(), rest[1..].chars().next()) => ('.', 1),
                '.' | '*' | '+' | '?' | '(' | ')' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
                letter => (letter, letter.len_utf8()),
            };
            text.push(letter);
            rest = &rest[length..];
            if rest.starts_with(['*', '+', '?', '{']) {
                return None;
            }
        }
        Some(Self { text, start, end })
    }
}

fn unescaped_dot(value: &Literal, findings: &mut Findings) {
    let pattern = &value.text;
    let (mut repaired, mut last, mut letters) = (String::new(), None, pattern.chars().peekable());
    let (mut class, mut template) = (false, false);
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match letter {
            '\\' => {
                repaired.push(letter);
                repaired.extend(letters.next());
                last = None;
                continue;
            }
            '[' => class = true,
            ']' => class = false,
            // A placeholder that another tool fills in: `${name.id}`.
            '$' if next == Some('{') => template = true,
            '}' => template = false,
            _ => {}
        }
        if letter == '.' && !class && !template && joins_words(last, next) {
            repaired.push_str("[.]");
        } else {
            repaired.push(letter);
        }
        last = Some(letter);
    }
    if repaired != *pattern {
        let replacement = quoted(&repaired);
        let message = format!("a dot matches any character; write {replacement}");
        let fix = Fix { span: value.span, replacement, safe: false };
        findings.add_with(LintId::UnescapedDot, value.span, message, Some(fix));
    }
}

/// Whether a dot between these is meant as a dot: `googleapis.com`.
fn joins_words(before: Option<char>, after: Option<char>) -> bool {
    let word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    word(before) && word(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::lint::testing::{repaired, tells};

    #[test]
    fn patterns_that_are_plain_texts_are_found() {
        tells(
            LintId::RegexForLiteral,
            &[
                "trace=~\"^abc$\"",
                "trace=~\"abc\"",
                "trace=~\"a[.]b\\.c.*\"",
                "trace!~\"googleapis.com\"",
                "trace=~\"\"",
                "trace=~\".*\"",
                "trace=~(\"^a$\" OR \"^b$\")",
                "trace=~\"(?i)^abc$\"",
            ],
            &[
                "trace=~\"^abc\"",
                "trace=~\"abc$\"",
                "trace=~\"a|b\"",
                "trace=~\"a.*b\"",
                "trace=~\"^a[.-]$\"",
                "trace=~\"ab?\"",
                "trace=~\"\\d\"",
                "trace=~\"a. b\"",
                "trace=~\"/${NAME}/\"",
                "trace=\"^abc$\"",
            ],
        );
    }

    #[test]
    fn an_anchored_text_becomes_an_equality() {
        let repaired = |text| repaired(LintId::RegexForLiteral, text);
        assert_eq!(repaired("trace=~\"^a[.]b\\\\.c$\""), "trace=\"a.b.c\"");
        assert_eq!(repaired("labels.\"a b\" !~ \"^say \\\"hi\\\"$\""), "labels.\"a b\"!=\"say \\\"hi\\\"\"");
        assert_eq!(repaired("trace=~\"abc\""), "trace=~\"abc\"");
        assert_eq!(repaired("trace=~(\"^a$\" OR \"b\")"), "trace=~(\"^a$\" OR \"b\")");
    }

    #[test]
    fn dots_between_words_are_meant_as_dots() {
        tells(
            LintId::UnescapedDot,
            &[
                "trace=~\"googleapis.com/x|y\"",
                "trace=~(\"a.b\" OR \"c\")",
                "cast(regexp_extract(trace, \"x.y(.*)\"), INT64)<5",
                "trace=~\"a\\.b.c\"",
            ],
            &[
                "trace=~\"a\\.b[.]c\\\\.d\"",
                "trace=~\"a.*b.+c.?d\"",
                "trace=~\"${cluster.value}.*\"",
                "trace=~\"[a.b]\"",
                "trace:\"a.b\"",
                "trace=~\"^.$\"",
            ],
        );
        assert_eq!(repaired(LintId::UnescapedDot, "trace=~\"^a\\.b.c.*\""), "trace=~\"^a\\\\.b[.]c.*\"");
    }
}
