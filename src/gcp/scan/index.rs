//! The index of a record: where its tokens begin and which they are, found 64 bytes at a time.
//!
//! A token is one of `{}[]:,`, a quote at either end of a string, or the first byte of a number or word. Strings are known to have
//! an end and to hold only what strings may hold; that the tokens make sense together is for [`super::walk`] to say.

use super::blocks::{self, BLOCK, Masks};
use super::{Unsure, token};

/// Longer records are rare, and their index would take five times their space.
const LONGEST: usize = 1 << 20;

/// The tokens of a record.
#[derive(Debug, Default)]
pub struct Index {
    /// The byte that each token begins with. Behind the last stands a zero, at least.
    kinds: Vec<u8>,
    /// Where each begins; behind the last the end of the record.
    at: Vec<u32>,
    count: usize,
    /// Where escapes stand in strings: behind their backslash, in order.
    escapes: Vec<u32>,
}

/// A record with the index of its tokens.
#[derive(Debug, Clone, Copy)]
pub struct Indexed<'r, 'i> {
    /// The record.
    pub(super) text: &'r str,
    pub(super) index: &'i Index,
}

/// Room for the tokens of one block.
pub(super) struct Lane<'l> {
    pub kinds: &'l mut [u8; BLOCK],
    pub at: &'l mut [u32; BLOCK],
}

impl Index {
    /// Reads the index of a record in place of the one before.
    ///
    /// # Errors
    /// When the record is not UTF-8, a string has no end, or holds a control character or an escape that is none; or when the
    /// record is very long.
    pub fn of<'r>(&mut self, record: &'r [u8]) -> Result<Indexed<'r, '_>, Unsure> {
        let text = simdutf8::basic::from_utf8(record).map_err(|_| Unsure)?;
        blocks::read(record, self)?;
        Ok(Indexed { text, index: self })
    }

    /// The first byte of each token, and where it stands.
    #[cfg(test)]
    pub(super) fn tokens(&self) -> (&[u8], &[u32]) {
        (&self.kinds[..self.count], &self.at[..self.count])
    }

    /// The same with what stands behind the last.
    pub(super) fn with_end(&self) -> (&[u8], &[u32]) {
        (&self.kinds[..=self.count], &self.at[..=self.count])
    }

    /// Where escapes stand in strings: behind their backslash, in order.
    pub(super) fn escapes(&self) -> &[u32] {
        &self.escapes
    }
}

/// What one block leaves to the next.
#[derive(Default)]
struct Carry {
    /// 1 if the next block's first byte is escaped.
    escaped: u64,
    /// All bits if it stands in a string.
    inside: u64,
    /// 1 if it may go on with a number or word.
    scalar: u64,
}

/// Reads the index of a record by the instructions of a machine: what finds masks, what adds up bits, what puts tokens down.
#[inline(always)]
pub(super) fn read_blocks(
    record: &[u8],
    index: &mut Index,
    masks: impl Fn(&[u8; BLOCK]) -> Masks,
    prefix_xor: impl Fn(u64) -> u64,
    put: impl Fn(&[u8; BLOCK], u32, u64, Lane<'_>),
) -> Result<(), Unsure> {
    if record.len() > LONGEST {
        return Err(Unsure);
    }
    // No more tokens than bytes; a block writes its whole lane.
    let room = record.len() + 2 * BLOCK;
    if index.kinds.len() < room {
        index.kinds.resize(room, 0);
        index.at.resize(room, 0);
    }
    index.count = 0;
    index.escapes.clear();
    let mut carry = Carry::default();
    let (blocks, rest) = record.as_chunks::<BLOCK>();
    let mut base = 0;
    for block in blocks {
        read_block(record, block, base, index, &mut carry, (&masks, &prefix_xor, &put))?;
        base += BLOCK as u32;
    }
    if !rest.is_empty() {
        let mut block = [b' '; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        read_block(record, &block, base, index, &mut carry, (&masks, &prefix_xor, &put))?;
    }
    if carry.inside != 0 {
        return Err(Unsure);
    }
    index.kinds[index.count] = 0;
    index.at[index.count] = record.len() as u32;
    Ok(())
}

#[inline(always)]
fn read_block(
    record: &[u8],
    block: &[u8; BLOCK],
    base: u32,
    index: &mut Index,
    carry: &mut Carry,
    (masks, prefix_xor, put): (
        &impl Fn(&[u8; BLOCK]) -> Masks,
        &impl Fn(u64) -> u64,
        &impl Fn(&[u8; BLOCK], u32, u64, Lane<'_>),
    ),
) -> Result<(), Unsure> {
    let Masks { quote, backslash, structural, blank, control } = masks(block);
    let escaped = if backslash == 0 && carry.escaped == 0 { 0 } else { escaped(backslash, &mut carry.escaped) };
    let quotes = quote & !escaped;
    // From each opening quote to before the closing one.
    let inside = prefix_xor(quotes) ^ carry.inside;
    carry.inside = ((inside as i64) >> 63) as u64;
    // No control character may stand in a string, and outside of strings only blanks.
    if control & (inside | !blank) != 0 {
        return Err(Unsure);
    }
    let scalars = !(structural | blank | quotes | inside);
    let starts = scalars & !(scalars << 1 | carry.scalar);
    carry.scalar = scalars >> 63;
    if escaped & inside != 0 {
        take_escapes(record, base, escaped & inside, &mut index.escapes)?;
    }
    let tokens = structural & !inside | quotes | starts;
    let lane = (index.kinds.get_mut(index.count..), index.at.get_mut(index.count..));
    let (Some(kinds), Some(at)) = lane else { return Err(Unsure) };
    let (Some(kinds), Some(at)) = (kinds.first_chunk_mut(), at.first_chunk_mut()) else { return Err(Unsure) };
    put(block, base, tokens, Lane { kinds, at });
    index.count += tokens.count_ones() as usize;
    Ok(())
}

/// Which bytes are escaped by a backslash before them that is not itself escaped. Backslashes in a row escape by pairs.
#[inline(always)]
fn escaped(backslash: u64, carry: &mut u64) -> u64 {
    const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
    let may_escape = backslash & !*carry;
    // Subtracting carries through rows of backslashes: at odd places rows that begin there end otherwise than at even ones.
    let ends = ((may_escape << 1 | ODD).wrapping_sub(may_escape)) ^ ODD;
    let escaped = ends ^ (backslash | *carry);
    *carry = (ends & backslash) >> 63;
    escaped
}

/// Checks what stands behind each backslash that escapes, and notes where.
fn take_escapes(record: &[u8], base: u32, mut escaped: u64, escapes: &mut Vec<u32>) -> Result<(), Unsure> {
    while escaped != 0 {
        let at = base + escaped.trailing_zeros();
        let escape = at.checked_sub(1).and_then(|begin| record.get(begin as usize..));
        escape.and_then(token::escape_length).ok_or(Unsure)?;
        escapes.push(at);
        escaped &= escaped - 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            match bytes.get(at)? {
                b'"' => return Some(at),
                b'\\' => at += token::escape_length(&bytes[at..])?,
                0..0x20 => return None,
                _ => at += 1,
            }
        }
    }

    /// The same by reading byte by byte; `None` where a backslash stands outside of strings, which is never JSON.
    fn plainly(record: &str) -> Option<Result<Vec<(u8, u32)>, Unsure>> {
        let (mut tokens, mut at, bytes) = (Vec::new(), 0, record.as_bytes());
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    let Some(close) = closing_quote(bytes, at + 1) else { return Some(Err(Unsure)) };
                    tokens.extend([(byte, at as u32), (b'"', close as u32)]);
                    at = close + 1;
                }
                b'{' | b'}' | b'[' | b']' | b':' | b',' => {
                    tokens.push((byte, at as u32));
                    at += 1;
                }
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                0..0x20 => return Some(Err(Unsure)),
                _ => {
                    let ends = |byte: &u8| b"{}[]:,\" \t\n\r".contains(byte) || *byte < 0x20;
                    let word = bytes[at..].split(ends).next().unwrap_or_default();
                    if word.contains(&b'\\') {
                        return None;
                    }
                    tokens.push((byte, at as u32));
                    at += word.len();
                }
            }
        }
        Some(Ok(tokens))
    }

    proptest::proptest! {
        #[test]
        fn the_index_is_what_reading_byte_by_byte_finds(parts in proptest::collection::vec(proptest::prop_oneof![
            8 => proptest::sample::select(vec!["\"", "{", "}", "[", "]", ":", ",", " ", "\t", "true", "1", "é"]).prop_map(str::to_owned),
            1 => proptest::sample::select(vec!["\\", "\\n", "\\\"", "\u{1}", "\n", "\u{c}", "\u{1a}"]).prop_map(str::to_owned),
            3 => (1_usize..80).prop_map(|length| "a".repeat(length)),
            4 => (0_usize..70, 0_usize..20, proptest::sample::select(vec!["", "\\\"", "\\n", "\\u00e9", "\\u12", "\\x", "\\", "é"]))
                .prop_map(|(length, pairs, last)| format!("\"{}{}{last}\"", "b".repeat(length), "\\\\".repeat(pairs))),
        ], 0..40)) {
            let record = parts.concat();
            if let Some(expected) = plainly(&record) {
                let mut index = Index::default();
                let found = index.of(record.as_bytes()).map(|Indexed { index, .. }| {
                    let (kinds, at) = index.tokens();
                    kinds.iter().copied().zip(at.iter().copied()).collect::<Vec<_>>()
                });
                proptest::prop_assert_eq!(found, expected);
            }
        }
    }

    use proptest::strategy::Strategy as _;

    #[test]
    fn a_very_long_record_is_left_to_others() {
        let mut index = Index::default();
        assert!(index.of(&vec![b' '; LONGEST]).is_ok());
        assert!(index.of(&vec![b' '; LONGEST + 1]).is_err());
    }
}
