//! The traits between generated code and the engine: calls of a guest, and ops of a host.
//!
//! Contracts as data, and all else that needs no engine, are in `sandbox_core::contract`.

use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use sandbox_core::contract::*;
use sandbox_core::schema::ContractChecks;
use sandbox_core::value::handle::{Shared, WeakShared};

use crate::engine_types::{FastCall, FastCallback, GuestCall, HostOp, HostParts, ObjectTransport};
use crate::error::Error;

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

/// How an object of a contract goes to other threads; `None` where the contract is not `Send + Sync`.
#[doc(hidden)]
pub type Share<C> = Option<Sharing<C>>;

/// How an object of a contract that is `Send + Sync` goes to other threads.
#[doc(hidden)]
pub struct Sharing<C: ?Sized> {
    /// Makes the object one that any thread may use.
    pub(crate) share: fn(&Arc<C>) -> Shared,
    /// The object without keeping it.
    pub(crate) weak: fn(&Arc<C>) -> WeakShared,
}

impl<C: ?Sized + Send + Sync + 'static> Sharing<C> {
    /// Of any such contract.
    pub const OF: Self =
        Self { share: |object| Arc::new(object.clone()), weak: |object| Box::new(Arc::downgrade(object)) };
}

/// Finds the [`Share`] of a contract that is named.
#[doc(hidden)]
pub struct ShareProbe<C: ?Sized>(PhantomData<C>);

/// The fallback of [`ShareProbe`].
#[doc(hidden)]
pub trait NoShare<C: ?Sized> {
    const SHARE: Share<C> = None;
}

impl<C: ?Sized> NoShare<C> for ShareProbe<C> {}

impl<C: ?Sized + Send + Sync + 'static> ShareProbe<C> {
    pub const SHARE: Share<C> = Some(Sharing::OF);
}

/// States that `Host` implements the contract `Self`. `#[sandbox_api]` implements it for every such type.
#[doc(hidden)]
pub trait HostedBy<Host>: Contract {
    fn hosted(host: Host) -> Box<Self>;
}

/// A value that implements the contract `C`, for a builder's `host`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement the contract `{C}`",
    label = "not an implementation of `{C}`",
    note = "implement the trait of the contract for this type, which must own all its fields (`'static`)",
    note = "only guests implement a contract that is `#[sandbox_api(guest)]`: write `#[sandbox_api]` for one of both sides"
)]
pub trait Implements<C: ?Sized + HostContract> {
    #[doc(hidden)]
    fn into_host(self) -> Box<C>;
}

#[diagnostic::do_not_recommend]
impl<H, C: ?Sized + HostContract + HostedBy<H>> Implements<C> for H {
    fn into_host(self) -> Box<C> {
        C::hosted(self)
    }
}

/// A method that the host implements.
#[doc(hidden)]
pub trait HostMethod: Method {
    /// The direct C function for V8's fast calls, when all types are scalars.
    const FAST: Option<FastCall>;
    /// The direct C function of a callback.
    const CALLBACK: Option<FastCallback> = None;
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

/// The sides that can give an implementation of a contract as a value.
#[doc(hidden)]
pub trait ByHandle: Contract {
    /// How a guest calls an object of the host, where a host can implement the contract.
    const HOST: Option<HostParts> = None;
    /// How the host calls an object of a guest, where a guest can implement the contract.
    const OBJECT: MakeObject<Self> = None;
    /// The contract as a guest implements it.
    const OF_GUEST: &'static ContractSpec = Self::SPEC;
    /// Makes the checks of that contract.
    const CHECKS: MakeChecks = checks::<Self>;
    /// How an object goes to other threads, where the contract allows it.
    const SHARE: Share<Self> = None;
}

/// Makes the implementation of a contract that calls an object of a guest.
#[doc(hidden)]
pub type MakeObject<C> = Option<fn(ObjectTransport) -> Arc<C>>;

/// Makes the checks of a contract's values.
pub(crate) type MakeChecks = fn() -> Result<Arc<ContractChecks>, Error>;

/// Finds out whether the proxy of `C` implements the trait for objects of guests. A trait with a supertrait may have a proxy
/// that does not.
#[doc(hidden)]
pub struct ObjectProbe<C: ?Sized>(PhantomData<C>);

impl<C: ?Sized + GuestContract + HostedBy<<C as GuestContract>::Proxy<ObjectTransport>>> ObjectProbe<C> {
    pub const MAKE: MakeObject<C> = Some(|transport| Arc::from(C::hosted(C::proxy(transport))));
}

/// The fallback of [`ObjectProbe`].
#[doc(hidden)]
pub trait NoObject<C: ?Sized> {
    const MAKE: MakeObject<C> = None;
}

impl<C: ?Sized> NoObject<C> for ObjectProbe<C> {}
