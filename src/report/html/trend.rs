//! The trend: columns by day or month, stacked by business unit, as two drawings for a wide and a narrow page.
//!
//! The drawing library writes colours into the drawing. They are those of the light theme; the style sheet knows them by
//! their value and gives each theme its own.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use maud::{Markup, PreEscaped, html};
use plotters::prelude::*;

use super::super::figures::thousands;
use super::super::groups::{Group, Groups, Rank, is_none, measures, weight};
use super::Shown;
use super::cells::words;
use crate::model::document::{Document, Row};

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
    name: String,
    stacked: bool,
}

/// The sums of a stretch of time: one for each stack.
struct Stretch {
    label: String,
    sums: Vec<u64>,
}

impl Trend {
    /// A trend, if the document is grouped by time.
    pub fn of(document: &Document) -> Option<Self> {
        let name = document.columns[measures(document)[weight(document)?]].name;
        ["day", "hour", "month"].into_iter().find_map(|time| {
            let stacked = Groups::by(document, &[time, "unit"]);
            let found = stacked.map(|groups| (groups, true));
            let (groups, stacked) = found.or_else(|| Some((Groups::by(document, &[time])?, false)))?;
            Some(Self { groups, name: words(name), stacked })
        })
    }

    /// Adds one row.
    pub fn add(&mut self, row: &Row) {
        self.groups.add(row);
    }

    /// The section; nothing without at least two stretches of time.
    pub fn render(self, weight: usize) -> Markup {
        let groups = self.groups.ranked(Rank::Count(weight));
        let stacks = if self.stacked { stacks(&groups, weight) } else { vec![self.name.clone()] };
        let stretches = stretches(&groups, weight, &stacks, self.stacked);
        if stretches.len() < 2 {
            return html! {};
        }
        let each = if stretches[0].label.len() > 7 { "day" } else { "month" };
        let title = format!("{} by {each}", capital(&self.name));
        html! {
            section #trend {
                h2 { (title) }
                figure {
                    @if self.stacked {
                        ul.legend { @for (at, stack) in stacks.iter().enumerate() { li class={ "stack" (at) } { (Shown(stack)) } } }
                    }
                    div.chart.wide role="img" aria-label={ (title) ", as columns; the figures are below" } { (drawing(&stretches, 1040, 280)) }
                    div.chart.narrow role="img" aria-label={ (title) ", as columns; the figures are below" } { (drawing(&stretches, 400, 260)) }
                }
                (figures(&stretches, &stacks, each))
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The heaviest units in order, and one name for all others.
fn stacks(groups: &[Group], weight: usize) -> Vec<String> {
    let mut sums: BTreeMap<&str, u128> = BTreeMap::new();
    for group in groups {
        *sums.entry(&group.key[1]).or_default() += group.sums[weight];
    }
    let mut units: Vec<(&str, u128)> = sums.into_iter().filter(|(_, sum)| *sum > 0).collect();
    units.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let others = units.len() > OWN + 1;
    let named = if others { OWN } else { units.len() };
    let names = units[..named].iter().map(|(unit, _)| (*unit).to_owned());
    names.chain(others.then(|| format!("{} others", units.len() - OWN))).collect()
}

/// Sums by day, without holes between the first and the last; by month when the rows are, or there are very many days.
fn stretches(groups: &[Group], weight: usize, stacks: &[String], stacked: bool) -> Vec<Stretch> {
    let place: HashMap<&str, usize> = stacks.iter().enumerate().map(|(at, stack)| (stack.as_str(), at)).collect();
    let days = |length: usize| {
        let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for group in groups.iter().filter(|group| !is_none(&group.key[0])) {
            let label = group.key[0].get(..length).unwrap_or(&group.key[0]).to_owned();
            let sums = found.entry(label).or_insert_with(|| vec![0; stacks.len()]);
            let at = if stacked { place.get(group.key[1].as_str()).copied().unwrap_or(OWN) } else { 0 };
            if let Some(sum) = sums.get_mut(at) {
                *sum = sum.saturating_add(u64::try_from(group.sums[weight]).unwrap_or(u64::MAX));
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
fn drawing(stretches: &[Stretch], width: u32, height: u32) -> Markup {
    let mut svg = String::new();
    // A drawing into memory has nothing that can fail but its own coordinates, and then the figures below still stand.
    let drawn = draw(stretches, width, height, &mut svg).is_ok();
    html! { @if drawn { (PreEscaped(svg)) } }
}

fn draw(
    stretches: &[Stretch],
    width: u32,
    height: u32,
    svg: &mut String,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let sum = |stretch: &Stretch| stretch.sums.iter().fold(0_u64, |sum, part| sum.saturating_add(*part));
    let most = stretches.iter().map(sum).max().unwrap_or(0).max(1);
    let root = SVGBackend::with_string(svg, (width, height)).into_drawing_area();
    let count = i32::try_from(stretches.len()).unwrap_or(i32::MAX);
    let digits = u32::try_from(thousands(most.into()).len()).unwrap_or(20);
    let mut chart = ChartBuilder::on(&root)
        .margin_top(10)
        .margin_right(40)
        .x_label_area_size(28)
        .y_label_area_size(14 + digits * 8)
        .build_cartesian_2d((0..count - 1).into_segmented(), 0..most)?;
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
        .y_label_formatter(&|value| thousands(u128::from(*value)))
        .label_style(style)
        .draw()?;
    let gap = if stretches.len() > 60 { 0 } else { 1 };
    for (at, stretch) in (0..count).zip(stretches) {
        let mut below = 0_u64;
        for (colour, part) in COLOURS.iter().zip(&stretch.sums).filter(|(_, part)| **part > 0) {
            let above = below.saturating_add(*part);
            let corners = [(SegmentValue::Exact(at), below), (SegmentValue::Exact(at + 1), above)];
            let mut column = Rectangle::new(corners, colour.filled());
            column.set_margin(0, 0, gap, gap);
            chart.draw_series(std::iter::once(column))?;
            below = above;
        }
    }
    root.present()
}

/// The figures behind the drawing.
fn figures(stretches: &[Stretch], stacks: &[String], each: &str) -> Markup {
    html! {
        details {
            summary { "Figures by " (each) }
            div.scroll tabindex="0" role="region" aria-label={ "Figures by " (each) } {
                table.sortable {
                    caption.hidden { "Figures by " (each) }
                    thead { tr { th scope="col" { (each) } @for stack in stacks { th scope="col" .figure { (Shown(stack)) } } } }
                    tbody {
                        @for stretch in stretches {
                            tr {
                                th scope="row" { (Shown(&stretch.label)) }
                                @for sum in &stretch.sums { td.figure data-value=(sum) { (thousands(u128::from(*sum))) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
