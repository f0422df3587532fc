//! The sections that need sums of the rows: business units, the trend, who is at the top, requester-pays flows.

use maud::{Markup, html};

use super::super::groups::{Group, Groups, Rank, Sum, amounts, is_gap, is_none, measures, rank, sorted, weight, whole};
use super::Shown;
use super::cells::{bar, heading, percent, words};
use super::trend::Trend;
use crate::model::document::{Column, Document, Row};
use crate::model::money::Currency;

/// How many groups are listed in a ranking.
const LISTED: usize = 10;
/// Measures that the table of units has beside money.
const BESIDE_MONEY: [&str; 3] = ["calls", "billable_calls", "unpriced_calls"];
/// Keys with a section of their own, or for which a ranking says nothing.
const NOT_RANKED: [&str; 6] = ["unit", "day", "hour", "month", "reason", "currency"];

/// The sums that the sections need, added up while the rows pass by.
pub(super) struct Sections {
    units: Option<Groups>,
    rankings: Vec<(&'static str, Groups)>,
    flows: Option<Groups>,
    trend: Option<Trend>,
}

impl Sections {
    /// The sections that a document's columns allow.
    pub fn of(document: &Document) -> Self {
        if rank(document).is_none() {
            return Self { units: None, rankings: vec![], flows: None, trend: None };
        }
        let keys = document.columns[..document.keys].iter().map(|column| column.name);
        let ranked = keys.filter(|name| !NOT_RANKED.contains(name));
        Self {
            rankings: ranked.filter_map(|name| Some((name, Groups::by(document, &[name])?))).collect(),
            trend: Trend::of(document),
            ..Self::of_calls(document)
        }
    }

    /// The sections of what has no currency, where the money is shown by currency.
    pub fn of_calls(document: &Document) -> Self {
        // A page of one unit needs no table of units.
        let units = Groups::by(document, &["unit"]).filter(|_| document.page.is_none() || document.tally.is_some());
        let flows = Groups::by(document, &["payer", "storage_payer"]);
        Self { units, rankings: vec![], flows, trend: None }
    }

    /// Adds one row to all sums.
    pub fn add(&mut self, row: &Row) {
        let rankings = self.rankings.iter_mut().map(|(_, groups)| groups);
        self.units.iter_mut().chain(rankings).chain(&mut self.flows).for_each(|groups| groups.add(row));
        self.trend.iter_mut().for_each(|trend| trend.add(row));
    }

    /// The sections; of one currency among several they show its money alone.
    pub fn render(self, document: &Document, among: Option<Currency>) -> Markup {
        let Some(rank) = rank(document) else { return html! {} };
        let place = Place::of(document, rank, among);
        // What only calls have may carry no money at all.
        let calls = weight(document).filter(|_| among.is_none()).map(|at| Place::of(document, Rank::Count(at), among));
        let (flows_by, flows) =
            self.flows.map(|groups| flows(groups, &place, calls.as_ref())).unwrap_or((&place, vec![]));
        html! {
            @if let Some(units) = self.units {
                section id=(place.id("units")) {
                    h2 { "Business units by " (place.name) }
                    (units_table(document, &place, &units.ranked(rank)))
                }
            }
            @if let Some(trend) = self.trend { (trend.render(&place.id("trend"), among)) }
            @if !self.rankings.is_empty() {
                div.rankings {
                    @for (name, groups) in self.rankings { (ranking(name, groups, &place, calls.as_ref())) }
                }
            }
            @if !flows.is_empty() { (flows_section(&flows, flows_by)) }
        }
    }
}

/// What a table of groups needs to know of its document.
struct Place {
    rank: Rank,
    /// The name of what is ranked by, as words.
    name: String,
    /// What all groups have of it.
    whole: Sum,
    /// The currency, if other sections show others.
    among: Option<Currency>,
}

impl Place {
    fn of(document: &Document, rank: Rank, among: Option<Currency>) -> Self {
        let (at, whole) = whole(document, rank);
        Self { rank, name: heading(&document.columns[at]), whole, among }
    }

    /// The name of a section on the page.
    fn id(&self, name: &str) -> String {
        self.among.map_or_else(|| name.to_owned(), |currency| format!("{name}-{currency}"))
    }

    /// A heading that stands in the section of each currency.
    fn titled(&self, heading: &str) -> String {
        self.among.map_or_else(|| heading.to_owned(), |currency| format!("{heading} ({currency})"))
    }

    /// A sum with what it is of, in a sentence.
    fn told(&self, sum: &Sum) -> String {
        match sum {
            Sum::Count(_) => format!("{} {}", sum.shown(), self.name),
            Sum::Amount(money) => format!("{} {}", sum.shown(), money.currency),
        }
    }

    fn share(&self, group: &Group) -> Option<u32> {
        group.sum(self.rank).share(&self.whole)
    }
}

/// All units with the weight, its share, and every other measure that is not zero everywhere.
fn units_table(document: &Document, place: &Place, units: &[Group]) -> Markup {
    let counts = measures(document).into_iter().enumerate().filter(|(_, at)| match (place.rank, place.among) {
        (Rank::Count(_), _) => true,
        // Beside money only the calls stand; the table of all rows has the rest.
        (Rank::Amount(_), None) => BESIDE_MONEY.contains(&document.columns[*at].name),
        (Rank::Amount(_), Some(_)) => false,
    });
    let all = (0..amounts(document).len()).map(Rank::Amount).chain(counts.map(|(count, _)| Rank::Count(count)));
    let holds = |rank: &Rank| *rank != place.rank && units.iter().any(|unit| !unit.sum(*rank).is_nothing());
    let shown: Vec<(Rank, &Column, Sum)> = (all.filter(holds))
        .map(|rank| {
            let (at, sum) = whole(document, rank);
            (rank, &document.columns[at], sum)
        })
        .collect();
    html! {
        div.scroll tabindex="0" role="region" aria-label=(place.titled("Business units")) {
            table.sortable {
                caption.hidden { "Business units by " (place.name) ", with their part of all " (place.name) }
                thead {
                    tr {
                        th scope="col" { "unit" }
                        th scope="col" .figure { (place.name) }
                        th scope="col" .figure { "share" }
                        th scope="col" .bars data-still { span.hidden { "share as a bar" } }
                        @for (_, column, _) in &shown { th scope="col" .figure { (heading(column)) } }
                    }
                }
                tbody {
                    @for unit in units {
                        @let name = unit.key.concat();
                        tr class=[is_gap(&name).then_some("gap")] {
                            th scope="row" { (Shown(&name)) }
                            (sum_cell(&unit.sum(place.rank)))
                            (share_cells(place.share(unit)))
                            @for (rank, _, _) in &shown { (sum_cell(&unit.sum(*rank))) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { "total" }
                        td.figure { (place.whole.shown()) }
                        td.figure { @if !place.whole.is_nothing() { "100.0 %" } }
                        td {}
                        @for (_, _, sum) in &shown { td.figure { (sum.shown()) } }
                    }
                }
            }
        }
    }
}

fn sum_cell(sum: &Sum) -> Markup {
    html! { td.figure data-value=(sum.sortable()) { (sum.shown()) } }
}

fn share_cells(share: Option<u32>) -> Markup {
    html! {
        td.figure data-value=(share.unwrap_or(0)) { (percent(share)) }
        td.bars { (bar(share.unwrap_or(0))) }
    }
}

/// The heaviest groups of one column.
fn ranking(name: &'static str, groups: Groups, money: &Place, calls: Option<&Place>) -> Markup {
    let named = |group: &Group, place: &Place| !is_none(&group.key.concat()) && !group.sum(place.rank).is_nothing();
    let all = groups.ranked(money.rank);
    let has = |place: &Place| all.iter().any(|group| named(group, place));
    let (place, all) = match calls.filter(|calls| !has(money) && has(calls)) {
        Some(calls) => (calls, sorted(all, calls.rank)),
        None => (money, all),
    };
    let (none, mut ranked): (Vec<Group>, Vec<Group>) = all.into_iter().partition(|group| is_none(&group.key.concat()));
    ranked.retain(|group| !group.sum(place.rank).is_nothing());
    let rest = ranked.split_off(ranked.len().min(LISTED));
    let sum = |groups: &[Group]| groups.iter().map(|group| group.sum(place.rank)).reduce(Sum::plus);
    let by = if place.rank == money.rank { String::new() } else { format!(", by {}", place.name) };
    let heading = place.titled(&format!("{}{by}", plural(name)));
    html! {
        section {
            h2 { (heading) }
            @if ranked.is_empty() {
                p.empty { "Nothing of the " (place.name) " has a " (words(name)) "." }
            } @else {
                table.ranking {
                    caption.hidden { (heading) " by " (place.name) }
                    thead.hidden {
                        tr { th scope="col" { (words(name)) } th scope="col" { (place.name) } th scope="col" { "share" } }
                    }
                    tbody {
                        @for group in &ranked {
                            @let value = group.key.concat();
                            tr class=[is_gap(&value).then_some("gap")] {
                                th scope="row" { span { (Shown(&value)) } (bar(place.share(group).unwrap_or(0))) }
                                td.figure { (group.sum(place.rank).shown()) }
                                td.figure { (percent(place.share(group))) }
                            }
                        }
                    }
                }
                @if let Some(sum) = sum(&rest) { p.rest { "and " (rest.len()) " more with " (place.told(&sum)) } }
            }
            @if let Some(sum) = sum(&none).filter(|sum| !sum.is_nothing() && !ranked.is_empty()) {
                p.rest { (place.told(&sum)) " without a " (words(name)) }
            }
        }
    }
}

/// The heading of a ranking.
fn plural(name: &str) -> String {
    match name {
        "payer" => "Payers".to_owned(),
        "service" => "Services".to_owned(),
        "principal" => "Principals".to_owned(),
        "model" => "Models".to_owned(),
        "method" => "Methods".to_owned(),
        "resource" => "Resources".to_owned(),
        "cost_center" => "Cost centers".to_owned(),
        "location" => "Locations".to_owned(),
        "sku" => "SKUs".to_owned(),
        "invoice_month" => "Invoice months".to_owned(),
        "cost_type" => "Kinds of cost".to_owned(),
        "pool" => "Pools".to_owned(),
        "basis" => "Bases of allocation".to_owned(),
        "billing_account" => "Billing accounts".to_owned(),
        other => format!("By {}", words(other)),
    }
}

/// Pairs of a requester and the project whose bucket it used, where these are two; by calls where they carry no money.
fn flows<'p>(groups: Groups, money: &'p Place, calls: Option<&'p Place>) -> (&'p Place, Vec<Group>) {
    let mut flows = groups.ranked(money.rank);
    flows.retain(|flow| match flow.key.as_slice() {
        [payer, owner] => payer != owner && ![payer, owner].into_iter().any(|end| is_none(end) || is_gap(end)),
        _ => false,
    });
    match calls.filter(|_| flows.iter().all(|flow| flow.sum(money.rank).is_nothing())) {
        Some(calls) => (calls, sorted(flows, calls.rank)),
        None => (money, flows),
    }
}

fn flows_section(flows: &[Group], place: &Place) -> Markup {
    html! {
        section id=(place.id("flows")) {
            h2 { (place.titled("Requester-pays flows")) }
            p.note { "Who pays for operations and traffic on whose buckets." }
            div.scroll tabindex="0" role="region" aria-label=(place.titled("Requester-pays flows")) {
                table.sortable {
                    caption.hidden { "Who pays for operations and traffic on whose buckets" }
                    thead {
                        tr {
                            th scope="col" { "requester, pays the operations" }
                            th scope="col" { "bucket's project, pays the storage" }
                            th scope="col" .figure { (place.name) }
                            th scope="col" .figure { "share" }
                        }
                    }
                    tbody {
                        @for flow in flows {
                            tr {
                                @for end in &flow.key { td { (Shown(end)) } }
                                (sum_cell(&flow.sum(place.rank)))
                                td.figure data-value=(place.share(flow).unwrap_or(0)) { (percent(place.share(flow))) }
                            }
                        }
                    }
                }
            }
        }
    }
}
