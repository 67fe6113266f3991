//! Every bound that a type can have.

use std::collections::{BTreeMap, HashSet};

use sandbox_runtime::{AsMap, AsSet, Bytes, Result, sandbox_api};

#[sandbox_api]
pub trait Shop {
    #[sandbox(returns(range(min = -1, max = 1.5)))]
    fn number(
        &self,
        #[sandbox(range(min = -5))] a: i128,
        #[sandbox(range(max = 0xff))] b: Option<f32>,
        #[sandbox(range(min = 1_000, max = 1e6))] c: &u64,
    ) -> Result<f64>;
    #[sandbox(returns(length(min = 1), pattern("^a")), rename = "words")]
    fn text(
        &self,
        #[sandbox(length(max = 64), pattern("[a-z]"))] a: &str,
        #[sandbox(length(max = 64))] b: Option<String>,
        #[sandbox(length(max = 64))] c: &[u8],
        #[sandbox(length(max = 64))] d: Bytes,
    ) -> Result<Option<String>>;
    #[sandbox(returns(length(max = 3)))]
    fn list(
        &self,
        #[sandbox(length(max = 64))] a: &[f64],
        #[sandbox(length(max = 64))] b: HashSet<String>,
        #[sandbox(length(max = 64))] c: AsMap<BTreeMap<String, u8>>,
        #[sandbox(length(max = 64))] d: AsSet<HashSet<u8>>,
    ) -> Result<Vec<bool>>;
}

fn main() {}
