//! Fetches an object in parts, several at a time. A part that breaks off goes on where it stopped, as long as the object is the
//! one that was listed.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};

use super::trouble::Trouble;
use super::url::Scheme;

/// What to fetch.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub store: Arc<dyn ObjectStore>,
    pub scheme: Scheme,
    pub path: Path,
    pub bytes: u64,
    /// The mark of the content that was listed, in quotes.
    pub etag: Option<String>,
}

/// How an object is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// Bytes of a part.
    pub part: u64,
    /// Parts that are fetched at a time.
    pub ahead: usize,
    /// How often a part may break off without a byte, one time after the other.
    pub tries: u32,
    /// The pause after the first of these; it doubles from one to the next.
    pub pause: Duration,
}

impl Manner {
    /// What serves well over a network. One object takes at most (`ahead` + 2) parts of memory.
    pub const USUAL: Self = Self { part: 2 << 20, ahead: 4, tries: 6, pause: Duration::from_millis(200) };
}

/// The parts of so many bytes.
pub(super) fn parts(bytes: u64, part: u64) -> impl Iterator<Item = Range<u64>> + Send {
    let part = part.max(1);
    (0..bytes.div_ceil(part)).map(move |number| number * part..(number * part).saturating_add(part).min(bytes))
}

/// A mark as it stands in a condition.
pub(super) fn quoted(etag: &str) -> String {
    if etag.ends_with('"') { etag.to_owned() } else { format!("\"{etag}\"") }
}

impl Wanted {
    /// Fetches all parts in order and hands them to `take`, until that wants no more.
    pub async fn fetch(self, manner: Manner, take: tokio::sync::mpsc::Sender<Result<Vec<u8>, Trouble>>) {
        let whole = Arc::new(self);
        let fetching = parts(whole.bytes, manner.part).map(|range| {
            let wanted = Arc::clone(&whole);
            async move { wanted.part(range, manner).await }
        });
        let mut fetched = futures_util::stream::iter(fetching).buffered(manner.ahead.max(1));
        while let Some(part) = fetched.next().await {
            let failed = part.is_err();
            if take.send(part).await.is_err() || failed {
                return;
            }
        }
    }

    /// Fetches one part. What the store repeats by itself (a request that is refused for a time) is done within a request; here
    /// an answer that ends too early goes on.
    async fn part(&self, range: Range<u64>, manner: Manner) -> Result<Vec<u8>, Trouble> {
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let mut held = Vec::with_capacity(length.min(usize::try_from(manner.part).unwrap_or(usize::MAX)));
        let mut patience = Patience::new(manner);
        while held.len() < length {
            let before = held.len();
            match self.more(range.start + before as u64..range.end, length, &mut held).await {
                Ok(()) => {}
                Err(Trouble::Broken(_)) if held.len() > before => patience = Patience::new(manner),
                Err(Trouble::Broken(why)) => patience.wait(why).await?,
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(held)
    }

    /// Adds what one request yields, up to a length.
    async fn more(&self, range: Range<u64>, length: usize, held: &mut Vec<u8>) -> Result<(), Trouble> {
        let trouble = |error: object_store::Error| Trouble::of(&error, self.scheme);
        let options =
            GetOptions { range: Some(GetRange::Bounded(range)), if_match: self.etag.clone(), ..GetOptions::default() };
        let answer = self.store.get_opts(&self.path, options).await.map_err(trouble)?;
        if !self.is_same(&answer.meta) {
            return Err(Trouble::Changed);
        }
        let mut body = answer.into_stream();
        while held.len() < length {
            let bytes = body.next().await.ok_or(Trouble::Broken("the connection breaks off"))?.map_err(trouble)?;
            held.extend_from_slice(bytes.get(..length - held.len()).unwrap_or(&bytes));
        }
        Ok(())
    }

    /// Whether an answer is about the object that was listed: not every service keeps to the condition.
    fn is_same(&self, meta: &ObjectMeta) -> bool {
        let etag = meta.e_tag.as_deref().map(quoted);
        meta.size == self.bytes && (etag.is_none() || self.etag.is_none() || etag == self.etag)
    }
}

/// How often something breaks off before it is given up.
pub(super) struct Patience {
    left: u32,
    pause: Duration,
}

impl Patience {
    /// The whole patience of a manner.
    pub fn new(manner: Manner) -> Self {
        Self { left: manner.tries, pause: manner.pause }
    }

    /// Waits before the next try; when there is none left, what broke is the answer.
    pub async fn wait(&mut self, why: &'static str) -> Result<(), Trouble> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Err(Trouble::Other(format!("{why}, again and again")));
        }
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_follow_each_other_from_the_first_byte_to_the_last(bytes in 0_u64..5000, part in 0_u64..700) {
            let parts: Vec<Range<u64>> = parts(bytes, part).collect();
            let mut end = 0;
            for range in &parts {
                prop_assert_eq!(range.start, end);
                prop_assert!(range.end > range.start && range.end - range.start <= part.max(1));
                end = range.end;
            }
            prop_assert_eq!(end, bytes);
        }
    }

    #[test]
    fn a_mark_has_quotes_in_a_condition() {
        assert_eq!(
            (quoted("0x8D"), quoted("\"a\""), quoted("W/\"a\"")),
            ("\"0x8D\"".into(), "\"a\"".into(), "W/\"a\"".into())
        );
    }
}
