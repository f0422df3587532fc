//! `lql check`, `lql fmt` and `lql explain` through the program.

use std::fs;

use super::program::Place;

/// A filter without a finding, in canonical form.
const CLEAN: &str = "log_id(\"cloudaudit.googleapis.com/activity\") AND\nresource.type=\"gcs_bucket\"\n";

/// A filter with a warning whose repair is safe (line 1) and one whose repair is not (line 2).
const WARNED: &str = "resource.type='gce_instance'\nAND log_id(\"a%2Fb\")\n";

fn text(place: &Place, name: &str) -> String {
    fs::read_to_string(place.path(name)).unwrap()
}

#[test]
fn a_clean_filter_passes_the_check() {
    let place = Place::new();
    place.write("clean.lql", CLEAN);
    for args in [&["lql", "check", "clean.lql"][..], &["lql", "check", "clean.lql", "--sink", "--deny", "warnings"]] {
        assert_eq!(place.run(args).ends(0).out, "0 errors, 0 warnings in 1 file\n");
    }
}

#[test]
fn a_warning_fails_the_check_only_if_warnings_are_denied() {
    let place = Place::new();
    place.write("warned.lql", WARNED);
    let allowed = place.run(&["lql", "check", "warned.lql"]);
    allowed.ends(0).tells(&[
        "warned.lql:1:15: warning[single_quotes]",
        "\n  resource.type='gce_instance'\n                ^^^^^^^^^^^^^^\nhint: ",
        "warned.lql:2:12: warning[encoded_log_id]",
        "0 errors, 2 warnings in 1 file",
    ]);
    let denied = place.run(&["lql", "check", "warned.lql", "--deny", "warnings"]);
    assert_eq!(denied.ends(1).out, allowed.out);
    place.run(&["lql", "check", "warned.lql", "--deny", "errors"]).ends(2).says(&["warnings"]);
}

#[test]
fn an_undefined_field_fails_the_check() {
    let place = Place::new();
    place.write("wrong.lql", "thud=1 AND log_id(\"x\")");
    place.run(&["lql", "check", "wrong.lql"]).ends(1).tells(&["wrong.lql:1:1: error[undefined_field]", "1 error"]);
}

#[test]
fn what_only_evaluating_finds_fails_the_check_too() {
    let place = Place::new();
    for (filter, says) in [
        ("trace=~\"(\"", "f.lql:1:8: the regular expression cannot be used"),
        ("ip_in_net(trace, \"192.0.2.0/99\")", "f.lql:1:18: "),
        ("sample(trace, 2)", "f.lql:1:15: "),
    ] {
        place.write("f.lql", format!("{filter} AND log_id(\"x\")"));
        place.run(&["lql", "check", "f.lql"]).ends(1).tells(&[says, "^", "1 error, 0 warnings"]);
    }
    place.write("f.lql", "sample(trace, 0.5) AND log_id(\"x\")");
    place.run(&["lql", "check", "f.lql", "--deny", "warnings"]).ends(0);
}

#[test]
fn a_filter_that_cannot_be_read_is_a_finding_and_the_other_files_are_checked_too() {
    let place = Place::new();
    place.write("broken.lql", "log_id(\"x\")\nAND (").write("warned.lql", WARNED).write("clean.lql", CLEAN);
    let ran = place.run(&["lql", "check", "broken.lql", "clean.lql", "warned.lql"]);
    ran.ends(1).tells(&[
        "broken.lql:2:5: ",
        "\n  AND (\n      ^\nhint: ",
        "warned.lql:1:15: ",
        "1 error, 2 warnings in 3 files",
    ]);
    assert_eq!(ran.err, "");
}

#[test]
fn a_time_bound_is_a_finding_in_the_filter_of_a_sink_only() {
    let place = Place::new();
    place.write("bounded.lql", "resource.type=\"gcs_bucket\" AND\ntimestamp>=\"2026-10-01T00:00:00Z\"\n");
    let deny = ["lql", "check", "bounded.lql", "--deny", "warnings"];
    place.run(&deny).ends(0);
    place.run(&[&deny[..], &["--sink"]].concat()).ends(1).tells(&["bounded.lql:2:1: warning[timestamp_in_sink]"]);
}

#[test]
fn a_repair_rewrites_what_is_safe_and_nothing_else() {
    let place = Place::new();
    place.write("warned.lql", WARNED).write("clean.lql", CLEAN).write("broken.lql", "a='b' AND (");
    let ran = place.run(&["lql", "check", "--fix", "warned.lql", "clean.lql", "broken.lql"]);
    ran.ends(1).tells(&["warned.lql:2:12: warning[encoded_log_id]", "1 error, 1 warning in 3 files"]);
    assert!(!ran.out.contains("single_quotes"), "{ran:#?}");
    assert_eq!(text(&place, "warned.lql"), "resource.type=\"gce_instance\"\nAND log_id(\"a%2Fb\")\n");
    assert_eq!(text(&place, "clean.lql"), CLEAN);
    assert_eq!(text(&place, "broken.lql"), "a='b' AND (");
    place.run(&["lql", "check", "--fix", "warned.lql"]).ends(0).tells(&["0 errors, 1 warning"]);
    assert_eq!(place.files(), ["broken.lql", "clean.lql", "warned.lql"]);
}

#[test]
fn a_check_reads_standard_input() {
    let place = Place::new();
    place.run_with(&["lql", "check", "-"], b"thud=1").ends(1).tells(&["-:1:1: error[undefined_field]"]);
}

#[test]
fn a_file_that_is_not_there_stops_the_check() {
    let place = Place::new();
    for command in ["check", "fmt"] {
        place.run(&["lql", command, "gone.lql"]).says(&["gone.lql"]);
        assert_ne!(place.run(&["lql", command, "gone.lql"]).code, Some(0));
    }
}

#[test]
fn a_filter_is_rewritten_in_canonical_form_with_its_comments() {
    let place = Place::new();
    place.write("a.lql", "resource.type=gce_instance -- machines\n-(a.b:c)  severity=('ERROR' OR ALERT)\n-- the end");
    place.run(&["lql", "fmt", "--check", "a.lql"]).ends(1).says(&["a.lql: not in canonical form"]);
    assert!(text(&place, "a.lql").ends_with("the end"), "a check changes nothing");
    assert_eq!(place.run(&["lql", "fmt", "a.lql"]).ends(0).out, "");
    let once = text(&place, "a.lql");
    assert_eq!(
        once,
        "-- machines\nresource.type=gce_instance AND\nNOT a.b:c AND\nseverity=(\"ERROR\" OR ALERT)\n-- the end\n"
    );
    place.run(&["lql", "fmt", "--check", "a.lql"]).ends(0);
    place.run(&["lql", "fmt", "a.lql"]).ends(0);
    assert_eq!(text(&place, "a.lql"), once);
}

#[test]
fn every_file_that_is_not_canonical_is_named() {
    let place = Place::new();
    place.write("a.lql", "a.b=c  d.e=f").write("b.lql", CLEAN).write("c.lql", "(log_id(x))");
    let ran = place.run(&["lql", "fmt", "--check", "a.lql", "b.lql", "c.lql"]);
    ran.ends(1);
    assert_eq!(ran.err, "a.lql: not in canonical form\nc.lql: not in canonical form\n");
}

#[test]
fn standard_input_is_formatted_to_standard_output() {
    let place = Place::new();
    let ran = place.run_with(&["lql", "fmt", "-"], b"(severity>=ERROR) AND log_id('x')");
    assert_eq!(ran.ends(0).out, "severity>=ERROR AND\nlog_id(\"x\")\n");
    let again = place.run_with(&["lql", "fmt", "-"], ran.out.as_bytes());
    assert_eq!(again.ends(0).out, ran.out);
    place.run_with(&["lql", "fmt", "--check", "-"], b"a.b = c").ends(1).says(&["-: not in canonical form"]);
}

#[test]
fn a_filter_that_cannot_be_read_is_not_formatted() {
    let place = Place::new();
    place.write("a.lql", "a.b= OR");
    place.run(&["lql", "fmt", "a.lql"]).ends(2).says(&["a.lql:1:6: ", "\n  a.b= OR\n       ^^\nhint: "]);
    assert_eq!(text(&place, "a.lql"), "a.b= OR");
}

#[test]
fn a_filter_is_told_as_it_binds() {
    let place = Place::new();
    place.write("a.lql", "-labels.a!=(x y) -- comments are not told");
    let told = "all of:\n  severity is at least \"ERROR\"\n  any of:\n    trace is there\n    any field contains \"x\", in any case\n";
    assert_eq!(place.run(&["lql", "explain", "severity>=ERROR AND trace:* OR x"]).ends(0).out, told);
    assert_eq!(place.run(&["lql", "explain", ""]).ends(0).out, "every entry\n");
    assert_eq!(
        place.run(&["lql", "explain", "@a.lql"]).ends(0).out,
        "not (entries without the field included):\n  all of:\n    labels.a is there and is not, in any case, \"x\"\n    \
         labels.a is there and is not, in any case, \"y\"\n"
    );
    place.run(&["lql", "explain", "a OR"]).ends(2).says(&["filter:1:3: ", "\n  a OR\n    ^^\nhint: "]);
}

#[test]
fn what_a_filter_holds_cannot_control_the_terminal() {
    let place = Place::new();
    place.write("a.lql", "\"\u{1b}[31m\" AND (");
    for args in [&["lql", "check", "a.lql"][..], &["lql", "fmt", "a.lql"], &["lql", "explain", "\"\u{1b}[31m\""]] {
        let ran = place.run(args);
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{ran:#?}");
    }
}
