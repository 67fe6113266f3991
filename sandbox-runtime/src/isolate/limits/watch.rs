//! The watch of one isolate: its time limits, as the isolate's thread and the watchdog see them.
//!
//! The state is one atomic: idle, armed with a deadline, or fired. Arming is a store and disarming a swap, without a lock or a
//! system call. [`ALARM`] wakes the watchdog's thread, which is in `watchdog`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

use deno_core::v8;

use super::clock::now;
use super::cpu::CpuClock;
use crate::time::{AtomicTime, CpuTime, Deadline, Nanos, Timestamp, Word as _};

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

/// Wakes the watchdog's thread from its sleep.
pub(super) struct Alarm {
    is_asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

pub(super) static ALARM: Alarm = Alarm { is_asleep: AtomicBool::new(false), thread: OnceLock::new() };

impl Alarm {
    /// The thread that is woken.
    pub(super) fn set(&self, thread: Thread) {
        _ = self.thread.set(thread);
    }

    /// Whether there is a thread.
    pub(super) fn is_set(&self) -> bool {
        self.thread.get().is_some()
    }

    /// Wakes the thread, if it sleeps.
    #[inline]
    pub(super) fn wake(&self) {
        if self.is_asleep.load(Ordering::SeqCst) {
            self.thread.get().inspect(|thread| thread.unpark());
        }
    }

    /// Marks the thread as asleep while `sleep` runs on it. A store before a [`wake`](Self::wake) is seen in `sleep`, or the wake
    /// ends it.
    pub(super) fn sleep(&self, sleep: impl FnOnce()) {
        self.is_asleep.store(true, Ordering::SeqCst);
        sleep();
        self.is_asleep.store(false, Ordering::SeqCst);
    }
}

/// Why a watch ends a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FireCause {
    /// The deadline has passed, or the caller is gone.
    Late,
    /// The CPU time is used.
    Cpu,
    /// All calls of the sandbox are cancelled.
    Cancelled,
}

/// Whether a call under way is to be ended for a reason that no deadline says.
type IsCalledOff = Box<dyn Fn() -> bool + Send + Sync>;

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
    /// The [`FireCause`] of the last turn that was ended.
    cause: AtomicU8,
    /// The flight that has its turn; 0 for none.
    flight: AtomicU64,
    /// Asked at each check of the watchdog.
    is_called_off: OnceLock<IsCalledOff>,
}

impl Watch {
    pub(super) fn new(isolate: v8::IsolateHandle, is_exact: bool, clock: Option<CpuClock>) -> Self {
        Self {
            state: AtomicU64::new(IDLE),
            calls: AtomicU64::new(0),
            isolate,
            clock,
            is_exact,
            cpu_limit: AtomicTime::new(Nanos::MAX),
            seen: AtomicU64::new(0),
            cpu_start: AtomicTime::new(Timestamp::START),
            began: AtomicTime::new(Timestamp::START),
            cause: AtomicU8::new(FireCause::Late as u8),
            flight: AtomicU64::new(0),
            is_called_off: OnceLock::new(),
        }
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
        // SeqCst, as in `Alarm::sleep`: either this thread sees that the watchdog sleeps, or the watchdog sees this deadline.
        self.state.store(deadline, Ordering::SeqCst);
        ALARM.wake();
        Armed { watch: self, began }
    }

    /// Ends the turn of a flight, if the flight has its turn.
    ///
    /// The turn cannot end during the check. Comparing the state before and after would not suffice, because calls with one
    /// caller's deadline have equal states.
    pub(in crate::isolate) fn cancel(&self, flight: u64) {
        let is_meant = || self.flight.load(Ordering::SeqCst) == flight;
        if is_meant() {
            self.fire_if(FireCause::Late, is_meant);
        }
    }

    /// Ends the turn under way, if there is one and `is_meant` says that the turn is meant.
    pub(super) fn fire_if(&self, cause: FireCause, is_meant: impl Fn() -> bool) {
        let asked = self.change(|state| (!matches!(state, IDLE | FIRED | FIRING)).then_some(ASKED));
        let Some(deadline) = asked else { return };
        if !is_meant() {
            self.state.store(deadline, Ordering::SeqCst);
            return;
        }
        self.fire(Some(cause));
    }

    /// Ends the turn under way. The state is [`ASKED`] or [`FIRING`], so no other thread changes it meanwhile. Without a cause,
    /// the turn was ended before, and keeps its cause.
    fn fire(&self, cause: Option<FireCause>) {
        if let Some(cause) = cause {
            self.cause.store(cause as u8, Ordering::Relaxed);
        }
        self.isolate.terminate_execution();
        self.state.store(FIRED, Ordering::SeqCst);
    }

    /// Ends turns for which `is_called_off` is true, from here on. The first caller sets it.
    #[cfg(feature = "process")]
    pub(crate) fn ends_when(&self, is_called_off: impl Fn() -> bool + Send + Sync + 'static) {
        _ = self.is_called_off.set(Box::new(is_called_off));
    }

    /// Changes the state, once no canceller checks it. Returns the state before; `None` if `next` gives no other state for it.
    fn change(&self, next: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        loop {
            let state = self.state.load(Ordering::SeqCst);
            if state == ASKED {
                std::hint::spin_loop();
                continue;
            }
            let next = next(state)?;
            if self.state.compare_exchange(state, next, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                return Some(state);
            }
        }
    }

    /// Fires if the call is late, or called off. Returns whether the watch is armed or has fired.
    pub(super) fn look(&self, now: Timestamp) -> bool {
        if let Some(is_called_off) = self.is_called_off.get().filter(|is_called_off| is_called_off()) {
            self.fire_if(FireCause::Late, is_called_off);
        }
        let state = self.state.load(Ordering::SeqCst);
        let is_armed = state >= FIRST_DEADLINE;
        let by_cpu = is_armed && self.is_beyond_cpu(now);
        let late = state == FIRED || by_cpu || (is_armed && Deadline::from_bits(state).is_over(now));
        if late && self.state.compare_exchange(state, FIRING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            let cause = if by_cpu { FireCause::Cpu } else { FireCause::Late };
            self.fire(is_armed.then_some(cause));
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

    /// Whether this was the cause to end the last turn that was ended.
    pub(crate) fn has_fired_for(&self, cause: FireCause) -> bool {
        self.cause.load(Ordering::Relaxed) == cause as u8
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
        self.change(|state| (state >= FIRST_DEADLINE).then_some(PAUSED)).map(Deadline::from_bits)
    }

    /// Sets a deadline for the call that is held, after a pause of this length. A call that was cancelled or has ended
    /// meanwhile stays so. Call it on the isolate's thread.
    pub(in crate::isolate) fn release(&self, end: Deadline, paused: Nanos) {
        // Where the thread has no clock of its own, the time since then counts as CPU time.
        self.began.store(self.began.load(Ordering::Relaxed).saturating_add(paused), Ordering::Relaxed);
        let deadline = end.bits().max(FIRST_DEADLINE);
        self.change(|state| (state == PAUSED).then_some(deadline));
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
