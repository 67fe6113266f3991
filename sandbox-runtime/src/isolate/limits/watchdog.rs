//! The watchdog: one thread a process, which ends calls that take too long.
//!
//! `run` arms a watch for each turn. `ticket` cancels a flight's turn. Any thread may use a [`Timer`].
//!
//! An isolate has a [`Watch`], whose state is one atomic: idle, armed with a deadline, or fired. Arming is a store and
//! disarming a swap, without a lock or a system call. Only the first call after a quiet time wakes the thread. While any
//! watch is armed, the thread checks all of them every few milliseconds. The thread terminates a late call again and again, until
//! the host's frame has returned. V8 forgets a termination when it returns to the host, and the host may then run guest
//! code, for example to read an error.
//!
//! This thread measures CPU time, too. A call that ends before the first check is a short one, and does not read its clock.
//! The time before the first check counts as wall time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::thread::Thread;
use std::time::Duration;

use deno_core::v8;

use super::clock::{calibrate, now};
use super::cpu::CpuClock;
use crate::time::{AtomicTime, CpuTime, Deadline, Nanos, Timestamp, Word as _};

/// The interval of checks. A call can be late by this much, apart from scheduling.
const TICK: Duration = Duration::from_millis(2);
/// How many ticks without an armed watch pass before the thread sleeps.
const QUIET_TICKS: u32 = 50;

const IDLE: u64 = 0;
const FIRED: u64 = 1;
/// The watchdog is inside of `terminate_execution`; the state will be `FIRED` in a moment.
const FIRING: u64 = 2;
/// A canceller checks whose turn it is. The state will be its former value, or `FIRED`, in a moment.
const ASKED: u64 = 3;
/// A pause holds the deadline: see `pause`.
const PAUSED: u64 = 4;
/// Every deadline's encoding is greater.
const FIRST_DEADLINE: u64 = 5;

/// The time limit of one isolate.
pub(crate) struct Watch {
    state: AtomicU64,
    /// How often the watch was armed. The number distinguishes calls.
    calls: AtomicU64,
    isolate: v8::IsolateHandle,
    /// The CPU clock of the isolate's thread.
    clock: Option<CpuClock>,
    /// Whether the clock is read when a call begins, which costs a fraction of a microsecond. Otherwise the time before the
    /// first check counts as if the thread had run all the while, which it may not have on a busy machine.
    is_exact: bool,
    /// The CPU time that a call may use.
    cpu_limit: AtomicTime<Nanos>,
    /// The call that was last checked, and the clock's reading that stands for its start.
    seen: AtomicU64,
    cpu_start: AtomicTime<Timestamp<CpuTime>>,
    began: AtomicTime<Timestamp>,
    /// Whether the CPU time was the reason to fire.
    by_cpu: AtomicBool,
    /// The flight that has its turn; 0 for none.
    flight: AtomicU64,
}

impl Watch {
    pub(crate) fn new(isolate: v8::IsolateHandle, is_exact: bool) -> Arc<Self> {
        Self::with_clock(isolate, is_exact, CpuClock::of_this_thread())
    }

    fn with_clock(isolate: v8::IsolateHandle, is_exact: bool, clock: Option<CpuClock>) -> Arc<Self> {
        let watch = Arc::new(Self {
            state: AtomicU64::new(IDLE),
            calls: AtomicU64::new(0),
            isolate,
            clock,
            is_exact,
            cpu_limit: AtomicTime::new(Nanos::MAX),
            seen: AtomicU64::new(0),
            cpu_start: AtomicTime::new(Timestamp::START),
            began: AtomicTime::new(Timestamp::START),
            by_cpu: AtomicBool::new(false),
            flight: AtomicU64::new(0),
        });
        dog().watches().push(Arc::downgrade(&watch));
        watch
    }

    /// Arms the watch: ends the isolate's execution unless it is disarmed before `end`, and before `cpu` is used. `began` is
    /// the current time. A flight's turn can be [cancelled](Self::cancel) as well.
    #[inline]
    pub(in crate::isolate) fn arm(
        &self,
        flight: Option<u64>,
        began: Timestamp,
        end: Deadline,
        cpu: Nanos,
    ) -> Armed<'_> {
        let dog = dog();
        let deadline = end.bits().max(FIRST_DEADLINE);
        if let Some(flight) = flight {
            self.flight.store(flight, Ordering::SeqCst);
        }
        self.began.store(began, Ordering::Relaxed);
        self.cpu_limit.store(cpu, Ordering::Relaxed);
        if self.is_exact {
            let used = self.clock.and_then(CpuClock::read).unwrap_or_default();
            self.cpu_start.store(used, Ordering::Relaxed);
        }
        // Only the isolate's thread counts, so a load and a store suffice, which are cheaper than one atomic instruction. A
        // reader of the number has read the state before, which is stored after the number.
        self.calls.store(self.calls.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        // SeqCst, as in `Dog::sleep`: either this thread sees that the watchdog sleeps, or the watchdog sees this deadline.
        self.state.store(deadline, Ordering::SeqCst);
        if dog.asleep.load(Ordering::SeqCst) {
            dog.thread.get().inspect(|thread| thread.unpark());
        }
        Armed { watch: self, began }
    }

    /// Ends the turn of a flight, if the flight has its turn.
    ///
    /// The turn cannot end during the check. Comparing the state before and after would not suffice, because calls with one
    /// caller's deadline have equal states.
    pub(in crate::isolate) fn cancel(&self, flight: u64) {
        if self.flight.load(Ordering::SeqCst) != flight {
            return;
        }
        let deadline = loop {
            match self.state.load(Ordering::SeqCst) {
                IDLE | FIRED | FIRING => return,
                ASKED => std::hint::spin_loop(),
                armed => {
                    let asked = self.state.compare_exchange(armed, ASKED, Ordering::SeqCst, Ordering::SeqCst);
                    if asked.is_ok() {
                        break armed;
                    }
                }
            }
        };
        if self.flight.load(Ordering::SeqCst) != flight {
            self.state.store(deadline, Ordering::SeqCst);
            return;
        }
        self.by_cpu.store(false, Ordering::Relaxed);
        self.isolate.terminate_execution();
        self.state.store(FIRED, Ordering::SeqCst);
    }

    /// Fires if the call is late. Returns whether the watch is armed or has fired.
    fn look(&self, now: Timestamp) -> bool {
        let state = self.state.load(Ordering::SeqCst);
        let is_armed = state >= FIRST_DEADLINE;
        let by_cpu = is_armed && self.is_beyond_cpu(now);
        let late = state == FIRED || by_cpu || (is_armed && Deadline::from_bits(state).is_over(now));
        if late && self.state.compare_exchange(state, FIRING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            if is_armed {
                self.by_cpu.store(by_cpu, Ordering::Relaxed);
            }
            self.isolate.terminate_execution();
            self.state.store(FIRED, Ordering::SeqCst);
        }
        state != IDLE
    }

    /// Reads the thread's clock, and notes the first reading of a call. Without a clock, a call counts as if its thread had
    /// run all the while.
    fn is_beyond_cpu(&self, now: Timestamp) -> bool {
        let call = self.calls.load(Ordering::Relaxed);
        let Some(used) = self.clock.and_then(CpuClock::read) else {
            self.seen.store(call, Ordering::Release);
            let most = now.since(self.began.load(Ordering::Relaxed));
            return most > self.cpu_limit.load(Ordering::Relaxed);
        };
        let is_known = self.is_exact || self.seen.load(Ordering::Relaxed) == call;
        if !is_known {
            let unseen = now.since(self.began.load(Ordering::Relaxed));
            self.cpu_start.store(used.saturating_sub(unseen), Ordering::Relaxed);
        }
        self.seen.store(call, Ordering::Release);
        let spent = used.since(self.cpu_start.load(Ordering::Relaxed));
        is_known && spent > self.cpu_limit.load(Ordering::Relaxed)
    }

    /// Whether the call under way was checked, which happens to calls of more than a few milliseconds. Call it on the
    /// isolate's thread.
    #[inline]
    pub(crate) fn is_long(&self) -> bool {
        self.seen.load(Ordering::Acquire) == self.calls.load(Ordering::Relaxed)
    }

    /// The CPU time of the call under way; `None` when it is short and not [exact](Self::is_exact), or when the thread has
    /// no clock. Call it on the isolate's thread.
    #[inline]
    pub(crate) fn cpu(&self) -> Option<Nanos> {
        if !self.is_exact && !self.is_long() {
            return None;
        }
        let used = self.clock?.read()?;
        Some(used.since(self.cpu_start.load(Ordering::Relaxed)))
    }

    /// Whether the CPU time was the reason to fire.
    pub(crate) fn is_by_cpu(&self) -> bool {
        self.by_cpu.load(Ordering::Relaxed)
    }

    /// Whether the deadline has passed and the call is being ended.
    #[inline]
    pub(crate) fn has_fired(&self) -> bool {
        matches!(self.state.load(Ordering::SeqCst), FIRED | FIRING)
    }

    /// Takes the deadline away, so that the call under way is not late. Returns the deadline; `None` when no call is under way,
    /// when the call is being ended, or when it is paused already. Call it on the isolate's thread.
    pub(super) fn hold(&self) -> Option<Deadline> {
        if self.state.load(Ordering::SeqCst) >= FIRST_DEADLINE {
            // The first reading of the clock, so that the CPU time of the pause counts.
            self.is_beyond_cpu(now());
        }
        loop {
            match self.state.load(Ordering::SeqCst) {
                IDLE | FIRED | FIRING | PAUSED => return None,
                ASKED => std::hint::spin_loop(),
                armed => {
                    let held = self.state.compare_exchange(armed, PAUSED, Ordering::SeqCst, Ordering::SeqCst);
                    if held.is_ok() {
                        return Some(Deadline::from_bits(armed));
                    }
                }
            }
        }
    }

    /// Sets a deadline for the call that is held, after a pause of this length. A call that was cancelled or has ended
    /// meanwhile stays so. Call it on the isolate's thread.
    pub(super) fn release(&self, end: Deadline, paused: Nanos) {
        // Where the thread has no clock of its own, the time since then counts as CPU time.
        self.began.store(self.began.load(Ordering::Relaxed).saturating_add(paused), Ordering::Relaxed);
        let deadline = end.bits().max(FIRST_DEADLINE);
        loop {
            match self.state.load(Ordering::SeqCst) {
                ASKED => std::hint::spin_loop(),
                PAUSED => {
                    let released =
                        self.state.compare_exchange(PAUSED, deadline, Ordering::SeqCst, Ordering::SeqCst);
                    if released.is_ok() {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    /// The time until the deadline, zero when it has passed; `None` when not armed, and in a pause.
    pub(crate) fn left(&self) -> Option<Duration> {
        loop {
            break match self.state.load(Ordering::SeqCst) {
                IDLE | PAUSED => None,
                FIRED | FIRING => Some(Duration::ZERO),
                ASKED => {
                    std::hint::spin_loop();
                    continue;
                }
                deadline => Deadline::from_bits(deadline).remaining(now()).map(Nanos::duration),
            };
        }
    }
}

/// An armed watch.
#[must_use]
pub(crate) struct Armed<'w> {
    watch: &'w Watch,
    began: Timestamp,
}

impl Armed<'_> {
    /// How long it has been armed.
    #[inline]
    pub(crate) fn elapsed(&self) -> Nanos {
        now().since(self.began)
    }

    /// Stops watching. Returns whether the deadline had passed.
    #[inline]
    pub(crate) fn disarm(self) -> bool {
        // Its drop would do the same once more.
        std::mem::ManuallyDrop::new(self).stop()
    }

    #[inline]
    fn stop(&self) -> bool {
        let state = &self.watch.state;
        loop {
            match state.load(Ordering::SeqCst) {
                // The other thread is within a few instructions. After them the termination is pending, and is cancelled
                // here.
                FIRING | ASKED => std::hint::spin_loop(),
                seen => {
                    if state.compare_exchange(seen, IDLE, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                        if self.watch.flight.load(Ordering::Relaxed) != 0 {
                            self.watch.flight.store(0, Ordering::SeqCst);
                        }
                        return seen == FIRED;
                    }
                }
            }
        }
    }
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}

/// When a timer is due, and its number.
type TimerKey = (Deadline, u64);

struct Watchdog {
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
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
        self.asleep.store(true, Ordering::SeqCst);
        // A watch that was armed before the line above has not woken this thread, so the thread checks once more. A timer is
        // stored before its owner checks whether this thread sleeps.
        if !self.look() {
            match self.until_next_timer() {
                Some(left) => std::thread::park_timeout(left),
                None => std::thread::park(),
            }
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

/// Wakes a task at a time, unless it is dropped earlier.
pub(crate) struct Timer(TimerKey);

impl Timer {
    pub(crate) fn set(at: Deadline, waker: Waker) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let dog = dog();
        let key = (at, NEXT.fetch_add(1, Ordering::Relaxed));
        dog.timers().insert(key, waker);
        if dog.asleep.load(Ordering::SeqCst) {
            dog.thread.get().inspect(|thread| thread.unpark());
        }
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
        let dog: &'static Watchdog = Box::leak(Box::new(Watchdog {
            asleep: AtomicBool::new(false),
            thread: OnceLock::new(),
            watches: Mutex::new(Vec::new()),
            timers: Mutex::default(),
        }));
        let builder = std::thread::Builder::new().name("sandbox-watchdog".into());
        match builder.spawn(|| dog.run()) {
            Ok(handle) => _ = dog.thread.set(handle.thread().clone()),
            // Without a watchdog, no time limit is enforced. So no sandbox is made.
            Err(error) => tracing::error!(%error, "the watchdog's thread cannot be started"),
        }
        dog
    })
}

/// Starts the watchdog's thread, or returns the reason why it cannot start.
pub(crate) fn start() -> Result<(), String> {
    match dog().thread.get() {
        Some(_) => Ok(()),
        None => Err("the watchdog's thread cannot be started, so time limits cannot be enforced".into()),
    }
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
        Self { watch: Watch::new(isolate.thread_safe_handle(), false), _isolate: isolate }
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
    use super::*;

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
        assert!(probe.watch.has_fired() && !probe.watch.is_by_cpu());
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
        let watch = Watch::with_clock(isolate.thread_safe_handle(), false, None);
        let armed = watch.arm(None, now(), Deadline::NEVER, Nanos::of(Duration::from_millis(1)));
        while !watch.has_fired() {
            std::thread::yield_now();
        }
        assert!(watch.is_by_cpu() && watch.is_long());
        assert!(armed.disarm());
        isolate.cancel_terminate_execution();
        // The next call has time of its own.
        assert!(!watch.arm(None, now(), Deadline::NEVER, Nanos::MAX).disarm());
    }
}
