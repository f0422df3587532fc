//! Walks through a bucket by directories, so that days outside the hours asked for are never listed.
//!
//! A directory is what stands before a `/` in a key. One level is listed with many requests side by side.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use globset::GlobMatcher;
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, ObjectStore};

use super::dates::Dated;
use super::fetch::{Manner, Patience};
use super::trouble::Trouble;
use super::url::Scheme;
use crate::ingest::hours::Hours;
use crate::ingest::sink_name;

/// Requests side by side.
const AT_ONCE: usize = 16;
const HOUR: i64 = 3_600_000_000_000;

/// What is looked for.
pub(super) struct Walk {
    pub store: Arc<dyn ObjectStore>,
    pub scheme: Scheme,
    pub hours: Hours,
    /// Keys and directories to be found; `None` takes all.
    pub pattern: Option<Pattern>,
    pub manner: Manner,
}

/// A pattern of keys.
pub(super) struct Pattern {
    pub glob: GlobMatcher,
    /// How many directories below the first one a match can be.
    pub depth: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Objects that the pattern names themselves.
    pub named: Vec<ObjectMeta>,
    /// Objects of directories that are taken whole.
    pub within: Vec<ObjectMeta>,
    /// Something is there, taken or not.
    pub any: bool,
    /// Something was left out because of its hour.
    pub narrowed: bool,
}

/// A directory to be listed.
struct Directory {
    path: Path,
    dated: Dated,
    /// It is taken whole.
    whole: bool,
    depth: usize,
}

impl Walk {
    /// Finds what is below a key.
    pub async fn below(&self, base: &str) -> Result<Found, Trouble> {
        let path = Path::parse(base).map_err(|error| Trouble::of(&error.into(), self.scheme))?;
        let dated = Dated::of(path.as_ref());
        let mut found = Found::default();
        let mut level = vec![Directory { path, dated, whole: self.pattern.is_none(), depth: 0 }];
        found.narrowed = self.narrow(&mut level);
        while !level.is_empty() {
            let listing = level.iter().map(|directory| self.list(directory));
            let mut listed = futures_util::stream::iter(listing).buffered(AT_ONCE);
            let mut below = Vec::new();
            for directory in &level {
                if let Some(result) = listed.try_next().await? {
                    self.take(directory, result, &mut found, &mut below);
                }
            }
            drop(listed);
            found.narrowed |= self.narrow(&mut below);
            level = below;
        }
        Ok(found)
    }

    /// Leaves out directories whose time is not asked for; whether there were any.
    fn narrow(&self, level: &mut Vec<Directory>) -> bool {
        let before = level.len();
        // A year may be four digits by chance until its directories are seen.
        level.retain(|directory| matches!(directory.dated, Dated::Year(_)) || directory.dated.touches(&self.hours));
        level.len() < before
    }

    /// Lists one level below a directory, or all there is when all of it is wanted.
    async fn list(&self, directory: &Directory) -> Result<ListResult, Trouble> {
        let all =
            directory.whole && (matches!(directory.dated, Dated::Day(..)) || directory.dated.is_within(&self.hours));
        let prefix = (!directory.path.as_ref().is_empty()).then_some(&directory.path);
        if all {
            let objects = self.list_all(prefix).await?;
            return Ok(ListResult { common_prefixes: Vec::new(), objects, extensions: Default::default() });
        }
        let mut patience = Patience::new(self.manner);
        loop {
            let listed = self.store.list_with_delimiter(prefix).await;
            match listed.map_err(|error| Trouble::of(&error, self.scheme)) {
                Err(Trouble::Broken(why)) => patience.wait(why).await?,
                listed => return listed,
            }
        }
    }

    /// Lists all there is below a directory. A listing that breaks off goes on after the last object that was seen.
    async fn list_all(&self, prefix: Option<&Path>) -> Result<Vec<ObjectMeta>, Trouble> {
        let mut objects: Vec<ObjectMeta> = Vec::new();
        let mut patience = Patience::new(self.manner);
        loop {
            let before = objects.len();
            let mut listed = match objects.last() {
                Some(last) => self.store.list_with_offset(prefix, &last.location),
                None => self.store.list(prefix),
            };
            let trouble = loop {
                match listed.try_next().await {
                    // Some services begin with the object that was named, others after it.
                    Ok(Some(object)) if objects.last().is_some_and(|last| last.location == object.location) => {}
                    Ok(Some(object)) => objects.push(object),
                    Ok(None) => return Ok(objects),
                    Err(error) => break Trouble::of(&error, self.scheme),
                }
            };
            match trouble {
                Trouble::Broken(_) if objects.len() > before => patience = Patience::new(self.manner),
                Trouble::Broken(why) => patience.wait(why).await?,
                trouble => return Err(trouble),
            }
        }
    }

    fn take(&self, directory: &Directory, listed: ListResult, found: &mut Found, below: &mut Vec<Directory>) {
        let base = directory.path.as_ref();
        let below_base = |key: &str| key.strip_prefix(base).unwrap_or(key).trim_start_matches('/').to_owned();
        let is_hidden = |key: &str| below_base(key).split('/').any(|part| part.starts_with('.'));
        found.any |= !(listed.objects.is_empty() && listed.common_prefixes.is_empty());
        for object in listed.objects {
            let key = object.location.as_ref();
            // What stands for the directory itself in some consoles is no object of it.
            if is_hidden(key) || key == base {
                continue;
            }
            let hour = sink_name::parse(key).map(|file| file.hour);
            if hour.is_some_and(|hour| !self.hours.touch(hour, hour.saturating_add(HOUR))) {
                found.narrowed = true;
            } else if directory.whole {
                found.within.push(object);
            } else if self.pattern.as_ref().is_some_and(|pattern| pattern.glob.is_match(key)) {
                found.named.push(object);
            }
        }
        let names: Vec<String> = listed.common_prefixes.iter().map(|path| below_base(path.as_ref())).collect();
        let dated = match directory.dated {
            // By chance: what is below is no month.
            year @ Dated::Year(_) if names.iter().any(|name| !matches!(year.child(name), Dated::Month(..))) => {
                Dated::No
            }
            dated => dated,
        };
        for (path, name) in listed.common_prefixes.into_iter().zip(names) {
            let matched = self.pattern.as_ref().is_none_or(|pattern| pattern.glob.is_match(path.as_ref()));
            let whole = directory.whole || matched;
            let deeper = self.pattern.as_ref().is_none_or(|pattern| directory.depth + 1 < pattern.depth);
            if !name.starts_with('.') && (whole || deeper) {
                below.push(Directory { path, dated: dated.child(&name), whole, depth: directory.depth + 1 });
            }
        }
    }
}
