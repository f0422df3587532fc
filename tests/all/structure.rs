//! The house: which room may use which, one stem for each kind, and what no file may hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use billtrail::gcp::kind::Kind;
use billtrail::gcp::shape::{Shape, normalise};

use super::world::root;

/// Each room with the rooms that it may use. `*` is all of them.
const ARROWS: [(&str, &[&str]); 13] = [
    ("model", &[]),
    ("lql", &["model"]),
    ("gcp", &["model", "lql::ast"]),
    ("provider", &["gcp", "model"]),
    ("ingest", &["provider", "model"]),
    ("bill", &["ingest", "provider", "model"]),
    ("ledger", &["model"]),
    ("chargeback", &["model", "ledger"]),
    ("report", &["model"]),
    ("cli", &["*"]),
    ("commands", &["*"]),
    ("settings", &["cli", "report", "model"]),
    // What an error says comes from logs, so that `main` makes it safe to print.
    ("main", &["cli", "commands", "report::safe"]),
];

/// A source file: its path below `src`, and its text.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    fn all() -> Vec<Self> {
        let mut found = Vec::new();
        for path in files_below(&root().join("src")).into_iter().filter(|path| ending(path) == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push(Self { path: path.strip_prefix(root().join("src")).unwrap().to_owned(), text });
        }
        assert!(found.len() > 60);
        found
    }

    /// The modules from the crate on: `gcp`, `kind`, `resource`.
    fn modules(&self) -> Vec<String> {
        let mut parts: Vec<String> =
            self.path.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if parts.last().is_some_and(|last| last == "mod") {
            parts.pop();
        }
        parts
    }

    fn room(&self) -> String {
        self.modules()[0].clone()
    }

    /// The lines without comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines.map(|(at, line)| (at + 1, before_comment(line))).filter(|(_, line)| !line.trim().is_empty())
    }

    /// The paths from the crate's root that the code names, as `room::rest`.
    fn uses(&self) -> Vec<(usize, String)> {
        let prefix = if self.room() == "main" { "billtrail::" } else { "crate::" };
        let mut found = Vec::new();
        let mut depth = self.modules().len();
        for (number, line) in self.code() {
            // A module within the file is one step further from the root.
            let words: Vec<&str> = line.split_whitespace().collect();
            if line.starts_with(['m', 'p']) && words.contains(&"mod") && words.last() == Some(&"{") {
                depth = self.modules().len() + 1;
            }
            for (at, _) in line.match_indices(prefix) {
                found.extend(named(&line[at + prefix.len()..]).into_iter().map(|path| (number, path)));
            }
            for rest in climbs(line, depth) {
                found.extend(named(rest).into_iter().map(|path| (number, path)));
            }
        }
        found
    }
}

/// The line up to a comment; `//` in a text such as `https://` begins none.
fn before_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(at) = line[from..].find("//").map(|at| at + from) {
        if !line[..at].ends_with(':') && line[..at].matches('"').count().is_multiple_of(2) {
            return &line[..at];
        }
        from = at + 2;
    }
    line
}

/// What follows each run of `super::` that is long enough to arrive at the crate's root.
fn climbs(line: &str, depth: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("super::") {
        rest = &rest[at..];
        let mut steps = 0;
        while let Some(next) = rest.strip_prefix("super::") {
            steps += 1;
            rest = next;
        }
        if steps >= depth {
            found.push(rest);
        }
    }
    found
}

/// The paths that begin a text after `crate::`: one, or each of a group in braces.
fn named(text: &str) -> Vec<String> {
    let path = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect()
    };
    match text.strip_prefix('{') {
        None => vec![path(text)],
        Some(group) => {
            let mut level = 0_i32;
            let mut items = vec![String::new()];
            for c in group.chars() {
                match c {
                    '{' => level += 1,
                    '}' if level == 0 => break,
                    '}' => level -= 1,
                    ',' if level == 0 => items.push(String::new()),
                    c if level == 0 => items.last_mut().unwrap().push(c),
                    _ => {}
                }
            }
            items.iter().map(|item| path(item)).collect()
        }
    }
}

fn allowed(room: &str, target: &str) -> bool {
    let Some((_, arrows)) = ARROWS.iter().find(|(name, _)| *name == room) else { return false };
    let arrives = |arrow: &str| arrow == "*" || target == arrow || target.starts_with(&format!("{arrow}::"));
    target.split("::").next() == Some(room) || arrows.iter().any(|arrow| arrives(arrow))
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let mut arrows = 0;
    let mut failures = Vec::new();
    for source in Source::all().iter().filter(|source| source.room() != "lib") {
        let room = source.room();
        if !ARROWS.iter().any(|(name, _)| *name == room) {
            failures.push(format!("src/{}: `{room}` is no room", source.path.display()));
            continue;
        }
        for (line, target) in source.uses() {
            arrows += 1;
            if !allowed(&room, &target) {
                failures.push(format!("src/{}:{line}: {room} → {target}", source.path.display()));
            }
        }
    }
    assert!(arrows > 200, "only {arrows} arrows were found");
    assert!(failures.is_empty(), "arrows that the design does not have:\n{}", failures.join("\n"));
}

#[test]
fn the_reader_of_arrows_sees_groups_climbs_and_paths() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.to_owned() };
    let targets = |source: Source| source.uses().into_iter().map(|(_, target)| target).collect::<Vec<_>>();
    assert_eq!(
        targets(source("report/csv.rs", "use crate::{gcp::kind::{Kind, Rule}, model};")),
        ["gcp::kind::", "model"]
    );
    assert_eq!(targets(source("model/call.rs", "let a = crate::gcp::b(); // crate::report\n")), ["gcp::b"]);
    assert_eq!(targets(source("model/call.rs", "/// [`crate::gcp`]\nlet a = \"https://a\"; crate::cli")), ["cli"]);
    assert_eq!(targets(source("report/csv.rs", "use super::super::gcp::kind;\nuse super::safe;")), ["gcp::kind"]);
    assert_eq!(targets(source("report/mod.rs", "use super::gcp;")), ["gcp"]);
    assert_eq!(
        targets(source("report/mod.rs", "pub(super) mod tests {\n    use super::safe;\n    use super::super::gcp;")),
        ["gcp"]
    );
    assert_eq!(targets(source("main.rs", "use billtrail::ledger::Ledger;")), ["ledger::Ledger"]);
    assert!(!allowed("report", "gcp::kind") && allowed("report", "model::call") && allowed("report", "report::x"));
    assert!(allowed("gcp", "lql::ast::Filter") && !allowed("gcp", "lql::parse") && !allowed("main", "report::write"));
}

/// The stems of the files with an ending, directly in a folder of the repository.
fn stems(folder: &str, wanted: &str, but: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && ending(&path) == wanted {
            found.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    for name in but {
        assert!(found.remove(*name), "{folder} has no {name}.{wanted}: remove it from this list");
    }
    found
}

#[test]
fn one_stem_names_a_kind_in_all_its_places() {
    let kinds: BTreeSet<String> = Kind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    assert_eq!(stems("src/gcp/kind", "rs", &["mod"]), kinds, "src/gcp/kind");
    assert_eq!(stems("sample-logs", "jsonl", &["redelivered", "other_logs", "broken"]), kinds, "sample-logs");
    let general = ["merging", "principals", "billability", "catalogue"];
    assert_eq!(stems("tests/vectors", "jsonl", &general), kinds, "tests/vectors");
    // The other filters are those of questions.
    let mut filters = stems("queries", "lql", &[]);
    filters.retain(|stem| !stem.starts_with("question_"));
    assert_eq!(filters, kinds, "queries");
}

#[test]
fn every_shape_has_a_sample_of_that_shape() {
    let samples: BTreeMap<String, PathBuf> = files_below(&root().join("sample-logs/shapes"))
        .into_iter()
        .map(|path| (path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned(), path))
        .collect();
    for shape in Shape::ALL {
        let stem = if *shape == Shape::LogEntry { "array" } else { shape.name() };
        let path = samples.get(stem).unwrap_or_else(|| panic!("sample-logs/shapes has no {stem}"));
        let text = std::fs::read_to_string(path).unwrap();
        let mut records: Vec<serde_json::Value> = Vec::new();
        for value in serde_json::Deserializer::from_str(&text).into_iter() {
            match value.unwrap() {
                serde_json::Value::Array(items) => records.extend(items),
                serde_json::Value::Object(pulled) if pulled.contains_key("receivedMessages") => {
                    records.extend(pulled["receivedMessages"].as_array().unwrap().clone());
                }
                record => records.push(record),
            }
        }
        assert!(!records.is_empty());
        for record in records {
            let found = normalise(record.to_string().as_bytes()).unwrap().shape;
            assert_eq!(found, *shape, "{}: {record}", path.display());
        }
    }
}

#[test]
fn every_source_file_begins_with_its_subject() {
    let mut files = Source::all();
    for path in files_below(&root().join("tests")).into_iter().filter(|path| ending(path) == "rs") {
        files.push(Source { text: std::fs::read_to_string(&path).unwrap(), path });
    }
    for source in files {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 20, "{}: {first}", source.path.display());
    }
}

#[test]
fn the_catalogue_is_sorted_and_large() {
    let mut reader = csv::Reader::from_path(root().join("src/gcp/services.csv")).unwrap();
    assert_eq!(reader.headers().unwrap().iter().take(2).collect::<Vec<_>>(), ["service", "version"]);
    let keys: Vec<(String, String)> =
        reader.records().map(|row| row.unwrap()).map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
    for pair in keys.windows(2) {
        assert!(pair[0] < pair[1], "{:?} stands before {:?}", pair[0], pair[1]);
    }
    let services: BTreeSet<&String> = keys.iter().map(|(service, _)| service).collect();
    assert!(services.len() >= 150, "only {} services", services.len());
}

#[test]
fn polars_stays_in_chargeback() {
    for source in Source::all().iter().filter(|source| source.room() != "chargeback") {
        for (line, code) in source.code() {
            assert!(!words(code).any(|word| word == "polars"), "src/{}:{line}: {code}", source.path.display());
        }
    }
}

#[test]
fn only_blocks_are_unsafe_and_say_why() {
    for source in Source::all() {
        let is_blocks = source.path.ends_with("gcp/scan/blocks.rs");
        for (line, code) in source.code() {
            assert!(
                is_blocks || !words(code).any(|word| word == "unsafe"),
                "src/{}:{line}: {code}",
                source.path.display()
            );
        }
    }
    let library = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert!(library.contains("#![deny(unsafe_code)]"));
    let blocks = std::fs::read_to_string(root().join("src/gcp/scan/blocks.rs")).unwrap();
    let mut before = "";
    for line in blocks.lines() {
        assert!(!line.contains("unsafe {") || before.trim().starts_with("// SAFETY: "), "{line}");
        before = line;
    }
}

#[test]
fn no_file_names_a_machine_or_leaves_work_for_later() {
    // Written in pieces, so that this file does not hold them.
    let anywhere = [
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
        concat!("index.", "crates.io"),
        concat!("static.", "crates.io"),
        concat!("registry.", "npmjs"),
        concat!("files.", "pythonhosted"),
        concat!("proxy.", "golang"),
        concat!("art", "ifactory"),
        concat!("jf", "rog"),
        concat!(".cargo/", "registry/"),
    ];
    let as_words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut failures = Vec::new();
    let files = repository();
    assert!(files.len() > 100);
    for path in &files {
        let Ok(bytes) = std::fs::read(root().join(path)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for (at, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), at + 1);
            failures
                .extend(anywhere.iter().filter(|text| line.contains(**text)).map(|text| format!("{place}: {text}")));
            if line.contains(as_words[0]) || line.contains(as_words[1]) || line.contains(as_words[2]) {
                failures
                    .extend(words(line).filter(|word| as_words.contains(word)).map(|word| format!("{place}: {word}")));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn dependencies_come_from_the_usual_registry() {
    let usual = concat!("source = \"registry+https://github.com/rust-lang/crates", ".io-index\"");
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for line in lock.lines().filter(|line| line.starts_with("source = ")) {
        assert_eq!(line, usual);
    }
}

/// The files of the repository: what git knows or would add; without git, all but hidden folders and `target`.
fn repository() -> Vec<PathBuf> {
    let git = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output();
    if let Ok(output) = git
        && output.status.success()
    {
        let names = String::from_utf8(output.stdout).unwrap();
        return names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
    }
    let files = files_below(&root()).into_iter();
    files.map(|path| path.strip_prefix(root()).unwrap().to_owned()).collect()
}

/// The files below a folder, sorted, without `.git` and `target`.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let wanted = |entry: &walkdir::DirEntry| {
        !(entry.file_type().is_dir() && [".git", "target"].iter().any(|name| entry.file_name() == *name))
    };
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(wanted);
    walk.map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.into_path())
        .collect()
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default()
}

/// The words of a line: letters, digits and underscores.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
