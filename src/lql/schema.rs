//! What a filter may ask for: the fields of an entry, their types, and what holds when one is not set.
//!
//! The language does not know any field by itself; a [`Schema`] is handed in.

use serde_json::{Map, Value};

use super::fold::same_name;

/// The fields of an entry.
#[derive(Debug, Clone)]
pub struct Schema {
    root: Type,
}

/// A named field.
#[derive(Debug, Clone)]
pub struct Field {
    name: &'static str,
    kind: Type,
}

/// What a field holds.
#[derive(Debug, Clone)]
pub enum Type {
    /// Text.
    Text,
    /// An integer or a decimal; in JSON also as text.
    Number,
    /// True or false.
    Bool,
    /// A severity: a name or its number.
    Severity,
    /// A moment.
    Timestamp,
    /// A length of time.
    Duration,
    /// A message of the entry itself: another name is an error, a value that is not set has its default.
    Message(Vec<Field>),
    /// A message inside a payload: other names may exist, a value that is not set is missing. Names match in any case and in `snake_case`.
    Payload(Vec<Field>),
    /// Names as they are written, values of text.
    Labels,
    /// Any JSON, names as they are written. Numbers that an export writes as text are numbers if `counts_as_text`.
    Struct {
        /// Whether 64-bit integers appear as text.
        counts_as_text: bool,
    },
}

/// How a field is reached in an entry, and how its values are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub(super) steps: Vec<Step>,
    pub(super) leaf: Leaf,
    /// Whether the entry defines the field, so that it has a value even when it is not set.
    pub(super) defaulted: bool,
}

/// One name on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    /// Whether another case or `snake_case` will do if the name itself is not there.
    pub(super) loose: bool,
}

/// How the values at the end of a route are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    Text,
    Number,
    Bool,
    Severity,
    Timestamp,
    Duration,
    /// As the JSON says.
    Json,
    /// As the JSON says, and integers written as text compare as numbers with numbers.
    CountsAsText,
}

impl Field {
    /// A field of that name and type.
    pub fn new(name: &'static str, kind: Type) -> Self {
        Self { name, kind }
    }
}

impl Route {
    /// Whether a value is there even when the entry does not set the field.
    pub fn is_defaulted(&self) -> bool {
        self.defaulted
    }

    /// Whether the route is one step, to the field of the entry with that name.
    pub(super) fn is_only(&self, name: &str) -> bool {
        matches!(self.steps.as_slice(), [only] if only.name == name)
    }

    /// The name of the field of the entry that the route starts with.
    pub fn root(&self) -> &str {
        self.steps.first().map_or("", |step| &step.name)
    }
}

impl Step {
    /// The value of that name. The name itself wins; of other spellings the first in order.
    pub(super) fn find<'a>(&self, object: &'a Map<String, Value>) -> Option<&'a Value> {
        object.get(&self.name).or_else(|| {
            if !self.loose {
                return None;
            }
            let spellings = object.iter().filter(|(key, _)| same_name(key, &self.name));
            spellings.min_by_key(|(key, _)| *key).map(|(_, value)| value)
        })
    }
}

impl Schema {
    /// A schema of those fields.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { root: Type::Message(fields) }
    }

    /// The way to a field; `None` if no entry can have it.
    pub fn resolve(&self, segments: &[String]) -> Option<Route> {
        let open = Type::Payload(Vec::new());
        let anything = Type::Struct { counts_as_text: false };
        let (mut kind, mut steps, mut in_entry) = (&self.root, Vec::with_capacity(segments.len()), true);
        for segment in segments {
            let exact = |name: &str| Step { name: name.to_owned(), loose: false };
            match kind {
                Type::Message(fields) => {
                    let field = find(fields, segment)?;
                    steps.push(exact(field.name));
                    kind = &field.kind;
                }
                Type::Payload(fields) => {
                    in_entry = false;
                    steps.push(Step { name: segment.clone(), loose: true });
                    kind = find(fields, segment).map_or(&open, |field| &field.kind);
                }
                Type::Labels => {
                    in_entry = false;
                    steps.push(exact(segment));
                    kind = &Type::Text;
                }
                Type::Struct { .. } => {
                    in_entry = false;
                    steps.push(exact(segment));
                }
                Type::Text | Type::Number | Type::Bool | Type::Severity | Type::Timestamp | Type::Duration => {
                    if in_entry {
                        return None;
                    }
                    steps.push(exact(segment));
                    kind = &anything;
                }
            }
        }
        let (leaf, has_default) = match kind {
            Type::Text => (Leaf::Text, true),
            Type::Number => (Leaf::Number, true),
            Type::Bool => (Leaf::Bool, true),
            Type::Severity => (Leaf::Severity, true),
            // Messages in the API: not set is not zero.
            Type::Timestamp => (Leaf::Timestamp, false),
            Type::Duration => (Leaf::Duration, false),
            Type::Payload(_) | Type::Struct { counts_as_text: true } => (Leaf::CountsAsText, false),
            Type::Message(_) | Type::Labels | Type::Struct { counts_as_text: false } => (Leaf::Json, false),
        };
        Some(Route { steps, leaf, defaulted: in_entry && has_default })
    }

    /// Where the schema knows a field of that name, as a dotted path: for hints.
    pub fn place_of(&self, name: &str) -> Option<String> {
        let mut left = vec![(String::new(), &self.root)];
        while let Some((path, kind)) = left.pop() {
            let (Type::Message(fields) | Type::Payload(fields)) = kind else { continue };
            for field in fields.iter().rev() {
                let below = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
                if same_name(field.name, name) {
                    return Some(below);
                }
                left.push((below, &field.kind));
            }
        }
        None
    }

    /// `LogEntry` of Cloud Logging, with `AuditLog` as the known part of `protoPayload`.
    ///
    /// Source: <https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry>,
    /// <https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog>.
    pub fn log_entry() -> Self {
        use Type::{Bool, Duration, Labels, Message, Number, Payload, Severity, Text, Timestamp};
        let of = Field::new;
        let texts = |names: &[&'static str]| names.iter().map(|name| of(name, Text)).collect::<Vec<_>>();
        let any = || Type::Struct { counts_as_text: false };
        let mut request =
            texts(&["protocol", "referer", "remoteIp", "requestMethod", "requestUrl", "serverIp", "userAgent"]);
        request.extend(["cacheFillBytes", "requestSize", "responseSize", "status"].map(|name| of(name, Number)));
        request.extend(["cacheHit", "cacheLookup", "cacheValidatedWithOriginServer"].map(|name| of(name, Bool)));
        request.push(of("latency", Duration));
        let mut fields = texts(&["insertId", "logName", "spanId", "textPayload", "trace"]);
        fields.extend([
            of("httpRequest", Message(request)),
            of("jsonPayload", any()),
            of("labels", Labels),
            of("metadata", Message(vec![of("systemLabels", any()), of("userLabels", Labels)])),
            of("operation", Message(vec![of("id", Text), of("producer", Text), of("first", Bool), of("last", Bool)])),
            of("protoPayload", Payload(audit_log())),
            of("receiveTimestamp", Timestamp),
            of("resource", Message(vec![of("type", Text), of("labels", Labels)])),
            of("severity", Severity),
            of("sourceLocation", Message(vec![of("file", Text), of("line", Number), of("function", Text)])),
            of("split", Message(vec![of("uid", Text), of("index", Number), of("totalSplits", Number)])),
            of("timestamp", Timestamp),
            of("traceSampled", Bool),
            of("errorGroups", Payload(texts(&["id"]))),
            of("apphub", Payload(Vec::new())),
            of("apphubDestination", Payload(Vec::new())),
            of("apphubSource", Payload(Vec::new())),
        ]);
        Self::new(fields)
    }
}

/// The fields of an `AuditLog` whose types matter; its other fields are found too.
fn audit_log() -> Vec<Field> {
    use Type::{Bool, Number, Payload, Text, Timestamp};
    let of = Field::new;
    let structure = || Type::Struct { counts_as_text: true };
    let mut fields: Vec<Field> =
        ["@type", "serviceName", "methodName", "resourceName"].map(|name| of(name, Text)).into_iter().collect();
    fields.extend(
        ["metadata", "request", "response", "serviceData", "resourceOriginalState"].map(|name| of(name, structure())),
    );
    fields.extend([
        of("numResponseItems", Number),
        of("status", Payload(vec![of("code", Number), of("message", Text)])),
        of(
            "authenticationInfo",
            Payload(vec![
                of("principalEmail", Text),
                of("principalSubject", Text),
                of("authoritySelector", Text),
                of("serviceAccountKeyName", Text),
                of("thirdPartyPrincipal", structure()),
            ]),
        ),
        of("authorizationInfo", Payload(vec![of("resource", Text), of("permission", Text), of("granted", Bool)])),
        of(
            "requestMetadata",
            Payload(vec![
                of("callerIp", Text),
                of("callerSuppliedUserAgent", Text),
                of("callerNetwork", Text),
                of("requestAttributes", Payload(vec![of("time", Timestamp), of("size", Number)])),
            ]),
        ),
    ]);
    fields
}

/// The field of that name: as it is written, else in another spelling.
fn find<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.name == name).or_else(|| fields.iter().find(|field| same_name(field.name, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Option<Route> {
        Schema::log_entry().resolve(&path.split('.').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_name_the_entry_does_not_define_is_undefined() {
        for path in ["thud", "operation.thud", "textPayload.thud", "timestamp.seconds", "resource.labels_x"] {
            assert!(route(path).is_none(), "{path}");
        }
    }

    #[test]
    fn payloads_and_labels_may_hold_any_name() {
        for path in
            ["jsonPayload.a.b", "protoPayload.serviceName.nickname", "labels.x", "resource.labels.zone", "labels.a.b"]
        {
            assert!(route(path).is_some_and(|route| !route.is_defaulted()), "{path}");
        }
    }

    #[test]
    fn fields_of_the_entry_have_defaults_and_any_spelling() {
        for path in ["trace", "operation.producer", "HTTPREQUEST.remote_ip", "severity", "resource.type"] {
            assert!(route(path).is_some_and(|route| route.is_defaulted()), "{path}");
        }
        assert_eq!(route("log_name").map(|route| route.root().to_owned()).as_deref(), Some("logName"));
    }

    #[test]
    fn a_name_without_its_payload_is_found_for_a_hint() {
        assert_eq!(Schema::log_entry().place_of("methodname").as_deref(), Some("protoPayload.methodName"));
    }
}
