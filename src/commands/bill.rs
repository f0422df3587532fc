//! What `--bill` adds to a command that reads logs: the costs of a bill, allocated to units and tied out.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::logs::Logs;
use super::{Failure, tables};
use crate::bill;
use crate::chargeback::allocation::{Allocator, IdleSlots};
use crate::chargeback::bill_of_payer::BillOfPayer;
use crate::chargeback::cost_statement::{CostStatement, cost_statement};
use crate::chargeback::costs::Costs;
use crate::chargeback::dimension::Dimension;
use crate::chargeback::mapping::Mapping;
use crate::chargeback::pooling::UnitCalls;
use crate::chargeback::small_groups::Principals;
use crate::chargeback::statement::{Accumulator, Statement};
use crate::chargeback::weights::Weights;
use crate::cli::bill::BillArgs;
use crate::cli::settings::Settings;
use crate::ingest;
use crate::model::directory::Directory;
use crate::model::document::Period;
use crate::model::money::{Amount, Currency};
use crate::model::tie_out::{BillSummary, Invoice, TieOut};
use crate::provider::Provider;

/// How many names a message lists.
const LISTED: usize = 3;

/// What the arguments ask of a bill, checked before anything is read.
pub(super) struct Wanted {
    paths: Vec<PathBuf>,
    invoice_month: Option<String>,
    invoice: Option<Amount>,
    tolerance: Amount,
    idle: IdleSlots,
}

impl Wanted {
    /// Reads the arguments; `None` without a bill.
    pub fn of(args: &BillArgs) -> Result<Option<Self>, Failure> {
        if args.bill.is_empty() {
            return Ok(None);
        }
        let amount = |option: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => Amount::parse(text)
                .map(Some)
                .ok_or_else(|| Failure::Usage(format!("--{option}: `{text}` is no amount such as 1234.56"))),
        };
        let tolerance = amount("tolerance", &args.tolerance)?.unwrap_or_default();
        if tolerance < Amount::ZERO {
            return Err(Failure::Usage("--tolerance must not be negative".to_owned()));
        }
        let month = |text: &String| {
            let digits: String = text.chars().filter(|c| *c != '-').collect();
            match (digits.len() == 6).then(|| digits.split_at(4)) {
                Some((year, month)) if digits.bytes().all(|c| c.is_ascii_digit()) => Ok(format!("{year}-{month}")),
                Some(_) | None => Err(Failure::Usage(format!("--invoice-month: `{text}` is no month such as 2026-10"))),
            }
        };
        Ok(Some(Self {
            paths: paths(&args.bill)?,
            invoice_month: args.invoice_month.as_ref().map(month).transpose()?,
            invoice: amount("invoice", &args.invoice)?,
            tolerance,
            idle: IdleSlots::parse(&args.idle_slots).unwrap_or(IdleSlots::Shared),
        }))
    }

    /// Reads the bill.
    pub fn read<'m>(&self, settings: &Settings, mapping: Option<&'m Mapping>) -> Result<Bill<'m>, Failure> {
        let mut costs = Costs::new(settings.timezone.value, mapping, self.invoice_month.clone());
        let files = bill::read(&self.paths, settings.threads.value, &mut |row| costs.add(row))?;
        if costs.bills().is_empty() {
            let there: Vec<&str> = costs.other_months().collect();
            let month = self.invoice_month.as_deref().unwrap_or_default();
            let there = there.join(", ");
            return Err(Failure::Usage(format!("--invoice-month: the bill has nothing of {month}; it has {there}")));
        }
        let summary = BillSummary { files, ..BillSummary::default() };
        let mut bill = Bill { costs, summary, idle: self.idle };
        bill.summary.invoice = self.invoice.map(|amount| bill.invoice(amount, self.tolerance)).transpose()?;
        Ok(bill)
    }
}

/// A bill that was read.
pub(super) struct Bill<'m> {
    costs: Costs<'m>,
    summary: BillSummary,
    idle: IdleSlots,
}

impl Bill<'_> {
    /// The invoice beside the bill, if the bill is that of one invoice.
    fn invoice(&self, amount: Amount, tolerance: Amount) -> Result<Invoice, Failure> {
        let months: BTreeSet<&str> = self.costs.bills().values().map(|bill| bill.invoice_month.as_str()).collect();
        let currencies = self.currencies();
        let mut currencies = currencies.into_iter();
        let (Some(currency), None, 1) = (currencies.next(), currencies.next(), months.len()) else {
            let months: Vec<&str> = months.into_iter().collect();
            return Err(Failure::Usage(format!(
                "--invoice: the bill has several invoices ({}), in one or several currencies; choose one with --invoice-month",
                months.join(", ")
            )));
        };
        let too_large = || Failure::Usage("--invoice: the amounts are too large to be compared".to_owned());
        let mut sums = self.costs.bills().values().map(|bill| bill.bill);
        let sum = sums.try_fold(Amount::ZERO, Amount::checked_add).ok_or_else(too_large)?;
        let coins = sum.coins(currency).checked_mul(currency.coin().units()).ok_or_else(too_large)?;
        let bill = Amount::of_units(coins);
        let residual = amount.checked_sub(bill).ok_or_else(too_large)?;
        Ok(Invoice { currency, amount, bill, residual, tolerance })
    }

    /// The currencies of the bill.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        self.costs.bills().values().map(|bill| bill.currency).collect()
    }

    /// What the bill knows of projects fills what no inventory tells, and rows of the mapping that it needs are not unused.
    pub fn teach(&self, logs: &mut Logs) {
        for project in self.costs.projects() {
            logs.directory.add(project.clone());
        }
        logs.mapping = logs.mapping.take().map(|mapping| mapping.with_inventory(&logs.directory));
        for (project, time) in self.costs.charged() {
            let payer = logs.directory.resolve(project);
            let row = logs.mapping.as_ref().and_then(|mapping| mapping.unit(&payer, Some(time)));
            logs.billed_rows.extend(row.map(|row| row.index));
        }
    }

    /// Which bill the calls of each payer belong to.
    pub fn of_payers(&self, logs: &Logs) -> BillOfPayer {
        BillOfPayer::of(&self.costs, &logs.directory)
    }

    /// Puts the costs beside the calls, and proves that they add up.
    pub fn statement(
        self,
        logs: &Logs,
        provider: &Provider,
        mut accumulator: Accumulator<'_>,
        by: &[Dimension],
    ) -> Result<(CostStatement, BillSummary), Failure> {
        let principals = accumulator.take_principals();
        let calls: Statement = accumulator.finish()?;
        let names = provider.bill_names();
        // What calls weigh does not depend on the period that is shown.
        let always = Period { from: None, to: None, ..logs.period.clone() };
        let attributor = logs.attributor_of(&always);
        let mut weights = Weights::new(&names, logs.settings.timezone.value, by);
        let mut unit_calls = UnitCalls::default();
        let has_pools = logs.mapping.as_ref().is_some_and(|mapping| !mapping.pool_rows().is_empty());
        let mut weighing = principals.as_ref().map(Principals::emptied);
        logs.each_attributed(&attributor, |attributed| {
            weights.add(&attributor, attributed);
            if has_pools {
                unit_calls.add(&attributor, attributed, logs.settings.timezone.value);
            }
            if let Some(weighing) = &mut weighing {
                weighing.add(attributed, &logs.directory, logs.settings.timezone.value);
                weighing.add_weight(&attributor, attributed, &names, logs.settings.timezone.value);
            }
        })?;
        self.overlaps(logs, &weights)?;
        let sharing = |service: &str, sku: &str| provider.sharing(&names, service, sku);
        let (attributor, weights, unit_calls) = (&attributor, &weights, &unit_calls);
        let allocator = Allocator { attributor, weights, unit_calls, sharing: &sharing, idle: self.idle };
        let mut statement = cost_statement(calls, &self.costs, &allocator, &names, by)?;
        if let (Some(principals), Some(weighing)) = (principals, weighing) {
            statement = principals.fold_costs(&weighing, statement)?;
        }
        let tie_outs: Vec<TieOut> = std::mem::take(&mut statement.tie_outs);
        Ok((statement, BillSummary { tie_outs, ..self.summary }))
    }

    /// Refuses a bill of which no project pays for a call, if both have some.
    fn overlaps(&self, logs: &Logs, weights: &Weights<'_>) -> Result<(), Failure> {
        let billed: BTreeSet<String> =
            self.costs.projects().map(|project| logs.directory.resolve(&project.reference()).to_string()).collect();
        let paying = weights.payers();
        if billed.is_empty() || paying.is_empty() || billed.iter().any(|project| weights.knows(project)) {
            return Ok(());
        }
        let some = |names: &mut dyn Iterator<Item = &str>| names.take(LISTED).collect::<Vec<_>>().join(", ");
        let billed = some(&mut billed.iter().map(String::as_str));
        let paying = some(&mut paying.into_iter());
        Err(Failure::Usage(format!(
            "--bill: no project of the bill ({billed}, …) pays for a call of the logs (payers are {paying}, …): it is another \
organisation's bill, or another period's; where logs name projects by number, --projects helps"
        )))
    }
}

/// The files that the arguments name.
fn paths(args: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let listing = ingest::list(args, None, None)?;
    if let Some(failed) = listing.failed.first() {
        return Err(Failure::Usage(format!("--bill: {}: {}", failed.name, failed.why)));
    }
    let directory = args.iter().find(|path| PathBuf::from(path).is_dir());
    if let Some(directory) = directory {
        return Err(Failure::Usage(format!(
            "--bill: {directory} is a directory; name its files, such as '{directory}/*.json'"
        )));
    }
    if let Some(twice) = listing.twice.first() {
        return Err(Failure::Usage(format!("--bill: {twice} is given more than once: every charge would count twice")));
    }
    let file = |input: ingest::Input| match input.place {
        ingest::Place::File(path) => Ok(path),
        ingest::Place::Stdin | ingest::Place::Extent(_) => {
            Err(Failure::Usage("--bill: a bill is read from a file, not from standard input".to_owned()))
        }
    };
    listing.inputs.into_iter().map(file).collect()
}

/// The mapping by which a bill is cut at the moments at which units change.
pub(super) fn mapping(settings: &Settings, directory: &Directory) -> Result<Option<Mapping>, Failure> {
    settings.map.value.as_deref().map(|path| tables::mapping(path, settings, directory)).transpose()
}
