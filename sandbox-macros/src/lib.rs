//! The macros of `sandbox-runtime`: the attribute `#[sandbox_api]` and the derive `GuestError`.
//!
//! Depend on `sandbox-runtime`, which re-exports both. Generated code names the hidden module `__private` of the runtime, which
//! changes with this crate.

use proc_macro::TokenStream;

mod args;
mod asynchronous;
mod bounds;
mod check;
mod emit;
mod errors;
mod expand;
mod fallback;
mod guest_error;
mod model;
mod names;
mod parse;
mod paths;

#[cfg(test)]
mod tests;

/// Makes a trait the contract between a Rust host and a JavaScript guest.
///
/// ```ignore
/// use sandbox_runtime::{Result, sandbox_api};
///
/// /// A key-value store.
/// #[sandbox_api]
/// pub trait Store {
///     /// Reads the value of a key.
///     fn get_value(&self, key: &str) -> Result<Option<String>>;
///
///     #[sandbox(rename = "put")]
///     fn set_value(&self, key: &str, value: String) -> Result<()>;
/// }
/// ```
///
/// The trait stays as it is written, except that each default body moves to a hidden method. The attribute generates:
///
/// - a struct `StoreProxy<T>`, which implements `Store` by calling a guest,
/// - the functions through which a guest calls the host's implementation of `Store`,
/// - an implementation of `Contract` for `dyn Store`, which describes the methods and their types as data.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `guest` | only a guest implements the contract: nothing is generated for hosts |
/// | `host` | only the host implements the contract: nothing is generated for guests |
/// | `local` | the futures of `async` methods need not be `Send`: a guest of the contract is loaded by a `LocalSandbox` |
/// | `function` | the global of the host's only method is the function itself; with `host` alone |
/// | `name = "…"` | the name in JavaScript, if it differs from the trait's |
/// | `crate = path` | the path of the runtime, if it is not `::sandbox_runtime` |
///
/// Without `guest` or `host`, either side can implement the contract.
///
/// On a method:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[sandbox(callback)]` | the guest's function takes a callback `(error, value)` last, and gives its result by it; `async`, with `guest` alone |
/// | `#[sandbox(rename = "…")]` | the name in JavaScript, if it differs from the Rust name in camel case |
/// | `#[sandbox(scoped)]` | handles, callbacks and streams that cross in a call of this method end with the guest's call |
/// | `#[sandbox(max_calls = 100)]` | the host calls of this method that a guest may make in one call; one more ends the call with `LimitKind::HostCalls` |
/// | `#[sandbox(on_failure = panic)]` | when the guest fails, the caller panics |
/// | `#[sandbox(on_failure = default)]` | when the guest fails, the result is `Default::default()` |
/// | `#[sandbox(on_failure = value(…))]` | when the guest fails, the result is the value of the expression |
/// | `#[sandbox(returns(range(min = 0)))]` | the result must keep these bounds |
///
/// On a parameter, and in `returns(…)`:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[sandbox(range(min = 0, max = 1.5))]` | a number from `min` to `max`, both included; one of them can be left out |
/// | `#[sandbox(length(min = 1, max = 64))]` | the number of characters of a text, bytes of `Bytes`, or elements of a collection |
/// | `#[sandbox(pattern("^[A-Z]+$"))]` | a text in which the regular expression of the crate `regex` finds a match |
///
/// Bounds are checked in both directions, and `Contract::describe` includes them. Bounds of a struct's fields are written
/// with `garde`.
///
/// # Methods
///
/// A method takes `&self`, and any number of parameters `T` or `&T`. The runtime's traits decide which types cross the
/// boundary: every `'static` type with serde's `Serialize` and `DeserializeOwned`, and references such as `&str` and `&[u8]`.
///
/// A guest can always fail. A method that it implements returns `Result<T, E>` with
/// `E: From<sandbox_runtime::Error>`, or declares with `on_failure` what a failure becomes.
///
/// A method with a default body is optional for a guest. If the guest does not export the method, the body runs.
///
/// # Asynchronous methods
///
/// A contract can have `async fn` beside other methods. The attribute then applies `async_trait`, so that the trait stays
/// usable as `dyn Trait`. Each implementation has `#[sandbox_api]` too:
///
/// ```ignore
/// #[sandbox_api(host)]
/// pub trait Rates {
///     async fn rate(&self, currency: &str) -> Result<f64>;
/// }
///
/// #[sandbox_api]
/// impl Rates for Bank {
///     async fn rate(&self, currency: &str) -> Result<f64> {
///         self.ask(currency).await
///     }
/// }
/// ```
///
/// On an implementation, the arguments are `local`, if the trait has it, and `crate = path`. `#[sandbox_runtime::async_trait]`
/// on an implementation has the same effect.
///
/// Without `local`, futures move between threads:
///
/// - Arguments and results must be `Send`. Arguments by reference must be `Sync` too.
/// - A trait with a default body of an `async` method must have the supertrait `Sync`.
///
/// A guest that calls an `async` method gets a promise. A guest that implements an `async` method may return a promise.
///
/// All code that is generated from a method has its doc comments and its `#[cfg]`.
#[proc_macro_attribute]
pub fn sandbox_api(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::sandbox_api(args.into(), item.into()).into()
}

/// Declares what a guest may see of an error that a host's method returns.
///
/// Of an error without a mark, a guest gets only an `Error` with a reference. The host's log has the real error under this
/// reference. `#[guest]` marks each variant and each field that a guest may see.
///
/// ```ignore
/// use sandbox_runtime::GuestError;
///
/// #[derive(Debug, thiserror::Error, GuestError)]
/// pub enum StoreError {
///     /// The guest gets a `RangeError` with this message and a property `sku`, and never learns the shard.
///     #[error("no product {sku} in shard {shard}")]
///     #[guest(class = "RangeError", message = "no such product: {sku}")]
///     NotFound {
///         #[guest]
///         sku: String,
///         shard: u32,
///     },
///     /// An `Error` with the text of `Display`.
///     #[error("busy")]
///     #[guest]
///     Busy,
///     /// The view of the inner error.
///     #[error(transparent)]
///     #[guest(transparent)]
///     Inner(#[from] OtherError),
///     /// No view: the guest gets a reference.
///     #[error("database: {0}")]
///     Database(String),
/// }
/// ```
///
/// # Arguments
///
/// On a variant, or on a struct as a whole:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[guest]` | a guest sees an `Error` with the text of `Display` |
/// | `#[guest(class = "…")]` | the class of the error: one of `Error`, `TypeError`, `RangeError`, `SyntaxError` and `ReferenceError`, or an `Error` with another `name` |
/// | `#[guest(message = "…")]` | the message: a format string with the names of fields, `{0}` for the first of a tuple |
/// | `#[guest(transparent)]` | a guest sees the `GuestError` in the only field |
///
/// On a field of a variant or struct that a guest sees:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[guest]` | the field is a property of the error, with its name in camel case |
/// | `#[guest(rename = "…")]` | the field is a property of this name; a field of a tuple needs this |
///
/// On an enum, `#[guest(class = "…")]` is the class of the visible variants that declare none. On an enum or a struct,
/// `#[guest(crate = path)]` is the path of the runtime, if it is not `::sandbox_runtime`.
///
/// A property can have any type that implements serde's `Serialize`. On a generic type, write the bounds that messages and
/// properties need on the type. The derive adds the bounds `Self: Display`, and `GuestError` for a transparent field.
#[proc_macro_derive(GuestError, attributes(guest))]
pub fn guest_error(item: TokenStream) -> TokenStream {
    guest_error::derive(item.into()).into()
}
