//! Mentions: the fields of an entry that name a project, in one place, each with its path and text.

use std::borrow::Cow;
use std::cell::RefCell;

use super::log_entry::{AuditLog, LogEntry};
use super::project_ref::ProjectRef;
use super::resource_name::{Container, container_of, project_of};
use crate::model::memo::Memo;
use crate::model::observation::{Candidate, Charge, Claim, Evidence};
use crate::model::payer::PayerRef;
use crate::model::reason::PayerReason;

use super::kind::Rule;
use crate::model::text::shared;

/// A field that names a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Path and text.
    pub evidence: Evidence,
    /// What the text names.
    pub named: Named,
}

/// What a field names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A project.
    Project(PayerRef),
    /// A placeholder or an impossible id.
    Invalid,
}

impl Named {
    /// What a token names; `None` for a wildcard.
    fn read(token: &str) -> Option<Self> {
        let reference = ProjectRef::parse(token);
        match reference {
            ProjectRef::Wildcard => None,
            ProjectRef::Invalid => Some(Self::Invalid),
            ProjectRef::Id(_) | ProjectRef::Number { .. } => {
                Some(reference.to_payer_ref().map_or(Self::Invalid, Self::Project))
            }
        }
    }
}

impl Mention {
    /// The field at `path` with this text, whose project is `token`. `None` for the wildcards `_` and `-`.
    pub fn new(path: impl Into<Cow<'static, str>>, text: &str, token: &str) -> Option<Self> {
        thread_local! {
            static NAMED: RefCell<Memo<Option<Named>>> = RefCell::default();
        }
        let named = NAMED.with_borrow_mut(|memo| memo.of(token, Named::read))?;
        Some(Self { evidence: Evidence { path: path.into(), text: shared(text) }, named })
    }

    /// The payer it names.
    pub fn payer(&self) -> Option<&PayerRef> {
        match &self.named {
            Named::Project(payer) => Some(payer),
            Named::Invalid => None,
        }
    }

    /// As the claim of a rule; nobody when the text names no possible project.
    pub fn charge(self, rule: Rule, confidence: u8) -> Charge {
        let evidence = Some(self.evidence.clone());
        let nobody = Charge::Nobody { rule: rule.name(), reason: PayerReason::InvalidProject, evidence };
        self.claim(rule, confidence).map_or(nobody, Charge::One)
    }

    /// As a claim, if it names a possible project.
    pub fn claim(self, rule: Rule, confidence: u8) -> Option<Claim> {
        match self.named {
            Named::Project(payer) => {
                Some(Claim { payer, rule: rule.name(), evidence: self.evidence, confidence, remark: remark(rule) })
            }
            Named::Invalid => None,
        }
    }

    /// As a candidate that did not decide.
    pub fn candidate(self, must_agree: bool, why: &'static str) -> Option<Candidate> {
        match self.named {
            Named::Project(payer) => Some(Candidate { payer, evidence: self.evidence, must_agree, why }),
            Named::Invalid => None,
        }
    }
}

/// The one rule that stands in for a field that was not logged.
fn remark(rule: Rule) -> Option<PayerReason> {
    (rule == Rule::BigqueryStorageLabel).then_some(PayerReason::FallbackLabel)
}

/// `resource.labels.project_id`.
pub fn label(entry: &LogEntry<'_>) -> Option<Mention> {
    let text = entry.resource.as_ref()?.labels.as_ref()?.project_id.text()?;
    Mention::new("resource.labels.project_id", text, text)
}

/// The project of `logName`; `None` for the logs of organisations, folders and billing accounts.
pub fn log_name(entry: &LogEntry<'_>) -> Option<Mention> {
    let text = entry.log_name.text()?;
    match container_of(text) {
        Container::Project(token) => Mention::new("logName", text, token),
        Container::Organization | Container::Folder | Container::BillingAccount | Container::Unknown => None,
    }
}

/// The project of `protoPayload.resourceName`.
pub fn resource_name(audit: &AuditLog<'_>) -> Option<Mention> {
    let text = audit.resource_name.text()?;
    Mention::new("protoPayload.resourceName", text, project_of(text)?)
}

/// The project of `protoPayload.request.parent`.
pub fn request_parent(audit: &AuditLog<'_>) -> Option<Mention> {
    let text = audit.request.as_ref()?.parent.text()?;
    Mention::new("protoPayload.request.parent", text, project_of(text)?)
}

/// The projects of `protoPayload.authorizationInfo[].resource`, in order.
pub fn authorizations<'m>(audit: &'m AuditLog<'_>) -> impl Iterator<Item = Mention> + 'm {
    audit.authorization_info.as_ref().into_iter().flatten().enumerate().filter_map(|(at, check)| {
        let text = check.as_ref()?.resource.text()?;
        Mention::new(authorization_path(at), text, project_of(text)?)
    })
}

/// The canonical path of the resource of the permission check at `at`.
pub fn authorization_path(at: usize) -> Cow<'static, str> {
    match at {
        0 => Cow::Borrowed("protoPayload.authorizationInfo[0].resource"),
        1 => Cow::Borrowed("protoPayload.authorizationInfo[1].resource"),
        _ => Cow::Owned(format!("protoPayload.authorizationInfo[{at}].resource")),
    }
}
