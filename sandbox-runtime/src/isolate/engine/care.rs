//! [`Care`]: why the end of a call has more to do than usual.
//!
//! One byte has all reasons, so the end of a usual call asks once. The engine notes collections in it.

use std::cell::Cell;

/// The reasons for more work at the end of a call.
pub(crate) struct Care(Cell<u8>);

/// A reason for more work at the end of a call.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Cause {
    /// There are observers. This reason stays.
    Observed = 1,
    /// The isolate must be discarded.
    Discard = 2,
    /// Garbage was collected, so objects of the host may have lost their guests' objects.
    Collected = 4,
    /// The host holds objects of guests, which it may have let go of on another thread.
    Given = 8,
    /// Handles end with calls. This reason stays until there are none.
    Scoped = 16,
}

impl Care {
    pub(crate) fn new(observed: bool) -> Self {
        Self(Cell::new(if observed { Cause::Observed as u8 } else { 0 }))
    }

    /// Whether there is a reason.
    #[inline]
    pub(crate) fn is_needed(&self) -> bool {
        self.0.get() != 0
    }

    /// Whether this is a reason.
    #[inline]
    pub(crate) fn has(&self, cause: Cause) -> bool {
        self.0.get() & cause as u8 != 0
    }

    pub(crate) fn note(&self, cause: Cause) {
        self.0.set(self.0.get() | cause as u8);
    }

    /// Whether this is a reason, and removes the reason.
    pub(crate) fn take(&self, cause: Cause) -> bool {
        let causes = self.0.get();
        self.0.set(causes & !(cause as u8));
        causes & cause as u8 != 0
    }

    /// Forgets all reasons but the observers.
    pub(crate) fn reset(&self) {
        self.0.set(self.0.get() & Cause::Observed as u8);
    }
}
