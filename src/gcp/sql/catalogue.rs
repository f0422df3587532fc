//! The catalogue in SQL: the rows of `services.csv` as a literal or a loaded table, and how a method finds its class.

use super::CatalogueFrom;
use super::Question;
use super::expr::{is_one_of, last_segment};
use super::select::{Select, Step, indented, literal, literals};
use crate::gcp::service::{Catalogue, MethodClass, Service};
use crate::model::reason::Driver;

/// The step that holds the catalogue, with the suffixes of methods cut as they are compared.
pub(super) fn services(question: &Question<'_>) -> Step {
    let (from, why) = match &question.catalogue {
        CatalogueFrom::Rows(catalogue) => (rows(catalogue), "the catalogue: what is known of each service".to_owned()),
        CatalogueFrom::Table(table) => (loaded(table), format!("the catalogue, as loaded into {table}")),
    };
    let class = |class: MethodClass, column: &str, place: u8| {
        format!(
            "ARRAY(\n  SELECT STRUCT({} AS class, {place} AS place, REPLACE(suffix, '*', '') AS literal, ENDS_WITH(suffix, '*') AS open)\n  FROM UNNEST(SPLIT({column}, ' ')) AS suffix\n  WHERE suffix != ''\n)",
            literal(class_name(class))
        )
    };
    let listed = [
        class(MethodClass::Billable, "billable_methods", 1),
        class(MethodClass::Runtime, "runtime_methods", 2),
        class(MethodClass::Free, "free_methods", 3),
    ];
    let select = Select {
        columns: vec![
            ("service".to_owned(), "service"),
            ("version".to_owned(), "version"),
            ("kind".to_owned(), "kind"),
            ("driver".to_owned(), "driver"),
            ("optional_parent".to_owned(), "optional_parent"),
            (format!("ARRAY_CONCAT(\n{}\n)", indented(&listed.join(",\n"), "  ")), "listed"),
        ],
        from,
        ..Select::default()
    };
    Step::new("services", why, select)
}

fn rows(catalogue: &Catalogue) -> String {
    let mut first = true;
    let rows: Vec<String> = catalogue
        .services()
        .map(|row| {
            let cells = cells(row);
            let named =
                |(value, name): &(String, &str)| if first { format!("{value} AS {name}") } else { value.clone() };
            let row = format!("  STRUCT({})", cells.iter().map(named).collect::<Vec<_>>().join(", "));
            first = false;
            row
        })
        .collect();
    format!("UNNEST([\n{}\n])", rows.join(",\n"))
}

fn cells(row: &Service) -> [(String, &'static str); 8] {
    let listed = |class| {
        let words: Vec<String> = row.listed(class).map(ToString::to_string).collect();
        literal(&words.join(" "))
    };
    [
        (literal(&row.service), "service"),
        // 0 stands for all versions that have no row of their own.
        (row.version.unwrap_or(0).to_string(), "version"),
        (literal(row.kind.name()), "kind"),
        (literal(row.driver.name()), "driver"),
        (if row.optional_parent() { "TRUE" } else { "FALSE" }.to_owned(), "optional_parent"),
        (listed(MethodClass::Billable), "billable_methods"),
        (listed(MethodClass::Runtime), "runtime_methods"),
        (listed(MethodClass::Free), "free_methods"),
    ]
}

/// A table that holds the columns of `services.csv`, all of them texts.
fn loaded(table: &str) -> String {
    let columns = [
        "service",
        "IFNULL(SAFE_CAST(REGEXP_EXTRACT(version, r'[0-9]+') AS INT64), 0) AS version",
        "kind",
        "driver",
        "IFNULL(parent, '') = 'optional' AS optional_parent",
        "IFNULL(billable_methods, '') AS billable_methods",
        "IFNULL(runtime_methods, '') AS runtime_methods",
        "IFNULL(free_methods, '') AS free_methods",
    ];
    format!("(\n  SELECT\n    {}\n  FROM `{table}`\n)", columns.join(",\n    "))
}

/// The name of a class among the columns.
pub(super) fn class_name(class: MethodClass) -> &'static str {
    match class {
        MethodClass::Billable => "billable",
        MethodClass::Runtime => "runtime",
        MethodClass::Free => "free",
        MethodClass::Other => "other",
    }
}

/// The version that a method's name states: `v2`, `v2beta1` and `v2p1` are 2. 0 when it states none.
pub(super) fn stated_version() -> String {
    r"IFNULL(SAFE_CAST(REGEXP_EXTRACT(method, r'(?:^|\.)v0*([0-9]{1,9})(?:[A-Za-z][0-9A-Za-z]*)?(?:\.|$)') AS INT64), 0)"
        .to_owned()
}

/// The step that finds the row and the class of each entry's method.
pub(super) fn classed() -> Step {
    // The row of the stated version, else the row without one. A method of no version states 0, which is that row.
    let either = |column: &str| format!("IF(versioned.kind IS NOT NULL, versioned.{column}, plain.{column})");
    let columns = vec![
        ("entries.*".to_owned(), ""),
        (either("kind"), "service_kind"),
        (either("driver"), "service_driver"),
        (format!("IFNULL({}, FALSE)", either("optional_parent")), "optional_parent"),
        (either("listed"), "listed"),
    ];
    let from = "entries\nLEFT JOIN services AS versioned ON versioned.service = entries.service AND versioned.version = entries.stated_version\n\
                LEFT JOIN services AS plain ON plain.service = entries.service AND plain.version = 0"
        .to_owned();
    Step::new(
        "known",
        "each entry with what the catalogue knows of its service",
        Select { columns, from, ..Select::default() },
    )
}

/// The class of a method: by the most specific suffix that matches in exact case, else by one that matches in any case.
/// Reads of what is metered by time or size are free although no row lists them.
pub(super) fn method_class() -> String {
    let head = |text: &str| format!("CONCAT('.', IFNULL(REGEXP_EXTRACT({text}, r'^.*\\.'), ''))");
    let tail = |text: &str| last_segment(text);
    let matches = |method: &str, suffix: &str| {
        format!(
            "ENDS_WITH({}, {}) AND IF(item.open, STARTS_WITH({t}, IFNULL({s}, '')), {t} = {s})",
            head(method),
            head(suffix),
            t = tail(method),
            s = tail(suffix)
        )
    };
    let reads = "REGEXP_CONTAINS(IFNULL(method, ''), r'(?i)(?:^|\\.)(?:get|list|aggregatedlist)[^.]*$')";
    let by_time = is_one_of("service_driver", [Driver::Runtime.name(), Driver::Storage.name()]);
    format!(
        "COALESCE(\n  ARRAY(\n    SELECT item.class FROM UNNEST(listed) AS item\n    WHERE {}\n    ORDER BY IF({}, 0, 1), LENGTH(item.literal) DESC, IF(item.open, 1, 0), item.place, item.literal\n    LIMIT 1\n  )[SAFE_OFFSET(0)],\n  IF({by_time} AND {reads}, {free}, {other})\n)",
        matches("LOWER(method)", "LOWER(item.literal)"),
        matches("method", "item.literal"),
        free = literal(class_name(MethodClass::Free)),
        other = literal(class_name(MethodClass::Other)),
    )
}

/// Why a method is not billable, as far as the catalogue knows; NULL if it is.
pub(super) fn method_reason() -> String {
    use crate::model::reason::Reason;
    let of_driver = |drivers: &[Driver]| literals(drivers.iter().map(|driver| driver.name()));
    format!(
        "CASE\n  WHEN service_kind IS NULL THEN {unknown}\n  WHEN class = 'billable' THEN NULL\n  WHEN class = 'free' THEN {free}\n  WHEN class = 'runtime' THEN {runtime}\n  WHEN service_driver IN ({timed}) THEN {runtime}\n  WHEN service_driver IN ({elsewhere}) THEN {metered}\n  WHEN service_driver = {free_driver} THEN {free}\n  ELSE {admin}\nEND",
        unknown = literal(Reason::UnknownService.name()),
        free = literal(Reason::FreeMethod.name()),
        runtime = literal(Reason::Runtime.name()),
        timed = of_driver(&[Driver::Runtime, Driver::Storage]),
        elsewhere = of_driver(&[Driver::Fee, Driver::MeteredElsewhere]),
        metered = literal(Reason::MeteredElsewhere.name()),
        free_driver = literal(Driver::Free.name()),
        admin = literal(Reason::Admin.name()),
    )
}

/// How a call is metered.
pub(super) fn driver() -> String {
    let kept = literals([Driver::Runtime, Driver::Storage, Driver::MeteredElsewhere, Driver::Fee].map(Driver::name));
    format!(
        "CASE\n  WHEN service_kind IS NULL THEN {free}\n  WHEN class = 'billable' THEN service_driver\n  WHEN class = 'runtime' THEN {runtime}\n  WHEN class = 'free' THEN {free}\n  WHEN service_driver IN ({kept}) THEN service_driver\n  ELSE {free}\nEND",
        free = literal(Driver::Free.name()),
        runtime = literal(Driver::Runtime.name()),
    )
}
