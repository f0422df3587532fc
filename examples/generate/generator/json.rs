//! Writing JSON: objects as they come, and objects whose fields stand in one of the two orders that exports have.

use std::io::Write;
use std::ops::Range;

/// An object that is being written.
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

/// Writes an object.
pub fn object(out: &mut Vec<u8>, fields: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fields(&mut Object { out, empty: true });
    out.push(b'}');
}

impl Object<'_> {
    /// Writes a key; the value is what the caller then writes.
    pub fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(b',');
        }
        text(self.out, key);
        self.out.push(b':');
        self.out
    }

    /// A text field.
    pub fn text(&mut self, key: &str, value: &str) -> &mut Self {
        text(self.key(key), value);
        self
    }

    /// A text field, if there is a text.
    pub fn text_if(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(key, value);
        }
        self
    }

    /// A number as JSON.
    pub fn number(&mut self, key: &str, value: u64) -> &mut Self {
        number(self.key(key), value);
        self
    }

    /// A number as text, as Google writes 64-bit integers.
    pub fn long(&mut self, key: &str, value: u64) -> &mut Self {
        let out = self.key(key);
        out.push(b'"');
        number(out, value);
        out.push(b'"');
        self
    }

    /// A truth value.
    pub fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.key(key).extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// JSON that is written already.
    pub fn raw(&mut self, key: &str, json: &[u8]) -> &mut Self {
        self.key(key).extend_from_slice(json);
        self
    }

    /// An object.
    pub fn object(&mut self, key: &str, fields: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        object(self.key(key), fields);
        self
    }

    /// An array of so many elements.
    pub fn array(&mut self, key: &str, length: usize, element: impl FnMut(usize, &mut Vec<u8>)) -> &mut Self {
        array(self.key(key), length, element);
        self
    }
}

/// Writes an array of so many elements.
pub fn array(out: &mut Vec<u8>, length: usize, mut element: impl FnMut(usize, &mut Vec<u8>)) {
    out.push(b'[');
    for at in 0..length {
        if at > 0 {
            out.push(b',');
        }
        element(at, out);
    }
    out.push(b']');
}

/// Writes a number.
pub fn number(out: &mut Vec<u8>, value: u64) {
    write!(out, "{value}").expect("writing to memory does not fail");
}

/// Writes a text as Google's printer does: `<` and `>` escaped, other characters as they are.
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\' | b'<' | b'>')) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            other => write!(out, "\\u{other:04x}").expect("writing to memory does not fail"),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// In which order an export writes the fields of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they stand in Google's definitions.
    Defined,
    /// By name.
    ByName,
}

/// Fields that are written once all are known, in either order.
#[derive(Debug, Default)]
pub struct Fields {
    bytes: Vec<u8>,
    places: Vec<(&'static str, Range<usize>)>,
}

impl Fields {
    /// Adds a field; the value is what `write` writes. Fields are added in the order of Google's definitions.
    pub fn add(&mut self, key: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.places.push((key, start..self.bytes.len()));
    }

    /// Writes the object, and forgets the fields.
    pub fn write(&mut self, order: Order, out: &mut Vec<u8>) {
        match order {
            Order::Defined => {}
            Order::ByName => self.places.sort_unstable_by_key(|(key, _)| *key),
        }
        object(out, |object| {
            for (key, place) in self.places.drain(..) {
                object.raw(key, &self.bytes[place]);
            }
        });
        self.bytes.clear();
    }
}
