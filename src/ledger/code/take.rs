//! An entry from its bytes: the mirror of `put`.

use std::borrow::Cow;

use super::super::bytes::Bytes;
use super::super::spill::SpillError;
use super::super::words::{Manner, Words};
use super::forms::{Forms, References};
use super::{
    ACROSS, BRIEF, COPIES, FAMILY, Head, INSERT_ID, ITEM, LATENESS, OWN_ENTRY, PHASES, RESOURCE, SPLIT, STAND_IN, TIME,
};
use crate::model::brief::{Caller, Numbers};
use crate::model::call::Told;
use crate::model::observation::{
    CallKey, Candidate, Charge, Claim, EntryId, Evidence, Facts, JobFamily, Observation, Phase, Source, SplitPart,
    Usage,
};
use crate::model::payer::{Namespace, PayerName, PayerRef};
use crate::model::reason::{Driver, Flag, MergeCause, PayerReason, QuantityUnit, Reason};
use crate::model::text::SharedText;

/// Reads what follows the head of a record, to its end.
pub(super) fn told(bytes: Bytes<'_>, of: References<'_>, kind: u8, head: Head) -> Result<Told, SpillError> {
    let mut take = Take { bytes, words: of.words };
    let told = match kind {
        0 | FAMILY => take.told(head, kind == FAMILY)?,
        _ if kind & BRIEF != 0 => Told::new(take.brief(head, kind, of.forms)?),
        _ => return Err(SpillError::Damaged),
    };
    if take.bytes.is_empty() { Ok(told) } else { Err(SpillError::Damaged) }
}

/// What follows the head of a record first, if it is a brief that tells of a whole call; `None` for any other.
pub(super) fn whole_brief(bytes: Bytes<'_>, of: References<'_>, kind: u8) -> Result<Option<WholeBrief>, SpillError> {
    let mut take = Take { bytes, words: of.words };
    if kind & BRIEF == 0 || take.manner()?.phase != Phase::Whole {
        return Ok(None);
    }
    let numbers = take.numbers()?;
    let (time, lateness) = take.times(kind)?;
    Ok(time.map(|time| WholeBrief { numbers, time, lateness }))
}

/// A caller that is kept.
pub(super) fn kept_caller(number: u32, forms: &Forms) -> Result<Caller, SpillError> {
    let bytes = forms.caller(number).ok_or(SpillError::Damaged)?;
    Take { bytes: Bytes::new(bytes), words: forms.words() }.caller()
}

/// The beginning of a brief that tells of a whole call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) struct WholeBrief {
    /// What it says like others.
    pub numbers: Numbers,
    /// Its time.
    pub time: i64,
    /// The delay between event and ingestion in nanoseconds, if both are known.
    pub lateness: Option<i64>,
}

/// What an entry says alone.
struct Own {
    time: Option<i64>,
    lateness: Option<i64>,
    resource: Option<SharedText>,
    insert_id: Option<SharedText>,
}

struct Take<'r> {
    bytes: Bytes<'r>,
    words: &'r Words,
}

impl<'r> Take<'r> {
    fn told(&mut self, head: Head, has_family: bool) -> Result<Told, SpillError> {
        let entry = EntryId(self.bytes.hash()?);
        let family = match has_family {
            true => Some(JobFamily { base: CallKey(head.group), location: self.word()? }),
            false => None,
        };
        let marks = self.bytes.byte()?;
        let cause = self.member(MergeCause::ALL)?;
        let phase = self.member(&PHASES)?;
        let (rank, charge_rank) = (self.bytes.byte()?, self.bytes.byte()?);
        let split = match marks & SPLIT != 0 {
            true => {
                let (index, total, whole) = (self.bytes.small()?, self.bytes.small()?, self.bytes.number()?);
                Some(SplitPart { index, total, whole })
            }
            false => None,
        };
        let mut copies = Vec::new();
        if marks & COPIES != 0 {
            for _ in 0..self.bytes.number()? {
                copies.push((self.bytes.number()?, self.bytes.number()?));
            }
        }
        let source = self.source()?;
        let own = Own {
            time: self.signed()?,
            lateness: self.signed()?,
            resource: self.maybe(Self::resource)?,
            insert_id: self.own_text()?,
        };
        let caller = self.caller()?;
        let facts = Box::new(self.facts(own, caller)?);
        let key = head.key;
        let first =
            Observation { key, entry, family, cause, phase, rank, charge_rank, split, source, facts, learnt: None };
        Ok(Told { first, copies, across_inputs: marks & ACROSS != 0 })
    }

    /// What an entry says of which the rest is kept.
    fn brief(&mut self, Head { key, .. }: Head, kind: u8, forms: &Forms) -> Result<Observation, SpillError> {
        let Manner { cause, phase, rank, charge_rank } = self.manner()?;
        let Numbers { form, caller } = self.numbers()?;
        let (time, lateness) = self.times(kind)?;
        let entry = EntryId(if kind & OWN_ENTRY != 0 { self.bytes.hash()? } else { key.0 });
        let (input, offset, line) = (self.bytes.small()?, self.bytes.number()?, self.bytes.number()?);
        let item = if kind & ITEM != 0 { self.bytes.small()? } else { 0 };
        let source = Source { input, offset, line, item };
        let resource = if kind & RESOURCE != 0 { Some(self.resource()?) } else { None };
        let insert_id = if kind & INSERT_ID != 0 { Some(SharedText::new(self.bytes.text()?)) } else { None };
        let own = Own { time, lateness, resource, insert_id };
        let bytes = Bytes::new(forms.form(form).ok_or(SpillError::Damaged)?);
        let facts = Take { bytes, words: forms.words() }.facts(own, kept_caller(caller, forms)?)?;
        let facts = Box::new(facts);
        let (family, split, learnt) = (None, None, None);
        Ok(Observation { key, entry, family, cause, phase, rank, charge_rank, split, source, facts, learnt })
    }

    fn manner(&mut self) -> Result<Manner, SpillError> {
        self.words.manner(self.bytes.number()?).ok_or(SpillError::Damaged)
    }

    /// Time and delay of a brief.
    fn times(&mut self, kind: u8) -> Result<(Option<i64>, Option<i64>), SpillError> {
        let time = if kind & TIME != 0 { Some(self.bytes.fixed()?) } else { None };
        Ok((time, if kind & LATENESS != 0 { Some(self.bytes.signed()?) } else { None }))
    }

    fn numbers(&mut self) -> Result<Numbers, SpillError> {
        Ok(Numbers { form: self.bytes.small()?, caller: self.bytes.small()? })
    }

    fn source(&mut self) -> Result<Source, SpillError> {
        Ok(Source {
            input: self.bytes.small()?,
            offset: self.bytes.number()?,
            line: self.bytes.number()?,
            item: self.bytes.small()?,
        })
    }

    fn caller(&mut self) -> Result<Caller, SpillError> {
        Ok(Caller { principal: self.word()?, delegated_by: self.word()?, project: self.maybe(Self::payer)? })
    }

    fn facts(&mut self, own: Own, caller: Caller) -> Result<Facts, SpillError> {
        let Own { time, lateness, resource, insert_id } = own;
        let (service, method, location) = (self.word()?, self.word()?, self.word()?);
        let (model, model_version, log_name) = (self.word()?, self.word()?, self.word()?);
        let resource_project = self.maybe(Self::payer)?;
        let kind = self.fixed()?;
        let (reason, method_reason) = (self.maybe_member(Reason::ALL)?, self.maybe_member(Reason::ALL)?);
        let (driver, quantity_unit) = (self.member(Driver::ALL)?, self.member(QuantityUnit::ALL)?);
        let failed = self.bytes.byte()? != 0;
        let usage = Usage {
            total_billed_bytes: self.bytes.optional()?,
            processed_bytes: self.bytes.optional()?,
            total_slot_ms: self.bytes.optional()?,
            metered_slot_ms: self.bytes.optional()?,
        };
        let status_code = self.bytes.signed()?;
        let flags = self.several(|take| take.member(Flag::ALL))?;
        let labels = self.several(|take| Ok((take.some_word()?.to_string(), take.some_word()?.to_string())))?;
        let resource_text = resource.as_ref();
        let charge = self.charge(resource_text)?;
        let storage = self.maybe(|take| take.claim(resource_text))?;
        let candidates = self.several(|take| {
            Ok(Candidate {
                payer: take.payer()?,
                evidence: take.evidence(resource_text)?,
                must_agree: take.bytes.byte()? != 0,
                why: take.fixed()?,
            })
        })?;
        let Caller { principal, delegated_by, project: principal_project } = caller;
        Ok(Facts {
            time,
            service,
            method,
            kind,
            charge,
            storage,
            candidates,
            principal,
            principal_project,
            delegated_by,
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
            insert_id,
            lateness,
        })
    }

    fn charge(&mut self, resource: Option<&SharedText>) -> Result<Charge, SpillError> {
        match self.bytes.byte()? {
            0 => {
                let reason = self.member(PayerReason::ALL)?;
                let has_evidence = self.bytes.byte()? != 0;
                let rule = self.fixed()?;
                let evidence = if has_evidence { Some(self.evidence(resource)?) } else { None };
                Ok(Charge::Nobody { rule, reason, evidence })
            }
            1 => Ok(Charge::One(self.claim(resource)?)),
            2 => {
                let has_owner = self.bytes.byte()? != 0;
                let requesters = self.several(|take| take.claim(resource))?;
                let owner = if has_owner { Some(self.claim(resource)?) } else { None };
                Ok(Charge::Requester { requesters, owner, kind: self.fixed()? })
            }
            _ => Err(SpillError::Damaged),
        }
    }

    fn claim(&mut self, resource: Option<&SharedText>) -> Result<Claim, SpillError> {
        Ok(Claim {
            payer: self.payer()?,
            rule: self.fixed()?,
            evidence: self.evidence(resource)?,
            confidence: self.bytes.byte()?,
            remark: self.maybe_member(PayerReason::ALL)?,
        })
    }

    fn evidence(&mut self, resource: Option<&SharedText>) -> Result<Evidence, SpillError> {
        let path = match self.bytes.byte()? {
            0 => Cow::Borrowed(self.fixed()?),
            _ => Cow::Owned(self.some_word()?.to_string()),
        };
        let text = match self.word()? {
            Some(text) => text,
            None => resource.ok_or(SpillError::Damaged)?.clone(),
        };
        Ok(Evidence { path, text })
    }

    fn payer(&mut self) -> Result<PayerRef, SpillError> {
        let namespace = self.member(Namespace::ALL)?;
        let name = match self.bytes.byte()? {
            0 => PayerName::Id(self.some_word()?),
            _ => PayerName::Number(self.bytes.number()?),
        };
        Ok(PayerRef { namespace, name })
    }

    fn word(&mut self) -> Result<Option<SharedText>, SpillError> {
        match self.bytes.number()? {
            0 => Ok(None),
            1 => Ok(Some(SharedText::new(self.bytes.text()?))),
            number => Ok(Some(self.words.text(number - 2).ok_or(SpillError::Damaged)?.clone())),
        }
    }

    fn some_word(&mut self) -> Result<SharedText, SpillError> {
        self.word()?.ok_or(SpillError::Damaged)
    }

    /// The name of a resource, or the digits of its hash.
    fn resource(&mut self) -> Result<SharedText, SpillError> {
        match self.bytes.number()? {
            // Longer than any name that is kept whole, so that no name is taken for a hash.
            0 => Ok(format!("#{:0STAND_IN$x}", self.bytes.fixed()?).into()),
            more => {
                let length = usize::try_from(more - 1).map_err(|_| SpillError::Damaged)?;
                let name = std::str::from_utf8(self.bytes.take(length)?).map_err(|_| SpillError::Damaged)?;
                Ok(SharedText::new(name))
            }
        }
    }

    fn own_text(&mut self) -> Result<Option<SharedText>, SpillError> {
        let is_some = self.bytes.byte()? != 0;
        let text = self.bytes.text()?;
        Ok(is_some.then(|| SharedText::new(text)))
    }

    fn fixed(&mut self) -> Result<&'static str, SpillError> {
        self.words.fixed(self.bytes.number()?).ok_or(SpillError::Damaged)
    }

    fn signed(&mut self) -> Result<Option<i64>, SpillError> {
        self.maybe(|take| take.bytes.signed())
    }

    fn member<T: Copy>(&mut self, all: &[T]) -> Result<T, SpillError> {
        all.get(usize::from(self.bytes.byte()?)).copied().ok_or(SpillError::Damaged)
    }

    fn maybe_member<T: Copy>(&mut self, all: &[T]) -> Result<Option<T>, SpillError> {
        match self.bytes.byte()? {
            0 => Ok(None),
            at => all.get(usize::from(at) - 1).copied().map(Some).ok_or(SpillError::Damaged),
        }
    }

    fn maybe<T>(&mut self, take: impl FnOnce(&mut Self) -> Result<T, SpillError>) -> Result<Option<T>, SpillError> {
        if self.bytes.byte()? == 0 { Ok(None) } else { take(self).map(Some) }
    }

    fn several<T>(&mut self, take: impl Fn(&mut Self) -> Result<T, SpillError>) -> Result<Vec<T>, SpillError> {
        let mut items = Vec::new();
        for _ in 0..self.bytes.number()? {
            items.push(take(self)?);
        }
        Ok(items)
    }
}
