//! Names of the user that are also ours, raw identifiers, and a prelude that is not what it was.

#![allow(non_camel_case_types, dead_code, reason = "the names are those that the macro uses")]

use sandbox_runtime::{Contract as _, sandbox_api};
use serde::{Deserialize, Serialize};

macro_rules! types {
    ($($name:ident)*) => {$(
        #[derive(Clone, Serialize, Deserialize)]
        pub struct $name;
    )*};
}

types!(Val Ref Lent T R H U Owned Args __rt __first __first_default Checked Absent Arguments Kind);

pub trait Contract {}
pub trait Method {}
pub trait Transport {}
pub trait NotScalar {}

// The prelude's names mean something else here.
types!(Option Some None Ok Err Box Vec String Default Send Sync From Into);
pub type Result<T> = std::result::Result<T, sandbox_runtime::Error>;

#[sandbox_api]
pub trait First {
    fn first(&self, a: Val, b: &Ref, c: __rt, d: T, e: R, f: H, g: U) -> Result<__first>;
    fn with_default(&self, host: __first_default, reply: &Checked, error: Absent) -> Result<Arguments> {
        let _ = (host, reply, error);
        self.no_default(Option, &Box, Vec)?;
        std::result::Result::Ok(Arguments)
    }
    fn no_default(&self, transport: Option, args: &Box, returned: Vec) -> Result<Kind>;
    #[sandbox(on_failure = value(Some))]
    fn value(&self, error: u32) -> Some;
    #[sandbox(on_failure = panic)]
    fn panics(&self, error: &String) -> None;
}

#[sandbox_api(name = "T2")]
pub trait H2 {
    fn h(&self, t: H) -> Result<T>;
}

#[sandbox_api(name = "$kv")]
pub trait r#Raw {
    fn r#type(&self, r#fn: u32, r#struct: &str) -> Result<u32>;
    fn r#match(&self, r#mod: &u8) -> Result<u32> {
        std::result::Result::Ok(u32::from(*r#mod))
    }
    fn __leading_underscores(&self, _under_score: u32) -> Result<u32>;
    fn trailing_(&self) -> Result<u32>;
    fn get_2d_point(&self) -> Result<u32>;
    #[sandbox(rename = "$get")]
    fn renamed(&self) -> Result<u32>;
}

fn main() {
    let spec = <dyn Raw>::SPEC;
    assert_eq!(spec.name, "$kv");
    let names = spec.methods.iter().map(|method| &*method.name).collect::<std::vec::Vec<_>>();
    assert_eq!(names, ["type", "match", "__leadingUnderscores", "trailing_", "get2dPoint", "$get"]);
    let params = spec.methods[0].params.iter().map(|param| &*param.name).collect::<std::vec::Vec<_>>();
    assert_eq!(params, ["fn", "struct"]);
}
