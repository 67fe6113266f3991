//! [`Ticket`]: the caller's side of an asynchronous call, for any thread: its deadline, and its cancellation.
//!
//! The sites make tickets. `flights` and `watchdog` read them on the isolate's thread.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;

use super::call::next_call;
use super::cancels::Period;
use super::watch::Watch;
use crate::panic::of_host;
use crate::time::{Deadline, Nanos, Timestamp};

thread_local! {
    /// The end of the call whose host methods this thread polls.
    static OUTER_END: Cell<Deadline> = const { Cell::new(Deadline::NEVER) };
    /// The ticket of that call, if there is one.
    static OUTER: RefCell<Option<Ticket>> = const { RefCell::new(None) };
}

thread_local! {
    /// When the current task was woken; `None` where that does not matter.
    static WOKEN: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// Marks the poll of a task on a shared thread, until it is dropped.
pub(crate) struct Woken(Option<Timestamp>);

impl Woken {
    pub(crate) fn at(woken: Option<Timestamp>) -> Self {
        Self(WOKEN.replace(woken))
    }

    /// How long the task has waited for its thread.
    pub(in crate::isolate) fn ago(now: Timestamp) -> Nanos {
        WOKEN.get().map_or(Nanos::ZERO, |woken| now.since(woken))
    }
}

impl Drop for Woken {
    fn drop(&mut self) {
        WOKEN.set(self.0);
    }
}

/// The deadline of a call that is made here. A call by a host method ends with the call that waits for the method.
#[inline]
pub(crate) fn within(deadline: Deadline) -> Deadline {
    deadline.min(OUTER_END.get())
}

/// Whether a deadline comes before the end of the call whose host methods this thread polls.
#[cfg(feature = "process")]
pub(crate) fn is_own(deadline: Deadline) -> bool {
    deadline < OUTER_END.get()
}

/// The call whose host methods this thread polls, and the end of that call.
pub(in crate::isolate) fn outer() -> Option<(Ticket, Deadline)> {
    OUTER.with_borrow(Clone::clone).map(|outer| (outer, OUTER_END.get()))
}

/// Makes calls end with an outer call, until it is dropped.
pub(crate) struct TicketScope {
    end: Deadline,
    ticket: Option<Ticket>,
}

impl TicketScope {
    #[cfg(feature = "process")]
    pub(crate) fn of(end: Deadline) -> Self {
        Self::set(end, None)
    }

    /// Makes calls end with an outer call, and when the outer call's caller goes away.
    pub(crate) fn of_ticket(end: Deadline, ticket: &Ticket) -> Self {
        Self::set(end, Some(ticket.clone()))
    }

    fn set(end: Deadline, ticket: Option<Ticket>) -> Self {
        Self { end: OUTER_END.replace(end.min(OUTER_END.get())), ticket: OUTER.replace(ticket) }
    }
}

impl Drop for TicketScope {
    fn drop(&mut self) {
        OUTER_END.set(self.end);
        OUTER.set(self.ticket.take());
    }
}

/// The state that a caller sets for its call.
#[derive(Clone)]
pub(crate) struct Ticket {
    inner: Arc<TicketInner>,
}

/// The tickets of calls that are not over. The set does not keep a ticket.
#[derive(Default)]
pub(super) struct Tickets(Mutex<Vec<Weak<TicketInner>>>);

impl Tickets {
    fn lock(&self) -> MutexGuard<'_, Vec<Weak<TicketInner>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, ticket: &Ticket) {
        let mut tickets = self.lock();
        // Of many calls in turn, few are under way at once.
        if tickets.len() == tickets.capacity() {
            tickets.retain(|known| known.strong_count() > 0);
            // Room for as many again, so that calls seldom get here.
            let known = tickets.len();
            tickets.reserve(known);
        }
        tickets.push(Arc::downgrade(&ticket.inner));
    }

    /// All tickets, for use without the lock.
    pub(super) fn all(&self) -> Vec<Ticket> {
        self.lock().iter().filter_map(Weak::upgrade).map(|inner| Ticket { inner }).collect()
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.lock().capacity()
    }
}

/// The call waits for its turn.
const WAITS: u8 = 0;
/// The call has had its turn.
const BEGUN: u8 = 1;
/// The caller waits no longer, and the call is never made.
const WITHDRAWN: u8 = 2;

struct TicketInner {
    flight: u64,
    /// One of [`WAITS`], [`BEGUN`] and [`WITHDRAWN`].
    turn: AtomicU8,
    cancelled: AtomicBool,
    /// The other end of a link says that the time of the call is up.
    is_time_up: AtomicBool,
    /// The call is over, and so are those inside of it.
    is_over: AtomicBool,
    deadline: Deadline,
    /// The call whose host methods made this one, and how many calls are around this one.
    outer: Option<Ticket>,
    depth: u32,
    /// The caller's own deadline comes before the end of the outer call.
    is_own_deadline: bool,
    /// The call is one of a function, an object or a stream that a guest gave.
    is_of_object: bool,
    /// The period in which the call was made, once it was made.
    made_in: OnceLock<Period>,
    /// Wakes the task that polls the call on the isolate's thread.
    waker: Mutex<Option<Waker>>,
    /// Calls by host methods that this call waits for.
    nested: Tickets,
}

impl TicketInner {
    /// Leaves [`WAITS`]. Returns whether the state is `turn` now.
    fn change(&self, turn: u8) -> bool {
        match self.turn.compare_exchange(WAITS, turn, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => true,
            Err(known) => known == turn,
        }
    }
}

impl Ticket {
    pub(crate) fn new(deadline: Deadline) -> Self {
        Self::make(deadline, OUTER.with_borrow(Clone::clone), false)
    }

    /// A call of a function, an object or a stream that a guest gave.
    pub(crate) fn of_object() -> Self {
        Self::make(Deadline::NEVER, OUTER.with_borrow(Clone::clone), true)
    }

    /// A call that the other end of a link makes, inside of an outer one if there is one. The deadline is the outer call's unless
    /// it `is_own`.
    #[cfg(feature = "process")]
    pub(crate) fn linked(deadline: Deadline, outer: Option<Self>, is_own: bool, is_of_object: bool) -> Self {
        let deadline = if outer.is_some() && !is_own { Deadline::NEVER } else { deadline };
        Self::make(deadline, outer, is_of_object)
    }

    fn make(deadline: Deadline, outer: Option<Self>, is_of_object: bool) -> Self {
        let is_own_deadline = deadline < OUTER_END.get();
        let deadline = within(deadline);
        let flight = next_call();
        let (turn, nested, waker) = (AtomicU8::new(WAITS), Tickets::default(), Mutex::default());
        let cancelled = AtomicBool::new(outer.as_ref().is_some_and(Self::is_cancelled));
        let (made_in, is_over) = (OnceLock::new(), AtomicBool::new(false));
        let depth = outer.as_ref().map_or(0, |outer| outer.inner.depth + 1);
        let inner = TicketInner {
            flight,
            turn,
            cancelled,
            is_time_up: AtomicBool::new(false),
            is_over,
            deadline,
            outer,
            depth,
            is_own_deadline,
            is_of_object,
            made_in,
            waker,
            nested,
        };
        let ticket = Self { inner: Arc::new(inner) };
        if let Some(outer) = &ticket.inner.outer {
            outer.inner.nested.add(&ticket);
        }
        ticket
    }

    /// The call whose host methods made this one.
    #[inline]
    pub(in crate::isolate) fn outer(&self) -> Option<&Self> {
        self.inner.outer.as_ref()
    }

    /// The number of calls around this one.
    pub(in crate::isolate) fn depth(&self) -> u32 {
        self.inner.depth
    }

    /// Whether the caller's own deadline comes before the end of the outer call.
    pub(in crate::isolate) fn is_own_deadline(&self) -> bool {
        self.inner.is_own_deadline
    }

    /// Whether the call is one of a function, an object or a stream that a guest gave.
    pub(in crate::isolate) fn is_of_object(&self) -> bool {
        self.inner.is_of_object
    }

    /// The other end of a link says that the time of the call is up. Its clock may be some moments ahead.
    #[cfg(feature = "process")]
    pub(crate) fn time_is_up(&self) {
        self.inner.is_time_up.store(true, Ordering::SeqCst);
    }

    /// Whether the other end of a link has said so.
    pub(in crate::isolate) fn is_time_up(&self) -> bool {
        self.inner.is_time_up.load(Ordering::SeqCst)
    }

    /// The call is over. Calls inside of it make no further turn.
    #[inline]
    pub(in crate::isolate) fn ends(&self) {
        self.inner.is_over.store(true, Ordering::SeqCst);
    }

    /// Whether a call around this one is over.
    pub(in crate::isolate) fn is_left(&self) -> bool {
        let outer = std::iter::successors(self.outer(), |outer| outer.outer());
        outer.into_iter().any(|outer| outer.inner.is_over.load(Ordering::SeqCst))
    }

    /// The number of the call's future flight.
    pub(crate) fn flight(&self) -> u64 {
        self.inner.flight
    }

    /// How long the caller waits.
    pub(crate) fn deadline(&self) -> Deadline {
        self.inner.deadline
    }

    /// The period in which the call was made. The first caller says that it is made `now`.
    pub(crate) fn made_in(&self, now: impl FnOnce() -> Period) -> Period {
        *self.inner.made_in.get_or_init(now)
    }

    /// The waker of the task that polls the call.
    pub(in crate::isolate) fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.inner.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the task that polls the call.
    pub(in crate::isolate) fn wake(&self) {
        let waker = self.waker().clone();
        if let Some(waker) = waker {
            of_host(|| waker.wake());
        }
    }

    /// The call has its turn. Returns false if the caller has withdrawn it, and the call must not be made.
    pub(crate) fn begins(&self) -> bool {
        self.inner.change(BEGUN)
    }

    /// The caller waits no longer for the call's turn. Returns false if the call has begun.
    pub(crate) fn withdraws(&self) -> bool {
        self.inner.change(WITHDRAWN)
    }

    /// Whether the call has had its turn.
    pub(crate) fn has_begun(&self) -> bool {
        self.inner.turn.load(Ordering::SeqCst) == BEGUN
    }

    /// Ends the current turn of the call, if it has one, and keeps it from having others.
    pub(crate) fn cancel(&self, watch: &Watch) {
        self.inner.cancelled.store(true, Ordering::SeqCst);
        watch.cancel(self.inner.flight);
        self.inner.nested.all().iter().for_each(|nested| nested.cancel(watch));
    }

    pub(in crate::isolate) fn is_cancelled(&self) -> bool {
        self.inner.cancelled.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call that its caller was told was not made is never made, and one that has begun is not withdrawn.
    #[test]
    fn a_call_begins_or_is_withdrawn() {
        let (begun, withdrawn) = (Ticket::new(Deadline::NEVER), Ticket::new(Deadline::NEVER));
        assert!(begun.begins() && begun.begins() && !begun.withdraws() && begun.has_begun());
        assert!(withdrawn.withdraws() && !withdrawn.begins() && !withdrawn.has_begun());
    }
}
