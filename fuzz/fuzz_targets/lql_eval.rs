//! Any filter over any JSON: no panic, and reading of a record only what the filter needs selects as reading all of it does.
//!
//! The last line of the input is the record, what stands before it the filter.

#![no_main]

use billtrail::lql::{Compiled, Options, Schema, parse};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &str| {
    let Some((filter, record)) = input.trim_end().rsplit_once('\n') else { return };
    let Ok(tree) = parse(filter) else { return };
    let options = Options { local_sample: true };
    let compiled = match Compiled::with(&tree, &Schema::log_entry(), options) {
        Ok(compiled) => compiled,
        Err(error) => {
            let span = error.span();
            assert!(filter.is_char_boundary(span.start) && filter.is_char_boundary(span.end));
            return;
        }
    };
    let skimmed = compiled.matches_record(record.as_bytes());
    // What the filter does not need is only skimmed, so that a record that is no JSON may be answered all the same.
    if let Ok(entry) = serde_json::from_str::<Value>(record) {
        assert_eq!(skimmed.expect("JSON can be skimmed"), compiled.matches(&entry));
    }
});
