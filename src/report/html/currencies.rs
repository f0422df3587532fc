//! The sections of a document: once for all rows, or where its money is in several currencies once for each of them, because
//! currencies are never added up, and once for the calls.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::groups::{added, money_columns};
use super::sections::Sections;
use crate::model::document::{Cell, Column, Document, Provenance, Row};
use crate::model::money::{Currency, Money};

/// The sections of a document, made while its rows pass by.
pub(super) enum Currencies {
    /// Without money, or in one currency.
    One(Sections),
    /// In several.
    Several {
        /// What has no currency.
        calls: Sections,
        /// The document without its rows and its money.
        frame: Box<Document>,
        /// The money of each currency, with its totals.
        money: BTreeMap<Currency, (Document, Sections)>,
    },
}

impl Currencies {
    /// The sections that a document's columns allow.
    pub fn of(document: &Document) -> Self {
        let net_cost = |at: &usize| document.columns[*at].name == "net_cost";
        let several = money_columns(document).iter().find(|at| net_cost(at)).is_some_and(|at| {
            let total = at.checked_sub(document.keys).and_then(|measure| document.totals.get(measure));
            total == Some(&Cell::Null)
        });
        if !several {
            return Self::One(Sections::of(document));
        }
        let frame = Document { provenance: Provenance::default(), tally: None, bill: None, ..document.clone() };
        Self::Several { calls: Sections::of_calls(document), frame: Box::new(frame), money: BTreeMap::new() }
    }

    /// Adds one row to the sections that it belongs to.
    pub fn add(&mut self, row: &Row) {
        match self {
            Self::One(sections) => sections.add(row),
            Self::Several { calls, frame, money } => {
                calls.add(row);
                let columns = money_columns(frame);
                let amounts = || {
                    columns
                        .iter()
                        .filter_map(|at| if let Cell::Money(money) = row[*at] { Some((*at, money)) } else { None })
                };
                let Some((_, first)) = amounts().next() else { return };
                let (document, sections) = money.entry(first.currency).or_insert_with(|| {
                    let document = in_currency(frame, first.currency, &columns);
                    let sections = Sections::of(&document);
                    (document, sections)
                });
                sections.add(row);
                for (at, amount) in amounts() {
                    if let Cell::Money(total) = &mut document.totals[at - frame.keys] {
                        *total = added(*total, amount);
                    }
                }
            }
        }
    }

    /// The sections, those of the currencies first.
    pub fn render(self, document: &Document) -> Markup {
        match self {
            Self::One(sections) => sections.render(document, None),
            Self::Several { calls, frame: _, money } => html! {
                @for (currency, (document, sections)) in money { (sections.render(&document, Some(currency))) }
                (calls.render(document, None))
            },
        }
    }
}

/// A document of the rows in one currency, before any is added.
fn in_currency(frame: &Document, currency: Currency, columns: &[usize]) -> Document {
    let mut document = frame.clone();
    for at in columns {
        document.columns[*at] = Column { unit: Some(currency.code()), ..document.columns[*at] };
        document.totals[at - frame.keys] = Cell::Money(Money::nothing(currency));
    }
    document
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{column, document, rows};
    use super::*;
    use crate::model::document::ColumnType;
    use crate::model::money::Amount;

    #[test]
    fn each_currency_has_sums_of_its_own() {
        let money = |text, code| {
            let amount = Amount::parse(text).expect("a number");
            Cell::Money(Money::rounded(amount, Currency::parse(code).expect("a currency")))
        };
        let mut document = document();
        let mut rows = rows();
        document.columns.push(column("net_cost", ColumnType::Money, None));
        document.totals.push(Cell::Null);
        let cells = [money("3", "EUR"), money("888", "JPY"), money("1.5", "EUR"), Cell::Null, money("112", "JPY")];
        rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
        let mut sections = Currencies::of(&document);
        rows.iter().for_each(|row| sections.add(row));
        let page = sections.render(&document).0;
        let section = |id: &str| {
            let from = page.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {page}"));
            page[from..].split("</section>").next().expect("its end").to_owned()
        };
        let (euro, yen) = (section("units-EUR"), section("units-JPY"));
        assert!(euro.contains("net cost (EUR)") && euro.contains("4.50") && !euro.contains("888"), "{euro}");
        assert!(yen.contains("net cost (JPY)") && yen.contains("1,000") && !yen.contains("4.50"), "{yen}");
        assert!(page.contains("Payers (EUR)") && page.contains("Payers (JPY)"));
        let calls = section("units");
        assert!(calls.contains("Business units by billable calls") && !calls.contains("EUR"), "{calls}");
    }
}
