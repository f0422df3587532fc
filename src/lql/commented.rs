//! A filter put together from parts, each with a comment above it that says what it is for.

use super::ast::Expr;
use super::print::{print, print_clause};

/// Clauses of a filter that have one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What they are for, in one line or more.
    pub why: String,
    /// The clauses, all of which must hold. Without any, the part is a remark.
    pub clauses: Vec<Expr>,
}

impl Part {
    /// A part of one clause.
    pub fn new(why: impl Into<String>, clause: Expr) -> Self {
        Self { why: why.into(), clauses: vec![clause] }
    }

    /// A comment without a clause.
    pub fn remark(why: impl Into<String>) -> Self {
        Self { why: why.into(), clauses: Vec::new() }
    }

    /// The clauses that have lines of their own: an AND is as good as its members.
    fn flat(&self) -> Vec<Expr> {
        let mut flat = Vec::new();
        for clause in &self.clauses {
            match clause {
                Expr::Everything => {}
                Expr::And(members) => flat.extend(members.iter().cloned()),
                Expr::Or(_) | Expr::Not(_) | Expr::Compare(_) | Expr::Global(_) | Expr::Test(_) => {
                    flat.push(clause.clone());
                }
            }
        }
        flat
    }
}

/// The filter that all parts make together, without comments.
pub fn whole(parts: &[Part]) -> Expr {
    let mut clauses: Vec<Expr> = parts.iter().flat_map(Part::flat).collect();
    match clauses.pop() {
        None => Expr::Everything,
        Some(only) if clauses.is_empty() => only,
        Some(last) => {
            clauses.push(last);
            Expr::And(clauses)
        }
    }
}

/// The filter with its comments, in the form that `format` leaves alone. It reads back as `whole(parts)`.
pub fn commented(parts: &[Part]) -> String {
    let expr = whole(parts);
    let count = if let Expr::And(clauses) = &expr { clauses.len() } else { 1 };
    let (mut out, mut written) = (String::new(), 0);
    for part in parts {
        for line in part.why.lines() {
            let line: String = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
            if !line.trim().is_empty() {
                out.extend(["-- ", line.trim(), "\n"]);
            }
        }
        for clause in part.flat() {
            written += 1;
            let text = if count > 1 { print_clause(&expr, &clause) } else { print(&expr) };
            out.extend([text.as_str(), if written < count { " AND" } else { "" }, "\n"]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::laws::tree;
    use super::*;
    use crate::lql::{format, parse};
    use proptest::prelude::*;

    #[test]
    fn each_part_has_its_comment_above() {
        let clause = |text| parse(text).expect("a filter");
        let parts = [
            Part::remark("all of it"),
            Part::new("first", clause("a=1 OR b=2")),
            Part::new("second\nand third", clause("c=3 d=4")),
        ];
        let text = "-- all of it\n-- first\n(a=1 OR b=2) AND\n-- second\n-- and third\nc=3 AND\nd=4\n";
        assert_eq!(commented(&parts), text);
    }

    proptest! {
        #[test]
        fn what_is_commented_reads_back_and_is_formatted_already(
            parts in prop::collection::vec((tree(), "[ -~\\n\\r\u{85}é]{1,12}"), 0..4),
        ) {
            let parts: Vec<Part> = parts.into_iter().map(|(clause, why)| Part::new(why, clause)).collect();
            let text = commented(&parts);
            prop_assert_eq!(parse(&text).expect("a filter"), whole(&parts), "{}", text);
            prop_assert_eq!(format(&text).expect("a filter"), text);
        }
    }
}
