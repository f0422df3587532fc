//! Cloud Storage without a billing project in the request: the bucket's project pays for everything.
//!
//! The `_` of `projects/_/buckets/B` is literal and names no project. Source:
//! <https://cloud.google.com/storage/docs/audit-logging>.

use super::{Audited, Rule};
use crate::gcp::mention::{Mention, Named};
use crate::model::observation::{Charge, Claim};
use crate::model::reason::PayerReason;

/// The field that names the bucket's project.
pub struct Owner {
    /// The rule by which the owner is known.
    pub rule: Rule,
    /// The field.
    pub mention: Mention,
}

/// The owner of the bucket, if a field names one.
pub fn owner(call: &Audited<'_>) -> Option<Owner> {
    let label = call.label().map(|mention| Owner { rule: Rule::CloudStorageOwner, mention });
    label.or_else(|| call.log().map(|mention| Owner { rule: Rule::CloudStorageLogName, mention }))
}

impl Owner {
    /// How sure the rule is.
    fn confidence(&self) -> u8 {
        if self.rule == Rule::CloudStorageOwner { 100 } else { 50 }
    }

    /// The owner as a claim, if the field names a possible project.
    pub fn claim(&self) -> Option<Claim> {
        self.mention.clone().claim(self.rule, self.confidence())
    }

    /// The owner as payer.
    pub fn charge(&self) -> Charge {
        self.mention.clone().charge(self.rule, self.confidence())
    }

    /// Whether the field names a possible project.
    pub fn is_known(&self) -> bool {
        matches!(self.mention.named, Named::Project(_))
    }
}

/// The charge of an ordinary call.
pub fn charge(owner: Option<&Owner>) -> Charge {
    owner.map_or(
        Charge::Nobody { rule: Rule::CloudStorageOwner.name(), reason: PayerReason::NoProject, evidence: None },
        Owner::charge,
    )
}
