//! The calls that are under way, and which of them have to be looked at: with thousands that wait, it is not looked at all of them for
//! each that has something to do.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use tokio::runtime::{EnterGuard, Handle as Runtime};

use super::bill::Served;
use super::erased_call::ErasedCall;
use super::{About, GRACE, pipe_waker};
use crate::error::{Error, LimitKind};
use crate::isolate::pending_host_call::Pendings;
use crate::isolate::run::drop_of_host;
use crate::time::{Deadline, Nanos, Timestamp};

/// A call that is under way.
pub(super) struct ChildCall {
    /// Until it is told what became of the call, or nobody awaits it.
    pub(super) erased: Option<Box<dyn ErasedCall>>,
    pub(super) about: About,
    pub(super) began: Timestamp,
    /// When it has to be over.
    pub(super) end: Deadline,
    /// Because its caller says so.
    pub(super) by_caller: bool,
    /// Since the child was told to end it.
    pub(super) ending: Option<Ending>,
    /// Methods of the host that it waits for.
    pub(super) hosts: Pendings,
    pub(super) runtime: Option<Runtime>,
    /// What the host has done for it.
    pub(super) served: Arc<Served>,
}

#[derive(Clone, Copy)]
pub(super) struct Ending {
    pub(super) since: Timestamp,
    /// When the child has to have done so, unless it has just ended another.
    pub(super) until: Deadline,
}

impl ChildCall {
    /// Gives the host's methods the runtime of whoever calls.
    pub(super) fn enter(&self) -> io::Result<Option<EnterGuard<'_>>> {
        pipe_waker::enter(self.runtime.as_ref())
    }

    pub(super) fn kind(&self) -> LimitKind {
        if self.by_caller { LimitKind::Deadline } else { LimitKind::Wall }
    }

    /// What its caller is told of an error that is everybody's: a process ends for all.
    pub(super) fn share_of(&self, error: &Error) -> Error {
        match error {
            Error::Process { death, .. } => Error::Process { death: death.clone(), place: self.about.place },
            Error::Lost { reason, .. } => Error::lost(reason.clone(), self.about.place),
            other => other.clone(),
        }
    }

    pub(super) fn fail(self, error: Error) {
        drop_of_host(self.hosts.take());
        if let Some(erased) = self.erased {
            erased.fail(error);
        }
    }

    /// When it has to be looked at, whatever happens. A child that has just ended another call has until `ends_until`.
    fn due(&self, is_alone: bool, ends_until: Deadline) -> Deadline {
        match self.ending {
            None if self.erased.is_none() => Deadline::PASSED,
            None => self.end,
            // Its caller is told, whatever the child does.
            Some(Ending { since, until }) if self.erased.is_some() && !is_alone => {
                Deadline::after(since, Nanos::of(GRACE)).min(until.max(ends_until))
            }
            Some(Ending { until, .. }) => until.max(ends_until),
        }
    }
}

/// Calls by their numbers.
#[derive(Default)]
pub(super) struct CallTable {
    entries: BTreeMap<u64, Entry>,
    /// When each has to be looked at, at the earliest.
    due: BTreeSet<(Deadline, u64)>,
    /// How many the child was told to end.
    ending: usize,
    ready: Arc<ReadyCalls>,
    /// Those whose methods of the host may go on.
    astir: Vec<u64>,
}

struct Entry {
    flight: ChildCall,
    mark_ready: Arc<ReadyWaker>,
    due: Deadline,
}

impl Entry {
    /// Whether nobody awaits it any more. Otherwise it is ready when that is so.
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

    pub(super) fn get(&self, id: u64) -> Option<&ChildCall> {
        self.entries.get(&id).map(|entry| &entry.flight)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &ChildCall> {
        self.entries.values().map(|entry| &entry.flight)
    }

    pub(super) fn insert(&mut self, id: u64, flight: ChildCall) {
        let mark_ready = ReadyWaker { id, is_known: AtomicBool::default(), all: self.ready.clone() };
        self.entries.insert(id, Entry { flight, mark_ready: Arc::new(mark_ready), due: Deadline::NEVER });
        self.look_at(id);
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<ChildCall> {
        let entry = self.entries.remove(&id)?;
        self.due.remove(&(entry.due, id));
        self.ending -= usize::from(entry.flight.ending.is_some());
        Some(entry.flight)
    }

    pub(super) fn take(&mut self) -> impl Iterator<Item = ChildCall> + use<> {
        self.due.clear();
        self.astir.clear();
        self.ending = 0;
        std::mem::take(&mut self.entries).into_values().map(|entry| entry.flight)
    }

    /// Whether the child was told to end one that it has not ended.
    pub(super) fn has_ending(&self) -> bool {
        self.ending > 0
    }

    /// When the last one has to be over.
    pub(super) fn last_end(&self) -> Deadline {
        self.all().map(|flight| flight.end).max().unwrap_or(Deadline::PASSED)
    }

    /// When the first one has to be looked at.
    pub(super) fn first_due(&self) -> Deadline {
        self.due.first().map_or(Deadline::NEVER, |(due, _)| *due)
    }

    /// The next one that has to be looked at by now. It has to be changed before this is asked again.
    pub(super) fn next_due(&mut self, now: Timestamp, ends_until: Deadline) -> Option<u64> {
        loop {
            let (_, id) = self.due.first().copied().filter(|(due, _)| due.is_over(now))?;
            let flight = self.get(id)?;
            let later = flight.due(self.len() == 1, ends_until);
            if later.is_over(now) {
                return Some(id);
            }
            // It was excused, or others are gone.
            self.schedule(id, later);
        }
    }

    /// Those that nobody awaits any more, and that the child was not told to end.
    pub(super) fn dropped(&self) -> impl Iterator<Item = u64> {
        self.due.iter().take_while(|(due, _)| *due == Deadline::PASSED).map(|(_, id)| *id)
    }

    /// Changes one, which is then looked at when it has to be.
    pub(super) fn change<R>(
        &mut self,
        id: u64,
        ends_until: Deadline,
        change: impl FnOnce(&mut ChildCall) -> R,
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

    /// Notes when it has to be looked at: at once, when nobody awaits it any more.
    fn look_at(&mut self, id: u64) {
        if self.entries.get_mut(&id).is_some_and(Entry::is_dropped) {
            self.change(id, Deadline::PASSED, |flight| drop(flight.erased.take()));
        } else {
            self.change(id, Deadline::PASSED, |_| ());
        }
    }

    /// The child was not listened to for so long.
    pub(super) fn excuse(&mut self, span: Nanos) {
        if self.ending > 0 {
            let endings = self.entries.values_mut().filter_map(|entry| entry.flight.ending.as_mut());
            for ending in endings {
                (ending.since, ending.until) =
                    (ending.since.saturating_add(span), ending.until.extended(span));
            }
        }
    }

    /// Those whose callers should have been told long ago that their time is over, and when there is another.
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

    /// Whom to wake from now on.
    pub(super) fn listen(&self, waker: &Waker) {
        let mut ready = self.ready.lock();
        if !ready.1.as_ref().is_some_and(|known| known.will_wake(waker)) {
            ready.1 = Some(waker.clone());
        }
    }

    /// Finds those that have something to do.
    pub(super) fn mark_ready(&mut self) {
        let woken = std::mem::take(&mut self.ready.lock().0);
        for id in woken {
            let Some(entry) = self.entries.get(&id) else { continue };
            entry.mark_ready.is_known.store(false, Ordering::SeqCst);
            if self.entries.get_mut(&id).is_some_and(Entry::is_dropped) {
                self.look_at(id);
            }
            self.astir.push(id);
        }
    }

    /// One has something to do.
    pub(super) fn wants(&mut self, id: u64) {
        self.astir.push(id);
    }

    /// Takes those that have something to do.
    pub(super) fn take_ready(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.astir)
    }

    /// Looks at one in a way in which it is woken.
    pub(super) fn with<R>(&self, id: u64, look: impl FnOnce(&ChildCall, &mut Context<'_>) -> R) -> Option<R> {
        let entry = self.entries.get(&id)?;
        let waker = Waker::from(entry.mark_ready.clone());
        Some(look(&entry.flight, &mut Context::from_waker(&waker)))
    }
}

/// Calls that have something to do, because methods of their host go on or because nobody awaits them any more; and who is to be woken.
#[derive(Default)]
struct ReadyCalls(Mutex<(Vec<u64>, Option<Waker>)>);

impl ReadyCalls {
    fn lock(&self) -> MutexGuard<'_, (Vec<u64>, Option<Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes whoever drives, for one of the calls.
struct ReadyWaker {
    id: u64,
    /// It is among those that have something to do.
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
