//! The parts of [typed-sandbox](https://docs.rs/sandbox-runtime) that need no engine.
//!
//! Contracts as data, values and their encoding, descriptions, errors and limits are here. Applications use them through
//! `sandbox-runtime`, which re-exports them, has `#[sandbox_api]`, and runs guests. A program that only reads a
//! [`Description`], such as a tool for authors, depends on this crate alone, and so has no engine in it. The crate builds
//! for `wasm32-unknown-unknown` too.
//!
//! The hidden modules are for `sandbox-runtime` of the same version. They change with it.

#[doc(hidden)]
pub mod boundary;
#[doc(hidden)]
pub mod contract;
#[doc(hidden)]
pub mod error;
mod globals;
#[doc(hidden)]
pub mod guest_error;
#[doc(hidden)]
pub mod limits;
#[doc(hidden)]
pub mod panic;
#[doc(hidden)]
pub mod schema;
#[doc(hidden)]
pub mod script;
#[doc(hidden)]
pub mod shown;
#[doc(hidden)]
pub mod spec;
#[doc(hidden)]
pub mod stack;
#[doc(hidden)]
pub mod time;
#[doc(hidden)]
pub mod value;
#[doc(hidden)]
pub mod wire;

#[doc(hidden)]
pub mod __private;

pub use contract::{
    Contract, Crosses, GuestFailure, HostFailure, Lends, OwnedContract, UntypedAnswer, UntypedHost,
    UntypedHostCall,
};
pub use error::{
    Amount, BoundaryError, Conversion, Death, Direction, DiscardCause, Error, Excess, ExportProblem, Hint,
    HostSource, LimitKind, LossReason, Phase, Place, Result, StackFrame, Thrown, Violation,
};
pub use guest_error::{GuestError, GuestView, HostPanic};
pub use limits::Limits;
pub use schema::{
    Breaks, Change, Compatibility, Description, GlobalTypes, HandleDescription, MethodDescription,
    ParamDescription, TypeDescription, compat,
};
pub use schemars;
pub use script::{Modules, ModulesError, NotStripped, OriginalPlace, Script};
pub use spec::{Bound, Bounds, ContractSpec, Kind, MethodSpec, ParamSpec, TypeSpec};
pub use value::{
    AsMap, AsSet, Bytes, Cancellation, CrossingBudget, Date, DateOutOfRange, ErrorValue, HandleNumber,
    JsKind, JsValue, MapLike, TextFault, Unrepresentable,
};
