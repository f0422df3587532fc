//! What a document says of its estimated costs: that they are an estimate, by which prices, and what has no price.

use std::io::{self, Write};

use serde::Serialize;

use super::figures::thousands;
use super::json::value;
use super::safe;
use super::summary::{Line, shorten};
use crate::model::estimate::{Estimate, Unpriced};
use crate::model::money::Money;

/// How many groups of calls without a price are listed; the JSON document has all.
const LISTED: usize = 20;

/// One sentence that must stand wherever people read an estimated cost.
pub(super) fn sentence(estimate: &Estimate) -> String {
    let unpriced = match estimate.unpriced_calls() {
        0 => String::new(),
        1 => ", and one billable call has no price and is not in it".to_owned(),
        many => format!(", and {} billable calls have no price and are not in it", thousands(many.into())),
    };
    format!(
        "estimated_cost is an estimate by the price book {}, not what was billed{unpriced}.",
        safe(&estimate.prices)
    )
}

/// The estimated cost of all calls, as people read it.
pub(super) fn shown(estimate: &Estimate) -> String {
    format!("{} {}", Money::rounded(estimate.amount, estimate.currency).shown(), estimate.currency)
}

/// The block of the summary.
pub(super) fn lines(estimate: &Estimate, lines: &mut Vec<Line>) {
    let line = |depth, label: String, figure: String, count, note: &str| Line {
        depth,
        label: shorten(&safe(&label)),
        figures: vec![figure],
        counts: count,
        note: note.to_owned(),
    };
    let calls = |depth, label, calls: u64, note| line(depth, label, thousands(calls.into()), vec![calls], note);
    lines.push(Line::title("Estimate", &["calls"]));
    lines.push(calls(
        1,
        "with a price".to_owned(),
        estimate.priced_calls,
        "an estimate by your prices, not what was billed",
    ));
    lines.push(calls(1, "without a price".to_owned(), estimate.unpriced_calls(), "billable, and in no estimated cost"));
    for unpriced in estimate.unpriced.iter().take(LISTED) {
        let label = format!("{} {}", unpriced.service, unpriced.method);
        lines.push(calls(2, label, unpriced.calls, metered(unpriced)));
    }
    if let Some(rest @ [_, ..]) = estimate.unpriced.get(LISTED..) {
        let sum = rest.iter().map(|unpriced| unpriced.calls).sum();
        lines.push(calls(2, format!("… {} more", rest.len()), sum, "all are in --format json"));
    }
}

fn metered(unpriced: &Unpriced) -> &'static str {
    use crate::model::reason::QuantityUnit;
    match unpriced.unit {
        QuantityUnit::Call => "metered by the call",
        QuantityUnit::Byte => "metered by billed bytes",
        QuantityUnit::SlotMs => "metered by slot time",
    }
}

/// Writes the member of a JSON document.
///
/// # Errors
/// Fails when the output does.
pub(super) fn json(estimate: &Estimate, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let unpriced = estimate.unpriced.iter().map(|unpriced| UnpricedView {
        service: &unpriced.service,
        method: &unpriced.method,
        quantity_unit: unpriced.unit.name(),
        calls: unpriced.calls,
    });
    let view = EstimateView {
        prices: &estimate.prices,
        currency: estimate.currency.code(),
        amount: estimate.amount.to_string(),
        priced_calls: estimate.priced_calls,
        unpriced_calls: estimate.unpriced_calls(),
        unpriced: unpriced.collect(),
    };
    value(&view, out)
}

#[derive(Serialize)]
struct EstimateView<'a> {
    prices: &'a str,
    currency: &'static str,
    amount: String,
    priced_calls: u64,
    unpriced_calls: u64,
    unpriced: Vec<UnpricedView<'a>>,
}

#[derive(Serialize)]
struct UnpricedView<'a> {
    service: &'a str,
    method: &'a str,
    quantity_unit: &'static str,
    calls: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::{Amount, Currency};
    use crate::model::reason::QuantityUnit;

    fn estimate(unpriced: Vec<Unpriced>) -> Estimate {
        Estimate {
            prices: "my\u{1b}.toml".to_owned(),
            currency: Currency::parse("EUR").expect("a currency"),
            amount: Amount::parse("12.345").expect("a number"),
            priced_calls: 7,
            unpriced,
        }
    }

    #[test]
    fn calls_without_a_price_are_said() {
        let one = Unpriced { service: "a".to_owned(), method: "b".to_owned(), unit: QuantityUnit::Byte, calls: 1 };
        assert!(
            sentence(&estimate(vec![one.clone()])).ends_with("and one billable call has no price and is not in it.")
        );
        assert!(sentence(&estimate(vec![])).ends_with("by the price book my\\x1b.toml, not what was billed."));
        let mut found = Vec::new();
        lines(&estimate(vec![one; 22]), &mut found);
        assert_eq!(found.len(), 3 + 20 + 1);
        assert_eq!((found[2].counts.as_slice(), found[23].label.as_str()), (&[22][..], "… 2 more"));
        assert_eq!(shown(&estimate(vec![])), "12.35 EUR");
    }
}
