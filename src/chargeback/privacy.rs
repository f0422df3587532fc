//! Attributed calls with pseudonyms in the place of principals: after the rules of the mapping have looked at who called.

use super::attribution::Attributed;
use super::resolve::Resolved;
use crate::model::pseudonym::Pseudonyms;

impl Attributed<'_> {
    /// Hands the call on, with pseudonyms if there are any.
    pub fn hidden<R>(&self, pseudonyms: Option<&Pseudonyms>, take: impl FnOnce(&Attributed<'_>) -> R) -> R {
        let Some(pseudonyms) = pseudonyms else { return take(self) };
        let call = pseudonyms.call(self.call);
        let shown = &self.resolved;
        let text = |text: &String| pseudonyms.text_of_call(self.call, text);
        let resolved = Resolved {
            evidence: shown.evidence.as_ref().map(|evidence| pseudonyms.evidence(self.call, evidence)),
            conflicts: shown.conflicts.iter().map(text).collect(),
            notes: shown.notes.iter().map(|(kind, note)| (*kind, text(note))).collect(),
            ..shown.clone()
        };
        take(&Attributed { call: &call, stated: self.stated, resolved, ..*self })
    }
}
