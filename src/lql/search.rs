//! `SEARCH`: whole words anywhere, as BigQuery's `LOG_ANALYZER` cuts text into words.
//!
//! Source: <https://cloud.google.com/bigquery/docs/text-analysis-search>.

use serde_json::Value;

use super::value::any_leaf;

/// What is searched for: words in any place, and phrases that stand as they are.
#[derive(Debug)]
pub(super) struct Query {
    words: Vec<String>,
    phrases: Vec<String>,
}

/// Characters between words, in ASCII.
const DELIMITERS: &str = "[]<>(){}|!;,'\"*&?+/:=@.-$%\\_ \n\r\t";

/// Encoded characters that stand between words, lower-case and without their percent sign. Longer ones first.
const ENCODED: [&str; 16] =
    ["2526", "2520", "21", "26", "3b", "7c", "20", "2b", "3d", "5d", "5b", "3a", "0a", "2c", "28", "29"];

impl Query {
    /// Words, and phrases between backticks. `None` if there is nothing to search for.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mut words, mut phrases) = (Vec::new(), Vec::new());
        for (index, part) in text.split('`').enumerate() {
            let lower = part.to_lowercase();
            // Parts at odd places stand between two backticks; one without its partner is nothing special.
            if index % 2 == 1 && !lower.trim().is_empty() {
                phrases.push(lower);
            } else {
                words.extend(word_places(&lower).into_iter().map(|(start, end)| lower[start..end].to_owned()));
            }
        }
        words.sort_unstable();
        words.dedup();
        (!words.is_empty() || !phrases.is_empty()).then_some(Self { words, phrases })
    }

    /// Whether each word and each phrase is in some text of the value.
    pub(super) fn is_in(&self, value: &Value) -> bool {
        let mut missing_words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let mut missing_phrases: Vec<&str> = self.phrases.iter().map(String::as_str).collect();
        any_leaf(value, &mut |leaf| {
            if let Value::String(text) = leaf {
                let lower = text.to_lowercase();
                let places = word_places(&lower);
                for (start, end) in &places {
                    missing_words.retain(|word| *word != &lower[*start..*end]);
                }
                missing_phrases.retain(|phrase| !stands_in(phrase, &lower, &places));
            }
            missing_words.is_empty() && missing_phrases.is_empty()
        })
    }
}

/// Whether the phrase is in the text and cuts no word at its ends.
fn stands_in(phrase: &str, text: &str, places: &[(usize, usize)]) -> bool {
    let whole = |place: usize| {
        let next = places.partition_point(|(_, end)| *end <= place);
        places.get(next).is_none_or(|(start, _)| place <= *start)
    };
    text.match_indices(phrase).any(|(start, found)| whole(start) && whole(start + found.len()))
}

/// Where the words of a text are.
fn word_places(text: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(letter) = text[at..].chars().next() {
        let mut next = at + letter.len_utf8();
        if DELIMITERS.contains(letter) {
            if start < at {
                places.push((start, at));
            }
            if letter == '%' {
                let rest = &text[next..];
                next += ENCODED.iter().find(|code| rest.starts_with(**code)).map_or(0, |code| code.len());
            }
            start = next;
        }
        at = next;
    }
    if start < at {
        places.push((start, at));
    }
    places
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(query: &str, text: &str) -> bool {
        Query::parse(query).is_some_and(|query| query.is_in(&json!({"a": [text]})))
    }

    #[test]
    fn words_are_whole_and_in_any_order_and_case() {
        assert!(
            found("KITTY hello", "Hello Kitty!") && !found("Hello Kit", "Hello Kitty") && !found("world", "worlds")
        );
        assert!(found("compute.instances.insert", "v1.Compute/insert:instances"));
    }

    #[test]
    fn words_may_stand_in_different_fields() {
        let query = Query::parse("hello kitty").unwrap();
        assert!(query.is_in(&json!({"a": "hello", "b": {"c": "kitty"}})));
        assert!(!query.is_in(&json!({"hello": "kitty", "n": 1})), "names of fields are not searched");
    }

    #[test]
    fn a_phrase_stands_as_it_is_between_words() {
        assert!(found("`hello kitty`", "say Hello Kitty.") && !found("`kitty hello`", "hello kitty"));
        assert!(!found("`ello kitty`", "hello kitty") && !found("`hello kit`", "hello kitty"));
        assert!(found("`d a` c", "c d a"));
    }

    #[test]
    fn encoded_characters_stand_between_words() {
        assert!(found("b", "a%2526b") && found("b", "a%3Bb") && found("2fb", "a%2Fb"));
    }

    #[test]
    fn a_search_for_nothing_is_none() {
        assert!(Query::parse("").is_none() && Query::parse(" .``- ").is_none());
    }
}
