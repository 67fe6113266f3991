//! [`Site`]: where a guest is, and how it is reached.
//!
//! A site evaluates scripts, binds contracts, makes realms, resets, and keeps the bill and the console. Calls do not go
//! through a site: a proxy calls its transport directly.
//!
//! The facade (`client`) is written over this trait. The implementations are `typed::local`, `typed::thread` and
//! `process::sandbox`, which stands on `wired`. A site's [`SiteCaps`] say what it can do, and errors that depend on the
//! site are beside them.
//!
//! The asynchronous operations take the site by value, so that their futures borrow nothing.

pub(crate) mod blocking;
pub(crate) mod builder;
mod cancel;
mod caps;
#[cfg(feature = "process")]
pub(crate) mod encoded_call;
pub(crate) mod load;
pub(crate) mod timers;
pub(crate) mod typed;
pub(crate) mod untyped;
pub(crate) mod untyped_guest;
#[cfg(feature = "process")]
pub(crate) mod wired;

use std::sync::Arc;

use sandbox_core::OwnedContract;

use crate::contract::{self, GuestContract, SpecRef};
use crate::error::Result;
use crate::observe::bill::Usage;
use crate::options::{ConsoleOutput, Settings};
use crate::schema::ContractChecks;
use crate::script::Script;
use crate::time::Deadline;
use crate::transport::{Exports, WithDeadline};

#[cfg(feature = "process")]
pub use crate::process::ProcessSite;
#[cfg(feature = "process")]
pub(crate) use cancel::CancelCalls;
pub use cancel::CancelHandle;
pub(crate) use caps::SiteRefusal;
pub use caps::{Callers, CpuLimitClock, HostThread, HostTypes, SiteCaps};
#[doc(hidden)]
pub use load::Load;
pub use typed::local::LocalSite;
pub use typed::thread::ThreadSite;
use untyped::UntypedTransport;

/// A place where guests run: the thread of the caller, a thread of its own, or a process.
///
/// The trait is sealed. [`Client`](crate::Client) makes a sandbox of each site. Code that is generic over the site works with all of them:
///
/// ```
/// use sandbox_runtime::site::Site;
/// use sandbox_runtime::{Client, LocalSandbox, Result, Sandbox, Script};
///
/// /// The number of calls that a script's evaluation takes.
/// fn evaluate<S: Site>(sandbox: &Client<S>, source: &str) -> Result<u64> {
///     sandbox.eval(Script::new("rule.js", source))?;
///     Ok(sandbox.usage().total.calls)
/// }
///
/// assert_eq!(evaluate(&Sandbox::builder().build()?, "export const a = 1;")?, 1);
/// assert_eq!(evaluate(&LocalSandbox::builder().build()?, "export const a = 1;")?, 1);
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
pub trait Site: sealed::Sealed + Clone + Sized + 'static {
    /// The abilities of the site.
    const CAPS: SiteCaps;

    /// The transport of the proxies, which is how a call reaches the guest.
    type Transport: Exports + WithDeadline + UntypedTransport + Clone + 'static;

    /// The future of `load_async` and `bind_async`. The future is `Send` where the site's handles are, whatever the contract is.
    type Loads<P: 'static>: Future<Output = Result<P>> + 'static;

    /// The hosts that a builder collects.
    #[doc(hidden)]
    type Hosts: Default;

    /// A handle of an evaluated script.
    #[doc(hidden)]
    type Exports: Clone + 'static;

    /// A handle of one more realm.
    #[doc(hidden)]
    type Realm: Clone + 'static;

    /// Makes a site. The settings have been checked.
    #[doc(hidden)]
    fn start(settings: Settings, hosts: Self::Hosts) -> Result<Self>;

    /// Evaluates a script in a realm; `None` is the realm that the sandbox begins with.
    #[doc(hidden)]
    fn evaluate(
        &self,
        realm: Option<&Self::Realm>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Self::Exports>;

    /// Evaluates a script whose top level may wait for `async` host methods.
    #[doc(hidden)]
    fn evaluate_async(
        self,
        realm: Option<Self::Realm>,
        script: Script,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Self::Exports>>;

    /// Binds a contract to what a script exports. Calls through the transport end at `deadline` at the latest.
    #[doc(hidden)]
    fn bind(
        &self,
        exports: &Self::Exports,
        contract: NamedContract,
        deadline: Deadline,
    ) -> Result<Self::Transport>;

    #[doc(hidden)]
    fn bind_async(
        self,
        exports: Self::Exports,
        contract: NamedContract,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Self::Transport>>;

    #[doc(hidden)]
    fn make_realm(&self, deadline: Deadline) -> Result<Self::Realm>;

    #[doc(hidden)]
    fn make_realm_async(self, deadline: Deadline) -> impl Future<Output = Result<Self::Realm>>;

    /// Replaces the isolate. Handles from before then return `Error::Discarded`.
    #[doc(hidden)]
    fn reset(&self) -> Result<()>;

    #[doc(hidden)]
    fn reset_async(self) -> impl Future<Output = Result<()>>;

    /// A handle that cancels the calls of the sandbox, and does not keep the sandbox.
    #[doc(hidden)]
    fn cancel_handle(&self) -> CancelHandle;

    #[doc(hidden)]
    fn usage(&self) -> Usage;

    #[doc(hidden)]
    fn take_console(&self) -> ConsoleOutput;

    /// Boxes the future of a proxy: only the site knows whether the future is `Send`.
    #[doc(hidden)]
    fn loads<P: 'static>(load: Load<Self>, proxy: fn(Self::Transport) -> P) -> Self::Loads<P>;
}

/// A site whose host implementations move to another thread, so they must be `Send`.
#[doc(hidden)]
pub trait SendSite: Site {
    fn hosts(hosts: &mut Self::Hosts) -> &mut crate::site::builder::SendHosts;
}

pub(crate) mod sealed {
    /// The crate alone implements a [`Site`](super::Site).
    pub trait Sealed {}
}

/// A contract that a script is bound to, without its type.
///
/// A future that stores the type of a `dyn Trait` is not accepted as `Send`, because the compiler forgets its lifetime there.
#[doc(hidden)]
#[derive(Clone)]
pub struct NamedContract {
    pub(crate) spec: SpecRef,
    pub(crate) checks: fn() -> Result<Arc<ContractChecks>>,
}

impl NamedContract {
    pub(crate) fn of<C: ?Sized + GuestContract>() -> Self {
        Self { spec: SpecRef::Static(C::SPEC), checks: contract::checks::<C> }
    }

    /// A contract that came as data, if a guest can implement it. The caller checks the values.
    pub(crate) fn untyped(contract: &OwnedContract) -> Result<Self> {
        contract.of_guest()?;
        let spec = SpecRef::Owned(contract.spec().clone());
        Ok(Self { spec, checks: || Ok(ContractChecks::elsewhere()) })
    }
}
