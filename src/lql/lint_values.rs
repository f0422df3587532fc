//! Values: quotes, times, severities, nulls and numbers that are not compared as they look.

use super::ast::{Comparison, Literal, Op, Path, Values};
use super::lint::{Findings, Fix, LintId, leaves};
use super::lint_fix::{field, quoted};
use super::{lint_fields, lint_index};

/// Looks at a value wherever it stands: as the right side of a comparison, or alone.
pub(super) fn literal(value: &Literal, findings: &mut Findings) {
    if value.quoted || is_number(&value.text) || value.text != findings.at(value.span) {
        return;
    }
    let special = |letter: char| "~=():><,.*".contains(letter);
    if value.text.starts_with(['+', '-', '.']) || value.text.contains(special) {
        let replacement = quoted(&value.text);
        let message = format!("special characters without quotes; write {replacement}");
        let fix = Fix { span: value.span, replacement, safe: true };
        findings.add_with(LintId::UnquotedValue, value.span, message, Some(fix));
    }
}

/// Looks at the values that a field is compared with.
pub(super) fn comparison(path: &Path, comparison: &Comparison, negated: bool, findings: &mut Findings) {
    let (name, op) = (field(path), comparison.op);
    operator_type(path, comparison, findings);
    null_value(path, comparison, negated, findings);
    let single = matches!(comparison.right, Values::One(_));
    for value in leaves(&comparison.right) {
        if value.text.is_empty() && !(single && op != Op::Has) && value.quoted {
            let message = if op == Op::Has {
                format!("`{name}:\"\"` holds for every text; write `{name}:*` to ask whether the field is there")
            } else {
                "an empty text among the values".to_owned()
            };
            findings.add(LintId::EmptyValue, value.span, message);
        }
        if is_placeholder(&value.text) {
            continue;
        }
        if orders(op) && is_number(&value.text) && value.text != "0" && holds_counts(path) {
            let message = format!(
                "`{name}` may hold the number as text; compare with `=` or `!=`, or count outside of the filter"
            );
            findings.add(LintId::StructNumber, value.span, message);
        }
        if lint_fields::is_time(path) && !matches!(op, Op::Has | Op::Matches | Op::NotMatches) {
            timestamp_literal(value, findings);
        }
        if lint_fields::is(path, "severity") && !matches!(op, Op::Has | Op::Matches | Op::NotMatches) {
            severity_value(value, findings);
        }
        if op == Op::Has {
            lint_index::has(path, value, comparison, findings);
        }
    }
}

fn operator_type(path: &Path, comparison: &Comparison, findings: &mut Findings) {
    let sign = match comparison.op {
        Op::Has if !matches!(comparison.right, Values::Present) => ":",
        Op::Matches => "=~",
        Op::NotMatches => "!~",
        _ => return,
    };
    let (better, fits) = if lint_fields::is(path, "severity") {
        ("`=`, `>=` or `=(A OR B)` with the names of severities", comparison.op == Op::Has)
    } else if lint_fields::is_time(path) {
        ("`>=` and `<`, or `cast(timestamp, STRING)` on the left", false)
    } else if ["httpRequest.status", "protoPayload.status.code"].iter().any(|number| lint_fields::is(path, number)) {
        ("`=`, `>=` or `<`", false)
    } else {
        return;
    };
    let message = format!("`{sign}` compares text, and `{}` is none; write {better}", field(path));
    let fix = match &comparison.right {
        Values::One(value) if fits && known_severity(&value.text) => {
            let replacement = format!("severity={}", findings.at(value.span));
            Some(Fix { span: comparison.span, replacement, safe: false })
        }
        _ => None,
    };
    findings.add_with(LintId::OperatorType, comparison.span, message, fix);
}

fn null_value(path: &Path, comparison: &Comparison, negated: bool, findings: &mut Findings) {
    let Values::One(value) = &comparison.right else { return };
    let name = field(path);
    if value.text == "NULL_VALUE" && !value.quoted {
        match comparison.op {
            Op::Eq => {}
            Op::Ne => {
                let better = format!("NOT {name}=NULL_VALUE");
                let message = format!("write `{better}`, which also holds where the field is missing");
                let fix = (!negated).then_some(Fix { span: comparison.span, replacement: better, safe: false });
                findings.add_with(LintId::NullValue, comparison.span, message, fix);
            }
            _ => {
                let message = format!("null is compared with `=` only: `{name}=NULL_VALUE`");
                findings.add(LintId::NullValue, comparison.span, message);
            }
        }
    } else if matches!(comparison.op, Op::Eq | Op::Ne)
        && (value.text == "NULL_VALUE"
            || (!value.quoted && ["null", "nil", "none"].iter().any(|null| value.text.eq_ignore_ascii_case(null))))
    {
        let written = findings.at(value.span).to_owned();
        let message = format!("`{written}` is a text; null is written `NULL_VALUE`, a missing field `NOT {name}:*`");
        findings.add(LintId::NullValue, value.span, message);
    }
}

fn timestamp_literal(value: &Literal, findings: &mut Findings) {
    let text = value.text.as_str();
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() && text.len() == 10;
    let fraction = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    if day || (fraction <= 9 && chrono::DateTime::parse_from_rfc3339(text).is_ok()) {
        return;
    }
    let hint = if chrono::DateTime::parse_from_rfc3339(&format!("{text}Z")).is_ok() {
        "; the zone is missing, write `Z` or `+01:00` at the end"
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() >= 9 {
        "; seconds since 1970 are not understood"
    } else if text.contains(['n', 'h', 'd', 'P']) || text.starts_with('-') {
        "; a filter has no relative times"
    } else {
        ""
    };
    let message = format!("`{text}` is no time; write it like \"2026-05-01T00:00:00Z\" or \"2026-05-01\"{hint}");
    findings.add(LintId::TimestampLiteral, value.span, message);
}

const SEVERITIES: [&str; 9] =
    ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

fn known_severity(text: &str) -> bool {
    SEVERITIES.iter().any(|severity| severity.eq_ignore_ascii_case(text))
}

fn severity_value(value: &Literal, findings: &mut Findings) {
    if !known_severity(&value.text) && !is_number(&value.text) {
        let message = format!("`{}` is no severity; there are {}", value.text, SEVERITIES.join(", "));
        findings.add(LintId::SeverityValue, value.span, message);
    }
}

fn orders(op: Op) -> bool {
    matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge)
}

/// Whether a field may be a 64-bit number; codes are smaller.
fn holds_counts(path: &Path) -> bool {
    lint_fields::spelling(&path.segments).is_ok_and(|names| {
        names.len() > 2
            && names.last().is_some_and(|last| last != "code")
            && names[0] == "protoPayload"
            && ["metadata", "request", "response"].contains(&names[1].as_str())
    })
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) && text.parse::<f64>().is_ok()
}

/// Whether a text stands for a value that is filled in later: `<START>`, `${START}`.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.contains("${")
        || (text.starts_with('<') && text.ends_with('>'))
        || (text.contains("{{") && text.contains("}}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::lint::testing::{repaired, tells};

    #[test]
    fn values_with_special_characters_want_quotes() {
        tells(
            LintId::UnquotedValue,
            &["trace=a.b", "labels.x=prod*", "logName:/logs/a.b", "trace=(a OR b.c)", "foo.bar"],
            &[
                "trace=\"a.b\"",
                "trace=a-b",
                "jsonPayload.x>=-2.4",
                "jsonPayload.x=0.5",
                "severity>=ERROR",
                "source(projects/a.b)",
                "trace:*",
            ],
        );
        assert_eq!(repaired(LintId::UnquotedValue, "trace=a.b c"), "trace=\"a.b\" c");
    }

    #[test]
    fn times_must_exist() {
        tells(
            LintId::TimestampLiteral,
            &[
                "timestamp>\"2026-02-30\"",
                "timestamp>\"yesterday\"",
                "timestamp>=\"2026-01-01T00:00:00\"",
                "timestamp>\"2026-01-01T25:00:00Z\"",
                "receiveTimestamp<\"1767225600\"",
                "timestamp=(\"2026-01-01\" OR \"-1d\")",
                "timestamp>\"2026-01-01T00:00:00.1234567890Z\"",
            ],
            &[
                "timestamp>\"2026-02-28\"",
                "timestamp>\"2026-01-01T00:00:00.123456789+02:00\"",
                "timestamp>\"<START>\"",
                "timestamp>\"${START}\"",
                "jsonPayload.timestamp>\"yesterday\"",
                "timestamp:*",
            ],
        );
    }

    #[test]
    fn text_operators_do_not_fit_severities_times_and_numbers() {
        tells(
            LintId::OperatorType,
            &[
                "severity:ERROR",
                "severity=~\"ERR|CRIT\"",
                "timestamp:\"2026\"",
                "httpRequest.status=~\"^5\"",
                "protoPayload.status.code:7",
            ],
            &[
                "severity:*",
                "severity=(ERROR OR ALERT)",
                "jsonPayload.severity:\"ERR\"",
                "cast(timestamp, STRING)=~\"^2026\"",
            ],
        );
        assert_eq!(repaired(LintId::OperatorType, "severity:\"error\""), "severity=\"error\"");
    }

    #[test]
    fn severities_must_exist() {
        tells(
            LintId::SeverityValue,
            &["severity=WARN", "severity>=(FATAL OR ERROR)"],
            &["severity=warning", "severity>=500", "jsonPayload.severity=WARN", "severity=\"${LEVEL}\""],
        );
    }

    #[test]
    fn null_is_tested_with_equality() {
        tells(
            LintId::NullValue,
            &[
                "jsonPayload.x!=NULL_VALUE",
                "jsonPayload.x=\"NULL_VALUE\"",
                "jsonPayload.x=null",
                "jsonPayload.x:NULL_VALUE",
            ],
            &["jsonPayload.x=NULL_VALUE", "NOT jsonPayload.x=NULL_VALUE", "jsonPayload.x=\"null\"", "null"],
        );
        let repaired = |text| repaired(LintId::NullValue, text);
        assert_eq!(repaired("jsonPayload.\"a b\" != NULL_VALUE"), "NOT jsonPayload.\"a b\"=NULL_VALUE");
        assert_eq!(repaired("-jsonPayload.x!=NULL_VALUE"), "-jsonPayload.x!=NULL_VALUE");
    }

    #[test]
    fn numbers_in_structures_are_text() {
        tells(
            LintId::StructNumber,
            &[
                "protoPayload.metadata.job.totalBytes>100",
                "protoPayload.metadata.x<=\"7\"",
                "protoPayload.request.size>=1",
            ],
            &[
                "protoPayload.metadata.x=\"7\"",
                "protoPayload.metadata.error.code>=4",
                "protoPayload.metadata.x>0",
                "protoPayload.status.code>0",
                "jsonPayload.x>5",
                "protoPayload.metadata.x>\"a\"",
            ],
        );
    }

    #[test]
    fn an_empty_text_among_values_is_found() {
        tells(
            LintId::EmptyValue,
            &["trace=(\"a\" OR \"\")", "trace:\"\""],
            &["trace=\"\"", "trace!=\"\"", "trace=(\"a\" OR \"b\")"],
        );
    }
}
