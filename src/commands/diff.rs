//! `billtrail diff`: what moved between two results, and whether by more calls or by another mapping.

use std::path::{Path, PathBuf};

use super::logs::Logs;
use super::{Ending, Failure, documents, output, tables};
use crate::chargeback::attribution::Attributor;
use crate::chargeback::dimension::Dimension;
use crate::chargeback::mapping::Mapping;
use crate::chargeback::measure::Measure;
use crate::chargeback::movement::{Amounts, Movement, by_unit, kept, movements};
use crate::chargeback::report_rows::ReportRows;
use crate::chargeback::statement::{Measures, StatementError};
use crate::cli::settings::Settings;
use crate::cli::{DiffArgs, LogArgs};
use crate::model::document::{Cell, Input, Provenance, Row};

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
    let Some(measure) = Measure::parse(&args.measure) else {
        let known: Vec<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        let why = format!("--measure: there is no measure `{}`; choose from {}", args.measure, known.join(", "));
        return Err(Failure::Usage(why));
    };
    let compared = match (report(&args.old)?, report(&args.new)?) {
        (Some(old), Some(new)) => of_reports(args, &old, &new, measure)?,
        (None, None) => of_logs(args, measure)?,
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

fn of_reports(args: &DiffArgs, old: &ReportRows, new: &ReportRows, measure: Measure) -> Result<Compared, Failure> {
    if args.map.is_some() || args.old_map.is_some() {
        return Err(Failure::Usage("--map, --old-map: two reports have their units already".to_owned()));
    }
    let keys: Vec<Dimension> = old.keys().into_iter().filter(|key| new.keys().contains(key)).collect();
    if keys.is_empty() {
        anstream::eprintln!(
            "billtrail: warning: the reports have no column in common that tells one call from another, so that all is \
             volume; print them with --by unit,payer,service"
        );
    }
    let named = |name: &str, error| Failure::Usage(format!("{name}: {error}"));
    let before = old.rows(&keys, measure).map_err(|error| named(&args.old, error))?;
    let after = new.rows(&keys, measure).map_err(|error| named(&args.new, error))?;
    let input = |path: &String, complete| -> Result<Input, Failure> {
        let bytes = std::fs::metadata(path).map_err(|error| Failure::File { path: path.clone(), error })?.len();
        Ok(Input { path: path.clone(), bytes, complete })
    };
    let inputs = vec![input(&args.old, !old.incomplete)?, input(&args.new, !new.incomplete)?];
    Ok(Compared {
        old: by_unit(&before)?,
        kept: by_unit(&kept(&before, &after))?,
        new: by_unit(&after)?,
        provenance: Provenance {
            inputs,
            mapping: joined([&old.provenance.mapping, &new.provenance.mapping]),
            catalogue: joined([&old.provenance.catalogue, &new.provenance.catalogue]).unwrap_or_default(),
            ..Provenance::default()
        },
        incomplete: old.incomplete || new.incomplete,
    })
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
fn joined(names: [&Option<String>; 2]) -> Option<String> {
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

fn logs_args(args: &DiffArgs, inputs: &[String]) -> LogArgs {
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
