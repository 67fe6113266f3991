//! What a caller says of an asynchronous call, from whichever thread: until when it waits, and that it does no longer.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::meter::next_call;
use super::watchdog::Watch;

thread_local! {
    /// When the call has to be over whose host methods this thread polls; `u64::MAX` for none.
    static OUTER_END: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// The deadline of a call that is made here: one that a host method makes ends with the call that waits for the method.
#[inline]
pub(crate) fn within(deadline: Option<u64>) -> Option<u64> {
    let end = deadline.unwrap_or(u64::MAX).min(OUTER_END.get());
    (end < u64::MAX).then_some(end)
}

/// Calls that are made until this is dropped are inside of one that ends at a time.
pub(crate) struct Inside(u64);

impl Inside {
    pub(crate) fn of(end: u64) -> Self {
        Self(OUTER_END.replace(end.min(OUTER_END.get())))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        OUTER_END.set(self.0);
    }
}

/// What a caller says of its call.
#[derive(Clone)]
pub(crate) struct Ticket {
    inner: Arc<TicketInner>,
}

struct TicketInner {
    flight: u64,
    begun: AtomicBool,
    cancelled: AtomicBool,
    deadline: Option<u64>,
}

impl Ticket {
    pub(crate) fn new(deadline: Option<u64>) -> Self {
        let deadline = within(deadline);
        let flight = next_call();
        let (begun, cancelled) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { inner: Arc::new(TicketInner { flight, begun, cancelled, deadline }) }
    }

    /// The number of the flight that the call will be.
    pub(crate) fn flight(&self) -> u64 {
        self.inner.flight
    }

    /// Until when the caller waits.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.inner.deadline
    }

    /// The call has its turn.
    pub(crate) fn begins(&self) {
        self.inner.begun.store(true, Ordering::SeqCst);
    }

    /// Whether the call has had its turn.
    pub(crate) fn has_begun(&self) -> bool {
        self.inner.begun.load(Ordering::SeqCst)
    }

    /// Ends the turn that the call has, if it has one, and sees to it that it has no other.
    pub(crate) fn cancel(&self, watch: &Watch) {
        self.inner.cancelled.store(true, Ordering::SeqCst);
        watch.cancel(self.inner.flight);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.inner.cancelled.load(Ordering::SeqCst)
    }
}
