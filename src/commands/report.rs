//! `billtrail report`: the cost-attribution table, with the filter of each row and its proof if they are asked for.

use std::num::NonZeroUsize;

use super::bill::Wanted;
use super::costed::{ANY, Asked, Costed};
use super::logs::Logs;
use super::proof::{Fault, Proven, Speakers, prove};
use super::row_entries::{Frame, RowEntries};
use super::row_filters::RowFilter;
use super::{Ending, Failure, dataset, documents, output, prices};
use crate::chargeback::attribution::Attributed;
use crate::chargeback::dimension::{Dimension, Teller};
use crate::chargeback::estimate::Estimates;
use crate::chargeback::price::PriceBook;
use crate::chargeback::statement::{Accumulator, StatementRow};
use crate::cli::ReportArgs;
use crate::model::stats::Stage;
use crate::model::tally::Imbalance;
use crate::report::safe;

/// How many rows are named whose filters fail.
const NAMED: usize = 10;

pub(super) fn run(args: &ReportArgs) -> Result<Ending, Failure> {
    let by = dimensions(&args.by)?;
    prices::without_bill(&args.prices, &args.bill.bill)?;
    if let (Some(_), true) = (&args.output.names.pseudonymise, args.filters || args.prove) {
        let why = "filters select entries by whom they name";
        return Err(Failure::Usage(format!("--filters, --prove: {why}; they do not go with --pseudonymise")));
    }
    if args.groups.min_group.is_some() && (args.filters || args.prove) {
        let why = "the filter of a row selects its entries one by one";
        return Err(Failure::Usage(format!("--filters, --prove: {why}; they do not go with --min-group")));
    }
    if args.groups.min_group.is_some() && args.prices.prices.is_some() {
        let why = "an estimate is for each row, and small groups have none of their own";
        return Err(Failure::Usage(format!("--prices: {why}; it does not go with --min-group")));
    }
    if let Some(dataset) = dataset::asked(args)? {
        return dataset::run(args, dataset, &by);
    }
    if let Some(wanted) = Wanted::of(&args.bill)? {
        return with_bill(args, &wanted, by);
    }
    told(args, &by)?;
    let book = prices::book(&args.prices, &Logs::settings(&args.logs, &args.output)?)?;
    let shows_resources = args.filters || by.contains(&Dimension::Resource);
    let read = match (args.prove, shows_resources) {
        (true, _) => Logs::read_first,
        (false, true) => Logs::read_agreed,
        (false, false) => Logs::read_without_resources,
    };
    let logs = read(&args.logs, &args.output)?;
    let frame = frame(&logs, &by);
    let begin = || Part::begin(&by, &logs, book.as_ref(), args.groups.min_group);
    let (mut account, parts, entries) = if args.filters || args.prove {
        let begin = || (begin(), RowEntries::default());
        let (account, (part, entries)) = logs.attribute_in_order(begin, |(part, entries), attributed| {
            part.add(attributed);
            entries.add(attributed, &frame);
            Ok(())
        })?;
        (account, vec![part], Some(entries))
    } else if book.is_none() {
        let (account, calls) = logs.add_up(|| begin().calls)?;
        (account, vec![Part { calls, estimates: None }], None)
    } else {
        let (account, parts) = logs.attribute(begin, |part, attributed| {
            part.add(attributed);
            Ok(())
        })?;
        (account, parts, None)
    };
    let (calls, estimates) = Part::split(parts);
    let mut accumulator = begin().calls.merged(calls);
    let principals = accumulator.take_principals();
    let sorted = logs.meter.time(Stage::Group, || accumulator.sorted())?;
    let total = sorted.total;
    Imbalance::check("calls of the tally", account.tally.calls, total.calls)?;
    let billable = account.tally.attributed + crate::model::tally::sum(&account.tally.unattributed);
    Imbalance::check("billable calls of the tally", billable, total.billable_calls)?;
    let mut rows: Box<dyn Iterator<Item = StatementRow>> = match principals {
        Some(principals) => {
            principals.quieten(&mut account);
            Box::new(principals.fold(sorted.statement())?.rows.into_iter())
        }
        None => Box::new(sorted.into_rows()),
    };
    let filters = entries.map(|entries| Filters::make(entries, &frame, &logs, args.prove)).transpose()?;
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let columns = filters.as_ref().map_or(0, |filters| if filters.proven.is_some() { 4 } else { 3 });
    let mut document = documents::report(&logs, account, &by, &total, columns);
    let mut estimated = Vec::new();
    if let (Some(estimates), Some(book)) = (&estimates, &book) {
        prices::put(&mut document, estimates, &prices::ESTIMATED)?;
        let all: Vec<StatementRow> = rows.collect();
        let keys: Vec<&[String]> = all.iter().map(|row| row.key.as_slice()).collect();
        estimated = prices::cells(estimates, book, &keys)?;
        rows = Box::new(all.into_iter());
    }
    let mut estimated = estimated.into_iter();
    let mut rows = rows.map(|row| {
        let cells = filters.as_ref().map(|filters| filters.cells(&row));
        let cells = estimated.next().into_iter().flatten().chain(cells.into_iter().flatten());
        documents::statement_row(row).into_iter().chain(cells).collect()
    });
    let (format, quiet) = (logs.settings.format.value, logs.settings.quiet.value);
    logs.meter.time(Stage::Print, || output::print(&document, &mut rows, &args.output, format, !args.raw, quiet))?;
    logs.say_stats();
    let unproven = filters.as_ref().is_some_and(|filters| filters.say_faults(&logs));
    Ok(documents::ending(document.incomplete, strict || unproven))
}

/// What a thread knows of its calls: their sums, and what they would cost.
struct Part<'t> {
    calls: Accumulator<'t>,
    estimates: Option<Estimates<'t>>,
}

impl<'t> Part<'t> {
    fn begin(by: &[Dimension], logs: &'t Logs, book: Option<&'t PriceBook>, minimum: Option<NonZeroUsize>) -> Self {
        let (directory, timezone) = (&logs.directory, logs.settings.timezone.value);
        let calls = Accumulator::new(by, directory, timezone).priced_by(book).counting(minimum);
        Self { calls, estimates: book.map(|book| Estimates::new(book, by, directory, timezone)) }
    }

    fn add(&mut self, attributed: &Attributed<'_>) {
        self.calls.add(attributed);
        if let Some(estimates) = &mut self.estimates {
            estimates.add(attributed);
        }
    }

    /// The sums of all threads, and their estimates together.
    fn split(parts: Vec<Self>) -> (Vec<Accumulator<'t>>, Option<Estimates<'t>>) {
        let (calls, estimates): (Vec<_>, Vec<_>) = parts.into_iter().map(|part| (part.calls, part.estimates)).unzip();
        let together = |mut all: Estimates<'t>, more| {
            all.merge(more);
            all
        };
        (calls, estimates.into_iter().flatten().reduce(together))
    }
}

/// Refuses columns that nothing tells.
fn told(args: &ReportArgs, by: &[Dimension]) -> Result<(), Failure> {
    let Some(dimension) = by.iter().find(|dimension| dimension.teller() == Teller::Bills) else { return Ok(()) };
    let priced = args.prices.prices.is_some();
    let why = match dimension {
        Dimension::Sku if priced && (args.filters || args.prove) => {
            "no entry tells `sku`, so that no filter can select it; leave out --filters and --prove".to_owned()
        }
        Dimension::Sku if priced => match by.iter().find(|by| by.teller() == Teller::Bills && **by != Dimension::Sku) {
            None => return Ok(()),
            Some(other) => format!("only a bill tells `{other}`; give one with --bill"),
        },
        Dimension::Sku => "only a bill or a price book tells `sku`; give one with --bill or --prices".to_owned(),
        other => format!("only a bill tells `{other}`; give one with --bill"),
    };
    Err(Failure::Usage(format!("--by: {why}")))
}

/// What the filters of the rows are made with.
fn frame<'t>(logs: &'t Logs, by: &'t [Dimension]) -> Frame<'t> {
    Frame {
        by,
        directory: &logs.directory,
        timezone: logs.settings.timezone.value,
        period: &logs.period,
        filter: logs.filter.as_ref().map(|filter| &filter.expr),
        catalogue: logs.provider.catalogue(),
    }
}

/// The filters of the rows, and how they fared.
struct Filters {
    entries: RowEntries,
    filters: Vec<RowFilter>,
    proven: Option<Proven>,
}

impl Filters {
    fn make(mut entries: RowEntries, frame: &Frame<'_>, logs: &Logs, proved: bool) -> Result<Self, Failure> {
        let filters = logs.meter.time(Stage::Group, || entries.filters(frame))?;
        let proven = if proved {
            let speakers = Speakers::new(std::mem::take(&mut entries.speaking), logs.outside()?);
            Some(logs.meter.time(Stage::Prove, || prove(logs, &filters, &speakers))?)
        } else {
            None
        };
        Ok(Self { entries, filters, proven })
    }

    fn cells(&self, row: &StatementRow) -> crate::model::document::Row {
        let Some(place) = self.entries.place(&row.key) else {
            unreachable!("the statement groups the calls that the entries were taken in for, by the same columns")
        };
        let proof = self.proven.as_ref().map(|proven| proven.proofs[place]);
        documents::filter_cells(&self.filters[place], proof)
    }

    /// Says on standard error which filters fail and by which entries; `true` if any does.
    fn say_faults(&self, logs: &Logs) -> bool {
        let Some(Proven { faults: failing, .. }) = &self.proven else { return false };
        for (row, faults) in failing.iter().take(NAMED) {
            let name = self.name(*row);
            let name = safe(&name);
            if faults.is_empty() {
                anstream::eprintln!("billtrail: --prove: {name}: entries are not in the input any more");
            }
            for fault in faults {
                anstream::eprintln!("billtrail: --prove: {name}: {}", safe(&self.sentence(fault, logs)));
            }
        }
        if let Some(more) = failing.len().checked_sub(NAMED).filter(|more| *more > 0) {
            anstream::eprintln!("billtrail: --prove: and the filters of {more} more rows");
        }
        !failing.is_empty()
    }

    fn name(&self, row: usize) -> String {
        self.entries.key(row).join(", ")
    }

    /// What one entry shows.
    fn sentence(&self, fault: &Fault, logs: &Logs) -> String {
        let entry = match &fault.insert_id {
            Some(id) => format!("{} (insertId {id})", logs.place(fault.source)),
            None => logs.place(fault.source),
        };
        match fault.of_row {
            None => format!("the filter misses {entry}"),
            Some(of_row) => format!("the filter also selects {entry}, which is of the row {}", self.name(of_row)),
        }
    }
}

/// The same with the money of a bill.
fn with_bill(args: &ReportArgs, wanted: &Wanted, by: Vec<Dimension>) -> Result<Ending, Failure> {
    let settings = Logs::settings(&args.logs, &args.output)?;
    let asked = Asked { settings, by, minimum: args.groups.min_group, keep: false };
    let costed = Costed::read(&args.logs, wanted, asked, ANY)?;
    let Costed { logs, account, by, statement, summary, kept: _ } = costed;
    let untied = summary.invoice.is_some_and(|invoice| !invoice.ties_out());
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let document = documents::cost_report(&logs, account, &by, &statement, summary);
    let mut rows = statement.rows.into_iter().map(|row| documents::cost_row(row, &by));
    let (format, quiet) = (logs.settings.format.value, logs.settings.quiet.value);
    logs.meter.time(Stage::Print, || output::print(&document, &mut rows, &args.output, format, !args.raw, quiet))?;
    logs.say_stats();
    Ok(documents::ending(document.incomplete, strict || untied))
}

/// The grouping asked for, or the default.
pub(super) fn dimensions(names: &[String]) -> Result<Vec<Dimension>, Failure> {
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
