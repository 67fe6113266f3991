//! [`Bill`] and [`Usage`]: what calls used, as data.
//!
//! `isolate` and the sessions of links write bills into a [`Tally`]. Observers get the bill of each call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::Nanos;

/// The usage of a sandbox's guests; see [`Sandbox::usage`](crate::Sandbox::usage).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// All calls since the sandbox was built or reset.
    pub total: Bill,
    /// The last call that ended.
    pub last: Bill,
}

impl Usage {
    /// Adds the usage of before.
    pub(crate) fn after(&self, before: &Self) -> Self {
        let last = if self.last.calls > 0 { self.last } else { before.last };
        Self { total: before.total.and(&self.total), last }
    }
}

/// Defines the bill, and its form as atomics.
macro_rules! bill {
    ($($(#[$doc:meta])* $name:ident: $type:ty, $from:expr, $to:expr, $join:ident;)*) => {
        /// The usage of one call, or of several. The evaluation of a script counts as a call. A nested call is part of the
        /// outer one, unless an `async` method of the host awaits it.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Bill {
            $($(#[$doc])* pub $name: $type,)*
        }

        /// The written form of a bill: times are nanoseconds.
        #[derive(Default)]
        pub(crate) struct Sums {
            $(pub(crate) $name: u64,)*
        }

        #[cfg(feature = "process")]
        impl Sums {
            pub(crate) fn numbers(&self) -> [u64; 12] {
                [$(self.$name,)*]
            }

            pub(crate) fn of([$($name,)*]: [u64; 12]) -> Self {
                Self { $($name,)* }
            }
        }

        impl From<&Bill> for Sums {
            fn from(bill: &Bill) -> Self {
                Self { $($name: $to(bill.$name),)* }
            }
        }

        /// A bill that one thread writes and any thread reads.
        #[derive(Default)]
        pub(crate) struct Tally {
            $($name: AtomicU64,)*
        }

        impl Tally {
            fn sums(&self) -> Sums {
                Sums { $($name: self.$name.load(Ordering::Relaxed),)* }
            }

            pub(crate) fn read(&self) -> Bill {
                let sums = self.sums();
                Bill { $($name: $from(sums.$name),)* }
            }

            #[inline]
            pub(crate) fn set(&self, sums: &Sums) {
                $(self.$name.store(sums.$name, Ordering::Relaxed);)*
            }

            #[inline]
            pub(crate) fn join(&self, sums: &Sums) {
                $(let so_far = self.$name.load(Ordering::Relaxed);
                self.$name.store(u64::$join(so_far, sums.$name), Ordering::Relaxed);)*
            }
        }
    };
}

bill! {
    /// The number of calls.
    calls: u64, same, same, saturating_add;
    /// Wall time, from the moment when the call had its turn.
    wall: Duration, Duration::from_nanos, nanos, saturating_add;
    /// CPU time of the isolate's thread, with that of host methods. Exact in a pool. Elsewhere the first few milliseconds of
    /// a call are billed by its wall time. A call shorter than that is billed by its wall time without
    /// [`host_time`](Self::host_time). Systems other than Linux have no clocks of threads, and bill every call so.
    cpu: Duration, Duration::from_nanos, nanos, saturating_add;
    /// The largest heap that was seen, in bytes: before each garbage collection, and after calls of more than a few
    /// milliseconds. On QuickJS, only the latter.
    heap_peak: u64, same, same, max;
    /// The most memory of ArrayBuffers at once, in bytes. On QuickJS the value is 0, because buffers are part of the heap.
    buffers_peak: u64, same, same, max;
    /// The number of host calls, including calls that were refused for their arguments.
    host_calls: u64, same, same, saturating_add;
    /// Wall time of host methods. Reading arguments, writing results, and nested calls are included. For an `async` method,
    /// only the time until it has begun counts, because the guest may continue while the promise is pending.
    ///
    /// The definition is equal on all sites, and the time is never more than [`wall`](Self::wall). In a process, the
    /// host measures the time, without the communication between the processes. Elsewhere a clock with steps of 2 ms
    /// measures it. The sum of many short calls is accurate to a step, and so is one long call. A single short call may have
    /// 0.
    host_time: Duration, Duration::from_nanos, nanos, saturating_add;
    /// Bytes of text and of `Bytes` that went to the guest, and 8 for each value that
    /// [`Limits::value_nodes`](crate::Limits::value_nodes) counts. Host methods of numbers and booleans alone are not
    /// counted.
    bytes_in: u64, same, same, saturating_add;
    /// Bytes that came from the guest, counted like [`bytes_in`](Self::bytes_in).
    bytes_out: u64, same, same, saturating_add;
    /// Console bytes of the guest that were kept.
    console_bytes: u64, same, same, saturating_add;
    /// Console lines that were dropped beyond [`Limits::console_bytes`](crate::Limits::console_bytes).
    console_dropped: u64, same, same, saturating_add;
    /// Promises of the guest that were rejected without a handler. Such a rejection fails no call: the call's own result
    /// decides.
    unhandled_rejections: u64, same, same, saturating_add;
}

impl Tally {
    #[inline]
    pub(crate) fn cpu_time(&self) -> Nanos {
        Nanos::new(self.cpu.load(Ordering::Relaxed))
    }
}

fn same(value: u64) -> u64 {
    value
}

fn nanos(duration: Duration) -> u64 {
    Nanos::of(duration).get()
}

impl Bill {
    /// The fields as numbers, in order; times are nanoseconds.
    #[cfg(feature = "process")]
    pub(crate) fn numbers(&self) -> [u64; 12] {
        Sums::from(self).numbers()
    }

    /// The bill with these fields.
    #[cfg(feature = "process")]
    pub(crate) fn of(numbers: [u64; 12]) -> Self {
        let tally = Tally::default();
        tally.set(&Sums::of(numbers));
        tally.read()
    }

    /// The sum of both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let tally = Tally::default();
        tally.join(&self.into());
        tally.join(&other.into());
        tally.read()
    }
}
