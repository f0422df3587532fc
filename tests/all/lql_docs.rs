//! `docs/filters.md` says what the program does: every lint has its line, and the filters that it reads differently from how
//! they look are read as it says.

use billtrail::lql::lint_id::LintId;
use billtrail::lql::{parse, words};

use super::world::root;

/// The rows of the first table under a heading of the second level, each cut in cells.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("docs/filters.md")).unwrap();
    let start = text.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section \"{heading}\""));
    let lines = text[start + 1..].lines().skip(1).take_while(|line| !line.starts_with("## "));
    let table = lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).skip(2);
    table.map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands in a cell that is nothing but code.
fn code(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`').filter(|code| !code.contains('`'))
}

#[test]
fn every_lint_stands_in_the_page_with_its_meaning_in_the_order_of_the_list() {
    let expected: Vec<Vec<String>> =
        LintId::ALL.iter().map(|lint| vec![format!("`{}`", lint.name()), lint.meaning().to_owned()]).collect();
    assert_eq!(rows("Lints"), expected);
}

#[test]
fn filters_bind_as_the_page_says() {
    let told = |filter: &str| words(&parse(filter).unwrap_or_else(|error| panic!("{}", error.render("page", filter))));
    let mut seen = 0;
    for row in rows("How a filter binds") {
        let written = code(&row[0]).unwrap();
        // A row in words tells of a filter that has no other form.
        let Some(read_as) = code(row[1].split(", ").next().unwrap()) else { continue };
        assert_eq!(told(written), told(read_as), "{written}");
        seen += 1;
    }
    assert!(seen >= 4);
}
