use std::collections::BTreeMap;

use sandbox_runtime::{Error, Result, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub count: u32,
    pub unit: Option<String>,
}

/// It has no schema, so a script is told nothing of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub text: String,
}

/// Prices usage.
#[sandbox_api(guest)]
pub(crate) trait Rule {
    /// The price without tax.
    #[sandbox(returns(range(min = 0)))]
    fn net(&self, quantity: u32) -> Result<f64>;
    /// A guest that says nothing of taxes has this one.
    fn tax_rate(&self, country: &str) -> Result<f64> {
        Ok(if country == "CH" { 0.081 } else { 0.19 })
    }
    /// Optional too; calls what the guest exports.
    #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
    fn gross(&self, quantity: u32, country: &str) -> Result<f64, Error> {
        Ok(self.net(quantity)? * (1.0 + self.tax_rate(country)?))
    }
    #[sandbox(on_failure = default)]
    fn label(&self) -> String;
    /// What was sold most, of what is described and what is not.
    fn best(&self, sold: BTreeMap<String, Item>, note: Note) -> Result<Option<Item>>;
    #[sandbox(on_failure = value(100 - discount))]
    fn percent(&self, #[sandbox(range(max = 100))] discount: u8) -> u8;
    #[sandbox(on_failure = panic, rename = "assertSane")]
    fn assert_sane(&self);
}
