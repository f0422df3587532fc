//! `billtrail check`: gates that a result must pass.

use std::collections::BTreeSet;

use super::bill::Wanted;
use super::costed::{Asked, Costed};
use super::logs::Logs;
use super::{Ending, Failure, documents, output, verdicts};
use crate::chargeback::attribution::{Account, SHARED, UNATTRIBUTED, UNMAPPED};
use crate::chargeback::gate::{Gate, budgeted};
use crate::chargeback::held::Held;
use crate::chargeback::mapping::Mapping;
use crate::chargeback::statement::Measures;
use crate::chargeback::verdict::Verdict;
use crate::cli::check::CheckArgs;
use crate::cli::settings::Origin;
use crate::model::document::Row;
use crate::model::money::Currency;
use crate::model::stats::Stage;
use crate::model::tie_out::BillSummary;
use crate::report::Format;

pub(super) fn run(args: &CheckArgs) -> Result<Ending, Failure> {
    let gates = gates(args)?;
    let (logs, account, held, bill) = match Wanted::of(&args.bill)? {
        Some(wanted) => costs(args, &wanted, &gates)?,
        None => calls(args, &gates)?,
    };
    let mut found = Vec::new();
    for gate in &gates {
        found.extend(gate.judge(&held)?);
    }
    found.extend(bill.as_ref().and_then(|bill| bill.invoice.as_ref()).map(Verdict::invoice));
    let failed = found.iter().any(|verdict| !verdict.passed);
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let document = verdicts::check(&logs, account, &gates, bill);
    let rows: Vec<Row> = found.iter().map(|verdict| verdicts::row(verdict, &document.columns)).collect();
    let chosen = &logs.settings.format;
    // A gate's result is read in a pull request or a chat, unless somebody asks for something else.
    let format = if chosen.origin == Origin::Default { Format::Markdown } else { chosen.value };
    let (quiet, mut rows) = (logs.settings.quiet.value, rows.into_iter());
    logs.meter.time(Stage::Print, || output::print(&document, &mut rows, &args.output, format, true, quiet))?;
    logs.say_stats();
    Ok(documents::ending(document.incomplete, failed || strict))
}

/// The gates asked for; that of the invoice comes with the bill.
fn gates(args: &CheckArgs) -> Result<Vec<Gate>, Failure> {
    let option = |name: &'static str| move |why: String| Failure::Usage(format!("{name}: {why}"));
    let mut gates = Vec::new();
    for text in &args.max_unallocated {
        gates.push(Gate::unallocated(text).map_err(option("--max-unallocated"))?);
    }
    for text in &args.max_unit {
        gates.push(Gate::unit(text).map_err(option("--max-unit"))?);
    }
    if args.require_tie_out {
        gates.push(Gate::TieOut);
    }
    if let (Some(currency), true) = (budgeted(&gates).first(), args.bill.bill.is_empty()) {
        let why = format!("--max-unit: only a bill tells what a unit costs in {currency}; give it with --bill");
        return Err(Failure::Usage(why));
    }
    Ok(gates)
}

/// What is held against the gates, with what it was made from.
type Found = (Logs, Account, Held, Option<BillSummary>);

fn calls(args: &CheckArgs, gates: &[Gate]) -> Result<Found, Failure> {
    let logs = Logs::read_agreed(&args.logs, &args.output)?;
    known(gates, logs.mapping.as_ref())?;
    let (account, held) = logs.attribute_in_order(Held::default, |held, attributed| {
        held.add(attributed.unit, &Measures::of(attributed))?;
        Ok(())
    })?;
    Ok((logs, account, held, None))
}

fn costs(args: &CheckArgs, wanted: &Wanted, gates: &[Gate]) -> Result<Found, Failure> {
    let fits = |mapping: Option<&Mapping>, currencies: &BTreeSet<Currency>| {
        known(gates, mapping)?;
        in_the_bill(gates, currencies)
    };
    let settings = Logs::settings(&args.logs, &args.output)?;
    let asked = Asked { settings, by: Held::BY.to_vec(), minimum: None, keep: false };
    let costed = Costed::read(&args.logs, wanted, asked, &fits)?;
    let Costed { logs, account, by: _, statement, summary, kept: _ } = costed;
    let held = Held::of(&statement, &summary.tie_outs)?;
    Ok((logs, account, held, Some(summary)))
}

/// A limit of a unit that does not exist would always be kept.
fn known(gates: &[Gate], mapping: Option<&Mapping>) -> Result<(), Failure> {
    let mut units = BTreeSet::from([UNMAPPED, UNATTRIBUTED, SHARED]);
    units.extend(mapping.iter().flat_map(|mapping| mapping.units()));
    match gates.iter().filter_map(Gate::limited).find(|unit| !units.contains(unit)) {
        None => Ok(()),
        Some(unit) => {
            let why = match mapping {
                Some(mapping) => format!("{} has no such unit", mapping.file()),
                None => "give the mapping that names it (--map)".to_owned(),
            };
            Err(Failure::Usage(format!("--max-unit: `{unit}`: {why}")))
        }
    }
}

/// So would be one in a currency that the bill does not have.
fn in_the_bill(gates: &[Gate], currencies: &BTreeSet<Currency>) -> Result<(), Failure> {
    match budgeted(gates).difference(currencies).next() {
        None => Ok(()),
        Some(missing) => {
            let there: Vec<&str> = currencies.iter().map(|currency| currency.code()).collect();
            Err(Failure::Usage(format!(
                "--max-unit: nothing of the bill is in {missing}; it is in {there}: write the limit in that currency",
                there = there.join(", ")
            )))
        }
    }
}
