//! `--format focus`: the charges of a bill as a FOCUS dataset.

use super::bill::Wanted;
use super::costed::{self, ANY};
use super::{Ending, Failure, dataset, documents, output};
use crate::chargeback::dimension::{Dimension, Teller};
use crate::cli::ReportArgs;
use crate::model::document::Row;
use crate::model::stats::Stage;
use crate::report::focus::{FocusLayout, FocusVersion, PRINCIPAL};
use crate::report::{Dataset, Format};

pub(super) fn run(args: &ReportArgs, wanted: Wanted, by: &[Dimension]) -> Result<Ending, Failure> {
    let version = version(args.dataset.focus_version.as_deref())?;
    let format = dataset::format(args, Dataset::Focus, &[Format::Csv, Format::Parquet])?;
    let by = if args.by.is_empty() { &[] } else { by };
    let layout = FocusLayout::new(version, by.iter().map(|dimension| column(*dimension)).collect::<Result<_, _>>()?);
    let settings = dataset::settings(args, format)?;
    costed::beside(&args.logs, settings, &wanted.with_charges(), ANY, |logs, bill| {
        let (account, _) = logs.attribute(|| (), |(), _| Ok(()))?;
        let strict = logs.settings.strict.value && !account.tally.rejected.is_empty();
        bill.charges(&logs, by, |charges, summary| {
            let untied = summary.invoice.is_some_and(|invoice| !invoice.ties_out());
            let document = documents::dataset(&logs, account, layout.columns(), summary);
            let mut rows = charges.each().map(|charge| -> Row {
                let row = charge.ok().and_then(|charge| layout.row(&charge));
                row.expect("every amount was added up for the tie-out")
            });
            let quiet = logs.settings.quiet.value;
            let print = || output::print(&document, &mut rows, &args.output, format, false, quiet);
            logs.meter.time(Stage::Print, print)?;
            logs.say_stats();
            Ok(documents::ending(document.incomplete, strict || untied))
        })
    })
}

fn version(text: Option<&str>) -> Result<FocusVersion, Failure> {
    let Some(text) = text else { return Ok(FocusVersion::V1_2) };
    FocusVersion::parse(text).ok_or_else(|| {
        let names: Vec<&str> = FocusVersion::ALL.iter().map(|version| version.name()).collect();
        Failure::Usage(format!("--focus-version: `{text}` is not one of {}", names.join(", ")))
    })
}

/// The name of the column that calls tell; all others a dataset has already.
fn column(dimension: Dimension) -> Result<&'static str, Failure> {
    let name = match dimension {
        Dimension::Principal => Some(PRINCIPAL),
        Dimension::PrincipalProject => Some("x_PrincipalProject"),
        Dimension::StoragePayer => Some("x_StoragePayer"),
        Dimension::Kind => Some("x_Kind"),
        Dimension::Method => Some("x_Method"),
        Dimension::Location => Some("x_Location"),
        Dimension::ResourceProject => Some("x_ResourceProject"),
        Dimension::Resource => Some("x_Resource"),
        Dimension::Model => Some("x_Model"),
        Dimension::Reason => Some("x_Reason"),
        Dimension::Hour => Some("x_Hour"),
        Dimension::Log => Some("x_Log"),
        Dimension::Unit
        | Dimension::CostCenter
        | Dimension::Payer
        | Dimension::Service
        | Dimension::Day
        | Dimension::Month
        | Dimension::Sku
        | Dimension::CostType
        | Dimension::Basis
        | Dimension::Pool
        | Dimension::Corrects
        | Dimension::Currency
        | Dimension::InvoiceMonth
        | Dimension::BillingAccount => None,
    };
    name.ok_or_else(|| {
        let of_calls = Dimension::ALL.iter().filter(|dimension| dimension.teller() == Teller::Calls);
        let of_calls: Vec<&str> = of_calls.map(|dimension| dimension.name()).collect();
        Failure::Usage(format!(
            "--by: a FOCUS dataset has `{dimension}` in any case; choose from what calls tell: {}",
            of_calls.join(", ")
        ))
    })
}
