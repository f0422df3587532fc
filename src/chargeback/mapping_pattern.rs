//! Patterns for project ids and principals, and which of two is the more specific.

use std::cmp::Reverse;

use globset::{GlobBuilder, GlobMatcher};

/// A pattern for a whole text: `*` is any text, `?` one character, `[ab]` or `[a-f]` one of a set, `[!a]` one outside it.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    matcher: GlobMatcher,
    specificity: Specificity,
}

/// How specific a pattern is; the smaller is the more specific: most literal characters, then fewest wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    literals: Reverse<usize>,
    wildcards: usize,
}

impl Specificity {
    /// Whether there is no literal character: the pattern says nothing of what it matches.
    pub fn is_empty(self) -> bool {
        self.literals.0 == 0
    }

    /// Whether there is no wildcard: the pattern matches one text only.
    pub fn is_exact(self) -> bool {
        self.wildcards == 0
    }
}

impl Pattern {
    /// Reads a pattern. The error says in words what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).backslash_escape(false).build().map_err(|error| error.kind().to_string())?;
        let (mut literals, mut wildcards) = (0, 0);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '*' | '?' => wildcards += 1,
                '[' => {
                    wildcards += 1;
                    characters.next_if(|next| matches!(next, '!' | '^'));
                    // The first member of a set may be the closing bracket itself.
                    characters.next();
                    characters.by_ref().find(|member| *member == ']');
                }
                _ => literals += 1,
            }
        }
        let specificity = Specificity { literals: Reverse(literals), wildcards };
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher(), specificity })
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How specific it is.
    pub fn specificity(&self) -> Specificity {
        self.specificity
    }

    /// The pattern as a regular expression for whole texts, without anchors.
    pub fn regex(&self) -> &str {
        let regex = self.matcher.glob().regex();
        let regex = regex.strip_prefix("(?-u)").unwrap_or(regex);
        regex.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).unwrap_or(regex)
    }

    /// Whether the pattern matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_counts_as_one_wildcard_and_may_hold_a_bracket() {
        let pattern = Pattern::parse("a[]b]c").expect("a closing bracket may come first");
        assert_eq!(pattern.specificity(), Specificity { literals: Reverse(2), wildcards: 1 });
        assert!(pattern.matches("a]c"));
        assert!(Pattern::parse("ads-[").is_err());
    }

    #[test]
    fn more_literals_and_then_fewer_wildcards_are_more_specific() {
        let specificity = |text| Pattern::parse(text).expect("a pattern").specificity();
        assert!(specificity("ads-p*") < specificity("ads-*"));
        assert!(specificity("ads-*") < specificity("ads-*?"));
        assert_eq!(specificity("ads-?x*"), specificity("ads-x*?"));
        assert!(specificity("**").is_empty() && !specificity("a*").is_empty());
        assert!(specificity("bob@example.com").is_exact() && !specificity("bob@*").is_exact());
    }
}
