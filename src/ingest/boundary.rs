//! Where a JSON value ends: a state machine over strings, escapes and brackets that takes bytes piece by piece.
//!
//! It proves nothing about the grammar; that is the decoder's. It stops early where no grammar could go on, so that a value
//! that was cut off does not swallow what follows it. Depth costs one bit a level.

use memchr::memchr3;

/// How far a scan came. Positions count from the start of the piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The value goes on after this piece.
    More,
    /// The value ends before this position.
    End(usize),
    /// The value is a wrapper; the items of its array begin here.
    Items(usize),
    /// No value can go on at this position, and why.
    Broken(usize, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Outside,
    String,
    Escape,
    Bare,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Open,
    Comma,
    Colon,
    Value,
}

/// Longest key that is compared, plus one.
const KEY: usize = "receivedMessages".len() + 1;

/// The state of a scan of one value.
#[derive(Debug, Clone)]
pub(super) struct Scanner {
    at: At,
    last: Token,
    /// One bit a level: 1 is an object.
    kinds: Vec<u64>,
    depth: usize,
    wrappers: bool,
    key: [u8; KEY],
    key_length: usize,
    in_key: bool,
}

impl Scanner {
    /// A scan of a value whose first byte comes next. `wrappers`: an object with an array `entries` or `receivedMessages`
    /// is a wrapper, unless fields of a log entry stand before it.
    pub fn new(wrappers: bool) -> Self {
        Self {
            at: At::Start,
            last: Token::Open,
            kinds: Vec::new(),
            depth: 0,
            wrappers,
            key: [0; KEY],
            key_length: 0,
            in_key: false,
        }
    }

    /// Goes on after the items of a wrapper were read and their array was closed.
    pub fn items_closed(&mut self) {
        self.last = Token::Value;
    }

    /// Scans the next piece.
    pub fn scan(&mut self, piece: &[u8]) -> Step {
        let mut position = 0;
        while let Some(&byte) = piece.get(position) {
            match self.at {
                At::String => match memchr3(b'"', b'\\', b'\n', &piece[position..]) {
                    None => {
                        self.keep_key(&piece[position..]);
                        return Step::More;
                    }
                    Some(ahead) => {
                        self.keep_key(&piece[position..position + ahead]);
                        position += ahead;
                        match piece[position] {
                            b'"' => {
                                if let Some(end) = self.close_string(position) {
                                    return end;
                                }
                            }
                            b'\\' => {
                                self.keep_key(b"\\");
                                self.at = At::Escape;
                            }
                            _ => return Step::Broken(position, "a line break inside a string"),
                        }
                    }
                },
                At::Escape => {
                    if byte == b'\n' {
                        return Step::Broken(position, "a line break inside a string");
                    }
                    self.keep_key(&[byte]);
                    self.at = At::String;
                }
                At::Bare => {
                    if matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' | b'"' | b'{' | b'}' | b'[' | b']') {
                        return Step::End(position);
                    }
                }
                At::Start | At::Outside => match self.outside(byte, position) {
                    None => {}
                    Some(step) => return step,
                },
            }
            position += 1;
        }
        Step::More
    }

    fn outside(&mut self, byte: u8, position: usize) -> Option<Step> {
        let start = self.at == At::Start;
        match byte {
            b'{' | b'[' => {
                let object = byte == b'{';
                let fits = start
                    || match self.last {
                        Token::Colon => true,
                        Token::Open | Token::Comma => !self.in_object(),
                        Token::Value => false,
                    };
                if !fits {
                    return Some(Step::Broken(position, "a value where none can stand"));
                }
                if !object && self.wrappers && self.opens_items() {
                    return Some(Step::Items(position + 1));
                }
                self.push(object);
                self.last = Token::Open;
                self.at = At::Outside;
            }
            b'}' | b']' => {
                if self.depth == 0 || self.in_object() != (byte == b'}') {
                    return Some(Step::Broken(position, "a bracket that closes nothing"));
                }
                self.depth -= 1;
                self.last = Token::Value;
                if self.depth == 0 {
                    return Some(Step::End(position + 1));
                }
            }
            b'"' => {
                if !start && self.last == Token::Value {
                    return Some(Step::Broken(position, "a string where none can stand"));
                }
                self.in_key = self.wrappers && self.depth == 1 && self.last != Token::Colon;
                if self.in_key {
                    self.key_length = 0;
                }
                self.at = At::String;
            }
            b',' => self.last = Token::Comma,
            b':' => self.last = Token::Colon,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ if self.depth == 0 => self.at = At::Bare,
            _ => self.last = Token::Value,
        }
        None
    }

    /// True when the array that opens holds a wrapper's items.
    fn opens_items(&self) -> bool {
        self.depth == 1 && self.last == Token::Colon && matches!(self.key(), b"entries" | b"receivedMessages")
    }

    fn close_string(&mut self, position: usize) -> Option<Step> {
        if self.in_key && matches!(self.key(), b"logName" | b"protoPayload") {
            self.wrappers = false;
        }
        self.in_key = false;
        self.last = Token::Value;
        self.at = At::Outside;
        (self.depth == 0).then_some(Step::End(position + 1))
    }

    fn key(&self) -> &[u8] {
        &self.key[..self.key_length]
    }

    /// Keeps the beginning of a key that may matter.
    fn keep_key(&mut self, bytes: &[u8]) {
        if self.in_key {
            let kept = bytes.len().min(KEY - self.key_length);
            self.key[self.key_length..self.key_length + kept].copy_from_slice(&bytes[..kept]);
            self.key_length += kept;
        }
    }

    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        if word == self.kinds.len() {
            self.kinds.push(0);
        }
        if object {
            self.kinds[word] |= bit;
        } else {
            self.kinds[word] &= !bit;
        }
        self.depth += 1;
    }

    fn in_object(&self) -> bool {
        let Some(level) = self.depth.checked_sub(1) else { return false };
        self.kinds[level / 64] & (1 << (level % 64)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans byte by byte, so that every state crosses a border.
    fn ends(text: &str) -> Step {
        let mut scanner = Scanner::new(true);
        for (position, byte) in text.bytes().enumerate() {
            match scanner.scan(&[byte]) {
                Step::More => {}
                Step::End(n) => return Step::End(position + n),
                Step::Items(n) => return Step::Items(position + n),
                Step::Broken(n, why) => return Step::Broken(position + n, why),
            }
        }
        Step::More
    }

    #[test]
    fn a_value_ends_at_its_own_bracket() {
        for text in [r#"{"a":"}\"{","b":[{},[]]}x"#, r#"[1,{"a":null}]x"#, r#""a\\"x"#, "12,"] {
            assert_eq!(Scanner::new(true).scan(text.as_bytes()), Step::End(text.len() - 1), "{text}");
            assert_eq!(ends(text), Step::End(text.len() - 1), "{text}");
        }
    }

    #[test]
    fn a_cut_value_does_not_swallow_the_next() {
        for (text, at) in [
            ("{\"a\":1\n{\"b\":2}", 7),
            ("{\"a\":1,\n{\"b\":2}", 8),
            ("{\"a\":[1\n{\"b\":2}", 8),
            ("{\"a\":\"x\n{\"b\":2}", 7),
            ("{\"a\":[}", 6),
            ("{\"a\":\"x\" \"b\"", 9),
        ] {
            assert!(matches!(ends(text), Step::Broken(place, _) if place == at), "{text}: {:?}", ends(text));
        }
    }

    #[test]
    fn only_a_wrapper_opens_items() {
        assert_eq!(ends(r#"{"n":[1],"entries":[{"a""#), Step::Items(20));
        assert_eq!(ends(r#"{"receivedMessages" : ["#), Step::Items(23));
        for text in [
            r#"{"logName":"l","entries":[]}"#,
            r#"{"a":{"entries":[]}}"#,
            r#"{"entries":{"a":[]}}"#,
            r#"{"a":"entries","b":[]}"#,
            r#"{"entriesx":[]}"#,
        ] {
            assert_eq!(ends(text), Step::End(text.len()), "{text}");
        }
    }

    #[test]
    fn depth_has_no_limit() {
        let text = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(Scanner::new(true).scan(text.as_bytes()), Step::End(200_000));
    }
}
