//! Which objects a name stands for: one object, those below a prefix, or those that a pattern selects.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use globset::GlobBuilder;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::fetch::{Manner, Patience};
use super::object::Object;
use super::runtime::runtime;
use super::service;
use super::trouble::Trouble;
use super::url::ObjectUrl;
use super::walk::{Found, Pattern, Walk};
use crate::ingest::hours::Hours;
use crate::ingest::inputs::{Failed, IngestError, Listing, is_log_name, is_pattern};
use crate::model::time::rfc3339;

/// Names that are looked up side by side.
const AT_ONCE: usize = 16;

/// Lists what names stand for; what is worth saying about it goes to the listing.
///
/// # Errors
/// When a name is no pattern, or the network's threads cannot be started. That nothing is there is listed as failed.
pub(in crate::ingest) fn list(
    urls: &[ObjectUrl],
    hours: &Hours,
    listing: &mut Listing,
) -> Result<Vec<Object>, IngestError> {
    if urls.is_empty() {
        return Ok(Vec::new());
    }
    let runtime = runtime().map_err(|error| IngestError::Threads(error.to_string()))?;
    let looking = urls.iter().map(|url| async move {
        let mut listing = Listing::default();
        let objects = match service::store(url.scheme, &url.bucket).await {
            Ok(store) => list_in(&store, url, hours, Manner::USUAL, &mut listing).await?,
            Err(why) => {
                listing.failed.push(Failed { name: url.to_string(), why });
                Vec::new()
            }
        };
        Ok::<_, IngestError>((objects, listing))
    });
    let mut looked = futures_util::stream::iter(looking).buffered(AT_ONCE);
    runtime.block_on(async {
        let mut found = Vec::new();
        while let Some((objects, said)) = looked.try_next().await? {
            found.extend(objects);
            listing.failed.extend(said.failed);
            listing.ignored.extend(said.ignored);
            listing.empty.extend(said.empty);
            listing.narrowed.extend(said.narrowed);
        }
        Ok(found)
    })
}

/// Lists what one name stands for, in a store that stands for its bucket.
pub(super) async fn list_in(
    store: &Arc<dyn ObjectStore>,
    url: &ObjectUrl,
    hours: &Hours,
    manner: Manner,
    listing: &mut Listing,
) -> Result<Vec<Object>, IngestError> {
    let base = match url.key.find(['*', '?', '[', '{']) {
        Some(at) => url.key[..at].rfind('/').map_or("", |end| &url.key[..end]),
        None => &url.key,
    };
    let pattern = if is_pattern(&url.key) { Some(pattern(url, base)?) } else { None };
    let nothing = if pattern.is_some() { "matches this pattern" } else { "begins with it" };
    let mut fail = |why: String| listing.failed.push(Failed { name: url.to_string(), why });
    let object = |meta: &ObjectMeta| Object::new(url, store, meta, manner);
    // That one object may not be looked at does not say that it is there.
    let mut denied = None;
    if !url.key.is_empty() && !url.key.ends_with('/') {
        match head(store, url, manner).await {
            Ok(meta) => return Ok(vec![object(&meta)]),
            Err(Trouble::Gone) => {}
            Err(Trouble::Denied(why)) => denied = Some(why),
            Err(trouble) => {
                fail(trouble.words());
                return Ok(Vec::new());
            }
        }
    }
    let walk = Walk { store: Arc::clone(store), scheme: url.scheme, hours: *hours, pattern, manner };
    let Found { named, within, any, narrowed } = match walk.below(base).await {
        Ok(found) => found,
        Err(trouble) => {
            fail(trouble.words());
            return Ok(Vec::new());
        }
    };
    let (logs, others): (Vec<_>, Vec<_>) = within.into_iter().partition(|meta| is_log_name(meta.location.as_ref()));
    let found: Vec<Object> = named.iter().chain(&logs).map(object).collect();
    listing.ignored.extend(others.iter().map(|meta| url.with_key(meta.location.as_ref())));
    if narrowed {
        let bound = |bound: Option<i64>, word: &str| bound.map(|at| format!("{word} {}", rfc3339(at)));
        let bounds =
            [bound(hours.from, "from"), bound(hours.to, "to")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        listing.narrowed.push(format!("{url}: read {bounds} (the period, and a day more on each side)"));
    }
    if found.is_empty() && (any || narrowed) && walk.pattern.is_none() {
        listing.empty.push(url.to_string());
    } else if found.is_empty() && !narrowed {
        listing.failed.push(Failed {
            name: url.to_string(),
            why: denied.unwrap_or_else(|| format!("no object has this name or {nothing}")),
        });
    }
    Ok(found)
}

/// What is known of one object.
async fn head(store: &Arc<dyn ObjectStore>, url: &ObjectUrl, manner: Manner) -> Result<ObjectMeta, Trouble> {
    let trouble = |error: object_store::Error| Trouble::of(&error, url.scheme);
    let path = Path::parse(&url.key).map_err(|error| trouble(error.into()))?;
    let mut patience = Patience::new(manner);
    loop {
        match store.head(&path).await.map_err(trouble) {
            Err(Trouble::Broken(why)) => patience.wait(why).await?,
            found => return found,
        }
    }
}

fn pattern(url: &ObjectUrl, base: &str) -> Result<Pattern, IngestError> {
    let glob = GlobBuilder::new(&url.key).literal_separator(true).build();
    let glob = glob.map_err(|error| IngestError::Glob { pattern: url.to_string(), error })?.compile_matcher();
    let rest = url.key[base.len()..].trim_start_matches('/');
    let depth = if rest.contains("**") { usize::MAX } else { rest.matches('/').count() + 1 };
    Ok(Pattern { glob, depth })
}
