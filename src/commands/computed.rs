//! A statement as it is computed for pages: what `report` prints, before it is cut into parts.

use std::num::NonZeroUsize;

use super::bill::Wanted;
use super::costed::{self, ANY, Costed, Kept};
use super::logs::Logs;
use super::{Failure, documents};
use crate::chargeback::cost_statement::{CostStatementRow, RowMoney};
use crate::chargeback::dimension::{Dimension, Teller};
use crate::chargeback::statement::{Accumulator, Measures, StatementRow};
use crate::cli::LogArgs;
use crate::cli::bill::BillArgs;
use crate::cli::settings::Settings;
use crate::model::document::{Document, Row};
use crate::model::share::millionths;
use crate::model::stats::Stage;
use crate::model::tally::Imbalance;

/// What is asked for.
pub(super) struct Asked {
    pub logs: LogArgs,
    pub bill: BillArgs,
    pub settings: Settings,
    pub by: Vec<Dimension>,
    pub minimum: Option<NonZeroUsize>,
    /// What is kept when the month is closed is wanted too.
    pub keep: bool,
}

/// A statement with the document that a report of it has.
pub(super) struct Computed {
    pub logs: Logs,
    /// Columns, totals, tally, gaps, tie-out and diagnostics of the whole.
    pub document: Document,
    pub by: Vec<Dimension>,
    pub rows: Vec<CostStatementRow>,
    pub total: Measures,
    /// The invoice is not the bill.
    pub untied: bool,
    /// What is kept of it, if that was wanted.
    pub kept: Option<Kept>,
}

impl Asked {
    /// Computes the statement.
    pub fn compute(self) -> Result<Computed, Failure> {
        match Wanted::of(&self.bill)? {
            Some(wanted) => self.with_bill(&wanted),
            None => self.without_bill(),
        }
    }

    fn without_bill(self) -> Result<Computed, Failure> {
        if let Some(dimension) = self.by.iter().find(|dimension| dimension.teller() == Teller::Bills) {
            return Err(Failure::Usage(format!("--by: only a bill tells `{dimension}`; give one with --bill")));
        }
        let Self { logs, settings, by, minimum, bill: _, keep: _ } = self;
        let logs = Logs::read_settled(&logs, settings)?;
        let begin = || Accumulator::new(&by, &logs.directory, logs.settings.timezone.value).counting(minimum);
        let (mut account, mut accumulator) = logs.add_up(begin)?;
        let principals = accumulator.take_principals();
        let mut statement = logs.meter.time(Stage::Group, || accumulator.finish())?;
        Imbalance::check("calls of the tally", account.tally.calls, statement.total.calls)?;
        if let Some(principals) = principals {
            principals.quieten(&mut account);
            statement = principals.fold(statement)?;
        }
        let document = documents::report(&logs, account, &by, &statement.total, 0);
        let (rows, total) = (statement.rows.into_iter().map(CostStatementRow::from).collect(), statement.total);
        Ok(Computed { document, by, rows, total, untied: false, kept: None, logs })
    }

    fn with_bill(self, wanted: &Wanted) -> Result<Computed, Failure> {
        let Self { logs, settings, by, minimum, bill: _, keep } = self;
        let asked = costed::Asked { settings, by, minimum, keep };
        let Costed { logs, account, by, statement, summary, kept } = Costed::read(&logs, wanted, asked, ANY)?;
        let untied = summary.invoice.is_some_and(|invoice| !invoice.ties_out());
        let document = documents::cost_report(&logs, account, &by, &statement, summary);
        Ok(Computed { document, by, rows: statement.rows, total: statement.total, untied, kept, logs })
    }
}

impl Computed {
    /// The cells of a row, as the columns of the document ask; `whole` is what the row's share is of where there is no money.
    pub fn cells(&self, row: CostStatementRow, whole: &Measures) -> Row {
        if self.document.bill.is_some() {
            return documents::cost_row(row, &self.by);
        }
        let share = millionths(row.measures.billable_calls.into(), whole.billable_calls.into());
        documents::statement_row(StatementRow { key: row.key, measures: row.measures, share })
    }

    /// The cells of a total, which stand behind the keys.
    pub fn total_cells(&self, total: Measures, money: Option<RowMoney>) -> Row {
        let row = CostStatementRow { key: Vec::new(), measures: total, money, bases: Default::default() };
        self.cells(row, &total)
    }
}
