//! Contracts in a `JsRuntime` of your own, as an extension of deno_core.
//!
//! A runtime that the application makes itself is for scripts that it trusts: there are no limits of time or memory, and
//! scripts reach all that the runtime has. The boundary to the host is the one of a sandbox. Arguments and results are counted and
//! checked, errors name their place, and the text of a host's error stays with the host.
//!
//! | of a sandbox | in a runtime of your own |
//! |---|---|
//! | values, budgets of one crossing, rules of types | the same |
//! | errors of arguments, of the host, panics of the host | the same |
//! | `async` methods | promises, which `run_event_loop` drives |
//! | limits of a call: time, heap, [`Limits::host_calls`], [`Limits::pending`] | not kept; a method with `max_calls` or `scoped` is refused |
//! | a global for each contract | a module, `import Store from "sandbox:Store"`; a global with [`ExtensionBuilder::global`] |
//! | fast calls | not made: each call reads its arguments in Rust |
//!
//! The application depends on the same version of deno_core as this crate, which is 0.413.
//! Snapshots cannot contain a contract's module. A process that has sandboxes as well makes a sandbox before its first
//! `JsRuntime`, because sandboxes set flags of V8.
//!
//! ```standalone_crate
//! use sandbox_runtime::deno::extension;
//! use sandbox_runtime::{Result, sandbox_api};
//!
//! #[sandbox_api(host)]
//! trait Prices {
//!     fn of(&self, item: &str) -> Result<f64>;
//! }
//!
//! struct Table;
//! impl Prices for Table {
//!     fn of(&self, item: &str) -> Result<f64> {
//!         Ok(item.len() as f64)
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let mut runtime = deno_core::JsRuntime::new(deno_core::RuntimeOptions {
//!     extensions: vec![extension::<dyn Prices>(Table)?],
//!     ..Default::default()
//! });
//! let source = r#"
//!     import Prices, { of } from "sandbox:Prices";
//!     if (Prices.of("tea") + of("cake") !== 7) throw new Error("prices differ");
//! "#;
//! let main = deno_core::resolve_url("app:main").unwrap();
//! let module = runtime.load_main_es_module_from_code(&main, source).await.unwrap();
//! let evaluated = runtime.mod_evaluate(module);
//! runtime.run_event_loop(Default::default()).await.unwrap();
//! evaluated.await.unwrap();
//! # Ok::<(), sandbox_runtime::Error>(())
//! # }).unwrap();
//! ```

use crate::contract::{HostContract, Implements};
use crate::error::{Error, Result};
use crate::isolate::{Host, extension};
use crate::limits::Limits;

/// Makes the extension of a contract, with [`Limits::default`]. The module `sandbox:Store` of a contract `Store` exports the
/// contract as `default`, and each method by its name. [The module](self) has an example.
///
/// # Errors
///
/// As [`ExtensionBuilder::build`].
pub fn extension<C: ?Sized + HostContract>(host: impl Implements<C>) -> Result<deno_core::Extension> {
    ExtensionBuilder::default().build::<C>(host)
}

/// Makes the extension of a contract, with options.
///
/// ```standalone_crate
/// use sandbox_runtime::deno::ExtensionBuilder;
/// use sandbox_runtime::{Limits, sandbox_api};
///
/// #[sandbox_api(host)]
/// trait Words {
///     fn count(&self, text: &str) -> u32;
/// }
///
/// struct Counter;
/// impl Words for Counter {
///     fn count(&self, text: &str) -> u32 {
///         u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX)
///     }
/// }
///
/// let limits = Limits { value_bytes: 1 << 10, ..Limits::default() };
/// let words = ExtensionBuilder::new().limits(limits).global(true).build::<dyn Words>(Counter)?;
/// let mut runtime =
///     deno_core::JsRuntime::new(deno_core::RuntimeOptions { extensions: vec![words], ..Default::default() });
/// runtime.execute_script("main.js", "if (Words.count('a b') !== 2) throw new Error('wrong')").unwrap();
/// assert!(runtime.execute_script("long.js", "Words.count('a'.repeat(2000))").is_err());
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ExtensionBuilder {
    limits: Limits,
    is_global: bool,
}

impl ExtensionBuilder {
    /// A builder with [`Limits::default`] and without a global.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limits of one crossing, which are the fields `value_…`. The other fields are not used. A runtime with several
    /// extensions keeps the smallest of each.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether the contract is a global as well, under its name. So a script that is written for a sandbox runs unchanged.
    /// Default: false.
    pub fn global(mut self, global: bool) -> Self {
        self.is_global = global;
        self
    }

    /// Makes the extension of the contract `C`. A runtime takes one extension of a contract's name.
    ///
    /// # Errors
    ///
    /// [`Error::Build`] if a method has `max_calls` or `scoped`, if a limit is out of its range, or if a type's pattern is not valid.
    pub fn build<C: ?Sized + HostContract>(self, host: impl Implements<C>) -> Result<deno_core::Extension> {
        let host = Host::new::<C>(host.into_host()).map_err(Error::build)?;
        extension::extension(host, self.limits, self.is_global).map_err(Error::build)
    }
}
