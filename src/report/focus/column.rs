//! The columns of a FOCUS dataset: those of the specification with the version that brought them, and billtrail's own.
//!
//! Left out are the four columns of prices in another currency than the bill's, which no bill that is read tells.

use super::FocusVersion;
use crate::model::closed_list::closed_list;
use crate::model::document::ColumnType;

closed_list! {
    /// A column of a FOCUS dataset.
    pub enum FocusDatasetColumn {
        ProviderName = "ProviderName": "who sells the service",
        PublisherName = "PublisherName": "who makes it",
        InvoiceIssuerName = "InvoiceIssuerName": "who issues the invoice",
        InvoiceId = "InvoiceId": "the invoice, if the bill names it",
        BillingAccountId = "BillingAccountId": "the billing account",
        BillingAccountName = "BillingAccountName": "its name, if the bill names it",
        BillingAccountType = "BillingAccountType": "what the provider calls it",
        SubAccountId = "SubAccountId": "the project as the bill names it; empty for what no project is charged for",
        SubAccountName = "SubAccountName": "the project's display name",
        SubAccountType = "SubAccountType": "what the provider calls it",
        BillingPeriodStart = "BillingPeriodStart": "the first moment of the invoice's month",
        BillingPeriodEnd = "BillingPeriodEnd": "the first moment after it",
        ChargePeriodStart = "ChargePeriodStart": "the first moment of the day of the usage",
        ChargePeriodEnd = "ChargePeriodEnd": "the first moment after it",
        ChargeCategory = "ChargeCategory": "Usage, Purchase, Tax, Credit or Adjustment",
        ChargeClass = "ChargeClass": "Correction, or empty",
        ChargeDescription = "ChargeDescription": "the SKU in words",
        ChargeFrequency = "ChargeFrequency": "One-Time, Recurring or Usage-Based",
        BilledCost = "BilledCost": "what is invoiced, credits included",
        EffectiveCost = "EffectiveCost": "the cost with purchases spread over what they cover; what is invoiced where the bill tells none",
        ListCost = "ListCost": "the cost at list prices; at agreed prices where the bill tells none",
        ContractedCost = "ContractedCost": "the cost at agreed prices; before credits where the bill tells none",
        ListUnitPrice = "ListUnitPrice": "empty: a row is a sum over a day",
        ContractedUnitPrice = "ContractedUnitPrice": "empty: a row is a sum over a day",
        PricingCategory = "PricingCategory": "Standard, Dynamic, Committed or Other",
        PricingQuantity = "PricingQuantity": "what was used, in the unit it is priced in",
        PricingUnit = "PricingUnit": "that unit",
        BillingCurrency = "BillingCurrency": "the currency",
        ConsumedQuantity = "ConsumedQuantity": "what was used, in the unit it is used in",
        ConsumedUnit = "ConsumedUnit": "that unit",
        ServiceName = "ServiceName": "the service, by the bill's name",
        ServiceCategory = "ServiceCategory": "what it is for",
        ServiceSubcategory = "ServiceSubcategory": "the same more closely",
        SkuId = "SkuId": "the SKU; empty for taxes",
        SkuMeter = "SkuMeter": "empty: no bill that is read tells it of a whole day",
        SkuPriceId = "SkuPriceId": "empty: a row is a sum over a day",
        SkuPriceDetails = "SkuPriceDetails": "empty: a row is a sum over a day",
        ResourceId = "ResourceId": "empty: a row is a sum over resources",
        ResourceName = "ResourceName": "empty: a row is a sum over resources",
        ResourceType = "ResourceType": "empty: a row is a sum over resources",
        RegionId = "RegionId": "the region",
        RegionName = "RegionName": "its name, or its id where the bill tells none",
        AvailabilityZone = "AvailabilityZone": "empty: a row is a sum over zones",
        CommitmentDiscountId = "CommitmentDiscountId": "empty: a row is a sum over commitments",
        CommitmentDiscountName = "CommitmentDiscountName": "empty: a row is a sum over commitments",
        CommitmentDiscountCategory = "CommitmentDiscountCategory": "empty: a row is a sum over commitments",
        CommitmentDiscountType = "CommitmentDiscountType": "empty: a row is a sum over commitments",
        CommitmentDiscountStatus = "CommitmentDiscountStatus": "empty: a row is a sum over commitments",
        CommitmentDiscountQuantity = "CommitmentDiscountQuantity": "empty: a row is a sum over commitments",
        CommitmentDiscountUnit = "CommitmentDiscountUnit": "empty: a row is a sum over commitments",
        CapacityReservationId = "CapacityReservationId": "empty: a row is a sum over reservations",
        CapacityReservationStatus = "CapacityReservationStatus": "empty: a row is a sum over reservations",
        Tags = "Tags": "the labels of the project as a JSON object",
        BusinessUnit = "x_BusinessUnit": "who carries the row: the business unit, or what stands for its absence",
        CostCenter = "x_CostCenter": "the unit's cost centre",
        Basis = "x_Basis": "by what the cost came to the unit",
        Pool = "x_Pool": "the pool that handed it on last",
        Payer = "x_Payer": "the project that pays, as logs and inventories name it",
        CostType = "x_CostType": "what is charged for, in Google's words",
        InvoiceMonth = "x_InvoiceMonth": "the month of the invoice, as 2026-10",
        Credits = "x_Credits": "the credits that BilledCost holds, as JSON",
        BilledSkuId = "x_SkuId": "the SKU of a tax",
        BilledQuantity = "x_PricingQuantity": "the quantity of a tax",
        ProjectNumber = "x_ProjectNumber": "the project's number",
        ProjectAncestryNumbers = "x_ProjectAncestryNumbers": "organisation and folders of the project, as Google writes them",
        ProjectLabels = "x_ProjectLabels": "the labels of the project as Google writes them",
    }
}

impl FocusDatasetColumn {
    /// The version that brought it.
    pub const fn since(self) -> FocusVersion {
        match self {
            Self::CapacityReservationId
            | Self::CapacityReservationStatus
            | Self::CommitmentDiscountQuantity
            | Self::CommitmentDiscountUnit
            | Self::ServiceSubcategory
            | Self::SkuMeter
            | Self::SkuPriceDetails => FocusVersion::V1_1,
            Self::BillingAccountType | Self::SubAccountType | Self::InvoiceId => FocusVersion::V1_2,
            Self::ProviderName
            | Self::PublisherName
            | Self::InvoiceIssuerName
            | Self::BillingAccountId
            | Self::BillingAccountName
            | Self::SubAccountId
            | Self::SubAccountName
            | Self::BillingPeriodStart
            | Self::BillingPeriodEnd
            | Self::ChargePeriodStart
            | Self::ChargePeriodEnd
            | Self::ChargeCategory
            | Self::ChargeClass
            | Self::ChargeDescription
            | Self::ChargeFrequency
            | Self::BilledCost
            | Self::EffectiveCost
            | Self::ListCost
            | Self::ContractedCost
            | Self::ListUnitPrice
            | Self::ContractedUnitPrice
            | Self::PricingCategory
            | Self::PricingQuantity
            | Self::PricingUnit
            | Self::BillingCurrency
            | Self::ConsumedQuantity
            | Self::ConsumedUnit
            | Self::ServiceName
            | Self::ServiceCategory
            | Self::SkuId
            | Self::SkuPriceId
            | Self::ResourceId
            | Self::ResourceName
            | Self::ResourceType
            | Self::RegionId
            | Self::RegionName
            | Self::AvailabilityZone
            | Self::CommitmentDiscountId
            | Self::CommitmentDiscountName
            | Self::CommitmentDiscountCategory
            | Self::CommitmentDiscountType
            | Self::CommitmentDiscountStatus
            | Self::Tags
            | Self::BusinessUnit
            | Self::CostCenter
            | Self::Basis
            | Self::Pool
            | Self::Payer
            | Self::CostType
            | Self::InvoiceMonth
            | Self::Credits
            | Self::BilledSkuId
            | Self::BilledQuantity
            | Self::ProjectNumber
            | Self::ProjectAncestryNumbers
            | Self::ProjectLabels => FocusVersion::V1_0,
        }
    }

    /// What it holds. Quantities and unit prices are decimal numbers as money is.
    pub const fn kind(self) -> ColumnType {
        match self {
            Self::BilledCost
            | Self::EffectiveCost
            | Self::ListCost
            | Self::ContractedCost
            | Self::ListUnitPrice
            | Self::ContractedUnitPrice
            | Self::PricingQuantity
            | Self::ConsumedQuantity
            | Self::BilledQuantity
            | Self::CommitmentDiscountQuantity => ColumnType::Money,
            Self::BillingPeriodStart | Self::BillingPeriodEnd | Self::ChargePeriodStart | Self::ChargePeriodEnd => {
                ColumnType::Time
            }
            Self::ProviderName
            | Self::PublisherName
            | Self::InvoiceIssuerName
            | Self::InvoiceId
            | Self::BillingAccountId
            | Self::BillingAccountName
            | Self::BillingAccountType
            | Self::SubAccountId
            | Self::SubAccountName
            | Self::SubAccountType
            | Self::ChargeCategory
            | Self::ChargeClass
            | Self::ChargeDescription
            | Self::ChargeFrequency
            | Self::PricingCategory
            | Self::PricingUnit
            | Self::BillingCurrency
            | Self::ConsumedUnit
            | Self::ServiceName
            | Self::ServiceCategory
            | Self::ServiceSubcategory
            | Self::SkuId
            | Self::SkuMeter
            | Self::SkuPriceId
            | Self::SkuPriceDetails
            | Self::ResourceId
            | Self::ResourceName
            | Self::ResourceType
            | Self::RegionId
            | Self::RegionName
            | Self::AvailabilityZone
            | Self::CommitmentDiscountId
            | Self::CommitmentDiscountName
            | Self::CommitmentDiscountCategory
            | Self::CommitmentDiscountType
            | Self::CommitmentDiscountStatus
            | Self::CommitmentDiscountUnit
            | Self::CapacityReservationId
            | Self::CapacityReservationStatus
            | Self::Tags
            | Self::BusinessUnit
            | Self::CostCenter
            | Self::Basis
            | Self::Pool
            | Self::Payer
            | Self::CostType
            | Self::InvoiceMonth
            | Self::Credits
            | Self::BilledSkuId
            | Self::ProjectNumber
            | Self::ProjectAncestryNumbers
            | Self::ProjectLabels => ColumnType::Text,
        }
    }
}
