//! `billtrail services`: the catalogue as a table, or all that is known about one service.

use std::fmt::Write as _;

use super::{Ending, Failure, output, tables};
use crate::cli::settings::Settings;
use crate::cli::{LogArgs, ServicesArgs};
use crate::gcp::service::{MethodClass, Service};
use crate::model::document::{Cell, Column, ColumnType, Diagnostics, Document, Gaps, Period, Provenance, Row};
use crate::provider::CATALOGUE_DATE;
use crate::report::Format;

const COLUMNS: [Column; 9] = [
    text("service"),
    text("version"),
    text("display"),
    text("kind"),
    text("driver"),
    text("unit"),
    text("billing_name"),
    text("sure"),
    text("source"),
];

const fn text(name: &'static str) -> Column {
    Column { name, kind: ColumnType::Text, unit: None }
}

pub(super) fn run(args: &ServicesArgs) -> Result<Ending, Failure> {
    let overrides = LogArgs { services: args.services.clone(), ..LogArgs::default() };
    let settings = Settings::resolve(&overrides, &args.output, &|name| std::env::var(name).ok())?;
    let provider = tables::provider(settings.services.value.as_deref())?;
    let catalogue = provider.catalogue();
    if let Some(name) = &args.name {
        let rows = catalogue.named(name);
        if rows.is_empty() {
            return Err(Failure::Usage(format!(
                "the catalogue has no service `{name}`; `billtrail services` lists them"
            )));
        }
        if settings.format.value == Format::Table {
            let words: Vec<String> = rows.iter().map(describe).collect();
            let words = words.join("\n");
            output::write_to(args.output.output.as_deref(), &mut |out| out.write_all(words.as_bytes()))?;
        } else {
            print(&mut rows.iter().map(row), args, &settings)?;
        }
        return Ok(Ending::Done);
    }
    print(&mut catalogue.services().map(row), args, &settings)?;
    Ok(Ending::Done)
}

/// Prints rows of the catalogue.
fn print(rows: &mut dyn Iterator<Item = Row>, args: &ServicesArgs, settings: &Settings) -> Result<(), Failure> {
    let document = Document {
        command: "services",
        period: Period::default(),
        bill: None,
        estimate: None,
        page: None,
        coverage: None,
        provenance: Provenance { catalogue: format!("built-in {CATALOGUE_DATE}"), ..Provenance::default() },
        tally: None,
        columns: COLUMNS.to_vec(),
        details: 0,
        keys: COLUMNS.len(),
        totals: Row::new(),
        gaps: Gaps::default(),
        diagnostics: Diagnostics::new(),
        incomplete: false,
    };
    output::print(&document, rows, &args.output, settings.format.value, true, true)
}

fn row(service: &Service) -> Row {
    let text = |text: &str| if text.is_empty() { Cell::Null } else { Cell::Text(text.to_owned()) };
    vec![
        text(&service.service),
        service.version.map_or(Cell::Null, |version| Cell::Text(format!("v{version}"))),
        text(&service.display),
        text(service.kind.name()),
        text(service.driver.name()),
        text(&service.unit),
        text(&service.billing_name),
        text(service.sure.name()),
        text(&service.source),
    ]
}

/// All that is known about a service.
fn describe(service: &Service) -> String {
    let mut out = String::new();
    let version = service.version.map_or_else(String::new, |version| format!(" v{version}"));
    let mut line = |title: &str, text: &str| {
        if !text.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{title:<18} {text}");
        }
    };
    line("service", &format!("{}{version} ({})", service.service, service.display));
    line("payer", &format!("{}: {}", service.kind.name(), service.kind.meaning()));
    if service.optional_parent() {
        line("", "unless the request names a parent project, which then pays");
    }
    line("driver", &format!("{}: {}", service.driver.name(), service.driver.meaning()));
    for (title, class) in [
        ("billable methods", MethodClass::Billable),
        ("runtime methods", MethodClass::Runtime),
        ("free methods", MethodClass::Free),
    ] {
        let mut listed: Vec<String> = service.listed(class).map(ToString::to_string).collect();
        listed.sort();
        line(title, &listed.join(" "));
    }
    line("unit", &service.unit);
    line("name in the bill", &service.billing_name);
    line("audit log", &service.audit);
    line("how sure", &format!("{}: {}", service.sure.name(), service.sure.meaning()));
    line("source", &service.source);
    line("note", &service.note);
    out
}
