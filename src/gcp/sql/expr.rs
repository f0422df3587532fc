//! Expressions that several steps use: fields of JSON values, and what a text says of a project.
//!
//! `project_ref` and `resource_name` are the rules in Rust; what is written here says the same in GoogleSQL.

use super::select::literals;
use crate::gcp::project_ref::GOOGLE_SDK_PROJECTS;

/// The separator of the parts of an identity.
pub const SEPARATOR: &str = "CHR(31)";

/// The text at a path of a JSON value; NULL when it is absent, null or empty.
pub fn text(json: &str, path: &str) -> String {
    format!("NULLIF({}, '')", scalar(json, path))
}

/// The scalar at a path as it is written.
fn scalar(json: &str, path: &str) -> String {
    format!("JSON_VALUE({json}, '$.{path}')")
}

/// The value at a path.
pub fn json(json: &str, path: &str) -> String {
    format!("JSON_QUERY({json}, '$.{path}')")
}

/// Whether an object stands at a path.
pub fn is_object(value: &str, path: &str) -> String {
    format!("IFNULL(JSON_TYPE({}) = 'object', FALSE)", json(value, path))
}

/// Whether anything but null stands at a path.
pub fn is_present(value: &str, path: &str) -> String {
    format!("IFNULL(JSON_TYPE({}) != 'null', FALSE)", json(value, path))
}

/// The quantity at a path, written as a number or as its text; NULL for anything else.
pub fn quantity(json: &str, path: &str) -> String {
    format!("SAFE_CAST(REGEXP_EXTRACT({}, r'^[0-9]+$') AS INT64)", scalar(json, path))
}

/// The code at a path.
pub fn code(json: &str, path: &str) -> String {
    format!("SAFE_CAST(REGEXP_EXTRACT({}, r'^-?[0-9]+$') AS INT64)", scalar(json, path))
}

/// Whether the Boolean at a path is true; absent is false.
pub fn flag(json: &str, path: &str) -> String {
    format!("IFNULL({} IN ('true', 'True', 'TRUE'), FALSE)", scalar(json, path))
}

/// The project token of a resource name.
pub fn project_of(name: &str) -> String {
    format!("REGEXP_EXTRACT({name}, r'^(?://[^/]*/)?(?:projects|projectnumbers|namespaces)/([^/]+)')")
}

/// A part of the name of a BigQuery job: `project` or `id`.
pub fn job_of(name: &str, part: JobPart) -> String {
    let pattern = match part {
        JobPart::Project => "^(?://[^/]*/)?projects/([^/]+)/jobs/[^/]+$",
        JobPart::Id => "^(?://[^/]*/)?projects/[^/]+/jobs/([^/]+)$",
    };
    format!("REGEXP_EXTRACT({name}, r'{pattern}')")
}

/// The parts of a job's name.
#[derive(Debug, Clone, Copy)]
pub enum JobPart {
    /// The project's token.
    Project,
    /// The job's id.
    Id,
}

/// The last segment of a method's name.
pub fn last_segment(method: &str) -> String {
    format!("REGEXP_EXTRACT({method}, r'[^.]*$')")
}

/// What a project token names: an id, `number:N`, or the empty text for what can be no project. The wildcards `_` and `-` name
/// nothing; whoever asks has left them out.
pub fn named(token: &str) -> String {
    let number = "number:";
    format!(
        "CASE\n  \
         WHEN REGEXP_CONTAINS({token}, r'^[1-9][0-9]*$') THEN IFNULL(CONCAT('{number}', CAST(SAFE_CAST({token} AS INT64) AS STRING)), '')\n  \
         -- a hexadecimal number of at most 63 bits, as Google writes it into permission checks\n  \
         WHEN REGEXP_CONTAINS({token}, r'^[0-9][0-9A-Fa-f]{{0,14}}$|^[0-7][0-9A-Fa-f]{{15}}$')\n    \
         THEN IFNULL(CONCAT('{number}', CAST(NULLIF(SAFE_CAST(CONCAT('0x', {token}) AS INT64), 0) AS STRING)), '')\n  \
         WHEN REGEXP_CONTAINS({token}, r'^(?:[a-z0-9.-]+(?::|%3A|%3a))?[a-z][a-z0-9-]{{4,28}}[a-z0-9]$')\n    \
         THEN REGEXP_REPLACE({token}, r'%3[Aa]', ':')\n  \
         ELSE ''\nEND"
    )
}

/// Whether a token names nothing by itself.
pub fn is_wildcard(token: &str) -> String {
    format!("{token} IN ('_', '-')")
}

/// The number of a reference that is one.
pub fn number_of(reference: &str) -> String {
    format!("SAFE_CAST(REGEXP_EXTRACT({reference}, r'^number:([0-9]+)$') AS INT64)")
}

/// The numbers of Google's own projects, for `IN`.
pub fn sdk_projects() -> String {
    GOOGLE_SDK_PROJECTS.map(|number| number.to_string()).join(", ")
}

/// Whether a value is one of some texts.
pub fn is_one_of<'t>(value: &str, texts: impl IntoIterator<Item = &'t str>) -> String {
    format!("{value} IN ({})", literals(texts))
}
