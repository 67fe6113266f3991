//! The engine under `deno_core::v8`, chosen by a feature of the crate.
//!
//! This module holds what differs between V8 and QuickJS. `v8` and `scope` define the same names as `quickjs`, so callers do
//! not ask which engine is there. The layer above is `isolate`; the page `ARCHITECTURE.md` lists the few other
//! places that ask.

#[cfg(all(not(feature = "quickjs"), not(target_env = "msvc")))]
pub(crate) mod bootstrap;
#[cfg(all(not(feature = "quickjs"), target_env = "msvc"))]
#[path = "bootstrap_msvc.rs"]
pub(crate) mod bootstrap;
#[cfg(not(feature = "quickjs"))]
mod buffers;
pub(crate) mod care;
pub(crate) mod compile;
#[cfg(not(feature = "quickjs"))]
mod entered;
#[cfg(all(feature = "process", target_os = "linux", not(feature = "quickjs")))]
mod entropy;
#[cfg(all(feature = "process", not(feature = "quickjs")))]
mod out_of_memory;
#[cfg(not(feature = "quickjs"))]
pub(crate) mod plain_intrinsics;
#[cfg(feature = "quickjs")]
mod quickjs;
pub(crate) mod raw;
#[cfg(not(feature = "quickjs"))]
mod scope;
pub(crate) mod text;
#[cfg(not(feature = "quickjs"))]
mod v8;

#[cfg(feature = "quickjs")]
pub(crate) use quickjs::*;
#[cfg(not(feature = "quickjs"))]
pub(crate) use scope::*;
#[cfg(not(feature = "quickjs"))]
pub(crate) use v8::*;

/// Makes the value of a property: for V8 when the property is first read, for QuickJS when the property is defined.
pub(crate) trait LazyValue: 'static {
    /// The value for the property `key`. `data` is that of the definition. `None` when an exception is under way.
    fn make<'s>(
        scope: &deno_core::v8::PinScope<'s, '_>,
        data: deno_core::v8::Local<'s, deno_core::v8::Value>,
        key: deno_core::v8::Local<'s, deno_core::v8::Name>,
    ) -> Option<deno_core::v8::Local<'s, deno_core::v8::Value>>;
}

/// The engine that guests run on. The features `v8` and `quickjs` choose it when the crate is built.
///
/// ```
/// use sandbox_runtime::Engine;
///
/// if Engine::CURRENT != Engine::V8 {
///     println!("{} is small and slow: good for a build machine, not for production", Engine::version());
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// V8: the engine of Chrome and node, with compilers. The default.
    V8,
    /// QuickJS-ng: an interpreter that builds from source in two minutes. A limit that it cannot keep is refused
    /// when a sandbox is built.
    QuickJs,
}

impl Engine {
    /// The engine of this build.
    pub const CURRENT: Self = CURRENT;

    /// Has V8 check the limits of all guests of this process after fewer turns of a loop. Call it before the first sandbox
    /// is built. Returns false when the engine has started without it, and on QuickJS, which needs it not.
    ///
    /// V8 ends a loop whose turns are slow (`for (;;) text.toUpperCase()`) only when it looks at limits. In a function of three
    /// lines, this call lowers the turns between two looks from 13,800 to 50. V8 compiles as early, so scripts that end within
    /// milliseconds take up to 12 times as long. Long loops are as fast. The child process of a guest is not affected, for the
    /// host's process ends it in time.
    ///
    /// ```
    /// use sandbox_runtime::{Engine, Sandbox};
    ///
    /// if !Engine::check_loops_often() {
    ///     println!("the limits of loops are checked as usual");
    /// }
    /// let sandbox = Sandbox::builder().build()?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    pub fn check_loops_often() -> bool {
        check_loops_often()
    }

    /// The engine's version as it gives it itself, such as `V8 15.0.245.2-rusty`.
    #[must_use]
    pub fn version() -> String {
        version()
    }
}
