//! The traits between generated code and the engine: calls of a guest, and ops of a host.
//!
//! Contracts as data, and all else that needs no engine, are in `sandbox_core::contract`.

use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use sandbox_core::contract::*;

use crate::engine_types::{FastCall, GuestCall, HostOp};

/// A contract that a guest can implement: host → guest.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a contract that a guest can implement",
    label = "this trait has no proxy that calls a guest",
    note = "put `#[sandbox_api]` or `#[sandbox_api(guest)]` on the trait, and name it here as `dyn Trait`"
)]
pub trait GuestContract: Contract {
    /// The generated struct that implements the trait by calling the guest through `T`.
    type Proxy<T>;
    /// In the order of [`ContractSpec::methods`].
    #[doc(hidden)]
    const CALLS: &'static [GuestCall];
    #[doc(hidden)]
    fn proxy<T>(transport: T) -> Self::Proxy<T>;
}

/// A contract that the host implements for its guests: guest → host.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a contract that the host can implement",
    label = "this trait has no code that calls the host",
    note = "put `#[sandbox_api]` or `#[sandbox_api(host)]` on the trait, and name it here as `dyn Trait`"
)]
pub trait HostContract: Contract {
    #[doc(hidden)]
    const OPS: &'static [HostOp];

    /// The JavaScript between a guest and the ops of this contract. A build without an engine has no ops, and not this
    /// function.
    ///
    /// The text is the body of a function that the runtime calls once for each realm, before any guest code runs.
    #[cfg(feature = "_engine")]
    #[must_use]
    fn shim() -> String {
        crate::isolate::shim::source(Self::SPEC, Self::OPS)
    }
}

/// States that `Host` implements the contract `Self`. `#[sandbox_api]` implements it for every such type.
#[doc(hidden)]
pub trait HostedBy<Host>: HostContract {
    fn hosted(host: Host) -> Box<Self>;
}

/// A value that implements the contract `C`, for a builder's `host`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement the contract `{C}`",
    label = "not an implementation of `{C}`",
    note = "implement the trait of the contract for this type, which must own all its fields (`'static`)"
)]
pub trait Implements<C: ?Sized + HostContract> {
    #[doc(hidden)]
    fn into_host(self) -> Box<C>;
}

#[diagnostic::do_not_recommend]
impl<H, C: ?Sized + HostedBy<H>> Implements<C> for H {
    fn into_host(self) -> Box<C> {
        C::hosted(self)
    }
}

/// A method that the host implements.
#[doc(hidden)]
pub trait HostMethod: Method {
    /// The direct C function for V8's fast calls, when all types are scalars.
    const FAST: Option<FastCall>;
    fn invoke<R: Reply>(host: &Self::Contract, args: Self::Owned, reply: R) -> R::Done;
}

/// An `async` method that the host implements.
#[doc(hidden)]
pub trait AsyncHostMethod: Method {
    /// Makes the future of a call. Nothing of the method runs before the future is polled.
    fn start<R: Reply + 'static>(
        host: Hosted<Self::Contract>,
        args: Self::Owned,
        reply: R,
    ) -> impl Future<Output = R::Done> + 'static;
}

/// The host's implementation of a contract. A future of one of its methods keeps it.
#[doc(hidden)]
pub enum Hosted<C: ?Sized> {
    /// Of a sandbox.
    Host(Rc<Box<C>>),
    /// Behind a handle.
    Handle(Arc<C>),
}

impl<C: ?Sized> Deref for Hosted<C> {
    type Target = C;
    fn deref(&self) -> &C {
        match self {
            Self::Host(host) => host,
            Self::Handle(host) => host,
        }
    }
}
