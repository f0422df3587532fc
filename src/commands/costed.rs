//! Logs beside a bill: the wiring from both to a statement with money that ties out.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use super::bill::{self, Bill, Wanted};
use super::logs::Logs;
use super::{Failure, tables};
use crate::chargeback::attribution::Account;
use crate::chargeback::bill_of_payer::BillOfPayer;
use crate::chargeback::closed::{Amounts, CALL_COLUMNS, PartId};
use crate::chargeback::cost_statement::CostStatement;
use crate::chargeback::dimension::Dimension;
use crate::chargeback::mapping::Mapping;
use crate::chargeback::statement::{Accumulator, Statement};
use crate::cli::LogArgs;
use crate::cli::settings::Settings;
use crate::model::document::diagnose;
use crate::model::money::Currency;
use crate::model::stats::Stage;
use crate::model::tally::Imbalance;
use crate::model::tie_out::{BillSummary, TieOut};

/// What is asked for.
pub(super) struct Asked {
    pub settings: Settings,
    /// The columns.
    pub by: Vec<Dimension>,
    /// How many principals a group has at least.
    pub minimum: Option<NonZeroUsize>,
    /// What is kept when the month is closed is wanted too.
    pub keep: bool,
}

/// What can refuse the mapping and the bill's currencies before the logs are read.
pub(super) type Fits<'f> = &'f dyn Fn(Option<&Mapping>, &BTreeSet<Currency>) -> Result<(), Failure>;

/// Refuses nothing.
pub(super) const ANY: Fits<'static> = &|_, _| Ok(());

/// Reads the bill, which shows at once what is wrong with it, and then the logs; `make` gets both when the bill has taught the
/// logs what it knows.
pub(super) fn beside<T>(
    args: &LogArgs,
    settings: Settings,
    wanted: &Wanted,
    fits: Fits<'_>,
    make: impl FnOnce(Logs, Bill<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let settings = settings.beside_a_bill();
    let provider = tables::provider(settings.services.value.as_deref())?;
    let directory = tables::directory(&provider, &settings.projects.value)?;
    let mapping = bill::mapping(&settings, &directory)?;
    let bill = wanted.read(&settings, mapping.as_ref())?;
    fits(mapping.as_ref(), &bill.currencies())?;
    let mut logs = Logs::read_settled(args, settings)?;
    bill.teach(&mut logs);
    make(logs, bill)
}

/// Logs, their account, and the statement with money.
pub(super) struct Costed {
    pub logs: Logs,
    pub account: Account,
    /// The columns asked for, and the currency when the bill has several.
    pub by: Vec<Dimension>,
    pub statement: CostStatement,
    pub summary: BillSummary,
    /// What is kept of it, if that was wanted.
    pub kept: Option<Kept>,
}

/// What is kept of a statement when its month is closed.
pub(super) struct Kept {
    pub tie_outs: Vec<TieOut>,
    pub parts: BTreeMap<PartId, Amounts>,
    pub calls: Statement,
}

impl Costed {
    /// Reads the bill and the logs, and puts them together.
    pub fn read(args: &LogArgs, wanted: &Wanted, asked: Asked, fits: Fits<'_>) -> Result<Self, Failure> {
        let Asked { settings, by, minimum, keep } = asked;
        beside(args, settings, wanted, fits, |logs, bill| Self::of(logs, bill.keeping(keep), by, minimum, keep))
    }

    fn of(
        logs: Logs,
        bill: Bill<'_>,
        mut by: Vec<Dimension>,
        minimum: Option<NonZeroUsize>,
        keep: bool,
    ) -> Result<Self, Failure> {
        if bill.currencies().len() > 1 && !by.contains(&Dimension::Currency) {
            by.push(Dimension::Currency);
        }
        let bills = bill.of_payers(&logs);
        let zone = logs.settings.timezone.value;
        let begin = || Accumulator::new(&by, &logs.directory, zone).beside(&bills).counting(minimum);
        let (mut account, accumulator) = logs.add_up(begin)?;
        if let Some(principals) = accumulator.principals() {
            principals.quieten(&mut account);
        }
        let kept_calls = if keep { Some(calls_to_keep(&logs, &bills)?) } else { None };
        let (mut statement, summary) = logs.meter.time(Stage::Group, || bill.statement(&logs, accumulator, &by))?;
        if !statement.of_closed {
            let of_rows = statement.rows.iter().map(|row| row.measures.calls).sum();
            for calls in [statement.total.calls, of_rows] {
                Imbalance::check("calls of the tally", account.tally.calls, calls)?;
            }
        }
        for (kind, note) in std::mem::take(&mut statement.notes) {
            diagnose(&mut account.diagnostics, kind, || note);
        }
        let parts = std::mem::take(&mut statement.parts);
        let kept = kept_calls.map(|calls| Kept { tie_outs: summary.tie_outs.clone(), parts, calls });
        Ok(Self { logs, account, by, statement, summary, kept })
    }
}

/// The calls of a statement by the columns that are kept.
fn calls_to_keep(logs: &Logs, bills: &BillOfPayer) -> Result<Statement, Failure> {
    let begin = || Accumulator::new(&CALL_COLUMNS, &logs.directory, logs.settings.timezone.value).beside(bills);
    Ok(logs.add_up(begin)?.1.finish()?)
}
