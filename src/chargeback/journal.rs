//! The journal: a statement as lines for a ledger of accounts, balanced for each invoice month, currency and billing account.
//!
//! What a unit carries of a service is a debit of its cost centre, what it gets back a credit; the invoice stands against all of
//! them. Lines are in whole coins, rounded by largest remainder so that they add up to the invoice.

use std::collections::BTreeMap;

use super::attribution::{UNATTRIBUTED, UNMAPPED};
use super::cost_statement::CostStatementRow;
use super::costs::BillKey;
use super::dimension::{Dimension, NONE};
use crate::model::cost::Basis;
use crate::model::money::{Amount, Currency};
use crate::model::rounding::round_to;
use crate::model::tie_out::TieOut;

/// The account of the line that stands against all others.
pub const INVOICE: &str = "(invoice)";

/// The grouping of the statement that a journal is made of.
pub const JOURNAL_BY: [Dimension; 6] = [
    Dimension::InvoiceMonth,
    Dimension::Currency,
    Dimension::BillingAccount,
    Dimension::CostCenter,
    Dimension::Unit,
    Dimension::Service,
];

/// A line of a journal: a debit or a credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    /// The month of the invoice, as `2026-10`.
    pub invoice_month: String,
    /// The currency.
    pub currency: Currency,
    /// The billing account.
    pub billing_account: String,
    /// The cost centre; `None` where the mapping gives none, and for the invoice.
    pub cost_center: Option<String>,
    /// The business unit, or what stands for its absence; `None` for the invoice.
    pub unit: Option<String>,
    /// The service, or [`INVOICE`].
    pub account: String,
    /// In coins; a debit above 0, a credit below.
    pub coins: i128,
    /// What it is for, in words.
    pub text: String,
}

impl JournalLine {
    /// The amount without its sign as a decimal number with all digits of the coin: `1234.50`.
    pub fn decimal(&self) -> String {
        let digits = self.currency.coin_digits();
        let text = format!("{:0width$}", self.coins.unsigned_abs(), width = digits + 1);
        let (whole, coins) = text.split_at(text.len() - digits);
        if digits == 0 { whole.to_owned() } else { format!("{whole}.{coins}") }
    }
}

/// A statement row as a line, before it is rounded.
struct Carried<'s> {
    cost_center: &'s str,
    unit: &'s str,
    service: &'s str,
    exact: Amount,
    bases: Vec<&'static str>,
}

/// The journal of the rows of a statement that is grouped by [`JOURNAL_BY`], and of the bills that it adds up to. Lines of less than half a coin that rounding leaves at 0 are not
/// in it.
pub fn journal(rows: &[CostStatementRow], tie_outs: &[TieOut]) -> Vec<JournalLine> {
    let mut bills: BTreeMap<BillKey, Vec<Carried<'_>>> = BTreeMap::new();
    for row in rows {
        if let Some((bill, carried)) = carried(row) {
            bills.entry(bill).or_default().push(carried);
        }
    }
    let mut lines = Vec::new();
    for tie_out in tie_outs {
        let (month, currency) = (&tie_out.invoice_month, tie_out.currency);
        let bill = (month.clone(), currency, tie_out.billing_account.clone());
        let mut carried = bills.remove(&bill).unwrap_or_default();
        carried.sort_by_key(|line| (line.cost_center, line.unit, line.service));
        let total = tie_out.bill.coins(currency);
        let exact: Vec<Amount> = carried.iter().map(|line| line.exact).collect();
        let line = |cost_center: Option<&str>, unit: Option<&str>, account: &str, coins, text| JournalLine {
            invoice_month: month.clone(),
            currency,
            billing_account: tie_out.billing_account.clone(),
            cost_center: cost_center.map(str::to_owned),
            unit: unit.map(str::to_owned),
            account: account.to_owned(),
            coins,
            text,
        };
        for (carried, coins) in carried.iter().zip(round_to(total, &exact, currency)) {
            let cost_center = (carried.cost_center != NONE).then_some(carried.cost_center);
            let how = match carried.unit {
                UNMAPPED | UNATTRIBUTED => "carried by no business unit".to_owned(),
                _ => carried.bases.join(", "),
            };
            let text = format!("{} {month}: {how}", carried.service);
            lines.push(line(cost_center, Some(carried.unit), carried.service, coins, text));
        }
        let text = format!("Invoice {month} of billing account {}", tie_out.billing_account);
        lines.push(line(None, None, INVOICE, -total, text));
    }
    lines.retain(|line| line.coins != 0);
    lines
}

fn carried(row: &CostStatementRow) -> Option<(BillKey, Carried<'_>)> {
    let money = row.money.as_ref()?;
    let [month, currency, account, cost_center, unit, service] = row.key.as_slice() else { return None };
    let bill = (month.clone(), Currency::parse(currency)?, account.clone());
    let bases = row.bases.iter().copied().map(Basis::name).collect();
    Some((bill, Carried { cost_center, unit, service, exact: money.net_cost.exact, bases }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::cost_statement::{CostStatement, RowMoney};
    use super::super::statement::Measures;
    use super::*;
    use crate::model::money::Money;

    const UNITS: [&str; 4] = ["Ads", "Lab", UNMAPPED, UNATTRIBUTED];

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect("a number")
    }

    fn told(statement: &CostStatement) -> Vec<JournalLine> {
        journal(&statement.rows, &statement.tie_outs)
    }

    /// A statement whose rows are `(month, account, unit, service, amount)` in a currency.
    fn statement(code: &str, rows: &[(String, String, usize, String, Amount)]) -> CostStatement {
        let currency = Currency::parse(code).expect("a currency");
        let mut sums: BTreeMap<Vec<String>, Amount> = BTreeMap::new();
        let mut bills: BTreeMap<(String, String), Amount> = BTreeMap::new();
        for (month, account, unit, service, amount) in rows {
            let key = [month, code, account, NONE, UNITS[*unit], service].map(str::to_owned).to_vec();
            for sum in [sums.entry(key).or_default(), bills.entry((month.clone(), account.clone())).or_default()] {
                *sum = sum.checked_add(*amount).expect("small");
            }
        }
        let money = |exact| Money::rounded(exact, currency);
        let row = |(key, exact): (Vec<String>, Amount)| CostStatementRow {
            key,
            measures: Measures::default(),
            money: Some(RowMoney {
                cost: money(exact),
                credits: money(Amount::ZERO),
                net_cost: money(exact),
                share: None,
            }),
            bases: BTreeSet::from([Basis::Direct]),
        };
        let tie_out = |((invoice_month, billing_account), bill): ((String, String), Amount)| TieOut {
            invoice_month,
            currency,
            billing_account,
            bill,
            statement: bill,
            by_type: BTreeMap::new(),
            without_project: Amount::ZERO,
            unallocated: Amount::ZERO,
        };
        CostStatement {
            rows: sums.into_iter().map(row).collect(),
            total: Measures::default(),
            money: None,
            tie_outs: bills.into_iter().map(tie_out).collect(),
            notes: Vec::new(),
            of_closed: false,
            parts: BTreeMap::new(),
        }
    }

    fn rows(amounts: &[(usize, &str, &str)]) -> Vec<(String, String, usize, String, Amount)> {
        let row = |(unit, service, text): &(usize, &str, &str)| {
            ("2026-10".to_owned(), "A".to_owned(), *unit, (*service).to_owned(), amount(text))
        };
        amounts.iter().map(row).collect()
    }

    #[test]
    fn a_cost_is_a_debit_and_a_refund_a_credit() {
        let statement =
            statement("EUR", &rows(&[(0, "Vision", "10.004"), (1, "Vision", "-2.5"), (2, "Storage", "0.001")]));
        let lines = told(&statement);
        let lines_told: Vec<(Option<&str>, &str, i128)> =
            lines.iter().map(|line| (line.unit.as_deref(), line.account.as_str(), line.coins)).collect();
        // 7.505 is 7.51 rounded once; the cent that is missing goes to the largest remainder.
        assert_eq!(lines_told, [(Some("Ads"), "Vision", 1001), (Some("Lab"), "Vision", -250), (None, INVOICE, -751)]);
        assert_eq!(lines[0].text, "Vision 2026-10: direct");
        assert_eq!(lines[2].text, "Invoice 2026-10 of billing account A");
    }

    #[test]
    fn a_credit_note_stands_on_the_other_side() {
        let lines = told(&statement("JPY", &rows(&[(3, "Support", "-12.6")])));
        assert_eq!([lines[0].coins, lines[1].coins], [-13, 13]);
        assert_eq!(lines[0].text, "Support 2026-10: carried by no business unit");
    }

    proptest! {
        #[test]
        fn any_journal_balances_and_adds_up_to_the_invoice(
            rows in prop::collection::vec((0_u32..3, 0_u32..2, 0_usize..4, 0_u32..4, any::<i64>(), 0_u32..20), 0..30),
            code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        ) {
            let rows: Vec<_> = rows.into_iter().map(|(month, account, unit, service, number, scale)| {
                let text = format!("{}e-{scale}", number >> 20);
                (format!("2026-1{month}"), account.to_string(), unit, service.to_string(), amount(&text))
            }).collect();
            let statement = statement(code, &rows);
            let lines = told(&statement);
            for tie_out in &statement.tie_outs {
                let of_bill: Vec<&JournalLine> = lines
                    .iter()
                    .filter(|line| line.invoice_month == tie_out.invoice_month && line.billing_account == tie_out.billing_account)
                    .collect();
                prop_assert_eq!(of_bill.iter().map(|line| line.coins).sum::<i128>(), 0);
                let carried: i128 = of_bill.iter().filter(|line| line.account != INVOICE).map(|line| line.coins).sum();
                prop_assert_eq!(carried, tie_out.bill.coins(tie_out.currency));
                for line in of_bill.iter().filter(|line| line.account != INVOICE) {
                    let row = statement.rows.iter().find(|row| {
                        (&row.key[0], &row.key[2], Some(&row.key[4]), &row.key[5])
                            == (&line.invoice_month, &line.billing_account, line.unit.as_ref(), &line.account)
                    });
                    let exact = row.and_then(|row| row.money.as_ref()).expect("a line is a row").net_cost.exact;
                    let coin = line.currency.coin().units();
                    prop_assert!((exact.units() - line.coins * coin).abs() < coin);
                }
            }
            let known = lines.iter().map(|line| (line.invoice_month.clone(), line.billing_account.clone()));
            prop_assert!(known.collect::<BTreeSet<_>>().len() <= statement.tie_outs.len());
        }
    }
}
