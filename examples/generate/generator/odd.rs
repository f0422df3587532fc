//! Lines that are no audit entry: broken ones, and entries of other logs.

use std::io;

use super::Generator;
use super::sink::Stream;

/// What a reader does with a line.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Rejected(&'static str),
    Skipped(&'static str),
}

const VALID: &str = r#"{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"storage.googleapis.com","methodName":"storage.objects.get","resourceName":"projects/_/buckets/b/objects/o"},"insertId":"ID","resource":{"type":"gcs_bucket","labels":{"project_id":"shop-prod-0000"}},"timestamp":"2026-10-01T00:00:00Z","severity":"INFO","logName":"projects/shop-prod-0000/logs/cloudaudit.googleapis.com%2Fdata_access"}"#;

const FLOW: &str = r#"{"insertId":"ID","jsonPayload":{"bytes_sent":"1824","connection":{"dest_ip":"192.0.2.7","dest_port":443,"protocol":6}},"logName":"projects/net-hub/logs/compute.googleapis.com%2Fvpc_flows","resource":{"type":"gce_subnetwork","labels":{"project_id":"net-hub"}},"timestamp":"2026-10-01T00:00:00Z"}"#;

const TEXT: &str = r#"{"insertId":"ID","textPayload":"GET /healthz 200","logName":"projects/shop-prod-0000/logs/run.googleapis.com%2Fstdout","resource":{"type":"cloud_run_revision","labels":{"project_id":"shop-prod-0000"}},"timestamp":"2026-10-01T00:00:00Z"}"#;

impl Generator<'_> {
    /// Writes a line that is no audit entry, if there is a file to write it into.
    pub(super) fn write_odd(&mut self) -> io::Result<()> {
        let id = self.insert_id("");
        let valid = VALID.replace("\"ID\"", &format!("\"{id}\""));
        let (mut line, fate) = match self.random.below(8) {
            // Cut off, as by a writer that died.
            0 => (
                valid.as_bytes()[..100 + self.random.index(valid.len() - 101)].to_vec(),
                Fate::Rejected("invalid_json"),
            ),
            1 => (valid.replace("\"severity\":", "\"severity\" ").into_bytes(), Fate::Rejected("invalid_json")),
            2 => (not_utf8(&valid), Fate::Rejected("invalid_utf8")),
            3 => (valid.replace(&id, "\\ud83d").into_bytes(), Fate::Rejected("invalid_escape")),
            4 => (valid.replace("\"storage.objects.get\"", "[]").into_bytes(), Fate::Rejected("wrong_type")),
            5 => (FLOW.replace("ID", &id).into_bytes(), Fate::Skipped("not_audit")),
            6 => (TEXT.replace("ID", &id).into_bytes(), Fate::Skipped("not_audit")),
            _ => (b"{}".to_vec(), Fate::Skipped("not_an_entry")),
        };
        line.push(b'\n');
        if !self.sink.write_behind(Stream::DataAccess, self.now(), &line)? {
            return Ok(());
        }
        match fate {
            Fate::Rejected(reason) => self.truth.reject(reason),
            Fate::Skipped(reason) => self.truth.skip(reason),
        }
        Ok(())
    }
}

/// The line with a byte in a text that is no UTF-8.
fn not_utf8(valid: &str) -> Vec<u8> {
    let at = valid.find("buckets/b").map_or(0, |at| at + "buckets/".len());
    let mut line = valid.as_bytes().to_vec();
    line[at] = 0xff;
    line
}
