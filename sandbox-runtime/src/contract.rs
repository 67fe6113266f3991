//! What a contract is to the runtime: the traits that `#[sandbox_api]` implements, and the data it states.
//!
//! A method becomes a marker type. Everything that differs between two methods is an associated type or
//! constant of its marker; everything else is a generic helper here, in the boundary, or in a transport.

use std::borrow::Borrow;
use std::ops::Deref;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arguments::Arguments;
use crate::boundary::{ArgumentWriter, Bytes, ValueError};
use crate::guest_error::HostError;
use crate::isolate::calls::GuestCall;
use crate::isolate::ops::{FastCall, HostOp};
use crate::schema::Description;
use crate::types::{Bounds, TypeSpec};

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
    /// The types are described by `schemars::JsonSchema`; one that does not implement it is described as anything.
    #[must_use]
    fn describe() -> Description {
        crate::schema::describe(&Self::SPEC)
    }

    /// What a guest's author needs, in TypeScript; see [`Description::typescript`].
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

    /// A hash of all that a script or a host can depend on; see [`Description::fingerprint`].
    #[must_use]
    fn fingerprint() -> String {
        Self::describe().fingerprint()
    }
}

/// A contract that a guest can implement: host → guest.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a contract that a guest can implement",
    label = "no proxy is generated for it",
    note = "the trait needs `#[sandbox_api]` or `#[sandbox_api(guest)]`, and is named here as `dyn Trait`"
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
    label = "no ops are generated for it",
    note = "the trait needs `#[sandbox_api]` or `#[sandbox_api(host)]`, and is named here as `dyn Trait`"
)]
pub trait HostContract: Contract {
    #[doc(hidden)]
    const OPS: &'static [HostOp];

    /// The JavaScript that stands between a guest and the ops of this contract.
    ///
    /// It is the body of a function that the runtime calls once for each realm, before any guest code runs.
    #[must_use]
    fn shim() -> String {
        crate::isolate::shim::source(&Self::SPEC, Self::OPS)
    }
}

/// Says that `Host` implements the contract `Self`; `#[sandbox_api]` implements it for every such type.
#[doc(hidden)]
pub trait HostedBy<Host>: HostContract {
    fn hosted(host: Host) -> Box<Self>;
}

/// A value that implements the contract `C`, to be given to a builder's `host`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement the contract `{C}`",
    label = "not an implementation of `{C}`",
    note = "implement the annotated trait for this type; the type must be `'static`"
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

/// A contract as data: what a shim, a check or a description is made from.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ContractSpec {
    /// The name of the trait, or what `name = "…"` says; the name of the guest's global.
    pub name: &'static str,
    /// The doc comment of the trait, without its indentation.
    pub docs: &'static str,
    /// The methods, in the order of the trait.
    pub methods: &'static [MethodSpec],
    /// A guest can implement the contract.
    pub guest: bool,
    /// The host can implement the contract.
    pub host: bool,
}

impl ContractSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, docs: &'static str, methods: &'static [MethodSpec]) -> Self {
        Self { name, docs, methods, guest: true, host: true }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn guest_only(self) -> Self {
        Self { host: false, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn host_only(self) -> Self {
        Self { guest: false, ..self }
    }
}

/// A method of a contract as data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MethodSpec {
    /// The JavaScript name: `getUser` for `get_user`, or what `#[sandbox(rename = "…")]` says.
    pub name: &'static str,
    /// The Rust name.
    pub rust_name: &'static str,
    /// The doc comment.
    pub docs: &'static str,
    /// The parameters after `&self`, in order.
    pub params: &'static [ParamSpec],
    /// What a successful call gives.
    pub returns: TypeSpec,
    /// The trait has a default body, so a guest need not export the method.
    pub optional: bool,
    /// How often a guest may call it in one call, when the host implements it: `#[sandbox(max_calls = 100)]`.
    pub max_calls: Option<u64>,
    /// The method is an `async fn`: its result is a promise for a guest that calls it, and may be one of a guest that
    /// implements it.
    pub is_async: bool,
}

impl MethodSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, rust_name: &'static str, docs: &'static str) -> Self {
        Self {
            name,
            rust_name,
            docs,
            params: &[],
            returns: TypeSpec::UNIT,
            optional: false,
            max_calls: None,
            is_async: false,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn takes(self, params: &'static [ParamSpec]) -> Self {
        Self { params, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn returns(self, returns: TypeSpec) -> Self {
        Self { returns, ..self }
    }

    /// Whether `#[sandbox(…)]` asks for anything of an argument or the result.
    pub(crate) const fn is_bounded(&self) -> bool {
        let mut at = 0;
        while at < self.params.len() {
            if !self.params[at].ty.bounds.is_none() {
                return true;
            }
            at += 1;
        }
        !self.returns.bounds.is_none()
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn max_calls(self, most: u64) -> Self {
        Self { max_calls: Some(most), ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn asynchronous(self) -> Self {
        Self { is_async: true, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// A parameter of a method as data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ParamSpec {
    /// The name that the trait gives it, in camel case.
    pub name: &'static str,
    /// What the shim checks before it calls the fast op.
    pub kind: Kind,
    /// Its type.
    pub ty: TypeSpec,
}

impl ParamSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, ty: TypeSpec) -> Self {
        Self { name, kind, ty }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn bounded(self, bounds: Bounds) -> Self {
        Self { ty: self.ty.bounded(bounds), ..self }
    }
}

/// How a parameter is checked in JavaScript, where the JIT can remove the check from a hot loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A JavaScript boolean.
    Bool,
    /// A Number, whatever its value.
    Number,
    /// A Number that is an integer in the range of a Rust integer of 32 bits or fewer.
    Integer {
        /// The least value allowed.
        min: i64,
        /// The greatest value allowed.
        max: i64,
    },
    /// Checked in Rust, while it is read.
    Value,
}

// ---------------------------------------------------------------------------------------------------------
// Types that cross

/// A type whose values can cross the boundary, as copies, in both directions.
///
/// Every `'static` type that implements serde's `Serialize` and `DeserializeOwned` is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross the boundary of a sandbox",
    label = "not a type that can be copied into JavaScript and back",
    note = "derive both: `#[derive(serde::Serialize, serde::Deserialize)]`, and own all fields (no references)",
    note = "bytes are `sandbox_runtime::Bytes`; the table of supported types is in the README"
)]
pub trait Crosses: Serialize + DeserializeOwned + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> Crosses for T {}

/// A type that a contract may take by shared reference: `&str`, `&[u8]`, slices of numbers and strings, and
/// `&T` for every `T` that crosses and is `Clone` (an argument moves to the isolate's thread as a copy).
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot cross the boundary of a sandbox",
    label = "no owned form of this is known",
    note = "take `&str`, `&[u8]`, `&T` with `T: Clone + Serialize + DeserializeOwned`, or take the value itself"
)]
pub trait Lends: 'static {
    /// What stands for the reference where a reference cannot go.
    type Owned: Crosses + Borrow<Self>;
    #[doc(hidden)]
    fn copied(&self) -> Self::Owned;
    #[doc(hidden)]
    fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError>;
}

#[diagnostic::do_not_recommend]
impl<T: Crosses + Clone> Lends for T {
    type Owned = T;
    fn copied(&self) -> T {
        self.clone()
    }
    fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError> {
        writer.push(self)
    }
}

impl Lends for str {
    type Owned = String;
    fn copied(&self) -> String {
        self.to_owned()
    }
    fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError> {
        writer.push(self)
    }
}

impl Lends for [u8] {
    type Owned = Bytes;
    fn copied(&self) -> Bytes {
        Bytes::from(self)
    }
    fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError> {
        writer.push_bytes(self)
    }
}

/// A type that an `async` method may take or give by value.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent between threads, and the future of an `async` method is",
    label = "not `Send`",
    note = "take a type that is `Send`, such as one with `Arc` in the place of `Rc`",
    note = "or keep the futures of the contract in one thread, that of a `LocalSandbox`: `#[sandbox_api(local)]`"
)]
pub trait Sent: Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> Sent for T {}

/// A type that an `async` method may take by reference.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be sent between threads, and the future of an `async` method is",
    label = "not `Send` and `Sync`",
    note = "take a type that is both, such as one with `Arc` and `Mutex` in the place of `Rc` and `RefCell`",
    note = "or keep the futures of the contract in one thread, that of a `LocalSandbox`: `#[sandbox_api(local)]`"
)]
pub trait Shared: Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Send + Sync> Shared for T {}

macro_rules! lend_slices {
    ($($element:ty)*) => {$(
        impl Lends for [$element] {
            type Owned = Vec<$element>;
            fn copied(&self) -> Vec<$element> {
                self.to_vec()
            }
            fn write(&self, writer: &mut ArgumentWriter<'_, '_, '_>) -> Result<(), ValueError> {
                writer.push(self)
            }
        }
    )*};
}
lend_slices!(bool char i8 i16 i32 i64 u16 u32 u64 f32 f64 String);

// ---------------------------------------------------------------------------------------------------------
// Methods

/// A method of a contract; implemented by its marker type.
#[doc(hidden)]
pub trait Method: 'static {
    type Contract: ?Sized + Contract;
    /// The arguments as the caller passes them, a list from first to last: `(Ref<'a, str>, (Val<f64>, ()))`.
    type Args<'a>: Arguments<Owned = Self::Owned>;
    /// The arguments as values that own all they hold.
    type Owned: Arguments<Owned = Self::Owned> + 'static;
    /// Where the method stands in [`ContractSpec::methods`].
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
    /// What a successful call gives: `T` of `Result<T, E>`, or a plain return type.
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

/// The host's implementation of a contract, held for as long as one of its futures lives.
#[doc(hidden)]
pub struct Hosted<C: ?Sized>(pub(crate) Rc<Box<C>>);

impl<C: ?Sized> Deref for Hosted<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.0
    }
}

/// Takes what a host method returned, whatever its type.
#[doc(hidden)]
pub trait Reply {
    type Done;
    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Self::Done;
}

/// Stands for a method that `#[cfg]` took away.
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

/// Finds a method by its Rust name; `#[cfg]` may have removed those before it.
#[doc(hidden)]
#[must_use]
pub const fn index_of(methods: &[MethodSpec], rust_name: &str) -> usize {
    let mut index = 0;
    while index < methods.len() {
        if bytes_equal(methods[index].rust_name.as_bytes(), rust_name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("the contract has no method of that name")
}

const fn bytes_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
