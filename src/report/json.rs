//! The JSON document: everything there is to say, with each row on one line so that two documents can be compared.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::figures::{self, fraction};
use super::safe_text::is_unsafe;
use crate::model::document::{Cell, Column, Diagnostics, Document, Gaps, Input, Period, Row, SCHEMA_VERSION};
use crate::model::tally::Tally;
use crate::model::time::rfc3339;

/// Writes the document; the rows are written as they come.
pub fn write(document: &Document, rows: &mut dyn Iterator<Item = Row>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    write!(out, "{{\n  \"schema_version\": {SCHEMA_VERSION},\n  \"command\": ")?;
    value(document.command, out)?;
    out.write_all(b",\n  \"tool\": ")?;
    value(&Tool { name: "billtrail", version: env!("CARGO_PKG_VERSION") }, out)?;
    out.write_all(b",\n  \"period\": ")?;
    value(&PeriodView::of(&document.period), out)?;
    out.write_all(b",\n  \"provenance\": {\n    \"inputs\": ")?;
    list(&mut document.provenance.inputs.iter().map(InputView::of), "    ", out, |input, out| value(&input, out))?;
    out.write_all(b",\n    \"mapping\": ")?;
    value(&document.provenance.mapping, out)?;
    out.write_all(b",\n    \"projects\": ")?;
    value(&document.provenance.projects, out)?;
    out.write_all(b",\n    \"where\": ")?;
    value(&document.provenance.filter, out)?;
    out.write_all(b",\n    \"catalogue\": ")?;
    value(&document.provenance.catalogue, out)?;
    out.write_all(b"\n  },\n  \"tally\": ")?;
    out.write_all(tally(document.tally.as_ref())?.as_bytes())?;
    out.write_all(b",\n  \"columns\": ")?;
    list(&mut document.columns.iter().map(ColumnView::of), "  ", out, |column, out| value(&column, out))?;
    out.write_all(b",\n  \"rows\": ")?;
    list(rows, "  ", out, |cells, out| row(&document.columns, &cells, out))?;
    out.write_all(b",\n  \"totals\": ")?;
    let measures = document.columns.get(document.keys..).unwrap_or_default();
    row(measures, &document.totals, out)?;
    out.write_all(b",\n  \"gaps\": ")?;
    gaps(&document.gaps, out)?;
    out.write_all(b",\n  \"bill\": ")?;
    super::tie_out::json(document.bill.as_ref(), out)?;
    if let Some(coverage) = &document.coverage {
        out.write_all(b",\n  \"coverage\": ")?;
        super::coverage::json(coverage, out)?;
    }
    if let Some(estimate) = &document.estimate {
        out.write_all(b",\n  \"estimate\": ")?;
        super::estimate::json(estimate, out)?;
    }
    out.write_all(b",\n  \"diagnostics\": ")?;
    diagnostics(&document.diagnostics, out)?;
    writeln!(out, ",\n  \"incomplete\": {}\n}}", document.incomplete)
}

/// Writes one row as an object on one line, keyed by column name.
pub fn row(columns: &[Column], cells: &[Cell], out: &mut (dyn Write + Send)) -> io::Result<()> {
    out.write_all(b"{")?;
    for (at, (column, cell)) in columns.iter().zip(cells).enumerate() {
        write!(out, "{}\"{}\":", if at == 0 { "" } else { "," }, column.name)?;
        match cell {
            Cell::Null => out.write_all(b"null"),
            Cell::Text(text) => value(text, out),
            Cell::Integer(number) => write!(out, "{number}"),
            Cell::Signed(number) => write!(out, "{number}"),
            Cell::Boolean(truth) => write!(out, "{truth}"),
            Cell::Time(nanos) => write!(out, "\"{}\"", rfc3339(*nanos)),
            Cell::Share(millionths) => out.write_all(fraction(*millionths).as_bytes()),
            Cell::Money(money) => write!(out, "\"{}\"", money.exact),
            Cell::Proof(proof) => out.write_all(figures::proof(proof).as_bytes()),
        }?;
    }
    out.write_all(b"}")
}

fn gaps(gaps: &Gaps, out: &mut (dyn Write + Send)) -> io::Result<()> {
    out.write_all(b"{\n    \"unmapped\": ")?;
    let unmapped = gaps.unmapped.iter();
    let mut unmapped =
        unmapped.map(|(payer, calls, billable)| Unmapped { payer, calls: *calls, billable_calls: *billable });
    list(&mut unmapped, "    ", out, |payer, out| value(&payer, out))?;
    out.write_all(b",\n    \"unattributed\": ")?;
    let unattributed = gaps.unattributed.iter();
    let mut unattributed = unattributed.map(|&(reason, calls, billable)| Unattributed {
        reason: reason.name(),
        calls,
        billable_calls: billable,
    });
    list(&mut unattributed, "    ", out, |reason, out| value(&reason, out))?;
    out.write_all(b",\n    \"missing_hours\": ")?;
    list(&mut gaps.missing_hours.iter(), "    ", out, |hour, out| value(&rfc3339(*hour), out))?;
    out.write_all(b"\n  }")
}

fn diagnostics(diagnostics: &Diagnostics, out: &mut (dyn Write + Send)) -> io::Result<()> {
    out.write_all(b"{")?;
    let mut separator = "\n";
    for (kind, diagnostic) in diagnostics {
        write!(out, "{separator}    \"{kind}\": ")?;
        value(&DiagnosticView { count: diagnostic.count, examples: &diagnostic.examples }, out)?;
        separator = ",\n";
    }
    out.write_all(if diagnostics.is_empty() { b"}" } else { b"\n  }" })
}

/// The tally as JSON on one line; `null` without one. Its objects are present when empty.
pub fn tally(tally: Option<&Tally>) -> io::Result<String> {
    let mut out = Vec::new();
    value(&tally.map(TallyView::of), &mut out)?;
    String::from_utf8(out).map_err(io::Error::other)
}

/// Writes a list with each item on a line of its own.
pub(super) fn list<T>(
    items: &mut dyn Iterator<Item = T>,
    indent: &str,
    out: &mut (dyn Write + Send),
    mut item: impl FnMut(T, &mut (dyn Write + Send)) -> io::Result<()>,
) -> io::Result<()> {
    out.write_all(b"[")?;
    let mut empty = true;
    for next in items {
        write!(out, "{}\n{indent}  ", if empty { "" } else { "," })?;
        item(next, out)?;
        empty = false;
    }
    if empty { out.write_all(b"]") } else { write!(out, "\n{indent}]") }
}

/// Writes a value on one line.
pub(super) fn value<T: Serialize + ?Sized>(value: &T, out: &mut (dyn Write + Send)) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Visible))?;
    Ok(())
}

/// JSON in which characters that a terminal obeys are written as `\u` escapes. The value is the same.
struct Visible;

impl serde_json::ser::Formatter for Visible {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_unsafe(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct PeriodView<'a> {
    from: Option<String>,
    to: Option<String>,
    timezone: &'a str,
}

impl<'a> PeriodView<'a> {
    fn of(period: &'a Period) -> Self {
        Self { from: period.from.map(rfc3339), to: period.to.map(rfc3339), timezone: &period.timezone }
    }
}

#[derive(Serialize)]
struct InputView<'a> {
    path: &'a str,
    bytes: u64,
    complete: bool,
}

impl<'a> InputView<'a> {
    fn of(input: &'a Input) -> Self {
        Self { path: &input.path, bytes: input.bytes, complete: input.complete }
    }
}

#[derive(Serialize)]
struct ColumnView {
    name: &'static str,
    r#type: &'static str,
    unit: Option<&'static str>,
}

impl ColumnView {
    fn of(column: &Column) -> Self {
        Self { name: column.name, r#type: column.kind.name(), unit: column.unit }
    }
}

/// Counts by name, in the order of the closed list.
struct Counts<'a, K>(&'a BTreeMap<K, u64>);

impl<K: Display> Serialize for Counts<'_, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, count)| (name.to_string(), count)))
    }
}

#[derive(Serialize)]
struct TallyView<'a> {
    records: u64,
    rejected: Counts<'a, crate::model::reason::RejectReason>,
    skipped: Counts<'a, crate::model::reason::SkipReason>,
    merged: Counts<'a, crate::model::reason::MergeCause>,
    calls: u64,
    not_billable: Counts<'a, crate::model::reason::Reason>,
    attributed: u64,
    unattributed: Counts<'a, crate::model::reason::PayerReason>,
}

impl<'a> TallyView<'a> {
    fn of(tally: &'a Tally) -> Self {
        Self {
            records: tally.records,
            rejected: Counts(&tally.rejected),
            skipped: Counts(&tally.skipped),
            merged: Counts(&tally.merged),
            calls: tally.calls,
            not_billable: Counts(&tally.not_billable),
            attributed: tally.attributed,
            unattributed: Counts(&tally.unattributed),
        }
    }
}

#[derive(Serialize)]
struct Unmapped<'a> {
    payer: &'a str,
    calls: u64,
    billable_calls: u64,
}

#[derive(Serialize)]
struct Unattributed {
    reason: &'static str,
    calls: u64,
    billable_calls: u64,
}

#[derive(Serialize)]
struct DiagnosticView<'a> {
    count: u64,
    examples: &'a [String],
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::sample::{document, printed_text, rows, text};
    use super::super::{Format, Style};
    use super::*;

    fn printed(document: &Document, rows: &[Row]) -> String {
        printed_text(Format::Json, document, rows, &Style::default())
    }

    fn parsed(document: &Document, rows: &[Row]) -> Value {
        serde_json::from_str(&printed(document, rows)).expect("valid JSON")
    }

    #[test]
    fn the_document_is_the_contract() {
        let parsed = parsed(&document(), &rows());
        assert_eq!(parsed["schema_version"], 1);
        assert_eq!(parsed["tool"]["name"], "billtrail");
        assert_eq!(parsed["period"], json!({"from": "2026-10-01T00:00:00Z", "to": null, "timezone": "UTC"}));
        let input = json!({"path": "logs/a.jsonl", "bytes": 5_000_000, "complete": true});
        assert_eq!(
            parsed["provenance"],
            json!({"inputs": [input], "mapping": "business-units.csv", "projects": ["projects.json"], "where": null, "catalogue": "built-in 2026-09-01"})
        );
        assert_eq!(parsed["tally"]["not_billable"], json!({"denied": 5_245, "admin": 30_000}));
        assert_eq!(parsed["columns"][6], json!({"name": "billed_bytes", "type": "integer", "unit": "byte"}));
        assert_eq!(parsed["rows"][0]["first_seen"], "2026-10-01T00:01:01Z");
        assert_eq!(parsed["totals"]["calls"], 1_679_029);
        assert_eq!(parsed["totals"].get("unit"), None);
        assert_eq!(
            parsed["gaps"],
            json!({
                "unmapped": [{"payer": "sandbox-quokka", "calls": 12, "billable_calls": 11}],
                "unattributed": [{"reason": "no_project", "calls": 7, "billable_calls": 7}],
                "missing_hours": ["2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z", "2026-10-01T05:00:00Z"],
            })
        );
        assert_eq!(parsed["diagnostics"]["unknown_service"]["count"], 4);
        assert_eq!(parsed["incomplete"], false);
    }

    #[test]
    fn an_empty_tally_keeps_its_objects() {
        let empty = tally(Some(&Tally::default())).expect("a vector takes all");
        assert_eq!(
            empty,
            r#"{"records":0,"rejected":{},"skipped":{},"merged":{},"calls":0,"not_billable":{},"attributed":0,"unattributed":{}}"#
        );
        assert_eq!(tally(None).expect("a vector takes all"), "null");
    }

    #[test]
    fn a_row_is_a_line_and_a_share_has_six_digits() {
        let printed = printed(&document(), &rows());
        assert_eq!(printed.lines().filter(|line| line.contains("\"payer\":")).count(), 5 + 1);
        assert!(printed.contains("\"share\":0.612345}"));
        assert!(printed.contains("\"share\":1.000000}"));
    }

    #[test]
    fn no_rows_and_no_totals_are_still_a_document() {
        let document = Document { totals: vec![], tally: None, ..document() };
        let parsed = parsed(&document, &[]);
        assert_eq!((&parsed["rows"], &parsed["totals"], &parsed["tally"]), (&json!([]), &json!({}), &Value::Null));
    }

    #[test]
    fn hostile_text_comes_back_as_it_was() {
        let hostile = "\u{1b}[31m\u{9b}\u{202e}\u{e0041}\"\\\n\0é😀";
        let mut rows = rows();
        rows[0][0] = text(hostile);
        assert_eq!(parsed(&document(), &rows)["rows"][0]["unit"], hostile);
        assert!(!printed(&document(), &rows).contains(['\u{1b}', '\u{9b}', '\u{202e}']));
    }

    #[test]
    fn a_quantity_beyond_64_bits_is_a_number() {
        let mut rows = rows();
        rows[0][6] = Cell::Integer(u128::MAX);
        assert!(printed(&document(), &rows).contains("\"billed_bytes\":340282366920938463463374607431768211455,"));
    }
}
