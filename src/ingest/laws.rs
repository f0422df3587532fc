//! Laws of the reader: layout, chunks, threads and compression change nothing, and nothing is lost.

use proptest::prelude::*;

use super::facts::{Found, gzip, one, options, read_files};
use super::*;
use crate::model::reason::RejectReason;

/// JSON objects as text, compact. None is empty: `{}` ends on its line however it is printed, and so chooses line mode.
fn objects() -> impl Strategy<Value = Vec<String>> {
    let text = "[a-c\\[\\]{}\",:\\\\ \n]{0,12}";
    let leaf = prop_oneof![Just(serde_json::Value::Null), text.prop_map(serde_json::Value::from)];
    let value = leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-e ]{0,3}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    let object = prop::collection::btree_map("[a-e]{1,3}", value, 1..4)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()).to_string());
    prop::collection::vec(object, 1..8)
}

fn values(found: &[Found]) -> Vec<String> {
    found
        .iter()
        .map(|(_, kind, bytes)| {
            assert_eq!(kind, "record", "{}", String::from_utf8_lossy(bytes));
            serde_json::from_slice::<serde_json::Value>(bytes).unwrap().to_string()
        })
        .collect()
}

/// Pieces of which broken and good JSON is made.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\n", "\r\n", " ", "  ", "\"a\":1", "\"entries\":[", "{}", "{\"a\":{}}\n",
            "\n{", "\n  {", "\n},{", "text\n", "null", "\"receivedMessages\":[", "\"logName\":\"x\",", "[\n  {\n    \"a\": 1\n  },\n"
        ]).prop_map(|token| token.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..3),
    ];
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_layout_gives_the_same_values(objects in objects()) {
        let parsed: Vec<serde_json::Value> = objects.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let pretty: Vec<String> = parsed.iter().map(|value| serde_json::to_string_pretty(value).unwrap()).collect();
        let wrapped = serde_json::json!({"entries": parsed, "nextPageToken": "x"});
        let expected: Vec<String> = parsed.iter().map(ToString::to_string).collect();
        for text in [
            objects.join("\n"),
            objects.join("\r\n"),
            objects.concat(),
            format!("WARNING\n{}", objects.join("\n")),
            format!("[{}]", objects.join(",")),
            format!("[{}]", objects.join(",\n")),
            pretty.join("\n"),
            pretty.concat(),
            pretty.join("\ntext\n"),
            serde_json::to_string_pretty(&parsed).unwrap(),
            wrapped.to_string(),
            serde_json::to_string_pretty(&wrapped).unwrap(),
            format!("[{wrapped}\n]"),
        ] {
            let found: Vec<Found> = one(text.as_bytes()).into_iter().filter(|(_, kind, _)| kind != "text").collect();
            prop_assert_eq!(values(&found), expected.clone(), "{}", text);
        }
    }

    #[test]
    fn chunks_threads_and_compression_change_nothing(first in noise(), second in noise(), chunk in 1usize..40) {
        let zstd = zstd::encode_all(first.as_slice(), 1).unwrap();
        let mut plain = read_files(&[("a", &first), ("b", &second)], options(1, 1 << 20)).0;
        prop_assert_eq!(&read_files(&[("a", &gzip(&first)), ("b", &second)], options(3, chunk)).0, &plain);
        prop_assert_eq!(&read_files(&[("a", &zstd), ("b", &second)], options(2, 1)).0, &plain);
        let small = |chunk| ReadOptions { threads: 2, max_record: 12, chunk };
        plain = read_files(&[("a", &first)], small(1 << 20)).0;
        prop_assert_eq!(&read_files(&[("a", &first)], small(chunk)).0, &plain);
    }

    #[test]
    fn nothing_is_lost_in_noise(bytes in noise()) {
        let found = one(&bytes);
        let whole = found.first().is_some_and(|(_, kind, _)| {
            [RejectReason::NotJson, RejectReason::CsvExport].iter().any(|reason| kind.starts_with(reason.name()))
        });
        let mut left = bytes.clone();
        let mut end = 0;
        for (source, kind, bytes) in &found {
            let start = source.offset as usize;
            prop_assert!(start >= end, "{:?} overlaps", source);
            end = start + bytes.len();
            let length = if kind == "text" {
                left[start..].iter().position(|byte| *byte == b'\n').unwrap_or(left.len() - start)
            } else {
                prop_assert_eq!(&left[start..end], bytes.as_slice());
                bytes.len()
            };
            left[start..start + length].fill(b' ');
        }
        // What is left are wrappers and the brackets of arrays.
        let rest = String::from_utf8_lossy(&left).into_owned();
        let wrapper = rest.contains("entries") || rest.contains("receivedMessages");
        prop_assert!(whole || wrapper || rest.chars().all(|c| c.is_ascii_whitespace() || "[],".contains(c)), "{:?}", rest);
    }
}
