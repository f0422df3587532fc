//! Parts of filters over audit entries: trees over the fields that logs, times, services, people and outcomes are in.
//!
//! Who pays is left to `filter_payers`.

use super::service::{Catalogue, ServiceKind};
use crate::lql::ast::{Argument, Call, Comparison, Expr, Function, Literal, Op, Operand, Path, Span, Values};
use crate::model::time::rfc3339;

/// Before the name of an audit stream, this makes the id of its log.
const AUDIT: &str = "cloudaudit.googleapis.com/";

/// Methods of Cloud Storage whose permission checks are about a project and not about who pays.
const ON_A_PROJECT: [&str; 4] =
    ["storage.buckets.list", "storage.buckets.create", "storage.serviceAccounts.get", "google.storage.NoBillingOk"];

/// A text in quotes.
fn quoted(text: &str) -> Literal {
    Literal { text: text.to_owned(), quoted: true, span: Span::default() }
}

/// A number or word without quotes.
fn bare(text: &str) -> Literal {
    Literal { text: text.to_owned(), quoted: false, span: Span::default() }
}

fn comparison(field: &str, op: Op, right: Values) -> Expr {
    let segments = field.split('.').map(str::to_owned).collect();
    let left = Operand::Field(Path { segments, span: Span::default() });
    Expr::Compare(Comparison { left, op, right, span: Span::default() })
}

/// A field compared with any of some texts; `None` without a text. Names in `field` hold no dots.
pub fn compared<T: AsRef<str>>(field: &str, op: Op, texts: &[T]) -> Option<Expr> {
    let mut values: Vec<Values> = texts.iter().map(|text| Values::One(quoted(text.as_ref()))).collect();
    let right = if values.len() > 1 { Values::Any(values) } else { values.pop()? };
    Some(comparison(field, op, right))
}

/// Any of some clauses; `None` without a clause. No clause may be an OR itself.
pub fn any(mut clauses: Vec<Expr>) -> Option<Expr> {
    if clauses.len() > 1 { Some(Expr::Or(clauses)) } else { clauses.pop() }
}

fn not(clause: Expr) -> Expr {
    Expr::Not(Box::new(clause))
}

/// Entries of any of these logs: audit streams by name (`data_access`), others by their id.
pub fn logs<T: AsRef<str>>(names: &[T]) -> Option<Expr> {
    let test = |name: &T| {
        let name = name.as_ref();
        let id = if name.contains('/') || name.contains('.') { name.to_owned() } else { format!("{AUDIT}{name}") };
        let call =
            Call { function: Function::LogId, arguments: vec![Argument::Value(quoted(&id))], span: Span::default() };
        Expr::Test(call)
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

fn code(op: Op, number: &str) -> Expr {
    comparison("protoPayload.status.code", op, Values::One(bare(number)))
}

/// Calls that were refused for want of a permission.
pub fn denied() -> Expr {
    code(Op::Eq, "7")
}

/// Calls that did not succeed, refused ones included.
pub fn failed() -> Expr {
    code(Op::Gt, "0")
}

/// Reads and writes of Cloud Storage that name a project to be billed.
pub fn requester_pays() -> Vec<Expr> {
    let method = "protoPayload.methodName";
    let clauses = [
        compared("resource.type", Op::Eq, &["gcs_bucket"]),
        compared("protoPayload.authorizationInfo.resource", Op::Matches, &["^projects/[^_/][^/]*$"]),
        compared(method, Op::Eq, &ON_A_PROJECT).map(not),
        compared(method, Op::Matches, &["^storage[.](hmacKeys|projects)[.]"]).map(not),
    ];
    clauses.into_iter().flatten().collect()
}

/// What a billable call needs: it succeeded, or is a cancelled BigQuery job, which has used what it used.
pub fn succeeded() -> Expr {
    let cancelled = services(&["bigquery.googleapis.com"]).map(|bigquery| Expr::And(vec![bigquery, code(Op::Eq, "1")]));
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
    let cached = comparison(&format!("{job}.jobStats.queryStats.cacheHit"), Op::Eq, Values::One(bare("true")));
    let script = compared(&format!("{job}.jobConfig.queryConfig.statementType"), Op::Eq, &["SCRIPT"]);
    std::iter::once(cached).chain(script).map(not).collect()
}
