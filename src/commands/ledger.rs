//! `billtrail ledger`: keeps what logs tell of calls, so that they need not be read again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::kept::{Stamp, problem_word};
use super::reading::{Known, Manner, Reading, catalogue};
use super::{Ending, Failure, documents, output, piece, stats, tables, temporary};
use crate::cli::settings::Settings;
use crate::cli::{LedgerArgs, LogArgs, OutputArgs};
use crate::ingest::{Listing, Object, Place};
use crate::ledger::{Change, KeptInput, KeptProblem, LedgerError, Manifest, sha256};
use crate::model::reason::DiagnosticKind;
use crate::report::safe;

pub(super) fn run(args: &LedgerArgs) -> Result<Ending, Failure> {
    refuse(&args.logs)?;
    if let Some(ending) = piece::run(args)? {
        return Ok(ending);
    }
    let Some(place) = &args.output else {
        return Err(Failure::Usage("--output: the directory of the ledger is missing".to_owned()));
    };
    let settings = Settings::resolve(&args.logs, &OutputArgs::default(), &|name| std::env::var(name).ok())?;
    let provider = tables::provider(settings.services.value.as_deref())?;
    let catalogue = catalogue(&settings)?;
    let change = Change::begin(place, args.append)?;
    let mut choice = Choice::new(args, place, Manifest::new(catalogue.name.clone(), catalogue.digest.clone()));
    if let (true, Some(before)) = (args.append, change.before()) {
        if before.manifest.catalogue_digest != catalogue.digest {
            let (path, made) = (before.path.clone(), before.manifest.catalogue.clone());
            return Err(LedgerError::Catalogue { path, made, wanted: catalogue.name }.into());
        }
        choice.manifest.inputs.clone_from(&before.manifest.inputs);
        choice.manifest.segments.clone_from(&before.manifest.segments);
    }
    let mut choose = |listing: &mut Listing| choice.choose(listing);
    let reading = Reading::of(&args.logs, &settings, &provider, Manner::default(), Some(&mut choose))?;
    let incomplete = reading.inputs.iter().any(|input| !input.complete);
    let rejects = settings.strict.value && !reading.intake.whole().rejected.is_empty();
    let Reading { intake, summary, places, ledgers, meter, threads, .. } = reading;
    let (taken, ledger) = intake.into_parts(summary.inputs.len());
    let mut kept = BTreeMap::new();
    for (at, ledger) in ledgers.iter().enumerate() {
        kept.extend(ledger.manifest.inputs.iter().map(|input| (places.number(at, input.id), input)));
    }
    let mut added = Vec::new();
    for ((id, summary), taken) in (change.free_id()..).zip(summary.inputs).zip(taken) {
        let (modified, etag, sha256) = match kept.get(&(id - change.free_id())) {
            Some(kept) => (kept.modified.clone(), kept.etag.clone(), kept.sha256.clone()),
            None => {
                let Stamped { stamp, hash } = choice.stamps.remove(&summary.name).unwrap_or_default();
                (stamp.modified, stamp.etag, hash.known())
            }
        };
        let problem = summary.problem.map(|problem| KeptProblem { kind: problem_word(problem.kind), why: problem.why });
        let (path, bytes, records) = (summary.name, summary.bytes, summary.records);
        added.push(KeptInput { id, path, bytes, modified, etag, sha256, problem, records, taken });
    }
    choice.added += kept.len();
    let beside = change.beside().to_owned();
    let (_listed, stage) = temporary::make(|| stage(&beside))
        .map_err(|error| Failure::File { path: beside.display().to_string(), error })?;
    let manifest = change.prepare(choice.manifest, added, &ledger, threads, stage.path())?;
    temporary::at_once(|| change.commit(&manifest, stage.path()))?;
    if !settings.quiet.value {
        let (added, replaced, unchanged) = (choice.added, choice.replaced, choice.unchanged);
        let inputs =
            format!("inputs {} (added {added}, replaced {replaced}, unchanged {unchanged})", manifest.inputs.len());
        let entries: u64 = manifest.inputs.iter().map(|input| input.taken.entries).sum();
        let bytes: u64 = manifest.segments.iter().map(|segment| segment.bytes).sum();
        let text = format!("{}: {inputs}, entries {entries}, bytes {bytes}", place.display());
        output::write_to(None, &mut |out| writeln!(out, "{}", safe(&text)))?;
    }
    stats::count_spills(&meter, ledger.counts());
    stats::say(args.logs.stats, &meter, threads);
    Ok(documents::ending(incomplete, rejects))
}

/// A ledger holds what the logs tell, whole. What chooses or maps is said when it is read.
fn refuse(args: &LogArgs) -> Result<(), Failure> {
    let given = [
        ("--where", args.filter.is_some()),
        ("--from", args.from.is_some()),
        ("--to", args.to.is_some()),
        ("--map", args.map.is_some()),
        ("--projects", !args.projects.is_empty()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Failure::Usage(format!(
            "{option}: a ledger holds all that the logs tell; give this option to the command that reads the ledger"
        ))),
        None => Ok(()),
    }
}

/// A directory in which a change is prepared, with the permissions of the user's other directories.
pub(super) fn stage(beside: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".billtrail-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(beside)
}

/// Which inputs are read, and which parts of the ledger stay.
struct Choice<'a> {
    args: &'a LedgerArgs,
    /// The ledger.
    place: &'a Path,
    manifest: Manifest,
    /// What is known of the inputs to be read, by name.
    stamps: BTreeMap<String, Stamped>,
    added: usize,
    replaced: usize,
    unchanged: usize,
}

/// What is known of an input before it is read.
#[derive(Default)]
struct Stamped {
    stamp: Stamp,
    hash: Hash,
}

/// The hash of an input's bytes.
enum Hash {
    /// Taken before; empty for what cannot be read.
    Taken(String),
    /// Of an object, taken while it is read, so that it is fetched once.
    WhenRead(Object),
}

impl Default for Hash {
    fn default() -> Self {
        Self::Taken(String::new())
    }
}

impl Hash {
    /// The hash of a file, or one that is taken while the object is read.
    fn of(place: &Place) -> Self {
        match place {
            // What cannot be read is said by the reader.
            Place::File(path) => {
                Self::Taken(File::open(path).and_then(sha256).map(|(hash, _)| hash).unwrap_or_default())
            }
            // A build without object storage knows that this place has no objects.
            #[cfg_attr(not(feature = "cloud"), allow(unreachable_code))]
            Place::Object(object) => {
                object.hash_when_read();
                Self::WhenRead(object.clone())
            }
            Place::Stdin | Place::Extent(_) => Self::default(),
        }
    }

    /// The hash, once the input was read; empty for what could not be read whole.
    fn known(self) -> String {
        match self {
            Self::Taken(hash) => hash,
            Self::WhenRead(object) => object.sha256().unwrap_or_default(),
        }
    }

    /// The hash before the input is read as a log; an object is fetched for it.
    fn now(&self) -> String {
        match self {
            Self::Taken(hash) => hash.clone(),
            Self::WhenRead(object) => object.reader().and_then(sha256).map(|(hash, _)| hash).unwrap_or_default(),
        }
    }
}

impl<'a> Choice<'a> {
    fn new(args: &'a LedgerArgs, place: &'a Path, manifest: Manifest) -> Self {
        Self { args, place, manifest, stamps: BTreeMap::new(), added: 0, replaced: 0, unchanged: 0 }
    }

    /// Leaves out of the listing what the ledger holds already, and out of the ledger what is read anew.
    fn choose(&mut self, listing: &mut Listing) -> Result<Known, Failure> {
        let canonical = |path: &Path| path.canonicalize().ok();
        let target = canonical(self.place);
        listing.ledgers.retain(|path| canonical(path) != target || target.is_none());
        let mut places: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for (at, input) in self.manifest.inputs.iter().enumerate() {
            let path = PathBuf::from(&input.path);
            places.extend(canonical(&path).map(|canonical| (canonical, at)));
            places.insert(path, at);
        }
        let mut gone = BTreeSet::new();
        let mut chosen = Vec::new();
        for input in std::mem::take(&mut listing.inputs) {
            let found = match &input.place {
                Place::File(path) => canonical(path),
                Place::Object(_) => None,
                Place::Stdin | Place::Extent(_) => {
                    let why = "standard input cannot be known again; write it to a file and give that";
                    return Err(Failure::Usage(format!("{}: {why}", input.name)));
                }
            };
            let stamp = Stamp::of(&input.place);
            let known = places.get(Path::new(&input.name)).or_else(|| places.get(&found?)).copied();
            let before = known.map(|at| &self.manifest.inputs[at]);
            // What could not be read may be readable now, whatever its time.
            let retried = |kept: &KeptInput| {
                kept.problem.as_ref().is_some_and(|problem| problem.kind != DiagnosticKind::InputTruncated)
            };
            let same = before.is_some_and(|kept| !retried(kept) && stamp.is_of(kept));
            if same && !self.args.verify {
                self.unchanged += 1;
                continue;
            }
            let hash = Hash::of(&input.place);
            if before.is_some_and(|kept| !retried(kept) && self.args.verify && kept.sha256 == hash.now()) {
                self.unchanged += 1;
                continue;
            }
            match known {
                Some(at) => {
                    gone.insert(self.manifest.inputs[at].id);
                    self.replaced += 1;
                }
                None => self.added += 1,
            }
            self.stamps.insert(input.name.clone(), Stamped { stamp, hash });
            chosen.push(input);
        }
        listing.inputs = chosen;
        self.manifest.inputs.retain(|input| !gone.contains(&input.id));
        let alive: BTreeSet<u32> = self.manifest.inputs.iter().map(|input| input.id).collect();
        self.manifest.segments.retain(|segment| segment.inputs.iter().any(|id| alive.contains(id)));
        Ok(self.manifest.inputs.iter().map(|input| (input.path.clone(), input.content())).collect())
    }
}
