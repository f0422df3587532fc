//! Nonsense in the input gets a clear word and the right exit code, and takes no good entry along.

use std::io::Write;

use serde_json::{Value, json};

use super::program::{Place, good, ids};

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Many good entries as NDJSON.
fn many(count: usize) -> String {
    (0..count).map(|at| format!("{}\n", good(&format!("id-{at:05}")))).collect()
}

#[test]
fn binary_garbage_is_one_rejected_record() {
    let place = Place::new();
    let garbage: Vec<u8> = (0..5000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    place.write("garbage.json", garbage).log("good.jsonl", &[good("a")]);
    let document = place.calls(&["garbage.json", "good.jsonl"], 0);
    assert_eq!(ids(&document), ["a"]);
    assert_eq!(document["tally"]["rejected"], json!({"not_json": 1}));
}

#[test]
fn binary_garbage_between_lines_costs_only_its_line() {
    let place = Place::new();
    let mut bytes = format!("{}\n", good("a")).into_bytes();
    bytes.extend(b"{\xff\xfe\x00\x01\x80\"}\n{\"insertId\":\"\xc3\x28\"}\n");
    bytes.extend(format!("{}\n", good("b")).into_bytes());
    place.write("mixed.jsonl", bytes);
    let document = place.calls(&["mixed.jsonl"], 0);
    assert_eq!(ids(&document), ["a", "b"]);
    assert_eq!(document["tally"]["records"], 4);
}

#[test]
fn an_empty_file_is_a_warning() {
    let place = Place::new();
    place.write("empty.json", "");
    place.run(&["report", "empty.json"]).ends(0).tells(&["no_records"]);
    assert_eq!(place.calls(&["empty.json"], 0)["tally"]["records"], 0);
    place.write("blank.json", "\n \r\n\t\n");
    place.run(&["report", "blank.json"]).ends(0);
    assert_eq!(place.run_with(&["calls", "-", "--format", "json", "-q"], b"").ends(0).json()["tally"]["records"], 0);
}

#[test]
fn a_directory_without_logs_is_a_warning_that_names_it() {
    let place = Place::new();
    place.write("pictures/cat.png", b"\x89PNG");
    place.run(&["report", "pictures"]).ends(0).tells(&["no_records", "pictures"]);
}

#[test]
fn a_truncated_file_keeps_its_good_entries_and_is_marked_in_every_format() {
    let place = Place::new();
    let whole = gz(many(2000).as_bytes());
    place.write("cut.jsonl.gz", &whole[..whole.len() / 2]).log("good.jsonl", &[good("a")]);
    let document = place.calls(&["cut.jsonl.gz", "good.jsonl"], 3);
    let found = ids(&document);
    assert!(found.contains(&"a") && found.len() > 500, "{} entries are kept", found.len());
    assert_eq!(document["incomplete"], true);
    assert!(document["diagnostics"]["input_truncated"]["count"] == 1, "{}", document["diagnostics"]);
    for command in ["report", "calls"] {
        for format in ["table", "csv", "markdown", "html"] {
            let ran = place.run(&[command, "cut.jsonl.gz", "--format", format]);
            assert!(ran.ends(3).out.contains("INCOMPLETE"), "{command} --format {format}");
        }
        for format in ["json", "ndjson"] {
            let ran = place.run(&[command, "cut.jsonl.gz", "--format", format]);
            assert!(ran.ends(3).out.replace(' ', "").contains("\"incomplete\":true"), "{command} --format {format}");
        }
        place.run(&[command, "cut.jsonl.gz", "--format", "parquet", "-o", "out.parquet"]).ends(3);
        let bytes = std::fs::read(place.path("out.parquet")).unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains("incomplete"), "{command} --format parquet");
    }
}

#[test]
fn damaged_zst_and_an_empty_gz_are_told() {
    let place = Place::new();
    let whole = zstd::encode_all(many(3000).as_bytes(), 1).unwrap();
    place.write("cut.zst", &whole[..whole.len() - 7]);
    assert_eq!(place.calls(&["cut.zst"], 3)["incomplete"], true);
    place.write("head.gz", &gz(b"{}")[..9]);
    assert_eq!(place.calls(&["head.gz"], 3)["incomplete"], true);
    place.write("nothing.gz", gz(b""));
    assert_eq!(place.calls(&["nothing.gz"], 0)["tally"]["records"], 0);
}

#[test]
fn a_line_of_300_kilobytes_is_an_entry_as_any_other() {
    let place = Place::new();
    let mut long = good("long");
    long["protoPayload"]["request"] = json!({"body": "x".repeat(300_000)});
    place.log("long.jsonl", &[good("a"), long, good("b")]);
    assert_eq!(ids(&place.calls(&["long.jsonl"], 0)), ["a", "b", "long"]);
}

#[test]
fn a_record_over_the_limit_is_rejected_and_the_others_stay() {
    let place = Place::new();
    let mut long = good("long");
    long["protoPayload"]["request"] = json!({"body": "x".repeat(300_000)});
    place.log("long.jsonl", &[good("a"), long.clone(), good("b")]);
    place.write("long.json", json!([good("c"), long, good("d")]).to_string());
    for (file, expected) in [("long.jsonl", ["a", "b"]), ("long.json", ["c", "d"])] {
        let document = place.calls(&[file, "--max-record", "100kB"], 0);
        assert_eq!(ids(&document), expected, "{file}");
        assert_eq!(document["tally"]["rejected"], json!({"too_large": 1}), "{file}");
    }
}

/// An entry whose request nests this deep.
fn deep(insert_id: &str, depth: usize, field: &str) -> String {
    let mut entry = good(insert_id);
    entry["protoPayload"][field] = json!("HERE");
    let nest = format!("{}1{}", "{\"a\":[".repeat(depth / 2), "]}".repeat(depth / 2));
    entry.to_string().replace("\"HERE\"", &nest)
}

#[test]
fn depth_does_no_harm_in_any_layout() {
    for depth in [10_000, 100_000] {
        let place = Place::new();
        let (request, metadata) = (deep("x", depth, "request"), deep("y", depth, "metadata"));
        let (first, last) = (good("a"), good("b"));
        place.write("lines.jsonl", format!("{first}\n{request}\n{metadata}\n{last}\n"));
        place.write("array.json", format!("[{first},\n{request},{metadata}\n,{last}]"));
        place.write("wrapped.json", format!("{{\"entries\":[{first},{request},\n{metadata},{last}]}}"));
        for file in ["lines.jsonl", "array.json", "wrapped.json"] {
            assert_eq!(ids(&place.calls(&[file], 0)), ["a", "b", "x", "y"], "{file}, depth {depth}");
        }
    }
}

#[test]
fn depth_does_no_harm_in_records_of_other_shapes() {
    let place = Place::new();
    // Without a type the record may be of any shape, so that all shapes look at it.
    let untyped = deep("x", 100_000, "request").replace("type.googleapis.com/google.cloud.audit.AuditLog", "");
    let event = format!("{{\"specversion\":\"1.0\",\"data\":{}}}", deep("y", 100_000, "request"));
    let only_depth = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    place.write("deep.jsonl", format!("{}\n{untyped}\n{event}\n{{\"data\":{only_depth}}}\n{}\n", good("a"), good("b")));
    let found = place.calls(&["deep.jsonl"], 0);
    assert!(ids(&found).starts_with(&["a", "b"]), "{found}");
    assert_eq!(found["tally"]["records"], 5);
    // An input that ends inside a value was cut off.
    place.write("unclosed.json", "[".repeat(100_000));
    assert_eq!(place.calls(&["unclosed.json"], 3)["tally"]["calls"], 0);
}

#[test]
fn a_lone_surrogate_rejects_only_where_it_is_read() {
    let place = Place::new();
    let line = |id: &str, from: &str, to: &str| good(id).to_string().replace(from, to);
    let lines = [
        good("a").to_string(),
        // Read: the resource name.
        line("read", "objects/o", "objects/\\ud83d"),
        // Not read: the resource's type is read by no rule, a request's body by nobody.
        line("unread", "{\"insertId\"", "{\"trace\":\"\\udc00\",\"insertId\""),
        good("b").to_string(),
    ];
    place.write("lone.jsonl", lines.join("\n"));
    let document = place.calls(&["lone.jsonl"], 0);
    assert_eq!(ids(&document), ["a", "b", "unread"]);
    assert_eq!(document["tally"]["rejected"], json!({"invalid_escape": 1}));
}

#[test]
fn nul_is_no_json_raw_and_an_escape_otherwise() {
    let place = Place::new();
    let escaped = good("nul-HERE").to_string().replace("HERE", "\\u0000");
    let raw = good("raw-HERE").to_string().replace("HERE", "\0");
    place.write("nul.jsonl", format!("{}\n{escaped}\n{raw}\n\0\0\0\n{}\n", good("a"), good("b")));
    let document = place.calls(&["nul.jsonl"], 0);
    assert_eq!(ids(&document), ["a", "b", "nul-\0"]);
    assert_eq!(document["tally"]["rejected"]["invalid_json"], 1);
}

#[test]
fn of_duplicate_keys_the_last_wins() {
    let place = Place::new();
    let twice = good("first").to_string().replacen('{', "{\"insertId\":\"zeroth\",", 1);
    let twice =
        twice.replacen("\"project_id\":\"shop-data\"", "\"project_id\":\"shop-web\",\"project_id\":\"shop-ads\"", 1);
    place.write("twice.jsonl", twice);
    let document = place.calls(&["twice.jsonl"], 0);
    assert_eq!(ids(&document), ["first"]);
    assert_eq!(document["rows"][0]["payer"], "shop-ads");
}

#[test]
fn a_missing_input_does_not_cost_the_others() {
    let place = Place::new();
    place.log("good.jsonl", &[good("a")]);
    let document = place.calls(&["good.jsonl", "none.jsonl", "none-*.jsonl", "none/"], 3);
    assert_eq!(ids(&document), ["a"]);
    assert_eq!(
        (&document["incomplete"], &document["diagnostics"]["input_unreadable"]["count"]),
        (&json!(true), &json!(3))
    );
    place.run(&["report", "none.jsonl"]).ends(3).tells(&["none.jsonl", "No such file"]);
}

#[cfg(unix)]
#[test]
fn an_input_that_cannot_be_read_does_not_cost_the_others() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::new();
    place.log("logs/good.jsonl", &[good("a")]).log("logs/secret.jsonl", &[good("b")]);
    symlink("nowhere", place.path("logs/dangling.json")).unwrap();
    let secret = place.path("logs/secret.jsonl");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    let document = place.calls(&["logs"], 3);
    // Who may read everything reads the secret too.
    let expected: &[&str] = if std::fs::read(&secret).is_ok() { &["a", "b"] } else { &["a"] };
    assert_eq!(ids(&document), expected);
    assert_eq!(document["incomplete"], true);
    let told: Vec<Value> = document["diagnostics"]["input_unreadable"]["examples"].as_array().unwrap().clone();
    assert!(told.iter().any(|text| text.as_str().unwrap().contains("dangling.json")), "{told:?}");
}

#[test]
fn utf16_and_csv_are_told_by_name() {
    let place = Place::new();
    let wide: Vec<u8> = "\u{feff}{\"a\":1}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    place.write("wide.json", wide).write("export.csv", "insertId,logName,protoPayload.methodName\na,b,c\n");
    assert_eq!(place.calls(&["wide.json"], 0)["tally"]["rejected"], json!({"not_json": 1}));
    let tally = place.calls(&["export.csv"], 0)["tally"].clone();
    assert_eq!(tally["calls"], 0, "{tally}");
    assert_eq!(tally["rejected"].as_object().unwrap().len(), 1, "{tally}");
}
