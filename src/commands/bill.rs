//! What `--bill` adds to a command that reads logs: the costs of a bill, allocated to units and tied out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::logs::Logs;
use super::{Failure, closed_months, tables};
use crate::bill;
use crate::chargeback::allocated_charges::AllocatedCharges;
use crate::chargeback::allocation::{Allocator, IdleSlots};
use crate::chargeback::attribution::{Attributed, Attributor};
use crate::chargeback::bill_of_payer::BillOfPayer;
use crate::chargeback::closed::{Closed, ClosedMonth};
use crate::chargeback::closing::Booking;
use crate::chargeback::cost_cells::{Cells, cells};
use crate::chargeback::cost_statement::{CostError, CostStatement, Note, cost_statement};
use crate::chargeback::costs::{BillKey, Costs};
use crate::chargeback::dimension::{Dimension, NONE, Teller};
use crate::chargeback::mapping::Mapping;
use crate::chargeback::pooling::UnitCalls;
use crate::chargeback::small_groups::Principals;
use crate::chargeback::statement::{Accumulator, Statement};
use crate::chargeback::weights::Weights;
use crate::cli::bill::BillArgs;
use crate::cli::settings::Settings;
use crate::ingest::{self, ObjectUrl};
use crate::model::cost::{BillNames, CostRow};
use crate::model::directory::Directory;
use crate::model::document::Period;
use crate::model::money::{Amount, Currency};
use crate::model::reason::DiagnosticKind;
use crate::model::text::SharedText;
use crate::model::tie_out::{BillSummary, Invoice, TieOut};

/// How many names a message lists.
const LISTED: usize = 3;

/// What the arguments ask of a bill, checked before anything is read.
pub(super) struct Wanted {
    paths: Vec<PathBuf>,
    invoice_month: Option<String>,
    invoice: Option<Amount>,
    tolerance: Amount,
    idle: IdleSlots,
    charges: bool,
    closed: Option<Closed>,
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
            charges: false,
            closed: match &args.closed {
                Some(directory) => Some(closed_months::read(directory, args.closed_months.as_ref())?),
                None => None,
            },
        }))
    }

    /// The same, and what the bill says of its charges is wanted too.
    pub fn with_charges(self) -> Self {
        Self { charges: true, ..self }
    }

    /// Reads the bill.
    pub fn read<'m>(&self, settings: &Settings, mapping: Option<&'m Mapping>) -> Result<Bill<'m>, Failure> {
        self.read_each(settings, mapping, &mut |_| {})
    }

    /// The same, and shows each row that counts.
    pub fn read_each<'m>(
        &self,
        settings: &Settings,
        mapping: Option<&'m Mapping>,
        each: &mut dyn FnMut(&CostRow),
    ) -> Result<Bill<'m>, Failure> {
        self.closed_alike(settings)?;
        let needed = |month: &String| match &self.closed {
            Some(closed) => closed.needed(month),
            None => BTreeSet::from([month.clone()]),
        };
        let months = self.invoice_month.as_ref().map(needed);
        let mut costs = Costs::new(settings.timezone.value, mapping, months);
        if self.charges {
            costs = costs.with_charges();
        }
        let files = bill::read(&self.paths, settings.threads.value, &mut |row| {
            if self.invoice_month.as_ref().is_none_or(|month| *month == row.invoice_month) {
                each(&row);
            }
            costs.add(row);
        })?;
        if costs.bills().is_empty() {
            let there: Vec<&str> = costs.other_months().collect();
            let month = self.invoice_month.as_deref().unwrap_or_default();
            let there = there.join(", ");
            return Err(Failure::Usage(format!("--invoice-month: the bill has nothing of {month}; it has {there}")));
        }
        let summary = BillSummary { files, ..BillSummary::default() };
        let (closed, month) = (self.closed.clone(), self.invoice_month.clone());
        let mut bill = Bill { costs, summary, idle: self.idle, closed, month, kept: false };
        bill.summary.invoice = self.invoice.map(|amount| bill.invoice(amount, self.tolerance)).transpose()?;
        Ok(bill)
    }

    /// Days of closed months are those of one time zone.
    fn closed_alike(&self, settings: &Settings) -> Result<(), Failure> {
        let zone = settings.timezone.value.to_string();
        let other = |month: &&ClosedMonth| month.timezone != zone;
        match self.closed.iter().flat_map(Closed::months).find(other) {
            Some(ClosedMonth { month, timezone, .. }) => Err(Failure::Usage(format!(
                "--closed: {month} was closed with days in {timezone}, and this statement has days in {zone}; give --timezone {timezone}"
            ))),
            None => Ok(()),
        }
    }
}

/// A bill that was read.
pub(super) struct Bill<'m> {
    costs: Costs<'m>,
    summary: BillSummary,
    idle: IdleSlots,
    closed: Option<Closed>,
    month: Option<String>,
    /// The statement is to be kept.
    kept: bool,
}

impl Bill<'_> {
    /// A bill whose statement is to be kept.
    pub fn keeping(self, kept: bool) -> Self {
        let closed = if kept { Some(self.closed.unwrap_or_default()) } else { self.closed };
        Self { kept, closed, ..self }
    }

    /// In which month parts are booked, if months are closed.
    fn booking(&self) -> Option<Booking<'_>> {
        self.closed.as_ref().map(|closed| Booking { closed, month: self.month.as_deref() })
    }

    /// The bills by the month in which they are booked.
    fn bills(&self) -> Result<BTreeMap<BillKey, TieOut>, Failure> {
        match self.booking() {
            Some(booking) => Ok(booking.bills(&self.costs).map_err(CostError::from)?),
            None => Ok(self.costs.bills().clone()),
        }
    }
    /// The invoice beside the bill, if the bill is that of one invoice.
    fn invoice(&self, amount: Amount, tolerance: Amount) -> Result<Invoice, Failure> {
        let bills = self.bills()?;
        let months: BTreeSet<&str> = bills.values().map(|bill| bill.invoice_month.as_str()).collect();
        let currencies: BTreeSet<Currency> = bills.values().map(|bill| bill.currency).collect();
        if months.len() > 1 {
            let months = months.into_iter().collect::<Vec<_>>().join(", ");
            let why = format!("--invoice: the bill has several invoices ({months}); choose one with --invoice-month");
            return Err(Failure::Usage(why));
        }
        let mut codes = currencies.iter();
        let (Some(&currency), None) = (codes.next(), codes.next()) else {
            let codes = currencies.iter().map(|currency| currency.code()).collect::<Vec<_>>().join(", ");
            let why = format!(
                "--invoice: the bill is in several currencies ({codes}), an invoice is in one; give the bill of its billing account alone"
            );
            return Err(Failure::Usage(why));
        };
        let too_large = || Failure::Usage("--invoice: the amounts are too large to be compared".to_owned());
        let mut sums = bills.values().map(|bill| bill.bill);
        let sum = sums.try_fold(Amount::ZERO, Amount::checked_add).ok_or_else(too_large)?;
        let coins = sum.coins(currency).checked_mul(currency.coin().units()).ok_or_else(too_large)?;
        let bill = Amount::of_units(coins);
        let residual = amount.checked_sub(bill).ok_or_else(too_large)?;
        Ok(Invoice { currency, amount, bill, residual, tolerance })
    }

    /// The paths of the bill.
    pub fn paths(&self) -> Vec<String> {
        self.summary.files.iter().map(|file| file.path.clone()).collect()
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
        BillOfPayer::of(&self.costs, &logs.directory, self.month.as_deref())
    }

    /// Puts the costs beside the calls, and proves that they add up.
    pub fn statement(
        self,
        logs: &Logs,
        mut accumulator: Accumulator<'_>,
        by: &[Dimension],
    ) -> Result<(CostStatement, BillSummary), Failure> {
        if let (Some(_), Some(column)) = (&self.closed, by.iter().find(|column| column.teller() == Teller::Calls)) {
            return Err(Failure::Usage(format!(
                "--by: closed months keep no `{column}`: only calls tell it; leave it out, or --closed"
            )));
        }
        let principals = accumulator.take_principals();
        let mut calls: Statement = accumulator.finish()?;
        let zone = logs.settings.timezone.value;
        let mut by_month: BTreeMap<SharedText, u64> = BTreeMap::new();
        let mut weighing = principals.as_ref().map(Principals::emptied);
        let names = logs.provider.bill_names();
        let also = |attributor: &Attributor<'_>, attributed: &Attributed<'_>| {
            if self.closed.is_some() {
                *by_month.entry(Dimension::Month.value(attributed, &logs.directory, zone)).or_default() += 1;
            }
            if let Some(weighing) = &mut weighing {
                weighing.add(attributed, &logs.directory, zone);
                weighing.add_weight(attributor, attributed, &names, zone);
            }
        };
        let booking = self.booking();
        let mut statement = self.allocated(logs, &names, by, also, |allocator| {
            let of_closed = booking.and_then(|booking| booking.of_closed());
            if let Some(month) = of_closed {
                calls = month.calls_by(by, NONE).map_err(CostError::from)?;
            }
            let mut statement = cost_statement(calls, &self.costs, allocator, &names, by, booking)?;
            statement.of_closed = of_closed.is_some();
            if let (true, Some(booking), Some(month)) = (self.kept, booking, &self.month) {
                statement.parts = booking.parts(month, &self.costs, allocator).map_err(CostError::from)?;
            }
            Ok(statement)
        })?;
        statement.notes = booking.map(|booking| self.late(booking, &by_month)).transpose()?.unwrap_or_default();
        if let (Some(principals), Some(weighing)) = (principals, weighing) {
            statement = principals.fold_costs(&weighing, statement)?;
        }
        let tie_outs: Vec<TieOut> = std::mem::take(&mut statement.tie_outs);
        Ok((statement, BillSummary { tie_outs, ..self.summary }))
    }

    /// The costs by what they are for and who carries them, with the proof that they add up.
    pub fn cells(self, logs: &Logs) -> Result<(Cells, BillSummary), Failure> {
        let names = logs.provider.bill_names();
        let nothing = |_: &Attributor<'_>, _: &Attributed<'_>| {};
        let (cells, tie_outs) = self
            .allocated(logs, &names, &[], nothing, |allocator| Ok(cells(&self.costs, allocator, &logs.directory)?))?;
        Ok((cells, BillSummary { tie_outs, ..self.summary }))
    }

    /// The charges of the bill, each divided among those who carry it, and the proof that they add up.
    pub fn charges<T>(
        self,
        logs: &Logs,
        by: &[Dimension],
        each: impl FnOnce(&AllocatedCharges<'_, '_>, BillSummary) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let names = logs.provider.bill_names();
        let category = |service: &str| {
            let known = logs.provider.service_category(service);
            known.map(|(category, closer)| (category.to_owned(), Some(closer.to_owned())))
        };
        let charges = self.allocated(
            logs,
            &names,
            by,
            |_, _| {},
            |allocator| Ok(AllocatedCharges::of(&self.costs, allocator, &category).map_err(CostError::from)?),
        )?;
        let tie_outs = charges.tie_outs()?;
        each(&charges, BillSummary { tie_outs, ..self.summary.clone() })
    }

    /// Makes something of the costs with the tables by which they are allocated; `also` is shown every call.
    fn allocated<T>(
        &self,
        logs: &Logs,
        names: &BillNames,
        by: &[Dimension],
        mut also: impl FnMut(&Attributor<'_>, &Attributed<'_>) + Send,
        make: impl FnOnce(&Allocator<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // What calls weigh does not depend on the period that is shown.
        let always = Period { from: None, to: None, ..logs.period.clone() };
        let attributor = logs.attributor_of(&always);
        let mut weights = Weights::new(names, logs.settings.timezone.value, by);
        let mut unit_calls = UnitCalls::default();
        let has_pools = logs.mapping.as_ref().is_some_and(|mapping| !mapping.pool_rows().is_empty());
        logs.each_attributed(&attributor, |attributed| {
            weights.add(&attributor, attributed);
            if has_pools {
                unit_calls.add(&attributor, attributed, logs.settings.timezone.value);
            }
            also(&attributor, attributed);
        })?;
        self.overlaps(logs, &weights)?;
        let sharing = |service: &str, sku: &str| logs.provider.sharing(names, service, sku);
        let (attributor, weights, unit_calls) = (&attributor, &weights, &unit_calls);
        let allocator = Allocator { attributor, weights, unit_calls, sharing: &sharing, idle: self.idle };
        make(&allocator)
    }

    /// What came late for closed months. Their costs are shared by their calls, so that these must be in the logs when the bill
    /// has their costs.
    fn late(&self, booking: Booking<'_>, by_month: &BTreeMap<SharedText, u64>) -> Result<Vec<Note>, Failure> {
        let mut notes = Vec::new();
        let open = booking.closed.open();
        let corrects = self.month.is_none() || self.month == open;
        for month in booking.closed.months().filter(|closed| corrects || self.month.as_ref() == Some(&closed.month)) {
            let name = &month.month;
            let then: u64 = month.calls.iter().map(|calls| calls.calls).sum();
            let now = by_month.get(name.as_str()).copied().unwrap_or(0);
            let billed = self.costs.bills().keys().any(|(invoice_month, _, _)| invoice_month == name);
            if corrects && billed && now < then {
                return Err(Failure::Usage(format!(
                    "--closed: the logs hold {now} calls of {name}, and its statement has {then}: costs that arrived late for it \
are shared by its calls; give its logs too, or leave its rows out of the bill"
                )));
            }
            if corrects && !billed {
                notes.push((DiagnosticKind::ClosedMonthUnread, format!("{name}: the bill has nothing of it")));
            }
            if now > then {
                notes
                    .push((DiagnosticKind::LateCalls, format!("{name}: {now} calls now, and {then} in its statement")));
            }
        }
        Ok(notes)
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
    for path in args {
        if ObjectUrl::parse(path)?.is_some() {
            return Err(Failure::Usage(format!("--bill: {path}: a bill is read from a file; copy the object")));
        }
    }
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
        ingest::Place::Stdin | ingest::Place::Object(_) | ingest::Place::Extent(_) => {
            Err(Failure::Usage("--bill: a bill is read from a file, not from standard input".to_owned()))
        }
    };
    listing.inputs.into_iter().map(file).collect()
}

/// The mapping by which a bill is cut at the moments at which units change.
pub(super) fn mapping(settings: &Settings, directory: &Directory) -> Result<Option<Mapping>, Failure> {
    settings.map.value.as_deref().map(|path| tables::mapping(path, settings, directory)).transpose()
}
