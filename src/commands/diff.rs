//! `billtrail diff`: what moved between two results, and whether by more calls or by another mapping.

use std::path::{Path, PathBuf};

use super::logs::Logs;
use super::{Ending, Failure, cost_diff, documents, output, tables};
use crate::chargeback::attribution::Attributor;
use crate::chargeback::dimension::Dimension;
use crate::chargeback::mapping::Mapping;
use crate::chargeback::measure::Measure;
use crate::chargeback::movement::{Amounts, Movement, by_unit, kept, movements};
use crate::chargeback::report_rows::ReportRows;
use crate::chargeback::statement::{Measures, StatementError};
use crate::cli::LogArgs;
use crate::cli::diff::DiffArgs;
use crate::cli::settings::Settings;
use crate::model::document::{Cell, Input, Provenance, Row};

/// What is compared.
#[derive(Clone, Copy)]
enum Wanted {
    NetCost,
    Calls(Measure),
}

impl Wanted {
    const BILLABLE: Self = Self::Calls(Measure::BillableCalls);

    fn parse(name: &str) -> Result<Self, Failure> {
        if name == "net_cost" {
            return Ok(Self::NetCost);
        }
        Measure::parse(name).map(Self::Calls).ok_or_else(|| {
            let known: Vec<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
            let known = known.join(", ");
            Failure::Usage(format!("--measure: there is no measure `{name}`; choose from net_cost, {known}"))
        })
    }
}

/// The amounts before, after, and after under the old mapping, with where they come from.
struct Compared {
    old: Amounts,
    kept: Amounts,
    new: Amounts,
    provenance: Provenance,
    incomplete: bool,
}

pub(super) fn run(args: &DiffArgs) -> Result<Ending, Failure> {
    let settings = Settings::resolve(&logs_args(args, &[]), &args.output, &|name| std::env::var(name).ok())?;
    let measure = args.measure.as_deref().map(Wanted::parse).transpose()?;
    let compared = match (report(&args.old)?, report(&args.new)?) {
        (Some(old), Some(new)) => {
            let with_money = old.has_money() && new.has_money();
            let keys = keys(args, &old, &new)?;
            match measure.unwrap_or(if with_money { Wanted::NetCost } else { Wanted::BILLABLE }) {
                Wanted::NetCost => {
                    let provenance = cost_diff::provenance(args, &old, &new)?;
                    return cost_diff::of_reports(args, &settings, [&old, &new], &keys, provenance);
                }
                Wanted::Calls(measure) => of_reports(args, &old, &new, &keys, measure)?,
            }
        }
        (None, None) => {
            match measure.unwrap_or(if args.bill.is_empty() { Wanted::BILLABLE } else { Wanted::NetCost }) {
                Wanted::NetCost if args.bill.is_empty() => {
                    return Err(Failure::Usage(
                        "--measure net_cost: only bills tell it; give them with --bill".to_owned(),
                    ));
                }
                Wanted::NetCost => return cost_diff::of_logs(args, &settings),
                Wanted::Calls(measure) if args.bill.is_empty() => of_logs(args, measure)?,
                Wanted::Calls(measure) => {
                    let why = format!("--bill: it tells nothing of {measure}; leave one of both away");
                    return Err(Failure::Usage(why));
                }
            }
        }
        (Some(_), None) | (None, Some(_)) => {
            let why = "one is a report and the other is not; give two reports (JSON) or two inputs";
            return Err(Failure::Usage(format!("{}, {}: {why}", args.old, args.new)));
        }
    };
    let Compared { old, kept, new, provenance, incomplete } = compared;
    let movements = movements(&old, &kept, &new)?;
    let mut rows = Vec::with_capacity(movements.len());
    for movement in &movements {
        rows.push(row(movement)?);
    }
    let total = |amounts: &Amounts| amounts.values().try_fold(0_u128, |sum, amount| sum.checked_add(*amount));
    let (Some(old), Some(new)) = (total(&old), total(&new)) else { return Err(StatementError::Overflow.into()) };
    let all = Movement { unit: String::new(), old, volume: signed(old, new)?, mapping: 0, new };
    let document = documents::diff(provenance, row(&all)?.split_off(1), incomplete);
    output::print(&document, &mut rows.into_iter(), &args.output, settings.format.value, true, settings.quiet.value)?;
    Ok(documents::ending(incomplete, false))
}

/// The report that an argument names; `None` when it names logs.
fn report(argument: &str) -> Result<Option<ReportRows>, Failure> {
    let path = Path::new(argument);
    if !path.is_file() || path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("json")) {
        return Ok(None);
    }
    Ok(ReportRows::read(&tables::read_bytes(path)?))
}

/// The columns by which two reports are compared.
fn keys(args: &DiffArgs, old: &ReportRows, new: &ReportRows) -> Result<Vec<Dimension>, Failure> {
    if args.map.is_some() || args.old_map.is_some() {
        return Err(Failure::Usage("--map, --old-map: two reports have their units already".to_owned()));
    }
    if !args.bill.is_empty() {
        return Err(Failure::Usage("--bill: two reports have their money already".to_owned()));
    }
    let keys: Vec<Dimension> = old.keys().into_iter().filter(|key| new.keys().contains(key)).collect();
    if keys.is_empty() && !args.quiet {
        anstream::eprintln!(
            "billtrail: warning: the reports have no column in common that tells one call from another, so that a change of \
             the mapping does not show; print them with --by unit,payer,service"
        );
    }
    Ok(keys)
}

fn of_reports(
    args: &DiffArgs,
    old: &ReportRows,
    new: &ReportRows,
    keys: &[Dimension],
    measure: Measure,
) -> Result<Compared, Failure> {
    let named = |name: &str, error| Failure::Usage(format!("{name}: {error}"));
    let before = old.rows(keys, measure).map_err(|error| named(&args.old, error))?;
    let after = new.rows(keys, measure).map_err(|error| named(&args.new, error))?;
    Ok(Compared {
        old: by_unit(&before)?,
        kept: by_unit(&kept(&before, &after))?,
        new: by_unit(&after)?,
        provenance: cost_diff::provenance(args, old, new)?,
        incomplete: old.incomplete || new.incomplete,
    })
}

/// A report as an input.
pub(super) fn input_of(path: &str, complete: bool) -> Result<Input, Failure> {
    let found = std::fs::metadata(path).map_err(|error| Failure::File { path: path.to_owned(), error })?;
    Ok(Input { path: path.to_owned(), bytes: found.len(), complete })
}

fn of_logs(args: &DiffArgs, measure: Measure) -> Result<Compared, Failure> {
    let with_map = |map: &Option<PathBuf>, input: &String| LogArgs {
        map: map.clone(),
        ..logs_args(args, std::slice::from_ref(input))
    };
    let old_map = if args.old_map.is_some() { &args.old_map } else { &args.map };
    let before = Logs::read_agreed(&with_map(old_map, &args.old), &args.output)?;
    let after = Logs::read_agreed(&with_map(&args.map, &args.new), &args.output)?;
    let under_old = match before.settings.map.value.as_deref() {
        Some(path) => Some(tables::mapping(path, &before.settings, &after.directory)?),
        None => None,
    };
    if let Some(mapping) = &under_old {
        mapping.agrees_with(&after.directory)?;
    }
    let mapping = joined([&before.provenance.mapping, &after.provenance.mapping]);
    let inputs = before.provenance.inputs.iter().chain(&after.provenance.inputs).cloned().collect();
    let provenance = Provenance { inputs, mapping, ..after.provenance.clone() };
    Ok(Compared {
        old: amounts(&before, before.mapping.as_ref(), measure)?,
        kept: amounts(&after, under_old.as_ref(), measure)?,
        new: amounts(&after, after.mapping.as_ref(), measure)?,
        provenance,
        incomplete: before.incomplete || after.incomplete,
    })
}

/// What the old and the new result were made from: one name if it is the same.
pub(super) fn joined(names: [&Option<String>; 2]) -> Option<String> {
    let mut names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    names.dedup();
    (!names.is_empty()).then(|| names.join(", "))
}

/// What each unit has under a mapping.
fn amounts(logs: &Logs, mapping: Option<&Mapping>, measure: Measure) -> Result<Amounts, Failure> {
    let attributor = Attributor { mapping, ..logs.attributor() };
    let (_, amounts) = logs.attribute_by(&attributor, 1, Amounts::new, |amounts, attributed| {
        let amount = amounts.entry(attributed.unit.to_owned()).or_default();
        *amount = amount.checked_add(measure.of(&Measures::of(attributed))).ok_or(StatementError::Overflow)?;
        Ok(())
    })?;
    Ok(amounts.into_iter().next().unwrap_or_default())
}

pub(super) fn logs_args(args: &DiffArgs, inputs: &[String]) -> LogArgs {
    LogArgs {
        inputs: inputs.to_vec(),
        map: args.map.clone(),
        projects: args.projects.clone(),
        services: args.services.clone(),
        timezone: args.timezone.clone(),
        filter: args.filter.clone(),
        quiet: args.quiet,
        ..LogArgs::default()
    }
}

fn row(movement: &Movement) -> Result<Row, Failure> {
    let small = |change: i128| i64::try_from(change).map(Cell::Signed).map_err(|_| StatementError::Overflow);
    Ok(vec![
        Cell::Text(movement.unit.clone()),
        Cell::Integer(movement.old),
        Cell::Integer(movement.new),
        small(signed(movement.old, movement.new)?)?,
        small(movement.volume)?,
        small(movement.mapping)?,
    ])
}

fn signed(old: u128, new: u128) -> Result<i128, StatementError> {
    new.checked_signed_diff(old).ok_or(StatementError::Overflow)
}
