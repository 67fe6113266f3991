#![doc = guide::links!()]
#![doc = include_str!("../README.md")]

mod arguments;
mod boundary;
mod contract;
mod error;
mod guest_error;
pub mod guide;
mod isolate;
mod limits;
#[cfg(all(feature = "process", not(unix)))]
compile_error!(
    "the feature `process` of `sandbox-runtime` needs Unix: guests in processes of their own are started and talked to by its means; \
     without the feature they run in threads here as well"
);
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

pub use async_trait::async_trait;
pub use schemars;

pub use boundary::{AsMap, AsSet, Bytes, Date, DateOutOfRange, ErrorValue, JsValue, MapLike};
pub use contract::{
    Contract, ContractSpec, Crosses, GuestContract, HostContract, Implements, Kind, Lends, MethodSpec,
    ParamSpec,
};
#[cfg(feature = "process")]
pub use error::Death;
pub use error::{
    Amount, BoundaryError, Direction, Error, Excess, ExportProblem, Hint, HostSource, LimitKind, Phase,
    Place, Result, StackFrame, Thrown, Violation,
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
pub use returns::{GuestFailure, HostFailure};
pub use sandbox::{Buildable, Builder};
pub use sandbox_macros::{GuestError, sandbox_api};
pub use schema::{
    Breaks, Change, Compatibility, Description, MethodDescription, ParamDescription, TypeDescription, compat,
};
pub use script::Script;
pub use transport::loads::Loads;
pub use transport::local::{Local, LocalCall, LocalGuest, LocalRealm, LocalSandbox};
pub use transport::pinned::Pinned;
pub use transport::pool::{PoolMetrics, PoolParts, Pooled, SandboxPool, Tenant, Trust};
pub use transport::remote::RemoteCall;
pub use transport::thread::{Guest, Realm, Remote, Sandbox};
pub use transport::{AsyncTransport, LocalAsyncTransport, Transport};
pub use types::{Bound, Bounds, TypeSpec};
