//! A walk over the tokens of a record, in the order in which they stand. Each step checks the grammar of what it passes.

use std::borrow::Cow;

use super::index::Indexed;
use super::token::{literal, number};

/// A place among the tokens of a record. Steps give `None` when what stands there is not what was asked for.
pub struct Walk<'r, 'i> {
    text: &'r str,
    kinds: &'i [u8],
    at: &'i [u32],
    next: usize,
    /// Where escapes stand that were not passed yet.
    escapes: &'i [u32],
}

/// A string as it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quoted<'r> {
    /// What stands between the quotes.
    pub text: &'r str,
    escapes: bool,
}

impl<'r> Quoted<'r> {
    /// What it says, if that is what is written.
    pub fn without_escapes(self) -> Option<&'r str> {
        (!self.escapes).then_some(self.text)
    }

    /// What it says; `None` for escapes that stand for no character.
    pub fn decoded(self) -> Option<Cow<'r, str>> {
        match self.without_escapes() {
            Some(text) => Some(Cow::Borrowed(text)),
            None => serde_json::from_str(&format!("\"{}\"", self.text)).ok().map(Cow::Owned),
        }
    }
}

impl<'r, 'i> Walk<'r, 'i> {
    /// Begins at the first token of a record.
    pub fn new(Indexed { text, index }: Indexed<'r, 'i>) -> Self {
        let (kinds, at) = index.with_end();
        Self { text, kinds, at, next: 0, escapes: index.escapes() }
    }

    /// The first byte of the next token; zero at the end.
    pub fn peek(&self) -> u8 {
        self.kinds.get(self.next).copied().unwrap_or(0)
    }

    /// Passes an expected token of one byte.
    pub fn pass(&mut self, expected: u8) -> Option<()> {
        let found = self.peek() == expected;
        self.next += 1;
        found.then_some(())
    }

    /// Whether all tokens were passed.
    pub fn is_at_end(&self) -> bool {
        self.next + 1 == self.kinds.len()
    }

    /// Passes a string that holds no escapes, and gives it.
    pub fn text(&mut self) -> Option<&'r str> {
        self.string()?.without_escapes()
    }

    /// Passes a string.
    pub fn string(&mut self) -> Option<Quoted<'r>> {
        // Quotes stand in pairs.
        let &[b'"', _] = self.kinds.get(self.next..self.next + 2)? else { return None };
        let &[open, close] = self.at.get(self.next..self.next + 2)? else { return None };
        self.next += 2;
        let text = self.text.get(open as usize + 1..close as usize)?;
        Some(Quoted { text, escapes: self.has_escape(open, close) })
    }

    /// Whether an escape stands in the string between these quotes. Strings are asked about in their order.
    fn has_escape(&mut self, open: u32, close: u32) -> bool {
        while let [first, rest @ ..] = self.escapes {
            if *first > open {
                return *first < close;
            }
            self.escapes = rest;
        }
        false
    }

    /// Passes an object: a member's name is given to `member`, which passes its value.
    #[inline]
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &'r str) -> Option<()>) -> Option<()> {
        self.pass(b'{')?;
        if self.peek() == b'}' {
            return self.pass(b'}');
        }
        loop {
            let name = self.text()?;
            self.pass(b':')?;
            member(self, name)?;
            match self.peek() {
                b',' => self.next += 1,
                _ => return self.pass(b'}'),
            }
        }
    }

    /// Passes an array, each element with `element`.
    #[inline]
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.pass(b'[')?;
        if self.peek() == b']' {
            return self.pass(b']');
        }
        loop {
            element(self)?;
            match self.peek() {
                b',' => self.next += 1,
                _ => return self.pass(b']'),
            }
        }
    }

    /// Passes a truth value.
    pub fn flag(&mut self) -> Option<bool> {
        let kind = self.peek();
        self.scalar()?;
        matches!(kind, b't' | b'f').then_some(kind == b't')
    }

    /// Passes an integer that fits.
    pub fn integer(&mut self) -> Option<i64> {
        let start = *self.at.get(self.next)? as usize;
        if !matches!(self.peek(), b'-' | b'0'..=b'9') {
            return None;
        }
        let end = self.scalar()?;
        let digits = self.text.get(start..end)?;
        // A negative zero is a float.
        if digits == "-0" { None } else { digits.parse().ok() }
    }

    /// Passes `null`.
    pub fn null(&mut self) -> Option<()> {
        let kind = self.peek();
        self.scalar()?;
        (kind == b'n').then_some(())
    }

    /// Passes a number or word; where it ends.
    fn scalar(&mut self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let start = *self.at.get(self.next)? as usize;
        let token = bytes.get(start..)?;
        let end = start
            + match self.peek() {
                b't' => literal(token, b"true"),
                b'f' => literal(token, b"false"),
                b'n' => literal(token, b"null"),
                b'-' | b'0'..=b'9' => number(token),
                _ => None,
            }?;
        // The token ends where nothing of a number or word stands any more.
        let ends =
            |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b',' | b'"' | b' ' | b'\t' | b'\n' | b'\r');
        self.next += 1;
        bytes.get(end).is_none_or(ends).then_some(end)
    }

    /// Passes a value of any kind, its grammar checked.
    pub fn skip(&mut self) -> Option<()> {
        /// One bit a level, 1 is an object; deeper values are odd.
        const LEVELS: u32 = 64;
        let (mut objects, mut level) = (0_u64, 0_u32);
        loop {
            match self.peek() {
                b'"' => self.next += 2,
                open @ (b'{' | b'[') => {
                    self.next += 1;
                    let object = open == b'{';
                    if self.peek() == if object { b'}' } else { b']' } {
                        self.next += 1;
                    } else {
                        if level == LEVELS {
                            return None;
                        }
                        objects = objects << 1 | u64::from(object);
                        level += 1;
                        if object {
                            self.skip_name()?;
                        }
                        continue;
                    }
                }
                _ => drop(self.scalar()?),
            }
            loop {
                if level == 0 {
                    return Some(());
                }
                let object = objects & 1 == 1;
                match (self.peek(), object) {
                    (b',', _) => {
                        self.next += 1;
                        if object {
                            self.skip_name()?;
                        }
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        self.next += 1;
                        objects >>= 1;
                        level -= 1;
                    }
                    _ => return None,
                }
            }
        }
    }

    fn skip_name(&mut self) -> Option<()> {
        let &[b'"', _, b':'] = self.kinds.get(self.next..self.next + 3)? else { return None };
        self.next += 3;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Index;
    use super::*;

    fn skips(text: &str) -> bool {
        let mut index = Index::default();
        let Ok(indexed) = index.of(text.as_bytes()) else { return false };
        let mut walk = Walk::new(indexed);
        walk.skip().is_some() && walk.is_at_end()
    }

    proptest::proptest! {
        #[test]
        fn what_is_skipped_is_json(parts in proptest::collection::vec(proptest::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\"a\"", "\"\"", "\"\\n\"", "\"\\\"\"", "\"\\x\"", "1", "-0", "01", "1.5e3", "1.", "true", "tru", "null", "nullx", " ", "\n", "\u{1}",
            "\\", "é", "\"é\"", "\"a\":1", "\"b\":{}", "[1,2]", "{\"c\":[null]}",
        ]), 0..9)) {
            let text = parts.concat();
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            proptest::prop_assert_eq!(skips(&text), valid, "{}", text);
            let inside = format!("{{\"a\":[{text}]}}");
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&inside).is_ok();
            proptest::prop_assert_eq!(skips(&inside), valid, "{}", inside);
        }
    }

    #[test]
    fn deep_values_are_left_to_others() {
        let nested = |levels| ["[".repeat(levels), "1".to_owned(), "]".repeat(levels)].concat();
        assert!(skips(&nested(64)) && !skips(&nested(65)));
    }
}
