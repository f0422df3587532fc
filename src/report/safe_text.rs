//! Text from a log, made safe to print: what would steer a terminal or reorder a line is shown as an escape.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with control characters, line breaks, bidirectional controls and invisible characters shown as escapes:
/// `\n`, `\x1b`, `\u{202e}`.
///
/// It is for the eye: a backslash that was in the text stays single.
pub fn safe(text: &str) -> Cow<'_, str> {
    let Some((at, _)) = text.char_indices().find(|(_, c)| is_unsafe(*c)) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(at);
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(clean);
    for c in rest.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if !is_unsafe(c) => shown.push(c),
            // Writing to a string cannot fail.
            c if c.is_ascii() => drop(write!(shown, "\\x{:02x}", u32::from(c))),
            c => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(shown)
}

/// True for a character that a terminal obeys or that cannot be seen: C0, DEL, C1, line and paragraph separators,
/// bidirectional controls, zero-width characters and tags.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(safe("Zürich – 東京 100 %"), Cow::Borrowed(_)));
    }

    #[test]
    fn terminal_escapes_are_shown() {
        assert_eq!(safe("a\u{1b}[31mb\u{9b}c\u{7f}"), "a\\x1b[31mb\\u{9b}c\\x7f");
    }

    #[test]
    fn line_breaks_and_tabs_are_shown() {
        assert_eq!(safe("a\r\n\tb\u{2028}"), "a\\r\\n\\tb\\u{2028}");
    }

    #[test]
    fn text_cannot_be_reordered_or_hidden() {
        assert_eq!(safe("\u{202e}gpj\u{2066}\u{200b}\u{feff}"), "\\u{202e}gpj\\u{2066}\\u{200b}\\u{feff}");
    }
}
