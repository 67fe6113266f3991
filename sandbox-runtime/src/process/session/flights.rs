//! Calls of `async` methods that are under way in a child, side by side.
//!
//! Whoever drives them sends what is to be called, has the host's methods go on that their guests wait for, and tells their callers
//! what became of them. All that a call has begun stays with its driver, on its thread; the state of the sandbox is another's
//! in between, who makes a synchronous call.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;
use std::time::Duration;

use tokio::runtime::{EnterGuard, Handle as Runtime};

use super::bell::{self, Bell};
use super::call::{Asked, Call, MOST_KEPT};
use super::desk::Job;
use super::fare::Fare;
use super::inside::{Frames, Here};
use super::sentry::Patience;
use super::state::{State, Underway};
use super::{About, GRACE, Live, Pays, Session};
use crate::error::{Death, Error, LimitKind, Result};
use crate::isolate::clock;
use crate::isolate::later::{Pending, Pendings};
use crate::isolate::meter::nanos;
use crate::isolate::run::{drop_of_host, of_host, unless_it_panics};
use crate::isolate::ticket::Inside;
use crate::process::frame::Frame;
use crate::process::message::kind;
use crate::process::sys;
use crate::process::wire::Out;

/// How many frames are read before it is looked what else there is to do.
const AT_ONCE: usize = 64;
/// How much is sent that there is no room for, in bytes, before the next call waits for its turn.
const MOST_SENT: usize = 1 << 20;
/// How often it is looked before others have their turn.
const ROUNDS: usize = 16;

/// A call that is under way.
struct Flight {
    /// Until it is told what became of the call, or nobody awaits it.
    fare: Option<Box<dyn Fare>>,
    about: About,
    began: u64,
    /// When it has to be over.
    end: u64,
    /// Because its caller says so.
    by_caller: bool,
    /// Since the child was told to end it.
    ending: Option<Ending>,
    /// Methods of the host that it waits for.
    hosts: Pendings,
    runtime: Option<Runtime>,
    /// How often it has called the host.
    asked: Arc<AtomicU64>,
}

#[derive(Clone, Copy)]
struct Ending {
    since: u64,
    /// When the child has to have done so, unless it has just ended another.
    until: u64,
}

impl Flight {
    /// Gives the host's methods the runtime of whoever calls.
    fn enter(&self) -> io::Result<Option<EnterGuard<'_>>> {
        bell::enter(self.runtime.as_ref())
    }

    fn kind(&self) -> LimitKind {
        if self.by_caller { LimitKind::Deadline } else { LimitKind::Wall }
    }

    /// What its caller is told of an error that is everybody's: a process ends for all.
    fn share_of(&self, error: &Error) -> Error {
        match error {
            Error::Process { death, .. } => Error::Process { death: death.clone(), place: self.about.place },
            other => other.clone(),
        }
    }

    fn fail(self, error: Error) {
        drop_of_host(self.hosts.take());
        if let Some(fare) = self.fare {
            fare.fail(error);
        }
    }
}

/// Whoever drives the calls of a sandbox.
pub(in super::super) struct Driver {
    pub(super) session: Arc<Session>,
    /// The child that they are in.
    live: Option<Arc<Live>>,
    flights: BTreeMap<u64, Flight>,
    /// How many bytes there was no room for in the stream.
    backlog: usize,
    /// When somebody waits no longer for a call to begin.
    next: u64,
    /// Until when the child may end what it was told to, because it has just ended something.
    ends_until: u64,
    /// How long it is waited before it is looked whether the child keeps to its limits.
    patience: Patience,
}

impl Driver {
    pub(super) fn new(session: Arc<Session>) -> Self {
        let (backlog, next, ends_until, patience) = (0, u64::MAX, 0, Patience::default());
        Self { session, live: None, flights: BTreeMap::new(), backlog, next, ends_until, patience }
    }

    /// Does what can be done now. Says whether nothing is left.
    pub(super) fn pump(&mut self, cx: &mut Context<'_>) -> bool {
        let session = self.session.clone();
        let asked = clock::now();
        // Whoever makes a synchronous call is held to its own limits, and callers of others to theirs.
        let mut state = session.state.try_lock();
        let state = loop {
            match state {
                Some(state) => break state,
                None => state = session.state.try_lock_for(self.tell_late(&session)),
            }
        };
        self.excuse(clock::now().saturating_sub(asked));
        session.desk.listen(cx.waker());
        if let Err(error) = self.advance(&session, &state, cx) {
            // What ends a child may have been told to another.
            match self.is_current(&session) {
                true => self.crash(&session, &state, &error),
                false => self.leave_behind(&session, &state),
            }
            // What has not begun has its turn, and nobody else says so.
            cx.waker().wake_by_ref();
        }
        self.flights.is_empty() && session.desk.is_empty()
    }

    /// Tells callers that their time is over while somebody else has the sandbox, and says how long until the next one is to be
    /// told. All else that ends with a call has to wait.
    fn tell_late(&mut self, session: &Session) -> Duration {
        /// Nobody waits for longer, or whoever does asks again.
        const MOST: u64 = 1_000_000_000;
        let (now, mut left) = (clock::now(), MOST);
        let (overdue, next) = session.desk.overdue(now);
        overdue.into_iter().for_each(Job::refuse);
        left = left.min(next.saturating_sub(now));
        for (id, flight) in self.flights.iter_mut().filter(|(_, flight)| flight.fare.is_some()) {
            let late = flight.end.saturating_add(nanos(GRACE));
            if late > now {
                left = left.min(late - now);
                continue;
            }
            self.live.iter().flat_map(|live| &live.to_child).for_each(|window| window.call_off(*id));
            if let Some(fare) = flight.fare.take() {
                fare.fail(session.over(flight.kind(), flight.about.place));
            }
        }
        Duration::from_nanos(left)
    }

    /// The child was not listened to for so long.
    fn excuse(&mut self, nanos: u64) {
        for ending in self.flights.values_mut().filter_map(|flight| flight.ending.as_mut()) {
            (ending.since, ending.until) = (ending.since + nanos, ending.until.saturating_add(nanos));
        }
    }

    fn advance(&mut self, session: &Arc<Session>, state: &State, cx: &mut Context<'_>) -> Result<()> {
        for _ in 0..ROUNDS {
            self.leave_behind(session, state);
            self.push_on(session, state)?;
            let was_blocked = self.is_blocked();
            let has_begun = self.board(session, state, cx)?;
            let (mut has_heard, mut has_told) = (false, false);
            // A child that does not read is not heard either.
            if self.backlog < MOST_KEPT {
                has_heard = self.hear(session, state)?;
                self.leave_behind(session, state);
                has_told = self.tell(session, state, cx)?;
                self.leave_behind(session, state);
            }
            self.end(session, state, cx)?;
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

    fn call<'c>(session: &'c Session, state: &'c State, live: &'c Arc<Live>) -> Call<'c> {
        let (about, began) = (About::default(), clock::now());
        Call { session, state, live, about, began, is_driven: true, pays: Pays::Outer }
    }

    /// Whether the child of the calls is that of the sandbox.
    fn is_current(&self, session: &Session) -> bool {
        match (&self.live, session.live()) {
            (Some(known), Some(current)) => Arc::ptr_eq(known, &current),
            (known, None) => known.is_none(),
            (None, Some(_)) => true,
        }
    }

    /// Calls of a child that there is no more are over.
    fn leave_behind(&mut self, session: &Session, state: &State) {
        if !self.is_current(session) {
            let cause = state.discarded.borrow().clone();
            // After a reset nothing is on the bill yet.
            if cause.is_some() {
                self.charge_lost(session, state);
            }
            for flight in std::mem::take(&mut self.flights).into_values() {
                let discarded = |cause: Error| Error::Discarded { cause: Box::new(cause) };
                let error = match &cause {
                    Some(end @ Error::Process { .. }) => flight.share_of(end),
                    Some(cause) => discarded(cause.clone()),
                    None => discarded(Error::build("the sandbox was reset")),
                };
                flight.fail(error);
            }
        }
        if self.flights.is_empty() {
            self.live = None;
        }
    }

    /// Sends what is to be sent, as far as there is room.
    fn push_on(&mut self, session: &Session, state: &State) -> Result<()> {
        self.backlog = match &self.live {
            Some(live) => Self::call(session, state, live).push_on()?,
            None => 0,
        };
        Ok(())
    }

    /// Begins what is to be done, unless the child has still much to read, or to end what it was told to: it could put that off for ever.
    fn board(&mut self, session: &Arc<Session>, state: &State, cx: &mut Context<'_>) -> Result<bool> {
        let mut has_begun = false;
        self.next = u64::MAX;
        while self.backlog < MOST_SENT && self.flights.values().all(|flight| flight.ending.is_none()) {
            let Some(job) = session.desk.take() else { break };
            has_begun = true;
            match job {
                Job::Work(work) => {
                    of_host(work);
                    self.leave_behind(session, state);
                }
                Job::Call(mut fare, runtime) => {
                    if !fare.is_dropped(cx) {
                        self.launch(session, state, fare, runtime)?;
                    }
                }
            }
        }
        if !session.desk.is_empty() {
            let (overdue, next) = session.desk.overdue(clock::now());
            self.next = next;
            overdue.into_iter().for_each(Job::refuse);
        }
        Ok(has_begun)
    }

    fn launch(
        &mut self,
        session: &Session,
        state: &State,
        mut fare: Box<dyn Fare>,
        runtime: Option<Runtime>,
    ) -> Result<()> {
        let terms = fare.terms();
        let live = match session.ready(state, terms.handle) {
            Ok(live) => live,
            Err(error) => {
                fare.fail(error);
                return Ok(());
            }
        };
        let (began, deadline) = (clock::now(), terms.deadline.unwrap_or(u64::MAX));
        if deadline <= began {
            Job::Call(fare, None).refuse();
            return Ok(());
        }
        let limit = began.saturating_add(nanos(session.settings.limits.wall));
        let (end, by_caller) = (limit.min(deadline), deadline < limit);
        session.begins(state, &live, end, session.beginning(state));
        let call = Call { about: terms.about, ..Self::call(session, state, &live) };
        let limit = session.limit(state, Some(end));
        let written = |out: &mut Out| {
            let write = unless_it_panics(|| fare.write(limit, out));
            write
                .unwrap_or_else(|| Err(Error::build("an argument of the call panicked while it was written")))
        };
        match call.begin(terms.kind, written) {
            Ok(id) => {
                let (about, hosts, asked) = (terms.about, Pendings::default(), Arc::<AtomicU64>::default());
                let (runtime_of_host, count) = (runtime.clone(), asked.clone());
                let call = Underway { runtime: runtime_of_host, end, asked: count, ..Underway::default() };
                state.flying.borrow_mut().insert(id, call);
                let fare = Some(fare);
                let flight =
                    Flight { fare, about, began, end, by_caller, ending: None, hosts, runtime, asked };
                self.flights.insert(id, flight);
                self.live = Some(live);
                self.push_on(session, state)
            }
            Err(error) => {
                session.ends(state, &live);
                if !error.is_final() {
                    fare.fail(error);
                    return Ok(());
                }
                session.charge_lost(began, state.owed.take(), 0);
                session.bury(state, &live, &error);
                fare.fail(error.clone());
                Err(error)
            }
        }
    }

    /// Does what the child has said.
    fn hear(&mut self, session: &Session, state: &State) -> Result<bool> {
        let Some(live) = self.live.clone() else { return Ok(false) };
        let call = Self::call(session, state, &live);
        let mut has_heard = false;
        for _ in 0..AT_ONCE {
            if self.flights.is_empty() || !self.is_current(session) {
                break;
            }
            // What others have read while they made a call of their own.
            let later = state.later.borrow_mut().take();
            let kept = later.or_else(|| state.kept.borrow_mut().take());
            let Some(frame) = kept.map_or_else(|| call.read_now(), |frame| Ok(Some(frame)))? else { break };
            has_heard = true;
            if frame.kind != kind::CONSOLE {
                live.guard.allow_frame(frame.body.len());
            }
            match frame.kind {
                kind::DONE | kind::VALUE | kind::FAILURE => self.land(&call, &frame)?,
                kind::HOST_CALL => self.serve(&call, &frame)?,
                kind::CONSOLE => call.write(&frame)?,
                _ => return Err(call.broken("a frame that answers nothing")),
            }
        }
        // One that always has something to say is never waited for.
        let is_over = || has_heard && live.guard.is_over() || live.guard.verdict().is_some();
        if self.is_current(session) && is_over() {
            return Err(call.death());
        }
        Ok(has_heard)
    }

    /// A call is over.
    fn land(&mut self, call: &Call<'_>, frame: &Frame) -> Result<()> {
        let flight = self.flights.remove(&frame.call);
        let flight = flight.ok_or_else(|| call.broken("a frame that answers nothing"))?;
        drop_of_host(flight.hosts.take());
        call.state.flying.borrow_mut().remove(&frame.call);
        if flight.ending.is_some() {
            // It has many to end, maybe.
            self.ends_until = clock::now().saturating_add(nanos(GRACE));
            call.live.guard.until_at_least(self.ends_until);
        }
        call.session.ends(call.state, call.live);
        let call = Call { about: flight.about, began: flight.began, ..*call };
        let asked = flight.asked.load(Ordering::Relaxed);
        let error = match flight.fare {
            // To read a value runs code of the host. When it panics, its caller is told that the call was lost.
            Some(fare) => {
                unless_it_panics(|| fare.arrive(&call, frame, asked, flight.by_caller)).unwrap_or(Ok(None))?
            }
            None => {
                let understood = call.understand(frame, |_| Some(Ok(())));
                let (bill, outcome) =
                    understood.ok_or_else(|| call.broken("an answer that means nothing"))?;
                call.charge(bill, frame, asked);
                outcome.err()
            }
        };
        if let Some(error) = error.filter(Error::is_final) {
            call.session.bury(call.state, call.live, &error);
        }
        Ok(())
    }

    /// Calls a host method for the child.
    fn serve(&mut self, call: &Call<'_>, frame: &Frame) -> Result<()> {
        let asked = call.asked(frame)?;
        let began = clock::now();
        let nobody = || call.broken("a call of the host by a call that there is not");
        let flight = self.flights.get(&asked.owner).ok_or_else(nobody)?;
        match flight.enter() {
            Ok(_entered) if !asked.spec.is_async => call.serve(frame.call, &asked)?,
            Ok(_entered) => Self::start(call, frame.call, &asked, flight)?,
            Err(error) => call.refuse(frame.call, &asked, &error)?,
        }
        self.excuse(clock::now().saturating_sub(began));
        Ok(())
    }

    fn start(call: &Call<'_>, id: u64, asked: &Asked<'_>, flight: &Flight) -> Result<()> {
        call.admit(asked)?;
        if flight.ending.is_some() {
            // It will not wait for it any more.
            return Ok(());
        }
        if flight.hosts.count() >= call.session.settings.limits.pending {
            return Err(call.broken("more calls of `async` methods at once than are allowed"));
        }
        if let Some(started) = call.start(id, asked)? {
            flight.hosts.push(Pending::new(id, (asked.contract, asked.method), started));
        }
        Ok(())
    }

    /// Has methods of the host go on, and tells the child what they gave.
    fn tell(&mut self, session: &Session, state: &State, cx: &mut Context<'_>) -> Result<bool> {
        let Some(live) = self.live.clone() else { return Ok(false) };
        let call = Self::call(session, state, &live);
        let began = clock::now();
        let mut has_told = false;
        for flight in self.flights.values().filter(|flight| flight.hosts.count() > 0) {
            // Without a runtime none has begun.
            let Ok(_entered) = flight.enter() else { continue };
            let next = || {
                // What they call ends with the call that waits for them.
                let _inside = Inside::of(flight.end);
                let _frames = Frames::of(session, Here::Between);
                flight.hosts.poll(cx)
            };
            for (id, method, outcome) in std::iter::from_fn(next) {
                has_told = true;
                call.tell(id, method, outcome)?;
                if call.backlog() >= MOST_KEPT {
                    break;
                }
            }
        }
        call.allow();
        self.excuse(clock::now().saturating_sub(began));
        Ok(has_told)
    }

    /// Ends what takes too long, and what nobody awaits any more.
    fn end(&mut self, session: &Session, state: &State, cx: &mut Context<'_>) -> Result<()> {
        let Some(live) = self.live.clone() else { return Ok(()) };
        let now = clock::now();
        let call = Self::call(session, state, &live);
        let last = self.flights.values().map(|flight| flight.end).max().unwrap_or_default();
        let (is_alone, ends_until) = (self.flights.len() == 1, self.ends_until);
        for (id, flight) in &mut self.flights {
            if flight.fare.as_mut().is_some_and(|fare| fare.is_dropped(cx)) {
                flight.fare = None;
            }
            let Some(ending) = flight.ending else {
                if flight.fare.is_some() && flight.end > now {
                    continue;
                }
                drop_of_host(flight.hosts.take());
                // It may be computing.
                live.to_child.iter().for_each(|window| window.call_off(*id));
                let by_caller = u8::from(flight.by_caller);
                call.send(kind::CANCEL, *id, false, |out| {
                    out.push(by_caller);
                    Ok(())
                })?;
                // It may have to finish a turn of another before it reads that.
                let until = last.max(now).saturating_add(nanos(GRACE));
                live.guard.until_at_least(until);
                flight.ending = Some(Ending { since: now, until });
                continue;
            };
            if ending.until.max(ends_until) <= now {
                live.guard.condemn(Death::Overdue);
                return Err(Call { about: flight.about, began: flight.began, ..call }.death());
            }
            if !is_alone
                && ending.since.saturating_add(nanos(GRACE)) <= now
                && let Some(fare) = flight.fare.take()
            {
                fare.fail(session.over(flight.kind(), flight.about.place));
            }
        }
        Ok(())
    }

    /// Ends the child, because nobody can listen to it.
    pub(super) fn give_up(&mut self, error: &Error) {
        let session = self.session.clone();
        let state = session.state.lock();
        self.crash(&session, &state, error);
    }

    /// Puts on the bill what is known here of calls of which the child will say no more.
    fn charge_lost(&self, session: &Session, state: &State) {
        for flight in self.flights.values() {
            // The first pays for the process.
            session.charge_lost(flight.began, state.owed.take(), flight.asked.load(Ordering::Relaxed));
        }
    }

    /// The child is no more.
    fn crash(&mut self, session: &Session, state: &State, error: &Error) {
        if let Some(live) = self.live.take() {
            session.bury(state, &live, error);
        }
        self.charge_lost(session, state);
        for flight in std::mem::take(&mut self.flights).into_values() {
            let error = flight.share_of(error);
            flight.fail(error);
        }
    }

    /// When it has something to do, whatever happens.
    pub(super) fn due(&self) -> u64 {
        let due = |flight: &Flight| match flight.ending {
            None => flight.end,
            // Its caller is told, whatever the child does.
            Some(Ending { since, until }) if flight.fare.is_some() && self.flights.len() > 1 => {
                since.saturating_add(nanos(GRACE)).min(until.max(self.ends_until))
            }
            Some(Ending { until, .. }) => until.max(self.ends_until),
        };
        self.flights.values().map(due).min().unwrap_or(u64::MAX).min(self.next)
    }

    /// Whether there is something to send, once there is room.
    pub(super) fn is_blocked(&self) -> bool {
        self.backlog > 0
    }

    /// The child that is to be listened to.
    pub(super) fn live(&self) -> Option<&Arc<Live>> {
        self.live.as_ref()
    }

    /// Waits until there may be something to do.
    pub(super) fn wait(&mut self, bell: &Bell) {
        let Some(live) = self.live.clone() else { return bell.wait() };
        loop {
            let left = self.due().saturating_sub(clock::now());
            let room = if self.backlog > 0 { libc::POLLOUT } else { 0 };
            let ear = if self.backlog < MOST_KEPT { libc::POLLIN } else { 0 };
            let streams = [(live.ear.as_fd(), ear | room), (bell.stream(), libc::POLLIN)];
            let is_due = left == 0 || sys::wait_for_any(&streams, self.patience.next(left)).unwrap_or(true);
            if is_due || live.guard.look().is_err() {
                return;
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.flights.is_empty() {
            // Its thread ends, or panics.
            self.session.desk.abandon();
            let lost =
                Error::Discarded { cause: Box::new(Error::build("the thread of its calls has ended")) };
            self.give_up(&lost);
        }
    }
}
