//! Requests and responses: trees of fields, of which some always and others seldom occur, and arrays of varying length.
//!
//! Each method has its own tree, made once; an entry draws from it. The lengths of arrays are as often as in published entries.

use super::json::{self, Object};
use super::random::{Random, mixed};

/// How often arrays in requests and responses of published entries have which length.
const LENGTHS: [(u64, usize); 9] = [(3, 0), (274, 1), (49, 2), (13, 3), (12, 4), (8, 6), (2, 8), (6, 9), (1, 17)];

/// Names that mean the same type in all of Google's APIs, such as `parent` and `labels`, are written by those who need them: with
/// values of any type they stand in no published entry.
const WORDS: [&str; 36] = [
    "name",
    "items",
    "filter",
    "pageSize",
    "view",
    "etag",
    "origin",
    "updateMask",
    "settings",
    "network",
    "subnetwork",
    "policy",
    "bindings",
    "members",
    "config",
    "version",
    "options",
    "fields",
    "values",
    "conditions",
    "expression",
    "title",
    "description",
    "template",
    "metadata",
    "spec",
    "selector",
    "ports",
    "replicas",
    "rows",
    "columns",
    "limits",
    "schedule",
    "tags",
    "targets",
    "checksum",
];

const TEXTS: [&str; 12] = [
    "projects/-/locations/global",
    "europe-west1",
    "default",
    "n2-standard-8",
    "roles/viewer",
    "resource.name.startsWith(\"prod-\")",
    "Zugriff für die Nachtläufe",
    "gs://exports/daily/part-00017-of-00128.parquet",
    "allow-health-checks",
    "2026-10",
    "READY",
    "first line\nsecond line\twith \\ and <tags>",
];

/// What may stand in a body.
#[derive(Debug)]
enum Node {
    Text,
    Number,
    Flag,
    Object(Vec<Field>),
    List(Box<Node>),
}

/// A field that stands in so many of a thousand bodies.
#[derive(Debug)]
struct Field {
    name: &'static str,
    per_mille: u64,
    node: Node,
}

/// The body of a method.
#[derive(Debug)]
pub struct Body {
    type_url: String,
    fields: Vec<Field>,
}

impl Body {
    /// The body of a method; the same for every seed, as a method's definition is.
    pub fn new(service: &str, method: &str, suffix: &str) -> Self {
        let stem = format!("{service}{method}{suffix}");
        let seed = stem.bytes().fold(0, |sum, byte| mixed(sum ^ u64::from(byte)));
        let last = method.rsplit('.').next().unwrap_or(method);
        Self {
            type_url: format!(
                "type.googleapis.com/google.cloud.{}.v1.{last}{suffix}",
                service.split('.').next().unwrap_or(service)
            ),
            fields: fields(&mut Random::new(seed), 0),
        }
    }

    /// Draws a body; `more` adds what the kind of call needs.
    pub fn write(&self, random: &mut Random, more: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        json::object(&mut out, |object| {
            object.text("@type", &self.type_url);
            more(object);
            write_fields(&self.fields, object, random);
        });
        out
    }
}

/// The fields of an object: few that are always there, some that are often, and one that is seldom.
fn fields(random: &mut Random, depth: u32) -> Vec<Field> {
    let count = [4, 3, 2][depth.min(2) as usize] + random.below(3);
    // No field occurs twice: the names are a stretch of the list.
    let start = random.index(WORDS.len());
    let mut names = WORDS.iter().cycle().skip(start).step_by(5);
    (0..count)
        .filter_map(|_| {
            let per_mille = random.weighted(&[(70, 1000), (15, 950), (8, 300), (7, 20)]);
            names.next().map(|name| Field { name, per_mille, node: node(random, depth) })
        })
        .collect()
}

fn node(random: &mut Random, depth: u32) -> Node {
    let nested: u64 = if depth < 3 { 1 } else { 0 };
    match random.weighted(&[(50, 0), (12, 1), (8, 2), (15 * nested, 3), (15 * nested, 4)]) {
        0 => Node::Text,
        1 => Node::Number,
        2 => Node::Flag,
        3 => Node::Object(fields(random, depth + 1)),
        _ => {
            Node::List(Box::new(if random.percent(50) { Node::Text } else { Node::Object(fields(random, depth + 1)) }))
        }
    }
}

fn write_fields(fields: &[Field], object: &mut Object<'_>, random: &mut Random) {
    for field in fields {
        if random.below(1000) < field.per_mille {
            write_node(&field.node, object.key(field.name), random);
        }
    }
}

fn write_node(node: &Node, out: &mut Vec<u8>, random: &mut Random) {
    match node {
        Node::Text => json::text(out, random.one_of(&TEXTS)),
        Node::Number => json::number(out, random.below(100_000)),
        Node::Flag => out.extend_from_slice(if random.percent(70) { b"true" } else { b"false" }),
        Node::Object(fields) => json::object(out, |object| write_fields(fields, object, random)),
        Node::List(element) => {
            let length = random.weighted(&LENGTHS);
            json::array(out, length, |_, out| write_node(element, out, random));
        }
    }
}

/// Adds fields to a body so that its shape is one that no body before had: the bits of a serial number choose among more fields
/// than there are serial numbers.
pub fn make_unseen(body: &mut Vec<u8>, serial: u64, random: &mut Random) {
    let is_empty = body.len() <= 2;
    body.pop();
    if is_empty {
        body.clear();
        body.push(b'{');
    } else {
        body.push(b',');
    }
    json::text(body, "overrides");
    body.push(b':');
    // An odd factor permutes the numbers of 36 bits, so that neighbours in time differ in many fields.
    let chosen = serial.wrapping_mul(0x9_e377_9b97) & ((1 << WORDS.len()) - 1);
    json::object(body, |object| {
        for (bit, name) in WORDS.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1) {
            match bit % 4 {
                0 => object.text(name, random.one_of(&TEXTS)),
                1 => object.number(name, random.below(1000)),
                2 => object.array(name, 1 + bit % 3, |_, out| json::text(out, "x")),
                _ => object.object(name, |inner| {
                    inner.flag("set", true);
                }),
            };
        }
    });
    body.push(b'}');
}
