//! The driver of the `async` calls in a peer.
//!
//! The driver sends requests, polls the host methods that guests wait for, and passes the results to the callers. The
//! futures of a call stay with the driver, on its thread. The state of the sandbox is under a lock, which a synchronous call
//! takes in between.

mod ends;

use std::cell::Cell;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use tokio::runtime::Handle as Runtime;

use super::super::call_head::LimitData;
use super::super::link::Interest;
use super::super::message::kind;
use super::call::{CallAnswer, MOST_KEPT, Request};
use super::call_table::{CallTable, PeerCall};
use super::counts::Served;
use super::driver_waker::DriverWaker;
use super::erased_call::ErasedCall;
use super::host_call::{HostCallAsked, owner_of_abort};
use super::inside::HostFrames;
use super::job_queue::QueuedJob;
use super::readiness_task::Patience;
use super::state::{SessionState, Underway};
use super::{About, LivePeer, Pays, Session};
use crate::error::{DiscardCause, Error, Result};
use crate::isolate::cancels::Period;
use crate::isolate::clock;
use crate::isolate::pending_host_call::Pendings;
use crate::isolate::ticket::TicketScope;
use crate::observe::CallOutcome;
use crate::observe::bill::Bill;
use crate::observe::teller::OpenCall;
use crate::panic::{drop_each, drop_of_host, of_host, unless_it_panics};
use crate::time::{Deadline, Nanos};
use crate::wire::frame::Frame;
use crate::wire::{self, Out};

/// How many frames are read before other work is done.
const AT_ONCE: usize = 64;
/// How many unsent bytes may exist when the next call begins.
const MOST_SENT: usize = 1 << 20;
/// How many rounds are made before other tasks of the thread have their turn.
const ROUNDS: usize = 16;

/// The driver of a sandbox's calls.
pub(in super::super) struct Driver {
    pub(super) session: Arc<Session>,
    /// The peer of the calls.
    pub(super) live: Option<Arc<LivePeer>>,
    pub(super) flights: CallTable,
    /// The number of bytes that the link had no room for.
    backlog: usize,
    /// When the next waiting caller gives up.
    next: Deadline,
    /// The period of calls at the last look.
    pub(super) period: Period,
    /// Until when the peer may end a call, because it has just ended another.
    pub(super) ends_until: Deadline,
    /// The interval of checks of the peer's limits.
    patience: Patience,
}

impl Driver {
    pub(super) fn new(session: Arc<Session>) -> Self {
        let (backlog, next, ends_until, patience) =
            (0, Deadline::NEVER, Deadline::PASSED, Patience::default());
        let (period, flights) = (session.periods().now(), CallTable::default());
        Self { session, live: None, flights, backlog, next, period, ends_until, patience }
    }

    /// Does all work that is possible now. Returns whether no work is left.
    pub(super) fn pump(&mut self, cx: &mut Context<'_>) -> bool {
        let session = self.session.clone();
        let asked = clock::now();
        // A synchronous caller checks its own limits. The deadlines of other callers are checked here.
        let mut state = session.state.try_lock();
        let state = loop {
            match state {
                Some(state) => break state,
                None => state = session.state.try_lock_for(self.tell_late(&session)),
            }
        };
        self.flights.excuse(clock::now().since(asked));
        session.jobs.listen(cx.waker());
        self.flights.listen(cx.waker());
        if let Err(error) = self.advance(&session, &state, cx) {
            // The error of a peer's end may have gone to another caller.
            match self.is_current(&session) {
                true => self.crash(&session, &state, &error),
                false => self.leave_behind(&session, &state),
            }
            // Calls that have not begun can begin now, and no other event says so.
            cx.waker().wake_by_ref();
        }
        let over = state.handles.take_over();
        drop(state);
        drop_each(over);
        self.flights.is_empty() && session.jobs.is_empty()
    }

    /// Other tasks had the thread for this long, while the peer or this side had something to send.
    pub(super) fn was_away(&mut self, span: Nanos) {
        /// Less than an ordinary wait for a thread.
        const SHORT: Nanos = Nanos::of(Duration::from_millis(20));
        if span > SHORT {
            self.flights.excuse(span);
            let grace = self.session.grace;
            self.live.iter().for_each(|live| live.guard().for_at_least(grace));
        }
    }

    fn advance(&mut self, session: &Arc<Session>, state: &SessionState, cx: &mut Context<'_>) -> Result<()> {
        for _ in 0..ROUNDS {
            self.flights.mark_ready();
            self.tell_cancelled(session);
            self.leave_behind(session, state);
            self.push_on(session, state)?;
            let was_blocked = self.is_blocked();
            let has_begun = self.begin_waiting(session, state, cx)?;
            let (mut has_heard, mut has_told) = (false, false);
            // A peer that does not read is not checked for its silence either.
            if self.backlog < MOST_KEPT {
                has_heard = self.hear(session, state)?;
                self.leave_behind(session, state);
                has_told = self.tell(session, state)?;
                self.leave_behind(session, state);
            }
            self.end(session, state)?;
            self.push_on(session, state)?;
            let is_unblocked = was_blocked && !self.is_blocked();
            if !(has_begun || has_heard || has_told || is_unblocked) {
                return Ok(());
            }
            self.patience = Patience::default();
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    pub(super) fn call<'c>(
        session: &'c Session,
        state: &'c SessionState,
        live: &'c Arc<LivePeer>,
    ) -> Request<'c> {
        let (about, began, made_in) = (About::default(), clock::now(), session.periods.now());
        let (end, is_driven, pays) = ((Deadline::NEVER, true), true, Pays::Outer);
        Request { session, state, live, about, began, made_in, end, is_driven, pays }
    }

    /// Whether the peer of the calls is the sandbox's current peer.
    fn is_current(&self, session: &Session) -> bool {
        match (&self.live, session.live()) {
            (Some(known), Some(current)) => Arc::ptr_eq(known, &current),
            (known, None) => known.is_none(),
            (None, Some(_)) => true,
        }
    }

    /// Continues the unsent frames, as far as there is room.
    fn push_on(&mut self, session: &Session, state: &SessionState) -> Result<()> {
        self.backlog = match &self.live {
            Some(live) => Self::call(session, state, live).push_on()?,
            None => 0,
        };
        Ok(())
    }

    /// Begins the waiting calls, unless the peer has much to read, or to end: the peer could postpone that for ever. The peer
    /// hears of calls whose callers are gone first. So their listeners have run when a later call begins.
    fn begin_waiting(
        &mut self,
        session: &Arc<Session>,
        state: &SessionState,
        cx: &mut Context<'_>,
    ) -> Result<bool> {
        let mut has_begun = false;
        self.next = Deadline::NEVER;
        while self.backlog < MOST_SENT && !self.flights.has_ending() && !self.flights.has_dropped() {
            let Some(job) = session.jobs.take() else { break };
            has_begun = true;
            // The caller of this job may have dropped a call just before.
            self.flights.mark_ready();
            if self.flights.has_dropped() {
                self.end(session, state)?;
            }
            match job {
                QueuedJob::Work(work) => {
                    of_host(|| work(Ok(())));
                    self.leave_behind(session, state);
                }
                QueuedJob::Call(mut erased, runtime) => {
                    if !erased.is_dropped(cx) {
                        self.launch(session, state, erased, runtime)?;
                    }
                }
            }
        }
        if !session.jobs.is_empty() {
            let (overdue, next) = session.jobs.overdue(clock::now());
            self.next = next;
            overdue.into_iter().for_each(QueuedJob::refuse);
        }
        Ok(has_begun)
    }

    fn launch(
        &mut self,
        session: &Session,
        state: &SessionState,
        mut erased: Box<dyn ErasedCall>,
        runtime: Option<Runtime>,
    ) -> Result<()> {
        let terms = erased.terms().clone();
        let live = match session.ready(state, terms.handle) {
            Ok(live) => live,
            Err(error) => {
                erased.fail(error);
                return Ok(());
            }
        };
        if let Err(cancelled) = session.refuses_cancelled(terms.made_in) {
            erased.fail(cancelled);
            return Ok(());
        }
        let (began, deadline, made_in) = (clock::now(), terms.deadline, terms.made_in);
        if deadline.is_over(began) {
            QueuedJob::Call(erased, None).refuse();
            return Ok(());
        }
        let limit = Deadline::after(began, Nanos::of(session.settings.limits.wall));
        let (end, by_caller) = match terms.outer.call().map(|outer| self.flights.get(outer)) {
            // The call ends with the outer one.
            Some(Some(outer)) if !terms.outer.is_own_deadline() => (outer.end, outer.by_caller),
            Some(None) => {
                erased.fail(Error::discarded(DiscardCause::CallEnded));
                return Ok(());
            }
            _ => (limit.min(deadline), deadline < limit),
        };
        session.begins(state, &live, end, session.beginning(state));
        let call = Request { about: terms.about, ..Self::call(session, state, &live) };
        let open = session.tell_begin(&call.about, None, true);
        let limit = LimitData { outer: terms.outer, ..session.limit(state, &live, end) };
        let written = |out: &mut Out| erased.write(limit, out);
        match call.begin(terms.kind, written) {
            Ok(id) => {
                let (about, hosts, served) = (call.about, Pendings::default(), Arc::<Served>::default());
                let (runtime_of_host, count) = (runtime.clone(), served.clone());
                let told = open.as_ref().map(OpenCall::id);
                let call = Underway {
                    runtime: runtime_of_host,
                    end,
                    made_in: Some(made_in),
                    served: count,
                    told,
                    ..Underway::default()
                };
                state.flying.borrow_mut().insert(id, call);
                let erased = Some(erased);
                let (ending, told, bill) = (None, None, Cell::default());
                let flight = PeerCall {
                    erased,
                    about,
                    began,
                    made_in,
                    end,
                    by_caller,
                    ending,
                    hosts,
                    runtime,
                    served,
                    open,
                    told,
                    bill,
                };
                self.flights.insert(id, flight);
                self.live = Some(live);
                self.push_on(session, state)
            }
            Err(error) => {
                session.ends(state, &live);
                let tell = |bill: &Bill| {
                    open.into_iter().for_each(|open| open.end(CallOutcome::Failed(&error), bill));
                };
                if !error.is_final() {
                    tell(&Bill::default());
                    erased.fail(error);
                    return Ok(());
                }
                let bill = session.charge_lost(began, state.owed.take(), &Served::default());
                session.mark_dead(state, &live, &error);
                tell(&bill);
                erased.fail(error.clone());
                Err(error)
            }
        }
    }

    /// Handles the frames of the peer.
    fn hear(&mut self, session: &Session, state: &SessionState) -> Result<bool> {
        let Some(live) = self.live.clone() else { return Ok(false) };
        let call = Self::call(session, state, &live);
        let mut has_heard = false;
        for _ in 0..AT_ONCE {
            if self.flights.is_empty() || !self.is_current(session) {
                break;
            }
            // Frames that synchronous calls have read.
            let later = state.later.borrow_mut().take();
            let kept = later.or_else(|| state.kept.borrow_mut().take());
            let Some(frame) = kept.map_or_else(|| call.read_now(), |frame| Ok(Some(frame)))? else { break };
            has_heard = true;
            if frame.kind != kind::CONSOLE {
                live.guard().allow_frame(frame.body.len());
            }
            match frame.kind {
                kind::DONE | kind::VALUE | kind::FAILURE => self.land(&call, &frame)?,
                kind::HOST_CALL | kind::HANDLE_CALL => self.serve(&call, &frame)?,
                kind::HOST_ABORT => self.abort(&call, &frame)?,
                kind::RELEASE => call.release(frame, false)?,
                kind::CONSOLE => call.write(&frame)?,
                _ => return Err(call.broken("an answer without a request")),
            }
        }
        // A peer that writes without end never makes this side wait, so its time is checked here.
        let is_over = || has_heard && live.guard().is_over() || live.guard().verdict().is_some();
        if self.is_current(session) && is_over() {
            return Err(call.death());
        }
        Ok(has_heard)
    }

    /// Handles the end of a call.
    fn land(&mut self, call: &Request<'_>, frame: &Frame) -> Result<()> {
        let flight = self.flights.remove(frame.call);
        let mut flight = flight.ok_or_else(|| call.broken("an answer without a request"))?;
        let open = flight.open.take();
        let end = flight.call_end();
        drop_of_host(flight.hosts.take());
        call.state.flying.borrow_mut().remove(&frame.call);
        if flight.ending.is_some() {
            // The peer may have many calls to end.
            self.ends_until = Deadline::after(clock::now(), Nanos::of(call.session.grace));
            call.live.guard().until_at_least(self.ends_until);
        }
        call.session.ends(call.state, call.live);
        let about = std::mem::take(&mut flight.about);
        let (began, made_in, end_of_call) = (flight.began, flight.made_in, (flight.end, flight.by_caller));
        let call = Request { about, began, made_in, end: end_of_call, ..*call };
        match flight.erased.take() {
            // To drop what is left of a call runs code of the host. When it panics, the caller is told that the call was lost.
            Some(erased) => {
                unless_it_panics(|| erased.arrive(&call, frame, &end, open));
            }
            None => {
                let skipped = |answer: CallAnswer<'_>| {
                    if let CallAnswer::Value(value) = answer {
                        // The objects that the value names end.
                        _ = wire::decode(value, call.session.limits());
                    }
                    Some(Ok(()))
                };
                let (_, bill) = call.arrived(frame, &end, skipped);
                open.into_iter().for_each(|open| open.end(flight.outcome(), &bill));
            }
        }
        Ok(())
    }

    /// Calls a host method for the peer.
    fn serve(&mut self, call: &Request<'_>, frame: &Frame) -> Result<()> {
        let asked = call.asked(frame)?;
        let began = clock::now();
        let nobody = || call.broken("a host call for an unknown call id");
        let flight = self.flights.get(asked.owner).ok_or_else(nobody)?;
        match flight.enter() {
            Ok(_entered) if !asked.is_async() => call.serve(frame.call, &asked)?,
            Ok(_entered) => {
                Self::start(call, frame.call, &asked, flight)?;
                self.flights.wants(asked.owner);
            }
            Err(error) => call.refuse(frame.call, &asked, &error)?,
        }
        self.flights.excuse(clock::now().since(began));
        Ok(())
    }

    fn start(call: &Request<'_>, id: u64, asked: &HostCallAsked<'_>, flight: &PeerCall) -> Result<()> {
        call.admit(asked)?;
        if flight.ending.is_some() {
            // The peer will not wait for it any more.
            call.skip(asked);
            return Ok(());
        }
        if flight.hosts.count() >= call.session.settings.limits.pending {
            return Err(call.broken("more pending `async` host methods than `Limits::pending` allows"));
        }
        if let Some((started, open)) = call.start(id, asked)? {
            flight.hosts.push(id, (asked.contract, asked.method), started, open);
        }
        Ok(())
    }

    /// Ends a host method, because the guest's signal was aborted. Its answer may be on the way.
    fn abort(&mut self, call: &Request<'_>, frame: &Frame) -> Result<()> {
        let nobody = || call.broken("the end of a host call for an unknown call id");
        let owner =
            owner_of_abort(frame).filter(|owner| self.flights.get(*owner).is_some()).ok_or_else(nobody)?;
        let flight = self.flights.get(owner).ok_or_else(nobody)?;
        // To drop a future runs code of the host.
        if let Ok(_entered) = flight.enter() {
            let _frames = HostFrames::between(call.session, owner);
            flight.hosts.abort(frame.call);
        }
        call.allow();
        self.flights.wants(owner);
        Ok(())
    }

    /// Polls the host methods, and sends their results to the peer.
    fn tell(&mut self, session: &Session, state: &SessionState) -> Result<bool> {
        let Some(live) = self.live.clone() else { return Ok(false) };
        let call = Self::call(session, state, &live);
        let is_full = || call.backlog() >= MOST_KEPT;
        let began = clock::now();
        let (mut has_polled, mut has_told) = (false, false);
        for id in self.flights.take_ready() {
            // The peer does not read the results.
            if is_full() {
                self.flights.wants(id);
                continue;
            }
            let Some(flight) = self.flights.get(id).filter(|flight| flight.hosts.count() > 0) else {
                continue;
            };
            // Without a runtime, no host method has begun.
            let Ok(_entered) = flight.enter() else { continue };
            has_polled = true;
            let next = || {
                // Calls by these methods end with the call that waits for the methods.
                let _inside = TicketScope::of(flight.end);
                let _frames = HostFrames::between(session, id);
                self.flights.with(id, |flight, cx| flight.hosts.poll(cx)).flatten()
            };
            for (answered, method, open, outcome) in std::iter::from_fn(next) {
                has_told = true;
                call.tell(answered, method, open, outcome)?;
                if is_full() {
                    break;
                }
            }
            if is_full() {
                self.flights.wants(id);
            }
        }
        if has_polled {
            call.allow();
            self.flights.excuse(clock::now().since(began));
        }
        Ok(has_told)
    }

    /// When there is work next, without any event.
    pub(super) fn due(&self) -> Deadline {
        self.flights.first_due().min(self.next)
    }

    /// Whether unsent bytes wait for room.
    pub(super) fn is_blocked(&self) -> bool {
        self.backlog > 0
    }

    /// The peer whose frames are read.
    pub(super) fn live(&self) -> Option<&Arc<LivePeer>> {
        self.live.as_ref()
    }

    /// Waits until there may be work.
    pub(super) fn wait(&mut self, waker: &DriverWaker) {
        let Some(live) = self.live.clone() else { return waker.wait() };
        let interest = Interest { frames: self.backlog < MOST_KEPT, room: self.backlog > 0 };
        loop {
            let left = self.due().remaining(clock::now());
            let is_due = left.is_some_and(Nanos::is_zero)
                || waker.wait_for(&live.link, interest, self.patience.next(left));
            if is_due || live.guard().look().is_err() {
                return;
            }
        }
    }
}
