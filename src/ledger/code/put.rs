//! An entry as bytes.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::super::bytes::{put_number, put_optional, put_signed, put_text};
use super::super::words::{Manner, ResourceNames, Words};
use super::{ACROSS, BRIEF, COPIES, INSERT_ID, ITEM, LATENESS, OWN_ENTRY, RESOURCE, SPLIT, STAND_IN, TIME};
use crate::model::brief::Brief;
use crate::model::call::Told;
use crate::model::observation::{Candidate, Charge, Claim, Evidence, Facts, Observation, Source, SplitPart, Usage};
use crate::model::payer::{PayerName, PayerRef};

/// Appends all of an entry that does not stand in the head of its record.
pub(super) fn told(out: &mut Vec<u8>, told: &Told, words: &mut Words) {
    Put { out, words }.told(told);
}

/// What a brief has, as the first byte of its record.
pub(super) fn kind(brief: &Brief<'_>) -> u8 {
    let mark = |holds: bool, mark: u8| if holds { mark } else { 0 };
    BRIEF
        | mark(brief.entry.0 != brief.key.0, OWN_ENTRY)
        | mark(brief.time.is_some(), TIME)
        | mark(brief.lateness.is_some(), LATENESS)
        | mark(brief.resource.is_some(), RESOURCE)
        | mark(brief.insert_id.is_some(), INSERT_ID)
        | mark(brief.source.item != 0, ITEM)
}

/// Appends all of a brief that does not stand in the head of its record.
pub(super) fn brief(out: &mut Vec<u8>, brief: &Brief<'_>, words: &mut Words) {
    Put { out, words }.brief(brief);
}

/// Appends what entries of one form have in common; their resource may differ from this one's.
pub(super) fn form(out: &mut Vec<u8>, facts: &Facts, words: &mut Words) {
    Put { out, words }.form(facts);
}

/// Appends what is known of a caller.
pub(super) fn caller(out: &mut Vec<u8>, facts: &Facts, words: &mut Words) {
    Put { out, words }.caller(facts);
}

struct Put<'a> {
    out: &'a mut Vec<u8>,
    words: &'a mut Words,
}

impl Put<'_> {
    fn told(&mut self, told: &Told) {
        let Told { first, copies, across_inputs } = told;
        // What an entry teaches about projects was learnt when it came in.
        let Observation { key: _, entry, family, cause, phase, rank, charge_rank, split, source, facts, learnt: _ } =
            first;
        self.out.extend_from_slice(&entry.0.to_be_bytes());
        if let Some(family) = family {
            self.word(family.location.as_deref());
        }
        let mark = |holds: bool, mark: u8| if holds { mark } else { 0 };
        let marks = mark(*across_inputs, ACROSS) | mark(split.is_some(), SPLIT) | mark(!copies.is_empty(), COPIES);
        self.out.extend_from_slice(&[marks, *cause as u8, *phase as u8, *rank, *charge_rank]);
        if let Some(SplitPart { index, total, whole }) = split {
            self.number(u64::from(*index));
            self.number(u64::from(*total));
            self.number(*whole);
        }
        if !copies.is_empty() {
            self.number(copies.len() as u64);
            for (hash, count) in copies {
                self.number(*hash);
                self.number(*count);
            }
        }
        self.source(source);
        self.signed(facts.time);
        self.signed(facts.lateness);
        self.out.push(u8::from(facts.resource.is_some()));
        if let Some(name) = facts.resource.as_deref() {
            // What is odd about jobs is told by their names.
            let resources = if family.is_some() { ResourceNames::Whole } else { self.words.resources() };
            self.resource(name, resources);
        }
        self.out.push(u8::from(facts.insert_id.is_some()));
        put_text(self.out, facts.insert_id.as_deref().unwrap_or_default());
        self.caller(facts);
        self.form(facts);
    }

    fn brief(&mut self, brief: &Brief<'_>) {
        let Brief {
            key,
            entry,
            cause,
            phase,
            rank,
            charge_rank,
            source: Source { input, offset, line, item },
            time,
            lateness,
            resource,
            insert_id,
            numbers,
            learnt: _,
        } = brief;
        let manner = Manner { cause: *cause, phase: *phase, rank: *rank, charge_rank: *charge_rank };
        let manner = self.words.manner_number(manner);
        self.number(manner);
        self.number(u64::from(numbers.form));
        self.number(u64::from(numbers.caller));
        if let Some(time) = time {
            self.out.extend_from_slice(&time.to_be_bytes());
        }
        if let Some(lateness) = lateness {
            put_signed(self.out, *lateness);
        }
        if entry.0 != key.0 {
            self.out.extend_from_slice(&entry.0.to_be_bytes());
        }
        for number in [u64::from(*input), *offset, *line] {
            self.number(number);
        }
        if *item != 0 {
            self.number(u64::from(*item));
        }
        if let Some(name) = resource {
            self.resource(name, self.words.resources());
        }
        if let Some(insert_id) = insert_id {
            put_text(self.out, insert_id);
        }
    }

    fn source(&mut self, source: &Source) {
        let Source { input, offset, line, item } = source;
        for number in [u64::from(*input), *offset, *line, u64::from(*item)] {
            self.number(number);
        }
    }

    /// The name of a resource: its length and one, and its text; or zero and the hash that stands for it.
    fn resource(&mut self, name: &str, resources: ResourceNames) {
        match resources {
            ResourceNames::Hashed if name.len() > STAND_IN => {
                self.out.push(0);
                self.out.extend_from_slice(&xxh3_64(name.as_bytes()).to_be_bytes());
            }
            ResourceNames::Hashed | ResourceNames::Whole => {
                self.number(name.len() as u64 + 1);
                self.out.extend_from_slice(name.as_bytes());
            }
        }
    }

    fn caller(&mut self, facts: &Facts) {
        for text in [&facts.principal, &facts.delegated_by] {
            self.word(text.as_deref());
        }
        self.maybe_payer(facts.principal_project.as_ref());
    }

    fn maybe_payer(&mut self, payer: Option<&PayerRef>) {
        self.out.push(u8::from(payer.is_some()));
        if let Some(payer) = payer {
            self.payer(payer);
        }
    }

    fn form(&mut self, facts: &Facts) {
        let Facts {
            service,
            method,
            kind,
            charge,
            storage,
            candidates,
            resource,
            resource_project,
            location,
            model,
            model_version,
            reason,
            method_reason,
            driver,
            quantity_unit,
            usage,
            status_code,
            failed,
            flags,
            labels,
            log_name,
            // These stand apart.
            time: _,
            lateness: _,
            insert_id: _,
            principal: _,
            principal_project: _,
            delegated_by: _,
        } = facts;
        for text in [service, method, location, model, model_version, log_name] {
            self.word(text.as_deref());
        }
        self.maybe_payer(resource_project.as_ref());
        self.fixed(kind);
        for reason in [reason, method_reason] {
            self.out.push(reason.map_or(0, |reason| reason as u8 + 1));
        }
        self.out.extend_from_slice(&[*driver as u8, *quantity_unit as u8, u8::from(*failed)]);
        let Usage { total_billed_bytes, processed_bytes, total_slot_ms, metered_slot_ms } = usage;
        for quantity in [total_billed_bytes, processed_bytes, total_slot_ms, metered_slot_ms] {
            put_optional(self.out, *quantity);
        }
        put_signed(self.out, *status_code);
        self.number(flags.len() as u64);
        self.out.extend(flags.iter().map(|flag| *flag as u8));
        self.number(labels.len() as u64);
        for (key, value) in labels {
            self.word(Some(key));
            self.word(Some(value));
        }
        let resource = resource.as_deref();
        self.charge(charge, resource);
        self.out.push(u8::from(storage.is_some()));
        if let Some(claim) = storage {
            self.claim(claim, resource);
        }
        self.number(candidates.len() as u64);
        for Candidate { payer, evidence, must_agree, why } in candidates {
            self.payer(payer);
            self.evidence(evidence, resource);
            self.out.push(u8::from(*must_agree));
            self.fixed(why);
        }
    }

    fn charge(&mut self, charge: &Charge, resource: Option<&str>) {
        match charge {
            Charge::Nobody { rule, reason, evidence } => {
                self.out.extend_from_slice(&[0, *reason as u8, u8::from(evidence.is_some())]);
                self.fixed(rule);
                if let Some(evidence) = evidence {
                    self.evidence(evidence, resource);
                }
            }
            Charge::One(claim) => {
                self.out.push(1);
                self.claim(claim, resource);
            }
            Charge::Requester { requesters, owner, kind } => {
                self.out.extend_from_slice(&[2, u8::from(owner.is_some())]);
                self.number(requesters.len() as u64);
                for claim in requesters.iter().chain(owner) {
                    self.claim(claim, resource);
                }
                self.fixed(kind);
            }
        }
    }

    fn claim(&mut self, claim: &Claim, resource: Option<&str>) {
        let Claim { payer, rule, evidence, confidence, remark } = claim;
        self.payer(payer);
        self.fixed(rule);
        self.evidence(evidence, resource);
        self.out.extend_from_slice(&[*confidence, remark.map_or(0, |remark| remark as u8 + 1)]);
    }

    fn evidence(&mut self, evidence: &Evidence, resource: Option<&str>) {
        let Evidence { path, text } = evidence;
        match path {
            Cow::Borrowed(path) => {
                self.out.push(0);
                self.fixed(path);
            }
            Cow::Owned(path) => {
                self.out.push(1);
                self.word(Some(path));
            }
        }
        // The absent text is free to stand for the resource.
        self.word((resource != Some(text)).then_some(text));
    }

    fn payer(&mut self, payer: &PayerRef) {
        let PayerRef { namespace, name } = payer;
        self.out.push(*namespace as u8);
        match name {
            PayerName::Id(id) => {
                self.out.push(0);
                self.word(Some(id));
            }
            PayerName::Number(number) => {
                self.out.push(1);
                self.number(*number);
            }
        }
    }

    /// A text that is likely to come again: 0 is none, 1 is written out, the others are words.
    fn word(&mut self, text: Option<&str>) {
        let Some(text) = text else { return self.out.push(0) };
        match self.words.number(text) {
            Some(number) => self.number(number + 2),
            None => {
                self.out.push(1);
                put_text(self.out, text);
            }
        }
    }

    fn fixed(&mut self, text: &'static str) {
        let number = self.words.fixed_number(text);
        self.number(number);
    }

    fn number(&mut self, number: u64) {
        put_number(self.out, number);
    }

    fn signed(&mut self, number: Option<i64>) {
        self.out.push(u8::from(number.is_some()));
        if let Some(number) = number {
            put_signed(self.out, number);
        }
    }
}
