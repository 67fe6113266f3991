#![doc = include_str!("../README.md")]

mod arguments;
mod boundary;
mod contract;
mod error;
mod isolate;
mod limits;
mod sandbox;
mod script;
mod transport;

#[doc(hidden)]
pub mod __private;

pub use boundary::Bytes;
pub use contract::{
    Contract, ContractSpec, Crosses, GuestContract, GuestFailure, HostContract, HostFailure, Implements,
    Kind, Lends, MethodSpec, ParamSpec,
};
pub use error::{
    BoundaryError, Direction, Error, ExportProblem, GuestError, LimitKind, Place, Result, StackFrame,
};
pub use isolate::engine::Engine;
pub use limits::Limits;
pub use sandbox::{Buildable, Builder};
pub use sandbox_macros::sandbox_api;
pub use script::Script;
pub use transport::Transport;
pub use transport::local::{Local, LocalGuest, LocalSandbox};
pub use transport::thread::{Guest, Remote, Sandbox};
