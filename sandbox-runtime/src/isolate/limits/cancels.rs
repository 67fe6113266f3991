//! [`Cancels`]: cancels all calls of an isolate, from any thread. [`Periods`] decides which calls these are.
//!
//! A call is made in a *period*, and notes its number. To cancel all calls is to end the period. A call whose period is over
//! ends before its turn, between two turns, or during a turn:
//!
//! | the call | is ended by |
//! |---|---|
//! | has its turn | the watch of the isolate, at once |
//! | has its turn next, and is past its check | a timer, until the call is over |
//! | is in flight, between two turns | its own check; its waker is called for that |
//! | waits for its turn | the same check, when its turn comes |
//!
//! A synchronous call in the caller's own thread notes no period and costs nothing: the watch alone ends it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use super::clock::now;
use super::ticket::{Ticket, Tickets};
use super::watch::{FireCause, Watch};
use super::watchdog::Timer;
use crate::error::Error;
use crate::observe::teller::Teller;
use crate::time::{Deadline, Nanos};

/// The number of a period; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Period(u64);

/// The periods of a sandbox.
pub(crate) struct Periods(AtomicU64);

impl Default for Periods {
    fn default() -> Self {
        Self(AtomicU64::new(1))
    }
}

impl Periods {
    /// The period of a call that is made now.
    pub(crate) fn now(&self) -> Period {
        Period(self.0.load(Ordering::SeqCst))
    }

    /// Whether the calls of a period are cancelled.
    pub(crate) fn are_over(&self, period: Period) -> bool {
        period < self.now()
    }

    /// Ends the period. Calls that are made from here on belong to the next one.
    pub(crate) fn end(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The calls of an isolate, as far as their cancellation needs them.
pub(crate) struct Cancels {
    periods: Periods,
    /// The period of the synchronous call that another thread has sent and that has its turn; 0 for none.
    running: AtomicU64,
    /// The watch of the isolate; `None` before the first.
    watch: Mutex<Option<Arc<Watch>>>,
    /// The calls in flight.
    tickets: Tickets,
    /// Ends a call that had passed its check and had no turn yet.
    timer: Mutex<Option<Timer>>,
    /// The observers, if there are any.
    observed: Option<Arc<Teller>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cancels {
    pub(in crate::isolate) fn new(observed: Option<Arc<Teller>>) -> Arc<Self> {
        Arc::new(Self {
            periods: Periods::default(),
            running: AtomicU64::default(),
            watch: Mutex::default(),
            tickets: Tickets::default(),
            timer: Mutex::default(),
            observed,
        })
    }

    /// The isolate has this watch from here on.
    pub(in crate::isolate) fn watches(&self, watch: Arc<Watch>) {
        let before = lock(&self.watch).replace(watch);
        drop(before);
    }

    fn watch(&self) -> Option<Arc<Watch>> {
        lock(&self.watch).clone()
    }

    /// The periods of the calls.
    pub(crate) fn periods(&self) -> &Periods {
        &self.periods
    }

    /// Ends the call of one ticket, whose caller is gone.
    pub(crate) fn cancel(&self, ticket: &Ticket) {
        self.watch().inspect(|watch| ticket.cancel(watch));
    }

    /// Cancels all calls that were made before.
    pub(crate) fn cancel_all(self: &Arc<Self>) -> Result<(), Error> {
        self.observed.as_ref().map_or(Ok(()), |observed| observed.allows())?;
        self.periods.end();
        if let Some(watch) = self.watch() {
            // Whatever turn there is, its call was made before.
            watch.fire_if(FireCause::Cancelled, || true);
        }
        self.look_again();
        // A waker is code of an executor, which may make calls.
        self.tickets.all().iter().for_each(Ticket::wake);
        Ok(())
    }

    /// Lets a call in flight be woken when it is cancelled.
    pub(in crate::isolate) fn knows(&self, ticket: &Ticket) {
        self.tickets.add(ticket);
    }

    /// Notes that a synchronous call of this period is under way, until the result is dropped.
    pub(in crate::isolate) fn begin(&self, made_in: Period) -> RunningCall<'_> {
        self.running.store(made_in.0, Ordering::SeqCst);
        RunningCall(self)
    }

    fn is_running_over(&self) -> bool {
        match self.running.load(Ordering::SeqCst) {
            0 => false,
            period => self.periods.are_over(Period(period)),
        }
    }

    /// Looks again in a moment, if a call has begun that is cancelled. The call may have no turn yet.
    fn look_again(self: &Arc<Self>) {
        const SOON: Duration = Duration::from_millis(2);
        let again = || Timer::set(Deadline::after(now(), Nanos::of(SOON)), Waker::from(self.clone()));
        let timer = self.is_running_over().then(again);
        let before = std::mem::replace(&mut *lock(&self.timer), timer);
        drop(before);
    }
}

/// A synchronous call that another thread has sent.
#[must_use = "the call is over when this is dropped"]
pub(in crate::isolate) struct RunningCall<'c>(&'c Cancels);

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        self.0.running.store(0, Ordering::SeqCst);
    }
}

impl Wake for Cancels {
    fn wake(self: Arc<Self>) {
        if let Some(watch) = self.watch() {
            // The turn of a later call has a later period.
            watch.fire_if(FireCause::Cancelled, || self.is_running_over());
        }
        self.look_again();
    }
}

#[cfg(test)]
mod tests {
    use deno_core::v8;

    use super::*;
    use crate::isolate::limits::watchdog;

    /// A call that is past its check has no turn yet, and is ended in its turn. The next call is not.
    #[test]
    fn a_call_whose_turn_begins_after_the_cancellation_is_ended() {
        crate::isolate::engine::start();
        let isolate = v8::Isolate::new(v8::CreateParams::default());
        let watch = watchdog::watch(isolate.thread_safe_handle(), false);
        let cancels = Cancels::new(None);
        cancels.watches(watch.clone());
        let end = Deadline::after(now(), Nanos::of(Duration::from_secs(3600)));
        let running = cancels.begin(cancels.periods().now());
        cancels.cancel_all().expect("no observer");
        let armed = watch.arm(None, now(), end, Nanos::MAX);
        while !watch.has_fired() {
            std::thread::yield_now();
        }
        assert!(watch.has_fired_for(FireCause::Cancelled) && armed.disarm());
        drop(running);
        isolate.cancel_terminate_execution();
        let _running = cancels.begin(cancels.periods().now());
        let armed = watch.arm(None, now(), end, Nanos::MAX);
        cancels.clone().wake();
        assert!(!watch.has_fired() && !armed.disarm());
        // The thread of timers may be about to set the timer that it decided to set while the first call ran.
        while lock(&cancels.timer).is_some() {
            std::thread::yield_now();
        }
        assert!(!watch.has_fired());
    }

    #[test]
    fn calls_that_are_over_are_not_kept() {
        let cancels = Cancels::new(None);
        for _ in 0..1000 {
            cancels.knows(&Ticket::new(Deadline::NEVER));
        }
        assert!(cancels.tickets.capacity() < 100);
    }
}
