//! Reading JSON values that may have another type than documented, without losing the record.
//!
//! Objects are read key by key: unknown keys are passed over at any depth, of duplicate keys the last wins, and a value of
//! the wrong type becomes [`Field::Wrong`] so that the caller decides whether it matters.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value that was looked for in a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// There, with the documented type.
    Is(T),
    /// There, with another type.
    Wrong,
}

impl<T> Field<T> {
    /// The value, if it is there.
    pub fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Wrong => None,
        }
    }

    /// Whether another type than the documented one stands here or anywhere below.
    pub fn has_wrong(&self) -> bool
    where
        T: Wrongs,
    {
        match self {
            Self::Wrong => true,
            Self::Absent => false,
            Self::Is(value) => value.has_wrong(),
        }
    }

    /// The paths of all fields of the wrong type, here or below.
    pub fn wrong_fields(&self, path: &str, found: &mut Vec<String>)
    where
        T: Wrongs,
    {
        match self {
            Self::Wrong => found.push(path.to_owned()),
            Self::Absent => {}
            Self::Is(value) => value.wrong_fields(path, found),
        }
    }

    /// Whether another type than the documented one stands there.
    pub fn is_wrong(&self) -> bool {
        match self {
            Self::Wrong => true,
            Self::Absent | Self::Is(_) => false,
        }
    }
}

/// A value that can hold fields of the wrong type.
pub trait Wrongs {
    /// Whether it holds any.
    fn has_wrong(&self) -> bool {
        false
    }
    /// Adds their paths below `path`.
    fn wrong_fields(&self, path: &str, found: &mut Vec<String>) {
        let _ = (path, found);
    }
}

impl Wrongs for Cow<'_, str> {}
impl Wrongs for i64 {}
impl Wrongs for u64 {}
impl Wrongs for bool {}
impl Wrongs for Present {}
impl Wrongs for TextMap<'_> {}

impl<T: Wrongs> Wrongs for Box<T> {
    fn has_wrong(&self) -> bool {
        self.as_ref().has_wrong()
    }
    fn wrong_fields(&self, path: &str, found: &mut Vec<String>) {
        self.as_ref().wrong_fields(path, found);
    }
}

impl<T: Wrongs> Wrongs for Vec<Field<T>> {
    fn has_wrong(&self) -> bool {
        self.iter().any(Field::has_wrong)
    }
    fn wrong_fields(&self, path: &str, found: &mut Vec<String>) {
        for (at, item) in self.iter().enumerate() {
            item.wrong_fields(&format!("{path}[{at}]"), found);
        }
    }
}

/// A text, borrowed from the record unless it holds escapes.
pub type Text<'a> = Field<Cow<'a, str>>;

impl<'a> Field<Cow<'a, str>> {
    /// The text; an empty one counts as absent, as in the logs themselves.
    pub fn text(&self) -> Option<&str> {
        self.as_ref().map(Cow::as_ref).filter(|text| !text.is_empty())
    }
}

/// The key of an object's member. Bytes, so that an odd escape in a key that nobody reads does no harm.
pub struct Key<'a>(pub Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(bytes)))
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(bytes.to_vec())))
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text.as_bytes())))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.as_bytes().to_vec())))
            }
        }
        deserializer.deserialize_bytes(KeyVisitor)
    }
}

/// A type that can be read from one JSON type, and calls every other type wrong.
pub trait Lenient<'de>: Sized {
    /// From a string.
    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        let _ = text;
        Field::Wrong
    }
    /// From an integer.
    fn from_integer(number: i128) -> Field<Self> {
        let _ = number;
        Field::Wrong
    }
    /// From a Boolean.
    fn from_bool(value: bool) -> Field<Self> {
        let _ = value;
        Field::Wrong
    }
    /// From an object; must read all of it.
    ///
    /// # Errors
    /// Only what the parser reports.
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Field<Self>, A::Error> {
        while map.next_entry::<Key<'de>, IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong)
    }
    /// From an array; must read all of it.
    ///
    /// # Errors
    /// Only what the parser reports.
    fn from_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Field<Self>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong)
    }
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Visitor<'de> for LenientVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Owned(text.to_owned())))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(T::from_bool(value))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::from_integer(number.into()))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(T::from_integer(number.into()))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::Wrong)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::from_map(map)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        T::from_seq(seq)
    }
}

impl<'de, T: Lenient<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

impl<'de> Lenient<'de> for Cow<'de, str> {
    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        Field::Is(text)
    }
}

impl<'de> Lenient<'de> for i64 {
    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        text.parse().map_or(Field::Wrong, Field::Is)
    }
    fn from_integer(number: i128) -> Field<Self> {
        i64::try_from(number).map_or(Field::Wrong, Field::Is)
    }
}

impl<'de> Lenient<'de> for u64 {
    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        text.parse().map_or(Field::Wrong, Field::Is)
    }
    fn from_integer(number: i128) -> Field<Self> {
        u64::try_from(number).map_or(Field::Wrong, Field::Is)
    }
}

impl<'de> Lenient<'de> for bool {
    fn from_text(text: Cow<'de, str>) -> Field<Self> {
        match text.as_ref() {
            "true" | "True" | "TRUE" => Field::Is(true),
            "false" | "False" | "FALSE" => Field::Is(false),
            _ => Field::Wrong,
        }
    }
    fn from_bool(value: bool) -> Field<Self> {
        Field::Is(value)
    }
}

impl<'de, T: Lenient<'de>> Lenient<'de> for Vec<Field<T>> {
    fn from_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Field<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Field::Is(items))
    }
}

/// Marks that a member is there, whatever it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present;

impl<'de> Lenient<'de> for Present {
    fn from_text(_: Cow<'de, str>) -> Field<Self> {
        Field::Is(Self)
    }
    fn from_integer(_: i128) -> Field<Self> {
        Field::Is(Self)
    }
    fn from_bool(_: bool) -> Field<Self> {
        Field::Is(Self)
    }
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Field<Self>, A::Error> {
        while map.next_entry::<Key<'de>, IgnoredAny>()?.is_some() {}
        Ok(Field::Is(Self))
    }
    fn from_seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Field<Self>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Is(Self))
    }
}

impl<'de, T: Lenient<'de>> Lenient<'de> for Box<T> {
    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Field<Self>, A::Error> {
        Ok(match T::from_map(map)? {
            Field::Absent => Field::Absent,
            Field::Is(value) => Field::Is(Box::new(value)),
            Field::Wrong => Field::Wrong,
        })
    }
}

/// A map of texts, sorted by key; values of other types are dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextMap<'a>(pub Vec<(String, Cow<'a, str>)>);

impl TextMap<'_> {
    /// The members, owned.
    pub fn to_labels(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(key, value)| (key.clone(), value.to_string())).collect()
    }
}

impl<'de> Lenient<'de> for TextMap<'de> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Field<Self>, A::Error> {
        let mut members = std::collections::BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<Key<'de>, Text<'de>>()? {
            if let Field::Is(value) = value {
                members.insert(String::from_utf8_lossy(&key.0).into_owned(), value);
            }
        }
        Ok(Field::Is(Self(members.into_iter().collect())))
    }
}

/// Declares a struct that is read from a JSON object: `field "key": Type`, or `field "key" | "other key": Type`.
macro_rules! lenient_object {
    ($(#[$meta:meta])* pub struct $name:ident<$lifetime:lifetime> {
        $($(#[$field_meta:meta])* $field:ident $key:literal $(| $alias:literal)* : $type:ty),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name<$lifetime> {
            $($(#[$field_meta])* pub $field: $crate::gcp::lenient::Field<$type>,)+
            /// Keeps the lifetime in use for objects without texts.
            pub marker: std::marker::PhantomData<&$lifetime ()>,
        }

        impl $crate::gcp::lenient::Wrongs for $name<'_> {
            fn has_wrong(&self) -> bool {
                false $(|| self.$field.has_wrong())+
            }
            fn wrong_fields(&self, path: &str, found: &mut Vec<String>) {
                $(if self.$field.has_wrong() {
                    let dot = if path.is_empty() { "" } else { "." };
                    self.$field.wrong_fields(&format!("{path}{dot}{}", $key), found);
                })+
            }
        }

        impl<$lifetime> $crate::gcp::lenient::Lenient<$lifetime> for $name<$lifetime> {
            #[expect(non_upper_case_globals, reason = "the constants have the names of the fields")]
            fn from_map<A: serde::de::MapAccess<$lifetime>>(
                mut map: A,
            ) -> Result<$crate::gcp::lenient::Field<Self>, A::Error> {
                // Constants are told apart byte by byte, without a comparison of the whole key for each.
                $(const $field: &[u8] = $key.as_bytes();)+
                let mut object = Self::default();
                while let Some(key) = map.next_key::<$crate::gcp::lenient::Key<$lifetime>>()? {
                    match &*key.0 {
                        $($field => object.$field = map.next_value()?,)+
                        $($(alias if alias == $alias.as_bytes() => object.$field = map.next_value()?,)*)+
                        _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
                    }
                }
                Ok($crate::gcp::lenient::Field::Is(object))
            }
        }
    };
}

pub(crate) use lenient_object;
