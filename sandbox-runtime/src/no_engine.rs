//! The ops and calls that generated code names, in a build without an engine: nobody can run them.

use std::marker::PhantomData;

use crate::contract::{AsyncHostMethod, GuestMethod, HostMethod};

/// A host method as an op, which only an engine calls.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct HostOp(());

impl HostOp {
    /// The op of a method.
    #[must_use]
    pub const fn of<M: HostMethod>() -> Self {
        Self(())
    }

    /// The op of an `async` method.
    #[must_use]
    pub const fn of_async<M: AsyncHostMethod>() -> Self {
        Self(())
    }
}

/// A guest method as a function over plain data, which only an engine runs.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct GuestCall(());

impl GuestCall {
    /// The call of a method.
    #[must_use]
    pub const fn of<M: GuestMethod>() -> Self {
        Self(())
    }

    /// The call of an `async` method.
    #[must_use]
    pub const fn of_async<M: GuestMethod>() -> Self {
        Self(())
    }
}

/// The fast function of an op: without an engine there is none.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum FastCall {}

/// The fast function of method `M`, with the owned arguments `A` and the return type `R`.
#[doc(hidden)]
pub struct FastProbe<M, A, R>(PhantomData<(M, A, R)>);

/// The fact of every [`FastProbe`].
#[doc(hidden)]
pub trait NoFast {
    const FAST: Option<FastCall> = None;
}

impl<M, A, R> NoFast for FastProbe<M, A, R> {}
