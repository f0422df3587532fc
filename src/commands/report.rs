//! `billtrail report`: the cost-attribution table.

use super::bill::{self, Wanted};
use super::logs::Logs;
use super::{Ending, Failure, documents, output, tables};
use crate::chargeback::dimension::Dimension;
use crate::chargeback::statement::Accumulator;
use crate::cli::ReportArgs;
use crate::model::stats::Stage;
use crate::model::tally::Imbalance;

pub(super) fn run(args: &ReportArgs) -> Result<Ending, Failure> {
    let by = dimensions(&args.by)?;
    if let Some(wanted) = Wanted::of(&args.bill)? {
        return with_bill(args, &wanted, by);
    }
    if let Some(dimension) = by.iter().find(|dimension| dimension.only_bills_have()) {
        return Err(Failure::Usage(format!("--by: only a bill tells `{dimension}`; give one with --bill")));
    }
    let logs = Logs::read_agreed(&args.logs, &args.output)?;
    let mut accumulator = Accumulator::new(&by, &logs.directory, logs.settings.timezone.value);
    let account = logs.attribute(|attributed| accumulator.add(&attributed))?;
    let statement = logs.meter.time(Stage::Group, || accumulator.finish())?;
    Imbalance::check("calls of the tally", account.tally.calls, statement.total.calls)?;
    let billable = account.tally.attributed + crate::model::tally::sum(&account.tally.unattributed);
    Imbalance::check("billable calls of the tally", billable, statement.total.billable_calls)?;
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let document = documents::report(&logs, account, &by, &statement);
    let mut rows = statement.rows.into_iter().map(documents::statement_row);
    let (format, quiet) = (logs.settings.format.value, logs.settings.quiet.value);
    logs.meter.time(Stage::Print, || output::print(&document, &mut rows, &args.output, format, !args.raw, quiet))?;
    logs.say_stats();
    Ok(documents::ending(document.incomplete, strict))
}

/// The same with the money of a bill. The bill is read first: it is small, and what is wrong with it shows at once.
fn with_bill(args: &ReportArgs, wanted: &Wanted, mut by: Vec<Dimension>) -> Result<Ending, Failure> {
    let settings = Logs::settings(&args.logs, &args.output)?.beside_a_bill();
    let provider = tables::provider(settings.services.value.as_deref())?;
    let directory = tables::directory(&provider, &settings.projects.value)?;
    let mapping = bill::mapping(&settings, &directory)?;
    let bill = wanted.read(&settings, mapping.as_ref())?;
    if bill.currencies().len() > 1 && !by.contains(&Dimension::Currency) {
        by.push(Dimension::Currency);
    }
    let mut logs = Logs::read_settled(&args.logs, settings)?;
    bill.teach(&mut logs);
    let bills = bill.of_payers(&logs);
    let mut accumulator = Accumulator::new(&by, &logs.directory, logs.settings.timezone.value).beside(&bills);
    let account = logs.attribute(|attributed| accumulator.add(&attributed))?;
    let (statement, summary) = logs.meter.time(Stage::Group, || bill.statement(&logs, &provider, accumulator, &by))?;
    let calls = statement.rows.iter().map(|row| row.measures.calls).sum();
    Imbalance::check("calls of the tally", account.tally.calls, calls)?;
    let untied = summary.invoice.is_some_and(|invoice| !invoice.ties_out());
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let document = documents::cost_report(&logs, account, &by, &statement, summary);
    let mut rows = statement.rows.into_iter().map(|row| documents::cost_row(row, &by));
    let (format, quiet) = (logs.settings.format.value, logs.settings.quiet.value);
    logs.meter.time(Stage::Print, || output::print(&document, &mut rows, &args.output, format, !args.raw, quiet))?;
    logs.say_stats()?;
    Ok(documents::ending(document.incomplete, strict || untied))
}

/// The grouping asked for, or the default.
fn dimensions(names: &[String]) -> Result<Vec<Dimension>, Failure> {
    if names.is_empty() {
        return Ok(Dimension::DEFAULT.to_vec());
    }
    let mut by = Vec::new();
    for name in names {
        let Some(dimension) = Dimension::parse(name.trim()) else {
            let known: Vec<&str> = Dimension::ALL.iter().map(|dimension| dimension.name()).collect();
            return Err(Failure::Usage(format!("--by: there is no column `{name}`; choose from {}", known.join(", "))));
        };
        if by.contains(&dimension) {
            return Err(Failure::Usage(format!("--by: `{name}` is listed twice")));
        }
        by.push(dimension);
    }
    Ok(by)
}
