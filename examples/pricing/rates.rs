//! The host's side of [`ExchangeRates`]: a fixed table.

use std::{collections::BTreeMap, path::Path};

use sandbox_runtime::{Error, Result};

use super::contract::ExchangeRates;

/// The rates of `rates.csv`.
#[derive(Clone)]
pub struct RateTable(BTreeMap<(String, String), f64>);

impl RateTable {
    /// Reads a table with the columns `from,to,rate`.
    pub fn read(path: &Path) -> csv::Result<Self> {
        let mut table = BTreeMap::new();
        for row in csv::Reader::from_path(path)?.into_deserialize() {
            let (from, to, rate): (String, String, f64) = row?;
            table.insert((from, to), rate);
        }
        Ok(Self(table))
    }
}

impl ExchangeRates for RateTable {
    fn rate(&self, from: &str, to: &str) -> Result<f64> {
        if from == to {
            return Ok(1.0);
        }
        let pair = (from.to_owned(), to.to_owned());
        self.0.get(&pair).copied().ok_or_else(|| Error::public(format!("no rate from {from} to {to}")))
    }
}
