//! `billtrail calls`: one row a call.

use super::logs::Logs;
use super::{Ending, Failure, documents, output};
use crate::cli::CallsArgs;

pub(super) fn run(args: &CallsArgs) -> Result<Ending, Failure> {
    let logs = Logs::read(&args.logs, &args.output)?;
    let mut rows = Vec::new();
    let account = logs.attribute(|attributed| rows.push(documents::call_row(&logs, &attributed)))?;
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let document = documents::calls(&logs, account);
    let (format, quiet) = (logs.settings.format.value, logs.settings.quiet.value);
    output::print(&document, &mut rows.into_iter(), &args.output, format, args.spreadsheet_safe, quiet)?;
    Ok(documents::ending(document.incomplete, strict))
}
