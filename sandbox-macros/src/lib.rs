//! The attribute of `sandbox-runtime`; depend on that crate, which re-exports it.

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
/// The trait stays as it is written, but for a hidden method that holds the body of each default. Beside it come a
/// struct `StoreProxy<T>`, which implements it by calling a guest; what an isolate needs so that a guest can call a
/// host's implementation; and an implementation of `Contract` for `dyn Store`, which says all of this as data.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `guest` | only a guest implements the contract: nothing is generated for hosts |
/// | `host` | only the host implements the contract: nothing is generated for guests |
/// | `local` | the futures of `async` methods need not be `Send`: the contract is for a `LocalSandbox`, and for hosts |
/// | `name = "…"` | the name in JavaScript, if it is not the trait's |
/// | `crate = path` | where the runtime is, if it is not `::sandbox_runtime` |
///
/// Without `guest` or `host`, either side can implement the contract.
///
/// On a method:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[sandbox(rename = "…")]` | the name in JavaScript, if it is not the Rust name in camel case |
/// | `#[sandbox(max_calls = 100)]` | how often a guest may call it in one call of the guest; beyond that the call ends with `LimitKind::HostCalls` |
/// | `#[sandbox(on_failure = panic)]` | a failing guest panics the caller |
/// | `#[sandbox(on_failure = default)]` | a failing guest gives `Default::default()` |
/// | `#[sandbox(on_failure = value(…))]` | a failing guest gives the value of the expression |
/// | `#[sandbox(returns(range(min = 0)))]` | the result keeps these bounds |
///
/// On a parameter, and in `returns(…)`:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[sandbox(range(min = 0, max = 1.5))]` | a number from the one to the other, both included; either can be left out |
/// | `#[sandbox(length(min = 1, max = 64))]` | so many characters of a text, bytes of `Bytes`, elements of a collection |
/// | `#[sandbox(pattern("^[A-Z]+$"))]` | a text in which the regular expression (of the crate `regex`) is found |
///
/// Bounds are checked in both directions, and are part of what `Contract::describe` says. The fields of a struct have
/// theirs from `garde`.
///
/// # Methods
///
/// A method takes `&self`, and any number of parameters `T` or `&T`. Which types cross the boundary is decided by
/// the runtime's traits: what implements serde's `Serialize` and `Deserialize` does, and so do `&str` and `&[u8]`.
///
/// A guest can always fail. A method that it implements returns `Result<T, E>` with
/// `E: From<sandbox_runtime::Error>`, or says with `on_failure` what a failure becomes.
///
/// A method with a default body is optional for a guest: when the guest does not export it, the body runs.
///
/// # Asynchronous methods
///
/// A method can be an `async fn`, beside others that are not. The trait is then made with `async_trait`, so that it stays
/// usable as `dyn Trait`, and what implements it has `#[sandbox_api]` too:
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
/// On an implementation, the arguments are `local`, if the trait has it, and `crate = path`;
/// `#[sandbox_runtime::async_trait]` does the same. Arguments and results are `Send`, those by reference `Sync` too, and
/// a trait with a default body of an `async` method has the supertrait `Sync`; with `local`, none of this is asked for.
///
/// A guest that calls an `async` method gets a promise; one that implements it may return one.
///
/// Doc comments and `#[cfg]` hold for all that is generated from a method.
#[proc_macro_attribute]
pub fn sandbox_api(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::sandbox_api(args.into(), item.into()).into()
}

/// Says what a guest may see of an error that a host's method returns.
///
/// A guest sees nothing of an error that is not marked: it gets an `Error` with a reference, under which the host
/// finds the real one. What a guest may see is marked with `#[guest]`, variant by variant and field by field.
///
/// ```ignore
/// use sandbox_runtime::GuestError;
///
/// #[derive(Debug, thiserror::Error, GuestError)]
/// pub enum StoreError {
///     /// The guest gets a `RangeError` with this message and a property `sku`; it never learns the shard.
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
///     /// Whatever the inner error shows.
///     #[error(transparent)]
///     #[guest(transparent)]
///     Inner(#[from] OtherError),
///     /// Nothing.
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
/// | `#[guest(class = "…")]` | of this class: one of `Error`, `TypeError`, `RangeError`, `SyntaxError` and `ReferenceError`, or an `Error` with another `name` |
/// | `#[guest(message = "…")]` | with this message: a format string with the names of fields, `{0}` for the first of a tuple |
/// | `#[guest(transparent)]` | a guest sees what the `GuestError` in the only field shows |
///
/// On a field of what a guest sees:
///
/// | attribute | meaning |
/// |---|---|
/// | `#[guest]` | the field is a property of the error, with its name in camel case |
/// | `#[guest(rename = "…")]` | the field is a property of this name; needed where the field has none |
///
/// On an enum, `#[guest(class = "…")]` is the class of the visible variants that give none. On an enum or a struct,
/// `#[guest(crate = path)]` says where the runtime is, if it is not `::sandbox_runtime`.
///
/// A property is anything that implements serde's `Serialize`. On a generic type, the bounds that messages and
/// properties need are written on the type; that the type implements `Display`, and that a transparent field
/// implements `GuestError`, is asked for by itself.
#[proc_macro_derive(GuestError, attributes(guest))]
pub fn guest_error(item: TokenStream) -> TokenStream {
    guest_error::derive(item.into()).into()
}
