//! What the entries that speak for the calls of each row of a report show, taken in as calls arrive.

use std::collections::{BTreeSet, HashMap};

use chrono_tz::Tz;

use super::row_signs::{is_stated, shown};
use crate::chargeback::attribution::Attributed;
use crate::chargeback::dimension::Dimension;
use crate::gcp::row_filter::Sign;
use crate::gcp::service::Catalogue;
use crate::lql::ast::Expr;
use crate::model::call::Register;
use crate::model::directory::Directory;
use crate::model::document::Period;
use crate::model::observation::Source;
use crate::model::text::SharedText;

/// With more signs than these, a column has no condition; payers are always named.
const MOST_SIGNS: usize = 500;

/// No more entries than these are named by their insertId.
const MOST_STRAYS: usize = 100;

/// What the filters are made with.
pub(super) struct Frame<'t> {
    pub by: &'t [Dimension],
    pub directory: &'t Directory,
    pub timezone: Tz,
    pub period: &'t Period,
    pub filter: Option<&'t Expr>,
    pub catalogue: &'t Catalogue,
}

/// The entries that speak for the calls of each row, while calls arrive.
#[derive(Default)]
pub(super) struct RowEntries {
    pub rows: Vec<RowSigns>,
    /// What some entry of any row leaves to another one: it looks like an entry of a call without the value.
    pub filled: BTreeSet<Register>,
    places: HashMap<Vec<String>, usize>,
    /// The record that speaks for each call, and its row.
    pub speaking: Vec<(Source, usize)>,
}

/// What the entries of a row show.
pub(super) struct RowSigns {
    /// The value of each column.
    pub key: Vec<String>,
    pub columns: Vec<ColumnSigns>,
    /// The ids of their logs.
    pub logs: BTreeSet<Option<String>>,
    /// What holds their logs.
    pub containers: BTreeSet<String>,
    /// The first and the last time.
    pub seen: Option<(i64, i64)>,
    /// Some of them show all values.
    pub ordinary: bool,
    /// The insertIds of the others, whose calls have a value from another entry.
    pub strays: BTreeSet<SharedText>,
    /// The columns whose conditions would miss such entries.
    pub unstated: BTreeSet<usize>,
    /// There are too many to be named, or some have no insertId.
    pub unnamed_strays: bool,
    /// Some of them have no time that could be bounded.
    pub untimed: bool,
}

/// What the entries of a row show in one column.
#[derive(Clone)]
pub(super) struct ColumnSigns {
    pub signs: BTreeSet<Sign>,
    pub exact: bool,
    /// No condition can tell these entries.
    pub open: bool,
}

impl RowEntries {
    /// Takes in the entry that speaks for a call.
    pub fn add(&mut self, attributed: &Attributed<'_>, frame: &Frame<'_>) {
        let value = |by: &Dimension| by.value(attributed, frame.directory, frame.timezone).into();
        let key: Vec<String> = frame.by.iter().map(value).collect();
        let rows = &mut self.rows;
        let place = *self.places.entry(key).or_insert_with_key(|key| {
            rows.push(RowSigns::new(key.clone()));
            rows.len() - 1
        });
        self.filled.extend(&attributed.call.filled);
        self.speaking.push((attributed.call.source, place));
        self.rows[place].add(attributed, frame.by);
    }

    /// The place of a row by which `speaking` knows it.
    pub fn place(&self, key: &[String]) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// The value of each column of the row at a place.
    pub fn key(&self, place: usize) -> &[String] {
        &self.rows[place].key
    }
}

impl RowSigns {
    fn new(key: Vec<String>) -> Self {
        let column = ColumnSigns { signs: BTreeSet::new(), exact: true, open: false };
        Self {
            columns: vec![column; key.len()],
            key,
            logs: BTreeSet::new(),
            containers: BTreeSet::new(),
            seen: None,
            ordinary: false,
            strays: BTreeSet::new(),
            unstated: BTreeSet::new(),
            unnamed_strays: false,
            untimed: false,
        }
    }

    fn add(&mut self, attributed: &Attributed<'_>, by: &[Dimension]) {
        let facts = &attributed.call.facts;
        let log = facts.log_name.as_deref().and_then(|name| name.split_once("/logs/"));
        self.logs.insert(log.map(|(_, id)| id.to_owned()));
        // One more than one is enough to know that they differ.
        if self.containers.len() < 2 {
            self.containers.insert(log.map_or("", |(container, _)| container).to_owned());
        }
        if let Some(time) = facts.time {
            let (first, last) = self.seen.unwrap_or((time, time));
            self.seen = Some((first.min(time), last.max(time)));
        }
        let untimed = attributed.call.filled.contains(&Register::Time);
        self.untimed |= untimed;
        let mut stray = untimed;
        for (at, column) in self.columns.iter_mut().enumerate() {
            if is_stated(by[at], attributed) {
                column.add(by[at], attributed);
            } else {
                stray = true;
                self.unstated.insert(at);
            }
        }
        if !stray {
            self.ordinary = true;
            return;
        }
        match &facts.insert_id {
            Some(id) if self.strays.len() < MOST_STRAYS => drop(self.strays.insert(id.clone())),
            Some(id) => self.unnamed_strays |= !self.strays.contains(id),
            None => self.unnamed_strays = true,
        }
    }
}

impl ColumnSigns {
    fn add(&mut self, by: Dimension, attributed: &Attributed<'_>) {
        let shown = shown(by, attributed);
        self.exact &= shown.exact;
        self.open |= shown.signs.is_empty();
        if !self.open {
            self.signs.extend(shown.signs);
            self.open = self.signs.len() > MOST_SIGNS && !is_of_payers(by);
        }
    }

    /// The signs to ask for; `None` without a condition.
    pub fn asked(&self) -> Option<Vec<Sign>> {
        (!self.open && !self.signs.is_empty()).then(|| self.signs.iter().cloned().collect())
    }
}

/// Whether the signs of a column are the projects that pay.
fn is_of_payers(by: Dimension) -> bool {
    matches!(by, Dimension::Unit | Dimension::CostCenter | Dimension::Payer)
}
