//! Every form of a receiver, a parameter and a return type.

#![deny(warnings)]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use sandbox_runtime::{Bytes, Result, sandbox_api};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rule {
    pub rate: f64,
}

#[sandbox_api]
pub trait Forms {
    fn plain(&self) -> Result<()>;
    fn written_out(self: &Self) -> Result<(), sandbox_runtime::Error>;
    #[allow(unused_parens, reason = "macros make such types")]
    fn in_parentheses(&self, a: (u32), b: (&str)) -> Result<(u32)>;
    fn by_value(&self, a: bool, b: char, c: String, d: Rule, e: Bytes) -> Result<Rule>;
    fn by_reference(&self, a: &str, b: &[u8], c: &Rule, d: &Vec<Rule>, e: &[f64], f: &u8) -> Result<Bytes>;
    fn integers(&self, a: u8, b: i8, c: u16, d: i16, e: u32, f: i32, g: u64, h: i64) -> Result<(u64, i64)>;
    fn collections(
        &self,
        a: Vec<Option<Rule>>,
        b: HashMap<String, u32>,
        c: BTreeMap<String, u32>,
        d: HashSet<u8>,
        e: BTreeSet<u8>,
    ) -> Result<Vec<Rule>>;
    fn pointers(&self, a: Box<Rule>, b: Rc<Rule>, c: Arc<Rule>) -> Result<Box<Rule>>;
    fn shapes(&self, a: [u32; 3], b: (u8, String), c: (), d: serde_json::Value) -> Result<[(u8,); 2]>;
    fn paths(&self, a: std::string::String, b: self::Rule, _unused: u8) -> std::result::Result<u8, AnyError>;
    #[rustfmt::skip]
    #[allow(clippy::too_many_arguments, reason = "any number is allowed")]
    fn twenty(
        &self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8,
        k: u8, l: u8, m: u8, n: u8, o: u8, p: u8, q: u8, r: u8, s: u8, t: &str,
    ) -> Result<u8>;
}

pub struct AnyError(Box<dyn std::error::Error>);

impl std::fmt::Display for AnyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<sandbox_runtime::Error> for AnyError {
    fn from(error: sandbox_runtime::Error) -> Self {
        Self(error.into())
    }
}

macro_rules! contract_of {
    ($name:ident, $value:ty, $lent:ty) => {
        #[sandbox_api]
        pub trait $name {
            fn take(&self, value: $value, lent: $lent) -> Result<$value>;
        }
    };
}

contract_of!(OfStrings, String, &str);

macro_rules! contract_with {
    ($($methods:tt)*) => {
        #[sandbox_api]
        pub trait Written { $($methods)* }
    };
}

contract_with! {
    fn twice(&self, value: u32) -> Result<u32> {
        Ok(self.once(value)? * 2)
    }
    fn once(&self, value: u32) -> Result<u32>;
}

#[sandbox_api]
pub trait Nothing {}

fn main() {
    let methods = &<dyn Forms as sandbox_runtime::Contract>::SPEC.methods;
    assert_eq!(methods.len(), 11);
    assert_eq!(methods[1].name, "writtenOut");
    assert_eq!(methods[9].params[2].name, "_unused");
    assert_eq!(methods[10].params.len(), 20);
}
