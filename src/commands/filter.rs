//! `billtrail filter`: the filter for a question, in the form in which it is wanted.

use super::row_filters::LONGEST;
use super::selection::{filter_text, parsed};
use super::{Ending, Failure, filter_payers, output, tables};
use crate::cli::filter::{FilterArgs, Form};
use crate::cli::settings::Settings;
use crate::cli::{LogArgs, OutputArgs};
use crate::gcp::filter_parts as google;
use crate::gcp::filter_payers::{Candidate, paid_by};
use crate::gcp::filters::of_kind;
use crate::gcp::kind::{Kind, Stream};
use crate::gcp::service::Catalogue;
use crate::lql::ast::Expr;
use crate::lql::commented::{Part, commented, whole};
use crate::lql::emit::{self, Scope};
use crate::lql::lint::{Context, LintId, Severity, lint};
use crate::lql::{Compiled, FilterError, Options, Schema, print_line};
use crate::model::document::Period;
use crate::model::time::rfc3339;
use crate::provider::Provider;
use crate::report::safe;

/// What a filter is made of: what comes before the payers, the payers, and what comes after.
struct Question {
    before: Vec<Part>,
    payers: Vec<Candidate>,
    why: String,
    after: Vec<Part>,
}

pub(super) fn run(args: &FilterArgs) -> Result<Ending, Failure> {
    let taken = LogArgs {
        map: args.map.clone(),
        projects: args.projects.clone(),
        timezone: args.timezone.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        ..LogArgs::default()
    };
    let settings = Settings::resolve(&taken, &OutputArgs::default(), &|name| std::env::var(name).ok())?;
    let period = tables::period(&taken, &settings)?;
    let scope = scope(args)?;
    let question = question(args, &settings, &period)?;
    let filters = divided(&question)?;
    let sink = args.emit == Form::Terraform;
    for parts in &filters {
        check("filter", &commented(parts), if sink { Context::Sink } else { Context::Query })?;
    }
    if sink && (period.from.is_some() || period.to.is_some()) {
        anstream::eprintln!(
            "billtrail: a sink takes entries as they arrive: --from and --to are left out of its filter"
        );
    }
    let text = printed(&filters, args.emit, scope.as_ref(), &period);
    output::write_to(None, &mut |out| out.write_all(text.as_bytes()))?;
    Ok(Ending::Done)
}

fn scope(args: &FilterArgs) -> Result<Option<Scope>, Failure> {
    let wanted = "projects/P, folders/F, organizations/O or billingAccounts/B";
    match &args.scope {
        Some(text) => match Scope::parse(text) {
            Some(scope) => Ok(Some(scope)),
            None => Err(Failure::Usage(format!("--scope: `{text}` is not {wanted}"))),
        },
        None if args.emit == Form::Api => Err(Failure::Usage(format!("--emit api needs --scope {wanted}"))),
        None => Ok(None),
    }
}

/// The parts that the options ask for, indexed fields first.
fn question(args: &FilterArgs, settings: &Settings, period: &Period) -> Result<Question, Failure> {
    let provider = tables::provider(settings.services.value.as_deref())?;
    let catalogue = provider.catalogue();
    let logs = if args.log.is_empty() { usual_logs(args) } else { args.log.clone() };
    let mut before = vec![match kind(args)? {
        // The filter of a kind names its logs.
        Some(kind) if args.log.is_empty() => kind,
        Some(kind) => Part {
            why: format!("the logs to look in\n{}", kind.why),
            clauses: google::logs(&logs).into_iter().chain(kind.clauses).collect(),
        },
        None => part("the logs to look in", google::logs(&logs)),
    }];
    if args.emit != Form::Terraform {
        before.push(part("the period", google::period(period.from, period.to)));
    }
    let (payers, why) = payers(args, settings, &provider, period)?;
    let services: Vec<String> = args.service.iter().map(|name| service(name, catalogue)).collect();
    let mut after = vec![
        part("the services", google::services(&services)),
        part("the methods", google::methods(&args.method)),
        part("who called, by address or subject", google::principals(&args.principal)),
    ];
    if args.requester_pays {
        let why = "calls to Cloud Storage that name a project to be billed; the bucket's own project is found too";
        let mut clauses = google::requester_pays().into_iter();
        // The type of the resource is indexed.
        before.insert(1, part("Cloud Storage", clauses.next()));
        after.push(part(why, clauses));
    }
    if args.billable {
        let why = "calls that may be billable; the catalogue of billtrail knows more methods that are free";
        let jobs = "jobs that are answered from the cache, and scripts, whose children report the same";
        let clauses = [Some(google::succeeded()), google::not_free(catalogue)];
        after.extend([part(why, clauses.into_iter().flatten()), part(jobs, google::not_repeated())]);
    }
    if args.denied {
        after.push(part("permission denied", Some(google::denied())));
    }
    if args.failed {
        after.push(part("calls that did not succeed", Some(google::failed())));
    }
    if let Some(argument) = &args.filter {
        let text = filter_text(argument)?;
        check("--where", &text, Context::Query)?;
        after.push(part("what was asked for with --where", Some(parsed("--where", &text)?)));
    }
    before.retain(|part| !part.clauses.is_empty());
    after.retain(|part| !part.clauses.is_empty());
    Ok(Question { before, payers, why, after })
}

/// The filter of a kind, with what it finds and cannot find.
fn kind(args: &FilterArgs) -> Result<Option<Part>, Failure> {
    let Some(name) = &args.kind else { return Ok(None) };
    let Some(kind) = Kind::parse(name) else {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        return Err(Failure::Usage(format!("--kind: there is no kind `{name}`; choose from {}", known.join(", "))));
    };
    let known = of_kind(kind);
    let width = if known.exact { "exactly" } else { "at least" };
    let why = format!("{width} the kind {}: {}\ncannot: {}", known.stem, known.finds, known.cannot);
    Ok(Some(Part::new(why, known.filter)))
}

fn part(why: &str, clauses: impl IntoIterator<Item = Expr>) -> Part {
    Part { why: why.to_owned(), clauses: clauses.into_iter().collect() }
}

/// The audit logs that can hold what is asked for.
fn usual_logs(args: &FilterArgs) -> Vec<String> {
    let wanted = |stream: &Stream| match stream {
        Stream::Activity | Stream::DataAccess => true,
        // Neither Google's own doing nor what a policy refused is billed.
        Stream::SystemEvent => !args.billable && !args.denied && !args.requester_pays,
        Stream::Policy => !args.billable && !args.requester_pays,
        Stream::Unstated => false,
    };
    Stream::ALL.iter().filter(|stream| wanted(stream)).map(|stream| stream.name().to_owned()).collect()
}

/// The name of a service in its entries: people leave the domain out.
fn service(name: &str, catalogue: &Catalogue) -> String {
    let known = if name.contains('.') { None } else { catalogue.named(name).first() };
    known.map_or_else(|| name.to_owned(), |row| row.service.clone())
}

/// Who may pay, and how that is said.
fn payers(
    args: &FilterArgs,
    settings: &Settings,
    provider: &Provider,
    period: &Period,
) -> Result<(Vec<Candidate>, String), Failure> {
    let inventory = &settings.projects.value;
    let superset = "calls for which others pay are found too: billtrail knows which field decides";
    if let Some(unit) = &args.unit {
        let Some(path) = &settings.map.value else {
            return Err(Failure::Usage("--unit needs --map FILE, which says what projects it has".to_owned()));
        };
        let directory = tables::directory(provider, inventory)?;
        let mapping = tables::mapping(path, settings, &directory)?;
        mapping.agrees_with(&directory)?;
        let found = filter_payers::of_unit(unit, &mapping, &directory, !inventory.is_empty(), period)?;
        let mut why = format!("every field that can name a project of the unit {}\n{superset}", safe(unit));
        if found.iter().any(|candidate| matches!(candidate, Candidate::Pattern(_))) {
            why.push_str(
                "\nprojects of a glob that a log names by number are missed, and projects that a row of their own",
            );
            why.push_str("\ngives to another unit are found; an inventory (--projects) helps with both");
        }
        return Ok((found, why));
    }
    if args.payer.is_empty() {
        return Ok((Vec::new(), String::new()));
    }
    let directory = tables::directory(provider, inventory)?;
    let found = filter_payers::named(&args.payer, &directory)?;
    Ok((
        found,
        format!("every field that can name the payer: by id, by number, and by number in hexadecimal\n{superset}"),
    ))
}

/// The filters that answer together: one, or as many as the payers need.
fn divided(question: &Question) -> Result<Vec<Vec<Part>>, Failure> {
    let payers = &question.payers;
    let length = |parts: &[Part]| commented(parts).chars().count();
    let only = filter(question, payers, None);
    let mut pieces = length(&only).div_ceil(LONGEST);
    if pieces <= 1 {
        return Ok(vec![only]);
    }
    while pieces <= payers.len() {
        let size = payers.len().div_ceil(pieces);
        let chunks: Vec<&[Candidate]> = payers.chunks(size).collect();
        let count = chunks.len();
        let filters: Vec<Vec<Part>> =
            chunks.iter().enumerate().map(|(at, chunk)| filter(question, chunk, Some((at + 1, count)))).collect();
        if filters.iter().all(|parts| length(parts) < LONGEST) {
            return Ok(filters);
        }
        pieces += 1 + pieces / 16;
    }
    let advice = "ask for fewer services, methods or principals";
    Err(Failure::Usage(format!("the filter would be longer than {LONGEST} characters; {advice}")))
}

fn filter(question: &Question, payers: &[Candidate], part_of: Option<(usize, usize)>) -> Vec<Part> {
    let heading = part_of.map(|(part, count)| Part::remark(format!("part {part} of {count}")));
    let paid = paid_by(payers).map(|clause| Part::new(question.why.clone(), clause));
    heading
        .into_iter()
        .chain(question.before.iter().cloned())
        .chain(paid)
        .chain(question.after.iter().cloned())
        .collect()
}

/// Fails if Cloud Logging would refuse a filter, which `name` stands for; warns of times in the filter of a sink.
fn check(name: &str, text: &str, context: Context) -> Result<(), Failure> {
    let expr = parsed(name, text)?;
    let refused = |span, message, hint| Failure::Filter(FilterError::new(text, span, message, hint).render(name, text));
    for finding in lint(text, &expr, context) {
        match finding.severity {
            Severity::Error => return Err(refused(finding.span, finding.message, Some(finding.reason.to_owned()))),
            Severity::Warning if finding.id == LintId::TimestampInSink => {
                anstream::eprintln!("billtrail: warning: {}", safe(&finding.message));
            }
            Severity::Warning => {}
        }
    }
    match Compiled::with(&expr, &Schema::log_entry(), Options { local_sample: true }) {
        Ok(_) => Ok(()),
        Err(error) => Err(refused(error.span(), error.to_string(), error.hint())),
    }
}

/// The filters in a form, each ending in a line break.
fn printed(filters: &[Vec<Part>], form: Form, scope: Option<&Scope>, period: &Period) -> String {
    let count = filters.len();
    let bounded = period.from.is_some() || period.to.is_some();
    let range = period.from.zip(period.to).map(|(from, to)| (rfc3339(from), rfc3339(to)));
    let range = range.as_ref().map(|(from, to)| (from.as_str(), to.as_str()));
    let mut out = String::new();
    for (at, parts) in filters.iter().enumerate() {
        let line = print_line(&whole(parts));
        let remark =
            |sign: &str| if count > 1 { format!("{sign} part {} of {count}\n", at + 1) } else { String::new() };
        match form {
            Form::Lql => out.extend([if at > 0 { "----\n" } else { "" }, &commented(parts)]),
            Form::Gcloud => out.extend([&remark("#"), &emit::gcloud(&line, scope, bounded), "\n"]),
            Form::Terraform => {
                let name = if count > 1 { format!("billtrail_{}", at + 1) } else { "billtrail".to_owned() };
                out.extend([&remark("#"), &emit::terraform(&line, scope, &name), "\n"]);
            }
            Form::Api => {
                // `run` has asked for a scope.
                out.extend(scope.map(|scope| emit::api(&line, scope) + "\n"));
            }
            Form::Url => match emit::url(&line, scope, range, bounded) {
                Ok(link) => out.extend([link.as_str(), "\n"]),
                Err(why) => {
                    anstream::eprintln!("billtrail: warning: {why}; here is the filter instead");
                    out.extend([&remark("--"), line.as_str(), "\n"]);
                }
            },
        }
    }
    out
}
