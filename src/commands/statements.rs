//! `billtrail statements`: a statement for each business unit, with an index and a manifest, in a directory of their own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::computed::Asked;
use super::logs::Logs;
use super::statement_files::{self, named};
use super::{Ending, Failure, documents, ledger, output, report, selection, temporary};
use crate::chargeback::dimension::Dimension;
use crate::cli::settings::Settings;
use crate::cli::statements::StatementsArgs;
use crate::model::manifest::{MANIFEST, Manifest, Options};
use crate::report::safe;

/// The columns of statements unless others are asked for.
const DEFAULT: [Dimension; 4] = [Dimension::Unit, Dimension::CostCenter, Dimension::Payer, Dimension::Service];

pub(super) fn run(args: &StatementsArgs) -> Result<Ending, Failure> {
    let (asked, options) = asked(args)?;
    let closed = closed_months(&asked.bill)?;
    apart(&asked.logs.inputs, &args.out)?;
    let standing = standing(&args.out, args.replace)?;
    let beside = args.out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let computed = asked.compute()?;
    fs::create_dir_all(beside).map_err(named(beside))?;
    let root = root_from(beside)?;
    let (_listed, stage) = temporary::make(|| ledger::stage(beside)).map_err(named(beside))?;
    let manifest = statement_files::write(&computed, options, &closed, args.month.as_deref(), root, stage.path())?;
    temporary::at_once(|| put(stage.path(), &args.out, standing))?;
    if !computed.logs.settings.quiet.value {
        let text = format!("{}: {}", args.out.display(), summary(&manifest));
        output::write_to(None, &mut |out| writeln!(out, "{}", safe(&text)))?;
    }
    computed.logs.say_stats();
    let strict = computed.logs.settings.strict.value
        && computed.document.tally.as_ref().is_some_and(|tally| !tally.rejected.is_empty());
    Ok(documents::ending(computed.document.incomplete, strict || computed.untied))
}

/// The closed months that count, by name.
fn closed_months(bill: &crate::cli::bill::BillArgs) -> Result<Vec<String>, Failure> {
    let Some(directory) = &bill.closed else { return Ok(Vec::new()) };
    let closed = super::closed_months::read(directory, bill.closed_months.as_ref())?;
    Ok(closed.months().map(|month| month.month.clone()).collect())
}

/// What statements come to, in a line.
pub(super) fn summary(manifest: &Manifest) -> String {
    let units = manifest.statements.iter().filter(|one| one.unit.is_some()).count();
    let money: Vec<String> = manifest
        .totals
        .money
        .iter()
        .map(|(currency, sums)| format!(", net cost {} {currency}", sums.printed))
        .collect();
    let files = manifest.files.len() + 1;
    let units = if units == 1 { "1 unit".to_owned() } else { format!("{units} units") };
    format!("{units}, {files} files, {} calls{}", manifest.totals.calls, money.concat())
}

/// What the arguments ask for, and how the manifest says it.
fn asked(args: &StatementsArgs) -> Result<(Asked, Options), Failure> {
    let (mut logs, mut bill) = (args.logs.clone(), args.bill.clone());
    if let Some(month) = &args.month {
        let next = Dimension::Month.span(month, chrono_tz::Tz::UTC).map(|(_, end)| crate::model::time::rfc3339(end));
        let Some(next) = next else {
            return Err(Failure::Usage(format!("--month: `{month}` is no month such as 2026-10")));
        };
        (logs.from, logs.to) = (Some(month.clone()), next.get(..7).map(str::to_owned));
        bill.invoice_month = (!bill.bill.is_empty()).then(|| month.clone());
    }
    let listed = logs.files_from.as_deref().is_some_and(|list| list == Path::new("-"));
    if logs.inputs.iter().any(|input| input == "-") || listed {
        let why = "standard input cannot be read again to verify the statements; write it to a file and give that";
        return Err(Failure::Usage(why.to_owned()));
    }
    logs.filter = logs.filter.as_deref().map(selection::filter_text).transpose()?;
    let mut settings = Logs::settings(&logs, &args.output())?;
    if !bill.bill.is_empty() {
        settings = settings.beside_a_bill();
    }
    let Some(map) = &settings.map.value else {
        return Err(Failure::Usage(
            "--map: statements are for business units; give the mapping that names them".to_owned(),
        ));
    };
    if settings.pseudonyms.is_some() && logs.filter.is_some() {
        let why = "the manifest holds the filter, which may name somebody";
        return Err(Failure::Usage(format!("--where: {why}; it does not go with --pseudonymise")));
    }
    let mut by = if args.by.is_empty() { DEFAULT.to_vec() } else { report::dimensions(&args.by)? };
    if !by.contains(&Dimension::Unit) {
        by.insert(0, Dimension::Unit);
    }
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    let options = Options {
        inputs: logs.inputs.clone(),
        files_from: logs.files_from.as_ref().map(text),
        map: text(map),
        projects: settings.projects.value.iter().map(text).collect(),
        services: settings.services.value.as_ref().map(text),
        bill: bill.bill.clone(),
        invoice_month: bill.invoice_month.clone(),
        invoice: bill.invoice.clone(),
        tolerance: bill.tolerance.clone(),
        idle_slots: bill.idle_slots.clone(),
        closed: bill.closed.as_ref().map(text),
        from: logs.from.clone(),
        to: logs.to.clone(),
        timezone: settings.timezone.value.to_string(),
        r#where: logs.filter.clone(),
        by: by.iter().map(|column| column.name().to_owned()).collect(),
        min_group: args.groups.min_group.map(Into::into),
        pseudonymised: settings.pseudonyms.is_some(),
        sampled: settings.sampled.value.clone(),
        max_record: settings.max_record.value,
    };
    Ok((Asked { logs, bill, settings, by, minimum: args.groups.min_group, keep: false }, options))
}

/// Statements within an input would be read as logs when they are made again.
fn apart(inputs: &[String], out: &Path) -> Result<(), Failure> {
    let mut standing = out.ancestors().filter_map(|path| match path.as_os_str().is_empty() {
        true => Path::new(".").canonicalize().ok(),
        false => path.canonicalize().ok(),
    });
    let Some(standing) = standing.next() else { return Ok(()) };
    let within = |input: &&String| {
        let input = Path::new(input).canonicalize();
        input.is_ok_and(|input| input.is_dir() && standing.starts_with(input))
    };
    match inputs.iter().find(within) {
        Some(input) => {
            let out = out.display();
            Err(Failure::Usage(format!(
                "--out: {out} lies within the input {input}, where it would be read as a log; write elsewhere"
            )))
        }
        None => Ok(()),
    }
}

/// What stands where the statements are to be: nothing, an empty directory, or statements that may go.
fn standing(out: &Path, replace: bool) -> Result<bool, Failure> {
    let refused = |why: String| Err(Failure::Usage(format!("--out: {} {why}", out.display())));
    if !out.exists() {
        return Ok(false);
    }
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(out).map_err(named(out))? {
        files.insert(entry.map_err(named(out))?.file_name().to_string_lossy().into_owned());
    }
    if files.is_empty() {
        return Ok(true);
    }
    if !replace {
        return refused("exists; write elsewhere, or give --replace if the statements in it may go".to_owned());
    }
    let manifest = fs::read(out.join(MANIFEST)).map(|bytes| Manifest::read(&bytes));
    let Ok(Ok(manifest)) = manifest else {
        return refused("holds no statements that billtrail wrote; --replace leaves it alone".to_owned());
    };
    let own: BTreeSet<&str> = manifest.files.iter().map(|file| file.file.as_str()).chain([MANIFEST]).collect();
    match files.iter().find(|file| !own.contains(file.as_str())) {
        Some(other) => refused(format!("also holds `{other}`, which is no statement; --replace leaves it alone")),
        None => Ok(true),
    }
}

/// Puts the directory in its place; what stood there goes when the new one is there.
fn put(stage: &Path, out: &Path, standing: bool) -> Result<(), Failure> {
    if !standing {
        return fs::rename(stage, out).map_err(named(out));
    }
    let old = stage.with_extension("old");
    fs::rename(out, &old).map_err(named(out))?;
    if let Err(error) = fs::rename(stage, out) {
        // The old statements stay when the new ones cannot take their place.
        fs::rename(&old, out).map_err(named(out))?;
        return Err(named(out)(error));
    }
    fs::remove_dir_all(&old).map_err(named(&old))
}

/// The working directory, seen from a directory that will stand in another.
fn root_from(beside: &Path) -> Result<String, Failure> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).map_err(named(Path::new(".")))?;
    let beside = beside.canonicalize().map_err(named(beside))?;
    Ok(relative(&beside, &here))
}

/// The way from a directory in `beside` to `here`, with `/` between its steps.
fn relative(beside: &Path, here: &Path) -> String {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (beside.components().collect(), here.components().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = (same..from.len() + 1).map(|_| "..".to_owned());
    let down = to[same..].iter().map(|step| step.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// What a manifest asks for when its statements are made again. Nothing else that is configured counts.
pub(super) fn again(
    options: &Options,
    closed: &[String],
    names: Option<&crate::model::pseudonym::Pseudonyms>,
    threads: usize,
    quiet: bool,
) -> Result<Asked, Failure> {
    use crate::cli::settings::{Origin, Setting};
    fn flag<T>(value: T) -> Setting<T> {
        Setting { value, origin: Origin::Flag }
    }
    let unreadable = |what: &str, text: &str| Failure::Usage(format!("the manifest's {what} `{text}` is not known"));
    let timezone = options.timezone.parse().map_err(|_| unreadable("time zone", &options.timezone))?;
    let logs = crate::cli::LogArgs {
        inputs: options.inputs.clone(),
        files_from: options.files_from.as_ref().map(PathBuf::from),
        from: options.from.clone(),
        to: options.to.clone(),
        filter: options.r#where.clone(),
        quiet,
        ..Default::default()
    };
    let settings = Settings {
        map: flag(Some(PathBuf::from(&options.map))),
        projects: flag(options.projects.iter().map(PathBuf::from).collect()),
        services: flag(options.services.as_ref().map(PathBuf::from)),
        timezone: flag(timezone),
        threads: flag(threads),
        max_record: flag(options.max_record),
        memory: flag(256 << 20),
        temp_dir: flag(None),
        format: flag(crate::report::Format::Table),
        strict: flag(false),
        quiet: flag(quiet),
        sampled: flag(options.sampled.clone()),
        pseudonyms: names.cloned(),
    };
    let bill = crate::cli::bill::BillArgs {
        bill: options.bill.clone(),
        invoice_month: options.invoice_month.clone(),
        invoice: options.invoice.clone(),
        tolerance: options.tolerance.clone(),
        idle_slots: options.idle_slots.clone(),
        closed: options.closed.as_ref().map(PathBuf::from),
        closed_months: Some(closed.iter().cloned().collect()),
    };
    let by = report::dimensions(&options.by)?;
    let minimum = options.min_group.and_then(std::num::NonZeroUsize::new);
    Ok(Asked { logs, bill, settings, by, minimum, keep: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_found() {
        let way = |beside: &str, here: &str| relative(Path::new(beside), Path::new(here));
        assert_eq!(way("/a/b", "/a/b"), "..");
        assert_eq!(way("/a/b/out", "/a/b"), "../..");
        assert_eq!(way("/a/x", "/a/b/c"), "../../b/c");
    }
}
