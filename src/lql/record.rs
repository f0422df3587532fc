//! Reads of a record what a filter needs, and skims the rest.
//!
//! The result is the record's JSON without the fields nothing asks for, so that evaluating it gives what the whole would give.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::eval::Roots;
use super::fold::same_name;
use super::schema::Step;

/// Deeper than this all is read: parsing refuses JSON that goes much deeper.
const DEPTH: usize = 32;

/// The parts of an entry to read.
#[derive(Debug, Default)]
pub(super) struct Want {
    whole: bool,
    parts: Vec<Part>,
}

/// A field to read parts of.
#[derive(Debug)]
struct Part {
    name: String,
    /// Whether other spellings are read too.
    loose: bool,
    want: Want,
}

impl Part {
    fn is(&self, name: &str) -> bool {
        self.name == name || (self.loose && same_name(&self.name, name))
    }
}

impl Want {
    /// All of the entry.
    pub(super) fn add_everything(&mut self) {
        self.whole = true;
    }

    /// A field of the entry.
    pub(super) fn add_root(&mut self, name: &str) {
        self.part(name, false).whole = true;
    }

    /// What is at the end of that way.
    pub(super) fn add(&mut self, steps: &[Step]) {
        steps.iter().take(DEPTH).fold(self, |want, step| want.part(&step.name, step.loose)).whole = true;
    }

    /// All that another wants.
    pub(super) fn join(&mut self, other: &Self) {
        self.whole |= other.whole;
        for part in &other.parts {
            self.part(&part.name, part.loose).join(&part.want);
        }
    }

    /// One part for all spellings of a name, so that a key never has two.
    fn part(&mut self, name: &str, loose: bool) -> &mut Self {
        let place = self.parts.iter().position(|part| same_name(&part.name, name)).unwrap_or_else(|| {
            self.parts.push(Part { name: name.to_owned(), loose, want: Self::default() });
            self.parts.len() - 1
        });
        let part = &mut self.parts[place];
        part.loose |= loose || part.name != name;
        &mut part.want
    }

    pub(super) fn roots(&self) -> Roots {
        if self.whole {
            return Roots::Everything;
        }
        Roots::Fields(self.parts.iter().map(|part| part.name.clone()).collect::<BTreeSet<_>>())
    }

    /// The wanted parts of a record.
    pub(super) fn read(&self, record: &[u8]) -> Result<Value, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(record);
        let value = self.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(value)
    }
}

impl<'de> DeserializeSeed<'de> for &Want {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.whole {
            return serde::Deserialize::deserialize(deserializer);
        }
        deserializer.deserialize_any(Wanted(self))
    }
}

/// Keeps of an object the wanted fields, of a list what it wants of each element, and nothing of other values.
struct Wanted<'a>(&'a Want);

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(wanted) = fields.next_key_seed(Key(self.0))? {
            match wanted {
                Some((name, want)) => {
                    let value = fields.next_value_seed(want)?;
                    kept.insert(name, value);
                }
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(kept))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(item) = items.next_element_seed(self.0)? {
            kept.push(item);
        }
        Ok(Value::Array(kept))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, _: &str) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// The name of a field, kept if it is wanted in some spelling.
struct Key<'a>(&'a Want);

impl<'de, 'a> DeserializeSeed<'de> for Key<'a> {
    type Value = Option<(String, &'a Want)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Key<'a> {
    type Value = Option<(String, &'a Want)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let part = self.0.parts.iter().find(|part| part.is(name));
        Ok(part.map(|part| (name.to_owned(), &part.want)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(name: &str, loose: bool) -> Step {
        Step { name: name.to_owned(), loose }
    }

    #[test]
    fn only_wanted_fields_are_kept() {
        let mut want = Want::default();
        want.add(&[step("a", false), step("b", true)]);
        want.add_root("logName");
        let record = br#"{"a":[{"b":{"x":1},"c":2},{"B":3},4],"logname":"no","logName":"yes","d":{"a":{"b":1}}}"#;
        let kept = json!({"a": [{"b": {"x": 1}}, {"B": 3}, null], "logName": "yes"});
        assert_eq!(want.read(record).unwrap(), kept);
    }

    #[test]
    fn a_way_and_a_part_of_it_are_both_kept() {
        let mut want = Want::default();
        want.add(&[step("a", false), step("b", false)]);
        want.add(&[step("a", false)]);
        assert_eq!(want.read(br#"{"a":{"c":1}}"#).unwrap(), json!({"a": {"c": 1}}));
        assert!(want.read(br#"{"a":1"#).is_err());
    }
}
