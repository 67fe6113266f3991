//! Usage: a bill for each call, and the total. `call` counts the usage of the call under way.
//!
//! The isolate's thread alone writes, without a lock. Any thread may read. On the host's side of a
//! link, `site::wired::session` writes.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::observe::bill::{Bill, Sums, Tally, Usage};
use crate::time::Nanos;

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

    /// The number of calls that were billed.
    pub(crate) fn billed(&self) -> u64 {
        self.usage().total.calls
    }

    /// The bill of the call that has just ended, unless none was billed since there were `billed`.
    pub(crate) fn bill_since(&self, billed: u64) -> Bill {
        let usage = self.usage();
        if usage.total.calls > billed { usage.last } else { Bill::default() }
    }

    #[inline]
    pub(in crate::isolate) fn cpu(&self) -> Nanos {
        self.total.cpu_time()
    }

    #[inline]
    pub(super) fn charge(&self, sums: &Sums) {
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
