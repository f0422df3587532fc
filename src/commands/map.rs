//! `billtrail map`: checks a mapping, or begins one.

use std::fmt::Write as _;

use super::logs::Logs;
use super::{Ending, Failure, documents, output, tables};
use crate::chargeback::mapping_check::{Met, Severity, check as findings};
use crate::chargeback::mapping_init::skeleton;
use crate::cli::settings::Settings;
use crate::cli::{LogArgs, MapCheckArgs, MapCommand, MapInitArgs, OutputArgs};
use crate::gcp::project_ref::ProjectRef;
use crate::model::stats::Stage;
use crate::model::time::moment;
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
    let settings = Settings::resolve(&logs_args, &OutputArgs::default(), &|name| std::env::var(name).ok())?;
    let (mapping, directory, inventory, account, incomplete);
    if args.inputs.is_empty() {
        let provider = tables::provider(settings.services.value.as_deref())?;
        directory = tables::directory(&provider, &settings.projects.value)?;
        mapping = tables::mapping(&args.mapping, &settings, &directory)?;
        (inventory, account, incomplete) = (!settings.projects.value.is_empty(), None, false);
    } else {
        let logs = Logs::read(&LogArgs { map: Some(args.mapping.clone()), ..logs_args }, &OutputArgs::default())?;
        account = Some(logs.attribute(|| (), |(), _| Ok(()))?.0);
        (inventory, incomplete) = (!logs.settings.projects.value.is_empty(), logs.incomplete);
        directory = logs.directory;
        mapping = match logs.mapping {
            Some(mapping) => mapping,
            None => tables::mapping(&args.mapping, &settings, &directory)?,
        };
    }
    let payers = account.as_ref().map(Logs::payers);
    let met = account.as_ref().zip(payers.as_ref()).map(|(account, payers)| Met {
        payers,
        rows: &account.used_rows,
        ties: &account.ties,
    });
    let found = findings(&mapping, inventory.then_some(&directory), met);
    let mut out = String::new();
    let file = safe(mapping.file()).into_owned();
    for finding in &found {
        let line = finding.line.map_or_else(String::new, |line| format!("{line}:"));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{file}:{line} {}: {}", finding.severity, safe(&finding.message));
    }
    let errors = found.iter().filter(|finding| finding.severity == Severity::Error).count();
    let rows = mapping.rows().len() + mapping.pool_rows().len();
    let _ = writeln!(out, "{file}: {rows} rows, {errors} errors, {} warnings", found.len() - errors);
    let time = match &args.on {
        None => None,
        Some(text) => match moment(text, settings.timezone.value) {
            None => return Err(Failure::Usage(format!("--on `{text}` is not a time such as 2026-10-01"))),
            time => time,
        },
    };
    for project in &args.explain {
        let Some(reference) = ProjectRef::parse(project.trim_start_matches("number:")).to_payer_ref() else {
            return Err(Failure::Usage(format!("--explain: `{project}` can be no project")));
        };
        let payer = directory.resolve(&reference);
        let _ = writeln!(out, "{}: {}", safe(&payer.to_string()), safe(&mapping.explain(&payer, time)));
        for sentence in mapping.explain_exceptions(&payer, time) {
            let _ = writeln!(out, "{}: {}", safe(&payer.to_string()), safe(&sentence));
        }
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
    let (account, _) = logs.attribute(|| (), |(), _| Ok(()))?;
    let mut payers = Logs::payers(&account);
    if let Some(mapping) = &logs.mapping {
        // What the mapping lists already needs no row.
        payers.retain(|(payer, _, _)| mapping.matching(payer).next().is_none());
    }
    let text = skeleton(&payers, &logs.directory);
    let target = args.output.as_deref();
    logs.meter.time(Stage::Print, || output::write_to(target, &mut |out| out.write_all(text.as_bytes())))?;
    logs.say_stats();
    Ok(documents::ending(logs.incomplete, false))
}
