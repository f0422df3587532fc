//! The filters of questions about single services: Cloud Storage, Vertex AI, keys and others.
//!
//! Sources: <https://cloud.google.com/storage/docs/requester-pays>, <https://cloud.google.com/vertex-ai/docs/general/audit-logging>,
//! <https://cloud.google.com/kms/docs/audit-logging>, <https://cloud.google.com/sensitive-data-protection/docs/audit-logging>.

use super::build::{all, field};
use super::questions::UNLOGGED;
use super::{Described, logs, method, service};

/// What it costs to look into Data Access.
const DATA_ACCESS: &str =
    "reads Data Access of the scope; add `resource.labels.project_id` and a period, which are indexed";

/// What it costs to look at buckets.
const BUCKETS: &str =
    "reads the Data Access entries of buckets, whose resource type is indexed; add a bucket and a period";

/// The questions.
pub(super) fn questions() -> Vec<Described> {
    [storage(), models(), others()].concat()
}

fn storage() -> Vec<Described> {
    vec![
        Described {
            stem: "question_refused_requester_pays",
            exact: true,
            finds: "failed calls to Cloud Storage whose message speaks of requester pays: nobody was named who pays for them",
            costs: BUCKETS,
            cannot: "know the message for sure: its wording is not documented",
            filter: all([
                logs(&["data_access"]),
                field("resource.type").eq("gcs_bucket"),
                field("protoPayload.status.code").above(0),
                field("protoPayload.status.message").has("requester pays"),
            ]),
        },
        Described {
            stem: "question_no_billing_checks",
            exact: true,
            finds: "refused checks whether Cloud Storage may be used without billing; the call itself has an entry beside",
            costs: "little: the log of refused calls is small",
            cannot: UNLOGGED,
            filter: all([logs(&["policy"]), field("protoPayload.methodName").eq("google.storage.NoBillingOk")]),
        },
    ]
}

fn models() -> Vec<Described> {
    let vertex = || all([logs(&["data_access"]), service("aiplatform.googleapis.com")]);
    let tokens = "tell the number of tokens, which audit logs do not hold";
    vec![
        Described {
            stem: "question_vertex_inference",
            exact: true,
            finds: "predictions by models on Vertex AI, of Google and of partners, and by endpoints",
            costs: DATA_ACCESS,
            cannot: tokens,
            filter: all([
                vertex(),
                method(
                    "PredictionService[.](Predict|RawPredict|StreamRawPredict|GenerateContent|StreamGenerateContent|\
                     EmbedContent|DirectPredict|DirectRawPredict|StreamingPredict|ServerStreamingPredict|Explain)$",
                ),
            ]),
        },
        Described {
            stem: "question_claude_on_vertex",
            exact: true,
            finds: "predictions by Claude models on Vertex AI",
            costs: DATA_ACCESS,
            cannot: tokens,
            filter: all([
                vertex(),
                field("protoPayload.resourceName").has("/publishers/anthropic/models/"),
                method("PredictionService[.](RawPredict|StreamRawPredict)$"),
            ]),
        },
        Described {
            stem: "question_gemini_on_vertex",
            exact: true,
            finds: "calls to Gemini models on Vertex AI",
            costs: DATA_ACCESS,
            cannot: "find calls to the Gemini Developer API, and the number of tokens",
            filter: all([vertex(), field("protoPayload.resourceName").has("/publishers/google/models/gemini")]),
        },
    ]
}

fn others() -> Vec<Described> {
    vec![
        Described {
            stem: "question_kms_by_service_agents",
            exact: false,
            finds: "uses of keys by service agents of other projects, which encrypt or decrypt for a service",
            costs: "reads the Data Access entries of keys, whose resource type is indexed; add a project and a period",
            cannot: "compare the agent's project with the key's: the uses in one project are among them",
            filter: all([
                logs(&["data_access"]),
                field("resource.type").one_of(["cloudkms_cryptokey", "cloudkms_cryptokeyversion"]),
                field("protoPayload.methodName").one_of([
                    "AsymmetricDecrypt",
                    "AsymmetricSign",
                    "Decrypt",
                    "Encrypt",
                    "MacSign",
                    "MacVerify",
                ]),
                field("protoPayload.authenticationInfo.principalEmail").matches("^service-[0-9]+@"),
            ]),
        },
        Described {
            stem: "question_video_annotations",
            exact: true,
            finds: "annotated videos: the end of each request to Video Intelligence",
            costs: DATA_ACCESS,
            cannot: "tell the minutes of video, which are what is billed",
            filter: all([
                logs(&["data_access"]),
                field("operation.last").is("true"),
                service("videointelligence.googleapis.com"),
                field("protoPayload.methodName").has("AnnotateVideo"),
            ]),
        },
        Described {
            stem: "question_dlp_inspections",
            exact: true,
            finds: "inspections and transformations by Sensitive Data Protection, whose permissions count as administration",
            costs: DATA_ACCESS,
            cannot: "tell the bytes inspected, which are what is billed",
            filter: all([
                logs(&["data_access"]),
                service("dlp.googleapis.com"),
                method(
                    "DlpService[.](InspectContent|DeidentifyContent|ReidentifyContent|RedactImage|CreateDlpJob|\
                     ActivateJobTrigger|HybridInspect)",
                ),
            ]),
        },
    ]
}
