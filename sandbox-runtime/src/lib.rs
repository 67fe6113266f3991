#![doc = guide::links!()]
#![doc = include_str!("../README.md")]
//!
//! # Items by task
//!
//! | task | items |
//! |---|---|
//! | declare a contract | [`sandbox_api`], [`derive(GuestError)`](macro@GuestError), [`async_trait`](macro@async_trait); the traits behind them are in [`contracts`] |
//! | make a sandbox | [`Sandbox`], [`LocalSandbox`], [`Client`], [`Builder`], [`Limits`], [`Trust`], [`CancelHandle`] |
//! | serve many tenants | [`SandboxPool`], [`Tenant`], [`PoolMetrics`] |
//! | load and call a script | [`Script`], [`Modules`], [`ModulesError`], [`Guest`], [`LocalGuest`], [`Realm`], [`LocalRealm`]; what a proxy calls through is in [`transports`], and what each type of sandbox can do in [`site`] |
//! | choose what a guest finds | [`Clock`], [`VirtualClock`], [`Random`], [`Intrinsics`], [`Permission`], [`Web`], [`Console`], [`ConsoleLine`], [`ConsoleOutput`], [`Level`], [`Sink`], [`Engine`] |
//! | send values that Rust has no type for | [`Bytes`], [`Date`], [`DateOutOfRange`], [`AsMap`], [`AsSet`], [`ErrorValue`], [`JsValue`], [`Unrepresentable`], [`JsKind`], [`TextFault`], [`CrossingBudget`], [`HandleNumber`] |
//! | end a call | [`Cancellation`], [`CancelHandle`] |
//! | give and take objects, functions and streams | [`Handle`], [`Callback`], [`AsyncCallback`], [`CallbackFuture`], [`Stream`], [`Items`] |
//! | understand a failure | [`Error`], [`Result`], [`DiscardCause`], [`LossReason`], [`Conversion`], [`LimitKind`], [`Excess`], [`Amount`], [`Phase`], [`BoundaryError`], [`Violation`], [`Direction`], [`Thrown`], [`StackFrame`], [`OriginalPlace`], [`ExportProblem`], [`Hint`], [`NotStripped`], [`Place`], [`HostSource`] |
//! | fail as a host | [`Error::public`], [`Error::host`], [`GuestError`](trait@GuestError), [`GuestView`], [`HostPanic`] |
//! | bill a tenant | [`Bill`], [`Usage`] |
//! | observe calls | [`observe`], [`observe::Observer`] |
//! | use a contract that comes as data | [`OwnedContract`], [`UntypedGuest`], [`UntypedHost`], [`UntypedHostCall`], [`UntypedAnswer`] |
//! | describe a contract, compare versions | [`Description`], [`HandleDescription`], [`MethodDescription`], [`ParamDescription`], [`TypeDescription`], [`GlobalTypes`], [`compat`](compat()), [`Compatibility`], [`Change`], [`Breaks`], [`schemars`] |
#![cfg_attr(
    feature = "process",
    doc = "| isolate a guest in a process | [`process`], [`ProcessSandbox`], [`Process`], [`Hardening`], [`Death`] |"
)]
#![cfg_attr(
    feature = "deno_core",
    doc = "| add a contract to a `JsRuntime` of your own | [`deno`], [`deno::extension`], [`deno::ExtensionBuilder`] |"
)]
#![cfg_attr(
    all(feature = "_engine", feature = "fetch"),
    doc = "| let guests ask other servers | [`fetch`], [`fetch::Fetch`], [`fetch::FetchApi`] |"
)]
#![cfg_attr(feature = "testing", doc = "| test a contract | [`testing`] |")]
//! | read on | [`guide`] |

mod callback;
#[cfg(feature = "_engine")]
mod client;
mod contract;
#[cfg(feature = "deno_core")]
pub mod deno;
mod engine_types;
#[cfg(all(feature = "_engine", feature = "fetch"))]
pub mod fetch;
pub mod guide;
mod handle;
#[cfg(feature = "_engine")]
mod isolate;
#[cfg(not(feature = "_engine"))]
mod no_engine;
#[cfg(feature = "_engine")]
pub mod observe;
#[cfg(feature = "_engine")]
mod options;
#[cfg(feature = "_engine")]
mod pool;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "_engine")]
pub mod site;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;

#[doc(hidden)]
pub mod __private;

pub mod contracts;
pub mod transports;

// The parts that need no engine. The modules are named as if they were here.
#[cfg(feature = "_engine")]
use sandbox_core::{boundary, limits, panic, schema, script, shown, stack, time, value, wire};
use sandbox_core::{error, guest_error};

pub use async_trait::async_trait;
pub use callback::{AsyncCallback, Callback, CallbackFuture};
pub use handle::Handle;
#[doc(inline)]
pub use sandbox_core::{
    Amount, AsMap, AsSet, BoundaryError, Breaks, Bytes, Cancellation, Change, Compatibility, Conversion,
    CrossingBudget, Date, DateOutOfRange, Death, Description, Direction, DiscardCause, Error, ErrorValue,
    Excess, ExportProblem, GlobalTypes, GuestError, GuestView, HandleDescription, HandleNumber, Hint,
    HostPanic, HostSource, JsKind, JsValue, LimitKind, Limits, LossReason, MethodDescription, Modules,
    ModulesError, NotStripped, OriginalPlace, OwnedContract, ParamDescription, Phase, Place, Result, Script,
    StackFrame, TextFault, Thrown, TypeDescription, Unrepresentable, UntypedAnswer, UntypedHost,
    UntypedHostCall, Violation, compat,
};
pub use schemars;
pub use stream::{Items, Stream};

#[cfg(feature = "process")]
pub use client::ProcessSandbox;
#[doc(hidden)]
pub use contracts::*;
#[cfg(feature = "process")]
pub use process::{Hardening, Process};
pub use sandbox_macros::{GuestError, sandbox_api};
#[doc(hidden)]
pub use transports::*;
#[cfg(feature = "_engine")]
pub use {
    client::{Client, Guest, LocalGuest, LocalRealm, LocalSandbox, Realm, Sandbox},
    isolate::engine::Engine,
    observe::bill::{Bill, Usage},
    options::{
        Clock, Console, ConsoleLine, ConsoleOutput, Intrinsics, Level, Permission, Random, Sink,
        VirtualClock, Web,
    },
    pool::{PoolMetrics, SandboxPool, Tenant, Trust},
    site::{CancelHandle, builder::Builder, untyped_guest::UntypedGuest},
};
