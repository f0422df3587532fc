//! The columns of a ledger: one row for what one input tells of one entry of one call.
//!
//! Facts stand as the entry has them, references to payers as written. What directory, mapping and period decide is not here.

use super::Damage;
use super::claims::{
    candidates, candidates_json, charge, charge_json, claim, claim_json, copies, copies_json, fixed, labels,
    labels_json, payer, payer_text,
};
use super::table::{Column, Kind, Value};
use crate::model::call::Told;
use crate::model::observation::{CallKey, EntryId, Facts, JobFamily, Observation, Phase, Source, SplitPart, Usage};
use crate::model::payer::PayerRef;
use crate::model::reason::{Driver, Flag, MergeCause, QuantityUnit, Reason};
use crate::model::text::{SharedText, shared};

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// The columns, in their order.
pub(super) const COLUMNS: [Column; 47] = [
    column("call_key", Kind::Text),
    column("entry_id", Kind::Text),
    column("input", Kind::Unsigned),
    column("offset", Kind::Unsigned),
    column("line", Kind::Unsigned),
    column("item", Kind::Unsigned),
    column("records", Kind::Unsigned),
    column("copies", Kind::Text),
    column("family", Kind::Text),
    column("family_location", Kind::Text),
    column("cause", Kind::Text),
    column("phase", Kind::Text),
    column("rank", Kind::Unsigned),
    column("charge_rank", Kind::Unsigned),
    column("split_index", Kind::Unsigned),
    column("split_total", Kind::Unsigned),
    column("split_whole", Kind::Unsigned),
    column("log_name", Kind::Text),
    column("insert_id", Kind::Text),
    column("timestamp", Kind::Time),
    column("lateness", Kind::Signed),
    column("service", Kind::Text),
    column("method", Kind::Text),
    column("kind", Kind::Text),
    column("charge", Kind::Text),
    column("storage", Kind::Text),
    column("candidates", Kind::Text),
    column("principal", Kind::Text),
    column("principal_project", Kind::Text),
    column("delegated_by", Kind::Text),
    column("resource", Kind::Text),
    column("resource_project", Kind::Text),
    column("location", Kind::Text),
    column("model", Kind::Text),
    column("model_version", Kind::Text),
    column("reason", Kind::Text),
    column("method_reason", Kind::Text),
    column("driver", Kind::Text),
    column("quantity_unit", Kind::Text),
    column("total_billed_bytes", Kind::Unsigned),
    column("processed_bytes", Kind::Unsigned),
    column("total_slot_ms", Kind::Unsigned),
    column("metered_slot_ms", Kind::Unsigned),
    column("status_code", Kind::Signed),
    column("failed", Kind::Boolean),
    column("flags", Kind::Text),
    column("labels", Kind::Text),
];

/// The columns of keyed rows: the same in types that every engine has (a number of 64 bits is signed, and a time is such a
/// number), and the number of the piece that the row is of.
pub(super) const KEYED: [Column; 48] = {
    let mut columns = [column("piece", Kind::Signed); 48];
    let mut at = 0;
    while at < COLUMNS.len() {
        let Column { name, kind } = COLUMNS[at];
        let plain = match kind {
            Kind::Text => Kind::Text,
            Kind::Signed | Kind::Unsigned | Kind::Time => Kind::Signed,
            Kind::Boolean => Kind::Boolean,
        };
        columns[at] = column(name, plain);
        at += 1;
    }
    columns
};

/// The parts of a call by name.
const PHASES: [(Phase, &str); 4] =
    [(Phase::First, "first"), (Phase::Middle, "middle"), (Phase::Last, "last"), (Phase::Whole, "whole")];

/// The row of an entry, as an input of this number tells it.
pub(super) fn row(told: &Told, input: u32) -> Vec<Value> {
    let Told { first, copies, across_inputs: _ } = told;
    let Observation { key, entry, family, cause, phase, rank, charge_rank, split, source, facts, learnt: _ } = first;
    let Source { input: _, offset, line, item } = source;
    let (split_index, split_total, split_whole) = match split {
        Some(SplitPart { index, total, whole }) => (Some(*index), Some(*total), Some(*whole)),
        None => (None, None, None),
    };
    let phase = PHASES.iter().find(|(known, _)| known == phase).map(|(_, name)| *name);
    // They stand as they came in, and that says nothing.
    let mut copies = copies.clone();
    copies.sort_unstable();
    let mut row = vec![
        hash(key.0),
        hash(entry.0),
        number(Some(input)),
        number(Some(*offset)),
        number(Some(*line)),
        number(Some(*item)),
        number(Some(told.records())),
        owned(copies_json(&copies)),
        family.as_ref().map_or(Value::Null, |family| hash(family.base.0)),
        text(family.as_ref().and_then(|family| family.location.as_deref())),
        text(Some(cause.name())),
        text(phase),
        number(Some(*rank)),
        number(Some(*charge_rank)),
        number(split_index),
        number(split_total),
        number(split_whole),
    ];
    put_facts(facts, &mut row);
    row
}

/// The same as a keyed row of a piece. The copies are counted.
pub(super) fn keyed(told: &Told, input: u32, piece: u32) -> Vec<Value> {
    let mut row = row(told, input);
    row.push(number(Some(piece)));
    row
}

fn put_facts(facts: &Facts, row: &mut Vec<Value>) {
    let Facts {
        time,
        service,
        method,
        kind,
        charge,
        storage,
        candidates,
        principal,
        principal_project,
        delegated_by,
        resource,
        resource_project,
        location,
        model,
        model_version,
        reason,
        method_reason,
        driver,
        quantity_unit,
        usage,
        status_code,
        failed,
        flags,
        labels,
        log_name,
        insert_id,
        lateness,
    } = facts;
    let Usage { total_billed_bytes, processed_bytes, total_slot_ms, metered_slot_ms } = usage;
    let project = |payer: &Option<PayerRef>| owned(payer.as_ref().map(payer_text));
    let flags: Vec<&str> = flags.iter().map(|flag| flag.name()).collect();
    row.extend([
        text(log_name.as_deref()),
        text(insert_id.as_deref()),
        signed(*time),
        signed(*lateness),
        text(service.as_deref()),
        text(method.as_deref()),
        text(Some(kind)),
        owned(Some(charge_json(charge))),
        owned(storage.as_ref().map(claim_json)),
        owned(candidates_json(candidates)),
        text(principal.as_deref()),
        project(principal_project),
        text(delegated_by.as_deref()),
        text(resource.as_deref()),
        project(resource_project),
        text(location.as_deref()),
        text(model.as_deref()),
        text(model_version.as_deref()),
        text(reason.map(Reason::name)),
        text(method_reason.map(Reason::name)),
        text(Some(driver.name())),
        text(Some(quantity_unit.name())),
        number(*total_billed_bytes),
        number(*processed_bytes),
        number(*total_slot_ms),
        number(*metered_slot_ms),
        signed(Some(*status_code)),
        Value::Boolean(*failed),
        owned((!flags.is_empty()).then(|| flags.join(","))),
        owned(labels_json(labels)),
    ]);
}

fn hash(hash: u128) -> Value {
    Value::Text(format!("{hash:032x}"))
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
}

fn owned(text: Option<String>) -> Value {
    text.map_or(Value::Null, Value::Text)
}

fn number(number: Option<impl Into<u64>>) -> Value {
    number.map_or(Value::Null, |number| Value::Number(number.into() as i64))
}

fn signed(number: Option<i64>) -> Value {
    number.map_or(Value::Null, Value::Number)
}

/// What a row says: the entry, with the number of the input in its source.
pub(super) fn told(row: Vec<Value>) -> Result<Told, Damage> {
    let mut cells = Cells { columns: COLUMNS.iter(), values: row.into_iter() };
    let (key, entry) = (CallKey(cells.hash()?), EntryId(cells.hash()?));
    let source = Source { input: cells.small()?, offset: cells.small()?, line: cells.small()?, item: cells.small()? };
    let records: u64 = cells.small()?;
    let copies = cells.maybe(copies)?.unwrap_or_default();
    if records != copies.iter().map(|(_, count)| count).sum::<u64>().max(1) {
        return Err(Damage("the copies of an entry are not as many as its records".to_owned()));
    }
    let base = cells.maybe(hash_of)?;
    let location = cells.maybe(own)?;
    let family = base.map(|base| JobFamily { base: CallKey(base), location });
    let cause = cells.member(MergeCause::parse)?;
    let phase = cells.member(|name| PHASES.iter().find(|(_, known)| *known == name).map(|(phase, _)| *phase))?;
    let (rank, charge_rank) = (cells.small()?, cells.small()?);
    let (index, total, whole) = (cells.number()?, cells.number()?, cells.number()?);
    let split = match (index, total, whole) {
        (Some(index), Some(total), Some(whole)) => {
            let part = |number: u64| u32::try_from(number).map_err(|_| Damage("a part has too large a number".into()));
            Some(SplitPart { index: part(index)?, total: part(total)?, whole })
        }
        _ => None,
    };
    let facts = Box::new(cells.facts()?);
    let first = Observation { key, entry, family, cause, phase, rank, charge_rank, split, source, facts, learnt: None };
    Ok(Told { first, copies, across_inputs: false })
}

fn hash_of(text: &str) -> Result<u128, Damage> {
    u128::from_str_radix(text, 16).map_err(|_| Damage(format!("`{text}` is no hash")))
}

fn own(text: &str) -> Result<SharedText, Damage> {
    Ok(shared(text))
}

/// The values of a row, from the left.
struct Cells {
    columns: std::slice::Iter<'static, Column>,
    values: std::vec::IntoIter<Value>,
}

impl Cells {
    fn next(&mut self) -> Result<(&'static str, Value), Damage> {
        match (self.columns.next(), self.values.next()) {
            (Some(column), Some(value)) => Ok((column.name, value)),
            _ => Err(Damage("a row is too short".to_owned())),
        }
    }

    fn maybe<T>(&mut self, parse: impl FnOnce(&str) -> Result<T, Damage>) -> Result<Option<T>, Damage> {
        match self.next()? {
            (_, Value::Null) => Ok(None),
            (_, Value::Text(text)) => parse(&text).map(Some),
            (name, other @ (Value::Number(_) | Value::Boolean(_))) => Err(Damage(format!("{name}: {other:?}"))),
        }
    }

    fn some<T>(&mut self, parse: impl FnOnce(&str) -> Result<T, Damage>) -> Result<T, Damage> {
        self.maybe(parse)?.ok_or_else(|| Damage("a value is missing that every entry has".to_owned()))
    }

    fn member<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Damage> {
        self.some(|name| parse(name).ok_or_else(|| Damage(format!("`{name}` is no word that this version knows"))))
    }

    fn maybe_member<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Damage> {
        self.maybe(|name| parse(name).ok_or_else(|| Damage(format!("`{name}` is no word that this version knows"))))
    }

    fn hash(&mut self) -> Result<u128, Damage> {
        self.some(hash_of)
    }

    fn signed(&mut self) -> Result<Option<i64>, Damage> {
        match self.next()? {
            (_, Value::Null) => Ok(None),
            (_, Value::Number(number)) => Ok(Some(number)),
            (name, other @ (Value::Text(_) | Value::Boolean(_))) => Err(Damage(format!("{name}: {other:?}"))),
        }
    }

    fn number(&mut self) -> Result<Option<u64>, Damage> {
        Ok(self.signed()?.map(|number| number as u64))
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Damage> {
        let number = self.number()?.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| Damage("a number is missing or too large".to_owned()))
    }

    fn facts(&mut self) -> Result<Facts, Damage> {
        let (log_name, insert_id) = (self.maybe(own)?, self.maybe(own)?);
        let (time, lateness) = (self.signed()?, self.signed()?);
        let (service, method, kind) = (self.maybe(own)?, self.maybe(own)?, self.some(fixed)?);
        let (charge, storage) = (self.some(charge)?, self.maybe(claim)?);
        let candidates = self.maybe(candidates)?.unwrap_or_default();
        let (principal, principal_project, delegated_by) = (self.maybe(own)?, self.maybe(payer)?, self.maybe(own)?);
        let (resource, resource_project, location) = (self.maybe(own)?, self.maybe(payer)?, self.maybe(own)?);
        let (model, model_version) = (self.maybe(own)?, self.maybe(own)?);
        let (reason, method_reason) = (self.maybe_member(Reason::parse)?, self.maybe_member(Reason::parse)?);
        let (driver, quantity_unit) = (self.member(Driver::parse)?, self.member(QuantityUnit::parse)?);
        let usage = Usage {
            total_billed_bytes: self.number()?,
            processed_bytes: self.number()?,
            total_slot_ms: self.number()?,
            metered_slot_ms: self.number()?,
        };
        let status_code = self.signed()?.unwrap_or(0);
        let failed = matches!(self.next()?, (_, Value::Boolean(true)));
        let flag = |name: &str| Flag::parse(name).ok_or_else(|| Damage(format!("`{name}` is no flag")));
        let flags = self.maybe(|names| names.split(',').map(flag).collect())?.unwrap_or_default();
        let labels = self.maybe(labels)?.unwrap_or_default();
        Ok(Facts {
            time,
            service,
            method,
            kind,
            charge,
            storage,
            candidates,
            principal,
            principal_project,
            delegated_by,
            resource,
            resource_project,
            location,
            model,
            model_version,
            reason,
            method_reason,
            driver,
            quantity_unit,
            usage,
            status_code,
            failed,
            flags,
            labels,
            log_name,
            insert_id,
            lateness,
        })
    }
}
