//! What is asked of calls: sums by payer, and sums by business unit.

use super::Question;
use super::expr::is_one_of;
use super::select::{Select, Step, literal};
use crate::model::reason::{Driver, PayerReason};

/// The columns by which the ledger puts calls together.
const LEDGER_KEYS: [&str; 7] = ["day", "payer", "storage_payer", "service", "method", "kind", "reason"];

/// The columns by which the chargeback does.
const CHARGEBACK_KEYS: [&str; 3] = ["unit", "cost_center", "service"];

fn plain(name: &'static str) -> (String, &'static str) {
    (name.to_owned(), name)
}

/// The sums of a report.
fn measures() -> Vec<(String, &'static str)> {
    let metered = |driver: Driver| format!("SUM(IF(billable AND driver = {}, quantity, 0))", literal(driver.name()));
    vec![
        ("COUNT(*)".to_owned(), "calls"),
        ("COUNTIF(billable)".to_owned(), "billable_calls"),
        ("COUNTIF(failed)".to_owned(), "failed_calls"),
        (format!("IFNULL({}, 0)", metered(Driver::Bytes)), "billed_bytes"),
        (format!("IFNULL({}, 0)", metered(Driver::SlotMs)), "slot_ms"),
        ("SUM(entries)".to_owned(), "entries"),
        ("MIN(timestamp)".to_owned(), "first_seen"),
        ("MAX(timestamp)".to_owned(), "last_seen"),
        ("COUNTIF(NOT sql_exact)".to_owned(), "sql_inexact_calls"),
    ]
}

fn by_size(keys: &[&str]) -> Vec<String> {
    ["billable_calls DESC", "calls DESC"].iter().chain(keys).map(|name| (*name).to_owned()).collect()
}

/// The view `ledger`: sums by day, payer, service and method.
pub(super) fn ledger(question: &Question<'_>) -> Select {
    let day = format!("DATE(timestamp, {})", literal(question.timezone));
    let mut columns = vec![(day, "day")];
    columns.extend(LEDGER_KEYS[1..].iter().map(|name| plain(name)));
    columns.extend(measures());
    Select {
        columns,
        from: "calls".to_owned(),
        group_by: LEDGER_KEYS.to_vec(),
        order_by: by_size(&LEDGER_KEYS),
        ..Select::default()
    }
}

/// Rows of a mapping that need what neither the logs nor the table tell.
const NOT_BY_PROJECT: &str = r"REGEXP_CONTAINS(project, r'^(?:label|job-label|principal|folder|org|pool):|\{')";

/// The steps that add calls up by day, read the mapping, and find the row that decides.
pub(super) fn mapping(question: &Question<'_>, table: &str) -> [Step; 3] {
    // The columns may be of type DATE or STRING; an empty text is no date.
    let date = |column: &str| format!("SAFE_CAST(NULLIF(TRIM(CAST({column} AS STRING)), '') AS DATE)");
    // A glob as a regular expression: what is special there is escaped, `*`, `?` and sets mean what they mean in a glob.
    let escaped = r"REGEXP_REPLACE(project, r'([.+$()|\\])', r'\\\1')";
    let pattern = format!("CONCAT('^', REPLACE(REPLACE(REPLACE({escaped}, '[!', '[^'), '*', '.*'), '?', '.'), '$')");
    let glob = r"REGEXP_CONTAINS(project, r'[*?\[]')";
    let sets = r"REGEXP_REPLACE(project, r'\[[!^]?.[^\]]*\]', '?')";
    let row = [
        "project AS project".to_owned(),
        "business_unit AS business_unit".to_owned(),
        "cost_center AS cost_center".to_owned(),
        format!("{} AS valid_from", date("valid_from")),
        format!("{} AS valid_to", date("valid_to")),
        format!("{glob} AS is_glob"),
        format!("IF({glob}, {pattern}, NULL) AS pattern"),
        format!("LENGTH(REGEXP_REPLACE({sets}, r'[*?]', '')) AS literals"),
        format!("LENGTH(REGEXP_REPLACE({sets}, r'[^*?]', '')) AS wildcards"),
    ];
    let rows = Select {
        columns: vec![
            (
                format!(
                    "ARRAY_AGG(\n  IF(\n    {NOT_BY_PROJECT},\n    NULL,\n    STRUCT(\n      {}\n    )\n  )\n  IGNORE NULLS\n)",
                    row.join(",\n      ")
                ),
                "mapping_rows",
            ),
            (format!("COUNTIF({NOT_BY_PROJECT})"), "mapping_rows_left_out"),
        ],
        from: format!("`{table}`"),
        ..Select::default()
    };
    let nobody = format!(
        "(payer IS NULL OR IFNULL({}, FALSE))",
        is_one_of("payer_reason", [PayerReason::GoogleSdkProject.name()])
    );
    let mut by_day: Vec<(String, &'static str)> = vec![
        (nobody, "is_nobody"),
        plain("payer"),
        plain("payer_number"),
        plain("service"),
        (format!("DATE(timestamp, {})", literal(question.timezone)), "day"),
    ];
    let keys = by_day.iter().map(|(_, name)| *name).collect();
    by_day.extend(measures());
    let matches = "IF(item.is_glob, NOT STARTS_WITH(daily.payer, 'number:') AND REGEXP_CONTAINS(daily.payer, item.pattern), item.project = daily.payer OR IFNULL(item.project = CAST(daily.payer_number AS STRING), FALSE))";
    let holds = "IF(item.valid_from IS NULL AND item.valid_to IS NULL, TRUE, IFNULL(daily.day >= IFNULL(item.valid_from, daily.day) AND daily.day < IFNULL(item.valid_to, DATE_ADD(daily.day, INTERVAL 1 DAY)), FALSE))";
    let decides = format!(
        "ARRAY(\n  SELECT STRUCT(item.business_unit AS unit, item.cost_center AS cost_center) FROM UNNEST(mapping.mapping_rows) AS item\n  WHERE NOT daily.is_nobody\n    AND {matches}\n    AND {holds}\n  ORDER BY IF(item.is_glob, 1, 0), IF(item.is_glob, -item.literals, 0), item.wildcards, item.project\n  LIMIT 1\n)[SAFE_OFFSET(0)]"
    );
    let mapped = Select {
        columns: vec![
            ("daily.*".to_owned(), ""),
            ("mapping.mapping_rows_left_out".to_owned(), "mapping_rows_left_out"),
            (decides, "decides"),
        ],
        from: "daily\nCROSS JOIN mapping".to_owned(),
        ..Select::default()
    };
    [
        Step::new(
            "daily",
            "calls by payer, service and day, because a row of the mapping holds by days",
            Select { columns: by_day, from: "calls".to_owned(), group_by: keys, ..Select::default() },
        ),
        Step::new(
            "mapping",
            "business units by project: ids, numbers and globs, with the dates between which a row holds",
            rows,
        ),
        Step::new(
            "mapped",
            "the row that decides: the project itself, then the glob with the most literal characters",
            mapped,
        ),
    ]
}

/// The view `chargeback`: sums by business unit, cost centre and service.
pub(super) fn chargeback() -> Select {
    let unit = "CASE WHEN is_nobody THEN '(unattributed)' WHEN decides IS NULL OR decides.unit IS NULL THEN '(unmapped)' ELSE decides.unit END";
    let mut columns: Vec<(String, &'static str)> = vec![
        (unit.to_owned(), "unit"),
        ("IFNULL(NULLIF(decides.cost_center, ''), '(none)')".to_owned(), "cost_center"),
        ("IFNULL(service, '(none)')".to_owned(), "service"),
    ];
    columns.extend(measures().into_iter().map(|(_, name)| {
        let sum = match name {
            "first_seen" => "MIN",
            "last_seen" => "MAX",
            _ => "SUM",
        };
        (format!("{sum}(mapped.{name})"), name)
    }));
    columns.push(("MAX(mapping_rows_left_out)".to_owned(), "mapping_rows_left_out"));
    Select {
        columns,
        from: "mapped".to_owned(),
        group_by: CHARGEBACK_KEYS.to_vec(),
        order_by: by_size(&CHARGEBACK_KEYS),
        ..Select::default()
    }
}
