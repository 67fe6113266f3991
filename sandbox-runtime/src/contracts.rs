//! The traits and the data of contracts.
//!
//! `#[sandbox_api]` implements these traits for a trait of yours, and writes these data. An application names them where it is
//! generic over contracts, and where it reads a contract as data. The crate's root has the same names.

pub use crate::boundary::MapLike;
pub use crate::contract::{
    Contract, ContractSpec, Crosses, GuestContract, HostContract, Implements, Kind, Lends, MethodSpec,
    ParamSpec,
};
pub use crate::returns::{GuestFailure, HostFailure};
pub use crate::types::{Bound, Bounds, TypeSpec};
