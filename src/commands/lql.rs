//! `billtrail lql`: checks, formats, explains and runs filters.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::selection::{Selection, filter_text, parsed};
use super::{Ending, Failure, interrupt, output, stats, tables};
use crate::cli::{LqlCheckArgs, LqlCommand, LqlExplainArgs, LqlFmtArgs, LqlMatchArgs};
use crate::ingest::{self, Meter, Progress, ReadOptions, Unit};
use crate::lql::lint::{Context, Finding, Severity, lint};
use crate::lql::lint_fix::repair;
use crate::lql::{Compiled, EvalError, FilterError, Options, Schema, format, words};
use crate::model::observation::Source;
use crate::model::stats::{Count, Stage};
use crate::report::safe;

pub(super) fn run(command: &LqlCommand) -> Result<Ending, Failure> {
    match command {
        LqlCommand::Check(args) => check(args),
        LqlCommand::Fmt(args) => fmt(args),
        LqlCommand::Match(args) => matching(args),
        LqlCommand::Explain(args) => explain(args),
    }
}

fn check(args: &LqlCheckArgs) -> Result<Ending, Failure> {
    let context = if args.sink { Context::Sink } else { Context::Query };
    let (mut out, mut errors, mut warnings) = (String::new(), 0_usize, 0_usize);
    for path in &args.files {
        let name = path.display().to_string();
        let text = tables::read_text(path)?;
        let expr = match parsed(&name, &text) {
            Ok(expr) => expr,
            Err(failure) => {
                errors += 1;
                out.push_str(&shown(&failure.to_string()));
                continue;
            }
        };
        // What only those who evaluate a filter find: patterns, ranges and fractions. The lints tell of fields.
        let options = Options { local_sample: true };
        match Compiled::with(&expr, &Schema::log_entry(), options) {
            Err(error) if !matches!(error, EvalError::UndefinedField { .. }) => {
                errors += 1;
                let refused = FilterError::new(&text, error.span(), error.to_string(), error.hint());
                out.push_str(&shown(&refused.render(&name, &text)));
            }
            Ok(_) | Err(_) => {}
        }
        let mut findings = lint(&text, &expr, context);
        let mut text = text;
        if args.fix {
            let (repaired, _, left) = repair(&text, &expr, context, true);
            if repaired != text {
                put(path, &repaired)?;
                text = repaired;
            }
            findings = left;
        }
        for finding in &findings {
            match finding.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
            out.push_str(&shown(&told(&name, &text, finding)));
        }
    }
    let (errors_found, warnings_found) = (counted(errors, "error"), counted(warnings, "warning"));
    out.push_str(&format!("{errors_found}, {warnings_found} in {}\n", counted(args.files.len(), "file")));
    if args.fix && args.files.iter().any(|path| path.as_os_str() == "-") {
        // Standard output holds the repaired filter.
        anstream::eprint!("{out}");
    } else {
        output::write_to(None, &mut |write| write.write_all(out.as_bytes()))?;
    }
    let denied = errors > 0 || (args.deny.is_some() && warnings > 0);
    Ok(if denied { Ending::CheckFailed } else { Ending::Done })
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A finding with its place, reason and repair.
fn told(name: &str, text: &str, finding: &Finding) -> String {
    let hint = match &finding.fix {
        Some(fix) if fix.safe => format!("{} (--fix writes `{}`)", finding.reason, fix.replacement),
        Some(fix) if !fix.replacement.is_empty() => format!("{} (perhaps `{}`)", finding.reason, fix.replacement),
        Some(_) | None => finding.reason.to_owned(),
    };
    let message = format!("{}[{}]: {}", finding.severity, finding.id, finding.message);
    FilterError::new(text, finding.span, message, Some(hint)).render(name, text)
}

/// Several lines, each safe to show.
fn shown(text: &str) -> String {
    let mut lines: String = text.lines().map(|line| format!("{}\n", safe(line))).collect();
    lines.push('\n');
    lines
}

fn fmt(args: &LqlFmtArgs) -> Result<Ending, Failure> {
    let mut changed = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let text = tables::read_text(path)?;
        let formatted = format(&text).map_err(|error| Failure::Filter(error.render(&name, &text)))?;
        if args.check {
            changed.extend((formatted != text).then_some(name));
        } else if path.as_os_str() == "-" || formatted != text {
            put(path, &formatted)?;
        }
    }
    for name in &changed {
        anstream::eprintln!("{}: not in canonical form", safe(name));
    }
    Ok(if changed.is_empty() { Ending::Done } else { Ending::CheckFailed })
}

/// Writes a filter to its file, or to standard output when it came from standard input.
fn put(path: &Path, text: &str) -> Result<(), Failure> {
    let target = (path.as_os_str() != "-").then_some(path);
    output::write_to(target, &mut |out| out.write_all(text.as_bytes()))
}

fn explain(args: &LqlExplainArgs) -> Result<Ending, Failure> {
    let text = filter_text(&args.filter)?;
    let told: String = words(&parsed("filter", &text)?).lines().map(|line| format!("{}\n", safe(line))).collect();
    output::write_to(None, &mut |out| out.write_all(told.as_bytes()))?;
    Ok(Ending::Done)
}

/// What became of a record under `lql match`.
enum Met {
    Selected(Source, Vec<u8>),
    Other,
    Unreadable,
}

fn matching(args: &LqlMatchArgs) -> Result<Ending, Failure> {
    let selection = Selection::read("filter", &args.filter, args.local_sample)?;
    let provider = tables::provider(None)?;
    let meter = Arc::new(Meter::default());
    interrupt::reads(&meter);
    let listing = meter.time(Stage::List, || ingest::list(&args.inputs, args.files_from.as_deref(), None))?;
    if let Some(ledger) = listing.ledgers.first() {
        let ledger = ledger.display();
        return Err(Failure::Usage(format!(
            "{ledger}: a ledger does not hold the records that a filter is run over; give the logs"
        )));
    }
    let options = ReadOptions { threads: args.threads, ..ReadOptions::default() };
    let meet = |unit: Unit<'_>| match unit {
        Unit::Record { bytes, source } => match selection.selects(&provider, bytes) {
            Some(true) if args.count => Met::Selected(source, Vec::new()),
            Some(true) => Met::Selected(source, provider.minified(bytes)),
            Some(false) => Met::Other,
            None => Met::Unreadable,
        },
        Unit::Rejected { .. } => Met::Unreadable,
        Unit::Text { .. } => Met::Other,
    };
    let (mut selected, mut count, mut unreadable) = (Vec::new(), 0_u64, 0_usize);
    let mut fold = |met: Vec<Met>| {
        for met in met {
            match met {
                Met::Selected(source, bytes) => {
                    count += 1;
                    if !args.count {
                        selected.push((source, bytes));
                    }
                }
                Met::Unreadable => {
                    unreadable += 1;
                    meter.add(Count::Rejected, 1);
                }
                Met::Other => {}
            }
        }
    };
    let progress = if args.quiet { None } else { Progress::show(&listing, &meter) };
    let summary = ingest::read_metered(&listing, &options, &meet, &mut fold, &meter)?;
    drop(progress);
    selected.sort_unstable_by_key(|(source, _)| *source);
    let mut print = |out: &mut (dyn Write + Send)| {
        if args.count {
            return writeln!(out, "{count}");
        }
        selected.iter().try_for_each(|(_, bytes)| {
            out.write_all(bytes)?;
            out.write_all(b"\n")
        })
    };
    meter.time(Stage::Print, || output::write_to(None, &mut print))?;
    if unreadable > 0 && !args.quiet {
        anstream::eprintln!("billtrail: warning: {} not readable as a JSON object", counted(unreadable, "record"));
    }
    let unread = listing.failed.iter().map(|failed| (&failed.name, &failed.why));
    let problems = summary.inputs.iter().filter_map(|input| Some((&input.name, &input.problem.as_ref()?.why)));
    let mut whole = true;
    for (name, why) in unread.chain(problems) {
        whole = false;
        anstream::eprintln!("billtrail: error: {}: {}", safe(name), safe(why));
    }
    stats::say(args.stats, &meter, options.decoders());
    Ok(if whole { Ending::Done } else { Ending::Incomplete })
}
