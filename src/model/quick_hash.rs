//! A hash for tables that live as long as a run: of texts at once, of numbers by a multiplication.
//!
//! The usual hashers take longer to set up than to hash what stands in such a key.

use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A table's way to hash.
pub type QuickHash = BuildHasherDefault<Quick>;

/// Hashes piece by piece.
#[derive(Debug, Default)]
pub struct Quick(u64);

impl Quick {
    fn mix(&mut self, number: u64) {
        // The odd number next to 2⁶⁴ divided by the golden ratio spreads low bits over all; the high half comes down again.
        let spread = u128::from(self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (spread >> 64) as u64 ^ spread as u64;
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn write_i64(&mut self, number: i64) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn near_keys_are_far_apart() {
        let hashed = |key: (usize, u32, u32)| QuickHash::default().hash_one(key);
        let keys = (0..2).flat_map(|a| (0..100).flat_map(move |b| (0..100).map(move |c| (a, b, c))));
        let hashes: Vec<u64> = keys.map(hashed).collect();
        // A table looks at the low bits for a place and at the high bits for a quick comparison.
        let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xffff).collect();
        let high: HashSet<u64> = hashes.iter().map(|hash| hash >> 48).collect();
        assert!(low.len() > 15_000 && high.len() > 15_000, "{} {}", low.len(), high.len());
    }
}
