//! [`ProcessSite`]: the application's handle of a sandbox in a child process.
//!
//! All work is done by `session`.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Process;
use super::guest::{KeptHandle, ProcessCall, Processed};
use super::harden::HardeningReport;
use super::message::{Evaluate, LimitData, kind, to_json};
use super::session::{About, CallAnswer, CallTerms, Handle, Session, What};
use crate::error::{Error, Result};
use crate::isolate::host_dispatch::{PlainHost, SentHosts};
use crate::isolate::meter::{Meter, Usage};
use crate::isolate::{Host, script};
use crate::options::{ConsoleOutput, Settings};
use crate::script::Script;
use crate::site::builder::SendHosts;
use crate::site::load::Loads;
use crate::site::sealed::Sealed;
use crate::site::{
    Callers, CpuLimitClock, HostThread, HostTypes, Load, NamedContract, SendSite, Site, SiteCaps,
};
use crate::time::Deadline;
use crate::wire::Out;

/// The site of a [`ProcessSandbox`](crate::ProcessSandbox): the isolate is in a child process.
///
/// ```
/// use sandbox_runtime::site::{ProcessSite, Site};
///
/// assert!(ProcessSite::CAPS.survives_engine && ProcessSite::CAPS.hardening);
/// ```
#[derive(Clone)]
pub struct ProcessSite {
    session: Arc<Session>,
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
        let hosts = hosts.into_iter().map(PlainHost::from).collect();
        // SAFETY: no other thread ever has them. The only caller is a pool. A pool keeps its sandboxes on the thread that
        // made them, calls them there, and drives calls of `async` methods there (`ProcessCall::begin_here`).
        let hosts = unsafe { SentHosts::new(hosts) };
        Self::with(settings, hosts, process)
    }

    fn with(settings: Settings, hosts: SentHosts, process: &Process) -> Result<Self> {
        let connect = process.connector(&settings.limits)?;
        let session = Session::start(settings, hosts, connect, process.grace_of_calls())?;
        Ok(Self { session: Arc::new(session) })
    }

    /// A weak handle of the site.
    pub(crate) fn weak(&self) -> WeakSite {
        WeakSite(Arc::downgrade(&self.session))
    }

    /// The hardening of its process; `None` without a process.
    pub(crate) fn report(&self) -> Option<HardeningReport> {
        self.session.report()
    }

    /// The number of its process; `None` without a process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.session.pid()
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

    fn kept(&self, handle: Handle) -> Arc<KeptHandle> {
        Arc::new(KeptHandle { session: self.session.clone(), handle })
    }

    /// Does `work` with this site in its turn.
    async fn in_turn<R: Send + 'static>(
        self,
        work: impl FnOnce(&Self) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let session = self.session.clone();
        ProcessCall::work(&session, move || work(&self)).await
    }
}

/// Writes the request to evaluate a script. `waits` says whether its top level may wait for the host.
fn evaluation(
    realm: Option<Handle>,
    script: &Script,
    waits: bool,
) -> impl FnOnce(LimitData, &mut Out) -> Result<()> + Send + use<> {
    let (realm, Script { name, source, .. }) = (realm.map(|realm| realm.key), script.clone());
    move |limit, out| to_json(&Evaluate { realm, name, source, waits, limit }, out)
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
        let hosts = hosts.arrive().into_iter().map(|host| host.map(PlainHost::from));
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
        let realm = realm.map(|realm| realm.handle);
        let evaluated = self.session.request(
            About::default(),
            (kind::EVALUATE, realm),
            deadline,
            evaluation(realm, &script, false),
            |answer| answer.handle(What::Script),
        );
        evaluated.map(|handle| self.kept(handle)).map_err(|error| script::error_of(error, &script))
    }

    async fn evaluate_async(
        self,
        realm: Option<Arc<KeptHandle>>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Arc<KeptHandle>> {
        let handle = realm.as_ref().map(|realm| realm.handle);
        let terms = CallTerms { about: About::default(), kind: kind::EVALUATE, handle, deadline };
        let read = |answer: CallAnswer<'_>| answer.handle(What::Script);
        let evaluated =
            ProcessCall::order(&self.session, terms, evaluation(handle, &script, true), read).await;
        evaluated.map(|handle| self.kept(handle)).map_err(|error| script::error_of(error, &script))
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
        self.in_turn(move |site| site.bind(&exports, contract, deadline)).await
    }

    fn make_realm(&self, deadline: Deadline) -> Result<Arc<KeptHandle>> {
        let handle = self.session.request(
            About { builds: true, ..About::default() },
            (kind::REALM, None),
            deadline,
            |limit, out| to_json(&limit, out),
            |answer| answer.handle(What::Realm),
        )?;
        Ok(self.kept(handle))
    }

    async fn make_realm_async(self, deadline: Deadline) -> Result<Arc<KeptHandle>> {
        self.in_turn(move |site| site.make_realm(deadline)).await
    }

    fn reset(&self) -> Result<()> {
        self.session.reset()
    }

    async fn reset_async(self) -> Result<()> {
        self.in_turn(Self::reset).await
    }

    fn usage(&self) -> Usage {
        self.session.meter().usage()
    }

    fn take_console(&self) -> ConsoleOutput {
        self.session.captured().take()
    }

    fn loads<P: 'static>(load: Load<Self>, proxy: fn(Processed) -> P) -> Loads<P> {
        Loads::new(load.run(), proxy)
    }
}

/// A handle that does not keep the process alive.
#[derive(Default)]
pub(crate) struct WeakSite(Weak<Session>);

impl WeakSite {
    pub(crate) fn upgrade(&self) -> Option<ProcessSite> {
        self.0.upgrade().map(|session| ProcessSite { session })
    }
}
