//! The trend: columns by day or month, stacked by business unit, as two drawings for a wide and a narrow page.
//!
//! The drawing library writes colours into the drawing. They are those of the light theme; the style sheet knows them by
//! their value and gives each theme its own.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use maud::{Markup, PreEscaped, html};
use plotters::prelude::*;

use super::super::figures::thousands;
use super::super::groups::{Groups, Rank, Sum, is_none, rank, whole};
use super::Shown;
use super::cells::words;
use crate::model::document::{Document, Row};
use crate::model::money::{Amount, Currency, Money};

/// How many units have a colour of their own; the others share the last one.
const OWN: usize = 5;
/// The colours of the stacks. The style sheet names the same.
const COLOURS: [RGBColor; OWN + 1] = [
    RGBColor(0x0b, 0x57, 0xd0),
    RGBColor(0x0f, 0x76, 0x6e),
    RGBColor(0xb4, 0x53, 0x09),
    RGBColor(0x7c, 0x3a, 0xed),
    RGBColor(0xbe, 0x18, 0x5d),
    RGBColor(0x64, 0x74, 0x8b),
];
const INK: RGBColor = RGBColor(0x57, 0x60, 0x6a);
const LINES: RGBColor = RGBColor(0xd8, 0xde, 0xe4);
/// More days than this are drawn as months.
const MOST_DAYS: usize = 120;

/// The sums by time, added up while the rows pass by.
pub(super) struct Trend {
    groups: Groups,
    rank: Rank,
    name: String,
    stacked: bool,
    scale: Scale,
}

/// What the columns are measured in.
#[derive(Debug, Clone, Copy)]
enum Scale {
    /// Counts or quantities.
    Count,
    /// Coins of a currency.
    Coins(Currency),
}

impl Scale {
    fn of(sum: &Sum) -> Self {
        match sum {
            Sum::Count(_) => Self::Count,
            Sum::Amount(money) => Self::Coins(money.currency),
        }
    }

    /// A sum as a whole number of the scale.
    fn number(sum: &Sum) -> i128 {
        match sum {
            Sum::Count(count) => i128::try_from(*count).unwrap_or(i128::MAX),
            Sum::Amount(money) => money.coins,
        }
    }

    /// A number of the scale as people read it.
    fn shown(self, number: i128) -> String {
        match self {
            Self::Count => thousands(number.unsigned_abs()),
            Self::Coins(currency) => Money { exact: Amount::ZERO, coins: number, currency }.shown(),
        }
    }

    /// The same beside an axis, where whole amounts need no coins.
    fn tick(self, number: i128) -> String {
        let shown = self.shown(number);
        let whole = shown.split_once('.').filter(|(_, coins)| coins.bytes().all(|digit| digit == b'0'));
        whole.map_or(shown.clone(), |(whole, _)| whole.to_owned())
    }
}

/// The sums of a stretch of time: one for each stack.
struct Stretch {
    label: String,
    sums: Vec<i128>,
}

impl Trend {
    /// A trend, if the document is grouped by time.
    pub fn of(document: &Document) -> Option<Self> {
        let rank = rank(document)?;
        let (at, sum) = whole(document, rank);
        ["day", "hour", "month"].into_iter().find_map(|time| {
            let stacked = Groups::by(document, &[time, "unit"]);
            let found = stacked.map(|groups| (groups, true));
            let (groups, stacked) = found.or_else(|| Some((Groups::by(document, &[time])?, false)))?;
            Some(Self { groups, rank, name: words(document.columns[at].name), stacked, scale: Scale::of(&sum) })
        })
    }

    /// Adds one row.
    pub fn add(&mut self, row: &Row) {
        self.groups.add(row);
    }

    /// The section; nothing without at least two stretches of time.
    pub fn render(self, id: &str, among: Option<Currency>) -> Markup {
        let Self { groups, rank, name, stacked, scale } = self;
        let groups: Vec<(Vec<String>, i128)> = (groups.ranked(rank).into_iter())
            .map(|group| (Scale::number(&group.sum(rank)), group.key))
            .map(|(number, key)| (key, number))
            .collect();
        let stacks = if stacked { stacks(&groups) } else { vec![name.clone()] };
        // A bill does not tell of days on which it charges nothing.
        let told: Vec<(Vec<String>, i128)> = match scale {
            Scale::Count => groups,
            Scale::Coins(_) => groups.into_iter().filter(|(_, coins)| *coins != 0).collect(),
        };
        let stretches = stretches(&told, &stacks, stacked);
        if stretches.len() < 2 {
            return html! {};
        }
        let each = if stretches[0].label.len() > 7 { "day" } else { "month" };
        let currency = match scale {
            Scale::Coins(currency) => format!(" ({currency})"),
            Scale::Count => String::new(),
        };
        let title = format!("{} by {each}{currency}", capital(&name));
        let behind = format!("Figures by {each}{}", among.map(|_| currency.as_str()).unwrap_or_default());
        html! {
            section id=(id) {
                h2 { (title) }
                figure {
                    @if stacked {
                        ul.legend { @for (at, stack) in stacks.iter().enumerate() { li class={ "stack" (at) } { (Shown(stack)) } } }
                    }
                    div.chart.wide role="img" aria-label={ (title) ", as columns; the figures are below" } { (drawing(&stretches, scale, 1040, 280)) }
                    div.chart.narrow role="img" aria-label={ (title) ", as columns; the figures are below" } { (drawing(&stretches, scale, 400, 260)) }
                }
                (figures(&stretches, &stacks, each, &behind, scale))
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The heaviest units in order, and one name for all others.
fn stacks(groups: &[(Vec<String>, i128)]) -> Vec<String> {
    let mut sums: BTreeMap<&str, u128> = BTreeMap::new();
    for (key, number) in groups {
        let sum = sums.entry(&key[1]).or_default();
        *sum = sum.saturating_add(number.unsigned_abs());
    }
    let mut units: Vec<(&str, u128)> = sums.into_iter().filter(|(_, sum)| *sum > 0).collect();
    units.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let others = units.len() > OWN + 1;
    let named = if others { OWN } else { units.len() };
    let names = units[..named].iter().map(|(unit, _)| (*unit).to_owned());
    names.chain(others.then(|| format!("{} others", units.len() - OWN))).collect()
}

/// Sums by day, without holes between the first and the last; by month when the rows are, or there are very many days.
fn stretches(groups: &[(Vec<String>, i128)], stacks: &[String], stacked: bool) -> Vec<Stretch> {
    let place: HashMap<&str, usize> = stacks.iter().enumerate().map(|(at, stack)| (stack.as_str(), at)).collect();
    let days = |length: usize| {
        let mut found: BTreeMap<String, Vec<i128>> = BTreeMap::new();
        for (key, number) in groups.iter().filter(|(key, _)| !is_none(&key[0])) {
            let label = key[0].get(..length).unwrap_or(&key[0]).to_owned();
            let sums = found.entry(label).or_insert_with(|| vec![0; stacks.len()]);
            let at = if stacked { place.get(key[1].as_str()).copied().unwrap_or(OWN) } else { 0 };
            if let Some(sum) = sums.get_mut(at) {
                *sum = sum.saturating_add(*number);
            }
        }
        found
    };
    let mut found = days(10);
    let dates: Vec<NaiveDate> = found.keys().filter_map(|day| day.parse().ok()).collect();
    if let (Some(first), Some(last)) = (dates.first(), dates.last()) {
        let between = first.iter_days().take_while(|day| day <= last);
        if between.clone().count() > MOST_DAYS {
            found = days(7);
        } else {
            for day in between {
                found.entry(day.to_string()).or_insert_with(|| vec![0; stacks.len()]);
            }
        }
    }
    found.into_iter().map(|(label, sums)| Stretch { label, sums }).collect()
}

/// The columns as SVG.
fn drawing(stretches: &[Stretch], scale: Scale, width: u32, height: u32) -> Markup {
    let mut svg = String::new();
    // A drawing into memory has nothing that can fail but its own coordinates, and then the figures below still stand.
    let drawn = draw(stretches, scale, width, height, &mut svg).is_ok();
    html! { @if drawn { (PreEscaped(svg)) } }
}

fn draw(
    stretches: &[Stretch],
    scale: Scale,
    width: u32,
    height: u32,
    svg: &mut String,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let number = |number: i128| i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX });
    let sum = |stretch: &Stretch, sign: i128| {
        let parts = stretch.sums.iter().filter(|part| part.signum() == sign);
        number(parts.fold(0_i128, |sum, part| sum.saturating_add(*part)))
    };
    let most = stretches.iter().map(|stretch| sum(stretch, 1)).max().unwrap_or(0);
    let least = stretches.iter().map(|stretch| sum(stretch, -1)).min().unwrap_or(0);
    let most = if least == 0 { most.max(1) } else { most };
    let root = SVGBackend::with_string(svg, (width, height)).into_drawing_area();
    let count = i32::try_from(stretches.len()).unwrap_or(i32::MAX);
    let longest = [most, least].map(|end| scale.tick(end.into()).len()).into_iter().max().unwrap_or(0);
    let digits = u32::try_from(longest).unwrap_or(20);
    let mut chart = ChartBuilder::on(&root)
        .margin_top(10)
        .margin_right(40)
        .x_label_area_size(28)
        .y_label_area_size(14 + digits * 8)
        .build_cartesian_2d((0..count - 1).into_segmented(), least..most)?;
    let style = ("sans-serif", 16).into_font().color(&INK);
    let label = |value: &SegmentValue<i32>| match value {
        SegmentValue::CenterOf(at) | SegmentValue::Exact(at) => usize::try_from(*at)
            .ok()
            .and_then(|at| stretches.get(at))
            .map_or_else(String::new, |stretch| stretch.label.clone()),
        SegmentValue::Last => String::new(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LINES)
        .axis_style(LINES)
        .x_labels(usize::try_from(width / 130).unwrap_or(3))
        .y_labels(5)
        .x_label_formatter(&label)
        .y_label_formatter(&|value| scale.tick(i128::from(*value)))
        .label_style(style)
        .draw()?;
    let gap = if stretches.len() > 60 { 0 } else { 1 };
    for (at, stretch) in (0..count).zip(stretches) {
        // What is charged stands on the line of nothing, what is given back hangs below it.
        let (mut charged, mut given_back) = (0_i64, 0_i64);
        for (colour, part) in COLOURS.iter().zip(&stretch.sums).filter(|(_, part)| **part != 0) {
            let end = if *part > 0 { &mut charged } else { &mut given_back };
            let begin = *end;
            *end = begin.saturating_add(number(*part));
            let corners = [(SegmentValue::Exact(at), begin), (SegmentValue::Exact(at + 1), *end)];
            let mut column = Rectangle::new(corners, colour.filled());
            column.set_margin(0, 0, gap, gap);
            chart.draw_series(std::iter::once(column))?;
        }
    }
    if least < 0 {
        let line = [(SegmentValue::Exact(0), 0), (SegmentValue::Exact(count), 0)];
        chart.draw_series(std::iter::once(PathElement::new(line, INK)))?;
    }
    root.present()
}

/// The figures behind the drawing.
fn figures(stretches: &[Stretch], stacks: &[String], each: &str, title: &str, scale: Scale) -> Markup {
    html! {
        details {
            summary { (title) }
            div.scroll tabindex="0" role="region" aria-label=(title) {
                table.sortable {
                    caption.hidden { (title) }
                    thead { tr { th scope="col" { (each) } @for stack in stacks { th scope="col" .figure { (Shown(stack)) } } } }
                    tbody {
                        @for stretch in stretches {
                            tr {
                                th scope="row" { (Shown(&stretch.label)) }
                                @for sum in &stretch.sums { td.figure data-value=(sum) { (scale.shown(*sum)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
