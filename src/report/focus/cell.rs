//! What an allocated charge has in each column of a FOCUS dataset.

use serde_json::{Map, Value, json};

use super::FocusDatasetColumn;
use crate::model::charge::{AllocatedCharge, ChargeCategory, ChargeFrequency, PricingCategory, SubAccount};
use crate::model::document::Cell;
use crate::model::money::{Amount, Money};

/// What stands for a provider that the bill does not name, because FOCUS wants one.
const UNKNOWN: &str = "(unknown)";

/// The unit of a quantity whose unit the bill does not tell.
const UNITS: &str = "Units";

/// The value of a charge in a column; `None` when an amount does not fit.
pub(super) fn cell(column: FocusDatasetColumn, row: &AllocatedCharge) -> Option<Cell> {
    let (charge, figures) = (&row.charge, &row.figures);
    let category = charge.category;
    let is_tax = category == ChargeCategory::Tax;
    let text = |text: Option<&str>| {
        text.filter(|text| !text.is_empty()).map_or(Cell::Null, |text| Cell::Text(text.to_owned()))
    };
    let told = |told: &Option<String>| text(told.as_deref());
    let decimal = |amount: Amount| Cell::Money(Money::rounded(amount, row.currency));
    let quantity = |amount: Option<Amount>| amount.map_or(Cell::Null, decimal);
    let unit = |amount: Option<Amount>, unit: &Option<String>| text(amount.map(|_| unit.as_deref().unwrap_or(UNITS)));
    let provider = charge.provider.as_deref().unwrap_or(UNKNOWN);
    let account = row.sub_account.as_deref();
    let priced = figures.priced.filter(|_| !is_tax);
    let consumed = figures.consumed.filter(|_| category == ChargeCategory::Usage);
    Some(match column {
        FocusDatasetColumn::ProviderName => text(Some(provider)),
        FocusDatasetColumn::PublisherName => text(Some(charge.publisher.as_deref().unwrap_or(provider))),
        FocusDatasetColumn::InvoiceIssuerName => text(Some(charge.invoice_issuer.as_deref().unwrap_or(provider))),
        FocusDatasetColumn::InvoiceId => told(&charge.invoice_id),
        FocusDatasetColumn::BillingAccountId => text(Some(&row.billing_account)),
        FocusDatasetColumn::BillingAccountName => told(&charge.billing_account_name),
        FocusDatasetColumn::BillingAccountType => {
            text(Some(charge.billing_account_type.as_deref().unwrap_or("Billing Account")))
        }
        FocusDatasetColumn::SubAccountId => text(account.map(|account| account.id.as_str())),
        FocusDatasetColumn::SubAccountName => text(account.and_then(|account| account.name.as_deref())),
        FocusDatasetColumn::SubAccountType => {
            text(account.map(|_| charge.sub_account_type.as_deref().unwrap_or("Account")))
        }
        FocusDatasetColumn::BillingPeriodStart => Cell::Time(charge.billing_period.0),
        FocusDatasetColumn::BillingPeriodEnd => Cell::Time(charge.billing_period.1),
        FocusDatasetColumn::ChargePeriodStart => Cell::Time(row.period.0),
        FocusDatasetColumn::ChargePeriodEnd => Cell::Time(row.period.1),
        FocusDatasetColumn::ChargeCategory => text(Some(category.name())),
        FocusDatasetColumn::ChargeClass => text(charge.correction.then_some("Correction")),
        FocusDatasetColumn::ChargeDescription => text(Some(&row.sku)),
        FocusDatasetColumn::ChargeFrequency => text(Some(frequency(category, charge.frequency).name())),
        FocusDatasetColumn::BilledCost => decimal(figures.net()?),
        FocusDatasetColumn::EffectiveCost => decimal(figures.effective()?),
        FocusDatasetColumn::ListCost => decimal(figures.list()?),
        FocusDatasetColumn::ContractedCost => decimal(figures.contracted()?),
        FocusDatasetColumn::PricingCategory => text(pricing(category, charge.pricing).map(PricingCategory::name)),
        FocusDatasetColumn::PricingQuantity => quantity(priced),
        FocusDatasetColumn::PricingUnit => unit(priced, &charge.pricing_unit),
        FocusDatasetColumn::BillingCurrency => text(Some(row.currency.code())),
        FocusDatasetColumn::ConsumedQuantity => quantity(consumed),
        FocusDatasetColumn::ConsumedUnit => unit(consumed, &charge.consumed_unit),
        FocusDatasetColumn::ServiceName => text(Some(&row.service)),
        FocusDatasetColumn::ServiceCategory => text(Some(service_category(row).0)),
        FocusDatasetColumn::ServiceSubcategory => Cell::Text(match service_category(row) {
            (_, Some(subcategory)) => subcategory.to_owned(),
            (category, None) => format!("Other ({category})"),
        }),
        FocusDatasetColumn::SkuId => text((!is_tax).then_some(&row.sku_id)),
        FocusDatasetColumn::RegionId => told(&charge.region_id),
        FocusDatasetColumn::RegionName => text(charge.region_name.as_deref().or(charge.region_id.as_deref())),
        FocusDatasetColumn::ListUnitPrice
        | FocusDatasetColumn::ContractedUnitPrice
        | FocusDatasetColumn::SkuMeter
        | FocusDatasetColumn::SkuPriceId
        | FocusDatasetColumn::SkuPriceDetails
        | FocusDatasetColumn::ResourceId
        | FocusDatasetColumn::ResourceName
        | FocusDatasetColumn::ResourceType
        | FocusDatasetColumn::AvailabilityZone
        | FocusDatasetColumn::CommitmentDiscountId
        | FocusDatasetColumn::CommitmentDiscountName
        | FocusDatasetColumn::CommitmentDiscountCategory
        | FocusDatasetColumn::CommitmentDiscountType
        | FocusDatasetColumn::CommitmentDiscountStatus
        | FocusDatasetColumn::CommitmentDiscountQuantity
        | FocusDatasetColumn::CommitmentDiscountUnit
        | FocusDatasetColumn::CapacityReservationId
        | FocusDatasetColumn::CapacityReservationStatus => Cell::Null,
        FocusDatasetColumn::Tags => text(account.and_then(tags).as_deref()),
        FocusDatasetColumn::BusinessUnit => text(Some(&row.unit)),
        FocusDatasetColumn::CostCenter => told(&row.cost_center),
        FocusDatasetColumn::Basis => text(Some(row.basis.name())),
        FocusDatasetColumn::Pool => told(&row.pool),
        FocusDatasetColumn::Payer => told(&row.payer),
        FocusDatasetColumn::CostType => text(Some(row.cost_type.name())),
        FocusDatasetColumn::InvoiceMonth => text(Some(&row.invoice_month)),
        FocusDatasetColumn::Credits => text(credits(row).as_deref()),
        FocusDatasetColumn::BilledQuantity => quantity(figures.priced.filter(|_| is_tax)),
        FocusDatasetColumn::BilledSkuId => text(is_tax.then_some(&row.sku_id)),
        FocusDatasetColumn::ProjectNumber => {
            text(account.and_then(|account| account.number).map(|number| number.to_string()).as_deref())
        }
        FocusDatasetColumn::ProjectAncestryNumbers => text(account.and_then(ancestry).as_deref()),
        FocusDatasetColumn::ProjectLabels => text(account.and_then(labels).as_deref()),
    })
}

/// How often a charge is made. A purchase is never made by what is used.
fn frequency(category: ChargeCategory, told: Option<ChargeFrequency>) -> ChargeFrequency {
    match (category, told) {
        (ChargeCategory::Purchase, Some(ChargeFrequency::UsageBased)) => ChargeFrequency::OneTime,
        (_, Some(told)) => told,
        (ChargeCategory::Usage, None) => ChargeFrequency::UsageBased,
        (
            ChargeCategory::Purchase | ChargeCategory::Tax | ChargeCategory::Credit | ChargeCategory::Adjustment,
            None,
        ) => ChargeFrequency::OneTime,
    }
}

/// By which prices a charge is made: a tax by none, usage and purchases by some.
fn pricing(category: ChargeCategory, told: Option<PricingCategory>) -> Option<PricingCategory> {
    match category {
        ChargeCategory::Tax => None,
        ChargeCategory::Usage | ChargeCategory::Purchase => Some(told.unwrap_or(PricingCategory::Other)),
        ChargeCategory::Credit | ChargeCategory::Adjustment => told,
    }
}

fn service_category(row: &AllocatedCharge) -> (&str, Option<&str>) {
    row.service_category.as_ref().map_or(("Other", None), |(category, closer)| (category, closer.as_deref()))
}

/// The credits as JSON, with every digit. A row of category `Credit` is one itself.
fn credits(row: &AllocatedCharge) -> Option<String> {
    let credits = row.figures.credits;
    let apart = credits != Amount::ZERO && row.charge.category != ChargeCategory::Credit;
    apart.then(|| format!(r#"[{{"Name":"credits","Amount":{credits}}}]"#))
}

fn tags(account: &SubAccount) -> Option<String> {
    let labels = account.labels.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
    let labels: Map<String, Value> = labels.collect();
    (!labels.is_empty()).then(|| Value::Object(labels).to_string())
}

fn labels(account: &SubAccount) -> Option<String> {
    let labels = account.labels.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    let labels: Vec<Value> = labels.collect();
    (!labels.is_empty()).then(|| Value::Array(labels).to_string())
}

/// Organisation and folders, the organisation first; `None` without one, because the first number is read as one.
fn ancestry(account: &SubAccount) -> Option<String> {
    let mut numbers = account.ancestors.iter().rev();
    let organization = numbers.next()?.strip_prefix("organizations/")?;
    let folders = numbers.map(|folder| folder.strip_prefix("folders/")).collect::<Option<Vec<_>>>()?;
    let all: Vec<&str> = std::iter::once(organization).chain(folders).collect();
    Some(format!("/{}/", all.join("/")))
}
