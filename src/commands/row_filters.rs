//! `report --filters`: for each row the filter that selects the entries that speak for its calls.
//!
//! A row's filter is what its entries have in common: their logs, the period, what they show of the value in each grouping
//! column, and `--where`. It never misses one of them; it says whether it may select others too.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Failure;
use super::row_entries::{ColumnSigns, Frame, RowEntries, RowSigns};
use super::row_signs::registers;
use crate::chargeback::dimension::{Dimension, NONE};
use crate::gcp::filter_parts;
use crate::gcp::filters::build::{all, any};
use crate::gcp::filters::of_kind_in;
use crate::gcp::row_filter::{Sign, is_indexed, shows};
use crate::lql::ast::{Expr, Op};
use crate::lql::emit::{self, Scope};
use crate::lql::{fold, print_line};
use crate::model::call::Register;
use crate::model::document::Period;
use crate::model::text::SharedText;
use crate::model::time::rfc3339;

/// A filter with more characters is divided: Cloud Logging refuses more than 20,000.
pub(super) const LONGEST: usize = 18_000;

/// What stands between the parts of a divided filter.
pub const DIVIDER: &str = "\n----\n";

const SECOND: i64 = 1_000_000_000;

/// The filter of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowFilter {
    /// On one line; a long one in parts between lines of four hyphens, which select the entries together.
    pub text: String,
    /// A link that opens it.
    pub url: Option<String>,
    /// Whether it selects no entry that speaks for a call of another row.
    pub exact: bool,
}

impl RowEntries {
    /// The filters of the rows, each in its place.
    ///
    /// # Errors
    /// When `--where` leaves no room for a condition.
    pub fn filters(&self, frame: &Frame<'_>) -> Result<Vec<RowFilter>, Failure> {
        let alike = self.alike(frame.by);
        self.rows.iter().map(|row| row.filter(frame, &alike, &self.filled)).collect()
    }

    /// The values of each column that a filter cannot tell from another, because it does not heed case.
    fn alike(&self, by: &[Dimension]) -> Vec<HashSet<&str>> {
        let of_column = |at: usize| {
            let mut spellings: HashMap<String, BTreeSet<&str>> = HashMap::new();
            for row in &self.rows {
                spellings.entry(fold(&row.key[at])).or_default().insert(&row.key[at]);
            }
            spellings.into_values().filter(|values| values.len() > 1).flatten().collect()
        };
        (0..by.len()).map(of_column).collect()
    }
}

impl RowSigns {
    fn filter(
        &self,
        frame: &Frame<'_>,
        alike: &[HashSet<&str>],
        filled: &BTreeSet<Register>,
    ) -> Result<RowFilter, Failure> {
        let mut columns = self.columns.clone();
        let mut exact = self.strays.is_empty() && !self.unnamed_strays;
        if self.unnamed_strays {
            // Too many to be named: the conditions that miss them are left out.
            self.unstated.iter().for_each(|at| columns[*at].open = true);
        }
        for (at, column) in columns.iter().enumerate() {
            let by = frame.by[at];
            let kinds =
                column.signs.iter().filter_map(|sign| if let Sign::Kind(kind) = sign { Some(*kind) } else { None });
            let by_time = matches!(by, Dimension::Day | Dimension::Hour | Dimension::Month);
            let told = if by_time { self.key[at] != NONE } else { column.exact && column.asked().is_some() };
            exact &= self.key[at] != NONE || !registers(by).iter().any(|register| filled.contains(register));
            exact &= told && !alike[at].contains(self.key[at].as_str());
            exact &= kinds.into_iter().all(|kind| of_kind_in(kind, frame.catalogue).exact);
        }
        let (from, to, covers) =
            if self.untimed && self.unnamed_strays { (None, None, false) } else { self.span(frame) };
        exact &= covers;
        let parts = self.parts(&columns, (from, to), frame)?;
        exact &= parts.1;
        let lines: Vec<String> = parts.0.iter().map(print_line).collect();
        let url = match lines.as_slice() {
            [line] => self.url(line, frame.period, from.is_some() || to.is_some()),
            _ => None,
        };
        Ok(RowFilter { text: lines.join(DIVIDER), url, exact })
    }

    /// The time that the row covers: the period and what its key says. `false` if the clocks of the zone do not allow to say it.
    fn span(&self, frame: &Frame<'_>) -> (Option<i64>, Option<i64>, bool) {
        let spans = frame.by.iter().zip(&self.key).filter_map(|(by, value)| by.span(value, frame.timezone));
        let (mut from, mut to, mut covers) = (frame.period.from, frame.period.to, true);
        for (begin, end) in spans {
            let (first, last) = self.seen.unwrap_or((begin, begin));
            covers &= begin <= first && last < end;
            from = Some(from.map_or(begin.min(first), |from| from.max(begin.min(first))));
            let end = end.max(last.saturating_add(1));
            to = Some(to.map_or(end, |to| to.min(end)));
        }
        (from, to, covers)
    }

    /// The filters that together select the row, each short enough; `false` if a condition had to be left out for that.
    fn parts(
        &self,
        columns: &[ColumnSigns],
        span: (Option<i64>, Option<i64>),
        frame: &Frame<'_>,
    ) -> Result<(Vec<Expr>, bool), Failure> {
        let mut columns = columns.to_vec();
        let mut whole = true;
        loop {
            let signs: Vec<Option<Vec<Sign>>> = columns.iter().map(ColumnSigns::asked).collect();
            if let Some(parts) = self.divided(&signs, span, frame) {
                return Ok((parts, whole));
            }
            let longest =
                (0..columns.len()).filter(|at| signs[*at].is_some()).max_by_key(|at| columns[*at].signs.len());
            match longest {
                Some(at) => columns[at].open = true,
                None => {
                    let advice = "--where leaves no room for the conditions of a row: its filter would be longer than \
                                  Cloud Logging takes";
                    return Err(Failure::Usage(advice.to_owned()));
                }
            }
            whole = false;
        }
    }

    /// The same by dividing the column with the most signs; `None` if even one sign at a time is too long.
    fn divided(
        &self,
        signs: &[Option<Vec<Sign>>],
        span: (Option<i64>, Option<i64>),
        frame: &Frame<'_>,
    ) -> Option<Vec<Expr>> {
        let length = |expr: &Expr| print_line(expr).chars().count();
        let only = self.expr(signs, span, frame);
        let mut pieces = length(&only).div_ceil(LONGEST);
        if pieces <= 1 {
            return Some(vec![only]);
        }
        let count = |at: &usize| signs[*at].as_ref().map_or(0, Vec::len);
        let longest = (0..signs.len()).max_by_key(count)?;
        let divisible = signs[longest].as_ref()?;
        while pieces <= divisible.len() {
            let size = divisible.len().div_ceil(pieces);
            let part = |chunk: &[Sign]| {
                let mut signs = signs.to_vec();
                signs[longest] = Some(chunk.to_vec());
                self.expr(&signs, span, frame)
            };
            let parts: Vec<Expr> = divisible.chunks(size).map(part).collect();
            if parts.iter().all(|part| length(part) <= LONGEST) {
                return Some(parts);
            }
            pieces += 1 + pieces / 16;
        }
        None
    }

    /// The filter that asks for these signs in each column.
    fn expr(&self, signs: &[Option<Vec<Sign>>], (from, to): (Option<i64>, Option<i64>), frame: &Frame<'_>) -> Expr {
        let mut conditions: Vec<Expr> =
            signs.iter().flatten().map(|signs| shows(signs.iter().cloned(), frame.catalogue)).collect();
        conditions.sort_by_key(|condition| !is_indexed(condition));
        let row = filter_parts::period(from, to).into_iter().chain(conditions);
        let strays: Vec<&str> = self.strays.iter().map(SharedText::as_str).collect();
        let row = match filter_parts::compared("insertId", Op::Eq, &strays) {
            Some(strays) if !self.unnamed_strays && !self.ordinary => strays,
            Some(strays) if !self.unnamed_strays => any([all(row), strays]),
            Some(_) | None => all(row),
        };
        once(all(self.logs(frame.by).into_iter().chain([row]).chain(frame.filter.cloned())))
    }

    /// The logs of the entries, unless a column says them or an entry names none.
    fn logs(&self, by: &[Dimension]) -> Option<Expr> {
        let said = by.iter().any(|by| matches!(by, Dimension::Log | Dimension::Kind));
        let ids: Option<Vec<&str>> = self.logs.iter().map(Option::as_deref).collect();
        if said { None } else { filter_parts::logs(&ids?) }
    }

    /// A link to the Logs Explorer, in the scope of all the entries if they have the same.
    fn url(&self, line: &str, period: &Period, bounded: bool) -> Option<String> {
        let mut containers = self.containers.iter();
        let scope = match (containers.next(), containers.next()) {
            (Some(only), None) => Scope::parse(only),
            _ => None,
        };
        let from = period.from.or(self.seen.map(|(first, _)| first - first.rem_euclid(SECOND)));
        let to = period.to.or(self.seen.map(|(_, last)| (last - last.rem_euclid(SECOND)).saturating_add(SECOND)));
        let range = from.zip(to).map(|(from, to)| (rfc3339(from), rfc3339(to)));
        let range = range.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
        emit::url(line, scope.as_ref(), range, bounded).ok()
    }
}

/// The filter without the conditions that it states twice.
fn once(expr: Expr) -> Expr {
    let Expr::And(parts) = expr else { return expr };
    let mut kept: Vec<Expr> = Vec::with_capacity(parts.len());
    for part in parts {
        if !kept.contains(&part) {
            kept.push(part);
        }
    }
    all(kept)
}
