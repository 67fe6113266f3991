//! The attribute of `sandbox-runtime`; depend on that crate, which re-exports it.

use proc_macro::TokenStream;

mod args;
mod check;
mod emit;
mod errors;
mod expand;
mod fallback;
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
/// | `#[sandbox(on_failure = panic)]` | a failing guest panics the caller |
/// | `#[sandbox(on_failure = default)]` | a failing guest gives `Default::default()` |
/// | `#[sandbox(on_failure = value(…))]` | a failing guest gives the value of the expression |
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
/// Doc comments and `#[cfg]` hold for all that is generated from a method.
#[proc_macro_attribute]
pub fn sandbox_api(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::sandbox_api(args.into(), item.into()).into()
}
