//! The host's own counts, by which bills of a peer are bounded.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::isolate::clock;
use crate::time::{AtomicTime, Nanos, Timestamp};

/// The host calls of one guest call, as the host counts them.
#[derive(Debug, Default)]
pub(in super::super) struct Served {
    /// The number of host calls.
    pub(super) calls: AtomicU64,
    /// The time of the host's methods.
    took: AtomicTime<Nanos>,
}

impl Served {
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn time(&self) -> Duration {
        self.took.load(Ordering::Relaxed).duration()
    }

    /// Whether the host's methods took at least one of so many parts of a time.
    pub(super) fn took_one_of(&self, parts: u32, passed: Duration) -> bool {
        self.time().saturating_mul(parts) >= passed
    }
}

/// Measures a host method, until it is dropped.
pub(super) struct Serving {
    served: Arc<Served>,
    began: Timestamp,
    before: Nanos,
}

impl Serving {
    pub(super) fn begin(served: Arc<Served>) -> Self {
        let before = served.took.load(Ordering::Relaxed);
        Self { served, began: clock::now(), before }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let took = clock::now().since(self.began);
        // The time of nested methods is included.
        self.served.took.store(self.before.saturating_add(took), Ordering::Relaxed);
    }
}

/// The amounts that bills may still contain, for the calls under way without a pause.
#[derive(Default)]
pub(super) struct Credit {
    pub(super) bytes_in: Cell<u64>,
    pub(super) bytes_out: Cell<u64>,
    pub(super) console: Cell<u64>,
}

impl Credit {
    pub(super) fn earn(credit: &Cell<u64>, more: u64) {
        credit.set(credit.get().saturating_add(more));
    }

    /// Takes as much of what a bill says as the credit has.
    pub(super) fn spend(credit: &Cell<u64>, said: u64) -> u64 {
        let spent = said.min(credit.get());
        credit.set(credit.get() - spent);
        spent
    }

    pub(super) fn clear(&self) {
        let Self { bytes_in, bytes_out, console } = self;
        [bytes_in, bytes_out, console].iter().for_each(|credit| credit.set(0));
    }

    /// A line of the console has arrived, with so many bytes.
    pub(super) fn told(&self, bytes: u64) {
        Self::earn(&self.console, bytes);
    }
}
