//! The envelope of an entry: its log, its place in an operation or a split, and the texts that rules read.

use super::catalogue::stated_version;
use super::expr::{SEPARATOR, code, flag, last_segment, project_of, text};
use super::select::{Select, Step, literal};
use crate::gcp::kind::Stream;

/// The step that reads the envelope.
pub(super) fn entries() -> Step {
    let log = "REGEXP_REPLACE(log_text, r'^/', '')";
    let mut decoded = log.to_owned();
    for (escape, character) in [("%2F", "/"), ("%2f", "/"), ("%3A", ":"), ("%3a", ":")] {
        decoded = format!("REPLACE({decoded}, '{escape}', '{character}')");
    }
    let read = Select {
        columns: vec![
            ("*".to_owned(), ""),
            (decoded, "log_name"),
            (text("labels", "project_id"), "label"),
            (stated_version(), "stated_version"),
            (checks(), "checks"),
        ],
        from: "stored".to_owned(),
        ..Select::default()
    };
    Step::new(
        "decoded",
        "the log's name with its escapes decoded, the stated version of the API, and the permission checks",
        read,
    )
}

/// The permission checks in their order.
fn checks() -> String {
    format!(
        "ARRAY(\n  SELECT STRUCT(position AS place, {} AS resource, {} AS permission, {} AS granted)\n  FROM UNNEST(check_list) AS item WITH OFFSET AS position\n)",
        text("item", "resource"),
        text("item", "permission"),
        flag("item", "granted")
    )
}

/// The step that cuts the envelope into what rules ask for.
pub(super) fn envelope() -> Step {
    let stream = |stream: Stream| literal(stream.name());
    let audit = |stream: Stream| format!("'/logs/cloudaudit.googleapis.com/{}'", stream.name());
    let by_stream = [Stream::Activity, Stream::DataAccess, Stream::SystemEvent, Stream::Policy]
        .map(|of| format!("  WHEN ENDS_WITH(log_name, {}) THEN {}", audit(of), stream(of)));
    let first = flag("operation", "first");
    let last = flag("operation", "last");
    let phase = format!(
        "CASE\n  WHEN NOT {is_operation} OR ({first} AND {last}) THEN 'whole'\n  WHEN {first} THEN 'first'\n  WHEN {last} THEN 'last'\n  ELSE 'middle'\nEND",
        is_operation = "IFNULL(JSON_TYPE(operation) = 'object', FALSE)"
    );
    let first_part = "IFNULL(JSON_TYPE(split) = 'object', FALSE) AND IFNULL(JSON_VALUE(split, '$.index'), '0') = '0'";
    let status = code("status", "code");
    let check = |value: &str| {
        format!(
            "ARRAY(\n  SELECT {value} FROM UNNEST(checks) AS item\n  WHERE NULLIF({token}, '_') != '-'\n  ORDER BY item.place\n  LIMIT 1\n)[SAFE_OFFSET(0)]",
            token = project_of("item.resource")
        )
    };
    let columns = vec![
        ("*".to_owned(), ""),
        ("REGEXP_EXTRACT(log_text, r'^/?(organizations|folders|billingAccounts)/[^/]')".to_owned(), "container"),
        ("REGEXP_EXTRACT(log_text, r'^/?projects/([^/]+)')".to_owned(), "log_token"),
        (format!("CASE\n{}\n  ELSE {}\nEND", by_stream.join("\n"), stream(Stream::Unstated)), "stream"),
        (format!("IF({}, IFNULL({status}, 2), 0)", "JSON_VALUE(status, '$.code') IS NOT NULL"), "status_code"),
        (text("operation", "id"), "operation_id"),
        (format!("IFNULL({}, '')", text("operation", "producer")), "operation_producer"),
        (phase, "phase"),
        (text("split", "uid"), "split_uid"),
        (format!("IF({first_part}, 1, 0)"), "first_part"),
        (last_segment("IFNULL(method, '')"), "method_last"),
        (project_of("resource"), "resource_token"),
        (check("CONCAT('protoPayload.authorizationInfo[', CAST(item.place AS STRING), '].resource')"), "check_path"),
        (check("item.resource"), "check_text"),
        (check(&project_of("item.resource")), "check_token"),
        (text("request", "parent"), "parent"),
        (project_of(&text("request", "parent")), "parent_token"),
        (text("request", "readStream"), "read_stream"),
        (project_of(&text("request", "readStream")), "read_stream_token"),
        (
            format!(
                "CONCAT('entry', {SEPARATOR}, IFNULL(log_name, ''), {SEPARATOR}, CAST(UNIX_MICROS(stamp) AS STRING), {SEPARATOR}, insert_id)"
            ),
            "entry_identity",
        ),
    ];
    let other = "NOT REGEXP_CONTAINS(IFNULL(log_name, ''), r'/logs/(?:externalaudit\\.googleapis\\.com/|cloudaudit\\.googleapis\\.com/access_transparency$)')";
    Step::new(
        "entries",
        "what an entry says beside its payload; logs of third parties and of Google's staff are left out",
        Select { columns, from: "decoded".to_owned(), filters: vec![other.to_owned()], ..Select::default() },
    )
}
