//! What FOCUS says of a charge beyond its cost. None of it decides who pays, so that what cannot be read is left out.

use chrono::{DateTime, Months};

use super::focus::quantity;
use super::focus_column::FocusColumn;
use crate::model::bill_record::BillRecord;
use crate::model::charge::{Charge, ChargeCategory, ChargeFrequency, PricingCategory, Told};

/// What a record says of its charge. `priced` says whether the quantity can be kept; a unit without one says nothing.
pub(super) fn charge(
    record: &mut BillRecord,
    category: ChargeCategory,
    (start, end): (i64, Option<i64>),
    priced: bool,
) -> Charge {
    let consumed = quantity(record, FocusColumn::ConsumedQuantity).is_some();
    let word = |column: FocusColumn| record.text(column as usize).map(str::trim);
    let is_correction = word(FocusColumn::ChargeClass).is_some_and(|word| word.eq_ignore_ascii_case("correction"));
    let frequency = word(FocusColumn::ChargeFrequency).and_then(ChargeFrequency::parse);
    let pricing = word(FocusColumn::PricingCategory).and_then(PricingCategory::parse);
    let mut take = |column: FocusColumn| record.take(column as usize);
    let service_category = take(FocusColumn::ServiceCategory);
    let subcategory = take(FocusColumn::ServiceSubcategory);
    let (sold, serves) = (take(FocusColumn::Provider), take(FocusColumn::ServiceProvider));
    let (published, hosts) = (take(FocusColumn::Publisher), take(FocusColumn::HostProvider));
    Charge {
        category,
        correction: is_correction,
        frequency,
        pricing,
        billing_period: (start, end.unwrap_or_else(|| month_after(start))),
        invoice_id: take(FocusColumn::InvoiceId),
        billing_account_name: take(FocusColumn::BillingAccountName),
        billing_account_type: take(FocusColumn::BillingAccountType),
        sub_account_type: take(FocusColumn::SubAccountType),
        invoice_issuer: take(FocusColumn::InvoiceIssuer),
        provider: sold.or(serves),
        publisher: published.or(hosts),
        service_category: service_category.map(|category| (category, subcategory)),
        region_id: take(FocusColumn::RegionId),
        region_name: take(FocusColumn::RegionName),
        pricing_unit: take(FocusColumn::PricingUnit).filter(|_| priced),
        consumed_unit: take(FocusColumn::ConsumedUnit).filter(|_| consumed),
    }
}

/// The amounts that a record tells besides.
pub(super) fn told(record: &BillRecord) -> Told {
    Told {
        contracted: quantity(record, FocusColumn::ContractedCost),
        list: quantity(record, FocusColumn::ListCost),
        effective: quantity(record, FocusColumn::EffectiveCost),
        consumed: quantity(record, FocusColumn::ConsumedQuantity),
    }
}

fn month_after(start: i64) -> i64 {
    let after = DateTime::from_timestamp_nanos(start).checked_add_months(Months::new(1));
    after.and_then(|time| time.timestamp_nanos_opt()).unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_versions_name_providers_otherwise_and_a_unit_needs_its_quantity() {
        let mut record = BillRecord::of_width(FocusColumn::ALL.len());
        for (column, text) in [
            (FocusColumn::ServiceProvider, "Example Cloud"),
            (FocusColumn::HostProvider, "Example Host"),
            (FocusColumn::ChargeClass, "Correction"),
            (FocusColumn::ChargeFrequency, "Usage-Based"),
            (FocusColumn::PricingUnit, "Hours"),
            (FocusColumn::ConsumedQuantity, "1e40"),
            (FocusColumn::ConsumedUnit, "Bytes"),
        ] {
            record.put(column as usize, text.to_owned());
        }
        let october = 1_790_838_000_000_000_000;
        let charge = charge(&mut record, ChargeCategory::Usage, (october, None), true);
        assert_eq!(charge.provider.as_deref(), Some("Example Cloud"));
        assert_eq!(charge.publisher.as_deref(), Some("Example Host"));
        assert_eq!((charge.correction, charge.frequency), (true, Some(ChargeFrequency::UsageBased)));
        assert_eq!((charge.pricing_unit.as_deref(), charge.consumed_unit), (Some("Hours"), None));
        assert_eq!(charge.billing_period, (october, october + 31 * 86_400_000_000_000));
    }
}
