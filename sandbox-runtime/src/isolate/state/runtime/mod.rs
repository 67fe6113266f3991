//! The runtime that makes an engine's isolate.
//!
//! Two implementations have one interface: `bare` and `with_deno`. `isolate::Isolate` alone uses them.
//!
//! On V8 it is a bare isolate without deno_core's runtime. A sandbox with a `JsRuntime` of its own takes twice the time to
//! start and twice the memory, for a realm that no guest may reach. On QuickJS deno_core has to set the engine up. The
//! test-only `--cfg sandbox_leaky` needs that realm, to let guests into it.

#[cfg(not(any(feature = "quickjs", sandbox_leaky)))]
mod bare;
#[cfg(any(feature = "quickjs", sandbox_leaky))]
pub(in crate::isolate) mod built_in;
#[cfg(any(feature = "deno_core", feature = "quickjs", sandbox_leaky))]
pub(in crate::isolate) mod decl;
#[cfg(any(feature = "quickjs", sandbox_leaky))]
mod with_deno;

#[cfg(not(any(feature = "quickjs", sandbox_leaky)))]
pub(crate) use bare::Runtime;
#[cfg(any(feature = "quickjs", sandbox_leaky))]
pub(crate) use with_deno::Runtime;
