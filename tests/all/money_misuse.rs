//! What is wrong with bills, shares, pools and limits: each error names the file, the line and the remedy, and leaves no file.
//!
//! `TRYCMD=overwrite cargo test --test all money_misuse` writes the present errors into `tests/misuse/money.trycmd`.

use super::kept::output;
use super::world::root;

const CASES: &str = "tests/misuse/money.trycmd";

#[test]
fn errors_about_money_read_as_they_are_kept() {
    trycmd::TestCases::new()
        .register_bin("billtrail", std::path::Path::new(env!("CARGO_BIN_EXE_billtrail")))
        .env("HOME", root().to_str().unwrap())
        .case(CASES);
}

#[test]
fn no_error_about_money_leaves_an_output() {
    let directory = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join(CASES)).unwrap();
    let commands: Vec<Vec<&str>> = (text.lines())
        .filter_map(|line| line.strip_prefix("$ billtrail "))
        .map(|line| match line.split_once('\'') {
            Some((words, quoted)) => words.split_whitespace().chain([quoted.trim_end_matches('\'')]).collect(),
            None => line.split_whitespace().collect(),
        })
        .collect();
    assert!(commands.len() > 10);
    let out = directory.path().join("out.json");
    for command in commands {
        let output = output(&[&command[..], &["-o", out.to_str().unwrap()]].concat());
        assert!(output.status.code() > Some(1), "{command:?}");
        assert!(output.stdout.is_empty(), "{command:?}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "{command:?}");
    }
}
