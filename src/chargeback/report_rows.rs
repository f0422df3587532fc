//! Reads the rows of a report that was written as JSON, to compare it with another.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::cost_cells::{Cell, CellKey, Cells};
use super::dimension::Dimension;
use super::measure::Measure;
use super::movement::UnitRow;
use crate::model::document::SCHEMA_VERSION;
use crate::model::money::{Amount, Currency};

/// A report as far as it is compared.
#[derive(Debug, Deserialize)]
pub struct ReportRows {
    schema_version: u32,
    command: String,
    columns: Vec<Column>,
    rows: Vec<Map<String, Value>>,
    /// What it was made from.
    pub provenance: MadeFrom,
    /// An input was missing, unreadable or truncated.
    pub incomplete: bool,
}

/// What a report was made from, as far as it is told on.
#[derive(Debug, Deserialize)]
pub struct MadeFrom {
    /// The mapping's path.
    pub mapping: Option<String>,
    /// The catalogue.
    pub catalogue: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
    unit: Option<String>,
}

/// Why a report cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It is of another version.
    #[error("the report has schema_version {0}, this program compares {SCHEMA_VERSION}; print it anew")]
    Version(u32),
    /// It is not grouped by unit.
    #[error("the report has no column `unit`; print it with --by unit,payer,service")]
    NoUnit,
    /// It has no money.
    #[error("the report has no money; print it with --bill")]
    NoMoney,
    /// An amount or its currency cannot be read.
    #[error("row {0}: `net_cost` is no amount with a currency; print the report anew")]
    NoAmount(usize),
    /// A sum does not fit.
    #[error("a sum of the report is too large to be kept exactly")]
    TooLarge,
    /// It lacks the measure.
    #[error("row {row} has no number `{measure}`")]
    NoMeasure {
        /// The row, from 1.
        row: usize,
        /// The measure.
        measure: &'static str,
    },
}

impl ReportRows {
    /// Reads a JSON document of `report`; `None` when the text is something else, such as a log.
    pub fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().filter(|report: &Self| report.command == "report")
    }

    /// The columns by which rows of two periods can be the same: neither decided by a mapping nor by time.
    pub fn keys(&self) -> Vec<Dimension> {
        let named = self.columns.iter().filter_map(|column| Dimension::parse(&column.name));
        named.filter(|dimension| identifies(*dimension)).collect()
    }

    /// The rows with the values of some columns and a measure.
    ///
    /// # Errors
    /// When the report is of another version or lacks a column.
    pub fn rows(&self, keys: &[Dimension], measure: Measure) -> Result<Vec<UnitRow>, ReportError> {
        if self.schema_version != SCHEMA_VERSION {
            return Err(ReportError::Version(self.schema_version));
        }
        let text = |row: &Map<String, Value>, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut found = Vec::with_capacity(self.rows.len());
        for (at, row) in self.rows.iter().enumerate() {
            let unit = text(row, Dimension::Unit.name()).ok_or(ReportError::NoUnit)?;
            let key = keys.iter().map(|key| text(row, key.name()).unwrap_or_default()).collect();
            let amount = row.get(measure.name()).and_then(Value::as_u64);
            let missing = ReportError::NoMeasure { row: at + 1, measure: measure.name() };
            found.push(UnitRow { unit, key, amount: amount.ok_or(missing)?.into() });
        }
        Ok(found)
    }

    /// Whether it has money.
    pub fn has_money(&self) -> bool {
        self.columns.iter().any(|column| column.name == NET_COST)
    }

    /// The net costs by the values of some columns. How much was used is told by what the bill meters: bytes, slot time, calls.
    ///
    /// # Errors
    /// When the report is of another version or has no money.
    pub fn cells(&self, keys: &[Dimension]) -> Result<Cells, ReportError> {
        if self.schema_version != SCHEMA_VERSION {
            return Err(ReportError::Version(self.schema_version));
        }
        let net_cost = self.columns.iter().find(|column| column.name == NET_COST).ok_or(ReportError::NoMoney)?;
        let text = |row: &Map<String, Value>, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut cells = Cells::new();
        let mut calls: BTreeMap<Vec<String>, Vec<i128>> = BTreeMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            let unit = text(row, Dimension::Unit.name()).ok_or(ReportError::NoUnit)?;
            let key: Vec<String> = keys.iter().map(|key| text(row, key.name()).unwrap_or_default()).collect();
            let quantities = calls.entry(key.clone()).or_insert_with(|| vec![0; METERED.len()]);
            for (sum, measure) in quantities.iter_mut().zip(METERED) {
                *sum += i128::from(row.get(measure.name()).and_then(Value::as_u64).unwrap_or(0));
            }
            let Some(amount) = text(row, NET_COST) else { continue };
            let currency = net_cost.unit.clone().or_else(|| text(row, Dimension::Currency.name()));
            let currency = currency.and_then(|code| Currency::parse(&code)).ok_or(ReportError::NoAmount(at + 1))?;
            let amount = Amount::parse(&amount).ok_or(ReportError::NoAmount(at + 1))?;
            let cell: &mut Cell = cells.entry(CellKey { currency, key }).or_default();
            cell.add(&unit, amount).ok_or(ReportError::TooLarge)?;
        }
        for (key, cell) in &mut cells {
            cell.quantities = calls.get(&key.key).cloned();
        }
        Ok(cells)
    }
}

/// The column of the net cost.
const NET_COST: &str = "net_cost";

/// What tells how much was used, the most telling first.
const METERED: [Measure; 3] = [Measure::BilledBytes, Measure::SlotMs, Measure::BillableCalls];

/// Whether a column says what was called, whoever it belongs to and whenever it was.
fn identifies(dimension: Dimension) -> bool {
    match dimension {
        Dimension::Unit
        | Dimension::CostCenter
        | Dimension::Day
        | Dimension::Hour
        | Dimension::Month
        | Dimension::Sku
        | Dimension::CostType
        | Dimension::Basis
        | Dimension::Pool
        | Dimension::Currency
        | Dimension::InvoiceMonth
        | Dimension::BillingAccount
        | Dimension::Corrects => false,
        Dimension::Payer
        | Dimension::StoragePayer
        | Dimension::Service
        | Dimension::Kind
        | Dimension::Method
        | Dimension::Principal
        | Dimension::PrincipalProject
        | Dimension::Location
        | Dimension::ResourceProject
        | Dimension::Resource
        | Dimension::Model
        | Dimension::Reason
        | Dimension::Log => true,
    }
}
