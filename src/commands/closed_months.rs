//! Closed months in a directory: one file for each, read for `--closed` and written by `close`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Failure;
use super::statement_files::named;
use crate::chargeback::closed::{Closed, ClosedMonth};

/// The ending of a closed month's file.
const ENDING: &str = "json";

/// The file of a month.
pub(super) fn file_name(month: &str) -> String {
    format!("{month}.{ENDING}")
}

/// The months that are closed in a directory; of these, only some if some are named.
pub(super) fn read(directory: &Path, only: Option<&BTreeSet<String>>) -> Result<Closed, Failure> {
    let refused = |path: &Path, why: String| Failure::Usage(format!("--closed: {}: {why}", path.display()));
    if !directory.is_dir() {
        let why = "is no directory of closed months; `billtrail close` makes one";
        return Err(refused(directory, why.to_owned()));
    }
    let mut months = Vec::new();
    for entry in fs::read_dir(directory).map_err(named(directory))? {
        let path = entry.map_err(named(directory))?.path();
        let Some(name) = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()) else { continue };
        let is_month = path.extension().is_some_and(|ending| ending == ENDING);
        if !is_month || only.is_some_and(|only| !only.contains(&name)) {
            continue;
        }
        let month = ClosedMonth::read(&fs::read(&path).map_err(named(&path))?)
            .map_err(|error| refused(&path, error.to_string()))?;
        if month.month != name {
            return Err(refused(&path, format!("it is that of {}", month.month)));
        }
        months.push(month);
    }
    Closed::new(months).map_err(|error| refused(directory, error.to_string()))
}
