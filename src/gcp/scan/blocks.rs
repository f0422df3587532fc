//! Blocks: which of 64 bytes are what, and where the tokens among them begin. The widest instructions that the machine has do it.
//!
//! This is the only file with unsafe code: it calls instructions that were asked for at run time, and loads and stores whole
//! registers from and to arrays of their size.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::Unsure;
use super::index::{Index, Lane, read_blocks};

/// The bytes of a block.
pub(super) const BLOCK: usize = 64;

/// Which bytes of a block are what; the first byte is the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Masks {
    /// Quotes, escaped or not.
    pub quote: u64,
    /// Backslashes.
    pub backslash: u64,
    /// Braces, brackets, colons and commas. A control character may stand here as well.
    pub structural: u64,
    /// Blanks that JSON allows between tokens.
    pub blank: u64,
    /// Control characters.
    pub control: u64,
}

/// Reads the index of a record with the best instructions of this machine.
///
/// # Errors
/// When a string has no end, or holds a control character or an escape that is none.
pub(super) fn read(record: &[u8], index: &mut Index) -> Result<(), Unsure> {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the features that the function asks for are there.
            return unsafe { by_avx512(record, index) };
        }
        if has_avx2() {
            // SAFETY: the features that the function asks for are there.
            return unsafe { by_avx2(record, index) };
        }
    }
    portably(record, index)
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("sse4.1")
        && is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("sse4.1") && is_x86_feature_detected!("pclmulqdq")
}

/// The same with no instruction that is not everywhere.
pub(super) fn portably(record: &[u8], index: &mut Index) -> Result<(), Unsure> {
    read_blocks(record, index, masks, prefix_xor, put_tokens)
}

/// The masks of a block, byte by byte.
fn masks(block: &[u8; BLOCK]) -> Masks {
    let mut masks = Masks::default();
    for (at, byte) in block.iter().enumerate() {
        let bit = 1 << at;
        match byte {
            b'"' => masks.quote |= bit,
            b'\\' => masks.backslash |= bit,
            b'{' | b'}' | b'[' | b']' | b':' | b',' => masks.structural |= bit,
            b' ' => masks.blank |= bit,
            b'\t' | b'\n' | b'\r' => {
                masks.blank |= bit;
                masks.control |= bit;
            }
            0..0x20 => masks.control |= bit,
            _ => {}
        }
    }
    masks
}

/// Each bit says whether an odd number of bits up to its own is set.
fn prefix_xor(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, width| bits ^ bits << width)
}

/// Puts the tokens of a block, whose bits are set, into a lane.
fn put_tokens(block: &[u8; BLOCK], base: u32, mut tokens: u64, lane: Lane<'_>) {
    let mut at = 0;
    while tokens != 0 {
        let place = tokens.trailing_zeros();
        lane.kinds[at] = block[place as usize];
        lane.at[at] = base + place;
        tokens &= tokens - 1;
        at += 1;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,sse4.1,pclmulqdq")]
fn by_avx512(record: &[u8], index: &mut Index) -> Result<(), Unsure> {
    let blanks = _mm512_broadcast_i32x4(blank_table());
    let marks = _mm512_broadcast_i32x4(structural_table());
    let places = {
        let places: [u8; BLOCK] = std::array::from_fn(|at| at as u8);
        // SAFETY: the array has the 64 bytes that are read.
        unsafe { _mm512_loadu_si512(places.as_ptr().cast()) }
    };
    // SAFETY: the array has the 64 bytes that are read.
    let load = |block: &[u8; BLOCK]| unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    let masks = |block: &[u8; BLOCK]| {
        let bytes = load(block);
        let lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
        Masks {
            quote: _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'"' as i8)),
            backslash: _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'\\' as i8)),
            structural: _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(marks, bytes), lower),
            blank: _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(blanks, bytes), bytes),
            control: _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
        }
    };
    let put = |block: &[u8; BLOCK], base: u32, tokens: u64, lane: Lane<'_>| {
        let kinds = _mm512_maskz_compress_epi8(tokens, load(block));
        let places = _mm512_maskz_compress_epi8(tokens, places);
        let base = _mm512_set1_epi32(base as i32);
        // SAFETY: the array has the 64 bytes that are written.
        unsafe { _mm512_storeu_si512(lane.kinds.as_mut_ptr().cast(), kinds) };
        let quarters = [
            _mm512_castsi512_si128(places),
            _mm512_extracti32x4_epi32::<1>(places),
            _mm512_extracti32x4_epi32::<2>(places),
            _mm512_extracti32x4_epi32::<3>(places),
        ];
        let wanted = (tokens.count_ones() as usize).div_ceil(16);
        for (quarter, out) in quarters.into_iter().zip(lane.at.as_chunks_mut::<16>().0).take(wanted) {
            let wide = _mm512_add_epi32(_mm512_cvtepu8_epi32(quarter), base);
            // SAFETY: the array has the 16 numbers of 4 bytes that are written.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), wide) };
        }
    };
    read_blocks(record, index, masks, |bits| multiplied(bits), put)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,sse4.1,pclmulqdq")]
fn by_avx2(record: &[u8], index: &mut Index) -> Result<(), Unsure> {
    let blanks = _mm256_broadcastsi128_si256(blank_table());
    let marks = _mm256_broadcastsi128_si256(structural_table());
    let masks = |block: &[u8; BLOCK]| {
        let half = |bytes: &[u8; 32]| {
            // SAFETY: the array has the 32 bytes that are read.
            let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
            let lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
            let bits = |found: __m256i| u64::from(_mm256_movemask_epi8(found) as u32);
            let highest = _mm256_set1_epi8(0x1f);
            [
                bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8))),
                bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8))),
                bits(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(marks, bytes), lower)),
                bits(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(blanks, bytes), bytes)),
                bits(_mm256_cmpeq_epi8(_mm256_max_epu8(bytes, highest), highest)),
            ]
        };
        let [low, high] = block.as_chunks::<32>().0 else { return Masks::default() };
        let (low, high) = (half(low), half(high));
        let [quote, backslash, structural, blank, control] = std::array::from_fn(|at| low[at] | high[at] << 32);
        Masks { quote, backslash, structural, blank, control }
    };
    read_blocks(record, index, masks, |bits| multiplied(bits), put_tokens)
}

/// [`prefix_xor`] by one multiplication without carries.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse4.1,pclmulqdq")]
fn multiplied(bits: u64) -> u64 {
    let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits as i64), _mm_set1_epi8(-1));
    _mm_cvtsi128_si64(product) as u64
}

/// By the low half of a byte: the blank that ends so, or a byte that ends otherwise.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn blank_table() -> __m128i {
    let none = 100;
    let [space, tab, line, carriage] = *b" \t\n\r";
    let table = [space, none, none, none, 17, none, 113, 2, none, tab, line, 112, none, carriage, none, none];
    // SAFETY: the array has the 16 bytes that are read.
    unsafe { _mm_loadu_si128(table.as_ptr().cast()) }
}

/// By the low half of a byte: the structural character that ends so when the bit of lower case is set, or a byte that ends otherwise.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn structural_table() -> __m128i {
    let table = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b':', b'{', b',', b'}', 0, 0];
    // SAFETY: the array has the 16 bytes that are read.
    unsafe { _mm_loadu_si128(table.as_ptr().cast()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a record in every way that this machine has.
    fn in_all_ways(record: &[u8]) -> Vec<(&'static str, Result<Index, Unsure>)> {
        let with = |read: &dyn Fn(&mut Index) -> Result<(), Unsure>| {
            let mut index = Index::default();
            read(&mut index).map(|()| index)
        };
        let mut ways = vec![("portable", with(&|index| portably(record, index)))];
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx2() {
                // SAFETY: the features are there.
                ways.push(("AVX2", with(&|index| unsafe { by_avx2(record, index) })));
            }
            if has_avx512() {
                // SAFETY: the features are there.
                ways.push(("AVX-512", with(&|index| unsafe { by_avx512(record, index) })));
            }
        }
        ways
    }

    proptest::proptest! {
        #[test]
        fn all_instructions_find_the_same(parts in proptest::collection::vec(proptest::prop_oneof![
            4 => proptest::sample::select(vec!["\"", "\\", "\\\\", "\\\"", "\\n", "\\u00e9", "\\x", "{", "}", "[", "]", ":", ",", " ", "\t", "\n", "true", "1", "é"])
                .prop_map(|text| text.as_bytes().to_vec()),
            2 => proptest::collection::vec(proptest::num::u8::ANY, 0..9),
            2 => (1_usize..80).prop_map(|length| vec![b'a'; length]),
        ], 0..40)) {
            let record = parts.concat();
            let ways = in_all_ways(&record);
            let (_, expected) = &ways[0];
            for (name, index) in &ways {
                proptest::prop_assert_eq!(index.as_ref().map(Index::tokens), expected.as_ref().map(Index::tokens), "{}", name);
            }
        }
    }

    use proptest::strategy::Strategy as _;

    #[test]
    fn all_instructions_know_every_byte() {
        for byte in 0..=255_u8 {
            for record in [[b' ', byte, b' '], [b'"', byte, b'"'], [b'1', byte, b'"']] {
                let ways = in_all_ways(&record.repeat(40));
                let expected = ways[0].1.as_ref().map(Index::tokens);
                assert!(ways.iter().all(|(_, index)| index.as_ref().map(Index::tokens) == expected), "{record:?}");
            }
        }
    }
}
