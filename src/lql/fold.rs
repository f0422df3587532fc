//! Text as comparisons see it: NFKC case folding, as Unicode defines it for identifiers (`toNFKC_Casefold`).

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

/// The text without differences of case, width, composition and invisible characters.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Decomposing first lets characters fold that only together are special; folding twice makes the result stable.
    let once = text.nfd().default_case_fold().nfkc();
    once.default_case_fold().filter(|letter| !ignorable(*letter)).nfkc().collect()
}

/// Whether the text is, folded, the one that is folded already.
pub fn folds_to(text: &str, folded: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(folded) } else { fold(text) == folded }
}

/// Whether two field names are one, when case and the spelling `snake_case` do not count.
pub fn same_name(left: &str, right: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
    }
    letters(left).eq(letters(right))
}

/// Unicode's `Default_Ignorable_Code_Point`.
fn ignorable(letter: char) -> bool {
    matches!(letter,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_and_composition_do_not_count() {
        for (left, right) in [
            ("Straße", "STRASSE"),
            ("ﬁle", "FILE"),
            ("e\u{301}", "É"),
            ("ＡＢＣ", "abc"),
            ("a\u{AD}b", "AB"),
            ("K", "k"),
        ] {
            assert_eq!(fold(left), fold(right), "{left} {right}");
            assert!(folds_to(left, &fold(right)));
        }
        assert_ne!(fold("resume"), fold("résumé"));
    }

    #[test]
    fn a_snake_case_name_is_the_camel_case_one() {
        assert!(same_name("log_name", "logName") && same_name("LOGNAME", "logName"));
        assert!(!same_name("logNames", "logName"));
    }
}
