//! The documents for users: what the closed lists hold is written in `docs/attribution.md`, and links lead somewhere.

use billtrail::gcp::kind::{Kind, Rule};
use billtrail::model::reason::{
    DiagnosticKind, Driver, Flag, MergeCause, PayerReason, QuantityUnit, Reason, RejectReason, SkipReason,
};

use super::world::root;

const DOCUMENTS: [&str; 9] = [
    "README.md",
    "CHANGELOG.md",
    "docs/attribution.md",
    "docs/filters.md",
    "docs/focus.md",
    "docs/object-storage.md",
    "docs/privacy.md",
    "docs/statements.md",
    "sample-logs/README.md",
];

#[test]
fn every_member_of_the_closed_lists_has_its_line() {
    macro_rules! names {
        ($($list:ty),+) => {{
            let mut names: Vec<&str> = Vec::new();
            $(names.extend(<$list>::ALL.iter().map(|member| member.name()));)+
            names
        }};
    }
    let lists = [
        ("Kinds", names!(Kind)),
        ("Rules", names!(Rule)),
        ("Why a call is not billable", names!(Reason)),
        ("When nobody pays, and remarks on payers", names!(PayerReason)),
        ("Drivers and quantities", names!(Driver, QuantityUnit)),
        ("Flags", names!(Flag)),
        ("One call, several entries", names!(MergeCause)),
        ("Records that are not counted", names!(RejectReason, SkipReason)),
        ("Diagnostics", names!(DiagnosticKind)),
    ];
    let text = read("docs/attribution.md");
    let mut failures = Vec::new();
    for (heading, names) in lists {
        let documented = first_cells(section(&text, heading));
        for name in &names {
            if !documented.contains(name) {
                failures.push(format!("`{name}` has no line under \"{heading}\""));
            }
        }
        for name in documented {
            if !names.contains(&name) {
                failures.push(format!("`{name}` under \"{heading}\" is in no closed list"));
            }
        }
    }
    assert!(failures.is_empty(), "docs/attribution.md:\n{}", failures.join("\n"));
}

#[test]
fn reasons_stand_in_their_order_of_precedence() {
    let text = read("docs/attribution.md");
    let expected: Vec<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(first_cells(section(&text, "Why a call is not billable")), expected);
}

#[test]
fn the_example_of_a_call_key_is_right() {
    let text = read("docs/attribution.md");
    let part = section(&text, "One call, several entries");
    let identity = part.lines().find(|line| line.starts_with("entry␟")).unwrap().replace('␟', "\u{1f}");
    let key = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(identity.as_bytes()));
    assert!(part.contains(&format!("has the key `{key}`")), "the key is {key}");
}

#[test]
fn every_link_leads_somewhere() {
    let mut failures = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        for target in links(&text).filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let place = root().join(document);
            let path = if file.is_empty() { place } else { place.parent().unwrap().join(file) };
            if !path.exists() {
                failures.push(format!("{document}: there is no file {file}"));
            } else if !anchor.is_empty()
                && !anchors(&std::fs::read_to_string(&path).unwrap()).any(|name| name == anchor)
            {
                failures.push(format!("{document}: {target} leads to no heading"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn read(document: &str) -> String {
    std::fs::read_to_string(root().join(document)).unwrap()
}

/// The text between a heading of the second level and the next.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let start = text.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section \"{heading}\""));
    let part = &text[start + 1..];
    part.find("\n## ").map_or(part, |end| &part[..end])
}

/// The names in code that begin the rows of the tables.
fn first_cells(section: &str) -> Vec<&str> {
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once("` |")).map(|(name, _)| name).collect()
}

/// The targets of links, outside of code.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    let prose = text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        code ^= fence;
        !fence && !code
    });
    prose.flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next())
}

/// The anchors that a Markdown page has: headings in small letters, blanks as hyphens, other signs left out.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings.map(|heading| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    })
}
