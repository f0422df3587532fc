//! `billtrail calls`: one row a call.

use super::logs::Logs;
use super::{Ending, Failure, documents, output, prices};
use crate::chargeback::estimate::Estimates;
use crate::cli::CallsArgs;
use crate::ledger::SortingRows;
use crate::model::stats::Stage;

pub(super) fn run(args: &CallsArgs) -> Result<Ending, Failure> {
    let book = prices::book(&args.prices, &Logs::settings(&args.logs, &args.output)?)?;
    let logs = Logs::read_agreed(&args.logs, &args.output)?;
    let estimates = || {
        let of = |book| Estimates::new(book, &[], &logs.directory, logs.settings.timezone.value);
        book.as_ref().map(of)
    };
    let (account, parts) = logs.attribute(
        || (logs.sorting_rows(), estimates()),
        |(rows, estimates), attributed| {
            let mut row = documents::call_row(&logs, attributed);
            if let (Some(estimates), Some(book)) = (estimates, &book) {
                let priced = estimates.add(attributed);
                row.extend(prices::call_cells(book, priced, attributed.call.reason.is_none()));
            }
            Ok(rows.push(attributed.call, &row)?)
        },
    )?;
    let (parts, estimated): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let mut document = documents::calls(&logs, account);
    let estimated = estimated.into_iter().flatten().reduce(|mut all, more| {
        all.merge(more);
        all
    });
    if let Some(estimated) = estimated {
        prices::put(&mut document, &estimated, &prices::ESTIMATED_CALL)?;
        document.keys = document.columns.len();
    }
    let mut rows = SortingRows::merge(parts)?;
    let (format, quiet) = (logs.settings.format.value, logs.settings.quiet.value);
    let safe = args.spreadsheet_safe;
    logs.meter.time(Stage::Print, || output::print_waiting(&document, &mut rows, &args.output, format, safe, quiet))?;
    logs.say_stats();
    Ok(documents::ending(document.incomplete, strict))
}
