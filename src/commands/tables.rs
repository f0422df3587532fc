//! The tables that the user names: catalogue, inventories, mapping and period.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::chargeback::mapping::Mapping;
use crate::cli::LogArgs;
use crate::cli::settings::Settings;
use crate::ingest;
use crate::ledger::sha256;
use crate::model::directory::Directory;
use crate::model::document::Period;
use crate::model::time::moment;
use crate::provider::{CATALOGUE, CATALOGUE_DATE, Provider};

/// The provider with the user's rows, if there are any.
pub(super) fn provider(services: Option<&Path>) -> Result<Provider, Failure> {
    match services {
        None => Ok(Provider::google_cloud(None)?),
        Some(path) => {
            let text = read_text(path)?;
            Ok(Provider::google_cloud(Some((&path.to_string_lossy(), &text)))?)
        }
    }
}

/// The catalogue in words.
pub(super) fn catalogue_name(services: Option<&Path>) -> String {
    match services {
        None => format!("built-in {CATALOGUE_DATE}"),
        Some(path) => format!("built-in {CATALOGUE_DATE}, {}", path.display()),
    }
}

/// The hash of the catalogue with the user's rows, if there are any.
pub(super) fn catalogue_digest(services: Option<&Path>) -> Result<String, Failure> {
    let own = services.map(read_text).transpose()?.unwrap_or_default();
    let (digest, _) = sha256([CATALOGUE, "\0", &own].concat().as_bytes()).map_err(Failure::Output)?;
    Ok(digest)
}

/// The directory of the user's inventories, which may be compressed.
pub(super) fn directory(provider: &Provider, paths: &[PathBuf]) -> Result<Directory, Failure> {
    let mut files = Vec::new();
    for path in paths {
        files.push((path.to_string_lossy().into_owned(), read_bytes(path)?));
    }
    Ok(provider.directory(&files)?)
}

/// The mapping, with what the inventory shows of the projects.
pub(super) fn mapping(path: &Path, settings: &Settings, directory: &Directory) -> Result<Mapping, Failure> {
    let mapping = Mapping::parse(&path.to_string_lossy(), &read_bytes(path)?, settings.timezone.value)?;
    Ok(mapping.with_inventory(directory))
}

/// A file that the user named; that it is missing is wrong use.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let named = |error: std::io::Error| Failure::Usage(format!("{}: {}", path.display(), plain(&error)));
    ingest::read_whole(path).map_err(named)
}

/// The same as text.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read_bytes(path)?).map_err(|_| Failure::Usage(format!("{}: not UTF-8", path.display())))
}

/// An error of the operating system without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// The period asked for.
pub(super) fn period(args: &LogArgs, settings: &Settings) -> Result<Period, Failure> {
    let timezone = settings.timezone.value;
    let bound = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => moment(text, timezone).map(Some).ok_or_else(|| {
            Failure::Usage(format!(
                "--{name} `{text}` is not a time such as 2026-10, 2026-10-01 or 2026-10-01T08:00:00Z"
            ))
        }),
    };
    let period =
        Period { from: bound("from", &args.from)?, to: bound("to", &args.to)?, timezone: timezone.to_string() };
    match (period.from, period.to) {
        (Some(from), Some(to)) if from >= to => Err(Failure::Usage(
            "--from must be before --to (--to is the first moment that no longer counts)".to_owned(),
        )),
        _ => Ok(period),
    }
}
