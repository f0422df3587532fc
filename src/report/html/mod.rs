//! HTML: one self-contained page that can be sent to somebody. It loads nothing, and nothing leaves it.
//!
//! The rows are written as they come, as blocks of JSON that the page's script reads; sections that need sums follow.
//! Without scripts the page still shows every section and the first rows.

use std::io::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Escaper, Markup, PreEscaped, Render, html};
use sha2::{Digest, Sha256};

use super::{INCOMPLETE, safe};
use crate::model::document::{Document, Row};
use currencies::Currencies;

mod account;
mod cells;
mod currencies;
mod headline;
mod money;
mod rows;
mod sections;
mod statement;
mod trend;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the page.
pub fn write(document: &Document, rows: &mut dyn Iterator<Item = Row>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    put(out, &head(document))?;
    out.write_all(b"<body>\n")?;
    put(out, &headline::header(document))?;
    out.write_all(b"<main>\n")?;
    put(out, &links(document))?;
    // A check has a row for each limit: few.
    let verdicts: Vec<Row> = if document.command == "check" { rows.collect() } else { Vec::new() };
    put(out, &headline::verdict(document, &verdicts))?;
    put(out, &headline::figures(document))?;
    let mut sections = Currencies::of(document);
    let first = rows::write(document, &mut verdicts.into_iter().chain(rows), out, |row| sections.add(row))?;
    put(out, &sections.render(document))?;
    put(out, &statement::render(document, &first))?;
    put(out, &account::render(document))?;
    out.write_all(b"</main>\n")?;
    put(out, &footer(document))?;
    writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
}

/// Text from a log, a file name or the mapping: harmless to read and to the page. It may break after punctuation.
struct Shown<'a>(&'a str);

impl Render for Shown<'_> {
    fn render_to(&self, buffer: &mut String) {
        use std::fmt::Write as _;
        for piece in safe(self.0).split_inclusive(['.', '/', '@', ':', '_']) {
            // Writing to a string cannot fail.
            let _ = Escaper::new(buffer).write_str(piece);
            if piece.ends_with(['.', '/', '@', ':', '_']) {
                buffer.push_str("<wbr>");
            }
        }
    }
}

fn put(out: &mut (dyn Write + Send), markup: &Markup) -> io::Result<()> {
    out.write_all(markup.0.as_bytes())?;
    out.write_all(b"\n")
}

/// What the page is about, by the command that made it.
fn title(document: &Document) -> &'static str {
    match document.command {
        "report" => "Cost attribution",
        "calls" => "Calls and who pays for them",
        "coverage" => "What the logs tell of the bill",
        "services" => "Catalogue of services",
        "check" => "Limits",
        "diff" => "What moved",
        "statements" => "Statement",
        other => other,
    }
}

fn head(document: &Document) -> Markup {
    // Only this style and this script count; whatever else got into the page would be dead text.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\">"))
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="referrer" content="no-referrer";
            meta name="color-scheme" content="light dark";
            meta name="generator" content=(concat!("billtrail ", env!("CARGO_PKG_VERSION")));
            title { (safe(document.page.as_ref().map_or(title(document), |page| &page.title))) @if document.incomplete { " (incomplete)" } " · billtrail" }
            style { (PreEscaped(STYLE)) }
        }
    }
}

fn digest(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text))
}

/// The way to the other pages.
fn links(document: &Document) -> Markup {
    html! {
        @if let Some(page) = document.page.as_ref().filter(|page| !page.links.is_empty()) {
            nav #pages aria-label="Pages" {
                ul { @for (name, file) in &page.links { li { a href=(file) { (Shown(name)) } } } }
            }
        }
    }
}

/// The mark of an incomplete result.
fn incomplete(document: &Document) -> Markup {
    html! {
        @if document.incomplete {
            p.incomplete role="alert" { strong { (INCOMPLETE) } }
        }
    }
}

fn footer(document: &Document) -> Markup {
    html! {
        footer {
            (incomplete(document))
            p {
                "Made by billtrail " (env!("CARGO_PKG_VERSION")) " from exported audit logs. "
                "This page is one file: it loads nothing and sends nothing."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{column, document, printed_text, rows, text};
    use super::super::{Format, Style};
    use super::*;
    use crate::model::document::{Cell, ColumnType, Input};
    use crate::model::reason::DiagnosticKind;

    const HOSTILE: &str =
        "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u{2028}\u{202e}\u{1b}[31m";

    fn page(document: &Document, rows: &[Row]) -> String {
        printed_text(Format::Html, document, rows, &Style::default())
    }

    /// A document with hostile text in every place that takes text.
    fn hostile() -> (Document, Vec<Row>) {
        let mut document = document();
        let mut rows = rows();
        for row in &mut rows {
            (0..3).for_each(|at| row[at] = text(HOSTILE));
        }
        document.provenance.inputs = vec![Input { path: HOSTILE.to_owned(), bytes: 1, complete: false }];
        document.provenance.mapping = Some(HOSTILE.to_owned());
        document.provenance.projects = vec![HOSTILE.to_owned()];
        document.provenance.filter = Some(HOSTILE.to_owned());
        document.provenance.catalogue = HOSTILE.to_owned();
        document.period.timezone = HOSTILE.to_owned();
        document.gaps.unmapped = vec![(HOSTILE.to_owned(), 1, 1)];
        for diagnostic in document.diagnostics.values_mut() {
            diagnostic.examples = vec![HOSTILE.to_owned()];
        }
        assert!(document.diagnostics.contains_key(&DiagnosticKind::HexWidth));
        (document, rows)
    }

    #[test]
    fn hostile_text_is_text_everywhere() {
        let (document, rows) = hostile();
        let page = page(&document, &rows);
        let plain = page.replace(SCRIPT, "").replace(STYLE, "");
        assert!(!plain.contains("<img") && !plain.contains("<script>alert"), "{plain}");
        assert_eq!(plain.matches("</script>").count(), 3, "rows, columns and the script itself");
        assert!(!page.contains(['\u{2028}', '\u{202e}', '\u{1b}']));
        assert!(plain.matches("\\u{202e}").count() > 20, "it is shown");
    }

    #[test]
    fn the_page_loads_nothing() {
        let page = page(&document(), &rows());
        for attribute in ["src=", "href=\"http", "url(", "@import", "style=\"", "onclick", "fetch(", "localStorage"] {
            assert!(!page.contains(attribute), "{attribute}");
        }
        assert_eq!(page.matches("http").count(), 1, "http-equiv alone");
    }

    #[test]
    fn the_policy_allows_this_style_and_this_script_alone() {
        let page = page(&document(), &rows());
        let inside = |open: &str, close: &str| {
            let from = page.find(open).expect(open) + open.len();
            page[from..from + page[from..].find(close).expect(close)].to_owned()
        };
        let policy = inside("Content-Security-Policy\" content=\"", "\"");
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("inline"), "{policy}");
        for (source, text) in
            [("style-src", inside("<style>", "</style>")), ("script-src", inside("<script>", "</script>"))]
        {
            assert!(policy.contains(&format!("{source} 'sha256-{}'", digest(&text))), "{policy}");
        }
    }

    #[test]
    fn neither_style_nor_script_can_end_early() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }

    #[test]
    fn the_same_document_is_the_same_page() {
        assert_eq!(page(&document(), &rows()), page(&document(), &rows()));
        let (document, rows) = hostile();
        assert_eq!(page(&document, &rows), page(&document, &rows));
    }

    #[test]
    fn units_have_their_sums_and_their_share() {
        let page = page(&document(), &rows());
        let units = &page[page.find("id=\"units\"").expect("units")..];
        let row = &units[units.find("Advertising").expect("a unit")..];
        let row = &row[..row.find("</tr>").expect("its end")];
        assert!(row.contains("1,545,001") && row.contains("94.0 %"), "{row}");
        assert!(units.find("Search") < units.find("(unmapped)"));
    }

    #[test]
    fn a_trend_needs_time() {
        assert!(!page(&document(), &rows()).contains("id=\"trend\""));
        let mut document = document();
        document.columns[1] = column("day", ColumnType::Text, None);
        let mut rows = rows();
        for (row, day) in rows.iter_mut().zip(["2026-10-01", "2026-10-03", "2026-10-03", "2026-10-05", "(none)"]) {
            row[1] = text(day);
        }
        let page = page(&document, &rows);
        assert!(page.contains("Billable calls by day"));
        let figures = &page[page.find("Figures by day").expect("figures")..];
        for day in 1..=5 {
            assert!(figures.contains(&format!("2026-10-0{day}")), "no hole on day {day}");
        }
        assert!(page.contains("class=\"stack0\""));
    }

    #[test]
    fn a_document_without_measures_is_a_table() {
        let columns = vec![column("service", ColumnType::Text, None), column("billable", ColumnType::Boolean, None)];
        let document = Document { command: "services", keys: 2, columns, totals: vec![], tally: None, ..document() };
        let page = page(&document, &[vec![text("a.example.com"), Cell::Boolean(true)]]);
        assert!(page.contains("<td>a.<wbr>example.<wbr>com</td><td>yes</td>") && page.contains(">1 row<"), "{page}");
        assert!(!page.contains("id=\"units\"") && !page.contains("Made from"));
    }

    #[test]
    fn a_filter_is_code_and_only_the_console_is_linked() {
        let columns = vec![
            column("unit", ColumnType::Text, None),
            column("calls", ColumnType::Integer, None),
            column("filter", ColumnType::Text, None),
            column("filter_url", ColumnType::Text, None),
        ];
        let totals = vec![Cell::Integer(2), Cell::Null, Cell::Null];
        let document = Document { columns, keys: 1, details: 2, totals, ..document() };
        let row = |url| vec![text("a"), Cell::Integer(1), text("resource.type=\"x\"\nseverity>\"<b>\""), text(url)];
        let links = ["https://console.cloud.google.com/logs?a=\"b", "javascript:alert(1)", "https://example.com/"];
        let page = page(&document, &links.map(row));
        let link =
            "<a href=\"https://console.cloud.google.com/logs?a=&quot;b\" rel=\"noopener noreferrer\">Logs Explorer</a>";
        assert_eq!((page.matches("<a href=\"http").count(), page.matches(link).count()), (1, 1), "{page}");
        assert!(!page.contains("href=\"javascript") && !page.contains("<b>"));
        assert!(page.contains("<summary><code>resource.type=&quot;x&quot;</code></summary>"), "{page}");
    }
}
