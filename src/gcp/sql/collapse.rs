//! From entries to calls: copies are dropped, jobs without a location find their home, and each register of a call is read off
//! the entry that ranks highest for it.

use super::expr::SEPARATOR;
use super::select::{Select, Step, literal};
use crate::model::reason::{PayerReason, Reason};

/// The steps, each of which reads the one before.
pub(super) fn steps() -> [Step; 3] {
    [identified(), copies(), calls()]
}

/// The identity of the call. A job told without a location joins the lowest one of its name.
fn identified() -> Step {
    let identity = format!(
        "IF(is_job, CONCAT(family, {SEPARATOR}, COALESCE(job_location, MIN(job_location) OVER (PARTITION BY family), '')), family)"
    );
    let charge_rank = format!(
        "CASE\n  WHEN is_job THEN entry_rank\n  WHEN claims[SAFE_OFFSET(0)].payer IS NOT NULL THEN claims[SAFE_OFFSET(0)].confidence\n  WHEN claims[SAFE_OFFSET(0)].payer_reason = {} THEN 0\n  ELSE 101\nEND",
        literal(PayerReason::NoProject.name())
    );
    // The fields that this statement judges by, to tell copies with other content.
    let content = "TO_HEX(MD5(TO_JSON_STRING(STRUCT(log_name, UNIX_MICROS(stamp) AS micros, insert_id, service, method, resource, status_code, kind, claims, storage_reference, hard_reason, method_reason, driver, failed, phase, entry_rank, total_billed_bytes, processed_bytes, total_slot_ms))))";
    let columns = vec![
        ("*".to_owned(), ""),
        (identity, "call_identity"),
        (charge_rank, "charge_rank"),
        // Of entries between begin and end the earlier one is louder, of all others the later one.
        ("IF(phase = 'middle', -UNIX_MICROS(stamp), UNIX_MICROS(stamp))".to_owned(), "voice"),
        (content.to_owned(), "content"),
    ];
    Step::new(
        "identified",
        "one call, one identity: `call_key` of billtrail is the XXH3-128 of this text",
        Select { columns, from: "verdicts".to_owned(), ..Select::default() },
    )
}

/// Of the copies of an entry one stays.
fn copies() -> Step {
    let own = "PARTITION BY call_identity, IFNULL(entry_identity, call_identity)";
    let columns = vec![
        ("*".to_owned(), ""),
        ("COUNT(*) OVER copies".to_owned(), "copies"),
        ("MIN(content) OVER copies != MAX(content) OVER copies".to_owned(), "copies_differ"),
    ];
    Step::new(
        "told",
        "copies of one entry (delivered twice, a second sink) count once",
        Select {
            columns,
            from: "identified".to_owned(),
            filters: vec!["TRUE".to_owned()],
            qualify: Some("ROW_NUMBER() OVER first_copy = 1".to_owned()),
            windows: vec![("copies", own.to_owned()), ("first_copy", format!("{own} ORDER BY log_name, content"))],
            ..Select::default()
        },
    )
}

/// The register of a call: what its loudest entry says that says anything.
fn loudest(column: &'static str) -> (String, &'static str) {
    (format!("FIRST_VALUE({column} IGNORE NULLS) OVER loudest"), column)
}

fn calls() -> Step {
    let phases = |test: &str| format!("LOGICAL_OR({test}) OVER call");
    let open = format!("{} AND NOT {}", phases("phase = 'first'"), phases("phase IN ('last', 'whole')"));
    let mut columns = vec![("call_identity".to_owned(), "call_identity")];
    columns.extend(["stamp", "service", "method", "resource", "storage_reference"].map(loudest));
    columns.extend(
        ["insert_id", "log_name", "kind", "driver", "status_code", "failed", "metered_slot_ms"]
            .map(|name| (name.to_owned(), name)),
    );
    columns.extend(["total_billed_bytes", "processed_bytes", "total_slot_ms"].map(loudest));
    columns.extend([
        ("FIRST_VALUE(claims) OVER surest".to_owned(), "claims"),
        (
            format!("COALESCE(hard_reason, IF({open}, {}, NULL), method_reason)", literal(Reason::OpenOperation.name())),
            "reason",
        ),
        ("SUM(copies) OVER call".to_owned(), "entries"),
        (
            "IFNULL(ARRAY_TO_STRING(\n  [\n    IF(entry_identity IS NULL, 'no_identity', NULL),\n    IF(LOGICAL_OR(strayed) OVER call, 'strayed_fields', NULL),\n    IF(LOGICAL_OR(copies_differ) OVER call, 'copies_differ', NULL),\n    IF(COUNT(*) OVER equals > 1, 'equal_voices', NULL),\n    IF(REGEXP_CONTAINS(log_name, r'%[0-9A-Fa-f]{2}'), 'escaped_log_name', NULL)\n  ],\n  ', '\n), '')".to_owned(),
            "sql_note",
        ),
    ]);
    let call = "PARTITION BY call_identity";
    let voice = "entry_rank DESC, voice DESC, log_name, insert_id";
    let whole = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
    Step::new(
        "calls_told",
        "the loudest entry speaks for the call, and others fill what it leaves open; the surest evidence names the payer",
        Select {
            columns,
            from: "told".to_owned(),
            filters: vec!["TRUE".to_owned()],
            qualify: Some("ROW_NUMBER() OVER speaker = 1".to_owned()),
            windows: vec![
                ("call", call.to_owned()),
                ("equals", format!("{call}, entry_rank, voice")),
                ("speaker", format!("{call} ORDER BY {voice}")),
                ("loudest", format!("{call} ORDER BY {voice} {whole}")),
                ("surest", format!("{call} ORDER BY charge_rank DESC, {voice} {whole}")),
            ],
            ..Select::default()
        },
    )
}
