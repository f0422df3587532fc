//! Rows as they are written, whatever the form of the file: cells become rows, and rows are checked against each other.
//!
//! Finding the cells is left to `mapping_csv` and `mapping_toml`; both forms therefore mean the same and have the same
//! errors.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::mapping_error::MappingProblem;
use super::mapping_pool_check;
use super::mapping_pools::{Method, PoolRow, Receiver};
use super::mapping_row::{MappingRow, Validity, moments};
use super::mapping_selector::Selector;
use super::mapping_share::Share;
use super::mapping_words::behind;
use crate::model::time::moment;

/// Names that reports use for what has no unit, several, or no value; no unit may have them.
const RESERVED: [&str; 4] = ["(unmapped)", "(unattributed)", "(shared)", "(none)"];

/// What stands for every unit among the receivers of a pool.
const EVERY_UNIT: &str = "*";

/// The columns, in the order of `Cells`.
pub(super) const NAMES: [&str; 8] =
    ["project", "business_unit", "cost_center", "valid_from", "valid_to", "within", "share", "method"];
pub(super) const PROJECT: usize = 0;
pub(super) const BUSINESS_UNIT: usize = 1;
const COST_CENTER: usize = 2;
const VALID_FROM: usize = 3;
const VALID_TO: usize = 4;
const WITHIN: usize = 5;
pub(super) const SHARE: usize = 6;
const METHOD: usize = 7;

/// The trimmed texts of one row; empty where nothing stands.
pub(super) type Cells<'a> = [&'a str; NAMES.len()];

/// What is wrong, with its line.
pub(super) type Problems = Vec<(u64, MappingProblem)>;

/// The rows of a file as far as they can be read.
#[derive(Default)]
pub(super) struct Draft {
    pub rows: Vec<MappingRow>,
    pub pools: Vec<PoolRow>,
    /// Every row that stands in the file, readable or not.
    pub seen: usize,
    pub problems: Problems,
}

impl Draft {
    /// Notes what is wrong on a line.
    pub fn problem(&mut self, line: u64, problem: MappingProblem) {
        self.problems.push((line, problem));
    }

    /// Takes in one row.
    pub fn take(&mut self, line: u64, cells: Cells<'_>, timezone: Tz) {
        self.seen += 1;
        let before = self.problems.len();
        let mut note = |problem| self.problems.push((line, problem));
        let pool = behind(cells[PROJECT], "pool:");
        let selector = match pool {
            Some(_) => None,
            None => Selector::parse(cells[PROJECT], cells[WITHIN]).map_err(&mut note).ok(),
        };
        if cells[BUSINESS_UNIT].is_empty() || pool == Some("") {
            note(MappingProblem::EmptyUnit);
        }
        for name in [cells[BUSINESS_UNIT], cells[COST_CENTER], pool.unwrap_or_default()] {
            if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
                note(MappingProblem::ReservedName(name.to_owned()));
            }
        }
        let validity = validity(&cells, timezone, &mut note);
        let share = (!cells[SHARE].is_empty()).then(|| Share::parse(cells[SHARE]));
        let share = share.transpose().map_err(&mut note).unwrap_or_default();
        if let Some(pool) = pool {
            let row = pool_row(line, pool, &cells, share, validity, &mut note);
            self.pools.extend(row.filter(|_| self.problems.len() == before));
            return;
        }
        if matches!(selector, Some(Selector::Calls { .. })) && !cells[SHARE].is_empty() {
            note(MappingProblem::ShareOfCalls);
        }
        // That a share is fixed goes without saying, and may be said.
        if !(cells[METHOD].is_empty() || cells[METHOD] == "fixed" && share.is_some()) {
            note(MappingProblem::MethodOfProject);
        }
        let Some(selector) = selector.filter(|_| self.problems.len() == before) else { return };
        self.rows.push(MappingRow {
            index: self.rows.len(),
            line,
            selector,
            business_unit: cells[BUSINESS_UNIT].to_owned(),
            cost_center: Some(cells[COST_CENTER].to_owned()).filter(|center| !center.is_empty()),
            share,
            validity,
        });
    }

    /// Checks the rows against each other.
    pub fn check(&mut self, timezone: Tz) {
        repetitions(&self.rows, &mut self.problems);
        // What is missing or doubled by another fault would only be told twice.
        if self.problems.is_empty() {
            sums(&self.rows, timezone, &mut self.problems);
            mapping_pool_check::check(&self.pools, &self.rows, timezone, &mut self.problems);
        }
        self.problems.sort_by_key(|(line, _)| *line);
    }
}

fn validity(cells: &Cells<'_>, timezone: Tz, note: &mut dyn FnMut(MappingProblem)) -> Validity {
    let mut bound = |column: usize| {
        let text = cells[column];
        let bound = if text.is_empty() { None } else { moment(text, timezone) };
        if bound.is_none() && !text.is_empty() {
            note(MappingProblem::BadDate(text.to_owned()));
        }
        bound
    };
    let validity = Validity { from: bound(VALID_FROM), to: bound(VALID_TO) };
    if validity.from.zip(validity.to).is_some_and(|(from, to)| to <= from) {
        note(MappingProblem::EmptyValidity { from: cells[VALID_FROM].to_owned(), to: cells[VALID_TO].to_owned() });
    }
    validity
}

fn pool_row(
    line: u64,
    pool: &str,
    cells: &Cells<'_>,
    share: Option<Share>,
    validity: Validity,
    note: &mut dyn FnMut(MappingProblem),
) -> Option<PoolRow> {
    if !cells[WITHIN].is_empty() {
        note(MappingProblem::WithinOnProjects);
    }
    if !cells[COST_CENTER].is_empty() {
        note(MappingProblem::CostCenterOfPool);
    }
    let method = Method::parse(cells[METHOD]).map_err(&mut *note).ok()?;
    match (&method, cells[SHARE].is_empty()) {
        (Method::Fixed, true) => note(MappingProblem::FixedWithoutShare),
        (Method::Even | Method::Proportional { .. }, false) => note(MappingProblem::ShareWithoutFixed),
        (Method::Fixed, false) | (Method::Even | Method::Proportional { .. }, true) => {}
    }
    let receiver = match cells[BUSINESS_UNIT] {
        EVERY_UNIT if method == Method::Fixed => {
            note(MappingProblem::FixedToEveryUnit);
            return None;
        }
        EVERY_UNIT => Receiver::EveryUnit,
        unit => Receiver::Unit(unit.to_owned()),
    };
    Some(PoolRow { line, pool: pool.to_owned(), receiver, method, share, validity })
}

/// Rows of equal selector that hold at one time and do not share.
fn repetitions(rows: &[MappingRow], problems: &mut Problems) {
    let mut listed: BTreeMap<String, Vec<&MappingRow>> = BTreeMap::new();
    for row in rows {
        let selector = row.selector.to_string();
        let earlier = listed.entry(selector.clone()).or_default();
        let clash = |other: &&&MappingRow| {
            let apart = row.share.is_some() && other.share.is_some() && row.business_unit != other.business_unit;
            !apart && other.overlaps(row)
        };
        if let Some(other) = earlier.iter().find(clash) {
            let first = other.line;
            let problem = match (row.share.is_some(), other.share.is_some()) {
                (true, true) => MappingProblem::SharedTwice { selector, unit: row.business_unit.clone(), first },
                (true, false) | (false, true) => MappingProblem::SharedAndNot { selector, first },
                (false, false) if other.validity == row.validity => MappingProblem::Duplicate { selector, first },
                (false, false) => MappingProblem::Overlap { selector, first },
            };
            problems.push((row.line, problem));
        }
        earlier.push(row);
    }
}

/// Shares that do not add up to 1 at some time.
fn sums(rows: &[MappingRow], timezone: Tz, problems: &mut Problems) {
    let mut splits: BTreeMap<String, Vec<&MappingRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.share.is_some()) {
        splits.entry(row.selector.to_string()).or_default().push(row);
    }
    for (selector, rows) in splits {
        let bounds: BTreeSet<i64> = rows.iter().flat_map(|row| row.validity.bounds()).collect();
        let bounds: Vec<i64> = bounds.into_iter().collect();
        let unknown = std::iter::once(None).filter(|_| !bounds.is_empty());
        for time in moments(&bounds).map(Some).chain(unknown) {
            let holding: Vec<(u64, Share)> =
                rows.iter().filter(|row| row.holds_at(time)).filter_map(|row| Some((row.line, row.share?))).collect();
            let dated = !bounds.is_empty();
            if let Some((line, problem)) = sum_problem(&selector, &holding, time.filter(|_| dated), dated, timezone) {
                problems.push((line, problem));
                break;
            }
        }
    }
}

/// What is wrong with the shares that hold at one time; nothing when there are none.
pub(super) fn sum_problem(
    selector: &str,
    shares: &[(u64, Share)],
    time: Option<i64>,
    dated: bool,
    timezone: Tz,
) -> Option<(u64, MappingProblem)> {
    let (line, _) = *shares.last()?;
    let selector = selector.to_owned();
    let sum = shares.iter().try_fold(Share::ZERO, |sum, (_, share)| sum.checked_add(*share));
    let fits = Share::weights(&shares.iter().map(|(_, share)| *share).collect::<Vec<_>>()).is_some();
    let problem = match sum.filter(|_| fits) {
        Some(Share::ONE) => return None,
        None => MappingProblem::SharesTooFine { selector },
        Some(sum) => {
            let mut lines: Vec<String> = shares.iter().map(|(line, _)| line.to_string()).collect();
            lines.dedup();
            let noun = if lines.len() == 1 { "line" } else { "lines" };
            let when = match (dated, time) {
                (false, _) => String::new(),
                (true, Some(time)) => format!(" at {}", super::mapping::moment_text(time, timezone)),
                (true, None) => " without a time (only rows without dates hold then)".to_owned(),
            };
            MappingProblem::SharesNotOne {
                selector,
                sum: sum.to_string(),
                lines: format!("{noun} {}", lines.join(", ")),
                when,
            }
        }
    };
    Some((line, problem))
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Mapping;
    use super::*;

    /// The errors of rows that stand on line 2 and after.
    fn errors(rows: &str) -> String {
        let text = format!("project,business_unit,valid_from,valid_to,within,share,method\n{rows}");
        Mapping::parse("m.csv", text.as_bytes(), Tz::UTC)
            .map(|_| String::new())
            .unwrap_or_else(|errors| errors.to_string())
    }

    #[test]
    fn shares_add_up_to_one_at_any_time() {
        assert_eq!(errors("net-prod,A,,,,1/3\nnet-prod,B,,,,1/3,fixed\nnet-prod,C,,,,1/3\n"), "");
        assert_eq!(errors("net-*,A,,2026-10,,1/2\nnet-*,B,,2026-10,,1/2\nnet-*,B,2026-10,,,1\n"), "");
        for (rows, error) in [
            (
                "net-prod,A,,,,1/3\nnet-prod,B,,,,33%\n",
                "m.csv:3: the shares of project `net-prod` add up to 199/300 and not to 1 (lines 2, 3); correct them",
            ),
            (
                "net-prod,A,,,,3/4\nnet-prod,B,,,,3/4\n",
                "m.csv:3: the shares of project `net-prod` add up to 3/2 and not to 1 (lines 2, 3); correct them",
            ),
            (
                "net-prod,A,,2026-10,,1/2\nnet-prod,B,,2026-11,,1/2\n",
                "m.csv:3: the shares of project `net-prod` add up to 1/2 and not to 1 at 2026-10-01 (line 3); correct them",
            ),
            (
                "net-prod,A,,,,1/2\nnet-prod,B,,2026-11,,1/2\nnet-prod,C,2026-11,,,1/2\n",
                "m.csv:2: the shares of project `net-prod` add up to 1/2 and not to 1 without a time (only rows without dates hold then) (line 2); correct them",
            ),
            (
                "net-prod,A,,,,1/2\nnet-prod,A,,,,1/2\n",
                "m.csv:3: project `net-prod` is shared to `A` twice (first on line 2)",
            ),
            (
                "net-prod,A,,,,1/2\nnet-prod,B\n",
                "m.csv:3: project `net-prod` is shared and belongs to one unit at one time (line 2); give every row a share, or none",
            ),
            (
                "net-prod,A,,,,1/999999999989\nnet-prod,B,,,,1/999999999961\nnet-prod,C,,,,1/999999999959\nnet-prod,D,,,,1/999999999937\n",
                "m.csv:5: the shares of project `net-prod` are too fine to be added exactly; use fewer digits",
            ),
        ] {
            assert_eq!(errors(rows), error, "{rows}");
        }
    }

    #[test]
    fn cells_that_a_row_does_not_take_are_errors() {
        for (rows, error) in [
            ("net-prod,A,,,,1,even\n", "m.csv:2: `method` is for rows `pool:UNIT`"),
            ("net-prod,A,,,,,fixed\n", "m.csv:2: `method` is for rows `pool:UNIT`"),
            ("principal:a,A,,,,1\n", "m.csv:2: a call is not split"),
            ("net-prod,A,,,ads-prod\n", "m.csv:2: `within` is for rows"),
            ("pool:A,B,,,ads-prod,1\n", "m.csv:2: `within` is for rows"),
            ("pool:,B,,,,1\n", "m.csv:2: the business unit is empty"),
            ("net-prod,(Shared)\n", "m.csv:2: `(Shared)` is reserved"),
        ] {
            assert!(errors(rows).starts_with(error), "{rows}: {}", errors(rows));
        }
    }
}
