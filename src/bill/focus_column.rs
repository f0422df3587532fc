//! The columns of FOCUS that are read, and what providers add to them.

use crate::model::closed_list::closed_list;

closed_list! {
    /// The columns of FOCUS that are read.
    pub enum FocusColumn {
        BilledCost = "BilledCost": "what is invoiced, credits included",
        BillingCurrency = "BillingCurrency": "the currency",
        BillingAccountId = "BillingAccountId": "the billing account",
        BillingPeriodStart = "BillingPeriodStart": "the first moment of the invoice's month",
        BillingPeriodEnd = "BillingPeriodEnd": "the first moment after it",
        ChargePeriodStart = "ChargePeriodStart": "when the usage began",
        ChargePeriodEnd = "ChargePeriodEnd": "when it ended",
        ChargeCategory = "ChargeCategory": "Usage, Purchase, Tax, Credit or Adjustment",
        ChargeClass = "ChargeClass": "Correction, or nothing",
        ChargeDescription = "ChargeDescription": "the charge in words",
        ChargeFrequency = "ChargeFrequency": "One-Time, Recurring or Usage-Based",
        ServiceName = "ServiceName": "the service",
        ServiceCategory = "ServiceCategory": "what it is for",
        ServiceSubcategory = "ServiceSubcategory": "the same more closely",
        SkuId = "SkuId": "the SKU's id",
        SubAccountId = "SubAccountId": "the project",
        SubAccountName = "SubAccountName": "its display name",
        SubAccountType = "SubAccountType": "what the provider calls such an account",
        BillingAccountName = "BillingAccountName": "the billing account's name",
        BillingAccountType = "BillingAccountType": "what the provider calls such an account",
        InvoiceId = "InvoiceId": "the invoice",
        InvoiceIssuer = "InvoiceIssuerName": "who issues the invoice",
        Provider = "ProviderName": "who sells the service, up to 1.3",
        ServiceProvider = "ServiceProviderName": "the same from 1.3 on",
        Publisher = "PublisherName": "who makes it, up to 1.3",
        HostProvider = "HostProviderName": "where it runs, from 1.3 on",
        ResourceId = "ResourceId": "the resource",
        RegionId = "RegionId": "the region",
        RegionName = "RegionName": "its name",
        PricingCategory = "PricingCategory": "Standard, Dynamic, Committed or Other",
        PricingQuantity = "PricingQuantity": "what was used, in the unit it is priced in",
        PricingUnit = "PricingUnit": "that unit",
        ConsumedQuantity = "ConsumedQuantity": "what was used, in the unit it is used in",
        ConsumedUnit = "ConsumedUnit": "that unit",
        ListCost = "ListCost": "the cost at list prices",
        ContractedCost = "ContractedCost": "the cost at agreed prices",
        EffectiveCost = "EffectiveCost": "the cost with purchases spread over what they cover",
        CreditAmount = "x_Credits.Amount": "Google's credits, which BilledCost holds already",
        Credits = "x_Credits": "the same as a text of JSON",
        CostType = "x_CostType": "Google's cost type",
        ProjectNumber = "x_ProjectNumber": "Google's project number",
        ProjectRecordNumber = "x_Project.Number": "the same in a record",
        ProjectAncestry = "x_ProjectAncestryNumbers": "organisation and folders of the project",
        ProjectRecordAncestry = "x_Project.AncestryNumbers": "the same in a record",
        ProjectLabelKey = "x_ProjectLabels.Key": "the keys of the project's labels",
        ProjectLabelValue = "x_ProjectLabels.Value": "their values",
        ProjectLabels = "x_ProjectLabels": "the labels as a text of JSON",
        BilledSkuId = "x_SkuId": "the SKU's id where FOCUS wants none, as billtrail writes it",
        BilledQuantity = "x_PricingQuantity": "what was used where FOCUS wants none, as billtrail writes it",
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

/// Columns that hold amounts, which a spreadsheet may have written with a decimal comma.
pub const AMOUNTS: [FocusColumn; 6] = [
    FocusColumn::BilledCost,
    FocusColumn::PricingQuantity,
    FocusColumn::ConsumedQuantity,
    FocusColumn::ListCost,
    FocusColumn::ContractedCost,
    FocusColumn::EffectiveCost,
];
