//! The part of a filter that finds the calls somebody may pay for.
//!
//! The language cannot follow the rules of the kinds, so every field that can name a payer is asked: more entries are
//! found than are paid for, none is missed.

use super::filter_parts::{any, compared};
use crate::lql::ast::{Expr, Op};

/// A project, or projects, that may pay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Candidate {
    /// One project by what is known of it.
    Project {
        /// Its id.
        id: Option<String>,
        /// Its number.
        number: Option<u64>,
    },
    /// Every project whose whole id a regular expression matches; written without anchors.
    Pattern(String),
}

/// The field that most entries name their project in.
const LABEL: &str = "resource.labels.project_id";

/// The field that names who asks to be billed, often by number in hexadecimal.
const REQUESTER: &str = "protoPayload.authorizationInfo.resource";

/// Fields that hold a name that begins with `projects/P`.
const NAMES: [&str; 7] = [
    "protoPayload.resourceName",
    REQUESTER,
    "protoPayload.request.parent",
    "protoPayload.request.readStream",
    "protoPayload.metadata.tableDataRead.sessionName",
    "protoPayload.metadata.tableDataRead.jobName",
    "protoPayload.metadata.tableDataChange.jobName",
];

/// Those of them that may end with the project.
const WHOLE: [&str; 3] = ["protoPayload.resourceName", REQUESTER, "protoPayload.request.parent"];

/// Fields of a BigQuery job that name a reservation, whose administration project pays.
const RESERVATIONS: [&str; 4] = [
    "protoPayload.metadata.jobChange.job.jobStats.reservation",
    "protoPayload.metadata.jobChange.job.jobStats.reservationUsage.name",
    "protoPayload.serviceData.jobCompletedEvent.job.jobStatistics.reservation",
    "protoPayload.serviceData.jobCompletedEvent.job.jobStatistics.reservationUsage.name",
];

/// No more names than these are spelt out in each field; more stand in one pattern a field, which is shorter.
const SPELT_OUT: usize = 4;

/// Entries whose call one of the candidates may pay for; `None` without a candidate.
pub fn paid_by(candidates: &[Candidate]) -> Option<Expr> {
    let (mut tokens, mut hexadecimal, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in candidates {
        match candidate {
            Candidate::Project { id, number } => {
                tokens.extend(id.clone());
                tokens.extend(number.map(|number| number.to_string()));
                hexadecimal.extend(number.map(|number| format!("{number:x}")));
            }
            Candidate::Pattern(pattern) => patterns.push(pattern.as_str()),
        }
    }
    let labels: Vec<String> = patterns.iter().map(|pattern| format!("^{}$", plain(pattern, "."))).collect();
    let mut clauses = vec![compared(LABEL, Op::Eq, &tokens), compared(LABEL, Op::Matches, &labels)];
    if patterns.is_empty() && tokens.len() <= SPELT_OUT {
        clauses.extend(spelt_out(&tokens, &hexadecimal));
    } else if !candidates.is_empty() {
        let escaped = tokens.iter().map(|token| literally(token));
        let all: Vec<String> = escaped.chain(patterns.iter().map(|pattern| plain(pattern, "[^/]"))).collect();
        clauses.extend(by_pattern(&all.join("|")));
    }
    if !hexadecimal.is_empty() {
        // Some logs lose a zero of the sixteen digits.
        let digits = format!("^projects/0+({})$", hexadecimal.join("|"));
        clauses.push(compared(REQUESTER, Op::Matches, &[digits]));
    }
    any(clauses.into_iter().flatten().collect())
}

/// Each name in each field.
fn spelt_out(tokens: &[String], hexadecimal: &[String]) -> Vec<Option<Expr>> {
    let named = |end: &str| tokens.iter().map(|token| format!("projects/{token}{end}")).collect::<Vec<_>>();
    let mut clauses = vec![compared("logName", Op::Has, &named("/logs/"))];
    for field in NAMES {
        let mut whole = named("");
        if field == REQUESTER {
            whole.extend(hexadecimal.iter().map(|digits| format!("projects/{digits:0>16}")));
        }
        if WHOLE.contains(&field) {
            clauses.push(compared(field, Op::Eq, &whole));
        }
        clauses.push(compared(field, Op::Has, &named("/")));
    }
    // A reservation is `projects/P/…` or `P:location.name`.
    let owners: Vec<String> = tokens.iter().map(|token| format!("{token}:")).chain(named("/")).collect();
    clauses.extend(RESERVATIONS.iter().map(|field| compared(field, Op::Has, &owners)));
    clauses
}

/// All names in one pattern for each field.
fn by_pattern(all: &str) -> Vec<Option<Expr>> {
    let mut clauses = vec![compared("logName", Op::Matches, &[format!("^projects/({all})/logs/")])];
    let named = [format!("(^|/)projects/({all})(/|$)")];
    clauses.extend(NAMES.iter().map(|field| compared(field, Op::Matches, &named)));
    let owned = [format!("^(projects/)?({all})[/:]")];
    clauses.extend(RESERVATIONS.iter().map(|field| compared(field, Op::Matches, &owned)));
    clauses
}

/// A text as a pattern that matches only it.
pub(super) fn literally(text: &str) -> String {
    plain(&regex::escape(text), ".")
}

/// A pattern as RE2 reads it, in which `.` stands for `any`, with escapes only where they are needed.
fn plain(pattern: &str, any: &str) -> String {
    let (mut out, mut class) = (String::new(), false);
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match (letter, class) {
            ('\\', _) => match letters.next() {
                Some('-') if !class => out.push('-'),
                Some('.') if !class => out.push_str("[.]"),
                escaped => out.extend(std::iter::once('\\').chain(escaped)),
            },
            ('.', false) => out.push_str(any),
            (letter, _) => {
                class = (class || letter == '[') && letter != ']';
                out.push(letter);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(candidates: &[Candidate]) -> String {
        format!("{:?}", paid_by(candidates))
    }

    #[test]
    fn a_number_is_looked_for_in_both_its_forms() {
        let found = texts(&[Candidate::Project { id: None, number: Some(73_829_149_210) }]);
        for text in [
            "\"73829149210\"",
            "\"projects/73829149210\"",
            "\"projects/00000011308f6a1a\"",
            "^projects/0+(11308f6a1a)$",
        ] {
            assert!(found.contains(text), "{text}: {found}");
        }
    }

    #[test]
    fn a_pattern_stays_within_the_name_of_a_project() {
        assert_eq!(plain(r"ads\-.*", "[^/]"), "ads-[^/]*");
        assert_eq!(plain(r"a.[\-a-c.]\.d(?:x|y)", "."), r"a.[\-a-c.][.]d(?:x|y)");
        let found = texts(&[Candidate::Pattern(r"ads\-.*".to_owned())]);
        assert!(found.contains("\"^ads-.*$\"") && found.contains("\"(^|/)projects/(ads-[^/]*)(/|$)\""), "{found}");
    }

    #[test]
    fn many_names_stand_in_one_pattern() {
        let project = |n| Candidate::Project { id: Some(format!("1.example.com:ads-{n}")), number: None };
        let found = texts(&(0..9).map(project).collect::<Vec<_>>());
        assert_eq!(found.matches("\"1.example.com:ads-3\"").count(), 1, "{found}");
        assert!(found.contains("|1[.]example[.]com:ads-3|"), "{found}");
    }

    #[test]
    fn nobody_pays_for_nothing() {
        assert_eq!(paid_by(&[]), None);
    }
}
