//! The contracts between the billing host and the rules of its tenants.

use sandbox_runtime::{Result, sandbox_api};
use serde::{Deserialize, Serialize};

/// What a customer of a tenant used of one metric on one day: a row of `usage.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageRecord {
    pub tenant: String,
    pub customer: String,
    pub plan: String,
    pub metric: String,
    pub quantity: f64,
    pub region: String,
    pub day: u32,
    pub days_in_month: u32,
    pub coupon: Option<String>,
}

/// The price of one usage record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    pub amount: f64,
    pub currency: String,
    pub lines: Vec<ChargeLine>,
}

/// A line of the invoice that explains a part of a charge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChargeLine {
    pub label: String,
    pub amount: f64,
}

/// What the script of a tenant implements.
#[sandbox_api(guest)]
pub trait PricingRule {
    /// Prices one usage record.
    fn price(&self, usage: &UsageRecord) -> Result<Charge>;

    /// The least a customer pays a month. A rule that exports nothing of the name has none.
    fn monthly_minimum(&self) -> Result<f64> {
        Ok(0.0)
    }
}

/// What a rule may ask of the host.
#[sandbox_api(host)]
pub trait ExchangeRates {
    /// The units of `to` that one unit of `from` buys.
    fn rate(&self, from: &str, to: &str) -> Result<f64>;
}
