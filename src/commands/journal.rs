//! `--format journal`: a statement as balanced lines of debit and credit.

use super::bill::Wanted;
use super::{Ending, Failure, dataset, documents, output};
use crate::chargeback::journal::{JOURNAL_BY, JournalLine, journal};
use crate::chargeback::statement::Accumulator;
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
    dataset::read(args, wanted, format, |logs, bill, provider| {
        let bills = bill.of_payers(logs);
        let begin = || Accumulator::new(&JOURNAL_BY, &logs.directory, logs.settings.timezone.value).beside(&bills);
        let (account, parts) = logs.attribute(begin, |part, attributed| {
            part.add(attributed);
            Ok(())
        })?;
        let calls = Accumulator::merged(begin(), parts);
        let made = || bill.statement(logs, provider, calls, &JOURNAL_BY);
        let (statement, summary) = logs.meter.time(Stage::Group, made)?;
        let untied = summary.invoice.is_some_and(|invoice| !invoice.ties_out());
        let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
        let lines = journal(&statement.rows, &summary.tie_outs);
        let document = documents::dataset(logs, account, JOURNAL.to_vec(), summary);
        let mut rows = lines.into_iter().map(row);
        let quiet = logs.settings.quiet.value;
        let print = || output::print(&document, &mut rows, &args.output, format, !args.raw, quiet);
        logs.meter.time(Stage::Print, print)?;
        logs.say_stats();
        Ok(documents::ending(document.incomplete, strict || untied))
    })
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
