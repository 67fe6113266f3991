//! The watchdog: one thread a process, which ends calls that take too long.
//!
//! `run` arms a watch for each turn. `ticket` cancels a flight's turn. Any thread may use a [`Timer`].
//!
//! An isolate has a [`Watch`]. Only the first call after a quiet time wakes the thread. While any watch is armed, the thread
//! checks all of them every few milliseconds. The thread terminates a late call again and again, until the host's frame has
//! returned. V8 forgets a termination when it returns to the host, and the host may then run guest code, for example to
//! read an error.
//!
//! This thread measures CPU time, too. A call that ends before the first check is a short one, and does not read its clock.
//! The time before the first check counts as wall time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::time::Duration;

use deno_core::v8;

use super::clock::{calibrate, now};
use super::cpu::CpuClock;
use super::watch::{ALARM, Watch};
use crate::time::{AtomicTime, Deadline, Nanos, Timestamp};

/// The interval of checks. A call can be late by this much, apart from scheduling.
const TICK: Duration = Duration::from_millis(2);
/// How many ticks without an armed watch pass before the thread sleeps.
const QUIET_TICKS: u32 = 50;

/// When a timer is due, and its number.
type TimerKey = (Deadline, u64);

struct Watchdog {
    watches: Mutex<Vec<Weak<Watch>>>,
    /// The wakers of timers, by their keys.
    timers: Mutex<BTreeMap<TimerKey, Waker>>,
}

impl Watchdog {
    fn timers(&self) -> MutexGuard<'_, BTreeMap<TimerKey, Waker>> {
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the tasks whose timers are due.
    fn wake_due(&self, now: Timestamp) {
        let due = {
            let mut timers = self.timers();
            let later = timers.split_off(&(Deadline::after(now, Nanos::new(1)), 0));
            std::mem::replace(&mut *timers, later)
        };
        // A waker is code of an executor. Its panic must not end this thread.
        due.into_values().for_each(|waker| crate::panic::of_host(|| waker.wake()));
    }

    /// The time until the next timer is due.
    fn until_next_timer(&self) -> Option<Duration> {
        let first = self.timers().first_key_value().map(|((at, _), _)| *at)?;
        first.remaining(now()).map(Nanos::duration)
    }

    fn watches(&self) -> MutexGuard<'_, Vec<Weak<Watch>>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks every watch. Returns whether one of them is armed.
    fn look(&self) -> bool {
        calibrate();
        let now = now();
        LAST_LOOK.store(now, Ordering::Relaxed);
        self.wake_due(now);
        let mut busy = false;
        self.watches().retain(|watch| match watch.upgrade() {
            Some(watch) => {
                busy |= watch.look(now);
                true
            }
            None => false,
        });
        busy
    }

    fn run(&self) {
        let mut quiet = 0;
        loop {
            quiet = if self.look() { 0 } else { quiet + 1 };
            if quiet < QUIET_TICKS {
                std::thread::sleep(TICK);
            } else {
                self.sleep();
                quiet = 0;
            }
        }
    }

    fn sleep(&self) {
        // A watch that was armed before this thread was asleep has not woken it, so the thread checks once more. A timer is
        // stored before its owner checks whether this thread sleeps.
        ALARM.sleep(|| {
            if !self.look() {
                match self.until_next_timer() {
                    Some(left) => std::thread::park_timeout(left),
                    None => std::thread::park(),
                }
            }
        });
    }
}

/// Wakes a task at a time, unless it is dropped earlier.
pub(crate) struct Timer(TimerKey);

impl Timer {
    pub(crate) fn set(at: Deadline, waker: Waker) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let key = (at, NEXT.fetch_add(1, Ordering::Relaxed));
        dog().timers().insert(key, waker);
        ALARM.wake();
        Self(key)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let waker = dog().timers().remove(&self.0);
        drop(waker);
    }
}

/// The time of the watchdog's last check. This clock costs one load, and advances every [`TICK`] while a call is under way.
#[inline]
pub(in crate::isolate) fn coarse_now() -> Timestamp {
    LAST_LOOK.load(Ordering::Relaxed)
}

static LAST_LOOK: AtomicTime<Timestamp> = AtomicTime::at_start();

#[inline]
fn dog() -> &'static Watchdog {
    static DOG: OnceLock<&'static Watchdog> = OnceLock::new();
    DOG.get_or_init(|| {
        let dog: &'static Watchdog =
            Box::leak(Box::new(Watchdog { watches: Mutex::new(Vec::new()), timers: Mutex::default() }));
        let builder = std::thread::Builder::new().name("sandbox-watchdog".into());
        match builder.spawn(|| dog.run()) {
            Ok(handle) => ALARM.set(handle.thread().clone()),
            // Without a watchdog, no time limit is enforced. So no sandbox is made.
            Err(error) => tracing::error!(%error, "the watchdog's thread cannot be started"),
        }
        dog
    })
}

/// Starts the watchdog's thread, or returns the reason why it cannot start.
pub(crate) fn start() -> Result<(), String> {
    dog();
    match ALARM.is_set() {
        true => Ok(()),
        false => Err("the watchdog's thread cannot be started, so time limits cannot be enforced".into()),
    }
}

/// A watch of this thread's isolate.
pub(in crate::isolate) fn watch(isolate: v8::IsolateHandle, is_exact: bool) -> Arc<Watch> {
    watched(Watch::new(isolate, is_exact, CpuClock::of_this_thread()))
}

fn watched(watch: Watch) -> Arc<Watch> {
    let watch = Arc::new(watch);
    dog().watches().push(Arc::downgrade(&watch));
    watch
}

/// A watch with its own isolate, for the benchmark of the watchdog's cost per call.
#[doc(hidden)]
pub struct WatchProbe {
    watch: Arc<Watch>,
    _isolate: v8::OwnedIsolate,
}

impl WatchProbe {
    #[doc(hidden)]
    #[must_use]
    pub fn new() -> Self {
        crate::isolate::engine::start();
        let isolate = v8::Isolate::new(v8::CreateParams::default());
        Self { watch: watch(isolate.thread_safe_handle(), false), _isolate: isolate }
    }

    /// Arms and disarms, as a call does that runs nothing.
    #[doc(hidden)]
    pub fn call(&self, limit: Duration) {
        let began = now();
        self.watch.arm(None, began, Deadline::after(began, Nanos::of(limit)), Nanos::MAX).disarm();
    }
}

impl Default for WatchProbe {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::isolate::limits::watch::FireCause;

    /// Threads cancel one flight without end. Turns of this flight and of others come and go with one deadline, like those
    /// of one caller.
    #[test]
    fn a_cancellation_ends_no_turn_of_another_flight() {
        const TURNS: u64 = 100_000;
        const CANCELLED: u64 = 7;
        let probe = WatchProbe::new();
        let (watch, is_over) = (&*probe.watch, AtomicBool::new(false));
        let end = Deadline::after(now(), Nanos::of(Duration::from_secs(3600)));
        let (mut ended, mut others) = (0, Vec::new());
        std::thread::scope(|scope| {
            let cancel = || {
                while !is_over.load(Ordering::Relaxed) {
                    watch.cancel(CANCELLED);
                }
            };
            (0..3).for_each(|_| _ = scope.spawn(cancel));
            for turn in 0..TURNS {
                let flight = [Some(CANCELLED), Some(CANCELLED + 1 + turn), None][(turn % 3) as usize];
                let armed = watch.arm(flight, now(), end, Nanos::MAX);
                let left = watch.left();
                // At intervals until it has ended, so that other threads run on a busy machine.
                while turn % 300 == 0 && !watch.has_fired() {
                    std::thread::yield_now();
                }
                match (flight, armed.disarm()) {
                    (Some(CANCELLED), fired) => ended += u64::from(fired),
                    (other, true) => others.push(other),
                    (other, false) if left.is_none_or(|left| left.is_zero()) => others.push(other),
                    _ => {}
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(others, [], "turns of others were ended");
        assert!(ended >= TURNS / 300, "{ended} turns were cancelled");
    }

    #[test]
    fn a_turn_that_is_cancelled_has_fired_until_it_is_disarmed() {
        let probe = WatchProbe::new();
        let end = Deadline::after(now(), Nanos::of(Duration::from_secs(3600)));
        let armed = probe.watch.arm(Some(1), now(), end, Nanos::MAX);
        probe.watch.cancel(2);
        assert!(!probe.watch.has_fired());
        probe.watch.cancel(1);
        assert!(probe.watch.has_fired() && probe.watch.has_fired_for(FireCause::Late));
        assert!(armed.disarm());
        probe.watch.cancel(1);
        assert!(!probe.watch.has_fired(), "there is no turn to end");
        assert!(!probe.watch.arm(Some(1), now(), end, Nanos::MAX).disarm());
    }

    /// A paused call is not late, however often the watchdog looks at it, and can be cancelled.
    #[test]
    fn a_held_deadline_does_not_pass() {
        let probe = WatchProbe::new();
        let watch = &*probe.watch;
        assert_eq!(watch.hold(), None, "no call is under way");
        let end = Deadline::after(now(), Nanos::of(Duration::from_secs(3600)));
        let armed = watch.arm(Some(1), now(), end, Nanos::MAX);
        assert_eq!((watch.hold(), watch.hold()), (Some(end), None));
        assert_eq!(watch.left(), None);
        watch.look(now().saturating_add(Nanos::of(Duration::from_secs(7200))));
        assert!(!watch.has_fired());
        watch.cancel(2);
        assert!(!watch.has_fired());
        watch.release(end, Nanos::ZERO);
        assert!(!watch.has_fired() && watch.left().is_some_and(|left| left > Duration::ZERO));
        assert_eq!(watch.hold(), Some(end));
        watch.cancel(1);
        watch.release(end, Nanos::ZERO);
        assert!(watch.has_fired(), "a call that was cancelled in a pause stays so");
        assert_eq!(watch.hold(), None, "the call is being ended");
        assert!(armed.disarm());
        let armed = watch.arm(None, now(), end, Nanos::MAX);
        watch.hold();
        assert!(!armed.disarm());
        watch.release(end, Nanos::ZERO);
        assert_eq!(watch.left(), None, "the call that was paused is over");
        let armed = watch.arm(None, now(), end, Nanos::MAX);
        watch.hold();
        watch.release(Deadline::PASSED, Nanos::ZERO);
        while !watch.has_fired() {
            std::thread::yield_now();
        }
        assert!(armed.disarm());
    }

    #[test]
    fn without_a_clock_of_the_thread_all_the_time_of_a_call_counts() {
        crate::isolate::engine::start();
        let isolate = v8::Isolate::new(v8::CreateParams::default());
        let watch = watched(Watch::new(isolate.thread_safe_handle(), false, None));
        let armed = watch.arm(None, now(), Deadline::NEVER, Nanos::of(Duration::from_millis(1)));
        while !watch.has_fired() {
            std::thread::yield_now();
        }
        assert!(watch.has_fired_for(FireCause::Cpu) && watch.is_long());
        assert!(armed.disarm());
        isolate.cancel_terminate_execution();
        // The next call has time of its own.
        assert!(!watch.arm(None, now(), Deadline::NEVER, Nanos::MAX).disarm());
    }
}
