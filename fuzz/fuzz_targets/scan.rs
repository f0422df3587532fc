//! Any bytes: both ways of reading that are faster than the strict path accept only what that accepts, and read the same fields.

#![no_main]

#[path = "../../tests/all/plain_of.rs"]
mod plain_of;

use billtrail::gcp::log_entry::read;
use billtrail::gcp::plain;
use billtrail::gcp::scan::{Index, scan};
use libfuzzer_sys::fuzz_target;
use plain_of::plain_of;

fuzz_target!(|record: &[u8]| {
    let strict = read(record);
    let mut index = Index::default();
    let Ok(indexed) = index.of(record) else { return };
    if let Some(walked) = plain::read(indexed) {
        let entry = strict.as_ref().ok().and_then(Option::as_ref);
        assert_eq!(Some(walked), entry.and_then(plain_of));
    }
    if let Ok(scanned) = scan(indexed) {
        let may_wrap = scanned.may_wrap;
        assert_eq!(Ok(scanned.entry), strict);
        let value: Option<serde_json::Value> = serde_json::from_slice(record).ok();
        if let Some(serde_json::Value::Object(members)) = value {
            assert_eq!(may_wrap, members.contains_key("entries") || members.contains_key("receivedMessages"));
        }
    }
});
