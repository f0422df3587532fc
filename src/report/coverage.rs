//! What a document says of the coverage of a bill beside its rows: sums, blind spots with what opens them, and hours without calls.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;

use super::figures::{minutes, percent, thousands};
use super::json::{list, value};
use super::safe;
use super::summary::Line;
use crate::model::coverage::{BlindSpot, CoverageSummary, Covered};
use crate::model::money::{Amount, Currency, Money};
use crate::model::rounding::share;
use crate::model::time::rfc3339;

/// How many blind spots, projects of one, and stretches of hours are listed; the JSON document has all.
const LISTED: usize = 20;
const PROJECTS: usize = 5;
const STRETCHES: usize = 3;

fn line(depth: usize, label: &str, figures: Vec<String>, note: &str) -> Line {
    Line { depth, label: safe(label).into_owned(), figures, counts: Vec::new(), note: safe(note).into_owned() }
}

/// The part of a whole, as people read it. Not all is never shown as all.
fn part(amount: Amount, whole: Amount) -> String {
    match share(amount, whole) {
        Some(share) if share >= 999_500 && amount != whole => "> 99.9 %".to_owned(),
        Some(share) => percent(share),
        None => "–".to_owned(),
    }
}

/// The blocks of the summary.
pub(super) fn lines(coverage: &CoverageSummary, lines: &mut Vec<Line>) {
    for (currency, covered) in &coverage.covered {
        sums(*currency, covered, lines);
    }
    if !coverage.blind_spots.is_empty() {
        lines.push(Line::title(format_args!("Blind spots ({})", coverage.blind_spots.len()), &["cost"]));
        lines.push(line(1, "how to open them", vec![], HOW));
    }
    for spot in coverage.blind_spots.iter().take(LISTED) {
        blind_spot(spot, lines);
    }
    if let Some(rest @ [_, ..]) = coverage.blind_spots.get(LISTED..) {
        lines.push(line(1, &format!("… {} more", rest.len()), vec![], "all are in --format json"));
    }
    if !coverage.partly_seen.is_empty() {
        lines.push(Line::title("Hours charged without calls (UTC)", &["missing", "of"]));
    }
    for seen in coverage.partly_seen.iter().take(LISTED) {
        let missing: u64 = seen.missing.iter().map(|(_, hours)| hours).sum();
        let figures = vec![thousands(missing.into()), thousands(seen.billed_hours.into())];
        let text = |(from, hours): &(i64, u64)| format!("from {}: {hours}", minutes(*from));
        let mut note: Vec<String> = seen.missing.iter().take(STRETCHES).map(text).collect();
        note.extend((seen.missing.len() > STRETCHES).then(|| "…".to_owned()));
        lines.push(line(1, &format!("{} {}", seen.project, seen.service), figures, &note.join(", ")));
    }
    if let Some(rest @ [_, ..]) = coverage.partly_seen.get(LISTED..) {
        lines.push(line(1, &format!("… {} more", rest.len()), vec![], "all are in --format json"));
    }
}

const HOW: &str = "put each audit config into `auditConfigs` of the policy (gcloud projects get-iam-policy, set-iam-policy), and \
each filter into a sink (gcloud logging sinks create --log-filter)";

fn sums(currency: Currency, covered: &Covered, lines: &mut Vec<Line>) {
    let net = covered.net_cost;
    let figures = |amount: Amount| vec![Money::rounded(amount, currency).shown(), part(amount, net)];
    lines.push(Line::title(format_args!("Evidence ({currency})"), &["net cost", "share"]));
    lines.push(line(1, "bill", figures(net), ""));
    lines.push(line(
        2,
        "metered by calls",
        figures(covered.metered_cost),
        "the rest is time, size, fees, taxes and traffic",
    ));
    let of_metered = format!("{} of what is metered by calls", part(covered.evidenced_cost, covered.metered_cost));
    lines.push(line(3, "with calls in the logs", figures(covered.evidenced_cost), &of_metered));
    for (coverage, amount) in &covered.by_coverage {
        lines.push(line(1, coverage.name(), figures(*amount), coverage.meaning()));
    }
}

fn blind_spot(spot: &BlindSpot, lines: &mut Vec<Line>) {
    let cost = Money::rounded(spot.cost, spot.currency).shown();
    lines.push(line(1, &format!("{} ({})", spot.service, spot.coverage), vec![cost], spot.advice));
    let mut projects: Vec<&str> = spot.projects.iter().take(PROJECTS).map(String::as_str).collect();
    let more = format!("and {} more", spot.projects.len().saturating_sub(PROJECTS));
    projects.extend((spot.projects.len() > PROJECTS).then_some(more.as_str()));
    lines.push(line(2, "projects", vec![], &projects.join(", ")));
    lines.extend(spot.audit_config.as_ref().map(|config| line(2, "audit config", vec![], config)));
    lines.extend(spot.sink_filter.as_ref().map(|filter| line(2, "sink filter", vec![], filter)));
}

/// What the logs tell of the bill, in a few words, for each currency.
pub(super) fn headline(coverage: &CoverageSummary) -> Vec<(String, String)> {
    let told = |(currency, covered): (&Currency, &Covered)| {
        let shown = |amount| Money::rounded(amount, *currency).shown();
        let (all, metered) = (covered.net_cost, covered.metered_cost);
        let note = format!(
            "{} of {} {currency}; {} of the {} that are metered by calls",
            shown(covered.evidenced_cost),
            shown(all),
            part(covered.evidenced_cost, metered),
            shown(metered)
        );
        (part(covered.evidenced_cost, all), note)
    };
    coverage.covered.iter().map(told).collect()
}

/// Writes the member of a JSON document.
///
/// # Errors
/// Fails when the output does.
pub(super) fn json(coverage: &CoverageSummary, out: &mut (dyn Write + Send)) -> io::Result<()> {
    out.write_all(b"{\n    \"bill\": ")?;
    value(&coverage.bill, out)?;
    out.write_all(b",\n    \"currencies\": ")?;
    list(&mut coverage.covered.iter().map(CoveredView::of), "    ", out, |view, out| value(&view, out))?;
    out.write_all(b",\n    \"blind_spots\": ")?;
    list(&mut coverage.blind_spots.iter().map(BlindSpotView::of), "    ", out, |view, out| value(&view?, out))?;
    out.write_all(b",\n    \"partly_seen\": ")?;
    let mut partly = coverage.partly_seen.iter().map(|seen| PartlySeenView {
        project: &seen.project,
        service: &seen.service,
        billed_hours: seen.billed_hours,
        missing: seen.missing.iter().map(|(from, hours)| StretchView { from: rfc3339(*from), hours: *hours }).collect(),
    });
    list(&mut partly, "    ", out, |view, out| value(&view, out))?;
    out.write_all(b"\n  }")
}

/// A fraction with six digits, as a share is written.
struct Fraction(Option<u32>);

impl Serialize for Fraction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.map(super::figures::fraction);
        let raw = text.map(RawValue::from_string).transpose().map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

#[derive(Serialize)]
struct CoveredView {
    currency: &'static str,
    net_cost: String,
    metered_cost: String,
    evidenced_cost: String,
    evidenced_share: Fraction,
    evidenced_share_of_metered: Fraction,
    by_coverage: std::collections::BTreeMap<&'static str, String>,
}

impl CoveredView {
    fn of((currency, covered): (&Currency, &Covered)) -> Self {
        let by_coverage = covered.by_coverage.iter().map(|(coverage, net)| (coverage.name(), net.to_string()));
        Self {
            currency: currency.code(),
            net_cost: covered.net_cost.to_string(),
            metered_cost: covered.metered_cost.to_string(),
            evidenced_cost: covered.evidenced_cost.to_string(),
            evidenced_share: Fraction(share(covered.evidenced_cost, covered.net_cost)),
            evidenced_share_of_metered: Fraction(share(covered.evidenced_cost, covered.metered_cost)),
            by_coverage: by_coverage.collect(),
        }
    }
}

#[derive(Serialize)]
struct BlindSpotView<'a> {
    service: &'a str,
    coverage: &'static str,
    currency: &'static str,
    cost: String,
    projects: &'a [String],
    advice: &'static str,
    audit_config: Option<Box<RawValue>>,
    sink_filter: Option<&'a str>,
}

impl<'a> BlindSpotView<'a> {
    fn of(spot: &'a BlindSpot) -> io::Result<Self> {
        Ok(Self {
            service: &spot.service,
            coverage: spot.coverage.name(),
            currency: spot.currency.code(),
            cost: spot.cost.to_string(),
            projects: &spot.projects,
            advice: spot.advice,
            audit_config: spot.audit_config.clone().map(RawValue::from_string).transpose()?,
            sink_filter: spot.sink_filter.as_deref(),
        })
    }
}

#[derive(Serialize)]
struct PartlySeenView<'a> {
    project: &'a str,
    service: &'a str,
    billed_hours: u64,
    missing: Vec<StretchView>,
}

#[derive(Serialize)]
struct StretchView {
    from: String,
    hours: u64,
}
