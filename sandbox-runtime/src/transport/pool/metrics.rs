//! What a pool counts.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a [`SandboxPool`](crate::SandboxPool) has done and has; see
        /// [`SandboxPool::metrics`](crate::SandboxPool::metrics).
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct PoolMetrics {
            /// Tenants that are known: they have a sandbox, or somebody holds them.
            pub tenants: usize,
            /// Tenants that are served on the slow threads.
            pub slow_tenants: usize,
            /// What all sandboxes take, in bytes.
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
    /// Sandboxes, or realms, that there are now.
    sandboxes,
    /// Calls that wait or are under way now, loads among them.
    waiting,
    /// Calls that were made.
    calls,
    /// Of these, calls that did not succeed.
    failed,
    /// Calls that were not made, for want of room or of time.
    overloaded,
    /// Sandboxes, or realms, that were made.
    created,
    /// Sandboxes that were discarded after a fault; the next call of the tenant gets another.
    discarded,
    /// Sandboxes that were given up because nobody used them.
    idled,
    /// Sandboxes that were given up for their memory.
    evicted,
    /// Tenants that were moved to the slow threads, or back.
    moved,
    /// Tenants that were moved to another thread because a call of another tenant held theirs.
    relocated,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// One less.
pub(super) fn discount(counter: &AtomicU64) {
    counter.fetch_sub(1, Ordering::Relaxed);
}
