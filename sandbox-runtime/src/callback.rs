//! [`Callback`] and [`AsyncCallback`]: functions that cross as values.
//!
//! A callback is a handle of a contract with one method. The contracts are here, for each list of arguments and each result,
//! and need no macro. A guest has a function in the place of an object with the method.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use sandbox_core::schema::function_schema;
use sandbox_core::schemars::{JsonSchema, Schema, SchemaGenerator};
use sandbox_core::spec::{HandleForm, TypeSpec};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::contract::returns::{At, GuestReturn as _, ReturnProbe};
use crate::contract::{
    Arguments, AsyncHostMethod, ByHandle, Contract, ContractSpec, Crosses, GuestMethod, HostContract,
    HostMethod, Hosted, Kind, MakeObject, Method, MethodSpec, Numbers, Packing, ParamSpec, Reply, SendProbe,
    Share, Sharing, Val,
};
use crate::engine_types::{FastCall, FastCallback, HostOp, HostParts, ObjectTransport};
use crate::error::{Error, Result};
use crate::guest_error::{ErrorProbe, ErrorSpec};
use crate::handle::Handle;
use crate::transport::{AsyncTransport, Transport};

/// The future of a call of an [`AsyncCallback`].
pub type CallbackFuture<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// A list of arguments of a callback.
#[doc(hidden)]
pub trait CallbackArguments: Arguments<Owned = Self> + Numbers + Send + 'static {
    const PARAMS: &'static [ParamSpec];
}

/// A function that can be called from the other side.
#[doc(hidden)]
pub trait Callee<A, T>: Send + Sync {
    fn call(&self, args: A) -> Result<T>;
}

/// An `async` function that can be called from the other side.
#[doc(hidden)]
pub trait AsyncCallee<A, T>: Send + Sync {
    fn call(&self, args: A) -> CallbackFuture<T>;
}

/// The signature of a callback: `fn(A, B) -> Result<T>`, with at most four arguments.
///
/// Arguments and results are types that cross and are `Send`. An argument is a value, so `String` stands for `&str`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the signature of a callback",
    label = "no such function can cross the boundary of a sandbox",
    note = "write `fn(A, B) -> sandbox_runtime::Result<T>`, with at most four arguments that are owned values",
    note = "each argument, and `T`, implements `Serialize`, `DeserializeOwned` and `Send`"
)]
pub trait Signature: 'static {
    #[doc(hidden)]
    type Callee: ?Sized + ByHandle + Send + Sync;
    #[doc(hidden)]
    type AsyncCallee: ?Sized + ByHandle + Send + Sync;
}

/// A signature whose types are described.
#[doc(hidden)]
pub trait DescribedSignature: Signature {
    fn parameters(generator: &mut SchemaGenerator) -> Vec<Schema>;
    fn result(generator: &mut SchemaGenerator) -> Schema;
}

/// A closure with the signature `F`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function with the signature `{F}`",
    note = "write the types of the closure's parameters, and let it own its values (`move`, `Send`, `Sync`)"
)]
pub trait IntoCallee<F: Signature> {
    #[doc(hidden)]
    fn into_callee(self) -> Arc<F::Callee>;
}

/// A closure that returns a future, with the signature `F`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function whose future has the signature `{F}`",
    note = "write the types of the closure's parameters, and let it and its future own their values (`async move`, `Send`)"
)]
pub trait IntoAsyncCallee<F: Signature> {
    #[doc(hidden)]
    fn into_callee(self) -> Arc<F::AsyncCallee>;
}

/// A function that crosses as a value: `Callback<fn(u32) -> Result<bool>>`.
///
/// A guest gives a function, and the host calls it with [`call`](Self::call). The host gives a closure, and the guest gets a
/// frozen function. All that holds of a [`Handle`] holds of a callback: identity, threads, limits and the end. A guest's function
/// is called without `this`.
///
/// Arguments and results are checked by their types alone. For bounds and names, write a contract and give a [`Handle`]. A
/// description has the signature if all types of it implement `schemars::JsonSchema`.
///
/// ```
/// # #[cfg(feature = "_engine")]
/// # fn main() -> sandbox_runtime::Result<()> {
/// use sandbox_runtime::{Callback, Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api(host)]
/// pub trait Table {
///     /// The number of rows that the filter accepts.
///     fn count(&self, filter: Callback<fn(u32) -> Result<bool>>) -> Result<u32>;
///     fn adder(&self, to: u32) -> Result<Callback<fn(u32) -> Result<u32>>>;
/// }
///
/// #[sandbox_api(guest)]
/// pub trait Report {
///     fn run(&self) -> Result<u32>;
/// }
///
/// struct Rows;
///
/// impl Table for Rows {
///     fn count(&self, filter: Callback<fn(u32) -> Result<bool>>) -> Result<u32> {
///         let mut count = 0;
///         for row in 0..10 {
///             count += u32::from(filter.call(row)?);
///         }
///         Ok(count)
///     }
///
///     fn adder(&self, to: u32) -> Result<Callback<fn(u32) -> Result<u32>>> {
///         Ok(Callback::new(move |more: u32| Ok(to + more)))
///     }
/// }
///
/// let sandbox = Sandbox::builder().host::<dyn Table>(Rows).build()?;
/// let report = sandbox.load::<dyn Report>(Script::new(
///     "report.js",
///     "export const run = () => Table.adder(100)(Table.count((row) => row % 3 === 0));",
/// ))?;
/// assert_eq!(report.run()?, 104);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_engine"))]
/// # fn main() {}
/// ```
pub struct Callback<F: ?Sized>(ErasedCallee, PhantomData<fn(&F)>);

/// An `async` function that crosses as a value: `AsyncCallback<fn(u32) -> Result<bool>>`.
///
/// A guest gives a function, which may return a promise. The host gives a closure that returns a future, and the guest gets a
/// frozen function that returns a promise. Otherwise as [`Callback`].
///
/// ```
/// # #[cfg(feature = "_engine")]
/// # fn main() {
/// use sandbox_runtime::{AsyncCallback, Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Job {
///     async fn run(&self, load: AsyncCallback<fn(String) -> Result<u32>>) -> Result<u32>;
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let sandbox = Sandbox::builder().build()?;
/// let source = "export const run = async (load) => await load('a') + await load('bc');";
/// let job = sandbox.load_async::<dyn Job>(Script::new("job.js", source)).await?;
/// let load = AsyncCallback::new(|name: String| async move { Ok(name.len() as u32) });
/// assert_eq!(job.run(load).await?, 3);
/// # Ok::<(), sandbox_runtime::Error>(())
/// # }).unwrap();
/// # }
/// # #[cfg(not(feature = "_engine"))]
/// # fn main() {}
/// ```
pub struct AsyncCallback<F: ?Sized>(ErasedCallee, PhantomData<fn(&F)>);

/// A `Handle<F::Callee>` or a `Handle<F::AsyncCallee>`.
///
/// The types of callbacks have no bounds, so a wrong signature is one error: that the callback cannot cross. With bounds the
/// compiler reports each place of the generated code that names the type.
type ErasedCallee = Arc<dyn Any + Send + Sync>;

/// The members that both kinds have.
macro_rules! callback {
    ($Callback:ident, $Callee:ident, $IntoCallee:ident, $is_async:literal) => {
        impl<F: Signature> $Callback<F> {
            /// A callback of the host.
            #[must_use]
            pub fn new(function: impl $IntoCallee<F>) -> Self {
                Self::of(function.into_callee().into())
            }

            fn of(callee: Handle<F::$Callee>) -> Self {
                Self(Arc::new(callee), PhantomData)
            }

            fn callee(&self) -> Result<&Handle<F::$Callee>> {
                self.0.downcast_ref().ok_or_else(|| Error::host("the callback has another signature"))
            }

            /// Whether both are of one function.
            #[must_use]
            pub fn is_same(&self, other: &Self) -> bool {
                self.callee().is_ok_and(|own| other.callee().is_ok_and(|other| own.is_same(other)))
            }
        }

        impl<F: ?Sized> Clone for $Callback<F> {
            fn clone(&self) -> Self {
                Self(self.0.clone(), PhantomData)
            }
        }

        impl<F: ?Sized> fmt::Debug for $Callback<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($Callback), std::any::type_name::<F>())
            }
        }

        impl<F: Signature> Serialize for $Callback<F> {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                self.callee().map_err(S::Error::custom)?.serialize(serializer)
            }
        }

        impl<'de, F: Signature> Deserialize<'de> for $Callback<F> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                Handle::deserialize(deserializer).map(Self::of)
            }
        }

        impl<F: DescribedSignature> JsonSchema for $Callback<F> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($Callback).into()
            }

            fn schema_id() -> Cow<'static, str> {
                format!("{:?}", TypeId::of::<Self>()).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                function_schema(generator, $is_async, F::parameters, F::result)
            }
        }
    };
}

callback!(Callback, Callee, IntoCallee, false);
callback!(AsyncCallback, AsyncCallee, IntoAsyncCallee, true);

/// Stands for the method of a callback.
struct CallOf<A, T>(PhantomData<fn(A) -> T>);

/// Stands for the method of an `async` callback.
struct AsyncCallOf<A, T>(PhantomData<fn(A) -> T>);

/// A function of a guest.
struct GuestFunction<A, T>(ObjectTransport, PhantomData<fn(A) -> T>);

impl<A: CallbackArguments, T: Crosses + Send> Callee<A, T> for GuestFunction<A, T> {
    fn call(&self, args: A) -> Result<T> {
        Result::from_call(Transport::<CallOf<A, T>>::call(&self.0, args))
    }
}

impl<A: CallbackArguments, T: Crosses + Send> AsyncCallee<A, T> for GuestFunction<A, T> {
    fn call(&self, args: A) -> CallbackFuture<T> {
        let call = AsyncTransport::<AsyncCallOf<A, T>>::call_async(&self.0, args);
        Box::pin(async move { Result::from_call(call.await) })
    }
}

/// The contract of callbacks, for one kind.
macro_rules! contract {
    ($Callee:ident, $CallOf:ident, $name:literal, $of:ident $(, $asynchronous:ident)?) => {
        impl<A: CallbackArguments, T: Crosses + Send> Contract for dyn $Callee<A, T> {
            const SPEC: &'static ContractSpec =
                &ContractSpec::new($name, "", Self::METHODS).form(HandleForm::Function);
            const METHODS: &'static [MethodSpec] =
                &[MethodSpec::new("call", "call", "").takes(A::PARAMS).returns(TypeSpec::UNKNOWN)
                    $(.$asynchronous())?];
        }

        impl<A: CallbackArguments, T: Crosses + Send> HostContract for dyn $Callee<A, T> {
            const OPS: &'static [HostOp] = &[HostOp::$of::<$CallOf<A, T>>()];
        }

        impl<A: CallbackArguments, T: Crosses + Send> ByHandle for dyn $Callee<A, T> {
            const HOST: Option<HostParts> = Some(HostParts::of::<Self>());
            const OBJECT: MakeObject<Self> = Some(|transport| Arc::new(GuestFunction(transport, PhantomData)));
            const SHARE: Share<Self> = Some(Sharing::OF);
        }

        impl<A: CallbackArguments, T: Crosses + Send> Method for $CallOf<A, T> {
            type Contract = dyn $Callee<A, T>;
            type Args<'a> = A;
            type Owned = A;
            const PARAMS: &'static [ParamSpec] = A::PARAMS;
            const INDEX: usize = 0;
        }

        impl<A: CallbackArguments, T: Crosses + Send> GuestMethod for $CallOf<A, T> {
            type Returns = Result<T>;
            type Value = T;
            const PACKS: Packing<Self> = SendProbe::<A, T>::PACKS;
        }
    };
}

contract!(Callee, CallOf, "Callback", of);
contract!(AsyncCallee, AsyncCallOf, "AsyncCallback", of_async, asynchronous);

fn settle<T: Crosses, R: Reply>(outcome: Result<T>, reply: R) -> R::Done {
    type Facts<T> = ErrorProbe<std::result::Result<T, Error>>;
    let of = ErrorSpec::new(Facts::<T>::VIEW, Facts::<T>::CHAIN, Facts::<T>::KEEP);
    ReturnProbe::<Result<T>>::settle(outcome, of, reply, At::<T>)
}

impl<A: CallbackArguments, T: Crosses + Send> HostMethod for CallOf<A, T> {
    const FAST: Option<FastCall> = None;
    const CALLBACK: Option<FastCallback> = FastCallback::of::<Self, T>();

    fn invoke<R: Reply>(host: &Self::Contract, args: A, reply: R) -> R::Done {
        settle(host.call(args), reply)
    }
}

impl<A: CallbackArguments, T: Crosses + Send> AsyncHostMethod for AsyncCallOf<A, T> {
    async fn start<R: Reply + 'static>(host: Hosted<Self::Contract>, args: A, reply: R) -> R::Done {
        settle(host.call(args).await, reply)
    }
}

/// A closure of the host.
struct HostFunction<G>(G);

/// A list of arguments: its type, a pattern of it, or a value.
macro_rules! list {
    (type) => { () };
    (type $first:ident $($rest:ident)*) => { (Val<$first>, list!(type $($rest)*)) };
    (pattern) => { () };
    (pattern $first:ident $($rest:ident)*) => { ($first, list!(pattern $($rest)*)) };
    () => { () };
    ($first:ident $($rest:ident)*) => { (Val($first), list!($($rest)*)) };
}
/// The callbacks with so many arguments.
macro_rules! signature {
    ($($Arg:ident $arg:ident $name:literal),*) => {
        impl<$($Arg: Crosses + Send,)*> CallbackArguments for list!(type $($Arg)*) {
            const PARAMS: &'static [ParamSpec] =
                &[$(ParamSpec::new($name, Kind::Value, TypeSpec::UNKNOWN)),*];
        }

        impl<$($Arg: Crosses + Send,)* T: Crosses + Send> Signature for fn($($Arg),*) -> Result<T> {
            type Callee = dyn Callee<list!(type $($Arg)*), T>;
            type AsyncCallee = dyn AsyncCallee<list!(type $($Arg)*), T>;
        }

        impl<$($Arg: Crosses + Send + JsonSchema,)* T: Crosses + Send + JsonSchema> DescribedSignature
            for fn($($Arg),*) -> Result<T>
        {
            #[allow(unused_variables, reason = "a signature without arguments makes no schema")]
            fn parameters(generator: &mut SchemaGenerator) -> Vec<Schema> {
                vec![$(generator.subschema_for::<$Arg>()),*]
            }

            fn result(generator: &mut SchemaGenerator) -> Schema {
                generator.subschema_for::<T>()
            }
        }

        impl<$($Arg: Crosses + Send,)* T: Crosses + Send> Callback<fn($($Arg),*) -> Result<T>> {
            /// Calls the function.
            ///
            /// # Errors
            ///
            /// As of a call of a contract's method.
            pub fn call(&self $(, $arg: $Arg)*) -> Result<T> {
                Callee::call(&**self.callee()?, list!($($arg)*))
            }
        }

        impl<$($Arg: Crosses + Send,)* T: Crosses + Send> AsyncCallback<fn($($Arg),*) -> Result<T>> {
            /// Calls the function. A call of a guest's function begins at the first poll, and ends when the future is dropped.
            ///
            /// # Errors
            ///
            /// As of a call of a contract's method.
            pub fn call(&self $(, $arg: $Arg)*) -> CallbackFuture<T> {
                match self.callee() {
                    Ok(callee) => AsyncCallee::call(&**callee, list!($($arg)*)),
                    Err(error) => Box::pin(async { Err(error) }),
                }
            }
        }

        impl<G, $($Arg,)* T> Callee<list!(type $($Arg)*), T> for HostFunction<G>
        where
            G: Fn($($Arg),*) -> Result<T> + Send + Sync,
        {
            fn call(&self, list!(pattern $($arg)*): list!(type $($Arg)*)) -> Result<T> {
                (self.0)($($arg.0),*)
            }
        }

        impl<G, O, $($Arg,)* T> AsyncCallee<list!(type $($Arg)*), T> for HostFunction<G>
        where
            G: Fn($($Arg),*) -> O + Send + Sync,
            O: Future<Output = Result<T>> + Send + 'static,
        {
            fn call(&self, list!(pattern $($arg)*): list!(type $($Arg)*)) -> CallbackFuture<T> {
                Box::pin((self.0)($($arg.0),*))
            }
        }

        impl<G, $($Arg: Crosses + Send,)* T: Crosses + Send> IntoCallee<fn($($Arg),*) -> Result<T>> for G
        where
            G: Fn($($Arg),*) -> Result<T> + Send + Sync + 'static,
        {
            fn into_callee(self) -> Arc<dyn Callee<list!(type $($Arg)*), T>> {
                Arc::new(HostFunction(self))
            }
        }

        impl<G, O, $($Arg: Crosses + Send,)* T: Crosses + Send> IntoAsyncCallee<fn($($Arg),*) -> Result<T>> for G
        where
            G: Fn($($Arg),*) -> O + Send + Sync + 'static,
            O: Future<Output = Result<T>> + Send + 'static,
        {
            fn into_callee(self) -> Arc<dyn AsyncCallee<list!(type $($Arg)*), T>> {
                Arc::new(HostFunction(self))
            }
        }
    };
}

signature!();
signature!(A first "first");
signature!(A first "first", B second "second");
signature!(A first "first", B second "second", C third "third");
signature!(A first "first", B second "second", C third "third", D fourth "fourth");
