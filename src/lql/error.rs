//! What is wrong with a filter, and where: the message, the line with a caret under the place, and a hint.

use super::ast::Span;

/// Characters of a line that are shown at most.
const SHOWN: usize = 100;

/// A filter that cannot be read or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct FilterError {
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// Where, in bytes.
    pub span: Span,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
}

impl FilterError {
    /// An error at a place of `text`. A place outside of the text becomes its end.
    pub fn new(text: &str, span: Span, message: impl Into<String>, hint: Option<String>) -> FilterError {
        let start = text.floor_char_boundary(span.start);
        let end = text.floor_char_boundary(span.end).max(start);
        let before = text.get(..start).unwrap_or_default();
        FilterError {
            message: message.into(),
            hint,
            span: Span { start, end },
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|character| *character != '\n').count() + 1,
        }
    }

    /// The error as users see it: `name:line:column: message`, the line of `text`, carets under the place, the hint.
    ///
    /// A long line is cut to the part around the place; control characters are shown as pictures.
    pub fn render(&self, name: &str, text: &str) -> String {
        let line = text.split('\n').nth(self.line - 1).unwrap_or_default();
        let line: Vec<char> = line.strip_suffix('\r').unwrap_or(line).chars().map(visible).collect();
        let at = (self.column - 1).min(line.len());
        let width = text.get(self.span.start..self.span.end).unwrap_or_default().chars().count();

        let from = if line.len() <= SHOWN { 0 } else { at.saturating_sub(SHOWN / 2).min(line.len() - SHOWN) };
        let to = line.len().min(from + SHOWN);
        let (head, tail) = (if from > 0 { "…" } else { "" }, if to < line.len() { "…" } else { "" });
        let excerpt: String = line.iter().skip(from).take(to - from).collect();
        let blanks = " ".repeat(head.chars().count() + at - from);
        let carets = "^".repeat(width.min(to.saturating_sub(at)).max(1));

        let mut rendered = format!(
            "{name}:{}:{}: {}\n  {head}{excerpt}{tail}\n  {blanks}{carets}",
            self.line, self.column, self.message
        );
        if let Some(hint) = &self.hint {
            rendered.push_str("\nhint: ");
            rendered.push_str(hint);
        }
        rendered
    }
}

/// A part of a filter as it is named in a message: cut when long, control characters shown as pictures.
pub(super) fn shown(part: &str) -> String {
    let mut characters = part.chars().map(visible);
    let mut text: String = characters.by_ref().take(SHOWN / 2).collect();
    if characters.next().is_some() {
        text.push('…');
    }
    text
}

/// A character that takes one cell and changes nothing around it.
fn visible(character: char) -> char {
    match character {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        // Other controls, and what hides, joins or turns text around.
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => '\u{fffd}',
        character => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str, start: usize, end: usize) -> FilterError {
        FilterError::new(text, Span { start, end }, "wrong", Some("write it right".to_owned()))
    }

    #[test]
    fn the_caret_stands_under_the_place_counted_in_characters() {
        let text = "a\nß ü bad x\nc";
        let start = text.find("bad").unwrap();
        assert_eq!(
            error(text, start, start + 3).render("filter", text),
            "filter:2:5: wrong\n  ß ü bad x\n      ^^^\nhint: write it right"
        );
    }

    #[test]
    fn the_end_of_the_text_is_a_place() {
        assert_eq!(error("ab", 2, 2).render("f", "ab"), "f:1:3: wrong\n  ab\n    ^\nhint: write it right");
        assert_eq!(error("", 9, 12).render("f", ""), "f:1:1: wrong\n  \n  ^\nhint: write it right");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}!{}", "x".repeat(5_000), "y".repeat(5_000));
        let rendered = error(&text, 5_000, 5_001).render("filter", &text);
        let lines: Vec<&str> = rendered.lines().collect();
        assert_eq!(lines[1].chars().count(), 2 + 1 + SHOWN + 1);
        assert_eq!(lines[1].chars().position(|it| it == '!'), lines[2].chars().position(|it| it == '^'));
    }

    #[test]
    fn control_characters_are_shown_as_pictures() {
        let text = "a\t\u{1b}[31m\u{202e}b";
        let rendered = error(text, 1, 2).render("filter", text);
        assert!(rendered.contains("a␉␛[31m\u{fffd}b"), "{rendered}");
        assert_eq!(shown("\u{7}"), "␇");
    }

    #[test]
    fn a_place_inside_a_character_or_line_end_is_harmless() {
        for start in 0..9 {
            let text = "ß\r\n\u{1F600}x";
            assert!(error(text, start, start + 1).render("filter", text).contains('^'));
        }
    }
}
