//! Feeds the tokens of a record to the same visitors that read it on the strict path.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::Unsure;
use super::token::Place;

impl<'de> Deserializer<'de> for &mut Place<'de> {
    type Error = Unsure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unsure> {
        match self.token().ok_or(Unsure)? {
            b'"' => {
                let start = self.at;
                match self.string()? {
                    (text, false) => visitor.visit_borrowed_str(text),
                    (_, true) => {
                        let quoted = self.text.get(start..self.at).ok_or(Unsure)?;
                        let decoded: String = serde_json::from_str(quoted).map_err(|_| Unsure)?;
                        visitor.visit_str(&decoded)
                    }
                }
            }
            b'{' => {
                self.at += 1;
                self.depth += 1;
                let value = visitor.visit_map(Members { place: self, first: true })?;
                self.depth -= 1;
                Ok(value)
            }
            b'[' => {
                self.at += 1;
                self.depth += 1;
                let value = visitor.visit_seq(Members { place: self, first: true })?;
                self.depth -= 1;
                Ok(value)
            }
            b't' => {
                self.literal("true")?;
                visitor.visit_bool(true)
            }
            b'f' => {
                self.literal("false")?;
                visitor.visit_bool(false)
            }
            b'n' => {
                self.literal("null")?;
                visitor.visit_unit()
            }
            b'-' | b'0'..=b'9' => {
                let start = self.at;
                let integer = self.number()?;
                let digits = self.text.get(start..self.at).ok_or(Unsure)?;
                // What does not fit is a float, and so is a negative zero.
                match digits.parse::<i64>() {
                    Ok(number) if integer && digits != "-0" => match u64::try_from(number) {
                        Ok(number) => visitor.visit_u64(number),
                        Err(_) => visitor.visit_i64(number),
                    },
                    Ok(_) | Err(_) => Err(Unsure),
                }
            }
            _ => Err(Unsure),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unsure> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// The members of an object, or the elements of an array, whose opening bracket was passed.
struct Members<'s, 'a> {
    place: &'s mut Place<'a>,
    first: bool,
}

impl Members<'_, '_> {
    /// Whether there is another member; passes the comma before it, or the closing bracket.
    fn another(&mut self, close: u8) -> Result<bool, Unsure> {
        let token = self.place.token();
        if token == Some(close) {
            self.place.at += 1;
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.place.pass(b',')?;
        }
        Ok(true)
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Unsure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unsure> {
        if !self.another(b'}')? {
            return Ok(None);
        }
        if self.place.token() != Some(b'"') {
            return Err(Unsure);
        }
        let (key, false) = self.place.string()? else { return Err(Unsure) };
        self.place.pass(b':')?;
        self.place.may_wrap |= self.place.depth == 1 && matches!(key, "entries" | "receivedMessages");
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unsure> {
        seed.deserialize(&mut *self.place)
    }
}

impl<'de> SeqAccess<'de> for Members<'_, 'de> {
    type Error = Unsure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unsure> {
        if !self.another(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.place).map(Some)
    }
}
