//! Calls, documents and rows with pseudonyms in the place of principals.

use std::borrow::Cow;

use super::call::Call;
use super::document::{Cell, Document, Row};
use super::observation::{Charge, Claim, Evidence, Facts};
use super::pseudonym::Pseudonyms;
use super::text::SharedText;

impl Pseudonyms {
    /// A call of which nothing tells who called.
    pub fn call(&self, call: &Call) -> Call {
        let principals = principals(&call.facts);
        let mut hidden = call.clone();
        let facts = &mut *hidden.facts;
        for principal in [&mut facts.principal, &mut facts.delegated_by].into_iter().flatten() {
            *principal = self.principal(principal).into();
        }
        let texts = [
            &mut facts.service,
            &mut facts.method,
            &mut facts.resource,
            &mut facts.location,
            &mut facts.model,
            &mut facts.model_version,
            &mut facts.log_name,
            &mut facts.insert_id,
        ];
        let others = hidden.others.iter_mut().map(|other| &mut other.insert_id);
        for text in texts.into_iter().chain(others).flatten() {
            self.hide(&principals, text);
        }
        match &mut facts.charge {
            Charge::Nobody { evidence, .. } => {
                evidence.iter_mut().for_each(|evidence| self.hide(&principals, &mut evidence.text));
            }
            Charge::One(claim) => self.claim(&principals, claim),
            Charge::Requester { requesters, owner, kind: _ } => {
                requesters.iter_mut().chain(owner).for_each(|claim| self.claim(&principals, claim));
            }
        }
        facts.storage.iter_mut().for_each(|claim| self.claim(&principals, claim));
        for candidate in &mut facts.candidates {
            self.hide(&principals, &mut candidate.evidence.text);
        }
        for (key, value) in &mut facts.labels {
            *key = self.text_beside(&principals, key).into_owned();
            *value = self.text_beside(&principals, value).into_owned();
        }
        hidden
    }

    /// Evidence that stands beside the principals of a call.
    pub fn evidence(&self, call: &Call, evidence: &Evidence) -> Evidence {
        let text = self.text_beside(&principals(&call.facts), &evidence.text).into();
        Evidence { path: evidence.path.clone(), text }
    }

    /// A text that stands beside the principals of a call.
    pub fn text_of_call(&self, call: &Call, text: &str) -> String {
        self.text_beside(&principals(&call.facts), text).into_owned()
    }

    /// A document of which nothing tells who called. Filters are withheld, because they may tell a part of a name.
    pub fn document(&self, document: &Document) -> Document {
        let mut hidden = document.clone();
        let hide = |text: &mut String| {
            if let Cow::Owned(changed) = self.text(text) {
                *text = changed;
            }
        };
        let from = &mut hidden.provenance;
        from.inputs.iter_mut().for_each(|input| hide(&mut input.path));
        from.mapping.iter_mut().chain(&mut from.projects).chain([&mut from.catalogue]).for_each(hide);
        from.filter = from.filter.as_ref().map(|filter| self.filter(filter));
        hidden.gaps.unmapped.iter_mut().for_each(|(payer, _, _)| hide(payer));
        for diagnostic in hidden.diagnostics.values_mut() {
            diagnostic.examples.iter_mut().for_each(|example| *example = self.sentence(example));
            diagnostic.examples.sort();
        }
        if let Some(page) = &mut hidden.page {
            hide(&mut page.title);
            page.links.iter_mut().for_each(|(name, _)| hide(name));
        }
        if let Some(estimate) = &mut hidden.estimate {
            hide(&mut estimate.prices);
            estimate.unpriced.iter_mut().flat_map(|calls| [&mut calls.service, &mut calls.method]).for_each(hide);
        }
        hidden.bill.iter_mut().flat_map(|bill| &mut bill.files).for_each(|file| hide(&mut file.path));
        hidden
    }

    /// A row of which nothing tells who called.
    pub fn row(&self, mut row: Row) -> Row {
        for cell in &mut row {
            if let Cell::Text(text) = cell
                && let Cow::Owned(changed) = self.text(text)
            {
                *text = changed;
            }
        }
        row
    }

    fn claim(&self, principals: &[&str], claim: &mut Claim) {
        self.hide(principals, &mut claim.evidence.text);
    }

    fn hide(&self, principals: &[&str], text: &mut SharedText) {
        if let Cow::Owned(changed) = self.text_beside(principals, text) {
            *text = changed.into();
        }
    }
}

/// The principals of a call.
fn principals(facts: &Facts) -> Vec<&str> {
    [&facts.principal, &facts.delegated_by].into_iter().flatten().map(SharedText::as_str).collect()
}
