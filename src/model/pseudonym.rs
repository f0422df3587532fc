//! Pseudonyms: stable keyed names in the place of principals. Whoever has the key can tell which name stands for whom, by making
//! the name of each candidate; nobody else can.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What separates these names from whatever else is made with the same key.
const PSEUDONYM: &[u8] = b"billtrail pseudonym 1\0";
/// The same for the name of a filter.
const FILTER: &[u8] = b"billtrail filter 1\0";
/// Digits of a pseudonym: 20 of 5 bits each, so that two of a million principals share a name once in 10¹⁸ companies.
const LENGTH: usize = 20;
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// The shortest key.
pub const SHORTEST_KEY: usize = 16;
/// A principal in no known form is looked for in other texts only if it is longer than a word that may stand there by chance.
const TELLING: usize = 12;

/// How a rule of a mapping about callers is quoted.
const RULE: &str = "principal `";

/// What a provider knows of identities.
#[derive(Debug, Clone, Copy)]
pub struct Identities {
    /// Where identities stand in a text, in order and apart.
    pub places: fn(&str) -> Vec<Range<usize>>,
    /// The part of a principal that identifies it.
    pub identifying: fn(&str) -> Range<usize>,
    /// The kind of an identity in a word; `None` where it is withheld.
    pub word: fn(&str) -> Option<&'static str>,
}

/// Makes pseudonyms with one key.
#[derive(Clone)]
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
    identities: Identities,
}

/// A key that cannot keep a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// It is too short.
    #[error("the key has {0} bytes, and at least {SHORTEST_KEY} are needed; `openssl rand -hex 32` makes one")]
    Short(usize),
    /// It is one byte again and again.
    #[error("the key is one byte again and again; `openssl rand -hex 32` makes one")]
    Uniform,
}

impl Pseudonyms {
    /// Pseudonyms by a key; a line end after it does not count.
    ///
    /// # Errors
    /// When the key is weak.
    pub fn new(key: &[u8], identities: Identities) -> Result<Self, WeakKey> {
        let key = key.strip_suffix(b"\n").unwrap_or(key);
        let key = key.strip_suffix(b"\r").unwrap_or(key);
        if key.len() < SHORTEST_KEY {
            return Err(WeakKey::Short(key.len()));
        }
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(WeakKey::Uniform);
        }
        let keyed = Hmac::new_from_slice(key).map_err(|_| WeakKey::Short(key.len()))?;
        Ok(Self { keyed, identities })
    }

    /// The pseudonym of a principal, behind what says its type. What is withheld stays as it is.
    pub fn principal(&self, principal: &str) -> String {
        let place = (self.identities.identifying)(principal);
        let name = self.name(&principal[place.clone()]);
        format!("{}{name}{}", &principal[..place.start], &principal[place.end..])
    }

    /// A text with pseudonyms in the place of all identities in it.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let places = (self.identities.places)(text);
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut out, mut last) = (String::with_capacity(text.len()), 0);
        for place in places {
            out.push_str(&text[last..place.start]);
            out.push_str(&self.name(&text[place.clone()]));
            last = place.end;
        }
        out.push_str(&text[last..]);
        Cow::Owned(out)
    }

    /// The same of a text that stands beside principals, which may have no form by which they are known.
    pub fn text_beside<'t>(&self, principals: &[&str], text: &'t str) -> Cow<'t, str> {
        let telling = |principal: &&&str| principal.len() >= TELLING && text.contains(**principal);
        let Some(principal) = principals.iter().find(telling) else { return self.text(text) };
        let pieces = text.split(*principal).map(|piece| self.text_beside(principals, piece));
        Cow::Owned(pieces.collect::<Vec<_>>().join(&self.principal(principal)))
    }

    /// A sentence that may quote rules of a mapping about callers, each as `principal` and a pattern in backquotes.
    pub fn sentence(&self, sentence: &str) -> String {
        let mut pieces = sentence.split(RULE);
        let mut out = pieces.next().map(|first| self.text(first).into_owned()).unwrap_or_default();
        for piece in pieces {
            let Some((pattern, rest)) = piece.split_once('`') else {
                out.extend([RULE, &self.text(piece)]);
                continue;
            };
            // Who matches any name is no name.
            let named = if pattern.starts_with("*@") { pattern.to_owned() } else { self.principal(pattern) };
            out.extend([RULE, &named, "`", &self.text(rest)]);
        }
        out
    }

    /// A name for a filter, which may tell of principals in parts.
    pub fn filter(&self, filter: &str) -> String {
        format!("filter-{}", self.digits(FILTER, filter.as_bytes()))
    }

    fn name(&self, identity: &str) -> String {
        let Some(word) = (self.identities.word)(identity) else { return identity.to_owned() };
        // Addresses do not differ by case, and `%40` is their sign in a URL.
        let same =
            if identity.contains("://") { identity.to_owned() } else { identity.replace("%40", "@").to_lowercase() };
        format!("{word}-{}", self.digits(PSEUDONYM, same.as_bytes()))
    }

    fn digits(&self, domain: &[u8], text: &[u8]) -> String {
        let mut keyed = self.keyed.clone();
        keyed.update(domain);
        keyed.update(text);
        let hash = keyed.finalize().into_bytes();
        let head = hash.iter().take(16).fold(0_u128, |head, byte| (head << 8) | u128::from(*byte));
        (0..LENGTH).map(|at| char::from(DIGITS[((head >> (123 - 5 * at)) & 31) as usize])).collect()
    }
}

impl fmt::Debug for Pseudonyms {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl PartialEq for Pseudonyms {
    fn eq(&self, other: &Self) -> bool {
        self.digits(PSEUDONYM, b"") == other.digits(PSEUDONYM, b"")
    }
}

impl Eq for Pseudonyms {}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const KEY: &[u8] = b"not a secret, but long enough";

    /// Identities are words with an `@`; `...` is withheld.
    pub const WORDS: Identities = Identities {
        places: |text| {
            let mut found = Vec::new();
            let mut at = 0;
            for word in text.split_inclusive(' ') {
                let bare = word.trim_end();
                if bare.contains('@') {
                    found.push(at..at + bare.len());
                }
                at += word.len();
            }
            found
        },
        identifying: |principal| (principal.strip_prefix("user:").map_or(0, |_| 5))..principal.len(),
        word: |identity| (identity != "...").then_some("user"),
    };

    pub fn pseudonyms() -> Pseudonyms {
        Pseudonyms::new(KEY, WORDS).expect("a long key")
    }

    #[test]
    fn a_name_is_that_of_the_key_and_the_identity() {
        let by = pseudonyms();
        // By a second program: HMAC-SHA-256 of the domain and the text, the first 100 bits in base 32.
        assert_eq!(by.principal("jo@example.com"), "user-nvpgnftels5qz4bhpokf");
        assert_eq!(by.principal("Jo@Example.com"), by.principal("jo@example.com"));
        assert_eq!(by.principal("user:jo@example.com"), format!("user:{}", by.principal("jo@example.com")));
        assert_ne!(by.principal("ana@example.com"), by.principal("jo@example.com"));
        let other = Pseudonyms::new(b"another key that is long enough", WORDS).expect("a long key");
        assert_ne!(other.principal("jo@example.com"), by.principal("jo@example.com"));
        assert_eq!((by.principal("..."), by == other), ("...".to_owned(), false));
    }

    #[test]
    fn a_text_keeps_what_is_no_identity() {
        let by = pseudonyms();
        let (jo, opaque) = (by.principal("jo@example.com"), by.principal("6f1ed002ab5595859014"));
        assert_eq!(by.text("of jo@example.com and b"), format!("of {jo} and b"));
        assert_eq!(
            by.text_beside(&["6f1ed002ab5595859014"], "keys/6f1ed002ab5595859014 jo@example.com"),
            format!("keys/{opaque} {jo}")
        );
        assert_eq!(by.text_beside(&["admin"], "an admin method"), "an admin method");
    }

    #[test]
    fn a_rule_may_name_half_a_caller() {
        let by = pseudonyms();
        let (jo, half) = (by.principal("jo"), by.principal("an*@example.com"));
        assert_eq!(
            by.sentence("line 3 (principal `jo`), not line 4 (principal `an*@example.com`), of jo@example.com"),
            format!(
                "line 3 (principal `{jo}`), not line 4 (principal `{half}`), of {}",
                by.principal("jo@example.com")
            )
        );
        assert_eq!(by.sentence("principal `*@ads-*.example.com` within"), "principal `*@ads-*.example.com` within");
    }

    #[test]
    fn a_weak_key_is_refused_and_a_key_is_never_shown() {
        let of = |key: &[u8]| Pseudonyms::new(key, WORDS).err();
        assert_eq!(of(b"fifteen bytes..\n"), Some(WeakKey::Short(15)));
        assert_eq!(of(&[0; 64]), Some(WeakKey::Uniform));
        assert_eq!(of(b"sixteen bytes...\r\n"), None);
        assert_eq!(format!("{:?}", pseudonyms()), "Pseudonyms");
    }

    #[test]
    fn a_line_end_is_no_part_of_the_key() {
        let with = |end: &str| {
            let key = [KEY, end.as_bytes()].concat();
            Pseudonyms::new(&key, WORDS).expect("a long key").principal("jo@example.com")
        };
        assert_eq!([with("\n"), with("\r\n")], [with(""), with("")]);
    }
}
