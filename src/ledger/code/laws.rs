//! Laws of the bytes: whatever an entry says comes back, and damaged bytes are an error.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::made_up::told;
use super::super::words::ResourceNames;
use super::*;
use crate::model::observation::Observation;
use crate::model::text::SharedText;

fn of<'r>(words: &'r Words, forms: &'r Forms) -> References<'r> {
    References { words, forms }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_an_entry_says_comes_back(several in vec(told(), 1..4), room in select(vec![0_usize, 300, 1 << 20])) {
        let mut words = Words::new(room, ResourceNames::Whole);
        let mut bytes = Vec::new();
        let heads: Vec<Head> = several.iter().map(|told| put_told(&mut bytes, told, &mut words)).collect();
        let mut records = Records::new(&bytes);
        for (told, head) in several.iter().zip(heads) {
            let record = records.next().expect("whole").expect("one for each");
            prop_assert_eq!(record.head, head);
            prop_assert_eq!(&told_at(&bytes, record.start, of(&words, &Forms::new(0))).expect("whole"), told);
        }
        prop_assert!(records.next().expect("whole").is_none());
    }

    #[test]
    fn damaged_bytes_are_an_error_or_an_entry_never_a_panic(told in told(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut words = Words::new(1 << 20, ResourceNames::Whole);
        let mut bytes = Vec::new();
        put_told(&mut bytes, &told, &mut words);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = told_at(&bytes, 0, of(&words, &Forms::new(0)));
        bytes.truncate(at);
        prop_assert!(told_at(&bytes, 0, of(&words, &Forms::new(0))).is_err());
    }

    #[test]
    fn a_brief_says_what_the_entry_says(
        told in told(),
        room in select(vec![0_usize, 1 << 20]),
        resources in select(vec![ResourceNames::Whole, ResourceNames::Hashed]),
    ) {
        let (mut words, mut forms) = (Words::new(1 << 20, resources), Forms::new(room));
        let first = Observation { family: None, split: None, ..told.first };
        let kept = forms.keep(&first.facts, (None, None));
        prop_assert_eq!(kept.is_some(), room > 0);
        let Some(numbers) = kept else { return Ok(()) };
        let facts = &first.facts;
        let brief = Brief {
            key: first.key,
            entry: first.entry,
            cause: first.cause,
            phase: first.phase,
            rank: first.rank,
            charge_rank: first.charge_rank,
            source: first.source,
            time: facts.time,
            lateness: facts.lateness,
            resource: facts.resource.as_deref().map(Cow::Borrowed),
            insert_id: facts.insert_id.as_deref(),
            numbers,
            learnt: None,
        };
        let mut bytes = Vec::new();
        let head = put_brief(&mut bytes, &brief, &mut words);
        prop_assert_eq!(head, Head { group: first.key.0, key: first.key });
        let whole = whole_brief_at(&bytes, 0, of(&words, &forms)).expect("whole");
        let expected = facts.time.filter(|_| first.phase == Phase::Whole);
        prop_assert_eq!(whole.map(|whole| (whole.numbers, whole.time)), expected.map(|time| (numbers, time)));
        prop_assert!(whole.is_none_or(|whole| whole.lateness == facts.lateness));
        let brief = told_at(&bytes, 0, of(&words, &forms)).expect("whole");
        bytes.clear();
        put_told(&mut bytes, &Told::new(first.clone()), &mut words);
        prop_assert_eq!(&brief, &told_at(&bytes, 0, of(&words, &forms)).expect("whole"));
        if resources == ResourceNames::Whole {
            prop_assert_eq!(brief, Told::new(first));
        }
    }

    #[test]
    fn of_hashed_names_it_is_left_whether_they_are_equal(told in told(), other in prop_oneof![".{0,40}", Just("a".repeat(300))]) {
        let mut words = Words::new(1 << 20, ResourceNames::Hashed);
        let mut read = |told: &Told| {
            let mut bytes = Vec::new();
            put_told(&mut bytes, told, &mut words);
            told_at(&bytes, 0, of(&words, &Forms::new(0))).expect("whole")
        };
        let mut named = told.clone();
        named.first.facts.resource = Some(other.as_str().into());
        let (found, of_other) = (read(&told), read(&named));
        prop_assert_eq!(found == of_other, told == named);
        // What stands for a name is no name: neither as it is nor by its digits.
        let mut likely = named.clone();
        for skipped in [0, 1] {
            let stand_in = of_other.first.facts.resource.as_deref().and_then(|name| name.get(skipped..));
            likely.first.facts.resource = stand_in.map(SharedText::from);
            prop_assert_eq!(read(&likely) == of_other, likely == named);
        }
        prop_assert_eq!(found.first.facts.resource.is_some(), told.first.facts.resource.is_some());
        let shown = of_other.first.facts.resource.as_deref();
        let is_whole = told.first.family.is_some() || other.len() <= 16;
        let is_shown_right = if is_whole { shown == Some(other.as_str()) } else { shown.map(str::len) == Some(17) };
        prop_assert!(is_shown_right);
        // Nothing else is touched, but for evidence that is the resource.
        let mut hashed = of_other;
        hashed.first.facts.resource.clone_from(&named.first.facts.resource);
        let texts = format!("{named:?}").matches(&format!("{other:?}")).count();
        prop_assert!(texts > 1 || hashed == named);
    }

    #[test]
    fn a_damaged_brief_is_an_error_or_an_entry_never_a_panic(told in told(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (mut words, mut forms) = (Words::new(1 << 20, ResourceNames::Whole), Forms::new(1 << 20));
        let first = Observation { family: None, split: None, ..told.first };
        let numbers = forms.keep(&first.facts, (None, None)).expect("there is room");
        let brief = Brief {
            key: first.key,
            entry: first.entry,
            cause: first.cause,
            phase: Phase::Whole,
            rank: first.rank,
            charge_rank: first.charge_rank,
            source: first.source,
            time: Some(1),
            lateness: None,
            resource: None,
            insert_id: None,
            numbers,
            learnt: None,
        };
        let mut bytes = Vec::new();
        put_brief(&mut bytes, &brief, &mut words);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = (told_at(&bytes, 0, of(&words, &forms)), whole_brief_at(&bytes, 0, of(&words, &forms)));
        bytes.truncate(at);
        prop_assert!(told_at(&bytes, 0, of(&words, &forms)).is_err() && whole_brief_at(&bytes, 0, of(&words, &forms)).is_err());
    }
}
