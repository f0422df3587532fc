//! Cloud Storage with a billing project in the request: the requester pays for operations and traffic, the bucket's
//! project for storage. This holds whether or not the bucket demands it.
//!
//! The log shows the requester only as a granted permission check on a project: often by number in hexadecimal, zero-padded
//! to 16 digits. The decision is by the shape of that resource, not by the permission's name. Source:
//! <https://cloud.google.com/storage/docs/requester-pays>.

use super::cloud_storage::{self, Owner};
use super::{Audited, Kind, Rule, Verdict};
use crate::gcp::lenient::Field;
use crate::gcp::mention::{self, Mention, Named};
use crate::model::observation::{Candidate, Charge, Claim};
use crate::model::payer::PayerRef;
use crate::model::reason::{PayerReason, Reason};

/// A permission on the bucket's project that lets its holder charge the owner; it never makes a payer.
pub const CREATE_BILLING_ASSIGNMENT: &str = "resourcemanager.projects.createBillingAssignment";

/// Judges a call to Cloud Storage.
pub fn judge(call: &Audited<'_>) -> Verdict {
    let owner = cloud_storage::owner(call);
    let owner_payer = owner.as_ref().and_then(|owner| owner.mention.payer().cloned());
    let requesters = if acts_on_a_project(call.method()) { Vec::new() } else { requesters(call, owner_payer.as_ref()) };
    let mut candidates = rejected_checks(call, &requesters);
    if owner.as_ref().is_some_and(|owner| owner.rule == Rule::CloudStorageOwner) {
        let log = call.log();
        candidates.extend(log.and_then(|log| log.candidate(true, "the bucket's own label decides")));
    }
    if !requesters.is_empty() {
        // The log is the bucket's, whoever pays.
        for candidate in candidates.iter_mut().filter(|candidate| candidate.must_agree) {
            candidate.must_agree = false;
            candidate.why = "the log is the bucket owner's, who pays for storage only when a requester pays";
        }
    }
    let (kind, charge) = decide(requesters, owner.as_ref());
    let mut verdict = Verdict::new(kind, charge);
    verdict.storage = owner.as_ref().and_then(Owner::claim);
    verdict.resource_project = owner_payer;
    verdict.candidates = candidates;
    if reads_a_source(call) {
        verdict.method_reason = Some(Some(Reason::FreeMethod));
    }
    verdict
}

/// Copy, compose and rewrite also write an entry for each source they read; the write to the destination is what is billed.
/// Such a read checks nothing but the source, or states the destination of the copy.
fn reads_a_source(call: &Audited<'_>) -> bool {
    let destination = call.audit.metadata.as_ref().is_some_and(|metadata| metadata.destination.as_ref().is_some());
    if call.method() == "storage.objects.get" && destination {
        return true;
    }
    let copies =
        matches!(call.method(), "storage.objects.copy" | "storage.objects.compose" | "storage.objects.rewrite");
    let mut checks = call.audit.authorization_info.as_ref().into_iter().flatten().filter_map(Field::as_ref).peekable();
    copies && checks.peek().is_some() && checks.all(|check| check.permission.text() == Some("storage.objects.get"))
}

fn decide(requesters: Vec<Mention>, owner: Option<&Owner>) -> (Kind, Charge) {
    let Some(first) = requesters.first() else { return (Kind::CloudStorage, cloud_storage::charge(owner)) };
    if requesters.iter().all(|requester| requester.named == Named::Invalid) {
        // A requester that can be nobody is never replaced by the owner.
        let nobody = Charge::Nobody {
            rule: Rule::RequesterPaysRequester.name(),
            reason: PayerReason::InvalidProject,
            evidence: Some(first.evidence.clone()),
        };
        return (Kind::RequesterPays, nobody);
    }
    let claims: Vec<Claim> =
        requesters.into_iter().filter_map(|requester| requester.claim(Rule::RequesterPaysRequester, 90)).collect();
    let charge = Charge::Requester {
        requesters: claims,
        owner: owner.filter(|owner| owner.is_known()).and_then(Owner::claim),
        kind: Kind::RequesterPays.name(),
    };
    (Kind::CloudStorage, charge)
}

/// Methods whose permission checks are legitimately about a project and not about who pays.
pub const METHODS_ON_A_PROJECT: [&str; 4] =
    ["storage.buckets.list", "storage.buckets.create", "storage.serviceAccounts.get", "google.storage.NoBillingOk"];

/// Groups of such methods: `storage.GROUP.…`.
pub const GROUPS_ON_A_PROJECT: [&str; 2] = ["hmacKeys", "projects"];

fn acts_on_a_project(method: &str) -> bool {
    let group = method.strip_prefix("storage.").and_then(|rest| rest.split_once('.'));
    METHODS_ON_A_PROJECT.contains(&method) || group.is_some_and(|(group, _)| GROUPS_ON_A_PROJECT.contains(&group))
}

/// Granted checks on a project that is not, as written, the bucket's.
fn requesters(call: &Audited<'_>, owner: Option<&PayerRef>) -> Vec<Mention> {
    let checks = call.audit.authorization_info.as_ref().into_iter().flatten().enumerate();
    checks
        .filter_map(|(at, check)| {
            let check = check.as_ref()?;
            let granted = check.granted.as_ref().copied().unwrap_or(false);
            if !granted || check.permission.text() == Some(CREATE_BILLING_ASSIGNMENT) {
                return None;
            }
            let text = check.resource.text()?;
            let mention = Mention::new(mention::authorization_path(at), text, whole_project(text)?)?;
            (owner.is_none() || mention.payer() != owner).then_some(mention)
        })
        .collect()
}

/// The token of `projects/TOKEN` with nothing behind it.
pub fn whole_project(resource: &str) -> Option<&str> {
    resource
        .strip_prefix("projects/")
        .filter(|token| !token.is_empty() && !token.starts_with('_') && !token.contains('/'))
}

/// Checks on projects that did not make a payer, for the explanation.
fn rejected_checks(call: &Audited<'_>, requesters: &[Mention]) -> Vec<Candidate> {
    let why = "not a granted check on another project that asks to be billed";
    mention::authorizations(call.audit)
        .filter(|check| !requesters.iter().any(|requester| requester.evidence == check.evidence))
        .filter_map(|check| check.candidate(false, why))
        .collect()
}
