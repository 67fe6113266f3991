//! The only surface that generated code may touch. Not public API: it changes with the macro.

pub use crate::contract::{
    Absent, Arguments, Contract, ContractSpec, GuestContract, GuestMethod, GuestReturn, HostContract, HostMethod,
    HostedBy, Kind, Lends, Lent, Method, MethodSpec, ParamSpec, PlainReturn, Ref, Reply, ReturnProbe, Val, index_of,
};
pub use crate::isolate::fast::{FastProbe, KindProbe, NoFast, NotScalar};
pub use crate::isolate::ops::{FastCall, HostOp};
pub use crate::transport::{Exports, Transport};

use std::marker::PhantomData;

use crate::contract::Crosses;
use crate::error::Error;

/// Calls the guest; the method returns a `Result`.
pub fn call<M, R, T>(transport: &T, args: M::Args<'_>) -> R
where
    M: GuestMethod,
    R: GuestReturn<Value = M::Value>,
    T: Transport<M>,
{
    R::from_call(transport.call(args))
}

/// Calls the guest; the method returns a plain value, and a failure becomes what its policy says.
pub fn call_or<M, T>(transport: &T, args: M::Args<'_>, on_failure: impl FnOnce(Error) -> M::Value) -> M::Value
where
    M: GuestMethod,
    T: Transport<M>,
{
    transport.call(args).unwrap_or_else(|error| {
        tracing::warn!(%error, "a guest failed; the contract's policy answers for it");
        on_failure(error)
    })
}

/// The policy `on_failure = panic`.
///
/// # Panics
///
/// Always, with the text of the error.
#[track_caller]
pub fn fail<V>(error: Error) -> V {
    panic!("{error}")
}

/// `T`, if `HOLDS` has a value. A bound that is not met is then reported once, where `HOLDS` is computed, and not
/// again wherever the type is used.
pub type Checked<T, const HOLDS: bool> = <If<T, HOLDS> as Then>::Type;

/// See [`Checked`].
pub struct If<T: ?Sized, const HOLDS: bool>(PhantomData<T>);

/// See [`Checked`].
pub trait Then {
    type Type: ?Sized;
}

impl<T: ?Sized> Then for If<T, true> {
    type Type = T;
}

/// Has a value when `T` can be an argument passed by value, or the value of a declared policy.
#[must_use]
pub const fn crosses<T: Crosses>() -> bool {
    true
}

/// Has a value when `&T` can be an argument.
#[must_use]
pub const fn lends<T: ?Sized + Lends>() -> bool {
    true
}

/// Has a value when a method that a guest implements can return `R`.
#[must_use]
pub const fn returns<R: GuestReturn>() -> bool
where
    R::Value: Crosses,
{
    true
}
