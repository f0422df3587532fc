//! `billtrail report --bill` with `--format focus` or `journal`: datasets that are made of a bill for another program.

use std::path::Path;

use super::bill::Wanted;
use super::logs::Logs;
use super::{Ending, Failure, focus, journal};
use crate::chargeback::dimension::Dimension;
use crate::cli::settings::{Settings, is_special};
use crate::cli::{OutputArgs, ReportArgs};
use crate::report::{Dataset, Format};

/// The dataset that the arguments ask for.
pub(super) fn asked(args: &ReportArgs) -> Result<Option<Dataset>, Failure> {
    let dataset = args.output.format.as_deref().and_then(Dataset::parse);
    if args.dataset.focus_version.is_some() && dataset != Some(Dataset::Focus) {
        return Err(Failure::Usage("--focus-version is for --format focus".to_owned()));
    }
    Ok(dataset)
}

/// Makes the dataset.
pub(super) fn run(args: &ReportArgs, dataset: Dataset, by: &[Dimension]) -> Result<Ending, Failure> {
    if args.groups.min_group.is_some() {
        let why = "has a row for each charge of the bill, of which none is put together with another";
        return Err(Failure::Usage(format!("--min-group: a dataset ({dataset}) {why}")));
    }
    if dataset == Dataset::Focus && args.bill.closed.is_some() {
        let why = "has the charges as the bill has them, whatever was closed; the journal goes by closed months";
        return Err(Failure::Usage(format!("--closed: a dataset ({dataset}) {why}")));
    }
    let Some(wanted) = Wanted::of(&args.bill)? else {
        return Err(Failure::Usage(format!("--format {dataset} is made of a bill; give one with --bill")));
    };
    match dataset {
        Dataset::Focus => focus::run(args, wanted, by),
        Dataset::Journal => journal::run(args, &wanted),
    }
}

/// The settings of a dataset: its format is settled, and what is configured is for tables.
pub(super) fn settings(args: &ReportArgs, format: Format) -> Result<Settings, Failure> {
    let output = OutputArgs { format: Some(format.name().to_owned()), ..args.output.clone() };
    Logs::settings(&args.logs, &output)
}

/// The format that the ending of the output file says, CSV without one; `allowed` names those that there are.
pub(super) fn format(args: &ReportArgs, dataset: Dataset, allowed: &[Format]) -> Result<Format, Failure> {
    let path = args.output.output.as_deref().filter(|path| !is_special(path));
    let Some(ending) = path.and_then(Path::extension) else { return Ok(Format::Csv) };
    let known = allowed.iter().find(|format| ending.to_str() == Some(format.name()));
    known.copied().ok_or_else(|| {
        let names: Vec<String> = allowed.iter().map(|format| format!(".{format}")).collect();
        let ending = ending.to_string_lossy();
        Failure::Usage(format!(
            "--format {dataset}: the output file ends with .{ending}; name it {}",
            names.join(" or ")
        ))
    })
}
