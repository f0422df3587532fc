//! `billtrail close`: keeps what the statements of a month say, so that whatever arrives later is a correction of another month.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::closed_months::{self, file_name};
use super::statement_files::named;
use super::verify::Opened;
use super::{Ending, Failure, output, temporary};
use crate::chargeback::closed::{Closed, ClosedMonth};
use crate::cli::close::CloseArgs;
use crate::report::safe;

pub(super) fn run(args: &CloseArgs) -> Result<Ending, Failure> {
    let month = args.month.as_str();
    let refused = |why: String| Err(Failure::Usage(format!("{month}: {why}")));
    let closed = if args.closed.exists() { closed_months::read(&args.closed, None)? } else { Closed::default() };
    if closed.month(month).is_some() {
        return refused("is closed already; what was sent stays as it was sent".to_owned());
    }
    if let Some(open) = closed.open().filter(|open| open != month) {
        return refused(format!("months are closed one after the other, and the next one is {open}"));
    }
    let opened = Opened::open(&args.manifest, args.root.as_deref())?;
    let manifest = &opened.manifest;
    if manifest.month.as_deref() != Some(month) || manifest.options.bill.is_empty() {
        return refused(
            "the statements are not those of this month with a bill; make them with --month and --bill".to_owned(),
        );
    }
    if manifest.incomplete {
        return refused("the statements are INCOMPLETE; make them anew of all inputs".to_owned());
    }
    let before: Vec<String> = closed.months().map(|month| file_name(&month.month)).collect();
    let known: Vec<String> = (manifest.made_from.iter().filter(|source| source.role == "closed"))
        .filter_map(|source| Path::new(&source.path).file_name().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    if before != known {
        return refused(
            "the statements were made without the months that are closed; make them with --closed".to_owned(),
        );
    }
    let missing = opened.missing();
    if !missing.is_empty() {
        for path in &missing {
            anstream::eprintln!("billtrail: {}: is missing, and the statements were made from it", safe(path));
        }
        return Ok(Ending::Incomplete);
    }
    // Paths of this command are of the directory in which it was called; the statements are made again in theirs.
    let directory = absolute(&args.closed)?;
    let mut found = opened.changed_files()?;
    let again = opened.made_again(None, args.threads, args.quiet, true)?;
    found.extend(again.differences);
    if !found.is_empty() {
        output::write_to(None, &mut |out| found.iter().try_for_each(|line| writeln!(out, "{}", safe(line))))?;
        anstream::eprintln!("billtrail: {month} is not closed: the statements are not what they would be now");
        return Ok(Ending::CheckFailed);
    }
    let Some(kept) = again.kept else { return refused("the statements have no bill".to_owned()) };
    let mut whole = ClosedMonth::new(month.to_owned(), manifest.options.timezone.clone(), manifest.hash());
    whole.fill(&kept.tie_outs, kept.parts, kept.calls);
    write(&directory, &whole)?;
    if !args.quiet {
        let text = format!("{month} is closed: {}", super::statements::summary(manifest));
        output::write_to(None, &mut |out| writeln!(out, "{}", safe(&text)))?;
    }
    Ok(Ending::Done)
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(named(path))
}

/// Writes the month's file; one that is there is never overwritten.
fn write(directory: &Path, month: &ClosedMonth) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(named(directory))?;
    let path = directory.join(file_name(&month.month));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".billtrail-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The user's umask applies, as for any file that a program makes.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let (_listed, mut file) = temporary::make(|| builder.tempfile_in(directory)).map_err(named(directory))?;
    file.write_all(month.text().as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(named(&path))?;
    temporary::at_once(|| file.persist_noclobber(&path)).map_err(|error| named(&path)(error.error))?;
    Ok(())
}
