//! A memory of what was worked out of the latest texts: entries repeat projects, principals and logs without end.

use xxhash_rust::xxh3::xxh3_64;

use super::text::{LONGEST, SharedText};

/// How many texts are remembered. What was forgotten is worked out anew, so that this bounds memory and changes no result.
const REMEMBERED: u64 = 4096;

/// What a pure function made of the latest texts.
pub struct Memo<V> {
    latest: Vec<Option<(SharedText, V)>>,
}

impl<V: Clone> Default for Memo<V> {
    fn default() -> Self {
        Self { latest: vec![None; REMEMBERED as usize] }
    }
}

impl<V: Clone> Memo<V> {
    /// What `make` makes of the text, made again only when it is no longer remembered.
    pub fn of(&mut self, text: &str, make: impl FnOnce(&str) -> V) -> V {
        if text.len() > LONGEST {
            return make(text);
        }
        let slot = &mut self.latest[(xxh3_64(text.as_bytes()) % REMEMBERED) as usize];
        match slot {
            Some((known, value)) if known == text => value.clone(),
            Some(_) | None => {
                let value = make(text);
                *slot = Some((SharedText::new(text), value.clone()));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_memo_gives_what_the_function_gives(texts in proptest::collection::vec("[a-c]{0,6}|.{250,260}", 0..200)) {
            let mut memo = Memo::default();
            for text in &texts {
                proptest::prop_assert_eq!(memo.of(text, str::to_uppercase), text.to_uppercase());
            }
        }
    }
}
