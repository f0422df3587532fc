//! Charges: what a bill says of its rows beyond what a statement groups by, in the words of FOCUS; and a charge's part that a
//! business unit carries.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::closed_list::closed_list;
use super::cost::{Basis, CostRow, CostType};
use super::money::{Amount, Currency};

closed_list! {
    /// What kind of charge a row is.
    pub enum ChargeCategory {
        Usage = "Usage": "what was used",
        Purchase = "Purchase": "what was bought, such as a commitment",
        Tax = "Tax": "a tax",
        Credit = "Credit": "a voucher or an incentive",
        Adjustment = "Adjustment": "all else that changes an invoice",
    }
}

closed_list! {
    /// How often a charge is made.
    pub enum ChargeFrequency {
        OneTime = "One-Time": "once",
        Recurring = "Recurring": "again and again, whatever is used",
        UsageBased = "Usage-Based": "by what is used",
    }
}

closed_list! {
    /// By which prices a charge is made.
    pub enum PricingCategory {
        Standard = "Standard": "at agreed or public prices",
        Dynamic = "Dynamic": "at prices that move, such as those of spot machines",
        Committed = "Committed": "at a price for a commitment",
        Other = "Other": "otherwise",
    }
}

/// What a bill says of a charge. Rows that differ in it stay apart in a dataset of charges.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Charge {
    /// What kind of charge it is.
    pub category: ChargeCategory,
    /// It corrects what was invoiced before.
    pub correction: bool,
    /// How often it is made, if the bill says so.
    pub frequency: Option<ChargeFrequency>,
    /// By which prices it is made, if the bill says so.
    pub pricing: Option<PricingCategory>,
    /// The first moment of the billing period, and the first one after it.
    pub billing_period: (i64, i64),
    /// The invoice, if the bill names it.
    pub invoice_id: Option<String>,
    /// The billing account's name.
    pub billing_account_name: Option<String>,
    /// What the billing account is called by its provider.
    pub billing_account_type: Option<String>,
    /// What the sub account is called by its provider.
    pub sub_account_type: Option<String>,
    /// Who issues the invoice.
    pub invoice_issuer: Option<String>,
    /// Who sells the service.
    pub provider: Option<String>,
    /// Who makes it.
    pub publisher: Option<String>,
    /// What the service is for, and more closely.
    pub service_category: Option<(String, Option<String>)>,
    /// The region's id.
    pub region_id: Option<String>,
    /// The region's name.
    pub region_name: Option<String>,
    /// The unit of the quantity that is priced.
    pub pricing_unit: Option<String>,
    /// The unit of the quantity that was used.
    pub consumed_unit: Option<String>,
}

impl Charge {
    /// A charge of which nothing more is said.
    pub fn new(category: ChargeCategory, billing_period: (i64, i64)) -> Self {
        Self {
            category,
            correction: false,
            frequency: None,
            pricing: None,
            billing_period,
            invoice_id: None,
            billing_account_name: None,
            billing_account_type: None,
            sub_account_type: None,
            invoice_issuer: None,
            provider: None,
            publisher: None,
            service_category: None,
            region_id: None,
            region_name: None,
            pricing_unit: None,
            consumed_unit: None,
        }
    }
}

/// Amounts that a bill may tell of a charge besides its cost and its credits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// The cost at agreed prices.
    pub contracted: Option<Amount>,
    /// The cost at list prices.
    pub list: Option<Amount>,
    /// The cost with purchases spread over what they cover.
    pub effective: Option<Amount>,
    /// The quantity that was used, in the unit it is used in.
    pub consumed: Option<Amount>,
}

/// The amounts of a charge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Cost before credits.
    pub cost: Amount,
    /// Credits.
    pub credits: Amount,
    /// By how much the cost at agreed prices differs from the cost before credits.
    pub contracted_over_cost: Amount,
    /// By how much the cost at list prices differs from that at agreed prices.
    pub list_over_contracted: Amount,
    /// By how much the cost with purchases spread over what they cover differs from the net cost.
    pub effective_over_net: Amount,
    /// The quantity that is priced; `None` when it is unknown or too large to be kept exactly.
    pub priced: Option<Amount>,
    /// The quantity that was used; `None` when it is unknown or too large to be kept exactly.
    pub consumed: Option<Amount>,
}

impl Figures {
    /// The amounts of a row; `None` when a difference does not fit.
    ///
    /// Where a bill does not tell the cost at agreed prices it is the cost before credits, at list prices that at agreed
    /// ones, and with purchases spread the net cost.
    pub fn of(row: &CostRow) -> Option<Self> {
        let net = row.cost.checked_add(row.credits)?;
        let contracted = row.told.contracted.unwrap_or(row.cost);
        let list = row.told.list.unwrap_or(contracted);
        Some(Self {
            cost: row.cost,
            credits: row.credits,
            contracted_over_cost: contracted.checked_sub(row.cost)?,
            list_over_contracted: list.checked_sub(contracted)?,
            effective_over_net: row.told.effective.unwrap_or(net).checked_sub(net)?,
            priced: row.used,
            consumed: row.told.consumed,
        })
    }

    /// The sum of both; `None` when a cost does not fit.
    pub fn checked_add(self, other: &Self) -> Option<Self> {
        let quantity = |a: Option<Amount>, b: Option<Amount>| a?.checked_add(b?);
        Some(Self {
            cost: self.cost.checked_add(other.cost)?,
            credits: self.credits.checked_add(other.credits)?,
            contracted_over_cost: self.contracted_over_cost.checked_add(other.contracted_over_cost)?,
            list_over_contracted: self.list_over_contracted.checked_add(other.list_over_contracted)?,
            effective_over_net: self.effective_over_net.checked_add(other.effective_over_net)?,
            priced: quantity(self.priced, other.priced),
            consumed: quantity(self.consumed, other.consumed),
        })
    }

    /// What is invoiced: the cost with its credits.
    pub fn net(&self) -> Option<Amount> {
        self.cost.checked_add(self.credits)
    }

    /// The cost at agreed prices.
    pub fn contracted(&self) -> Option<Amount> {
        self.cost.checked_add(self.contracted_over_cost)
    }

    /// The cost at list prices.
    pub fn list(&self) -> Option<Amount> {
        self.contracted()?.checked_add(self.list_over_contracted)
    }

    /// The cost with purchases spread over what they cover.
    pub fn effective(&self) -> Option<Amount> {
        self.net()?.checked_add(self.effective_over_net)
    }

    /// Whether there is nothing in it but quantities that are unknown.
    pub fn is_nothing(&self) -> bool {
        let quantity = |quantity: Option<Amount>| quantity.unwrap_or_default();
        let all = [
            self.cost,
            self.credits,
            self.contracted_over_cost,
            self.list_over_contracted,
            self.effective_over_net,
            quantity(self.priced),
            quantity(self.consumed),
        ];
        all.iter().all(|amount| *amount == Amount::ZERO)
    }
}

/// What a bill knows of the account within the billing account that it charges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubAccount {
    /// Its id, as the bill has it.
    pub id: String,
    /// Its number.
    pub number: Option<u64>,
    /// Its display name.
    pub name: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What holds it, as `folders/N` and `organizations/N`, nearest first.
    pub ancestors: Vec<String>,
}

/// The part of a charge that somebody carries: what one row of a dataset of allocated charges is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocatedCharge {
    /// The month of the invoice, as `2026-10`.
    pub invoice_month: String,
    /// The currency.
    pub currency: Currency,
    /// The billing account.
    pub billing_account: String,
    /// The account that the bill charges; `None` for what no account is charged for.
    pub sub_account: Option<Arc<SubAccount>>,
    /// The payer that the account is, if the directory knows it.
    pub payer: Option<String>,
    /// The service, by the bill's name.
    pub service: String,
    /// What the service is for, and more closely, as far as the bill or its provider's catalogue says.
    pub service_category: Option<(String, Option<String>)>,
    /// The SKU's id.
    pub sku_id: String,
    /// The SKU in words.
    pub sku: String,
    /// What is charged for.
    pub cost_type: CostType,
    /// The first moment of the charge's period, and the first one after it.
    pub period: (i64, i64),
    /// What the bill says of it.
    pub charge: Arc<Charge>,
    /// Who carries it.
    pub unit: String,
    /// The unit's cost centre.
    pub cost_center: Option<String>,
    /// By what it came there.
    pub basis: Basis,
    /// The pool that handed it on last.
    pub pool: Option<String>,
    /// The values of the columns that only calls have, in the order in which they were asked for; `None` where no call tells.
    pub told_by_calls: Vec<Option<String>>,
    /// Its amounts.
    pub figures: Figures,
}
