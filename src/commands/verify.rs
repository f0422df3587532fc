//! `billtrail verify`: reads what statements were made from once more, makes them again, and says what is different.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::computed::Asked;
use super::costed::Kept;
use super::statement_files::{self, named};
use super::{Ending, Failure, ledger, output, statements, temporary};
use crate::cli::statements::VerifyArgs;
use crate::ledger::sha256;
use crate::model::manifest::{MANIFEST, Manifest};
use crate::model::pseudonym::Pseudonyms;
use crate::report::safe;

pub(super) fn run(args: &VerifyArgs) -> Result<Ending, Failure> {
    let opened = Opened::open(&args.manifest, args.root.as_deref())?;
    let names = args.names.pseudonymise.as_ref();
    let missing = opened.missing();
    if !missing.is_empty() {
        for path in &missing {
            anstream::eprintln!("billtrail: {}: is missing, and the statements were made from it", safe(path));
        }
        return Ok(Ending::Incomplete);
    }
    let mut found = opened.changed_files()?;
    found.extend(opened.made_again(names, args.threads, args.quiet, false)?.differences);
    let manifest = &opened.manifest;
    let tool = env!("CARGO_PKG_VERSION");
    if manifest.tool.version != tool && !args.quiet {
        let by = &manifest.tool.version;
        anstream::eprintln!("billtrail: the statements were made by version {}, this is {tool}", safe(by));
    }
    if manifest.options.pseudonymised && names.is_none() && !args.quiet {
        anstream::eprintln!(
            "billtrail: without the key (--pseudonymise) only sums are compared, and files by their hashes"
        );
    }
    let lines = if found.is_empty() {
        let inputs = manifest.made_from.len();
        if args.quiet {
            Vec::new()
        } else {
            vec![format!("verified: {}, made from {inputs} files", statements::summary(manifest))]
        }
    } else {
        found.clone()
    };
    output::write_to(None, &mut |out| lines.iter().try_for_each(|line| writeln!(out, "{}", safe(line))))?;
    Ok(if found.is_empty() { Ending::Done } else { Ending::CheckFailed })
}

/// Statements with their manifest, as they stand.
pub(super) struct Opened {
    pub manifest: Manifest,
    directory: PathBuf,
    root: PathBuf,
}

/// Statements that were made again.
pub(super) struct MadeAgain {
    /// What is different, in sentences.
    pub differences: Vec<String>,
    /// What is kept of them when their month is closed, if that was wanted.
    pub kept: Option<Kept>,
}

impl Opened {
    /// Opens statements by their manifest or their directory.
    pub fn open(path: &Path, root: Option<&Path>) -> Result<Self, Failure> {
        let path = if path.is_dir() { path.join(MANIFEST) } else { path.to_owned() };
        let bytes = fs::read(&path).map_err(named(&path))?;
        let manifest =
            Manifest::read(&bytes).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = directory.canonicalize().map_err(named(directory))?;
        let root = root.map_or_else(|| directory.join(&manifest.root), Path::to_owned);
        let root = root.canonicalize().map_err(named(&root))?;
        Ok(Self { manifest, directory, root })
    }

    /// The files that the statements were made from and that are not there.
    pub fn missing(&self) -> Vec<&str> {
        let there = |path: &str| self.root.join(path).is_file();
        self.manifest.made_from.iter().map(|source| source.path.as_str()).filter(|path| !there(path)).collect()
    }

    /// The written files that are not as they were written, in sentences.
    pub fn changed_files(&self) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        let mut own = BTreeSet::from([MANIFEST]);
        for file in &self.manifest.files {
            own.insert(&file.file);
            match File::open(self.directory.join(&file.file)).and_then(sha256) {
                Ok((hash, _)) if hash == file.sha256 => {}
                Ok(_) => found.push(format!("{} was changed after it was written", file.file)),
                Err(_) => found.push(format!("{} is missing", file.file)),
            }
        }
        for entry in fs::read_dir(&self.directory).map_err(named(&self.directory))? {
            let name = entry.map_err(named(&self.directory))?.file_name().to_string_lossy().into_owned();
            if !own.contains(name.as_str()) {
                found.push(format!("{name} is no file of these statements"));
            }
        }
        Ok(found)
    }

    /// Makes the statements again. Paths of the manifest are of its root, to which this program goes for that: so every name in the
    /// result is as it was.
    pub fn made_again(
        &self,
        names: Option<&Pseudonyms>,
        threads: usize,
        quiet: bool,
        keep: bool,
    ) -> Result<MadeAgain, Failure> {
        let manifest = &self.manifest;
        let months = manifest.made_from.iter().filter(|source| source.role == "closed");
        let stem = |path: &str| Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let closed: Vec<String> = months.filter_map(|source| stem(&source.path)).collect();
        std::env::set_current_dir(&self.root).map_err(named(&self.root))?;
        let asked = statements::again(&manifest.options, &closed, names, threads, quiet)?;
        let computed = Asked { keep, ..asked }.compute()?;
        let (_listed, stage) =
            temporary::make(|| ledger::stage(&std::env::temp_dir())).map_err(named(&std::env::temp_dir()))?;
        let mut options = manifest.options.clone();
        options.pseudonymised = names.is_some();
        let (month, root) = (manifest.month.as_deref(), manifest.root.clone());
        let now = statement_files::write(&computed, options, &closed, month, root, stage.path())?;
        let files = manifest.options.pseudonymised == names.is_some();
        Ok(MadeAgain { differences: manifest.differences(&now, files), kept: computed.kept })
    }
}
