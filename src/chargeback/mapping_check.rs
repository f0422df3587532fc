//! What is worth saying about a mapping that can be read: contradictions, and advice for the person who keeps it.
//!
//! What needs to know the projects that exist is in `mapping_reach`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::mapping::Mapping;
use super::mapping_error::{MappingError, MappingErrors, MappingProblem};
use super::mapping_init::PLACEHOLDER;
use super::mapping_reach as reach;
use super::mapping_row::MappingRow;
use super::mapping_selector::{Projects, Selector};
use crate::model::directory::Directory;
use crate::model::payer::{Payer, PayerRef};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The mapping contradicts itself.
    Error,
    /// The mapping works, but perhaps not as its writer meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing worth saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The line of the mapping it is about, if it is about one.
    pub line: Option<u64>,
    /// What was found. May hold text from the mapping, the inventory or logs.
    pub message: String,
}

pub(super) fn warning(line: Option<u64>, message: String) -> Finding {
    Finding { severity: Severity::Warning, line, message }
}

/// What the input met.
#[derive(Debug, Clone, Copy)]
pub struct Met<'a> {
    /// The resolved payers with their calls and billable calls.
    pub payers: &'a [(Payer, u64, u64)],
    /// The rows that decided for a call, by index.
    pub rows: &'a BTreeSet<usize>,
    /// Rows that are equally near to a call, by index: the one that decided, and the other.
    pub ties: &'a BTreeSet<(usize, usize)>,
}

impl Mapping {
    /// Fails when the mapping cannot be used with an inventory: when an id row and a number row hold at one time and
    /// are one project, and when rows need an inventory and there is none.
    pub fn agrees_with(&self, directory: &Directory) -> Result<(), MappingErrors> {
        let mut problems = one_project_twice(self, directory);
        if directory.entries().next().is_none() {
            problems.extend(without_inventory(self));
        }
        let error = |(line, problem)| MappingError { file: self.file().to_owned(), line, problem };
        let errors: Vec<MappingError> = problems.into_iter().map(error).collect();
        if errors.is_empty() { Ok(()) } else { Err(MappingErrors(errors)) }
    }
}

/// Every finding: errors first, by line, then payers without a row (largest first), then projects without a row.
///
/// The mapping has taken its inventory from the directory. Without what the input met, and without a directory, what
/// needs them is not checked.
pub fn check(mapping: &Mapping, directory: Option<&Directory>, met: Option<Met<'_>>) -> Vec<Finding> {
    let payers = met.map_or(&[][..], |met| met.payers);
    let known = known_payers(directory, payers);
    let mut findings = Vec::new();
    let error = |(line, problem): (u64, MappingProblem)| Finding {
        severity: Severity::Error,
        line: Some(line),
        message: problem.to_string(),
    };
    match directory {
        Some(directory) => findings.extend(one_project_twice(mapping, directory).into_iter().map(error)),
        None => {
            findings.extend(without_inventory(mapping).map(|(line, problem)| warning(Some(line), problem.to_string())))
        }
    }
    findings.extend(reach::ties(mapping, &known, met));
    findings.extend(spellings(mapping));
    findings.extend(cost_centers(mapping));
    findings.extend(gaps(mapping));
    findings.extend(placeholders(mapping));
    findings.extend(reach::rows_without_a_project(mapping, directory, payers));
    findings.extend(reach::rows_that_never_decide(mapping, met, &known));
    // Stable: payers and projects without a row have no line and keep their order.
    findings.sort_by_key(|finding| (finding.severity, finding.line.is_none(), finding.line));
    findings.extend(payers_without_a_row(mapping, payers));
    findings.extend(projects_without_a_row(mapping, directory, payers));
    findings
}

/// Rows that speak of what only an inventory can show.
fn without_inventory(mapping: &Mapping) -> impl Iterator<Item = (u64, MappingProblem)> {
    let rows = mapping.rows().iter().filter(|row| row.selector.needs_inventory());
    rows.map(|row| (row.line, MappingProblem::NeedsInventory { selector: row.selector.to_string() }))
}

/// The payers of the input and the inventory's projects.
fn known_payers(directory: Option<&Directory>, payers: &[(Payer, u64, u64)]) -> BTreeSet<Payer> {
    let inventory = directory.into_iter().flat_map(projects);
    inventory.chain(payers.iter().map(|(payer, _, _)| payer.clone())).collect()
}

pub(super) fn projects(directory: &Directory) -> impl Iterator<Item = Payer> {
    directory.entries().map(|entry| directory.resolve(&PayerRef::project_id(entry.id.as_str())))
}

fn one_project_twice(mapping: &Mapping, directory: &Directory) -> BTreeSet<(u64, MappingProblem)> {
    let mut problems = BTreeSet::new();
    for row in mapping.rows() {
        let Selector::Projects(Projects::Number(number)) = &row.selector else { continue };
        let payer = directory.resolve(&PayerRef::project_number(*number));
        let named = |row: &MappingRow| matches!(row.selector, Selector::Projects(Projects::Id(_)));
        let by_id = |other: &&MappingRow| named(other) && other.overlaps(row);
        for other in mapping.matching(&payer).filter(by_id) {
            let (early, late) = if other.line < row.line { (other, row) } else { (row, other) };
            let (selector, other) = (late.selector.to_string(), early.selector.to_string());
            problems.insert((late.line, MappingProblem::SameProject { selector, other, first: early.line }));
        }
    }
    problems
}

/// Units whose names differ only in case or blanks.
fn spellings(mapping: &Mapping) -> Vec<Finding> {
    let mut units: BTreeMap<String, BTreeMap<u64, &str>> = BTreeMap::new();
    for row in mapping.rows() {
        let plain: String = row.business_unit.to_lowercase().split_whitespace().collect();
        let spelt = units.entry(plain).or_default();
        if !spelt.values().any(|known| *known == row.business_unit) {
            spelt.insert(row.line, &row.business_unit);
        }
    }
    units.into_values().filter_map(|spelt| several("a unit is spelt in several ways", &spelt)).collect()
}

/// Units with more than one cost center.
fn cost_centers(mapping: &Mapping) -> Vec<Finding> {
    let mut units: BTreeMap<&str, BTreeMap<u64, &str>> = BTreeMap::new();
    for row in mapping.rows() {
        let Some(center) = &row.cost_center else { continue };
        let centers = units.entry(&row.business_unit).or_default();
        if !centers.values().any(|known| known == center) {
            centers.insert(row.line, center);
        }
    }
    let what = |unit| format!("unit `{unit}` has several cost centers");
    units.into_iter().filter_map(|(unit, centers)| several(&what(unit), &centers)).collect()
}

/// A warning about texts that should be one, each with the line that has it first; on the line of the second.
fn several(what: &str, texts: &BTreeMap<u64, &str>) -> Option<Finding> {
    let second = *texts.keys().nth(1)?;
    let texts: Vec<String> = texts.iter().map(|(line, text)| format!("`{text}` (line {line})")).collect();
    Some(warning(Some(second), format!("{what}: {}", texts.join(", "))))
}

/// Times between dated rows of one selector in which none holds.
fn gaps(mapping: &Mapping) -> Vec<Finding> {
    let mut selectors: BTreeMap<String, Vec<&MappingRow>> = BTreeMap::new();
    for row in mapping.rows() {
        selectors.entry(row.selector.to_string()).or_default().push(row);
    }
    let mut findings = Vec::new();
    for (selector, mut rows) in selectors {
        rows.sort_by_key(|row| row.validity.from);
        // How far the rows so far reach, and the line that reaches so far; rows that share may hold side by side.
        let mut reached: Option<(i64, u64)> = None;
        for row in rows {
            if let (Some((end, line)), Some(begin)) = (reached, row.validity.from)
                && end < begin
            {
                let (end, begin) = (mapping.moment_text(end), mapping.moment_text(begin));
                let message = format!("{selector} has no row from {end} (end of line {line}) until {begin}");
                findings.push(warning(Some(row.line), message));
            }
            let end = row.validity.to.unwrap_or(i64::MAX);
            reached = reached.max(Some((end, row.line)));
        }
    }
    findings
}

/// Rows of a skeleton that nobody filled in.
fn placeholders(mapping: &Mapping) -> Option<Finding> {
    let mut rows = mapping.rows().iter().filter(|row| row.business_unit == PLACEHOLDER);
    let first = rows.next()?;
    let count = rows.count() + 1;
    Some(warning(Some(first.line), format!("rows whose business unit is still `{PLACEHOLDER}`: {count}")))
}

fn payers_without_a_row(mapping: &Mapping, payers: &[(Payer, u64, u64)]) -> Vec<Finding> {
    let mut without: Vec<_> = payers.iter().filter(|(payer, _, _)| mapping.matching(payer).next().is_none()).collect();
    without.sort_by(|(a, calls, billable), (b, other_calls, other_billable)| {
        (other_billable, other_calls, a).cmp(&(billable, calls, b))
    });
    let message = |payer, calls, billable| {
        format!("payer `{payer}` has no row and becomes `(unmapped)`; billable calls: {billable} of {calls}")
    };
    without.into_iter().map(|(payer, calls, billable)| warning(None, message(payer, calls, billable))).collect()
}

/// Projects of the inventory without a row, except those the input already told of.
fn projects_without_a_row(
    mapping: &Mapping,
    directory: Option<&Directory>,
    payers: &[(Payer, u64, u64)],
) -> Vec<Finding> {
    let told: BTreeSet<&str> = payers.iter().filter_map(|(payer, _, _)| payer.id.as_deref()).collect();
    let inventory = directory.into_iter().flat_map(projects);
    let without = inventory.filter(|project| {
        mapping.matching(project).next().is_none() && !project.id.as_deref().is_some_and(|id| told.contains(id))
    });
    without.map(|project| warning(None, format!("project `{project}` of the inventory has no row"))).collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::model::directory::Entry;
    use crate::model::payer::Namespace;

    fn mapping(rows: &str) -> Mapping {
        let text = format!("project,business_unit,cost_center,valid_from,valid_to\n{rows}");
        Mapping::parse("m.csv", text.as_bytes(), Tz::UTC).expect("the test's mapping is sound")
    }

    /// The findings of a mapping whose payers were met, with the rows that decide for them at an unknown time.
    fn check(mapping: &Mapping, directory: Option<&Directory>, payers: Option<&[(Payer, u64, u64)]>) -> Vec<Finding> {
        let rows = payers.into_iter().flatten().filter_map(|(payer, _, _)| mapping.unit(payer, None));
        let (rows, ties) = (rows.map(|row| row.index).collect(), BTreeSet::new());
        super::check(mapping, directory, payers.map(|payers| Met { payers, rows: &rows, ties: &ties }))
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
    fn a_clean_mapping_has_no_findings() {
        let map = mapping("ads-prod,Ads,1\n7002,Shop,2\nlab-*,Lab\n");
        let directory = directory(&[("ads-prod", 7001), ("shop-prod", 7002), ("lab-one", 7003)]);
        let payers: Vec<_> = projects(&directory).map(|payer| (payer, 1, 1)).collect();
        assert_eq!(told(&check(&map, Some(&directory), Some(&payers))), [""; 0]);
        assert_eq!(told(&check(&map, None, None)), [""; 0]);
        assert_eq!(map.agrees_with(&directory), Ok(()));
    }

    #[test]
    fn id_and_number_of_one_project_are_an_error() {
        let map = mapping("7001,Ads\nads-prod,Shop,,2026-10\n");
        let directory = directory(&[("ads-prod", 7001)]);
        let error = "project `ads-prod` is the project number `7001` of line 2, and both rows hold at one time";
        assert_eq!(told(&check(&map, Some(&directory), None)), [format!("error 3: {error}")]);
        let errors = map.agrees_with(&directory).expect_err("one project is listed twice");
        assert_eq!(errors.to_string(), format!("m.csv:3: {error}"));
        assert_eq!(mapping("7001,Ads,,,2026-10\nads-prod,Shop,,2026-10\n").agrees_with(&directory), Ok(()));
    }

    #[test]
    fn globs_that_tie_on_a_real_payer_are_an_error() {
        let ads = [(Payer::from("ads-prod"), 1, 1)];
        let shop = [(Payer::from("shop-prod"), 1, 1)];
        let map = mapping("ads-*-*,A\nads-*,B\n*-prod,C\n");
        assert_eq!(told(&check(&map, None, Some(&shop)))[0], "warning 2: glob `ads-*-*` matches no payer of the input");
        let tie = mapping("ads-*,A\n*prod,B\nabc-*,C\n");
        let findings = told(&check(&tie, None, Some(&ads)));
        let error = "error 3: glob `*prod` and glob `ads-*` of line 2 are equally specific and both match `ads-prod`";
        assert_eq!(findings[0], error);
        let dated = mapping("ads-*,A,,,2026-10\n*prod,B,,2026-10\nads-prod,X,,2026-11\n");
        assert!(check(&dated, None, Some(&ads)).iter().all(|finding| finding.severity == Severity::Warning));
        let decided = mapping("ads-*,A\n*prod,B\nads-prod,X\n");
        assert!(check(&decided, None, Some(&ads)).iter().all(|finding| finding.severity == Severity::Warning));
    }

    #[test]
    fn spellings_cost_centers_gaps_and_placeholders_are_warnings() {
        let map = mapping(
            "ads-prod,Ads,1,,2026-10\nads-prod,ads,1,2026-11,\nads-test,Ads,2\nshop-prod,A Ds\nlab-one,unassigned\n",
        );
        assert_eq!(
            told(&check(&map, None, None)),
            [
                "warning 3: a unit is spelt in several ways: `Ads` (line 2), `ads` (line 3), `A Ds` (line 5)",
                "warning 3: project `ads-prod` has no row from 2026-10-01 (end of line 2) until 2026-11-01",
                "warning 4: unit `Ads` has several cost centers: `1` (line 2), `2` (line 4)",
                "warning 6: rows whose business unit is still `unassigned`: 1",
            ]
        );
    }

    #[test]
    fn what_never_decides_and_what_has_no_row_is_told() {
        let map = mapping("ads-*,Ads\nads-prod,Ads\nlab-one,Lab\n");
        let directory = directory(&[("ads-prod", 7001), ("lab-one", 7002), ("new-app", 7003), ("shop-prod", 7004)]);
        let number = Payer { namespace: Namespace::GcpProject, id: None, number: Some(7009) };
        let payers = [
            (directory.resolve(&PayerRef::project_id("ads-prod")), 9, 9),
            (directory.resolve(&PayerRef::project_id("shop-prod")), 9, 1),
            (number, 8, 2),
        ];
        assert_eq!(
            told(&check(&map, Some(&directory), Some(&payers))),
            [
                "warning 2: glob `ads-*` never decides: other rows come first for all it matches (1)",
                "warning 4: project `lab-one` matches no payer of the input",
                "warning payer `number:7009` has no row and becomes `(unmapped)`; billable calls: 2 of 8",
                "warning payer `shop-prod` has no row and becomes `(unmapped)`; billable calls: 1 of 9",
                "warning project `new-app` of the inventory has no row",
            ]
        );
    }
}
