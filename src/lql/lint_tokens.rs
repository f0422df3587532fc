//! The tokens of a filter's text as the lints see them: a field with its dots and quoted parts is one.
//!
//! They show what the tree does not keep: quotes, operators in words, parentheses.

use super::ast::Span;
use super::lex::{self, lex};

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, or a field with quoted parts.
    Word,
    /// A text in quotes, standing alone.
    Quoted,
    /// `=`, `:`, `!~` …
    Operator,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `AND`
    And,
    /// `OR`
    Or,
    /// `NOT` or `-`
    Not,
}

/// A word or sign of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

/// The tokens of a text, and the quoted parts among them.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Vec<Span>) {
    let (mut tokens, mut quotes): (Vec<Token>, Vec<Span>) = (Vec::new(), Vec::new());
    for lex::Token { kind, span } in lex(text).tokens {
        let kind = match kind {
            lex::Kind::Word => Kind::Word,
            lex::Kind::Quoted => {
                quotes.push(span);
                Kind::Quoted
            }
            lex::Kind::Op(_) => Kind::Operator,
            lex::Kind::Open => Kind::Open,
            lex::Kind::Close => Kind::Close,
            lex::Kind::Comma => Kind::Comma,
            lex::Kind::Minus | lex::Kind::Not => Kind::Not,
            lex::Kind::And => Kind::And,
            lex::Kind::Or => Kind::Or,
            lex::Kind::End | lex::Kind::Bad(_) => break,
        };
        match tokens.last_mut() {
            Some(last) if joined(text, *last, kind, span) => {
                *last = Token { kind: Kind::Word, span: Span { start: last.span.start, end: span.end } };
            }
            _ => tokens.push(Token { kind, span }),
        }
    }
    (tokens, quotes)
}

fn joined(text: &str, last: Token, kind: Kind, span: Span) -> bool {
    let part = |kind: Kind| matches!(kind, Kind::Word | Kind::Quoted);
    let dotted = || text[..span.start].ends_with('.') || text[span.start..].starts_with('.');
    part(last.kind) && part(kind) && last.span.end == span.start && dotted()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).0.iter().map(|token| &text[token.span.start..token.span.end]).collect()
    }

    #[test]
    fn a_field_with_quoted_parts_is_one_word() {
        assert_eq!(words(r#"a."b c".d="e f""#), [r#"a."b c".d"#, "=", r#""e f""#]);
    }

    #[test]
    fn comments_and_blanks_are_left_out() {
        assert_eq!(words("a -- b\n c"), ["a", "c"]);
    }

    #[test]
    fn quoted_parts_are_listed() {
        let text = r#"a.'b'="c""#;
        let quotes: Vec<&str> = tokens(text).1.iter().map(|span| &text[span.start..span.end]).collect();
        assert_eq!(quotes, ["'b'", "\"c\""]);
    }
}
