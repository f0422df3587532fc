//! FOCUS 1.0 to 1.3: its columns, and how a record becomes a cost row. What providers add is read where it is known.
//!
//! `BilledCost` holds the credits already; where `x_Credits` tells them, they are shown apart and not counted again.
//! Source: <https://focus.finops.org/focus-specification/>

use chrono::DateTime;
use chrono_tz::Tz;

use super::focus_charge::{charge, told};
use super::focus_column::FocusColumn;
use super::focus_project::project;
use crate::model::bill_record::{BillRecord, RecordProblem};
use crate::model::charge::ChargeCategory;
use crate::model::cost::{CostRow, CostType};
use crate::model::money::{Amount, Currency};
use crate::model::time::moment;

const DAY: i64 = 86_400_000_000_000;

/// Makes a cost row of a record.
///
/// # Errors
/// When a value is missing or cannot be read; names the column.
pub fn cost_row(mut record: BillRecord) -> Result<CostRow, RecordProblem> {
    let billed = amount(FocusColumn::BilledCost, needed(&record, FocusColumn::BilledCost)?)?;
    let currency = needed(&record, FocusColumn::BillingCurrency)?;
    let currency = Currency::parse(currency)
        .ok_or_else(|| RecordProblem::value(FocusColumn::BillingCurrency.name(), currency, "a currency of ISO 4217"))?;
    let category = category(&record)?;
    let cost_type = cost_type(&record, category)?;
    let credits = if category == ChargeCategory::Credit { billed } else { credits(&record)? };
    let too_large = || RecordProblem::value(FocusColumn::BilledCost.name(), "", "small enough to be added");
    let cost = billed.checked_sub(credits).ok_or_else(too_large)?;
    // A month begins at another moment in every time zone, and a day later it is that month in all of them.
    let billing_start = time(&record, FocusColumn::BillingPeriodStart)?;
    let within = billing_start.saturating_add(DAY);
    // Only slot hours are looked at; other quantities may be larger than any amount of money.
    let used =
        quantity(&record, FocusColumn::BilledQuantity).or_else(|| quantity(&record, FocusColumn::PricingQuantity));
    let billing_end = match record.text(FocusColumn::BillingPeriodEnd as usize) {
        Some(_) => Some(time(&record, FocusColumn::BillingPeriodEnd)?),
        None => None,
    };
    let charge = charge(&mut record, category, (billing_start, billing_end), used.is_some());
    let told = told(&record);
    let sku_id = record.take(FocusColumn::BilledSkuId as usize).or_else(|| record.take(FocusColumn::SkuId as usize));
    Ok(CostRow {
        invoice_month: DateTime::from_timestamp_nanos(within).format("%Y-%m").to_string(),
        currency,
        billing_account: needed(&record, FocusColumn::BillingAccountId)?.to_owned(),
        service: needed(&record, FocusColumn::ServiceName)?.to_owned(),
        usage_start: time(&record, FocusColumn::ChargePeriodStart)?,
        usage_end: time(&record, FocusColumn::ChargePeriodEnd).ok(),
        project: project(&mut record)?,
        sku_id: sku_id.unwrap_or_default(),
        sku: record.take(FocusColumn::ChargeDescription as usize).unwrap_or_default(),
        cost_type,
        cost,
        credits,
        used,
        charge,
        told,
    })
}

/// A quantity, if it can be kept exactly.
pub(super) fn quantity(record: &BillRecord, column: FocusColumn) -> Option<Amount> {
    record.text(column as usize).and_then(|text| Amount::parse(text.trim()))
}

fn needed(record: &BillRecord, column: FocusColumn) -> Result<&str, RecordProblem> {
    record.text(column as usize).map(str::trim).ok_or(RecordProblem::Missing(column.name()))
}

fn amount(column: FocusColumn, text: &str) -> Result<Amount, RecordProblem> {
    Amount::parse(text.trim()).ok_or_else(|| RecordProblem::value(column.name(), text, "a decimal number"))
}

fn time(record: &BillRecord, column: FocusColumn) -> Result<i64, RecordProblem> {
    let text = needed(record, column)?;
    let spelt = match text.strip_suffix(" UTC").unwrap_or(text).split_once(' ') {
        Some((day, time)) => format!("{day}T{}Z", time.trim_end_matches('Z')),
        None => text.to_owned(),
    };
    let expected = "a time such as 2026-10-01T00:00:00Z";
    moment(&spelt, Tz::UTC).ok_or_else(|| RecordProblem::value(column.name(), text, expected))
}

/// What kind of charge a row is.
fn category(record: &BillRecord) -> Result<ChargeCategory, RecordProblem> {
    let Some(word) = record.text(FocusColumn::ChargeCategory as usize).map(str::trim) else {
        return Ok(ChargeCategory::Usage);
    };
    let known = ChargeCategory::ALL.iter().find(|category| category.name().eq_ignore_ascii_case(word));
    known.copied().ok_or_else(|| {
        let expected = "Usage, Purchase, Tax, Credit or Adjustment";
        RecordProblem::value(FocusColumn::ChargeCategory.name(), word, expected)
    })
}

/// What is charged for: Google's word goes before the category.
fn cost_type(record: &BillRecord, category: ChargeCategory) -> Result<CostType, RecordProblem> {
    match record.text(FocusColumn::CostType as usize) {
        None => Ok(match category {
            ChargeCategory::Usage | ChargeCategory::Purchase | ChargeCategory::Credit => CostType::Regular,
            ChargeCategory::Tax => CostType::Tax,
            ChargeCategory::Adjustment => CostType::Adjustment,
        }),
        Some(word) => CostType::parse(&word.to_ascii_lowercase()).ok_or_else(|| {
            let expected = "regular, tax, adjustment or rounding_error";
            RecordProblem::value(FocusColumn::CostType.name(), word, expected)
        }),
    }
}

/// The credits that the billed cost holds.
fn credits(record: &BillRecord) -> Result<Amount, RecordProblem> {
    let column = FocusColumn::CreditAmount;
    let mut texts: Vec<String> = record.texts(column as usize).to_vec();
    if let Some(text) = record.text(FocusColumn::Credits as usize) {
        let unreadable =
            || RecordProblem::value(FocusColumn::Credits.name(), text, "a JSON array of objects with `Amount`");
        let credits: Vec<Credit> = serde_json::from_str(text).map_err(|_| unreadable())?;
        texts.extend(credits.into_iter().map(|credit| credit.amount.get().trim_matches('"').to_owned()));
    }
    let mut sum = Amount::ZERO;
    for text in texts.iter().filter(|text| !text.is_empty()) {
        let next = sum.checked_add(amount(column, text)?);
        sum = next.ok_or_else(|| RecordProblem::value(column.name(), text, "small enough to be added"))?;
    }
    Ok(sum)
}

#[derive(serde::Deserialize)]
struct Credit {
    #[serde(alias = "Amount")]
    amount: Box<serde_json::value::RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[(FocusColumn, &str)]) -> Result<CostRow, RecordProblem> {
        let mut record = BillRecord::of_width(FocusColumn::ALL.len());
        let base = [
            (FocusColumn::BilledCost, "0.75"),
            (FocusColumn::BillingCurrency, "EUR"),
            (FocusColumn::BillingAccountId, "A"),
            (FocusColumn::BillingPeriodStart, "2026-10-01T07:00:00Z"),
            (FocusColumn::ChargePeriodStart, "2026-10-31 23:00:00 UTC"),
            (FocusColumn::ServiceName, "Cloud Vision API"),
            (FocusColumn::SubAccountId, "ads-prod"),
        ];
        for (column, text) in base.iter().chain(values) {
            record.0[*column as usize].texts = vec![(*text).to_owned()];
        }
        cost_row(record)
    }

    fn money(row: &CostRow) -> (String, String) {
        (row.cost.to_string(), row.credits.to_string())
    }

    #[test]
    fn credits_are_in_the_billed_cost_already() {
        let with = row(&[(FocusColumn::Credits, r#"[{"Name":"x","Amount":-0.2},{"amount":"-5e-2"}]"#)]).expect("a row");
        assert_eq!(money(&with), ("1".to_owned(), "-0.25".to_owned()));
        let own = row(&[(FocusColumn::ChargeCategory, "Credit"), (FocusColumn::BilledCost, "-3")]).expect("a row");
        assert_eq!(money(&own), ("0".to_owned(), "-3".to_owned()));
    }

    #[test]
    fn the_month_is_the_same_wherever_it_begins() {
        for start in ["2026-10-01T07:00:00Z", "2026-10-01", "2026-10-01T00:00:00Z", "2026-09-30T15:00:00Z"] {
            let row = row(&[(FocusColumn::BillingPeriodStart, start)]).expect("a row");
            assert_eq!(row.invoice_month, "2026-10", "{start}");
        }
    }

    #[test]
    fn googles_cost_type_goes_before_the_category() {
        let typed = row(&[(FocusColumn::ChargeCategory, "Adjustment"), (FocusColumn::CostType, "rounding_error")]);
        assert_eq!(typed.expect("a row").cost_type, CostType::RoundingError);
        assert!(row(&[(FocusColumn::ChargeCategory, "Gift")]).is_err());
    }
}
