//! Parts of filters over audit entries: trees over the fields that logs, times, services, people and outcomes are in.
//!
//! Who pays is left to `filter_payers`.

use super::filters::build::{self, FieldPath, field, log_id, not};
use super::filters::kinds::{checks_a_project, not_on_a_project};
use super::service::{Catalogue, ServiceKind};
use crate::lql::ast::{Expr, Op};
use crate::model::time::rfc3339;

/// Before the name of an audit stream, this makes the id of its log.
const AUDIT: &str = "cloudaudit.googleapis.com/";

/// A field compared with any of some texts; `None` without a text. Names in `field` hold no dots.
pub fn compared<T: AsRef<str>>(field: &str, op: Op, texts: &[T]) -> Option<Expr> {
    let texts = texts.iter().map(AsRef::as_ref);
    (texts.len() > 0).then(|| build::field(field).any_of(op, texts))
}

/// Any of some clauses; `None` without a clause.
pub fn any(clauses: Vec<Expr>) -> Option<Expr> {
    (!clauses.is_empty()).then(|| build::any(clauses))
}

/// Entries of any of these logs: audit streams by name (`data_access`), others by their id.
pub fn logs<T: AsRef<str>>(names: &[T]) -> Option<Expr> {
    let test = |name: &T| {
        let name = name.as_ref();
        let id = if name.contains('/') || name.contains('.') { name.to_owned() } else { format!("{AUDIT}{name}") };
        log_id(&id)
    };
    any(names.iter().map(test).collect())
}

/// Entries of a period: from its first moment, before the first one after it.
pub fn period(from: Option<i64>, to: Option<i64>) -> Vec<Expr> {
    let bound = |op, time: Option<i64>| compared("timestamp", op, &[rfc3339(time?)]);
    bound(Op::Ge, from).into_iter().chain(bound(Op::Lt, to)).collect()
}

/// Calls of any of these services, by the `serviceName` of their entries.
pub fn services<T: AsRef<str>>(names: &[T]) -> Option<Expr> {
    compared("protoPayload.serviceName", Op::Eq, names)
}

/// Calls of any of these methods.
pub fn methods<T: AsRef<str>>(names: &[T]) -> Option<Expr> {
    compared("protoPayload.methodName", Op::Eq, names)
}

/// Calls of any of these people or accounts, by address or subject.
pub fn principals<T: AsRef<str>>(names: &[T]) -> Option<Expr> {
    let fields = ["principalEmail", "principalSubject"];
    let each =
        fields.iter().filter_map(|field| compared(&format!("protoPayload.authenticationInfo.{field}"), Op::Eq, names));
    any(each.collect())
}

fn status() -> FieldPath {
    field("protoPayload.status.code")
}

/// Calls that were refused for want of a permission.
pub fn denied() -> Expr {
    status().is("7")
}

/// Calls that did not succeed, refused ones included.
pub fn failed() -> Expr {
    status().above(0)
}

/// Reads and writes of Cloud Storage that name a project to be billed.
pub fn requester_pays() -> Vec<Expr> {
    let [methods, groups] = not_on_a_project();
    vec![field("resource.type").eq("gcs_bucket"), checks_a_project(), methods, groups]
}

/// What a billable call needs: it succeeded, or is a cancelled BigQuery job, which has used what it used.
pub fn succeeded() -> Expr {
    let cancelled = services(&["bigquery.googleapis.com"]).map(|bigquery| Expr::And(vec![bigquery, status().is("1")]));
    any(std::iter::once(not(failed())).chain(cancelled).collect()).unwrap_or_else(|| not(failed()))
}

/// Leaves out the services that are free of charge altogether.
pub fn not_free(catalogue: &Catalogue) -> Option<Expr> {
    let free = |kind| matches!(kind, ServiceKind::ControlPlane | ServiceKind::Kubernetes);
    let mut names: Vec<&str> =
        catalogue.services().filter(|row| free(row.kind)).map(|row| row.service.as_str()).collect();
    names.retain(|name| catalogue.named(name).iter().all(|row| free(row.kind)));
    names.dedup();
    services(&names).map(not)
}

/// Leaves out BigQuery jobs that are not charged: answered from the cache, and the parents of scripts.
pub fn not_repeated() -> Vec<Expr> {
    let job = "protoPayload.metadata.jobChange.job";
    let cached = field(&format!("{job}.jobStats.queryStats.cacheHit")).is("true");
    let script = field(&format!("{job}.jobConfig.queryConfig.statementType")).eq("SCRIPT");
    vec![not(cached), not(script)]
}
