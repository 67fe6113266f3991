//! The facade: sandboxes, scripts and realms, written once for all sites.
//!
//! [`Client`] is a sandbox, [`Guest`] an evaluated script, [`Realm`] one more realm. `Sandbox`, `LocalSandbox` and
//! `ProcessSandbox` are names for `Client` on one site. All work is done by the [`Site`].

mod builder;
mod guest;
mod realm;
mod sandboxes;
#[cfg(test)]
mod tests;

use std::time::Instant;

use crate::contract::GuestContract;
use crate::error::Result;
use crate::isolate::clock;
use crate::observe::bill::Usage;
use crate::options::ConsoleOutput;
use crate::script::Script;
use crate::site::builder::Builder;
use crate::site::{CancelHandle, Load, Site, SiteCaps};
use crate::time::Deadline;

pub use guest::Guest;
pub use realm::Realm;
pub use sandboxes::{LocalGuest, LocalRealm, LocalSandbox, Sandbox};
#[cfg(feature = "process")]
pub use sandboxes::{ProcessGuest, ProcessRealm, ProcessSandbox};

/// A sandbox on the site `S`. Applications use its names [`Sandbox`], [`LocalSandbox`] and `ProcessSandbox`.
///
/// A clone is another handle of the same sandbox.
///
/// ```
/// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait PricingRule {
///     fn price(&self, quantity: f64) -> Result<f64>;
/// }
///
/// let sandbox = Sandbox::builder().build()?;
/// let script = Script::new("acme.js", "export const price = (quantity) => quantity / 4;");
/// assert_eq!(sandbox.load::<dyn PricingRule>(script)?.price(8.0)?, 2.0);
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Client<S: Site> {
    pub(crate) site: S,
    deadline: Deadline,
}

impl<S: Site> Client<S> {
    pub(crate) fn new(site: S) -> Self {
        Self { site, deadline: Deadline::NEVER }
    }

    /// A builder with the default limits and no host contracts.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// Returns what sandboxes of this type can do. [The page of the guide](crate::guide::sites) has the table.
    ///
    /// ```
    /// # use sandbox_runtime::{LocalSandbox, Sandbox, site::Callers};
    /// assert_eq!(Sandbox::caps().callers, Callers::AnyThread);
    /// assert_eq!(LocalSandbox::caps().callers, Callers::OneThread);
    /// ```
    #[must_use]
    pub const fn caps() -> SiteCaps {
        S::CAPS
    }

    /// Returns a handle with a deadline: calls through it, and through proxies that it loads, end at `deadline` at the
    /// latest. The error is [`LimitKind::Deadline`](crate::LimitKind::Deadline). A call after the deadline is not made. A nested
    /// call keeps the deadline of the outer one.
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # use sandbox_runtime::{Error, LimitKind, Sandbox, Script};
    /// let sandbox = Sandbox::builder().build()?;
    /// let soon = sandbox.with_deadline(Instant::now() + Duration::from_millis(20));
    /// let ended = soon.eval(Script::new("a.js", "for (;;) {}"));
    /// assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Deadline, .. })));
    /// sandbox.eval(Script::new("b.js", "export const b = 1;"))?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { site: self.site.clone(), deadline: clock::deadline(deadline) }
    }

    /// The usage of its guests: of the last call, and of all calls since the sandbox was built or reset. A call under way is
    /// not waited for, and is not included.
    ///
    /// A process reports the usage itself. For a call in which the process ended, the kernel reports the CPU time, and this
    /// side knows the number of host calls.
    ///
    /// ```
    /// # use sandbox_runtime::{Sandbox, Script};
    /// let sandbox = Sandbox::builder().build()?;
    /// sandbox.eval(Script::new("a.js", "export const a = 1;"))?;
    /// assert_eq!(sandbox.usage().total.calls, 1);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.site.usage()
    }

    /// Takes the output of a console that [captures](crate::Console::Capture), since it was last taken. A call under way is
    /// not waited for.
    ///
    /// ```
    /// # use sandbox_runtime::{Console, Level, Sandbox, Script};
    /// let sandbox = Sandbox::builder().console(Console::Capture).build()?;
    /// sandbox.eval(Script::new("a.js", "console.warn('careful', 5); export {};"))?;
    /// let line = &sandbox.take_console().lines[0];
    /// assert_eq!((line.level, &*line.text), (Level::Warn, "careful 5"));
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        self.site.take_console()
    }

    /// Replaces the isolate, or the process, with the same hosts and settings, for example after it was discarded. The reset
    /// waits for its turn. Scripts, realms and proxies from before then return
    /// [`Error::Discarded`](crate::Error::Discarded).
    ///
    /// ```
    /// # use sandbox_runtime::{Sandbox, Script};
    /// let sandbox = Sandbox::builder().build()?;
    /// sandbox.eval(Script::new("a.js", "globalThis.a = 1; export {};"))?;
    /// sandbox.reset()?;
    /// assert_eq!(sandbox.usage().total.calls, 0);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Build`](crate::Error::Build) when the sandbox cannot be made anew;
    /// [`Error::Blocking`](crate::Error::Blocking) when a host method that its own guest called asks for it;
    /// [`Error::Process`](crate::Error::Process) when the new process ends before it has a sandbox.
    pub fn reset(&self) -> Result<()> {
        self.site.reset()
    }

    /// [`reset`](Self::reset) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`reset`](Self::reset).
    pub async fn reset_async(&self) -> Result<()> {
        self.site.clone().reset_async().await
    }

    /// Cancels all calls that were made before, through any handle and any proxy: the calls under way, those in flight, and
    /// those that wait for their turn. Each of them returns [`Error::Cancelled`](crate::Error::Cancelled), or its outcome if
    /// the call was over before. The function does not wait for the calls to end.
    ///
    /// The sandbox goes on: scripts, realms and the state of the guests stay, and later calls are not cancelled. Code of a
    /// guest that computes ends within some milliseconds, and cannot catch this. A host method that is running first returns.
    /// [`SiteCaps::cancels_running`] says which sandboxes end a synchronous call whose guest computes.
    ///
    /// Another thread calls this through a clone of the sandbox, or through a [`cancel_handle`](Self::cancel_handle).
    ///
    /// ```
    /// use sandbox_runtime::{Error, Result, Sandbox, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Job: Send + Sync {
    ///     async fn run(&self, what: &str) -> Result<f64>;
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let sandbox = Sandbox::builder().build()?;
    /// let source = "let count = 0;
    ///     export const run = (what) => what === 'count' ? ++count : new Promise(() => {});";
    /// let job = sandbox.load_async::<dyn Job>(Script::new("job.js", source)).await?;
    /// job.run("count").await?;
    /// let mut waits = std::pin::pin!(job.run("wait"));
    /// assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(waits.as_mut().poll(cx))).await.is_pending());
    /// sandbox.cancel_all()?;
    /// assert!(matches!(waits.await, Err(Error::Cancelled { .. })));
    /// assert_eq!(job.run("count").await?, 2.0);
    /// # Ok::<(), Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Blocking`](crate::Error::Blocking) when an observer of the sandbox asks for it.
    pub fn cancel_all(&self) -> Result<()> {
        self.site.cancel_handle().cancel_all()
    }

    /// A handle that cancels the calls of this sandbox from any thread, also those of a
    /// [`LocalSandbox`](crate::LocalSandbox), whose own thread makes the call. The handle does not keep the sandbox.
    ///
    /// ```
    /// # use sandbox_runtime::{LocalSandbox, Script};
    /// let sandbox = LocalSandbox::builder().build()?;
    /// let cancels = sandbox.cancel_handle();
    /// std::thread::spawn(move || cancels.cancel_all()).join().expect("it does not panic")?;
    /// sandbox.eval(Script::new("a.js", "export const a = 1;"))?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn cancel_handle(&self) -> CancelHandle {
        self.site.cancel_handle()
    }

    /// Makes one more realm, with a global and intrinsics of its own; see [`Realm`]. A host method may call this too.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit), because making a realm counts as a call, which takes some milliseconds with
    /// [`Intrinsics::Frozen`](crate::Intrinsics::Frozen); [`Error::Discarded`](crate::Error::Discarded),
    /// [`Error::Blocking`](crate::Error::Blocking), [`Error::Process`](crate::Error::Process).
    pub fn realm(&self) -> Result<Realm<S>> {
        let realm = self.site.make_realm(self.deadline)?;
        Ok(Realm::new(self.site.clone(), realm, self.deadline))
    }

    /// [`realm`](Self::realm) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`realm`](Self::realm).
    pub async fn realm_async(&self) -> Result<Realm<S>> {
        let realm = self.site.clone().make_realm_async(self.deadline).await?;
        Ok(Realm::new(self.site.clone(), realm, self.deadline))
    }

    /// Evaluates a script that implements several contracts; see [`Guest::bind`].
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`](crate::Error::Syntax); [`Error::Guest`](crate::Error::Guest) when the script throws or waits at its
    /// top level; [`Error::Limit`](crate::Error::Limit), [`Error::Discarded`](crate::Error::Discarded),
    /// [`Error::Blocking`](crate::Error::Blocking), [`Error::Process`](crate::Error::Process).
    pub fn eval(&self, script: Script) -> Result<Guest<S>> {
        Guest::evaluate(&self.site, None, script, self.deadline)
    }

    /// [`eval`](Self::eval) for a task, without blocking it. The top level of a module may wait for `async` host methods.
    ///
    /// ```
    /// # use sandbox_runtime::{Sandbox, Script};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let sandbox = Sandbox::builder().build()?;
    /// sandbox.eval_async(Script::new("a.js", "export const a = await 1;")).await?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval).
    pub async fn eval_async(&self, script: Script) -> Result<Guest<S>> {
        Guest::evaluate_async(self.site.clone(), None, script, self.deadline).await
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`](crate::Error::Mismatch) that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<S::Transport>> {
        self.eval(script)?.bind::<C>()
    }

    /// [`load`](Self::load) for a task, without blocking it. The top level of a module may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> S::Loads<C::Proxy<S::Transport>> {
        Load::script::<C>(self.site.clone(), None, script, self.deadline)
    }
}
