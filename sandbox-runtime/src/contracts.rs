//! The traits and the data of contracts.
//!
//! `#[sandbox_api]` implements these traits for a trait of yours, and writes these data. An application names them where it is
//! generic over contracts, and where it reads a contract as data. The crate's root has the same names.

pub use crate::contract::{GuestContract, HostContract, Implements};
#[doc(inline)]
pub use sandbox_core::{
    Bound, Bounds, Contract, ContractSpec, Crosses, GuestFailure, HostFailure, Kind, Lends, MapLike,
    MethodSpec, ParamSpec, TypeSpec,
};
