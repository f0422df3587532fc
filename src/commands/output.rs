//! Where a result goes: standard output, or a file that appears only when it is complete.

use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use super::{Failure, temporary};
use crate::cli::OutputArgs;
use crate::cli::settings::is_special;
use crate::ledger::SpillError;
use crate::model::document::{Document, Row};
use crate::report::{self, Format, Style};

/// Prints a document in the chosen format, and its summary on standard error where the format has no place for it.
pub(super) fn print(
    document: &Document,
    rows: &mut dyn Iterator<Item = Row>,
    output: &OutputArgs,
    format: Format,
    spreadsheet_safe: bool,
    quiet: bool,
) -> Result<(), Failure> {
    print_waiting(document, &mut rows.map(Ok), output, format, spreadsheet_safe, quiet)
}

/// The same for rows that wait on disk. A row that cannot be read leaves no file.
pub(super) fn print_waiting(
    document: &Document,
    rows: &mut dyn Iterator<Item = Result<Row, SpillError>>,
    output: &OutputArgs,
    format: Format,
    spreadsheet_safe: bool,
    quiet: bool,
) -> Result<(), Failure> {
    let names = output.names.pseudonymise.as_ref();
    let hidden = names.map(|names| names.document(document));
    let document = hidden.as_ref().unwrap_or(document);
    let mut rows = rows.map(|row| match names {
        Some(names) => row.map(|row| names.row(row)),
        None => row,
    });
    let target = output.output.as_deref();
    let terminal = target.is_none() && io::stdout().is_terminal();
    if terminal && format.is_binary() {
        let advice = format!("{format} is not for a terminal; give -o FILE or redirect the output");
        return Err(Failure::Usage(advice));
    }
    let style = Style {
        colour: terminal && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
        width: if terminal { width() } else { None },
        spreadsheet_safe,
        terminal,
    };
    let mut unread = None;
    let written = write_to(target, &mut |out| {
        let mut readable = rows.by_ref().map_while(|row| row.map_err(|error| unread = Some(error)).ok());
        report::write(format, document, &mut readable, &style, out)?;
        if unread.is_some() { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
    });
    match unread {
        Some(error) => return Err(error.into()),
        None => written?,
    }
    if !format.holds_summary() && !quiet {
        let mut error = io::stderr();
        let style = Style {
            colour: error.is_terminal() && anstream::AutoStream::choice(&error) != anstream::ColorChoice::Never,
            width: if error.is_terminal() { width() } else { None },
            ..Style::default()
        };
        report::summary(document, &style, &mut error)?;
    }
    Ok(())
}

/// Runs `write` on standard output, or on a temporary file beside the target that takes its name at the end.
pub(super) fn write_to(
    target: Option<&Path>,
    write: &mut dyn FnMut(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), Failure> {
    let Some(path) = target else {
        let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
        write(&mut out)?;
        out.flush()?;
        return Ok(());
    };
    let named = |error: io::Error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Output(error),
        _ => Failure::File { path: path.display().to_string(), error },
    };
    if is_special(path) {
        // A device or a pipe is written to; taking its name would destroy it.
        let mut out = BufWriter::with_capacity(1 << 16, fs::File::options().write(true).open(path).map_err(named)?);
        write(&mut out).map_err(named)?;
        return out.flush().map_err(named);
    }
    // A link keeps pointing at the file that gets the new content.
    let linked = path.canonicalize();
    let path = linked.as_deref().unwrap_or(path);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".billtrail-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The user's umask applies, as for any file that a program makes.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let (_listed, file) = temporary::make(|| builder.tempfile_in(directory)).map_err(named)?;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    write(&mut out).map_err(named)?;
    let file = out.into_inner().map_err(|error| named(error.into_error()))?;
    file.as_file().sync_all().map_err(named)?;
    temporary::at_once(|| file.persist(path)).map_err(|error| named(error.error))?;
    Ok(())
}

fn width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
