//! Contracts as the runtime knows them: the traits that `#[sandbox_api]` implements, and the data that it states.
//!
//! A method becomes a marker type. All that differs between two methods is an associated type or constant of the
//! marker. The rest is generic helpers here, in the boundary, or in a transport.

mod crosses;
mod spec;

use std::ops::Deref;
use std::rc::Rc;

pub use crosses::{Crosses, Lends};
pub(crate) use crosses::{Sent, Shared};
pub use spec::{ContractSpec, Kind, MethodSpec, ParamSpec, index_of};

use crate::arguments::Arguments;
use crate::guest_error::HostError;
use crate::isolate::calls::GuestCall;
use crate::isolate::ops::{FastCall, HostOp};
use crate::schema::Description;

/// A trait that was annotated with [`#[sandbox_api]`](crate::sandbox_api); implemented for `dyn Trait`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a contract",
    label = "not annotated with `#[sandbox_api]`",
    note = "put `#[sandbox_api]` on the trait, and name it here as `dyn Trait`"
)]
pub trait Contract: 'static {
    /// The contract as data.
    const SPEC: ContractSpec;

    /// The contract with its types, as data that can be kept and compared.
    ///
    /// `schemars::JsonSchema` describes the types. A type that does not implement it is described as anything.
    #[must_use]
    fn describe() -> Description {
        crate::schema::describe(&Self::SPEC)
    }

    /// The TypeScript declarations for a guest's author; see [`Description::typescript`].
    ///
    /// ```
    /// use sandbox_runtime::{Contract, Result, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Rule {
    ///     fn price(&self, amount: u32) -> Result<f64>;
    /// }
    ///
    /// assert!(<dyn Rule as Contract>::typescript().contains("price(amount: number): number;"));
    /// ```
    #[must_use]
    fn typescript() -> String {
        Self::describe().typescript()
    }

    /// The arguments and results as a module for Zod; see [`Description::zod`].
    #[must_use]
    fn zod() -> String {
        Self::describe().zod()
    }

    /// The arguments and results as JSON Schema; see [`Description::json_schema`].
    #[must_use]
    fn json_schema() -> serde_json::Value {
        Self::describe().json_schema()
    }

    /// A hash of all parts that a script or a host can depend on; see [`Description::fingerprint`].
    #[must_use]
    fn fingerprint() -> String {
        Self::describe().fingerprint()
    }
}

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

    /// The JavaScript between a guest and the ops of this contract.
    ///
    /// The text is the body of a function that the runtime calls once for each realm, before any guest code runs.
    #[must_use]
    fn shim() -> String {
        crate::isolate::shim::source(&Self::SPEC, Self::OPS)
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

/// A method of a contract; implemented by its marker type.
#[doc(hidden)]
pub trait Method: 'static {
    type Contract: ?Sized + Contract;
    /// The arguments as the caller passes them, a list from first to last: `(Ref<'a, str>, (Val<f64>, ()))`.
    type Args<'a>: Arguments<Owned = Self::Owned>;
    /// The arguments as owned values.
    type Owned: Arguments<Owned = Self::Owned> + 'static;
    /// The index of the method in [`ContractSpec::methods`].
    const INDEX: usize;
    #[must_use]
    fn spec() -> &'static MethodSpec {
        &<Self::Contract as Contract>::SPEC.methods[Self::INDEX]
    }
}

/// A method that a guest implements.
#[doc(hidden)]
pub trait GuestMethod: Method {
    /// The return type as written.
    type Returns;
    /// The type of a successful call's result: `T` of `Result<T, E>`, or a plain return type.
    type Value: Crosses;
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
pub struct Hosted<C: ?Sized>(pub(crate) Rc<Box<C>>);

impl<C: ?Sized> Deref for Hosted<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.0
    }
}

/// Takes the result of a host method, whatever its type.
#[doc(hidden)]
pub trait Reply {
    type Done;
    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Self::Done;
}

/// Stands for a method that `#[cfg]` removed.
#[doc(hidden)]
pub enum Absent {}

impl Contract for Absent {
    const SPEC: ContractSpec = ContractSpec::new("", "", &[]);
}
impl Method for Absent {
    type Contract = Absent;
    type Args<'a> = ();
    type Owned = ();
    const INDEX: usize = 0;
}
impl GuestMethod for Absent {
    type Returns = ();
    type Value = ();
}
