//! Laws of listing and fetching, over a store in memory that can be told to misbehave.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::fetch::Manner;
use super::listing::list_in;
use super::object::Object;
use super::runtime::runtime;
use super::url::ObjectUrl;
use crate::ingest::hours::Hours;
use crate::ingest::inputs::{Listing, Place};
use crate::ingest::{Input, ProblemKind, ReadOptions, ReadSummary, Unit, read};
use crate::model::time::{moment, rfc3339};

const DAY: i64 = 86_400_000_000_000;

/// A store in memory, and what it does wrong.
#[derive(Debug, Default)]
struct Bucket {
    inner: InMemory,
    /// How many bytes each of the next answers holds before it breaks off (true) or simply ends.
    cuts: Mutex<Vec<(usize, bool)>>,
    /// Answers still to be given before the object changes.
    change_after: Mutex<Option<(usize, Vec<u8>)>>,
    /// How many objects each of the next listings holds before it breaks off.
    list_cuts: Mutex<Vec<usize>>,
    /// It does not keep to conditions.
    deaf: bool,
    /// Directories that were listed.
    listed: Mutex<Vec<String>>,
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bucket")
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, mut options: GetOptions) -> Result<GetResult> {
        if !options.head {
            let due = {
                let mut change = self.change_after.lock().unwrap();
                match change.as_mut() {
                    Some((0, _)) => change.take().map(|(_, bytes)| bytes),
                    Some((left, _)) => {
                        *left -= 1;
                        None
                    }
                    None => None,
                }
            };
            if let Some(bytes) = due {
                self.inner.put(path, bytes.into()).await?;
            }
        }
        if self.deaf {
            options.if_match = None;
        }
        let answer = self.inner.get_opts(path, options).await?;
        let Some((length, breaks)) = self.cuts.lock().unwrap().pop() else { return Ok(answer) };
        let (meta, range, attributes) = (answer.meta.clone(), answer.range.clone(), answer.attributes.clone());
        let bytes = answer.bytes().await?;
        let length = length.min(bytes.len());
        let mut sent = vec![Ok(bytes.slice(..length))];
        if breaks {
            sent.push(Err(reset()));
        }
        let payload = GetResultPayload::Stream(stream::iter(sent).boxed());
        Ok(GetResult { payload, meta, range, attributes, extensions: Default::default() })
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed.lock().unwrap().push(prefix.map(ToString::to_string).unwrap_or_default());
        self.cut(self.inner.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.cut(self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.listed.lock().unwrap().push(prefix.map(ToString::to_string).unwrap_or_default());
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

impl Bucket {
    fn cut(&self, listed: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.list_cuts.lock().unwrap().pop() {
            Some(length) => listed.take(length).chain(stream::iter([Err(reset())])).boxed(),
            None => listed,
        }
    }
}

fn reset() -> object_store::Error {
    object_store::Error::Generic { store: "bucket", source: "reset".into() }
}

fn manner(part: u64) -> Manner {
    Manner { part, ahead: 3, tries: 4, pause: Duration::from_micros(10) }
}

fn filled(bucket: Bucket, objects: &[(&str, &[u8])]) -> Arc<Bucket> {
    let bucket = Arc::new(bucket);
    for (key, bytes) in objects {
        let path = Path::parse(key).unwrap();
        runtime().unwrap().block_on(bucket.inner.put(&path, bytes.to_vec().into())).unwrap();
    }
    bucket
}

fn list(bucket: &Arc<Bucket>, url: &str, hours: &Hours, part: u64) -> (Vec<Object>, Listing) {
    let url = ObjectUrl::parse(url).unwrap().unwrap();
    let store: Arc<dyn ObjectStore> = Arc::clone(bucket) as _;
    let mut listing = Listing::default();
    let listed = list_in(&store, &url, hours, manner(part), &mut listing);
    (runtime().unwrap().block_on(listed).unwrap(), listing)
}

fn names(bucket: &Arc<Bucket>, url: &str) -> Vec<String> {
    let (objects, _) = list(bucket, url, &Hours::ALL, 10);
    let mut names: Vec<String> = objects.iter().map(|object| object.url().to_owned()).collect();
    names.sort();
    names
}

/// The only object of a bucket, as `gs://b/a.json`.
fn only(bucket: &Arc<Bucket>, part: u64) -> Object {
    list(bucket, "gs://b/a.json", &Hours::ALL, part).0.remove(0)
}

fn read_object(object: &Object) -> (Vec<u8>, ReadSummary) {
    let input = Input { name: object.url().to_owned(), place: Place::Object(object.clone()) };
    let listing = Listing { inputs: vec![input], ..Listing::default() };
    let options = ReadOptions { threads: 2, chunk: 64, ..ReadOptions::default() };
    let decode = |unit: Unit<'_>| match unit {
        Unit::Record { bytes, source } => (source, bytes.to_vec()),
        Unit::Rejected { bytes, source, .. } => (source, bytes.to_vec()),
        Unit::Text { source } => (source, Vec::new()),
    };
    let mut found = Vec::new();
    let summary = read(&listing, &options, &decode, &mut |values| found.extend(values)).unwrap();
    found.sort();
    (found.into_iter().flat_map(|(_, bytes)| [bytes, b"\n".to_vec()].concat()).collect(), summary)
}

fn lines(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| format!("{{\"a\":{number}}}\n").into_bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_breaks_off_the_bytes_are_those_of_the_object(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        part in 1_u64..700,
        cuts in prop::collection::vec((1_usize..400, any::<bool>()), 0..8),
    ) {
        let bucket = Bucket { cuts: Mutex::new(cuts), ..Bucket::default() };
        let bucket = filled(bucket, &[("a.json", &bytes)]);
        let object = only(&bucket, part);
        object.hash_when_read();
        let mut read = Vec::new();
        object.reader().unwrap().read_to_end(&mut read).unwrap();
        prop_assert_eq!(&read, &bytes);
        prop_assert_eq!(object.sha256(), Some(hex::encode(Sha256::digest(&bytes))));
    }

    #[test]
    fn what_changes_meanwhile_is_told_or_not_seen_at_all(
        part in 50_u64..2000, answers in 0_usize..12, same_length in any::<bool>(), deaf in any::<bool>(),
    ) {
        let text = lines(100);
        let other = if same_length { text.to_ascii_uppercase() } else { lines(120) };
        let change_after = Mutex::new(Some((answers, other)));
        let bucket = filled(Bucket { change_after, deaf, ..Bucket::default() }, &[("a.json", &text)]);
        let (read, summary) = read_object(&only(&bucket, part));
        // Never a mixture: what is read is what was listed, as far as it goes.
        prop_assert!(text.starts_with(&read[..read.len().saturating_sub(1)]));
        match &summary.inputs[0].problem {
            None => prop_assert_eq!(read, text),
            Some(problem) => {
                prop_assert_eq!(problem.kind, ProblemKind::Changed);
                prop_assert!(problem.why.contains("replaced"), "{}", problem.why);
            }
        }
    }

    #[test]
    fn with_hours_is_found_what_is_found_without_and_lies_within(
        days in prop::collection::btree_set(0_i64..900, 1..40),
        from in prop::option::of(-100_i64..1000),
        length in prop::option::of(1_i64..200),
        base in prop::sample::select(vec!["", "logs", "logs/cloudaudit.googleapis.com/activity", "logs/*/activity"]),
    ) {
        let start = moment("2025-06-01", chrono_tz::UTC).unwrap();
        let hour = |day: &i64| start + day * DAY + (day % 24) * 3_600_000_000_000;
        let key = |at: i64| {
            let time = rfc3339(at);
            let (date, hour) = (time[..10].replace('-', "/"), &time[11..13]);
            let shard = if at % 7 == 0 { "A0:1790000000" } else { "S0" };
            format!("logs/cloudaudit.googleapis.com/activity/{date}/{hour}:00:00_{hour}:59:59_{shard}.json")
        };
        let keys: BTreeMap<String, i64> = days.iter().map(|day| (key(hour(day)), hour(day))).collect();
        let extra = ["logs/cloudaudit.googleapis.com/activity/notes.json", "logs/2024/hello/x.json", "logs/1999/x.json"];
        let objects: Vec<(&str, &[u8])> =
            keys.keys().map(String::as_str).chain(extra).map(|key| (key, b"{}".as_slice())).collect();
        let bucket = filled(Bucket::default(), &objects);
        let period = (from.map(|from| start + from * DAY), from.zip(length).map(|(from, length)| start + (from + length) * DAY));
        let hours = Hours::around(period.0, period.1);
        let url = format!("gs://b/{base}");
        let (narrow, narrow_listing) = list(&bucket, &url, &hours, 10);
        let narrow: BTreeSet<String> = narrow.iter().map(|object| object.url().to_owned()).collect();
        let listed = std::mem::take(&mut *bucket.listed.lock().unwrap());
        let (all, _) = list(&bucket, &url, &Hours::ALL, 10);
        let wanted = all.iter().map(|object| object.url().to_owned());
        let touches = |url: &String| {
            keys.get(url.strip_prefix("gs://b/").unwrap()).is_none_or(|at| hours.touch(*at, at + 3_600_000_000_000))
        };
        let wanted: BTreeSet<String> = wanted.filter(touches).collect();
        prop_assert_eq!(&narrow, &wanted);
        prop_assert_eq!(narrow_listing.narrowed.is_empty(), narrow.len() == all.len());
        // A day outside the hours is never listed.
        for directory in listed {
            let date = directory.rsplitn(4, '/').take(3).collect::<Vec<_>>();
            if let [day, month, year] = date.as_slice()
                && let Some(begin) = moment(&format!("{year}-{month}-{day}"), chrono_tz::UTC)
            {
                prop_assert!(hours.touch(begin, begin + DAY), "{directory}");
            }
        }
    }
}

#[test]
fn a_listing_that_breaks_off_goes_on() {
    let keys: Vec<String> = (100..200).map(|number| format!("{number}.json")).collect();
    let objects: Vec<(&str, &[u8])> = keys.iter().map(|key| (key.as_str(), b"{}".as_slice())).collect();
    let bucket = filled(Bucket { list_cuts: Mutex::new(vec![3, 0, 17, 1, 0, 0, 5, 1]), ..Bucket::default() }, &objects);
    let urls: Vec<String> = keys.iter().map(|key| format!("gs://b/{key}")).collect();
    assert_eq!(names(&bucket, "gs://b"), urls);
    *bucket.list_cuts.lock().unwrap() = vec![0; 10];
    let (found, listing) = list(&bucket, "gs://b", &Hours::ALL, 10);
    assert!(found.is_empty() && listing.failed[0].why.ends_with("again and again"), "{listing:?}");
}

#[test]
fn a_name_stands_for_an_object_or_for_what_is_below_it() {
    let keys = [
        "a.json",
        "logs/x.json",
        "logs/b/y.ndjson.gz",
        "logs/README.md",
        "logs/.hidden/z.json",
        "logs/.z.json",
        "other.bin",
    ];
    let objects: Vec<(&str, &[u8])> = keys.iter().map(|key| (*key, b"{}".as_slice())).collect();
    let bucket = filled(Bucket::default(), &objects);
    let below = ["gs://b/logs/b/y.ndjson.gz", "gs://b/logs/x.json"];
    assert_eq!(names(&bucket, "gs://b/logs"), below);
    assert_eq!(names(&bucket, "gs://b/logs/"), below);
    assert_eq!(names(&bucket, "gs://b/other.bin"), ["gs://b/other.bin"]);
    assert_eq!(names(&bucket, "gs://b").len(), 3);
    assert_eq!(names(&bucket, "gs://b/*.json"), ["gs://b/a.json"]);
    assert_eq!(names(&bucket, "gs://b/**/*.gz"), below[..1]);
    assert_eq!(names(&bucket, "gs://b/l*s"), below);
    assert_eq!(names(&bucket, "gs://b/*.{json,bin}"), ["gs://b/a.json", "gs://b/other.bin"]);
    let (_, listing) = list(&bucket, "gs://b/logs", &Hours::ALL, 10);
    assert_eq!(listing.ignored, ["gs://b/logs/README.md"]);
    for nothing in ["gs://b/log", "gs://b/none/*.json"] {
        let (found, listing) = list(&bucket, nothing, &Hours::ALL, 10);
        assert!(found.is_empty() && listing.failed.len() == 1, "{nothing}: {listing:?}");
    }
}

#[test]
fn an_object_that_breaks_off_for_ever_is_given_up() {
    let cuts = Mutex::new(vec![(0, true); 50]);
    let bucket = filled(Bucket { cuts, ..Bucket::default() }, &[("a.json", &lines(10))]);
    let (_, summary) = read_object(&only(&bucket, 1000));
    let problem = summary.inputs[0].problem.clone().unwrap();
    assert_eq!(problem.kind, ProblemKind::Unreadable);
    assert!(problem.why.ends_with("again and again; 0 of 80 bytes were read"), "{}", problem.why);
}

#[test]
fn a_compressed_object_whose_fetching_fails_is_not_called_truncated() {
    let stored = crate::ingest::facts::gzip(&lines(5000));
    let mut cuts = vec![(0, true); 50];
    cuts.push((600, false));
    let bucket = filled(Bucket { cuts: Mutex::new(cuts), ..Bucket::default() }, &[("a.json", &stored)]);
    let (_, summary) = read_object(&only(&bucket, 500));
    assert_eq!(summary.inputs[0].problem.clone().unwrap().kind, ProblemKind::Unreadable);
}

#[test]
fn a_deleted_object_is_told() {
    let bucket = filled(Bucket::default(), &[("a.json", &lines(10))]);
    let object = only(&bucket, 1000);
    runtime().unwrap().block_on(bucket.inner.delete(&Path::from("a.json"))).unwrap();
    let (_, summary) = read_object(&object);
    let problem = summary.inputs[0].problem.clone().unwrap();
    assert_eq!(problem.kind, ProblemKind::Changed);
    assert!(problem.why.contains("deleted"), "{}", problem.why);
}

#[test]
fn many_small_objects_are_read_whole_and_fetched_ahead_once() {
    let keys: Vec<String> = (0..200).map(|number| format!("{number}.json")).collect();
    let objects: Vec<(&str, &[u8])> = keys.iter().map(|key| (key.as_str(), b"{}\n{}\n".as_slice())).collect();
    let bucket = filled(Bucket::default(), &objects);
    let (objects, _) = list(&bucket, "gs://b", &Hours::ALL, 1000);
    let input = |object: Object| Input { name: object.url().to_owned(), place: Place::Object(object) };
    let listing = Listing { inputs: objects.into_iter().map(input).collect(), ..Listing::default() };
    for _ in 0..2 {
        let summary = read(&listing, &ReadOptions::default(), &|_| (), &mut |_| ()).unwrap();
        assert_eq!((summary.records(), summary.is_complete()), (400, true));
    }
}

#[test]
fn nothing_of_the_store_is_shown_of_an_object() {
    let bucket = filled(Bucket::default(), &[("a.json", b"{}")]);
    assert_eq!(format!("{:?}", only(&bucket, 10)), "Object(\"gs://b/a.json\")");
}
