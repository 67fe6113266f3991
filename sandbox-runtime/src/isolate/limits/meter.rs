//! Usage: a bill for each call, and the total.
//!
//! The isolate's thread alone writes, without a lock. Any thread may read. On the host's side of a
//! link, `site::wired::session` writes.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::watchdog::coarse_now;
pub use crate::observe::bill::{Bill, Usage};
use crate::observe::bill::{Sums, Tally};
use crate::time::{Nanos, Timestamp};

/// The bills of a sandbox, shared by all its handles.
#[derive(Default)]
pub(crate) struct Meter {
    total: Tally,
    last: Tally,
    is_closed: AtomicBool,
}

/// The writer's handle of a meter. Dropping it closes the meter.
#[derive(Default)]
pub(crate) struct Ledger(Arc<Meter>);

impl Ledger {
    /// The meter, for readers.
    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.0.clone()
    }
}

impl Deref for Ledger {
    type Target = Meter;

    #[inline]
    fn deref(&self) -> &Meter {
        &self.0
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.0.is_closed.store(true, Ordering::Release);
    }
}

impl Meter {
    /// Adds the bill of a call in another process.
    #[cfg(feature = "process")]
    pub(crate) fn charge_numbers(&self, numbers: [u64; 12]) {
        self.charge(&Sums::of(numbers));
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage { total: self.total.read(), last: self.last.read() }
    }

    #[inline]
    pub(in crate::isolate) fn cpu(&self) -> Nanos {
        self.total.cpu_time()
    }

    #[inline]
    fn charge(&self, sums: &Sums) {
        self.last.set(sums);
        self.total.join(sums);
    }

    /// Whether the meter is complete.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Sets all to zero.
    pub(crate) fn clear(&self) {
        self.last.set(&Sums::default());
        self.total.set(&Sums::default());
    }
}

/// Defines the counts of the call under way, and their stored form.
macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $none:expr,)*) => {
        /// The usage of the call under way.
        #[derive(Default)]
        pub(crate) struct Running {
            pub(in crate::isolate) meter: Ledger,
            /// The number of the call.
            call: Cell<u64>,
            /// The start, on the coarse clock.
            started: Cell<Timestamp>,
            $($(#[$doc])* pub(in crate::isolate) $name: Cell<$type>,)*
        }

        /// The usage of a call between two of its turns.
        #[derive(Clone, Copy)]
        pub(in crate::isolate) struct Counts {
            $($name: $type,)*
            cpu: Nanos,
            buffers_peak: u64,
        }

        impl Default for Counts {
            fn default() -> Self {
                Self::NONE
            }
        }

        impl Counts {
            /// The counts at the start of a call.
            pub(in crate::isolate) const NONE: Self = Self { $($name: $none,)* cpu: Nanos::ZERO, buffers_peak: 0 };
        }

        impl Running {
            fn set(&self, counts: &Counts) {
                $(self.$name.set(counts.$name);)*
            }

            fn get(&self) -> Counts {
                Counts { $($name: self.$name.get(),)* ..Counts::NONE }
            }
        }
    };
}

counts! {
    host_calls: u64 = 0,
    host_time: Nanos = Nanos::ZERO,
    heap_peak: u64 = 0,
    bytes_in: u64 = 0,
    bytes_out: u64 = 0,
    console_bytes: u64 = 0,
    console_dropped: u64 = 0,
    /// Promises that were rejected and have no handler.
    rejections: u64 = 0,
}

/// The usage of a turn that is measured at its end.
pub(in crate::isolate) struct Spent {
    pub(in crate::isolate) wall: Nanos,
    /// `None` where it is unknown: then the turn's wall time counts.
    pub(in crate::isolate) cpu: Option<Nanos>,
    pub(in crate::isolate) buffers_peak: u64,
}

impl Spent {
    #[inline]
    fn cpu(&self, host_time: Nanos) -> Nanos {
        self.cpu.unwrap_or_else(|| self.wall.saturating_sub(host_time))
    }
}

impl Counts {
    /// The CPU time so far.
    pub(in crate::isolate) fn cpu(&self) -> Nanos {
        self.cpu
    }
}

impl Running {
    /// Begins or continues a call, with its usage so far. Each call has a number of its own.
    #[inline]
    pub(in crate::isolate) fn begin(&self, now: Timestamp, flight: Option<u64>, so_far: &Counts) {
        self.started.set(now);
        self.call.set(flight.unwrap_or_else(next_call));
        self.set(so_far);
    }

    /// The usage of the call after a turn.
    pub(in crate::isolate) fn pause(&self, before: &Counts, turn: &Spent) -> Counts {
        let host_time = self.host_time.get().saturating_sub(before.host_time);
        Counts {
            cpu: before.cpu.saturating_add(turn.cpu(host_time)),
            buffers_peak: before.buffers_peak.max(turn.buffers_peak),
            ..self.get()
        }
    }

    /// Ends a call of several turns, after `wall`.
    pub(in crate::isolate) fn end(&self, counts: &Counts, wall: Nanos) {
        self.set(counts);
        self.charge(&Spent { wall, cpu: Some(counts.cpu), buffers_peak: counts.buffers_peak });
    }

    /// Ends a call of one turn.
    #[inline]
    pub(in crate::isolate) fn charge(&self, spent: &Spent) {
        let host_time = self.host_time.get();
        self.meter.charge(&Sums {
            calls: 1,
            wall: spent.wall.get(),
            cpu: spent.cpu(host_time).get(),
            heap_peak: self.heap_peak.get(),
            buffers_peak: spent.buffers_peak,
            host_calls: self.host_calls.get(),
            host_time: host_time.min(spent.wall).get(),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out.get(),
            console_bytes: self.console_bytes.get(),
            console_dropped: self.console_dropped.get(),
            unhandled_rejections: self.rejections.get(),
        });
    }

    /// Whether host methods took at least half of the turn so far.
    pub(in crate::isolate) fn is_mostly_of_hosts(&self, now: Timestamp) -> bool {
        self.host_time.get().saturating_mul(2) >= self.elapsed(now)
    }

    /// The turn was paused for this long.
    pub(in crate::isolate) fn was_paused(&self, took: Nanos) {
        self.started.set(self.started.get().saturating_add(took));
    }

    /// How long the turn has taken so far.
    pub(in crate::isolate) fn elapsed(&self, now: Timestamp) -> Nanos {
        now.since(self.started.get())
    }

    /// The number of the call under way.
    pub(in crate::isolate) fn call(&self) -> u64 {
        self.call.get()
    }

    /// Counts a promise that was rejected without a handler.
    pub(in crate::isolate) fn unhandled(&self) {
        add(&self.rejections, 1);
    }

    /// Uncounts a rejected promise that got a handler later.
    pub(in crate::isolate) fn handled_late(&self) {
        self.rejections.set(self.rejections.get().saturating_sub(1));
    }

    /// Counts a dropped line of the console.
    pub(in crate::isolate) fn drop_line(&self) {
        add(&self.console_dropped, 1);
    }

    /// Notes the size of the heap.
    pub(in crate::isolate) fn see_heap(&self, used: usize) {
        self.heap_peak.set(self.heap_peak.get().max(used as u64));
    }

    /// Counts a host call. Returns false beyond the limit.
    #[inline]
    pub(in crate::isolate) fn count_host_call(&self, most: u64) -> bool {
        let count = self.host_calls.get() + 1;
        let is_allowed = count <= most;
        if is_allowed {
            self.host_calls.set(count);
        }
        is_allowed
    }
}

/// Measures a host call: reading arguments, the method, writing the result.
pub(in crate::isolate) struct HostCall<R: Deref<Target = Running>> {
    running: R,
    began: Timestamp,
    before: Nanos,
}

impl<R: Deref<Target = Running>> HostCall<R> {
    #[inline]
    pub(in crate::isolate) fn begin(running: R) -> Self {
        let before = running.host_time.get();
        Self { running, began: coarse_now(), before }
    }

    #[cold]
    fn took(&self, now: Timestamp) {
        // The coarse clock may not have advanced since long before the call.
        let began = self.began.max(self.running.started.get());
        // The time of nested host calls is included.
        self.running.host_time.set(self.before.saturating_add(now.since(began)));
    }
}

impl<R: Deref<Target = Running>> Drop for HostCall<R> {
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
pub(in crate::isolate) fn add(count: &Cell<u64>, more: usize) {
    count.set(count.get().saturating_add(more as u64));
}
