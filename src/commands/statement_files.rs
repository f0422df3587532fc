//! The files of statements: a page and rows for each business unit, an index, and the manifest; written into one directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::closed_months::file_name;
use super::computed::Computed;
use super::{Failure, tables};
use crate::chargeback::cost_statement::RowMoney;
use crate::chargeback::dimension::Dimension;
use crate::chargeback::statement::Measures;
use crate::chargeback::unit_pages::{Holder, UnitPage, money_of, unit_pages, unit_sums};
use crate::ingest::Place;
use crate::ledger::sha256;
use crate::model::document::{Column, ColumnType, Diagnostics, Document, Gaps, Page, Row};
use crate::model::manifest::{
    Catalogue, MANIFEST, Manifest, OneStatement, Options, Source, Sums, TiedOut, Totals, Written,
};
use crate::model::money::{Currency, Money};
use crate::model::pseudonym::Pseudonyms;
use crate::report::{self, Format, Style};

/// The names of the index, and of what no unit carries.
const INDEX: &str = "index";
const UNALLOCATED: &str = "unallocated";
const SMALL: &str = "small-groups";
/// How long the readable part of a name may be.
const READABLE: usize = 40;
/// Digits of the hash that make a name unique.
const UNIQUE: usize = 8;

/// Writes all files into a directory and gives their manifest, which is written last.
pub(super) fn write(
    computed: &Computed,
    options: Options,
    closed: &[String],
    month: Option<&str>,
    root: String,
    directory: &Path,
) -> Result<Manifest, Failure> {
    let settings = &computed.logs.settings;
    let names = settings.pseudonyms.as_ref();
    let digest = tables::catalogue_digest(settings.services.value.as_deref())?;
    let catalogue = Catalogue { name: computed.document.provenance.catalogue.clone(), sha256: digest };
    let mut manifest = Manifest::new(options, root, catalogue);
    manifest.month = month.map(str::to_owned);
    manifest.made_from = sources(computed, &manifest.options, closed)?;
    manifest.incomplete = computed.document.incomplete;
    manifest.tie_outs = computed.document.bill.iter().flat_map(|bill| &bill.tie_outs).map(tied_out).collect();
    let writer = Writer { directory, names, computed, month };
    let pages = unit_pages(&computed.rows, &computed.by)?;
    let mut taken = BTreeSet::new();
    let mut links = Vec::new();
    for page in &pages {
        let title = names.map_or_else(|| page.holder.title().into(), |names| names.text(page.holder.title()));
        let stem = stem(&page.holder, &title, &mut taken);
        let (html, csv) = (format!("{stem}.html"), format!("{stem}.csv"));
        let (document, rows) = writer.page(page);
        manifest.files.push(writer.file(&html, Format::Html, &document, &rows)?);
        manifest.files.push(writer.file(&csv, Format::Csv, &document, &rows)?);
        links.push((title.to_string(), html.clone()));
        let unit = matches!(page.holder, Holder::Unit(_)).then(|| title.to_string());
        manifest.statements.push(OneStatement {
            unit,
            title: title.to_string(),
            html,
            csv,
            totals: totals(&page.total, &page.money),
        });
    }
    let (document, rows) = writer.index(links)?;
    manifest.files.push(writer.file(&format!("{INDEX}.html"), Format::Html, &document, &rows)?);
    manifest.files.push(writer.file(&format!("{INDEX}.csv"), Format::Csv, &document, &rows)?);
    manifest.files.sort_by(|a, b| a.file.cmp(&b.file));
    let too_large = || crate::chargeback::statement::StatementError::Overflow;
    manifest.totals = totals(&computed.total, &money_of(&computed.rows).ok_or_else(too_large)?);
    let text = manifest.text();
    if names.is_some_and(|names| names.text(&text) != text) {
        let why = "the manifest holds paths and options as they are, and one of them names somebody; rename it";
        return Err(Failure::Usage(format!("--pseudonymise: {why}")));
    }
    let path = directory.join(MANIFEST);
    fs::write(&path, text).map_err(named(&path))?;
    Ok(manifest)
}

/// An error of the file at a path.
pub(super) fn named(path: &Path) -> impl FnOnce(std::io::Error) -> Failure + use<> {
    let path = path.display().to_string();
    |error| Failure::File { path, error }
}

/// What the writing of files has in common.
struct Writer<'a> {
    directory: &'a Path,
    names: Option<&'a Pseudonyms>,
    computed: &'a Computed,
    month: Option<&'a str>,
}

impl Writer<'_> {
    fn file(&self, name: &str, format: Format, document: &Document, rows: &[Row]) -> Result<Written, Failure> {
        let path = self.directory.join(name);
        let hidden = self.names.map(|names| names.document(document));
        let mut rows = rows.iter().cloned().map(|row| match self.names {
            Some(names) => names.row(row),
            None => row,
        });
        let style = Style { spreadsheet_safe: true, ..Style::default() };
        let mut out = BufWriter::new(File::create(&path).map_err(named(&path))?);
        report::write(format, hidden.as_ref().unwrap_or(document), &mut rows, &style, &mut out)
            .map_err(named(&path))?;
        let file = out.into_inner().map_err(|error| named(&path)(error.into_error()))?;
        file.sync_all().map_err(named(&path))?;
        let (sha256, bytes) = File::open(&path).and_then(sha256).map_err(named(&path))?;
        Ok(Written { file: name.to_owned(), bytes, sha256 })
    }

    fn titled(&self, title: &str) -> String {
        self.month.map_or_else(|| title.to_owned(), |month| format!("{title} · {month}"))
    }

    /// The statement of one holder. It says nothing of the others.
    fn page(&self, page: &UnitPage) -> (Document, Vec<Row>) {
        let whole = &self.computed.document;
        let net_costs: Vec<Money> = page.money.values().map(|money| money.net_cost).collect();
        let money = if page.money.len() == 1 { page.money.values().next().cloned() } else { None };
        let rows = page.rows.iter().map(|row| self.computed.cells(row.clone(), &page.total)).collect();
        let document = Document {
            command: "statements",
            tally: None,
            totals: self.totals(page.total, money),
            gaps: Gaps::default(),
            bill: None,
            page: Some(Page { title: self.titled(page.holder.title()), links: Vec::new(), net_costs }),
            diagnostics: Diagnostics::new(),
            ..whole.clone()
        };
        (document, rows)
    }

    /// The cells of a total, as many as there are measures.
    fn totals(&self, total: Measures, money: Option<RowMoney>) -> Row {
        let mut cells = self.computed.total_cells(total, money);
        cells.resize(self.computed.document.totals.len(), crate::model::document::Cell::Null);
        cells
    }

    /// The index: one row for each unit, and all that was counted on the way.
    fn index(&self, mut links: Vec<(String, String)>) -> Result<(Document, Vec<Row>), Failure> {
        let whole = &self.computed.document;
        let sums = unit_sums(&self.computed.rows, &self.computed.by)?;
        let text = |name| Column { name, kind: ColumnType::Text, unit: None };
        let mut columns = vec![text(Dimension::Unit.name())];
        if self.computed.by.contains(&Dimension::Currency) {
            columns.push(text(Dimension::Currency.name()));
        }
        let keys = columns.len();
        columns.extend(&whole.columns[whole.keys..]);
        links.push(("Rows of this page".to_owned(), format!("{INDEX}.csv")));
        links.push(("Manifest".to_owned(), MANIFEST.to_owned()));
        let page = Page { title: self.titled("Statements"), links, net_costs: Vec::new() };
        let document = Document { command: "statements", columns, keys, page: Some(page), ..whole.clone() };
        Ok((document, sums.into_iter().map(|row| self.computed.cells(row, &self.computed.total)).collect()))
    }
}

/// The name of a statement's files without an ending: readable, harmless on any system, and no other statement's. A unit keeps it
/// from month to month.
fn stem(holder: &Holder, title: &str, taken: &mut BTreeSet<String>) -> String {
    let mut readable = String::new();
    for c in title.chars().flat_map(char::to_lowercase).take(READABLE) {
        match c {
            'a'..='z' | '0'..='9' => readable.push(c),
            _ if readable.ends_with('-') || readable.is_empty() => {}
            _ => readable.push('-'),
        }
    }
    let hash = hex::encode(Sha256::digest(title.as_bytes()));
    let stem = match holder {
        Holder::Nobody => UNALLOCATED.to_owned(),
        Holder::SmallGroups => SMALL.to_owned(),
        Holder::Unit(_) => {
            let short = format!("{}-{}", readable.trim_end_matches('-'), &hash[..UNIQUE]);
            let short = short.trim_start_matches('-').to_owned();
            if taken.contains(&short) { hash } else { short }
        }
    };
    taken.insert(stem.clone());
    stem
}

/// The files that a statement was made from, with their hashes.
fn sources(computed: &Computed, options: &Options, closed: &[String]) -> Result<Vec<Source>, Failure> {
    let mut files: Vec<(&str, String)> = Vec::new();
    let listing = computed.logs.listing();
    for input in &listing.inputs {
        if let Place::File(_) = input.place {
            files.push(("log", input.name.clone()));
        }
    }
    files.extend(listing.ledgers.iter().map(|ledger| ("ledger", ledger.join(MANIFEST).to_string_lossy().into_owned())));
    files.extend(computed.document.bill.iter().flat_map(|bill| &bill.files).map(|file| ("bill", file.path.clone())));
    files.push(("mapping", options.map.clone()));
    files.extend(options.projects.iter().map(|path| ("inventory", path.clone())));
    files.extend(options.services.iter().map(|path| ("services", path.clone())));
    files.extend(options.files_from.iter().map(|path| ("list", path.clone())));
    if let Some(directory) = &options.closed {
        let path = |month: &String| Path::new(directory).join(file_name(month)).to_string_lossy().into_owned();
        files.extend(closed.iter().map(|month| ("closed", path(month))));
    }
    let mut sources = Vec::with_capacity(files.len());
    for (role, path) in files {
        let (sha256, bytes) = File::open(&path).and_then(sha256).map_err(named(Path::new(&path)))?;
        sources.push(Source { role: role.to_owned(), path, bytes, sha256 });
    }
    sources.sort();
    Ok(sources)
}

fn totals(measures: &Measures, money: &BTreeMap<Currency, RowMoney>) -> Totals {
    let sums = |(currency, money): (&Currency, &RowMoney)| {
        let sums = Sums {
            cost: money.cost.exact.to_string(),
            credits: money.credits.exact.to_string(),
            net_cost: money.net_cost.exact.to_string(),
            printed: money.net_cost.shown().replace(',', ""),
        };
        (currency.code().to_owned(), sums)
    };
    Totals {
        calls: measures.calls,
        billable_calls: measures.billable_calls,
        failed_calls: measures.failed_calls,
        billed_bytes: measures.billed_bytes.to_string(),
        slot_ms: measures.slot_ms.to_string(),
        entries: measures.entries,
        money: money.iter().map(sums).collect(),
    }
}

fn tied_out(tie_out: &crate::model::tie_out::TieOut) -> TiedOut {
    TiedOut {
        invoice_month: tie_out.invoice_month.clone(),
        currency: tie_out.currency.code().to_owned(),
        billing_account: tie_out.billing_account.clone(),
        bill: tie_out.bill.to_string(),
        statement: tie_out.statement.to_string(),
        unallocated: tie_out.unallocated.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(titles: &[&str]) -> Vec<String> {
        let mut taken = BTreeSet::new();
        titles.iter().map(|title| stem(&Holder::Unit((*title).to_owned()), title, &mut taken)).collect()
    }

    #[test]
    fn a_name_is_readable_harmless_and_no_others() {
        let stems = stems(&[
            "Data Platform",
            "data-platform",
            "../../etc/passwd",
            "índex",
            "",
            "CON",
            "a\0b\n",
            &"x".repeat(300),
        ]);
        assert!(stems[0].starts_with("data-platform-") && stems[1].starts_with("data-platform-"), "{stems:?}");
        assert!(stems[2].starts_with("etc-passwd-") && stems[5].starts_with("con-"), "{stems:?}");
        let harmless = |stem: &String| stem.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(stems.iter().all(|stem| harmless(stem) && stem.len() <= 60 && !stem.starts_with('-')), "{stems:?}");
        assert_eq!(stems.iter().collect::<BTreeSet<_>>().len(), stems.len());
    }

    #[test]
    fn a_unit_keeps_its_name_whoever_stands_beside_it() {
        assert_eq!(stems(&["Ads"])[0], stems(&["Rest", "Ads", "ads"])[1]);
        assert_ne!(stems(&["unallocated"])[0], UNALLOCATED);
    }
}
