//! [`WiredSite`]: the operations of a site whose guests are at the other end of a link.
//!
//! The sites over a wire own one, and differ in their links and their [`SiteCaps`](crate::site::SiteCaps). All work is done
//! by `session`.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::call_head::LimitData;
use super::far_objects;
use super::guest::{KeptHandle, ProcessCall, Processed};
use super::hardening::HardeningReport;
use super::link::Connect;
use super::message::{Evaluate, ScriptData, kind, to_json};
use super::session::{About, Handle, Session, What};
use crate::error::Result;
use crate::isolate::host_dispatch::SentHosts;
use crate::isolate::meter::Meter;
use crate::isolate::script;
use crate::observe::bill::Usage;
use crate::options::{ConsoleOutput, Settings};
use crate::script::Script;
use crate::site::{CancelCalls, NamedContract};
use crate::time::Deadline;
use crate::wire::Out;

/// A site whose guests are at the other end of a link.
#[derive(Clone)]
pub(crate) struct WiredSite {
    session: Arc<Session>,
}

/// Writes the request to evaluate a script. `waits` says whether its top level may wait for the host.
fn evaluation(
    realm: Option<Handle>,
    script: &Script,
    waits: bool,
) -> impl FnOnce(LimitData, &mut Out) -> Result<()> + Send + use<> {
    let (realm, script) = (realm.map(|realm| realm.key), script.clone());
    move |limit, out| to_json(&Evaluate { realm, script: ScriptData::of(&script), waits, limit }, out)
}

impl WiredSite {
    /// A sandbox whose peers come from `connect`. A peer is ended that has not ended a call `grace` after its limit.
    pub(crate) fn start(
        settings: Settings,
        hosts: SentHosts,
        connect: Box<dyn Connect>,
        grace: Duration,
    ) -> Result<Self> {
        let session = Arc::new(Session::start(settings, hosts, connect, grace)?);
        far_objects::open(&session);
        Ok(Self { session })
    }

    /// A weak handle of the site.
    pub(crate) fn weak(&self) -> WeakWiredSite {
        WeakWiredSite(Arc::downgrade(&self.session))
    }

    /// The hardening of the peer; `None` where the link does not know it.
    pub(crate) fn report(&self) -> Option<HardeningReport> {
        self.session.report()
    }

    /// The number of the peer's process on this machine; `None` without one.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.session.pid()
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.session.meter().meter()
    }

    /// Whether the peer exists and has not ended.
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

    /// The memory of the peer, in bytes; 0 where nothing reports it.
    pub(crate) fn resident(&self) -> u64 {
        self.session.resident()
    }

    fn kept(&self, handle: Handle) -> Arc<KeptHandle> {
        Arc::new(KeptHandle { session: self.session.clone(), handle })
    }

    /// Makes a call by `work` with this site in its turn.
    async fn in_turn<R: Send + 'static>(
        self,
        work: impl FnOnce(&Self) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let (session, made_in) = (self.session.clone(), self.session.periods().now());
        let call = move || self.session.refuses_cancelled(made_in).and_then(|()| work(&self));
        ProcessCall::work(&session, call).await
    }

    /// Refuses a script that no site evaluates, before anything of it is written for the peer.
    fn allows(&self, script: &Script) -> Result<()> {
        script::allows(self.session.limits(), script).map_err(|error| script::error_of(error, script))
    }

    pub(crate) fn evaluate(
        &self,
        realm: Option<&Arc<KeptHandle>>,
        script: &Script,
        deadline: Deadline,
    ) -> Result<Arc<KeptHandle>> {
        self.allows(script)?;
        let realm = realm.map(|realm| realm.handle);
        let number = realm.map_or(0, |realm| realm.realm);
        let about = About { realm: number, script: Some(script.clone()), ..About::default() };
        let evaluated = self.session.request(
            about,
            (kind::EVALUATE, realm),
            deadline,
            evaluation(realm, script, false),
            |answer| answer.handle(What::Script, number),
        );
        evaluated.map(|handle| self.kept(handle)).map_err(|error| script::error_of(error, script))
    }

    pub(crate) async fn evaluate_async(
        self,
        realm: Option<Arc<KeptHandle>>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Arc<KeptHandle>> {
        self.allows(&script)?;
        let handle = realm.as_ref().map(|realm| realm.handle);
        let number = handle.map_or(0, |realm| realm.realm);
        let about = About { realm: number, script: Some(script.clone()), ..About::default() };
        let evaluated = ProcessCall::order(
            &self.session,
            about,
            (kind::EVALUATE, handle),
            deadline,
            evaluation(handle, &script, true),
            move |answer| answer.handle(What::Script, number),
        );
        let evaluated = evaluated.await;
        evaluated.map(|handle| self.kept(handle)).map_err(|error| script::error_of(error, &script))
    }

    pub(crate) async fn bind_async(
        self,
        exports: Arc<KeptHandle>,
        contract: NamedContract,
        deadline: Deadline,
    ) -> Result<Processed> {
        self.in_turn(move |_| Processed::bind(&exports, contract, deadline)).await
    }

    pub(crate) fn make_realm(&self, deadline: Deadline) -> Result<Arc<KeptHandle>> {
        let realm = self.session.next_realm();
        let handle = self.session.request(
            About { builds: true, realm, ..About::default() },
            (kind::REALM, None),
            deadline,
            |limit, out| to_json(&limit, out),
            |answer| answer.handle(What::Realm, realm),
        )?;
        Ok(self.kept(handle))
    }

    pub(crate) async fn make_realm_async(self, deadline: Deadline) -> Result<Arc<KeptHandle>> {
        self.in_turn(move |site| site.make_realm(deadline)).await
    }

    pub(crate) fn reset(&self) -> Result<()> {
        self.session.reset()
    }

    pub(crate) async fn reset_async(self) -> Result<()> {
        let session = self.session.clone();
        ProcessCall::work(&session, move || self.reset()).await
    }

    pub(crate) fn usage(&self) -> Usage {
        self.session.meter().usage()
    }

    pub(crate) fn take_console(&self) -> ConsoleOutput {
        self.session.captured().take()
    }
}

/// A handle that does not keep the peer alive.
#[derive(Default)]
pub(crate) struct WeakWiredSite(Weak<Session>);

impl CancelCalls for WeakWiredSite {
    fn cancel_all(self: Arc<Self>) -> Result<()> {
        self.0.upgrade().map_or(Ok(()), |session| session.cancel_all())
    }
}

impl WeakWiredSite {
    pub(crate) fn upgrade(&self) -> Option<WiredSite> {
        self.0.upgrade().map(|session| WiredSite { session })
    }
}
