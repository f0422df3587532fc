//! Whom `billtrail filter` takes for the payer: the projects of `--payer`, or those of a business unit.

use std::collections::BTreeSet;

use super::Failure;
use crate::chargeback::mapping::Mapping;
use crate::chargeback::mapping_row::MappingRow;
use crate::chargeback::mapping_selector::{Projects, Selector};
use crate::gcp::filter_payers::Candidate;
use crate::gcp::project_ref::ProjectRef;
use crate::model::directory::Directory;
use crate::model::document::Period;
use crate::model::payer::{Payer, PayerRef};
use crate::report::safe;

/// How many units an error names.
const NAMED: usize = 20;

/// The payers that arguments name. A text that no project can have is taken as it stands, with a warning.
pub(super) fn named(texts: &[String], directory: &Directory) -> Result<Vec<Candidate>, Failure> {
    let mut found = BTreeSet::new();
    for text in texts {
        let number = text.strip_prefix("number:");
        let reference = ProjectRef::parse(number.unwrap_or(text)).to_payer_ref();
        found.insert(match reference {
            Some(reference) => candidate(directory.resolve(&reference)),
            None if number.is_some() || text.is_empty() => {
                return Err(Failure::Usage(format!("--payer: `{text}` is no project id and no number")));
            }
            None => {
                anstream::eprintln!("billtrail: --payer: `{}` can be no project; taken as it stands", safe(text));
                Candidate::Project { id: Some(text.clone()), number: None }
            }
        });
    }
    Ok(found.into_iter().collect())
}

/// The projects that belong to a unit at any moment of a period. Globs stay patterns unless there is an inventory, which
/// knows every project.
pub(super) fn of_unit(
    unit: &str,
    mapping: &Mapping,
    directory: &Directory,
    inventory: bool,
    period: &Period,
) -> Result<Vec<Candidate>, Failure> {
    let rows: Vec<&MappingRow> = mapping.rows().iter().filter(|row| row.business_unit == unit).collect();
    if rows.is_empty() {
        return Err(unknown(unit, mapping));
    }
    let (mut payers, mut found) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        let projects = match &row.selector {
            Selector::Projects(projects) | Selector::Calls { within: Some(projects), .. } => projects,
            Selector::Calls { within: None, .. } => {
                anstream::eprintln!(
                    "billtrail: warning: {}:{}: {} has calls wherever they are paid; the filter names known projects only",
                    safe(mapping.file()),
                    row.line,
                    safe(&row.selector.to_string())
                );
                continue;
            }
        };
        match projects {
            Projects::Id(id) => drop(payers.insert(directory.resolve(&PayerRef::project_id(id.as_str())))),
            Projects::Number(number) => drop(payers.insert(directory.resolve(&PayerRef::project_number(*number)))),
            Projects::Glob(glob) if !inventory && holds_in(row, period) => {
                found.insert(Candidate::Pattern(glob.regex().to_owned()));
            }
            // The inventory lists them.
            Projects::Glob(_) | Projects::Label(_) | Projects::Folder(_) | Projects::Organization(_) => {}
        }
    }
    payers.extend(directory.entries().map(|entry| directory.resolve(&PayerRef::project_id(entry.id.as_str()))));
    let moments = moments(mapping, period);
    let belongs = |payer: &Payer| {
        moments.iter().any(|time| mapping.units_of(payer, Some(*time)).iter().any(|row| row.business_unit == unit))
    };
    found.extend(payers.into_iter().filter(belongs).map(candidate));
    if found.is_empty() {
        return Err(Failure::Usage(format!("--unit: `{unit}` has no project in this period")));
    }
    Ok(found.into_iter().collect())
}

fn candidate(payer: Payer) -> Candidate {
    Candidate::Project { id: payer.id.map(String::from), number: payer.number }
}

fn holds_in(row: &MappingRow, period: &Period) -> bool {
    let before = |from: Option<i64>, to: Option<i64>| from.zip(to).is_none_or(|(from, to)| from < to);
    before(row.validity.from, period.to) && before(period.from, row.validity.to)
}

/// A moment of each part of the period in which the mapping is constant.
fn moments(mapping: &Mapping, period: &Period) -> Vec<i64> {
    let bounds = mapping.boundaries();
    let first = bounds.first().map_or(0, |bound| bound.saturating_sub(1));
    let begin = period.from.unwrap_or_else(|| period.to.map_or(first, |to| first.min(to.saturating_sub(1))));
    let within = |bound: &i64| *bound > begin && period.to.is_none_or(|to| *bound < to);
    std::iter::once(begin).chain(bounds.iter().copied().filter(within)).collect()
}

fn unknown(unit: &str, mapping: &Mapping) -> Failure {
    let units: BTreeSet<&str> = mapping.rows().iter().map(|row| row.business_unit.as_str()).collect();
    let mut names: Vec<&str> = units.iter().copied().take(NAMED).collect();
    if units.len() > NAMED {
        names.push("…");
    }
    Failure::Usage(format!("--unit: {} has no unit `{unit}`; it has {}", mapping.file(), names.join(", ")))
}
