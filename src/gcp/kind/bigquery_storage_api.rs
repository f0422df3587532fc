//! The BigQuery Storage API: a read session is billed to the project that owns it, a write to the table's project.
//!
//! The session is the call; the rows read from it are told separately and counted with it. Source:
//! <https://github.com/googleapis/googleapis> (`CreateReadSessionRequest.parent`: the project that owns the session).

use super::resource::{first, resource_project};
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::mention::{self, Mention};
use crate::gcp::resource_name::project_of;
use crate::model::observation::{Candidate, Charge};
use crate::model::reason::Reason;

/// Judges a call to the BigQuery Storage API.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let last = call.method().rsplit('.').next().unwrap_or_default();
    let reads = matches!(last, "CreateReadSession" | "ReadRows" | "SplitReadStream");
    let (charge, candidates) = if reads { session(call) } else { table(call) };
    let mut verdict = Verdict::new(Kind::BigqueryStorageApi, charge);
    verdict.candidates = candidates;
    verdict.resource_project = resource_project(call);
    if matches!(last, "ReadRows" | "SplitReadStream") {
        verdict.reason = Some(Reason::JobSideEntry);
    }
    verdict
}

/// The owner of the session: the request's parent, the session or stream it reads, or the label in their place.
fn session(call: &Audited<'_>) -> (Charge, Vec<Candidate>) {
    let rule = Rule::BigqueryStorageSession;
    let found = mention::request_parent(call.audit).or_else(|| named_session(call)).or_else(|| read_stream(call));
    let data = call.label();
    if let Some(found) = found {
        let why = "holds the data; the session's project pays for reading it";
        return (found.charge(rule, 75), data.and_then(|data| data.candidate(false, why)).into_iter().collect());
    }
    let named = [(Rule::BigqueryStorageLabel, 50, data), (Rule::BigqueryStorageLabel, 50, call.log())];
    first(named, Rule::BigqueryStorageLabel)
}

fn named_session(call: &Audited<'_>) -> Option<Mention> {
    let text = call.audit.metadata.as_ref()?.table_data_read.as_ref()?.session_name.text()?;
    Mention::new("protoPayload.metadata.tableDataRead.sessionName", text, project_of(text)?)
}

fn read_stream(call: &Audited<'_>) -> Option<Mention> {
    let text = call.audit.request.as_ref()?.read_stream.text()?;
    Mention::new("protoPayload.request.readStream", text, project_of(text)?)
}

fn table(call: &Audited<'_>) -> (Charge, Vec<Candidate>) {
    let named = [
        (Rule::BigqueryStorageTable, 75, call.resource()),
        (Rule::BigqueryStorageLabel, 50, call.label()),
        (Rule::BigqueryStorageLabel, 50, call.log()),
    ];
    first(named, Rule::BigqueryStorageTable)
}
