//! [`PoolMetrics`]: the counts of a pool, which any thread may read.
//!
//! The pool itself counts. Most of the numbers are of queues, places and memory, of which no observer is told. The numbers
//! `calls` and `failed` are of calls as an application makes them. The load of a script is one, although a sandbox makes two
//! calls of it. A call that gets no sandbox is one too. An observer would also cost each pool its fast calls of the host.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The state of a [`SandboxPool`](crate::SandboxPool), and its counts since it was built; see
        /// [`SandboxPool::metrics`](crate::SandboxPool::metrics). [`Counters`](crate::observe::Counters) counts what happens
        /// inside of the sandboxes.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct PoolMetrics {
            /// Known tenants: those with a sandbox, or with a [`Tenant`](crate::Tenant) handle.
            pub tenants: usize,
            /// Tenants that are served on the slow threads.
            pub slow_tenants: usize,
            /// The memory of all sandboxes, in bytes.
            pub memory: u64,
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The counts.
        #[derive(Default)]
        pub(super) struct Counts {
            $(pub(super) $name: AtomicU64,)*
        }

        impl Counts {
            pub(super) fn read(&self) -> PoolMetrics {
                PoolMetrics { $($name: self.$name.load(Ordering::Relaxed),)* ..PoolMetrics::default() }
            }
        }
    };
}

metrics! {
    /// Sandboxes, or realms, that exist now.
    sandboxes,
    /// Calls that wait or are under way now. Loads count too.
    waiting,
    /// Calls that were made.
    calls,
    /// Calls among these that did not succeed.
    failed,
    /// Calls that were not made, for want of room or time.
    overloaded,
    /// Sandboxes, or realms, that were made.
    created,
    /// Sandboxes that were discarded after a fault; the next call of the tenant gets another.
    discarded,
    /// Sandboxes that were discarded because they were unused.
    idled,
    /// Sandboxes that were discarded for their memory.
    evicted,
    /// Tenants that were moved to the slow threads, or back.
    moved,
    /// Tenants that were moved to another thread because a call of another tenant held theirs.
    relocated,
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Subtracts one.
pub(super) fn discount(counter: &AtomicU64) {
    counter.fetch_sub(1, Ordering::Relaxed);
}
