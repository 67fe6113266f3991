//! [`ProcessSandbox`]: the application's handle of a sandbox in a child process.
//!
//! All work is done by `session`.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Process;
use super::guest::{Evaluating, ProcessCall, ProcessGuest, Processed};
use super::harden::HardeningReport;
use super::session::Session;
use crate::contract::{GuestContract, HostContract, Implements};
use crate::error::{Error, Result};
use crate::isolate::host_dispatch::{PlainHost, SentHosts};
use crate::isolate::meter::{Meter, Usage};
use crate::isolate::{Host, clock};
use crate::options::{ConsoleOutput, Settings};
use crate::sandbox::{Buildable, Builder};
use crate::script::Script;
use crate::time::Deadline;
use crate::transport::loads::Loads;

/// A sandbox in a process of its own; see [`Builder::transport`].
///
/// The sandbox is `Send` and `Sync`. Synchronous calls are made one after the other, and call the host's methods on the
/// caller's thread. Calls of `async` methods are under way at the same time. One thread of the sandbox calls the host for
/// all of them.
#[derive(Clone)]
pub struct ProcessSandbox {
    pub(super) session: Arc<Session>,
    pub(super) deadline: Deadline,
}

/// The host implementations for a [`ProcessSandbox`], and the settings of its process.
#[doc(hidden)]
#[derive(Default)]
pub struct ProcessHosts {
    hosts: Vec<Box<dyn FnOnce() -> Result<PlainHost, String> + Send>>,
    /// The number of hosts that were added before `transport` changed their kind.
    too_early: usize,
    process: Process,
}

impl Buildable for ProcessSandbox {
    type Hosts = ProcessHosts;
}

impl Builder<crate::Sandbox> {
    /// Runs guests in a process of their own. Call it before [`host`](Self::host).
    ///
    /// ```no_run
    /// use sandbox_runtime::process::{self, Process};
    /// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Rule { fn price(&self, amount: u32) -> Result<f64>; }
    ///
    /// fn main() -> Result<()> {
    ///     process::init();
    ///     let sandbox = Sandbox::builder().transport(Process::new()).build()?;
    ///     let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", "export const price = (n) => n * 9.5;"))?;
    ///     println!("{}", rule.price(3)?);
    ///     Ok(())
    /// }
    /// ```
    pub fn transport(self, process: Process) -> Builder<ProcessSandbox> {
        let too_early = self.hosts.count();
        Builder { settings: self.settings, hosts: ProcessHosts { hosts: Vec::new(), too_early, process } }
    }
}

impl Builder<ProcessSandbox> {
    /// Gives guests a contract that `host` implements, as a frozen global of the contract's name. The implementation runs in
    /// the host's process, on the thread that calls the guest.
    pub fn host<C: ?Sized + HostContract>(mut self, host: impl Implements<C> + Send + 'static) -> Self {
        self.hosts.hosts.push(Box::new(|| PlainHost::new::<C>(host)));
        self
    }

    /// Starts the process, and makes the sandbox in it.
    ///
    /// # Errors
    ///
    /// [`Error::Build`] when a limit is out of range, when a contract is hosted twice, or when [`init`](super::init) was not
    /// called. [`Error::Build`] also reports a program that cannot be started, and a required layer of the hardening that is
    /// missing. [`Error::Process`] when the process ends before it has a sandbox.
    pub fn build(self) -> Result<ProcessSandbox> {
        self.settings.check().map_err(Error::build)?;
        let ProcessHosts { hosts, too_early, process } = self.hosts;
        if too_early > 0 {
            return Err(Error::build("call the builder's `transport` before its `host`"));
        }
        let hosts =
            hosts.into_iter().map(|host| host()).collect::<Result<Vec<_>, _>>().map_err(Error::build)?;
        // SAFETY: `host` requires `Send`, and each `Rc` was made in the line above.
        let hosts = unsafe { SentHosts::new(hosts) };
        ProcessSandbox::start(self.settings, hosts, &process)
    }
}

impl ProcessSandbox {
    /// A sandbox whose hosts stay on this thread. Neither the sandbox nor anything made of it may move to another thread.
    pub(crate) fn on_this_thread(settings: Settings, hosts: Vec<Host>, process: &Process) -> Result<Self> {
        let hosts = hosts.into_iter().map(PlainHost::from).collect();
        // SAFETY: no other thread ever has them. The only caller is a pool. A pool keeps its sandboxes on the thread that
        // made them, calls them there, and drives calls of `async` methods there (`ProcessCall::begin_here`).
        let hosts = unsafe { SentHosts::new(hosts) };
        Self::start(settings, hosts, process)
    }

    fn start(settings: Settings, hosts: SentHosts, process: &Process) -> Result<Self> {
        let connect = process.connector(&settings.limits)?;
        let session = Session::start(settings, hosts, connect, process.grace_of_calls())?;
        Ok(Self { session: Arc::new(session), deadline: Deadline::NEVER })
    }

    pub(crate) fn within(&self, deadline: Deadline) -> Self {
        Self { session: self.session.clone(), deadline }
    }

    /// A weak handle of the sandbox.
    pub(crate) fn weak(&self) -> WeakSandbox {
        WeakSandbox(Arc::downgrade(&self.session))
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.session.meter().meter()
    }

    /// Whether its process exists and has not ended.
    pub(crate) fn is_live(&self) -> bool {
        self.session.is_live()
    }

    /// Whether a synchronous call is under way.
    pub(crate) fn is_running(&self) -> bool {
        self.session.is_running()
    }

    /// Whether any call is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.session.is_busy()
    }

    /// The time until the deadline of the call under way, if there is one.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.session.left()
    }

    /// The memory of its process, in bytes; 0 without a process.
    pub(crate) fn resident(&self) -> u64 {
        self.session.resident()
    }

    /// Returns a handle whose callers wait until `deadline` and no longer.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { session: self.session.clone(), deadline: clock::deadline(deadline) }
    }

    /// The usage of its guests: of the last call, and of all calls since the sandbox was built or reset. The process reports
    /// the usage itself. For a call in which the process ended, the kernel reports the CPU time, and this side knows the
    /// number of host calls.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.session.meter().usage()
    }

    /// Takes the output of a console that [captures](crate::Console::Capture), since it was last taken.
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        self.session.captured().take()
    }

    /// The hardening of the process, layer by layer; `None` without a process.
    #[must_use]
    pub fn hardening(&self) -> Option<HardeningReport> {
        self.session.report()
    }

    /// The number of the process; `None` without a process.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.session.pid()
    }

    /// Makes the sandbox anew in another process, as after it was discarded. Scripts and proxies from before then return
    /// [`Error::Discarded`].
    ///
    /// # Errors
    ///
    /// As of [`build`](Builder::build); and [`Error::Blocking`] when a host method that its own guest called asks for it.
    pub fn reset(&self) -> Result<()> {
        self.session.reset()
    }

    /// [`reset`](Self::reset) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`reset`](Self::reset).
    pub async fn reset_async(&self) -> Result<()> {
        let session = self.session.clone();
        ProcessCall::work(&self.session, move || session.reset()).await
    }

    /// Evaluates a script that implements several contracts; see [`ProcessGuest::bind`].
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`], [`Error::Guest`] when the script throws, [`Error::Limit`], [`Error::Discarded`], [`Error::Process`].
    pub fn eval(&self, script: Script) -> Result<ProcessGuest> {
        self.evaluating(script).now()
    }

    fn evaluating(&self, script: Script) -> Evaluating<'_> {
        Evaluating { session: &self.session, realm: None, script, deadline: self.deadline }
    }

    /// [`eval`](Self::eval) of a script whose top level may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval).
    pub async fn eval_async(&self, script: Script) -> Result<ProcessGuest> {
        self.evaluating(script).later().await
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`] that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Processed>> {
        self.eval(script)?.bind::<C>()
    }

    /// [`load`](Self::load) of a script whose top level may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> Loads<C::Proxy<Processed>> {
        let own = self.clone();
        let load =
            async move { own.eval_async(script).await?.bind_later(ProcessGuest::transport::<C>).await };
        Loads::new(load, C::proxy)
    }
}

/// A handle that does not keep the process alive.
#[derive(Default)]
pub(crate) struct WeakSandbox(Weak<Session>);

impl WeakSandbox {
    pub(crate) fn upgrade(&self) -> Option<ProcessSandbox> {
        self.0.upgrade().map(|session| ProcessSandbox { session, deadline: Deadline::NEVER })
    }
}
