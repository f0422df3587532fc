//! `billtrail coverage`: how much of a bill the logs can tell of, and what would let them tell more.

use std::collections::BTreeMap;

use super::bill::Wanted;
use super::logs::Logs;
use super::{Ending, Failure, documents, output, tables};
use crate::chargeback::cost_statement::CostError;
use crate::chargeback::coverage::{BilledUsage, CoverageRow, Knowledge, SeenCalls, coverage};
use crate::cli::bill::BillArgs;
use crate::cli::coverage::CoverageArgs;
use crate::gcp::bill_coverage::{RESERVATIONS, audit_config, data_access, metering, sink_filter, used_through};
use crate::gcp::service::Catalogue;
use crate::lql::print_line;
use crate::model::cost::BillNames;
use crate::model::coverage::{BlindSpot, Coverage, CoverageSummary, Covered, DataAccess, PartlySeen};
use crate::model::document::{Cell, Column, ColumnType, Row};
use crate::model::money::{Amount, Currency, Money};
use crate::model::rounding::{round_to, share};
use crate::model::stats::Stage;
use crate::model::time::rfc3339;

const fn column(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind, unit: None }
}

/// The columns of `coverage`, in their order; the unit of money is the currency. With several currencies `currency` comes
/// after the first three.
pub const COVERAGE: [Column; 13] = [
    column("project", ColumnType::Text),
    column("service", ColumnType::Text),
    column("coverage", ColumnType::Text),
    column("net_cost", ColumnType::Money),
    column("share", ColumnType::Share),
    column("evidenced_cost", ColumnType::Money),
    column("calls", ColumnType::Integer),
    column("billable_calls", ColumnType::Integer),
    column("billed_hours", ColumnType::Integer),
    column("missing_hours", ColumnType::Integer),
    column("missing", ColumnType::Text),
    column("audit_config", ColumnType::Text),
    column("sink_filter", ColumnType::Text),
];

/// How many of them are keys, and how many are shown below a table.
const KEYS: usize = 3;
const DETAILS: usize = 3;
const CURRENCY: Column = column("currency", ColumnType::Text);

pub(super) fn run(args: &CoverageArgs) -> Result<Ending, Failure> {
    let bill = BillArgs { bill: args.bill.clone(), invoice_month: args.invoice_month.clone(), ..BillArgs::default() };
    let Some(wanted) = Wanted::of(&bill)? else {
        return Err(Failure::Usage("--bill: name the files of a bill".to_owned()));
    };
    let settings = Logs::settings(&args.logs, &args.output)?.beside_a_bill();
    let provider = tables::provider(settings.services.value.as_deref())?;
    let catalogue = provider.catalogue();
    let names = provider.bill_names();
    let period = tables::period(&args.logs, &settings)?;
    let metering = |service: &str, sku: &str| metering(catalogue, &names, service, sku);
    let mut billed = BilledUsage::default();
    let bill = wanted.read_each(&settings, None, &mut |row| {
        let time = row.usage_start;
        if period.from.is_none_or(|from| from <= time) && period.to.is_none_or(|to| time < to) {
            billed.add(row, &metering);
        }
    })?;
    let mut logs = Logs::read_settled(&args.logs, settings)?;
    bill.teach(&mut logs);
    let (account, parts) = logs.attribute(SeenCalls::default, |seen, attributed| {
        seen.add(attributed, &names);
        Ok(())
    })?;
    let mut seen = SeenCalls::default();
    parts.into_iter().for_each(|part| seen.merge(part));
    let of_logs = |service: &str| names.shown.get(service).map_or_else(|| service.to_owned(), Clone::clone);
    let sampled = |service: &str| logs.settings.sampled.value.contains_key(&of_logs(service));
    let unlogged = |service: &str| data_access(catalogue, used_through(&of_logs(service))) == DataAccess::Never;
    let known = Knowledge { directory: &logs.directory, sampled: &sampled, unlogged: &unlogged };
    let (mut rows, covered) =
        logs.meter.time(Stage::Group, || coverage(&billed, &seen, &known)).map_err(CostError::from)?;
    rows.iter_mut().for_each(|row| row.service = shown(&row.service, &names));
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let one = covered.keys().next().copied().filter(|_| covered.len() == 1);
    let totals = totals(one.and_then(|currency| Some((currency, covered.get(&currency)?))));
    let mut document = documents::document("coverage", &logs, account, columns(one), KEYS, totals);
    document.keys += usize::from(one.is_none());
    document.details = DETAILS;
    let (blind_spots, partly_seen) = (blind_spots(&rows, catalogue), partly_seen(&rows));
    let cells = cells(&rows, &covered, one.is_none(), catalogue);
    document.coverage = Some(CoverageSummary { bill: bill.paths(), covered, blind_spots, partly_seen });
    let (format, quiet) = (logs.settings.format.value, logs.settings.quiet.value);
    let mut cells = cells.into_iter();
    logs.meter.time(Stage::Print, || output::print(&document, &mut cells, &args.output, format, true, quiet))?;
    logs.say_stats();
    Ok(documents::ending(document.incomplete, strict))
}

/// The service as logs name it, where the catalogue knows one by the bill's name.
fn shown(service: &str, names: &BillNames) -> String {
    names.shown.get(service).map_or_else(|| service.to_owned(), Clone::clone)
}

fn columns(currency: Option<Currency>) -> Vec<Column> {
    let with_unit = |column: &Column| match column.kind {
        ColumnType::Money => Column { unit: currency.map(|currency| currency.code()), ..*column },
        ColumnType::Text
        | ColumnType::Integer
        | ColumnType::Boolean
        | ColumnType::Time
        | ColumnType::Share
        | ColumnType::Proof => *column,
    };
    let mut columns: Vec<Column> = COVERAGE.iter().map(with_unit).collect();
    if currency.is_none() {
        columns.insert(KEYS, CURRENCY);
    }
    columns
}

/// The totals; calls and hours are not added up, because rows share them.
fn totals(one: Option<(Currency, &Covered)>) -> Row {
    let mut totals = vec![Cell::Null; COVERAGE.len() - KEYS];
    if let Some((currency, covered)) = one {
        totals[0] = Cell::Money(Money::rounded(covered.net_cost, currency));
        totals[1] = share(covered.net_cost, covered.net_cost).map_or(Cell::Null, Cell::Share);
        totals[2] = Cell::Money(Money::rounded(covered.evidenced_cost, currency));
    }
    totals
}

fn cells(
    rows: &[CoverageRow],
    covered: &BTreeMap<Currency, Covered>,
    with_currency: bool,
    catalogue: &Catalogue,
) -> Vec<Row> {
    let mut cells = Vec::with_capacity(rows.len());
    for (currency, sums) in covered {
        let of_currency: Vec<&CoverageRow> = rows.iter().filter(|row| row.currency == *currency).collect();
        let coins = |sum: Amount, of: fn(&CoverageRow) -> Amount| {
            let amounts: Vec<Amount> = of_currency.iter().map(|row| of(row)).collect();
            round_to(sum.coins(*currency), &amounts, *currency)
        };
        let net = coins(sums.net_cost, |row| row.net_cost);
        let evidenced = coins(sums.evidenced_cost, |row| row.evidenced_cost);
        for ((row, net), evidenced) in of_currency.iter().zip(net).zip(evidenced) {
            let money = |exact, coins| Cell::Money(Money { exact, coins, currency: *currency });
            let text = |text: Option<String>| text.map_or(Cell::Null, Cell::Text);
            let count = |count: usize| Cell::Integer(count as u128);
            let mut keys = vec![
                text(row.project.clone()),
                Cell::Text(row.service.clone()),
                Cell::Text(row.coverage.name().to_owned()),
            ];
            keys.extend(with_currency.then(|| Cell::Text(currency.code().to_owned())));
            let (audit, sink) = opening(row, catalogue);
            keys.extend([
                money(row.net_cost, net),
                share(row.net_cost, sums.net_cost).map_or(Cell::Null, Cell::Share),
                money(row.evidenced_cost, evidenced),
                Cell::Integer(row.calls.into()),
                Cell::Integer(row.billable_calls.into()),
                count(row.billed_hours.len()),
                count(row.missing_hours.len()),
                text(Some(stretches(&row.missing())).filter(|missing| !missing.is_empty())),
                text(audit),
                text(sink),
            ]);
            cells.push(keys);
        }
    }
    cells
}

/// Stretches of hours as ISO 8601 has them: `2026-10-05T07:00:00Z/PT24H`, joined with `, `.
fn stretches(stretches: &[(i64, u64)]) -> String {
    let text = |(from, hours): &(i64, u64)| format!("{}/PT{hours}H", rfc3339(*from));
    stretches.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// The audit configuration and the sink's filter that would let the logs tell more of a row.
fn opening(row: &CoverageRow, catalogue: &Catalogue) -> (Option<String>, Option<String>) {
    if !row.coverage.can_be_opened() {
        return (None, None);
    }
    let service = used_through(&row.service);
    (audit_config(service, &data_access(catalogue, service)), Some(print_line(&sink_filter(service))))
}

/// What to do about a cost that the logs do not tell of.
fn advice(service: &str, coverage: Coverage, access: &DataAccess) -> &'static str {
    if service == RESERVATIONS {
        return "idle slots, or jobs of projects whose logs are not here: BigQuery's Data Access is always on, export it from all of them";
    }
    match (coverage, access) {
        (Coverage::Unlogged, _) => {
            "writes no audit entry of what it bills; the metric serviceruntime.googleapis.com/api/request_count counts requests"
        }
        (Coverage::Sampled, _) => "export all of its entries: you declared that they are sampled or exempted",
        (Coverage::Partial, _) => {
            "look for lost files, exclusion filters, exemptedMembers and settings that changed in the hours without calls"
        }
        (_, DataAccess::Always) => "its Data Access is always on: export it with a sink",
        (_, DataAccess::InActivity) => "its calls are in Admin Activity, which is always on: export it with a sink",
        (_, DataAccess::Unknown) => {
            "the catalogue does not know whether it writes Data Access; turn it on and see, and export it with a sink"
        }
        (_, DataAccess::OptIn(_) | DataAccess::Never) => {
            "turn on its Data Access in the projects' policies, and export it with a sink"
        }
    }
}

/// What the logs do not tell, by service: the largest cost first.
fn blind_spots(rows: &[CoverageRow], catalogue: &Catalogue) -> Vec<BlindSpot> {
    let mut spots: BTreeMap<(Currency, &str, Coverage), BlindSpot> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.coverage.can_be_opened() || row.coverage == Coverage::Unlogged) {
        let (audit_config, sink_filter) = opening(row, catalogue);
        let spot = spots.entry((row.currency, &row.service, row.coverage)).or_insert_with(|| BlindSpot {
            service: row.service.clone(),
            coverage: row.coverage,
            currency: row.currency,
            cost: Amount::ZERO,
            projects: Vec::new(),
            advice: advice(&row.service, row.coverage, &data_access(catalogue, &row.service)),
            audit_config,
            sink_filter,
        });
        // The sum of all rows fits, or there would be none.
        let blind = row.net_cost.checked_sub(row.evidenced_cost).unwrap_or_default();
        spot.cost = spot.cost.checked_add(blind).unwrap_or(spot.cost);
        spot.projects.extend(row.project.clone());
    }
    let mut spots: Vec<BlindSpot> = spots.into_values().collect();
    spots.iter_mut().for_each(|spot| spot.projects.sort());
    spots.sort_by(|a, b| (a.currency, b.cost).cmp(&(b.currency, a.cost)));
    spots
}

fn partly_seen(rows: &[CoverageRow]) -> Vec<PartlySeen> {
    let partly = rows.iter().filter(|row| matches!(row.coverage, Coverage::Partial | Coverage::Sampled));
    let partly = partly.filter(|row| !row.missing_hours.is_empty());
    let hours = |row: &CoverageRow| u64::try_from(row.billed_hours.len()).unwrap_or(u64::MAX);
    partly
        .map(|row| PartlySeen {
            project: row.project.clone().unwrap_or_default(),
            service: row.service.clone(),
            billed_hours: hours(row),
            missing: row.missing(),
        })
        .collect()
}
