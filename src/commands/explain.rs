//! `billtrail explain`: why a call is billed to whom it is, in words.

use std::fmt::Write as _;

use super::logs::Logs;
use super::{Ending, Failure, documents, output};
use crate::chargeback::attribution::{Attributed, UNMAPPED};
use crate::cli::ExplainArgs;
use crate::cli::settings::Origin;
use crate::gcp::kind::{Kind, Rule};
use crate::model::call::Call;
use crate::model::document::Row;
use crate::model::observation::CallKey;
use crate::model::reason::PayerReason;
use crate::model::stats::Stage;
use crate::model::tally::Outcome;
use crate::model::time::rfc3339;
use crate::report::{Format, safe};

pub(super) fn run(args: &ExplainArgs) -> Result<Ending, Failure> {
    let logs = Logs::read_agreed(&args.logs, &args.output)?;
    let chosen = &logs.settings.format;
    let format = match chosen.origin {
        Origin::Flag | Origin::Ending => chosen.value,
        // A format that is configured for tables does not turn words into rows.
        Origin::Environment(_) | Origin::File(_) | Origin::Default => Format::Table,
    };
    let (account, parts) = logs.attribute(Vec::new, |found, attributed| {
        if is_asked_for(attributed.call, args) {
            found.push(Found::of(&logs, attributed, format));
        }
        Ok(())
    })?;
    let mut found: Vec<Found> = parts.into_iter().flatten().collect();
    if found.is_empty() && logs.incomplete {
        return Ok(Ending::Incomplete);
    }
    if found.is_empty() {
        let asked = args.insert_id.as_ref().or(args.call_key.as_ref()).map_or("", String::as_str);
        return Err(Failure::Usage(format!("`{asked}`: no call of the input and period has this id")));
    }
    found.sort_by(|a, b| a.place.cmp(&b.place));
    let mut words = found.iter().map(|found| found.words.as_str()).collect::<Vec<_>>().join("\n");
    if logs.incomplete {
        words.push_str("\nINCOMPLETE: an input was missing, unreadable, truncated or changed meanwhile; more may belong to this call.\n");
    }
    logs.meter.time(Stage::Print, || {
        if format == Format::Table {
            let names = logs.settings.pseudonyms.as_ref();
            let words = names.map_or(words.clone(), |names| names.sentence(&words));
            return output::write_to(args.output.output.as_deref(), &mut |out| out.write_all(words.as_bytes()));
        }
        let document = documents::calls(&logs, account);
        let mut rows = found.into_iter().map(|found| found.row);
        output::print(&document, &mut rows, &args.output, format, false, true)
    })?;
    logs.say_stats();
    Ok(documents::ending(logs.incomplete, false))
}

/// A call that was asked for: its place among calls, and what the format needs of it.
struct Found {
    place: (Option<i64>, Option<String>, Option<String>, CallKey),
    words: String,
    row: Row,
}

impl Found {
    fn of(logs: &Logs, attributed: &Attributed<'_>, format: Format) -> Self {
        let (time, log_name, insert_id, key) = attributed.call.place();
        let place = (time, log_name.map(str::to_owned), insert_id.map(str::to_owned), key);
        let (mut words, mut row) = (String::new(), Row::new());
        match format {
            Format::Table => explain(logs, attributed, &mut words),
            Format::Csv
            | Format::Json
            | Format::Ndjson
            | Format::Markdown
            | Format::Html
            | Format::Xlsx
            | Format::Parquet => {
                row = documents::call_row(logs, attributed);
            }
        }
        Self { place, words, row }
    }
}

fn is_asked_for(call: &Call, args: &ExplainArgs) -> bool {
    if let Some(key) = &args.call_key {
        return format!("{:032x}", call.key.0) == *key;
    }
    let insert_id = args.insert_id.as_deref();
    call.facts.insert_id.as_deref() == insert_id
        || call.others.iter().any(|other| other.insert_id.as_deref() == insert_id)
}

/// One line of the explanation: a title and what it says, which may come from a log.
fn line(out: &mut String, title: &str, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  {title:<14} {}", safe(text));
}

fn explain(logs: &Logs, attributed: &Attributed<'_>, out: &mut String) {
    let (call, facts, resolved) = (attributed.call, &attributed.call.facts, &attributed.resolved);
    let title = format!(
        "{} on {}",
        facts.method.as_deref().unwrap_or("(no method)"),
        facts.service.as_deref().unwrap_or("(no service)")
    );
    let _ = writeln!(out, "{}", safe(&title));
    line(out, "call", &facts.time.map_or_else(|| "at an unknown time".to_owned(), rfc3339));
    line(
        out,
        "",
        &format!("told by insertId {} at {}", facts.insert_id.as_deref().unwrap_or("(none)"), logs.place(call.source)),
    );
    if let Some(resource) = &facts.resource {
        line(out, "resource", resource);
    }
    payer(attributed, out);
    for candidate in &facts.candidates {
        if resolved.evidence.as_ref() == Some(&candidate.evidence) {
            continue;
        }
        let named = logs.directory.resolve(&candidate.payer);
        let field = format!("{} = `{}`", candidate.evidence.path, candidate.evidence.text);
        if resolved.payer.as_ref() == Some(&named) {
            line(out, "also", &format!("{field} names the same project"));
        } else {
            line(out, "not", &format!("{named}, named by {field}: {}", candidate.why));
        }
    }
    if !resolved.conflicts.is_empty() {
        line(out, "conflict", "fields that usually name the payer name other projects; check which is right");
    }
    caller(logs, call, out);
    unit(logs, attributed, out);
    billable(attributed, out);
    merged(logs, call, out);
}

fn payer(attributed: &Attributed<'_>, out: &mut String) {
    let resolved = &attributed.resolved;
    match &resolved.payer {
        Some(payer) => {
            let number =
                payer.number.filter(|_| payer.id.is_some()).map_or_else(String::new, |n| format!(" (number {n})"));
            line(out, "payer", &format!("{payer}{number}"));
        }
        None => line(out, "payer", "nobody"),
    }
    if let Some(reason) = resolved.payer_reason {
        line(out, "", &format!("{}: {}", reason.name(), reason.meaning()));
    }
    let rule = Rule::parse(resolved.rule).map_or("", Rule::meaning);
    line(out, "rule", &format!("{}: {rule}", resolved.rule));
    let kind = Kind::parse(resolved.kind).map_or("", Kind::meaning);
    line(out, "kind", &format!("{}: {kind}", resolved.kind));
    if let Some(evidence) = &resolved.evidence {
        line(out, "proof", &format!("{} = `{}`", evidence.path, evidence.text));
    }
    if resolved.payer.is_some() {
        line(out, "confidence", &format!("{} of 100", resolved.confidence));
    }
    if let Some(storage) = &resolved.storage_payer
        && resolved.payer.as_ref() != Some(storage)
    {
        line(out, "storage", &format!("{storage} pays for keeping the object"));
    }
}

fn caller(logs: &Logs, call: &Call, out: &mut String) {
    let facts = &call.facts;
    let owner = facts.principal_project.as_ref().map(|project| {
        format!(", an identity of {} (a hint, not evidence of the payer)", logs.directory.resolve(project))
    });
    let principal = facts.principal.as_deref().unwrap_or("(not stated)");
    line(out, "caller", &format!("{principal}{}", owner.unwrap_or_default()));
    if let Some(origin) = &facts.delegated_by {
        line(out, "", &format!("on behalf of {origin}, where the delegation began"));
    }
}

fn unit(logs: &Logs, attributed: &Attributed<'_>, out: &mut String) {
    let center = attributed.cost_center.map_or_else(String::new, |center| format!(", cost center {center}"));
    line(out, "unit", &format!("{}{center}", attributed.unit));
    let why = match (&logs.mapping, &attributed.resolved.payer) {
        _ if attributed.resolved.payer_reason == Some(PayerReason::GoogleSdkProject) => {
            "a project of Google's tools has no unit".to_owned()
        }
        (_, None) => "without a payer there is no unit".to_owned(),
        (None, Some(_)) => "no mapping was given (--map)".to_owned(),
        (Some(mapping), Some(payer)) => mapping.explain_call(payer, (&*attributed.stated.facts).into()),
    };
    line(out, "", &why);
    if let (UNMAPPED, Some(_), Some(payer)) = (attributed.unit, &logs.mapping, &attributed.resolved.payer) {
        let row = payer.id.clone().or(payer.number.map(|number| number.to_string().into())).unwrap_or_default();
        let inventory = if payer.id.is_none() { ", or an inventory that has this number (--projects)" } else { "" };
        line(out, "", &format!("add a row `{row},UNIT` to the mapping{inventory}"));
    }
}

fn billable(attributed: &Attributed<'_>, out: &mut String) {
    let facts = &attributed.call.facts;
    let text = match attributed.outcome {
        Outcome::NotBillable(reason) => format!("no, {}: {}", reason.name(), reason.meaning()),
        Outcome::Attributed => format!("yes, {} ({})", facts.driver.meaning(), facts.driver.name()),
        Outcome::Unattributed(PayerReason::GoogleSdkProject) => {
            "yes, but the payer is a project of Google's tools".to_owned()
        }
        Outcome::Unattributed(reason) => format!("yes, but nobody can be named ({})", reason.name()),
    };
    line(out, "billable", &text);
    let usage = &facts.usage;
    let amounts = [
        ("billed bytes", usage.total_billed_bytes),
        ("processed bytes", usage.processed_bytes),
        ("slot ms", usage.total_slot_ms),
    ];
    for (name, amount) in amounts {
        if let Some(amount) = amount {
            line(out, "", &format!("{name} {amount}"));
        }
    }
    if facts.status_code != 0 {
        line(out, "status", &format!("code {}", facts.status_code));
    }
    for flag in &facts.flags {
        line(out, "flag", &format!("{}: {}", flag.name(), flag.meaning()));
    }
}

fn merged(logs: &Logs, call: &Call, out: &mut String) {
    for (cause, count) in &call.merged {
        line(out, "merged", &format!("{count} × {}: {}", cause.name(), cause.meaning()));
    }
    for other in &call.others {
        let id = other.insert_id.as_deref().unwrap_or("(none)");
        line(out, "", &format!("insertId {id} at {}", logs.place(other.source)));
    }
    if call.conflicting_copies > 0 {
        let copies = if call.conflicting_copies == 1 { "1 copy has" } else { "several copies have" };
        line(out, "", &format!("{copies} other content; the first by log, file and line counts"));
    }
}
