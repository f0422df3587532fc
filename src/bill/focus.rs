//! FOCUS 1.0 to 1.2: its columns, and how a record becomes a cost row. What providers add is read where it is known.
//!
//! `BilledCost` holds the credits already; where `x_Credits` tells them, they are shown apart and not counted again.
//! Source: <https://focus.finops.org/focus-specification/>

use chrono::DateTime;
use chrono_tz::Tz;

use crate::model::bill_record::{BillRecord, RecordProblem};
use crate::model::closed_list::closed_list;
use crate::model::cost::{CostRow, CostType};
use crate::model::directory::Entry;
use crate::model::money::{Amount, Currency};
use crate::model::time::moment;

closed_list! {
    /// The columns of FOCUS that are read.
    pub enum FocusColumn {
        BilledCost = "BilledCost": "what is invoiced, credits included",
        BillingCurrency = "BillingCurrency": "the currency",
        BillingAccountId = "BillingAccountId": "the billing account",
        BillingPeriodStart = "BillingPeriodStart": "the first moment of the invoice's month",
        ChargePeriodStart = "ChargePeriodStart": "when the usage began",
        ChargePeriodEnd = "ChargePeriodEnd": "when it ended",
        ChargeCategory = "ChargeCategory": "Usage, Purchase, Tax, Credit or Adjustment",
        ChargeDescription = "ChargeDescription": "the charge in words",
        ServiceName = "ServiceName": "the service",
        SkuId = "SkuId": "the SKU's id",
        SubAccountId = "SubAccountId": "the project",
        SubAccountName = "SubAccountName": "its display name",
        ResourceId = "ResourceId": "the resource",
        PricingQuantity = "PricingQuantity": "what was used, in the unit it is priced in",
        CreditAmount = "x_Credits.Amount": "Google's credits, which BilledCost holds already",
        Credits = "x_Credits": "the same as a text of JSON",
        CostType = "x_CostType": "Google's cost type",
        ProjectNumber = "x_ProjectNumber": "Google's project number",
    }
}

/// Columns without which a dataset tells too little.
pub const NEEDED: [FocusColumn; 7] = [
    FocusColumn::BilledCost,
    FocusColumn::BillingCurrency,
    FocusColumn::BillingAccountId,
    FocusColumn::BillingPeriodStart,
    FocusColumn::ChargePeriodStart,
    FocusColumn::ServiceName,
    FocusColumn::SubAccountId,
];

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
    let (cost_type, is_credit) = cost_type(&record)?;
    let credits = if is_credit { billed } else { credits(&record)? };
    let too_large = || RecordProblem::value(FocusColumn::BilledCost.name(), "", "small enough to be added");
    let cost = billed.checked_sub(credits).ok_or_else(too_large)?;
    // A month begins at another moment in every time zone, and a day later it is that month in all of them.
    let within = time(&record, FocusColumn::BillingPeriodStart)?.saturating_add(DAY);
    // Only slot hours are looked at; other quantities may be larger than any amount of money.
    let used = record.text(FocusColumn::PricingQuantity as usize).and_then(|text| Amount::parse(text.trim()));
    Ok(CostRow {
        invoice_month: DateTime::from_timestamp_nanos(within).format("%Y-%m").to_string(),
        currency,
        billing_account: needed(&record, FocusColumn::BillingAccountId)?.to_owned(),
        service: needed(&record, FocusColumn::ServiceName)?.to_owned(),
        usage_start: time(&record, FocusColumn::ChargePeriodStart)?,
        project: project(&mut record)?,
        sku_id: record.take(FocusColumn::SkuId as usize).unwrap_or_default(),
        sku: record.take(FocusColumn::ChargeDescription as usize).unwrap_or_default(),
        cost_type,
        cost,
        credits,
        used,
    })
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

/// What is charged for, and whether the row is a credit of its own.
fn cost_type(record: &BillRecord) -> Result<(CostType, bool), RecordProblem> {
    let category = record.text(FocusColumn::ChargeCategory as usize).unwrap_or("Usage");
    let (of_category, is_credit) = match category.to_ascii_lowercase().as_str() {
        "usage" | "purchase" => (CostType::Regular, false),
        "credit" => (CostType::Regular, true),
        "tax" => (CostType::Tax, false),
        "adjustment" => (CostType::Adjustment, false),
        _ => {
            let expected = "Usage, Purchase, Tax, Credit or Adjustment";
            return Err(RecordProblem::value(FocusColumn::ChargeCategory.name(), category, expected));
        }
    };
    match record.text(FocusColumn::CostType as usize) {
        None => Ok((of_category, is_credit)),
        Some(word) => match CostType::parse(&word.to_ascii_lowercase()) {
            Some(told) => Ok((told, is_credit)),
            None => {
                let expected = "regular, tax, adjustment or rounding_error";
                Err(RecordProblem::value(FocusColumn::CostType.name(), word, expected))
            }
        },
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

/// The project: a sub account that is all digits is named by its number.
fn project(record: &mut BillRecord) -> Result<Option<Entry>, RecordProblem> {
    let Some(id) = record.take(FocusColumn::SubAccountId as usize) else { return Ok(None) };
    let number = record.text(FocusColumn::ProjectNumber as usize).map(|text| {
        text.parse().map_err(|_| RecordProblem::value(FocusColumn::ProjectNumber.name(), text, "a project number"))
    });
    let name = record.take(FocusColumn::SubAccountName as usize);
    Ok(Some(Entry { id, number: number.transpose()?, name, ..Entry::default() }))
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
