//! Laws of the bytes: whatever an entry says comes back, and damaged bytes are an error.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::made_up::told;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_an_entry_says_comes_back(several in vec(told(), 1..4), room in select(vec![0_usize, 300, 1 << 20])) {
        let mut words = Words::new(room);
        let mut bytes = Vec::new();
        let heads: Vec<Head> = several.iter().map(|told| put_told(&mut bytes, told, &mut words)).collect();
        let mut records = Records::new(&bytes);
        for (told, head) in several.iter().zip(heads) {
            let record = records.next().expect("whole").expect("one for each");
            prop_assert_eq!(record.head, head);
            prop_assert_eq!(&told_at(&bytes, record.start, &words).expect("whole"), told);
        }
        prop_assert!(records.next().expect("whole").is_none());
    }

    #[test]
    fn damaged_bytes_are_an_error_or_an_entry_never_a_panic(told in told(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut words = Words::new(1 << 20);
        let mut bytes = Vec::new();
        put_told(&mut bytes, &told, &mut words);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = told_at(&bytes, 0, &words);
        bytes.truncate(at);
        prop_assert!(told_at(&bytes, 0, &words).is_err());
    }
}
