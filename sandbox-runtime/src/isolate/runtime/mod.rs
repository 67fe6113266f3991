//! What an isolate of the engine is made by.
//!
//! On V8 it is a bare isolate, and there is nothing of deno_core in it: a sandbox with a `JsRuntime` of its own takes twice as long
//! to start and as much again in memory, for a realm that no guest may reach. On QuickJS deno_core has to set the engine up. The
//! test-only `--cfg sandbox_leaky` needs that realm, to let guests into it.

#[cfg(not(any(feature = "quickjs", sandbox_leaky)))]
mod bare;
#[cfg(any(feature = "quickjs", sandbox_leaky))]
pub(super) mod built_in;
#[cfg(any(feature = "quickjs", sandbox_leaky))]
mod decl;
#[cfg(any(feature = "quickjs", sandbox_leaky))]
mod with_deno;

#[cfg(not(any(feature = "quickjs", sandbox_leaky)))]
pub(crate) use bare::Runtime;
#[cfg(any(feature = "quickjs", sandbox_leaky))]
pub(crate) use with_deno::Runtime;
