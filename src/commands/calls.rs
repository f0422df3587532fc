//! `billtrail calls`: one row a call.

use super::logs::Logs;
use super::{Ending, Failure, documents, output};
use crate::cli::CallsArgs;
use crate::ledger::SortingRows;
use crate::model::stats::Stage;

pub(super) fn run(args: &CallsArgs) -> Result<Ending, Failure> {
    let logs = Logs::read_agreed(&args.logs, &args.output)?;
    let (account, parts) = logs.attribute(
        || logs.sorting_rows(),
        |rows, attributed| Ok(rows.push(attributed.call, &documents::call_row(&logs, attributed))?),
    )?;
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let document = documents::calls(&logs, account);
    let mut rows = SortingRows::merge(parts)?;
    let (format, quiet) = (logs.settings.format.value, logs.settings.quiet.value);
    let safe = args.spreadsheet_safe;
    logs.meter.time(Stage::Print, || output::print_waiting(&document, &mut rows, &args.output, format, safe, quiet))?;
    logs.say_stats();
    Ok(documents::ending(document.incomplete, strict))
}
