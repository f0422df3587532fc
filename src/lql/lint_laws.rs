//! Laws of the lints: repaired filters parse, safe repairs keep the meaning, and repairing ends.

use proptest::prelude::*;

use super::ast::{Argument, Call, Expr, Literal, Operand, Path, Values};
use super::eval::Compiled;
use super::lint::{Context, Finding, lint};
use super::lint_fields;
use super::lint_fix::{apply, apply_all, repair};
use super::parse::parse;
use super::schema::Schema;

/// The tree without what a safe repair may change: quotes and the spelling of fields.
fn meaning(expr: &Expr) -> Expr {
    match expr {
        Expr::Everything => Expr::Everything,
        Expr::And(parts) => Expr::And(parts.iter().map(meaning).collect()),
        Expr::Or(parts) => Expr::Or(parts.iter().map(meaning).collect()),
        Expr::Not(part) => Expr::Not(Box::new(meaning(part))),
        Expr::Global(value) => Expr::Global(literal(value)),
        Expr::Test(test) => Expr::Test(call(test)),
        Expr::Compare(comparison) => {
            let mut comparison = comparison.clone();
            comparison.left = match &comparison.left {
                Operand::Field(field) => Operand::Field(path(field)),
                Operand::Call(inner) => Operand::Call(call(inner)),
            };
            comparison.right = values(&comparison.right);
            Expr::Compare(comparison)
        }
    }
}

fn literal(value: &Literal) -> Literal {
    Literal { quoted: value.text != "NULL_VALUE" || value.quoted, ..value.clone() }
}

fn path(path: &Path) -> Path {
    Path { segments: lint_fields::spelling(&path.segments).unwrap_or_else(|_| path.segments.clone()), ..path.clone() }
}

fn call(given: &Call) -> Call {
    let arguments = given.arguments.iter().map(|argument| match argument {
        Argument::Field(field) => Argument::Field(path(field)),
        Argument::Value(value) => Argument::Value(literal(value)),
        Argument::Call(inner) => Argument::Call(call(inner)),
    });
    Call { arguments: arguments.collect(), ..given.clone() }
}

fn values(given: &Values) -> Values {
    match given {
        Values::One(value) => Values::One(literal(value)),
        Values::Present => Values::Present,
        Values::All(parts) => Values::All(parts.iter().map(values).collect()),
        Values::Any(parts) => Values::Any(parts.iter().map(values).collect()),
        Values::Not(part) => Values::Not(Box::new(values(part))),
    }
}

fn holds(text: &str) {
    let Ok(expr) = parse(text) else { return };
    let fixable = |findings: &[Finding]| findings.iter().filter(|finding| finding.fix.is_some()).count();
    for context in [Context::Query, Context::Sink] {
        let findings = lint(text, &expr, context);
        let safe = apply(text, &findings);
        let tree = parse(&safe).unwrap_or_else(|error| panic!("{text} -> {safe}: {error}"));
        assert_eq!(meaning(&tree), meaning(&expr), "{text} -> {safe}");
        let left = fixable(&lint(&safe, &tree, context));
        assert!(left <= fixable(&findings), "{text} -> {safe}");
        let all = apply_all(text, &findings);
        let tree = parse(&all).unwrap_or_else(|error| panic!("{text} -> {all}: {error}"));
        lint(&all, &tree, context);
        let (end, _, left) = repair(text, &expr, context, false);
        assert_eq!(fixable(&left), 0, "{text} -> {end}: {left:?}");
    }
}

const WORDS: [&str; 44] = [
    "AND",
    "OR",
    "NOT",
    "and",
    "or",
    "not",
    "(",
    "(",
    ")",
    ")",
    "-",
    "=",
    "!=",
    ":",
    "=~",
    "!~",
    ">",
    ",",
    ".",
    "--\n",
    "\n",
    " ",
    "trace",
    "log_name",
    "protoPayload.methodname",
    "labels.'a b'",
    "severity",
    "timestamp",
    "NULL_VALUE",
    "log_id",
    "SEARCH",
    "cast(trace, STRING)",
    "'x.com/y'",
    "\"x.com%2Fy\"",
    "\"^x\\.y$\"",
    "\"ERROR\"",
    "a.b",
    "/logs/a.com%2Fb",
    "-3",
    "0.5s",
    "resource.type",
    "gce_disk",
    "é",
    "*",
];

/// Parts of filters that are more often whole.
const TERMS: [&str; 18] = [
    "log_name:x.com/y",
    "logName!~'x.com/y'",
    "-logName:\"/logs/x.com%2Fy\"",
    "resource.type:gce_disk",
    "trace!=(a OR b.c)",
    "NOT trace!~('a' OR \"b\" or c)",
    "trace=(a b OR NOT c)",
    "jsonPayload.'x y'!=NULL_VALUE",
    "-jsonPayload.x!=NULL_VALUE",
    "log_id('x.com%2fy')",
    "trace=~\"^a\\.b$\"",
    "trace!~(\"a.b\" AND '^c$')",
    "severity:error",
    "(a OR b c)",
    "protopayload.Status.code>1.5",
    "cast(regexp_extract(trace, 'a.b(.)'), INT64) < 5",
    "'it\\'s \"so\" \\\\'",
    "-(x or y)",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn safe_repairs_keep_the_meaning_and_all_end(
        terms in prop::collection::vec((prop::sample::select(&TERMS[..]), prop::sample::select(&[" ", " AND ", " OR ", "\nor ", " and not ", " AND (NOT ", ") "][..])), 1..7)
    ) {
        let text: String = terms.iter().flat_map(|(term, joint)| [*term, *joint]).collect();
        holds(&text);
        let (open, shut) = (text.matches("(NOT").count(), text.matches(") ").count());
        holds(&format!("{text} x{}", ")".repeat(open.saturating_sub(shut))));
    }

    #[test]
    fn no_text_makes_lints_panic(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..12)) {
        holds(&words.concat());
        holds(&words.join(" "));
    }
}

#[test]
fn filters_of_others_stay_what_they_are() {
    let Ok(file) = std::env::var("BILLTRAIL_LQL_SAMPLES") else {
        println!("SKIPPED: BILLTRAIL_LQL_SAMPLES names no file");
        return;
    };
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.split("\n----\n").for_each(holds);
}

/// What a filter selects of a few entries; `None` if it cannot be evaluated.
fn selects(text: &str) -> Option<Vec<bool>> {
    let entries = [
        r#"{"logName":"projects/p/logs/x.com%2Fy","trace":"b.c","severity":"ERROR","resource":{"type":"gce_disk"},"protoPayload":{"status":{"code":2}}}"#,
        r#"{"logName":"projects/p/logs/a.com%2Fb","trace":"a","labels":{"a b":"b.c"},"protoPayload":{"Status":{"code":7},"methodName":"a"}}"#,
        r#"{"logName":"projects/p/logs/z","trace":"a.b","textPayload":"a b c x y z it's \"so\" \\","jsonPayload":{"x":null,"x y":"c"},"httpRequest":{"latency":"0.6s"}}"#,
        "{}",
    ];
    let filter = Compiled::new(&parse(text).ok()?, &Schema::log_entry()).ok()?;
    let entries = entries.map(|entry| serde_json::from_str(entry).unwrap_or_else(|error| panic!("{entry}: {error}")));
    Some(entries.iter().map(|entry| filter.matches(entry)).collect())
}

#[test]
fn safe_repairs_select_the_same_entries() {
    let terms = TERMS.iter().chain(&[
        "labels.'a b'=b.c",
        "trace=(a OR b.c)",
        "x y OR z",
        "httpRequest.latency>0.5s",
        "log_name:y b.c",
    ]);
    let mut selected = 0;
    for (term, other) in terms.flat_map(|term| TERMS.iter().map(move |other| (term, other))) {
        for text in [format!("{term} OR {other} trace:*"), format!("NOT ({term} {other} OR labels.'a b':b.c)")] {
            let findings = lint(&text, &parse(&text).unwrap_or_else(|error| panic!("{text}: {error}")), Context::Query);
            let safe = apply(&text, &findings);
            let before = selects(&text);
            assert_eq!(before, selects(&safe), "{text} -> {safe}");
            selected += usize::from(before.is_some_and(|before| before.contains(&true) && before.contains(&false)));
        }
    }
    assert!(selected > 100, "{selected} filters tell entries apart");
}
