//! Numbers and texts as bytes, and back. What is read back was written by this run, but a disk may have changed it.

use super::spill::SpillError;

/// Appends a number, seven bits a byte, the low ones first.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a number that may be negative; small ones of either sign are short.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Appends a text with its length.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a number that may be absent.
pub(super) fn put_optional(out: &mut Vec<u8>, number: Option<u64>) {
    out.push(u8::from(number.is_some()));
    if let Some(number) = number {
        put_number(out, number);
    }
}

/// Reads what was put, from the front.
pub(super) struct Bytes<'r> {
    rest: &'r [u8],
}

impl<'r> Bytes<'r> {
    /// Reads these bytes.
    pub fn new(rest: &'r [u8]) -> Self {
        Self { rest }
    }

    /// How many bytes are left.
    pub fn len(&self) -> usize {
        self.rest.len()
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next so many bytes.
    pub fn take(&mut self, length: usize) -> Result<&'r [u8], SpillError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(SpillError::Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, SpillError> {
        Ok(self.take(1)?[0])
    }

    /// The next 16 bytes as a number.
    pub fn hash(&mut self) -> Result<u128, SpillError> {
        let bytes = self.take(16)?.try_into().map_err(|_| SpillError::Damaged)?;
        Ok(u128::from_be_bytes(bytes))
    }

    /// The next 8 bytes as a number that may be negative.
    pub fn fixed(&mut self) -> Result<i64, SpillError> {
        let bytes = self.take(8)?.try_into().map_err(|_| SpillError::Damaged)?;
        Ok(i64::from_be_bytes(bytes))
    }

    /// A number.
    pub fn number(&mut self) -> Result<u64, SpillError> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).ok_or(SpillError::Damaged)?;
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    /// A number that fits into `T`.
    pub fn small<T: TryFrom<u64>>(&mut self) -> Result<T, SpillError> {
        T::try_from(self.number()?).map_err(|_| SpillError::Damaged)
    }

    /// A number that may be negative.
    pub fn signed(&mut self) -> Result<i64, SpillError> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A text.
    pub fn text(&mut self) -> Result<&'r str, SpillError> {
        let length = self.small()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| SpillError::Damaged)
    }

    /// A number that may be absent.
    pub fn optional(&mut self) -> Result<Option<u64>, SpillError> {
        match self.byte()? {
            0 => Ok(None),
            _ => Ok(Some(self.number()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_comes_back(
            number in prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), 0..300_u64],
            signed in prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -9..9_i64],
            text in ".*",
        ) {
            let mut out = Vec::new();
            put_number(&mut out, number);
            put_signed(&mut out, signed);
            put_text(&mut out, &text);
            put_optional(&mut out, Some(number));
            put_optional(&mut out, None);
            let mut bytes = Bytes::new(&out);
            prop_assert_eq!(bytes.number().expect("whole"), number);
            prop_assert_eq!(bytes.signed().expect("whole"), signed);
            prop_assert_eq!(bytes.text().expect("whole"), text.as_str());
            prop_assert_eq!(bytes.optional().expect("whole"), Some(number));
            prop_assert_eq!(bytes.optional().expect("whole"), None);
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn damaged_bytes_are_an_error_or_a_value_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Bytes::new(&bytes).number();
            let _ = Bytes::new(&bytes).signed();
            let _ = Bytes::new(&bytes).text();
            let _ = Bytes::new(&bytes).optional();
        }
    }
}
