//! Cuts a filter into tokens. Whether a word is a field or a value is for the parser.

use super::ast::{Op, Span};
use super::error::shown;

/// A piece of a filter.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of tokens.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Unquoted text, dots included.
    Word,
    /// A text with its quotes.
    Quoted,
    /// A comparison.
    Op(Op),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `-` at the start of a token.
    Minus,
    /// `AND`
    And,
    /// `OR`
    Or,
    /// `NOT`
    Not,
    /// Nothing more. Always the last token, unless that is `Bad`.
    End,
    /// What is no token. Always the last token.
    Bad(Box<Problem>),
}

/// Why something is no token.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// A filter in pieces.
#[derive(Debug)]
pub(super) struct Lexed {
    /// The tokens, at least one.
    pub tokens: Vec<Token>,
    /// The comments, from `--` to the end of the line.
    pub comments: Vec<Span>,
}

/// Cuts a text into tokens, up to its end or the first place that is no token.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexed = Lexed { tokens: Vec::new(), comments: Vec::new() };
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let trimmed = rest.trim_start_matches(blank);
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("--") {
            let length = trimmed.find('\n').unwrap_or(trimmed.len());
            lexed.comments.push(Span { start: at, end: at + length });
            at += length;
            continue;
        }
        let (kind, length) = token(trimmed);
        let last = matches!(kind, Kind::End | Kind::Bad(_));
        lexed.tokens.push(Token { kind, span: Span { start: at, end: at + length } });
        if last {
            return lexed;
        }
        at += length;
    }
}

fn blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// The token at the start of a text without leading blanks, and its length.
fn token(text: &str) -> (Kind, usize) {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return (Kind::End, 0) };
    let second = characters.next();
    match (first, second) {
        ('(', _) => (Kind::Open, 1),
        (')', _) => (Kind::Close, 1),
        (',', _) => (Kind::Comma, 1),
        ('-', _) => (Kind::Minus, 1),
        (':', _) => (Kind::Op(Op::Has), 1),
        ('=', Some('~')) => (Kind::Op(Op::Matches), 2),
        ('=', _) => (Kind::Op(Op::Eq), 1),
        ('!', Some('=')) => (Kind::Op(Op::Ne), 2),
        ('!', Some('~')) => (Kind::Op(Op::NotMatches), 2),
        ('<', Some('=')) => (Kind::Op(Op::Le), 2),
        ('<', _) => (Kind::Op(Op::Lt), 1),
        ('>', Some('=')) => (Kind::Op(Op::Ge), 2),
        ('>', _) => (Kind::Op(Op::Gt), 1),
        ('"' | '\'', _) => quoted(text, first),
        ('!', _) => bad(first, "`!` does not negate", Some("write `NOT x` or `-x`")),
        ('“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '«' | '»', _) => {
            bad(first, "a typographic quotation mark quotes nothing", Some("write straight quotes: \"…\""))
        }
        (first, _) if foreign(first) => {
            let message = format!("the character U+{:04X} cannot stand outside of quotes", u32::from(first));
            bad(first, &message, first.is_whitespace().then_some("write an ordinary space"))
        }
        _ => word(text),
    }
}

/// Blanks and controls that separate nothing.
fn foreign(character: char) -> bool {
    character.is_control() || character.is_whitespace() || character == '\u{feff}'
}

fn bad(first: char, message: &str, hint: Option<&str>) -> (Kind, usize) {
    let problem = Problem { message: message.to_owned(), hint: hint.map(str::to_owned) };
    (Kind::Bad(Box::new(problem)), first.len_utf8())
}

fn quoted(text: &str, quote: char) -> (Kind, usize) {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            character if character == quote => return (Kind::Quoted, at + 1),
            _ => {}
        }
    }
    let line = text.lines().next().unwrap_or_default();
    let message = format!("the text starting with {} has no closing quote", shown(line));
    let hint = format!("close it with `{quote}`; a quote inside a text is written `\\{quote}`");
    (Kind::Bad(Box::new(Problem { message, hint: Some(hint) })), 1)
}

fn word(text: &str) -> (Kind, usize) {
    let mut length = text.len();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let ends = match character {
            '(' | ')' | ',' | '"' | '\'' | '=' | '<' | '>' | ':' => true,
            '!' => matches!(characters.peek(), Some((_, '=' | '~'))),
            character => foreign(character),
        };
        if ends {
            length = at;
            break;
        }
    }
    let kind = match text.get(..length) {
        Some("AND") => Kind::And,
        Some("OR") => Kind::Or,
        Some("NOT") => Kind::Not,
        Some(_) | None => Kind::Word,
    };
    (kind, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens' texts, separated by `|`.
    fn pieces(text: &str) -> String {
        let lexed = lex(text);
        let pieces = lexed.tokens.iter().map(|token| match token.kind {
            Kind::Bad(_) => "BAD",
            _ => &text[token.span.start..token.span.end],
        });
        pieces.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn words_end_at_operators_parentheses_and_quotes() {
        assert_eq!(pieces("a.b=c"), "a.b|=|c|");
        assert_eq!(pieces("a!=b c!~d e=~f"), "a|!=|b|c|!~|d|e|=~|f|");
        assert_eq!(pieces("x<=1 y>=2<3>4:5"), "x|<=|1|y|>=|2|<|3|>|4|:|5|");
        assert_eq!(pieces("f(a,'b')"), "f|(|a|,|'b'|)|");
        assert_eq!(pieces("labels.\"a b\".c"), "labels.|\"a b\"|.c|");
    }

    #[test]
    fn special_characters_inside_a_word_belong_to_it() {
        let word = "type.googleapis.com/x%2F@y-z_!a~b*{}[]\\&|;#--c";
        assert_eq!(pieces(word), format!("{word}|"));
    }

    #[test]
    fn a_comment_starts_only_where_a_token_could() {
        assert_eq!(pieces("a--b c -- d\n-e --"), "a--b|c|-|e|");
        assert_eq!(pieces("x=\"a -- b\"--c"), "x|=|\"a -- b\"|");
        assert_eq!(lex("a -- b\r\n--c").comments, [Span { start: 2, end: 7 }, Span { start: 8, end: 11 }]);
    }

    #[test]
    fn an_escaped_quote_does_not_end_a_text() {
        assert_eq!(pieces(r#""a\"b\\" c"#), r#""a\"b\\"|c|"#);
        assert_eq!(pieces(r#"'a"\'b' "it's""#), r#"'a"\'b'|"it's"|"#);
    }

    #[test]
    fn what_is_no_token_ends_the_cutting() {
        for text in ["a \"b", "a !b", "a “b”", "a \u{a0}b", "a \u{1}b", "a 'b\\'"] {
            assert_eq!(pieces(text), "a|BAD", "{text:?}");
        }
    }

    #[test]
    fn keywords_are_upper_case_words() {
        let kinds = lex("AND OR NOT and NOTx AND.x").tokens.into_iter().map(|token| token.kind).collect::<Vec<_>>();
        assert!(matches!(kinds[..], [Kind::And, Kind::Or, Kind::Not, Kind::Word, Kind::Word, Kind::Word, Kind::End]));
    }

    #[test]
    fn a_byte_order_mark_before_the_filter_is_skipped() {
        assert_eq!(pieces("\u{feff}a"), "a|");
    }
}
