//! The headline figures of a bill: what it comes to, what a unit carries of it, and that it ties out.

use std::collections::BTreeMap;

use super::super::figures::percent;
use super::super::groups::amounts;
use super::headline::Figure;
use crate::model::document::Document;
use crate::model::money::{Amount, Currency, Money};
use crate::model::rounding::share;
use crate::model::tie_out::{BillSummary, Invoice};

/// What one currency of the bill comes to, and what of it no business unit carries.
#[derive(Default)]
struct Net {
    bill: Amount,
    unallocated: Amount,
}

/// The figures, the net cost of each currency first.
pub(super) fn figures(document: &Document, bill: &BillSummary) -> Vec<Figure> {
    let mut by_currency: BTreeMap<Currency, Net> = BTreeMap::new();
    for tie_out in &bill.tie_outs {
        let net = by_currency.entry(tie_out.currency).or_default();
        net.bill = added(net.bill, tie_out.bill);
        net.unallocated = added(net.unallocated, tie_out.unallocated);
    }
    let several = by_currency.len() > 1;
    let mut figures: Vec<Figure> = (by_currency.iter())
        .map(|(currency, net)| Figure {
            label: "Net cost".into(),
            value: shown(net.bill, *currency),
            note: made_of(document)
                .unwrap_or_else(|| "cost with its credits; currencies are never added up".to_owned()),
        })
        .collect();
    figures.extend(by_currency.iter().filter_map(|(currency, net)| carried(*currency, net, several)));
    // A report in which the two differ is never printed.
    figures.push(Figure {
        label: "Statement against bill".into(),
        value: "equal".to_owned(),
        note: format!("to the last digit{}", places(bill.tie_outs.len())),
    });
    figures.extend(bill.invoice.as_ref().map(residual));
    figures
}

/// The figures of a page that is a part of a statement.
pub(super) fn of_page(document: &Document) -> Vec<Figure> {
    let amounts = document.page.iter().flat_map(|page| &page.net_costs);
    let figure = |money: &Money| Figure {
        label: "Net cost".into(),
        value: format!("{} {}", money.shown(), money.currency),
        note: made_of(document).unwrap_or_else(|| "cost with its credits; currencies are never added up".to_owned()),
    };
    amounts.map(figure).collect()
}

/// The sum of two amounts. The sum of the whole bill fits, or there would be no document.
fn added(a: Amount, b: Amount) -> Amount {
    Amount::of_units(a.units().saturating_add(b.units()))
}

fn shown(amount: Amount, currency: Currency) -> String {
    format!("{} {currency}", Money::rounded(amount, currency).shown())
}

/// Cost and credits, where they add up over all rows.
fn made_of(document: &Document) -> Option<String> {
    let amounts = amounts(document);
    let of = |name| amounts.iter().find(|(at, _)| document.columns[*at].name == name).map(|(_, money)| money.shown());
    Some(format!("{} cost, {} credits", of("cost")?, of("credits")?))
}

/// The part of the net cost that business units carry.
fn carried(currency: Currency, net: &Net, among: bool) -> Option<Figure> {
    let carried = share(added(net.bill, Amount::of_units(-net.unallocated.units())), net.bill)?;
    let whole = net.unallocated == Amount::ZERO;
    // Not all is never shown as all.
    let value = if carried >= 999_500 && !whole { "> 99.9 %".to_owned() } else { percent(carried) };
    Some(Figure {
        label: if among { format!("Carried by units, {currency}").into() } else { "Carried by units".into() },
        value,
        note: format!("of the net cost; {} have no unit", shown(net.unallocated, currency)),
    })
}

fn places(tie_outs: usize) -> String {
    if tie_outs == 1 {
        String::new()
    } else {
        format!(", in {tie_outs} sums by invoice month, currency and billing account")
    }
}

/// What the invoice says beyond the bill.
fn residual(invoice: &Invoice) -> Figure {
    let figure = |amount| Money::rounded(amount, invoice.currency).shown();
    let tolerated = if invoice.ties_out() { "within" } else { "more than" };
    Figure {
        label: "Invoice less bill".into(),
        value: shown(invoice.residual, invoice.currency),
        note: format!(
            "{} less {}; {tolerated} the tolerance of {}",
            figure(invoice.amount),
            figure(invoice.bill),
            figure(invoice.tolerance)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::document;
    use super::*;
    use crate::model::tie_out::TieOut;

    fn tie_out(currency: &str, bill: &str, unallocated: &str) -> TieOut {
        let amount = |text| Amount::parse(text).expect("a number");
        TieOut {
            invoice_month: "2026-10".to_owned(),
            currency: Currency::parse(currency).expect("a currency"),
            billing_account: "A".to_owned(),
            bill: amount(bill),
            statement: amount(bill),
            by_type: BTreeMap::new(),
            without_project: Amount::ZERO,
            unallocated: amount(unallocated),
        }
    }

    fn told(bill: &BillSummary) -> Vec<(String, String)> {
        figures(&document(), bill).into_iter().map(|figure| (figure.label.into_owned(), figure.value)).collect()
    }

    #[test]
    fn each_currency_has_its_own_net_cost() {
        let tie_outs = vec![tie_out("EUR", "1000", "0.001"), tie_out("EUR", "0.5", "0"), tie_out("JPY", "20", "5")];
        let bill = BillSummary { tie_outs, ..BillSummary::default() };
        let expected = [
            ("Net cost", "1,000.50 EUR"),
            ("Net cost", "20 JPY"),
            ("Carried by units, EUR", "> 99.9 %"),
            ("Carried by units, JPY", "75.0 %"),
            ("Statement against bill", "equal"),
        ];
        assert_eq!(told(&bill), expected.map(|(label, value)| (label.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_invoice_shows_what_it_says_beyond_the_bill() {
        let amount = |text| Amount::parse(text).expect("a number");
        let currency = Currency::parse("EUR").expect("a currency");
        let [amount, bill, residual, tolerance] = ["10.02", "10", "0.02", "0.01"].map(amount);
        let invoice = Some(Invoice { currency, amount, bill, residual, tolerance });
        let bill = BillSummary { tie_outs: vec![tie_out("EUR", "10", "0")], invoice, ..BillSummary::default() };
        let last = figures(&document(), &bill).pop().expect("figures");
        assert_eq!((last.label.as_ref(), last.value.as_str()), ("Invoice less bill", "0.02 EUR"));
        assert_eq!(last.note, "10.02 less 10.00; more than the tolerance of 0.01");
    }
}
