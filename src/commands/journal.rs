//! `--format journal`: a statement as balanced lines of debit and credit.

use super::bill::Wanted;
use super::costed::{ANY, Asked, Costed};
use super::{Ending, Failure, dataset, documents, output};
use crate::chargeback::journal::{JOURNAL_BY, JournalLine, journal};
use crate::cli::ReportArgs;
use crate::model::document::{Cell, Column, ColumnType, Row};
use crate::model::stats::Stage;
use crate::report::{Dataset, Format};

const fn text(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Text, unit: None }
}

/// The columns of a journal, in their order.
pub const JOURNAL: [Column; 9] = [
    text("invoice_month"),
    text("currency"),
    text("billing_account"),
    text("cost_center"),
    text("unit"),
    text("account"),
    text("debit"),
    text("credit"),
    text("text"),
];

pub(super) fn run(args: &ReportArgs, wanted: &Wanted) -> Result<Ending, Failure> {
    if !args.by.is_empty() {
        let by = JOURNAL_BY.map(|dimension| dimension.name()).join(", ");
        return Err(Failure::Usage(format!("--by: a journal has lines of its own, one for each {by}")));
    }
    let format = dataset::format(args, Dataset::Journal, &[Format::Csv])?;
    let settings = dataset::settings(args, format)?;
    let asked = Asked { settings, by: JOURNAL_BY.to_vec(), minimum: None, keep: false };
    let costed = Costed::read(&args.logs, wanted, asked, ANY)?;
    let Costed { logs, account, by: _, statement, summary, kept: _ } = costed;
    let untied = summary.invoice.is_some_and(|invoice| !invoice.ties_out());
    let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
    let lines = journal(&statement.rows, &summary.tie_outs);
    let document = documents::dataset(&logs, account, JOURNAL.to_vec(), summary);
    let mut rows = lines.into_iter().map(row);
    let quiet = logs.settings.quiet.value;
    logs.meter.time(Stage::Print, || output::print(&document, &mut rows, &args.output, format, !args.raw, quiet))?;
    logs.say_stats();
    Ok(documents::ending(document.incomplete, strict || untied))
}

fn row(line: JournalLine) -> Row {
    let told = |text: Option<String>| text.map_or(Cell::Null, Cell::Text);
    let amount = (line.coins != 0).then(|| line.decimal());
    let (debit, credit) = if line.coins > 0 { (amount, None) } else { (None, amount) };
    vec![
        Cell::Text(line.invoice_month),
        Cell::Text(line.currency.code().to_owned()),
        Cell::Text(line.billing_account),
        told(line.cost_center),
        told(line.unit),
        Cell::Text(line.account),
        told(debit),
        told(credit),
        Cell::Text(line.text),
    ]
}
