//! The types that generated code names in the place of ops and calls, in a build without an engine. Only an engine can run them.

use std::future::Pending;
use std::marker::PhantomData;

use crate::contract::GuestMethod;
use crate::error::Result;
use crate::transport::{AsyncTransport, Exports, Transport};

/// A method of a host or of a guest, which only an engine calls.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Uncalled(());

impl Uncalled {
    /// A method.
    #[must_use]
    pub const fn of<M>() -> Self {
        Self(())
    }

    /// An `async` method.
    #[must_use]
    pub const fn of_async<M>() -> Self {
        Self(())
    }
}

/// How a guest calls an object of the host: not at all.
#[doc(hidden)]
pub struct NoHostParts(());

impl NoHostParts {
    /// Of a contract.
    #[must_use]
    pub const fn of<C: ?Sized>() -> Self {
        Self(())
    }
}

/// The transport to an object of a guest: there is none.
#[doc(hidden)]
pub enum NoTransport {}

impl NoTransport {
    pub(crate) fn is_over(&self) {
        match *self {}
    }
}

impl Exports for NoTransport {
    fn exports(&self, _: usize) -> bool {
        match *self {}
    }
}

impl<M: GuestMethod> Transport<M> for NoTransport {
    fn call(&self, _: M::Args<'_>) -> Result<M::Value> {
        match *self {}
    }
}

impl<M: GuestMethod> AsyncTransport<M> for NoTransport {
    type Call = Pending<Result<M::Value>>;

    fn call_async(&self, _: M::Args<'_>) -> Self::Call {
        match *self {}
    }
}

/// The parts of a contract's handles: there are none.
pub(crate) struct NoParts(());

impl NoParts {
    /// Of a contract.
    #[expect(clippy::extra_unused_type_parameters, reason = "an engine makes its parts of the contract")]
    pub(crate) const fn of<C: ?Sized>() -> Self {
        Self(())
    }
}

/// The fast function of an op: there is none.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum NoFunction {}

impl NoFunction {
    /// Of a callback's method.
    #[must_use]
    pub const fn of<M, T>() -> Option<Self> {
        None
    }
}

/// The fast function of method `M`, with the owned arguments `A` and the return type `R`.
#[doc(hidden)]
pub struct NoProbe<M, A, R>(PhantomData<(M, A, R)>);

/// The fact of every [`NoProbe`].
#[doc(hidden)]
pub trait NeverFast {
    const FAST: Option<NoFunction> = None;
}

impl<M, A, R> NeverFast for NoProbe<M, A, R> {}
