//! The host's side of a sandbox at the other end of a link.
//!
//! A [`Session`] has one peer, at the other end of a [`Link`]. Synchronous requests run one at a time, on their callers'
//! threads, under the lock of `state`. The driver (`flights`) runs calls of `async` methods. Both serve the peer's host
//! calls (`host_call`). The host trusts no frame of the peer.
//!
//! Whether the peer is a process, and how its frames get here, only the link knows.

mod bill;
mod call;
mod call_end;
mod call_table;
mod cancels;
mod counts;
mod dispatch;
mod driver_waker;
mod erased_call;
mod flights;
mod handles;
mod host_call;
mod inside;
mod job_queue;
mod late_calls;
mod live_peer;
mod objects;
mod observed;
mod readiness_task;
mod runtimes;
mod start;
mod state;
mod sync_call;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parking_lot::ReentrantMutex;

use super::call_head::{LimitData, OuterCall, Until};
use super::hardening::HardeningReport;
use super::link::Connect;
use super::message::Failure;
use crate::boundary::{ValueError, over_bytes};
use crate::contract::SpecRef;
use crate::error::{DiscardCause, Error, LimitKind, Place, Result};
use crate::isolate::cancels::Periods;
use crate::isolate::host_dispatch::SentHosts;
use crate::isolate::isolate_link::IsolateLink;
use crate::isolate::meter::Ledger;
use crate::isolate::{clock, resets_itself, thrown};
use crate::limits::Limits;
use crate::observe::EndCause;
use crate::observe::teller::Teller;
use crate::options::{Captured, Clock, Settings};
use crate::panic::drop_each;
use crate::script::Script;
use crate::site::blocking;
use crate::time::{Deadline, Nanos};
use crate::wire::fault::Hearing;
use crate::wire::{self, Out};

pub(super) use call::CallAnswer;
use call_end::ReadTime;
pub(super) use erased_call::{CallTerms, TypedCall};
use handles::NotGiven;
pub(super) use inside::CallScope;
use job_queue::JobQueue;
pub(super) use job_queue::QueuedJob;
use live_peer::LivePeer;
pub(super) use objects::{BindingLease, FarBindings};
pub(crate) use readiness_task::ReadinessPoll;
use state::SessionState;

/// The default grace: how long after its limit a peer is killed that has not ended the call itself. The caller of an
/// `async` method is told after this time at the latest.
pub(crate) const GRACE: Duration = Duration::from_millis(150);
/// How many errors of host methods are kept.
const KEPT: usize = 16;

/// A sandbox at the other end of a link.
pub(super) struct Session {
    connect: Box<dyn Connect>,
    state: ReentrantMutex<SessionState>,
    /// Number of lock acquisitions; lets a waiter detect progress.
    turns: AtomicUsize,
    /// The number of nested requests on a stack.
    depth: AtomicUsize,
    /// The jobs of the driver.
    jobs: Arc<JobQueue>,
    live: Mutex<Option<Arc<LivePeer>>>,
    settings: Settings,
    /// How long after its limit a peer is killed that has not ended the call itself.
    grace: Duration,
    meter: Ledger,
    /// Handles that were dropped, and that the peer still keeps.
    forgotten: Mutex<Vec<Handle>>,
    /// The periods of calls: all calls of a period are cancelled together.
    periods: Periods,
    /// The number of the synchronous call whose answer is waited for; 0 for none.
    running: AtomicU64,
    /// The last synchronous call that was called off; 0 for none.
    called_off: AtomicU64,
    /// The observers, if there are any.
    observed: Option<Arc<Teller>>,
    /// The number of realms that were asked for, beside the first one.
    realms: AtomicU64,
}

/// A handle of something that the peer keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle {
    generation: u64,
    pub(super) key: u64,
    what: What,
    /// The number of the realm whose code it is, or which it is.
    pub(super) realm: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Realm,
    Script,
    Binding,
}

/// The other calls under way when a call begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// No other call.
    Alone,
    /// Other calls.
    Beside,
    /// The call for whose host method this one is made.
    Inside,
}

/// The error of a call by a console's sink: the guest waits for its line to be written, and cannot be called.
pub(super) fn waits_for_its_line() -> Error {
    crate::site::SiteRefusal::InsideSink.error()
}

/// The error of a call by the code that writes the arguments of another call. The other call is under way already.
fn writes_arguments() -> Error {
    Error::blocking(
        "a value that is written for a call cannot call the sandbox of that call: make the inner call before the outer one",
    )
}

/// The bill that gets the CPU time of a peer that ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pays {
    Itself,
    /// The bill of the outer call, or the bills of the calls under way.
    Outer,
}

/// The method and contract of a request, for its errors.
#[derive(Clone, Default)]
pub(super) struct About {
    pub(super) place: Option<Place>,
    pub(super) contract: Option<SpecRef>,
    /// Whether the request makes a sandbox or a realm, which may fail.
    pub(super) builds: bool,
    /// The number of the realm whose code runs, or which is made.
    pub(super) realm: u64,
    /// The script that is evaluated.
    pub(super) script: Option<Script>,
    /// Whether the call is one of an object that a guest gave.
    pub(super) is_of_object: bool,
}

impl Session {
    /// A sandbox whose peers come from `connect`. A peer is ended that has not ended a call `grace` after its limit.
    pub(super) fn start(
        settings: Settings,
        hosts: SentHosts,
        connect: Box<dyn Connect>,
        grace: Duration,
    ) -> Result<Self> {
        let observed = settings.observers.teller();
        let session = Self {
            connect,
            state: ReentrantMutex::new(SessionState::new(hosts)),
            turns: AtomicUsize::default(),
            depth: AtomicUsize::default(),
            jobs: Arc::default(),
            live: Mutex::default(),
            settings,
            grace,
            meter: Ledger::default(),
            forgotten: Mutex::default(),
            periods: Periods::default(),
            running: AtomicU64::default(),
            called_off: AtomicU64::default(),
            observed,
            realms: AtomicU64::default(),
        };
        session.begin(&session.state.lock())?;
        Ok(session)
    }

    fn live(&self) -> Option<Arc<LivePeer>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_live(&self, live: Option<LivePeer>) {
        let before = std::mem::replace(
            &mut *self.live.lock().unwrap_or_else(PoisonError::into_inner),
            live.map(Arc::new),
        );
        drop(before);
    }

    /// The link of the proxies of guests' objects, and their bindings.
    pub(super) fn far_objects(self: &Arc<Self>) -> (Arc<IsolateLink>, Arc<FarBindings>) {
        self.state.lock().handles.objects.belong_to(self)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    pub(super) fn meter(&self) -> &Ledger {
        &self.meter
    }

    pub(super) fn captured(&self) -> &Captured {
        &self.settings.captured
    }

    /// The hardening of the peer; `None` without a peer.
    pub(super) fn report(&self) -> Option<HardeningReport> {
        self.live().and_then(|live| live.link.report())
    }

    /// The number of the peer's process; `None` without one.
    pub(super) fn pid(&self) -> Option<u32> {
        self.live().and_then(|live| live.link.pid())
    }

    pub(super) fn is_live(&self) -> bool {
        self.live().is_some_and(|live| !live.link.has_ended())
    }

    /// Whether a synchronous call is under way.
    pub(super) fn is_running(&self) -> bool {
        self.depth.load(Ordering::SeqCst) > 0
    }

    /// Whether any call is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.live().is_some_and(|live| !live.guard().end().is_never())
    }

    /// The time until the deadline of the synchronous call under way.
    pub(super) fn left(&self) -> Option<Duration> {
        let end = self.live().filter(|_| self.is_running()).map(|live| live.guard().end())?;
        end.remaining(clock::now()).map(Nanos::duration)
    }

    /// The memory of its peer.
    pub(super) fn resident(&self) -> u64 {
        self.live().map(|live| live.guard().resident()).unwrap_or_default()
    }

    /// Replaces the peer and the sandbox in it.
    pub(super) fn reset(&self) -> Result<()> {
        blocking::wait(|| self.reset_here())
    }

    fn reset_here(&self) -> Result<()> {
        self.allows_observer()?;
        let state = self.lock(Deadline::NEVER)?;
        if self.here() != CallScope::Elsewhere {
            return Err(resets_itself());
        }
        // Calls under way end with their peer.
        if let Some(live) = self.live() {
            live.link.end();
        }
        self.set_live(None);
        self.observed.iter().for_each(|teller| teller.sandbox_ends(EndCause::Reset));
        self.realms.store(0, Ordering::Relaxed);
        state.cancel_all();
        state.handles.end_all();
        state.generation.set(state.generation.get() + 1);
        self.meter.clear();
        let begun = self.begin(&state);
        let over = state.handles.take_over();
        drop(state);
        drop_each(over);
        self.jobs.wake();
        begun
    }

    pub(super) fn forget(&self, handle: Handle) {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }

    fn lock(&self, deadline: Deadline) -> Result<parking_lot::ReentrantMutexGuard<'_, SessionState>> {
        // The wait of a reset: a call that takes its whole time, and another one after it. Other calls may be before it,
        // each for as long.
        let patience = self.settings.limits.wall.saturating_mul(2).saturating_add(self.grace);
        loop {
            let turns = self.turns.load(Ordering::SeqCst);
            let left = deadline.remaining(clock::now()).map(Nanos::duration);
            let wait = left.map_or(patience, |left| left.min(patience));
            if let Some(state) = self.state.try_lock_for(wait) {
                self.turns.fetch_add(1, Ordering::SeqCst);
                return Ok(state);
            }
            let is_late = left.is_some_and(|left| left <= patience);
            if is_late || self.turns.load(Ordering::SeqCst) == turns {
                let kind = if is_late { LimitKind::Deadline } else { LimitKind::Wall };
                return Err(Error::queued(kind));
            }
        }
    }

    /// Whether values are within the budget of a crossing, by their encoded bytes. The peer checks them exactly.
    pub(super) fn affordable(&self, bytes: usize) -> Result<(), ValueError> {
        match bytes <= self.most_bytes() {
            true => Ok(()),
            false => Err(over_bytes(self.limits().value_bytes)),
        }
    }

    /// Gives numbers to the objects of values.
    pub(super) fn give(&self, out: &mut Out) -> Result<(), ValueError> {
        if !out.has_objects() {
            return Ok(());
        }
        let state = self.state.lock();
        self.give_in(&state, out).map_err(|error| error.error(self.limits().handles).inside("arguments"))
    }

    fn give_in(&self, state: &SessionState, out: &mut Out) -> Result<(), NotGiven> {
        let can_wait = self.live().is_none_or(|live| live.link.can_call_back());
        state.handles.give(out, self.limits().handles, can_wait)
    }

    /// The greatest length of a crossing's values, encoded, in bytes.
    fn most_bytes(&self) -> usize {
        /// The greatest encoded size of a value beside its text or bytes.
        const VALUE: usize = 16;
        let limits = self.limits();
        limits.value_bytes.saturating_add(limits.value_nodes.saturating_mul(VALUE))
    }

    /// The time for a peer without a clock of its own. A peer with a clock is not told.
    fn now(&self) -> i64 {
        match &self.settings.clock {
            Clock::Real | Clock::Coarse => 0,
            clock => clock.now(),
        }
    }

    /// Marks a peer as dead, with everything that was made in it.
    fn mark_dead(&self, state: &SessionState, live: &Arc<LivePeer>, error: &Error) {
        live.link.end();
        if self.live().is_some_and(|current| Arc::ptr_eq(&current, live)) {
            self.set_live(None);
            self.observed.iter().for_each(|teller| teller.sandbox_ends(EndCause::Fault(error)));
            state.cancel_all();
            state.discarded.borrow_mut().get_or_insert_with(|| error.clone());
            state.handles.end_all();
        }
    }

    /// The peer for a request, if it has the handle.
    fn ready(&self, state: &SessionState, handle: Option<Handle>) -> Result<Arc<LivePeer>> {
        if handle.is_some_and(|handle| handle.generation != state.generation.get()) {
            return Err(Error::discarded(DiscardCause::Reset));
        }
        self.live().ok_or_else(|| {
            let fault = state.discarded.borrow().clone();
            fault.map_or(Error::discarded(DiscardCause::Closed), Error::after)
        })
    }

    /// The limit of a call.
    fn limit(&self, state: &SessionState, live: &LivePeer, deadline: Deadline) -> LimitData {
        LimitData {
            until: Until::of(deadline, live.clock),
            now: self.now(),
            together: !state.is_alone.get(),
            may_spin: live.link.may_spin(),
            outer: OuterCall::None,
        }
    }

    /// The error of a limit of time.
    fn over(&self, kind: LimitKind, place: Option<&Place>) -> Error {
        self.settings.limits.exceeded(kind, place)
    }

    fn error(&self, state: &SessionState, about: &About, failure: Failure) -> Option<Error> {
        let known = state.contracts();
        let hosts = known.iter().map(|spec| &**spec).collect::<Vec<_>>();
        // The caller must be the only owner of the host's error.
        let source = |number: u64| {
            let mut sources = state.sources.borrow_mut();
            let at = sources.iter().position(|(known, _)| *known == number)?;
            sources.remove(at).map(|(_, source)| source)
        };
        let value = |bytes: &[u8]| wire::decode(bytes, &thrown::limits()).ok();
        let (place, contract) = (about.place.as_ref(), about.contract.as_deref());
        let (builds, limits) = (about.builds, self.limits());
        Hearing { place, contract, builds, hosts: &hosts, limits, source: &source, value: &value }
            .error(failure.fault)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.jobs.close();
        self.state.lock().handles.objects.close();
        self.observed.iter().for_each(|teller| teller.sandbox_ends(EndCause::Closed));
    }
}

impl Handle {
    pub(super) fn new(key: u64, generation: u64, what: What, realm: u64) -> Self {
        Self { generation, key, what, realm }
    }
}
