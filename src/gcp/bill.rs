//! The usage cost export of Cloud Billing, standard and detailed: its columns, and how a record becomes a cost row.
//!
//! Source: <https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage>

use crate::model::bill_record::{BillRecord, RecordProblem};
use crate::model::charge::Told;
use crate::model::closed_list::closed_list;
use crate::model::cost::{CostRow, CostType};
use crate::model::directory::Entry;
use crate::model::money::{Amount, Currency};

use super::bill_charge::charge;
use super::inventory::ancestry;
use super::timestamp;

closed_list! {
    /// The columns of the export that are read.
    pub enum BillColumn {
        BillingAccount = "billing_account_id": "the billing account",
        InvoiceMonth = "invoice.month": "the month of the invoice, as 202610",
        CostType = "cost_type": "regular, tax, adjustment or rounding_error",
        Service = "service.description": "the service",
        SkuId = "sku.id": "the SKU's id",
        Sku = "sku.description": "the SKU in words",
        UsageStart = "usage_start_time": "when the usage began",
        UsageEnd = "usage_end_time": "when it ended",
        ProjectId = "project.id": "the project's id",
        ProjectNumber = "project.number": "the project's number",
        ProjectName = "project.name": "the project's display name",
        ProjectAncestry = "project.ancestry_numbers": "organisation and folders of the project when it was used",
        ProjectLabelKey = "project.labels.key": "the keys of the project's labels",
        ProjectLabelValue = "project.labels.value": "their values",
        Cost = "cost": "the cost before credits",
        Currency = "currency": "the currency",
        Credits = "credits.amount": "the credits; negative",
        CreditsSum = "credits": "the sum of the credits, in tables without nested fields",
        CreditType = "credits.type": "what kinds of credits they are",
        Used = "usage.amount_in_pricing_units": "what was used, in the unit it is priced in",
        PricingUnit = "usage.pricing_unit": "that unit",
        Consumed = "usage.amount": "what was used, in the unit it is used in",
        ConsumedUnit = "usage.unit": "that unit",
        CostAtList = "cost_at_list": "the cost at list prices",
        AdjustmentId = "adjustment_info.id": "the adjustment that the row is part of",
        AdjustmentType = "adjustment_info.type": "what kind of adjustment it is",
        AdjustmentMode = "adjustment_info.mode": "how it was made",
        Region = "location.region": "the region",
        TransactionType = "transaction_type": "GOOGLE, or who else sold it",
        Seller = "seller_name": "the seller",
        ResourceName = "resource.name": "the resource; only the detailed export has it",
        ResourceGlobalName = "resource.global_name": "its global name",
        ExportTime = "export_time": "when the row was exported",
    }
}

/// Columns without which a table is no usage cost export, or tells too little; each as alternatives of which one is enough.
pub const NEEDED: [&[BillColumn]; 8] = [
    &[BillColumn::BillingAccount],
    &[BillColumn::InvoiceMonth],
    &[BillColumn::Service],
    &[BillColumn::UsageStart],
    &[BillColumn::ProjectId],
    &[BillColumn::Cost],
    &[BillColumn::Currency],
    &[BillColumn::Credits, BillColumn::CreditsSum],
];

/// Columns that hold amounts, which a spreadsheet may have written with a decimal comma.
pub const AMOUNTS: [BillColumn; 6] = [
    BillColumn::Cost,
    BillColumn::Credits,
    BillColumn::CreditsSum,
    BillColumn::Used,
    BillColumn::Consumed,
    BillColumn::CostAtList,
];

/// Columns that only the detailed export has.
pub const DETAILED: [BillColumn; 2] = [BillColumn::ResourceName, BillColumn::ResourceGlobalName];

/// Makes a cost row of a record.
///
/// # Errors
/// When a value is missing or cannot be read; names the column.
pub fn cost_row(mut record: BillRecord) -> Result<CostRow, RecordProblem> {
    let amount = |column: BillColumn, text: &str| {
        let problem = || RecordProblem::value(column.name(), text, "a decimal number");
        Amount::parse(text.trim()).ok_or_else(problem)
    };
    let invoice_month = invoice_month(needed(&record, BillColumn::InvoiceMonth)?)?;
    let currency = needed(&record, BillColumn::Currency)?;
    let currency = Currency::parse(currency)
        .ok_or_else(|| RecordProblem::value(BillColumn::Currency.name(), currency, "a currency of ISO 4217"))?;
    let cost_type = match record.text(BillColumn::CostType as usize) {
        None => CostType::Regular,
        Some(word) => CostType::parse(&word.to_ascii_lowercase()).ok_or_else(|| {
            RecordProblem::value(BillColumn::CostType.name(), word, "regular, tax, adjustment or rounding_error")
        })?,
    };
    let start = needed(&record, BillColumn::UsageStart)?;
    let usage_start = timestamp::parse(start).ok_or_else(|| {
        RecordProblem::value(BillColumn::UsageStart.name(), start, "a time such as 2026-10-01 07:00:00 UTC")
    })?;
    let usage_end = record.text(BillColumn::UsageEnd as usize).and_then(timestamp::parse);
    let cost = amount(BillColumn::Cost, needed(&record, BillColumn::Cost)?)?;
    let mut credits = Amount::ZERO;
    for column in [BillColumn::Credits, BillColumn::CreditsSum] {
        for text in record.texts(column as usize).iter().filter(|text| !text.is_empty()) {
            let sum = credits.checked_add(amount(column, text)?);
            credits = sum.ok_or_else(|| RecordProblem::value(column.name(), text, "small enough to be added"))?;
        }
    }
    // What is too large to be kept exactly is unknown.
    let quantity = |column: BillColumn| record.text(column as usize).and_then(|text| Amount::parse(text.trim()));
    let used = quantity(BillColumn::Used);
    let (consumed, list) = (quantity(BillColumn::Consumed), quantity(BillColumn::CostAtList));
    let told = Told { list, consumed, ..Told::default() };
    let billing_account = needed(&record, BillColumn::BillingAccount)?.to_owned();
    let service = needed(&record, BillColumn::Service)?.to_owned();
    let mut charge = charge(&mut record, cost_type, &invoice_month)?;
    charge.pricing_unit = charge.pricing_unit.filter(|_| used.is_some());
    charge.consumed_unit = charge.consumed_unit.filter(|_| consumed.is_some());
    Ok(CostRow {
        invoice_month,
        currency,
        billing_account,
        project: project(&mut record)?,
        service,
        sku_id: record.take(BillColumn::SkuId as usize).unwrap_or_default(),
        sku: record.take(BillColumn::Sku as usize).unwrap_or_default(),
        usage_start,
        usage_end,
        cost_type,
        cost,
        credits,
        used,
        charge,
        told,
    })
}

fn needed(record: &BillRecord, column: BillColumn) -> Result<&str, RecordProblem> {
    record.text(column as usize).map(str::trim).ok_or(RecordProblem::Missing(column.name()))
}

/// `202610` or `2026-10` as `2026-10`.
fn invoice_month(text: &str) -> Result<String, RecordProblem> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let month = (digits.len() == 6).then(|| digits.parse::<u32>().ok()).flatten();
    match month.filter(|month| (1..=12).contains(&(month % 100))) {
        Some(month) => Ok(format!("{:04}-{:02}", month / 100, month % 100)),
        None => Err(RecordProblem::value(BillColumn::InvoiceMonth.name(), text, "a month such as 202610")),
    }
}

/// The project of a record. Support, some taxes and what is bought for a whole account have none.
fn project(record: &mut BillRecord) -> Result<Option<Entry>, RecordProblem> {
    let Some(id) = record.take(BillColumn::ProjectId as usize) else { return Ok(None) };
    let number = match record.text(BillColumn::ProjectNumber as usize) {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| RecordProblem::value(BillColumn::ProjectNumber.name(), text, "a project number"))?,
        ),
    };
    let keys = std::mem::take(&mut record.0[BillColumn::ProjectLabelKey as usize].texts);
    let values = std::mem::take(&mut record.0[BillColumn::ProjectLabelValue as usize].texts);
    // A label without a value would move all others to the wrong key.
    let labels = if keys.len() == values.len() { keys.into_iter().zip(values).collect() } else { Default::default() };
    Ok(Some(Entry {
        id,
        number,
        name: record.take(BillColumn::ProjectName as usize),
        labels,
        ancestors: ancestry(record.text(BillColumn::ProjectAncestry as usize)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(values: &[(BillColumn, &str)]) -> BillRecord {
        let mut record = BillRecord::of_width(BillColumn::ALL.len());
        for (column, text) in values {
            record.put(*column as usize, (*text).to_owned());
        }
        record
    }

    const ROW: [(BillColumn, &str); 8] = [
        (BillColumn::BillingAccount, "000000-AAAAAA-000000"),
        (BillColumn::InvoiceMonth, "202610"),
        (BillColumn::Service, "Cloud Vision API"),
        (BillColumn::UsageStart, "2026-10-01 07:00:00 UTC"),
        (BillColumn::ProjectId, "ads-prod"),
        (BillColumn::Cost, "1.2e-05"),
        (BillColumn::Currency, "EUR"),
        (BillColumn::ProjectAncestry, "/1/22/"),
    ];

    #[test]
    fn credits_are_added_once_each() {
        let credits = [(BillColumn::Credits, "-0.5"), (BillColumn::Credits, "-0.25")];
        let row = cost_row(record(&[&ROW[..], &credits].concat())).expect("a row");
        assert_eq!((row.cost.to_string(), row.credits.to_string()), ("0.000012".to_owned(), "-0.75".to_owned()));
        assert_eq!(row.invoice_month, "2026-10");
        assert_eq!(row.usage_start, 1_790_838_000_000_000_000);
        let project = row.project.expect("a project");
        assert_eq!(project.ancestors, ["folders/22", "organizations/1"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (column, text, said) in [
            (BillColumn::Cost, "12,5", "`cost` is `12,5`, which is not a decimal number"),
            (BillColumn::Currency, "EURO", "`currency` is `EURO`"),
            (BillColumn::InvoiceMonth, "202613", "`invoice.month` is `202613`"),
            (BillColumn::UsageStart, "yesterday", "`usage_start_time` is `yesterday`"),
            (BillColumn::Cost, "", "`cost` is missing"),
        ] {
            let mut row = record(&ROW);
            row.0[column as usize].texts = vec![text.to_owned()];
            let problem = cost_row(row).expect_err("wrong").to_string();
            assert!(problem.contains(said), "{problem}");
        }
    }
}
