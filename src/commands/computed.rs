//! A statement as it is computed for pages: what `report` prints, before it is cut into parts.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::bill::{self, Wanted};
use super::logs::Logs;
use super::{Failure, documents, tables};
use crate::chargeback::bill_of_payer::BillOfPayer;
use crate::chargeback::closed::{Amounts, CALL_COLUMNS, PartId};
use crate::chargeback::cost_statement::{CostStatementRow, RowMoney};
use crate::chargeback::dimension::{Dimension, Teller};
use crate::chargeback::statement::{Accumulator, Measures, Statement, StatementRow};
use crate::cli::LogArgs;
use crate::cli::bill::BillArgs;
use crate::cli::settings::Settings;
use crate::model::document::{Document, diagnose};
use crate::model::share::millionths;
use crate::model::stats::Stage;
use crate::model::tally::Imbalance;
use crate::model::tie_out::TieOut;

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

/// What is kept of a statement when its month is closed.
pub(super) struct Kept {
    pub tie_outs: Vec<TieOut>,
    pub parts: BTreeMap<PartId, Amounts>,
    pub calls: Statement,
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
        let (mut account, parts) = logs.attribute(begin, |part, attributed| {
            part.add(attributed);
            Ok(())
        })?;
        let mut accumulator = Accumulator::merged(begin(), parts);
        let principals = accumulator.take_principals();
        let mut statement = logs.meter.time(Stage::Group, || accumulator.finish())?;
        Imbalance::check("calls of the tally", account.tally.calls, statement.total.calls)?;
        if let Some(principals) = principals {
            principals.quieten(&mut account);
            statement = principals.fold(statement)?;
        }
        let document = documents::report(&logs, account, &by, &statement, 0);
        let (rows, total) = (statement.rows.into_iter().map(CostStatementRow::from).collect(), statement.total);
        Ok(Computed { document, by, rows, total, untied: false, kept: None, logs })
    }

    /// The bill is read first: it is small, and what is wrong with it shows at once.
    fn with_bill(self, wanted: &Wanted) -> Result<Computed, Failure> {
        let Self { logs, settings, mut by, minimum, bill: _, keep } = self;
        let settings = settings.beside_a_bill();
        let provider = tables::provider(settings.services.value.as_deref())?;
        let directory = tables::directory(&provider, &settings.projects.value)?;
        let mapping = bill::mapping(&settings, &directory)?;
        let bill = wanted.read(&settings, mapping.as_ref())?.keeping(keep);
        if bill.currencies().len() > 1 && !by.contains(&Dimension::Currency) {
            by.push(Dimension::Currency);
        }
        let mut logs = Logs::read_settled(&logs, settings)?;
        bill.teach(&mut logs);
        let bills = bill.of_payers(&logs);
        let zone = logs.settings.timezone.value;
        let begin = || Accumulator::new(&by, &logs.directory, zone).beside(&bills).counting(minimum);
        let (mut account, parts) = logs.attribute(begin, |part, attributed| {
            part.add(attributed);
            Ok(())
        })?;
        let accumulator = Accumulator::merged(begin(), parts);
        if let Some(principals) = accumulator.principals() {
            principals.quieten(&mut account);
        }
        let kept_calls = if keep { Some(calls_to_keep(&logs, &bills)?) } else { None };
        let (mut statement, summary) =
            logs.meter.time(Stage::Group, || bill.statement(&logs, &provider, accumulator, &by))?;
        if !statement.of_closed {
            Imbalance::check("calls of the tally", account.tally.calls, statement.total.calls)?;
        }
        for (kind, note) in std::mem::take(&mut statement.notes) {
            diagnose(&mut account.diagnostics, kind, || note);
        }
        let untied = summary.invoice.is_some_and(|invoice| !invoice.ties_out());
        let parts = std::mem::take(&mut statement.parts);
        let kept = kept_calls.map(|calls| Kept { tie_outs: summary.tie_outs.clone(), parts, calls });
        let document = documents::cost_report(&logs, account, &by, &statement, summary);
        Ok(Computed { document, by, rows: statement.rows, total: statement.total, untied, kept, logs })
    }
}

/// The calls of a statement by the columns that are kept.
fn calls_to_keep(logs: &Logs, bills: &BillOfPayer) -> Result<Statement, Failure> {
    let begin = || Accumulator::new(&CALL_COLUMNS, &logs.directory, logs.settings.timezone.value).beside(bills);
    let (_, parts) = logs.attribute(begin, |part, attributed| {
        part.add(attributed);
        Ok(())
    })?;
    Ok(Accumulator::merged(begin(), parts).finish()?)
}

impl Computed {
    /// The cells of a row, as the columns of the document ask; `whole` is what the row's share is of where there is no money.
    pub fn cells(&self, row: CostStatementRow, whole: &Measures) -> crate::model::document::Row {
        if self.document.bill.is_some() {
            return documents::cost_row(row, &self.by);
        }
        let share = millionths(row.measures.billable_calls.into(), whole.billable_calls.into());
        documents::statement_row(StatementRow { key: row.key, measures: row.measures, share })
    }

    /// The cells of a total, which stand behind the keys.
    pub fn total_cells(&self, total: Measures, money: Option<RowMoney>) -> crate::model::document::Row {
        let row = CostStatementRow { key: Vec::new(), measures: total, money, bases: Default::default() };
        self.cells(row, &total)
    }
}
