//! The manifest of statements: what they were made from and by which options, what they come to, and the hash of every file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The word by which a manifest is known.
const FORMAT: &str = "billtrail-statements";
/// The version of the manifest. It is raised when a member changes.
const FORMAT_VERSION: u64 = 1;
/// The name of the manifest among the statements.
pub const MANIFEST: &str = "manifest.json";

/// What statements were made from, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    format_version: u64,
    /// Who wrote them.
    pub tool: Tool,
    /// The month they are of, if they are of one.
    pub month: Option<String>,
    /// The options that decide what is in them.
    pub options: Options,
    /// The directory that relative paths are of, seen from that of the manifest.
    pub root: String,
    /// The files they were made from, by what they are and by path.
    pub made_from: Vec<Source>,
    /// The catalogue: its name and its hash.
    pub catalogue: Catalogue,
    /// An input was missing, unreadable, truncated or changed meanwhile.
    pub incomplete: bool,
    /// What all statements come to.
    pub totals: Totals,
    /// The statements beside the bill.
    pub tie_outs: Vec<TiedOut>,
    /// What each statement comes to, in the order of the index.
    pub statements: Vec<OneStatement>,
    /// Every other file of the directory, by name.
    pub files: Vec<Written>,
    /// SHA-256 of this manifest with this member empty and without white space.
    sha256: String,
}

/// The program that wrote statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The options that decide what is in statements, as they were given or configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The inputs.
    pub inputs: Vec<String>,
    /// A list of more inputs.
    pub files_from: Option<String>,
    /// The mapping.
    pub map: String,
    /// Inventories.
    pub projects: Vec<String>,
    /// Rows of the catalogue.
    pub services: Option<String>,
    /// Bills.
    pub bill: Vec<String>,
    /// The invoice month.
    pub invoice_month: Option<String>,
    /// The amount of the invoice.
    pub invoice: Option<String>,
    /// How far the invoice may be off.
    pub tolerance: Option<String>,
    /// Who carries idle slots.
    pub idle_slots: String,
    /// Months that are closed.
    pub closed: Option<String>,
    /// The first moment.
    pub from: Option<String>,
    /// The first moment that no longer counts.
    pub to: Option<String>,
    /// The time zone of days.
    pub timezone: String,
    /// The filter that chose the entries.
    pub r#where: Option<String>,
    /// The columns of the statements.
    pub by: Vec<String>,
    /// How many principals a group has at least.
    pub min_group: Option<usize>,
    /// Principals have pseudonyms.
    pub pseudonymised: bool,
    /// Services whose entries are declared to be sampled.
    pub sampled: BTreeMap<String, String>,
    /// Bytes of the largest record.
    pub max_record: usize,
}

/// A file that statements were made from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is: `log`, `ledger`, `list` (of logs), `bill`, `mapping`, `inventory`, `services` or `closed`.
    pub role: String,
    /// The path as it was given or found; of a ledger that of its manifest, which has the hashes of its parts.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes as stored.
    pub sha256: String,
}

/// A catalogue of services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Its name.
    pub name: String,
    /// Its hash, with the user's rows.
    pub sha256: String,
}

/// What calls and costs come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Calls.
    pub calls: u64,
    /// Calls that the bill meters.
    pub billable_calls: u64,
    /// Calls that failed.
    pub failed_calls: u64,
    /// Bytes that on-demand pricing bills, as text.
    pub billed_bytes: String,
    /// Slot milliseconds, as text.
    pub slot_ms: String,
    /// Records that told of the calls.
    pub entries: u64,
    /// Money by currency.
    pub money: BTreeMap<String, Sums>,
}

/// Money of one currency: exact decimal numbers, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sums {
    /// Cost before credits.
    pub cost: String,
    /// Credits.
    pub credits: String,
    /// Both together.
    pub net_cost: String,
    /// The net cost as it is printed, in coins that add up.
    pub printed: String,
}

/// One bill beside its statements; amounts as in [`Sums`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TiedOut {
    /// The month of the invoice.
    pub invoice_month: String,
    /// The currency.
    pub currency: String,
    /// The billing account.
    pub billing_account: String,
    /// What the bill adds up to.
    pub bill: String,
    /// What the statements add up to.
    pub statement: String,
    /// The part that no unit carries.
    pub unallocated: String,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneStatement {
    /// The business unit; `null` for what no unit carries, and for small groups.
    pub unit: Option<String>,
    /// Its title.
    pub title: String,
    /// The page.
    pub html: String,
    /// The rows.
    pub csv: String,
    /// What it comes to.
    pub totals: Totals,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Its name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Why a manifest cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is something else.
    #[error("no manifest of statements: {0}")]
    Other(String),
    /// It is of another version.
    #[error("a manifest of version {0}, and this program reads {FORMAT_VERSION}")]
    Version(u64),
    /// Somebody changed it.
    #[error("the manifest was changed after it was written: its own hash is another")]
    Changed,
}

/// The members that say what a file is.
#[derive(Deserialize)]
struct Head {
    format: String,
    format_version: u64,
}

impl Manifest {
    /// What a manifest says of itself, to be put before what is given.
    pub fn head() -> (String, u64, Tool) {
        let tool = Tool { name: "billtrail".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        (FORMAT.to_owned(), FORMAT_VERSION, tool)
    }

    /// A manifest of statements that are being made.
    pub fn new(options: Options, root: String, catalogue: Catalogue) -> Self {
        let (format, format_version, tool) = Self::head();
        Self {
            format,
            format_version,
            tool,
            month: None,
            options,
            root,
            made_from: Vec::new(),
            catalogue,
            incomplete: false,
            totals: Totals::default(),
            tie_outs: Vec::new(),
            statements: Vec::new(),
            files: Vec::new(),
            sha256: String::new(),
        }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When it is none, is of another version, or was changed after it was written.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        let other = |error: serde_json::Error| ManifestError::Other(error.to_string());
        let head: Head = serde_json::from_slice(bytes).map_err(other)?;
        if head.format != FORMAT {
            return Err(ManifestError::Other(format!("its format is `{}`", head.format)));
        }
        if head.format_version != FORMAT_VERSION {
            return Err(ManifestError::Version(head.format_version));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(other)?;
        if manifest.sha256 != manifest.hash() { Err(ManifestError::Changed) } else { Ok(manifest) }
    }

    /// The manifest as text, with its hash.
    pub fn text(&self) -> String {
        let whole = Self { sha256: self.hash(), ..self.clone() };
        // A structure of texts and numbers always has a text.
        serde_json::to_string_pretty(&whole).map(|text| text + "\n").unwrap_or_default()
    }

    /// The hash that the manifest has or is to have.
    pub fn hash(&self) -> String {
        let open = Self { sha256: String::new(), ..self.clone() };
        hex::encode(Sha256::digest(serde_json::to_vec(&open).unwrap_or_default()))
    }

    /// What is different in another manifest of the same statements, in sentences; `files` says whether the written files are to be
    /// the same.
    pub fn differences(&self, now: &Self, files: bool) -> Vec<String> {
        let mut found = Vec::new();
        sources(&self.made_from, &now.made_from, &mut found);
        if self.catalogue != now.catalogue {
            let (then, now) = (&self.catalogue.name, &now.catalogue.name);
            found.push(format!("the catalogue was `{then}` and is `{now}`, or has other rows"));
        }
        if self.incomplete != now.incomplete {
            let what = if now.incomplete { "incomplete now, and was not" } else { "whole now, and was not" };
            found.push(format!("the input is {what}"));
        }
        totals("total", &self.totals, &now.totals, &mut found);
        if self.tie_outs != now.tie_outs {
            found.push("the tie-out is another".to_owned());
        }
        let then: BTreeMap<&str, &Totals> =
            self.statements.iter().map(|one| (one.title.as_str(), &one.totals)).collect();
        let mut new: BTreeMap<&str, &Totals> =
            now.statements.iter().map(|one| (one.title.as_str(), &one.totals)).collect();
        for (title, before) in then {
            match new.remove(title) {
                Some(after) => totals(&format!("`{title}`"), before, after, &mut found),
                None => found.push(format!("`{title}` has no statement any more")),
            }
        }
        found.extend(new.keys().map(|title| format!("`{title}` has a statement that was not there")));
        if files {
            let new: BTreeMap<&str, &Written> = now.files.iter().map(|file| (file.file.as_str(), file)).collect();
            let same = |file: &&Written| new.get(file.file.as_str()).is_some_and(|other| other.sha256 == file.sha256);
            let other = self.files.iter().filter(|file| !same(file));
            found.extend(other.map(|file| format!("{} is another file when it is made again", file.file)));
        }
        found
    }
}

fn sources(then: &[Source], now: &[Source], found: &mut Vec<String>) {
    fn key(source: &Source) -> (&str, &str) {
        (&source.role, &source.path)
    }
    let mut new: BTreeMap<(&str, &str), &Source> = now.iter().map(|source| (key(source), source)).collect();
    for before in then {
        let (role, path) = key(before);
        match new.remove(&(role, path)) {
            Some(after) if after.sha256 == before.sha256 => {}
            Some(_) => found.push(format!("{path}: the {role} is another file now")),
            None => found.push(format!("{path}: the {role} was read and is not any more")),
        }
    }
    found.extend(new.keys().map(|(role, path)| format!("{path}: the {role} was not there")));
}

fn totals(what: &str, then: &Totals, now: &Totals, found: &mut Vec<String>) {
    let mut differs = |name: &str, then: &str, now: &str| {
        if then != now {
            found.push(format!("{what}: {name} {then}, and now {now}"));
        }
    };
    let counts = |totals: &Totals| {
        [totals.calls, totals.billable_calls, totals.failed_calls, totals.entries].map(|n| n.to_string())
    };
    let names = ["calls", "billable_calls", "failed_calls", "entries"];
    for ((name, then), now) in names.into_iter().zip(counts(then)).zip(counts(now)) {
        differs(name, &then, &now);
    }
    differs("billed_bytes", &then.billed_bytes, &now.billed_bytes);
    differs("slot_ms", &then.slot_ms, &now.slot_ms);
    let currencies: std::collections::BTreeSet<&String> = then.money.keys().chain(now.money.keys()).collect();
    for currency in currencies {
        let of = |totals: &Totals| {
            let sums = totals.money.get(currency);
            ["cost", "credits", "net_cost", "printed"].map(|name| {
                let sum = sums.map(|sums| match name {
                    "cost" => &sums.cost,
                    "credits" => &sums.credits,
                    "net_cost" => &sums.net_cost,
                    _ => &sums.printed,
                });
                (name, sum.cloned().unwrap_or_else(|| "nothing".to_owned()))
            })
        };
        for ((name, then), (_, now)) in of(then).into_iter().zip(of(now)) {
            differs(&format!("{name} in {currency}"), &then, &now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let catalogue = Catalogue { name: "built-in".to_owned(), sha256: "0".to_owned() };
        let mut manifest = Manifest::new(Options::default(), "..".to_owned(), catalogue);
        let [role, path, sha256] = ["log", "a.jsonl", "1"].map(str::to_owned);
        manifest.made_from.push(Source { role, path, bytes: 1, sha256 });
        let totals = Totals { calls: 3, ..Totals::default() };
        let [title, html, csv] = ["Ads", "ads.html", "ads.csv"].map(str::to_owned);
        manifest.statements.push(OneStatement { unit: None, title, html, csv, totals });
        manifest.files.push(Written { file: "ads.csv".to_owned(), bytes: 1, sha256: "2".to_owned() });
        manifest
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let text = manifest().text();
        let read = Manifest::read(text.as_bytes()).expect("a manifest");
        assert_eq!(read.text(), text);
        assert_eq!(read.differences(&manifest(), true), [""; 0]);
    }

    #[test]
    fn a_manifest_that_was_changed_is_refused() {
        let text = manifest().text();
        let of = |text: String| Manifest::read(text.as_bytes()).err();
        assert_eq!(of(text.replace("\"calls\": 3", "\"calls\": 4")), Some(ManifestError::Changed));
        assert_eq!(of(text.replace("\"format_version\": 1", "\"format_version\": 9")), Some(ManifestError::Version(9)));
        assert!(matches!(of(text.replace(FORMAT, "something")), Some(ManifestError::Other(_))));
        assert!(matches!(of("[]".to_owned()), Some(ManifestError::Other(_))));
    }

    #[test]
    fn differences_are_named() {
        let mut now = manifest();
        now.made_from[0].sha256 = "x".to_owned();
        now.statements[0].totals.calls = 4;
        now.files[0].sha256 = "y".to_owned();
        let found = manifest().differences(&now, true);
        let expected = [
            "a.jsonl: the log is another file now",
            "`Ads`: calls 3, and now 4",
            "ads.csv is another file when it is made again",
        ];
        assert_eq!(found, expected);
        assert_eq!(manifest().differences(&now, false).len(), 2);
    }
}
