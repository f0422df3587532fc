//! Weights: what the calls of a project weigh on a day for a service of the bill, by the unit and the columns that only calls have.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono_tz::Tz;

use super::attribution::{Attributed, Attributor};
use super::dimension::{Dimension, NONE, Teller, day};
use super::statement::Measures;
use crate::model::cost::{BillNames, Weight};
use crate::model::reason::Driver;
use crate::model::text::SharedText;

/// Who would carry a part of a shared cost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sharer {
    /// The business unit.
    pub unit: String,
    /// Its cost centre.
    pub cost_center: Option<String>,
    /// The values of the columns that only calls have, in the order in which they were asked for.
    pub values: Vec<SharedText>,
}

/// What the calls of a sharer weigh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Weighed {
    calls: u64,
    billed_bytes: u128,
    slot_ms: u128,
}

/// The calls of a project, of a service by the bill's name, on a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Cell {
    payer: String,
    service: String,
    day: String,
}

/// What all calls weigh.
pub struct Weights<'n> {
    names: &'n BillNames,
    timezone: Tz,
    /// The columns asked for that only calls have.
    columns: Vec<Dimension>,
    cells: HashMap<Cell, BTreeMap<Sharer, Weighed>>,
    /// Payers with calls of another unit than their own.
    shared: HashSet<String>,
    /// Payers with calls.
    payers: HashSet<String>,
}

/// The unit that carries what a call weighs, and its cost centre. Slots are bought by one project and used by the jobs of others.
pub fn carrier<'a>(attributor: &'a Attributor<'_>, attributed: &Attributed<'a>) -> (&'a str, Option<&'a str>) {
    let facts = &attributed.stated.facts;
    match facts.resource_project.as_ref().filter(|_| facts.driver == Driver::SlotMs) {
        Some(project) => attributor.unit_of(&attributor.directory.resolve(project), facts.time),
        None => (attributed.unit, attributed.cost_center),
    }
}

impl<'n> Weights<'n> {
    /// No weights yet; `by` are the columns of the statement.
    pub fn new(names: &'n BillNames, timezone: Tz, by: &[Dimension]) -> Self {
        let columns = by.iter().copied().filter(|column| column.teller() == Teller::Calls).collect();
        let (cells, shared, payers) = (HashMap::new(), HashSet::new(), HashSet::new());
        Self { names, timezone, columns, cells, shared, payers }
    }

    /// Adds a call, if it is billable and somebody pays for it.
    pub fn add(&mut self, attributor: &Attributor<'_>, attributed: &Attributed<'_>) {
        let (call, facts) = (attributed.call, &attributed.call.facts);
        let (Some(payer), Some(service), Some(time)) = (&attributed.resolved.payer, &facts.service, facts.time) else {
            return;
        };
        let payer_name = payer.to_string();
        self.payers.insert(payer_name.clone());
        let billed = self.names.billed.get(service.as_str());
        let (Some(billed), None) = (billed, call.reason) else { return };
        let (unit, cost_center) = carrier(attributor, attributed);
        let by_job = facts.driver == Driver::SlotMs && facts.resource_project.is_some();
        if !by_job && attributor.unit_of(payer, Some(time)).0 != unit {
            self.shared.insert(payer_name.clone());
        }
        let columns = self.columns.iter();
        let sharer = Sharer {
            unit: unit.to_owned(),
            cost_center: cost_center.map(str::to_owned),
            values: columns.map(|column| column.value(attributed, attributor.directory, self.timezone)).collect(),
        };
        let measures = Measures::of(attributed);
        let day = day(time, self.timezone);
        for service in billed {
            let cell = Cell { payer: payer_name.clone(), service: service.clone(), day: day.clone() };
            let weighed = self.cells.entry(cell).or_default().entry(sharer.clone()).or_default();
            weighed.calls = weighed.calls.saturating_add(measures.billable_calls);
            weighed.billed_bytes = weighed.billed_bytes.saturating_add(measures.billed_bytes);
            weighed.slot_ms = weighed.slot_ms.saturating_add(measures.slot_ms);
        }
    }

    /// Whether calls of a payer belong to another unit than the payer.
    pub fn is_shared(&self, payer: &str) -> bool {
        self.shared.contains(payer)
    }

    /// Whether a payer has calls.
    pub fn knows(&self, payer: &str) -> bool {
        self.payers.contains(payer)
    }

    /// Payers with calls, sorted.
    pub fn payers(&self) -> Vec<&str> {
        let mut payers: Vec<&str> = self.payers.iter().map(String::as_str).collect();
        payers.sort_unstable();
        payers
    }

    /// What a sharer has in the columns that only calls have when no call tells.
    pub fn no_values(&self) -> Vec<SharedText> {
        vec![SharedText::new_static(NONE); self.columns.len()]
    }

    /// The sharers of a payer's cost for a service on a day, sorted, with what each weighs; nobody who weighs nothing.
    pub fn of(&self, weight: Weight, payer: &str, service: &str, day: &str) -> Vec<(Sharer, u128)> {
        let cell = Cell { payer: payer.to_owned(), service: service.to_owned(), day: day.to_owned() };
        let sharers = self.cells.get(&cell).into_iter().flatten();
        let weighed = sharers.map(|(sharer, weighed)| {
            let weight = match weight {
                Weight::Calls => u128::from(weighed.calls),
                Weight::BilledBytes => weighed.billed_bytes,
                Weight::SlotMs => weighed.slot_ms,
            };
            (sharer.clone(), weight)
        });
        weighed.filter(|(_, weight)| *weight > 0).collect()
    }
}
