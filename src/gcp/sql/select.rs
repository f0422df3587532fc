//! A statement as a list of named steps, and the one place that prints it. What the steps say is left to their files.

use std::fmt::Write;

/// A query: columns from somewhere, perhaps filtered, grouped and thinned out.
#[derive(Debug, Clone, Default)]
pub struct Select {
    /// Expression and name; a name that is empty stands for an expression that brings its own (`step.*`).
    pub columns: Vec<(String, &'static str)>,
    /// What is read, with its joins.
    pub from: String,
    /// Conditions on rows before anything is counted, all of which must hold.
    pub filters: Vec<String>,
    /// Columns by which rows are put together.
    pub group_by: Vec<&'static str>,
    /// The condition on what windows say.
    pub qualify: Option<String>,
    /// Windows by name.
    pub windows: Vec<(&'static str, String)>,
    /// Columns by which rows are sorted.
    pub order_by: Vec<String>,
}

/// A query that later ones read by its name.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// What it is there for, for the reader of the statement.
    pub why: String,
    /// One query, or several whose rows are put one after the other.
    pub selects: Vec<Select>,
}

impl Step {
    /// A step of one query.
    pub fn new(name: &'static str, why: impl Into<String>, select: Select) -> Self {
        Self { name, why: why.into(), selects: vec![select] }
    }
}

/// Prints a statement: remarks, steps, and the query that reads them. Ends in a line break.
pub fn print(remarks: &[String], create: Option<&str>, steps: &[Step], last: &Select) -> String {
    let mut out = String::new();
    for remark in remarks {
        comment(&mut out, remark, "");
    }
    if let Some(name) = create {
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "CREATE OR REPLACE VIEW {name} AS");
    }
    for (at, step) in steps.iter().enumerate() {
        out.push_str(if at == 0 { "WITH\n" } else { ",\n\n" });
        comment(&mut out, &step.why, "");
        let bodies: Vec<String> = step.selects.iter().map(body).collect();
        let _ = write!(out, "{} AS (\n{}\n)", step.name, indented(&bodies.join("\nUNION ALL\n"), "  "));
    }
    out.push_str("\n\n");
    out.push_str(&body(last));
    out.push('\n');
    out
}

fn comment(out: &mut String, text: &str, indent: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "{}", format!("{indent}-- {line}").trim_end());
    }
}

fn body(select: &Select) -> String {
    let columns: Vec<String> = select
        .columns
        .iter()
        .map(|(expression, name)| {
            let own = name.is_empty() || expression == name || expression.ends_with(&format!(".{name}"));
            let named = if own { expression.clone() } else { format!("{expression} AS {name}") };
            indented(&named, "  ")
        })
        .collect();
    let mut out = format!("SELECT\n{}\nFROM {}", columns.join(",\n"), select.from);
    let mut clause = |word: &str, separator: &str, parts: &[String]| {
        if !parts.is_empty() {
            let _ = write!(out, "\n{word} {}", parts.join(separator));
        }
    };
    clause("WHERE", "\n  AND ", &select.filters);
    clause("GROUP BY", ", ", &select.group_by.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    clause("QUALIFY", "", &select.qualify.iter().cloned().collect::<Vec<_>>());
    let windows: Vec<String> = select.windows.iter().map(|(name, window)| format!("{name} AS ({window})")).collect();
    clause("WINDOW", ",\n  ", &windows);
    clause("ORDER BY", ", ", &select.order_by);
    out
}

/// Puts an indent before each line that is not empty.
pub fn indented(text: &str, indent: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") }).collect();
    lines.join("\n")
}

/// A text as a literal.
pub fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for character in text.chars() {
        match character {
            '\'' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(character),
        }
    }
    out.push('\'');
    out
}

/// Texts as a list of literals, for `IN`.
pub fn literals<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let all: Vec<String> = texts.into_iter().map(literal).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_ends_only_where_it_should() {
        assert_eq!(literal("a'b\\c\nd"), r"'a\'b\\c\nd'");
    }

    #[test]
    fn a_statement_has_its_parts_in_the_order_of_the_language() {
        let select = Select {
            columns: vec![
                ("a".to_owned(), "a"),
                ("t.b".to_owned(), "b"),
                ("COUNT(*)".to_owned(), "n"),
                ("t.*".to_owned(), ""),
            ],
            from: "t".to_owned(),
            filters: vec!["a > 1".to_owned(), "b".to_owned()],
            group_by: vec!["a", "b"],
            qualify: Some("ROW_NUMBER() OVER w = 1".to_owned()),
            windows: vec![("w", "PARTITION BY a".to_owned())],
            order_by: vec!["n DESC".to_owned()],
        };
        let text = print(
            &["why\nso".to_owned()],
            Some("`d.v`"),
            &[Step::new(
                "t",
                "the source",
                Select { from: "x".to_owned(), columns: vec![("*".to_owned(), "")], ..Select::default() },
            )],
            &select,
        );
        let expected = "-- why\n-- so\nCREATE OR REPLACE VIEW `d.v` AS\nWITH\n-- the source\nt AS (\n  SELECT\n    *\n  FROM x\n)\n\n\
            SELECT\n  a,\n  t.b,\n  COUNT(*) AS n,\n  t.*\nFROM t\nWHERE a > 1\n  AND b\nGROUP BY a, b\n\
            QUALIFY ROW_NUMBER() OVER w = 1\nWINDOW w AS (PARTITION BY a)\nORDER BY n DESC\n";
        assert_eq!(text, expected);
    }
}
