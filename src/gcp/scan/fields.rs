//! Feeds the tokens of a record to the same visitors that read it on the strict path.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::Unsure;
use super::walk::Walk;

/// Reads a record member by member.
pub(super) struct Reader<'r, 'i> {
    pub walk: Walk<'r, 'i>,
    /// How many objects and arrays are around the next token.
    pub depth: usize,
    pub may_wrap: bool,
}

impl<'de> Deserializer<'de> for &mut Reader<'de, '_> {
    type Error = Unsure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unsure> {
        let walk = &mut self.walk;
        match walk.peek() {
            b'"' => {
                let quoted = walk.string().ok_or(Unsure)?;
                match quoted.without_escapes() {
                    Some(text) => visitor.visit_borrowed_str(text),
                    None => visitor.visit_str(&quoted.decoded().ok_or(Unsure)?),
                }
            }
            b'{' => self.inside(|members| visitor.visit_map(members)),
            b'[' => self.inside(|members| visitor.visit_seq(members)),
            b't' | b'f' => visitor.visit_bool(walk.flag().ok_or(Unsure)?),
            b'n' => {
                walk.null().ok_or(Unsure)?;
                visitor.visit_unit()
            }
            b'-' | b'0'..=b'9' => {
                // What does not fit is a float.
                let number = walk.integer().ok_or(Unsure)?;
                match u64::try_from(number) {
                    Ok(number) => visitor.visit_u64(number),
                    Err(_) => visitor.visit_i64(number),
                }
            }
            _ => Err(Unsure),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unsure> {
        self.walk.skip().ok_or(Unsure)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

impl<'r, 'i> Reader<'r, 'i> {
    /// Reads what stands between brackets.
    fn inside<T>(&mut self, read: impl FnOnce(Members<'_, 'r, 'i>) -> Result<T, Unsure>) -> Result<T, Unsure> {
        self.walk.pass(self.walk.peek()).ok_or(Unsure)?;
        self.depth += 1;
        let value = read(Members { reader: self, first: true })?;
        self.depth -= 1;
        Ok(value)
    }
}

/// The members of an object, or the elements of an array, whose opening bracket was passed.
struct Members<'s, 'r, 'i> {
    reader: &'s mut Reader<'r, 'i>,
    first: bool,
}

impl Members<'_, '_, '_> {
    /// Whether there is another member; passes the comma before it, or the closing bracket.
    fn another(&mut self, close: u8) -> Result<bool, Unsure> {
        let walk = &mut self.reader.walk;
        if walk.peek() == close {
            walk.pass(close).ok_or(Unsure)?;
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            walk.pass(b',').ok_or(Unsure)?;
        }
        Ok(true)
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de, '_> {
    type Error = Unsure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unsure> {
        if !self.another(b'}')? {
            return Ok(None);
        }
        let reader = &mut *self.reader;
        let key = reader.walk.text().ok_or(Unsure)?;
        reader.walk.pass(b':').ok_or(Unsure)?;
        reader.may_wrap |= reader.depth == 1 && matches!(key, "entries" | "receivedMessages");
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unsure> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> SeqAccess<'de> for Members<'_, 'de, '_> {
    type Error = Unsure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unsure> {
        if !self.another(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}
