//! Carries out the repairs of findings.

use super::ast::{Expr, Path};
use super::lint::{Context, Finding, Fix, lint};
use super::parse::parse;

/// The text after the safe repairs. Of two that overlap the first is carried out; lint the result to find the other.
pub fn apply(text: &str, findings: &[Finding]) -> String {
    edit(text, findings.iter().filter_map(|finding| finding.fix.as_ref()).filter(|fix| fix.safe))
}

/// The text after all repairs, those included that change which entries are selected to what was evidently meant.
pub fn apply_all(text: &str, findings: &[Finding]) -> String {
    edit(text, findings.iter().filter_map(|finding| finding.fix.as_ref()))
}

/// The text, its tree and what remains to be found, after repairing until nothing changes.
///
/// With `safe`, only the repairs after which the filter selects the same entries.
pub fn repair(text: &str, expr: &Expr, context: Context, safe: bool) -> (String, Expr, Vec<Finding>) {
    let (mut text, mut expr) = (text.to_owned(), expr.clone());
    for _ in 0..ROUNDS {
        let findings = lint(&text, &expr, context);
        let next = if safe { apply(&text, &findings) } else { apply_all(&text, &findings) };
        match parse(&next) {
            Ok(tree) if next != text => (text, expr) = (next, tree),
            _ => return (text, expr, findings),
        }
    }
    let findings = lint(&text, &expr, context);
    (text, expr, findings)
}

/// Repairs may stand inside each other, in parentheses; this deep they are followed.
const ROUNDS: usize = 256;

/// Takes back repairs that would give a text that cannot be parsed; a safe one is judged among the safe ones too.
pub(super) fn drop_broken_fixes(text: &str, findings: &mut [Finding]) {
    if findings.iter().all(|finding| finding.fix.is_none()) {
        return;
    }
    let parses =
        |findings: &[Finding]| parse(&apply(text, findings)).is_ok() && parse(&apply_all(text, findings)).is_ok();
    if parses(findings) {
        return;
    }
    for finding in findings.iter_mut() {
        if finding.fix.as_ref().is_some_and(|fix| !fix.safe) {
            finding.fix = None;
        }
    }
    if !parses(findings) {
        findings.iter_mut().for_each(|finding| finding.fix = None);
    }
}

fn edit<'a>(text: &str, fixes: impl Iterator<Item = &'a Fix>) -> String {
    let mut fixes: Vec<&Fix> = fixes.collect();
    fixes.sort_by_key(|fix| (fix.span.start, fix.span.end));
    let (mut edited, mut at) = (String::with_capacity(text.len()), 0);
    for fix in fixes {
        let (Some(before), true) = (text.get(at..fix.span.start), text.is_char_boundary(fix.span.end)) else {
            continue;
        };
        edited.push_str(before);
        edited.push_str(&fix.replacement);
        at = fix.span.end;
    }
    edited.push_str(text.get(at..).unwrap_or_default());
    edited
}

/// A text in double quotes, as a filter writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A field as a filter writes it.
pub(super) fn field(path: &Path) -> String {
    let plain = |segment: &str| {
        segment.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '@')
            && segment.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '@')
            && !["AND", "OR", "NOT"].contains(&segment)
    };
    let names = path.segments.iter().map(|segment| if plain(segment) { segment.clone() } else { quoted(segment) });
    names.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(start: usize, end: usize, replacement: &str, safe: bool) -> Finding {
        let findings = lint("", &Expr::Everything, Context::Query);
        let span = crate::lql::ast::Span { start, end };
        Finding { fix: Some(Fix { span, replacement: replacement.to_owned(), safe }), ..findings[0].clone() }
    }

    #[test]
    fn only_safe_repairs_are_applied_unless_all_are_wanted() {
        let findings = [fix(0, 1, "A", true), fix(2, 3, "B", false)];
        assert_eq!((apply("a b", &findings), apply_all("a b", &findings)), ("A b".to_owned(), "A B".to_owned()));
    }

    #[test]
    fn of_two_repairs_that_overlap_the_first_is_applied() {
        assert_eq!(apply("abc", &[fix(1, 3, "X", true), fix(0, 2, "Y", true)]), "Yc");
    }

    #[test]
    fn a_repair_outside_of_the_text_is_left_out() {
        assert_eq!(apply("é", &[fix(1, 2, "X", true), fix(5, 9, "Y", true)]), "é");
    }

    #[test]
    fn repairs_are_followed_until_nothing_is_left() {
        let text = "LOG_ID('a.com%2Fb') and (trace=a.b OR (x y OR z) log_name=~\"^p$\")";
        let expr = parse(text).unwrap();
        let (safe, ..) = repair(text, &expr, Context::Query, true);
        assert_eq!(safe, "LOG_ID(\"a.com%2Fb\") and ((trace=\"a.b\" OR (x (y OR z))) logName=~\"^p$\")");
        let (all, _, left) = repair(text, &expr, Context::Query, false);
        assert_eq!(all, "LOG_ID(\"a.com/b\") AND ((trace=\"a.b\" OR (x (y OR z))) logName=\"p\")");
        assert!(left.iter().all(|finding| finding.fix.is_none()));
    }
}
