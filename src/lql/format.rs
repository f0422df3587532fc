//! Rewrites the text of a filter in canonical form and keeps its comments.

use super::ast::{Comparison, Expr, Literal, Span};
use super::boolean::{Boolean, Shape};
use super::error::FilterError;
use super::lex::lex;
use super::parse::parse;
use super::print::{clauses, joint, print_clause};

/// The filter as `print` writes it, ending in a line break unless empty; each comment on a line of its own before the clause
/// that it stands in, before or on the line of.
///
/// # Errors
///
/// What `parse` says.
pub fn format(text: &str) -> Result<String, FilterError> {
    let expr = parse(text)?;
    let clauses = clauses(&expr);
    let mut comments = lex(text).comments.into_iter().peekable();
    let mut lines = Vec::new();
    for (index, clause) in clauses.iter().enumerate() {
        let end = span_of(clause).end;
        let next = clauses.get(index + 1).map_or(text.len(), |next| span_of(next).start);
        while let Some(comment) = comments.next_if(|comment| belongs(text, end, next, comment.start)) {
            lines.push(comment_text(text, comment).to_owned());
        }
        let joint = if index + 1 < clauses.len() { joint(&expr) } else { "" };
        lines.push(print_clause(&expr, clause) + joint);
    }
    lines.extend(comments.map(|comment| comment_text(text, comment).to_owned()));
    let mut formatted = lines.join("\n");
    if !formatted.is_empty() {
        formatted.push('\n');
    }
    Ok(formatted)
}

/// Whether a comment stands before the end of a clause, or after it on the same line and before the next one.
fn belongs(text: &str, end: usize, next: usize, comment: usize) -> bool {
    comment < end || (comment < next && text.get(end..comment).is_some_and(|between| !between.contains('\n')))
}

fn comment_text(text: &str, comment: Span) -> &str {
    text.get(comment.start..comment.end).unwrap_or_default().trim_end()
}

/// From the first word of an expression to its last, without parentheses and NOTs around it.
pub fn span_of(expr: &Expr) -> Span {
    match (expr, expr.shape()) {
        (Expr::Compare(Comparison { span, .. }) | Expr::Global(Literal { span, .. }), _) => *span,
        (Expr::Test(call), _) => call.span,
        (_, Shape::All(members) | Shape::Any(members)) => {
            let first = members.first().map_or_else(Span::default, span_of);
            let last = members.last().map_or(first, span_of);
            Span { start: first.start, end: last.end }
        }
        (_, Shape::Not(inner)) => span_of(inner),
        (_, Shape::Leaf) => Span::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stay_with_their_clauses() {
        let text = "-- what it finds\n\na=1 -- the first\n  AND -- the second\n(b=2 -- two\n OR b=3)\n-- the end --\n";
        let formatted = "-- what it finds\n-- the first\na=1 AND\n-- the second\n-- two\n(b=2 OR b=3)\n-- the end --\n";
        assert_eq!(format(text).unwrap(), formatted);
        assert_eq!(format(formatted).unwrap(), formatted);
    }

    #[test]
    fn a_comment_behind_two_clauses_belongs_to_the_second() {
        assert_eq!(format("a=1 b=2 -- why\nc=3").unwrap(), "a=1 AND\n-- why\nb=2 AND\nc=3\n");
    }

    #[test]
    fn a_filter_of_comments_stays_one() {
        assert_eq!(format("  -- nothing \r\n").unwrap(), "-- nothing\n");
        assert_eq!(format("\n").unwrap(), "");
    }
}
