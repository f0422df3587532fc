//! Regular expressions as RE2 reads them, on the `regex` crate: ASCII classes, whole characters, a bound on size.
//!
//! The two differ in spelling only; [`compile`] rewrites RE2's spelling and leaves the matching to the crate.

use regex::bytes::{Regex, RegexBuilder};

/// The most memory a compiled expression may take.
const SIZE: usize = 1 << 20;

/// The expression, ready to search in UTF-8 text. Errors say in one line what is wrong.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&translate(pattern)?).size_limit(SIZE).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    })
}

/// The same expression in the crate's spelling.
fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        rest = match letter {
            '\\' => escape(after, in_class, &mut out)?,
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                let after = after.strip_prefix('^').inspect(|_| out.push('^')).unwrap_or(after);
                after.strip_prefix(']').inspect(|_| out.push_str("\\]")).unwrap_or(after)
            }
            '[' => match after.starts_with(':').then(|| after.find(":]")).flatten() {
                // A POSIX class: `[:alpha:]`.
                Some(end) => {
                    out.push('[');
                    out.push_str(&after[..end + 2]);
                    &after[end + 2..]
                }
                None => {
                    out.push_str("\\[");
                    after
                }
            },
            ']' => {
                in_class = false;
                out.push(']');
                after
            }
            // The crate knows operations on classes; RE2 does not.
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(letter);
                after
            }
            // A brace that does not repeat is a brace.
            '{' if !in_class && !repeats(after) => {
                out.push_str("\\{");
                after
            }
            _ => {
                out.push(letter);
                after
            }
        };
    }
    Ok(out)
}

/// Rewrites what follows a backslash and returns what is left.
fn escape<'a>(after: &'a str, in_class: bool, out: &mut String) -> Result<&'a str, String> {
    let Some(letter) = after.chars().next() else { return Err("it ends in a single backslash".to_owned()) };
    let rest = &after[letter.len_utf8()..];
    match letter {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        's' => out.push_str(r"[\t\n\x0C\r\x20]"),
        'S' => out.push_str(r"[^\t\n\x0C\r\x20]"),
        'b' if !in_class => out.push_str(r"(?-u:\b)"),
        'B' if !in_class => out.push_str(r"(?-u:\B)"),
        'C' if !in_class => out.push_str("(?s-u:.)"),
        // To the crate these are the start and end of a word.
        '<' | '>' => out.push(letter),
        'Q' => {
            let (literal, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(literal));
            return Ok(rest);
        }
        '0' | '1'..='7' => {
            let digits = rest.bytes().take(2).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
            if letter != '0' && digits == 0 {
                return Err(format!("RE2 has no backreferences (\\{letter})"));
            }
            let code = u32::from_str_radix(&after[..=digits], 8).unwrap_or_default();
            out.push_str(&format!("\\x{{{code:X}}}"));
            return Ok(&rest[digits..]);
        }
        _ => {
            out.push('\\');
            out.push(letter);
            // The braces of `\x{…}` and `\p{…}` belong to the escape.
            if matches!(letter, 'x' | 'p' | 'P')
                && rest.starts_with('{')
                && let Some(end) = rest.find('}')
            {
                out.push_str(&rest[..=end]);
                return Ok(&rest[end + 1..]);
            }
        }
    }
    Ok(rest)
}

/// Whether what follows an opening brace makes it a repetition: `3}`, `3,}` or `3,5}`.
fn repeats(after: &str) -> bool {
    let Some((inside, _)) = after.split_once('}') else { return false };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    !low.is_empty() && low.bytes().chain(high.bytes()).all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).is_match(text.as_bytes())
    }

    #[test]
    fn classes_are_ascii_and_a_dot_is_a_whole_character() {
        assert!(finds(r"^\d+$", "12") && !finds(r"^\d+$", "१२"));
        assert!(!finds(r"\w", "é") && finds(r"^[\W\d]$", "é"));
        assert!(finds("^.$", "💩") && finds("^[^a]$", "δ"));
        assert!(finds(r"\bé", "aé") && finds(r"\B.", "δδ"));
        assert!(finds(r"(?i)É", "é"));
    }

    #[test]
    fn what_re2_takes_literally_is_literal() {
        assert!(finds("/${NAME}/", "/${NAME}/") || finds("{NAME}/", "{NAME}/"));
        assert!(finds(r"\<a\>", "<a>") && finds("[[]", "[") && finds("[]a]+", "]a") && finds("a{,2}", "a{,2}"));
        assert!(finds(r"\Qa.b\E+", "a.bb") && !finds(r"\Qa.b\E", "axb"));
        assert!(finds(r"[a&&b]", "&") && finds(r"\101\x{42}\pL", "ABc") && finds("[[:digit:]x]", "x"));
        assert!(finds(r"a{2}b{1,}c{0,3}", "aab"));
    }

    #[test]
    fn what_re2_refuses_or_is_too_large_is_an_error() {
        for pattern in [r"(a)\1", "(?=a)", "(", "a\\", r"(\w{500}){500}", "*"] {
            assert!(compile(pattern).is_err_and(|error| !error.is_empty() && !error.contains('\n')), "{pattern}");
        }
    }
}
