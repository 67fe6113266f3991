//! [`ProcessSite`]: the application's handle of a sandbox in a child process.
//!
//! The operations are those of all sites over a wire.

use std::sync::Arc;

use super::Process;
use crate::error::{Error, Result};
use crate::isolate::Host;
use crate::isolate::host_dispatch::{PlainHost, SentHosts};
use crate::observe::bill::Usage;
use crate::options::{ConsoleOutput, Settings};
use crate::script::Script;
use crate::site::builder::SendHosts;
use crate::site::load::Loads;
use crate::site::sealed::Sealed;
use crate::site::timers;
use crate::site::wired::guest::{KeptHandle, Processed};
use crate::site::wired::{WeakWiredSite, WiredSite};
use crate::site::{
    Callers, CancelHandle, CpuLimitClock, HostThread, HostTypes, Load, NamedContract, SendSite, Site,
    SiteCaps,
};
use crate::time::Deadline;

/// The site of a [`ProcessSandbox`](crate::ProcessSandbox): the isolate is in a child process.
///
/// ```
/// use sandbox_runtime::site::{ProcessSite, Site};
///
/// assert!(ProcessSite::CAPS.survives_engine && ProcessSite::CAPS.hardening);
/// ```
#[derive(Clone)]
pub struct ProcessSite {
    pub(crate) wired: WiredSite,
}

/// The host implementations for a sandbox, and the settings of its process.
#[doc(hidden)]
#[derive(Default)]
pub struct ProcessHosts {
    pub(crate) hosts: SendHosts,
    pub(crate) process: Process,
}

impl ProcessSite {
    /// A site whose hosts stay on this thread. Neither the site nor anything made of it may move to another thread.
    pub(crate) fn on_this_thread(settings: Settings, hosts: Vec<Host>, process: &Process) -> Result<Self> {
        let mut hosts = hosts.into_iter().map(Ok).collect::<Vec<_>>();
        timers::add(&settings, &mut hosts, |host| host);
        let hosts = hosts.into_iter().map(|host| host.map(PlainHost::from));
        let hosts = hosts.collect::<Result<Vec<_>, _>>().map_err(Error::build)?;
        // SAFETY: no other thread ever has them. The only caller is a pool. A pool keeps its sandboxes on the thread that
        // made them, calls them there, and drives calls of `async` methods there (`ProcessCall::begin_here`).
        let hosts = unsafe { SentHosts::new(hosts) };
        Self::with(settings, hosts, process)
    }

    fn with(settings: Settings, hosts: SentHosts, process: &Process) -> Result<Self> {
        let connect = process.connector(&settings.limits)?;
        WiredSite::start(settings, hosts, connect, process.grace_of_calls()).map(|wired| Self { wired })
    }

    /// A weak handle of the site.
    pub(crate) fn weak(&self) -> WeakSite {
        WeakSite(self.wired.weak())
    }
}

impl Sealed for ProcessSite {}

impl SendSite for ProcessSite {
    fn hosts(hosts: &mut ProcessHosts) -> &mut SendHosts {
        &mut hosts.hosts
    }
}

impl Site for ProcessSite {
    const CAPS: SiteCaps = SiteCaps {
        name: "ProcessSandbox",
        callers: Callers::AnyThread,
        blocks_runtime: false,
        local_contracts: false,
        host_types: HostTypes::SendOnly,
        host_thread: HostThread::Caller,
        realms: true,
        sink_calls: false,
        cancels_running: true,
        cpu: CpuLimitClock::Process,
        process_memory: true,
        ends_built_ins: true,
        survives_engine: true,
        hardening: true,
    };

    type Transport = Processed;
    type Loads<P: 'static> = Loads<P>;
    type Hosts = ProcessHosts;
    type Exports = Arc<KeptHandle>;
    type Realm = Arc<KeptHandle>;

    fn start(settings: Settings, ProcessHosts { hosts, process }: ProcessHosts) -> Result<Self> {
        let mut hosts = hosts.arrive();
        timers::add(&settings, &mut hosts, |host| host);
        let hosts = hosts.into_iter().map(|host| host.map(PlainHost::from));
        let hosts = hosts.collect::<Result<Vec<_>, _>>().map_err(Error::build)?;
        // SAFETY: `host` requires `Send`, and each `Rc` was made in the lines above.
        let hosts = unsafe { SentHosts::new(hosts) };
        Self::with(settings, hosts, &process)
    }

    fn evaluate(
        &self,
        realm: Option<&Arc<KeptHandle>>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Arc<KeptHandle>> {
        self.wired.evaluate(realm, &script, deadline)
    }

    async fn evaluate_async(
        self,
        realm: Option<Arc<KeptHandle>>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Arc<KeptHandle>> {
        self.wired.evaluate_async(realm, script, deadline).await
    }

    fn bind(
        &self,
        exports: &Arc<KeptHandle>,
        contract: NamedContract,
        deadline: Deadline,
    ) -> Result<Processed> {
        Processed::bind(exports, contract, deadline)
    }

    async fn bind_async(
        self,
        exports: Arc<KeptHandle>,
        contract: NamedContract,
        deadline: Deadline,
    ) -> Result<Processed> {
        self.wired.bind_async(exports, contract, deadline).await
    }

    fn make_realm(&self, deadline: Deadline) -> Result<Arc<KeptHandle>> {
        self.wired.make_realm(deadline)
    }

    async fn make_realm_async(self, deadline: Deadline) -> Result<Arc<KeptHandle>> {
        self.wired.make_realm_async(deadline).await
    }

    fn reset(&self) -> Result<()> {
        self.wired.reset()
    }

    async fn reset_async(self) -> Result<()> {
        self.wired.reset_async().await
    }

    fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(Arc::new(self.wired.weak()))
    }

    fn usage(&self) -> Usage {
        self.wired.usage()
    }

    fn take_console(&self) -> ConsoleOutput {
        self.wired.take_console()
    }

    fn loads<P: 'static>(load: Load<Self>, proxy: fn(Processed) -> P) -> Loads<P> {
        Loads::new(load.run(), proxy)
    }
}

/// A handle that does not keep the process alive.
#[derive(Default)]
pub(crate) struct WeakSite(WeakWiredSite);

impl WeakSite {
    pub(crate) fn upgrade(&self) -> Option<ProcessSite> {
        self.0.upgrade().map(|wired| ProcessSite { wired })
    }
}
