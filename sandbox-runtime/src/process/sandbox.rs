//! The sandbox in a process, as the application has it.

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
/// It can be sent and shared. Synchronous calls are made one after the other, and call methods of a host on the caller's thread;
/// those of `async` methods are under way side by side, and one thread of the sandbox calls the host for all of them.
#[derive(Clone)]
pub struct ProcessSandbox {
    pub(super) session: Arc<Session>,
    pub(super) deadline: Deadline,
}

/// Host implementations on their way to a [`ProcessSandbox`], and how it is started.
#[doc(hidden)]
#[derive(Default)]
pub struct ProcessHosts {
    hosts: Vec<Box<dyn FnOnce() -> Result<PlainHost, String> + Send>>,
    /// How many were given before it was said that they are to be of another kind.
    too_early: usize,
    process: Process,
}

impl Buildable for ProcessSandbox {
    type Hosts = ProcessHosts;
}

impl Builder<crate::Sandbox> {
    /// Runs guests in a process of their own. It is called before [`host`](Self::host).
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
    /// Gives guests a contract that `host` implements, as a frozen global of the contract's name. It is called in the host's
    /// process, by whichever thread calls the guest.
    pub fn host<C: ?Sized + HostContract>(mut self, host: impl Implements<C> + Send + 'static) -> Self {
        self.hosts.hosts.push(Box::new(|| PlainHost::new::<C>(host)));
        self
    }

    /// Starts the process, and makes the sandbox in it.
    ///
    /// # Errors
    ///
    /// [`Error::Build`] when a limit is out of range, when a contract is hosted twice, when [`init`](super::init) was not called,
    /// when the program cannot be started, or when a layer of the hardening is missing that is required;
    /// [`Error::Process`] when the process ends before it has a sandbox.
    pub fn build(self) -> Result<ProcessSandbox> {
        self.settings.check().map_err(Error::build)?;
        let ProcessHosts { hosts, too_early, process } = self.hosts;
        if too_early > 0 {
            return Err(Error::build("call the builder's `transport` before its `host`"));
        }
        let hosts =
            hosts.into_iter().map(|host| host()).collect::<Result<Vec<_>, _>>().map_err(Error::build)?;
        // SAFETY: `host` asks for `Send`, and each `Rc` was made in the line above.
        let hosts = unsafe { SentHosts::new(hosts) };
        ProcessSandbox::start(self.settings, hosts, &process)
    }
}

impl ProcessSandbox {
    /// A sandbox with hosts that stay on this thread: neither it nor anything that is made of it is given to another.
    pub(crate) fn on_this_thread(settings: Settings, hosts: Vec<Host>, process: &Process) -> Result<Self> {
        let hosts = hosts.into_iter().map(PlainHost::from).collect();
        // SAFETY: no other thread ever has them. The one caller is a pool, which keeps its sandboxes on the thread that made them and
        // calls them there, and which has calls of `async` methods driven there (`ProcessCall::begin_here`).
        let hosts = unsafe { SentHosts::new(hosts) };
        Self::start(settings, hosts, process)
    }

    fn start(settings: Settings, hosts: SentHosts, process: &Process) -> Result<Self> {
        let session = Session::start(settings, hosts, process)?;
        Ok(Self { session: Arc::new(session), deadline: Deadline::NEVER })
    }

    pub(crate) fn within(&self, deadline: Deadline) -> Self {
        Self { session: self.session.clone(), deadline }
    }

    /// The same sandbox, if somebody has it by then.
    pub(crate) fn weak(&self) -> WeakSandbox {
        WeakSandbox(Arc::downgrade(&self.session))
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.session.meter().meter()
    }

    /// Whether it has a process that has not ended.
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

    /// What is left of the call under way, if any is.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.session.left()
    }

    /// What its process has in memory, in bytes; 0 when there is none.
    pub(crate) fn resident(&self) -> u64 {
        self.session.resident()
    }

    /// The same sandbox for a caller that waits until `deadline` and no longer.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { session: self.session.clone(), deadline: clock::deadline(deadline) }
    }

    /// What its guests have used: the last call, and all since it was built or reset. The process says so itself, but for calls in
    /// which it ends: of those the kernel knows the CPU time, and this side how often they called the host.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.session.meter().usage()
    }

    /// Takes what guests wrote to a console that [captures](crate::Console::Capture) since it was taken last.
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        self.session.captured().take()
    }

    /// What was done to the process, layer by layer; `None` when there is no process.
    #[must_use]
    pub fn hardening(&self) -> Option<HardeningReport> {
        self.session.report()
    }

    /// The number of the process; `None` when there is none.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.session.pid()
    }

    /// Makes the sandbox anew in another process, as after it was discarded. What was loaded before answers
    /// [`Error::Discarded`] from now on.
    ///
    /// # Errors
    ///
    /// As of [`build`](Builder::build); and [`Error::Blocking`] when a host method that its own guest called asks for it.
    pub fn reset(&self) -> Result<()> {
        self.session.reset()
    }

    /// [`reset`](Self::reset) for a task, which it does not block.
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

/// A sandbox in a process that ends when nobody else has it.
#[derive(Default)]
pub(crate) struct WeakSandbox(Weak<Session>);

impl WeakSandbox {
    pub(crate) fn upgrade(&self) -> Option<ProcessSandbox> {
        self.0.upgrade().map(|session| ProcessSandbox { session, deadline: Deadline::NEVER })
    }
}
