//! The verdict on an entry: who is charged, why it is not billable, and of which call it tells.

use super::catalogue::{driver, method_class, method_reason};
use super::expr::{SEPARATOR, is_one_of, is_present, is_wildcard, named, project_of};
use super::jobs::job_reason;
use super::rules::{self, Branch};
use super::select::{Select, Step, indented, literal};
use crate::gcp::kind::requester_pays::{CREATE_BILLING_ASSIGNMENT, GROUPS_ON_A_PROJECT, METHODS_ON_A_PROJECT};
use crate::gcp::kind::{Kind, Rule, Stream};
use crate::gcp::service::ServiceKind;
use crate::model::reason::{Driver, PayerReason, Reason};

/// The steps, each of which reads the one before.
pub(super) fn steps() -> [Step; 5] {
    [classes(), refusals(), charges(), requests(), verdicts()]
}

fn is_kind(kind: ServiceKind) -> String {
    format!("service_kind = {}", literal(kind.name()))
}

/// Which rules judge, and in which reservation a job ran.
fn classes() -> Step {
    let branch = |branch: Branch| literal(branch.name());
    let asks = format!(
        "{} AND LOWER(method) LIKE '%jobservice%'",
        is_one_of("LOWER(method_last)", ["insertjob", "query", "insert"])
    );
    let session = is_one_of("method_last", ["CreateReadSession", "ReadRows", "SplitReadStream"]);
    let mut cases = vec![
        ("container IS NOT NULL".to_owned(), branch(Branch::ContainerLog)),
        ("service_kind IS NULL".to_owned(), branch(Branch::Unknown)),
        (format!("{} AND is_side", is_kind(ServiceKind::BigqueryJob)), branch(Branch::BigquerySide)),
        (format!("{} AND job_form IS NOT NULL", is_kind(ServiceKind::BigqueryJob)), branch(Branch::BigqueryJob)),
        (format!("{} AND {asks}", is_kind(ServiceKind::BigqueryJob)), branch(Branch::BigqueryRequest)),
        // Administration of BigQuery is about a resource.
        (is_kind(ServiceKind::BigqueryJob), branch(Branch::Resource)),
        (format!("{} AND {session}", is_kind(ServiceKind::BigqueryStorageApi)), branch(Branch::StorageSession)),
    ];
    let rest = ServiceKind::ALL.iter().filter(|kind| **kind != ServiceKind::BigqueryJob);
    cases.extend(rest.map(|kind| (is_kind(*kind), branch(Branch::of(*kind)))));
    let cases: Vec<String> = cases.into_iter().map(|(when, then)| format!("\n  WHEN {when} THEN {then}")).collect();
    // A reservation without a name is one whose owner is not stated; the shared pool is none.
    let reservation = "ARRAY(\n  SELECT STRUCT(item.place AS place, item.name AS name, item.slot_ms AS slot_ms) FROM UNNEST(reservations) AS item\n  WHERE IFNULL(item.name, '') NOT IN ('unreserved', 'default-pipeline')\n  ORDER BY item.place\n  LIMIT 1\n)";
    let columns = vec![
        ("*".to_owned(), ""),
        (format!("CASE{}\nEND", cases.concat()), "service_branch"),
        (method_class(), "class"),
        (reservation.to_owned(), "reserved"),
    ];
    Step::new(
        "classes",
        "which rules judge the entry, and how the catalogue classes its method",
        Select { columns, from: "facts".to_owned(), ..Select::default() },
    )
}

/// Who is charged by the fields that the rules name.
fn charges() -> Step {
    let charge = format!(
        "ARRAY(\n  SELECT STRUCT(item.rule AS rule, item.confidence AS confidence, item.path AS path, item.text AS text, {} AS named)\n  FROM UNNEST({}) AS item\n  WHERE item.branch = branches.branch AND item.token NOT IN ('_', '-')\n  ORDER BY item.place\n  LIMIT 1\n)[SAFE_OFFSET(0)]",
        indented(&named("item.token"), "    ").trim_start(),
        indented(&rules::rows(), "  ").trim_start(),
    );
    let columns =
        vec![("*".to_owned(), ""), ("ARRAY_LENGTH(reserved) > 0".to_owned(), "in_reservation"), (charge, "charge")];
    Step::new(
        "charges",
        "the first field that names a project decides, even when what it names can be none (the empty text)",
        Select { columns, from: "branches".to_owned(), ..Select::default() },
    )
}

/// The rules that name the payer: those of the service, or those of refused calls.
fn refusals() -> Step {
    let names = |token: &str| format!("IF({}, NULL, {token})", is_wildcard(token));
    let refused = format!(
        "stream = {} AND service_branch != {} AND COALESCE({}, {}) IS NOT NULL",
        literal(Stream::Policy.name()),
        literal(Branch::ContainerLog.name()),
        names("label"),
        names("log_token")
    );
    let branch = format!("IF({refused}, {}, service_branch)", literal(Branch::Policy.name()));
    Step::new(
        "branches",
        "a call that a security policy refused is its project's",
        Select {
            columns: vec![("*".to_owned(), ""), (branch, "branch")],
            from: "classes".to_owned(),
            ..Select::default()
        },
    )
}

/// Who asked to be billed for a call to Cloud Storage.
fn requests() -> Step {
    let group = r"REGEXP_EXTRACT(method, r'^storage\.([^.]*)\.')";
    let on_a_project = format!(
        "IFNULL({} OR {}, FALSE)",
        is_one_of("method", METHODS_ON_A_PROJECT),
        is_one_of(group, GROUPS_ON_A_PROJECT)
    );
    let token = "REGEXP_EXTRACT(item.resource, r'^projects/([^_/][^/]*)$')";
    let asked = format!(
        "IF(\n  branch = {} AND NOT {on_a_project},\n  ARRAY(\n    SELECT STRUCT(item.place AS place, item.resource AS text, {} AS named)\n    FROM UNNEST(checks) AS item\n    WHERE item.granted AND IFNULL(item.permission, '') != {} AND {token} != '-'\n    ORDER BY item.place\n  ),\n  []\n)",
        literal(Branch::CloudStorage.name()),
        indented(&named(token), "      ").trim_start(),
        literal(CREATE_BILLING_ASSIGNMENT),
    );
    let reads_source = format!(
        "{} AND (\n  (method = 'storage.objects.get' AND {})\n  OR (\n    {}\n    AND ARRAY_LENGTH(checks) > 0\n    AND NOT EXISTS (SELECT 1 FROM UNNEST(checks) AS item WHERE IFNULL(item.permission, '') != 'storage.objects.get')\n  )\n)",
        is_kind(ServiceKind::CloudStorage),
        is_present("metadata", "destination"),
        is_one_of("method", ["storage.objects.copy", "storage.objects.compose", "storage.objects.rewrite"]),
    );
    let first = "reserved[SAFE_OFFSET(0)]";
    let owner = format!(
        "IFNULL({}, REGEXP_EXTRACT({first}.name, r'^(.+):[^:]*[.][^:]*$'))",
        project_of(&format!("{first}.name"))
    );
    let reason = job_reason();
    let columns = vec![
        ("*".to_owned(), ""),
        (asked, "asked"),
        (format!("IFNULL({reads_source}, FALSE)"), "reads_source"),
        (format!("{first}.name"), "reservation"),
        (
            format!(
                "IF({first}.place < 0, CONCAT(statistics_path, '.reservation'), CONCAT(statistics_path, '.reservationUsage[', CAST({first}.place AS STRING), '].name'))"
            ),
            "reservation_path",
        ),
        (format!("{first}.slot_ms"), "reserved_slot_ms"),
        (owner, "reservation_token"),
        (reason, "job_reason"),
    ];
    Step::new(
        "requests",
        "Cloud Storage: granted checks on whole projects, which ask to be billed; BigQuery: whose reservation it was",
        Select { columns, from: "charges".to_owned(), ..Select::default() },
    )
}

/// The verdict.
fn verdicts() -> Step {
    let reason = |reason: Reason| literal(reason.name());
    let because = |reason: PayerReason| literal(reason.name());
    let is_branch = |branch: Branch| format!("branch = {}", literal(branch.name()));
    let (nobody_rule, nobody_reason) = rules::nobody();
    let owner = "NULLIF(charge.named, '')";
    // A side entry whose job cannot be a project is told of no job.
    let redacted = format!("{} AND charge.named = ''", is_branch(Branch::BigquerySide));
    let uses = format!("{} AND in_reservation AND job_reason IS NULL", is_branch(Branch::BigqueryJob));
    let one = |rule: &str, payer: &str, why: &str, confidence: &str, path: &str, text: &str| {
        format!(
            "[STRUCT(0 AS place, FALSE AS asks, {rule} AS rule, {payer} AS payer, {why} AS payer_reason, {confidence} AS confidence, {path} AS path, {text} AS text)]"
        )
    };
    let requester = literal(Rule::RequesterPaysRequester.name());
    let asking = format!("(item.named != {owner} OR {owner} IS NULL)");
    let nobody_asks = "CAST(NULL AS STRING)";
    let reservation_named = format!("IF({}, '', {})", is_wildcard("reservation_token"), named("reservation_token"));
    let claims = [
        "CASE".to_owned(),
        "  -- the reservation pays".to_owned(),
        format!("  WHEN {uses} AND (reservation_token IS NULL OR {}) THEN", is_wildcard("reservation_token")),
        format!(
            "    {}",
            one(
                &literal(Rule::BigqueryJobReservation.name()),
                nobody_asks,
                &because(PayerReason::UnknownReservation),
                "0",
                "IF(reservation IS NULL, NULL, reservation_path)",
                "reservation"
            )
        ),
        format!("  WHEN {uses} THEN"),
        format!(
            "    {}",
            one(
                &literal(Rule::BigqueryJobReservation.name()),
                &format!("NULLIF({reservation_named}, '')"),
                &format!("IF({reservation_named} = '', {}, NULL)", because(PayerReason::InvalidProject)),
                &format!("IF({reservation_named} = '', 0, 90)"),
                "reservation_path",
                "reservation"
            )
        ),
        "  -- requesters in the order of the entry, and the bucket's owner, who pays if all of them are the owner".to_owned(),
        format!("  WHEN EXISTS (SELECT 1 FROM UNNEST(asked) AS item WHERE item.named != '' AND {asking}) THEN ARRAY_CONCAT("),
        "    ARRAY(".to_owned(),
        format!("      SELECT STRUCT(item.place AS place, TRUE AS asks, {requester} AS rule, item.named AS payer, {nobody_asks} AS payer_reason, 90 AS confidence, CONCAT('protoPayload.authorizationInfo[', CAST(item.place AS STRING), '].resource') AS path, item.text AS text)"),
        format!("      FROM UNNEST(asked) AS item WHERE item.named != '' AND {asking}"),
        "    ),".to_owned(),
        "    IF(".to_owned(),
        format!("      {owner} IS NULL,"),
        "      [],".to_owned(),
        format!("      {}", one("charge.rule", owner, nobody_asks, "charge.confidence", "charge.path", "charge.text").replace("0 AS place", "1000000 AS place")),
        "    )".to_owned(),
        "  )".to_owned(),
        "  -- a requester that can be nobody is never replaced by the owner".to_owned(),
        format!("  WHEN EXISTS (SELECT 1 FROM UNNEST(asked) AS item WHERE {asking}) THEN ARRAY("),
        format!("    SELECT STRUCT(0 AS place, FALSE AS asks, {requester} AS rule, {nobody_asks} AS payer, {} AS payer_reason, 0 AS confidence, CONCAT('protoPayload.authorizationInfo[', CAST(item.place AS STRING), '].resource') AS path, item.text AS text)", because(PayerReason::InvalidProject)),
        format!("    FROM UNNEST(asked) AS item WHERE {asking} ORDER BY item.place LIMIT 1"),
        "  )".to_owned(),
        format!("  WHEN charge.named IS NULL OR ({redacted}) THEN"),
        format!(
            "    {}",
            one(
                &nobody_rule,
                nobody_asks,
                &nobody_reason,
                "0",
                &format!("IF({}, 'logName', NULL)", is_branch(Branch::ContainerLog)),
                &format!("IF({}, log_text, NULL)", is_branch(Branch::ContainerLog))
            )
        ),
        "  ELSE".to_owned(),
        format!(
            "    {}",
            one(
                "charge.rule",
                owner,
                &format!(
                    "CASE WHEN charge.named = '' THEN {} WHEN charge.rule = {} THEN {} END",
                    because(PayerReason::InvalidProject),
                    literal(Rule::BigqueryStorageLabel.name()),
                    because(PayerReason::FallbackLabel)
                ),
                "IF(charge.named = '', 0, charge.confidence)",
                "charge.path",
                "charge.text"
            )
        ),
        "END".to_owned(),
    ]
    .join("\n");
    let kind_reason = format!(
        "CASE\n  WHEN branch IN ({containers}) AND {control} THEN {control_plane}\n  WHEN branch IN ({containers}) AND {cluster} THEN {kubernetes}\n  WHEN branch = {container} THEN NULL\n  WHEN branch = {job} THEN job_reason\n  WHEN branch = {side} THEN {side_entry}\n  WHEN branch = {request} AND asks_dry_run AND status_code = 0 THEN {dry_run}\n  WHEN branch = {session} AND method_last != 'CreateReadSession' THEN {side_entry}\nEND",
        containers =
            [Branch::ContainerLog, Branch::ControlPlane, Branch::Kubernetes].map(|b| literal(b.name())).join(", "),
        container = literal(Branch::ContainerLog.name()),
        control = is_kind(ServiceKind::ControlPlane),
        cluster = is_kind(ServiceKind::Kubernetes),
        control_plane = reason(Reason::ControlPlane),
        kubernetes = reason(Reason::Kubernetes),
        job = literal(Branch::BigqueryJob.name()),
        side = literal(Branch::BigquerySide.name()),
        request = literal(Branch::BigqueryRequest.name()),
        session = literal(Branch::StorageSession.name()),
        side_entry = reason(Reason::JobSideEntry),
        dry_run = reason(Reason::DryRun),
    );
    // The stream is asked first, so that a refused call needs no kind.
    let hard = format!(
        "CASE\n  WHEN stream = {policy} THEN {denied_by_policy}\n  WHEN stream = {system} THEN {system_event}\n  ELSE COALESCE(\n{kinds},\n    CASE\n      WHEN status_code = 0 THEN NULL\n      WHEN status_code = 7 THEN {denied}\n      WHEN status_code = 1 AND {bigquery} AND job_form IS NOT NULL THEN NULL\n      ELSE {failed}\n    END\n  )\nEND",
        policy = literal(Stream::Policy.name()),
        denied_by_policy = reason(Reason::PolicyDenied),
        system = literal(Stream::SystemEvent.name()),
        system_event = reason(Reason::SystemEvent),
        kinds = indented(&kind_reason, "    "),
        denied = reason(Reason::Denied),
        bigquery = is_kind(ServiceKind::BigqueryJob),
        failed = reason(Reason::Failed),
    );
    let soft = format!(
        "CASE\n  WHEN service_branch = {job} THEN NULL\n  WHEN service_branch = {request} THEN {open}\n  WHEN reads_source AND container IS NULL THEN {free}\n  ELSE {by_method}\nEND",
        job = literal(Branch::BigqueryJob.name()),
        request = literal(Branch::BigqueryRequest.name()),
        open = reason(Reason::OpenOperation),
        free = reason(Reason::FreeMethod),
        by_method = indented(&method_reason(), "  ").trim_start(),
    );
    let capacity =
        format!("service_branch = {} AND in_reservation AND job_reason IS NULL", literal(Branch::BigqueryJob.name()));
    let told_as_job = format!("{} AND job_form IS NOT NULL AND NOT is_side", is_kind(ServiceKind::BigqueryJob));
    let job_rank = "CASE WHEN job_form = 'v2' AND job_ended THEN 60 WHEN job_form = 'v1' AND job_ended THEN 50 WHEN job_form = 'v2' THEN 30 WHEN job_form = 'v1' THEN 20 ELSE 10 END";
    let family = format!(
        "CASE\n  WHEN {told_as_job} THEN CONCAT('bigquery_job', {SEPARATOR}, job_token, {SEPARATOR}, job_id)\n  WHEN operation_id IS NOT NULL THEN CONCAT('operation', {SEPARATOR}, operation_producer, {SEPARATOR}, operation_id)\n  WHEN split_uid IS NOT NULL THEN CONCAT('split', {SEPARATOR}, split_uid)\n  WHEN entry_identity IS NOT NULL THEN entry_identity\n  ELSE CONCAT('bytes', {SEPARATOR}, own_bytes)\nEND"
    );
    let kind = rules::kinds();
    let kind = format!(
        "IF(NOT EXISTS (SELECT 1 FROM UNNEST(asked) AS item WHERE item.named != '' AND {asking}) AND EXISTS (SELECT 1 FROM UNNEST(asked) AS item WHERE {asking}), {}, {kind})",
        literal(Kind::RequesterPays.name())
    );
    let columns = [
        "stamp",
        "insert_id",
        "log_name",
        "service",
        "method",
        "resource",
        "status_code",
        "label",
        "log_token",
        "total_billed_bytes",
        "processed_bytes",
        "total_slot_ms",
        "entry_identity",
        "strayed",
    ];
    let mut columns: Vec<(String, &'static str)> = columns.map(|name| (name.to_owned(), name)).to_vec();
    columns.extend([
        (kind, "kind"),
        (claims, "claims"),
        (
            format!("IF(service_branch = {}, {owner}, NULL)", literal(Branch::CloudStorage.name())),
            "storage_reference",
        ),
        (hard, "hard_reason"),
        (soft, "method_reason"),
        (format!("IF({capacity}, {}, {})", literal(Driver::SlotMs.name()), driver()), "driver"),
        (format!("IF({capacity}, reserved_slot_ms, NULL)"), "metered_slot_ms"),
        ("status_code != 0 OR job_error IS NOT NULL".to_owned(), "failed"),
        (format!("IFNULL({told_as_job}, FALSE)"), "is_job"),
        (format!("IF({told_as_job}, job_location, NULL)"), "job_location"),
        (family, "family"),
        (
            format!("IF({told_as_job}, {job_rank}, first_part + CASE phase WHEN 'first' THEN 20 WHEN 'middle' THEN 10 ELSE 40 END)"),
            "entry_rank",
        ),
        (
            format!(
                "CASE\n  WHEN {told_as_job} THEN IF(job_ended, 'last', 'first')\n  WHEN operation_id IS NULL AND split_uid IS NULL THEN 'whole'\n  ELSE phase\nEND"
            ),
            "phase",
        ),
    ]);
    Step::new(
        "verdicts",
        "what the entry says of a call: who is charged, why it is not billable, and which call it is",
        Select { columns, from: "requests".to_owned(), ..Select::default() },
    )
}
