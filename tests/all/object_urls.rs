//! Names of objects in a build without object storage: refused before anything is read, in words that say how to get it.

use super::program::{Place, good};

#[test]
fn an_object_is_refused_in_words_that_say_what_to_do() {
    let place = Place::new();
    place.log("good.jsonl", &[good("a")]);
    std::fs::write(place.path("list"), "good.jsonl\naz://logs/2026\n").unwrap();
    for (args, url) in [
        (["report", "good.jsonl", "gs://bucket/cloudaudit.googleapis.com"], "gs://bucket/cloudaudit.googleapis.com"),
        (["calls", "s3://bucket/*.json", "--quiet"], "s3://bucket/*.json"),
        (["report", "--files-from", "list"], "az://logs/2026"),
        (["lql", "match", "gs://bucket"], "gs://bucket"),
    ] {
        let args: Vec<&str> = if args[0] == "lql" { vec!["lql", "match", "", args[2]] } else { args.to_vec() };
        let ran = place.run(&args);
        ran.ends(2).says(&[url, "without object storage", "--features cloud", "copy"]);
        assert!(ran.out.is_empty(), "{ran:#?}");
    }
}

#[test]
fn a_name_without_a_bucket_is_refused_as_such() {
    Place::new().run(&["report", "gs:///x"]).ends(2).says(&["gs:///x", "no bucket is named"]);
}

#[test]
fn a_bill_in_a_bucket_is_to_be_copied() {
    let place = Place::new();
    place.log("good.jsonl", &[good("a")]);
    place
        .run(&["report", "good.jsonl", "--bill", "gs://bucket/bill.json"])
        .ends(2)
        .says(&["--bill", "copy the object"]);
}
