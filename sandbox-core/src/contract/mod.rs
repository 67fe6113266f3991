//! Contracts as the runtime knows them: the traits that `#[sandbox_api]` implements, and the data that it states.
//!
//! A method becomes a marker type. All that differs between two methods is an associated type or constant of the
//! marker. The rest is generic helpers here, in the boundary, or in a transport.

mod arguments;
mod crosses;
mod data;
mod numbers;
mod owned;
mod packs;
mod probes;
pub mod returns;
mod sink;
mod untyped_host;

use std::any::TypeId;
use std::sync::Arc;

pub use arguments::{Arguments, Lent, Ref, Val, enforce};
pub use crosses::{Crosses, Lends, Sent, Shared};
pub use numbers::{Numbers, kind_of, number_of};
pub use owned::OwnedContract;
pub use packs::{NotSent, Packed, Packing, Packs, SendProbe};
pub use probes::{
    ByRef, HandleProbe, KindProbe, MayHold, NotScalar, PlainData, Returned, ScalarKind, TypeProbe, Unknown,
};
pub use returns::{GuestFailure, HostFailure};
pub use sink::{ArgumentSink, ArgumentSource, PlainArguments, named};
pub use untyped_host::{UntypedAnswer, UntypedHost, UntypedHostCall, untyped_failure};

pub use crate::spec::{ContractSpec, Kind, MethodSpec, ParamSpec, SpecRef, index_of, written};

use crate::error::Error;
use crate::guest_error::HostError;
use crate::schema::{ContractChecks, Description};

/// The checks of the values of `C`.
pub fn checks<C: ?Sized + Contract>() -> Result<Arc<ContractChecks>, Error> {
    ContractChecks::of(TypeId::of::<C>(), C::SPEC)
        .map_err(|reason| Error::contract(C::SPEC.name.clone(), reason))
}

/// A trait that was annotated with `#[sandbox_api]`; implemented for `dyn Trait`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a contract",
    label = "not annotated with `#[sandbox_api]`",
    note = "put `#[sandbox_api]` on the trait, and name it here as `dyn Trait`"
)]
pub trait Contract: 'static {
    /// The contract as data.
    const SPEC: &'static ContractSpec;

    /// The methods of [`SPEC`](Self::SPEC).
    #[doc(hidden)]
    const METHODS: &'static [MethodSpec] = &[];

    /// The contract with its types, as data that can be kept and compared.
    ///
    /// `schemars::JsonSchema` describes the types. A type that does not implement it is described as anything.
    #[must_use]
    fn describe() -> Description {
        crate::schema::describe(Self::SPEC)
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

/// A method of a contract; implemented by its marker type.
#[doc(hidden)]
pub trait Method: 'static {
    type Contract: ?Sized + Contract;
    /// The arguments as the caller passes them, a list from first to last: `(Ref<'a, str>, (Val<f64>, ()))`.
    type Args<'a>: Arguments<Owned = Self::Owned>;
    /// The arguments as owned values.
    type Owned: Arguments<Owned = Self::Owned> + 'static;
    /// The parameters as data.
    const PARAMS: &'static [ParamSpec] = &[];
    /// The index of the method in [`ContractSpec::methods`].
    const INDEX: usize;
    #[must_use]
    fn spec() -> &'static MethodSpec {
        Self::Contract::SPEC.method(Self::INDEX)
    }
}

/// A method that a guest implements.
#[doc(hidden)]
pub trait GuestMethod: Method + Sized {
    /// The return type as written.
    type Returns;
    /// The type of a successful call's result: `T` of `Result<T, E>`, or a plain return type.
    type Value: Crosses;
    /// How arguments and results move between threads, if they can.
    const PACKS: Packing<Self> = None;
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
    const SPEC: &'static ContractSpec = &ContractSpec::new("", "", &[]);
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
