//! Results of every spelling, and what crosses without a schema.

#![deny(warnings)]

use sandbox_runtime::{Error, Result, sandbox_api};

/// It has no `JsonSchema`.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Undescribed(u32);

pub type Fallible<T> = std::result::Result<T, Error>;
pub type Backwards<E, T> = std::result::Result<T, E>;
pub type Fixed = Result<Undescribed>;

/// The name says nothing: it is no `Result` of the standard library.
pub mod other {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub struct Result<T>(pub T);
}

macro_rules! both_and_each {
    ($name:ident, $($argument:ident)?) => {
        #[sandbox_api$(($argument))?]
        pub trait $name {
            fn here(&self) -> Result<Undescribed>;
            fn full_path(&self) -> std::result::Result<Vec<Undescribed>, Error>;
            fn crate_path(&self) -> sandbox_runtime::Result<Option<Undescribed>>;
            fn alias(&self) -> Fallible<Undescribed>;
            fn backwards(&self) -> Backwards<Error, Undescribed>;
            fn fixed(&self) -> Fixed;
            async fn later(&self) -> Result<Undescribed>;
            async fn later_backwards(&self) -> Backwards<Error, Undescribed>;
        }
    };
}

both_and_each!(Both,);
both_and_each!(Guest, guest);
both_and_each!(Host, host);

#[sandbox_api(host)]
pub trait Plain {
    fn value(&self) -> Undescribed;
    fn nothing(&self);
    fn unit(&self) -> ();
    fn optional(&self) -> Option<Undescribed>;
    fn other(&self) -> other::Result<u32>;
    fn other_inside(&self) -> Result<other::Result<u32>>;
    async fn later(&self) -> Vec<Undescribed>;
    async fn later_nothing(&self);
    async fn later_other(&self) -> other::Result<u32>;
}

fn main() {}
