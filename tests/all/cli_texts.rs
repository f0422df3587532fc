//! The help of every command, kept in `tests/expected/help` so that a change of it is reviewed as code.

use std::collections::BTreeSet;

use billtrail::chargeback::dimension::Dimension;
use billtrail::cli::Cli;
use billtrail::provider::CATALOGUE_DATE;
use billtrail::report::Format;
use clap::CommandFactory;

use super::kept::{compare, printed, updating};
use super::world::root;

const KEPT: &str = "tests/expected/help";

/// The words of each command, with whether it has commands of its own.
fn commands() -> Vec<(Vec<String>, bool)> {
    fn walk(command: &clap::Command, words: &[String], found: &mut Vec<(Vec<String>, bool)>) {
        found.push((words.to_vec(), command.has_subcommands()));
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let words = [words, &[sub.get_name().to_owned()]].concat();
            walk(sub, &words, found);
        }
    }
    let mut found = Vec::new();
    walk(&Cli::command(), &[], &mut found);
    found
}

fn help(words: &[String]) -> String {
    let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
    args.push("--help");
    printed(&args)
}

fn file(words: &[String]) -> String {
    if words.is_empty() { "billtrail.txt".to_owned() } else { format!("{}.txt", words.join("-")) }
}

#[test]
fn every_help_is_the_kept_one() {
    let commands = commands();
    assert!(commands.len() >= 12);
    let expected: BTreeSet<String> = commands.iter().map(|(words, _)| file(words)).collect();
    for (words, _) in &commands {
        compare(&format!("{KEPT}/{}", file(words)), &help(words));
    }
    for entry in std::fs::read_dir(root().join(KEPT)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // A file that another test is writing has a name that begins with a dot.
        if expected.contains(&name) || name.starts_with('.') {
            continue;
        }
        if updating() {
            std::fs::remove_file(&path).unwrap();
        } else {
            panic!("{KEPT}/{name} is the help of no command");
        }
    }
}

#[test]
fn every_command_shows_an_example_of_itself() {
    for (words, has_subcommands) in commands() {
        if has_subcommands {
            continue;
        }
        let help = help(&words);
        let (_, examples) = help.split_once("Example:\n").unwrap_or_else(|| panic!("{words:?} shows no example"));
        let command = format!("billtrail {}", words.join(" "));
        assert!(examples.lines().next().is_some_and(|line| line.contains(&command)), "{words:?}: {examples}");
    }
}

#[test]
fn help_is_at_most_as_wide_as_it_says() {
    for (words, _) in commands() {
        for line in help(&words).lines() {
            // An example is a command line and is not broken.
            let example = line.trim_start().starts_with("billtrail ") || line.contains(" billtrail ");
            assert!(example || line.chars().count() <= 110, "{words:?}: {line}");
        }
    }
}

#[test]
fn help_names_every_column_and_every_format() {
    let report = help(&["report".to_owned()]);
    let words: BTreeSet<&str> = report.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for name in Dimension::ALL.iter().map(|d| d.name()).chain(Format::ALL.iter().map(|f| f.name())) {
        assert!(words.contains(name), "`billtrail report --help` does not name {name}");
    }
}

#[test]
fn the_version_names_the_date_of_the_catalogue() {
    let version = printed(&["--version"]);
    assert_eq!(version, format!("billtrail {} (catalogue of {CATALOGUE_DATE})\n", env!("CARGO_PKG_VERSION")));
    let date: Vec<&str> = CATALOGUE_DATE.split('-').collect();
    assert_eq!(date.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 2, 2], "{CATALOGUE_DATE}");
}
