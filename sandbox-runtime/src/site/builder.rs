//! The builder of a sandbox: its settings, and the hosts that it collects.
//!
//! `client::builder` has `host` and `build` of sandboxes, and `pool::builder` those of pools.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::isolate::{Host, Isolate};
use crate::limits::Limits;
use crate::observe::Observer;
use crate::options::{Clock, Console, Intrinsics, Permission, Random, Settings};
use crate::stack::StackEnd;

/// Makes a [`Sandbox`](crate::Sandbox), a [`LocalSandbox`](crate::LocalSandbox), a
/// `ProcessSandbox` or a [`SandboxPool`](crate::SandboxPool). The order of the settings does not matter.
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder<S: Buildable> {
    pub(crate) settings: Settings,
    pub(crate) hosts: S::Hosts,
}

/// A type that a [`Builder`] makes.
pub trait Buildable {
    /// The host implementations, on their way to the thread of the isolate.
    #[doc(hidden)]
    type Hosts: Default;
}

/// Host implementations that stay on this thread.
#[doc(hidden)]
#[derive(Default)]
pub struct LocalHosts(pub(crate) Vec<Result<Host, String>>);

/// Host implementations that move to the thread of the isolate.
#[doc(hidden)]
#[derive(Default)]
pub struct SendHosts(pub(crate) Vec<Box<dyn FnOnce() -> Result<Host, String> + Send>>);

impl SendHosts {
    /// Makes the implementations, on the isolate's thread.
    pub(crate) fn arrive(self) -> Vec<Result<Host, String>> {
        self.0.into_iter().map(|host| host()).collect()
    }
}

impl<S: Buildable> Builder<S> {
    pub(crate) fn new() -> Self {
        Self { settings: Settings::default(), hosts: S::Hosts::default() }
    }

    /// Sets what guests may use. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Sets where the output of a guest's `console` goes. Default: [`Console::Off`], without a `console`.
    pub fn console(mut self, console: Console) -> Self {
        self.settings.console = console;
        self
    }

    /// Sets the time that guests see. Default: [`Clock::Real`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Sets the source of guests' random numbers. Default: [`Random::Real`].
    pub fn random(mut self, random: Random) -> Self {
        self.settings.random = random;
        self
    }

    /// Sets whether guests can change what ECMAScript defines. Default: [`Intrinsics::Open`].
    pub fn intrinsics(mut self, intrinsics: Intrinsics) -> Self {
        self.settings.intrinsics = intrinsics;
        self
    }

    /// Adds an observer, which is told what happens in each sandbox of the builder. The observers are told in the order in
    /// which they were added. An observed sandbox makes no fast calls of the host. Without an
    /// observer, a call of a guest's method costs at most ten instructions more, and a fast call of the host none.
    ///
    /// ```
    /// use sandbox_runtime::observe::{CallBegin, Observer};
    /// use sandbox_runtime::{LocalSandbox, Script};
    ///
    /// struct Print;
    ///
    /// impl Observer for Print {
    ///     fn on_call_begin(&self, event: &CallBegin<'_>) {
    ///         println!("{event}"); // call 1 begins: evaluation of a.js
    ///     }
    /// }
    ///
    /// let sandbox = LocalSandbox::builder().observer(Print).build()?;
    /// sandbox.eval(Script::new("a.js", "export const a = 1;"))?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.settings.observers.add(observer);
        self
    }

    /// Allows a guest what is refused by default. Each call adds one permission.
    pub fn allow(mut self, permission: Permission) -> Self {
        match permission {
            Permission::Eval => self.settings.eval = true,
            Permission::WebAssembly => self.settings.wasm = true,
        }
        self
    }
}

/// Makes an isolate with these hosts on this thread.
pub(crate) fn isolate(
    settings: Settings,
    hosts: Vec<Result<Host, String>>,
    stack: StackEnd,
) -> Result<Rc<Isolate>> {
    let hosts = hosts.into_iter().collect::<Result<Vec<_>, _>>().map_err(Error::build)?;
    let mut names = hosts.iter().map(Host::name).collect::<Vec<_>>();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::build(format!(
            "two contracts named `{}` are hosted; give one of them another name with `#[sandbox_api(name = \"…\")]`",
            twice[0]
        )));
    }
    Isolate::new(settings, hosts, stack)
}
