//! Texts of entries, which repeat from entry to entry: cheap to make again, to copy and to drop.

use std::cell::RefCell;

use smol_str::SmolStr;
use xxhash_rust::xxh3::xxh3_64;

/// A text that is cheap to copy: up to 23 bytes stand in place, more are shared with the copies.
pub type SharedText = SmolStr;

/// The longest text that stands in place.
const IN_PLACE: usize = 23;

/// Longer texts are rather one of a kind, such as the names of objects.
pub(super) const LONGEST: usize = 256;

/// How many texts a thread remembers. What it has forgotten is made anew, so that this bounds memory and changes no result.
const REMEMBERED: u64 = 4096;

thread_local! {
    static LATEST: RefCell<Vec<SharedText>> = RefCell::new(vec![SharedText::default(); REMEMBERED as usize]);
}

/// The text, shared with the one that this thread made of the same bytes before, if it still remembers.
pub fn shared(text: &str) -> SharedText {
    if text.len() <= IN_PLACE || text.len() > LONGEST {
        return SharedText::new(text);
    }
    LATEST.with_borrow_mut(|latest| {
        let slot = (xxh3_64(text.as_bytes()) % REMEMBERED) as usize;
        if latest[slot] != text {
            latest[slot] = SharedText::new(text);
        }
        latest[slot].clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shared_while_it_is_remembered() {
        let long = "projects/ads-prod/datasets/clicks/tables/daily";
        assert_eq!(shared(long).as_ptr(), shared(long).as_ptr());
    }

    proptest::proptest! {
        #[test]
        fn a_shared_text_is_the_text(texts in proptest::collection::vec("[ab]{0,40}|.{0,300}", 1..40)) {
            for text in &texts {
                proptest::prop_assert_eq!(&shared(text), text);
            }
        }
    }
}
