//! Layouts: how a table holds log entries. Each is turned into the same columns, and the partition is chosen first.

use super::expr::{is_present, json, text};
use super::select::{Select, Step, literal};
use super::{Absent, Layout, Question, Window};

/// The type of the payload that makes a log entry an audit entry.
const AUDIT_LOG: &str = "type.googleapis.com/google.cloud.audit.AuditLog";

/// Columns that are read together, and what they weigh.
pub(super) struct ColumnGroup {
    /// The columns, as the table names them.
    pub name: &'static str,
    /// Bytes that they take in a typical entry.
    pub bytes: u32,
    /// What they are read for.
    pub why: &'static str,
    /// The column that takes the group away.
    pub absent: Option<Absent>,
}

/// The columns that the statement reads of a layout. The bytes were measured once, on made-up entries.
pub(super) fn column_groups(layout: Layout) -> Vec<ColumnGroup> {
    let group = |name, bytes, why, absent| ColumnGroup { name, bytes, why, absent };
    let columns = |names: [&'static str; 7]| {
        let [own, operation, resource, named, checks, payload, v1] = names;
        vec![
            group(own, 95, "which call it is", None),
            group(operation, 15, "entries of one call", Some(Absent::Operation)),
            group(resource, 20, "whose log or bucket it is", None),
            group(named, 130, "what was called, and on what", None),
            group(checks, 110, "who asked to be billed", Some(Absent::AuthorizationInfo)),
            group(payload, 340, "BigQuery's jobs, and who is named as parent", None),
            group(v1, 5, "BigQuery's jobs in the old form", Some(Absent::ServiceData)),
        ]
    };
    match layout {
        Layout::Sink | Layout::SinkPartitioned => columns([
            "logName, timestamp, insertId",
            "operation, split",
            "resource.labels",
            "serviceName, methodName, resourceName, status",
            "authorizationInfo",
            "requestJson, metadataJson",
            "servicedata_v1_bigquery",
        ]),
        Layout::LogAnalytics => columns([
            "log_name, log_id, timestamp, insert_id",
            "operation, split",
            "resource.labels",
            "service_name, method_name, resource_name, status",
            "authorization_info",
            "request, metadata",
            "service_data",
        ]),
        Layout::RawJson => vec![group("entry", 1600, "a column of JSON is read as a whole", None)],
    }
}

/// The step that reads the tables.
pub(super) fn entries_as_stored(question: &Question<'_>) -> Step {
    let selects = question.tables.iter().map(|table| stored(question, table)).collect();
    let why =
        format!("{}: the columns that rules read, from the partitions that can matter", question.layout.meaning());
    Step { name: "stored", why, selects }
}

fn stored(question: &Question<'_>, table: &str) -> Select {
    let mut columns = match question.layout {
        Layout::RawJson => raw_json(),
        Layout::Sink | Layout::SinkPartitioned => sink(),
        Layout::LogAnalytics => log_analytics(),
    };
    for absent in question.absent {
        if let Some((expression, _)) = columns.iter_mut().find(|(_, name)| *name == absent.column()) {
            *expression = absent.nothing().to_owned();
        }
    }
    let path = match question.layout {
        Layout::Sink => format!("{}_*", table.trim_end_matches("_*")),
        Layout::SinkPartitioned | Layout::LogAnalytics | Layout::RawJson => table.to_owned(),
    };
    let mut filters = partitions(question);
    filters.extend(match question.layout {
        Layout::RawJson => [is_audit_json()].into_iter().chain(readable_json()).collect(),
        Layout::LogAnalytics => vec!["row_of.log_id LIKE 'cloudaudit.googleapis.com/%'".to_owned()],
        // The table is named after its log.
        Layout::Sink | Layout::SinkPartitioned => Vec::new(),
    });
    Select { columns, from: format!("`{path}` AS row_of"), filters, ..Select::default() }
}

/// The conditions by which BigQuery leaves partitions unread.
fn partitions(question: &Question<'_>) -> Vec<String> {
    let Some(Window { from, to }) = &question.window else { return Vec::new() };
    let day = |time: &str| time.chars().take(10).filter(char::is_ascii_digit).collect::<String>();
    let between =
        |column: &str| vec![format!("{column} >= TIMESTAMP '{from}'"), format!("{column} < TIMESTAMP '{to}'")];
    match question.layout {
        // Shards are days of UTC. One that begins at the end of the window is empty of what is wanted, and costs little.
        Layout::Sink => vec![format!("_TABLE_SUFFIX BETWEEN '{}' AND '{}'", day(from), day(to))],
        Layout::SinkPartitioned | Layout::LogAnalytics => between("row_of.timestamp"),
        Layout::RawJson => question.partition.map_or_else(Vec::new, between),
    }
}

/// An audit entry says so by the type of its payload; re-exports may drop the type.
fn is_audit_json() -> String {
    let stated = "JSON_VALUE(entry, '$.protoPayload.\"@type\"')";
    let untyped = format!(
        "IFNULL({stated}, '') = '' AND COALESCE({}, {}) IS NOT NULL",
        text("entry", "protoPayload.serviceName"),
        text("entry", "protoPayload.methodName")
    );
    format!("({stated} = '{AUDIT_LOG}' OR {untyped})")
}

/// What decides the payer or the identity must have the type that it should have; such an entry is rejected.
fn readable_json() -> Vec<String> {
    let texts = [
        "logName",
        "timestamp",
        "insertId",
        "resource.labels.project_id",
        "operation.id",
        "operation.producer",
        "split.uid",
        "protoPayload.serviceName",
        "protoPayload.methodName",
        "protoPayload.resourceName",
    ];
    let objects = ["resource.labels", "operation", "split"];
    let is = |path: &str, kind: &str| {
        format!("IFNULL(JSON_TYPE({}), 'null') IN ({}, 'null')", json("entry", path), literal(kind))
    };
    let texts = texts.iter().map(|path| {
        format!("REGEXP_CONTAINS(IFNULL(TO_JSON_STRING({}), 'null'), r'^(?:\"|null$)')", json("entry", path))
    });
    let objects = objects.iter().map(|path| is(path, "object"));
    texts.chain(objects).chain([is("protoPayload.authorizationInfo", "array")]).collect()
}

fn raw_json() -> Vec<(String, &'static str)> {
    let payload = |path: &str| format!("protoPayload.{path}");
    // BigQuery keeps microseconds; what is finer is cut, as in the identity of an entry. It knows no leap seconds.
    let time = r"SAFE_CAST(REGEXP_REPLACE(REGEXP_REPLACE(JSON_VALUE(entry, '$.timestamp'), r':60(?:\.[0-9]+)?', ':59.999999'), r'(\.[0-9]{6})[0-9]+', r'\1') AS TIMESTAMP)";
    vec![
        (text("entry", "logName"), "log_text"),
        (time.to_owned(), "stamp"),
        (text("entry", "insertId"), "insert_id"),
        (json("entry", "resource.labels"), "labels"),
        (json("entry", "operation"), "operation"),
        (json("entry", "split"), "split"),
        (text("entry", &payload("serviceName")), "service"),
        (text("entry", &payload("methodName")), "method"),
        (text("entry", &payload("resourceName")), "resource"),
        (json("entry", &payload("status")), "status"),
        ("JSON_QUERY_ARRAY(entry, '$.protoPayload.authorizationInfo')".to_owned(), "check_list"),
        (json("entry", &payload("request")), "request"),
        (json("entry", &payload("metadata")), "metadata"),
        (json("entry", &payload("serviceData")), "service_data"),
        (hash("entry"), "own_bytes"),
        (strayed(), "strayed"),
    ]
}

/// What tells an entry without time or insertId from others.
fn hash(of: &str) -> String {
    format!("TO_HEX(SHA256(TO_JSON_STRING({of})))")
}

/// Fields that a re-export put where they do not belong; billtrail brings them home, this statement does not.
fn strayed() -> String {
    let out = ["serviceName", "methodName", "status", "authorizationInfo", "authenticationInfo"];
    let inside = ["insertId", "logName", "operation", "receiveTimestamp", "resource", "timestamp"];
    let deeper = ["authorizationInfo", "serviceName", "status"];
    let paths = out.iter().map(|name| (*name).to_owned());
    let paths = paths.chain(inside.iter().map(|name| format!("protoPayload.{name}")));
    let paths = paths.chain(deeper.iter().map(|name| format!("protoPayload.authenticationInfo.{name}")));
    let there: Vec<String> = paths.map(|path| is_present("entry", &path)).collect();
    there.join("\n  OR ")
}

/// The columns of a sink's tables. Small structs are read as JSON, so that fields that no entry ever had do no harm.
fn sink() -> Vec<(String, &'static str)> {
    let column = |name: &str| format!("NULLIF(row_of.protopayload_auditlog.{name}, '')");
    let parsed =
        |name: &str| format!("SAFE.PARSE_JSON(row_of.protopayload_auditlog.{name}, wide_number_mode => 'round')");
    vec![
        ("NULLIF(row_of.logName, '')".to_owned(), "log_text"),
        ("row_of.timestamp".to_owned(), "stamp"),
        ("NULLIF(row_of.insertId, '')".to_owned(), "insert_id"),
        ("TO_JSON(row_of.resource.labels)".to_owned(), "labels"),
        ("TO_JSON(row_of.operation)".to_owned(), "operation"),
        ("TO_JSON(row_of.split)".to_owned(), "split"),
        (column("serviceName"), "service"),
        (column("methodName"), "method"),
        (column("resourceName"), "resource"),
        ("TO_JSON(row_of.protopayload_auditlog.status)".to_owned(), "status"),
        ("JSON_QUERY_ARRAY(TO_JSON(row_of.protopayload_auditlog.authorizationInfo))".to_owned(), "check_list"),
        (parsed("requestJson"), "request"),
        (parsed("metadataJson"), "metadata"),
        ("TO_JSON(row_of.protopayload_auditlog.servicedata_v1_bigquery)".to_owned(), "service_data"),
        (hash("STRUCT(row_of.logName, row_of.timestamp, row_of.insertId)"), "own_bytes"),
        ("FALSE".to_owned(), "strayed"),
    ]
}

/// The columns of Log Analytics, whose JSON keeps the keys of the API.
fn log_analytics() -> Vec<(String, &'static str)> {
    let column = |name: &str| format!("NULLIF(row_of.proto_payload.audit_log.{name}, '')");
    let value = |name: &str| format!("row_of.proto_payload.audit_log.{name}");
    vec![
        ("NULLIF(row_of.log_name, '')".to_owned(), "log_text"),
        ("row_of.timestamp".to_owned(), "stamp"),
        ("NULLIF(row_of.insert_id, '')".to_owned(), "insert_id"),
        ("row_of.resource.labels".to_owned(), "labels"),
        ("TO_JSON(row_of.operation)".to_owned(), "operation"),
        ("TO_JSON(row_of.split)".to_owned(), "split"),
        (column("service_name"), "service"),
        (column("method_name"), "method"),
        (column("resource_name"), "resource"),
        ("TO_JSON(row_of.proto_payload.audit_log.status)".to_owned(), "status"),
        ("JSON_QUERY_ARRAY(TO_JSON(row_of.proto_payload.audit_log.authorization_info))".to_owned(), "check_list"),
        (value("request"), "request"),
        (value("metadata"), "metadata"),
        (value("service_data"), "service_data"),
        (hash("STRUCT(row_of.log_name, row_of.timestamp, row_of.insert_id)"), "own_bytes"),
        ("FALSE".to_owned(), "strayed"),
    ]
}

impl Absent {
    /// The step's column that it takes away.
    fn column(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Split => "split",
            Self::Status => "status",
            Self::Request => "request",
            Self::Metadata => "metadata",
            Self::ServiceData => "service_data",
            Self::AuthorizationInfo => "check_list",
        }
    }

    /// What stands in its place.
    fn nothing(self) -> &'static str {
        match self {
            Self::Operation | Self::Split | Self::Status | Self::Request | Self::Metadata | Self::ServiceData => {
                "CAST(NULL AS JSON)"
            }
            Self::AuthorizationInfo => "CAST([] AS ARRAY<JSON>)",
        }
    }
}
