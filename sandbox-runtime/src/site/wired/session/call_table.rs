//! The table of the `async` calls under way, indexed by deadline and by readiness, so that a wake-up does not scan all
//! calls.
//!
//! The driver owns the table. Wakers of host futures mark calls as ready from any thread.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use tokio::runtime::{EnterGuard, Handle as Runtime};

use super::call_end::HostCounts;
use super::counts::Served;
use super::erased_call::ErasedCall;
use super::{About, GRACE, Session, runtimes};
use crate::error::{Error, LimitKind};
use crate::isolate::cancels::Period;
use crate::isolate::clock;
use crate::isolate::pending_host_call::Pendings;
use crate::observe::CallOutcome;
use crate::observe::bill::Bill;
use crate::observe::teller::OpenCall;
use crate::panic::drop_of_host;
use crate::time::{Deadline, Nanos, Timestamp};

/// A call under way.
pub(super) struct PeerCall {
    /// The caller's end; `None` once the caller has its result, or is gone.
    pub(super) erased: Option<Box<dyn ErasedCall>>,
    pub(super) about: About,
    pub(super) began: Timestamp,
    /// The period in which the call was made.
    pub(super) made_in: Period,
    /// When the call must be over.
    pub(super) end: Deadline,
    /// Whether the caller has set that time.
    pub(super) by_caller: bool,
    /// When the peer was told to end it.
    pub(super) ending: Option<Ending>,
    /// The pending host methods.
    pub(super) hosts: Pendings,
    pub(super) runtime: Option<Runtime>,
    /// The host calls of this call.
    pub(super) served: Arc<Served>,
    /// The call as observers know it, from its begin to its end.
    pub(super) open: Option<OpenCall>,
    /// The error that the caller got in the place of the peer's answer.
    pub(super) told: Option<Error>,
    /// The bill of a call for which the peer reports nothing.
    pub(super) bill: Cell<Bill>,
}

#[derive(Clone, Copy)]
pub(super) struct Ending {
    pub(super) since: Timestamp,
    /// When the peer must have ended it, unless the peer has just ended another.
    pub(super) until: Deadline,
    /// Whether `async` host methods of the call had not answered then.
    pub(super) awaits_host: bool,
}

impl PeerCall {
    /// Enters the caller's runtime, for the host's methods.
    pub(super) fn enter(&self) -> io::Result<Option<EnterGuard<'_>>> {
        runtimes::enter(self.runtime.as_ref())
    }

    pub(super) fn kind(&self) -> LimitKind {
        if self.by_caller { LimitKind::Deadline } else { LimitKind::Wall }
    }

    /// The host's counts at the end of the call.
    pub(super) fn call_end(&self) -> HostCounts {
        let awaits_host = self.ending.map_or_else(|| self.hosts.count() > 0, |ending| ending.awaits_host);
        let is_cancelled = false;
        HostCounts { by_caller: self.by_caller, is_cancelled, awaits_host, served: self.served.clone() }
    }

    /// The error of a call whose time is over, and that the peer has not ended.
    pub(super) fn late(&self, session: &Session) -> Error {
        let phase = self.call_end().phase(None, clock::now().since(self.began).duration());
        session.over(self.kind(), self.about.place.as_ref()).during(phase)
    }

    /// This caller's copy of an error that ends all calls, such as the end of the peer.
    pub(super) fn share_of(&self, error: &Error) -> Error {
        match error {
            Error::Process { death, .. } => Error::process(death.clone(), self.about.place.as_ref()),
            Error::Lost { reason, .. } => Error::lost(reason.clone(), self.about.place.as_ref()),
            other => other.clone(),
        }
    }

    pub(super) fn fail(mut self, error: Error) {
        drop_of_host(self.hosts.take());
        if let Some(open) = self.open.take() {
            let outcome = if self.erased.is_some() { CallOutcome::Failed(&error) } else { self.outcome() };
            open.end(outcome, &self.bill.get());
        }
        if let Some(erased) = self.erased {
            erased.fail(error);
        }
    }

    /// The outcome of a call whose caller waits no longer.
    pub(super) fn outcome(&self) -> CallOutcome<'_> {
        self.told.as_ref().map_or(CallOutcome::Dropped, CallOutcome::Failed)
    }

    /// Takes the caller's end out, to tell it that the call is late.
    pub(super) fn tell(&mut self, late: &Error) -> Option<Box<dyn ErasedCall>> {
        let erased = self.erased.take()?;
        self.told = self.open.is_some().then(|| late.clone());
        Some(erased)
    }

    /// When the call must be checked next. A peer that has just ended another call has until `ends_until`.
    fn due(&self, is_alone: bool, ends_until: Deadline) -> Deadline {
        match self.ending {
            None if self.erased.is_none() => Deadline::PASSED,
            None => self.end,
            // The caller gets its error, whatever the peer does.
            Some(Ending { since, until, .. }) if self.erased.is_some() && !is_alone => {
                Deadline::after(since, Nanos::of(GRACE)).min(until.max(ends_until))
            }
            Some(Ending { until, .. }) => until.max(ends_until),
        }
    }
}

/// Calls, by their numbers.
#[derive(Default)]
pub(super) struct CallTable {
    entries: BTreeMap<u64, Entry>,
    /// The next check of each call.
    due: BTreeSet<(Deadline, u64)>,
    /// The number of calls that the peer was told to end.
    ending: usize,
    ready: Arc<ReadyCalls>,
    /// Calls whose host methods can continue.
    can_continue: Vec<u64>,
}

struct Entry {
    flight: PeerCall,
    mark_ready: Arc<ReadyWaker>,
    due: Deadline,
}

impl Entry {
    /// Whether the caller is gone. Otherwise the call becomes ready when the caller goes.
    fn is_dropped(&mut self) -> bool {
        let waker = Waker::from(self.mark_ready.clone());
        self.flight.erased.as_mut().is_some_and(|erased| erased.is_dropped(&mut Context::from_waker(&waker)))
    }
}

impl CallTable {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn get(&self, id: u64) -> Option<&PeerCall> {
        self.entries.get(&id).map(|entry| &entry.flight)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &PeerCall> {
        self.entries.values().map(|entry| &entry.flight)
    }

    pub(super) fn insert(&mut self, id: u64, flight: PeerCall) {
        let mark_ready = ReadyWaker { id, is_known: AtomicBool::default(), all: self.ready.clone() };
        self.entries.insert(id, Entry { flight, mark_ready: Arc::new(mark_ready), due: Deadline::NEVER });
        self.look_at(id);
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<PeerCall> {
        let entry = self.entries.remove(&id)?;
        self.due.remove(&(entry.due, id));
        self.ending -= usize::from(entry.flight.ending.is_some());
        Some(entry.flight)
    }

    pub(super) fn take(&mut self) -> impl Iterator<Item = PeerCall> + use<> {
        self.due.clear();
        self.can_continue.clear();
        self.ending = 0;
        std::mem::take(&mut self.entries).into_values().map(|entry| entry.flight)
    }

    /// Whether the peer was told to end a call that it has not ended.
    pub(super) fn has_ending(&self) -> bool {
        self.ending > 0
    }

    /// Whether there are calls whose callers are gone, and that the peer was not told to end.
    pub(super) fn has_dropped(&self) -> bool {
        self.due.first().is_some_and(|(due, _)| *due == Deadline::PASSED)
    }

    /// The latest end of a call.
    pub(super) fn last_end(&self) -> Deadline {
        self.all().map(|flight| flight.end).max().unwrap_or(Deadline::PASSED)
    }

    /// The earliest check of a call.
    pub(super) fn first_due(&self) -> Deadline {
        self.due.first().map_or(Deadline::NEVER, |(due, _)| *due)
    }

    /// The next call that must be checked by now. Change the call before the next question, or it is returned again.
    pub(super) fn next_due(&mut self, now: Timestamp, ends_until: Deadline) -> Option<u64> {
        loop {
            let (_, id) = self.due.first().copied().filter(|(due, _)| due.is_over(now))?;
            let flight = self.get(id)?;
            let later = flight.due(self.len() == 1, ends_until);
            if later.is_over(now) {
                return Some(id);
            }
            // The call's time was extended, or other calls are gone.
            self.schedule(id, later);
        }
    }

    /// Calls whose callers are gone, and that the peer was not told to end.
    pub(super) fn dropped(&self) -> impl Iterator<Item = u64> {
        self.due.iter().take_while(|(due, _)| *due == Deadline::PASSED).map(|(_, id)| *id)
    }

    /// Changes a call, and schedules its next check.
    pub(super) fn change<R>(
        &mut self,
        id: u64,
        ends_until: Deadline,
        change: impl FnOnce(&mut PeerCall) -> R,
    ) -> Option<R> {
        let is_alone = self.len() == 1;
        let flight = &mut self.entries.get_mut(&id)?.flight;
        let before = usize::from(flight.ending.is_some());
        let changed = change(flight);
        let due = flight.due(is_alone, ends_until);
        self.ending = self.ending + usize::from(flight.ending.is_some()) - before;
        self.schedule(id, due);
        Some(changed)
    }

    fn schedule(&mut self, id: u64, due: Deadline) {
        if let Some(entry) = self.entries.get_mut(&id) {
            self.due.remove(&(entry.due, id));
            entry.due = due;
            self.due.insert((due, id));
        }
    }

    /// Schedules the next check of a call: at once, when its caller is gone.
    fn look_at(&mut self, id: u64) {
        if self.entries.get_mut(&id).is_some_and(Entry::is_dropped) {
            self.change(id, Deadline::PASSED, |flight| drop(flight.erased.take()));
        } else {
            self.change(id, Deadline::PASSED, |_| ());
        }
    }

    /// Extends the calls' times, because the peer was not read for this long.
    pub(super) fn excuse(&mut self, span: Nanos) {
        if self.ending > 0 {
            let endings = self.entries.values_mut().filter_map(|entry| entry.flight.ending.as_mut());
            for ending in endings {
                (ending.since, ending.until) =
                    (ending.since.saturating_add(span), ending.until.extended(span));
            }
        }
    }

    /// Calls whose callers must be told that their time is over, and when the next such call is due.
    pub(super) fn late(&self, now: Timestamp) -> (Vec<u64>, Deadline) {
        let (mut late, mut next) = (Vec::new(), Deadline::NEVER);
        for (id, entry) in self.entries.iter().filter(|(_, entry)| entry.flight.erased.is_some()) {
            match entry.flight.end.extended(Nanos::of(GRACE)) {
                end if end.is_over(now) => late.push(*id),
                end => next = next.min(end),
            }
        }
        (late, next)
    }

    /// The calls with a caller that were made in an earlier period.
    pub(super) fn made_before(&self, period: Period) -> Vec<u64> {
        let is_earlier = |flight: &PeerCall| flight.erased.is_some() && flight.made_in < period;
        self.entries.iter().filter(|(_, entry)| is_earlier(&entry.flight)).map(|(id, _)| *id).collect()
    }

    /// Sets the waker of the driver.
    pub(super) fn listen(&self, waker: &Waker) {
        let mut ready = self.ready.lock();
        if !ready.1.as_ref().is_some_and(|known| known.will_wake(waker)) {
            ready.1 = Some(waker.clone());
        }
    }

    /// Finds the ready calls.
    pub(super) fn mark_ready(&mut self) {
        let woken = std::mem::take(&mut self.ready.lock().0);
        for id in woken {
            let Some(entry) = self.entries.get(&id) else { continue };
            entry.mark_ready.is_known.store(false, Ordering::SeqCst);
            if self.entries.get_mut(&id).is_some_and(Entry::is_dropped) {
                self.look_at(id);
            }
            self.can_continue.push(id);
        }
    }

    /// Marks a call as ready.
    pub(super) fn wants(&mut self, id: u64) {
        self.can_continue.push(id);
    }

    /// Takes the ready calls.
    pub(super) fn take_ready(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.can_continue)
    }

    /// Polls a call with a waker that marks it as ready.
    pub(super) fn with<R>(&self, id: u64, look: impl FnOnce(&PeerCall, &mut Context<'_>) -> R) -> Option<R> {
        let entry = self.entries.get(&id)?;
        let waker = Waker::from(entry.mark_ready.clone());
        Some(look(&entry.flight, &mut Context::from_waker(&waker)))
    }
}

/// The ready calls, because host methods can continue or callers are gone; and the waker of the driver.
#[derive(Default)]
struct ReadyCalls(Mutex<(Vec<u64>, Option<Waker>)>);

impl ReadyCalls {
    fn lock(&self) -> MutexGuard<'_, (Vec<u64>, Option<Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks a call as ready, and wakes the driver.
struct ReadyWaker {
    id: u64,
    /// Whether the call is marked already.
    is_known: AtomicBool,
    all: Arc<ReadyCalls>,
}

impl Wake for ReadyWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_known.swap(true, Ordering::SeqCst) {
            let mut all = self.all.lock();
            all.0.push(self.id);
            let waker = all.1.clone();
            drop(all);
            waker.inspect(Waker::wake_by_ref);
        }
    }
}
