//! `billtrail sql`: the statement that asks BigQuery who pays, or what it would read.

use super::{Ending, Failure, output, tables};
use crate::cli::settings::Settings;
use crate::cli::sql::SqlArgs;
use crate::cli::{LogArgs, OutputArgs};
use crate::gcp::sql::{Bounds, CatalogueFrom, Layout, Question, View, Window, cost, statement};
use crate::model::document::Period;
use crate::model::time::rfc3339;

/// A day in nanoseconds.
const DAY: i64 = 86_400_000_000_000;

pub(super) fn run(args: &SqlArgs) -> Result<Ending, Failure> {
    let taken = LogArgs {
        services: args.services.clone(),
        timezone: args.timezone.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        ..LogArgs::default()
    };
    let settings = Settings::resolve(&taken, &OutputArgs::default(), &|name| std::env::var(name).ok())?;
    let period = tables::period(&taken, &settings)?;
    check(args)?;
    let provider = tables::provider(settings.services.value.as_deref())?;
    let catalogue = match &args.services_table {
        Some(table) => CatalogueFrom::Table(table),
        None => CatalogueFrom::Rows(provider.catalogue()),
    };
    let question = Question {
        tables: &args.table,
        layout: args.layout,
        view: args.view,
        absent: &args.absent,
        catalogue,
        projects_table: args.projects_table.as_deref(),
        mapping_table: args.mapping_table.as_deref(),
        timezone: settings.timezone.value.name(),
        window: window(&period, args.margin)?,
        partition: args.partition.as_deref(),
        period: bounds(&period),
        create: args.create.as_deref(),
    };
    let text = if args.dry_run_cost { cost(&question) } else { statement(&question) };
    output::write_to(None, &mut |out| out.write_all(text.as_bytes()))?;
    Ok(Ending::Done)
}

/// Refuses what BigQuery would refuse, and what would not mean what it says.
fn check(args: &SqlArgs) -> Result<(), Failure> {
    let usage = |text: String| Err(Failure::Usage(text));
    let tables = args.table.iter().map(|table| ("--table", table));
    let others = [
        ("--services-table", &args.services_table),
        ("--projects-table", &args.projects_table),
        ("--mapping-table", &args.mapping_table),
        ("--create", &args.create),
    ];
    for (option, table) in tables.chain(others.iter().filter_map(|(option, table)| Some((*option, table.as_ref()?)))) {
        if !is_table(table) {
            return usage(format!("{option}: `{table}` is not DATASET.TABLE or PROJECT.DATASET.TABLE"));
        }
    }
    if let Some(column) = &args.partition {
        if args.layout != Layout::RawJson {
            return usage(format!(
                "--partition is for --layout raw-json; {} says itself how it is partitioned",
                args.layout
            ));
        }
        if !column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || column.is_empty() {
            return usage(format!("--partition: `{column}` is not the name of a column"));
        }
    }
    if args.view == View::Chargeback && args.mapping_table.is_none() {
        return usage("--view chargeback needs --mapping-table, which says what unit a project belongs to".to_owned());
    }
    Ok(())
}

/// Whether a text names a table: two or three parts of letters, digits, `_`, `-`, of which the project may have a domain.
fn is_table(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'*'))
    };
    let (domain, rest) = text.split_once(':').map_or((None, text), |(domain, rest)| (Some(domain), rest));
    let parts: Vec<&str> = rest.split('.').collect();
    domain.is_none_or(|domain| domain.split('.').all(is_part))
        && (2..=3).contains(&parts.len())
        && parts.iter().all(|part| is_part(part))
        && !parts.iter().rev().skip(1).any(|part| part.contains('*'))
}

/// The partitions to read: the period with a margin on both sides, by whole days of UTC.
fn window(period: &Period, margin: u16) -> Result<Option<Window>, Failure> {
    let (Some(from), Some(to)) = (period.from, period.to) else {
        return if period.from.is_some() || period.to.is_some() {
            Err(Failure::Usage("--from and --to belong together: both bound what is read".to_owned()))
        } else {
            Ok(None)
        };
    };
    let margin = i64::from(margin) * DAY;
    let outside = || Failure::Usage("--margin reaches beyond the years that can be told".to_owned());
    let begin = from.checked_sub(margin).ok_or_else(outside)?.div_euclid(DAY) * DAY;
    let end =
        to.checked_add(margin).and_then(|end| end.checked_add(DAY - 1)).ok_or_else(outside)?.div_euclid(DAY) * DAY;
    Ok(Some(Window { from: rfc3339(begin), to: rfc3339(end) }))
}

fn bounds(period: &Period) -> Option<Bounds> {
    let (from, to) = (period.from.map(rfc3339), period.to.map(rfc3339));
    (from.is_some() || to.is_some()).then_some(Bounds { from, to })
}
