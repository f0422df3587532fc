//! From symbolic references to payers: pairs of id and number, and the requester that is not the bucket's owner.

use super::Question;
use super::expr::{is_wildcard, named, number_of, sdk_projects};
use super::select::{Select, Step, literal};
use crate::gcp::kind::Kind;
use crate::model::reason::{Driver, PayerReason, QuantityUnit};

/// The steps that know which id and number are one project.
pub(super) fn directory(question: &Question<'_>) -> [Step; 4] {
    let inventory = match question.projects_table {
        Some(table) => Select {
            columns: vec![("project_id".to_owned(), "id"), ("SAFE_CAST(project_number AS INT64)".to_owned(), "number")],
            from: format!("`{table}`"),
            ..Select::default()
        },
        None => Select {
            columns: vec![("CAST(NULL AS STRING)".to_owned(), "id"), ("CAST(NULL AS INT64)".to_owned(), "number")],
            from: "UNNEST([0])".to_owned(),
            filters: vec!["FALSE".to_owned()],
            ..Select::default()
        },
    };
    let names = |token: &str| format!("IF({}, NULL, {})", is_wildcard(token), named(token));
    let stated = Select {
        columns: vec![(names("label"), "label_reference"), (names("log_token"), "log_reference")],
        from: "(SELECT DISTINCT label, log_token FROM entries WHERE label IS NOT NULL AND log_token IS NOT NULL AND label != log_token)"
            .to_owned(),
        ..Select::default()
    };
    let pair = "(STARTS_WITH(label_reference, 'number:') != STARTS_WITH(log_reference, 'number:'))";
    let either = "IF(STARTS_WITH(label_reference, 'number:'), log_reference, label_reference)";
    let number = number_of("IF(STARTS_WITH(label_reference, 'number:'), label_reference, log_reference)");
    let pairs = Select {
        columns: vec![(either.to_owned(), "id"), (number.clone(), "number")],
        from: "stated".to_owned(),
        filters: vec![
            pair.to_owned(),
            "label_reference != ''".to_owned(),
            "log_reference != ''".to_owned(),
            // An id beside a number of Google's own projects is another project's.
            format!("{number} NOT IN ({})", sdk_projects()),
        ],
        group_by: vec!["id", "number"],
        ..Select::default()
    };
    let learnt = "(\n  SELECT id, number FROM pairs WHERE TRUE\n  QUALIFY COUNT(*) OVER (PARTITION BY id) = 1 AND COUNT(*) OVER (PARTITION BY number) = 1\n) AS pair\n\
                  LEFT JOIN inventory AS by_number ON by_number.number = pair.number\n\
                  LEFT JOIN inventory AS by_id ON by_id.id = pair.id";
    let both = |from: &str, id: &str, number: &str, filters: &[&str]| {
        let select = |reference: String| Select {
            columns: vec![(reference, "reference"), (id.to_owned(), "id"), (number.to_owned(), "number")],
            from: from.to_owned(),
            filters: filters.iter().map(|text| (*text).to_owned()).collect(),
            ..Select::default()
        };
        [select(format!("CONCAT('number:', CAST({number} AS STRING))")), select(id.to_owned())]
    };
    let known = both("inventory", "id", "number", &["id IS NOT NULL", "number IS NOT NULL"]);
    let agrees = ["IFNULL(by_number.id = pair.id, TRUE)", "IFNULL(by_id.number = pair.number, TRUE)"];
    let unknown = ["(by_number.id IS NULL OR by_id.id IS NULL)"];
    let learnt = both(learnt, "pair.id", "pair.number", &[agrees[0], agrees[1], unknown[0]]);
    [
        Step::new("inventory", "ids and numbers of projects, if a table of them was named", inventory),
        Step::new(
            "stated",
            "pairs that entries state themselves: one in the label, the other in the log's name",
            stated,
        ),
        Step::new("pairs", "one of the two is a number, the other an id", pairs),
        Step {
            name: "aliases",
            why: "a pair that is contradicted teaches nothing, and the inventory wins".to_owned(),
            selects: known.into_iter().chain(learnt).collect(),
        },
    ]
}

/// The step that chooses the payer of each call. Calls outside the period go.
pub(super) fn resolved(question: &Question<'_>) -> Step {
    let payer = "COALESCE(alias.id, claim.payer)";
    let number = format!("COALESCE(alias.number, {})", number_of("claim.payer"));
    let owner = "IF(calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].asks, NULL, calls_told.claims[SAFE_OFFSET(ARRAY_LENGTH(calls_told.claims) - 1)].payer)";
    let owner_number = format!("COALESCE(owner.number, {})", number_of(owner));
    let is_id = |text: &str| format!("IF(STARTS_WITH({text}, 'number:'), NULL, {text})");
    let owner_id = is_id(&format!("COALESCE(owner.id, {owner})"));
    let same = format!(
        "IF({number} IS NOT NULL AND {owner_number} IS NOT NULL, {number} = {owner_number}, {} = {owner_id})",
        is_id(payer)
    );
    let mut filters = Vec::new();
    if let Some(period) = &question.period {
        filters.extend(period.from.iter().map(|from| format!("stamp >= TIMESTAMP '{from}'")));
        filters.extend(period.to.iter().map(|to| format!("stamp < TIMESTAMP '{to}'")));
    }
    if filters.is_empty() {
        filters.push("TRUE".to_owned());
    }
    let columns = vec![
        ("calls_told.* EXCEPT (claims)".to_owned(), ""),
        ("claim.asks".to_owned(), "asks"),
        ("claim.rule".to_owned(), "rule"),
        (payer.to_owned(), "payer"),
        (number, "payer_number"),
        (
            format!(
                "IF(claim.asks AND {owner} IS NOT NULL AND {same} IS NULL, {}, claim.payer_reason)",
                literal(PayerReason::OwnerNumberUnknown.name())
            ),
            "claim_reason",
        ),
        ("claim.confidence".to_owned(), "confidence"),
        ("claim.path".to_owned(), "evidence_path"),
        ("claim.text".to_owned(), "evidence_text"),
        ("COALESCE(storage.id, storage_reference)".to_owned(), "storage_payer"),
    ];
    let from = format!(
        "calls_told\nCROSS JOIN UNNEST(calls_told.claims) AS claim\n\
         LEFT JOIN aliases AS alias ON alias.reference = claim.payer\n\
         LEFT JOIN aliases AS owner ON owner.reference = {owner}\n\
         LEFT JOIN aliases AS storage ON storage.reference = calls_told.storage_reference"
    );
    Step::new(
        "resolved",
        "the first requester that is not the owner pays; when all are the owner, the owner does",
        Select {
            columns,
            from,
            filters,
            qualify: Some(format!(
                "ROW_NUMBER() OVER (PARTITION BY call_identity ORDER BY IF(claim.asks AND IFNULL({same}, FALSE), 1, 0), claim.place) = 1"
            )),
            ..Select::default()
        },
    )
}

/// The columns of the view `calls`.
pub(super) fn call_columns() -> Vec<(String, &'static str)> {
    let tenant = "(ENDS_WITH(payer, '-tp') OR REGEXP_CONTAINS(payer, r'^tp-[0-9A-Za-z]{8}$'))";
    let unit = format!(
        "CASE driver WHEN {} THEN {} WHEN {} THEN {} ELSE {} END",
        literal(Driver::Bytes.name()),
        literal(QuantityUnit::Byte.name()),
        literal(Driver::SlotMs.name()),
        literal(QuantityUnit::SlotMs.name()),
        literal(QuantityUnit::Call.name())
    );
    let slots = "COALESCE(metered_slot_ms, total_slot_ms)";
    let quantity = format!(
        "CASE driver WHEN {} THEN total_billed_bytes WHEN {} THEN {slots} ELSE 1 END",
        literal(Driver::Bytes.name()),
        literal(Driver::SlotMs.name())
    );
    let plain = |name: &'static str| (name.to_owned(), name);
    let billable = |value: &str| format!("IF(reason IS NULL, {value}, NULL)");
    vec![
        ("stamp".to_owned(), "timestamp"),
        plain("service"),
        plain("method"),
        (format!("IF(asks, {}, kind)", literal(Kind::RequesterPays.name())), "kind"),
        plain("rule"),
        plain("payer"),
        plain("payer_number"),
        plain("storage_payer"),
        plain("resource"),
        ("reason IS NULL".to_owned(), "billable"),
        plain("reason"),
        (
            format!(
                "CASE WHEN payer_number IN ({}) THEN {} WHEN {tenant} THEN {} ELSE claim_reason END",
                sdk_projects(),
                literal(PayerReason::GoogleSdkProject.name()),
                literal(PayerReason::TenantProject.name())
            ),
            "payer_reason",
        ),
        plain("driver"),
        (billable(&quantity), "quantity"),
        (billable(&unit), "quantity_unit"),
        plain("total_billed_bytes"),
        plain("processed_bytes"),
        plain("total_slot_ms"),
        plain("status_code"),
        plain("failed"),
        plain("confidence"),
        plain("evidence_path"),
        plain("evidence_text"),
        plain("entries"),
        plain("log_name"),
        plain("insert_id"),
        plain("call_identity"),
        ("sql_note = ''".to_owned(), "sql_exact"),
        ("NULLIF(sql_note, '')".to_owned(), "sql_note"),
    ]
}
