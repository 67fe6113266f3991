#![doc = guide::links!()]
#![doc = include_str!("../README.md")]
//!
//! # Items by task
//!
//! | task | items |
//! |---|---|
//! | declare a contract | [`sandbox_api`], [`derive(GuestError)`](macro@GuestError), [`async_trait`](macro@async_trait); the traits behind them are in [`contracts`] |
//! | make a sandbox | [`Sandbox`], [`LocalSandbox`], [`Builder`], [`Limits`], [`Trust`] |
//! | serve many tenants | [`SandboxPool`], [`Tenant`], [`PoolMetrics`] |
//! | load and call a script | [`Script`], [`Guest`], [`LocalGuest`], [`Realm`], [`LocalRealm`]; what a proxy calls through is in [`transports`] |
//! | choose what a guest finds | [`Clock`], [`VirtualClock`], [`Random`], [`Intrinsics`], [`Permission`], [`Console`], [`ConsoleLine`], [`ConsoleOutput`], [`Level`], [`Sink`], [`Engine`] |
//! | send values that Rust has no type for | [`Bytes`], [`Date`], [`DateOutOfRange`], [`AsMap`], [`AsSet`], [`ErrorValue`], [`JsValue`], [`Unrepresentable`], [`JsKind`], [`TextFault`], [`CrossingBudget`] |
//! | understand a failure | [`Error`], [`Result`], [`DiscardCause`], [`LossReason`], [`Conversion`], [`LimitKind`], [`Excess`], [`Amount`], [`Phase`], [`BoundaryError`], [`Violation`], [`Direction`], [`Thrown`], [`StackFrame`], [`ExportProblem`], [`Hint`], [`Place`], [`HostSource`] |
//! | fail as a host | [`Error::public`], [`Error::host`], [`GuestError`](trait@GuestError), [`GuestView`], [`HostPanic`] |
//! | bill a tenant | [`Bill`], [`Usage`] |
//! | describe a contract, compare versions | [`Description`], [`MethodDescription`], [`ParamDescription`], [`TypeDescription`], [`compat`](compat()), [`Compatibility`], [`Change`], [`Breaks`], [`schemars`] |
#![cfg_attr(
    feature = "process",
    doc = "| isolate a guest in a process | [`process`], [`ProcessSandbox`], [`Process`], [`Hardening`], [`Death`] |"
)]
#![cfg_attr(feature = "testing", doc = "| test a contract | [`testing`] |")]
//! | read on | [`guide`] |

mod arguments;
mod boundary;
mod contract;
mod error;
mod guest_error;
pub mod guide;
mod isolate;
mod limits;
mod options;
#[cfg(feature = "process")]
pub mod process;
mod returns;
mod sandbox;
mod schema;
mod script;
mod shown;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod transport;
mod types;

#[doc(hidden)]
pub mod __private;

pub mod contracts;
pub mod transports;

pub use async_trait::async_trait;
pub use schemars;

pub use boundary::{
    AsMap, AsSet, Bytes, CrossingBudget, Date, DateOutOfRange, ErrorValue, JsKind, JsValue, TextFault,
    Unrepresentable,
};
#[doc(hidden)]
pub use contracts::*;
#[cfg(feature = "process")]
pub use error::Death;
pub use error::{
    Amount, BoundaryError, Conversion, Direction, DiscardCause, Error, Excess, ExportProblem, Hint,
    HostSource, LimitKind, LossReason, Phase, Place, Result, StackFrame, Thrown, Violation,
};
pub use guest_error::{GuestError, GuestView, HostPanic};
pub use isolate::engine::Engine;
pub use isolate::meter::{Bill, Usage};
pub use limits::Limits;
pub use options::{
    Clock, Console, ConsoleLine, ConsoleOutput, Intrinsics, Level, Permission, Random, Sink, VirtualClock,
};
#[cfg(feature = "process")]
pub use process::{Hardening, Process, ProcessSandbox};
pub use sandbox::Builder;
pub use sandbox_macros::{GuestError, sandbox_api};
pub use schema::{
    Breaks, Change, Compatibility, Description, MethodDescription, ParamDescription, TypeDescription, compat,
};
pub use script::Script;
pub use transport::local::{LocalGuest, LocalRealm, LocalSandbox};
pub use transport::pool::{PoolMetrics, SandboxPool, Tenant, Trust};
pub use transport::thread::{Guest, Realm, Sandbox};
#[doc(hidden)]
pub use transports::*;
