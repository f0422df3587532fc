//! Logs beside a bill: the wiring from both to a statement with money that ties out.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use super::bill::{self, Wanted};
use super::logs::Logs;
use super::{Failure, tables};
use crate::chargeback::attribution::Account;
use crate::chargeback::cost_statement::CostStatement;
use crate::chargeback::dimension::Dimension;
use crate::chargeback::mapping::Mapping;
use crate::chargeback::statement::Accumulator;
use crate::cli::LogArgs;
use crate::cli::settings::Settings;
use crate::model::document::diagnose;
use crate::model::money::Currency;
use crate::model::stats::Stage;
use crate::model::tally::Imbalance;
use crate::model::tie_out::BillSummary;

/// What is asked for.
pub(super) struct Asked {
    pub settings: Settings,
    /// The columns.
    pub by: Vec<Dimension>,
    /// How many principals a group has at least.
    pub minimum: Option<NonZeroUsize>,
}

/// What can refuse the mapping and the bill's currencies before the logs are read.
pub(super) type Fits<'f> = &'f dyn Fn(Option<&Mapping>, &BTreeSet<Currency>) -> Result<(), Failure>;

/// Logs, their account, and the statement with money.
pub(super) struct Costed {
    pub logs: Logs,
    pub account: Account,
    /// The columns asked for, and the currency when the bill has several.
    pub by: Vec<Dimension>,
    pub statement: CostStatement,
    pub summary: BillSummary,
}

impl Costed {
    /// Reads the bill, which shows at once what is wrong with it, and then the logs.
    pub fn read(args: &LogArgs, wanted: &Wanted, asked: Asked, fits: Fits<'_>) -> Result<Self, Failure> {
        let Asked { settings, mut by, minimum } = asked;
        let settings = settings.beside_a_bill();
        let provider = tables::provider(settings.services.value.as_deref())?;
        let directory = tables::directory(&provider, &settings.projects.value)?;
        let mapping = bill::mapping(&settings, &directory)?;
        let bill = wanted.read(&settings, mapping.as_ref())?;
        fits(mapping.as_ref(), &bill.currencies())?;
        if bill.currencies().len() > 1 && !by.contains(&Dimension::Currency) {
            by.push(Dimension::Currency);
        }
        let mut logs = Logs::read_settled(args, settings)?;
        bill.teach(&mut logs);
        let bills = bill.of_payers(&logs);
        let zone = logs.settings.timezone.value;
        let begin = || Accumulator::new(&by, &logs.directory, zone).beside(&bills).counting(minimum);
        let (mut account, parts) = logs.attribute(begin, |part, attributed| {
            part.add(attributed);
            Ok(())
        })?;
        let accumulator = begin().merged(parts);
        if let Some(principals) = accumulator.principals() {
            principals.quieten(&mut account);
        }
        let (mut statement, summary) =
            logs.meter.time(Stage::Group, || bill.statement(&logs, &provider, accumulator, &by))?;
        let calls = statement.rows.iter().map(|row| row.measures.calls).sum();
        if !statement.of_closed {
            Imbalance::check("calls of the tally", account.tally.calls, calls)?;
        }
        for (kind, note) in std::mem::take(&mut statement.notes) {
            diagnose(&mut account.diagnostics, kind, || note);
        }
        Ok(Self { logs, account, by, statement, summary })
    }
}
