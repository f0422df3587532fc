//! What the name of a log says of its entries, worked out once for each name.

use std::cell::RefCell;

use super::kind::Stream;
use super::resource_name::{decoded_log_name, log_id};
use crate::model::memo::Memo;
use crate::model::reason::SkipReason;
use crate::model::text::{SharedText, shared};

/// The name of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogName {
    /// The whole name with its id decoded.
    pub decoded: SharedText,
    /// The audit stream.
    pub stream: Stream,
    /// Set for logs that look like audit logs and are none.
    pub other: Option<SkipReason>,
    /// Whether it is a log of Cloud Audit Logs.
    pub is_audit: bool,
}

impl LogName {
    /// Reads a log's name.
    pub fn read(text: &str) -> Self {
        thread_local! {
            static NAMES: RefCell<Memo<LogName>> = RefCell::default();
        }
        NAMES.with_borrow_mut(|names| names.of(text, Self::work_out))
    }

    fn work_out(text: &str) -> Self {
        let id = log_id(text);
        let other = if id.starts_with("externalaudit.googleapis.com/") {
            Some(SkipReason::ExternalAudit)
        } else if id == "cloudaudit.googleapis.com/access_transparency" {
            Some(SkipReason::AccessTransparency)
        } else {
            None
        };
        let stream = match id.strip_prefix("cloudaudit.googleapis.com/") {
            Some("activity") => Stream::Activity,
            Some("data_access") => Stream::DataAccess,
            Some("system_event") => Stream::SystemEvent,
            Some("policy") => Stream::Policy,
            _ => Stream::Unstated,
        };
        Self { decoded: shared(&decoded_log_name(text)), stream, other, is_audit: id.starts_with("cloudaudit.") }
    }
}
