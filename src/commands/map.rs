//! `billtrail map`: checks a mapping, or begins one.

use std::fmt::Write as _;

use super::logs::Logs;
use super::{Ending, Failure, documents, output, tables};
use crate::chargeback::mapping::Mapping;
use crate::chargeback::mapping_check::{Severity, check as findings};
use crate::chargeback::mapping_init::skeleton;
use crate::cli::settings::Settings;
use crate::cli::{LogArgs, MapCheckArgs, MapCommand, MapInitArgs, OutputArgs};
use crate::gcp::project_ref::ProjectRef;
use crate::model::stats::Stage;
use crate::report::safe;

pub(super) fn run(command: &MapCommand) -> Result<Ending, Failure> {
    match command {
        MapCommand::Check(args) => check(args),
        MapCommand::Init(args) => init(args),
    }
}

fn check(args: &MapCheckArgs) -> Result<Ending, Failure> {
    let logs_args = LogArgs {
        inputs: args.inputs.clone(),
        projects: args.projects.clone(),
        timezone: args.timezone.clone(),
        ..LogArgs::default()
    };
    let mut settings = Settings::resolve(&logs_args, &OutputArgs::default(), &|name| std::env::var(name).ok())?;
    let mapping =
        Mapping::parse(&args.mapping.to_string_lossy(), &tables::read_bytes(&args.mapping)?, settings.timezone.value)?;
    let mut incomplete = false;
    let (directory, payers) = if args.inputs.is_empty() {
        let provider = tables::provider(settings.services.value.as_deref())?;
        (tables::directory(&provider, &settings.projects.value)?, None)
    } else {
        let logs = Logs::read(&LogArgs { map: Some(args.mapping.clone()), ..logs_args }, &OutputArgs::default())?;
        let account = logs.attribute(|_| {})?;
        incomplete = logs.incomplete;
        settings.projects.value.clone_from(&logs.settings.projects.value);
        (logs.directory.clone(), Some(Logs::payers(&account)))
    };
    let inventory = (!settings.projects.value.is_empty()).then_some(&directory);
    let found = findings(&mapping, inventory, payers.as_deref());
    let mut out = String::new();
    let file = safe(mapping.file()).into_owned();
    for finding in &found {
        let line = finding.line.map_or_else(String::new, |line| format!("{line}:"));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{file}:{line} {}: {}", finding.severity, safe(&finding.message));
    }
    let errors = found.iter().filter(|finding| finding.severity == Severity::Error).count();
    let rows = mapping.rows().len();
    let _ = writeln!(out, "{file}: {rows} rows, {errors} errors, {} warnings", found.len() - errors);
    for project in &args.explain {
        let Some(reference) = ProjectRef::parse(project.trim_start_matches("number:")).to_payer_ref() else {
            return Err(Failure::Usage(format!("--explain: `{project}` can be no project")));
        };
        let payer = directory.resolve(&reference);
        let _ = writeln!(out, "{}: {}", safe(&payer.to_string()), safe(&mapping.explain(&payer, None)));
    }
    output::write_to(None, &mut |write| write.write_all(out.as_bytes()))?;
    Ok(documents::ending(incomplete, errors > 0))
}

fn init(args: &MapInitArgs) -> Result<Ending, Failure> {
    let logs = Logs::read(&args.logs, &OutputArgs::default())?;
    if let Some(path) = args.output.as_deref().filter(|path| path.is_file()) {
        let why = "exists; a mapping is not overwritten, write elsewhere or delete it";
        return Err(Failure::Usage(format!("{} {why}", path.display())));
    }
    let account = logs.attribute(|_| {})?;
    let mut payers = Logs::payers(&account);
    if let Some(mapping) = &logs.mapping {
        // What the mapping lists already needs no row.
        payers.retain(|(payer, _, _)| mapping.matching(payer).next().is_none());
    }
    let text = skeleton(&payers, &logs.directory);
    let target = args.output.as_deref();
    logs.meter.time(Stage::Print, || output::write_to(target, &mut |out| out.write_all(text.as_bytes())))?;
    logs.say_stats()?;
    Ok(documents::ending(logs.incomplete, false))
}
