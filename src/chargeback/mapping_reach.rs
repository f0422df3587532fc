//! How far the rows of a mapping reach: ties, rows without a project and rows that never decide, for the projects that
//! exist.

use std::collections::{BTreeMap, BTreeSet};

use super::mapping::Mapping;
use super::mapping_check::{Finding, Met, Severity, warning};
use super::mapping_row::MappingRow;
use super::mapping_selector::{Project, Projects, Selector};
use crate::model::directory::{Directory, Entry};
use crate::model::payer::Payer;

/// The indexes of the rows that decide for a payer at some time.
fn deciding(mapping: &Mapping, payer: &Payer) -> BTreeSet<usize> {
    mapping.moments().filter_map(|time| mapping.unit(payer, Some(time))).map(|row| row.index).collect()
}

/// Rows between which only their spelling decides, for a project that exists or for a call of the input.
pub(super) fn ties(mapping: &Mapping, known: &BTreeSet<Payer>, met: Option<Met<'_>>) -> Vec<Finding> {
    let mut ties: BTreeMap<(u64, u64), (&MappingRow, &MappingRow, String)> = BTreeMap::new();
    let mut tie = |row: &'_ MappingRow, rival: &'_ MappingRow, what: &dyn Fn() -> String| {
        let (early, late) = if row.line < rival.line { (row.index, rival.index) } else { (rival.index, row.index) };
        let (early, late) = (&mapping.rows()[early], &mapping.rows()[late]);
        ties.entry((late.line, early.line)).or_insert_with(|| (late, early, what()));
    };
    for payer in known {
        for time in mapping.moments() {
            let Some(row) = mapping.unit(payer, Some(time)) else { continue };
            if let Some(rival) = mapping.rival(payer, row, Some(time)) {
                tie(row, rival, &|| format!("match `{payer}`"));
            }
        }
    }
    for (row, rival) in met.into_iter().flat_map(|met| met.ties) {
        tie(&mapping.rows()[*row], &mapping.rows()[*rival], &|| "match one call of the input".to_owned());
    }
    let finding = |((line, other), (late, early, what)): ((u64, u64), (&MappingRow, &MappingRow, String))| Finding {
        severity: Severity::Error,
        line: Some(line),
        message: format!(
            "{} and {} of line {other} are equally specific and both {what}",
            late.selector, early.selector
        ),
    };
    ties.into_iter().map(finding).collect()
}

/// Rows whose projects neither the inventory nor the input has.
pub(super) fn rows_without_a_project(
    mapping: &Mapping,
    directory: Option<&Directory>,
    payers: &[(Payer, u64, u64)],
) -> Vec<Finding> {
    let Some(directory) = directory.filter(|directory| directory.entries().next().is_some()) else {
        return Vec::new();
    };
    let seen: BTreeSet<&str> = payers.iter().filter_map(|(payer, _, _)| payer.id.as_deref()).collect();
    let ids: BTreeSet<&str> = directory.entries().map(|entry| entry.id.as_str()).chain(seen.iter().copied()).collect();
    let listed: Vec<(&Entry, Vec<String>)> =
        directory.entries().map(|entry| (entry, directory.ancestors(&entry.id))).collect();
    let shown = |projects: &Projects| {
        listed.iter().any(|(entry, ancestors)| {
            let project = Project { id: Some(&entry.id), number: None, labels: &entry.labels, ancestors };
            projects.closeness(&project).is_some()
        })
    };
    let mut findings = Vec::new();
    for row in mapping.rows() {
        let (projects, noun) = match &row.selector {
            Selector::Projects(projects) => (projects, row.selector.to_string()),
            Selector::Calls { within: Some(projects), .. } => (projects, format!("the {projects} of `within`")),
            Selector::Calls { within: None, .. } => continue,
        };
        let (exists, advice) = match projects {
            Projects::Id(id) if ids.contains(id.as_str()) => (true, String::new()),
            Projects::Id(id) => (
                directory.number_of(id).is_some(),
                match nearest(id, &ids) {
                    Some(near) => format!("; is it `{near}`?"),
                    None => " (deleted, or misspelt)".to_owned(),
                },
            ),
            Projects::Number(number) => {
                let met = payers.iter().any(|(payer, _, _)| payer.number == Some(*number));
                (met || directory.id_of(*number).is_some(), " (deleted, or misspelt)".to_owned())
            }
            Projects::Glob(glob) => (ids.iter().any(|id| glob.matches(id)), String::new()),
            Projects::Label(_) => (shown(projects), String::new()),
            Projects::Folder(_) | Projects::Organization(_) => (
                shown(projects),
                "; a list of projects names the parent alone, Cloud Asset Inventory all above it".to_owned(),
            ),
        };
        if !exists {
            findings.push(warning(Some(row.line), format!("{noun} is not in the inventory{advice}")));
        }
    }
    findings
}

/// Rows that match nothing in the input, and rows all of whose projects are decided by others.
pub(super) fn rows_that_never_decide(mapping: &Mapping, met: Option<Met<'_>>, known: &BTreeSet<Payer>) -> Vec<Finding> {
    let (mut decides, mut matched) = (BTreeSet::new(), vec![0_usize; mapping.rows().len()]);
    for payer in known {
        decides.extend(deciding(mapping, payer));
        for row in mapping.matching(payer) {
            matched[row.index] += 1;
        }
    }
    let named = |row: &MappingRow| {
        matches!(row.selector, Selector::Projects(Projects::Id(_) | Projects::Number(_)) | Selector::Calls { .. })
    };
    let shadowed = |row: &MappingRow| matched[row.index] > 0 && !named(row);
    let mut findings = Vec::new();
    for row in mapping.unused(&decides).into_iter().filter(|row| shadowed(row)) {
        let count = matched[row.index];
        let message = format!("{} never decides: other rows come first for all it matches ({count})", row.selector);
        findings.push(warning(Some(row.line), message));
    }
    let Some(met) = met else { return findings };
    let of_payers: BTreeSet<usize> = met.payers.iter().flat_map(|(payer, _, _)| deciding(mapping, payer)).collect();
    for row in mapping.unused(&(&of_payers | met.rows)) {
        let what = match &row.selector {
            Selector::Calls { .. } => "call",
            Selector::Projects(_) => "payer",
        };
        if decides.contains(&row.index) || !shadowed(row) {
            findings.push(warning(Some(row.line), format!("{} matches no {what} of the input", row.selector)));
        }
    }
    findings
}

/// The id with the smallest edit distance, at most 2; the bytewise first of equals.
fn nearest<'a>(id: &str, ids: &BTreeSet<&'a str>) -> Option<&'a str> {
    let distances = ids.iter().filter_map(|other| Some((edit_distance(id, other, 2)?, *other)));
    distances.min().map(|(_, other)| other)
}

/// How many bytes must be inserted, removed or replaced to turn one id into the other; `None` above the limit.
fn edit_distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (above, x) in (1..).zip(a.bytes()) {
        let mut diagonal = row[0];
        row[0] = above;
        for (column, y) in (1..).zip(b.bytes()) {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[column];
            row[column] = replaced.min(row[column] + 1).min(row[column - 1] + 1);
        }
        if row.iter().all(|distance| *distance > limit) {
            return None;
        }
    }
    row.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    fn mapping(rows: &str) -> Mapping {
        let text = format!("project,business_unit,cost_center,valid_from,valid_to\n{rows}");
        Mapping::parse("m.csv", text.as_bytes(), Tz::UTC).expect("the test's mapping is sound")
    }

    fn directory(projects: &[(&str, u64)]) -> Directory {
        let mut directory = Directory::default();
        for (id, number) in projects {
            directory.add(Entry { id: (*id).to_owned(), number: Some(*number), ..Entry::default() });
        }
        directory
    }

    fn told(findings: &[Finding]) -> Vec<String> {
        let line = |finding: &Finding| finding.line.map(|line| format!("{line}: ")).unwrap_or_default();
        findings.iter().map(|finding| format!("{} {}{}", finding.severity, line(finding), finding.message)).collect()
    }

    #[test]
    fn rows_outside_the_inventory_come_with_a_suggestion() {
        let map = mapping("ads-prd,Ads\ngone-app,Old\n7009,Old\nold-*,Old\nads-prod,Ads\nmet-app,Met\n");
        let directory = directory(&[("ads-prod", 7001), ("new-app", 7002)]);
        let payers = [(Payer::from("met-app"), 1, 1)];
        let told = told(&rows_without_a_project(&map, Some(&directory), &payers));
        assert_eq!(
            told,
            [
                "warning 2: project `ads-prd` is not in the inventory; is it `ads-prod`?",
                "warning 3: project `gone-app` is not in the inventory (deleted, or misspelt)",
                "warning 4: project number `7009` is not in the inventory (deleted, or misspelt)",
                "warning 5: glob `old-*` is not in the inventory",
            ]
        );
    }

    #[test]
    fn the_edit_distance_counts_changes_up_to_the_limit() {
        assert_eq!(edit_distance("ads-prod", "ads-prod", 2), Some(0));
        assert_eq!(edit_distance("ads-prod", "ads-prd", 2), Some(1));
        assert_eq!(edit_distance("ads-prod", "asd-prod", 2), Some(2));
        assert_eq!(edit_distance("ads-prod", "lab-prod", 2), None);
        assert_eq!(edit_distance("ads-prod", "ads-production", 2), None);
    }
}
