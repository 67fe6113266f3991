//! The builder of a sandbox: its settings, and the hosts that it collects.
//!
//! `client::builder` has `host` and `build` of sandboxes, and `pool::builder` those of pools.

use std::rc::Rc;

use serde::Serialize;

use super::timers;
use crate::error::{Error, Result};
use crate::isolate::{Host, Isolate};
use crate::limits::Limits;
use crate::observe::Observer;
use crate::options::{Clock, Console, Intrinsics, Permission, Random, Settings, Web};
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

    /// Sets where the output of a guest's `console` goes. Default: [`Console::Discard`], which drops and counts the lines.
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

    /// Gives all scripts a value under a name that is free in their texts, such as `configuration` or `$json`. The value is
    /// a frozen constant of each realm, from the first script on that is evaluated there; see [`Script::global`](crate::Script::global).
    ///
    /// ```
    /// use sandbox_runtime::{LocalSandbox, Result, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Greeting { fn greet(&self) -> Result<String>; }
    ///
    /// let sandbox = LocalSandbox::builder().global("tenant", "acme")?.build()?;
    /// let greeting = sandbox.load::<dyn Greeting>(Script::body("greet.js", [""; 0], "return `Hello ${tenant}`;"))?;
    /// assert_eq!(greeting.greet()?, "Hello acme");
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Global`] when the name is no identifier, is reserved, or is a name of JavaScript; when the builder has a
    /// global of the name; and when the value is no data. `build` refuses the name of a contract that is hosted. A value that
    /// is more than the limits allow for one crossing is refused when a script is evaluated.
    pub fn global<T: ?Sized + Serialize>(mut self, name: &str, value: &T) -> Result<Self> {
        self.settings.globals.give(name, value)?;
        Ok(self)
    }

    /// Gives guests a class of errors, as a frozen global of each realm.
    ///
    /// A guest makes its errors with `new PaymentError("…")`, which the host finds by the name in
    /// [`Thrown::name`](crate::Thrown::name). An error of the host whose view has this class
    /// ([`GuestError`](crate::GuestError)) is `instanceof PaymentError` in the guest. An
    /// [`ErrorValue`](crate::ErrorValue) of the name is one too.
    ///
    /// ```
    /// use sandbox_runtime::{Error, GuestError, LocalSandbox, Result, Script, sandbox_api};
    ///
    /// #[derive(Debug, thiserror::Error, GuestError)]
    /// #[error("the card was declined")]
    /// #[guest(class = "PaymentError")]
    /// pub struct Declined;
    ///
    /// #[sandbox_api(host)]
    /// pub trait Bank { fn pay(&self, cents: u32) -> Result<(), Declined>; }
    /// impl Bank for () { fn pay(&self, _: u32) -> Result<(), Declined> { Err(Declined) } }
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Checkout { fn pay(&self, cents: u32) -> Result<bool>; }
    ///
    /// let source = "function pay(cents) {
    ///     if (cents === 0) throw new PaymentError('nothing to pay');
    ///     try { Bank.pay(cents); } catch (error) { return error instanceof PaymentError; }
    /// }";
    /// let sandbox = LocalSandbox::builder().host::<dyn Bank>(()).error_class("PaymentError")?.build()?;
    /// let checkout = sandbox.load::<dyn Checkout>(Script::new("checkout.js", source))?;
    /// assert!(checkout.pay(100)?);
    /// let Err(Error::Guest(thrown)) = checkout.pay(0) else { panic!("it throws") };
    /// assert_eq!((thrown.name.as_deref(), &*thrown.message), (Some("PaymentError"), "nothing to pay"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Global`] when the name is no identifier, is reserved, or is a name of JavaScript; and when the builder has
    /// the class. `build` refuses the name of a contract that is hosted, and of a global of the builder.
    pub fn error_class(mut self, name: &str) -> Result<Self> {
        self.settings.error_classes.give(name)?;
        Ok(self)
    }

    /// Allows a guest what is refused by default. Each call adds one permission.
    pub fn allow(mut self, permission: Permission) -> Self {
        match permission {
            Permission::Eval => self.settings.eval = true,
            Permission::WebAssembly => self.settings.wasm = true,
        }
        self
    }

    /// Gives guests names of browsers and of node. Each call adds names. Default: [`Web::none`].
    pub fn web(mut self, web: Web) -> Self {
        self.settings.web = self.settings.web.and(web);
        self
    }
}

/// Makes an isolate with these hosts and those of the runtime on this thread.
pub(crate) fn isolate(
    settings: Settings,
    mut hosts: Vec<Result<Host, String>>,
    stack: StackEnd,
) -> Result<Rc<Isolate>> {
    timers::add(&settings, &mut hosts, |host| host);
    isolate_of(settings, hosts, stack)
}

/// Makes an isolate with these hosts on this thread.
pub(crate) fn isolate_of(
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
    if let Some(taken) = names.into_iter().find(|name| settings.globals.get(name).is_some()) {
        return Err(Error::build(format!(
            "a contract and a global have the name `{taken}`: give the global another name"
        )));
    }
    let is_taken =
        |name: &str| settings.globals.get(name).is_some() || hosts.iter().any(|host| host.name() == name);
    if let Some(taken) = settings.error_classes.0.iter().find(|name| is_taken(name)) {
        return Err(Error::build(format!(
            "a class of errors has the name `{taken}` of a contract or a global: give one of them another name"
        )));
    }
    Isolate::new(settings, hosts, stack)
}
