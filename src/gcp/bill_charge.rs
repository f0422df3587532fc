//! What a row of the usage cost export says of its charge, in the words of FOCUS. None of it decides who pays.
//!
//! Follows Google's own FOCUS export.
//! Source: <https://docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/focus-export>

use chrono::{Months, NaiveDate};
use chrono_tz::Tz;

use super::bill::BillColumn;
use crate::model::bill_record::{BillRecord, RecordProblem};
use crate::model::charge::{Charge, ChargeCategory, PricingCategory};
use crate::model::cost::CostType;
use crate::model::time::moment;

const GOOGLE: &str = "Google Cloud";

/// Credits for a commitment.
const COMMITTED: &str = "COMMITTED_USAGE_DISCOUNT";

/// What a record says of its charge.
///
/// # Errors
/// When the invoice's month is none of the calendar.
pub(super) fn charge(record: &mut BillRecord, cost_type: CostType, month: &str) -> Result<Charge, RecordProblem> {
    let category = match cost_type {
        CostType::Regular => ChargeCategory::Usage,
        CostType::Tax => ChargeCategory::Tax,
        CostType::Adjustment | CostType::RoundingError => ChargeCategory::Adjustment,
    };
    let is_told = |column: BillColumn| record.text(column as usize).is_some();
    let adjusted = [BillColumn::AdjustmentId, BillColumn::AdjustmentType, BillColumn::AdjustmentMode];
    let correction = adjusted.into_iter().any(is_told);
    let by_google = record.text(BillColumn::TransactionType as usize).is_none_or(|who| who == "GOOGLE");
    let pricing = (category == ChargeCategory::Usage).then(|| pricing(record));
    let mut take = |column: BillColumn| record.take(column as usize);
    let seller = take(BillColumn::Seller);
    Ok(Charge {
        correction,
        pricing,
        billing_account_type: Some("Billing Account".to_owned()),
        sub_account_type: Some("Project".to_owned()),
        invoice_issuer: Some(GOOGLE.to_owned()),
        provider: Some(GOOGLE.to_owned()),
        publisher: seller.filter(|_| !by_google).or_else(|| Some(GOOGLE.to_owned())),
        region_id: take(BillColumn::Region),
        pricing_unit: take(BillColumn::PricingUnit),
        consumed_unit: take(BillColumn::ConsumedUnit),
        ..Charge::new(category, billing_period(month)?)
    })
}

fn pricing(record: &BillRecord) -> PricingCategory {
    let credited = record.texts(BillColumn::CreditType as usize).iter().any(|kind| kind.starts_with(COMMITTED));
    let sku = record.text(BillColumn::Sku as usize).unwrap_or_default();
    let is_commitment = sku.get(..10).is_some_and(|begin| begin.eq_ignore_ascii_case("commitment"));
    if credited || is_commitment { PricingCategory::Committed } else { PricingCategory::Standard }
}

/// A month as Google counts it: in US/Pacific.
fn billing_period(month: &str) -> Result<(i64, i64), RecordProblem> {
    let begin = |month: &str| moment(month, Tz::America__Los_Angeles);
    let next = NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d").ok();
    let next = next.and_then(|first| first.checked_add_months(Months::new(1)));
    let next = next.and_then(|first| begin(&first.format("%Y-%m").to_string()));
    let bad = || RecordProblem::value(BillColumn::InvoiceMonth.name(), month, "a month such as 202610");
    begin(month).zip(next).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::rfc3339;

    fn told(cost_type: CostType, values: &[(BillColumn, &str)]) -> Charge {
        let mut record = BillRecord::of_width(BillColumn::ALL.len());
        for (column, text) in values {
            record.put(*column as usize, (*text).to_owned());
        }
        charge(&mut record, cost_type, "2026-11").expect("a charge")
    }

    #[test]
    fn a_billing_period_follows_the_clocks_of_the_pacific() {
        let (start, end) = told(CostType::Regular, &[]).billing_period;
        assert_eq!([rfc3339(start), rfc3339(end)], ["2026-11-01T07:00:00Z", "2026-12-01T08:00:00Z"]);
    }

    #[test]
    fn credits_for_commitments_and_adjustments_show() {
        let plain = told(CostType::Regular, &[(BillColumn::CreditType, "FREE_TIER")]);
        assert_eq!((plain.pricing, plain.correction), (Some(PricingCategory::Standard), false));
        let committed = told(CostType::Regular, &[(BillColumn::CreditType, "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE")]);
        assert_eq!(committed.pricing, Some(PricingCategory::Committed));
        let corrected = told(CostType::Tax, &[(BillColumn::AdjustmentType, "USAGE_CORRECTION")]);
        assert_eq!((corrected.category, corrected.correction, corrected.pricing), (ChargeCategory::Tax, true, None));
    }

    #[test]
    fn what_a_partner_sells_is_published_by_it() {
        let seller = (BillColumn::Seller, "Example Ltd");
        let partner = told(CostType::Regular, &[(BillColumn::TransactionType, "THIRD_PARTY_RESELLER"), seller]);
        assert_eq!(partner.publisher.as_deref(), Some("Example Ltd"));
        assert_eq!(told(CostType::Regular, &[seller]).publisher.as_deref(), Some(GOOGLE));
    }
}
