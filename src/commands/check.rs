//! `billtrail check`: gates that a result must pass.

use std::collections::{BTreeMap, BTreeSet};

use super::logs::Logs;
use super::{Ending, Failure, documents, output};
use crate::chargeback::attribution::{SHARED, UNATTRIBUTED, UNMAPPED};
use crate::chargeback::gate::{Gate, Verdict};
use crate::chargeback::statement::{Measures, StatementError};
use crate::cli::CheckArgs;
use crate::cli::settings::Origin;
use crate::model::document::{Cell, Row};
use crate::model::stats::Stage;
use crate::report::Format;

pub(super) fn run(args: &CheckArgs) -> Result<Ending, Failure> {
    let option = |name: &'static str| move |why: String| Failure::Usage(format!("{name}: {why}"));
    let mut gates = Vec::new();
    for text in &args.max_unallocated {
        gates.push(Gate::unallocated(text).map_err(option("--max-unallocated"))?);
    }
    for text in &args.max_unit {
        gates.push(Gate::unit(text).map_err(option("--max-unit"))?);
    }
    let logs = Logs::read_agreed(&args.logs, &args.output)?;
    known(&gates, &logs)?;
    let (account, units) = logs.attribute_in_order(BTreeMap::<String, Measures>::new, |units, attributed| {
        let measures = units.entry(attributed.unit.to_owned()).or_default();
        *measures = measures.checked_add(&Measures::of(attributed)).ok_or(StatementError::Overflow)?;
        Ok(())
    })?;
    let verdicts: Vec<Verdict> = gates.iter().map(|gate| gate.judge(&units)).collect();
    let failed = verdicts.iter().any(|verdict| !verdict.passed());
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let document = documents::check(&logs, account);
    let chosen = &logs.settings.format;
    // A gate's result is read in a pull request or a chat, unless somebody asks for something else.
    let format = if chosen.origin == Origin::Default { Format::Markdown } else { chosen.value };
    let (quiet, mut rows) = (logs.settings.quiet.value, verdicts.iter().map(row));
    logs.meter.time(Stage::Print, || output::print(&document, &mut rows, &args.output, format, true, quiet))?;
    logs.say_stats();
    Ok(documents::ending(document.incomplete, failed || strict))
}

/// A limit of a unit that does not exist would always be kept.
fn known(gates: &[Gate], logs: &Logs) -> Result<(), Failure> {
    let mut units = BTreeSet::from([UNMAPPED, UNATTRIBUTED, SHARED]);
    units.extend(logs.mapping.iter().flat_map(|mapping| mapping.units()));
    for gate in gates {
        match gate {
            Gate::Unit { unit, .. } if !units.contains(unit.as_str()) => {
                let why = match &logs.mapping {
                    Some(mapping) => format!("{} has no such unit", mapping.file()),
                    None => "give the mapping that names it (--map)".to_owned(),
                };
                return Err(Failure::Usage(format!("--max-unit: `{unit}`: {why}")));
            }
            Gate::Unit { .. } | Gate::Unallocated(_) => {}
        }
    }
    Ok(())
}

fn row(verdict: &Verdict) -> Row {
    vec![
        Cell::Text(verdict.gate.to_owned()),
        verdict.unit.clone().map_or(Cell::Null, Cell::Text),
        Cell::Text(verdict.measure.name().to_owned()),
        Cell::Integer(verdict.limit),
        Cell::Integer(verdict.found),
        Cell::Boolean(verdict.passed()),
    ]
}
