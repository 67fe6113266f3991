//! Builders of the sandboxes on all sites: their hosts, and `build`.

use sandbox_core::{OwnedContract, UntypedHost};

use super::{Client, LocalSandbox};
#[cfg(feature = "process")]
use super::{ProcessSandbox, Sandbox};
use crate::contract::{HostContract, Implements};
use crate::error::{Error, Result};
use crate::isolate::Host;
#[cfg(feature = "process")]
use crate::process::{Process, ProcessHosts};
use crate::site::builder::{Buildable, Builder};
use crate::site::{SendSite, Site};

impl<S: Site> Buildable for Client<S> {
    type Hosts = S::Hosts;
}

impl<S: Site> Builder<Client<S>> {
    /// Makes the sandbox: on this thread, on a thread of its own, or in a process.
    ///
    /// # Errors
    ///
    /// [`Error::Build`] when a limit is out of range, or when a contract is hosted twice. For a
    /// [`LocalSandbox`], also when this thread's stack is too small. For a [`Sandbox`](crate::Sandbox), also when no thread
    /// can be started.
    ///
    /// For a `ProcessSandbox`, [`Error::Build`] also reports that `process::init` was not called, a program that cannot be
    /// started, and a required layer of the hardening that is missing. [`Error::Process`] when the process ends before it
    /// has a sandbox.
    pub fn build(self) -> Result<Client<S>> {
        self.settings.check().map_err(Error::build)?;
        S::start(self.settings, self.hosts).map(Client::new)
    }
}

impl Builder<LocalSandbox> {
    /// Gives guests a contract that `host` implements, as a frozen global of the contract's name.
    pub fn host<C: ?Sized + HostContract>(mut self, host: impl Implements<C> + 'static) -> Self {
        self.hosts.0.push(Host::new::<C>(host.into_host()));
        self
    }

    /// Gives guests a contract that came as data, which `host` implements, as a frozen global of the contract's name.
    /// See [`UntypedHost`].
    pub fn untyped_host(mut self, contract: &OwnedContract, host: impl UntypedHost) -> Self {
        let nth = self.hosts.0.len();
        self.hosts.0.push(Host::owned(nth, contract.clone(), host));
        self
    }

    /// Adds a host that other sandboxes share.
    #[cfg(feature = "testing")]
    pub(crate) fn shared_host(mut self, host: Host) -> Self {
        self.hosts.0.push(Ok(host));
        self
    }
}

impl<S: SendSite> Builder<Client<S>> {
    /// Gives guests a contract that `host` implements, as a frozen global of the contract's name. The implementation moves
    /// to the [`Sandbox`](crate::Sandbox)'s thread and is called there. The one of a `ProcessSandbox` stays in this process.
    /// During a synchronous call of the guest, the caller's thread calls the implementation. During `async` calls, one thread
    /// of the sandbox does.
    pub fn host<C: ?Sized + HostContract>(mut self, host: impl Implements<C> + Send + 'static) -> Self {
        S::hosts(&mut self.hosts).0.push(Box::new(|| Host::new::<C>(host.into_host())));
        self
    }

    /// Gives guests a contract that came as data, which `host` implements, as a frozen global of the contract's name. The
    /// implementation is called where one of [`host`](Self::host) is. See [`UntypedHost`].
    pub fn untyped_host(mut self, contract: &OwnedContract, host: impl UntypedHost + Send) -> Self {
        let hosts = &mut S::hosts(&mut self.hosts).0;
        let (nth, contract) = (hosts.len(), contract.clone());
        hosts.push(Box::new(move || Host::owned(nth, contract, host)));
        self
    }
}

#[cfg(feature = "process")]
impl Builder<Sandbox> {
    /// Runs guests in a process of their own, instead of on a thread. The hosts and settings of the builder are kept.
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
        Builder { settings: self.settings, hosts: ProcessHosts { hosts: self.hosts, process } }
    }
}
