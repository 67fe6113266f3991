//! Detects, while a guest computes, that the host has cancelled its call.
//!
//! The guest's thread reads frames of the host between two turns. During a turn, the watchdog's thread polls the memory
//! that both sides share: by a timer for calls of `async` methods, and at its checks of the watch for a synchronous call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::isolate::clock;
use crate::isolate::ticket::Ticket;
use crate::isolate::watch::Watch;
use crate::isolate::watchdog::Timer;
use crate::time::{Deadline, Nanos};
use crate::wire::Window;

/// The interval of polls.
const LOOK: Duration = Duration::from_millis(5);

/// The cancellations that a host has marked in shared memory.
pub(super) struct CancelPoller {
    window: Arc<dyn Window>,
    watch: Arc<Watch>,
    inner: Mutex<PollerState>,
    /// The number of the synchronous call that is served; 0 for none.
    served: Arc<AtomicU64>,
}

#[derive(Default)]
struct PollerState {
    /// Tickets, by the numbers of their calls.
    tickets: FxHashMap<u64, Ticket>,
    is_open: bool,
    next: Option<Timer>,
}

impl CancelPoller {
    pub(super) fn new(window: Arc<dyn Window>, watch: Arc<Watch>) -> Arc<Self> {
        let (served, memory) = (Arc::<AtomicU64>::default(), window.clone());
        let number = served.clone();
        watch.ends_when(move || match number.load(Ordering::SeqCst) {
            0 => false,
            call => memory.is_called_off(call),
        });
        Arc::new(Self { window, watch, inner: Mutex::default(), served })
    }

    /// Notes that a synchronous call is served, until the result is dropped. The watch polls for its cancellation.
    pub(super) fn serves(&self, call: u64) -> PolledCall<'_> {
        self.served.store(call, Ordering::SeqCst);
        PolledCall(&self.served)
    }

    fn inner(&self) -> MutexGuard<'_, PollerState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn know(&self, call: u64, ticket: Ticket) {
        // The call may have been cancelled before its frame was read here.
        if self.window.is_called_off(call) {
            ticket.cancel(&self.watch);
        }
        self.inner().tickets.insert(call, ticket);
    }

    pub(super) fn forget(&self, call: u64) {
        self.inner().tickets.remove(&call);
    }

    /// Polls until the result is dropped.
    pub(super) fn listen(self: &Arc<Self>) -> Listening<'_> {
        let timer = self.timer();
        let inner = &mut *self.inner();
        (inner.is_open, inner.next) = (true, Some(timer));
        Listening(self)
    }

    fn timer(self: &Arc<Self>) -> Timer {
        Timer::set(Deadline::after(clock::now(), Nanos::of(LOOK)), Waker::from(self.clone()))
    }
}

impl Wake for CancelPoller {
    fn wake(self: Arc<Self>) {
        let timer = self.timer();
        let inner = &mut *self.inner();
        let called_off = inner.tickets.iter().filter(|(call, _)| self.window.is_called_off(**call));
        called_off.for_each(|(_, ticket)| ticket.cancel(&self.watch));
        // A dropped timer does not fire.
        let before = if inner.is_open { inner.next.replace(timer) } else { Some(timer) };
        drop(before);
    }
}

/// A synchronous call that is served.
pub(super) struct PolledCall<'p>(&'p AtomicU64);

impl Drop for PolledCall<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

/// Keeps the poller active, because a guest may be computing.
pub(super) struct Listening<'e>(&'e CancelPoller);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let inner = &mut *self.0.inner();
        inner.is_open = false;
        let timer = inner.next.take();
        drop(timer);
    }
}
