//! The call under way: its state lives from the begin to the end of an outermost call, and cannot be read outside of one.
//!
//! An isolate has one [`CallSlot`]. `run` begins a call or a turn of one, and gets a [`CallUnderWay`], which is the only way to
//! its bill and ends the state when it is dropped. All other code asks the slot, which gives no state between two calls.
//!
//! A call in flight has several turns. [`Counts`] is its usage between two of them.
//!
//! The isolate's thread alone uses these types.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use super::exceeded::Exceeded;
use super::meter::Meter;
use super::watchdog::coarse_now;
use crate::error::Place;
use crate::observe::bill::Sums;
use crate::time::{Deadline, Nanos, Timestamp};

/// Defines the counts of a call, as cells and as plain numbers.
macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $none:expr,)*) => {
        /// The state of the call under way.
        pub(crate) struct CallState {
            /// The number of the call.
            number: Cell<u64>,
            /// The start of the turn.
            began: Cell<Timestamp>,
            /// The turn ends at a deadline of its caller, and not at the limit.
            by_caller: Cell<bool>,
            /// The caller's own deadline.
            deadline: Cell<Deadline>,
            /// The limit of host calls that the guest exceeded.
            exceeded: Cell<Option<Exceeded>>,
            /// The host method whose call exceeded it. Valid while `exceeded` is set.
            exceeded_by: RefCell<Option<Place>>,
            /// The time of guests' code inside of the innermost host call.
            guest_time: Cell<Nanos>,
            $($(#[$doc])* $name: Cell<$type>,)*
        }

        /// The usage of a call between two of its turns.
        #[derive(Clone, Copy)]
        pub(in crate::isolate) struct Counts {
            $($name: $type,)*
            host_calls: u64,
            cpu: Nanos,
            heap_peak: u64,
            buffers_peak: u64,
        }

        impl Counts {
            /// The counts at the start of a call.
            pub(in crate::isolate) const NONE: Self = Self {
                $($name: $none,)*
                host_calls: 0,
                cpu: Nanos::ZERO,
                heap_peak: 0,
                buffers_peak: 0,
            };
        }

        impl Default for CallState {
            fn default() -> Self {
                Self {
                    number: Cell::default(),
                    began: Cell::default(),
                    by_caller: Cell::default(),
                    deadline: Cell::new(Deadline::NEVER),
                    exceeded: Cell::default(),
                    exceeded_by: RefCell::default(),
                    guest_time: Cell::default(),
                    $($name: Cell::new($none),)*
                }
            }
        }

        impl CallState {
            #[inline]
            fn set(&self, counts: &Counts) {
                $(self.$name.set(counts.$name);)*
            }

            #[inline]
            fn get(&self) -> Counts {
                Counts { $($name: self.$name.get(),)* ..Counts::NONE }
            }
        }
    };
}

counts! {
    host_time: Nanos = Nanos::ZERO,
    bytes_in: u64 = 0,
    bytes_out: u64 = 0,
    console_bytes: u64 = 0,
    console_dropped: u64 = 0,
    /// Promises that were rejected and have no handler.
    rejections: u64 = 0,
}

impl Default for Counts {
    fn default() -> Self {
        Self::NONE
    }
}

/// The usage of a turn that is measured at its end.
pub(in crate::isolate) struct Spent {
    pub(in crate::isolate) wall: Nanos,
    /// `None` where it is unknown: then the turn's wall time counts.
    pub(in crate::isolate) cpu: Option<Nanos>,
    /// The largest heap that was seen in the call, in bytes.
    pub(in crate::isolate) heap_peak: u64,
    pub(in crate::isolate) buffers_peak: u64,
}

/// The usage that calls inside of each other have together.
#[derive(Clone, Copy, Default)]
pub(in crate::isolate) struct Used {
    host_calls: u64,
    pub(in crate::isolate) cpu: Nanos,
}

impl Used {
    pub(in crate::isolate) const NONE: Self = Self { host_calls: 0, cpu: Nanos::ZERO };

    pub(in crate::isolate) fn plus(self, more: Self) -> Self {
        let host_calls = self.host_calls.saturating_add(more.host_calls);
        Self { host_calls, cpu: self.cpu.saturating_add(more.cpu) }
    }

    pub(in crate::isolate) fn less(self, less: Self) -> Self {
        let host_calls = self.host_calls.saturating_sub(less.host_calls);
        Self { host_calls, cpu: self.cpu.saturating_sub(less.cpu) }
    }
}

impl Counts {
    /// The usage that counts for the calls around this one.
    pub(in crate::isolate) fn used(&self) -> Used {
        Used { host_calls: self.host_calls, cpu: self.cpu }
    }

    /// The CPU time so far.
    pub(in crate::isolate) fn cpu(&self) -> Nanos {
        self.cpu
    }

    /// The largest heap that was seen so far, in bytes.
    #[inline]
    pub(in crate::isolate) fn heap_peak(&self) -> u64 {
        self.heap_peak
    }

    /// Bills the call, which took `wall`.
    #[inline]
    pub(in crate::isolate) fn charge(&self, meter: &Meter, wall: Nanos) {
        self.bill(meter, wall, wall);
    }

    /// Bills a call that took `wall`, within the wall time of the call around it.
    pub(in crate::isolate) fn charge_nested(&self, meter: &Meter, wall: Nanos) {
        self.bill(meter, wall, Nanos::ZERO);
    }

    #[inline]
    fn bill(&self, meter: &Meter, wall: Nanos, own: Nanos) {
        meter.charge(&Sums {
            calls: 1,
            wall: own.get(),
            cpu: self.cpu.get(),
            heap_peak: self.heap_peak,
            buffers_peak: self.buffers_peak,
            host_calls: self.host_calls,
            host_time: self.host_time.min(wall).get(),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            console_bytes: self.console_bytes,
            console_dropped: self.console_dropped,
            unhandled_rejections: self.rejections,
        });
    }
}

/// How long a turn of guest code may run, and whose bill it goes on.
pub(in crate::isolate) struct Turn<'c> {
    /// The flight whose turn this is.
    pub(in crate::isolate) flight: Option<u64>,
    pub(in crate::isolate) began: Timestamp,
    /// When the turn must be over.
    pub(in crate::isolate) end: Deadline,
    /// Whether the caller's own deadline comes before the limit.
    pub(in crate::isolate) by_caller: bool,
    /// The caller's own deadline.
    pub(in crate::isolate) deadline: Deadline,
    /// Whether the turn goes on when the caller is gone.
    pub(in crate::isolate) outlives_caller: bool,
    /// The usage of the call in earlier turns.
    pub(in crate::isolate) so_far: &'c Counts,
    /// The usage of the calls around this one, and of others inside of these.
    pub(in crate::isolate) others: Used,
}

impl Turn<'_> {
    /// A turn that begins now, and ends at the limit or at the caller's own deadline.
    #[inline]
    pub(in crate::isolate) fn of_call(began: Timestamp, limit: Nanos, deadline: Deadline) -> Self {
        let limit = Deadline::after(began, limit);
        let end = deadline.min(limit);
        Self {
            flight: None,
            began,
            end,
            by_caller: end < limit,
            deadline,
            outlives_caller: false,
            so_far: &Counts::NONE,
            others: Used::NONE,
        }
    }

    /// Whether the turn began after its caller's own deadline.
    #[inline]
    pub(in crate::isolate) fn is_late(&self) -> bool {
        self.by_caller && self.end.is_over(self.began)
    }
}

/// The place of the call under way.
#[derive(Default)]
pub(crate) struct CallSlot {
    is_under_way: Cell<bool>,
    /// The call must be ended when a host method returns to the guest.
    must_end: Cell<bool>,
    /// How often the guest may still call the host: never between two calls, and never beyond a limit of host calls.
    host_calls_left: Cell<u64>,
    /// How often the guest may call the host in all.
    host_calls_most: Cell<u64>,
    state: CallState,
}

impl CallSlot {
    /// Begins or continues a call, with its usage so far. Each call has a number of its own, and may call the host
    /// `host_calls` times.
    #[inline]
    pub(in crate::isolate) fn begin(&self, turn: &Turn<'_>, host_calls: u64) -> CallUnderWay<'_> {
        let state = &self.state;
        state.number.set(turn.flight.unwrap_or_else(next_call));
        state.began.set(turn.began);
        state.by_caller.set(turn.by_caller);
        state.deadline.set(turn.deadline);
        state.exceeded.set(None);
        state.set(turn.so_far);
        self.must_end.set(false);
        let host_calls = host_calls.saturating_sub(turn.others.host_calls);
        self.host_calls_most.set(host_calls);
        self.host_calls_left.set(host_calls.saturating_sub(turn.so_far.host_calls));
        self.is_under_way.set(true);
        CallUnderWay { slot: self }
    }

    /// The state of the call under way.
    #[inline]
    pub(in crate::isolate) fn get(&self) -> Option<&CallState> {
        self.is_under_way.get().then_some(&self.state)
    }

    /// The number of the call under way; 0 between two calls.
    #[inline]
    pub(in crate::isolate) fn number(&self) -> u64 {
        self.get().map_or(0, CallState::number)
    }

    /// Counts a host call. Returns false beyond the limit, and between two calls.
    #[inline]
    pub(in crate::isolate) fn count_host_call(&self) -> bool {
        let left = self.host_calls_left.get();
        if left > 0 {
            self.host_calls_left.set(left - 1);
        }
        left > 0
    }

    /// Counts what went to the guest, in bytes.
    #[inline]
    pub(in crate::isolate) fn add_in(&self, bytes: usize) {
        add(&self.state.bytes_in, bytes);
    }

    /// Counts what came from the guest, in bytes.
    #[inline]
    pub(in crate::isolate) fn add_out(&self, bytes: usize) {
        add(&self.state.bytes_out, bytes);
    }

    /// Notes the limit of host calls that the guest exceeded, and the host method of the last call, unless a limit is noted.
    /// Returns whether it was noted.
    pub(in crate::isolate) fn exceed(&self, exceeded: Exceeded, called: Option<&Place>) -> bool {
        let is_first = self.get().is_some_and(|call| call.exceeded.get().is_none());
        if is_first {
            self.state.exceeded.set(Some(exceeded));
            self.state.exceeded_by.replace(called.cloned());
            // No further host call is allowed, and the bill keeps the number of those before.
            self.host_calls_most.set(self.host_calls_most.get().saturating_sub(self.host_calls_left.take()));
            self.end_later();
        }
        is_first
    }

    /// Makes the call end when a host method returns to the guest.
    pub(in crate::isolate) fn end_later(&self) {
        self.must_end.set(self.is_under_way.get());
    }

    /// Whether the call under way is to be ended when a host method returns to the guest.
    #[inline]
    pub(in crate::isolate) fn must_end(&self) -> bool {
        self.must_end.get()
    }

    #[inline]
    fn host_calls(&self) -> u64 {
        self.host_calls_most.get().saturating_sub(self.host_calls_left.get())
    }
}

impl CallState {
    /// The number of the call.
    fn number(&self) -> u64 {
        self.number.get()
    }

    /// Whether the turn ends at a deadline of its caller.
    pub(in crate::isolate) fn is_by_caller(&self) -> bool {
        self.by_caller.get()
    }

    /// The limit of host calls that the guest exceeded, and the host method whose call exceeded it.
    pub(in crate::isolate) fn exceeded(&self) -> Option<(Exceeded, Option<Place>)> {
        self.exceeded.get().map(|exceeded| (exceeded, self.exceeded_by.borrow().clone()))
    }

    /// Whether host methods took at least half of the turn so far.
    pub(in crate::isolate) fn is_mostly_of_hosts(&self, now: Timestamp) -> bool {
        self.host_time.get().saturating_mul(2) >= self.elapsed(now)
    }

    /// How long the turn has taken so far.
    pub(in crate::isolate) fn elapsed(&self, now: Timestamp) -> Nanos {
        now.since(self.began.get())
    }

    /// The turn was paused for `took`, so its limit of time ends at `limit`. Returns when the turn must be over.
    pub(in crate::isolate) fn was_paused(&self, took: Nanos, limit: Deadline) -> Deadline {
        self.began.set(self.began.get().saturating_add(took));
        let deadline = self.deadline.get();
        self.by_caller.set(self.by_caller.get() || limit > deadline);
        if self.by_caller.get() { deadline } else { limit }
    }

    /// Counts a promise that was rejected without a handler.
    pub(in crate::isolate) fn unhandled(&self) {
        add(&self.rejections, 1);
    }

    /// Uncounts a rejected promise that got a handler later.
    pub(in crate::isolate) fn handled_late(&self) {
        self.rejections.set(self.rejections.get().saturating_sub(1));
    }

    /// The console bytes that were kept.
    pub(in crate::isolate) fn console_bytes(&self) -> usize {
        usize::try_from(self.console_bytes.get()).unwrap_or(usize::MAX)
    }

    /// Counts a line of the console that was kept.
    pub(in crate::isolate) fn keep_line(&self, bytes: usize) {
        add(&self.console_bytes, bytes);
    }

    /// Counts a dropped line of the console.
    pub(in crate::isolate) fn drop_line(&self) {
        add(&self.console_dropped, 1);
    }
}

/// A call, or a turn of one, that ends when this is dropped.
#[must_use]
pub(crate) struct CallUnderWay<'c> {
    slot: &'c CallSlot,
}

impl CallUnderWay<'_> {
    /// The number of the call.
    #[inline]
    pub(in crate::isolate) fn number(&self) -> u64 {
        self.slot.state.number.get()
    }

    /// Ends the turn. Returns the usage of the call so far.
    #[inline]
    pub(in crate::isolate) fn pause(self, before: &Counts, turn: &Spent) -> Counts {
        let counts = self.slot.state.get();
        let host_time = counts.host_time.saturating_sub(before.host_time);
        let cpu = turn.cpu.unwrap_or_else(|| turn.wall.saturating_sub(host_time));
        Counts {
            host_calls: self.slot.host_calls(),
            cpu: before.cpu.saturating_add(cpu),
            heap_peak: turn.heap_peak,
            buffers_peak: before.buffers_peak.max(turn.buffers_peak),
            ..counts
        }
    }

    /// Leaves the call under way for as long as the isolate exists.
    #[cfg(feature = "deno_core")]
    pub(in crate::isolate) fn forever(self) {
        std::mem::forget(self);
    }
}

impl Drop for CallUnderWay<'_> {
    #[inline]
    fn drop(&mut self) {
        self.slot.is_under_way.set(false);
        self.slot.host_calls_left.set(0);
    }
}

/// Measures a call of the guest by a host method.
pub(in crate::isolate) struct GuestInside<'c> {
    call: &'c CallSlot,
    began: Timestamp,
    host_time: Nanos,
    before: Nanos,
}

impl<'c> GuestInside<'c> {
    pub(in crate::isolate) fn begin(call: &'c CallSlot) -> Self {
        let CallState { host_time, guest_time, .. } = &call.state;
        Self { call, began: coarse_now(), host_time: host_time.get(), before: guest_time.take() }
    }
}

impl Drop for GuestInside<'_> {
    fn drop(&mut self) {
        let CallState { host_time, guest_time, .. } = &self.call.state;
        let of_hosts = host_time.get().saturating_sub(self.host_time);
        let own = coarse_now().since(self.began).saturating_sub(of_hosts);
        guest_time.set(self.before.saturating_add(own));
    }
}

/// Measures a host call: reading arguments, the method, writing the result.
pub(in crate::isolate) struct HostCall<C: Deref<Target = CallSlot>> {
    call: C,
    began: Timestamp,
    before: Nanos,
}

impl<C: Deref<Target = CallSlot>> HostCall<C> {
    #[inline]
    pub(in crate::isolate) fn begin(call: C) -> Self {
        let before = call.state.host_time.get();
        Self { call, began: coarse_now(), before }
    }

    #[cold]
    fn took(&self, now: Timestamp) {
        let Some(call) = self.call.get() else { return };
        // The coarse clock may not have advanced since long before the call.
        let began = self.began.max(call.began.get());
        // The time of guests that the method called is theirs, apart from their own host calls.
        let own = now.since(began).saturating_sub(call.guest_time.take());
        call.host_time.set(self.before.saturating_add(own));
    }
}

impl<C: Deref<Target = CallSlot>> Drop for HostCall<C> {
    #[inline]
    fn drop(&mut self) {
        let now = coarse_now();
        if now != self.began {
            self.took(now);
        }
    }
}

/// The number of a call: never 0, and unique in the process.
#[inline]
pub(in crate::isolate) fn next_call() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        /// Each thread reserves many numbers at once.
        static OWN: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    }
    const MANY: u64 = 1 << 20;
    let (mut next, mut end) = OWN.get();
    if next == end {
        next = NEXT.fetch_add(MANY, Ordering::Relaxed);
        end = next + MANY;
    }
    OWN.set((next + 1, end));
    next
}

/// Adds to a count.
fn add(count: &Cell<u64>, more: usize) {
    count.set(count.get().saturating_add(more as u64));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(flight: Option<u64>, so_far: &Counts) -> Turn<'_> {
        let (began, end, deadline) = (Timestamp::START, Deadline::NEVER, Deadline::NEVER);
        let others = Used::NONE;
        Turn { flight, began, end, by_caller: true, deadline, outlives_caller: false, so_far, others }
    }

    fn spent() -> Spent {
        Spent { wall: Nanos::new(10), cpu: None, heap_peak: 7, buffers_peak: 3 }
    }

    #[test]
    fn between_two_calls_there_is_no_state_and_no_host_call_is_allowed() {
        let slot = CallSlot::default();
        for _ in 0..2 {
            assert!(slot.get().is_none() && !slot.count_host_call() && !slot.must_end());
            slot.end_later();
            assert!(!slot.must_end() && !slot.exceed(Exceeded::Pending, None));
            let call = slot.begin(&turn(None, &Counts::NONE), 2);
            slot.add_in(5);
            assert!(slot.get().is_some_and(|call| call.is_by_caller() && call.exceeded().is_none()));
            assert!(slot.count_host_call() && slot.count_host_call() && !slot.count_host_call());
            let counts = call.pause(&Counts::NONE, &spent());
            assert_eq!((counts.host_calls, counts.bytes_in, counts.cpu), (2, 5, Nanos::new(10)));
        }
        assert!(slot.get().is_none());
    }

    #[test]
    fn a_call_beyond_a_limit_makes_no_further_host_call_and_the_next_call_does() {
        let slot = CallSlot::default();
        let call = slot.begin(&turn(Some(3), &Counts::NONE), 9);
        assert!(
            slot.count_host_call()
                && slot.exceed(Exceeded::Pending, None)
                && !slot.exceed(Exceeded::Pending, None)
        );
        assert!(slot.must_end() && !slot.count_host_call());
        let counts = call.pause(&Counts::NONE, &spent());
        assert_eq!(counts.host_calls, 1);
        // The next turn of a call continues its count.
        let call = slot.begin(&turn(Some(3), &counts), 2);
        assert!(call.number() == 3 && !slot.must_end() && slot.count_host_call() && !slot.count_host_call());
        drop(call);
        assert!(!slot.count_host_call());
    }

    #[test]
    fn a_panic_ends_the_call() {
        let slot = CallSlot::default();
        let run = || {
            let _call = slot.begin(&turn(None, &Counts::NONE), 1);
            std::panic::resume_unwind(Box::new(()));
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
        assert!(slot.get().is_none() && !slot.count_host_call());
    }
}
