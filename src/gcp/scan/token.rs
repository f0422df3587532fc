//! The tokens of a record: each method passes one and checks its grammar.

use super::Unsure;

/// A place in a record.
pub(super) struct Place<'a> {
    pub text: &'a str,
    pub at: usize,
    /// How many objects and arrays around this place are read member by member.
    pub depth: usize,
    pub may_wrap: bool,
}

impl<'a> Place<'a> {
    /// The first byte of the next token; `None` at the end.
    pub fn token(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Passes one expected byte of punctuation.
    pub fn pass(&mut self, expected: u8) -> Result<(), Unsure> {
        if self.token() != Some(expected) {
            return Err(Unsure);
        }
        self.at += 1;
        Ok(())
    }

    /// Passes one expected word.
    pub fn literal(&mut self, literal: &str) -> Result<(), Unsure> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(literal.as_bytes()) {
            return Err(Unsure);
        }
        self.at += literal.len();
        Ok(())
    }

    /// The string whose opening quote is at this place, without quotes, and whether it holds escapes, which are checked.
    pub fn string(&mut self) -> Result<(&'a str, bool), Unsure> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        let mut escapes = false;
        loop {
            at = plain_end(bytes, at);
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += escape_length(&bytes[at..]).ok_or(Unsure)?,
                Some(_) | None => return Err(Unsure),
            }
            escapes = true;
        }
        self.at = at + 1;
        Ok((self.text.get(start..at).ok_or(Unsure)?, escapes))
    }

    /// Passes a number; whether it is an integer.
    pub fn number(&mut self) -> Result<bool, Unsure> {
        let bytes = self.text.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut at = self.at + usize::from(bytes[self.at] == b'-');
        let whole = digits(at);
        if whole == 0 || (whole > 1 && bytes[at] == b'0') {
            return Err(Unsure);
        }
        at += whole;
        let mut integer = true;
        if bytes.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            if fraction == 0 {
                return Err(Unsure);
            }
            at += 1 + fraction;
            integer = false;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(at);
            if exponent == 0 {
                return Err(Unsure);
            }
            at += exponent;
            integer = false;
        }
        self.at = at;
        Ok(integer)
    }

    /// Passes a value, its grammar checked and nothing kept.
    pub fn skip(&mut self) -> Result<(), Unsure> {
        /// One bit a level, 1 is an object; deeper values are odd.
        const LEVELS: u32 = 64;
        let (mut objects, mut level) = (0_u64, 0_u32);
        loop {
            match self.token().ok_or(Unsure)? {
                b'"' => drop(self.string()?),
                open @ (b'{' | b'[') => {
                    self.at += 1;
                    let object = open == b'{';
                    if self.token() == Some(if object { b'}' } else { b']' }) {
                        self.at += 1;
                    } else {
                        if level == LEVELS {
                            return Err(Unsure);
                        }
                        objects = objects << 1 | u64::from(object);
                        level += 1;
                        if object {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                b'-' | b'0'..=b'9' => drop(self.number()?),
                _ => return Err(Unsure),
            }
            loop {
                if level == 0 {
                    return Ok(());
                }
                let object = objects & 1 == 1;
                match (self.token(), object) {
                    (Some(b','), _) => {
                        self.at += 1;
                        if object {
                            self.skip_key()?;
                        }
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        self.at += 1;
                        objects >>= 1;
                        level -= 1;
                    }
                    _ => return Err(Unsure),
                }
            }
        }
    }

    fn skip_key(&mut self) -> Result<(), Unsure> {
        if self.token() != Some(b'"') {
            return Err(Unsure);
        }
        self.string()?;
        self.pass(b':')
    }
}

/// The first place from `at` on that holds a quote, a backslash or a control character; the end if none does.
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        match first_of_eight(eight) {
            8 => at += 8,
            ahead => return at + ahead,
        }
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes[at..].iter().position(ends).map_or(bytes.len(), |ahead| at + ahead)
}

/// The place of the first such byte among eight; 8 if there is none.
fn first_of_eight(block: &[u8; 8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(*block);
    // The high bit of each byte that is zero, and perhaps of bytes behind the first such.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
    ((found & (ONES << 7)).trailing_zeros() / 8) as usize
}

/// The length of the escape that begins the text, if it is one.
pub(super) fn escape_length(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => text.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_plain_stretch_ends_where_it_ends(bytes in proptest::collection::vec(proptest::prop_oneof![
            20 => proptest::num::u8::ANY,
            60 => b'#'..b'[',
            1 => proptest::sample::select(b"\"\\\n\x1f\x20\x7f\x80\xa2\xdc\xff".to_vec()),
        ], 0..60), from in 0_usize..20) {
            let from = from.min(bytes.len());
            let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let expected = bytes[from..].iter().position(ends).map_or(bytes.len(), |ahead| from + ahead);
            proptest::prop_assert_eq!(plain_end(&bytes, from), expected);
            for block in bytes.windows(8) {
                let block = block.first_chunk().expect("windows of eight");
                proptest::prop_assert_eq!(first_of_eight(block), block.iter().position(ends).unwrap_or(8));
            }
        }
    }
}
