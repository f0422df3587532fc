//! Quoted texts: from what stands between the quotes to the text it means, and back.
//!
//! A pattern (the right side of `=~` and `!~`, the second argument of `regexp_extract`) knows only the escapes `\"` and
//! `\\`; all others belong to the regular expression, so `"\d"` and `"\\d"` are the same pattern. Elsewhere the known
//! escapes are decoded, and an unknown one keeps its backslash.

/// Whether a text is a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A text.
    Plain,
    /// A regular expression.
    Pattern,
}

/// What a text between quotes means.
pub(super) fn decode(raw: &str, purpose: Use) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = &rest[at..];
        let (character, length) = match purpose {
            Use::Plain => plain_escape(escape),
            Use::Pattern => pattern_escape(escape),
        }
        // The backslash stays, and what follows it is not the start of another escape.
        .map_or_else(|| (None, kept(escape)), |(character, length)| (Some(character), length));
        match character {
            Some(character) => text.push(character),
            None => text.push_str(&escape[..length]),
        }
        rest = &escape[length..];
    }
    text.push_str(rest);
    text
}

/// The text in double quotes, so that `decode` gives it back.
pub(super) fn quote(text: &str, purpose: Use) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match (character, purpose) {
            ('"' | '\\', _) => quoted.extend(['\\', character]),
            // In a pattern every other escape is the pattern's own.
            (character, Use::Pattern) => quoted.push(character),
            ('\n', Use::Plain) => quoted.push_str("\\n"),
            ('\r', Use::Plain) => quoted.push_str("\\r"),
            ('\t', Use::Plain) => quoted.push_str("\\t"),
            (character, Use::Plain) if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            (character, Use::Plain) => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// The length of a backslash and the character after it.
fn kept(escape: &str) -> usize {
    escape.chars().take(2).map(char::len_utf8).sum()
}

fn pattern_escape(escape: &str) -> Option<(char, usize)> {
    match escape.as_bytes().get(1)? {
        b'"' => Some(('"', 2)),
        b'\\' => Some(('\\', 2)),
        _ => None,
    }
}

fn plain_escape(escape: &str) -> Option<(char, usize)> {
    let character = match escape.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'\'' => '\'',
        b'?' => '?',
        b'a' => '\x07',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\x0b',
        b'0'..=b'3' => return octal(escape),
        b'u' => return unicode(escape),
        _ => return None,
    };
    Some((character, 2))
}

/// `\377`: a byte, as the character of that number.
fn octal(escape: &str) -> Option<(char, usize)> {
    let digits = escape.get(1..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    u8::from_str_radix(digits, 8).ok().map(|byte| (char::from(byte), 4))
}

/// `\u00e9`, or two of them that are a surrogate pair.
fn unicode(escape: &str) -> Option<(char, usize)> {
    let unit = utf16_unit(escape)?;
    if let Some(character) = char::from_u32(u32::from(unit)) {
        return Some((character, 6));
    }
    let pair = [unit, utf16_unit(escape.get(6..)?)?];
    match char::decode_utf16(pair).next() {
        Some(Ok(character)) => Some((character, 12)),
        Some(Err(_)) | None => None,
    }
}

fn utf16_unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    // `from_str_radix` alone would accept a sign.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_escapes_are_decoded() {
        assert_eq!(decode(r#"a\"b\\c\'\?"#, Use::Plain), r#"a"b\c'?"#);
        assert_eq!(decode(r"\a\b\f\n\r\t\v", Use::Plain), "\x07\x08\x0c\n\r\t\x0b");
        assert_eq!(decode(r"\377\101 \u00e9 \ud83d\ude00", Use::Plain), "ÿA é 😀");
    }

    #[test]
    fn an_unknown_escape_keeps_its_backslash() {
        for raw in [r"\d+\.\,", r"\q", r"\400", r"\18", r"\u12", r"\u+123", r"\ud83d", r"\ud83dx", r"\ü", r"\x41"] {
            assert_eq!(decode(raw, Use::Plain), raw);
        }
    }

    #[test]
    fn one_backslash_and_two_are_the_same_pattern() {
        assert_eq!(decode(r"\d+\.x", Use::Pattern), r"\d+\.x");
        assert_eq!(decode(r"\\d+\\.x", Use::Pattern), r"\d+\.x");
        assert_eq!(decode(r#"\"\b\n\'"#, Use::Pattern), r#""\b\n\'"#);
        assert_eq!(decode(r"\\\\", Use::Pattern), r"\\");
    }

    #[test]
    fn a_quoted_text_gives_itself_back() {
        for text in ["", r"\", r#"""#, r"\\n", "a\nb\tc\r\0\u{85}\u{2028}", r#"say "hi""#, "😀 'x'", r"\d+\n"] {
            for purpose in [Use::Plain, Use::Pattern] {
                let quoted = quote(text, purpose);
                assert_eq!(decode(&quoted[1..quoted.len() - 1], purpose), text, "{quoted}");
            }
        }
    }

    #[test]
    fn a_plain_text_is_quoted_on_one_line() {
        assert_eq!(quote("a\nb\u{1b}\u{2029}", Use::Plain), r#""a\nb\u001b\u2029""#);
    }
}
