//! Which files are read: files, directories, globs, objects, lists of files and the standard input, each once, sorted by name.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use walkdir::{DirEntry, FilterEntry, WalkDir};

use super::cloud::{self, Object, ObjectUrl};
use super::extent::Extent;
use super::hours::Hours;
use super::sink_name;

/// Where the bytes of an input come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// An object of a bucket.
    Object(Object),
    /// Lines of a longer input, which standard input holds from one byte before them on.
    Extent(Extent),
}

/// One input to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The name to show: the path or URL as given or found; for standard input `-` or the name the user gave it.
    pub name: String,
    /// Where the bytes are.
    pub place: Place,
}

/// An input that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failed {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// The inputs, and what is worth saying about the arguments. All lists are sorted, so that the order of arguments does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The inputs by name; `Source::input` is the place in this list.
    pub inputs: Vec<Input>,
    /// Inputs that are missing or cannot be read.
    pub failed: Vec<Failed>,
    /// Names of inputs that were given once more and are read once.
    pub twice: Vec<String>,
    /// Files in directories whose names are not those of logs.
    pub ignored: Vec<String>,
    /// Directories without logs.
    pub empty: Vec<String>,
    /// Directories that are ledgers, each once.
    pub ledgers: Vec<PathBuf>,
    /// Names of objects of which some are not read because of their hours, with the hours that are.
    pub narrowed: Vec<String>,
}

/// Arguments that cannot be understood, or a reader that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The list of files cannot be read.
    #[error("{path}: the list of inputs cannot be read: {error}")]
    FilesFrom {
        /// The list.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A pattern is not a glob.
    #[error("{pattern}: not a file, and not a pattern either: {error}")]
    Glob {
        /// The pattern.
        pattern: String,
        /// Why.
        error: globset::Error,
    },
    /// A name of an object is none.
    #[error("{url}: {why}")]
    Url {
        /// The name.
        url: String,
        /// Why.
        why: String,
    },
    /// The build cannot read objects.
    #[error(
        "{url}: this billtrail is built without object storage; build it with `cargo install --path . --features cloud`, or copy \
         the objects and give the copies"
    )]
    NoCloud {
        /// The object's name.
        url: String,
    },
    /// The threads cannot be started.
    #[error("the reader's threads cannot be started: {0}")]
    Threads(String),
}

/// Lists what the arguments name. `files_from` is a file with one path a line (or separated by NUL), `-` for standard input.
///
/// # Errors
/// When the list cannot be read or a pattern is no glob. A missing input is no error here: it is listed as failed.
pub fn list(args: &[String], files_from: Option<&Path>, stdin_name: Option<&str>) -> Result<Listing, IngestError> {
    list_without(&[], &Hours::ALL, args, files_from, stdin_name)
}

/// The same without some files, under whatever names they are found, and of a sink's objects only those of some hours.
///
/// # Errors
/// As [`list`].
pub fn list_without(
    left_out: &[&Path],
    hours: &Hours,
    args: &[String],
    files_from: Option<&Path>,
    stdin_name: Option<&str>,
) -> Result<Listing, IngestError> {
    let mut listing = Listing::default();
    let mut found = Found::default();
    let mut urls = Vec::new();
    for arg in args {
        if arg == "-" {
            let name = stdin_name.unwrap_or("-");
            found.add(Place::Stdin, name.to_owned(), Place::Stdin);
        } else if let Some(url) = ObjectUrl::parse(arg)? {
            urls.push(url);
        } else if Path::new(arg).exists() || !is_pattern(arg) {
            add_path(Path::new(arg), &mut found, &mut listing);
        } else {
            add_pattern(arg, &mut found, &mut listing)?;
        }
    }
    if let Some(path) = files_from {
        for line in read_list(path)? {
            match ObjectUrl::parse(&line)? {
                Some(url) => urls.push(url),
                None => add_path(Path::new(&line), &mut found, &mut listing),
            }
        }
    }
    for object in cloud::list(&urls, hours, &mut listing)? {
        found.add_object(object);
    }
    for path in left_out.iter().filter_map(|path| fs::canonicalize(path).ok()) {
        found.by_canonical.remove(&Place::File(path));
    }
    for (names, place) in found.by_canonical.into_values() {
        let mut names = names.into_iter();
        if let Some(name) = names.next() {
            listing.inputs.push(Input { name, place });
        }
        listing.twice.extend(names);
    }
    for (_, mut paths) in found.ledgers {
        paths.sort();
        let mut paths = paths.into_iter();
        listing.ledgers.extend(paths.next());
        listing.twice.extend(paths.map(|path| path.to_string_lossy().into_owned()));
    }
    listing.ledgers.sort();
    listing.inputs.sort_by(|a, b| (&a.name, &a.place).cmp(&(&b.name, &b.place)));
    listing.twice.sort();
    for list in [&mut listing.ignored, &mut listing.empty, &mut listing.narrowed] {
        list.sort();
        list.dedup();
    }
    listing.failed.sort();
    listing.failed.dedup();
    Ok(listing)
}

/// Files found so far by canonical place: the names they were found under, sorted.
#[derive(Default)]
struct Found {
    by_canonical: HashMap<Place, (Vec<String>, Place)>,
    /// The directory of the last file that was walked by, and its canonical path.
    directory: (PathBuf, PathBuf),
    ledgers: BTreeMap<PathBuf, Vec<PathBuf>>,
}

impl Found {
    fn add(&mut self, canonical: Place, name: String, place: Place) {
        let (names, kept) = self.by_canonical.entry(canonical).or_insert_with(|| (Vec::new(), place.clone()));
        let at = names.binary_search(&name).unwrap_or_else(|at| at);
        names.insert(at, name);
        if at == 0 {
            *kept = place;
        }
    }

    fn add_object(&mut self, object: Object) {
        let name = object.url().to_owned();
        let place = Place::Object(object);
        self.add(place.clone(), name, place);
    }

    fn add_ledger(&mut self, path: &Path) {
        let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.ledgers.entry(canonical).or_default().push(path.to_owned());
    }

    fn add_file(&mut self, path: &Path) {
        // What has no canonical path (a pipe) stands for itself.
        let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.add(Place::File(canonical), path.to_string_lossy().into_owned(), Place::File(path.to_owned()));
    }

    /// Adds a file as the directory spells it. Only its directory has to be looked up, once for all of its files.
    fn add_walked(&mut self, entry: &DirEntry) {
        let path = entry.path();
        match path.parent() {
            Some(parent) if !entry.path_is_symlink() && entry.depth() > 0 => {
                if self.directory.0 != parent || self.directory.1.as_os_str().is_empty() {
                    let canonical =
                        fs::canonicalize(if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
                    self.directory = (parent.to_owned(), canonical.unwrap_or_else(|_| parent.to_owned()));
                }
                let canonical = Place::File(self.directory.1.join(entry.file_name()));
                self.add(canonical, path.to_string_lossy().into_owned(), Place::File(path.to_owned()));
            }
            Some(_) | None => self.add_file(path),
        }
    }
}

/// Adds a file whatever its name, or the logs of a directory.
fn add_path(path: &Path, found: &mut Found, listing: &mut Listing) {
    match fs::metadata(path) {
        Ok(kind) if kind.is_dir() && is_ledger(path) => found.add_ledger(path),
        Ok(kind) if kind.is_dir() => add_directory(path, found, listing),
        Ok(_) => found.add_file(path),
        Err(error) => listing.failed.push(Failed { name: path.to_string_lossy().into_owned(), why: plain(&error) }),
    }
}

fn add_directory(directory: &Path, found: &mut Found, listing: &mut Listing) {
    let mut any = false;
    let mut walk = walk(directory);
    while let Some(entry) = walk.next() {
        match entry {
            Ok(entry) if entry.file_type().is_dir() && is_ledger(entry.path()) => {
                any = true;
                found.add_ledger(entry.path());
                walk.skip_current_dir();
            }
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if entry.file_type().is_file() && is_log_name(&entry.path().to_string_lossy()) => {
                any = true;
                found.add_walked(&entry);
            }
            Ok(entry) => listing.ignored.push(entry.path().to_string_lossy().into_owned()),
            Err(error) => fail(&error, listing),
        }
    }
    if !any {
        listing.empty.push(directory.to_string_lossy().into_owned());
    }
}

/// A directory's files in order, links followed, hidden ones left out.
fn walk(directory: &Path) -> FilterEntry<walkdir::IntoIter, fn(&DirEntry) -> bool> {
    let shown: fn(&DirEntry) -> bool =
        |entry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
    WalkDir::new(directory).follow_links(true).sort_by_file_name().into_iter().filter_entry(shown)
}

/// Whether a directory is a ledger of billtrail: its manifest says so at its beginning.
fn is_ledger(directory: &Path) -> bool {
    let mut start = Vec::new();
    let read = fs::File::open(directory.join("manifest.json")).and_then(|file| file.take(200).read_to_end(&mut start));
    read.is_ok() && memchr::memmem::find(&start, b"\"billtrail-ledger\"").is_some()
}

fn fail(error: &walkdir::Error, listing: &mut Listing) {
    // A link back to a directory above holds nothing new.
    if error.loop_ancestor().is_none() {
        let name = error.path().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let why = error.io_error().map_or_else(|| error.to_string(), plain);
        listing.failed.push(Failed { name, why });
    }
}

fn add_pattern(pattern: &str, found: &mut Found, listing: &mut Listing) -> Result<(), IngestError> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| IngestError::Glob { pattern: pattern.to_owned(), error })?.compile_matcher();
    let literal = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    let base = pattern.get(..literal).and_then(|start| start.rfind('/').map(|end| &pattern[..=end])).unwrap_or("");
    let depth = if pattern.contains("**") { usize::MAX } else { pattern[base.len()..].matches('/').count() + 1 };
    let root = if base.is_empty() { Path::new(".") } else { Path::new(base) };
    let mut any = false;
    let mut walk = WalkDir::new(root).max_depth(depth).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // That the base is missing is told below, by the pattern's name.
                if error.depth() > 0 {
                    fail(&error, listing);
                }
                continue;
            }
        };
        let path = if base.is_empty() { entry.path().strip_prefix(".").unwrap_or(entry.path()) } else { entry.path() };
        let hidden = entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
        let is_dir = entry.file_type().is_dir();
        if !hidden && entry.depth() > 0 && glob.is_match(path) {
            any = true;
            add_path(path, found, listing);
        }
        if is_dir && entry.depth() > 0 && (hidden || (any && glob.is_match(path))) {
            walk.skip_current_dir();
        }
    }
    if !any {
        let why = "no file has this name or matches this pattern".to_owned();
        listing.failed.push(Failed { name: pattern.to_owned(), why });
    }
    Ok(())
}

pub(super) fn is_pattern(arg: &str) -> bool {
    arg.contains(['*', '?', '[', '{'])
}

fn read_list(path: &Path) -> Result<Vec<String>, IngestError> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        fs::read(path).map(|read| bytes = read)
    };
    read.map_err(|error| IngestError::FilesFrom { path: path.to_string_lossy().into_owned(), error })?;
    let text = String::from_utf8_lossy(&bytes);
    let separator = if text.contains('\0') { '\0' } else { '\n' };
    let lines = text.split(separator).map(|line| if separator == '\n' { line.trim_end_matches('\r') } else { line });
    Ok(lines.filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

/// True for names that logs have in a directory. Bills that are named like their table are no logs.
pub(super) fn is_log_name(path: &str) -> bool {
    if path.rsplit('/').next().is_some_and(|name| name.starts_with("gcp_billing_export_")) {
        return false;
    }
    const ENDINGS: [&str; 5] = [".json", ".jsonl", ".ndjson", ".log", ".txt"];
    let lower = path.to_ascii_lowercase();
    let stem = lower.strip_suffix(".gz").or_else(|| lower.strip_suffix(".zst")).unwrap_or(&lower);
    ENDINGS.iter().any(|ending| stem.ends_with(ending)) || sink_name::parse(path).is_some()
}

/// The reason without the number of the operating system.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for name in ["a/x.json", "a/b/y.ndjson.gz", "a/README.md", "a/.hidden/z.json", "a/.z.json", "c/data.csv"] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        root
    }

    fn listed(root: &tempfile::TempDir, args: &[&str]) -> (Vec<String>, Listing) {
        let args: Vec<String> = args.iter().map(|arg| format!("{}/{arg}", root.path().display())).collect();
        let listing = list(&args, None, None).unwrap();
        let start = root.path().to_string_lossy().len() + 1;
        (listing.inputs.iter().map(|input| input.name[start..].to_owned()).collect(), listing)
    }

    #[test]
    fn a_directory_gives_its_logs_and_tells_of_the_rest() {
        let root = tree();
        let (names, listing) = listed(&root, &["a"]);
        assert_eq!(names, ["a/b/y.ndjson.gz", "a/x.json"]);
        assert_eq!(listing.ignored.len(), 1);
        assert_eq!(listed(&root, &["c"]).1.empty.len(), 1);
        assert_eq!(listed(&root, &["c/data.csv"]).0, ["c/data.csv"]);
    }

    #[test]
    fn one_file_is_read_once_in_whatever_order_it_is_given() {
        let root = tree();
        let (names, forwards) = listed(&root, &["a/x.json", "a", "a/b/../x.json"]);
        assert_eq!(names, ["a/b/../x.json", "a/b/y.ndjson.gz"]);
        assert_eq!(forwards.twice.len(), 2);
        assert_eq!(listed(&root, &["a/b/../x.json", "a", "a/x.json"]).1, forwards);
    }

    #[test]
    #[cfg(unix)]
    fn a_link_and_its_file_are_one_input() {
        use std::os::unix::fs::symlink;
        let root = tree();
        let at = |name: &str| root.path().join(name);
        symlink(at("a/x.json"), at("c/link.json")).unwrap();
        symlink(at("a"), at("c/directory")).unwrap();
        let (names, listing) = listed(&root, &["a", "c", "c/*.json", "c/directory/*.json"]);
        assert_eq!(names, ["a/b/y.ndjson.gz", "a/x.json"]);
        let twice = listing.twice.iter().map(|name| name.rsplit("/c/").next().unwrap()).collect::<Vec<_>>();
        assert_eq!(
            twice,
            ["directory/b/y.ndjson.gz", "directory/x.json", "directory/x.json", "link.json", "link.json"]
        );
    }

    #[test]
    fn what_is_left_out_is_left_out_by_any_name() {
        let root = tree();
        let args = [root.path().join("a").display().to_string()];
        let detour = root.path().join("a/b/../x.json");
        let listing = list_without(&[&detour, Path::new("none")], &Hours::ALL, &args, None, None).unwrap();
        assert_eq!(listing.inputs.len(), 1);
        assert!(listing.inputs[0].name.ends_with("y.ndjson.gz"));
    }

    #[test]
    fn globs_stand_for_files_and_directories() {
        let root = tree();
        assert_eq!(listed(&root, &["*/*.json"]).0, ["a/x.json"]);
        assert_eq!(listed(&root, &["**/*.gz"]).0, ["a/b/y.ndjson.gz"]);
        assert_eq!(listed(&root, &["?"]).0, ["a/b/y.ndjson.gz", "a/x.json"]);
        assert_eq!(listed(&root, &["*.nothing"]).1.failed.len(), 1);
        assert_eq!(listed(&root, &["none/*.json"]).1.failed.len(), 1);
    }

    #[test]
    fn a_missing_input_does_not_stop_the_others() {
        let root = tree();
        let (names, listing) = listed(&root, &["none.json", "a/x.json"]);
        assert_eq!((names.len(), listing.failed.len()), (1, 1));
        assert_eq!(listing.failed[0].why, "No such file or directory");
    }

    #[test]
    fn a_file_with_the_letters_of_a_pattern_is_a_file() {
        let root = tree();
        fs::write(root.path().join("a[1].json"), "{}").unwrap();
        assert_eq!(listed(&root, &["a[1].json"]).0, ["a[1].json"]);
    }

    #[test]
    fn a_list_of_files_adds_to_the_arguments() {
        let root = tree();
        let path = root.path().join("list");
        fs::write(&path, format!("{}\r\n\n", root.path().join("a/x.json").display())).unwrap();
        let listing = list(&["-".to_owned()], Some(&path), Some("pipe")).unwrap();
        assert_eq!(listing.inputs.len(), 2);
        assert!(listing.inputs.iter().any(|input| input.name == "pipe" && input.place == Place::Stdin));
        assert!(list(&[], Some(Path::new("/none/list")), None).is_err());
    }
}
