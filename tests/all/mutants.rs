//! Mutants: entries with one field changed, for the fields that rules read.

use serde_json::{Value, json};

use super::world::root;

/// The fields that rules read; `*` stands for any member or item, `table*` for those that begin so.
pub const FIELDS: [&str; 52] = [
    "logName",
    "timestamp",
    "insertId",
    "resource.labels.project_id",
    "resource.labels.location",
    "operation.id",
    "operation.producer",
    "operation.first",
    "operation.last",
    "split.uid",
    "split.index",
    "split.totalSplits",
    "protoPayload.serviceName",
    "protoPayload.methodName",
    "protoPayload.resourceName",
    "protoPayload.status.code",
    "protoPayload.authorizationInfo.*.resource",
    "protoPayload.authorizationInfo.*.granted",
    "protoPayload.authorizationInfo.*.permission",
    "protoPayload.request.parent",
    "protoPayload.request.topic",
    "protoPayload.request.readStream",
    "protoPayload.request.labels.*",
    "protoPayload.metadata.jobChange.after",
    "protoPayload.metadata.table*.jobName",
    "protoPayload.metadata.table*.reason",
    "protoPayload.metadata.tableDataRead.sessionName",
    "protoPayload.metadata.*.job.jobName",
    "protoPayload.metadata.*.job.jobConfig.type",
    "protoPayload.metadata.*.job.jobConfig.labels.*",
    "protoPayload.metadata.*.job.jobConfig.queryConfig.statementType",
    "protoPayload.metadata.*.job.jobStatus.errorResult.code",
    "protoPayload.metadata.*.job.jobStats.totalSlotMs",
    "protoPayload.metadata.*.job.jobStats.reservation",
    "protoPayload.metadata.*.job.jobStats.reservationUsage.*.name",
    "protoPayload.metadata.*.job.jobStats.parentJobName",
    "protoPayload.metadata.*.job.jobStats.queryStats.totalProcessedBytes",
    "protoPayload.metadata.*.job.jobStats.queryStats.totalBilledBytes",
    "protoPayload.metadata.*.job.jobStats.queryStats.cacheHit",
    "protoPayload.serviceData.*.eventName",
    "protoPayload.serviceData.*.dryRun",
    "protoPayload.serviceData.*.*.jobName.projectId",
    "protoPayload.serviceData.*.*.jobName.jobId",
    "protoPayload.serviceData.*.*.jobName.location",
    "protoPayload.serviceData.*.*.jobConfiguration.dryRun",
    "protoPayload.serviceData.*.*.jobConfiguration.query.statementType",
    "protoPayload.serviceData.*.*.jobStatus.error.code",
    "protoPayload.serviceData.*.*.jobStatistics.totalSlotMs",
    "protoPayload.serviceData.*.*.jobStatistics.totalBilledBytes",
    "protoPayload.serviceData.*.*.jobStatistics.totalProcessedBytes",
    "protoPayload.serviceData.*.*.jobStatistics.reservation",
    "protoPayload.serviceData.*.*.jobStatistics.reservationUsage.*.name",
];

/// What is done to a field.
pub const MUTATIONS: [&str; 3] = ["other", "removed", "type"];

/// All paths of an entry that a pattern names.
pub fn paths(value: &Value, steps: &[&str], path: &str, found: &mut Vec<String>) {
    let Some((step, rest)) = steps.split_first() else {
        if !value.is_null() {
            found.push(path.to_owned());
        }
        return;
    };
    let named = |name: &str| step.strip_suffix('*').map_or(*step == name, |start| name.starts_with(start));
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| named(name));
            members.map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) if *step == "*" => {
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in members {
        paths(value, rest, &format!("{path}/{name}"), found);
    }
}

/// Another value of the same type: of a reference to a project, another project's.
fn other(path: &str, value: &Value) -> Value {
    const MUTANT: &str = "mutant-project-1";
    let Value::String(text) = value else {
        return match value {
            Value::Bool(truth) => json!(!truth),
            Value::Number(number) => json!(number.as_i64().unwrap_or(0) + 1),
            _ => json!({}),
        };
    };
    if let Ok(number) = text.parse::<u64>()
        && !path.ends_with("project_id")
    {
        return json!((number + 1).to_string());
    }
    let place = path.rsplit('/').next().unwrap();
    json!(match (place, text.split('/').collect::<Vec<_>>().as_slice()) {
        ("methodName", _) => format!("{}.Mutate", text.rsplit_once('.').map_or("mutant", |(service, _)| service)),
        ("type", _) => if text == "QUERY" { "IMPORT" } else { "QUERY" }.to_owned(),
        ("statementType", _) => if text == "SELECT" { "SCRIPT" } else { "SELECT" }.to_owned(),
        ("eventName", _) => format!("{}_job_completed", if text.starts_with("query") { "load" } else { "query" }),
        ("after", _) => "RUNNING".to_owned(),
        ("timestamp", _) => "2026-11-09T09:09:09.123456Z".to_owned(),
        ("project_id" | "projectId", _) => MUTANT.to_owned(),
        ("resource", ["projects", "_", ..]) => format!("projects/{MUTANT}"),
        ("resourceName", ["projects", "_" | "-", rest @ ..]) => format!("projects/{MUTANT}/{}", rest.join("/")),
        (_, [container, _, rest @ ..]) if container.ends_with('s') => format!("projects/{MUTANT}/{}", rest.join("/")),
        ("resource" | "parent", _) => format!("projects/{MUTANT}"),
        ("resourceName", _) => format!("projects/{MUTANT}/things/thing"),
        (_, _) => match text.split_once(':') {
            Some((_, rest)) => format!("{MUTANT}:{rest}"),
            None => format!("mutant-{text}"),
        },
    })
}

pub fn mutated(entry: &Value, path: &str, mutation: &str) -> Value {
    let mut entry = entry.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let holder = entry.pointer_mut(parent).unwrap();
    let value = match holder {
        Value::Array(items) => &mut items[name.parse::<usize>().unwrap()],
        holder => &mut holder[name.replace("~1", "/").replace("~0", "~")],
    };
    *value = match mutation {
        "other" => other(path, value),
        "removed" => Value::Null,
        // Numbers as strings and the other way round are fine; an array never is.
        _ => json!([value.clone()]),
    };
    entry
}

/// The records of the NDJSON samples and the entries of the vectors; lines of text and broken ones left out, and the vectors
/// of the catalogue, which differ in service and method only.
pub fn entries() -> Vec<Value> {
    let files = ["sample-logs", "tests/vectors"].map(|folder| std::fs::read_dir(root().join(folder)).unwrap());
    let mut files: Vec<_> = files.into_iter().flatten().map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl") && !path.ends_with("catalogue.jsonl"));
    files.sort();
    let mut found = Vec::new();
    for file in files {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            match serde_json::from_str::<Value>(line) {
                Ok(Value::Object(mut vector)) if vector.contains_key("entries") => {
                    found.append(vector["entries"].as_array_mut().unwrap());
                }
                Ok(record) => found.push(record),
                Err(_) => {}
            }
        }
    }
    found.extend(unshown());
    found
}

/// Entries with fields that rules read and that neither samples nor vectors show.
fn unshown() -> Vec<Value> {
    let job = |data: Value| {
        json!({
            "serviceName": "bigquery.googleapis.com", "methodName": "jobservice.query",
            "resourceName": "projects/shop-data/jobs/job-1", "serviceData": data,
        })
    };
    let v1 = json!({"jobName": {"projectId": "shop-data", "jobId": "job-1", "location": "EU"}});
    let mut reserved = v1.clone();
    reserved["jobStatistics"] =
        json!({"totalSlotMs": "70", "reservationUsage": [{"name": "shop-bi-admin:EU.main", "slotMs": "70"}]});
    let payloads = [
        job(json!({"jobQueryRequest": {"dryRun": true}, "jobQueryResponse": {"job": v1}})),
        job(json!({"jobCompletedEvent": {"eventName": "query_job_completed", "job": reserved}})),
        json!({
            "serviceName": "bigquerystorage.googleapis.com", "methodName": "google.cloud.bigquery.storage.v1.BigQueryRead.ReadRows",
            "resourceName": "projects/shop-data/datasets/d/tables/t",
            "metadata": {"tableDataRead": {"reason": "CREATE_READ_SESSION", "sessionName": "projects/shop-web/locations/eu/sessions/s"}},
        }),
        json!({
            "serviceName": "aiplatform.googleapis.com",
            "methodName": "google.cloud.aiplatform.v1.PredictionService.GenerateContent",
            "resourceName": "projects/shop-web/locations/eu/publishers/google/models/gemini-2.0-flash-001",
            "request": {"labels": {"team": "search"}},
        }),
    ];
    payloads.into_iter().map(entry).collect()
}

fn entry(mut payload: Value) -> Value {
    payload["@type"] = json!("type.googleapis.com/google.cloud.audit.AuditLog");
    json!({
        "insertId": "a", "timestamp": "2026-10-05T10:00:00Z",
        "logName": "projects/shop-data/logs/cloudaudit.googleapis.com%2Fdata_access",
        "resource": {"labels": {"project_id": "shop-data"}},
        "protoPayload": payload,
    })
}
