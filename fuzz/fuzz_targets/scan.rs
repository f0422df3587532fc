//! Any bytes: the fast scanner accepts only what the strict path accepts, and reads the same fields.

#![no_main]

use billtrail::gcp::log_entry::read;
use billtrail::gcp::scan::scan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|record: &[u8]| {
    if let Ok(scanned) = scan(record) {
        let may_wrap = scanned.may_wrap;
        assert_eq!(Ok(scanned.entry), read(record));
        let value: Option<serde_json::Value> = serde_json::from_slice(record).ok();
        if let Some(serde_json::Value::Object(members)) = value {
            assert_eq!(may_wrap, members.contains_key("entries") || members.contains_key("receivedMessages"));
        }
    }
});
