//! Made-up entries from a small world, so that their identities often meet.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// An entry from a small world, so that identities meet often.
pub fn entry() -> impl Strategy<Value = Value> {
    let log = select(vec![
        "projects/shop-data/logs/cloudaudit.googleapis.com%2Fdata_access",
        "projects/shop-web/logs/cloudaudit.googleapis.com%2Factivity",
    ]);
    let time = select(vec![
        "2026-10-05T10:00:00Z",
        "2026-10-05T10:00:00.000000400Z",
        "2026-10-05T10:00:07.5Z",
        "2026-10-06T23:59:59Z",
    ]);
    let insert_id = prop_oneof![4 => select(vec![Some("a"), Some("b"), Some("-c")]), 1 => Just(None)];
    let status = select(vec![json!(null), json!({}), json!({"code": 7}), json!({"code": 5})]);
    (log, time, insert_id, status, body()).prop_map(|(log, time, insert_id, status, mut entry)| {
        entry["logName"] = json!(log);
        entry["timestamp"] = json!(time);
        if let Some(insert_id) = insert_id {
            entry["insertId"] = json!(insert_id);
        }
        entry["protoPayload"]["@type"] = json!("type.googleapis.com/google.cloud.audit.AuditLog");
        entry["protoPayload"]["status"] = status;
        entry
    })
}

fn body() -> impl Strategy<Value = Value> {
    prop_oneof![plain(), operation(), split(), job_v2(), job_v1(), job_name()]
}

fn project() -> impl Strategy<Value = &'static str> {
    select(vec!["shop-data", "shop-web", "618273940512"])
}

fn plain() -> impl Strategy<Value = Value> {
    (project(), project(), any::<bool>()).prop_map(|(label, requester, granted)| {
        json!({
            "resource": {"type": "gcs_bucket", "labels": {"project_id": label}},
            "protoPayload": {
                "serviceName": "storage.googleapis.com", "methodName": "storage.objects.get",
                "resourceName": "projects/_/buckets/b/objects/o",
                "authorizationInfo": [{"resource": format!("projects/{requester}"), "permission": "serviceusage.services.use", "granted": granted}],
            },
        })
    })
}

fn operation() -> impl Strategy<Value = Value> {
    (project(), select(vec!["op-1", "op-2"]), any::<bool>(), any::<bool>()).prop_map(|(project, id, first, last)| {
        json!({
            "operation": {"id": id, "producer": "compute.googleapis.com", "first": first, "last": last},
            "resource": {"labels": {"project_id": project}},
            "protoPayload": {
                "serviceName": "compute.googleapis.com", "methodName": "v1.compute.instances.insert",
                "resourceName": if first { format!("projects/{project}/zones/z/instances/i") } else { String::new() },
            },
        })
    })
}

fn split() -> impl Strategy<Value = Value> {
    (project(), select(vec!["uid-1", "uid-2"]), 0..3).prop_map(|(project, uid, index)| {
        json!({
            "split": {"uid": uid, "index": index, "totalSplits": 3},
            "resource": {"labels": {"project_id": project}},
            "protoPayload": {"serviceName": "secretmanager.googleapis.com", "methodName": "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"},
        })
    })
}

fn location() -> impl Strategy<Value = Option<&'static str>> {
    select(vec![None, Some("EU"), Some("eu"), Some("us-central1")])
}

fn job_v2() -> impl Strategy<Value = Value> {
    (project(), select(vec!["job-1", "job-2"]), location(), any::<bool>(), 0_u64..3, any::<bool>()).prop_map(
        |(project, job, location, ended, bytes, reserved)| {
            let name = format!("projects/{project}/jobs/{job}");
            let mut stats = json!({"totalSlotMs": "70", "queryStats": {"totalBilledBytes": (bytes * 1000).to_string()}});
            if reserved {
                stats["reservation"] = json!("shop-bi-admin:EU.main");
            }
            let held = json!({"jobName": name, "jobConfig": {"type": "QUERY"}, "jobStats": stats});
            let metadata = if ended { json!({"jobChange": {"after": "DONE", "job": held}}) } else { json!({"jobInsertion": {"job": held}}) };
            json!({
                "resource": {"type": "bigquery_project", "labels": {"project_id": project, "location": location}},
                "protoPayload": {
                    "serviceName": "bigquery.googleapis.com", "methodName": "google.cloud.bigquery.v2.JobService.InsertJob",
                    "resourceName": name, "metadata": metadata,
                },
            })
        },
    )
}

fn job_v1() -> impl Strategy<Value = Value> {
    (project(), select(vec!["job-1", "job-2"]), location(), 0_u64..3).prop_map(|(project, job, location, bytes)| {
        json!({
            "resource": {"type": "bigquery_resource", "labels": {"project_id": project}},
            "protoPayload": {
                "serviceName": "bigquery.googleapis.com", "methodName": "jobservice.jobcompleted",
                "resourceName": format!("projects/{project}/jobs/{job}"),
                "serviceData": {"jobCompletedEvent": {"eventName": "query_job_completed", "job": {
                    "jobName": {"projectId": project, "jobId": job, "location": location},
                    "jobStatistics": {"totalBilledBytes": (bytes * 1000).to_string()},
                }}},
            },
        })
    })
}

fn job_name() -> impl Strategy<Value = Value> {
    (project(), select(vec!["job-1", "job-2"])).prop_map(|(project, job)| {
        json!({
            "resource": {"type": "bigquery_resource", "labels": {"project_id": project}},
            "protoPayload": {
                "serviceName": "bigquery.googleapis.com", "methodName": "google.cloud.bigquery.v2.JobService.Query",
                "resourceName": format!("projects/{project}/jobs/{job}"),
            },
        })
    })
}
